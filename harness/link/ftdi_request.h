/**
 * What a host can ask of an FTDI high-speed chip: vendor control requests and bit modes.
 *
 * Source: FTDI AN_232B and the drivers libftdi 1.5 and pyftdi agree with; see link/README.md.
 * The channel goes into wIndex's low byte as interface + 1; the link adds it.
 */
#ifndef EVENKEEL_HARNESS_LINK_FTDI_REQUEST_H
#define EVENKEEL_HARNESS_LINK_FTDI_REQUEST_H

enum ftdi_request {
    FTDI_REQUEST_RESET = 0x00,
    FTDI_REQUEST_MODEM_CTRL = 0x01,
    FTDI_REQUEST_FLOW = 0x02,
    FTDI_REQUEST_BAUD = 0x03,
    FTDI_REQUEST_DATA = 0x04,
    FTDI_REQUEST_MODEM_STATUS = 0x05,
    FTDI_REQUEST_EVENT_CHAR = 0x06,
    FTDI_REQUEST_ERROR_CHAR = 0x07,
    FTDI_REQUEST_SET_LATENCY = 0x09,
    FTDI_REQUEST_GET_LATENCY = 0x0A,
    FTDI_REQUEST_BITMODE = 0x0B,
    FTDI_REQUEST_READ_PINS = 0x0C,
    FTDI_REQUEST_READ_EEPROM = 0x90,
    FTDI_REQUEST_WRITE_EEPROM = 0x91,
    FTDI_REQUEST_ERASE_EEPROM = 0x92
};

/** wValue of FTDI_REQUEST_RESET. "Out" is host to chip, "in" is chip to host. */
enum ftdi_reset {
    FTDI_RESET_CHANNEL = 0,
    FTDI_RESET_PURGE_OUT = 1,
    FTDI_RESET_PURGE_IN = 2
};

/** High byte of wValue of FTDI_REQUEST_BITMODE; the low byte is the direction mask (1: output). */
enum ftdi_bitmode {
    FTDI_BITMODE_RESET = 0x00,
    FTDI_BITMODE_ASYNC_BITBANG = 0x01,
    FTDI_BITMODE_MPSSE = 0x02,
    FTDI_BITMODE_SYNC_BITBANG = 0x04
};

#endif
