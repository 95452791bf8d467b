/**
 * The promises of harness/link/link.h, one test each, on every implementation there is.
 *
 * They need no wiring: the MPSSE's own loopback (84) and its bad-command echo answer. The virtual
 * link always runs, by itself and behind a fault wrapper in which nothing is to go wrong; a real
 * chip runs too when KEEL_CONTRACT_CHIP names its serial number.
 */
#include "harness/link/ftdi_request.h"
#include "harness/link/link_fault.h"
#include "harness/link/link_ftdi.h"
#include "tests/support.h"
#include "tests/unit/ftdi/mini_bench.h"

#include <stdlib.h>
#include <string.h>

struct implementation {
    const char *name;
    void (*set_up)(void);
    void (*tear_down)(void);
    enum status (*open)(unsigned channel, struct link **link, struct error *err);
};

static struct mini_bench bench;
static struct link_fault no_faults[4]; /* by channel */
static struct clock_monotonic steel_clock;
static const struct implementation *under_test;
static struct link *link;
static struct clock *now;
static struct error err;

/* -- implementations ----------------------------------------------------------------------- */

static void virtual_set_up(void)
{
    mini_bench_init(&bench);
    now = &bench.clock;
}

static void virtual_tear_down(void)
{
    mini_bench_finish(&bench);
}

static enum status virtual_open(unsigned channel, struct link **opened, struct error *error)
{
    return virtual_link_open(
        bench.host, &bench.time, MINI_BENCH_SERIAL, channel, NULL, opened, error);
}

static enum status fault_open(unsigned channel, struct link **opened, struct error *error)
{
    TRY(virtual_open(channel, opened, error));
    no_faults[channel] = (struct link_fault){.no = 0};
    *opened = link_fault_create(*opened, &no_faults[channel]);
    return STATUS_OK;
}

static void steel_set_up(void)
{
    clock_monotonic_init(&steel_clock);
    now = &steel_clock.base;
}

static void steel_tear_down(void)
{
}

static enum status steel_open(unsigned channel, struct link **opened, struct error *error)
{
    return link_ftdi_open(getenv("KEEL_CONTRACT_CHIP"), channel, now, NULL, opened, error);
}

static const struct implementation virtual_link = {
    "virtual", virtual_set_up, virtual_tear_down, virtual_open};
static const struct implementation fault_link = {
    "fault", virtual_set_up, virtual_tear_down, fault_open};
static const struct implementation steel_link = {"usb", steel_set_up, steel_tear_down, steel_open};

/* -- helpers ------------------------------------------------------------------------------- */

static void open_channel(unsigned channel)
{
    ck_assert_msg(under_test->open(channel, &link, &err) == STATUS_OK, "%s", err.text);
}

static void set_up(void)
{
    under_test->set_up();
    open_channel(0);
}

static void tear_down(void)
{
    link_close(link);
    under_test->tear_down();
}

static uint64_t in_ms(unsigned span_ms)
{
    return clock_now_ns(now) + (uint64_t)span_ms * NS_PER_MS;
}

static void must(enum status status)
{
    ck_assert_msg(status == STATUS_OK, "%s: %s", err.origin, err.text);
}

static void enter_mpsse(void)
{
    must(link_control(link, FTDI_REQUEST_BITMODE, FTDI_BITMODE_MPSSE << 8, 0, &err));
}

static void exchange(const void *out, size_t out_len, void *in, size_t in_len)
{
    must(link_exchange(link, out, out_len, in, in_len, in_ms(2000), &err));
}

/** MPSSE with loopback at 30 MHz, pins driven. */
static void enter_loopback(void)
{
    enter_mpsse();
    exchange("\x8A\x86\x00\x00\x80\x00\x0B\x84", 8, NULL, 0);
}

/** A command that shifts @p len bytes (1 .. 65528) and reads them back. @return its length */
static size_t loop_command(uint8_t *command, size_t len, unsigned seed)
{
    command[0] = 0x31;
    command[1] = (uint8_t)(len - 1);
    command[2] = (uint8_t)((len - 1) >> 8);
    for (size_t i = 0; i < len; i++) {
        command[3 + i] = (uint8_t)(seed + i * 13 + (i >> 8));
    }
    command[3 + len] = 0x87;
    return len + 4;
}

