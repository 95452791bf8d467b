/* The fault wrapper in front of a link that remembers what it was asked and answers by rule. */
#include "harness/link/link_fault.h"
#include "tests/support.h"
#include "tests/unit/link/fake_link.h"

#include <string.h>

/* Transfer n reads bytes n, n, n ...; what has come for read_some lies in `ready`. */
struct echo_link {
    struct link base;
    struct fake_clock clock;

    struct {
        uint8_t *in;
        size_t in_len;
    } queue[LINK_QUEUE_MAX];

    size_t count;
    uint8_t next_no;
    size_t control_count, submit_count, cancel_count, close_count;
    uint8_t out[16]; /* of the last transfer */
    uint8_t ready[16];
    size_t ready_len;
};

static enum status echo_control(
    struct link *link, uint8_t request, uint16_t value, uint8_t index_high, struct error *err)
{
    (void)request;
    (void)value;
    (void)index_high;
    (void)err;
    ((struct echo_link *)link)->control_count++;
    return STATUS_OK;
}

static enum status echo_control_in(struct link *link, uint8_t request, uint16_t value,
    uint16_t index, uint8_t *data, size_t len, struct error *err)
{
    memset(data, 0x5A, len);
    return echo_control(link, request, value, (uint8_t)index, err);
}

static enum status echo_submit(struct link *link, const uint8_t *out, size_t out_len, uint8_t *in,
    size_t in_len, struct error *err)
{
    struct echo_link *self = (struct echo_link *)link;

    (void)err;
    ck_assert_uint_lt(self->count, LINK_QUEUE_MAX);
    ck_assert_uint_le(out_len, sizeof self->out);
    if (out_len > 0) {
        memcpy(self->out, out, out_len);
    }
    self->queue[self->count].in = in;
    self->queue[self->count++].in_len = in_len;
    self->submit_count++;
    return STATUS_OK;
}

/* Done 1 ms after it is waited for. */
static enum status echo_complete(struct link *link, uint64_t deadline_ns, struct error *err)
{
    struct echo_link *self = (struct echo_link *)link;
    uint64_t done_ns = self->clock.now_ns + NS_PER_MS;

    ck_assert_uint_gt(self->count, 0);
    if (done_ns > deadline_ns) {
        self->cancel_count += self->count;
        self->count = 0;
        return error_set(err, STATUS_TIMEOUT, "not done");
    }
    self->clock.now_ns = done_ns;
    self->next_no++;
    if (self->queue[0].in_len > 0) {
        memset(self->queue[0].in, self->next_no, self->queue[0].in_len);
    }
    self->count--;
    memmove(&self->queue[0], &self->queue[1], self->count * sizeof self->queue[0]);
    return STATUS_OK;
}

static enum status echo_read_some(struct link *link, uint8_t *data, size_t capacity, size_t *len,
    uint64_t deadline_ns, struct error *err)
{
    struct echo_link *self = (struct echo_link *)link;

    (void)err;
    *len = self->ready_len < capacity ? self->ready_len : capacity;
    memcpy(data, self->ready, *len);
    self->ready_len = 0;
    if (*len == 0) {
        self->clock.now_ns = deadline_ns;
    }
    return STATUS_OK;
}

static void echo_close(struct link *link)
{
    ((struct echo_link *)link)->close_count++;
}

static const struct link_ops echo_ops = {.name = "echo",
    .control = echo_control,
    .control_in = echo_control_in,
    .submit = echo_submit,
    .complete = echo_complete,
    .read_some = echo_read_some,
    .close = echo_close};

/* ---- set-up ---- */

static struct echo_link inner;
static struct link_fault fault;
static struct link *link;
static struct error err;

static const uint64_t deadline_ns = 50 * (uint64_t)NS_PER_MS;

static void start(enum link_fault_kind kind, enum link_operation operation, uint64_t no)
{
    inner = (struct echo_link){.base = {.ops = &echo_ops, .channel = 1, .origin = "ECHO/B"}};
    fake_clock_init(&inner.clock);
    inner.base.clock = &inner.clock.base;
    fault = (struct link_fault){.kind = kind, .operation = operation, .no = no, .seed = 7};
    link = link_fault_create(&inner.base, &fault);
}

