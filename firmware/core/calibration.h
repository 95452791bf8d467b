/**
 * From sums of ADC codes to volts.
 *
 * The chain: (AP - AN) * 0.508 into a 16-bit converter with a 2.5 V reference, so one code is
 * 2.5 / 0.508 / 65536 V = 75.09 uV at the taps. What the shorted input reads is taken off; then a
 * straight line through two points, our reading of the factory registers:
 *
 *     raw 1.5 V shows StandardVol2,   raw 3.8 V shows BatteryVol2
 *
 * Single precision: one unit in the last place at 4.5 V is 0.5 uV, and the sums are exact.
 */
#ifndef EVENKEEL_FIRMWARE_CORE_CALIBRATION_H
#define EVENKEEL_FIRMWARE_CORE_CALIBRATION_H

#include <stdint.h>

enum {
    CALIBRATION_SUM_COUNT = 8 /* conversions in a sum of the chain's codes */
};

struct calibration {
    float standard_vol2_v;
    float slope;
};

float calibration_slope(float standard_vol2_v, float battery_vol2_v);

/** Sums of CALIBRATION_SUM_COUNT codes: at the input, and with the input shorted. */
float calibration_chain_v(
    const struct calibration *calibration, uint32_t code_sum, uint32_t zero_code_sum);

/** Sum of @p count codes of the part's own converter, full scale VDDA = 3.3 V. */
float calibration_aux_v(uint32_t code_sum, unsigned count);

#endif
