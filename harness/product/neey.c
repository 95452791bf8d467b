/**
 * NEEY wire format, first version ("V1").
 *
 *     request  AA 55 11 | 01 read, 00 write | command | register | 14 00 | value, 10 bytes | SUM8 |
 * FF reply    55 AA 11 | 01 read, 00 write | command | register | length, 2 | ...         | SUM8 |
 * FF 0    2         3                4         5          6         8     len-2  len-1
 *
 * Everything is little endian; reals are IEEE single precision. SUM8 is the sum of all bytes before
 * it. Lengths: 20 for an acknowledgement, 100 for device info, settings and factory, 300 for cells.
 *
 * The second version (EK-B... devices with protection) shares the frame and the commands, has
 * settings of 150 bytes and other places inside the cell frame. Its device info differs in the
 * model only; its cell frame shows by values in bytes that are zero in every V1 frame.
 *
 * Layouts are tables: where it stands, how it is written, where it goes.
 */
#include "harness/product/neey.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

enum {
    DEVICE_ADDRESS = 0x11,
    FUNCTION_AT = 3,
    COMMAND_AT = 4,
    REGISTER_AT = 5,
    LENGTH_AT = 6,
    PAYLOAD_AT = 8,
    REQUEST_PAYLOAD_MAX = 10,
    FRAME_END = 0xFF,
    TRAILER_LEN = 2, /* check and end byte */

    ACK_LEN = 20,
    INFO_LEN = 100,
    CELLS_LEN = 300,
    V2_SETTINGS_LEN = 150
};

static const size_t reply_lengths[] = {ACK_LEN, INFO_LEN, V2_SETTINGS_LEN, CELLS_LEN};

enum wire_type {
    WIRE_U8,
    WIRE_U24,
    WIRE_U32,
    WIRE_F32,
    WIRE_TEXT
};

enum member_type {
    MEMBER_U8,
    MEMBER_UINT,
    MEMBER_U32,
    MEMBER_BOOL,
    MEMBER_DOUBLE,
    MEMBER_TEXT
};

/** One field, or @p count of them one after another in both places. */
struct field {
    const char *name;
    size_t at;
    enum wire_type wire;
    size_t wire_len;
    enum member_type member;
    size_t member_at;
    size_t member_len;
    size_t count;
};

#define FIELD(owner, at_, wire_, wire_len_, member_, name_) \
    { \
        .name = #name_, .at = (at_), .wire = (wire_), .wire_len = (wire_len_), \
        .member = (member_), .member_at = offsetof(struct owner, name_), \
        .member_len = sizeof((struct owner *)NULL)->name_, .count = 1 \
    }

#define U8(owner, at, name)        FIELD(owner, at, WIRE_U8, 1, MEMBER_U8, name)
#define U8_UINT(owner, at, name)   FIELD(owner, at, WIRE_U8, 1, MEMBER_UINT, name)
#define U8_BOOL(owner, at, name)   FIELD(owner, at, WIRE_U8, 1, MEMBER_BOOL, name)
#define U24(owner, at, name)       FIELD(owner, at, WIRE_U24, 3, MEMBER_U32, name)
#define U32(owner, at, name)       FIELD(owner, at, WIRE_U32, 4, MEMBER_U32, name)
#define F32(owner, at, name)       FIELD(owner, at, WIRE_F32, 4, MEMBER_DOUBLE, name)
#define TEXT(owner, at, len, name) FIELD(owner, at, WIRE_TEXT, len, MEMBER_TEXT, name)

#define F32_ARRAY(owner, at_, name_) \
    { \
        .name = #name_, .at = (at_), .wire = WIRE_F32, .wire_len = 4, .member = MEMBER_DOUBLE, \
        .member_at = offsetof(struct owner, name_), .member_len = sizeof(double), \
        .count = sizeof((struct owner *)NULL)->name_ / sizeof(double) \
    }

