#include "firmware/core/factory.h"

#include "firmware/core/calibration.h"

const struct factory FACTORY_DEFAULT = {
    .standard_vol2_v = 1.5f,
    .battery_vol2_v = 3.8f,
    .standard_cur2_v = 1.65f,
    .super_bat2_v = 0.0f,
    .ref_bat_v = 1.65f,
    .battery_max_v = 1.645f,
    .battery_min_v = 1.46f,
    .ntc_max_c = 85.0f,
    .ntc_min_c = 65.0f,
};

#define FIELD(number, type, member, low, high) \
    { \
        .reg = (number), .kind = (type), .offset = offsetof(struct factory, member), .min = (low), \
        .max = (high), \
    }

/* Numbers and ranges: NEEY protocol, factory frame; 0x0E may be 0, as both captured units show. */
static const struct register_field FIELDS[] = {
    FIELD(0x05, REGISTER_FLOAT, standard_vol2_v, 0.001f, 5.0f),
    FIELD(0x06, REGISTER_FLOAT, battery_vol2_v, 0.001f, 5.0f),
    FIELD(0x07, REGISTER_FLOAT, standard_cur2_v, 0.001f, 5.0f),
    FIELD(0x0B, REGISTER_FLOAT, battery_max_v, 0.001f, 5.0f),
    FIELD(0x0C, REGISTER_FLOAT, battery_min_v, 0.001f, 5.0f),
    FIELD(0x0E, REGISTER_FLOAT, super_bat2_v, 0.0f, 5.0f),
    FIELD(0x0F, REGISTER_FLOAT, ref_bat_v, 0.001f, 5.0f),
    FIELD(0x10, REGISTER_DATE, production_date, 0, 0),
    FIELD(0x11, REGISTER_FLOAT, ntc_max_c, -19.9f, 120.0f),
    FIELD(0x12, REGISTER_FLOAT, ntc_min_c, -19.9f, 120.0f),
};

const struct register_table FACTORY_REGISTERS = {FIELDS, sizeof FIELDS / sizeof FIELDS[0]};

const struct copies_layout FACTORY_LAYOUT = {
    .first_page = FLASH_PAGE_FACTORY,
    .version = 1,
    .payload_len = sizeof(struct factory),
    .magic = 0x46424B45, /* "EKBF" */
};

bool factory_is_sane(const struct factory *factory)
{
    float slope = calibration_slope(factory->standard_vol2_v, factory->battery_vol2_v);

    return registers_are_sane(&FACTORY_REGISTERS, factory) && slope >= 0.9f && slope <= 1.1f;
}
