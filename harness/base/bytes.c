#include "harness/base/bytes.h"

#include "harness/base/mem.h"

#include <zlib.h>

#include <stdlib.h>
#include <string.h>

void buffer_reset(struct buffer *buffer)
{
    buffer->len = 0;
}

void buffer_finish(struct buffer *buffer)
{
    if (buffer != NULL) {
        free(buffer->data);
        *buffer = (struct buffer){0};
    }
}

uint8_t *buffer_grow(struct buffer *buffer, size_t len)
{
    if (buffer->capacity - buffer->len < len) {
        size_t capacity = buffer->capacity * 2 + len + 64;
        buffer->data = mem_resize(buffer->data, capacity, 1);
        buffer->capacity = capacity;
    }
    uint8_t *at = buffer->data + buffer->len;
    buffer->len += len;
    return at;
}

void buffer_append(struct buffer *buffer, const void *data, size_t len)
{
    if (len > 0) {
        memcpy(buffer_grow(buffer, len), data, len);
    }
}

void buffer_append_u8(struct buffer *buffer, uint8_t value)
{
    *buffer_grow(buffer, 1) = value;
}

float bytes_get_lef32(const uint8_t *at)
{
    uint32_t raw = bytes_get_le32(at);
    float value;

    memcpy(&value, &raw, sizeof value);
    return value;
}

void bytes_put_lef32(uint8_t *at, float value)
{
    uint32_t raw;

    memcpy(&raw, &value, sizeof raw);
    bytes_put_le32(at, raw);
}

void bytes_to_hex(const uint8_t *data, size_t len, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 15];
    }
    text[2 * len] = '\0';
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

size_t bytes_from_hex(const char *text, uint8_t *data, size_t capacity)
{
    size_t len = 0;

    while (len < capacity) {
        int high = digit_value(text[2 * len]);
        int low = high < 0 ? -1 : digit_value(text[2 * len + 1]);
        if (low < 0) {
            break;
        }
        data[len++] = (uint8_t)(high << 4 | low);
    }
    return len;
}

uint32_t bytes_crc32(uint32_t crc, const void *data, size_t len)
{
    return (uint32_t)crc32_z(crc, data, len);
}
