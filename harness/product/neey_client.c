/**
 * NEEY client: asks, waits, and keeps what the unit says on its own apart from what it was asked.
 *
 *     unit --> | +CONNECTED | cells | cells | device info | cells | ack | ...     (one serial line)
 *                 dropped       ^ stream, every 0.5 s    ^ answers, in between
 *
 * Every wait has a deadline on the serial line's clock. A request is sent three times at most and
 * each time has a second. What came before a request is read and dropped first, so that the late
 * answer to an earlier one is never taken for the answer to this one.
 *
 * A fresh reading rests on one promise of the firmware: the scan behind a frame begins after the
 * frame before it was sent completely. The first frame that ends after the moment in question may
 * still show older voltages; the second cannot.
 *
 *     not_before      |
 *     scans    [ 1  ] | [ 2  ]   [ 3  ]
 *     frames     (0)  |    (1)      (2)
 *                     |     ^drop    ^take: scan 3 began after frame (1) ended
 */
#include "harness/product/neey.h"

#include "harness/base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    TRY_COUNT = 3,
    READ_LEN = 256
};

static const uint64_t reply_timeout_ns = 1 * (uint64_t)NS_PER_S;
/* A byte is on its way through the FTDI chip (latency timer 1 ms) and USB for less than this. */
static const uint64_t transit_ns = 5 * (uint64_t)NS_PER_MS;

struct neey_client {
    struct uart *uart;
    struct neey_stream stream;
};

/** What a wait is for. */
struct wanted {
    const char *what; /* "settings" */
    uint8_t command;
    uint8_t reg;
    bool is_write;
};

struct neey_client *neey_client_create(struct uart *uart)
{
    struct neey_client *client = mem_alloc(1, sizeof *client);

    client->uart = uart;
    return client;
}

void neey_client_destroy(struct neey_client *client)
{
    free(client);
}

static uint64_t now_ns(struct neey_client *client)
{
    return clock_now_ns(uart_clock(client->uart));
}

/* @pre the frame came out of the stream, so its check is right */
static bool is_wanted(const uint8_t *frame, size_t len, const struct wanted *wanted)
{
    uint8_t command = 0;
    uint8_t reg = 0;
    bool is_write = false;

    if (neey_check_frame(frame, len, &command, &reg, &is_write, NULL) != STATUS_OK) {
        return false;
    }
    if (command != wanted->command || is_write != wanted->is_write) {
        return false;
    }
    /* Reads may be acknowledged with 20 bytes before the frame itself comes. */
    return is_write ? reg == wanted->reg : len > NEEY_REQUEST_LEN;
}

/* Take the next wanted frame out of what has come; 0: none. */
static size_t next_wanted(
    struct neey_client *client, const struct wanted *wanted, uint8_t frame[NEEY_FRAME_MAX])
{
    size_t len;

    do {
        len = neey_stream_next(&client->stream, frame);
    } while (len > 0 && !is_wanted(frame, len, wanted));
    return len;
}

static enum status read_more(struct neey_client *client, uint64_t deadline_ns, struct error *err)
{
    uint8_t data[READ_LEN];
    size_t len = 0;

    TRY(uart_read(client->uart, data, sizeof data, &len, deadline_ns, err));
    neey_stream_feed(&client->stream, data, len);
    return STATUS_OK;
}

/* Wait for a wanted frame; *len is 0 when none came by the deadline. */
static enum status await(struct neey_client *client, const struct wanted *wanted,
    uint64_t deadline_ns, uint8_t frame[NEEY_FRAME_MAX], size_t *len, struct error *err)
{
    for (;;) {
        *len = next_wanted(client, wanted, frame);
        if (*len > 0 || now_ns(client) >= deadline_ns) {
            return STATUS_OK;
        }
        TRY(read_more(client, deadline_ns, err));
    }
}

/* Read and drop whole frames until the deadline; a frame that has begun stays. */
static enum status drain_until(struct neey_client *client, uint64_t deadline_ns,
    const struct wanted *noticed, bool *was_noticed, struct error *err)
{
    uint8_t frame[NEEY_FRAME_MAX];
    size_t len;

    do {
        TRY(await(client, noticed, deadline_ns, frame, &len, err));
        *was_noticed = *was_noticed || len > 0;
    } while (len > 0);
    return STATUS_OK;
}

/* The sentence counts what came that was no frame: silence and nonsense are different faults. */
static enum status fail_silent(struct neey_client *client, const struct wanted *wanted,
    uint32_t dropped_before_len, struct error *err)
{
    uint32_t nonsense_len =
        client->stream.dropped_len - dropped_before_len + (uint32_t)client->stream.len;

    if (nonsense_len > 0) {
        return error_set(err, STATUS_UNIT,
            "unit answers nonsense: %s asked for 3 times with 1 s each, %lu bytes came that are no "
            "reply",
            wanted->what, (unsigned long)nonsense_len);
    }
    return error_set(err, STATUS_UNIT, "unit silent: %s asked for 3 times with 1 s each, no answer",
        wanted->what);
}

static enum status send(
    struct neey_client *client, const uint8_t request[NEEY_REQUEST_LEN], struct error *err)
{
    return uart_write(client->uart, request, NEEY_REQUEST_LEN, err);
}