static void stop(void)
{
    link_close(link);
    ck_assert_uint_eq(inner.close_count, 1);
    ck_assert_uint_eq(inner.count, 0);
}

static void must(enum status status)
{
    ck_assert_msg(status == STATUS_OK, "%s: %s", err.origin, err.text);
}

static unsigned bits_that_differ(const uint8_t *data, uint8_t from, size_t len)
{
    unsigned count = 0;

    for (size_t i = 0; i < len; i++) {
        for (unsigned differs = data[i] ^ from; differs != 0; differs &= differs - 1) {
            count++;
        }
    }
    return count;
}

/* One of each: control, control in, transfer, read. */
static enum status use_once(uint8_t in[4])
{
    static const uint8_t out[2] = {0x11, 0x22};
    size_t len;

    TRY(link_control(link, 0, 1, 0, &err));
    TRY(link_control_in(link, 0, 1, 0, in, 4, &err));
    TRY(link_exchange(link, out, 2, in, 4, clock_now_ns(link->clock) + deadline_ns, &err));
    return link_read_some(link, in, 4, &len, clock_now_ns(link->clock) + 1, &err);
}

/* ---- forwarding ---- */

START_TEST(without_a_fault_everything_is_forwarded_and_counted)
{
    uint8_t in[4];

    start(LINK_FAULT_NONE, LINK_OPERATION_ANY, 1);
    ck_assert_str_eq(link->ops->name, "fault");
    ck_assert_str_eq(link->origin, "ECHO/B");
    ck_assert_uint_eq(link->channel, 1);
    must(use_once(in));
    must(use_once(in));
    ck_assert_uint_eq(inner.control_count, 4);
    ck_assert_uint_eq(inner.submit_count, 2);
    ck_assert_mem_eq(inner.out, "\x11\x22", 2);
    ck_assert_mem_eq(in, "\2\2\2\2", 4);
    for (int i = 0; i < LINK_OPERATION_ANY; i++) {
        ck_assert_uint_eq(fault.counts[i], 2);
    }
    ck_assert_uint_eq(fault.counts[LINK_OPERATION_ANY], 10);
    ck_assert(!fault.has_fired);
    stop();
}

END_TEST

START_TEST(every_operation_and_kind_has_a_name)
{
    for (int i = 0; i < LINK_OPERATION_COUNT; i++) {
        ck_assert_ptr_nonnull(link_operation_name((enum link_operation)i));
    }
    for (int i = 0; i < LINK_FAULT_COUNT; i++) {
        ck_assert_ptr_nonnull(link_fault_kind_name((enum link_fault_kind)i));
    }
    ck_assert_ptr_null(link_operation_name(LINK_OPERATION_COUNT));
    ck_assert_ptr_null(link_fault_kind_name(LINK_FAULT_COUNT));
}

END_TEST

START_TEST(number_counts_the_operations_that_were_named)
{
    uint8_t in[4];

    start(LINK_FAULT_SILENCE, LINK_OPERATION_COMPLETE, 3);
    must(use_once(in));
    must(use_once(in));
    ck_assert_int_eq(use_once(in), STATUS_TIMEOUT);
    must(use_once(in)); /* once, and never again */
    ck_assert_uint_eq(fault.counts[LINK_OPERATION_COMPLETE], 4);
    stop();
}

END_TEST

/* ---- requests ---- */

START_TEST(silent_request_is_not_sent_and_one_with_a_lost_answer_is)
{
    uint8_t data[2];

    start(LINK_FAULT_SILENCE, LINK_OPERATION_CONTROL, 1);
    ck_assert_int_eq(link_control(link, 0, 1, 0, &err), STATUS_IO);
    ck_assert_str_eq(err.origin, "ECHO/B");
    ck_assert_uint_eq(inner.control_count, 0);
    must(link_control(link, 0, 1, 0, &err));
    stop();
    start(LINK_FAULT_LOSE, LINK_OPERATION_CONTROL_IN, 1);
    ck_assert_int_eq(link_control_in(link, 0, 1, 0, data, 2, &err), STATUS_IO);
    ck_assert_uint_eq(inner.control_count, 1);
    stop();
}

