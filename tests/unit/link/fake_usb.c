#include "tests/unit/link/fake_usb.h"

#include <libusb.h>

#include <stdlib.h>
#include <string.h>

enum {
    PACKET_LEN = 512,
    PENDING_MAX = 16,
    INTERFACE_COUNT = 4
};

struct libusb_device {
    size_t index;
};

struct libusb_device_handle {
    size_t index;
};

struct libusb_context {
    int unused;
};

static struct fake_usb usb;
static struct libusb_device devices[FAKE_USB_DEVICE_MAX];
static struct libusb_context context;

static struct {
    struct libusb_transfer *transfer;
    bool is_cancelled;
    unsigned ticks;
} pending[PENDING_MAX];

struct fake_usb *fake_usb_begin(void)
{
    usb = (struct fake_usb){.claimed_interface = -1, .in_packet_max = 510, .device_count = 1};
    usb.devices[0] = (struct fake_usb_device){
        .product_id = 0x6011, .product = "CB24 fixture", .serial = "CB24-0001"};
    fake_clock_init(&usb.clock);
    return &usb;
}

void fake_usb_end(void)
{
    buffer_finish(&usb.out);
    buffer_finish(&usb.in);
}

/* ---- context, devices, handles ---- */

int libusb_init(libusb_context **made)
{
    if (made != NULL) {
        *made = &context;
    }
    return 0;
}

void libusb_exit(libusb_context *old)
{
    (void)old;
}

const char *libusb_strerror(int code)
{
    (void)code;
    return "as the test says";
}

ssize_t libusb_get_device_list(libusb_context *old, libusb_device ***list)
{
    (void)old;
    *list = calloc(FAKE_USB_DEVICE_MAX + 1, sizeof **list);
    for (size_t i = 0; i < usb.device_count; i++) {
        devices[i].index = i;
        (*list)[i] = &devices[i];
    }
    return (ssize_t)usb.device_count;
}

void libusb_free_device_list(libusb_device **list, int unref)
{
    (void)unref;
    free(list);
}

libusb_device *libusb_ref_device(libusb_device *device)
{
    return device;
}

void libusb_unref_device(libusb_device *device)
{
    (void)device;
}

uint8_t libusb_get_bus_number(libusb_device *device)
{
    (void)device;
    return 1;
}

uint8_t libusb_get_device_address(libusb_device *device)
{
    return (uint8_t)(device->index + 1);
}

int libusb_get_device_descriptor(libusb_device *device, struct libusb_device_descriptor *descriptor)
{
    *descriptor = (struct libusb_device_descriptor){.idVendor = 0x0403,
        .idProduct = usb.devices[device->index].product_id,
        .bcdDevice = 0x0800,
        .bNumConfigurations = 1,
        .iManufacturer = 1,
        .iProduct = 2,
        .iSerialNumber = 3};
    return 0;
}

int libusb_get_config_descriptor(
    libusb_device *device, uint8_t index, struct libusb_config_descriptor **config)
{
    static const struct libusb_endpoint_descriptor endpoint = {.wMaxPacketSize = PACKET_LEN};
    static const struct libusb_interface_descriptor setting = {
        .bNumEndpoints = 1, .endpoint = &endpoint};
    static const struct libusb_interface interface = {.altsetting = &setting, .num_altsetting = 1};
    static struct libusb_interface interfaces[INTERFACE_COUNT];
    static struct libusb_config_descriptor only;

    (void)device;
    (void)index;
    for (size_t i = 0; i < INTERFACE_COUNT; i++) {
        interfaces[i] = interface;
    }
    only.bNumInterfaces = INTERFACE_COUNT;
    only.bConfigurationValue = 1;
    only.interface = interfaces;
    *config = &only;
    return 0;
}

void libusb_free_config_descriptor(struct libusb_config_descriptor *config)
{
    (void)config;
}

int libusb_open(libusb_device *device, libusb_device_handle **handle)
{
    int code = usb.devices[device->index].open_code;

    if (code != 0) {
        return code;
    }
    *handle = calloc(1, sizeof **handle);
    (*handle)->index = device->index;
    usb.open_count++;
    return 0;
}

void libusb_close(libusb_device_handle *handle)
{
    if (handle != NULL) {
        usb.open_count--;
        free(handle);
    }
}

int libusb_get_string_descriptor_ascii(
    libusb_device_handle *handle, uint8_t index, unsigned char *text, int capacity)
{
    const struct fake_usb_device *device = &usb.devices[handle->index];
    const char *from = index == 2 ? device->product : index == 3 ? device->serial : "FTDI";
    size_t len = strlen(from);

    if (len >= (size_t)capacity) {
        len = (size_t)capacity - 1;
    }
    memcpy(text, from, len);
    text[len] = '\0';
    return (int)len;
}

int libusb_get_configuration(libusb_device_handle *handle, int *config)
{
    (void)handle;
    *config = 1;
    return 0;
}

int libusb_set_configuration(libusb_device_handle *handle, int config)
{
    (void)handle;
    (void)config;
    return 0;
}

int libusb_detach_kernel_driver(libusb_device_handle *handle, int interface)
{
    (void)handle;
    (void)interface;
    return 0;
}

int libusb_set_auto_detach_kernel_driver(libusb_device_handle *handle, int enable)
{
    (void)handle;
    usb.is_auto_detach = enable != 0;
    return 0;
}

int libusb_claim_interface(libusb_device_handle *handle, int interface)
{
    int code = usb.devices[handle->index].claim_code;

    usb.claimed_interface = code == 0 ? interface : -1;
    return code;
}

int libusb_release_interface(libusb_device_handle *handle, int interface)
{
    (void)handle;
    (void)interface;
    usb.claimed_interface = -1;
    return 0;
}

