/*
 * What any rack of cells promises (fixtures/cell.h), run on each there is. So far one: the CB24's
 * driver on the virtual bench, judged by the true voltages at the unit's pins, which the driver
 * never sees.
 */
#include "fixtures/cb24/cb24.h"
#include "fixtures/virtual/bench.h"
#include "fixtures/virtual/cb24_twin.h"
#include "harness/link/mpsse.h"
#include "tests/support.h"

#include <math.h>
#include <string.h>

enum {
    CELL_COUNT = 24
};

static struct virtual_bench *bench;
static struct mpsse *mpsse;
static struct cell_rack *rack;
static struct error err;

/* ---- the implementation under test ---- */

static void start(void)
{
    const struct virtual_bench_config config = {.product = "ek-24s4eb", .seed = 20240920};
    struct link *link = NULL;

    rack = NULL;
    mpsse = NULL;
    err = (struct error){0};
    ck_assert_msg(virtual_bench_create(&config, &bench, &err) == STATUS_OK, "%s", err.text);
    enum status status = virtual_bench_open_link(bench, VIRTUAL_BENCH_SERIAL, 0, &link, &err);
    ck_assert_msg(status == STATUS_OK, "%s", err.text);
    ck_assert_msg(mpsse_open(link, &mpsse, &err) == STATUS_OK, "%s", err.text);
}

static void stop(void)
{
    cell_rack_close(rack);
    mpsse_close(mpsse);
    virtual_bench_destroy(bench);
}

static enum status try_open(void)
{
    struct cb24_card_config cards[CELL_COUNT];

    for (long i = 0; i < CELL_COUNT; i++) {
        cards[i] = (struct cb24_card_config){
            .slot = i, .dac = "ad5683r", .adc = "ads124s08", .eeprom = "25aa02e48"};
    }
    return cb24_open(
        &(struct cb24_config){.cards = cards, .card_count = CELL_COUNT}, mpsse, NULL, &rack, &err);
}

static void open_rack(void)
{
    enum status status = try_open();

    ck_assert_msg(status == STATUS_OK, "%s: %s", err.origin, err.text);
}

static double true_v(unsigned cell_no)
{
    return cb24_twin_cell_v(virtual_bench_cb24(bench), cell_no);
}

static uint64_t now_ns(void)
{
    return clock_now_ns(virtual_bench_clock(bench));
}

/* ---- promises ---- */

static void set_all(const int32_t *uv, size_t count)
{
    enum status status = cell_rack_set_uv(rack, uv, count, &err);

    ck_assert_msg(status == STATUS_OK, "%s: %s", err.origin, err.text);
    ck_assert_int_eq(cell_rack_settle(rack, &err), STATUS_OK);
}

/* A different voltage on each cell, so that swapped channels show. */
static void set_pattern(int32_t base_uv)
{
    int32_t uv[CELL_COUNT];

    for (int i = 0; i < CELL_COUNT; i++) {
        uv[i] = base_uv + 10000 * i;
    }
    set_all(uv, CELL_COUNT);
}

static void check_all_off(void)
{
    for (unsigned n = 1; n <= CELL_COUNT; n++) {
        ck_assert_msg(fabs(true_v(n)) < 0.050, "cell %u is at %.3f V", n, true_v(n));
    }
}

START_TEST(opens_with_every_output_at_zero)
{
    open_rack();
    ck_assert_uint_eq(rack->cell_count, CELL_COUNT);
    check_all_off();
}

END_TEST

START_TEST(readings_are_true_within_the_uncertainty_that_each_card_states)
{
    static const int32_t base_uv[] = {1500000, 2500000, 3650000, 4250000};
    struct cell_reading readings[CELL_COUNT];

    open_rack();
    set_pattern(base_uv[_i]);
    enum status status = cell_rack_read(rack, readings, CELL_COUNT, &err);
    ck_assert_msg(status == STATUS_OK, "%s: %s", err.origin, err.text);
    for (unsigned n = 1; n <= CELL_COUNT; n++) {
        const struct cell_identity *identity = cell_rack_identity(rack, n);
        double wish_v = base_uv[_i] * 1e-6 + 0.010 * (n - 1);
        double got_v = readings[n - 1].v;
        ck_assert_msg(fabs(got_v - true_v(n)) <= identity->u_v,
            "cell %u reads %.6f V, true is %.6f V, stated is %.6f V", n, got_v, true_v(n),
            identity->u_v);
        /* less than half the step between cells: none is another's */
        ck_assert_msg(fabs(true_v(n) - wish_v) < 0.002,
            "cell %u is at %.6f V, %.6f V was asked for", n, true_v(n), wish_v);
        ck_assert_int_gt(readings[n - 1].code_raw, 0);
        ck_assert_int_lt(readings[n - 1].code_raw, 0x7FFFFF);
    }
}

END_TEST

START_TEST(setting_returns_before_it_has_settled_and_settling_waits)
{
    int32_t uv[CELL_COUNT];

    open_rack();
    for (unsigned i = 0; i < CELL_COUNT; i++) {
        uv[i] = 3300000;
    }
    uint64_t start_ns = now_ns();
    ck_assert_int_eq(cell_rack_set_uv(rack, uv, CELL_COUNT, &err), STATUS_OK);
    ck_assert_uint_lt(now_ns() - start_ns, 5000000);
    ck_assert_int_eq(cell_rack_settle(rack, &err), STATUS_OK);
    double settled_v = true_v(24);
    clock_sleep_ns(virtual_bench_clock(bench), 50000000);
    ck_assert_double_eq_tol(true_v(24), settled_v, 5e-6);
}