END_TEST

/* ---- transfers ---- */

START_TEST(transfer_that_never_goes_out_ends_late_with_all_after_it)
{
    uint8_t in[3][4] = {{0}};

    start(LINK_FAULT_SILENCE, LINK_OPERATION_SUBMIT, 2);
    for (unsigned i = 0; i < 3; i++) {
        must(link_submit(link, NULL, 0, in[i], 4, &err));
    }
    ck_assert_uint_eq(inner.submit_count, 1);
    must(link_complete(link, deadline_ns, &err));
    ck_assert_mem_eq(in[0], "\1\1\1\1", 4);
    ck_assert_int_eq(link_complete(link, deadline_ns, &err), STATUS_TIMEOUT);
    ck_assert_uint_eq(inner.clock.now_ns, deadline_ns);
    ck_assert_uint_eq(link->queued_count, 0);
    must(link_exchange(link, NULL, 0, in[2], 4, 2 * deadline_ns, &err)); /* usable again */
    ck_assert_mem_eq(in[1], "\0\0\0\0", 4);
    ck_assert_mem_eq(in[2], "\2\2\2\2", 4);
    stop();
}

END_TEST

START_TEST(transfer_that_is_broken_off_cancels_all_below)
{
    uint8_t in[3][4] = {{0}};

    start(LINK_FAULT_SILENCE, LINK_OPERATION_COMPLETE, 2);
    for (unsigned i = 0; i < 3; i++) {
        must(link_submit(link, NULL, 0, in[i], 4, &err));
    }
    must(link_complete(link, deadline_ns, &err));
    ck_assert_int_eq(link_complete(link, deadline_ns, &err), STATUS_TIMEOUT);
    ck_assert_uint_eq(inner.clock.now_ns, deadline_ns);
    ck_assert_uint_eq(inner.cancel_count, 2);
    ck_assert_uint_eq(link->queued_count, 0);
    ck_assert_mem_eq(in[1], "\0\0\0\0", 4);
    stop();
}

END_TEST

START_TEST(lost_transfer_was_done_and_what_it_read_is_of_no_use)
{
    uint8_t in[8] = {0};

    start(LINK_FAULT_LOSE, LINK_OPERATION_COMPLETE, 1);
    must(link_submit(link, NULL, 0, in, 8, &err));
    ck_assert_int_eq(link_complete(link, deadline_ns, &err), STATUS_TIMEOUT);
    ck_assert_uint_eq(inner.next_no, 1); /* the data were taken */
    ck_assert_uint_eq(inner.clock.now_ns, deadline_ns);
    ck_assert_mem_eq(in, "\1\1\1\1", 4);
    ck_assert_mem_ne(in + 4, "\1\1\1\1", 4);
    ck_assert_ptr_nonnull(strstr(err.text, "8 bytes in: not done in time, 4 came"));
    stop();
}

END_TEST

START_TEST(failure_below_passes_through_and_empties_the_queue)
{
    uint8_t in[2][4];

    start(LINK_FAULT_NONE, LINK_OPERATION_ANY, 0);
    must(link_submit(link, NULL, 0, in[0], 4, &err));
    must(link_submit(link, NULL, 0, in[1], 4, &err));
    ck_assert_int_eq(link_complete(link, 10, &err), STATUS_TIMEOUT);
    ck_assert_str_eq(err.text, "not done");
    must(link_exchange(link, NULL, 0, in[0], 4, deadline_ns, &err));
    stop();
}

END_TEST