/* -- promises ------------------------------------------------------------------------------ */

START_TEST(opening_leaves_a_latency_of_1_ms)
{
    uint8_t latency = 0;

    must(link_control_in(link, FTDI_REQUEST_GET_LATENCY, 0, 0, &latency, 1, &err));
    ck_assert_uint_eq(latency, 1);
}

END_TEST

START_TEST(opening_leaves_bit_mode_reset_and_empty_fifos)
{
    uint8_t in[4];
    size_t len = 99;

    enter_mpsse();
    exchange("\xAA\xAB", 2, NULL, 0); /* four bytes of echo that nobody reads */
    clock_sleep_ns(now, 5 * NS_PER_MS);
    link_close(link);
    open_channel(0);
    must(link_read_some(link, in, sizeof in, &len, in_ms(20), &err));
    ck_assert_uint_eq(len, 0);
    /* in UART mode AA is a character to send: nothing echoes */
    exchange("\xAA", 1, NULL, 0);
    must(link_read_some(link, in, sizeof in, &len, in_ms(20), &err));
    ck_assert_uint_eq(len, 0);
}

END_TEST

START_TEST(link_says_who_it_is)
{
    ck_assert_str_eq(link->ops->name, under_test->name);
    ck_assert_uint_eq(link->channel, 0);
    ck_assert_ptr_eq(link->clock, now);
    ck_assert_uint_gt(strlen(link->serial), 0);
    ck_assert_ptr_nonnull(strstr(link->origin, "/A"));
}

END_TEST

START_TEST(control_that_the_chip_refuses_is_an_io_error)
{
    ck_assert_int_eq(link_control(link, 0x33, 0, 0, &err), STATUS_IO);
    ck_assert_ptr_nonnull(strstr(err.origin, link->origin));
    uint8_t data[2];
    ck_assert_int_eq(link_control_in(link, 0x33, 0, 0, data, 2, &err), STATUS_IO);
}

END_TEST

START_TEST(control_in_answers_all_or_is_an_io_error)
{
    uint8_t data[3];

    must(link_control_in(link, FTDI_REQUEST_MODEM_STATUS, 0, 0, data, 2, &err));
    ck_assert_int_eq(
        link_control_in(link, FTDI_REQUEST_MODEM_STATUS, 0, 0, data, 3, &err), STATUS_IO);
}

END_TEST

START_TEST(eeprom_is_read_by_word_address)
{
    uint8_t data[2];

    must(link_control_in(link, FTDI_REQUEST_READ_EEPROM, 0, 1, data, 2, &err));
    ck_assert_mem_eq(data, "\x03\x04", 2);
    must(link_control_in(link, FTDI_REQUEST_READ_EEPROM, 0, 2, data, 2, &err));
    ck_assert_mem_eq(data, "\x11\x60", 2);
}

END_TEST

START_TEST(control_keeps_its_place_after_queued_data)
{
    enum {
        OUT_LEN = 32768,
        IN_LEN = OUT_LEN - 4096 /* 2 KB may still lie in each FIFO when the request comes */
    };

    static uint8_t command[OUT_LEN + 4];
    static uint8_t in[IN_LEN];

    enter_loopback();
    size_t len = loop_command(command, OUT_LEN, 3);
    must(link_submit(link, command, len, in, IN_LEN, &err));
    must(link_control(link, FTDI_REQUEST_BITMODE, FTDI_BITMODE_RESET << 8, 0, &err));
    must(link_complete(link, in_ms(1000), &err));
    ck_assert_mem_eq(in, command + 3, IN_LEN);
}

END_TEST

START_TEST(submit_copies_what_it_writes)
{
    uint8_t out[2] = {0xAA, 0x87};
    uint8_t in[2] = {0};

    enter_mpsse();
    must(link_submit(link, out, 2, in, 2, &err));
    memset(out, 0xAC, sizeof out);
    must(link_complete(link, in_ms(100), &err));
    ck_assert_mem_eq(in, "\xFA\xAA", 2);
}

END_TEST

