/** CRC-32 as zlib counts it (reflected 0xEDB88320), by a table of 16: 64 bytes of flash. */
#ifndef EVENKEEL_FIRMWARE_CORE_CHECKSUM_H
#define EVENKEEL_FIRMWARE_CORE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/** Continue from @p crc (0 to start). */
uint32_t checksum_crc32(uint32_t crc, const uint8_t *data, size_t len);

#endif
