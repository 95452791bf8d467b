#include "tests/unit/firmware/fake_flash.h"

#include <string.h>

void fake_flash_init(struct fake_flash *flash)
{
    memset(flash, 0, sizeof *flash);
    memset(flash->words, 0xFF, sizeof flash->words);
    flash->operations_left = -1;
}

static bool read_word(void *ctx, unsigned page, unsigned index, uint64_t *value)
{
    struct fake_flash *flash = ctx;

    *value = flash->words[page - FAKE_FIRST_PAGE][index];
    return !flash->is_unreadable[page - FAKE_FIRST_PAGE][index];
}

/** @return true: power is there for one operation more */
static bool has_power(struct fake_flash *flash, bool *is_last)
{
    *is_last = flash->operations_left == 0;
    if (flash->operations_left > 0) {
        flash->operations_left--;
        return true;
    }
    if (flash->operations_left == 0) {
        flash->operations_left = -2; /* dark from here on */
        return true;
    }
    return flash->operations_left == -1;
}

static bool erase(void *ctx, unsigned page)
{
    struct fake_flash *flash = ctx;
    unsigned i = page - FAKE_FIRST_PAGE;
    bool is_last;

    if (!has_power(flash, &is_last)) {
        return false;
    }
    if (is_last) {
        for (unsigned word = 0; flash->cut != FAKE_CUT_BEFORE && word < FAKE_WORDS; word += 2) {
            flash->words[i][word] |= UINT64_C(0xFFFF0000FFFF0000);
            flash->is_unreadable[i][word] = flash->cut == FAKE_CUT_ECC;
        }
        return false;
    }
    memset(flash->words[i], 0xFF, sizeof flash->words[i]);
    memset(flash->is_unreadable[i], 0, sizeof flash->is_unreadable[i]);
    flash->erase_count[i]++;
    return true;
}

static bool program(void *ctx, unsigned page, unsigned index, uint64_t value)
{
    struct fake_flash *flash = ctx;
    unsigned i = page - FAKE_FIRST_PAGE;
    bool is_last;

    if (!has_power(flash, &is_last)) {
        return false;
    }
    if (is_last) {
        if (flash->cut != FAKE_CUT_BEFORE) {
            flash->words[i][index] = value | UINT64_C(0xFF00FF00FF00FF00);
            flash->is_unreadable[i][index] = flash->cut == FAKE_CUT_ECC;
        }
        return false;
    }
    if (flash->words[i][index] != UINT64_MAX || flash->is_unreadable[i][index]) {
        return false; /* PROGERR */
    }
    if (page != flash->worn_page) {
        flash->words[i][index] = value;
    }
    flash->program_count++;
    return true;
}

struct flash_port fake_flash_port(struct fake_flash *flash)
{
    return (struct flash_port){.ctx = flash, .read = read_word, .erase = erase, .program = program};
}
