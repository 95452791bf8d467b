/*
 * How transfers run: every queued transfer's OUT bytes are submitted at once, each as one URB.
 * Reads are started one after the other, the next when the one before is full, because libftdi
 * keeps one read buffer for a channel and what a read leaves over in it belongs to the next. The
 * chip sends a packet of two status bytes at each tick of its latency timer; libftdi takes these
 * out and starts its read again until as many bytes as asked have come.
 *
 *     submit    OUT 0  OUT 1  OUT 2   -> libusb, at once
 *               IN 0 -----> IN 1 ---> IN 2   in turn, inside complete()
 *
 * Traps of libftdi 1.5 met here: ftdi_transfer_data_done() spins with a timeout of 0, so events are
 * waited for here and it is called for finished transfers only; a read that the device's end breaks
 * is "completed" with a bad status; a cancelled read leaves its offsets in the read buffer.
 *
 * Source: libftdi 1.5 ftdi.h and its manual, libusb 1.0 manual.
 */
#include "harness/link/link_ftdi.h"

#include "harness/base/mem.h"
#include "harness/link/ftdi_request.h"

#include <ftdi.h>
#include <libusb.h>

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum {
    CHUNK_LEN = 65536,
    LATENCY_MS = 1,
    CONTROL_TIMEOUT_MS = 1000,
    DRAIN_TIMEOUT_NS = 1000000000, /* queued data before a control request */
    EVENT_SLICE_US = 100000,       /* longest wait for events at a time */
    USB_TIMEOUT_MS = 5000, /* of one URB; deadlines are kept above it, the chip answers each tick */
    REQUEST_OUT = 0x40,    /* vendor request, host to device */
    REQUEST_IN = 0xC0,
    STRING_LEN = 64
};

/* Bridges that fixtures are made with. */
static const struct bridge {
    uint16_t vendor_id;
    uint16_t product_id;
    unsigned channel_count;
    const char *name;
} bridges[] = {
    {.vendor_id = 0x0403, .product_id = 0x6011, .channel_count = 4, .name = "FT4232H"},
    {.vendor_id = 0x0403, .product_id = 0x6010, .channel_count = 2, .name = "FT2232H"},
    {.vendor_id = 0x0403, .product_id = 0x6014, .channel_count = 1, .name = "FT232H"},
};

struct queued_transfer {
    struct ftdi_transfer_control *write; /* NULL: nothing to write, or done */
    struct ftdi_transfer_control *read;  /* NULL: nothing to read, not started, or done */
    uint8_t *out;                        /* own copy, until the write is done */
    uint8_t *in;
    size_t in_left; /* of the read that is not started */
};

struct link_ftdi {
    struct link base;
    struct ftdi_context *ftdi;
    struct queued_transfer queue[LINK_QUEUE_MAX]; /* oldest first */
    size_t count;
};

static const struct link_ops steel_ops;

static struct link_ftdi *from_link(struct link *link)
{
    assert(link->ops == &steel_ops);
    return (struct link_ftdi *)link;
}

static enum status bus_error(struct error *err, int code, const char *what)
{
    if (code == LIBUSB_ERROR_NO_DEVICE) {
        return error_set(
            err, STATUS_IO, "%s: the device is gone (unplugged or without power)", what);
    }
    return error_set(err, STATUS_IO, "%s: %s", what, libusb_strerror(code));
}

/* ---- the queue ---- */

/* End one direction of a transfer that libftdi has finished. */
static enum status finish(
    struct ftdi_transfer_control **control, const char *what, struct error *err)
{
    struct ftdi_transfer_control *done = *control;
    bool is_gone = done->transfer != NULL && done->transfer->status == LIBUSB_TRANSFER_NO_DEVICE;
    int size = done->size;
    int offset = done->offset;

    *control = NULL;
    if (ftdi_transfer_data_done(done) == size) {
        return STATUS_OK;
    }
    if (is_gone) {
        return bus_error(err, LIBUSB_ERROR_NO_DEVICE, what);
    }
    /* libftdi ends a transfer early only when libusb refuses to go on with it */
    return error_set(err, STATUS_IO,
        "%s: the USB stack refuses to go on after %d of %d bytes (device gone?)", what, offset,
        size);
}

