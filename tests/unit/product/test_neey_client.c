/* The client against a unit made of bytes and times, which stands in the place of harness/link's
 * uart.c: what is asked, how often, how long is waited, and how fresh a reading is. */
#include "harness/base/mem.h"
#include "harness/product/neey.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BYTE_NS = 86806,      /* 10 bits at 115200 */
    TRANSIT_NS = 1200000, /* latency timer and USB */
    STEP_NS = 100000,
    PERIOD_NS = 500000000,
    ANSWER_NS = 27000000, /* as captured: 25 .. 30 ms */
    WIRE_MAX = 1 << 20
};

/** Bytes on their way from unit to client, and the unit that sends them. */
struct uart {
    struct clock clock;
    uint64_t now_ns;
    uint8_t *wire;
    uint64_t *arrives_ns;
    size_t wire_len;
    size_t taken_len;
    uint64_t line_free_ns; /* end of the last byte the unit has put on the line */

    uint64_t stream_from_ns; /* 0: not streaming */
    uint64_t next_frame_ns;
    uint64_t scan_start_ns; /* of the scan that the next frame will show */

    unsigned ignored_count; /* requests that the unit will not answer */
    unsigned request_count;
    bool is_dead; /* says nothing at all */
    bool answers_nonsense;
    bool says_module_texts; /* before each answer */
    bool acks_wrong_register;
    bool speaks_v2;
    bool line_fails;
    uint64_t answer_ns;
    uint8_t last_request[NEEY_REQUEST_LEN];
    char host_text[64];
};

static void send_bytes(struct uart *uart, uint64_t from_ns, const void *data, size_t len)
{
    uint64_t at_ns = from_ns > uart->line_free_ns ? from_ns : uart->line_free_ns;

    for (size_t i = 0; i < len && uart->wire_len < WIRE_MAX; i++) {
        at_ns += BYTE_NS;
        uart->wire[uart->wire_len] = ((const uint8_t *)data)[i];
        uart->arrives_ns[uart->wire_len++] = at_ns + TRANSIT_NS;
    }
    uart->line_free_ns = at_ns;
}

static void send_frame(struct uart *uart, uint64_t from_ns, uint8_t *frame, size_t len, uint8_t fn,
    uint8_t command, uint8_t reg)
{
    unsigned sum = 0;

    memcpy(frame, "\x55\xaa\x11", 3);
    frame[3] = fn;
    frame[4] = command;
    frame[5] = reg;
    frame[6] = (uint8_t)len;
    frame[7] = (uint8_t)(len >> 8);
    for (size_t i = 0; i < len - 2; i++) {
        sum += frame[i];
    }
    frame[len - 2] = (uint8_t)sum;
    frame[len - 1] = 0xFF;
    send_bytes(uart, from_ns, frame, len);
}

/* The time at which its scan began travels in the frame's uptime, in microseconds. */
static void send_cells(struct uart *uart, uint64_t from_ns)
{
    uint8_t frame[300] = {0};

    bytes_put_le32(frame + 254, (uint32_t)(uart->scan_start_ns / 1000));
    send_frame(uart, from_ns, frame, sizeof frame, 1, 2, 0);
    uart->scan_start_ns = uart->line_free_ns; /* the firmware's promise */
}

static void advance(struct uart *uart, uint64_t to_ns)
{
    while (uart->stream_from_ns != 0 && !uart->is_dead && uart->next_frame_ns <= to_ns) {
        send_cells(uart, uart->next_frame_ns);
        uart->next_frame_ns += PERIOD_NS;
    }
    uart->now_ns = to_ns;
}

static void answer(struct uart *uart, const uint8_t *request)
{
    uint64_t at_ns = uart->now_ns + uart->answer_ns;
    uint8_t frame[300] = {0};

    if (uart->says_module_texts) {
        send_bytes(uart, at_ns, "+CONNECTED\r\nAT\r\n", 16);
    }
    if (uart->answers_nonsense) {
        send_bytes(uart, at_ns, "\x55\xaa\x11\x01nonsense", 12);
        return;
    }
    switch (request[4]) {
    case 1:
        memcpy(frame + 8, "EK-24S4EB", 9);
        send_frame(uart, at_ns, frame, 100, 1, 1, 0);
        return;
    case 2:
        if (uart->stream_from_ns == 0) {
            uart->stream_from_ns = at_ns;
            uart->next_frame_ns = at_ns;
        }
        return;
    case 3:
        send_frame(uart, at_ns, frame, 20, 1, 3, 0);
        bytes_put_lef32(frame + 12, 1.5f);
        send_frame(uart, at_ns, frame, 100, 1, 3, 0);
        return;
    case 4:
        frame[8] = (uint8_t)(100 + uart->request_count);
        send_frame(uart, at_ns, frame, uart->speaks_v2 ? 150 : 100, 1, 4, 0);
        return;
    case 5:
        send_frame(uart, at_ns, frame, 20, 0, 5, request[5] ^ (uart->acks_wrong_register ? 1 : 0));
        return;
    default:
        return;
    }
}

