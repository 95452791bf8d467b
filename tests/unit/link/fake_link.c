#include "tests/unit/link/fake_link.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

static uint64_t fake_now_ns(struct clock *clock)
{
    return ((struct fake_clock *)clock)->now_ns;
}

static void fake_sleep_until_ns(struct clock *clock, uint64_t deadline_ns)
{
    struct fake_clock *self = (struct fake_clock *)clock;

    if (deadline_ns > self->now_ns) {
        self->now_ns = deadline_ns;
    }
}

static const struct clock_ops fake_clock_ops = {
    .name = "fake", .now_ns = fake_now_ns, .sleep_until_ns = fake_sleep_until_ns};

void fake_clock_init(struct fake_clock *clock)
{
    clock->base.ops = &fake_clock_ops;
    clock->now_ns = 0;
}

/* ---- script ---- */

static const struct script_step *next_step(struct script_link *self)
{
    ck_assert_msg(self->next < self->step_count, "more is asked of the link than the script has");
    return &self->steps[self->next++];
}

static enum status script_control(
    struct link *link, uint8_t request, uint16_t value, uint8_t index_high, struct error *err)
{
    struct script_link *self = (struct script_link *)link;
    const struct script_step *step = next_step(self);

    (void)err;
    ck_assert_msg(step->is_control, "step %zu: a control request came", self->next);
    ck_assert_uint_eq(request, step->request);
    ck_assert_uint_eq(value, step->value);
    ck_assert_uint_eq(index_high, step->index_high);
    return STATUS_OK;
}

static enum status script_control_in(struct link *link, uint8_t request, uint16_t value,
    uint16_t index, uint8_t *data, size_t len, struct error *err)
{
    TRY(script_control(link, request, value, (uint8_t)(index >> 8), err));
    memset(data, 0x5A, len);
    return STATUS_OK;
}

static enum status script_submit(struct link *link, const uint8_t *out, size_t out_len, uint8_t *in,
    size_t in_len, struct error *err)
{
    struct script_link *self = (struct script_link *)link;
    const struct script_step *step = next_step(self);
    char *text = malloc(2 * out_len + 1);
    uint8_t answer[64] = {0};

    (void)err;
    bytes_to_hex(out, out_len, text);
    ck_assert_msg(!step->is_control, "step %zu: data came", self->next);
    ck_assert_str_eq(text, step->out);
    free(text);
    size_t answer_len = step->in != NULL ? bytes_from_hex(step->in, answer, sizeof answer) : 0;
    if (in_len > 0) {
        ck_assert_uint_eq(in_len, answer_len);
        memcpy(in, answer, in_len);
    } else {
        memcpy(self->late + self->late_len, answer, answer_len);
        self->late_len += answer_len;
    }
    self->submit_count++;
    if (link->queued_count + 1 > self->queue_peak) {
        self->queue_peak = link->queued_count + 1;
    }
    return STATUS_OK;
}

static enum status script_complete(struct link *link, uint64_t deadline_ns, struct error *err)
{
    struct script_link *self = (struct script_link *)link;
    enum status status = self->fail_complete;

    self->fail_complete = STATUS_OK;
    if (status != STATUS_OK) {
        self->clock.now_ns = deadline_ns;
        return error_set(err, status, "as the script says");
    }
    return STATUS_OK;
}

static enum status script_read_some(struct link *link, uint8_t *data, size_t capacity, size_t *len,
    uint64_t deadline_ns, struct error *err)
{
    struct script_link *self = (struct script_link *)link;

    (void)err;
    *len = self->late_len < capacity ? self->late_len : capacity;
    memcpy(data, self->late, *len);
    self->late_len = 0;
    if (*len == 0) {
        self->clock.now_ns = deadline_ns;
    }
    return STATUS_OK;
}

static void script_close(struct link *link)
{
    ((struct script_link *)link)->is_closed = true;
}

static const struct link_ops script_ops = {.name = "script",
    .control = script_control,
    .control_in = script_control_in,
    .submit = script_submit,
    .complete = script_complete,
    .read_some = script_read_some,
    .close = script_close};

void script_link_init(struct script_link *link, const struct script_step *steps, size_t count)
{
    *link = (struct script_link){.steps = steps, .step_count = count};
    fake_clock_init(&link->clock);
    link->base.ops = &script_ops;
    link->base.clock = &link->clock.base;
    strcpy(link->base.origin, "SCRIPT/A");
}

/* ---- probe ---- */

static bool clock_once(struct probe_link *self, bool tdi)
{
    self->clocks++;
    return self->clock_bit(self->clock_ctx, tdi);
}

static uint8_t shift_byte(struct probe_link *self, uint8_t out, unsigned bit_count)
{
    uint8_t in = 0;

    for (unsigned i = 0; i < bit_count; i++) {
        bool tdi = (out >> i & 1) != 0;
        self->level_mask = (uint8_t)((self->level_mask & ~2) | (tdi ? 2 : 0));
        in = (uint8_t)(in >> 1 | (clock_once(self, tdi) ? 0x80 : 0));
    }
    return in;
}

