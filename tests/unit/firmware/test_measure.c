#include "firmware/core/calibration.h"
#include "firmware/core/factory.h"
#include "firmware/core/lamps.h"
#include "firmware/core/pack.h"
#include "firmware/core/scan.h"
#include "firmware/core/settings.h"
#include "firmware/core/thermistor.h"
#include "tests/support.h"

#include <math.h>
#include <string.h>

/* 2.5 V / 0.508 / 65536, the board's table says 75.09 uV */
#define LSB_V (2.5 / 0.508 / 65536.0)

static uint32_t sum_of(double volts)
{
    return (uint32_t)lround(volts / LSB_V * 8.0);
}

static struct calibration line(float standard_vol2_v, float battery_vol2_v)
{
    return (struct calibration){
        standard_vol2_v, calibration_slope(standard_vol2_v, battery_vol2_v)};
}

START_TEST(default_line_is_the_identity_over_the_whole_range)
{
    struct calibration identity = line(1.5f, 3.8f);

    for (uint32_t sum = 0; sum <= 8 * 65535; sum += 1009) {
        double volts = (double)calibration_chain_v(&identity, sum, 0);

        /* a fiftieth of the 75 uV LSB */
        ck_assert_double_eq_tol(volts, sum / 8.0 * LSB_V, 1.5e-6);
    }
}

END_TEST

START_TEST(line_goes_through_its_two_points)
{
    struct calibration calibration = line(1.4984f, 3.7935f);

    /* codes of 1.5 V and 3.8 V, half an eighth of an LSB of rounding: 5 uV */
    ck_assert_double_eq_tol(
        (double)calibration_chain_v(&calibration, sum_of(1.5), 0), 1.4984, 7e-6);
    ck_assert_double_eq_tol(
        (double)calibration_chain_v(&calibration, sum_of(3.8), 0), 3.7935, 7e-6);
    /* 1.4984 + 0.5 * 2.2951 */
    ck_assert_double_eq_tol(
        (double)calibration_chain_v(&calibration, sum_of(2.65), 0), 2.64595, 7e-6);
}

END_TEST

START_TEST(zero_reading_is_taken_off_also_when_it_is_larger)
{
    struct calibration identity = line(1.5f, 3.8f);

    /* 40 codes of offset: 3.0 mV */
    ck_assert_double_eq_tol(
        (double)calibration_chain_v(&identity, sum_of(3.3) + 320, 320), 3.3, 7e-6);
    ck_assert_double_eq_tol((double)calibration_chain_v(&identity, 0, 320), -40 * LSB_V, 2e-6);
}

END_TEST

/** Code of the divider 10 kohm over NTC, by the B equation in double. */
static uint32_t ntc_sum(double celsius)
{
    double ratio = exp(3435.0 * (1.0 / (celsius + 273.15) - 1.0 / 298.15));

    return (uint32_t)lround(8.0 * 4096.0 * ratio / (1.0 + ratio));
}

START_TEST(ntc_follows_the_b_equation)
{
    /* R(0) = 28.7 kohm, R(60) = 2.98 kohm: the eighth of a code is below 0.01 K from -20 to 85 C */
    for (int celsius = -40; celsius <= 120; celsius += 5) {
        ck_assert_double_eq_tol((double)thermistor_c(ntc_sum(celsius), 8), celsius, 0.03);
    }
    ck_assert_double_eq_tol((double)thermistor_c(8 * 2048, 8), 25.0, 0.001);
    /* x = 0.74163 and 0.22963 of VDDA */
    ck_assert_double_eq_tol((double)thermistor_c(24302, 8), 0.0, 0.01);
    ck_assert_double_eq_tol((double)thermistor_c(7525, 8), 60.0, 0.01);
}

END_TEST

START_TEST(ntc_open_and_shorted_are_told_apart)
{
    ck_assert_double_eq((double)thermistor_c(8 * 4095, 8), -200.0);
    ck_assert_double_eq((double)thermistor_c(0, 8), 255.0);
}

END_TEST

