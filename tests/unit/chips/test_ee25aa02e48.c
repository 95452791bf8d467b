#include "fixtures/virtual/chips/ee25aa02e48.h"
#include "tests/support.h"
#include "tests/unit/chips/spi_master.h"

#include <string.h>

static struct ee25aa02e48 eeprom;
static struct spi_master master;

static void set_up(void)
{
    ee25aa02e48_init(&eeprom, (const uint8_t[]){0x00, 0x04, 0xA3, 0x12, 0x34, 0x56});
    master = (struct spi_master){.slave = &eeprom.base, .half_ns = 50};
}

static void send(size_t len, const uint8_t *bytes)
{
    spi_master_frame(&master, bytes, NULL, len);
}

#define SEND(...) send(sizeof((const uint8_t[]){__VA_ARGS__}), (const uint8_t[]){__VA_ARGS__})

static uint8_t read_status(void)
{
    uint8_t in[2];

    spi_master_frame(&master, (const uint8_t[]){0x05, 0x00}, in, 2);
    return in[1];
}

static uint8_t read_cell(uint8_t address)
{
    uint8_t in[3];

    spi_master_frame(&master, (const uint8_t[]){0x03, address, 0x00}, in, 3);
    return in[2];
}

static void wait_ms(uint64_t ms)
{
    master.now_ns += ms * 1000000;
}

START_TEST(node_address_lies_at_fa_and_reading_runs_round)
{
    static const uint8_t expected[] = {0x00, 0x04, 0xA3, 0x12, 0x34, 0x56, 0xFF};
    uint8_t in[9];

    spi_master_frame(&master, (const uint8_t[]){0x03, 0xFA, 0, 0, 0, 0, 0, 0, 0}, in, 9);
    ck_assert_mem_eq(in + 2, expected, 7);
}

END_TEST

START_TEST(mode_three_reads_the_same)
{
    master.cpol = true;
    master.cpha = true;
    ck_assert_uint_eq(read_cell(0xFC), 0xA3);
}

END_TEST

START_TEST(write_needs_the_latch_and_takes_five_milliseconds)
{
    SEND(0x02, 0x00, 0x11);
    ck_assert_uint_eq(read_status(), 0x04); /* BP = 01, nothing going on */
    SEND(0x06);
    ck_assert_uint_eq(read_status(), 0x06); /* WEL */
    SEND(0x02, 0x00, 0x11);
    ck_assert_uint_eq(read_status(), 0x07);   /* WEL, WIP */
    ck_assert_uint_eq(read_cell(0x00), 0xFF); /* busy: nobody drives the line */
    wait_ms(4);
    ck_assert_uint_eq(read_status() & 1, 1);
    wait_ms(1);
    ck_assert_uint_eq(read_status(), 0x04);
    ck_assert_uint_eq(read_cell(0x00), 0x11);
    ck_assert_uint_eq(read_cell(0x01), 0xFF);
}

END_TEST

START_TEST(page_wraps_inside_itself)
{
    SEND(0x06);
    SEND(0x02, 0x1E, 0xA1, 0xA2, 0xA3);
    wait_ms(5);
    ck_assert_uint_eq(read_cell(0x1E), 0xA1);
    ck_assert_uint_eq(read_cell(0x1F), 0xA2);
    ck_assert_uint_eq(read_cell(0x10), 0xA3);
    ck_assert_uint_eq(read_cell(0x20), 0xFF);
}

END_TEST

START_TEST(write_off_a_byte_boundary_is_not_started)
{
    SEND(0x06);
    spi_master_select(&master, true);
    spi_master_byte(&master, 0x02);
    spi_master_byte(&master, 0x00);
    spi_master_byte(&master, 0x77);
    spi_master_bit(&master, true);
    spi_master_select(&master, false);
    ck_assert_uint_eq(read_status() & 1, 0);
    ck_assert_uint_eq(read_cell(0x00), 0xFF);
}

END_TEST

START_TEST(factory_protection_covers_the_upper_quarter_until_it_is_lifted)
{
    SEND(0x06);
    SEND(0x02, 0xC0, 0x22);
    ck_assert_uint_eq(read_status() & 1, 0);
    ck_assert_uint_eq(read_cell(0xC0), 0xFF);
    SEND(0x06);
    SEND(0x02, 0xBF, 0x33);
    wait_ms(5);
    ck_assert_uint_eq(read_cell(0xBF), 0x33);
    SEND(0x06);
    SEND(0x01, 0x00); /* WRSR: BP = 00 */
    ck_assert_uint_eq(read_status() & 1, 1);
    wait_ms(5);
    ck_assert_uint_eq(read_status(), 0x00);
    SEND(0x06);
    SEND(0x02, 0xC0, 0x22);
    wait_ms(5);
    ck_assert_uint_eq(read_cell(0xC0), 0x22);
    SEND(0x06);
    SEND(0x01, 0x0C); /* BP = 11: all of it */
    wait_ms(5);
    SEND(0x06);
    SEND(0x02, 0x00, 0x44);
    wait_ms(5);
    ck_assert_uint_eq(read_cell(0x00), 0xFF);
}

END_TEST

START_TEST(write_disable_takes_the_latch_back)
{
    SEND(0x06);
    SEND(0x04);
    ck_assert_uint_eq(read_status(), 0x04);
    SEND(0x02, 0x00, 0x11);
    wait_ms(5);
    ck_assert_uint_eq(read_cell(0x00), 0xFF);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("ee25aa02e48");
    TCase *tcase = tcase_create("ee25aa02e48");

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, node_address_lies_at_fa_and_reading_runs_round);
    tcase_add_test(tcase, mode_three_reads_the_same);
    tcase_add_test(tcase, write_needs_the_latch_and_takes_five_milliseconds);
    tcase_add_test(tcase, page_wraps_inside_itself);
    tcase_add_test(tcase, write_off_a_byte_boundary_is_not_started);
    tcase_add_test(tcase, factory_protection_covers_the_upper_quarter_until_it_is_lifted);
    tcase_add_test(tcase, write_disable_takes_the_latch_back);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