/* LSB first, out on the falling edge, in on the rising: 0x19 out, 0x39 both. */
static size_t run_shift(struct probe_link *self, const uint8_t *at, size_t left)
{
    size_t len = (size_t)bytes_get_le16(at + 1) + 1;

    ck_assert_uint_ge(left, 3 + len);
    for (size_t i = 0; i < len; i++) {
        uint8_t in = shift_byte(self, at[3 + i], 8);
        if ((at[0] & 0x20) != 0) {
            buffer_append_u8(&self->ready, in);
        }
    }
    return 3 + len;
}

static size_t run_idle(struct probe_link *self, const uint8_t *at)
{
    size_t count = 8 * ((size_t)bytes_get_le16(at + 1) + 1);

    for (size_t i = 0; i < count; i++) {
        (void)clock_once(self, (self->level_mask & 2) != 0);
    }
    return 3;
}

static size_t run_pins(struct probe_link *self, const uint8_t *at)
{
    self->level_mask = at[1];
    self->direction_mask = at[2];
    if (self->pins != NULL) {
        self->pins(self->clock_ctx, at[1], at[2]);
    }
    return 3;
}

static size_t run_command(struct probe_link *self, const uint8_t *at, size_t left)
{
    switch (at[0]) {
    case 0x19:
    case 0x39:
        return run_shift(self, at, left);
    case 0x8F:
        return run_idle(self, at);
    case 0x80:
        return run_pins(self, at);
    case 0x86:
        self->divisor_raw = bytes_get_le16(at + 1);
        return 3;
    case 0x85:
    case 0x87:
    case 0x8A:
    case 0x8D:
    case 0x97:
        return 1;
    default:
        buffer_append_u8(&self->ready, 0xFA);
        buffer_append_u8(&self->ready, at[0]);
        return 1;
    }
}

static void take_ready(struct probe_link *self, uint8_t *data, size_t len)
{
    if (len > 0) {
        memcpy(data, self->ready.data, len);
        memmove(self->ready.data, self->ready.data + len, self->ready.len - len);
        self->ready.len -= len;
    }
}

static enum status probe_control(
    struct link *link, uint8_t request, uint16_t value, uint8_t index_high, struct error *err)
{
    struct probe_link *self = (struct probe_link *)link;

    (void)index_high;
    (void)err;
    if (request == 0 && value == 2) {
        buffer_reset(&self->ready);
    }
    return STATUS_OK;
}

static enum status probe_control_in(struct link *link, uint8_t request, uint16_t value,
    uint16_t index, uint8_t *data, size_t len, struct error *err)
{
    memset(data, 0, len);
    return probe_control(link, request, value, (uint8_t)index, err);
}

static enum status probe_submit(struct link *link, const uint8_t *out, size_t out_len, uint8_t *in,
    size_t in_len, struct error *err)
{
    struct probe_link *self = (struct probe_link *)link;

    (void)err;
    if (++self->transfer_count == self->fail_transfer) {
        self->is_pending_failure = true;
        return STATUS_OK;
    }
    uint64_t before_ns = probe_link_wire_ns(self);
    for (size_t at = 0; at < out_len;) {
        at += run_command(self, out + at, out_len - at);
    }
    ck_assert_uint_ge(self->ready.len, in_len);
    take_ready(self, in, in_len);
    self->out_total += out_len;
    self->in_total += in_len;
    self->round_trips += in_len > 0 ? 1u : 0u;
    self->clock.now_ns += probe_link_wire_ns(self) - before_ns;
    return STATUS_OK;
}

static enum status probe_complete(struct link *link, uint64_t deadline_ns, struct error *err)
{
    struct probe_link *self = (struct probe_link *)link;

    if (self->is_pending_failure) {
        self->is_pending_failure = false;
        self->clock.now_ns = deadline_ns;
        return error_set(err, STATUS_TIMEOUT, "no answer, as the test says");
    }
    self->clock.now_ns += 125000; /* a microframe */
    return STATUS_OK;
}

static enum status probe_read_some(struct link *link, uint8_t *data, size_t capacity, size_t *len,
    uint64_t deadline_ns, struct error *err)
{
    struct probe_link *self = (struct probe_link *)link;

    (void)err;
    *len = self->ready.len < capacity ? self->ready.len : capacity;
    take_ready(self, data, *len);
    if (*len == 0) {
        self->clock.now_ns = deadline_ns;
    }
    return STATUS_OK;
}

static void probe_close(struct link *link)
{
    probe_link_finish((struct probe_link *)link);
}

static const struct link_ops probe_ops = {.name = "probe",
    .control = probe_control,
    .control_in = probe_control_in,
    .submit = probe_submit,
    .complete = probe_complete,
    .read_some = probe_read_some,
    .close = probe_close};

void probe_link_init(struct probe_link *link, probe_clock_fn clock_bit, void *clock_ctx)
{
    *link = (struct probe_link){.clock_bit = clock_bit, .clock_ctx = clock_ctx};
    fake_clock_init(&link->clock);
    link->base.ops = &probe_ops;
    link->base.clock = &link->clock.base;
    strcpy(link->base.origin, "PROBE/B");
}

void probe_link_finish(struct probe_link *link)
{
    buffer_finish(&link->ready);
}

uint64_t probe_link_wire_ns(const struct probe_link *link)
{
    /* 60 MHz / (2 * (1 + divisor)) */
    return link->clocks * (1u + link->divisor_raw) * 100 / 3;
}
