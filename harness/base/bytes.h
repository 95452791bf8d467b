/** Bytes: buffers that grow, little and big endian words, hexadecimal. */
#ifndef EVENKEEL_HARNESS_BASE_BYTES_H
#define EVENKEEL_HARNESS_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

/** A buffer with its length. Who owns the memory, the function that takes it says. */
struct bytes {
    uint8_t *data;
    size_t len;
};

/** A buffer that grows; all-zero is an empty one. */
struct buffer {
    uint8_t *data;
    size_t len;
    size_t capacity;
};

/** Empty it and keep the memory. */
void buffer_reset(struct buffer *buffer);
/** Free the memory. */
void buffer_finish(struct buffer *buffer);
/** Make room for @p len more bytes at the end and return where they go; they count as there. */
uint8_t *buffer_grow(struct buffer *buffer, size_t len);
void buffer_append(struct buffer *buffer, const void *data, size_t len);
void buffer_append_u8(struct buffer *buffer, uint8_t value);

static inline uint16_t bytes_get_le16(const uint8_t *at)
{
    return (uint16_t)(at[0] | (uint16_t)(at[1] << 8));
}

static inline uint32_t bytes_get_le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline void bytes_put_le16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void bytes_put_le32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)(value >> 16);
    at[3] = (uint8_t)(value >> 24);
}

/** IEEE 754 single precision, little endian. */
float bytes_get_lef32(const uint8_t *at);
void bytes_put_lef32(uint8_t *at, float value);

/**
 * Write @p len bytes as lower-case hexadecimal and a closing zero into @p text (2 * len + 1 bytes).
 */
void bytes_to_hex(const uint8_t *data, size_t len, char *text);

/**
 * Read hexadecimal digits, both cases, until something else comes.
 *
 * @return how many whole bytes were read, at most @p capacity; an odd last digit is not read
 */
size_t bytes_from_hex(const char *text, uint8_t *data, size_t capacity);

/** CRC-32 as zlib, Ethernet and the STM32's CRC unit (reflected) have it; start with @p crc 0. */
uint32_t bytes_crc32(uint32_t crc, const void *data, size_t len);

#endif
