/**
 * The log: power-on count and run time, appended as double words to two pages in turn.
 *
 *     double word 0        sequence of the page, ~sequence; written last, so that it makes the page
 *     double word 1 .. 255 run time (32 bits), power-on count (24 bits), check (8 bits)
 *
 * The last good entry of the page with the newest head counts. When a page is full the other one is
 * erased, given one entry, and then its head: power may go at any moment and costs at most the last
 * entry. At one entry every ten minutes an erase comes every 42 hours.
 */
#ifndef EVENKEEL_FIRMWARE_CORE_DIARY_H
#define EVENKEEL_FIRMWARE_CORE_DIARY_H

#include "firmware/core/port.h"

enum {
    DIARY_POWER_ON_MAX = 0xFFFFFF
};

struct diary {
    const struct flash_port *flash;
    bool has_page;
    uint8_t page;
    uint16_t next_index; /* first blank double word; FLASH_PAGE_WORDS: full */
    uint32_t sequence;
    uint32_t runtime_s;
    uint32_t power_on_count;
};

/** Keeps @p flash. False: something was written here and none of it can be read. */
bool diary_load(struct diary *diary, const struct flash_port *flash);
/**
 * Append the two numbers; they are @p diary's from then on, stored or not.
 * Blocks 0.1 ms, and 23 .. 45 ms when the page is full. False: what was written does not hold.
 */
bool diary_append(struct diary *diary, uint32_t power_on_count, uint32_t runtime_s);

#endif
