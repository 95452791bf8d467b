#include "firmware/core/selfcheck.h"

#include "firmware/core/checksum.h"
#include "firmware/core/product.h"

#include <string.h>

bool selfcheck_image(const uint8_t *image, size_t flash_len)
{
    static const uint8_t ZERO[sizeof(uint32_t)];
    const size_t crc_at = SELFCHECK_HEADER_OFFSET + offsetof(struct image_header, image_crc);
    const size_t after_crc = crc_at + sizeof ZERO;
    struct image_header header;

    memcpy(&header, image + SELFCHECK_HEADER_OFFSET, sizeof header);
    if (memcmp(header.magic, "EKIM", sizeof header.magic) != 0 || header.header_version != 1 ||
        header.header_len != sizeof header || header.image_len % 8 != 0 ||
        header.image_len < SELFCHECK_HEADER_OFFSET + sizeof header ||
        header.image_len > flash_len) {
        return false;
    }
    uint32_t crc = checksum_crc32(0, image, crc_at);
    crc = checksum_crc32(crc, ZERO, sizeof ZERO);
    crc = checksum_crc32(crc, image + after_crc, header.image_len - after_crc);
    return crc == header.image_crc;
}
