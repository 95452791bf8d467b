/** What one product is: the const table that each image carries once (firmware/products). */
#ifndef EVENKEEL_FIRMWARE_CORE_PRODUCT_H
#define EVENKEEL_FIRMWARE_CORE_PRODUCT_H

#include <stdint.h>

struct product {
    char model[17];
    char hardware[9];
    char software[9];
    char protocol[9];
    char password[7];
};

/** The header of an image at offset 0xC0; length and CRC are filled in by tools/seal.c. */
struct image_header {
    char magic[4];
    uint16_t header_version;
    uint16_t header_len;
    char product[16];
    char version[8];
    uint32_t image_len;
    uint32_t image_crc;
    uint32_t device_id;
    char hardware[8];
    uint8_t zero[12];
};

_Static_assert(sizeof(struct image_header) == 64, "the header is 64 bytes");

/** Each image links exactly one file that defines these two. */
extern const struct product product_table;
extern const struct image_header image_header;

#endif
