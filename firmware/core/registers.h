/**
 * Values that the phone can write one by one: a table of registers over a struct.
 *
 * On the wire every number is four bytes, little endian: a whole number or a float.
 */
#ifndef EVENKEEL_FIRMWARE_CORE_REGISTERS_H
#define EVENKEEL_FIRMWARE_CORE_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REGISTER_PAYLOAD_LEN = 10
};

enum register_kind {
    REGISTER_U8,
    REGISTER_U32,
    REGISTER_FLOAT,
    REGISTER_NAME, /* printable ASCII, up to 10, filled with zeros */
    REGISTER_DATE  /* 8 digits; all zeros: not set */
};

struct register_field {
    uint8_t reg;
    uint8_t kind;
    uint16_t offset;
    float min, max; /* inclusive; of whole numbers too, so at most 2^24 */
};

struct register_table {
    const struct register_field *fields;
    size_t count;
};

enum register_result {
    REGISTER_STORED,
    REGISTER_UNKNOWN,
    REGISTER_OUT_OF_RANGE /* @p values are as before */
};

/** Put @p payload into the struct @p values as register @p reg. NaN is out of every range. */
enum register_result register_write(const struct register_table *table, void *values, uint8_t reg,
    const uint8_t payload[REGISTER_PAYLOAD_LEN]);

/** Every value lies in its range: asked of what was read from flash. */
bool registers_are_sane(const struct register_table *table, const void *values);

#endif
