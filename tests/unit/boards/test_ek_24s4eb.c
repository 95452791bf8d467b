#include "tests/support.h"
#include "tests/unit/boards/ek_rig.h"

#include <math.h>
#include <string.h>

static struct ek_rig rig;

static void set_up(void)
{
    ek_rig_init(&rig, 5, true);
    ek_rig_start_firmware(&rig);
}

static void tear_down(void)
{
    ek_rig_finish(&rig);
}

/* Full scale 4.90 .. 4.93 V against 4.9213 V nominal: -0.43 .. +0.18 %; offset 0.3 mV / 0.508; 4
 * LSB. */
static void assert_reads(double shown_v, double true_v)
{
    ck_assert_double_ge(shown_v, true_v * (1 - 0.0019) - 0.0009);
    ck_assert_double_le(shown_v, true_v * (1 + 0.0045) + 0.0009);
}

START_TEST(every_cell_reads_its_own_voltage)
{
    unsigned cell_no = (unsigned)_i;

    for (unsigned n = 1; n <= 24; n++) {
        ek_rig_set_cell(&rig, n, 2.0 + 0.1 * n);
    }
    double shown_v = ek_rig_measure(&rig, ek_rig_cell_bits(cell_no));
    assert_reads(shown_v, ek_rig_true_v(&rig, cell_no));
    assert_reads(shown_v, 2.0 + 0.1 * cell_no);
}

END_TEST

START_TEST(all_cells_have_one_gain_and_one_offset)
{
    /* one line through two levels of cell 1 predicts all others: what the unit's calibration needs
     */
    ek_rig_set_all(&rig, 2.0);
    double low_v = ek_rig_measure(&rig, ek_rig_cell_bits(1));
    double low_true_v = ek_rig_true_v(&rig, 1);
    ek_rig_set_all(&rig, 4.0);
    double high_v = ek_rig_measure(&rig, ek_rig_cell_bits(1));
    double gain = (high_v - low_v) / (ek_rig_true_v(&rig, 1) - low_true_v);
    ek_rig_set_all(&rig, 3.3);
    for (unsigned cell_no = 1; cell_no <= 24; cell_no++) {
        double mean_v = 0.0;
        for (int i = 0; i < 16; i++) {
            mean_v += ek_rig_measure(&rig, ek_rig_cell_bits(cell_no)) / 16;
        }
        double expected_v = low_v + gain * (ek_rig_true_v(&rig, cell_no) - low_true_v);
        ck_assert_double_eq_tol(mean_v, expected_v, 0.0004);
    }
}

END_TEST

START_TEST(wrong_polarity_reads_zero)
{
    ck_assert_double_lt(ek_rig_measure(&rig, 3u << 4 | 0x04000000u), 0.001); /* cell 5 with N */
    ck_assert_double_gt(ek_rig_measure(&rig, 3u << 4 | 0x02000000u), 3.0);
}

END_TEST

START_TEST(two_cells_at_once_clip_at_full_scale)
{
    /* taps 4 and 6 would both go to EVEN: use 4 and 7, three cells */
    ek_rig_latch(&rig, 1u << 4 | 1u << 7 | 0x02000000u);
    ek_rig_run(&rig, 1000000);
    ck_assert_uint_eq(ek_rig_code(&rig), 0xFFFF);
}

END_TEST

START_TEST(check_reference_and_zero_read_theirs)
{
    double reference_v = ek_rig_measure(&rig, 1u << 27);
    double zero_v = ek_rig_measure(&rig, 1u << 28);

    assert_reads(reference_v, 1.5);
    ck_assert_double_lt(zero_v, 0.001);
}

END_TEST

START_TEST(chain_needs_its_settling_time)
{
    ek_rig_latch(&rig, ek_rig_cell_bits(3));
    uint16_t early = ek_rig_code(&rig);
    ek_rig_run(&rig, 1000000);
    uint16_t settled = ek_rig_code(&rig);
    ek_rig_run(&rig, 5000000);
    uint16_t late = ek_rig_code(&rig);
    ck_assert_uint_lt(early, settled / 2);
    ck_assert_int_le(abs((int)late - (int)settled), 5);
}

END_TEST

START_TEST(clocks_of_the_adc_do_not_move_the_taps)
{
    double first_v = ek_rig_measure(&rig, ek_rig_cell_bits(8));

    for (int i = 0; i < 10; i++) {
        ck_assert_double_eq_tol(ek_rig_code(&rig) * 75.09e-6, first_v, 0.0005);
    }
}

END_TEST

