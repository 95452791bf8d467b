/**
 * The link: one channel of one FTDI chip. This is the one seam between steel and model; nothing
 * above it knows which side it is on.
 *
 *      MPSSE encoder, SPI, SWD, UART           harness/link, written once
 *      ------------------------------ this contract ------------------------------
 *      libftdi1 on libusb            the virtual FT4232H (fixtures/virtual/ftdi)
 *
 * Data are the raw bytes of the chip's FIFOs; the modem-status bytes of IN packets are taken out
 * below this line. Deadlines are points on the link's clock, which is bench time.
 *
 * One thread owns a link. Functions block (they move bench time) unless they say otherwise.
 */
#ifndef EVENKEEL_HARNESS_LINK_LINK_H
#define EVENKEEL_HARNESS_LINK_LINK_H

#include "harness/base/clock.h"
#include "harness/base/error.h"
#include "harness/base/log.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LINK_TRANSFER_MAX = 65536, /* bytes of one queued transfer, each way */
    LINK_QUEUE_MAX = 8         /* transfers that may be under way at once */
};

struct link;

struct link_ops {
    const char *name; /* "usb", "virtual" */

    /**
     * Vendor request without data. @p index_high is the high byte of wIndex (baud rate divisor
     * bits; 0 otherwise), the low byte is the channel's. Takes effect in the order of the calls,
     * also against queued data. @retval STATUS_IO the device is gone or stalls the request.
     */
    enum status (*control)(
        struct link *link, uint8_t request, uint16_t value, uint8_t index_high, struct error *err);

    /** Vendor request that answers exactly @p len bytes. @retval STATUS_IO as above, or shorter */
    enum status (*control_in)(struct link *link, uint8_t request, uint16_t value, uint16_t index,
        uint8_t *data, size_t len, struct error *err);

    /**
     * Queue @p out_len bytes to write together with a read of exactly @p in_len bytes; returns
     * without waiting. Either length may be 0. @p in is kept until the transfer is completed;
     * @p out is not. Transfers complete in the order they were queued.
     * @retval STATUS_RANGE a length above LINK_TRANSFER_MAX, or LINK_QUEUE_MAX are under way
     */
    enum status (*submit)(struct link *link, const uint8_t *out, size_t out_len, uint8_t *in,
        size_t in_len, struct error *err);

    /**
     * Wait for the oldest queued transfer.
     * @retval STATUS_TIMEOUT not done at @p deadline_ns; it and all after it are cancelled
     * @retval STATUS_IO      the device is gone; all queued transfers are cancelled
     */
    enum status (*complete)(struct link *link, uint64_t deadline_ns, struct error *err);

    /**
     * Take what has arrived, at most @p capacity bytes, waiting for the first byte until
     * @p deadline_ns. No transfer may be queued. Nothing by then: STATUS_OK and *len 0, since
     * silence is an answer on a serial line.
     */
    enum status (*read_some)(struct link *link, uint8_t *data, size_t capacity, size_t *len,
        uint64_t deadline_ns, struct error *err);

    /** Bit mode back to reset, then let go of the channel and free it. Called exactly once. */
    void (*close)(struct link *link);
};

struct link {
    const struct link_ops *ops;
    struct clock *clock; /* borrowed from the bench */
    struct log *log;     /* borrowed; NULL: silent */
    char serial[32];     /* of the chip: devices are found by serial number, never by index */
    unsigned channel;    /* 0 is A ... 3 is D */
    char origin[32];     /* "CB24-0001/B", for errors and the log */
    size_t queued_count; /* transfers under way; kept by the thin callers */

    /* What the queued transfers read, oldest first: for the `wire` lines. Thin callers only. */
    struct {
        const uint8_t *data;
        size_t len;
    } queued[LINK_QUEUE_MAX];
};

/*
 * Open one channel by the chip's serial number: see link_ftdi_open() in link_ftdi.h (steel) and
 * virtual_link_open() in fixtures/virtual/ftdi/virtual_link.h (model). Both leave the channel in
 * bit mode reset with both FIFOs purged and a latency timer of 1 ms.
 */

/* Thin callers: they check arguments, write `wire` lines and fill the error's origin. */

enum status link_control(
    struct link *link, uint8_t request, uint16_t value, uint8_t index_high, struct error *err);
enum status link_control_in(struct link *link, uint8_t request, uint16_t value, uint16_t index,
    uint8_t *data, size_t len, struct error *err);
enum status link_submit(struct link *link, const uint8_t *out, size_t out_len, uint8_t *in,
    size_t in_len, struct error *err);
enum status link_complete(struct link *link, uint64_t deadline_ns, struct error *err);
enum status link_read_some(struct link *link, uint8_t *data, size_t capacity, size_t *len,
    uint64_t deadline_ns, struct error *err);

/**
 * Queue one transfer of any length in pieces and wait for all of it. Both directions are cut into
 * the same number of pieces; what answers a piece must come no later than LINK_QUEUE_MAX pieces on.
 */
enum status link_exchange(struct link *link, const uint8_t *out, size_t out_len, uint8_t *in,
    size_t in_len, uint64_t deadline_ns, struct error *err);

/** Purge both FIFOs. */
enum status link_purge(struct link *link, struct error *err);

/** NULL is allowed. */
void link_close(struct link *link);

#endif