START_TEST(latches_follow_the_board_table)
{
    ck_assert_uint_eq(scan_latches_mask(0), 0x10000000u);  /* zero: bit 28 */
    ck_assert_uint_eq(scan_latches_mask(1), 0x08000000u);  /* reference: bit 27 */
    ck_assert_uint_eq(scan_latches_mask(2), 0x02000003u);  /* cell 1: taps 0, 1, polarity P */
    ck_assert_uint_eq(scan_latches_mask(3), 0x04000006u);  /* cell 2: taps 1, 2, polarity N */
    ck_assert_uint_eq(scan_latches_mask(24), 0x02C00000u); /* cell 23 */
    ck_assert_uint_eq(scan_latches_mask(25), 0x05800000u); /* cell 24: taps 23, 24 */
}

END_TEST

static struct scan scan_with(unsigned cell_count, double volts)
{
    struct scan scan = {0};

    scan.code_sums[0] = 80; /* 10 codes of offset everywhere */
    scan.code_sums[1] = sum_of(1.5) + 80;
    for (unsigned i = 0; i < 24; i++) {
        scan.code_sums[2 + i] = 80 + (i < cell_count ? sum_of(volts) : sum_of(0.01));
    }
    scan.aux_sums[0] = ntc_sum(25);
    scan.aux_sums[1] = ntc_sum(40);
    scan.aux_sums[2] = (uint32_t)lround(8 * 4096 * 1.0 / 3.3);  /* 2.0 V through 1:2 */
    scan.aux_sums[3] = (uint32_t)lround(8 * 4096 * 1.75 / 3.3); /* +0.2 A */
    return scan;
}

START_TEST(pack_counts_and_summarises)
{
    struct scan scan = scan_with(16, 3.3);
    struct pack pack;

    scan.code_sums[2 + 4] = 80 + sum_of(3.35);
    scan.code_sums[2 + 9] = 80 + sum_of(3.2);
    pack_from_scan(&pack, &scan, &FACTORY_DEFAULT);
    ck_assert_uint_eq(pack.found_count, 16);
    ck_assert_uint_eq(pack.missing_mask, 0xFF0000u); /* as EK ZH-2.0.8 flags a 16S pack */
    ck_assert_double_eq((double)pack.cell_v[16], 0.0);
    ck_assert_double_eq_tol((double)pack.sum_v, 14 * 3.3 + 3.35 + 3.2, 1e-4);
    ck_assert_double_eq_tol((double)pack.average_v, 52.75 / 16, 1e-5);
    ck_assert_double_eq_tol((double)pack.spread_v, 0.15, 1e-5);
    ck_assert_uint_eq(pack.highest_index, 4);
    ck_assert_uint_eq(pack.lowest_index, 9);
    ck_assert_double_eq_tol((double)pack.reference_v, 1.5, 1e-5);
    ck_assert_double_eq_tol((double)pack.super_bat_v, 2.0, 3e-4);
    ck_assert_double_eq_tol((double)pack.current_a, 0.2, 3e-4);
    ck_assert_double_eq_tol((double)pack.temperature_c[0], 25.0, 0.02);
    ck_assert_double_eq_tol((double)pack.temperature_c[1], 40.0, 0.02);
}

END_TEST

START_TEST(no_cell_at_all_is_not_divided_by)
{
    struct scan scan = scan_with(0, 0.0);
    struct pack pack;

    pack_from_scan(&pack, &scan, &FACTORY_DEFAULT);
    ck_assert_uint_eq(pack.found_count, 0);
    ck_assert_uint_eq(pack.missing_mask, 0xFFFFFFu);
    ck_assert_double_eq((double)pack.average_v, 0.0);
    ck_assert_double_eq((double)pack.spread_v, 0.0);
}

END_TEST

START_TEST(status_says_count_then_voltage_then_spread)
{
    struct settings settings = SETTINGS_DEFAULT; /* 24 cells, trigger 5 mV, stop at 3.0 V */
    struct scan scan = scan_with(24, 3.3);
    struct pack pack;

    pack_from_scan(&pack, &scan, &FACTORY_DEFAULT);
    ck_assert_int_eq(pack_status(&pack, &settings), 0x06);
    settings.cell_count = 23;
    ck_assert_int_eq(pack_status(&pack, &settings), 0x01);
    settings.cell_count = 24;
    settings.stop_voltage_v = 3.31f;
    ck_assert_int_eq(pack_status(&pack, &settings), 0x0A);
    settings.stop_voltage_v = 3.0f;
    scan.code_sums[2] = 80 + sum_of(3.31);
    pack_from_scan(&pack, &scan, &FACTORY_DEFAULT);
    ck_assert_int_eq(pack_status(&pack, &settings), 0x04);
}

END_TEST

