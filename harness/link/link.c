#include "harness/link/link.h"

#include "harness/link/ftdi_request.h"

#include <assert.h>
#include <string.h>

/* Who failed, in front of the text; the status passes through. */
static enum status named(const struct link *link, enum status status, struct error *err)
{
    return status == STATUS_OK ? STATUS_OK : error_from(err, status, "%s", link->origin);
}

static void log_request(
    struct link *link, const char *direction, uint8_t request, uint16_t value, uint16_t index)
{
    log_line(link->log, LOG_WIRE, link->origin, "%s request %02x value %04x index %04x", direction,
        (unsigned)request, (unsigned)value, (unsigned)index);
}

enum status link_control(
    struct link *link, uint8_t request, uint16_t value, uint8_t index_high, struct error *err)
{
    log_request(link, "control", request, value, (uint16_t)(index_high << 8));
    return named(link, link->ops->control(link, request, value, index_high, err), err);
}

enum status link_control_in(struct link *link, uint8_t request, uint16_t value, uint16_t index,
    uint8_t *data, size_t len, struct error *err)
{
    log_request(link, "control in", request, value, index);
    enum status status = link->ops->control_in(link, request, value, index, data, len, err);
    if (status == STATUS_OK) {
        log_wire(link->log, link->origin, "answer", data, len);
    }
    return named(link, status, err);
}

enum status link_submit(struct link *link, const uint8_t *out, size_t out_len, uint8_t *in,
    size_t in_len, struct error *err)
{
    size_t queued_count = link->queued_count;

    if (out_len > LINK_TRANSFER_MAX || in_len > LINK_TRANSFER_MAX) {
        return named(link,
            error_set(err, STATUS_RANGE,
                "asked to queue %zu bytes out and %zu in, a transfer has %d", out_len, in_len,
                LINK_TRANSFER_MAX),
            err);
    }
    if (queued_count >= LINK_QUEUE_MAX) {
        return named(link,
            error_set(err, STATUS_RANGE, "asked to queue one more transfer, %d are under way",
                LINK_QUEUE_MAX),
            err);
    }
    if (out_len > 0) {
        log_wire(link->log, link->origin, "out", out, out_len);
    }
    TRY(named(link, link->ops->submit(link, out, out_len, in, in_len, err), err));
    link->queued[queued_count].data = in;
    link->queued[queued_count].len = in_len;
    link->queued_count = queued_count + 1;
    return STATUS_OK;
}

enum status link_complete(struct link *link, uint64_t deadline_ns, struct error *err)
{
    size_t queued_count = link->queued_count;

    assert(queued_count > 0);
    enum status status = link->ops->complete(link, deadline_ns, err);
    if (status != STATUS_OK) {
        link->queued_count = 0;
        return named(link, status, err);
    }
    if (link->queued[0].len > 0) {
        log_wire(link->log, link->origin, "in", link->queued[0].data, link->queued[0].len);
    }
    memmove(&link->queued[0], &link->queued[1], (queued_count - 1) * sizeof link->queued[0]);
    link->queued_count = queued_count - 1;
    return STATUS_OK;
}

enum status link_read_some(struct link *link, uint8_t *data, size_t capacity, size_t *len,
    uint64_t deadline_ns, struct error *err)
{
    *len = 0;
    if (link->queued_count > 0) {
        return named(link,
            error_set(err, STATUS_RANGE, "asked to read what there is with %zu transfers under way",
                link->queued_count),
            err);
    }
    TRY(named(link, link->ops->read_some(link, data, capacity, len, deadline_ns, err), err));
    if (*len > 0) {
        log_wire(link->log, link->origin, "in", data, *len);
    }
    return STATUS_OK;
}

static size_t piece_count(size_t out_len, size_t in_len)
{
    size_t longest = out_len > in_len ? out_len : in_len;

    return (longest + LINK_TRANSFER_MAX - 1) / LINK_TRANSFER_MAX;
}

/* Where piece @p index of @p count begins in @p len bytes; pieces differ by one byte at most. */
static size_t piece_start(size_t len, size_t index, size_t count)
{
    return len / count * index + (index < len % count ? index : len % count);
}

enum status link_exchange(struct link *link, const uint8_t *out, size_t out_len, uint8_t *in,
    size_t in_len, uint64_t deadline_ns, struct error *err)
{
    size_t count = piece_count(out_len, in_len);
    size_t completed = 0;

    for (size_t i = 0; i < count; i++) {
        size_t out_at = piece_start(out_len, i, count);
        size_t in_at = piece_start(in_len, i, count);
        if (link->queued_count == LINK_QUEUE_MAX) {
            TRY(link_complete(link, deadline_ns, err));
            completed++;
        }
        TRY(link_submit(link, out_len > 0 ? out + out_at : NULL,
            piece_start(out_len, i + 1, count) - out_at, in_len > 0 ? in + in_at : NULL,
            piece_start(in_len, i + 1, count) - in_at, err));
    }
    for (; completed < count; completed++) {
        TRY(link_complete(link, deadline_ns, err));
    }
    return STATUS_OK;
}

enum status link_purge(struct link *link, struct error *err)
{
    TRY(link_control(link, FTDI_REQUEST_RESET, FTDI_RESET_PURGE_OUT, 0, err));
    return link_control(link, FTDI_REQUEST_RESET, FTDI_RESET_PURGE_IN, 0, err);
}

void link_close(struct link *link)
{
    if (link != NULL) {
        link->ops->close(link);
    }
}
