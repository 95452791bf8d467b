#include "firmware/core/settings.h"

const struct settings SETTINGS_DEFAULT = {
    .trigger_v = 0.005f,
    .max_current_a = 4.0f,
    .stop_voltage_v = 3.0f,
    .start_voltage_v = 3.2f,
    .stop_difference_v = 0.003f,
    .capacity_ah = 280,
    .cell_count = 24, /* EK-16 */
    .balance_on = 0,
    .buzzer = 1,
    .battery_type = 2,
};

#define FIELD(number, type, member, low, high) \
    { \
        .reg = (number), .kind = (type), .offset = offsetof(struct settings, member), \
        .min = (low), .max = (high), \
    }

/* Numbers and ranges: NEEY protocol, settings V1, as the vendor's app allows them. */
static const struct register_field FIELDS[] = {
    FIELD(0x01, REGISTER_U8, cell_count, 1, 24),
    FIELD(0x02, REGISTER_FLOAT, trigger_v, 0.001f, 1.0f),
    FIELD(0x03, REGISTER_FLOAT, max_current_a, 1.0f, 4.0f),
    FIELD(0x04, REGISTER_FLOAT, stop_voltage_v, 1.0f, 4.5f),
    FIELD(SETTINGS_REG_BALANCE_ON, REGISTER_U8, balance_on, 0, 1),
    FIELD(0x13, REGISTER_NAME, name, 0, 0),
    FIELD(0x14, REGISTER_U8, buzzer, 1, 4),
    FIELD(0x15, REGISTER_U8, battery_type, 1, 4),
    FIELD(0x16, REGISTER_U32, capacity_ah, 1, 2000),
    FIELD(0x17, REGISTER_FLOAT, start_voltage_v, 1.0f, 4.5f),
    FIELD(0x1A, REGISTER_FLOAT, stop_difference_v, 0.001f, 1.0f),
};

const struct register_table SETTINGS_REGISTERS = {FIELDS, sizeof FIELDS / sizeof FIELDS[0]};

const struct copies_layout SETTINGS_LAYOUT = {
    .first_page = FLASH_PAGE_SETTINGS,
    .version = 1,
    .payload_len = sizeof(struct settings),
    .magic = 0x53424B45, /* "EKBS" */
};