START_TEST(transfers_complete_in_the_order_they_were_queued)
{
    static uint8_t command[LINK_QUEUE_MAX][2048];
    static uint8_t in[LINK_QUEUE_MAX][2000];
    const size_t lens[LINK_QUEUE_MAX] = {1, 2000, 3, 509, 510, 511, 7, 1024};

    enter_loopback();
    for (unsigned i = 0; i < LINK_QUEUE_MAX; i++) {
        size_t len = loop_command(command[i], lens[i], i * 31);
        must(link_submit(link, command[i], len, in[i], lens[i], &err));
        ck_assert_uint_eq(link->queued_count, i + 1);
    }
    for (unsigned i = 0; i < LINK_QUEUE_MAX; i++) {
        must(link_complete(link, in_ms(1000), &err));
        ck_assert_mem_eq(in[i], command[i] + 3, lens[i]);
        ck_assert_uint_eq(link->queued_count, LINK_QUEUE_MAX - 1 - i);
    }
}

END_TEST

START_TEST(either_length_may_be_zero)
{
    uint8_t in[2] = {0};

    enter_mpsse();
    must(link_submit(link, (const uint8_t *)"\xAA\x87", 2, NULL, 0, &err));
    must(link_submit(link, NULL, 0, in, 2, &err));
    must(link_complete(link, in_ms(100), &err));
    must(link_complete(link, in_ms(100), &err));
    ck_assert_mem_eq(in, "\xFA\xAA", 2);
}

END_TEST

START_TEST(one_packet_may_serve_several_transfers)
{
    uint8_t in[3][2] = {{0}};

    enter_mpsse();
    must(link_submit(link, (const uint8_t *)"\xAA\xAB\xAC\x87", 4, in[0], 2, &err));
    must(link_submit(link, NULL, 0, in[1], 2, &err));
    must(link_complete(link, in_ms(100), &err));
    must(link_complete(link, in_ms(100), &err));
    exchange(NULL, 0, in[2], 2);
    ck_assert_mem_eq(in, "\xFA\xAA\xFA\xAB\xFA\xAC", 6);
}

END_TEST

START_TEST(too_long_or_too_many_transfers_are_refused)
{
    static uint8_t data[LINK_TRANSFER_MAX + 1];
    static uint8_t in[1];

    ck_assert_int_eq(link_submit(link, data, sizeof data, NULL, 0, &err), STATUS_RANGE);
    ck_assert_int_eq(link_submit(link, NULL, 0, data, sizeof data, &err), STATUS_RANGE);
    for (unsigned i = 0; i < LINK_QUEUE_MAX; i++) {
        must(link_submit(link, NULL, 0, in, 1, &err));
    }
    ck_assert_int_eq(link_submit(link, NULL, 0, in, 1, &err), STATUS_RANGE);
    ck_assert_int_eq(link_complete(link, in_ms(5), &err), STATUS_TIMEOUT);
}

END_TEST

START_TEST(a_transfer_of_the_greatest_length_goes_both_ways)
{
    static uint8_t out[LINK_TRANSFER_MAX];
    static uint8_t in[LINK_TRANSFER_MAX - 4];

    enter_loopback();
    size_t len = loop_command(out, sizeof in, 5);
    ck_assert_uint_eq(len, LINK_TRANSFER_MAX);
    must(link_submit(link, out, len, in, sizeof in, &err));
    must(link_complete(link, in_ms(2000), &err));
    ck_assert_mem_eq(in, out + 3, sizeof in);
}

END_TEST

START_TEST(long_exchanges_go_in_pieces)
{
    enum {
        BLOCK_LEN = 65528,
        BLOCK_COUNT = 3
    };

    static uint8_t out[BLOCK_COUNT * (BLOCK_LEN + 4)];
    static uint8_t in[BLOCK_COUNT * BLOCK_LEN];
    size_t len = 0;

    enter_loopback();
    for (unsigned i = 0; i < BLOCK_COUNT; i++) {
        len += loop_command(out + len, BLOCK_LEN, i);
    }
    exchange(out, len, in, sizeof in);
    for (unsigned i = 0; i < BLOCK_COUNT; i++) {
        ck_assert_mem_eq(
            in + (size_t)i * BLOCK_LEN, out + (size_t)i * (BLOCK_LEN + 4) + 3, BLOCK_LEN);
    }
}

END_TEST