static void cancel_all(struct link_ftdi *self)
{
    for (size_t i = 0; i < self->count; i++) {
        struct queued_transfer *transfer = &self->queue[i];
        struct timeval slice = {.tv_usec = EVENT_SLICE_US};
        if (transfer->write != NULL) {
            ftdi_transfer_data_cancel(transfer->write, &slice);
        }
        if (transfer->read != NULL) {
            ftdi_transfer_data_cancel(transfer->read, &slice);
        }
        free(transfer->out);
        *transfer = (struct queued_transfer){0};
    }
    self->count = 0;
    self->ftdi->readbuffer_offset = 0;
    self->ftdi->readbuffer_remaining = 0;
}

/* Start the oldest read that waits for its turn, when none is under way. */
static enum status start_read(struct link_ftdi *self, struct error *err)
{
    for (size_t i = 0; i < self->count; i++) {
        struct queued_transfer *transfer = &self->queue[i];
        if (transfer->read != NULL) {
            return STATUS_OK;
        }
        if (transfer->in_left > 0) {
            transfer->read =
                ftdi_read_data_submit(self->ftdi, transfer->in, (int)transfer->in_left);
            if (transfer->read == NULL) {
                return error_set(err, STATUS_IO,
                    "asked to read %zu bytes, the USB stack refuses (device gone?)",
                    transfer->in_left);
            }
            transfer->in_left = 0;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* Take note of what has finished. */
static enum status settle(struct link_ftdi *self, struct error *err)
{
    for (size_t i = 0; i < self->count; i++) {
        struct queued_transfer *transfer = &self->queue[i];
        if (transfer->write != NULL && transfer->write->completed) {
            TRY(finish(&transfer->write, "write", err));
            free(transfer->out);
            transfer->out = NULL;
        }
        if (transfer->read != NULL && transfer->read->completed) {
            TRY(finish(&transfer->read, "read", err));
        }
    }
    return start_read(self, err);
}

/* Wait for something to happen on the bus, not beyond @p deadline_ns. */
static enum status wait_for_events(
    struct link_ftdi *self, uint64_t deadline_ns, int *completed, struct error *err)
{
    uint64_t now_ns = clock_now_ns(self->base.clock);
    uint64_t left_us = deadline_ns > now_ns ? (deadline_ns - now_ns) / NS_PER_US : 0;
    struct timeval slice = {
        .tv_usec = (suseconds_t)(left_us < EVENT_SLICE_US ? left_us : EVENT_SLICE_US)};

    int code = libusb_handle_events_timeout_completed(self->ftdi->usb_ctx, &slice, completed);
    if (code != LIBUSB_SUCCESS && code != LIBUSB_ERROR_INTERRUPTED) {
        return bus_error(err, code, "waiting for USB");
    }
    return STATUS_OK;
}

static bool is_done(const struct queued_transfer *transfer)
{
    return transfer->write == NULL && transfer->read == NULL && transfer->in_left == 0;
}

static bool has_writes(const struct link_ftdi *self)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->queue[i].write != NULL) {
            return true;
        }
    }
    return false;
}

static enum status submit(struct link *link, const uint8_t *out, size_t out_len, uint8_t *in,
    size_t in_len, struct error *err)
{
    struct link_ftdi *self = from_link(link);
    struct queued_transfer transfer = {.in = in, .in_left = in_len};

    if (out_len > 0) {
        transfer.out = mem_alloc(out_len, 1);
        memcpy(transfer.out, out, out_len);
        transfer.write = ftdi_write_data_submit(self->ftdi, transfer.out, (int)out_len);
        if (transfer.write == NULL) {
            free(transfer.out);
            return error_set(err, STATUS_IO,
                "asked to write %zu bytes, the USB stack refuses (device gone?)", out_len);
        }
    }
    self->queue[self->count++] = transfer;
    return start_read(self, err);
}

static enum status complete_oldest(struct link_ftdi *self, uint64_t deadline_ns, struct error *err)
{
    struct queued_transfer *oldest = &self->queue[0];

