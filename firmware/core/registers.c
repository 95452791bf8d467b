#include "firmware/core/registers.h"

#include <string.h>

enum {
    DATE_LEN = 8
};

static bool float_is_in_range(const struct register_field *field, const uint8_t *data)
{
    float value;

    memcpy(&value, data, sizeof value);
    return value >= field->min && value <= field->max;
}

static bool whole_is_in_range(const struct register_field *field, uint32_t value)
{
    return value >= (uint32_t)field->min && value <= (uint32_t)field->max;
}

static bool name_is_printable(const uint8_t *data)
{
    size_t len = 0;

    while (len < REGISTER_PAYLOAD_LEN && data[len] >= 0x20 && data[len] <= 0x7E) {
        len++;
    }
    for (size_t i = len; i < REGISTER_PAYLOAD_LEN; i++) {
        if (data[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool date_is_digits(const uint8_t *data)
{
    size_t digit_count = 0;
    size_t zero_count = 0;

    for (size_t i = 0; i < DATE_LEN; i++) {
        digit_count += data[i] >= '0' && data[i] <= '9';
        zero_count += data[i] == 0;
    }
    return digit_count == DATE_LEN || zero_count == DATE_LEN;
}

static uint32_t whole_from(const uint8_t *data)
{
    return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
}

/** Bytes that the field takes in the struct. */
static size_t field_len(const struct register_field *field)
{
    static const uint8_t LENS[] = {
        [REGISTER_U8] = 1,
        [REGISTER_U32] = 4,
        [REGISTER_FLOAT] = 4,
        [REGISTER_NAME] = REGISTER_PAYLOAD_LEN,
        [REGISTER_DATE] = DATE_LEN,
    };
    return LENS[field->kind];
}

/** @p data: as on the wire. */
static bool is_in_range(const struct register_field *field, const uint8_t *data)
{
    switch ((enum register_kind)field->kind) {
    case REGISTER_U8:
    case REGISTER_U32:
        return whole_is_in_range(field, whole_from(data));
    case REGISTER_FLOAT:
        return float_is_in_range(field, data);
    case REGISTER_NAME:
        return name_is_printable(data);
    case REGISTER_DATE:
        return date_is_digits(data);
    }
    return false;
}

enum register_result register_write(const struct register_table *table, void *values, uint8_t reg,
    const uint8_t payload[REGISTER_PAYLOAD_LEN])
{
    for (size_t i = 0; i < table->count; i++) {
        const struct register_field *field = &table->fields[i];

        if (field->reg != reg) {
            continue;
        }
        if (!is_in_range(field, payload)) {
            return REGISTER_OUT_OF_RANGE;
        }
        memcpy((uint8_t *)values + field->offset, payload, field_len(field));
        return REGISTER_STORED;
    }
    return REGISTER_UNKNOWN;
}

bool registers_are_sane(const struct register_table *table, const void *values)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct register_field *field = &table->fields[i];
        uint8_t data[REGISTER_PAYLOAD_LEN] = {0};

        memcpy(data, (const uint8_t *)values + field->offset, field_len(field));
        if (!is_in_range(field, data)) {
            return false;
        }
    }
    return true;
}