static const struct field device_info_fields[] = {
    TEXT(neey_device_info, 8, 16, model),
    TEXT(neey_device_info, 24, 8, hardware),
    TEXT(neey_device_info, 32, 8, software),
    TEXT(neey_device_info, 40, 8, protocol),
    TEXT(neey_device_info, 48, 8, production_date),
    U32(neey_device_info, 56, power_on_count),
    U32(neey_device_info, 60, runtime_s),
    TEXT(neey_device_info, 64, 12, device_id),
    TEXT(neey_device_info, 76, 6, password),
    TEXT(neey_device_info, 82, 16, name),
};

static const struct field cell_info_fields[] = {
    U8(neey_cell_info, 8, counter),
    F32_ARRAY(neey_cell_info, 9, cell_v),
    F32_ARRAY(neey_cell_info, 105, line_ohm),
    F32(neey_cell_info, 201, sum_v),
    F32(neey_cell_info, 205, average_v),
    F32(neey_cell_info, 209, spread_v),
    U8_UINT(neey_cell_info, 213, highest_index),
    U8_UINT(neey_cell_info, 214, lowest_index),
    U8_UINT(neey_cell_info, 215, cell_count), /* one less on the wire */
    U8(neey_cell_info, 216, status),
    F32(neey_cell_info, 217, balance_a),
    F32_ARRAY(neey_cell_info, 221, temperature_c),
    U24(neey_cell_info, 229, not_detected_mask),
    U24(neey_cell_info, 232, over_voltage_mask),
    U24(neey_cell_info, 235, under_voltage_mask),
    U24(neey_cell_info, 238, polarity_mask),
    U24(neey_cell_info, 241, line_mask),
    U8(neey_cell_info, 244, temperature_flags),
    U8(neey_cell_info, 245, charge_fault),
    U8(neey_cell_info, 246, discharge_fault),
    U8(neey_cell_info, 247, storage_flags),
    U32(neey_cell_info, 254, uptime_s),
};

static const struct field settings_fields[] = {
    U8_UINT(neey_settings, 8, cell_count),
    F32(neey_settings, 9, trigger_v),
    F32(neey_settings, 13, max_current_a),
    F32(neey_settings, 17, stop_voltage_v),
    U8_BOOL(neey_settings, 21, balance_on),
    U8(neey_settings, 22, buzzer),
    U8(neey_settings, 23, battery_type),
    U32(neey_settings, 24, capacity_ah),
    F32(neey_settings, 28, start_voltage_v),
    U8(neey_settings, 32, address),
    F32(neey_settings, 33, stop_difference_v),
    F32(neey_settings, 37, line_reference_ohm),
};

static const struct field factory_fields[] = {
    F32(neey_factory, 8, standard_vol1_v),
    F32(neey_factory, 12, standard_vol2_v),
    F32(neey_factory, 16, battery_vol1_v),
    F32(neey_factory, 20, battery_vol2_v),
    F32(neey_factory, 24, standard_cur1_v),
    F32(neey_factory, 28, standard_cur2_v),
    F32(neey_factory, 32, super_bat1_v),
    F32(neey_factory, 36, super_bat2_v),
    F32(neey_factory, 40, resistor1_ohm),
    F32(neey_factory, 44, ref_bat_v),
    F32(neey_factory, 48, battery_max_v),
    F32(neey_factory, 52, battery_min_v),
    F32(neey_factory, 56, ntc_max_c),
    F32(neey_factory, 60, ntc_min_c),
    U32(neey_factory, 64, power_on_count),
    U32(neey_factory, 68, runtime_s),
    TEXT(neey_factory, 72, 8, production_date),
};

#define COUNT_OF(table) (sizeof(table) / sizeof(table)[0])

/** A writable register, the type of its value, and its name on the manufacturer's side. */
struct reg_row {
    uint8_t reg;
    enum wire_type type;
    const char *name;
};

