/** ELF files from anywhere: no crash, and an image that is accepted keeps its promises. */
#include "tests/fuzz/fuzz_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    return fuzz_image(image_parse_elf, data, len);
}
