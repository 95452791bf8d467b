/*
 * The wrapper keeps a queue of its own beside the inner link's: the same transfers, except that
 * behind one that never went out nothing is forwarded, so that what it lacks is not taken from the
 * answers of those after it.
 *
 *     own queue   | forwarded forwarded | lost lost ...      the lost ones end late, all together
 *     inner queue | forwarded forwarded |
 */
#include "harness/link/link_fault.h"

#include "harness/base/mem.h"
#include "harness/base/rng.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct transfer {
    uint8_t *in;
    size_t in_len;
};

struct fault_link {
    struct link base;
    struct link *inner;
    struct link_fault *fault;
    struct rng rng;
    struct transfer queue[LINK_QUEUE_MAX];
    size_t count;       /* in our queue */
    size_t inner_count; /* of them, forwarded */
    bool is_stalled;    /* one was lost: nothing is forwarded until the queue is cancelled */
    bool is_unplugged;
};

static const char *const operation_names[LINK_OPERATION_COUNT] = {
    [LINK_OPERATION_CONTROL] = "control",
    [LINK_OPERATION_CONTROL_IN] = "control in",
    [LINK_OPERATION_SUBMIT] = "submit",
    [LINK_OPERATION_COMPLETE] = "complete",
    [LINK_OPERATION_READ_SOME] = "read some",
    [LINK_OPERATION_ANY] = "any",
};

static const struct {
    const char *name;
    bool can_hit[LINK_OPERATION_ANY];
    bool needs_bytes;
} kinds[LINK_FAULT_COUNT] = {
    [LINK_FAULT_NONE] = {.name = "none"},
    [LINK_FAULT_SILENCE] = {.name = "silence", .can_hit = {true, true, true, true, true}},
    [LINK_FAULT_LOSE] = {.name = "lose", .can_hit = {true, true, false, true, true}},
    [LINK_FAULT_FLIP] = {.name = "flip",
        .can_hit = {false, true, false, true, true},
        .needs_bytes = true},
    [LINK_FAULT_FLIP_OUT] = {.name = "flip out",
        .can_hit = {false, false, true, false, false},
        .needs_bytes = true},
    [LINK_FAULT_DROP] = {.name = "drop",
        .can_hit = {false, false, false, false, true},
        .needs_bytes = true},
    [LINK_FAULT_UNPLUG] = {.name = "unplug", .can_hit = {true, true, true, true, true}},
};

const char *link_operation_name(enum link_operation operation)
{
    return (unsigned)operation < LINK_OPERATION_COUNT ? operation_names[operation] : NULL;
}

const char *link_fault_kind_name(enum link_fault_kind kind)
{
    return (unsigned)kind < LINK_FAULT_COUNT ? kinds[kind].name : NULL;
}

static const struct link_ops fault_ops;

static struct fault_link *from_link(struct link *link)
{
    assert(link->ops == &fault_ops);
    return (struct fault_link *)link;
}

/* ---- when ---- */

static void count(struct fault_link *self, enum link_operation operation)
{
    self->fault->counts[operation]++;
    self->fault->counts[LINK_OPERATION_ANY]++;
}

/* Whether the operation that was counted last goes wrong, now that @p len bytes could be spoilt. */
static bool fires(struct fault_link *self, enum link_operation operation, size_t len)
{
    struct link_fault *fault = self->fault;
    bool is_counted = fault->operation == LINK_OPERATION_ANY || fault->operation == operation;

    if (fault->no == 0 || fault->has_fired || !is_counted ||
        fault->counts[fault->operation] < fault->no) {
        return false;
    }
    if (!kinds[fault->kind].can_hit[operation] || (kinds[fault->kind].needs_bytes && len == 0)) {
        return false;
    }
    fault->has_fired = true;
    return true;
}

/* Whether it fires as @p kind; for the places where only one kind matters. */
static bool fires_as(
    struct fault_link *self, enum link_fault_kind kind, enum link_operation operation, size_t len)
{
    return self->fault->kind == kind && fires(self, operation, len);
}

/* ---- how ---- */

static size_t draw_below(struct fault_link *self, size_t end)
{
    return (size_t)(rng_u64(&self->rng) % end);
}

