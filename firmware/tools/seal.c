/**
 * Fill length and CRC-32 into the header of a linked image.
 *
 *     seal IMAGE.bin HEADER.bin      HEADER.bin: the 64 bytes for objcopy --update-section
 *
 * The CRC is zlib's, so that the firmware's own table is judged by another hand.
 */
#include <zlib.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    HEADER_OFFSET = 0xC0,
    HEADER_LEN = 64,
    IMAGE_LEN_AT = HEADER_OFFSET + 32,
    IMAGE_CRC_AT = HEADER_OFFSET + 36,
    IMAGE_LEN_MAX = 58 * 2048 /* pages 0 .. 57 */
};

static int fail(const char *path, const char *why)
{
    (void)fprintf(stderr, "seal: %s: %s\n", path, why);
    return 1;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/** @return length, 0 when it cannot be read or is too long */
static size_t load(const char *path, uint8_t *image, size_t max_len)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        return 0;
    }
    size_t len = fread(image, 1, max_len, file);
    int is_longer = fgetc(file) != EOF;
    (void)fclose(file);
    return is_longer ? 0 : len;
}

static int save(const char *path, const uint8_t *data, size_t len)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL) {
        return fail(path, "cannot be opened");
    }
    size_t written_len = fwrite(data, 1, len, file);
    int is_closed = fclose(file) == 0;
    return written_len == len && is_closed ? 0 : fail(path, "cannot be written");
}

int main(int argc, char **argv)
{
    static uint8_t image[IMAGE_LEN_MAX];

    if (argc != 3) {
        return fail("usage", "seal IMAGE.bin HEADER.bin");
    }
    size_t len = load(argv[1], image, sizeof image);
    if (len < HEADER_OFFSET + HEADER_LEN) {
        return fail(argv[1], "cannot be read, or is shorter than its header or longer than 116 KB");
    }
    if (len % 8 != 0) {
        return fail(argv[1], "its length is no multiple of 8");
    }
    if (memcmp(image + HEADER_OFFSET, "EKIM\1\0\100\0", 8) != 0) {
        return fail(argv[1], "no image header at 0xC0");
    }
    put_u32(image + IMAGE_LEN_AT, (uint32_t)len);
    put_u32(image + IMAGE_CRC_AT, 0);
    put_u32(image + IMAGE_CRC_AT, (uint32_t)crc32(0, image, (uInt)len));
    return save(argv[2], image + HEADER_OFFSET, HEADER_LEN);
}
