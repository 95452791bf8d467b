/*
 * Commands go into one buffer of bytes; reads are remembered with where their answer goes. The
 * buffer is cut at command boundaries into pieces of at most LINK_TRANSFER_MAX bytes each way, each
 * with exactly the answers of its own commands, so that pieces can be under way together.
 *
 *     out   | command command command | command command | AB 87
 *     in    | answers                 | answers         | FA AB
 *     piece   0                         1
 *
 * Source of the opcodes: FTDI AN_108 "Command Processor for MPSSE", sections 3.2 to 3.8.
 */
#include "harness/link/mpsse.h"

#include "harness/base/bytes.h"
#include "harness/base/mem.h"
#include "harness/link/ftdi_request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum mpsse_opcode {
    MPSSE_SHIFT_OUT_FALLING = 0x01, /* bits of the data shifting opcodes */
    MPSSE_SHIFT_BITS = 0x02,
    MPSSE_SHIFT_IN_FALLING = 0x04,
    MPSSE_SHIFT_LSB_FIRST = 0x08,
    MPSSE_SHIFT_OUT = 0x10,
    MPSSE_SHIFT_IN = 0x20,
    MPSSE_SET_PINS_LOW = 0x80,
    MPSSE_READ_PINS_LOW = 0x81,
    MPSSE_LOOPBACK_OFF = 0x85,
    MPSSE_SET_DIVISOR = 0x86,
    MPSSE_SEND_IMMEDIATE = 0x87,
    MPSSE_DIVIDE_BY_5_OFF = 0x8A,
    MPSSE_THREE_PHASES_ON = 0x8C,
    MPSSE_THREE_PHASES_OFF = 0x8D,
    MPSSE_CLOCK_BYTES = 0x8F,
    MPSSE_ADAPTIVE_OFF = 0x97,
    MPSSE_BAD_COMMAND = 0xFA, /* first byte of the echo */
    MPSSE_PROBE = 0xAA,       /* no command: the chip echoes FA AA */
    MPSSE_MARK = 0xAB         /* no command: the chip echoes FA AB */
};

enum {
    SHIFT_MAX = 65528,          /* bytes of one command, so that it fits a transfer */
    CLOCK_BYTES_MAX = 65536,    /* of one "clock without data" command */
    CLOCK_MAX_HZ = 30000000,    /* 60 MHz / 2 */
    CLOCK_START_HZ = 1000000,   /* after mpsse_open() */
    ECHO_TIMEOUT_NS = 100000000 /* the chip answers within its latency timer of 1 ms */
};

struct read_slot {
    uint8_t *to;
    size_t len;
    unsigned bit_count; /* 1 .. 8: bits, in the high end of one byte; 0: whole bytes */
};

struct piece {
    size_t out_start;
    size_t in_start;
};

/* What the chip is set to. */
struct setting {
    uint16_t divisor_raw;
    uint8_t level_mask;
    uint8_t direction_mask;
    bool has_pins;         /* level and direction were ever sent */
    bool has_three_phases; /* each bit takes one and a half clock periods */
};

struct mpsse {
    struct link *link;
    struct buffer out;
    struct buffer in;
    struct read_slot *reads;
    size_t read_count;
    size_t read_capacity;
    struct piece *pieces;
    size_t piece_count;
    size_t piece_capacity;
    size_t in_len;
    uint64_t clocks;
    struct setting queued; /* at the end of the queue */
    struct setting proven; /* after the last flush that succeeded */
    bool is_out_of_step;
};

struct link *mpsse_link(struct mpsse *mpsse)
{
    return mpsse->link;
}

size_t mpsse_queued_len(const struct mpsse *mpsse)
{
    return mpsse->out.len;
}

uint64_t mpsse_queued_clocks(const struct mpsse *mpsse)
{
    return mpsse->clocks;
}

static void queue_reset(struct mpsse *mpsse)
{
    buffer_reset(&mpsse->out);
    mpsse->read_count = 0;
    mpsse->piece_count = 0;
    mpsse->in_len = 0;
    mpsse->clocks = 0;
}

/* Room for one whole command; a new piece when it does not fit the one that is being filled. */
static uint8_t *command(struct mpsse *mpsse, size_t out_len, size_t in_len)
{
    const struct piece *last = &mpsse->pieces[mpsse->piece_count - (mpsse->piece_count > 0)];

    if (mpsse->piece_count == 0 || mpsse->out.len + out_len - last->out_start > LINK_TRANSFER_MAX ||
        mpsse->in_len + in_len - last->in_start > LINK_TRANSFER_MAX) {
        if (mpsse->piece_count == mpsse->piece_capacity) {
            mpsse->piece_capacity = 2 * mpsse->piece_capacity + 4;
            mpsse->pieces =
                mem_resize(mpsse->pieces, mpsse->piece_capacity, sizeof mpsse->pieces[0]);
        }
        mpsse->pieces[mpsse->piece_count++] =
            (struct piece){.out_start = mpsse->out.len, .in_start = mpsse->in_len};
    }
    return buffer_grow(&mpsse->out, out_len);
}

