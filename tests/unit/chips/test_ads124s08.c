#include "fixtures/virtual/chips/ads124s08.h"
#include "tests/support.h"
#include "tests/unit/chips/spi_master.h"

#include <math.h>
#include <string.h>

static struct ads124s08 adc;
static struct spi_master master;
static double inputs_v[13];

static double input(void *ctx, uint64_t time_ns, unsigned which)
{
    (void)ctx;
    (void)time_ns;
    return inputs_v[which];
}

static void init(double noise_v)
{
    struct ads124s08_config config = {
        .input_v = input, .noise_v = noise_v, .internal_reference_v = 2.5, .supply_v = 3.3};

    rng_init(&config.rng, 1, "noise");
    memset(inputs_v, 0, sizeof inputs_v);
    ads124s08_init(&adc, &config, 0);
    master =
        (struct spi_master){.slave = &adc.base, .cpha = true, .half_ns = 50, .now_ns = 2200000};
}

static void set_up(void)
{
    init(0.0);
}

static void send(size_t len, const uint8_t *bytes)
{
    spi_master_frame(&master, bytes, NULL, len);
}

#define SEND(...) send(sizeof((const uint8_t[]){__VA_ARGS__}), (const uint8_t[]){__VA_ARGS__})

static uint8_t read_register(uint8_t address)
{
    uint8_t in[3];

    spi_master_frame(&master, (const uint8_t[]){(uint8_t)(0x20 | address), 0x00, 0x00}, in, 3);
    return in[2];
}

static int32_t read_data(void)
{
    uint8_t in[4];

    spi_master_frame(&master, (const uint8_t[]){0x12, 0, 0, 0}, in, 4);
    int32_t code = in[1] << 16 | in[2] << 8 | in[3];
    return code >= 0x800000 ? code - 0x1000000 : code;
}

static bool is_drdy_low(void)
{
    ads124s08_advance(&adc, master.now_ns);
    return adc.is_data_ready;
}

/* Internal reference always on and selected, bypass, AIN0 against AIN1, single shot, 20 SPS. */
static void configure(void)
{
    SEND(0x42, 0x03, 0x01, 0x00, 0x34, 0x0A);
}

static void convert(void)
{
    SEND(0x08);
    master.now_ns += 60000000;
    ads124s08_advance(&adc, master.now_ns);
}

START_TEST(registers_hold_their_reset_values)
{
    static const uint8_t expected[18] = {0x00, 0x80, 0x01, 0x00, 0x14, 0x10, 0x00, 0xFF, 0x00, 0x10,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00};
    uint8_t out[20] = {0x20, 0x11};
    uint8_t in[20];

    spi_master_frame(&master, out, in, sizeof out);
    ck_assert_mem_eq(in + 2, expected, sizeof expected);
}

END_TEST

START_TEST(reading_past_the_last_register_gives_zeros)
{
    uint8_t in[6];

    SEND(0x51, 0x00, 0x5A);
    spi_master_frame(&master, (const uint8_t[]){0x31, 0x03, 0, 0, 0, 0}, in, 6);
    ck_assert_uint_eq(in[2], 0x5A);
    ck_assert_uint_eq(in[3], 0x00);
    ck_assert_uint_eq(in[5], 0x00);
}

END_TEST

START_TEST(power_on_flag_is_cleared_by_writing_zero)
{
    SEND(0x41, 0x00, 0x00);
    ck_assert_uint_eq(read_register(1), 0x00);
    SEND(0x41, 0x00, 0x80); /* and cannot be set */
    ck_assert_uint_eq(read_register(1), 0x00);
}

END_TEST

START_TEST(commands_before_the_part_is_ready_are_lost)
{
    set_up();
    master.now_ns = 1000000;
    ck_assert_uint_eq(read_register(1), 0xC0); /* POR, nRDY */
    SEND(0x42, 0x00, 0x23);
    ck_assert_uint_eq(read_register(2), 0x01);
    master.now_ns = 2200000;
    SEND(0x42, 0x00, 0x23);
    ck_assert_uint_eq(read_register(2), 0x23);
    SEND(0x06); /* reset: 4096 clocks of 4.096 MHz */
    ck_assert_uint_eq(read_register(1), 0xC0);
    master.now_ns += 1000000;
    ck_assert_uint_eq(read_register(1), 0x80);
    ck_assert_uint_eq(read_register(2), 0x01);
}

END_TEST

START_TEST(code_is_twos_complement_of_the_input_over_the_reference)
{
    configure();
    inputs_v[0] = 1.25;
    convert();
    ck_assert_int_eq(read_data(), 0x400000);
    inputs_v[0] = 0.0;
    inputs_v[1] = 0.625;
    convert();
    ck_assert_int_eq(read_data(), -0x200000);
    inputs_v[1] = 0.0;
    inputs_v[0] = 2.6;
    convert();
    ck_assert_int_eq(read_data(), 0x7FFFFF);
    inputs_v[0] = -2.6;
    convert();
    ck_assert_int_eq(read_data(), -0x800000);
}