/* ---- what the client calls ---- */

enum status uart_write(struct uart *uart, const uint8_t *data, size_t len, struct error *err)
{
    if (uart->line_fails) {
        return error_set(err, STATUS_IO, "the device is gone");
    }
    if (len != NEEY_REQUEST_LEN) {
        (void)snprintf(
            uart->host_text, sizeof uart->host_text, "%.*s", (int)len, (const char *)data);
        return STATUS_OK;
    }
    memcpy(uart->last_request, data, len);
    uart->request_count++;
    advance(uart, uart->now_ns + 20 * (uint64_t)BYTE_NS);
    if (!uart->is_dead && uart->request_count > uart->ignored_count) {
        answer(uart, data);
    }
    return STATUS_OK;
}

enum status uart_read(struct uart *uart, uint8_t *data, size_t capacity, size_t *len,
    uint64_t deadline_ns, struct error *err)
{
    *len = 0;
    if (uart->line_fails) {
        return error_set(err, STATUS_IO, "the device is gone");
    }
    for (;;) {
        while (*len < capacity && uart->taken_len < uart->wire_len &&
               uart->arrives_ns[uart->taken_len] <= uart->now_ns) {
            data[(*len)++] = uart->wire[uart->taken_len++];
        }
        if (*len > 0 || uart->now_ns >= deadline_ns) {
            return STATUS_OK;
        }
        uint64_t next_ns = uart->now_ns + STEP_NS;
        advance(uart, next_ns < deadline_ns ? next_ns : deadline_ns);
    }
}

enum status uart_purge(struct uart *uart, struct error *err)
{
    (void)err;
    while (uart->taken_len < uart->wire_len && uart->arrives_ns[uart->taken_len] <= uart->now_ns) {
        uart->taken_len++;
    }
    return STATUS_OK;
}

struct clock *uart_clock(struct uart *uart)
{
    return &uart->clock;
}

static uint64_t fake_now_ns(struct clock *clock)
{
    return ((struct uart *)clock)->now_ns;
}

static void fake_sleep_until_ns(struct clock *clock, uint64_t deadline_ns)
{
    struct uart *uart = (struct uart *)clock;

    if (deadline_ns > uart->now_ns) {
        advance(uart, deadline_ns);
    }
}

static const struct clock_ops fake_clock_ops = {
    .name = "fake", .now_ns = fake_now_ns, .sleep_until_ns = fake_sleep_until_ns};

static struct uart *uart;
static struct neey_client *client;
static struct error err;

static void start(void)
{
    uart = mem_alloc(1, sizeof *uart);
    uart->clock.ops = &fake_clock_ops;
    uart->wire = mem_alloc(WIRE_MAX, 1);
    uart->arrives_ns = mem_alloc(WIRE_MAX, sizeof *uart->arrives_ns);
    uart->answer_ns = ANSWER_NS;
    client = neey_client_create(uart);
    err = (struct error){0};
}

static void stop(void)
{
    neey_client_destroy(client);
    free(uart->wire);
    free(uart->arrives_ns);
    free(uart);
}

static void start_stream(void)
{
    uart->stream_from_ns = 1;
    uart->next_frame_ns = uart->now_ns;
}

START_TEST(device_info_settings_and_factory_values_are_asked_for)
{
    struct neey_device_info info;
    struct neey_settings settings;
    struct neey_factory factory;

    ck_assert_int_eq(neey_client_device_info(client, &info, &err), STATUS_OK);
    ck_assert_str_eq(info.model, "EK-24S4EB");
    ck_assert_int_eq(neey_client_settings(client, &settings, &err), STATUS_OK);
    ck_assert_uint_eq(settings.cell_count, 102);
    ck_assert_int_eq(neey_client_factory(client, &factory, &err), STATUS_OK);
    ck_assert_double_eq(factory.standard_vol2_v, 1.5);
    ck_assert_uint_eq(uart->request_count, 3);
}

END_TEST

