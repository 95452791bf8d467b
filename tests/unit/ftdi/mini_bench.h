/** The smallest bench: a clock, one chip and its USB host; time moves when somebody waits. */
#ifndef EVENKEEL_TESTS_UNIT_FTDI_MINI_BENCH_H
#define EVENKEEL_TESTS_UNIT_FTDI_MINI_BENCH_H

#include "fixtures/virtual/ftdi/virtual_link.h"

#define MINI_BENCH_SERIAL "MINI"

struct mini_bench {
    struct clock clock;
    uint64_t now_ns;
    struct ft4232h *chip;
    struct virtual_host *host;
    struct virtual_time time;
};

void mini_bench_init(struct mini_bench *bench);
void mini_bench_finish(struct mini_bench *bench);
/** Asserts that it opens. */
struct link *mini_bench_open(struct mini_bench *bench, unsigned channel);

#endif