static void add_read(struct mpsse *mpsse, uint8_t *to, size_t len, unsigned bit_count)
{
    if (mpsse->read_count == mpsse->read_capacity) {
        mpsse->read_capacity = 2 * mpsse->read_capacity + 16;
        mpsse->reads = mem_resize(mpsse->reads, mpsse->read_capacity, sizeof mpsse->reads[0]);
    }
    mpsse->reads[mpsse->read_count++] =
        (struct read_slot){.to = to, .len = len, .bit_count = bit_count};
    mpsse->in_len += len;
}

static void queue_divisor(struct mpsse *mpsse, uint16_t divisor_raw)
{
    uint8_t *at = command(mpsse, 3, 0);

    at[0] = MPSSE_SET_DIVISOR;
    bytes_put_le16(at + 1, divisor_raw);
    mpsse->queued.divisor_raw = divisor_raw;
}

static uint16_t divisor_of(uint32_t hz)
{
    assert(hz > 0);
    if (hz >= CLOCK_MAX_HZ) {
        return 0;
    }
    uint32_t divisor = (CLOCK_MAX_HZ + hz - 1) / hz - 1;
    return divisor > UINT16_MAX ? UINT16_MAX : (uint16_t)divisor;
}

void mpsse_queue_clock(struct mpsse *mpsse, uint32_t hz)
{
    uint16_t divisor_raw = divisor_of(hz);

    if (divisor_raw != mpsse->queued.divisor_raw) {
        queue_divisor(mpsse, divisor_raw);
    }
}

void mpsse_queue_three_phases(struct mpsse *mpsse, bool is_on)
{
    if (is_on != mpsse->queued.has_three_phases) {
        *command(mpsse, 1, 0) = is_on ? MPSSE_THREE_PHASES_ON : MPSSE_THREE_PHASES_OFF;
        mpsse->queued.has_three_phases = is_on;
    }
}

uint32_t mpsse_clock_hz(const struct mpsse *mpsse)
{
    return CLOCK_MAX_HZ / (1u + mpsse->queued.divisor_raw);
}

void mpsse_queue_pins(struct mpsse *mpsse, uint8_t level, uint8_t direction)
{
    uint8_t *at = command(mpsse, 3, 0);

    at[0] = MPSSE_SET_PINS_LOW;
    at[1] = level;
    at[2] = direction;
    mpsse->queued.level_mask = level;
    mpsse->queued.direction_mask = direction;
    mpsse->queued.has_pins = true;
}

void mpsse_queue_read_pins(struct mpsse *mpsse, uint8_t *pins)
{
    *command(mpsse, 1, 1) = MPSSE_READ_PINS_LOW;
    add_read(mpsse, pins, 1, 0);
}

static uint8_t shift_opcode(enum mpsse_edges edges, bool has_out, bool has_in)
{
    unsigned opcode = 0;

    if (has_out) {
        opcode |= MPSSE_SHIFT_OUT;
        opcode |= edges == MPSSE_OUT_FALLING_IN_RISING ? (unsigned)MPSSE_SHIFT_OUT_FALLING : 0u;
    }
    if (has_in) {
        opcode |= MPSSE_SHIFT_IN;
        opcode |= edges == MPSSE_OUT_RISING_IN_FALLING ? (unsigned)MPSSE_SHIFT_IN_FALLING : 0u;
    }
    return (uint8_t)opcode;
}

static void queue_shift(
    struct mpsse *mpsse, uint8_t opcode, const uint8_t *out, uint8_t *in, size_t len)
{
    uint8_t *at = command(mpsse, 3 + (out != NULL ? len : 0), in != NULL ? len : 0);

    at[0] = opcode;
    bytes_put_le16(at + 1, (uint16_t)(len - 1));
    if (out != NULL) {
        memcpy(at + 3, out, len);
    }
    if (in != NULL) {
        add_read(mpsse, in, len, 0);
    }
    mpsse->clocks += (mpsse->queued.has_three_phases ? 12 : 8) * (uint64_t)len;
}

static void queue_bytes(
    struct mpsse *mpsse, uint8_t opcode, const uint8_t *out, uint8_t *in, size_t len)
{
    assert(out != NULL || in != NULL);
    for (size_t at = 0; at < len; at += SHIFT_MAX) {
        size_t now = len - at < SHIFT_MAX ? len - at : SHIFT_MAX;
        queue_shift(mpsse, opcode, out != NULL ? out + at : NULL, in != NULL ? in + at : NULL, now);
    }
}

