#include "fixtures/virtual/bench.h"
#include "fixtures/virtual/faults/fault.h"
#include "tests/support.h"
#include "tests/unit/boards/ek_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A bench of the rig alone: the faults ask for these three. */
static struct ek_rig rig;
static const char *folder;

struct board *virtual_bench_board(struct virtual_bench *bench)
{
    (void)bench;
    return rig.board;
}

struct circuit *virtual_bench_circuit(struct virtual_bench *bench)
{
    (void)bench;
    return rig.circuit;
}

const char *virtual_bench_firmware_folder(const struct virtual_bench *bench)
{
    (void)bench;
    return folder;
}

static void set_up(void)
{
    ek_rig_init(&rig, 11, false);
    folder = NULL;
}

static void tear_down(void)
{
    ek_rig_finish(&rig);
}

static void apply(const char *name)
{
    struct error err;
    const struct fault *fault = fault_find("ek-24s4eb", name);

    ck_assert_ptr_nonnull(fault);
    ck_assert_int_eq(fault->apply(NULL, &err), STATUS_OK);
}

static void power_on(void)
{
    for (unsigned cell_no = 1; cell_no <= 24; cell_no++) {
        ek_rig_set_cell(&rig, cell_no, 2.5 + 0.05 * cell_no);
    }
    ek_rig_run(&rig, 1000000);
    ek_rig_start_firmware(&rig);
}

static void power_off(void)
{
    ek_rig_set_all(&rig, 0.0);
    ek_rig_run(&rig, 1000000);
}

static double error_v(unsigned cell_no)
{
    return ek_rig_measure(&rig, ek_rig_cell_bits(cell_no)) - ek_rig_true_v(&rig, cell_no);
}

static void assert_good(unsigned cell_no)
{
    double off_v = error_v(cell_no);

    ck_assert_double_gt(off_v, -0.018);
    ck_assert_double_lt(off_v, 0.018);
}

START_TEST(unit_without_fault_reads_every_cell)
{
    power_on();
    for (unsigned cell_no = 1; cell_no <= 24; cell_no++) {
        assert_good(cell_no);
    }
}

END_TEST

START_TEST(reference_drift_starts_again_at_each_power_on)
{
    apply("reference-drift");
    power_on();
    double first_v = error_v(4);
    ek_rig_run(&rig, 30000000000u);
    ck_assert_double_eq_tol(
        error_v(4) - first_v, -0.0201, 0.0008); /* 7500 ppm of 2.7 V, seen through 1 / 1.0075 */
    power_off();
    power_on();
    ck_assert_double_eq_tol(error_v(4), first_v, 0.0008);
}

END_TEST

START_TEST(tap_divider_takes_a_third_of_a_percent_from_two_cells)
{
    power_on();
    double healthy7_v = error_v(7);
    double healthy8_v = error_v(8);
    double healthy10_v = error_v(10);
    apply("tap-divider");
    /* 29 kohm more in 10 Mohm, and 29 kohm times the 0.2 uA that AP or AN draws: +-(8.2 -+ 5) mV */
    ck_assert_double_gt(fabs(error_v(7) - healthy7_v), 0.002);
    ck_assert_double_gt(fabs(error_v(8) - healthy8_v), 0.002);
    ck_assert_double_eq_tol(error_v(10), healthy10_v, 0.0005);
}

END_TEST

START_TEST(swapped_taps_show_on_three_cells)
{
    apply("taps-swapped");
    power_on();
    ck_assert_double_gt(error_v(10), 1.5); /* two cells, clipped */
    ck_assert_double_lt(ek_rig_measure(&rig, ek_rig_cell_bits(11)), 0.001);
    ck_assert_double_gt(error_v(12), 1.5);
    assert_good(9);
    assert_good(13);
}

END_TEST

START_TEST(shorted_tap_switch_pulls_the_even_bus)
{
    apply("tap-switch-shorted");
    power_on();
    assert_good(12);
    assert_good(13);
    /* cell 9 sits between tap 8, half way up to tap 12, and tap 9: AP is below AN */
    ck_assert_double_gt(fabs(error_v(9)), 1.0);
    ck_assert_double_gt(fabs(error_v(20)), 1.0);
}

END_TEST

START_TEST(open_uart_says_nothing_and_still_hears)
{
    struct wire_char character = {.bit_ps = 8680556, .data_bits = 8, .data = 0x55};
    const struct mcu_board *board = board_mcu(rig.board)->board;

    apply("uart-open");
    power_on();
    board->uart_tx(board->ctx, 1, &character);
    board_uart_rx(rig.board, &character);
    ck_assert_uint_eq(rig.tx_count, 0);
    ck_assert_uint_eq(board_mcu(rig.board)->rx_count, 1);
}