START_TEST(timeout_cancels_it_and_all_after_it)
{
    uint8_t in[3][4] = {{0}};

    enter_mpsse();
    must(link_submit(link, (const uint8_t *)"\xAA\x87", 2, in[0], 2, &err));
    must(link_submit(link, NULL, 0, in[1], 4, &err)); /* nothing will come */
    must(link_submit(link, NULL, 0, in[2], 4, &err));
    must(link_complete(link, in_ms(100), &err));
    ck_assert_mem_eq(in[0], "\xFA\xAA", 2);
    ck_assert_int_eq(link_complete(link, in_ms(20), &err), STATUS_TIMEOUT);
    ck_assert_uint_eq(link->queued_count, 0);
    exchange("\xAB\xAB\xAB\xAB\x87", 5, in[0], 4); /* no cancelled transfer takes these */
    ck_assert_mem_eq(in[0], "\xFA\xAB\xFA\xAB", 4);
    ck_assert_mem_eq(in[1], "\0\0\0\0", 4);
    ck_assert_mem_eq(in[2], "\0\0\0\0", 4);
}

END_TEST

START_TEST(timeout_comes_at_its_deadline_and_leaves_a_usable_link)
{
    uint8_t in[4] = {0};

    enter_mpsse();
    must(link_submit(link, NULL, 0, in, 1, &err));
    must(link_submit(link, NULL, 0, in, 1, &err));
    uint64_t deadline_ns = in_ms(20);
    ck_assert_int_eq(link_complete(link, deadline_ns, &err), STATUS_TIMEOUT);
    ck_assert_uint_ge(clock_now_ns(now), deadline_ns);
    ck_assert_uint_le(clock_now_ns(now), deadline_ns + 200 * NS_PER_MS);
    ck_assert_uint_eq(link->queued_count, 0);
    must(link_purge(link, &err));
    exchange("\xAA\x87", 2, in, 2);
    ck_assert_mem_eq(in, "\xFA\xAA", 2);
}

END_TEST

START_TEST(read_some_takes_what_has_come)
{
    uint8_t in[16] = {0};
    size_t len = 0;

    enter_mpsse();
    exchange("\xAA\xAB\x87", 3, NULL, 0);
    must(link_read_some(link, in, 3, &len, in_ms(100), &err));
    ck_assert_uint_eq(len, 3);
    must(link_read_some(link, in + 3, 13, &len, in_ms(100), &err));
    ck_assert_uint_eq(len, 1);
    ck_assert_mem_eq(in, "\xFA\xAA\xFA\xAB", 4);
}

END_TEST

START_TEST(read_some_finds_what_lies_ready_even_with_a_deadline_of_now)
{
    uint8_t in[16] = {0};
    size_t len = 0;

    enter_mpsse();
    exchange("\xAA\x87", 2, NULL, 0);
    clock_sleep_ns(now, 5 * NS_PER_MS);
    must(link_read_some(link, in, sizeof in, &len, clock_now_ns(now), &err));
    ck_assert_uint_eq(len, 2);
}

END_TEST

START_TEST(silence_is_an_answer)
{
    uint8_t in[16];
    size_t len = 99;

    uint64_t deadline_ns = in_ms(20);
    must(link_read_some(link, in, sizeof in, &len, deadline_ns, &err));
    ck_assert_uint_eq(len, 0);
    ck_assert_uint_ge(clock_now_ns(now), deadline_ns);
    ck_assert_uint_le(clock_now_ns(now), deadline_ns + 200 * NS_PER_MS);
}

END_TEST

START_TEST(read_some_refuses_while_transfers_are_queued)
{
    uint8_t in[4];
    size_t len = 0;

    must(link_submit(link, NULL, 0, in, 1, &err));
    ck_assert_int_eq(link_read_some(link, in, 4, &len, in_ms(1), &err), STATUS_RANGE);
    ck_assert_int_eq(link_complete(link, in_ms(1), &err), STATUS_TIMEOUT);
}

END_TEST

START_TEST(no_modem_status_byte_is_ever_seen)
{
    static uint8_t in[3000];

    /* five packets of 510 and one of 450, with ones on DI: anything else would be a status byte */
    enter_loopback();
    exchange("\x80\x02\x0B\x20\xB7\x0B\x87", 7, in, sizeof in);
    for (size_t i = 0; i < sizeof in; i++) {
        ck_assert_uint_eq(in[i], 0xFF);
    }
}

END_TEST

