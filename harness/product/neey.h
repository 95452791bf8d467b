/**
 * NEEY wire format, the harness's side: EK-24S4EB and its siblings, over the Bluetooth module's
 * UART.
 *
 * Written from the protocol's facts and judged by captured frames of real devices; shares no line
 * with the firmware's own tables (firmware/protocol). See product/README.md for the layout.
 */
#ifndef EVENKEEL_HARNESS_PRODUCT_NEEY_H
#define EVENKEEL_HARNESS_PRODUCT_NEEY_H

#include "harness/base/bytes.h"
#include "harness/base/error.h"
#include "harness/link/uart.h"

#include <stdbool.h>

enum {
    NEEY_CELL_MAX = 24,
    NEEY_REQUEST_LEN = 20,
    NEEY_FRAME_MAX = 300,
    NEEY_BAUD = 115200
};

enum neey_command {
    NEEY_DEVICE_INFO = 0x01,
    NEEY_CELL_INFO = 0x02,
    NEEY_FACTORY = 0x03,
    NEEY_SETTINGS = 0x04,
    NEEY_WRITE = 0x05
};

/** Registers of NEEY_WRITE; the value's type is in the table of neey.c. */
enum neey_register {
    NEEY_REG_CELL_COUNT = 0x01,
    NEEY_REG_TRIGGER = 0x02,
    NEEY_REG_MAX_CURRENT = 0x03,
    NEEY_REG_STOP_VOLTAGE = 0x04,
    NEEY_REG_STANDARD_VOL2 = 0x05,
    NEEY_REG_BATTERY_VOL2 = 0x06,
    NEEY_REG_STANDARD_CUR2 = 0x07,
    NEEY_REG_BALANCE_ON = 0x0D,
    NEEY_REG_SUPER_BAT2 = 0x0E,
    NEEY_REG_NAME = 0x13,
    NEEY_REG_BUZZER = 0x14,
    NEEY_REG_BATTERY_TYPE = 0x15,
    NEEY_REG_CAPACITY = 0x16,
    NEEY_REG_START_VOLTAGE = 0x17,
    NEEY_REG_STOP_DIFFERENCE = 0x1A
};

struct neey_device_info {
    char model[17], hardware[9], software[9], protocol[9], production_date[9];
    uint32_t power_on_count, runtime_s;
    char device_id[13], password[7], name[17];
};

struct neey_cell_info {
    uint8_t counter;
    double cell_v[NEEY_CELL_MAX]; /* 0: not connected; a float on the wire, widened exactly */
    double line_ohm[NEEY_CELL_MAX];
    double sum_v, average_v, spread_v;
    unsigned highest_index, lowest_index, cell_count;
    uint8_t status;
    double balance_a, temperature_c[2];
    uint32_t not_detected_mask, over_voltage_mask, under_voltage_mask, polarity_mask, line_mask;
    uint8_t temperature_flags, charge_fault, discharge_fault, storage_flags;
    uint32_t uptime_s;
};

struct neey_settings {
    unsigned cell_count;
    double trigger_v, max_current_a, stop_voltage_v;
    bool balance_on;
    uint8_t buzzer, battery_type;
    uint32_t capacity_ah;
    double start_voltage_v;
    uint8_t address;
    double stop_difference_v, line_reference_ohm;
};

struct neey_factory {
    double standard_vol1_v, standard_vol2_v, battery_vol1_v, battery_vol2_v;
    double standard_cur1_v, standard_cur2_v, super_bat1_v, super_bat2_v;
    double resistor1_ohm, ref_bat_v, battery_max_v, battery_min_v, ntc_max_c, ntc_min_c;
    uint32_t power_on_count, runtime_s;
    char production_date[9];
};

/* Codec: pure, for the client below, for tests with captured frames, and for fuzzers. */

/** Build a request with SUM8 check. @p payload up to 10 bytes or NULL. */
void neey_encode_request(bool is_write, uint8_t command, uint8_t reg, const uint8_t *payload,
    size_t payload_len, uint8_t request[NEEY_REQUEST_LEN]);

/**
 * Build the request that writes @p value to register @p reg, in the register's type.
 * @retval STATUS_RANGE  no such register, a text register, or the type cannot carry the value
 */
enum status neey_encode_write(
    uint8_t reg, double value, uint8_t request[NEEY_REQUEST_LEN], struct error *err);

/**
 * Check one whole reply frame: head, length field against @p len, SUM8, end byte.
 * @param command, reg, is_write (out)
 * @retval STATUS_PROTOCOL the text says what is wrong and at which offset
 */
enum status neey_check_frame(const uint8_t *frame, size_t len, uint8_t *command, uint8_t *reg,
    bool *is_write, struct error *err);

/** @pre neey_check_frame() passed; a wrong command or length for the kind: STATUS_PROTOCOL. */
enum status neey_decode_device_info(
    const uint8_t *frame, size_t len, struct neey_device_info *info, struct error *err);
enum status neey_decode_cell_info(
    const uint8_t *frame, size_t len, struct neey_cell_info *info, struct error *err);
enum status neey_decode_settings(
    const uint8_t *frame, size_t len, struct neey_settings *settings, struct error *err);
enum status neey_decode_factory(
    const uint8_t *frame, size_t len, struct neey_factory *factory, struct error *err);

/** Finds frames in a stream of bytes: garbage, module texts ("+CONNECTED"), torn frames. */
struct neey_stream {
    uint8_t data[2 * NEEY_FRAME_MAX];
    size_t len;
    uint32_t dropped_len; /* bytes thrown away so far */
};

/** Add bytes; those that do not fit push out the oldest. */
void neey_stream_feed(struct neey_stream *stream, const uint8_t *data, size_t len);
/** Next whole and checked frame into @p frame. @return its length, 0: none yet */
size_t neey_stream_next(struct neey_stream *stream, uint8_t frame[NEEY_FRAME_MAX]);

/*
 * Client. A unit that is silent or answers nonsense is STATUS_UNIT; a serial line that fails is
 * STATUS_IO. The fixture stands in the place of the Bluetooth module.
 */
struct neey_client;

/** Keeps @p uart (not closed). */
struct neey_client *neey_client_create(struct uart *uart);
/** NULL is allowed. */
void neey_client_destroy(struct neey_client *client);

/** Forget what came before (after a power cycle). */
enum status neey_client_reset(struct neey_client *client, struct error *err);
/** Tell the unit that a phone is connected ("+CONNECTED\r\n"). */
enum status neey_client_connected(struct neey_client *client, struct error *err);
enum status neey_client_device_info(
    struct neey_client *client, struct neey_device_info *info, struct error *err);
enum status neey_client_settings(
    struct neey_client *client, struct neey_settings *settings, struct error *err);
enum status neey_client_factory(
    struct neey_client *client, struct neey_factory *factory, struct error *err);
/**
 * A cell frame whose scan began after @p not_before_ns: the first frame that ends after it is
 * dropped (its scan may be older), the next is taken. Starts the stream when it is not running.
 */
enum status neey_client_fresh_cells(struct neey_client *client, uint64_t not_before_ns,
    struct neey_cell_info *info, struct error *err);
/** Write a register by its table type and wait for the ack. @retval STATUS_RANGE no such register
 */
enum status neey_client_write(
    struct neey_client *client, uint8_t reg, double value, struct error *err);

#endif