END_TEST

static void program(uint32_t offset, uint8_t fill)
{
    uint8_t data[8];

    memset(data, fill, sizeof data);
    fake_mcu_program(board_mcu(rig.board), 0x08000000 + offset, data);
}

START_TEST(blank_board_takes_its_place_after_programming)
{
    const uint8_t *flash = board_mcu(rig.board)->flash;

    apply("no-image");
    power_on();
    program(0, 0x11);
    program(0x1CFF8, 0x22);
    ck_assert_uint_eq(flash[0], 0x11);
    power_off();
    ck_assert_uint_eq(flash[0], 0x11);
    power_on();
    ck_assert_uint_eq(flash[0], 0xFF);
    ck_assert_uint_eq(flash[0x1CFF8], 0xFF);
    program(0, 0x33); /* programmed again: the blank board keeps it */
    power_off();
    power_on();
    ck_assert_uint_eq(flash[0], 0x33);
}

END_TEST

START_TEST(programming_outside_the_image_exchanges_nothing)
{
    apply("no-image");
    power_on();
    program(58 * 2048, 0x11); /* the log */
    power_off();
    power_on();
    ck_assert_uint_eq(board_mcu(rig.board)->flash[58 * 2048], 0x11);
}

END_TEST

START_TEST(wrong_image_comes_from_the_firmware_folder)
{
    const uint8_t *flash = board_mcu(rig.board)->flash;
    FILE *file = fopen(KEEL_BINARY_DIR "/gw-24s4eb.bin", "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite("GW image 24", 1, 11, file), 11);
    fclose(file);
    folder = KEEL_BINARY_DIR;
    apply("wrong-image");
    power_on();
    program(0, 0x11);
    program(16, 0x11);
    power_off();
    power_on();
    ck_assert_mem_eq(flash, "GW image 24\xFF\xFF", 13);
    ck_assert_uint_eq(flash[16], 0xFF);
    remove(KEEL_BINARY_DIR "/gw-24s4eb.bin");
}

END_TEST

START_TEST(wrong_image_that_is_not_there_is_an_error)
{
    struct error err;
    const struct fault *fault = fault_find("ek-24s4eb", "wrong-image");

    ck_assert_int_eq(fault->apply(NULL, &err), STATUS_ABSENT);
    folder = "/nowhere";
    ck_assert_int_eq(fault->apply(NULL, &err), STATUS_ABSENT);
    ck_assert_str_eq(err.text, "the wrong image, /nowhere/gw-24s4eb.bin, cannot be opened");
}

END_TEST

START_TEST(double_bit_flips_two_bits_of_one_double_word)
{
    struct mcu *mcu = board_mcu(rig.board);

    apply("flash-double-bit");
    power_on();
    program(0x3F8, 0x55);
    program(0x400, 0x55);
    program(0x408, 0x55);
    ck_assert_int_eq(__builtin_popcountll(mcu->flipped[0x80]), 2);
    ck_assert_uint_eq(mcu->flipped[0x7F], 0);
    ck_assert_uint_eq(mcu->flipped[0x81], 0);
    ck_assert_uint_eq(mcu->flash[0x400], 0x55);
}

END_TEST

START_TEST(wrong_word_holds_other_data_that_is_validly_coded)
{
    struct mcu *mcu = board_mcu(rig.board);

    apply("flash-wrong-word");
    power_on();
    program(0x400, 0x55);
    program(0x408, 0x55);
    ck_assert_mem_ne(mcu->flash + 0x400, "\x55\x55\x55\x55\x55\x55\x55\x55", 8);
    ck_assert_mem_eq(mcu->flash + 0x408, "\x55\x55\x55\x55\x55\x55\x55\x55", 8);
    ck_assert_uint_eq(mcu->flipped[0x80], 0);
}

END_TEST

START_TEST(lost_calibration_wears_out_pages_60_and_61)
{
    apply("calibration-lost");
    ck_assert_uint_eq(board_mcu(rig.board)->worn_first, 0x0801E000);
    ck_assert_uint_eq(board_mcu(rig.board)->worn_last, 0x0801EFFF);
}

END_TEST

START_TEST(lost_settings_wear_out_pages_62_and_63)
{
    apply("settings-lost");
    ck_assert_uint_eq(board_mcu(rig.board)->worn_first, 0x0801F000);
    ck_assert_uint_eq(board_mcu(rig.board)->worn_last, 0x0801FFFF);
}

END_TEST

START_TEST(open_tap_takes_both_its_cells)
{
    apply("tap-open");
    power_on();
    ck_assert_double_gt(fabs(error_v(17)), 0.5);
    ck_assert_double_gt(fabs(error_v(18)), 0.5);
    assert_good(16);
    assert_good(19);
}

END_TEST

START_TEST(tap_switch_that_never_closes_takes_both_its_cells)
{
    apply("tap-switch-open");
    power_on();
    ck_assert_double_gt(fabs(error_v(5)), 0.5);
    ck_assert_double_gt(fabs(error_v(6)), 0.5);
    assert_good(4);
    assert_good(7);
}

END_TEST

START_TEST(polarity_switch_that_never_closes_takes_the_even_cells)
{
    apply("polarity-switch-open");
    power_on();
    for (unsigned cell_no = 2; cell_no <= 24; cell_no += 2) {
        ck_assert_double_gt(fabs(error_v(cell_no)), 0.5);
        assert_good(cell_no - 1);
    }
}

END_TEST

START_TEST(unit_with_open_receive_line_hears_nothing)
{
    struct wire_char character = {.bit_ps = 8680556, .data_bits = 8, .data = 0x55};
    const struct mcu_board *board = board_mcu(rig.board)->board;

    apply("uart-rx-open");
    power_on();
    board_uart_rx(rig.board, &character);
    board->uart_tx(board->ctx, 1, &character);
    ck_assert_uint_eq(board_mcu(rig.board)->rx_count, 0);
    ck_assert_uint_eq(rig.tx_count, 1);
}

END_TEST

START_TEST(several_flash_faults_stand_at_once)
{
    struct mcu *mcu = board_mcu(rig.board);

    apply("flash-double-bit");
    apply("no-image");
    power_on();
    program(0x400, 0x55);
    ck_assert_uint_ne(mcu->flipped[0x80], 0);
    power_off();
    power_on();
    ck_assert_uint_eq(mcu->flash[0x400], 0xFF);
}

END_TEST

START_TEST(table_names_each_fault_once_with_its_step)
{
    static const char *const steps[] = {"verify the calibration", "every tap finds its own cell",
        "identity and version", "verify the flash", "calibrate the unit",
        "settings survive a power cycle"};
    size_t count;
    const struct fault *faults = fault_list("ek-24s4eb", &count);

    ck_assert_uint_eq(count, 15);
    for (size_t i = 0; i < count; i++) {
        bool is_step = false;
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            is_step = is_step || strcmp(faults[i].fails_at, steps[k]) == 0;
        }
        ck_assert(is_step);
        ck_assert_ptr_eq(fault_find("ek-24s4eb", faults[i].name), &faults[i]);
    }
    ck_assert_ptr_null(fault_find("ek-24s4eb", "gremlins"));
    ck_assert_ptr_null(fault_list("ek-99", &count));
    ck_assert_uint_eq(count, 0);
}