    for (;;) {
        TRY(settle(self, err));
        if (is_done(oldest)) {
            return STATUS_OK;
        }
        if (clock_now_ns(self->base.clock) >= deadline_ns) {
            return error_set(err, STATUS_TIMEOUT, "no end of %s by the deadline: %d of %d bytes",
                oldest->write != NULL ? "writing" : "reading",
                oldest->write != NULL ? oldest->write->offset : oldest->read->offset,
                oldest->write != NULL ? oldest->write->size : oldest->read->size);
        }
        TRY(wait_for_events(self, deadline_ns,
            oldest->read != NULL ? &oldest->read->completed : &oldest->write->completed, err));
    }
}

static enum status complete(struct link *link, uint64_t deadline_ns, struct error *err)
{
    struct link_ftdi *self = from_link(link);
    enum status status = complete_oldest(self, deadline_ns, err);

    if (status != STATUS_OK) {
        cancel_all(self);
        return status;
    }
    self->count--;
    memmove(&self->queue[0], &self->queue[1], self->count * sizeof self->queue[0]);
    self->queue[self->count] = (struct queued_transfer){0};
    return STATUS_OK;
}

/* ---- control requests ---- */

/* Queued data must have gone out before a request that follows them. */
static enum status drain_writes(struct link_ftdi *self, struct error *err)
{
    uint64_t deadline_ns = clock_now_ns(self->base.clock) + DRAIN_TIMEOUT_NS;

    TRY(settle(self, err));
    while (has_writes(self)) {
        if (clock_now_ns(self->base.clock) >= deadline_ns) {
            return error_set(
                err, STATUS_IO, "queued data do not go out, so a request cannot follow");
        }
        TRY(wait_for_events(self, deadline_ns, NULL, err));
        TRY(settle(self, err));
    }
    return STATUS_OK;
}

static uint16_t channel_index(const struct link_ftdi *self)
{
    return (uint16_t)(self->base.channel + 1);
}

static enum status control(
    struct link *link, uint8_t request, uint16_t value, uint8_t index_high, struct error *err)
{
    struct link_ftdi *self = from_link(link);
    uint16_t index = (uint16_t)(index_high << 8 | channel_index(self));

    TRY(drain_writes(self, err));
    int code = libusb_control_transfer(
        self->ftdi->usb_dev, REQUEST_OUT, request, value, index, NULL, 0, CONTROL_TIMEOUT_MS);
    if (code < 0) {
        return bus_error(err, code, "control request");
    }
    if (request == FTDI_REQUEST_RESET && value != FTDI_RESET_PURGE_OUT) {
        self->ftdi->readbuffer_offset = 0;
        self->ftdi->readbuffer_remaining = 0;
    }
    return STATUS_OK;
}

static bool is_eeprom_request(uint8_t request)
{
    return request == FTDI_REQUEST_READ_EEPROM;
}

static enum status control_in(struct link *link, uint8_t request, uint16_t value, uint16_t index,
    uint8_t *data, size_t len, struct error *err)
{
    struct link_ftdi *self = from_link(link);
    uint16_t whole_index =
        is_eeprom_request(request) ? index : (uint16_t)((index & 0xFF00u) | channel_index(self));

    TRY(drain_writes(self, err));
    int code = libusb_control_transfer(self->ftdi->usb_dev, REQUEST_IN, request, value, whole_index,
        data, (uint16_t)len, CONTROL_TIMEOUT_MS);
    if (code < 0) {
        return bus_error(err, code, "control request");
    }
    if ((size_t)code != len) {
        return error_set(err, STATUS_IO, "request %02X: asked for %zu bytes, got %d",
            (unsigned)request, len, code);
    }
    return STATUS_OK;
}

/* ---- reading what there is ---- */

static enum status read_some(struct link *link, uint8_t *data, size_t capacity, size_t *len,
    uint64_t deadline_ns, struct error *err)
{
    struct link_ftdi *self = from_link(link);

    do {
        /* returns at the next tick of the latency timer with what there is, or with 0 */
        int got = ftdi_read_data(self->ftdi, data, (int)capacity);
        if (got < 0) {
            return bus_error(err, got, "read");
        }
        *len = (size_t)got;
    } while (*len == 0 && clock_now_ns(link->clock) < deadline_ns);
    return STATUS_OK;
}

/* ---- opening and closing ---- */

static void free_link(struct link_ftdi *self)
{
    if (self->ftdi != NULL) {
        if (self->ftdi->usb_dev != NULL) {
            /* releases the interface, which attaches the kernel driver again; ftdi_free() does not
             */
            (void)ftdi_usb_close(self->ftdi);
        }
        ftdi_free(self->ftdi);
    }
    free(self);
}

