/** The assembled virtual bench, spoken to in raw MPSSE bytes: no driver in between. */
#ifndef EVENKEEL_TESTS_UNIT_FTDI_RAW_BENCH_H
#define EVENKEEL_TESTS_UNIT_FTDI_RAW_BENCH_H

#include "fixtures/virtual/bench.h"
#include "harness/base/bytes.h"

/** What the latch on channel A selects: fixtures/cb24/README.md. */
enum {
    RAW_SELECT_DAC = 0x20,
    RAW_SELECT_EEPROM = 0x60,
    RAW_SELECT_BROADCAST = 0x80
};

/** Aborts when it cannot be made. */
struct virtual_bench *raw_bench_create(const char *const *faults, size_t fault_count);
/** Channel @p channel in MPSSE mode at 1 MHz, aborts when it cannot be opened. */
struct link *raw_bench_open_mpsse(struct virtual_bench *bench, unsigned channel);
/** Hexadecimal commands out, @p in_len bytes in; aborts when they do not come. */
void raw_bench_exchange(struct link *link, const char *hex, uint8_t *in, size_t in_len);
/** Put @p latch_raw into the select latch. */
void raw_bench_select(struct link *spi, uint8_t latch_raw);
/** The DACs of all cards to @p code_raw at gain 2 (5 V full scale), and time to settle. */
void raw_bench_set_dacs(struct virtual_bench *bench, struct link *spi, uint16_t code_raw);

/** Line reset, switch to SWD, line reset, read DPIDR: the 40 bits after the request. */
uint64_t raw_bench_read_dpidr(struct link *swd);

#endif
