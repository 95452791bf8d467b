/**
 * A firmware image: segments of bytes at addresses, from ELF, Intel HEX or raw binary, and the
 * header that our images carry.
 *
 * Header, at offset 0xC0 of the image (behind the 48 vectors), 64 bytes, little endian; written by
 * the build after linking, checked here and by the firmware itself:
 *
 *     0   4  magic "EKIM"
 *     4   2  header version, 1
 *     6   2  header length, 64
 *     8  16  product, ASCII padded with zeros: "EK-24S4EB"
 *    24   8  version: "1.0.0"
 *    32   4  image length in bytes from the first vector, a multiple of 8
 *    36   4  CRC-32 (zlib) over the image with this field as zero
 *    40   4  device id of the MCU it is built for: 0x460
 *    44   8  hardware: "HW-3.2.0"
 *    52  12  zero
 */
#ifndef EVENKEEL_HARNESS_TARGET_IMAGE_H
#define EVENKEEL_HARNESS_TARGET_IMAGE_H

#include "harness/base/bytes.h"
#include "harness/base/error.h"

#include <stdint.h>

enum {
    IMAGE_HEADER_OFFSET = 0xC0,
    IMAGE_HEADER_LEN = 64,
    IMAGE_SEGMENT_MAX = 64,
    IMAGE_LEN_MAX = 4 * 1024 * 1024 /* of all segments: a guard against lying files */
};

struct image_segment {
    uint32_t address;
    struct bytes bytes; /* owned by the image */
};

struct image {
    struct image_segment segments[IMAGE_SEGMENT_MAX]; /* rising addresses, not overlapping */
    size_t segment_count;
    uint8_t sha256[32]; /* of address and bytes of all segments: the image hash in the record */
};

struct image_header {
    char product[17];
    char version[9];
    char hardware[9];
    uint32_t image_len;
    uint32_t crc;
    uint32_t device_id;
};

/**
 * Load a file; the kind is told by content (ELF magic, ':' lines) and else by the name's ending
 * ".bin" (loaded at 0x08000000).
 * @retval STATUS_ABSENT cannot be opened  @retval STATUS_FORMAT with file, line or offset and why
 */
enum status image_load(const char *path, struct image *image, struct error *err);
/** Parsers by themselves, for tests and fuzzers. @p name is for messages. */
enum status image_parse_elf(
    const char *name, struct bytes file, struct image *image, struct error *err);
enum status image_parse_hex(
    const char *name, struct bytes file, struct image *image, struct error *err);
/** NULL or all-zero allowed. */
void image_finish(struct image *image);

/**
 * Find and check the header: magic, version, lengths, CRC.
 * @retval STATUS_FORMAT no header, truncated, wrong size or wrong CRC; the text says which
 */
enum status image_check(const struct image *image, struct image_header *header, struct error *err);

#endif