static void close_steel(struct link *link)
{
    struct link_ftdi *self = from_link(link);

    cancel_all(self);
    (void)control(link, FTDI_REQUEST_BITMODE, FTDI_BITMODE_RESET << 8, 0, NULL);
    free_link(self);
}

static const struct link_ops steel_ops = {
    .name = "usb",
    .control = control,
    .control_in = control_in,
    .submit = submit,
    .complete = complete,
    .read_some = read_some,
    .close = close_steel,
};

/* What a walk over the bus found. */
struct search {
    const char *serial;
    const struct bridge *bridge; /* of the device found */
    libusb_device *device;       /* referenced; NULL: not found */
    char product[STRING_LEN];
    char others[128]; /* serial numbers of the other bridges */
    unsigned match_count;
    unsigned other_count;
    unsigned denied_count; /* bridges that could not be opened to read their serial number */
};

static const struct bridge *bridge_of(libusb_device *device)
{
    struct libusb_device_descriptor descriptor;

    if (libusb_get_device_descriptor(device, &descriptor) != LIBUSB_SUCCESS) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof bridges / sizeof bridges[0]; i++) {
        if (descriptor.idVendor == bridges[i].vendor_id &&
            descriptor.idProduct == bridges[i].product_id) {
            return &bridges[i];
        }
    }
    return NULL;
}

static void read_string(libusb_device_handle *handle, uint8_t index, char text[STRING_LEN])
{
    text[0] = '\0';
    if (index != 0 &&
        libusb_get_string_descriptor_ascii(handle, index, (unsigned char *)text, STRING_LEN) < 0) {
        text[0] = '\0';
    }
}

static void note_other(struct search *search, const char *serial)
{
    size_t len = strlen(search->others);

    search->other_count++;
    (void)snprintf(search->others + len, sizeof search->others - len, "%s%s", len > 0 ? ", " : "",
        serial[0] != '\0' ? serial : "(none)");
}

static void look_at(struct search *search, libusb_device *device, const struct bridge *bridge)
{
    struct libusb_device_descriptor descriptor;
    libusb_device_handle *handle;
    char serial[STRING_LEN];

    if (libusb_get_device_descriptor(device, &descriptor) != LIBUSB_SUCCESS) {
        return;
    }
    int code = libusb_open(device, &handle);
    if (code != LIBUSB_SUCCESS) {
        search->denied_count += code == LIBUSB_ERROR_ACCESS ? 1u : 0u;
        return;
    }
    read_string(handle, descriptor.iSerialNumber, serial);
    if (strcmp(serial, search->serial) == 0) {
        search->match_count++;
        if (search->device == NULL) {
            search->device = libusb_ref_device(device);
            search->bridge = bridge;
            read_string(handle, descriptor.iProduct, search->product);
        }
    } else {
        note_other(search, serial);
    }
    libusb_close(handle);
}

static enum status search_bus(struct ftdi_context *ftdi, struct search *search, struct error *err)
{
    libusb_device **devices;
    ssize_t count = libusb_get_device_list(ftdi->usb_ctx, &devices);

    if (count < 0) {
        return bus_error(err, (int)count, "listing USB devices");
    }
    for (ssize_t i = 0; i < count; i++) {
        const struct bridge *bridge = bridge_of(devices[i]);
        if (bridge != NULL) {
            look_at(search, devices[i], bridge);
        }
    }
    libusb_free_device_list(devices, 1);
    return STATUS_OK;
}

