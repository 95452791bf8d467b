/**
 * Serial wire debug through MPSSE: packed transfers of fixed length with all ACKs checked after
 * the batch.
 *
 * With ORUNDETECT set the data phase always happens (ADIv5.2 B4.2.3), so each transfer is 46 clocks
 * plus idle, packed into whole bytes and shifted full duplex. Queue reads and writes, then flush;
 * on WAIT the flush clears the sticky overrun and repeats from the first transfer that was not
 * taken; on no ACK it resets the line first.
 *
 * Wiring on FT4232H: TCK -> SWCLK, TDI -> 330 ohm -> SWDIO, TDO <- SWDIO, D4 -> /NRST. While the
 * target drives, TDI keeps driving ones against it through the resistor: the target wins on SWDIO,
 * which is what TDO reads, and silence reads as ones.
 */
#ifndef EVENKEEL_HARNESS_LINK_SWD_H
#define EVENKEEL_HARNESS_LINK_SWD_H

#include "harness/link/mpsse.h"

struct swd;

enum swd_port {
    SWD_DP = 0,
    SWD_AP = 1
};

/** Keeps @p mpsse (not closed). @p clock_hz up to 15 MHz. */
struct swd *swd_create(struct mpsse *mpsse, uint32_t clock_hz);
/** NULL is allowed. */
void swd_destroy(struct swd *swd);
struct clock *swd_clock(struct swd *swd);

/**
 * JTAG-to-SWD switch sequence, line reset, read of DPIDR, power-up of the debug domain, ORUNDETECT.
 * @param dpidr (out)
 * @retval STATUS_UNIT no target answers, or it answers with wrong parity
 */
enum status swd_connect(struct swd *swd, uint32_t *dpidr, struct error *err);

/** @p address is A[3:2] << 2. */
void swd_queue_write(struct swd *swd, enum swd_port port, uint8_t address, uint32_t value);
/** AP reads are posted by the protocol; @p value is the right one after the flush. */
void swd_queue_read(struct swd *swd, enum swd_port port, uint8_t address, uint32_t *value);
/** Clocks with SWDIO low between two transfers: time for the target at the current clock. */
void swd_queue_idle_ns(struct swd *swd, uint64_t span_ns);
/** Pull /NRST low or let it go, in its place in the queue. */
void swd_queue_nrst(struct swd *swd, bool is_low);
/**
 * Send the queue and check every ACK and parity. The queue is empty afterwards, whatever happened.
 * @retval STATUS_UNIT     FAULT, parity, WAIT without end, or no ACK after line reset and one more
 *                         try; the text says which transfer of the batch and what the ACK was
 */
enum status swd_flush(struct swd *swd, struct error *err);

#endif
