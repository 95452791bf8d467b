/**
 * Two links for tests. The script link expects exact bytes and answers given ones. The probe link
 * is a small MPSSE that clocks bits into whatever is wired to TDI and TDO; it shares no line with
 * the virtual FT4232H, so that the two judge the encoder apart.
 */
#ifndef EVENKEEL_TESTS_UNIT_LINK_FAKE_LINK_H
#define EVENKEEL_TESTS_UNIT_LINK_FAKE_LINK_H

#include "harness/base/bytes.h"
#include "harness/link/link.h"

#include <stdbool.h>

struct fake_clock {
    struct clock base;
    uint64_t now_ns;
};

void fake_clock_init(struct fake_clock *clock);

/* ---- script ---- */

enum {
    SCRIPT_MAX = 64
};

struct script_step {
    bool is_control;
    uint8_t request;
    uint16_t value;
    uint8_t index_high;
    const char *out; /* hexadecimal, no blanks */
    const char *in;  /* answered to a submit, or to the next read_some when in_later */
};

struct script_link {
    struct link base;
    struct fake_clock clock;
    const struct script_step *steps;
    size_t step_count;
    size_t next;
    size_t submit_count; /* transfers queued in all */
    size_t queue_peak;   /* most of them at once */
    uint8_t late[64];    /* for read_some */
    size_t late_len;
    bool is_closed;
    enum status fail_complete; /* what the next complete() returns instead of success */
};

/** @p steps are kept. A step that differs ends the test with ck_abort_msg(). */
void script_link_init(struct script_link *link, const struct script_step *steps, size_t count);

/* ---- probe ---- */

/** One clock: the level on TDI, what TDO reads at the rising edge. */
typedef bool (*probe_clock_fn)(void *ctx, bool tdi);

struct probe_link {
    struct link base;
    struct fake_clock clock;
    probe_clock_fn clock_bit;
    void *clock_ctx;
    uint16_t divisor_raw;
    uint8_t level_mask;
    uint8_t direction_mask;
    uint64_t clocks;
    size_t out_total; /* bytes, all transfers */
    size_t in_total;
    size_t round_trips;   /* transfers with something to read */
    struct buffer ready;  /* answers not yet read */
    size_t fail_transfer; /* number of the transfer, from 1, that times out; 0: none */
    size_t transfer_count;
    bool is_pending_failure;
    void (*pins)(void *ctx, uint8_t level_mask, uint8_t direction_mask); /* may be NULL */
};

void probe_link_init(struct probe_link *link, probe_clock_fn clock_bit, void *clock_ctx);
void probe_link_finish(struct probe_link *link);
/** Bench time that the clocks so far took. */
uint64_t probe_link_wire_ns(const struct probe_link *link);

#endif