static enum status check_search(const struct search *search, unsigned channel, struct error *err)
{
    if (search->match_count > 1) {
        return error_set(err, STATUS_MISMATCH,
            "%u devices have the serial number %s; give each fixture its own", search->match_count,
            search->serial);
    }
    if (search->match_count == 0 && search->denied_count > 0) {
        return error_set(err, STATUS_IO,
            "looked for serial number %s: no permission to open %u FTDI device(s); add a udev rule",
            search->serial, search->denied_count);
    }
    if (search->match_count == 0) {
        return error_set(err, STATUS_ABSENT,
            "no FTDI device with serial number %s; there are %u others: %s", search->serial,
            search->other_count, search->other_count > 0 ? search->others : "none");
    }
    if (strncmp(search->product, LINK_FTDI_PRODUCT, strlen(LINK_FTDI_PRODUCT)) != 0) {
        return error_set(err, STATUS_MISMATCH,
            "the product string of %s must begin with \"%s\", it is \"%s\": no fixture's EEPROM",
            search->serial, LINK_FTDI_PRODUCT, search->product);
    }
    if (channel >= search->bridge->channel_count) {
        return error_set(err, STATUS_RANGE, "asked for channel %c of %s, a %s has %u channel(s)",
            (char)('A' + channel), search->serial, search->bridge->name,
            search->bridge->channel_count);
    }
    return STATUS_OK;
}

/* libftdi's codes of ftdi_usb_open_dev() in words. */
static enum status open_error(struct error *err, int code, const char *serial, char letter)
{
    switch (code) {
    case -4:
        return error_set(
            err, STATUS_IO, "%s: cannot be opened: no permission, or unplugged", serial);
    case -5:
        return error_set(
            err, STATUS_IO, "%s: channel %c is held by another program or driver", serial, letter);
    case -8:
        return error_set(err, STATUS_IO,
            "%s: no permission to take channel %c from its kernel driver; add a udev rule", serial,
            letter);
    default:
        return error_set(err, STATUS_IO, "%s: channel %c does not open: libftdi reports %d", serial,
            letter, code);
    }
}

static enum status prepare(struct link *link, struct error *err)
{
    TRY(control(link, FTDI_REQUEST_BITMODE, FTDI_BITMODE_RESET << 8, 0, err));
    TRY(control(link, FTDI_REQUEST_SET_LATENCY, LATENCY_MS, 0, err));
    TRY(control(link, FTDI_REQUEST_RESET, FTDI_RESET_PURGE_OUT, 0, err));
    return control(link, FTDI_REQUEST_RESET, FTDI_RESET_PURGE_IN, 0, err);
}

static enum status open_device(struct link_ftdi *self, const char *serial, struct error *err)
{
    struct search search = {.serial = serial};
    struct ftdi_context *ftdi = self->ftdi;

    TRY(search_bus(ftdi, &search, err));
    enum status status = check_search(&search, self->base.channel, err);
    if (status == STATUS_OK) {
        char letter = (char)('A' + self->base.channel);
        ftdi->module_detach_mode = AUTO_DETACH_REATACH_SIO_MODULE;
        ftdi->usb_read_timeout = USB_TIMEOUT_MS;
        ftdi->usb_write_timeout = USB_TIMEOUT_MS;
        (void)ftdi_set_interface(
            ftdi, (enum ftdi_interface)((int)INTERFACE_A + (int)self->base.channel));
        int code = ftdi_usb_open_dev(ftdi, search.device);
        status = code == 0 ? STATUS_OK : open_error(err, code, serial, letter);
    }
    if (search.device != NULL) {
        libusb_unref_device(search.device);
    }
    TRY(status);
    if (ftdi_write_data_set_chunksize(ftdi, CHUNK_LEN) != 0 ||
        ftdi_read_data_set_chunksize(ftdi, CHUNK_LEN) != 0) {
        return error_set(err, STATUS_IO, "%s: no memory for %d byte chunks", serial, CHUNK_LEN);
    }
    return prepare(&self->base, err);
}

enum status link_ftdi_open(const char *serial, unsigned channel, struct clock *clock,
    struct log *log, struct link **link, struct error *err)
{
    struct link_ftdi *self = mem_alloc(1, sizeof *self);

    self->base.ops = &steel_ops;
    self->base.clock = clock;
    self->base.log = log;
    self->base.channel = channel;
    (void)snprintf(self->base.serial, sizeof self->base.serial, "%s", serial);
    (void)snprintf(self->base.origin, sizeof self->base.origin, "%.28s/%c", serial,
        (char)('A' + channel % 26));
    self->ftdi = ftdi_new();
    enum status status = self->ftdi != NULL
                             ? open_device(self, serial, err)
                             : error_set(err, STATUS_IO, "libusb does not start on this computer");
    if (status != STATUS_OK) {
        free_link(self);
        return status;
    }
    *link = &self->base;
    return STATUS_OK;
}
