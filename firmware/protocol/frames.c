#include "firmware/protocol/frames.h"

#include <string.h>

enum field_kind {
    KIND_U8,
    KIND_U24,
    KIND_U32,
    KIND_FLOAT,
    KIND_TEXT /* count is the width */
};

struct field {
    uint16_t at; /* in the frame */
    uint16_t offset;
    uint8_t kind;
    uint8_t count;
};

struct layout {
    uint8_t command;
    uint16_t len;
    uint16_t field_count;
    const struct field *fields;
};

#define ROW(type, position, what, member, times) \
    { \
        .at = (position), .offset = offsetof(struct type, member), .kind = (what), \
        .count = (times), \
    }
#define LAYOUT(number, length, table) \
    { \
        .command = (number), .len = (length), .field_count = sizeof(table) / sizeof((table)[0]), \
        .fields = (table), \
    }

static const struct field DEVICE_INFO_FIELDS[] = {
    ROW(frame_device_info, 8, KIND_TEXT, model, 16),
    ROW(frame_device_info, 24, KIND_TEXT, hardware, 8),
    ROW(frame_device_info, 32, KIND_TEXT, software, 8),
    ROW(frame_device_info, 40, KIND_TEXT, protocol, 8),
    ROW(frame_device_info, 48, KIND_TEXT, production_date, 8),
    ROW(frame_device_info, 56, KIND_U32, power_on_count, 1),
    ROW(frame_device_info, 60, KIND_U32, runtime_s, 1),
    ROW(frame_device_info, 64, KIND_TEXT, device_id, 12),
    ROW(frame_device_info, 76, KIND_TEXT, password, 6),
    ROW(frame_device_info, 82, KIND_TEXT, name, 16),
};

static const struct field CELLS_FIELDS[] = {
    ROW(frame_cells, 8, KIND_U8, counter, 1),
    ROW(frame_cells, 9, KIND_FLOAT, cell_v, FRAME_CELL_COUNT),
    ROW(frame_cells, 105, KIND_FLOAT, line_ohm, FRAME_CELL_COUNT),
    ROW(frame_cells, 201, KIND_FLOAT, sum_v, 1),
    ROW(frame_cells, 205, KIND_FLOAT, average_v, 1),
    ROW(frame_cells, 209, KIND_FLOAT, spread_v, 1),
    ROW(frame_cells, 213, KIND_U8, highest_index, 1),
    ROW(frame_cells, 214, KIND_U8, lowest_index, 1),
    ROW(frame_cells, 215, KIND_U8, last_cell_index, 1),
    ROW(frame_cells, 216, KIND_U8, status, 1),
    ROW(frame_cells, 217, KIND_FLOAT, balance_a, 1),
    ROW(frame_cells, 221, KIND_FLOAT, temperature_c, 2),
    ROW(frame_cells, 229, KIND_U24, missing_mask, 1),
    ROW(frame_cells, 232, KIND_U24, over_voltage_mask, 1),
    ROW(frame_cells, 235, KIND_U24, under_voltage_mask, 1),
    ROW(frame_cells, 238, KIND_U24, polarity_mask, 1),
    ROW(frame_cells, 241, KIND_U24, line_mask, 1),
    ROW(frame_cells, 244, KIND_U8, temperature_flags, 1),
    ROW(frame_cells, 245, KIND_U8, charge_fault, 1),
    ROW(frame_cells, 246, KIND_U8, discharge_fault, 1),
    ROW(frame_cells, 247, KIND_U8, storage_flags, 1),
    ROW(frame_cells, 254, KIND_U32, uptime_s, 1),
};

static const struct field SETTINGS_FIELDS[] = {
    ROW(frame_settings, 8, KIND_U8, cell_count, 1),
    ROW(frame_settings, 9, KIND_FLOAT, trigger_v, 1),
    ROW(frame_settings, 13, KIND_FLOAT, max_current_a, 1),
    ROW(frame_settings, 17, KIND_FLOAT, stop_voltage_v, 1),
    ROW(frame_settings, 21, KIND_U8, balance_on, 1),
    ROW(frame_settings, 22, KIND_U8, buzzer, 1),
    ROW(frame_settings, 23, KIND_U8, battery_type, 1),
    ROW(frame_settings, 24, KIND_U32, capacity_ah, 1),
    ROW(frame_settings, 28, KIND_FLOAT, start_voltage_v, 1),
    ROW(frame_settings, 32, KIND_U8, address, 1),
    ROW(frame_settings, 33, KIND_FLOAT, stop_difference_v, 1),
    ROW(frame_settings, 37, KIND_FLOAT, line_reference_ohm, 1),
};