static const struct reg_row registers[] = {
    {NEEY_REG_CELL_COUNT, WIRE_U32, "cell count"},
    {NEEY_REG_TRIGGER, WIRE_F32, "trigger"},
    {NEEY_REG_MAX_CURRENT, WIRE_F32, "max current"},
    {NEEY_REG_STOP_VOLTAGE, WIRE_F32, "stop voltage"},
    {NEEY_REG_STANDARD_VOL2, WIRE_F32, "StandardVol2"},
    {NEEY_REG_BATTERY_VOL2, WIRE_F32, "BatteryVol2"},
    {NEEY_REG_STANDARD_CUR2, WIRE_F32, "StandardCur2"},
    {0x08, WIRE_F32, "StartVol"},
    {0x0A, WIRE_U32, "total time"},
    {0x0B, WIRE_F32, "battery max"},
    {0x0C, WIRE_F32, "battery min"},
    {NEEY_REG_BALANCE_ON, WIRE_U32, "balance on"},
    {NEEY_REG_SUPER_BAT2, WIRE_F32, "SuperBat2"},
    {0x0F, WIRE_F32, "batStatu"},
    {0x10, WIRE_TEXT, "production date"},
    {0x11, WIRE_F32, "NTC max"},
    {0x12, WIRE_F32, "NTC min"},
    {NEEY_REG_NAME, WIRE_TEXT, "name"},
    {NEEY_REG_BUZZER, WIRE_U32, "buzzer"},
    {NEEY_REG_BATTERY_TYPE, WIRE_U32, "battery type"},
    {NEEY_REG_CAPACITY, WIRE_U32, "capacity"},
    {NEEY_REG_START_VOLTAGE, WIRE_F32, "start voltage"},
    {NEEY_REG_STOP_DIFFERENCE, WIRE_F32, "stop difference"},
};

static uint8_t sum8(const uint8_t *data, size_t len)
{
    unsigned sum = 0;

    for (size_t i = 0; i < len; i++) {
        sum += data[i];
    }
    return (uint8_t)sum;
}

/* ---- requests ---- */

void neey_encode_request(bool is_write, uint8_t command, uint8_t reg, const uint8_t *payload,
    size_t payload_len, uint8_t request[NEEY_REQUEST_LEN])
{
    assert(payload_len <= REQUEST_PAYLOAD_MAX);
    memset(request, 0, NEEY_REQUEST_LEN);
    request[0] = 0xAA;
    request[1] = 0x55;
    request[2] = DEVICE_ADDRESS;
    request[FUNCTION_AT] = is_write ? 0x00 : 0x01;
    request[COMMAND_AT] = command;
    request[REGISTER_AT] = reg;
    bytes_put_le16(request + LENGTH_AT, NEEY_REQUEST_LEN);
    if (payload_len > 0) {
        memcpy(request + PAYLOAD_AT, payload, payload_len);
    }
    request[NEEY_REQUEST_LEN - 2] = sum8(request, NEEY_REQUEST_LEN - TRAILER_LEN);
    request[NEEY_REQUEST_LEN - 1] = FRAME_END;
}

static const struct reg_row *find_register(uint8_t reg)
{
    for (size_t i = 0; i < COUNT_OF(registers); i++) {
        if (registers[i].reg == reg) {
            return &registers[i];
        }
    }
    return NULL;
}

static enum status encode_value(
    const struct reg_row *row, double value, uint8_t payload[4], struct error *err)
{
    if (row->type == WIRE_TEXT) {
        return error_set(err, STATUS_RANGE, "register 0x%02x (%s) takes a text, %g was given",
            (unsigned)row->reg, row->name, value);
    }
    if (row->type == WIRE_F32) {
        if (!(fabs(value) <= 3.4028234663852886e38)) { /* FLT_MAX; refuses NaN too */
            return error_set(err, STATUS_RANGE, "register 0x%02x (%s) cannot carry %g",
                (unsigned)row->reg, row->name, value);
        }
        bytes_put_lef32(payload, (float)value);
        return STATUS_OK;
    }
    if (!(value >= 0.0 && value <= (double)UINT32_MAX) || value != floor(value)) {
        return error_set(err, STATUS_RANGE, "register 0x%02x (%s) takes a count, %g was given",
            (unsigned)row->reg, row->name, value);
    }
    bytes_put_le32(payload, (uint32_t)value);
    return STATUS_OK;
}

