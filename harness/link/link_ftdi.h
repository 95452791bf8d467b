/**
 * The link on steel: libftdi1 on libusb, asynchronous transfers with a deadline.
 */
#ifndef EVENKEEL_HARNESS_LINK_LINK_FTDI_H
#define EVENKEEL_HARNESS_LINK_LINK_FTDI_H

#include "harness/link/link.h"

/** What the product string in the EEPROM of a fixture's bridge begins with. */
#define LINK_FTDI_PRODUCT "CB24"

/**
 * Open channel @p channel (0 is A) of the FT4232H, FT2232H or FT232H with @p serial. A kernel
 * driver that holds the channel is detached, and attached again by link_close().
 *
 * @param clock, log  kept; must outlive the link
 * @retval STATUS_ABSENT   no device with this serial number; the text lists those there are
 * @retval STATUS_MISMATCH two devices with this serial number, or its product string is not a
 *                         fixture's
 * @retval STATUS_RANGE    the chip has no such channel
 * @retval STATUS_IO       held by another program, no permission, unplugged meanwhile
 */
enum status link_ftdi_open(const char *serial, unsigned channel, struct clock *clock,
    struct log *log, struct link **link, struct error *err);

#endif