static enum status exchange(struct neey_client *client, const struct wanted *wanted,
    const uint8_t request[NEEY_REQUEST_LEN], uint8_t frame[NEEY_FRAME_MAX], size_t *len,
    struct error *err)
{
    bool was_noticed = false;

    TRY(drain_until(client, now_ns(client) + transit_ns, wanted, &was_noticed, err));
    uint32_t dropped_before_len = client->stream.dropped_len;
    for (unsigned i = 0; i < TRY_COUNT; i++) {
        TRY(send(client, request, err));
        TRY(await(client, wanted, now_ns(client) + reply_timeout_ns, frame, len, err));
        if (*len > 0) {
            return STATUS_OK;
        }
    }
    return fail_silent(client, wanted, dropped_before_len, err);
}

static enum status ask(struct neey_client *client, const struct wanted *wanted,
    uint8_t frame[NEEY_FRAME_MAX], size_t *len, struct error *err)
{
    uint8_t request[NEEY_REQUEST_LEN];

    neey_encode_request(false, wanted->command, 0, NULL, 0, request);
    return exchange(client, wanted, request, frame, len, err);
}

/* A frame that does not decode is the unit's fault: its check was right. */
static enum status blame_unit(enum status status, struct error *err)
{
    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    if (err != NULL) {
        err->code = STATUS_UNIT;
    }
    return STATUS_UNIT;
}

enum status neey_client_reset(struct neey_client *client, struct error *err)
{
    client->stream = (struct neey_stream){.len = 0};
    return uart_purge(client->uart, err);
}

enum status neey_client_connected(struct neey_client *client, struct error *err)
{
    static const char text[] = "+CONNECTED\r\n";

    return uart_write(client->uart, (const uint8_t *)text, sizeof text - 1, err);
}

enum status neey_client_device_info(
    struct neey_client *client, struct neey_device_info *info, struct error *err)
{
    static const struct wanted wanted = {.what = "device info", .command = NEEY_DEVICE_INFO};
    uint8_t frame[NEEY_FRAME_MAX];
    size_t len;

    TRY(ask(client, &wanted, frame, &len, err));
    return blame_unit(neey_decode_device_info(frame, len, info, err), err);
}

enum status neey_client_settings(
    struct neey_client *client, struct neey_settings *settings, struct error *err)
{
    static const struct wanted wanted = {.what = "settings", .command = NEEY_SETTINGS};
    uint8_t frame[NEEY_FRAME_MAX];
    size_t len;

    TRY(ask(client, &wanted, frame, &len, err));
    return blame_unit(neey_decode_settings(frame, len, settings, err), err);
}

enum status neey_client_factory(
    struct neey_client *client, struct neey_factory *factory, struct error *err)
{
    static const struct wanted wanted = {.what = "factory values", .command = NEEY_FACTORY};
    uint8_t frame[NEEY_FRAME_MAX];
    size_t len;

    TRY(ask(client, &wanted, frame, &len, err));
    return blame_unit(neey_decode_factory(frame, len, factory, err), err);
}

static const struct wanted cells_wanted = {.what = "cells", .command = NEEY_CELL_INFO};

/* The next frame of the stream, which is started (again) when it pauses for a second. */
static enum status next_cells(struct neey_client *client, bool *is_streaming,
    uint8_t frame[NEEY_FRAME_MAX], size_t *len, struct error *err)
{
    uint8_t request[NEEY_REQUEST_LEN];
    uint32_t dropped_before_len = client->stream.dropped_len;

    neey_encode_request(false, NEEY_CELL_INFO, 0, NULL, 0, request);
    for (unsigned i = 0; i < TRY_COUNT; i++) {
        if (!*is_streaming) {
            TRY(send(client, request, err));
        }
        TRY(await(client, &cells_wanted, now_ns(client) + reply_timeout_ns, frame, len, err));
        *is_streaming = *len > 0;
        if (*len > 0) {
            return STATUS_OK;
        }
    }
    return fail_silent(client, &cells_wanted, dropped_before_len, err);
}

enum status neey_client_fresh_cells(struct neey_client *client, uint64_t not_before_ns,
    struct neey_cell_info *info, struct error *err)
{
    uint8_t frame[NEEY_FRAME_MAX];
    size_t len;
    bool is_streaming = false;
    uint64_t start_ns = now_ns(client);
    uint64_t from_ns = not_before_ns > start_ns ? not_before_ns : start_ns;

    /* What is complete by then may have left the unit before not_before and been on its way. */
    TRY(drain_until(client, from_ns + transit_ns, &cells_wanted, &is_streaming, err));
    TRY(next_cells(client, &is_streaming, frame, &len, err));
    TRY(next_cells(client, &is_streaming, frame, &len, err));
    return blame_unit(neey_decode_cell_info(frame, len, info, err), err);
}

enum status neey_client_write(
    struct neey_client *client, uint8_t reg, double value, struct error *err)
{
    const struct wanted wanted = {
        .what = "write of a register", .command = NEEY_WRITE, .reg = reg, .is_write = true};
    uint8_t request[NEEY_REQUEST_LEN];
    uint8_t frame[NEEY_FRAME_MAX];
    size_t len;

    TRY(neey_encode_write(reg, value, request, err));
    return exchange(client, &wanted, request, frame, &len, err);
}