START_TEST(lamps_tell_connected_count_and_fault_apart)
{
    struct lamps good = lamps_at(PACK_FINISHED, false, 700);
    struct lamps missing = lamps_at(PACK_WRONG_COUNT, false, 700);
    struct lamps missing_later = lamps_at(PACK_WRONG_COUNT, false, 1200);
    struct lamps fault = lamps_at(PACK_FINISHED, true, 700);

    ck_assert(good.blue && !good.red && !good.green && !good.buzzer);
    ck_assert(!missing.blue && !missing.red);
    ck_assert(missing_later.blue && missing_later.red);
    ck_assert(fault.blue && fault.red);
}

END_TEST

static enum register_result write_float(struct settings *settings, uint8_t reg, float value)
{
    uint8_t payload[10] = {0};

    memcpy(payload, &value, sizeof value);
    return register_write(&SETTINGS_REGISTERS, settings, reg, payload);
}

static enum register_result write_whole(struct settings *settings, uint8_t reg, uint32_t value)
{
    uint8_t payload[10] = {0};

    memcpy(payload, &value, sizeof value);
    return register_write(&SETTINGS_REGISTERS, settings, reg, payload);
}

START_TEST(float_settings_take_their_range_and_nothing_else)
{
    static const struct {
        uint8_t reg;
        float min, max;
    } RANGES[] = {{0x02, 0.001f, 1.0f}, {0x03, 1.0f, 4.0f}, {0x04, 1.0f, 4.5f}, {0x17, 1.0f, 4.5f},
        {0x1A, 0.001f, 1.0f}};
    struct settings settings = SETTINGS_DEFAULT;

    for (size_t i = 0; i < sizeof RANGES / sizeof RANGES[0]; i++) {
        uint8_t reg = RANGES[i].reg;

        ck_assert_int_eq(write_float(&settings, reg, RANGES[i].min), REGISTER_STORED);
        ck_assert_int_eq(write_float(&settings, reg, RANGES[i].max), REGISTER_STORED);
        struct settings before = settings;
        ck_assert_int_eq(
            write_float(&settings, reg, RANGES[i].min * 0.999f), REGISTER_OUT_OF_RANGE);
        ck_assert_int_eq(
            write_float(&settings, reg, RANGES[i].max * 1.001f), REGISTER_OUT_OF_RANGE);
        ck_assert_int_eq(write_float(&settings, reg, NAN), REGISTER_OUT_OF_RANGE);
        ck_assert_int_eq(write_float(&settings, reg, INFINITY), REGISTER_OUT_OF_RANGE);
        ck_assert_mem_eq(&settings, &before, sizeof before);
    }
    ck_assert_double_eq((double)settings.max_current_a, 4.0);
    ck_assert_double_eq((double)settings.stop_difference_v, 1.0);
}

END_TEST

START_TEST(whole_settings_take_their_range_and_nothing_else)
{
    static const struct {
        uint8_t reg;
        uint32_t min, max;
    } RANGES[] = {{0x01, 1, 24}, {0x0D, 0, 1}, {0x14, 1, 4}, {0x15, 1, 4}, {0x16, 1, 2000}};
    struct settings settings = SETTINGS_DEFAULT;

    for (size_t i = 0; i < sizeof RANGES / sizeof RANGES[0]; i++) {
        uint8_t reg = RANGES[i].reg;

        ck_assert_int_eq(write_whole(&settings, reg, RANGES[i].min), REGISTER_STORED);
        ck_assert_int_eq(write_whole(&settings, reg, RANGES[i].max), REGISTER_STORED);
        ck_assert_int_eq(write_whole(&settings, reg, RANGES[i].max + 1), REGISTER_OUT_OF_RANGE);
        ck_assert_int_eq(write_whole(&settings, reg, RANGES[i].max + 256), REGISTER_OUT_OF_RANGE);
        ck_assert_int_eq(write_whole(&settings, reg, 0xFFFFFFFFu), REGISTER_OUT_OF_RANGE);
    }
    ck_assert_uint_eq(settings.cell_count, 24);
    ck_assert_uint_eq(settings.capacity_ah, 2000);
    ck_assert_int_eq(write_whole(&settings, 0x01, 0), REGISTER_OUT_OF_RANGE);
    ck_assert_int_eq(write_whole(&settings, 0x06, 1), REGISTER_UNKNOWN);
    ck_assert_int_eq(write_whole(&settings, 0x08, 1), REGISTER_UNKNOWN);
}

