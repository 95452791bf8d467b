/* The whole unit on a board of the host: what goes over the line, and when. */
#include "tests/support.h"
#include "tests/unit/firmware/fake_board.h"

#include <string.h>

static struct fake_board board;

static void set_up(void)
{
    fake_board_init(&board);
}

static double f32_at(const uint8_t *frame, size_t at)
{
    float value;

    memcpy(&value, frame + at, sizeof value);
    return (double)value;
}

static void write_float(uint8_t reg, float value)
{
    fake_board_request(&board, true, 5, reg, &value);
}

static void write_whole(uint8_t reg, uint32_t value)
{
    fake_board_request(&board, true, 5, reg, &value);
}

/** Ask, wait, and give the answer with this command, or NULL. */
static const uint8_t *ask(uint8_t command)
{
    size_t since = board.frame_count;

    fake_board_request(&board, false, command, 0, NULL);
    fake_board_run(&board, 200);
    return fake_board_frame(&board, command, since);
}

START_TEST(silent_until_somebody_is_connected)
{
    fake_board_run(&board, 2100);
    ck_assert_uint_eq(board.frame_count, 0);
    ck_assert_uint_eq(board.scan_count, 5); /* at 0, 500, ... 2000 ms */
}

END_TEST

START_TEST(cells_stream_every_half_second_and_say_what_is_there)
{
    board.cell_v[6] = 3.31;
    fake_board_run(&board, 100);
    fake_board_receive(&board, "+CONNECTED\r\n", 12);
    fake_board_run(&board, 5000);
    ck_assert_uint_ge(board.frame_count, 10);
    for (size_t i = 1; i < board.frame_count; i++) {
        const uint8_t *frame = board.line + board.frames[i].at;

        ck_assert_uint_eq(board.frames[i].len, 300);
        ck_assert_uint_eq(frame[8], i);
        if (i > 1) { /* the stream begins out of turn */
            ck_assert_uint_eq(board.frames[i].scan_ms - board.frames[i - 1].scan_ms, 500);
        }
    }
    const uint8_t *frame = fake_board_frame(&board, 2, 0);
    ck_assert_double_eq_tol(f32_at(frame, 9), 3.3, 4e-5);
    ck_assert_double_eq_tol(f32_at(frame, 9 + 4 * 6), 3.31, 4e-5);
    ck_assert_double_eq_tol(f32_at(frame, 201), 79.21, 1e-3);
    ck_assert_uint_eq(frame[213], 6);
    ck_assert_uint_eq(frame[215], 23);
    ck_assert_uint_eq(frame[216], 0x04);
    ck_assert_double_eq_tol(f32_at(frame, 221), 25.0, 1e-3);
    ck_assert_uint_eq(frame[247], 0);
    ck_assert_uint_eq(frame[254], 4); /* the last scan was at 4.6 s */
}

END_TEST

START_TEST(a_scan_begins_after_the_frame_before_it_is_out)
{
    fake_board_receive(&board, "+CONNECTED\r\n", 12);
    for (unsigned i = 0; i < 40; i++) { /* with other answers in between, at all phases */
        fake_board_request(&board, false, i % 2 == 0 ? 4 : 1, 0, NULL);
        fake_board_run(&board, 137);
    }
    const struct fake_frame *last = NULL;
    unsigned cells_count = 0;
    for (size_t i = 0; i < board.frame_count; i++) {
        if (board.line[board.frames[i].at + 4] != 2 || board.frames[i].end_ms == 0) {
            continue;
        }
        ck_assert(last == NULL || board.frames[i].scan_ms >= last->end_ms);
        last = &board.frames[i];
        cells_count++;
    }
    ck_assert_uint_ge(cells_count, 10);
}

END_TEST

START_TEST(settling_is_counted_from_the_switching)
{
    board.ticks_while_converting = true;
    fake_board_run(&board, 2000); /* the board itself watches */
    ck_assert_uint_ge(board.scan_count, 4);
}

END_TEST

START_TEST(a_flood_of_requests_does_not_starve_the_stream)
{
    fake_board_request(&board, false, 2, 0, NULL);
    for (unsigned i = 0; i < 55; i++) {
        fake_board_request(&board, false, 4, 0, NULL);
    }
    fake_board_run(&board, 1100);
    unsigned cells_count = 0;
    for (size_t i = 0; i < board.frame_count; i++) {
        cells_count += board.line[board.frames[i].at + 4] == 2;
    }
    ck_assert_uint_ge(cells_count, 2);
    ck_assert_uint_ge(board.frame_count, 50);
}

END_TEST

