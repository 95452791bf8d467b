/** Is the image that runs the image that was built? */
#ifndef EVENKEEL_FIRMWARE_CORE_SELFCHECK_H
#define EVENKEEL_FIRMWARE_CORE_SELFCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SELFCHECK_HEADER_OFFSET = 0xC0,
    SELFCHECK_IMAGE_LEN_MAX = 58 * 2048 /* pages 0 .. 57 */
};

/** @p image has at least @p flash_len readable bytes; false: no header, bad length or wrong CRC. */
bool selfcheck_image(const uint8_t *image, size_t flash_len);

#endif
