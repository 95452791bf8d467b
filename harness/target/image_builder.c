#include "harness/target/image_builder.h"

#include "harness/base/mem.h"

#include <sodium.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum status image_builder_add(struct image_builder *builder, uint32_t address, const uint8_t *data,
    size_t len, unsigned place, struct error *err)
{
    if (len == 0) {
        return STATUS_OK;
    }
    if (len > IMAGE_LEN_MAX || builder->bytes.len + len > IMAGE_LEN_MAX) {
        return error_set(err, STATUS_FORMAT, "%s, %s %u: more than %d bytes to load", builder->name,
            builder->place_name, place, IMAGE_LEN_MAX);
    }
    if (len - 1 > UINT32_MAX - address) {
        return error_set(err, STATUS_FORMAT,
            "%s, %s %u: %zu bytes at 0x%08X reach beyond the address space", builder->name,
            builder->place_name, place, len, address);
    }
    if (builder->count == builder->capacity) {
        builder->capacity = 2 * builder->capacity + 64;
        builder->pieces = mem_resize(builder->pieces, builder->capacity, sizeof builder->pieces[0]);
    }
    builder->pieces[builder->count++] = (struct image_piece){
        .address = address, .at = builder->bytes.len, .len = len, .place = place};
    buffer_append(&builder->bytes, data, len);
    return STATUS_OK;
}

static int compare_pieces(const void *left, const void *right)
{
    const struct image_piece *a = left;
    const struct image_piece *b = right;

    if (a->address != b->address) {
        return a->address < b->address ? -1 : 1;
    }
    return a->place < b->place ? -1 : a->place > b->place;
}

static enum status check_overlaps(const struct image_builder *builder, struct error *err)
{
    for (size_t i = 1; i < builder->count; i++) {
        const struct image_piece *before = &builder->pieces[i - 1];
        const struct image_piece *piece = &builder->pieces[i];
        if (piece->address - before->address < before->len) {
            return error_set(err, STATUS_FORMAT, "%s: %s %u and %s %u both load 0x%08X",
                builder->name, builder->place_name, before->place, builder->place_name,
                piece->place, piece->address);
        }
    }
    return STATUS_OK;
}

/* True when piece @p i goes on where the one before it ends. */
static bool goes_on(const struct image_builder *builder, size_t i)
{
    return i > 0 && builder->pieces[i].address ==
                        builder->pieces[i - 1].address + builder->pieces[i - 1].len;
}

static enum status check_segment_count(const struct image_builder *builder, struct error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < builder->count; i++) {
        count += goes_on(builder, i) ? 0u : 1u;
    }
    if (count > IMAGE_SEGMENT_MAX) {
        return error_set(err, STATUS_FORMAT,
            "%s: has %zu separate areas of memory, an image has at most %d", builder->name, count,
            IMAGE_SEGMENT_MAX);
    }
    return STATUS_OK;
}

static void fill_segments(const struct image_builder *builder, struct image *image)
{
    struct image_segment *segment = NULL;

    for (size_t i = 0; i < builder->count; i++) {
        const struct image_piece *piece = &builder->pieces[i];
        if (segment == NULL || !goes_on(builder, i)) {
            segment = &image->segments[image->segment_count++];
            segment->address = piece->address;
        }
        uint8_t *data = mem_resize(segment->bytes.data, segment->bytes.len + piece->len, 1);
        memcpy(data + segment->bytes.len, builder->bytes.data + piece->at, piece->len);
        segment->bytes = (struct bytes){.data = data, .len = segment->bytes.len + piece->len};
    }
}

static void hash_segments(struct image *image)
{
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < image->segment_count; i++) {
        uint8_t address[4];
        bytes_put_le32(address, image->segments[i].address);
        crypto_hash_sha256_update(&state, address, sizeof address);
        crypto_hash_sha256_update(
            &state, image->segments[i].bytes.data, image->segments[i].bytes.len);
    }
    crypto_hash_sha256_final(&state, image->sha256);
}

enum status image_builder_build(
    struct image_builder *builder, struct image *image, struct error *err)
{
    *image = (struct image){0};
    if (builder->count == 0) {
        return error_set(err, STATUS_FORMAT, "%s: has nothing to load", builder->name);
    }
    qsort(builder->pieces, builder->count, sizeof builder->pieces[0], compare_pieces);
    TRY(check_overlaps(builder, err));
    TRY(check_segment_count(builder, err));
    fill_segments(builder, image);
    hash_segments(image);
    return STATUS_OK;
}

void image_builder_finish(struct image_builder *builder)
{
    free(builder->pieces);
    buffer_finish(&builder->bytes);
}
