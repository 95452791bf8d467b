#include "firmware/core/copies.h"

#include "firmware/core/checksum.h"

#include <string.h>

enum {
    HEADER_LEN = 16,
    RECORD_MAX = HEADER_LEN + COPIES_PAYLOAD_MAX + FLASH_WORD_LEN
};

#define END_MARK 0x454B5242u

enum copy_state {
    COPY_BLANK,
    COPY_TORN,
    COPY_DAMAGED,
    COPY_VALID
};

struct record_header {
    uint32_t magic;
    uint16_t version;
    uint16_t payload_len;
    uint32_t sequence;
    uint32_t zero;
};

_Static_assert(sizeof(struct record_header) == HEADER_LEN, "two double words");

/** Bytes before the last double word. */
static size_t body_len(const struct copies_layout *layout)
{
    return HEADER_LEN + (layout->payload_len + 7u) / 8u * 8u;
}

static uint64_t word_at(const uint8_t *record, size_t index)
{
    uint64_t word;

    memcpy(&word, record + index * FLASH_WORD_LEN, sizeof word);
    return word;
}

/** Fill in the last double word. @return length of the whole record */
static size_t seal(const struct copies_layout *layout, uint8_t *record)
{
    size_t len = body_len(layout);
    uint32_t tail[2] = {checksum_crc32(0, record, len), END_MARK};

    memcpy(record + len, tail, sizeof tail);
    return len + sizeof tail;
}

static bool is_sealed(const struct copies_layout *layout, const uint8_t *record)
{
    uint8_t wanted[FLASH_WORD_LEN];
    size_t len = body_len(layout);
    uint32_t tail[2] = {checksum_crc32(0, record, len), END_MARK};

    memcpy(wanted, tail, sizeof wanted);
    return memcmp(record + len, wanted, sizeof wanted) == 0;
}

/** Read one copy; all of it even when a part fails, because the last double word tells. */
static enum copy_state read_copy(
    const struct copies *copies, uint8_t page, uint8_t *record, struct record_header *header)
{
    const struct copies_layout *layout = copies->layout;
    size_t count = body_len(layout) / FLASH_WORD_LEN + 1;
    size_t blank_count = 0;
    bool is_readable = true;
    bool is_blank = true; /* the last double word looked at */

    for (unsigned i = 0; i < count; i++) {
        uint64_t word = 0;
        bool is_good = copies->flash->read(copies->flash->ctx, page, i, &word);

        is_readable = is_readable && is_good;
        is_blank = is_good && word == FLASH_BLANK;
        blank_count += is_blank ? 1 : 0;
        memcpy(record + i * FLASH_WORD_LEN, &word, sizeof word);
    }
    memcpy(header, record, sizeof *header);
    if (blank_count == count) {
        return COPY_BLANK;
    }
    if (is_blank) {
        return COPY_TORN;
    }
    bool is_valid = is_readable && header->magic == layout->magic &&
                    header->version == layout->version &&
                    header->payload_len == layout->payload_len && is_sealed(layout, record);
    return is_valid ? COPY_VALID : COPY_DAMAGED;
}

enum copies_state copies_load(struct copies *copies, const struct flash_port *flash,
    const struct copies_layout *layout, void *payload)
{
    bool is_damaged = false;

    *copies = (struct copies){.flash = flash, .layout = layout};
    for (unsigned i = 0; i < 2; i++) {
        uint8_t page = (uint8_t)(layout->first_page + i);
        uint8_t record[RECORD_MAX];
        struct record_header header;
        enum copy_state state = read_copy(copies, page, record, &header);

        is_damaged = is_damaged || state == COPY_DAMAGED;
        if (state != COPY_VALID) {
            continue;
        }
        /* Differences of sequences survive their wrapping round. */
        if (!copies->has_valid || (int32_t)(header.sequence - copies->sequence) > 0) {
            copies->has_valid = true;
            copies->page = page;
            copies->sequence = header.sequence;
            memcpy(payload, record + HEADER_LEN, layout->payload_len);
        }
    }
    if (copies->has_valid) {
        return COPIES_LOADED;
    }
    return is_damaged ? COPIES_UNREADABLE : COPIES_FRESH;
}

static bool program_and_verify(
    const struct flash_port *flash, uint8_t page, const uint8_t *record, size_t len)
{
    size_t count = len / FLASH_WORD_LEN;

    for (unsigned i = 0; i < count; i++) {
        if (!flash->program(flash->ctx, page, i, word_at(record, i))) {
            return false;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        uint64_t word;

        if (!flash->read(flash->ctx, page, i, &word) || word != word_at(record, i)) {
            return false;
        }
    }
    return true;
}

bool copies_save(struct copies *copies, const void *payload)
{
    const struct copies_layout *layout = copies->layout;
    const struct flash_port *flash = copies->flash;
    struct record_header header = {
        .magic = layout->magic,
        .version = layout->version,
        .payload_len = layout->payload_len,
        .sequence = copies->sequence + 1,
    };
    uint8_t page = layout->first_page;
    uint8_t record[RECORD_MAX];

    if (copies->has_valid && copies->page == page) {
        page++;
    }
    memset(record, 0xFF, sizeof record);
    memcpy(record, &header, sizeof header);
    memcpy(record + HEADER_LEN, payload, layout->payload_len);
    size_t len = seal(layout, record);
    if (!flash->erase(flash->ctx, page) || !program_and_verify(flash, page, record, len)) {
        return false;
    }
    copies->has_valid = true;
    copies->page = page;
    copies->sequence = header.sequence;
    return true;
}
