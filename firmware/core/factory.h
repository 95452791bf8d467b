/**
 * Coefficients written once, at the factory's calibration, and kept over a reflash.
 *
 * What the two voltages mean is our reading of the vendor's registers (they are named, not
 * explained, in what is public): see calibration.h.
 */
#ifndef EVENKEEL_FIRMWARE_CORE_FACTORY_H
#define EVENKEEL_FIRMWARE_CORE_FACTORY_H

#include "firmware/core/copies.h"
#include "firmware/core/registers.h"

enum {
    FACTORY_REG_POWER_ON_COUNT = 0x09, /* these two live in the diary */
    FACTORY_REG_RUNTIME = 0x0A
};

struct factory {
    float standard_vol2_v; /* what a raw reading of 1.5 V shows */
    float battery_vol2_v;  /* what a raw reading of 3.8 V shows */
    float standard_cur2_v; /* current amplifier at zero current */
    float super_bat2_v;
    float ref_bat_v;
    float battery_max_v;
    float battery_min_v;
    float ntc_max_c;
    float ntc_min_c;
    char production_date[8]; /* YYYYMMDD */
    uint8_t unused[4];
};

_Static_assert(sizeof(struct factory) == 48, "no hidden padding goes to flash");

extern const struct factory FACTORY_DEFAULT;
extern const struct register_table FACTORY_REGISTERS;
extern const struct copies_layout FACTORY_LAYOUT;

/** All values in range and the line's slope within 0.9 .. 1.1. */
bool factory_is_sane(const struct factory *factory);

#endif