START_TEST(device_info_says_who_it_is)
{
    const uint8_t *frame = ask(1);

    ck_assert_ptr_nonnull(frame);
    ck_assert_mem_eq(frame + 8, "EK-24S4EB\0\0\0\0\0\0\0HW-3.2.0EK-1.0.0V1.2.73\0", 40);
    ck_assert_mem_eq(frame + 48, "\0\0\0\0\0\0\0\0\1\0\0\0", 12);
    /* 330047000B51 ^ 383933303639 */
    ck_assert_mem_eq(frame + 64, "0B3974303D68123456", 18);
}

END_TEST

START_TEST(ack_comes_when_the_value_is_in_flash_and_stays_over_power_loss)
{
    size_t since = board.frame_count;

    fake_board_run(&board, 100);
    write_float(0x03, 2.5f);
    while (board.frame_count == since) {
        ck_assert_uint_eq(board.flash.erase_count[62 - 58], 0);
        fake_board_run(&board, 1);
        ck_assert_uint_lt(board.now_ms, 300);
    }
    ck_assert_uint_eq(board.flash.erase_count[62 - 58], 1);
    const uint8_t *ack = fake_board_frame(&board, 5, since);
    ck_assert_mem_eq(ack, "\x55\xAA\x11\x00\x05\x03\x14", 7);
    fake_board_restart(&board);
    ck_assert_double_eq(f32_at(ask(4), 13), 2.5);
    /* the same value again is acknowledged without wearing the flash */
    since = board.frame_count;
    write_float(0x03, 2.5f);
    fake_board_run(&board, 50);
    ck_assert_ptr_nonnull(fake_board_frame(&board, 5, since));
    ck_assert_uint_eq(board.flash.erase_count[62 - 58] + board.flash.erase_count[63 - 58], 1);
}

END_TEST

START_TEST(what_is_out_of_range_or_unknown_is_not_acknowledged)
{
    size_t since = board.frame_count;

    fake_board_run(&board, 100);
    write_float(0x03, 4.1f);
    write_whole(0x01, 25);
    write_whole(0x08, 1);
    write_float(0x06, 4.2f); /* slope 1.17 */
    write_whole(0x09, 0x01000000);
    fake_board_request(&board, true, 6, 0x03, "\0\0\0\x40");
    fake_board_run(&board, 300);
    ck_assert_uint_eq(board.frame_count, since);
    ck_assert_double_eq(f32_at(ask(4), 13), 4.0);
}

END_TEST

START_TEST(a_write_that_does_not_hold_is_not_acknowledged_and_shows)
{
    fake_board_run(&board, 100);
    fake_board_request(&board, false, 2, 0, NULL);
    board.flash.worn_page = 62;
    size_t since = board.frame_count;
    write_float(0x03, 2.5f);
    fake_board_run(&board, 1200);
    ck_assert_ptr_null(fake_board_frame(&board, 5, since));
    ck_assert_uint_eq(fake_board_frame(&board, 2, since)[247], 2);
    ck_assert(board.lamps.red);
    ck_assert_double_eq(f32_at(ask(4), 13), 4.0);
    /* a diary that works does not hide it, a settings write that works ends it */
    write_whole(0x0A, 1000);
    fake_board_run(&board, 1200);
    ck_assert_uint_eq(fake_board_frame(&board, 2, since)[247], 2);
    board.flash.worn_page = 0;
    write_float(0x03, 2.5f);
    fake_board_run(&board, 1200);
    ck_assert_uint_eq(fake_board_frame(&board, 2, since)[247], 0);
}

END_TEST

START_TEST(an_unreadable_store_means_defaults_and_a_flag)
{
    fake_board_run(&board, 100);
    write_float(0x03, 2.5f);
    fake_board_run(&board, 100);
    board.flash.is_unreadable[62 - 58][3] = true;
    fake_board_restart(&board);
    ck_assert_double_eq(f32_at(ask(4), 13), 4.0);
    fake_board_request(&board, false, 2, 0, NULL);
    fake_board_run(&board, 600);
    ck_assert_uint_eq(fake_board_frame(&board, 2, 0)[247], 1);
    ck_assert(board.lamps.red);
}

END_TEST