END_TEST

START_TEST(multiplexer_and_amplifier_choose_and_amplify)
{
    configure();
    inputs_v[3] = 1.1;
    inputs_v[12] = 1.0;
    SEND(0x42, 0x01, 0x3C, 0x0A); /* AIN3 - AINCOM, PGA on, gain 4 */
    convert();
    /* 0.1 V * 4 / 2.5 V * 2^23 */
    ck_assert_int_eq(read_data(), 1342177);
    SEND(0x43, 0x00, 0x02); /* PGA bypassed: its gain does not count */
    convert();
    ck_assert_int_eq(read_data(), 335544);
}

END_TEST

START_TEST(amplifier_that_is_on_cannot_reach_its_rails)
{
    configure();
    inputs_v[0] = 1.25;
    SEND(0x43, 0x00, 0x08); /* gain 1, on; AIN1 at 0 V is below 0.15 V */
    convert();
    /* (1.25 - 0.15) / 2.5 * 2^23 */
    ck_assert_int_eq(read_data(), 3690988);
    ck_assert_uint_eq(read_register(1) & 0x3C, 0x04); /* N_RAILN */
}

END_TEST

START_TEST(no_reference_gives_the_limit)
{
    inputs_v[0] = 0.001;
    SEND(0x44, 0x00, 0x34);
    convert(); /* REF still 10h: external, nothing connected */
    ck_assert_int_eq(read_data(), 0x7FFFFF);
    SEND(0x45, 0x00, 0x08); /* internal chosen, but off */
    convert();
    ck_assert_int_eq(read_data(), 0x7FFFFF);
    SEND(0x45, 0x00, 0x48); /* with its monitor */
    ck_assert_uint_eq(read_register(1) & 0x01, 0x01);
    SEND(0x45, 0x00, 0x49);
    ck_assert_uint_eq(read_register(1) & 0x01, 0x00);
    convert();
    ck_assert_int_eq(read_data(), 3355);
}

END_TEST

START_TEST(command_01h_is_nop_and_starts_nothing)
{
    configure();
    inputs_v[0] = 1.25;
    SEND(0x01);
    master.now_ns += 100000000;
    ck_assert(!is_drdy_low());
    ck_assert_int_eq(read_data(), 0);
    SEND(0x09); /* 0000 100x is START */
    master.now_ns += 100000000;
    ck_assert(is_drdy_low());
    ck_assert_int_eq(read_data(), 0x400000);
}

END_TEST

/* First result, next result and DR code of the data sheet's table, in ns; 14 tMOD are added. */
static const struct {
    uint8_t datarate;
    uint64_t first_ns, next_ns;
} timings[] = {
    {0x10, 406503906 + 54688, 400000000},
    {0x13, 60253906 + 54688, 60000000},
    {0x14, 56503906 + 54688, 50000000},
    {0x16, 16910156 + 54688, 16656250},
    {0x1B, 1156250 + 54688, 1000000},
    {0x1D, 406250 + 54688, 250000},
};

START_TEST(first_and_next_results_come_when_the_table_says)
{
    SEND(0x45, 0x00, 0x0A);
    SEND(0x44, 0x00, timings[_i].datarate);
    SEND(0x08);
    uint64_t start_ns = master.now_ns - 100; /* the eighth falling edge, before /CS rose */
    ads124s08_advance(&adc, start_ns + timings[_i].first_ns - 1000);
    ck_assert(!adc.is_data_ready);
    ads124s08_advance(&adc, start_ns + timings[_i].first_ns + 1000);
    ck_assert(adc.is_data_ready);
    uint64_t next_ns = ads124s08_next_event_ns(&adc);
    ck_assert_uint_ge(next_ns, start_ns + timings[_i].first_ns + timings[_i].next_ns - 1000);
    ck_assert_uint_le(next_ns, start_ns + timings[_i].first_ns + timings[_i].next_ns + 1000);
}

END_TEST

START_TEST(single_shot_stops_and_continuous_goes_on_until_stop)
{
    configure();
    convert();
    ck_assert_uint_eq(ads124s08_next_event_ns(&adc), WIRE_NEVER_NS);
    SEND(0x44, 0x00, 0x14);
    SEND(0x08);
    master.now_ns += 56600000;
    ck_assert(is_drdy_low());
    (void)read_data();
    ck_assert(!is_drdy_low());
    master.now_ns += 50000000;
    ck_assert(is_drdy_low());
    SEND(0x0A);
    ck_assert(!is_drdy_low());
    master.now_ns += 50000000; /* the one that was in progress still ends */
    ck_assert(is_drdy_low());
    (void)read_data();
    master.now_ns += 100000000;
    ck_assert(!is_drdy_low());
}

