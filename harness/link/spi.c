#include "harness/link/spi.h"

#include "harness/base/mem.h"

#include <stdlib.h>

enum {
    FLUSH_TIMEOUT_NS = 1000000000 /* on top of twice the time on the wire */
};

/* Mode 0: data stand around the rising edge, which is what the engine does by itself. */
static void queue_mode_0(struct spi_device *device, const uint8_t *out, uint8_t *in, size_t len)
{
    mpsse_queue_three_phases(device->mpsse, false);
    mpsse_queue_clock(device->mpsse, device->clock_hz);
    device->select(device->select_ctx, device->mpsse, true);
    mpsse_queue_bytes(device->mpsse, MPSSE_OUT_FALLING_IN_RISING, out, in, len);
    device->select(device->select_ctx, device->mpsse, false);
}

/*
 * Mode 1: three phases hold the data across the falling edge; a bit takes one and a half periods,
 * so the clock is set half as fast again. A read sends zeros: the duplex opcode is the one whose
 * edges are proven with three phases.
 */
static void queue_mode_1(struct spi_device *device, const uint8_t *out, uint8_t *in, size_t len)
{
    uint8_t *zeros = out == NULL ? mem_alloc(len, 1) : NULL;

    mpsse_queue_three_phases(device->mpsse, true);
    mpsse_queue_clock(device->mpsse, device->clock_hz / 2 * 3);
    device->select(device->select_ctx, device->mpsse, true);
    mpsse_queue_bytes(
        device->mpsse, MPSSE_OUT_RISING_IN_FALLING, out != NULL ? out : zeros, in, len);
    device->select(device->select_ctx, device->mpsse, false);
    free(zeros);
}

void spi_queue(struct spi_device *device, const uint8_t *out, uint8_t *in, size_t len)
{
    if (device->mode == SPI_MODE_0) {
        queue_mode_0(device, out, in, len);
    } else {
        queue_mode_1(device, out, in, len);
    }
}

enum status spi_flush(struct spi_device *device, struct error *err)
{
    struct mpsse *mpsse = device->mpsse;
    uint64_t clock_ns = 1 + NS_PER_S / mpsse_clock_hz(mpsse);
    enum status status =
        mpsse_flush(mpsse, FLUSH_TIMEOUT_NS + 2 * clock_ns * mpsse_queued_clocks(mpsse), err);

    return status == STATUS_OK ? STATUS_OK : error_from(err, status, "%s", device->origin);
}

enum status spi_transfer(
    struct spi_device *device, const uint8_t *out, uint8_t *in, size_t len, struct error *err)
{
    spi_queue(device, out, in, len);
    return spi_flush(device, err);
}