enum status neey_encode_write(
    uint8_t reg, double value, uint8_t request[NEEY_REQUEST_LEN], struct error *err)
{
    const struct reg_row *row = find_register(reg);
    uint8_t payload[4];

    if (row == NULL) {
        return error_set(err, STATUS_RANGE, "there is no register 0x%02x to write", (unsigned)reg);
    }
    TRY(encode_value(row, value, payload, err));
    neey_encode_request(true, NEEY_WRITE, reg, payload, sizeof payload, request);
    return STATUS_OK;
}

/* ---- frames ---- */

static bool is_reply_length(size_t len)
{
    for (size_t i = 0; i < COUNT_OF(reply_lengths); i++) {
        if (reply_lengths[i] == len) {
            return true;
        }
    }
    return false;
}

static enum status check_head(const uint8_t *frame, struct error *err)
{
    static const uint8_t head[] = {0x55, 0xAA, DEVICE_ADDRESS};

    for (size_t i = 0; i < sizeof head; i++) {
        if (frame[i] != head[i]) {
            return error_set(err, STATUS_PROTOCOL,
                "byte 0x%02x at offset %zu of a reply, 0x%02x begins one", (unsigned)frame[i], i,
                (unsigned)head[i]);
        }
    }
    if (frame[FUNCTION_AT] > 1) {
        return error_set(err, STATUS_PROTOCOL,
            "function 0x%02x at offset 3 of a reply, 01 is a read and 00 a write",
            (unsigned)frame[FUNCTION_AT]);
    }
    return STATUS_OK;
}

enum status neey_check_frame(const uint8_t *frame, size_t len, uint8_t *command, uint8_t *reg,
    bool *is_write, struct error *err)
{
    if (len < ACK_LEN) {
        return error_set(err, STATUS_PROTOCOL, "%zu bytes are no reply, the shortest has 20", len);
    }
    TRY(check_head(frame, err));
    size_t said_len = bytes_get_le16(frame + LENGTH_AT);
    if (said_len != len || !is_reply_length(len)) {
        return error_set(err, STATUS_PROTOCOL,
            "length %zu at offset 6 of a reply of %zu bytes; 20, 100, 150 and 300 are known",
            said_len, len);
    }
    uint8_t sum = sum8(frame, len - TRAILER_LEN);
    if (frame[len - 2] != sum) {
        return error_set(err, STATUS_PROTOCOL,
            "check 0x%02x at offset %zu of a reply, its bytes sum to 0x%02x",
            (unsigned)frame[len - 2], len - 2, (unsigned)sum);
    }
    if (frame[len - 1] != FRAME_END) {
        return error_set(err, STATUS_PROTOCOL, "byte 0x%02x at offset %zu, 0xff ends a reply",
            (unsigned)frame[len - 1], len - 1);
    }
    *command = frame[COMMAND_AT];
    *reg = frame[REGISTER_AT];
    *is_write = frame[FUNCTION_AT] == 0;
    return STATUS_OK;
}

/* ---- fields ---- */

static enum status take_text(
    const struct field *field, const uint8_t *from, char *to, struct error *err)
{
    memset(to, 0, field->member_len);
    for (size_t i = 0; i < field->wire_len && from[i] != 0; i++) {
        if (from[i] < 0x20 || from[i] > 0x7E) {
            return error_set(err, STATUS_PROTOCOL,
                "%s holds byte 0x%02x at offset %zu, which is no text", field->name,
                (unsigned)from[i], field->at + i);
        }
        to[i] = (char)from[i];
    }
    return STATUS_OK;
}

static enum status take_real(
    const struct field *field, const uint8_t *from, size_t at, char *to, struct error *err)
{
    double value = (double)bytes_get_lef32(from);

    if (!isfinite(value)) {
        return error_set(err, STATUS_PROTOCOL, "%s at offset %zu is no number (0x%08lx)",
            field->name, at, (unsigned long)bytes_get_le32(from));
    }
    memcpy(to, &value, sizeof value);
    return STATUS_OK;
}

static uint32_t get_count(const struct field *field, const uint8_t *from)
{
    uint32_t value = 0;

    for (size_t i = field->wire_len; i-- > 0;) {
        value = value << 8 | from[i];
    }
    return value;
}

