#include "fixtures/virtual/chips/ad5683r.h"
#include "tests/support.h"
#include "tests/unit/chips/spi_master.h"

static struct ad5683r dac;
static struct spi_master master;

static void set_up(void)
{
    ad5683r_init(&dac);
    master = (struct spi_master){.slave = &dac.base, .cpha = true, .half_ns = 50};
}

static void send(uint8_t first, uint8_t second, uint8_t third)
{
    spi_master_frame(&master, (const uint8_t[]){first, second, third}, NULL, 3);
}

START_TEST(starts_at_zero_scale_with_gain_one)
{
    ck_assert_double_eq(ad5683r_output_v(&dac), 0.0);
    send(0x38, 0x00, 0x00); /* write and update 8000h */
    ck_assert_double_eq(ad5683r_output_v(&dac), 1.25);
}

END_TEST

START_TEST(gain_bit_doubles_the_output)
{
    send(0x40, 0x80, 0x00); /* control: DB15 = gain 2 */
    send(0x3F, 0xFF, 0xF0); /* FFFFh */
    ck_assert_double_eq_tol(ad5683r_output_v(&dac), 4.99992370605, 1e-10);
}

END_TEST

START_TEST(write_input_moves_the_output_only_after_update)
{
    send(0x14, 0x00, 0x00); /* input register 4000h */
    ck_assert_double_eq(ad5683r_output_v(&dac), 0.0);
    send(0x20, 0x00, 0x00); /* update */
    ck_assert_double_eq(ad5683r_output_v(&dac), 0.625);
}

END_TEST

START_TEST(reference_bit_and_power_modes_take_the_output_away)
{
    send(0x38, 0x00, 0x00);
    send(0x41, 0x00, 0x00); /* DB16 = 1: reference off */
    ck_assert_double_eq(ad5683r_output_v(&dac), 0.0);
    send(0x40, 0x00, 0x00);
    ck_assert_double_eq(ad5683r_output_v(&dac), 1.25);
    send(0x42, 0x00, 0x00); /* DB18:17 = 1 */
    ck_assert_int_eq(ad5683r_power(&dac), AD5683R_POWER_1K);
    ck_assert_double_eq(ad5683r_output_v(&dac), 0.0);
    send(0x46, 0x00, 0x00); /* DB18:17 = 3 */
    ck_assert_int_eq(ad5683r_power(&dac), AD5683R_POWER_OPEN);
    send(0x48, 0x00, 0x00); /* DB19: reset */
    ck_assert_int_eq(ad5683r_power(&dac), AD5683R_POWER_NORMAL);
    ck_assert_double_eq(ad5683r_output_v(&dac), 0.0);
}

END_TEST

START_TEST(frame_of_23_clocks_is_ignored_and_of_25_acts_once)
{
    spi_master_select(&master, true);
    for (int i = 0; i < 23; i++) {
        spi_master_bit(&master, i == 2 || i == 3 || i == 4); /* 38h ... */
    }
    spi_master_select(&master, false);
    ck_assert_double_eq(ad5683r_output_v(&dac), 0.0);
    spi_master_select(&master, true);
    for (int i = 0; i < 25; i++) {
        spi_master_bit(&master, i == 2 || i == 3 || i == 4 || i == 24);
    }
    spi_master_select(&master, false);
    ck_assert_double_eq(ad5683r_output_v(&dac), 1.25);
}

END_TEST

START_TEST(acts_on_the_24th_falling_edge)
{
    spi_master_select(&master, true);
    spi_master_byte(&master, 0x38);
    spi_master_byte(&master, 0x00);
    for (int i = 0; i < 7; i++) {
        spi_master_bit(&master, false);
    }
    ck_assert_double_eq(ad5683r_output_v(&dac), 0.0);
    spi_master_bit(&master, false);
    ck_assert_double_eq(ad5683r_output_v(&dac), 1.25);
}

END_TEST

START_TEST(readback_shows_the_input_register_in_the_next_frame)
{
    uint8_t in[3];

    send(0x1A, 0xBC, 0xD0); /* input register ABCDh */
    send(0x50, 0x00, 0x00); /* readback */
    spi_master_frame(&master, (const uint8_t[]){0x00, 0x00, 0x00}, in, 3);
    ck_assert_uint_eq(in[0], 0x0A);
    ck_assert_uint_eq(in[1], 0xBC);
    ck_assert_uint_eq(in[2], 0xD0);
    ck_assert_double_eq(ad5683r_output_v(&dac), 0.0);
}

END_TEST

START_TEST(command_nine_of_the_multi_channel_parts_reads_nothing_back)
{
    uint8_t in[3];

    send(0x1A, 0xBC, 0xD0);
    send(0x90, 0x00, 0x00);
    spi_master_frame(&master, (const uint8_t[]){0x00, 0x00, 0x00}, in, 3);
    ck_assert_uint_ne(in[1], 0xBC);
}

END_TEST

START_TEST(chained_part_acts_when_sync_rises_and_passes_bits_on)
{
    uint8_t in[6];

    send(0x40, 0x40, 0x00); /* control: DB14 = daisy chain */
    spi_master_frame(&master, (const uint8_t[]){0x12, 0x34, 0x56, 0x38, 0x00, 0x00}, in, 6);
    ck_assert_uint_eq(in[3], 0x12);
    ck_assert_uint_eq(in[4], 0x34);
    ck_assert_uint_eq(in[5], 0x56);
    ck_assert_double_eq(ad5683r_output_v(&dac), 1.25);
}

END_TEST

START_TEST(mode_zero_shifts_the_frame_by_a_bit)
{
    /* a mode 0 master changes its data at the falling edge, just when the part takes it */
    const struct spi_slave_ops *ops = dac.base.ops;
    uint32_t frame = 0x380000;

    ops->select(&dac.base, 0, true);
    for (int bit = 23; bit >= 0; bit--) {
        bool next = bit > 0 && (frame >> (bit - 1) & 1) != 0;
        ops->clock(&dac.base, 0, true, (frame >> bit & 1) != 0);
        ops->clock(&dac.base, 0, false, next);
    }
    ops->select(&dac.base, 0, false);
    ck_assert_double_ne(ad5683r_output_v(&dac), 1.25);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("ad5683r");
    TCase *tcase = tcase_create("ad5683r");

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, starts_at_zero_scale_with_gain_one);
    tcase_add_test(tcase, gain_bit_doubles_the_output);
    tcase_add_test(tcase, write_input_moves_the_output_only_after_update);
    tcase_add_test(tcase, reference_bit_and_power_modes_take_the_output_away);
    tcase_add_test(tcase, frame_of_23_clocks_is_ignored_and_of_25_acts_once);
    tcase_add_test(tcase, acts_on_the_24th_falling_edge);
    tcase_add_test(tcase, readback_shows_the_input_register_in_the_next_frame);
    tcase_add_test(tcase, command_nine_of_the_multi_channel_parts_reads_nothing_back);
    tcase_add_test(tcase, chained_part_acts_when_sync_rises_and_passes_bits_on);
    tcase_add_test(tcase, mode_zero_shifts_the_frame_by_a_bit);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
