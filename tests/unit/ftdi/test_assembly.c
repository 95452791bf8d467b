/** The virtual bench as a whole, from the bytes of the link to the unit's debug port. */
#include "tests/support.h"
#include "tests/unit/ftdi/raw_bench.h"

#include "fixtures/virtual/ftdi/virtual_host.h"
#include "harness/link/ftdi_request.h"

#include <math.h>
#include <string.h>

enum {
    CODE_3V5 = 45875, /* 3.5 / 5 * 65536 */
    CHANNEL_A = 0,
    CHANNEL_B = 1
};

static struct virtual_bench *bench;

static void set_up(void)
{
    bench = raw_bench_create(NULL, 0);
}

static void tear_down(void)
{
    virtual_bench_destroy(bench);
}

START_TEST(eeprom_of_each_card_is_read_through_channel_a)
{
    struct link *spi = raw_bench_open_mpsse(bench, CHANNEL_A);
    uint8_t in[48];
    uint8_t slot = (uint8_t)(_i);

    raw_bench_select(spi, RAW_SELECT_EEPROM | slot);
    raw_bench_exchange(spi, "80 00 1B 11 01 00 03 00 20 2F 00 80 08 1B", in, sizeof in);
    ck_assert_mem_eq(in, "EKCC\x01\x30", 6);
    ck_assert_mem_eq(in, cb24_twin_eeprom(virtual_bench_cb24(bench), slot), sizeof in);
    ck_assert_uint_eq(bytes_get_le32(in + 44), bytes_crc32(0, in, 44));
    raw_bench_exchange(spi, "80 00 1B 11 01 00 03 FA 20 05 00 80 08 1B", in, 6);
    ck_assert_mem_eq(in, "\x00\x04\xA3", 3); /* its EUI-48 begins with the maker's number */
    link_close(spi);
}

END_TEST

START_TEST(an_empty_slot_reads_all_ones)
{
    struct link *spi = raw_bench_open_mpsse(bench, CHANNEL_A);
    uint8_t in[4];

    cb24_twin_remove_card(virtual_bench_cb24(bench), 3);
    raw_bench_select(spi, RAW_SELECT_EEPROM | 3);
    raw_bench_exchange(spi, "80 00 1B 11 01 00 03 00 20 03 00 80 08 1B", in, sizeof in);
    ck_assert_mem_eq(in, "\xFF\xFF\xFF\xFF", 4);
    link_close(spi);
}

END_TEST

START_TEST(cells_follow_their_dacs_with_the_time_constant_of_the_stage)
{
    struct link *spi = raw_bench_open_mpsse(bench, CHANNEL_A);
    struct cb24_twin *twin = virtual_bench_cb24(bench);

    raw_bench_set_dacs(bench, spi, CODE_3V5);
    for (unsigned cell_no = 1; cell_no <= 24; cell_no++) {
        /* gain within 0.3 %, offset within 3 mV, a few mV of wire */
        ck_assert_double_lt(fabs(cb24_twin_cell_v(twin, cell_no) - 3.5), 0.020);
    }
    double high_v = cb24_twin_cell_v(twin, 5);
    raw_bench_set_dacs(bench, spi, 0);
    ck_assert_double_lt(fabs(cb24_twin_cell_v(twin, 5)), 0.010);
    ck_assert_double_gt(high_v, 3.0);
    link_close(spi);
}

END_TEST

START_TEST(unit_without_power_does_not_answer_on_swd)
{
    struct link *swd = raw_bench_open_mpsse(bench, CHANNEL_B);

    uint64_t bits = raw_bench_read_dpidr(swd);
    ck_assert_uint_eq(bits >> 1 & 7, 7); /* no ACK: the pull-up */
    link_close(swd);
}

END_TEST

START_TEST(dpidr_is_read_through_channel_b)
{
    struct link *spi = raw_bench_open_mpsse(bench, CHANNEL_A);
    struct link *swd = raw_bench_open_mpsse(bench, CHANNEL_B);

    raw_bench_set_dacs(bench, spi, CODE_3V5);
    uint64_t bits = raw_bench_read_dpidr(swd);
    ck_assert_uint_eq(bits >> 1 & 7, 1); /* after one turnaround bit: OK */
    ck_assert_uint_eq(bits >> 4 & 0xFFFFFFFF, 0x0BC11477);
    ck_assert_uint_eq(bits >> 36 & 1, 0); /* fourteen ones */
    link_close(swd);
    link_close(spi);
}

END_TEST

START_TEST(swdio_is_seen_through_the_resistor_when_the_unit_is_silent)
{
    struct link *swd = raw_bench_open_mpsse(bench, CHANNEL_B);
    uint8_t pins[3];

    raw_bench_exchange(swd, "80 10 03 81 80 12 03 81 80 10 01 81", pins, sizeof pins);
    ck_assert_uint_eq(pins[0] & 0x04, 0x00); /* driven low */
    ck_assert_uint_eq(pins[1] & 0x04, 0x04); /* driven high */
    ck_assert_uint_eq(pins[2] & 0x04, 0x04); /* let go: pulled up */
    link_close(swd);
}

END_TEST