static void flip(struct fault_link *self, uint8_t *data, size_t len)
{
    unsigned flip_count = self->fault->flip_count > 0 ? self->fault->flip_count : 1;

    for (unsigned i = 0; i < flip_count; i++) {
        size_t bit = draw_below(self, 8 * len);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* Take a run of bytes out, at least one. @return how many are left */
static size_t drop(struct fault_link *self, uint8_t *data, size_t len)
{
    size_t first = draw_below(self, len);
    size_t dropped_len = 1 + draw_below(self, len - first);

    memmove(data + first, data + first + dropped_len, len - first - dropped_len);
    return len - dropped_len;
}

/* A deadline that has passed makes the inner link cancel what is not done yet. */
static void cancel(struct fault_link *self)
{
    enum status status = STATUS_OK;

    while (self->inner_count > 0 && status == STATUS_OK) {
        status = self->inner->ops->complete(self->inner, 0, NULL);
        self->inner_count--;
    }
    self->inner_count = 0;
    self->count = 0;
    self->is_stalled = false;
}

static enum status fail_gone(const char *wish, struct error *err)
{
    return error_set(err, STATUS_IO, "asked for %s: the device is gone (unplugged)", wish);
}

static enum status fail_lost(const char *wish, struct error *err)
{
    return error_set(err, STATUS_IO, "asked for %s: no answer on the bus", wish);
}

/* @p in_done of the oldest transfer's bytes came before it was given up. */
static enum status fail_late(
    struct fault_link *self, uint64_t deadline_ns, size_t in_done, struct error *err)
{
    size_t in_len = self->queue[0].in_len;

    cancel(self);
    clock_sleep_until_ns(self->base.clock, deadline_ns);
    return error_set(err, STATUS_TIMEOUT,
        "asked for a transfer with %zu bytes in: not done in time, %zu came", in_len, in_done);
}

static enum status check_plugged(
    struct fault_link *self, enum link_operation operation, struct error *err)
{
    count(self, operation);
    if (fires_as(self, LINK_FAULT_UNPLUG, operation, 0)) {
        cancel(self);
        self->is_unplugged = true;
    }
    return self->is_unplugged ? fail_gone(operation_names[operation], err) : STATUS_OK;
}

/* ---- requests ---- */

static enum status fault_control(
    struct link *link, uint8_t request, uint16_t value, uint8_t index_high, struct error *err)
{
    struct fault_link *self = from_link(link);

    TRY(check_plugged(self, LINK_OPERATION_CONTROL, err));
    bool is_hit = fires(self, LINK_OPERATION_CONTROL, 0);
    if (!is_hit || self->fault->kind == LINK_FAULT_LOSE) {
        TRY(self->inner->ops->control(self->inner, request, value, index_high, err));
    }
    return is_hit ? fail_lost("a request", err) : STATUS_OK;
}

static enum status fault_control_in(struct link *link, uint8_t request, uint16_t value,
    uint16_t index, uint8_t *data, size_t len, struct error *err)
{
    struct fault_link *self = from_link(link);

    TRY(check_plugged(self, LINK_OPERATION_CONTROL_IN, err));
    bool is_hit = fires(self, LINK_OPERATION_CONTROL_IN, len);
    if (!is_hit || self->fault->kind != LINK_FAULT_SILENCE) {
        TRY(self->inner->ops->control_in(self->inner, request, value, index, data, len, err));
    }
    if (is_hit && self->fault->kind == LINK_FAULT_FLIP) {
        flip(self, data, len);
        return STATUS_OK;
    }
    return is_hit ? fail_lost("a request's answer", err) : STATUS_OK;
}

/* ---- transfers ---- */

/* Forward with some bits of a copy flipped; the caller's bytes are its own. */
static enum status submit_flipped(struct fault_link *self, const uint8_t *out, size_t out_len,
    uint8_t *in, size_t in_len, struct error *err)
{
    uint8_t *copy = mem_alloc(out_len, 1);

    memcpy(copy, out, out_len);
    flip(self, copy, out_len);
    enum status status = self->inner->ops->submit(self->inner, copy, out_len, in, in_len, err);
    free(copy);
    return status;
}

static enum status forward_submit(struct fault_link *self, const uint8_t *out, size_t out_len,
    uint8_t *in, size_t in_len, struct error *err)
{
    if (fires_as(self, LINK_FAULT_FLIP_OUT, LINK_OPERATION_SUBMIT, out_len)) {
        TRY(submit_flipped(self, out, out_len, in, in_len, err));
    } else {
        TRY(self->inner->ops->submit(self->inner, out, out_len, in, in_len, err));
    }
    self->inner_count++;
    return STATUS_OK;
}

static enum status fault_submit(struct link *link, const uint8_t *out, size_t out_len, uint8_t *in,
    size_t in_len, struct error *err)
{
    struct fault_link *self = from_link(link);

    TRY(check_plugged(self, LINK_OPERATION_SUBMIT, err));
    if (self->count == LINK_QUEUE_MAX) {
        return error_set(err, STATUS_RANGE, "asked for one more transfer; %d under way is the most",
            LINK_QUEUE_MAX);
    }
    if (fires_as(self, LINK_FAULT_SILENCE, LINK_OPERATION_SUBMIT, 0)) {
        self->is_stalled = true;
    }
    if (!self->is_stalled) {
        TRY(forward_submit(self, out, out_len, in, in_len, err));
    }
    self->queue[self->count++] = (struct transfer){in, in_len};
    return STATUS_OK;
}

/* The oldest transfer is done below: spoil what it read, or say that it never ended. */
static enum status end_transfer(
    struct fault_link *self, uint64_t deadline_ns, bool is_lost, struct error *err)
{
    struct transfer oldest = self->queue[0];

    if (is_lost) {
        /* Half of it came; whoever uses the rest uses noise. */
        for (size_t i = oldest.in_len / 2; i < oldest.in_len; i++) {
            oldest.in[i] = (uint8_t)rng_u64(&self->rng);
        }
        return fail_late(self, deadline_ns, oldest.in_len / 2, err);
    }
    if (fires_as(self, LINK_FAULT_FLIP, LINK_OPERATION_COMPLETE, oldest.in_len)) {
        flip(self, oldest.in, oldest.in_len);
    }
    self->count--;
    memmove(&self->queue[0], &self->queue[1], self->count * sizeof self->queue[0]);
    return STATUS_OK;
}

static enum status fault_complete(struct link *link, uint64_t deadline_ns, struct error *err)
{
    struct fault_link *self = from_link(link);

    TRY(check_plugged(self, LINK_OPERATION_COMPLETE, err));
    if (self->inner_count == 0 || fires_as(self, LINK_FAULT_SILENCE, LINK_OPERATION_COMPLETE, 0)) {
        return fail_late(self, deadline_ns, 0, err);
    }
    bool is_lost = fires_as(self, LINK_FAULT_LOSE, LINK_OPERATION_COMPLETE, 0);
    enum status status = self->inner->ops->complete(self->inner, deadline_ns, err);
    if (status != STATUS_OK) {
        self->inner_count = 0; /* cancelled below */
        cancel(self);
        return status;
    }
    self->inner_count--;
    return end_transfer(self, deadline_ns, is_lost, err);
}

/* ---- reading what there is ---- */

/* All that comes until the deadline is lost. */
static enum status lose_all(struct fault_link *self, uint8_t *data, size_t capacity, size_t *len,
    uint64_t deadline_ns, struct error *err)
{
    TRY(self->inner->ops->read_some(self->inner, data, capacity, len, deadline_ns, err));
    *len = 0;
    clock_sleep_until_ns(self->base.clock, deadline_ns);
    return STATUS_OK;
}

static enum status fault_read_some(struct link *link, uint8_t *data, size_t capacity, size_t *len,
    uint64_t deadline_ns, struct error *err)
{
    struct fault_link *self = from_link(link);

    *len = 0;
    TRY(check_plugged(self, LINK_OPERATION_READ_SOME, err));
    if (fires_as(self, LINK_FAULT_SILENCE, LINK_OPERATION_READ_SOME, 0)) {
        clock_sleep_until_ns(link->clock, deadline_ns);
        return STATUS_OK;
    }
    if (fires_as(self, LINK_FAULT_LOSE, LINK_OPERATION_READ_SOME, 0)) {
        return lose_all(self, data, capacity, len, deadline_ns, err);
    }
    TRY(self->inner->ops->read_some(self->inner, data, capacity, len, deadline_ns, err));
    if (fires_as(self, LINK_FAULT_FLIP, LINK_OPERATION_READ_SOME, *len)) {
        flip(self, data, *len);
    } else if (fires_as(self, LINK_FAULT_DROP, LINK_OPERATION_READ_SOME, *len)) {
        *len = drop(self, data, *len);
        if (*len == 0) { /* no bytes may be said only when the deadline has passed */
            return self->inner->ops->read_some(self->inner, data, capacity, len, deadline_ns, err);
        }
    }
    return STATUS_OK;
}

/* ---- opening and closing ---- */

static void fault_close(struct link *link)
{
    struct fault_link *self = from_link(link);

    cancel(self);
    link_close(self->inner);
    free(self);
}

static const struct link_ops fault_ops = {
    .name = "fault",
    .control = fault_control,
    .control_in = fault_control_in,
    .submit = fault_submit,
    .complete = fault_complete,
    .read_some = fault_read_some,
    .close = fault_close,
};

struct link *link_fault_create(struct link *inner, struct link_fault *fault)
{
    struct fault_link *self = mem_alloc(1, sizeof *self);

    assert(inner->queued_count == 0);
    self->base = *inner;
    self->base.ops = &fault_ops;
    self->inner = inner;
    self->fault = fault;
    rng_init(&self->rng, fault->seed, "link fault");
    return &self->base;
}
