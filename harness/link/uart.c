/*
 * Baud rate of FTDI's H parts: 12 MHz (bit 17 set) or 3 MHz divided by an integer and eighths,
 * whose code is not their number; 0 and 1 stand for 1 and 1.5. Source: FTDI AN_120, and libftdi 1.5
 * and pyftdi agree.
 */
#include "harness/link/uart.h"

#include "harness/base/mem.h"
#include "harness/link/ftdi_request.h"

#include <stdlib.h>

enum {
    DIVISOR_INTEGER_MAX = 0x3FFF,
    DIVISOR_FAST_BASE = 1 << 17,
    BAUD_MAX_ERROR_PERCENT = 3,
    DATA_BITS = 8,
    CHAR_BITS = 11,               /* start, eight, parity, stop: the longest character */
    WRITE_TIMEOUT_NS = 1000000000 /* on top of the time on the wire */
};

struct uart {
    struct link *link;
    uint32_t baud;
};

/* The divisor of @p base_hz in eighths, to the nearest. */
static uint32_t eighths_of(uint32_t base_hz, uint32_t baud)
{
    return (uint32_t)((8 * (uint64_t)base_hz + baud / 2) / baud);
}

static uint32_t encode(uint32_t eighths)
{
    static const uint8_t fraction_codes[8] = {0, 3, 2, 4, 1, 5, 6, 7};

    if (eighths < 10) {
        return 0; /* divide by 1 */
    }
    if (eighths < 14) {
        return 1; /* divide by 1.5 */
    }
    if (eighths < 16) {
        return 2;
    }
    return eighths / 8 | (uint32_t)fraction_codes[eighths % 8] << 14;
}

/* Only 1, 1.5 and 2 can be divided by below 2. */
static uint32_t possible_eighths(uint32_t eighths)
{
    if (eighths >= 16) {
        return eighths;
    }
    return eighths < 10 ? 8 : eighths < 14 ? 12 : 16;
}

enum status uart_divisor(uint32_t baud, uint32_t *divisor, struct error *err)
{
    uint32_t base_hz = 12000000;
    uint32_t eighths;

    if (baud == 0) {
        return error_set(err, STATUS_RANGE, "asked for 0 baud");
    }
    eighths = eighths_of(base_hz, baud);
    if (eighths / 8 > DIVISOR_INTEGER_MAX) {
        base_hz = 3000000;
        eighths = eighths_of(base_hz, baud);
    }
    if (eighths / 8 > DIVISOR_INTEGER_MAX) {
        return error_set(err, STATUS_RANGE, "asked for %u baud, the chip's slowest is 184", baud);
    }
    uint64_t actual = 8 * (uint64_t)base_hz / possible_eighths(eighths);
    uint64_t difference = actual > baud ? actual - baud : baud - actual;
    if (difference * 100 > (uint64_t)baud * BAUD_MAX_ERROR_PERCENT) {
        return error_set(err, STATUS_RANGE,
            "asked for %u baud, the nearest the chip can do is %llu", baud,
            (unsigned long long)actual);
    }
    *divisor = encode(eighths) | (base_hz == 12000000 ? (uint32_t)DIVISOR_FAST_BASE : 0u);
    return STATUS_OK;
}

static enum status set_line(
    struct link *link, uint32_t divisor, enum uart_parity parity, struct error *err)
{
    uint16_t format = (uint16_t)(DATA_BITS | (unsigned)parity << 8);

    TRY(link_control(link, FTDI_REQUEST_BITMODE, FTDI_BITMODE_RESET << 8, 0, err));
    TRY(link_control(link, FTDI_REQUEST_BAUD, (uint16_t)divisor, (uint8_t)(divisor >> 16), err));
    TRY(link_control(link, FTDI_REQUEST_DATA, format, 0, err));
    TRY(link_control(link, FTDI_REQUEST_FLOW, 0, 0, err));
    return link_purge(link, err);
}

enum status uart_open(struct link *link, uint32_t baud, enum uart_parity parity, struct uart **uart,
    struct error *err)
{
    uint32_t divisor;

    TRY(uart_divisor(baud, &divisor, err));
    TRY(set_line(link, divisor, parity, err));
    *uart = mem_alloc(1, sizeof **uart);
    (*uart)->link = link;
    (*uart)->baud = baud;
    return STATUS_OK;
}

void uart_close(struct uart *uart)
{
    if (uart != NULL) {
        link_close(uart->link);
        free(uart);
    }
}

struct clock *uart_clock(struct uart *uart)
{
    return uart->link->clock;
}

enum status uart_write(struct uart *uart, const uint8_t *data, size_t len, struct error *err)
{
    uint64_t wire_ns = (uint64_t)len * CHAR_BITS * NS_PER_S / uart->baud;
    uint64_t deadline_ns = clock_now_ns(uart->link->clock) + wire_ns + WRITE_TIMEOUT_NS;

    return link_exchange(uart->link, data, len, NULL, 0, deadline_ns, err);
}

enum status uart_read(struct uart *uart, uint8_t *data, size_t capacity, size_t *len,
    uint64_t deadline_ns, struct error *err)
{
    return link_read_some(uart->link, data, capacity, len, deadline_ns, err);
}

enum status uart_purge(struct uart *uart, struct error *err)
{
    return link_control(uart->link, FTDI_REQUEST_RESET, FTDI_RESET_PURGE_IN, 0, err);
}
