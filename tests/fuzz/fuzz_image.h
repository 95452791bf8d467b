/** What the fuzzers of the image parsers have in common. */
#ifndef EVENKEEL_TESTS_FUZZ_FUZZ_IMAGE_H
#define EVENKEEL_TESTS_FUZZ_FUZZ_IMAGE_H

#include "harness/target/image.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

typedef enum status (*fuzz_parse_fn)(
    const char *name, struct bytes file, struct image *image, struct error *err);

static inline void fuzz_require(int is_kept)
{
    if (!is_kept) {
        abort();
    }
}

/* Rising addresses, no overlap, nothing empty, not too much in all. */
static inline void fuzz_check_segments(const struct image *image)
{
    size_t all = 0;
    uint64_t end = 0;

    fuzz_require(image->segment_count >= 1 && image->segment_count <= IMAGE_SEGMENT_MAX);
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct image_segment *segment = &image->segments[i];
        fuzz_require(segment->bytes.len > 0);
        fuzz_require(i == 0 || segment->address > end);
        end = (uint64_t)segment->address + segment->bytes.len;
        all += segment->bytes.len;
    }
    fuzz_require(end <= UINT64_C(0x100000000) && all <= IMAGE_LEN_MAX);
}

static inline int fuzz_image(fuzz_parse_fn parse, const uint8_t *data, size_t len)
{
    struct error err = {.text = ""};
    struct image_header header;
    struct image image;
    uint8_t *copy = malloc(len > 0 ? len : 1); /* of exact size, so that overruns show */

    fuzz_require(copy != NULL);
    memcpy(copy, data, len);
    enum status status = parse("input", (struct bytes){.data = copy, .len = len}, &image, &err);
    if (status == STATUS_OK) {
        fuzz_check_segments(&image);
        (void)image_check(&image, &header, &err);
    } else {
        fuzz_require(status == STATUS_FORMAT && strncmp(err.text, "input", 5) == 0);
        fuzz_require(image.segment_count == 0);
    }
    image_finish(&image);
    free(copy);
    return 0;
}

#endif
