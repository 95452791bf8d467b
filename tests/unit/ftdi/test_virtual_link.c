/** What a virtual link costs in time: microframes, slots, latency; and what its control panel does.
 */
#include "harness/link/ftdi_request.h"
#include "tests/support.h"
#include "tests/unit/ftdi/mini_bench.h"
#include "tests/unit/ftdi/recorder.h"

#include <string.h>

enum {
    MICROFRAME_NS = 125000
};

static struct mini_bench bench;
static struct error err;

static void set_up(void)
{
    mini_bench_init(&bench);
}

static void tear_down(void)
{
    mini_bench_finish(&bench);
}

static uint64_t in_ms(unsigned span_ms)
{
    return bench.now_ns + (uint64_t)span_ms * 1000000;
}

static struct link *open_mpsse(unsigned channel)
{
    struct link *link = mini_bench_open(&bench, channel);

    ck_assert_int_eq(link_control(link, FTDI_REQUEST_BITMODE, 0x0200, 0, &err), STATUS_OK);
    return link;
}

START_TEST(a_control_request_takes_effect_with_the_next_microframe)
{
    struct recorder recorder = {.pins = 0xFF};
    struct ft4232h_pins pins = recorder_pins(&recorder);
    struct link *link = mini_bench_open(&bench, 0);

    ft4232h_connect(bench.chip, 0, &pins);
    clock_sleep_ns(&bench.clock, 30000);
    uint64_t start_ns = bench.now_ns - bench.now_ns % MICROFRAME_NS;
    recorder_reset(&recorder);
    ck_assert_int_eq(link_control(link, FTDI_REQUEST_BITMODE, 0x0200, 0, &err), STATUS_OK);
    ck_assert_uint_eq(recorder.events[0].time_ns, start_ns + MICROFRAME_NS);
    ck_assert_uint_eq(bench.now_ns, start_ns + 2 * MICROFRAME_NS);
    link_close(link);
}

END_TEST

START_TEST(a_round_trip_takes_two_microframes)
{
    struct link *link = open_mpsse(0);
    uint8_t in[2];

    uint64_t start_ns = bench.now_ns;
    ck_assert_uint_eq(start_ns % MICROFRAME_NS, 0);
    ck_assert_int_eq(
        link_exchange(link, (const uint8_t *)"\xAA\x87", 2, in, 2, in_ms(100), &err), STATUS_OK);
    ck_assert_uint_eq(bench.now_ns - start_ns, 2 * MICROFRAME_NS);
    ck_assert_mem_eq(in, "\xFA\xAA", 2);
    link_close(link);
}

END_TEST

START_TEST(without_send_immediate_an_answer_waits_for_the_latency_timer)
{
    struct link *link = open_mpsse(0);
    uint8_t in[2];

    uint64_t start_ns = bench.now_ns;
    ck_assert_int_eq(
        link_exchange(link, (const uint8_t *)"\xAA", 1, in, 2, in_ms(100), &err), STATUS_OK);
    ck_assert_uint_gt(bench.now_ns - start_ns, 2 * MICROFRAME_NS);
    ck_assert_uint_le(bench.now_ns - start_ns, 1000000 + 4 * MICROFRAME_NS);
    ck_assert_int_eq(link_control(link, FTDI_REQUEST_SET_LATENCY, 50, 0, &err), STATUS_OK);
    start_ns = bench.now_ns;
    ck_assert_int_eq(
        link_exchange(link, (const uint8_t *)"\xAA", 1, in, 2, in_ms(100), &err), STATUS_OK);
    ck_assert_uint_ge(bench.now_ns - start_ns, 49000000);
    ck_assert_uint_le(bench.now_ns - start_ns, 50000000 + 2 * MICROFRAME_NS);
    link_close(link);
}

END_TEST