START_TEST(taps_stay_off_until_oe_is_driven_low)
{
    tear_down();
    ek_rig_init(&rig, 5, true);
    ek_rig_pin(&rig, 1, 1, WIRE_LOW);
    ek_rig_latch(&rig, ek_rig_cell_bits(3));
    int tap = circuit_find(rig.circuit, "SW_TAP03");
    ck_assert(!circuit_is_closed(rig.circuit, tap));
    ek_rig_pin(&rig, 1, 2, WIRE_LOW);
    ck_assert(circuit_is_closed(rig.circuit, tap));
    ck_assert(circuit_is_closed(rig.circuit, circuit_find(rig.circuit, "SW_POL_P1")));
    ck_assert(!circuit_is_closed(rig.circuit, circuit_find(rig.circuit, "SW_POL_N1")));
    ek_rig_pin(&rig, 1, 2, WIRE_FLOATING);
    ck_assert(!circuit_is_closed(rig.circuit, tap));
}

END_TEST

START_TEST(supply_comes_at_25_and_goes_at_23_volt)
{
    struct mcu *mcu = board_mcu(rig.board);

    ck_assert(mcu_is_powered(mcu));
    ck_assert_uint_eq(board_power_count(rig.board), 1);
    ek_rig_set_all(&rig, 24.0 / 24);
    ek_rig_run(&rig, 100000);
    ck_assert(mcu_is_powered(mcu));
    ek_rig_set_all(&rig, 22.9 / 24);
    ek_rig_run(&rig, 100000);
    ck_assert(!mcu_is_powered(mcu));
    ck_assert_double_eq(circuit_value(rig.circuit, circuit_find(rig.circuit, "I_SUPPLY")), 50e-6);
    ek_rig_set_all(&rig, 24.9 / 24);
    ek_rig_run(&rig, 100000);
    ck_assert(!mcu_is_powered(mcu));
    ek_rig_set_all(&rig, 25.1 / 24);
    ek_rig_run(&rig, 100000);
    ck_assert(mcu_is_powered(mcu));
    ck_assert_uint_eq(board_power_count(rig.board), 2);
    ck_assert_double_eq(circuit_value(rig.circuit, circuit_find(rig.circuit, "I_SUPPLY")), 6.6e-3);
}

END_TEST

static void count_call(void *ctx, struct board *board)
{
    unsigned *count = ctx;

    ck_assert(!mcu_is_powered(board_mcu(board)));
    ++*count;
}

START_TEST(power_hooks_run_before_the_mcu_starts)
{
    unsigned counts[2] = {0, 0};

    board_set_power_hook(rig.board, count_call, &counts[0]);
    board_set_power_hook(rig.board, count_call, &counts[1]);
    for (int i = 0; i < 3; i++) {
        ek_rig_set_all(&rig, 0.0);
        ek_rig_run(&rig, 100000);
        ek_rig_set_all(&rig, 3.0);
        ek_rig_run(&rig, 100000);
    }
    ck_assert_uint_eq(counts[0], 3);
    ck_assert_uint_eq(counts[1], 3);
}

END_TEST

START_TEST(switches_open_when_the_supply_goes)
{
    ek_rig_latch(&rig, ek_rig_cell_bits(3));
    ek_rig_set_all(&rig, 0.5);
    ek_rig_run(&rig, 100000);
    ck_assert(!circuit_is_closed(rig.circuit, circuit_find(rig.circuit, "SW_TAP03")));
}

END_TEST

START_TEST(slow_inputs_show_temperatures_capacitor_and_current)
{
    const struct mcu_board *board = board_mcu(rig.board)->board;

    /* 10 kohm over 10 kohm at 25 C: 1.65 V; 1.5 K move it by 3 %, the parts by another 1 % */
    ck_assert_double_eq_tol(board->adc_v(board->ctx, rig.now_ns, 0), 1.65, 0.07);
    ck_assert_double_eq_tol(board->adc_v(board->ctx, rig.now_ns, 1), 1.65, 0.07);
    ck_assert_double_eq_tol(board->adc_v(board->ctx, rig.now_ns, 2), 1.0, 0.02);
    ck_assert_double_eq_tol(board->adc_v(board->ctx, rig.now_ns, 3), 1.65, 0.02);
    ck_assert_double_eq(board->vdda_v, 3.3);
}

END_TEST

START_TEST(drifting_reference_lowers_what_is_read)
{
    double before_v = ek_rig_measure(&rig, ek_rig_cell_bits(2));

    board_set_reference_drift(rig.board, 100.0);
    ek_rig_run(&rig, 20000000000u);
    double after_v = ek_rig_measure(&rig, ek_rig_cell_bits(2));
    /* 20 s * 100 ppm/s = 0.2 % of 3.2 V */
    ck_assert_double_eq_tol(before_v - after_v, 0.0064, 0.0006);
}

END_TEST

