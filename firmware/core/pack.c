#include "firmware/core/pack.h"

#include "firmware/core/thermistor.h"

#define CONNECTED_V   0.2f /* a pair of taps that reads less has no cell */
#define SUPERCAP_GAIN 2.0f /* divider 1:2 */
#define AMPS_PER_VOLT 2.0f /* current amplifier 0.5 V/A */

static void take_cells(
    struct pack *pack, const struct scan *scan, const struct calibration *calibration)
{
    uint32_t zero = scan->code_sums[SCAN_STEP_ZERO];
    float highest_v = 0.0f;
    float lowest_v = 0.0f;

    pack->reference_v =
        calibration_chain_v(calibration, scan->code_sums[SCAN_STEP_REFERENCE], zero);
    for (unsigned i = 0; i < SCAN_CELL_COUNT; i++) {
        float volts = calibration_chain_v(calibration, scan->code_sums[SCAN_STEP_CELL_1 + i], zero);

        if (i == 0) {
            pack->cell_1_v = volts;
        }
        if (volts < CONNECTED_V) {
            pack->missing_mask |= 1u << i;
            continue;
        }
        pack->cell_v[i] = volts;
        pack->sum_v += volts;
        if (pack->found_count == 0 || volts > highest_v) {
            highest_v = volts;
            pack->highest_index = i;
        }
        if (pack->found_count == 0 || volts < lowest_v) {
            lowest_v = volts;
            pack->lowest_index = i;
        }
        pack->found_count++;
    }
    pack->spread_v = highest_v - lowest_v;
    pack->average_v = pack->found_count > 0 ? pack->sum_v / (float)pack->found_count : 0.0f;
}

static void take_aux(struct pack *pack, const struct scan *scan, const struct factory *factory)
{
    const uint32_t *sums = scan->aux_sums;

    pack->temperature_c[0] = thermistor_c(sums[AUX_NTC_1], SCAN_AUX_SUM_COUNT);
    pack->temperature_c[1] = thermistor_c(sums[AUX_NTC_2], SCAN_AUX_SUM_COUNT);
    pack->super_bat_v = SUPERCAP_GAIN * calibration_aux_v(sums[AUX_SUPERCAP], SCAN_AUX_SUM_COUNT);
    pack->current_amp_v = calibration_aux_v(sums[AUX_CURRENT], SCAN_AUX_SUM_COUNT);
    pack->current_a = (pack->current_amp_v - factory->standard_cur2_v) * AMPS_PER_VOLT;
}

void pack_from_scan(struct pack *pack, const struct scan *scan, const struct factory *factory)
{
    struct calibration calibration = {
        .standard_vol2_v = factory->standard_vol2_v,
        .slope = calibration_slope(factory->standard_vol2_v, factory->battery_vol2_v),
    };

    *pack = (struct pack){0};
    take_cells(pack, scan, &calibration);
    take_aux(pack, scan, factory);
}

enum pack_status pack_status(const struct pack *pack, const struct settings *settings)
{
    if (pack->found_count != settings->cell_count) {
        return PACK_WRONG_COUNT;
    }
    if (pack->average_v < settings->stop_voltage_v) {
        return PACK_LOW_VOLTAGE;
    }
    return pack->spread_v < settings->trigger_v ? PACK_FINISHED : PACK_TEST_COMPLETED;
}
