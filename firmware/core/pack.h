/** What one scan says about the pack and the unit: physical values, found cells, extremes, status.
 */
#ifndef EVENKEEL_FIRMWARE_CORE_PACK_H
#define EVENKEEL_FIRMWARE_CORE_PACK_H

#include "firmware/core/factory.h"
#include "firmware/core/scan.h"
#include "firmware/core/settings.h"

/** The wire's codes of which this firmware can say something true so far. */
enum pack_status {
    PACK_UNKNOWN = 0x00,        /* no scan yet */
    PACK_WRONG_COUNT = 0x01,    /* cells found differ from the setting */
    PACK_TEST_COMPLETED = 0x04, /* measured, spread at or above the trigger, nothing transferred */
    PACK_FINISHED = 0x06,       /* spread below the trigger */
    PACK_LOW_VOLTAGE = 0x0A     /* average below the stop voltage; real units show 0x0A, not 0x07 */
};

struct pack {
    float cell_v[SCAN_CELL_COUNT]; /* 0: not connected */
    uint32_t missing_mask;         /* bit 0 is cell 1 */
    unsigned found_count;
    float sum_v, average_v, spread_v;
    unsigned highest_index, lowest_index;
    float reference_v; /* check reference through the calibrated chain */
    float cell_1_v;    /* before the decision whether it is there */
    float super_bat_v;
    float current_amp_v;
    float current_a; /* positive while a cell is charged */
    float temperature_c[2];
};

void pack_from_scan(struct pack *pack, const struct scan *scan, const struct factory *factory);
enum pack_status pack_status(const struct pack *pack, const struct settings *settings);

#endif
