#include "tests/unit/ftdi/mini_bench.h"

#include <stdlib.h>

static uint64_t bench_now_ns(struct clock *clock)
{
    return ((struct mini_bench *)clock)->now_ns;
}

static void bench_advance(void *ctx, uint64_t time_ns)
{
    struct mini_bench *bench = ctx;

    while (bench->now_ns < time_ns) {
        uint64_t next_ns = virtual_host_next_event_ns(bench->host);
        bench->now_ns = next_ns < time_ns ? next_ns : time_ns;
        ft4232h_advance(bench->chip, bench->now_ns);
        virtual_host_advance(bench->host, bench->now_ns);
    }
}

static void bench_sleep_until_ns(struct clock *clock, uint64_t deadline_ns)
{
    bench_advance(clock, deadline_ns);
}

static const struct clock_ops bench_clock_ops = {
    .name = "virtual", .now_ns = bench_now_ns, .sleep_until_ns = bench_sleep_until_ns};

void mini_bench_init(struct mini_bench *bench)
{
    *bench = (struct mini_bench){.clock = {.ops = &bench_clock_ops}};
    bench->chip = ft4232h_create(MINI_BENCH_SERIAL);
    bench->host = virtual_host_create(bench->chip);
    bench->time =
        (struct virtual_time){.clock = &bench->clock, .ctx = bench, .advance = bench_advance};
}

void mini_bench_finish(struct mini_bench *bench)
{
    virtual_host_destroy(bench->host);
    ft4232h_destroy(bench->chip);
}

struct link *mini_bench_open(struct mini_bench *bench, unsigned channel)
{
    struct link *link = NULL;
    enum status status =
        virtual_link_open(bench->host, &bench->time, MINI_BENCH_SERIAL, channel, NULL, &link, NULL);

    if (status != STATUS_OK) {
        abort();
    }
    return link;
}