START_TEST(thirteen_packets_share_a_microframe)
{
    static const uint8_t data[2048];
    struct link *links[4];

    for (unsigned i = 0; i < 4; i++) { /* UART at 9600: nothing leaves the FIFOs meanwhile */
        links[i] = mini_bench_open(&bench, i);
    }
    uint64_t start_ns = bench.now_ns;
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(link_submit(links[i], data, sizeof data, NULL, 0, &err), STATUS_OK);
    }
    clock_sleep_until_ns(&bench.clock, start_ns + 2 * MICROFRAME_NS - 1);
    size_t room = 0;
    for (unsigned i = 0; i < 4; i++) {
        room += ft4232h_out_room(bench.chip, i, bench.now_ns);
    }
    ck_assert_uint_eq(room, 3 * 512 + 4); /* 16 packets, 13 sent; one byte of each is on its line */
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(link_complete(links[i], in_ms(10), &err), STATUS_OK);
    }
    ck_assert_uint_eq(bench.now_ns - start_ns, 3 * MICROFRAME_NS);
    for (unsigned i = 0; i < 4; i++) {
        link_close(links[i]);
    }
}

END_TEST

START_TEST(a_busy_host_takes_up_new_transfers_with_the_next_microframe)
{
    static struct recorder recorder;
    struct ft4232h_pins pins = recorder_pins(&recorder);
    struct link *a = open_mpsse(0);
    struct link *c = mini_bench_open(&bench, 2);
    uint8_t in[2];

    ft4232h_connect(bench.chip, 2, &pins);
    /* 87 ms of clocks and a read that waits: the host asks in each slot */
    ck_assert_int_eq(link_submit(a, (const uint8_t *)"\x8F\xFF\xFF", 3, in, 2, &err), STATUS_OK);
    uint64_t start_ns = bench.now_ns;
    clock_sleep_ns(&bench.clock, 10 * MICROFRAME_NS + 40000);
    ck_assert_int_eq(link_submit(c, (const uint8_t *)"x", 1, NULL, 0, &err), STATUS_OK);
    ck_assert_int_eq(link_complete(c, in_ms(10), &err), STATUS_OK);
    ck_assert_uint_eq(recorder.char_count, 1);
    ck_assert_uint_ge(recorder.chars[0].start_ns, start_ns + 11 * MICROFRAME_NS);
    ck_assert_uint_lt(recorder.chars[0].start_ns, start_ns + 12 * MICROFRAME_NS);
    link_close(c);
    link_close(a);
}

END_TEST

START_TEST(transfers_go_on_while_somebody_sleeps)
{
    struct link *link = open_mpsse(0);
    uint8_t in[2] = {0};

    ck_assert_int_eq(link_submit(link, (const uint8_t *)"\xAA\x87", 2, in, 2, &err), STATUS_OK);
    clock_sleep_ns(&bench.clock, 1000000);
    ck_assert_mem_eq(in, "\xFA\xAA", 2);
    uint64_t before_ns = bench.now_ns;
    ck_assert_int_eq(link_complete(link, in_ms(1), &err), STATUS_OK);
    ck_assert_uint_eq(bench.now_ns, before_ns);
    link_close(link);
}

END_TEST

START_TEST(spi_of_64_kb_at_30_mhz_takes_its_time_on_the_wire)
{
    static uint8_t out[3 + 65528 + 1];
    static uint8_t in[65528];
    struct link *link = open_mpsse(0);

    ck_assert_int_eq(link_exchange(link, (const uint8_t *)"\x8A\x86\x00\x00\x80\x00\x0B\x84", 8,
                         NULL, 0, in_ms(10), &err),
        STATUS_OK);
    out[0] = 0x31;
    out[1] = 0xF7;
    out[2] = 0xFF;
    for (size_t i = 0; i < 65528; i++) {
        out[3 + i] = (uint8_t)(i * 7 + (i >> 8));
    }
    out[sizeof out - 1] = 0x87;
    uint64_t start_ns = bench.now_ns;
    ck_assert_int_eq(
        link_exchange(link, out, sizeof out, in, sizeof in, in_ms(100), &err), STATUS_OK);
    ck_assert_mem_eq(in, out + 3, sizeof in);
    uint64_t wire_ns = UINT64_C(65528) * 8 * 1000 / 30; /* 17.474 ms */
    ck_assert_uint_ge(bench.now_ns - start_ns, wire_ns);
    ck_assert_uint_le(bench.now_ns - start_ns, wire_ns + 4 * MICROFRAME_NS);
    link_close(link);
}

END_TEST

