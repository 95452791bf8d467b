/**
 * Puts an image together from pieces in any order: sorts, refuses overlaps, joins what touches.
 * For the parsers only.
 */
#ifndef EVENKEEL_HARNESS_TARGET_IMAGE_BUILDER_H
#define EVENKEEL_HARNESS_TARGET_IMAGE_BUILDER_H

#include "harness/target/image.h"

struct image_piece {
    uint32_t address;
    size_t at;      /* offset of its bytes in the builder's buffer */
    size_t len;     /* not 0 */
    unsigned place; /* line or program header it came from */
};

/** All-zero but for the names is an empty one. */
struct image_builder {
    const char *name;       /* of the file, for messages */
    const char *place_name; /* "line", "program header" */
    struct image_piece *pieces;
    size_t count;
    size_t capacity;
    struct buffer bytes;
};

/**
 * Add @p len bytes; none is fine. @p data is copied.
 * @retval STATUS_FORMAT more than IMAGE_LEN_MAX together, or beyond the address space
 */
enum status image_builder_add(struct image_builder *builder, uint32_t address, const uint8_t *data,
    size_t len, unsigned place, struct error *err);

/**
 * Fill @p image (all of it, with its hash). The builder stays to be finished.
 * @retval STATUS_FORMAT no bytes at all, an overlap, or more than IMAGE_SEGMENT_MAX segments
 */
enum status image_builder_build(
    struct image_builder *builder, struct image *image, struct error *err);

void image_builder_finish(struct image_builder *builder);

#endif
