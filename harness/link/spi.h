/**
 * SPI devices on an MPSSE channel, each behind its own way of being selected.
 *
 *     spi_queue(dac, out, NULL, 3);  spi_queue(adc, cmd, in, 5);  spi_flush(bus, ...)
 *
 * A transfer is: select, shift, deselect. Queued transfers to any devices of one bus go out in one
 * flush, in order.
 */
#ifndef EVENKEEL_HARNESS_LINK_SPI_H
#define EVENKEEL_HARNESS_LINK_SPI_H

#include "harness/link/mpsse.h"

enum spi_mode {
    SPI_MODE_0, /* idle low, taken on the rising edge */
    SPI_MODE_1  /* idle low, taken on the falling edge */
};

/** Queues what makes one device's chip select active or inactive. */
typedef void (*spi_select_fn)(void *ctx, struct mpsse *mpsse, bool is_selected);

struct spi_device {
    struct mpsse *mpsse;
    enum spi_mode mode;
    uint32_t clock_hz; /* the fastest that chip and wiring stand */
    spi_select_fn select;
    void *select_ctx;
    char origin[32]; /* "cell 7/dac" */
};

/** Queue one transfer; @p in may be NULL and is filled by the flush. */
void spi_queue(struct spi_device *device, const uint8_t *out, uint8_t *in, size_t len);

/** Send everything queued on the device's bus; an error carries the device's origin. */
enum status spi_flush(struct spi_device *device, struct error *err);

/** spi_queue() and spi_flush(). */
enum status spi_transfer(
    struct spi_device *device, const uint8_t *out, uint8_t *in, size_t len, struct error *err);

#endif
