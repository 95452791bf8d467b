/** Flash pages 58 .. 63 as the stores see them, with power cuts and worn cells. */
#ifndef EVENKEEL_TESTS_UNIT_FIRMWARE_FAKE_FLASH_H
#define EVENKEEL_TESTS_UNIT_FIRMWARE_FAKE_FLASH_H

#include <stdbool.h>
#include <stdint.h>

#include "firmware/core/port.h"

enum {
    FAKE_FIRST_PAGE = 58,
    FAKE_PAGE_COUNT = 6,
    FAKE_WORDS = 256
};

/** What the operation that was under way when power went leaves behind. */
enum fake_cut {
    FAKE_CUT_BEFORE, /* it had not begun */
    FAKE_CUT_HALF,   /* half of the bits, readable */
    FAKE_CUT_ECC     /* cannot be read */
};

struct fake_flash {
    uint64_t words[FAKE_PAGE_COUNT][FAKE_WORDS];
    bool is_unreadable[FAKE_PAGE_COUNT][FAKE_WORDS];
    unsigned worn_page; /* programming does nothing there and reports success; 0: none */
    unsigned erase_count[FAKE_PAGE_COUNT];
    unsigned program_count;
    int operations_left; /* until power goes; negative: it stays */
    enum fake_cut cut;
};

void fake_flash_init(struct fake_flash *flash);
struct flash_port fake_flash_port(struct fake_flash *flash);

#endif