START_TEST(factory_frames_repeat_until_another_read)
{
    size_t since = board.frame_count;

    fake_board_run(&board, 100);
    fake_board_receive(&board, "+CONNECTED\r\n", 12);
    fake_board_request(&board, false, 3, 0, NULL);
    fake_board_run(&board, 1700);
    const uint8_t *ack = board.line + board.frames[since].at;
    ck_assert_uint_eq(board.frames[since].len, 20);
    ck_assert_mem_eq(ack, "\x55\xAA\x11\x01\x03\x00\x14\0\0\0\0\0\0\0\0\0\0\0\x28\xFF", 20);
    for (size_t i = since + 1; i < board.frame_count; i++) {
        ck_assert_uint_eq(board.frames[i].len, 100);
        ck_assert_uint_eq(board.line[board.frames[i].at + 4], 3);
    }
    ck_assert_uint_ge(board.frame_count - since, 4);
    const uint8_t *frame = fake_board_frame(&board, 3, since);
    ck_assert_double_eq_tol(f32_at(frame, 8), 1.5, 4e-5);
    ck_assert_double_eq_tol(f32_at(frame, 16), 3.3, 4e-5);
    ck_assert_double_eq_tol(f32_at(frame, 24), 1.65, 1e-6);
    ck_assert_double_eq_tol(f32_at(frame, 32), 2.0, 1e-3);
    since = board.frame_count;
    ck_assert_ptr_nonnull(ask(4));
    fake_board_run(&board, 1000);
    ck_assert_ptr_null(fake_board_frame(&board, 3, since));
    ck_assert_ptr_nonnull(fake_board_frame(&board, 2, since));
}

END_TEST

START_TEST(disconnecting_ends_the_stream)
{
    fake_board_receive(&board, "+CONNECTED\r\n", 12);
    fake_board_run(&board, 1200);
    fake_board_receive(&board, "+DISCONNECTED\r\n", 15);
    fake_board_run(&board, 100);
    size_t since = board.frame_count;
    fake_board_run(&board, 2000);
    ck_assert_uint_eq(board.frame_count, since);
}

END_TEST

START_TEST(calibration_moves_the_readings)
{
    float battery_vol2_v = 3.82f;

    fake_board_run(&board, 100);
    write_float(0x06, battery_vol2_v);
    fake_board_run(&board, 100);
    fake_board_restart(&board);
    fake_board_request(&board, false, 2, 0, NULL);
    fake_board_run(&board, 200);
    /* 1.5 + 1.8 * 2.32 / 2.3 */
    ck_assert_double_eq_tol(f32_at(fake_board_frame(&board, 2, 0), 9), 3.315652, 5e-5);
}

END_TEST

START_TEST(balance_cannot_be_enabled_while_the_count_is_wrong)
{
    fake_board_run(&board, 100);
    board.cell_v[23] = 0.0;
    fake_board_run(&board, 600);
    size_t since = board.frame_count;
    write_whole(0x0D, 1);
    fake_board_run(&board, 100);
    ck_assert_ptr_null(fake_board_frame(&board, 5, since));
    ck_assert_uint_eq(ask(4)[21], 0);
    write_whole(0x01, 23);
    fake_board_run(&board, 600);
    write_whole(0x0D, 1);
    fake_board_run(&board, 100);
    ck_assert_uint_eq(ask(4)[21], 1);
}

END_TEST

START_TEST(power_ons_and_run_time_are_counted)
{
    fake_board_run(&board, 1300000); /* saved at 600 and 1200 s */
    fake_board_restart(&board);
    fake_board_run(&board, 3000);
    const uint8_t *frame = ask(1);
    ck_assert_mem_eq(frame + 56, "\x02\0\0\0", 4);
    ck_assert_mem_eq(frame + 60, "\xB3\x04\0\0", 4); /* 1200 + 3 */
    size_t since = board.frame_count;
    write_whole(0x09, 8);
    write_whole(0x0A, 778742);
    fake_board_run(&board, 100);
    ck_assert_uint_eq(board.frame_count, since + 2);
    fake_board_restart(&board);
    frame = ask(1);
    ck_assert_mem_eq(frame + 56, "\x09\0\0\0\xF6\xE1\x0B\0", 8);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("firmware unit");
    TCase *tests = tcase_create("unit");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, silent_until_somebody_is_connected);
    tcase_add_test(tests, cells_stream_every_half_second_and_say_what_is_there);
    tcase_add_test(tests, a_scan_begins_after_the_frame_before_it_is_out);
    tcase_add_test(tests, settling_is_counted_from_the_switching);
    tcase_add_test(tests, a_flood_of_requests_does_not_starve_the_stream);
    tcase_add_test(tests, device_info_says_who_it_is);
    tcase_add_test(tests, ack_comes_when_the_value_is_in_flash_and_stays_over_power_loss);
    tcase_add_test(tests, what_is_out_of_range_or_unknown_is_not_acknowledged);
    tcase_add_test(tests, a_write_that_does_not_hold_is_not_acknowledged_and_shows);
    tcase_add_test(tests, an_unreadable_store_means_defaults_and_a_flag);
    tcase_add_test(tests, factory_frames_repeat_until_another_read);
    tcase_add_test(tests, disconnecting_ends_the_stream);
    tcase_add_test(tests, calibration_moves_the_readings);
    tcase_add_test(tests, balance_cannot_be_enabled_while_the_count_is_wrong);
    tcase_add_test(tests, power_ons_and_run_time_are_counted);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