START_TEST(purge_drops_what_came)
{
    uint8_t in[8];
    size_t len = 0;

    enter_mpsse();
    exchange("\xAA\xAB\x87", 3, NULL, 0);
    must(link_read_some(link, in, 1, &len, in_ms(100), &err)); /* the rest lies in the host */
    must(link_purge(link, &err));
    must(link_read_some(link, in, sizeof in, &len, in_ms(10), &err));
    ck_assert_uint_eq(len, 0);
}

END_TEST

START_TEST(closing_leaves_bit_mode_reset)
{
    uint8_t in[2];
    size_t len = 0;

    enter_mpsse();
    exchange("\xAA\x87", 2, in, 2);
    link_close(link);
    open_channel(0);
    exchange("\xAA\x87", 2, NULL, 0);
    must(link_read_some(link, in, 2, &len, in_ms(20), &err));
    ck_assert_uint_eq(len, 0);
    enter_mpsse();
    exchange("\xAA\x87", 2, in, 2);
    ck_assert_mem_eq(in, "\xFA\xAA", 2);
}

END_TEST

START_TEST(channels_do_not_disturb_each_other)
{
    struct link *other = NULL;
    uint8_t in[4] = {0};

    must(under_test->open(1, &other, &err));
    enter_mpsse();
    must(link_control(other, FTDI_REQUEST_BITMODE, FTDI_BITMODE_MPSSE << 8, 0, &err));
    must(link_submit(link, (const uint8_t *)"\xAA\x87", 2, in, 2, &err));
    must(link_submit(other, (const uint8_t *)"\xAB\x87", 2, in + 2, 2, &err));
    must(link_complete(other, in_ms(100), &err));
    must(link_complete(link, in_ms(100), &err));
    ck_assert_mem_eq(in, "\xFA\xAA\xFA\xAB", 4);
    link_close(other);
}

END_TEST

static TCase *promises(void)
{
    TCase *tests = tcase_create("promises");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, opening_leaves_a_latency_of_1_ms);
    tcase_add_test(tests, opening_leaves_bit_mode_reset_and_empty_fifos);
    tcase_add_test(tests, link_says_who_it_is);
    tcase_add_test(tests, control_that_the_chip_refuses_is_an_io_error);
    tcase_add_test(tests, control_in_answers_all_or_is_an_io_error);
    tcase_add_test(tests, eeprom_is_read_by_word_address);
    tcase_add_test(tests, control_keeps_its_place_after_queued_data);
    tcase_add_test(tests, submit_copies_what_it_writes);
    tcase_add_test(tests, transfers_complete_in_the_order_they_were_queued);
    tcase_add_test(tests, either_length_may_be_zero);
    tcase_add_test(tests, one_packet_may_serve_several_transfers);
    tcase_add_test(tests, too_long_or_too_many_transfers_are_refused);
    tcase_add_test(tests, a_transfer_of_the_greatest_length_goes_both_ways);
    tcase_add_test(tests, long_exchanges_go_in_pieces);
    tcase_add_test(tests, timeout_cancels_it_and_all_after_it);
    tcase_add_test(tests, timeout_comes_at_its_deadline_and_leaves_a_usable_link);
    tcase_add_test(tests, read_some_takes_what_has_come);
    tcase_add_test(tests, read_some_finds_what_lies_ready_even_with_a_deadline_of_now);
    tcase_add_test(tests, silence_is_an_answer);
    tcase_add_test(tests, read_some_refuses_while_transfers_are_queued);
    tcase_add_test(tests, no_modem_status_byte_is_ever_seen);
    tcase_add_test(tests, purge_drops_what_came);
    tcase_add_test(tests, closing_leaves_bit_mode_reset);
    tcase_add_test(tests, channels_do_not_disturb_each_other);
    return tests;
}

static int run(const struct implementation *implementation)
{
    Suite *suite = suite_create(implementation->name);

    under_test = implementation;
    suite_add_tcase(suite, promises());
    return support_run(suite);
}

int main(void)
{
    int result = run(&virtual_link);

    if (result == EXIT_SUCCESS) {
        result = run(&fault_link);
    }
    if (getenv("KEEL_CONTRACT_CHIP") != NULL && result == EXIT_SUCCESS) {
        result = run(&steel_link);
    }
    return result;
}
