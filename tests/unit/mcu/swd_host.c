#include "tests/unit/mcu/swd_host.h"

#include <check.h>

enum {
    DHCSR = (int)0xE000EDF0,
    DCRSR = (int)0xE000EDF4,
    DCRDR = (int)0xE000EDF8
};

enum wire_level host_clock(struct swd_host *host, enum wire_level level)
{
    mcu_swclk(host->mcu, host->time_ns, false, level);
    host->time_ns += host->half_ns;
    enum wire_level seen = mcu_swdio(host->mcu);
    mcu_swclk(host->mcu, host->time_ns, true, level);
    host->time_ns += host->half_ns;
    return seen;
}

void host_bits(struct swd_host *host, uint64_t bits, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        host_clock(host, (bits >> i & 1) != 0 ? WIRE_HIGH : WIRE_LOW);
    }
}

void host_line_reset(struct swd_host *host)
{
    host_bits(host, UINT64_MAX, 56);
    host_bits(host, 0, 4);
}

static unsigned listen_bit(struct swd_host *host)
{
    return host_clock(host, WIRE_FLOATING) == WIRE_LOW ? 0 : 1; /* pull-up */
}

static bool parity_of(uint32_t value)
{
    bool parity = false;

    for (; value != 0; value &= value - 1) {
        parity = !parity;
    }
    return parity;
}

static void listen_data(struct swd_host *host, uint32_t *data)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < 32; i++) {
        value |= (uint32_t)listen_bit(host) << i;
    }
    host->has_parity_error = parity_of(value) != (listen_bit(host) != 0);
    *data = value;
}

static void send_request(struct swd_host *host, bool is_ap, bool is_read, unsigned address)
{
    unsigned fields =
        (is_ap ? 1u : 0) | (is_read ? 2u : 0) | (address & 4 ? 4u : 0) | (address & 8 ? 8u : 0);

    host_bits(host, 1 | fields << 1 | (parity_of(fields) ? 1u : 0) << 5 | 1u << 7, 8);
}

unsigned host_packet(
    struct swd_host *host, bool is_ap, bool is_read, unsigned address, uint32_t *data)
{
    unsigned ack = 0;

    send_request(host, is_ap, is_read, address);
    listen_bit(host);
    for (unsigned i = 0; i < 3; i++) {
        ack |= listen_bit(host) << i;
    }
    bool has_data = ack == HOST_OK || host->detects_overrun;
    if (has_data && is_read) {
        listen_data(host, data);
    }
    listen_bit(host);
    if (has_data && !is_read) {
        host_bits(host, *data, 32);
        host_bits(host, parity_of(*data) != host->breaks_parity, 1);
    }
    host_bits(host, 0, 8);
    return ack;
}

uint32_t host_dp_read(struct swd_host *host, unsigned address)
{
    uint32_t value = 0;

    ck_assert_uint_eq(host_packet(host, false, true, address, &value), HOST_OK);
    ck_assert(!host->has_parity_error);
    return value;
}

void host_dp_write(struct swd_host *host, unsigned address, uint32_t value)
{
    ck_assert_uint_eq(host_packet(host, false, false, address, &value), HOST_OK);
}

uint32_t host_ap_read(struct swd_host *host, unsigned number)
{
    uint32_t value;

    host_dp_write(host, 8, number & 0xF0);
    ck_assert_uint_eq(host_packet(host, true, true, number & 12, &value), HOST_OK);
    return host_dp_read(host, 12);
}

void host_ap_write(struct swd_host *host, unsigned number, uint32_t value)
{
    host_dp_write(host, 8, number & 0xF0);
    ck_assert_uint_eq(host_packet(host, true, false, number & 12, &value), HOST_OK);
}

void host_connect(struct swd_host *host)
{
    host_line_reset(host);
    ck_assert_uint_eq(host_dp_read(host, 0), 0x0BC11477);
    host_dp_write(host, 0, 0x1E);
    host_dp_write(host, 4, 0x50000000);
    ck_assert_uint_eq(host_dp_read(host, 4) & 0xF0000000, 0xF0000000);
    host_ap_write(host, 0x00, 0x03000002);
}

uint32_t host_read_word(struct swd_host *host, uint32_t address)
{
    host_ap_write(host, 0x04, address);
    return host_ap_read(host, 0x0C);
}

void host_write_word(struct swd_host *host, uint32_t address, uint32_t value)
{
    host_ap_write(host, 0x04, address);
    host_ap_write(host, 0x0C, value);
}

void host_halt(struct swd_host *host)
{
    host_write_word(host, (uint32_t)DHCSR, 0xA05F0003);
    ck_assert_uint_eq(host_read_word(host, (uint32_t)DHCSR) & 0x00020003, 0x00020003);
}

void host_resume(struct swd_host *host)
{
    host_write_word(host, (uint32_t)DHCSR, 0xA05F0001);
}

void host_step(struct swd_host *host)
{
    host_write_word(host, (uint32_t)DHCSR, 0xA05F0005);
}

uint32_t host_register(struct swd_host *host, unsigned number)
{
    host_write_word(host, (uint32_t)DCRSR, number);
    ck_assert_uint_eq(host_read_word(host, (uint32_t)DHCSR) & 1u << 16, 1u << 16);
    return host_read_word(host, (uint32_t)DCRDR);
}

void host_set_register(struct swd_host *host, unsigned number, uint32_t value)
{
    host_write_word(host, (uint32_t)DCRDR, value);
    host_write_word(host, (uint32_t)DCRSR, 1u << 16 | number);
}