void mpsse_queue_bytes(
    struct mpsse *mpsse, enum mpsse_edges edges, const uint8_t *out, uint8_t *in, size_t len)
{
    queue_bytes(mpsse, shift_opcode(edges, out != NULL, in != NULL), out, in, len);
}

void mpsse_queue_bytes_lsb(
    struct mpsse *mpsse, enum mpsse_edges edges, const uint8_t *out, uint8_t *in, size_t len)
{
    uint8_t opcode = shift_opcode(edges, out != NULL, in != NULL);

    queue_bytes(mpsse, opcode | MPSSE_SHIFT_LSB_FIRST, out, in, len);
}

void mpsse_queue_bits_lsb(struct mpsse *mpsse, enum mpsse_edges edges, const uint8_t *out,
    uint8_t *in, unsigned bit_count)
{
    assert(bit_count >= 1 && bit_count <= 8 && (out != NULL || in != NULL));
    uint8_t *at = command(mpsse, out != NULL ? 3 : 2, in != NULL ? 1 : 0);

    at[0] = shift_opcode(edges, out != NULL, in != NULL) | MPSSE_SHIFT_LSB_FIRST | MPSSE_SHIFT_BITS;
    at[1] = (uint8_t)(bit_count - 1);
    if (out != NULL) {
        at[2] = *out;
    }
    if (in != NULL) {
        add_read(mpsse, in, 1, bit_count);
    }
    mpsse->clocks += bit_count;
}

void mpsse_queue_idle(struct mpsse *mpsse, size_t byte_count)
{
    for (size_t at = 0; at < byte_count; at += CLOCK_BYTES_MAX) {
        size_t now = byte_count - at < CLOCK_BYTES_MAX ? byte_count - at : CLOCK_BYTES_MAX;
        uint8_t *to = command(mpsse, 3, 0);
        to[0] = MPSSE_CLOCK_BYTES;
        bytes_put_le16(to + 1, (uint16_t)(now - 1));
        mpsse->clocks += 8 * (uint64_t)now;
    }
}

/* Submit each piece, keeping as many under way as the link allows, and wait for all of them. */
static enum status exchange(struct mpsse *mpsse, uint64_t deadline_ns, struct error *err)
{
    struct link *link = mpsse->link;

    for (size_t i = 0; i < mpsse->piece_count; i++) {
        bool is_last = i + 1 == mpsse->piece_count;
        const struct piece *piece = &mpsse->pieces[i];
        size_t out_end = is_last ? mpsse->out.len : piece[1].out_start;
        size_t in_end = is_last ? mpsse->in_len : piece[1].in_start;
        if (link->queued_count == LINK_QUEUE_MAX) {
            TRY(link_complete(link, deadline_ns, err));
        }
        TRY(link_submit(link, mpsse->out.data + piece->out_start, out_end - piece->out_start,
            mpsse->in.data + piece->in_start, in_end - piece->in_start, err));
    }
    while (link->queued_count > 0) {
        TRY(link_complete(link, deadline_ns, err));
    }
    return STATUS_OK;
}

static void deliver(struct mpsse *mpsse)
{
    const uint8_t *from = mpsse->in.data;

    for (size_t i = 0; i < mpsse->read_count; i++) {
        const struct read_slot *slot = &mpsse->reads[i];
        if (slot->bit_count > 0) {
            *slot->to = (uint8_t)(*from >> (8 - slot->bit_count));
        } else {
            memcpy(slot->to, from, slot->len);
        }
        from += slot->len;
    }
}

static enum status send_and_check(struct mpsse *mpsse, uint64_t deadline_ns, struct error *err)
{
    uint8_t mark[2] = {0, 0};

    if (mpsse->in_len > 0) {
        uint8_t *at = command(mpsse, 2, sizeof mark);
        at[0] = MPSSE_MARK;
        at[1] = MPSSE_SEND_IMMEDIATE;
        add_read(mpsse, mark, sizeof mark, 0);
    }
    buffer_reset(&mpsse->in);
    (void)buffer_grow(&mpsse->in, mpsse->in_len);
    TRY(exchange(mpsse, deadline_ns, err));
    if (mpsse->in_len > 0) {
        deliver(mpsse);
        if (mark[0] != MPSSE_BAD_COMMAND || mark[1] != MPSSE_MARK) {
            return error_from(err,
                error_set(err, STATUS_PROTOCOL,
                    "sent a batch of %zu bytes ending in the mark AB, its answer ends in %02X %02X "
                    "instead of FA AB",
                    mpsse->out.len, (unsigned)mark[0], (unsigned)mark[1]),
                "%s", mpsse->link->origin);
        }
    }
    return STATUS_OK;
}