static void put_count(const struct field *field, uint32_t value, char *to)
{
    switch (field->member) {
    case MEMBER_U8:
        *(uint8_t *)to = (uint8_t)value;
        return;
    case MEMBER_UINT:
        memcpy(to, &(unsigned){value}, sizeof(unsigned));
        return;
    case MEMBER_U32:
        memcpy(to, &value, sizeof value);
        return;
    case MEMBER_BOOL:
        memcpy(to, &(bool){value != 0}, sizeof(bool));
        return;
    case MEMBER_DOUBLE:
    case MEMBER_TEXT:
        break;
    }
    assert(false);
}

static enum status take_field(
    const struct field *field, const uint8_t *frame, char *object, struct error *err)
{
    for (size_t i = 0; i < field->count; i++) {
        size_t at = field->at + i * field->wire_len;
        char *to = object + field->member_at + i * field->member_len;
        switch (field->wire) {
        case WIRE_TEXT:
            TRY(take_text(field, frame + at, to, err));
            break;
        case WIRE_F32:
            TRY(take_real(field, frame + at, at, to, err));
            break;
        case WIRE_U8:
        case WIRE_U24:
        case WIRE_U32:
            put_count(field, get_count(field, frame + at), to);
            break;
        }
    }
    return STATUS_OK;
}

static enum status take_fields(
    const struct field *fields, size_t count, const uint8_t *frame, void *object, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        TRY(take_field(&fields[i], frame, object, err));
    }
    return STATUS_OK;
}

/* ---- kinds of frames ---- */

static enum status check_kind(const uint8_t *frame, size_t len, enum neey_command command,
    size_t wanted_len, const char *name, struct error *err)
{
    if (frame[FUNCTION_AT] != 1 || frame[COMMAND_AT] != command) {
        return error_set(err, STATUS_PROTOCOL,
            "a reply to function %u command 0x%02x is no %s, which is function 1 command 0x%02x",
            (unsigned)frame[FUNCTION_AT], (unsigned)frame[COMMAND_AT], name, (unsigned)command);
    }
    if (len == V2_SETTINGS_LEN) {
        return error_set(err, STATUS_PROTOCOL,
            "%s of 150 bytes: the unit speaks version 2 of the protocol, version 1 has %zu", name,
            wanted_len);
    }
    if (len != wanted_len) {
        return error_set(
            err, STATUS_PROTOCOL, "%s of %zu bytes, version 1 has %zu", name, len, wanted_len);
    }
    return STATUS_OK;
}

enum status neey_decode_device_info(
    const uint8_t *frame, size_t len, struct neey_device_info *info, struct error *err)
{
    TRY(check_kind(frame, len, NEEY_DEVICE_INFO, INFO_LEN, "device info", err));
    TRY(take_fields(device_info_fields, COUNT_OF(device_info_fields), frame, info, err));
    if (strncmp(info->model, "EK-B", 4) == 0) {
        return error_set(err, STATUS_PROTOCOL,
            "device info of a %s: such units speak version 2 of the protocol", info->model);
    }
    return STATUS_OK;
}

/* Bytes that V1 leaves at zero are where V2 keeps capacities, masks and its uptime. */
static enum status check_is_v1_cells(const uint8_t *frame, struct error *err)
{
    static const struct {
        size_t first, last;
        uint8_t mask;
    } zeros[] = {
        {244, 244, 0xFC}, /* two temperature flags */
        {247, 247, 0xFC}, /* two storage flags */
        {248, 253, 0xFF},
        {258, 297, 0xFF},
    };

    for (size_t i = 0; i < COUNT_OF(zeros); i++) {
        for (size_t at = zeros[i].first; at <= zeros[i].last; at++) {
            if ((frame[at] & zeros[i].mask) != 0) {
                return error_set(err, STATUS_PROTOCOL,
                    "cells with byte 0x%02x at offset %zu, where version 1 of the protocol has "
                    "zero: "
                    "the unit speaks version 2",
                    (unsigned)frame[at], at);
            }
        }
    }
    return STATUS_OK;
}

