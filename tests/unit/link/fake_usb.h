/**
 * A libusb made of nothing, in front of the real libftdi1: devices on a list, an OUT and an IN
 * stream each. The functions of libusb itself are defined in fake_usb.c and win over the library's.
 *
 * libusb's callers have no argument to carry a test's state in, so this one keeps it in a static.
 */
#ifndef EVENKEEL_TESTS_UNIT_LINK_FAKE_USB_H
#define EVENKEEL_TESTS_UNIT_LINK_FAKE_USB_H

#include "harness/base/bytes.h"
#include "tests/unit/link/fake_link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FAKE_USB_DEVICE_MAX = 4,
    FAKE_USB_CONTROL_MAX = 64
};

struct fake_usb_device {
    uint16_t product_id; /* vendor is 0403 */
    const char *product;
    const char *serial;
    int open_code;  /* what libusb_open() returns */
    int claim_code; /* what libusb_claim_interface() returns */
};

struct fake_usb_control {
    uint8_t type;
    uint8_t request;
    uint16_t value;
    uint16_t index;
};

struct fake_usb {
    struct fake_clock clock; /* each status packet takes 1 ms of it */
    struct fake_usb_device devices[FAKE_USB_DEVICE_MAX];
    size_t device_count;

    /* what happened */
    struct fake_usb_control controls[FAKE_USB_CONTROL_MAX];
    size_t control_count;
    struct buffer out;
    int claimed_interface; /* -1: none */
    bool is_auto_detach;
    size_t open_count; /* handles now open */
    size_t pending_count;

    /* what shall happen */
    struct buffer in;          /* bytes that the chip has ready */
    size_t in_packet_max;      /* at most so many of them in one packet, 1 .. 510 */
    unsigned empty_ticks;      /* status packets without data before each one with data */
    bool is_loopback;          /* OUT bytes come back as IN bytes */
    bool is_gone;              /* unplugged */
    size_t gone_after_packets; /* unplugged after so many IN packets; 0: never */
    size_t in_packet_count;
    bool blocks_out; /* the chip takes nothing */
};

/** One FT4232H "CB24-0001" on the bus. */
struct fake_usb *fake_usb_begin(void);
void fake_usb_end(void);

#endif
