/**
 * A debug port with one MEM-AP, bit by bit, with one disturbance at a chosen transfer. Written from
 * ADIv5.2 for these tests alone.
 */
#ifndef EVENKEEL_TESTS_UNIT_LINK_SWD_MODEL_H
#define EVENKEEL_TESTS_UNIT_LINK_SWD_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum swd_trouble {
    SWD_TROUBLE_NONE,
    SWD_TROUBLE_WAIT,        /* WAIT; not performed */
    SWD_TROUBLE_SILENCE,     /* no ACK, not performed, out of step until a line reset */
    SWD_TROUBLE_LOST_ACK,    /* performed, but nothing is heard of it, then out of step */
    SWD_TROUBLE_READ_PARITY, /* read data with a flipped parity bit */
    SWD_TROUBLE_READ_DATA,   /* read data with a flipped data bit */
    SWD_TROUBLE_WRITE_DATA,  /* written data arrive with a flipped bit: WDATAERR */
    SWD_TROUBLE_BUS,         /* the AP access fails on the bus: STICKYERR */
    SWD_TROUBLE_COUNT
};

/** The memory behind the AP. @return false: bus error */
struct swd_memory {
    void *ctx;
    bool (*read)(void *ctx, uint32_t address, uint32_t *value);
    bool (*write)(void *ctx, uint32_t address, uint32_t value);
};

struct swd_model {
    struct swd_memory memory;
    bool is_dead; /* answers nothing, ever */
    bool is_held; /* NRST is low (of no consequence for the debug port) */

    enum swd_trouble trouble;
    size_t trouble_at;     /* transfer number, from 0, counted since it was armed */
    size_t trouble_length; /* how many transfers in a row */
    size_t transfer_count;
    size_t line_reset_count;

    /* wire */
    unsigned ones;
    bool is_locked; /* protocol error: deaf until a line reset */
    bool must_read_dpidr;
    unsigned bit_index; /* in the transfer; 0: idle */
    uint8_t request;
    unsigned ack;
    bool is_silent;
    uint64_t shifter;
    uint32_t read_data;
    bool read_parity;
    enum swd_trouble now; /* of the transfer under way */

    /* registers */
    uint32_t ctrl_stat;
    uint32_t select;
    uint32_t posted;
    uint32_t csw;
    uint32_t tar;
    bool has_failed; /* the last AP access; shows with the next transfer */
};

void swd_model_init(struct swd_model *model, const struct swd_memory *memory);
/** Disturb transfer @p at (0 is the next one) and the @p length - 1 after it. */
void swd_model_arm(struct swd_model *model, enum swd_trouble trouble, size_t at, size_t length);
/** One clock; fits probe_clock_fn. */
bool swd_model_clock(void *ctx, bool tdi);

#endif
