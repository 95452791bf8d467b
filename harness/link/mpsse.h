/**
 * MPSSE encoder: commands of the FTDI serial engine, queued in a buffer and sent with their reads.
 *
 * Nothing moves until mpsse_flush(). Queue as much as belongs together (24 DACs, a batch of SWD
 * words): one flush is one USB transfer in each direction. Queueing cannot fail; a read's
 * destination is kept until the flush and filled by it.
 *
 * Opcodes: FTDI AN_108; see link/README.md.
 */
#ifndef EVENKEEL_HARNESS_LINK_MPSSE_H
#define EVENKEEL_HARNESS_LINK_MPSSE_H

#include "harness/link/link.h"

#include <stdbool.h>

struct mpsse;

/** Clock edge on which bits leave and are taken; SPI mode 0 is OUT_FALLING_IN_RISING. */
enum mpsse_edges {
    MPSSE_OUT_FALLING_IN_RISING, /* idle low: modes 0; the bit is there before the first edge */
    MPSSE_OUT_RISING_IN_FALLING  /* idle low: mode 1 */
};

/**
 * Enter MPSSE mode on @p link (channel A or B) and prove it by the bad-command echo (AA -> FA AA).
 * Keeps @p link; closes it in mpsse_close(). Clock is set to 1 MHz, loopback off, no division by 5.
 * When it fails the link stays the caller's.
 * @retval STATUS_PROTOCOL the chip does not echo
 */
enum status mpsse_open(struct link *link, struct mpsse **mpsse, struct error *err);
/** Bit mode reset, closes the link. NULL is allowed. */
void mpsse_close(struct mpsse *mpsse);
struct link *mpsse_link(struct mpsse *mpsse);

/** Queue the clock divisor for at most @p hz (up to 30 MHz); nothing when it is already set. */
void mpsse_queue_clock(struct mpsse *mpsse, uint32_t hz);
/**
 * Queue three-phase clocking on or off; nothing when it is already so. A bit then takes one and a
 * half clock periods, and data stand on both sides of both clock edges: what SPI mode 1 needs,
 * since without it the engine serves modes 0 and 2 only (FTDI AN_114, section 1.2; link/README.md).
 */
void mpsse_queue_three_phases(struct mpsse *mpsse, bool is_on);
/** Clock that is set, in Hz (60 MHz / (2 * (1 + divisor))). */
uint32_t mpsse_clock_hz(const struct mpsse *mpsse);
/** Queue levels and directions (1: output) of DBUS0..7. */
void mpsse_queue_pins(struct mpsse *mpsse, uint8_t level, uint8_t direction);
/** Queue a reading of DBUS0..7 into @p pins. */
void mpsse_queue_read_pins(struct mpsse *mpsse, uint8_t *pins);
/**
 * Queue @p len bytes, MSB first. @p out NULL: read only (DO keeps its level); @p in NULL: write
 * only.
 */
void mpsse_queue_bytes(
    struct mpsse *mpsse, enum mpsse_edges edges, const uint8_t *out, uint8_t *in, size_t len);
/** The same for LSB first (SWD). */
void mpsse_queue_bytes_lsb(
    struct mpsse *mpsse, enum mpsse_edges edges, const uint8_t *out, uint8_t *in, size_t len);
/** Queue 1..8 bits, LSB first; @p out NULL or the bits in its low end; @p in gets them low-end. */
void mpsse_queue_bits_lsb(struct mpsse *mpsse, enum mpsse_edges edges, const uint8_t *out,
    uint8_t *in, unsigned bit_count);
/** Queue @p byte_count * 8 clocks with no data. */
void mpsse_queue_idle(struct mpsse *mpsse, size_t byte_count);

/** Bytes queued for the chip so far; the next flush sends them. */
size_t mpsse_queued_len(const struct mpsse *mpsse);
/** Clock periods queued so far, to know how long a batch will take on the wire. */
uint64_t mpsse_queued_clocks(const struct mpsse *mpsse);

/**
 * Send all that is queued and fill the reads. The queue is empty afterwards, whatever happened.
 *
 * When there is something to read the batch ends with the bad command AB and "send immediate": the
 * echo FA AB in its place proves that every byte before it was taken as what it was meant to be.
 * After a failure the next flush first brings the chip back in step, with the clock and pins of
 * the last good one.
 * @retval STATUS_TIMEOUT, STATUS_IO as link_complete()
 * @retval STATUS_PROTOCOL the echo is not in its place
 */
enum status mpsse_flush(struct mpsse *mpsse, uint64_t timeout_ns, struct error *err);

#endif