START_TEST(answers_are_found_between_stream_frames_and_module_texts)
{
    struct neey_settings settings;

    start_stream();
    uart->says_module_texts = true;
    for (unsigned i = 0; i < 40; i++) {
        clock_sleep_ns(&uart->clock, 37000000);
        ck_assert_int_eq(neey_client_settings(client, &settings, &err), STATUS_OK);
        ck_assert_uint_eq(settings.cell_count, 101 + i);
    }
    ck_assert_uint_eq(uart->request_count, 40);
}

END_TEST

START_TEST(lost_request_is_repeated)
{
    struct neey_settings settings;

    uart->ignored_count = 2;
    ck_assert_int_eq(neey_client_settings(client, &settings, &err), STATUS_OK);
    ck_assert_uint_eq(uart->request_count, 3);
    ck_assert_uint_ge(uart->now_ns, 2000000000);
    ck_assert_uint_le(uart->now_ns, 2200000000);
}

END_TEST

START_TEST(silent_unit_is_the_units_fault_after_three_seconds)
{
    struct neey_settings settings;

    uart->is_dead = true;
    ck_assert_int_eq(neey_client_settings(client, &settings, &err), STATUS_UNIT);
    ck_assert_str_eq(err.text, "unit silent: settings asked for 3 times with 1 s each, no answer");
    ck_assert_int_eq(err.code, STATUS_UNIT);
    ck_assert_uint_eq(uart->request_count, 3);
    ck_assert_uint_le(uart->now_ns, 3100000000);
}

END_TEST

START_TEST(unit_that_talks_nonsense_is_not_called_silent)
{
    struct neey_settings settings;

    uart->answers_nonsense = true;
    ck_assert_int_eq(neey_client_settings(client, &settings, &err), STATUS_UNIT);
    ck_assert_str_eq(err.text,
        "unit answers nonsense: settings asked for 3 times with 1 s each, 36 "
        "bytes came that are no reply");
}

END_TEST

START_TEST(unit_of_version_two_is_named)
{
    struct neey_settings settings;

    uart->speaks_v2 = true;
    ck_assert_int_eq(neey_client_settings(client, &settings, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "version 2"));
}

END_TEST

START_TEST(failing_line_is_the_benchs_fault)
{
    struct neey_settings settings;

    uart->line_fails = true;
    ck_assert_int_eq(neey_client_settings(client, &settings, &err), STATUS_IO);
}

END_TEST

START_TEST(late_answer_to_an_earlier_request_is_not_taken_for_the_next)
{
    struct neey_settings settings;

    uart->answer_ns = 1010000000; /* each answer comes after the client has asked again */
    ck_assert_int_eq(neey_client_settings(client, &settings, &err), STATUS_OK);
    uart->answer_ns = ANSWER_NS;
    clock_sleep_ns(&uart->clock, 1500000000);
    ck_assert_int_eq(neey_client_settings(client, &settings, &err), STATUS_OK);
    ck_assert_uint_eq(settings.cell_count, 100 + uart->request_count);
}

END_TEST

START_TEST(write_waits_for_the_ack_of_its_register)
{
    ck_assert_int_eq(neey_client_write(client, NEEY_REG_MAX_CURRENT, 2.0, &err), STATUS_OK);
    ck_assert_uint_eq(uart->request_count, 1);
    ck_assert_mem_eq(uart->last_request, "\xaa\x55\x11\x00\x05\x03\x14\x00\x00\x00\x00\x40", 12);
    uart->acks_wrong_register = true;
    ck_assert_int_eq(neey_client_write(client, NEEY_REG_MAX_CURRENT, 2.0, &err), STATUS_UNIT);
    ck_assert_uint_eq(uart->request_count, 4);
    ck_assert_int_eq(neey_client_write(client, 0x7F, 2.0, &err), STATUS_RANGE);
    ck_assert_uint_eq(uart->request_count, 4);
}

END_TEST

START_TEST(connection_is_told_in_the_modules_words)
{
    ck_assert_int_eq(neey_client_connected(client, &err), STATUS_OK);
    ck_assert_str_eq(uart->host_text, "+CONNECTED\r\n");
}

END_TEST

START_TEST(fresh_cells_start_the_stream)
{
    struct neey_cell_info info;

    ck_assert_int_eq(neey_client_fresh_cells(client, 0, &info, &err), STATUS_OK);
    ck_assert_uint_eq(uart->request_count, 1);
    ck_assert_uint_eq(uart->last_request[4], 2);
    ck_assert_uint_le(uart->now_ns, 700000000);
}

END_TEST

START_TEST(fresh_cells_of_a_silent_unit_end_after_three_seconds)
{
    struct neey_cell_info info;

    uart->is_dead = true;
    ck_assert_int_eq(neey_client_fresh_cells(client, 0, &info, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "unit silent"));
    ck_assert_uint_eq(uart->request_count, 3);
    ck_assert_uint_le(uart->now_ns, 3100000000);
}

