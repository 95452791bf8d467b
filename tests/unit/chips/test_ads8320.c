#include "fixtures/virtual/chips/ads8320.h"
#include "tests/support.h"
#include "tests/unit/chips/spi_master.h"

#include <math.h>

static struct ads8320 adc;
static struct spi_master master;
static double signal_v;
static uint64_t sampled_at_ns;

static double input(void *ctx, uint64_t time_ns, unsigned which)
{
    (void)ctx;
    if (which == ADS8320_INPUT_REFERENCE) {
        return 2.5;
    }
    sampled_at_ns = time_ns;
    return signal_v;
}

static void init(double noise_lsb)
{
    struct ads8320_config config = {.input_v = input, .noise_lsb = noise_lsb};

    rng_init(&config.rng, 1, "noise");
    ads8320_init(&adc, &config);
    master = (struct spi_master){.slave = &adc.base, .half_ns = 250};
}

static void set_up(void)
{
    init(0.0);
}

static uint32_t read_24(void)
{
    uint8_t in[3];

    spi_master_frame(&master, (const uint8_t[]){0, 0, 0}, in, 3);
    return (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
}

START_TEST(three_bytes_in_mode_zero_carry_the_code_at_17_to_2)
{
    signal_v = 2.5 * 0xB1A6 / 65536;
    /*
     * six clocks open or zero: 5 times the pull-up, then the zero; B1A6h = 1011000110100110; then
     * B1, B2 = 1, 1
     */
    ck_assert_uint_eq(read_24(), 0xFAC69Bu);
}

END_TEST

START_TEST(bits_come_again_lsb_first_and_then_zeros)
{
    uint8_t in[6];
    uint64_t bits = 0;

    signal_v = 2.5 * 0x8001 / 65536;
    spi_master_frame(&master, (const uint8_t[]){0, 0, 0, 0, 0, 0}, in, 6);
    for (int i = 0; i < 6; i++) {
        bits = bits << 8 | in[i];
    }
    /* 11111 0 1000000000000001 000000000000001 then zeros: 48 bits */
    ck_assert_uint_eq(bits, 0xFA0004000800u);
}

END_TEST

START_TEST(input_is_held_at_the_fifth_falling_edge)
{
    (void)read_24();
    /* select at 250, first rising edge at 750, falling edges at 1000, 1500, 2000, 2500, 3000 */
    ck_assert_uint_eq(sampled_at_ns, 3000);
}

END_TEST

START_TEST(codes_clip_at_both_ends)
{
    signal_v = 2.6;
    ck_assert_uint_eq(read_24() >> 2 & 0xFFFF, 0xFFFF);
    signal_v = -0.1;
    ck_assert_uint_eq(read_24() >> 2 & 0xFFFF, 0x0000);
}

END_TEST

START_TEST(noise_has_the_deviation_asked_for)
{
    double sum = 0.0;
    double squares = 0.0;

    init(0.6);
    signal_v = 1.25;
    for (int i = 0; i < 4000; i++) {
        double error = (double)(read_24() >> 2 & 0xFFFF) - 32768.0;
        sum += error;
        squares += error * error;
    }
    /* 0.6 LSB and the 1/sqrt(12) of rounding: 0.666; five standard errors */
    ck_assert_double_lt(fabs(sum / 4000), 0.053);
    ck_assert_double_eq_tol(sqrt(squares / 4000), 0.666, 0.04);
}

END_TEST

START_TEST(clock_above_its_limit_spoils_the_low_byte)
{
    unsigned wrong = 0;

    signal_v = 1.25;
    for (int i = 0; i < 16; i++) {
        master.half_ns = 200; /* 2.5 MHz */
        wrong += (read_24() >> 2 & 0xFFFF) != 0x8000;
        master.half_ns = 209;
        ck_assert_uint_eq(read_24() >> 2 & 0xFFFF, 0x8000);
    }
    ck_assert_uint_gt(wrong, 8);
}

END_TEST

START_TEST(output_floats_when_not_selected)
{
    ck_assert_int_eq(adc.base.ops->miso(&adc.base, 0), WIRE_FLOATING);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("ads8320");
    TCase *tcase = tcase_create("ads8320");

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, three_bytes_in_mode_zero_carry_the_code_at_17_to_2);
    tcase_add_test(tcase, bits_come_again_lsb_first_and_then_zeros);
    tcase_add_test(tcase, input_is_held_at_the_fifth_falling_edge);
    tcase_add_test(tcase, codes_clip_at_both_ends);
    tcase_add_test(tcase, noise_has_the_deviation_asked_for);
    tcase_add_test(tcase, clock_above_its_limit_spoils_the_low_byte);
    tcase_add_test(tcase, output_floats_when_not_selected);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
