/** An SPI master for tests: bytes to edges in any mode, sampling as a master of that mode does. */
#ifndef EVENKEEL_TESTS_UNIT_CHIPS_SPI_MASTER_H
#define EVENKEEL_TESTS_UNIT_CHIPS_SPI_MASTER_H

#include "fixtures/virtual/chips/spi_slave.h"

#include <stddef.h>

struct spi_master {
    struct spi_slave *slave;
    bool cpol, cpha;
    uint64_t now_ns;
    uint64_t half_ns; /* half a clock period */
};

static inline bool spi_master_sample(struct spi_master *master)
{
    /* a floating line is pulled up */
    return master->slave->ops->miso(master->slave, master->now_ns) != WIRE_LOW;
}

static inline void spi_master_select(struct spi_master *master, bool is_selected)
{
    master->now_ns += master->half_ns;
    master->slave->ops->select(master->slave, master->now_ns, is_selected);
    master->now_ns += master->half_ns;
}

/* One bit: leading edge, trailing edge. What is sampled is what stood just before the edge. */
static inline bool spi_master_bit(struct spi_master *master, bool out)
{
    const struct spi_slave_ops *ops = master->slave->ops;

    master->now_ns += master->half_ns;
    bool in = spi_master_sample(master);
    ops->clock(master->slave, master->now_ns, !master->cpol, out);
    master->now_ns += master->half_ns;
    if (master->cpha) {
        in = spi_master_sample(master);
    }
    ops->clock(master->slave, master->now_ns, master->cpol, out);
    return in;
}

static inline uint8_t spi_master_byte(struct spi_master *master, uint8_t out)
{
    uint8_t in = 0;

    for (int bit = 7; bit >= 0; bit--) {
        in = (uint8_t)(in << 1 | (spi_master_bit(master, (out >> bit & 1) != 0) ? 1 : 0));
    }
    return in;
}

/* Select, exchange, deselect. @p in may be NULL. */
static inline void spi_master_frame(
    struct spi_master *master, const uint8_t *out, uint8_t *in, size_t len)
{
    spi_master_select(master, true);
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = spi_master_byte(master, out[i]);
        if (in != NULL) {
            in[i] = byte;
        }
    }
    spi_master_select(master, false);
}

#endif