END_TEST

START_TEST(name_and_date_are_text)
{
    struct settings settings = SETTINGS_DEFAULT;
    struct factory factory = FACTORY_DEFAULT;

    ck_assert_int_eq(
        register_write(&SETTINGS_REGISTERS, &settings, 0x13, (const uint8_t *)"test\0\0\0\0\0\0"),
        REGISTER_STORED);
    ck_assert_mem_eq(settings.name, "test\0\0\0\0\0\0", 10);
    ck_assert_int_eq(
        register_write(&SETTINGS_REGISTERS, &settings, 0x13, (const uint8_t *)"te\0st\0\0\0\0\0"),
        REGISTER_OUT_OF_RANGE);
    ck_assert_int_eq(
        register_write(&FACTORY_REGISTERS, &factory, 0x10, (const uint8_t *)"20240920\0\0"),
        REGISTER_STORED);
    ck_assert_mem_eq(factory.production_date, "20240920", 8);
    ck_assert_int_eq(
        register_write(&FACTORY_REGISTERS, &factory, 0x10, (const uint8_t *)"2024-9-2\0\0"),
        REGISTER_OUT_OF_RANGE);
}

END_TEST

START_TEST(defaults_are_sane_and_a_wild_line_is_not)
{
    struct factory factory = FACTORY_DEFAULT;

    ck_assert(registers_are_sane(&SETTINGS_REGISTERS, &SETTINGS_DEFAULT));
    ck_assert(factory_is_sane(&factory));
    ck_assert_uint_eq(SETTINGS_DEFAULT.cell_count, 24);
    factory.battery_vol2_v = 4.04f; /* slope 1.104 */
    ck_assert(!factory_is_sane(&factory));
    factory.battery_vol2_v = 3.79f;
    factory.ntc_max_c = 121.0f;
    ck_assert(!factory_is_sane(&factory));
}

END_TEST

static void check_table(const struct register_table *table, size_t struct_len)
{
    for (size_t i = 0; i < table->count; i++) {
        ck_assert(table->fields[i].min <= table->fields[i].max);
        ck_assert_uint_lt(table->fields[i].offset, struct_len);
        for (size_t j = 0; j < i; j++) {
            ck_assert_uint_ne(table->fields[i].reg, table->fields[j].reg);
            ck_assert_uint_ne(table->fields[i].offset, table->fields[j].offset);
        }
    }
}

START_TEST(register_tables_name_each_register_once)
{
    check_table(&SETTINGS_REGISTERS, sizeof(struct settings));
    check_table(&FACTORY_REGISTERS, sizeof(struct factory));
    ck_assert_uint_eq(SETTINGS_REGISTERS.count, 11);
    ck_assert_uint_eq(FACTORY_REGISTERS.count, 10);
    for (size_t i = 0; i < SETTINGS_REGISTERS.count; i++) {
        for (size_t j = 0; j < FACTORY_REGISTERS.count; j++) {
            ck_assert_uint_ne(SETTINGS_REGISTERS.fields[i].reg, FACTORY_REGISTERS.fields[j].reg);
        }
    }
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("firmware measuring");
    TCase *tests = tcase_create("measure");

    tcase_add_test(tests, default_line_is_the_identity_over_the_whole_range);
    tcase_add_test(tests, line_goes_through_its_two_points);
    tcase_add_test(tests, zero_reading_is_taken_off_also_when_it_is_larger);
    tcase_add_test(tests, ntc_follows_the_b_equation);
    tcase_add_test(tests, ntc_open_and_shorted_are_told_apart);
    tcase_add_test(tests, latches_follow_the_board_table);
    tcase_add_test(tests, pack_counts_and_summarises);
    tcase_add_test(tests, no_cell_at_all_is_not_divided_by);
    tcase_add_test(tests, status_says_count_then_voltage_then_spread);
    tcase_add_test(tests, lamps_tell_connected_count_and_fault_apart);
    tcase_add_test(tests, float_settings_take_their_range_and_nothing_else);
    tcase_add_test(tests, whole_settings_take_their_range_and_nothing_else);
    tcase_add_test(tests, name_and_date_are_text);
    tcase_add_test(tests, defaults_are_sane_and_a_wild_line_is_not);
    tcase_add_test(tests, register_tables_name_each_register_once);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