START_TEST(uart_lines_can_be_open)
{
    const struct mcu_board *board = board_mcu(rig.board)->board;
    struct wire_char character = {.bit_ps = 8680556, .data_bits = 8, .data = 0x55};

    board->uart_tx(board->ctx, 1, &character);
    board->uart_tx(board->ctx, 2, &character);
    ck_assert_uint_eq(rig.tx_count, 1);
    board_uart_rx(rig.board, &character);
    ck_assert_uint_eq(board_mcu(rig.board)->rx_count, 1);
    board_open_uart(rig.board, true, true);
    board->uart_tx(board->ctx, 1, &character);
    board_uart_rx(rig.board, &character);
    ck_assert_uint_eq(rig.tx_count, 1);
    ck_assert_uint_eq(board_mcu(rig.board)->rx_count, 1);
}

END_TEST

START_TEST(units_of_two_seeds_differ_within_their_bounds)
{
    uint16_t codes[2];
    uint8_t ids[2][12];

    for (unsigned i = 0; i < 2; i++) {
        tear_down();
        ek_rig_init(&rig, 100 + i, true);
        ek_rig_start_firmware(&rig);
        memcpy(ids[i], board_mcu(rig.board)->unique_id, 12);
        ek_rig_latch(&rig, ek_rig_cell_bits(1));
        ek_rig_run(&rig, 1000000);
        codes[i] = ek_rig_code(&rig);
    }
    ck_assert_uint_ne(codes[0], codes[1]);
    ck_assert_mem_ne(ids[0], ids[1], 12);
}

END_TEST

START_TEST(full_scale_lies_where_the_readme_puts_it)
{
    tear_down();
    ek_rig_init(&rig, 1000 + (uint64_t)_i, true);
    ek_rig_start_firmware(&rig);
    double codes[2] = {0, 0};
    double trues_v[2];
    for (int level = 0; level < 2; level++) {
        ek_rig_set_all(&rig, 2.0 + 2.0 * level);
        (void)ek_rig_measure(&rig, ek_rig_cell_bits(12));
        trues_v[level] = ek_rig_true_v(&rig, 12);
        for (int i = 0; i < 32; i++) {
            codes[level] += ek_rig_code(&rig) / 32.0;
        }
    }
    double full_scale_v = (trues_v[1] - trues_v[0]) / (codes[1] - codes[0]) * 65536.0;
    ck_assert_double_gt(full_scale_v, 4.90);
    ck_assert_double_lt(full_scale_v, 4.93);
}

END_TEST

START_TEST(unknown_product_is_refused_with_the_list)
{
    struct board *board = NULL;
    struct error err;
    struct board_config config = {.circuit = rig.circuit};

    ck_assert_int_eq(board_create("ek-99", &config, &board, &err), STATUS_ABSENT);
    ck_assert_str_eq(err.text, "no board of product 'ek-99'; there is: ek-24s4eb");
    for (const char *const *product = board_products(); *product != NULL; product++) {
        struct circuit *circuit = circuit_create();
        struct board_config own = {.circuit = circuit};
        ck_assert_int_eq(board_create(*product, &own, &board, &err), STATUS_OK);
        board_destroy(board);
        circuit_destroy(circuit);
    }
}

END_TEST

static Suite *ek_suite(void)
{
    Suite *suite = suite_create("ek_24s4eb");
    TCase *tcase = tcase_create("ek_24s4eb");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, every_cell_reads_its_own_voltage, 1, 25);
    tcase_add_test(tcase, all_cells_have_one_gain_and_one_offset);
    tcase_add_test(tcase, wrong_polarity_reads_zero);
    tcase_add_test(tcase, two_cells_at_once_clip_at_full_scale);
    tcase_add_test(tcase, check_reference_and_zero_read_theirs);
    tcase_add_test(tcase, chain_needs_its_settling_time);
    tcase_add_test(tcase, clocks_of_the_adc_do_not_move_the_taps);
    tcase_add_test(tcase, taps_stay_off_until_oe_is_driven_low);
    tcase_add_test(tcase, supply_comes_at_25_and_goes_at_23_volt);
    tcase_add_test(tcase, power_hooks_run_before_the_mcu_starts);
    tcase_add_test(tcase, switches_open_when_the_supply_goes);
    tcase_add_test(tcase, slow_inputs_show_temperatures_capacitor_and_current);
    tcase_add_test(tcase, drifting_reference_lowers_what_is_read);
    tcase_add_test(tcase, uart_lines_can_be_open);
    tcase_add_test(tcase, units_of_two_seeds_differ_within_their_bounds);
    tcase_add_loop_test(tcase, full_scale_lies_where_the_readme_puts_it, 0, 30);
    tcase_add_test(tcase, unknown_product_is_refused_with_the_list);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(ek_suite());
}