/* The chip answers a bad command with FA and the command; what lies in the FIFO before is old. */
static enum status expect_echo(struct mpsse *mpsse, struct error *err)
{
    static const uint8_t probe = MPSSE_PROBE;
    struct link *link = mpsse->link;
    uint64_t deadline_ns = clock_now_ns(link->clock) + ECHO_TIMEOUT_NS;
    uint8_t last[2] = {0, 0};
    size_t count = 0;

    TRY(link_exchange(link, &probe, 1, NULL, 0, deadline_ns, err));
    for (;;) {
        uint8_t data[64];
        size_t len;
        TRY(link_read_some(link, data, sizeof data, &len, deadline_ns, err));
        for (size_t i = 0; i < len; i++) {
            last[0] = last[1];
            last[1] = data[i];
        }
        count += len;
        if (last[0] == MPSSE_BAD_COMMAND && last[1] == MPSSE_PROBE) {
            return STATUS_OK;
        }
        if (len == 0) {
            break;
        }
    }
    return error_from(err,
        error_set(err, STATUS_PROTOCOL,
            "sent the bad command AA, expected the echo FA AA, got %zu bytes ending in %02X %02X",
            count, (unsigned)last[0], (unsigned)last[1]),
        "%s", link->origin);
}

/* From any state into MPSSE mode with an empty engine and the @p setting given. */
static enum status get_in_step(
    struct mpsse *mpsse, const struct setting *setting, struct error *err)
{
    struct link *link = mpsse->link;
    uint8_t phases = setting->has_three_phases ? MPSSE_THREE_PHASES_ON : MPSSE_THREE_PHASES_OFF;
    uint8_t setup[] = {MPSSE_DIVIDE_BY_5_OFF, MPSSE_ADAPTIVE_OFF, phases, MPSSE_LOOPBACK_OFF,
        MPSSE_SET_DIVISOR, (uint8_t)setting->divisor_raw, (uint8_t)(setting->divisor_raw >> 8),
        MPSSE_SET_PINS_LOW, setting->level_mask, setting->direction_mask};
    size_t len = setting->has_pins ? sizeof setup : sizeof setup - 3;

    TRY(link_control(link, FTDI_REQUEST_BITMODE, FTDI_BITMODE_RESET << 8, 0, err));
    TRY(link_purge(link, err));
    TRY(link_control(link, FTDI_REQUEST_BITMODE, FTDI_BITMODE_MPSSE << 8, 0, err));
    TRY(expect_echo(mpsse, err));
    return link_exchange(
        link, setup, len, NULL, 0, clock_now_ns(link->clock) + ECHO_TIMEOUT_NS, err);
}

enum status mpsse_flush(struct mpsse *mpsse, uint64_t timeout_ns, struct error *err)
{
    enum status status = STATUS_OK;

    if (mpsse->out.len == 0) {
        return STATUS_OK;
    }
    if (mpsse->is_out_of_step) {
        status = get_in_step(mpsse, &mpsse->proven, err);
    }
    if (status == STATUS_OK) {
        uint64_t deadline_ns = clock_now_ns(mpsse->link->clock) + timeout_ns;
        status = send_and_check(mpsse, deadline_ns, err);
    }
    mpsse->is_out_of_step = status != STATUS_OK;
    if (status == STATUS_OK) {
        mpsse->proven = mpsse->queued;
    } else {
        mpsse->queued = mpsse->proven;
    }
    queue_reset(mpsse);
    return status;
}

static void mpsse_free(struct mpsse *mpsse)
{
    buffer_finish(&mpsse->out);
    buffer_finish(&mpsse->in);
    free(mpsse->reads);
    free(mpsse->pieces);
    free(mpsse);
}

enum status mpsse_open(struct link *link, struct mpsse **mpsse, struct error *err)
{
    struct mpsse *self = mem_alloc(1, sizeof *self);

    self->link = link;
    self->pieces = mem_alloc(4, sizeof self->pieces[0]);
    self->piece_capacity = 4;
    self->proven.divisor_raw = divisor_of(CLOCK_START_HZ);
    self->queued = self->proven;
    enum status status = get_in_step(self, &self->proven, err);
    if (status != STATUS_OK) {
        mpsse_free(self);
        return status;
    }
    *mpsse = self;
    return STATUS_OK;
}

void mpsse_close(struct mpsse *mpsse)
{
    if (mpsse == NULL) {
        return;
    }
    (void)link_control(mpsse->link, FTDI_REQUEST_BITMODE, FTDI_BITMODE_RESET << 8, 0, NULL);
    link_close(mpsse->link);
    mpsse_free(mpsse);
}
