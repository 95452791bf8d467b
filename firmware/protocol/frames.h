/**
 * NEEY wire format, the unit's side: what goes to the phone.
 *
 *     0  55 AA   2  11   3  function (1 answer to a read, 0 ack of a write)   4  command
 *     5  register (acks of writes)   6  length, 16 bits   8  payload
 *     len-2  sum of bytes 0 .. len-3   len-1  FF
 *
 * The payloads are tables of fields over the structs below; little endian, floats IEEE-754.
 */
#ifndef EVENKEEL_FIRMWARE_PROTOCOL_FRAMES_H
#define EVENKEEL_FIRMWARE_PROTOCOL_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_CELL_COUNT = 24,
    FRAME_ACK_LEN = 20,
    FRAME_SHORT_LEN = 100,
    FRAME_CELLS_LEN = 300,
    FRAME_LEN_MAX = FRAME_CELLS_LEN
};

enum frame_command {
    FRAME_DEVICE_INFO = 0x01,
    FRAME_CELLS = 0x02,
    FRAME_FACTORY = 0x03,
    FRAME_SETTINGS = 0x04,
    FRAME_WRITE = 0x05
};

/** Texts fill their fields; shorter ones end with zeros. The last byte stays zero. */
struct frame_device_info {
    char model[17], hardware[9], software[9], protocol[9], production_date[9];
    char device_id[13], password[7], name[17];
    uint32_t power_on_count, runtime_s;
};

struct frame_cells {
    uint8_t counter;
    float cell_v[FRAME_CELL_COUNT];
    float line_ohm[FRAME_CELL_COUNT];
    float sum_v, average_v, spread_v;
    uint8_t highest_index, lowest_index, last_cell_index, status;
    float balance_a, temperature_c[2];
    uint32_t missing_mask, over_voltage_mask, under_voltage_mask, polarity_mask, line_mask;
    uint8_t temperature_flags, charge_fault, discharge_fault, storage_flags;
    uint32_t uptime_s;
};

struct frame_settings {
    uint8_t cell_count;
    float trigger_v, max_current_a, stop_voltage_v;
    uint8_t balance_on, buzzer, battery_type;
    uint32_t capacity_ah;
    float start_voltage_v;
    uint8_t address;
    float stop_difference_v, line_reference_ohm;
};

struct frame_factory {
    float standard_vol1_v, standard_vol2_v, battery_vol1_v, battery_vol2_v;
    float standard_cur1_v, standard_cur2_v, super_bat1_v, super_bat2_v;
    float resistor1_ohm, ref_bat_v, battery_max_v, battery_min_v, ntc_max_c, ntc_min_c;
    uint32_t power_on_count, runtime_s;
    char production_date[9];
};

/* Each encoder fills @p frame and returns the frame's length. */

size_t frame_encode_device_info(const struct frame_device_info *info, uint8_t frame[FRAME_LEN_MAX]);
size_t frame_encode_cells(const struct frame_cells *cells, uint8_t frame[FRAME_LEN_MAX]);
size_t frame_encode_settings(const struct frame_settings *settings, uint8_t frame[FRAME_LEN_MAX]);
size_t frame_encode_factory(const struct frame_factory *factory, uint8_t frame[FRAME_LEN_MAX]);
/** 20 bytes without payload: a write is done, or factory frames follow. */
size_t frame_encode_ack(bool is_write, uint8_t command, uint8_t reg, uint8_t frame[FRAME_LEN_MAX]);

#endif