START_TEST(numbers_are_the_same_each_time)
{
    uint64_t ends_ns[2];

    for (unsigned i = 0; i < 2; i++) {
        struct mini_bench own;
        uint8_t in[4096];
        uint8_t data[16];
        size_t len = 0;
        mini_bench_init(&own);
        struct link *a = mini_bench_open(&own, 0);
        struct link *c = mini_bench_open(&own, 2);
        ck_assert_int_eq(link_control(a, FTDI_REQUEST_BITMODE, 0x0200, 0, &err), STATUS_OK);
        ck_assert_int_eq(link_exchange(a, (const uint8_t *)"\x20\xFF\x0F\x87", 4, in, sizeof in,
                             own.now_ns + 100000000, &err),
            STATUS_OK);
        ck_assert_int_eq(
            link_read_some(c, data, sizeof data, &len, own.now_ns + 3333333, &err), STATUS_OK);
        ck_assert_uint_eq(len, 0);
        link_close(c);
        link_close(a);
        ends_ns[i] = own.now_ns;
        mini_bench_finish(&own);
    }
    ck_assert_uint_eq(ends_ns[0], ends_ns[1]);
}

END_TEST

START_TEST(a_pulled_cable_fails_every_call_and_closing_still_works)
{
    struct link *link = open_mpsse(0);
    uint8_t in[2];
    size_t len = 0;

    ck_assert_int_eq(link_submit(link, NULL, 0, in, 2, &err), STATUS_OK);
    ck_assert_int_eq(link_submit(link, NULL, 0, in, 2, &err), STATUS_OK);
    virtual_host_unplug(bench.host);
    ck_assert_int_eq(link_complete(link, in_ms(1), &err), STATUS_IO);
    ck_assert_uint_eq(link->queued_count, 0);
    ck_assert_int_eq(link_submit(link, NULL, 0, in, 2, &err), STATUS_IO);
    ck_assert_int_eq(link_control(link, FTDI_REQUEST_RESET, 0, 0, &err), STATUS_IO);
    ck_assert_int_eq(link_control_in(link, FTDI_REQUEST_GET_LATENCY, 0, 0, in, 1, &err), STATUS_IO);
    ck_assert_int_eq(link_read_some(link, in, 2, &len, in_ms(1), &err), STATUS_IO);
    ck_assert_str_eq(err.origin, MINI_BENCH_SERIAL "/A");
    link_close(link);
}

END_TEST

START_TEST(opening_names_what_is_wrong)
{
    struct link *link = NULL;
    struct link *open = mini_bench_open(&bench, 1);

    ck_assert_int_eq(
        virtual_link_open(bench.host, &bench.time, "OTHER", 0, NULL, &link, &err), STATUS_ABSENT);
    ck_assert_ptr_nonnull(strstr(err.text, "OTHER"));
    ck_assert_int_eq(
        virtual_link_open(bench.host, &bench.time, MINI_BENCH_SERIAL, 4, NULL, &link, &err),
        STATUS_RANGE);
    ck_assert_int_eq(
        virtual_link_open(bench.host, &bench.time, MINI_BENCH_SERIAL, 1, NULL, &link, &err),
        STATUS_IO);
    ck_assert_ptr_null(link);
    link_close(open);
    link_close(mini_bench_open(&bench, 1));
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("virtual link");
    TCase *tests = tcase_create("link");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_control_request_takes_effect_with_the_next_microframe);
    tcase_add_test(tests, a_round_trip_takes_two_microframes);
    tcase_add_test(tests, without_send_immediate_an_answer_waits_for_the_latency_timer);
    tcase_add_test(tests, thirteen_packets_share_a_microframe);
    tcase_add_test(tests, a_busy_host_takes_up_new_transfers_with_the_next_microframe);
    tcase_add_test(tests, transfers_go_on_while_somebody_sleeps);
    tcase_add_test(tests, spi_of_64_kb_at_30_mhz_takes_its_time_on_the_wire);
    tcase_add_test(tests, numbers_are_the_same_each_time);
    tcase_add_test(tests, a_pulled_cable_fails_every_call_and_closing_still_works);
    tcase_add_test(tests, opening_names_what_is_wrong);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
