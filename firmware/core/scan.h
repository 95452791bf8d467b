/**
 * One look at everything: 26 settings of the tap latches, then the part's own converter.
 *
 *     step 0        input shorted (zero)
 *     step 1        check reference U10
 *     step 2 .. 25  cells 1 .. 24
 *
 * Between two steps all switches open first, so that two taps are never bridged through the bus.
 * Between scans all taps are off. The settling is slept through.
 */
#ifndef EVENKEEL_FIRMWARE_CORE_SCAN_H
#define EVENKEEL_FIRMWARE_CORE_SCAN_H

#include "firmware/core/calibration.h"
#include "firmware/core/port.h"

enum {
    SCAN_CELL_COUNT = 24,
    SCAN_STEP_ZERO = 0,
    SCAN_STEP_REFERENCE = 1,
    SCAN_STEP_CELL_1 = 2,
    SCAN_STEP_COUNT = SCAN_STEP_CELL_1 + SCAN_CELL_COUNT,
    SCAN_SETTLE_TICKS = 2, /* edges of the 1 ms tick, so 1 to 2 ms */
    SCAN_AUX_SUM_COUNT = 8
};

struct scan {
    bool is_running;
    uint8_t step;
    uint32_t switched_ms;
    uint32_t code_sums[SCAN_STEP_COUNT];
    uint32_t aux_sums[AUX_COUNT];
};

/** What the latches hold in @p step: which switches are closed. */
uint32_t scan_latches_mask(unsigned step);

void scan_start(struct scan *scan, const struct port *port);
/** Call at least once a tick. @return true: just finished, the sums are complete */
bool scan_poll(struct scan *scan, const struct port *port);

#endif
