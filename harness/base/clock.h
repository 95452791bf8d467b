/**
 * Time is a value. All waiting goes through the site's clock: on steel the monotonic clock, on the
 * virtual bench simulated nanoseconds. Nothing else in the harness calls sleep or time.
 *
 * A point in time is `deadline_ns` or `now_ns`, counted from the opening of the bench; a span is
 * `timeout_ns`. 2^64 ns are 584 years.
 */
#ifndef EVENKEEL_HARNESS_BASE_CLOCK_H
#define EVENKEEL_HARNESS_BASE_CLOCK_H

#include <stdint.h>

enum {
    NS_PER_US = 1000,
    NS_PER_MS = 1000000,
    NS_PER_S = 1000000000
};

struct clock;

struct clock_ops {
    const char *name; /* "monotonic", "virtual" */

    /** Nanoseconds since the clock was opened; never runs backwards. Required. */
    uint64_t (*now_ns)(struct clock *clock);

    /** Return no earlier than @p deadline_ns; at once when it has passed. Required. */
    void (*sleep_until_ns)(struct clock *clock, uint64_t deadline_ns);
};

struct clock {
    const struct clock_ops *ops;
};

uint64_t clock_now_ns(struct clock *clock);
void clock_sleep_until_ns(struct clock *clock, uint64_t deadline_ns);
void clock_sleep_ns(struct clock *clock, uint64_t span_ns);

/** The host's monotonic clock, starting at 0 when it is initialised. */
struct clock_monotonic {
    struct clock base;
    uint64_t start_ns;
};

void clock_monotonic_init(struct clock_monotonic *clock);

/** The calendar, for records only: milliseconds since 1970 UTC. Never used to wait or to measure.
 */
int64_t clock_wall_unix_ms(void);

#endif
