#include "tests/unit/ftdi/raw_bench.h"

#include "harness/link/ftdi_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(enum status status, const struct error *err)
{
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "%s: %s\n", err->origin, err->text);
        abort();
    }
}

struct virtual_bench *raw_bench_create(const char *const *faults, size_t fault_count)
{
    struct virtual_bench_config config = {
        .product = "ek-24s4eb", .seed = 7, .faults = faults, .fault_count = fault_count};
    struct virtual_bench *bench = NULL;
    struct error err;

    must(virtual_bench_create(&config, &bench, &err), &err);
    return bench;
}

void raw_bench_exchange(struct link *link, const char *hex, uint8_t *in, size_t in_len)
{
    uint8_t out[1024];
    size_t len = 0;
    struct error err;

    for (const char *at = hex; *at != '\0'; at += *at == ' ' ? 1 : 2) {
        if (*at != ' ') {
            len += bytes_from_hex((const char[3]){at[0], at[1], '\0'}, out + len, 1);
        }
    }
    out[len++] = 0x87;
    must(link_exchange(link, out, len, in, in_len, clock_now_ns(link->clock) + NS_PER_S, &err),
        &err);
}

struct link *raw_bench_open_mpsse(struct virtual_bench *bench, unsigned channel)
{
    struct link *link = NULL;
    struct error err;
    uint8_t echo[2];

    must(virtual_bench_open_link(bench, "CB24-VIRTUAL", channel, &link, &err), &err);
    must(link_control(link, FTDI_REQUEST_BITMODE, FTDI_BITMODE_MPSSE << 8, 0, &err), &err);
    raw_bench_exchange(link, "8A 97 8D 86 1D 00 AA", echo, 2);
    if (memcmp(echo, "\xFA\xAA", 2) != 0) {
        abort();
    }
    return link;
}

void raw_bench_select(struct link *spi, uint8_t latch_raw)
{
    char hex[64];

    (void)snprintf(
        hex, sizeof hex, "80 08 1B 11 00 00 %02X 80 18 1B 80 08 1B", (unsigned)latch_raw);
    raw_bench_exchange(spi, hex, NULL, 0);
}

void raw_bench_set_dacs(struct virtual_bench *bench, struct link *spi, uint16_t code_raw)
{
    char hex[128];

    raw_bench_select(spi, RAW_SELECT_BROADCAST | RAW_SELECT_DAC);
    /* AD5683R: control register (4) with gain x2 (DB15), then write input and DAC register (3) */
    (void)snprintf(hex, sizeof hex,
        "80 00 1B 10 02 00 40 80 00 80 08 1B 80 00 1B 10 02 00 %02X %02X %02X 80 08 1B",
        0x30u | (unsigned)(code_raw >> 12), (unsigned)(code_raw >> 4 & 0xFF),
        (unsigned)(code_raw << 4 & 0xF0));
    raw_bench_exchange(spi, hex, NULL, 0);
    clock_sleep_ns(virtual_bench_clock(bench), 10 * NS_PER_MS);
}

uint64_t raw_bench_read_dpidr(struct link *swd)
{
    uint8_t in[5] = {0};
    uint64_t bits = 0;

    raw_bench_exchange(swd,
        "80 10 03 19 06 00 FF FF FF FF FF FF FF 19 01 00 9E E7 " /* reset, JTAG to SWD */
        "19 06 00 FF FF FF FF FF FF FF 19 00 00 00 "             /* reset, idle */
        "19 00 00 A5 80 10 01 28 04 00",                         /* read DP 0, listen */
        in, sizeof in);
    for (unsigned i = 0; i < sizeof in; i++) {
        bits |= (uint64_t)in[i] << (8 * i);
    }
    return bits;
}