static const struct field FACTORY_FIELDS[] = {
    ROW(frame_factory, 8, KIND_FLOAT, standard_vol1_v, 1),
    ROW(frame_factory, 12, KIND_FLOAT, standard_vol2_v, 1),
    ROW(frame_factory, 16, KIND_FLOAT, battery_vol1_v, 1),
    ROW(frame_factory, 20, KIND_FLOAT, battery_vol2_v, 1),
    ROW(frame_factory, 24, KIND_FLOAT, standard_cur1_v, 1),
    ROW(frame_factory, 28, KIND_FLOAT, standard_cur2_v, 1),
    ROW(frame_factory, 32, KIND_FLOAT, super_bat1_v, 1),
    ROW(frame_factory, 36, KIND_FLOAT, super_bat2_v, 1),
    ROW(frame_factory, 40, KIND_FLOAT, resistor1_ohm, 1),
    ROW(frame_factory, 44, KIND_FLOAT, ref_bat_v, 1),
    ROW(frame_factory, 48, KIND_FLOAT, battery_max_v, 1),
    ROW(frame_factory, 52, KIND_FLOAT, battery_min_v, 1),
    ROW(frame_factory, 56, KIND_FLOAT, ntc_max_c, 1),
    ROW(frame_factory, 60, KIND_FLOAT, ntc_min_c, 1),
    ROW(frame_factory, 64, KIND_U32, power_on_count, 1),
    ROW(frame_factory, 68, KIND_U32, runtime_s, 1),
    ROW(frame_factory, 72, KIND_TEXT, production_date, 8),
};

static const struct layout DEVICE_INFO =
    LAYOUT(FRAME_DEVICE_INFO, FRAME_SHORT_LEN, DEVICE_INFO_FIELDS);
static const struct layout CELLS = LAYOUT(FRAME_CELLS, FRAME_CELLS_LEN, CELLS_FIELDS);
static const struct layout SETTINGS = LAYOUT(FRAME_SETTINGS, FRAME_SHORT_LEN, SETTINGS_FIELDS);
static const struct layout FACTORY = LAYOUT(FRAME_FACTORY, FRAME_SHORT_LEN, FACTORY_FIELDS);

/** All values of a field lie in memory as on the wire: the part is little endian too. */
static size_t field_len(const struct field *field)
{
    static const uint8_t LENS[] = {
        [KIND_U8] = 1, [KIND_U24] = 3, [KIND_U32] = 4, [KIND_FLOAT] = 4, [KIND_TEXT] = 1};

    return (size_t)LENS[field->kind] * field->count;
}

static void put_head(uint8_t *frame, bool is_write, uint8_t command, uint8_t reg, size_t len)
{
    const uint8_t head[] = {
        0x55, 0xAA, 0x11, !is_write, command, reg, (uint8_t)len, (uint8_t)(len >> 8)};

    memset(frame, 0, len);
    memcpy(frame, head, sizeof head);
}

static size_t put_tail(uint8_t *frame, size_t len)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < len - 2; i++) {
        sum = (uint8_t)(sum + frame[i]);
    }
    frame[len - 2] = sum;
    frame[len - 1] = 0xFF;
    return len;
}

static size_t encode(const struct layout *layout, const void *values, uint8_t *frame)
{
    put_head(frame, false, layout->command, 0, layout->len);
    for (size_t i = 0; i < layout->field_count; i++) {
        const struct field *field = &layout->fields[i];

        memcpy(frame + field->at, (const uint8_t *)values + field->offset, field_len(field));
    }
    return put_tail(frame, layout->len);
}

size_t frame_encode_device_info(const struct frame_device_info *info, uint8_t frame[FRAME_LEN_MAX])
{
    return encode(&DEVICE_INFO, info, frame);
}

size_t frame_encode_cells(const struct frame_cells *cells, uint8_t frame[FRAME_LEN_MAX])
{
    return encode(&CELLS, cells, frame);
}

size_t frame_encode_settings(const struct frame_settings *settings, uint8_t frame[FRAME_LEN_MAX])
{
    return encode(&SETTINGS, settings, frame);
}

size_t frame_encode_factory(const struct frame_factory *factory, uint8_t frame[FRAME_LEN_MAX])
{
    return encode(&FACTORY, factory, frame);
}

size_t frame_encode_ack(bool is_write, uint8_t command, uint8_t reg, uint8_t frame[FRAME_LEN_MAX])
{
    put_head(frame, is_write, command, reg, FRAME_ACK_LEN);
    return put_tail(frame, FRAME_ACK_LEN);
}