END_TEST

START_TEST(cells_beyond_the_count_keep_their_voltage)
{
    const int32_t one[1] = {2000000};

    open_rack();
    set_pattern(3000000);
    double before_v = true_v(2);
    set_all(one, 1);
    ck_assert_double_eq_tol(true_v(1), 2.0, 0.002);
    ck_assert_double_eq_tol(true_v(2), before_v, 1e-3);
}

END_TEST

START_TEST(requests_out_of_range_change_nothing)
{
    int32_t uv[CELL_COUNT + 1] = {3000000, 3000000, 5000001};

    open_rack();
    set_pattern(3500000);
    double before_v = true_v(1);
    ck_assert_int_eq(cell_rack_set_uv(rack, uv, 3, &err), STATUS_RANGE);
    uv[2] = -1;
    ck_assert_int_eq(cell_rack_set_uv(rack, uv, 3, &err), STATUS_RANGE);
    uv[2] = 3000000;
    ck_assert_int_eq(cell_rack_set_uv(rack, uv, CELL_COUNT + 1, &err), STATUS_RANGE);
    ck_assert_int_eq(cell_rack_set_uv(rack, uv, 0, &err), STATUS_RANGE);
    ck_assert_int_eq(cell_rack_settle(rack, &err), STATUS_OK);
    ck_assert_double_eq_tol(true_v(1), before_v, 5e-6);
}

END_TEST

START_TEST(off_takes_every_cell_to_zero_and_may_be_repeated)
{
    open_rack();
    set_pattern(3300000);
    for (int i = 0; i < 2; i++) {
        enum status status = cell_rack_off(rack, &err);
        ck_assert_msg(status == STATUS_OK, "%s: %s", err.origin, err.text);
        check_all_off();
    }
    set_pattern(3300000);
    ck_assert_double_eq_tol(true_v(1), 3.3, 0.002);
}

END_TEST

START_TEST(closing_takes_every_cell_to_zero)
{
    open_rack();
    set_pattern(3300000);
    cell_rack_close(rack);
    rack = NULL;
    check_all_off();
}

END_TEST

START_TEST(opening_again_finds_the_same_cards)
{
    struct cell_identity first[CELL_COUNT];

    open_rack();
    for (unsigned n = 1; n <= CELL_COUNT; n++) {
        first[n - 1] = *cell_rack_identity(rack, n);
    }
    cell_rack_close(rack);
    open_rack();
    for (unsigned n = 1; n <= CELL_COUNT; n++) {
        const struct cell_identity *again = cell_rack_identity(rack, n);
        ck_assert_mem_eq(again->eui48, first[n - 1].eui48, 6);
        ck_assert_str_eq(again->card_type, "CC4A-A");
        ck_assert_str_eq(again->calibration_id, first[n - 1].calibration_id);
        ck_assert_uint_eq(strlen(again->calibration_id), 12);
        ck_assert_uint_eq(strlen(again->calibrated_on), 10);
        ck_assert_double_gt(again->u_v, 0.0);
        for (unsigned other = 1; other < n; other++) {
            ck_assert_mem_ne(again->eui48, first[other - 1].eui48, 6);
        }
    }
}

END_TEST

START_TEST(card_that_is_not_there_is_named)
{
    cb24_twin_remove_card(virtual_bench_cb24(bench), 6);
    ck_assert_int_eq(try_open(), STATUS_ABSENT);
    ck_assert_str_eq(err.text, "cell 7: the fixture file names ads124s08 in slot 6, which answers "
                               "ID 0xff: nothing is there");
    ck_assert_ptr_null(rack);
    check_all_off();
}

END_TEST

START_TEST(card_that_is_pulled_in_use_is_an_error_of_the_bench)
{
    struct cell_reading readings[CELL_COUNT];

    open_rack();
    set_pattern(3300000);
    cb24_twin_remove_card(virtual_bench_cb24(bench), 23);
    ck_assert_int_eq(cell_rack_read(rack, readings, CELL_COUNT, &err), STATUS_ABSENT);
    ck_assert_ptr_nonnull(strstr(err.text, "cell 24: "));
}

END_TEST

START_TEST(card_whose_calibration_is_damaged_is_refused)
{
    cb24_twin_eeprom(virtual_bench_cb24(bench), 3)[25] ^= 0x04;
    ck_assert_int_eq(try_open(), STATUS_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "cell 4: the fixture file names 25aa02e48 in slot 3, "
                                           "which holds a damaged calibration block"));
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("cell rack");
    TCase *tests = tcase_create("cb24 on the virtual bench");

    tcase_set_timeout(tests, 30.0);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, opens_with_every_output_at_zero);
    tcase_add_loop_test(
        tests, readings_are_true_within_the_uncertainty_that_each_card_states, 0, 4);
    tcase_add_test(tests, setting_returns_before_it_has_settled_and_settling_waits);
    tcase_add_test(tests, cells_beyond_the_count_keep_their_voltage);
    tcase_add_test(tests, requests_out_of_range_change_nothing);
    tcase_add_test(tests, off_takes_every_cell_to_zero_and_may_be_repeated);
    tcase_add_test(tests, closing_takes_every_cell_to_zero);
    tcase_add_test(tests, opening_again_finds_the_same_cards);
    tcase_add_test(tests, card_that_is_not_there_is_named);
    tcase_add_test(tests, card_that_is_pulled_in_use_is_an_error_of_the_bench);
    tcase_add_test(tests, card_whose_calibration_is_damaged_is_refused);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