END_TEST

START_TEST(register_write_starts_the_filter_anew)
{
    configure();
    SEND(0x08);
    master.now_ns += 56000000;
    SEND(0x42, 0x00, 0x01);
    master.now_ns += 1000000;
    ck_assert(!is_drdy_low());
    master.now_ns += 55600000;
    ck_assert(is_drdy_low());
}

END_TEST

START_TEST(old_data_stay_until_the_next_conversion_ends)
{
    configure();
    inputs_v[0] = 1.25;
    convert();
    inputs_v[0] = 0.625;
    SEND(0x08);
    master.now_ns += 30000000;
    ck_assert_int_eq(read_data(), 0x400000);
    master.now_ns += 30000000;
    ck_assert_int_eq(read_data(), 0x200000);
}

END_TEST

START_TEST(status_and_crc_frame_the_data)
{
    uint8_t in[6];

    configure();
    SEND(0x49, 0x00, 0x13); /* SENDSTAT, CRC */
    inputs_v[0] = 1.25;
    convert();
    spi_master_frame(&master, (const uint8_t[]){0x12, 0, 0, 0, 0, 0}, in, 6);
    ck_assert_uint_eq(in[1], 0x80);
    ck_assert_uint_eq(in[2], 0x40);
    ck_assert_uint_eq(in[3], 0x00);
    ck_assert_uint_eq(in[4], 0x00);
    /* CRC-8 07h, seed 00h, of 80 40 00 00: worked out by long division */
    ck_assert_uint_eq(in[5], 0xB7);
}

END_TEST

START_TEST(direct_reading_shows_the_same_frame_and_repeats_it)
{
    uint8_t in[6];

    configure();
    inputs_v[0] = 2.5 * 0x123456 / 0x800000;
    convert();
    spi_master_frame(&master, (const uint8_t[]){0, 0, 0, 0, 0, 0}, in, 6);
    ck_assert_mem_eq(in, ((const uint8_t[]){0x12, 0x34, 0x56, 0x12, 0x34, 0x56}), 6);
}

END_TEST

START_TEST(data_line_shows_ready_before_the_first_clock)
{
    configure();
    SEND(0x08);
    spi_master_select(&master, true);
    ck_assert_int_eq(adc.base.ops->miso(&adc.base, master.now_ns), WIRE_HIGH);
    master.now_ns += 60000000;
    ck_assert_int_eq(adc.base.ops->miso(&adc.base, master.now_ns), WIRE_LOW);
    spi_master_select(&master, false);
    ck_assert_int_eq(adc.base.ops->miso(&adc.base, master.now_ns), WIRE_FLOATING);
}

END_TEST

START_TEST(chip_select_in_the_middle_of_a_byte_resets_the_interface)
{
    spi_master_select(&master, true);
    spi_master_bit(&master, true);
    spi_master_bit(&master, true);
    spi_master_select(&master, false);
    ck_assert_uint_eq(read_register(4), 0x14);
}

END_TEST

START_TEST(interface_times_out_only_when_told_to)
{
    for (int is_on = 0; is_on < 2; is_on++) {
        set_up();
        SEND(0x49, 0x00, is_on ? 0x14 : 0x10);
        spi_master_select(&master, true);
        spi_master_bit(&master, false);
        master.now_ns += 9000000;
        spi_master_byte(&master, 0x42);
        spi_master_byte(&master, 0x00);
        spi_master_byte(&master, 0x77);
        spi_master_select(&master, false);
        ck_assert_uint_eq(read_register(2), is_on ? 0x77 : 0x01);
    }
}

END_TEST

START_TEST(calibration_registers_shift_and_scale)
{
    configure();
    inputs_v[0] = 1.25;
    SEND(0x4A, 0x02, 0x00, 0x00, 0x01); /* OFCAL = 010000h */
    convert();
    ck_assert_int_eq(read_data(), 0x3F0000);
    SEND(0x4A, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20); /* FSCAL = half */
    convert();
    ck_assert_int_eq(read_data(), 0x200000);
}

END_TEST

START_TEST(system_offset_calibration_takes_the_input_as_zero)
{
    configure();
    inputs_v[0] = 0.001;
    SEND(0x16); /* CAL_SAMP is 8 after reset: 56.6 + 7 * 50 ms */
    master.now_ns += 500000000;
    ck_assert(is_drdy_low());
    /* 0.001 / 2.5 * 2^23 = 3355 = 0D1Bh */
    ck_assert_uint_eq(read_register(0x0A), 0x1B);
    ck_assert_uint_eq(read_register(0x0B), 0x0D);
    ck_assert_uint_eq(read_register(0x0C), 0x00);
    convert();
    ck_assert_int_eq(read_data(), 0);
    inputs_v[0] = 2.401;
    SEND(0x17); /* and the gain: this input is full scale */
    master.now_ns += 500000000;
    convert();
    ck_assert_int_ge(read_data(), 0x7FFFF0);
}

