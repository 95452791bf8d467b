#include "harness/target/image.h"

#include "harness/base/mem.h"
#include "harness/target/image_builder.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_LEN_MAX = 64 * 1024 * 1024, /* an ELF file with its debug information */
    BINARY_ADDRESS = 0x08000000,
    HEADER_VERSION = 1
};

/* Offsets in the header: see image.h. */
enum {
    HEADER_VERSION_AT = 4,
    HEADER_LEN_AT = 6,
    HEADER_PRODUCT_AT = 8,
    HEADER_FIRMWARE_AT = 24,
    HEADER_IMAGE_LEN_AT = 32,
    HEADER_CRC_AT = 36,
    HEADER_DEVICE_AT = 40,
    HEADER_HARDWARE_AT = 44
};

static enum status read_stream(
    const char *path, FILE *stream, struct buffer *file, struct error *err)
{
    for (;;) {
        uint8_t block[16384];
        size_t len = fread(block, 1, sizeof block, stream);
        buffer_append(file, block, len);
        if (file->len > FILE_LEN_MAX) {
            return error_set(err, STATUS_FORMAT, "%s: is larger than %d MB, no image is", path,
                FILE_LEN_MAX / (1024 * 1024));
        }
        if (len < sizeof block) {
            break;
        }
    }
    if (ferror(stream)) {
        return error_set(err, STATUS_ABSENT, "%s: cannot be read", path);
    }
    return STATUS_OK;
}

static enum status read_file(const char *path, struct buffer *file, struct error *err)
{
    FILE *stream = fopen(path, "rb");

    if (stream == NULL) {
        return error_set(err, STATUS_ABSENT, "%s: cannot be opened: %s", path, strerror(errno));
    }
    enum status status = read_stream(path, stream, file, err);
    (void)fclose(stream);
    return status;
}

static bool ends_with(const char *text, const char *end)
{
    size_t text_len = strlen(text);
    size_t end_len = strlen(end);

    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

static bool looks_like_hex(struct bytes file)
{
    size_t at = 0;

    while (at < file.len && isspace(file.data[at])) {
        at++;
    }
    return at < file.len && file.data[at] == ':';
}

static enum status parse_binary(
    const char *name, struct bytes file, struct image *image, struct error *err)
{
    struct image_builder builder = {.name = name, .place_name = "byte"};

    enum status status = image_builder_add(&builder, BINARY_ADDRESS, file.data, file.len, 0, err);
    if (status == STATUS_OK) {
        status = image_builder_build(&builder, image, err);
    }
    image_builder_finish(&builder);
    return status;
}

static enum status parse(
    const char *path, struct bytes file, struct image *image, struct error *err)
{
    if (file.len == 0) {
        return error_set(err, STATUS_FORMAT, "%s: is empty", path);
    }
    if (file.len >= 4 && memcmp(file.data, "\177ELF", 4) == 0) {
        return image_parse_elf(path, file, image, err);
    }
    if (ends_with(path, ".bin")) {
        return parse_binary(path, file, image, err);
    }
    if (looks_like_hex(file)) {
        return image_parse_hex(path, file, image, err);
    }
    return error_set(err, STATUS_FORMAT,
        "%s: is neither ELF nor Intel HEX, and its name does not end in .bin", path);
}

enum status image_load(const char *path, struct image *image, struct error *err)
{
    struct buffer file = {0};

    *image = (struct image){0};
    enum status status = read_file(path, &file, err);
    if (status == STATUS_OK) {
        status = parse(path, (struct bytes){.data = file.data, .len = file.len}, image, err);
    }
    buffer_finish(&file);
    return status;
}

void image_finish(struct image *image)
{
    if (image == NULL) {
        return;
    }
    for (size_t i = 0; i < image->segment_count; i++) {
        free(image->segments[i].bytes.data);
    }
    *image = (struct image){0};
}

/* Bytes from @p address on as the flash will hold them: ones where the image has none. */
static void copy_out(const struct image *image, uint32_t address, uint8_t *data, size_t len)
{
    memset(data, 0xFF, len);
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct image_segment *segment = &image->segments[i];
        for (size_t at = 0; at < len; at++) {
            uint64_t offset = (uint64_t)address + at - segment->address;
            if ((uint64_t)address + at >= segment->address && offset < segment->bytes.len) {
                data[at] = segment->bytes.data[offset];
            }
        }
    }
}

/* From the first byte to the last, with the gaps. */
static uint64_t span_of(const struct image *image)
{
    const struct image_segment *last = &image->segments[image->segment_count - 1];

    return (uint64_t)last->address + last->bytes.len - image->segments[0].address;
}