enum status neey_decode_cell_info(
    const uint8_t *frame, size_t len, struct neey_cell_info *info, struct error *err)
{
    TRY(check_kind(frame, len, NEEY_CELL_INFO, CELLS_LEN, "cells", err));
    TRY(check_is_v1_cells(frame, err));
    TRY(take_fields(cell_info_fields, COUNT_OF(cell_info_fields), frame, info, err));
    info->cell_count++;
    if (info->cell_count > NEEY_CELL_MAX || info->highest_index >= NEEY_CELL_MAX ||
        info->lowest_index >= NEEY_CELL_MAX) {
        return error_set(err, STATUS_PROTOCOL,
            "cells with highest index %u, lowest index %u and %u cells at offset 213; 24 are the "
            "most",
            info->highest_index, info->lowest_index, info->cell_count);
    }
    return STATUS_OK;
}

enum status neey_decode_settings(
    const uint8_t *frame, size_t len, struct neey_settings *settings, struct error *err)
{
    TRY(check_kind(frame, len, NEEY_SETTINGS, INFO_LEN, "settings", err));
    return take_fields(settings_fields, COUNT_OF(settings_fields), frame, settings, err);
}

enum status neey_decode_factory(
    const uint8_t *frame, size_t len, struct neey_factory *factory, struct error *err)
{
    TRY(check_kind(frame, len, NEEY_FACTORY, INFO_LEN, "factory values", err));
    return take_fields(factory_fields, COUNT_OF(factory_fields), frame, factory, err);
}

/* ---- stream ---- */

static void drop(struct neey_stream *stream, size_t len)
{
    memmove(stream->data, stream->data + len, stream->len - len);
    stream->len -= len;
}

static void drop_lost(struct neey_stream *stream, size_t len)
{
    drop(stream, len);
    stream->dropped_len += (uint32_t)len;
}

void neey_stream_feed(struct neey_stream *stream, const uint8_t *data, size_t len)
{
    size_t capacity = sizeof stream->data;

    if (len > capacity) {
        stream->dropped_len += (uint32_t)(len - capacity);
        data += len - capacity;
        len = capacity;
    }
    if (stream->len > capacity - len) {
        drop_lost(stream, stream->len - (capacity - len));
    }
    if (len > 0) {
        memcpy(stream->data + stream->len, data, len);
        stream->len += len;
    }
}

enum look {
    LOOK_GARBAGE, /* no frame begins here */
    LOOK_BEGUN,   /* a frame may begin here; more bytes will tell */
    LOOK_WHOLE    /* a whole and right frame of *frame_len bytes */
};

static enum look look_at(const uint8_t *at, size_t left, size_t *frame_len)
{
    uint8_t command;
    uint8_t reg;
    bool is_write;

    if (at[0] != 0x55 || (left > 1 && at[1] != 0xAA) || (left > 2 && at[2] != DEVICE_ADDRESS)) {
        return LOOK_GARBAGE;
    }
    if (left < PAYLOAD_AT) {
        return LOOK_BEGUN;
    }
    *frame_len = bytes_get_le16(at + LENGTH_AT);
    if (!is_reply_length(*frame_len)) {
        return LOOK_GARBAGE;
    }
    if (left < *frame_len) {
        return LOOK_BEGUN;
    }
    return neey_check_frame(at, *frame_len, &command, &reg, &is_write, NULL) == STATUS_OK
               ? LOOK_WHOLE
               : LOOK_GARBAGE;
}

/*
 * A torn frame looks like one that has begun, and a whole one may follow in its place: so the
 * search goes on behind a beginning, and a beginning is kept only while nothing whole follows.
 */
size_t neey_stream_next(struct neey_stream *stream, uint8_t frame[NEEY_FRAME_MAX])
{
    size_t begun_at = stream->len;

    for (size_t i = 0; i < stream->len; i++) {
        size_t len;
        enum look look = look_at(stream->data + i, stream->len - i, &len);
        if (look == LOOK_WHOLE) {
            memcpy(frame, stream->data + i, len);
            drop_lost(stream, i);
            drop(stream, len);
            return len;
        }
        if (look == LOOK_BEGUN && begun_at == stream->len) {
            begun_at = i;
        }
    }
    drop_lost(stream, begun_at);
    return 0;
}
