#define _POSIX_C_SOURCE 200809L
#include "harness/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

uint64_t clock_now_ns(struct clock *clock)
{
    return clock->ops->now_ns(clock);
}

void clock_sleep_until_ns(struct clock *clock, uint64_t deadline_ns)
{
    clock->ops->sleep_until_ns(clock, deadline_ns);
}

void clock_sleep_ns(struct clock *clock, uint64_t span_ns)
{
    clock_sleep_until_ns(clock, clock_now_ns(clock) + span_ns);
}

static uint64_t host_now_ns(void)
{
    struct timespec now;
    int result = clock_gettime(CLOCK_MONOTONIC, &now);

    assert(result == 0);
    (void)result;
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static const struct clock_ops monotonic_ops;

static struct clock_monotonic *from_clock(struct clock *clock)
{
    assert(clock->ops == &monotonic_ops);
    return (struct clock_monotonic *)clock;
}

static uint64_t monotonic_now_ns(struct clock *clock)
{
    return host_now_ns() - from_clock(clock)->start_ns;
}

static void monotonic_sleep_until_ns(struct clock *clock, uint64_t deadline_ns)
{
    uint64_t host_ns = deadline_ns + from_clock(clock)->start_ns;
    struct timespec until = {
        .tv_sec = (time_t)(host_ns / NS_PER_S),
        .tv_nsec = (long)(host_ns % NS_PER_S),
    };

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}

static const struct clock_ops monotonic_ops = {
    .name = "monotonic",
    .now_ns = monotonic_now_ns,
    .sleep_until_ns = monotonic_sleep_until_ns,
};

void clock_monotonic_init(struct clock_monotonic *clock)
{
    clock->base.ops = &monotonic_ops;
    clock->start_ns = host_now_ns();
}

int64_t clock_wall_unix_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