/* CRC over the image with its own field as zero. */
static uint32_t crc_of(const struct image *image, uint32_t len)
{
    static const uint8_t zero[4] = {0, 0, 0, 0};
    uint32_t crc_at = IMAGE_HEADER_OFFSET + HEADER_CRC_AT;
    uint8_t *data = mem_alloc(len, 1);
    uint32_t crc;

    copy_out(image, image->segments[0].address, data, len);
    crc = bytes_crc32(0, data, crc_at);
    crc = bytes_crc32(crc, zero, sizeof zero);
    crc = bytes_crc32(crc, data + crc_at + sizeof zero, len - crc_at - sizeof zero);
    free(data);
    return crc;
}

static enum status copy_text(
    const uint8_t *from, size_t len, const char *field, char *text, struct error *err)
{
    memcpy(text, from, len);
    text[len] = '\0';
    for (size_t i = 0; i < strlen(text); i++) {
        if (!isprint((unsigned char)text[i])) {
            return error_set(err, STATUS_FORMAT,
                "the image header's %s has a byte %02X that is no character", field,
                (unsigned)from[i]);
        }
    }
    return STATUS_OK;
}

static enum status read_header(
    const struct image *image, uint8_t raw[IMAGE_HEADER_LEN], struct error *err)
{
    uint64_t span = image->segment_count > 0 ? span_of(image) : 0;

    if (span < IMAGE_HEADER_OFFSET + IMAGE_HEADER_LEN) {
        return error_set(err, STATUS_FORMAT,
            "the image has %llu bytes, too few for a header at 0x%X: truncated",
            (unsigned long long)span, IMAGE_HEADER_OFFSET);
    }
    copy_out(image, image->segments[0].address + IMAGE_HEADER_OFFSET, raw, IMAGE_HEADER_LEN);
    if (memcmp(raw, "EKIM", 4) != 0) {
        return error_set(err, STATUS_FORMAT,
            "the image has no header: at 0x%X there must be EKIM, there is %02X %02X %02X %02X",
            IMAGE_HEADER_OFFSET, (unsigned)raw[0], (unsigned)raw[1], (unsigned)raw[2],
            (unsigned)raw[3]);
    }
    if (bytes_get_le16(raw + HEADER_VERSION_AT) != HEADER_VERSION ||
        bytes_get_le16(raw + HEADER_LEN_AT) != IMAGE_HEADER_LEN) {
        return error_set(err, STATUS_FORMAT,
            "the image header must have version %d and length %d, it has %u and %u", HEADER_VERSION,
            IMAGE_HEADER_LEN, (unsigned)bytes_get_le16(raw + HEADER_VERSION_AT),
            (unsigned)bytes_get_le16(raw + HEADER_LEN_AT));
    }
    return STATUS_OK;
}

static enum status check_len(const struct image *image, uint32_t image_len, struct error *err)
{
    uint64_t span = span_of(image);

    if (image_len > span) {
        return error_set(err, STATUS_FORMAT,
            "the image is truncated: its header says %u bytes, it has %llu", image_len,
            (unsigned long long)span);
    }
    if (image_len < span || image_len % 8 != 0) {
        return error_set(err, STATUS_FORMAT,
            "the image has the wrong size: its header says %u bytes (a multiple of 8), it has %llu",
            image_len, (unsigned long long)span);
    }
    return STATUS_OK;
}

enum status image_check(const struct image *image, struct image_header *header, struct error *err)
{
    uint8_t raw[IMAGE_HEADER_LEN];

    *header = (struct image_header){0};
    TRY(read_header(image, raw, err));
    TRY(copy_text(raw + HEADER_PRODUCT_AT, 16, "product", header->product, err));
    TRY(copy_text(raw + HEADER_FIRMWARE_AT, 8, "version", header->version, err));
    TRY(copy_text(raw + HEADER_HARDWARE_AT, 8, "hardware", header->hardware, err));
    header->image_len = bytes_get_le32(raw + HEADER_IMAGE_LEN_AT);
    header->crc = bytes_get_le32(raw + HEADER_CRC_AT);
    header->device_id = bytes_get_le32(raw + HEADER_DEVICE_AT);
    TRY(check_len(image, header->image_len, err));
    if (header->image_len > IMAGE_LEN_MAX) {
        return error_set(err, STATUS_FORMAT,
            "the image header says %u bytes, no image has more than %d", header->image_len,
            IMAGE_LEN_MAX);
    }
    uint32_t crc = crc_of(image, header->image_len);
    if (crc != header->crc) {
        return error_set(err, STATUS_FORMAT,
            "the image is damaged: its header says CRC-32 %08X, its bytes have %08X", header->crc,
            crc);
    }
    return STATUS_OK;
}