/* ---- transfers ---- */

int libusb_control_transfer(libusb_device_handle *handle, uint8_t type, uint8_t request,
    uint16_t value, uint16_t index, unsigned char *data, uint16_t len, unsigned int timeout)
{
    (void)handle;
    (void)timeout;
    if (usb.is_gone) {
        return LIBUSB_ERROR_NO_DEVICE;
    }
    if (usb.control_count < FAKE_USB_CONTROL_MAX) {
        usb.controls[usb.control_count++] = (struct fake_usb_control){type, request, value, index};
    }
    if (request == 0 && value == 2) {
        buffer_reset(&usb.in);
    }
    if (len > 0) {
        memset(data, 0x5A, len);
    }
    return len;
}

static void take_in(uint8_t *to, size_t len)
{
    if (len > 0) {
        memcpy(to, usb.in.data, len);
        memmove(usb.in.data, usb.in.data + len, usb.in.len - len);
        usb.in.len -= len;
    }
}

/* Packets until a short one ends the transfer, as a host controller does. */
static int fill_in(uint8_t *to, int capacity, unsigned *ticks)
{
    int len = 0;

    for (;;) {
        size_t count = usb.in.len < usb.in_packet_max ? usb.in.len : usb.in_packet_max;
        if (*ticks < usb.empty_ticks) {
            count = 0;
            (*ticks)++;
        } else {
            *ticks = 0;
        }
        to[len] = 0x32;
        to[len + 1] = 0x60;
        take_in(to + len + 2, count);
        len += (int)count + 2;
        usb.in_packet_count++;
        if (usb.in_packet_count == usb.gone_after_packets) {
            usb.is_gone = true;
        }
        if (count == 0) {
            usb.clock.now_ns += 1000000; /* a tick of the latency timer */
        }
        if (count + 2 < PACKET_LEN || len + PACKET_LEN > capacity) {
            return len;
        }
    }
}

static unsigned sync_ticks;

int libusb_bulk_transfer(libusb_device_handle *handle, unsigned char endpoint, unsigned char *data,
    int len, int *actual, unsigned int timeout)
{
    (void)handle;
    (void)timeout;
    if (usb.is_gone) {
        return LIBUSB_ERROR_NO_DEVICE;
    }
    if ((endpoint & 0x80) != 0) {
        *actual = fill_in(data, len, &sync_ticks);
    } else {
        buffer_append(&usb.out, data, (size_t)len);
        *actual = len;
    }
    return 0;
}

struct libusb_transfer *libusb_alloc_transfer(int packets)
{
    (void)packets;
    return calloc(1, sizeof(struct libusb_transfer));
}

void libusb_free_transfer(struct libusb_transfer *transfer)
{
    free(transfer);
}

int libusb_submit_transfer(struct libusb_transfer *transfer)
{
    if (usb.is_gone) {
        return LIBUSB_ERROR_NO_DEVICE;
    }
    if (usb.pending_count == PENDING_MAX) {
        return LIBUSB_ERROR_NO_MEM;
    }
    pending[usb.pending_count].transfer = transfer;
    pending[usb.pending_count].is_cancelled = false;
    pending[usb.pending_count].ticks = 0;
    usb.pending_count++;
    return 0;
}

int libusb_cancel_transfer(struct libusb_transfer *transfer)
{
    for (size_t i = 0; i < usb.pending_count; i++) {
        if (pending[i].transfer == transfer) {
            pending[i].is_cancelled = true;
            return 0;
        }
    }
    return LIBUSB_ERROR_NOT_FOUND;
}

static void drop_pending(size_t index)
{
    usb.pending_count--;
    memmove(&pending[index], &pending[index + 1], (usb.pending_count - index) * sizeof pending[0]);
}

static void end_transfer(size_t index, enum libusb_transfer_status status, int len)
{
    struct libusb_transfer *transfer = pending[index].transfer;

    drop_pending(index);
    transfer->status = status;
    transfer->actual_length = len;
    transfer->callback(transfer);
}

static void run_out(size_t index)
{
    const struct libusb_transfer *transfer = pending[index].transfer;
    size_t len = (size_t)transfer->length;

    buffer_append(&usb.out, transfer->buffer, len);
    if (usb.is_loopback) {
        buffer_append(&usb.in, transfer->buffer, len);
    }
    end_transfer(index, LIBUSB_TRANSFER_COMPLETED, (int)len);
}

/* Let one transfer end: a cancelled one, an OUT, or the IN. */
static void run_one(void)
{
    static unsigned ticks;

    for (size_t i = 0; i < usb.pending_count; i++) {
        if (usb.is_gone || pending[i].is_cancelled) {
            end_transfer(i, usb.is_gone ? LIBUSB_TRANSFER_NO_DEVICE : LIBUSB_TRANSFER_CANCELLED, 0);
            return;
        }
    }
    for (size_t i = 0; i < usb.pending_count; i++) {
        struct libusb_transfer *transfer = pending[i].transfer;
        if ((transfer->endpoint & 0x80) != 0) {
            int len = fill_in(transfer->buffer, transfer->length, &ticks);
            end_transfer(i, LIBUSB_TRANSFER_COMPLETED, len);
            return;
        }
        if (!usb.blocks_out) {
            run_out(i);
            return;
        }
    }
    usb.clock.now_ns += 1000000;
}

int libusb_handle_events_timeout_completed(
    libusb_context *old, struct timeval *timeout, int *completed)
{
    (void)old;
    (void)timeout;
    if (completed == NULL || *completed == 0) {
        run_one();
    }
    return 0;
}

int libusb_handle_events_timeout(libusb_context *old, struct timeval *timeout)
{
    return libusb_handle_events_timeout_completed(old, timeout, NULL);
}
