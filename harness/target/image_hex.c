/*
 * Intel HEX: ":LLAAAATT data CC", one record a line; the sum of all bytes is 0 modulo 256.
 *
 *     00 data   01 end   02 address of a segment / 16   04 upper half of a linear address
 *     03, 05 start address: checked and passed over
 *
 * Source: Intel, Hexadecimal Object File Format Specification, revision A, 1988.
 */
#include "harness/target/image.h"
#include "harness/target/image_builder.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum {
    RECORD_DATA = 0x00,
    RECORD_END = 0x01,
    RECORD_SEGMENT = 0x02,
    RECORD_START_SEGMENT = 0x03,
    RECORD_LINEAR = 0x04,
    RECORD_START_LINEAR = 0x05,
    RECORD_HEAD_LEN = 4,
    RECORD_MAX_LEN = RECORD_HEAD_LEN + 255 + 1
};

struct hex_parser {
    struct image_builder *builder;
    const char *name;
    unsigned line_no;
    uint32_t base;
    bool has_end;
};

struct record {
    uint8_t bytes[RECORD_MAX_LEN];
    size_t data_len;
    uint16_t offset;
    uint8_t type;
};

static enum status decode_digits(const struct hex_parser *parser, const char *text, size_t len,
    struct record *record, size_t *byte_count, struct error *err)
{
    if (len == 0 || text[0] != ':') {
        return error_set(err, STATUS_FORMAT, "%s, line %u: does not begin with ':'", parser->name,
            parser->line_no);
    }
    if (len % 2 == 0 || (len - 1) / 2 > RECORD_MAX_LEN) {
        return error_set(err, STATUS_FORMAT, "%s, line %u: %zu digits, no record has that many",
            parser->name, parser->line_no, len - 1);
    }
    *byte_count = bytes_from_hex(text + 1, record->bytes, (len - 1) / 2);
    if (*byte_count != (len - 1) / 2) {
        size_t at = 2 * *byte_count + 1;
        at += isxdigit((unsigned char)text[at]) ? 1u : 0u;
        return error_set(err, STATUS_FORMAT, "%s, line %u, column %zu: no hexadecimal digit",
            parser->name, parser->line_no, at + 1);
    }
    return STATUS_OK;
}

static enum status decode_record(const struct hex_parser *parser, const char *text, size_t len,
    struct record *record, struct error *err)
{
    size_t count = 0;
    unsigned sum = 0;

    TRY(decode_digits(parser, text, len, record, &count, err));
    if (count < RECORD_HEAD_LEN + 1 || count != (size_t)record->bytes[0] + RECORD_HEAD_LEN + 1) {
        return error_set(err, STATUS_FORMAT,
            "%s, line %u: says it has %u data bytes, the line has %zu bytes in all", parser->name,
            parser->line_no, count > 0 ? (unsigned)record->bytes[0] : 0u, count);
    }
    for (size_t i = 0; i < count; i++) {
        sum += record->bytes[i];
    }
    if ((sum & 0xFFu) != 0) {
        unsigned given = record->bytes[count - 1];
        return error_set(err, STATUS_FORMAT, "%s, line %u: checksum is %02X, should be %02X",
            parser->name, parser->line_no, given, (given - sum) & 0xFFu);
    }
    record->data_len = record->bytes[0];
    record->offset = (uint16_t)(record->bytes[1] << 8 | record->bytes[2]);
    record->type = record->bytes[3];
    return STATUS_OK;
}

static enum status expect_len(
    const struct hex_parser *parser, const struct record *record, size_t len, struct error *err)
{
    if (record->data_len != len) {
        return error_set(err, STATUS_FORMAT,
            "%s, line %u: a record of type %02X has %zu data bytes, this one %zu", parser->name,
            parser->line_no, (unsigned)record->type, len, record->data_len);
    }
    return STATUS_OK;
}

static enum status take_data(
    const struct hex_parser *parser, const struct record *record, struct error *err)
{
    if ((size_t)record->offset + record->data_len > 0x10000) {
        return error_set(err, STATUS_FORMAT,
            "%s, line %u: %zu bytes at %04X run over the end of their 64 KB", parser->name,
            parser->line_no, record->data_len, (unsigned)record->offset);
    }
    return image_builder_add(parser->builder, parser->base + record->offset,
        record->bytes + RECORD_HEAD_LEN, record->data_len, parser->line_no, err);
}

static enum status take_record(
    struct hex_parser *parser, const struct record *record, struct error *err)
{
    uint32_t half =
        (uint32_t)record->bytes[RECORD_HEAD_LEN] << 8 | record->bytes[RECORD_HEAD_LEN + 1];

    switch (record->type) {
    case RECORD_DATA:
        return take_data(parser, record, err);
    case RECORD_END:
        parser->has_end = true;
        return expect_len(parser, record, 0, err);
    case RECORD_SEGMENT:
        parser->base = half << 4;
        return expect_len(parser, record, 2, err);
    case RECORD_LINEAR:
        parser->base = half << 16;
        return expect_len(parser, record, 2, err);
    case RECORD_START_SEGMENT:
    case RECORD_START_LINEAR:
        return expect_len(parser, record, 4, err);
    default:
        return error_set(err, STATUS_FORMAT, "%s, line %u: no record has type %02X", parser->name,
            parser->line_no, (unsigned)record->type);
    }
}

static enum status take_line(
    struct hex_parser *parser, const char *text, size_t len, struct error *err)
{
    struct record record = {.type = 0};

    while (len > 0 && (text[len - 1] == '\r' || text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    if (len == 0) {
        return STATUS_OK;
    }
    if (parser->has_end) {
        return error_set(err, STATUS_FORMAT, "%s, line %u: comes after the end record",
            parser->name, parser->line_no);
    }
    TRY(decode_record(parser, text, len, &record, err));
    return take_record(parser, &record, err);
}

static enum status take_lines(struct hex_parser *parser, struct bytes file, struct error *err)
{
    const char *text = (const char *)file.data;

    for (size_t at = 0; at < file.len;) {
        const char *end = memchr(text + at, '\n', file.len - at);
        size_t len = end != NULL ? (size_t)(end - (text + at)) : file.len - at;
        parser->line_no++;
        TRY(take_line(parser, text + at, len, err));
        at += len + 1;
    }
    if (!parser->has_end) {
        return error_set(err, STATUS_FORMAT,
            "%s: ends after line %u without an end record (:00000001FF); it is cut off",
            parser->name, parser->line_no);
    }
    return STATUS_OK;
}

enum status image_parse_hex(
    const char *name, struct bytes file, struct image *image, struct error *err)
{
    struct image_builder builder = {.name = name, .place_name = "line"};
    struct hex_parser parser = {.builder = &builder, .name = name};

    *image = (struct image){0};
    enum status status = take_lines(&parser, file, err);
    if (status == STATUS_OK) {
        status = image_builder_build(&builder, image, err);
    }
    image_builder_finish(&builder);
    return status;
}
