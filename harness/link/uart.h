/**
 * A serial line on a channel in UART mode.
 */
#ifndef EVENKEEL_HARNESS_LINK_UART_H
#define EVENKEEL_HARNESS_LINK_UART_H

#include "harness/link/link.h"

struct uart;

enum uart_parity {
    UART_PARITY_NONE,
    UART_PARITY_ODD,
    UART_PARITY_EVEN
};

/**
 * Take over @p link (closed by uart_close()): UART mode, no flow control, 8 data bits, 1 stop.
 * When it fails the link stays the caller's.
 */
enum status uart_open(struct link *link, uint32_t baud, enum uart_parity parity, struct uart **uart,
    struct error *err);
/** NULL is allowed. */
void uart_close(struct uart *uart);

/** The divisor of FTDI's H parts for @p baud: 18 bits, bit 17 set for the 12 MHz base. */
enum status uart_divisor(uint32_t baud, uint32_t *divisor, struct error *err);

enum status uart_write(struct uart *uart, const uint8_t *data, size_t len, struct error *err);
/** What has come by @p deadline_ns, at least one byte; silence is STATUS_OK and *len 0. */
enum status uart_read(struct uart *uart, uint8_t *data, size_t capacity, size_t *len,
    uint64_t deadline_ns, struct error *err);
/** Throw away what has come so far. */
enum status uart_purge(struct uart *uart, struct error *err);
struct clock *uart_clock(struct uart *uart);

#endif