END_TEST

static Suite *faults_suite(void)
{
    Suite *suite = suite_create("faults");
    TCase *tcase = tcase_create("faults");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, unit_without_fault_reads_every_cell);
    tcase_add_test(tcase, reference_drift_starts_again_at_each_power_on);
    tcase_add_test(tcase, tap_divider_takes_a_third_of_a_percent_from_two_cells);
    tcase_add_test(tcase, swapped_taps_show_on_three_cells);
    tcase_add_test(tcase, shorted_tap_switch_pulls_the_even_bus);
    tcase_add_test(tcase, open_uart_says_nothing_and_still_hears);
    tcase_add_test(tcase, blank_board_takes_its_place_after_programming);
    tcase_add_test(tcase, programming_outside_the_image_exchanges_nothing);
    tcase_add_test(tcase, wrong_image_comes_from_the_firmware_folder);
    tcase_add_test(tcase, wrong_image_that_is_not_there_is_an_error);
    tcase_add_test(tcase, double_bit_flips_two_bits_of_one_double_word);
    tcase_add_test(tcase, wrong_word_holds_other_data_that_is_validly_coded);
    tcase_add_test(tcase, lost_calibration_wears_out_pages_60_and_61);
    tcase_add_test(tcase, lost_settings_wear_out_pages_62_and_63);
    tcase_add_test(tcase, open_tap_takes_both_its_cells);
    tcase_add_test(tcase, tap_switch_that_never_closes_takes_both_its_cells);
    tcase_add_test(tcase, polarity_switch_that_never_closes_takes_the_even_cells);
    tcase_add_test(tcase, unit_with_open_receive_line_hears_nothing);
    tcase_add_test(tcase, several_flash_faults_stand_at_once);
    tcase_add_test(tcase, table_names_each_fault_once_with_its_step);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(faults_suite());
}