START_TEST(flips_as_many_bits_as_asked_once_and_the_same_for_the_same_seed)
{
    uint8_t in[3][4];

    for (unsigned i = 0; i < 2; i++) {
        start(LINK_FAULT_FLIP, LINK_OPERATION_ANY, 1);
        must(link_exchange(link, NULL, 0, in[i], 4, deadline_ns, &err));
        ck_assert_uint_eq(bits_that_differ(in[i], 1, 4), 1);
        must(link_exchange(link, NULL, 0, in[2], 4, deadline_ns, &err));
        ck_assert_mem_eq(in[2], "\2\2\2\2", 4);
        stop();
    }
    ck_assert_mem_eq(in[0], in[1], 4);
}

END_TEST

START_TEST(flip_waits_for_an_operation_that_reads)
{
    uint8_t data[4];

    start(LINK_FAULT_FLIP, LINK_OPERATION_ANY, 1);
    must(link_control(link, 0, 1, 0, &err));
    must(link_exchange(link, (const uint8_t *)"\x33", 1, NULL, 0, deadline_ns, &err));
    ck_assert(!fault.has_fired);
    must(link_control_in(link, 0, 1, 0, data, 4, &err));
    ck_assert(fault.has_fired);
    ck_assert_uint_eq(bits_that_differ(data, 0x5A, 4), 1);
    stop();
}

END_TEST

START_TEST(flip_out_changes_what_goes_out_and_not_the_callers_bytes)
{
    uint8_t out[8] = {0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55};

    start(LINK_FAULT_FLIP_OUT, LINK_OPERATION_SUBMIT, 1);
    must(link_exchange(link, out, 8, NULL, 0, deadline_ns, &err));
    ck_assert_uint_eq(bits_that_differ(inner.out, 0x55, 8), 1);
    ck_assert_uint_eq(bits_that_differ(out, 0x55, 8), 0);
    stop();
}

END_TEST

/* ---- reading what there is ---- */

static void get_ready(size_t len)
{
    for (size_t i = 0; i < len; i++) {
        inner.ready[i] = (uint8_t)(i + 1);
    }
    inner.ready_len = len;
}

START_TEST(silent_read_takes_nothing_until_its_deadline)
{
    uint8_t data[16];
    size_t len = 99;

    start(LINK_FAULT_SILENCE, LINK_OPERATION_READ_SOME, 1);
    get_ready(8);
    must(link_read_some(link, data, sizeof data, &len, deadline_ns, &err));
    ck_assert_uint_eq(len, 0);
    ck_assert_uint_eq(inner.clock.now_ns, deadline_ns);
    must(link_read_some(link, data, sizeof data, &len, deadline_ns, &err));
    ck_assert_uint_eq(len, 8); /* it was only late */
    stop();
}

END_TEST

START_TEST(lost_read_is_silence_and_its_bytes_never_come)
{
    uint8_t data[16];
    size_t len = 99;

    start(LINK_FAULT_LOSE, LINK_OPERATION_READ_SOME, 1);
    get_ready(8);
    must(link_read_some(link, data, sizeof data, &len, deadline_ns, &err));
    ck_assert_uint_eq(len, 0);
    ck_assert_uint_eq(inner.clock.now_ns, deadline_ns);
    must(link_read_some(link, data, sizeof data, &len, deadline_ns, &err));
    ck_assert_uint_eq(len, 0);
    stop();
}

END_TEST

START_TEST(dropped_bytes_are_one_run_of_what_came)
{
    uint8_t data[16];
    size_t len;

    for (uint64_t seed = 1; seed <= 64; seed++) {
        start(LINK_FAULT_DROP, LINK_OPERATION_READ_SOME, 1);
        link_close(link);
        inner.close_count = 0;
        fault.seed = seed;
        link = link_fault_create(&inner.base, &fault);
        get_ready(8);
        must(link_read_some(link, data, sizeof data, &len, deadline_ns, &err));
        ck_assert_uint_lt(len, 8);
        size_t jumps = 0;
        for (size_t i = 0; i < len; i++) {
            ck_assert_uint_ge(data[i], i + 1);
            jumps += data[i] != (i == 0 ? 1 : data[i - 1] + 1) ? 1u : 0u;
        }
        ck_assert_uint_le(jumps, 1);
        stop();
    }
}