END_TEST

START_TEST(fresh_cells_were_scanned_after_the_moment_asked_for)
{
    struct neey_cell_info info;

    start_stream();
    /* every phase against the frames: 7 ms apart, so that ends, transit and pauses are all met */
    for (unsigned i = 0; i < 150; i++) {
        clock_sleep_ns(&uart->clock, 7000000);
        uint64_t not_before_ns = uart->now_ns;
        ck_assert_int_eq(neey_client_fresh_cells(client, not_before_ns, &info, &err), STATUS_OK);
        ck_assert_uint_ge((uint64_t)info.uptime_s * 1000 + 999, not_before_ns);
        /* and not later than it must be: two periods and a frame */
        ck_assert_uint_le(uart->now_ns - not_before_ns, 1040000000);
    }
}

END_TEST

START_TEST(fresh_cells_after_a_long_pause_are_not_taken_from_the_buffer)
{
    struct neey_cell_info info;

    start_stream();
    clock_sleep_ns(&uart->clock, 1700000000);
    uint64_t not_before_ns = uart->now_ns;
    ck_assert_int_eq(neey_client_fresh_cells(client, not_before_ns, &info, &err), STATUS_OK);
    ck_assert_uint_ge((uint64_t)info.uptime_s * 1000 + 999, not_before_ns);
    /* the stream runs already: it need not be asked for */
    ck_assert_uint_eq(uart->request_count, 0);
}

END_TEST

START_TEST(fresh_cells_do_not_count_a_frame_that_was_already_on_its_way)
{
    struct neey_cell_info info;

    start_stream();
    clock_sleep_ns(&uart->clock, 1000000);
    /* the last byte has left the unit and has not come to the host */
    clock_sleep_until_ns(&uart->clock, uart->line_free_ns + TRANSIT_NS / 2);
    uint64_t not_before_ns = uart->now_ns;
    ck_assert_int_eq(neey_client_fresh_cells(client, not_before_ns, &info, &err), STATUS_OK);
    ck_assert_uint_ge((uint64_t)info.uptime_s * 1000 + 999, not_before_ns);
}

END_TEST

START_TEST(fresh_cells_wait_for_a_moment_that_lies_ahead)
{
    struct neey_cell_info info;

    start_stream();
    ck_assert_int_eq(neey_client_fresh_cells(client, 2300000000, &info, &err), STATUS_OK);
    ck_assert_uint_ge((uint64_t)info.uptime_s * 1000 + 999, 2300000000);
}

END_TEST

START_TEST(reset_forgets_what_came_before)
{
    struct neey_settings settings;

    send_bytes(uart, 0, "\x55\xaa\x11\x01\x04", 5);
    clock_sleep_ns(&uart->clock, 10000000);
    ck_assert_int_eq(neey_client_reset(client, &err), STATUS_OK);
    ck_assert_uint_eq(uart->taken_len, 5);
    ck_assert_int_eq(neey_client_settings(client, &settings, &err), STATUS_OK);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("neey client");
    TCase *tests = tcase_create("neey client");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, device_info_settings_and_factory_values_are_asked_for);
    tcase_add_test(tests, answers_are_found_between_stream_frames_and_module_texts);
    tcase_add_test(tests, lost_request_is_repeated);
    tcase_add_test(tests, silent_unit_is_the_units_fault_after_three_seconds);
    tcase_add_test(tests, unit_that_talks_nonsense_is_not_called_silent);
    tcase_add_test(tests, unit_of_version_two_is_named);
    tcase_add_test(tests, failing_line_is_the_benchs_fault);
    tcase_add_test(tests, late_answer_to_an_earlier_request_is_not_taken_for_the_next);
    tcase_add_test(tests, write_waits_for_the_ack_of_its_register);
    tcase_add_test(tests, connection_is_told_in_the_modules_words);
    tcase_add_test(tests, fresh_cells_start_the_stream);
    tcase_add_test(tests, fresh_cells_of_a_silent_unit_end_after_three_seconds);
    tcase_add_test(tests, fresh_cells_were_scanned_after_the_moment_asked_for);
    tcase_add_test(tests, fresh_cells_after_a_long_pause_are_not_taken_from_the_buffer);
    tcase_add_test(tests, fresh_cells_do_not_count_a_frame_that_was_already_on_its_way);
    tcase_add_test(tests, fresh_cells_wait_for_a_moment_that_lies_ahead);
    tcase_add_test(tests, reset_forgets_what_came_before);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