END_TEST

START_TEST(result_is_the_mean_over_its_conversion)
{
    configure();
    inputs_v[0] = 1.0;
    SEND(0x08);
    uint64_t half_ns = (adc.start_ns + adc.end_ns) / 2;
    ads124s08_accumulate(&adc, half_ns);
    inputs_v[0] = 1.5;
    master.now_ns += 60000000;
    ck_assert_int_le(abs(read_data() - 0x400000), 1);
}

END_TEST

START_TEST(noise_at_20_sps_has_the_deviation_asked_for)
{
    double squares = 0.0;

    init(2e-6);
    configure();
    inputs_v[0] = 1.25;
    for (int i = 0; i < 1000; i++) {
        convert();
        double error = (double)(read_data() - 0x400000);
        squares += error * error;
    }
    /* 2 uV of 298 nV each: 6.71; five standard errors */
    ck_assert_double_eq_tol(sqrt(squares / 1000), 6.71, 0.75);
}

END_TEST

START_TEST(power_down_stops_conversions_until_wakeup_and_start)
{
    configure();
    SEND(0x44, 0x00, 0x14);
    SEND(0x08);
    SEND(0x04);
    SEND(0x08);
    master.now_ns += 100000000;
    ck_assert(!is_drdy_low());
    SEND(0x02);
    SEND(0x08);
    master.now_ns += 100000000;
    ck_assert(is_drdy_low());
}

END_TEST

START_TEST(mode_zero_does_not_write_the_register)
{
    const struct spi_slave_ops *ops = adc.base.ops;
    uint32_t frame = 0x420033;

    ops->select(&adc.base, master.now_ns, true);
    for (int bit = 23; bit >= 0; bit--) {
        bool next = bit > 0 && (frame >> (bit - 1) & 1) != 0;
        ops->clock(&adc.base, master.now_ns, true, (frame >> bit & 1) != 0);
        ops->clock(&adc.base, master.now_ns, false, next);
    }
    ops->select(&adc.base, master.now_ns, false);
    ck_assert_uint_ne(read_register(2), 0x33);
}

END_TEST

static Suite *ads124s08_suite(void)
{
    Suite *suite = suite_create("ads124s08");
    TCase *tcase = tcase_create("ads124s08");

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, registers_hold_their_reset_values);
    tcase_add_test(tcase, reading_past_the_last_register_gives_zeros);
    tcase_add_test(tcase, power_on_flag_is_cleared_by_writing_zero);
    tcase_add_test(tcase, commands_before_the_part_is_ready_are_lost);
    tcase_add_test(tcase, code_is_twos_complement_of_the_input_over_the_reference);
    tcase_add_test(tcase, multiplexer_and_amplifier_choose_and_amplify);
    tcase_add_test(tcase, amplifier_that_is_on_cannot_reach_its_rails);
    tcase_add_test(tcase, no_reference_gives_the_limit);
    tcase_add_test(tcase, command_01h_is_nop_and_starts_nothing);
    tcase_add_loop_test(tcase, first_and_next_results_come_when_the_table_says, 0,
        (int)(sizeof timings / sizeof timings[0]));
    tcase_add_test(tcase, single_shot_stops_and_continuous_goes_on_until_stop);
    tcase_add_test(tcase, register_write_starts_the_filter_anew);
    tcase_add_test(tcase, old_data_stay_until_the_next_conversion_ends);
    tcase_add_test(tcase, status_and_crc_frame_the_data);
    tcase_add_test(tcase, direct_reading_shows_the_same_frame_and_repeats_it);
    tcase_add_test(tcase, data_line_shows_ready_before_the_first_clock);
    tcase_add_test(tcase, chip_select_in_the_middle_of_a_byte_resets_the_interface);
    tcase_add_test(tcase, interface_times_out_only_when_told_to);
    tcase_add_test(tcase, calibration_registers_shift_and_scale);
    tcase_add_test(tcase, system_offset_calibration_takes_the_input_as_zero);
    tcase_add_test(tcase, result_is_the_mean_over_its_conversion);
    tcase_add_test(tcase, noise_at_20_sps_has_the_deviation_asked_for);
    tcase_add_test(tcase, power_down_stops_conversions_until_wakeup_and_start);
    tcase_add_test(tcase, mode_zero_does_not_write_the_register);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(ads124s08_suite());
}