END_TEST

START_TEST(dropping_all_that_came_waits_on_for_more)
{
    uint8_t data[16];
    size_t len = 99;

    start(LINK_FAULT_DROP, LINK_OPERATION_READ_SOME, 1);
    get_ready(1);
    must(link_read_some(link, data, sizeof data, &len, deadline_ns, &err));
    ck_assert_uint_eq(len, 0);
    ck_assert_uint_eq(inner.clock.now_ns, deadline_ns); /* nothing is only said at the deadline */
    stop();
}

END_TEST

/* ---- unplugged ---- */

/* _i: the operation at which the cable is pulled */
START_TEST(unplugged_link_is_gone_from_then_on_whatever_is_asked)
{
    uint8_t in[4];
    size_t len;

    start(LINK_FAULT_UNPLUG, (enum link_operation)_i, 2);
    must(use_once(in));
    ck_assert_int_eq(use_once(in), STATUS_IO);
    ck_assert_str_eq(err.origin, "ECHO/B");
    ck_assert_ptr_nonnull(strstr(err.text, "the device is gone"));
    ck_assert_int_eq(link_control(link, 0, 1, 0, &err), STATUS_IO);
    ck_assert_int_eq(link_control_in(link, 0, 1, 0, in, 4, &err), STATUS_IO);
    ck_assert_int_eq(link_submit(link, NULL, 0, in, 4, &err), STATUS_IO);
    ck_assert_uint_eq(link->queued_count, 0);
    ck_assert_int_eq(link_read_some(link, in, 4, &len, deadline_ns, &err), STATUS_IO);
    stop();
}

END_TEST

START_TEST(unplugging_cancels_what_is_under_way)
{
    uint8_t in[3][4];

    start(LINK_FAULT_UNPLUG, LINK_OPERATION_COMPLETE, 2);
    for (unsigned i = 0; i < 3; i++) {
        must(link_submit(link, NULL, 0, in[i], 4, &err));
    }
    must(link_complete(link, deadline_ns, &err));
    ck_assert_int_eq(link_complete(link, deadline_ns, &err), STATUS_IO);
    ck_assert_uint_eq(inner.cancel_count, 2);
    ck_assert_uint_eq(link->queued_count, 0);
    stop();
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("link fault");
    TCase *tests = tcase_create("link fault");

    tcase_add_test(tests, without_a_fault_everything_is_forwarded_and_counted);
    tcase_add_test(tests, every_operation_and_kind_has_a_name);
    tcase_add_test(tests, number_counts_the_operations_that_were_named);
    tcase_add_test(tests, silent_request_is_not_sent_and_one_with_a_lost_answer_is);
    tcase_add_test(tests, transfer_that_never_goes_out_ends_late_with_all_after_it);
    tcase_add_test(tests, transfer_that_is_broken_off_cancels_all_below);
    tcase_add_test(tests, lost_transfer_was_done_and_what_it_read_is_of_no_use);
    tcase_add_test(tests, failure_below_passes_through_and_empties_the_queue);
    tcase_add_test(tests, flips_as_many_bits_as_asked_once_and_the_same_for_the_same_seed);
    tcase_add_test(tests, flip_waits_for_an_operation_that_reads);
    tcase_add_test(tests, flip_out_changes_what_goes_out_and_not_the_callers_bytes);
    tcase_add_test(tests, silent_read_takes_nothing_until_its_deadline);
    tcase_add_test(tests, lost_read_is_silence_and_its_bytes_never_come);
    tcase_add_test(tests, dropped_bytes_are_one_run_of_what_came);
    tcase_add_test(tests, dropping_all_that_came_waits_on_for_more);
    tcase_add_loop_test(tests, unplugged_link_is_gone_from_then_on_whatever_is_asked,
        LINK_OPERATION_CONTROL, LINK_OPERATION_ANY);
    tcase_add_test(tests, unplugging_cancels_what_is_under_way);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
