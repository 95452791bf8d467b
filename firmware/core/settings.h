/** What the owner of the unit sets over Bluetooth; kept over power loss as it stands here. */
#ifndef EVENKEEL_FIRMWARE_CORE_SETTINGS_H
#define EVENKEEL_FIRMWARE_CORE_SETTINGS_H

#include "firmware/core/copies.h"
#include "firmware/core/registers.h"

enum {
    SETTINGS_REG_BALANCE_ON = 0x0D
};

struct settings {
    float trigger_v;
    float max_current_a;
    float stop_voltage_v;
    float start_voltage_v;
    float stop_difference_v;
    uint32_t capacity_ah;
    uint8_t cell_count;
    uint8_t balance_on;
    uint8_t buzzer;       /* 1 off, 2 once, 3 regularly, 4 taken and kept, meaning unknown */
    uint8_t battery_type; /* 1 NCM, 2 LFP, 3 LTO, 4 lead acid */
    char name[REGISTER_PAYLOAD_LEN];
    uint8_t unused[2];
};

_Static_assert(sizeof(struct settings) == 40, "no hidden padding goes to flash");

extern const struct settings SETTINGS_DEFAULT;
extern const struct register_table SETTINGS_REGISTERS;
extern const struct copies_layout SETTINGS_LAYOUT;

#endif