START_TEST(nrst_low_resets_the_unit)
{
    struct link *spi = raw_bench_open_mpsse(bench, CHANNEL_A);
    struct link *swd = raw_bench_open_mpsse(bench, CHANNEL_B);
    struct mcu_stats before;
    struct mcu_stats after;

    raw_bench_set_dacs(bench, spi, CODE_3V5);
    mcu_stats(board_mcu(virtual_bench_board(bench)), &before);
    ck_assert_uint_ge(before.resets, 1); /* power-on */
    raw_bench_exchange(swd, "80 00 13", NULL, 0);
    clock_sleep_ns(virtual_bench_clock(bench), NS_PER_MS);
    raw_bench_exchange(swd, "80 00 03", NULL, 0);
    clock_sleep_ns(virtual_bench_clock(bench), NS_PER_MS);
    mcu_stats(board_mcu(virtual_bench_board(bench)), &after);
    ck_assert_uint_gt(after.resets, before.resets);
    link_close(swd);
    link_close(spi);
}

END_TEST

START_TEST(power_follows_the_stack)
{
    struct link *spi = raw_bench_open_mpsse(bench, CHANNEL_A);
    struct mcu *mcu = board_mcu(virtual_bench_board(bench));

    ck_assert(!mcu_is_powered(mcu));
    raw_bench_set_dacs(bench, spi, CODE_3V5); /* 84 V */
    ck_assert(mcu_is_powered(mcu));
    ck_assert_uint_eq(board_power_count(virtual_bench_board(bench)), 1);
    raw_bench_set_dacs(bench, spi, 10000); /* 18.3 V: below 23 V */
    ck_assert(!mcu_is_powered(mcu));
    link_close(spi);
}

END_TEST

START_TEST(long_sleeps_are_exact)
{
    struct clock *clock = virtual_bench_clock(bench);

    clock_sleep_until_ns(clock, UINT64_C(180) * NS_PER_S + 1);
    ck_assert_uint_eq(clock_now_ns(clock), UINT64_C(180000000001));
    clock_sleep_until_ns(clock, 5);
    ck_assert_uint_eq(clock_now_ns(clock), UINT64_C(180000000001));
}

END_TEST

START_TEST(runs_with_the_same_seed_take_the_same_time)
{
    uint64_t ends_ns[2];
    double volts[2];

    for (unsigned i = 0; i < 2; i++) {
        struct virtual_bench *own = raw_bench_create(NULL, 0);
        struct link *spi = raw_bench_open_mpsse(own, CHANNEL_A);
        raw_bench_set_dacs(own, spi, CODE_3V5);
        ends_ns[i] = clock_now_ns(virtual_bench_clock(own));
        volts[i] = cb24_twin_cell_v(virtual_bench_cb24(own), 24);
        link_close(spi);
        virtual_bench_destroy(own);
    }
    ck_assert_uint_eq(ends_ns[0], ends_ns[1]);
    ck_assert(memcmp(&volts[0], &volts[1], sizeof volts[0]) == 0);
}

END_TEST

START_TEST(unknown_products_faults_and_serials_are_named)
{
    const char *const faults[] = {"tap-divider", "moon-phase"};
    struct virtual_bench_config config = {.product = "toaster"};
    struct virtual_bench *none = NULL;
    struct link *link = NULL;
    struct error err;

    ck_assert_int_eq(virtual_bench_create(&config, &none, &err), STATUS_ABSENT);
    ck_assert_ptr_nonnull(strstr(err.text, "ek-24s4eb"));
    config =
        (struct virtual_bench_config){.product = "ek-24s4eb", .faults = faults, .fault_count = 2};
    ck_assert_int_eq(virtual_bench_create(&config, &none, &err), STATUS_ABSENT);
    ck_assert_ptr_nonnull(strstr(err.text, "moon-phase"));
    ck_assert_ptr_nonnull(strstr(err.text, "taps-swapped"));
    ck_assert_ptr_null(none);
    ck_assert_int_eq(virtual_bench_open_link(bench, "CB24-0001", 0, &link, &err), STATUS_ABSENT);
}

END_TEST

START_TEST(a_fault_changes_the_circuit)
{
    const char *const faults[] = {"tap-divider"};
    struct virtual_bench *own = raw_bench_create(faults, 1);
    struct circuit *circuit = virtual_bench_circuit(own);

    ck_assert_double_eq(circuit_value(circuit, circuit_find(circuit, "R_TAP07")), 30e3);
    virtual_bench_destroy(own);
}

END_TEST

START_TEST(a_pulled_cable_is_an_io_error)
{
    struct link *spi = raw_bench_open_mpsse(bench, CHANNEL_A);

    virtual_host_unplug(virtual_bench_host(bench));
    ck_assert_int_eq(link_control(spi, FTDI_REQUEST_RESET, 0, 0, NULL), STATUS_IO);
    link_close(spi);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("virtual bench");
    TCase *tests = tcase_create("assembly");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, eeprom_of_each_card_is_read_through_channel_a, 0, 24);
    tcase_add_test(tests, an_empty_slot_reads_all_ones);
    tcase_add_test(tests, cells_follow_their_dacs_with_the_time_constant_of_the_stage);
    tcase_add_test(tests, unit_without_power_does_not_answer_on_swd);
    tcase_add_test(tests, dpidr_is_read_through_channel_b);
    tcase_add_test(tests, swdio_is_seen_through_the_resistor_when_the_unit_is_silent);
    tcase_add_test(tests, nrst_low_resets_the_unit);
    tcase_add_test(tests, power_follows_the_stack);
    tcase_add_test(tests, long_sleeps_are_exact);
    tcase_add_test(tests, runs_with_the_same_seed_take_the_same_time);
    tcase_add_test(tests, unknown_products_faults_and_serials_are_named);
    tcase_add_test(tests, a_fault_changes_the_circuit);
    tcase_add_test(tests, a_pulled_cable_is_an_io_error);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
