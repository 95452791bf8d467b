#include "firmware/core/diary.h"

#include "firmware/core/checksum.h"

static uint64_t head_word(uint32_t sequence)
{
    return (uint64_t)sequence | (uint64_t)~sequence << 32;
}

static bool head_is_good(uint64_t word, uint32_t *sequence)
{
    *sequence = (uint32_t)word;
    return word == head_word(*sequence);
}

static uint8_t entry_check(uint64_t word)
{
    uint8_t bytes[7];

    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(word >> (8 * i));
    }
    return (uint8_t)checksum_crc32(0, bytes, sizeof bytes);
}

static uint64_t entry_word(uint32_t power_on_count, uint32_t runtime_s)
{
    uint64_t word = (uint64_t)runtime_s | (uint64_t)(power_on_count & DIARY_POWER_ON_MAX) << 32;

    return word | (uint64_t)entry_check(word) << 56;
}

static bool read_word(const struct diary *diary, unsigned page, unsigned index, uint64_t *word)
{
    return diary->flash->read(diary->flash->ctx, page, index, word);
}

/** Take the last good entry of @p page, and the first blank place behind all that is written. */
static bool load_page(struct diary *diary, uint8_t page)
{
    bool has_entry = false;
    uint16_t next_index = 1;

    for (uint16_t i = 1; i < FLASH_PAGE_WORDS; i++) {
        uint64_t word;
        bool is_readable = read_word(diary, page, i, &word);

        if (is_readable && word == FLASH_BLANK) {
            continue;
        }
        next_index = (uint16_t)(i + 1);
        if (is_readable && (uint8_t)(word >> 56) == entry_check(word)) {
            has_entry = true;
            diary->runtime_s = (uint32_t)word;
            diary->power_on_count = (uint32_t)(word >> 32) & DIARY_POWER_ON_MAX;
        }
    }
    if (has_entry) {
        diary->page = page;
        diary->next_index = next_index;
    }
    return has_entry;
}

bool diary_load(struct diary *diary, const struct flash_port *flash)
{
    uint32_t sequences[2] = {0, 0};
    bool has_head[2] = {false, false};
    bool is_damaged = false;

    *diary = (struct diary){.flash = flash};
    for (unsigned i = 0; i < 2; i++) {
        uint64_t word = FLASH_BLANK;
        bool is_readable = read_word(diary, FLASH_PAGE_DIARY + i, 0, &word);

        has_head[i] = is_readable && head_is_good(word, &sequences[i]);
        /* a blank head with entries is a page swap that never ended */
        is_damaged = is_damaged || (!has_head[i] && (!is_readable || word != FLASH_BLANK));
    }
    unsigned newest = has_head[1] && (!has_head[0] || (int32_t)(sequences[1] - sequences[0]) > 0);
    for (unsigned turn = 0; turn < 2; turn++) {
        unsigned i = turn == 0 ? newest : 1 - newest;

        if (!has_head[i]) {
            continue;
        }
        if (load_page(diary, (uint8_t)(FLASH_PAGE_DIARY + i))) {
            diary->has_page = true;
            diary->sequence = sequences[i];
            return true;
        }
        is_damaged = true;
    }
    return !is_damaged;
}

static bool put(const struct diary *diary, unsigned page, unsigned index, uint64_t word)
{
    uint64_t back;

    return diary->flash->program(diary->flash->ctx, page, index, word) &&
           read_word(diary, page, index, &back) && back == word;
}

static bool start_page(struct diary *diary, uint64_t entry)
{
    uint8_t page = FLASH_PAGE_DIARY;
    uint32_t sequence = diary->sequence + 1;

    if (diary->has_page && diary->page == page) {
        page++;
    }
    if (!diary->flash->erase(diary->flash->ctx, page) || !put(diary, page, 1, entry) ||
        !put(diary, page, 0, head_word(sequence))) {
        return false;
    }
    diary->has_page = true;
    diary->page = page;
    diary->next_index = 2;
    diary->sequence = sequence;
    return true;
}

bool diary_append(struct diary *diary, uint32_t power_on_count, uint32_t runtime_s)
{
    uint64_t entry = entry_word(power_on_count, runtime_s);

    diary->power_on_count = power_on_count;
    diary->runtime_s = runtime_s;
    if (!diary->has_page || diary->next_index >= FLASH_PAGE_WORDS) {
        return start_page(diary, entry);
    }
    return put(diary, diary->page, diary->next_index++, entry);
}
