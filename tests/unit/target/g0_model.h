/**
 * As much of an STM32G0 as the debug port sees of it: flash and its controller with times, the
 * core's halt registers, identification. Written from RM0444 for these tests alone; the virtual MCU
 * is another hand's.
 */
#ifndef EVENKEEL_TESTS_UNIT_TARGET_G0_MODEL_H
#define EVENKEEL_TESTS_UNIT_TARGET_G0_MODEL_H

#include "tests/unit/link/fake_link.h"
#include "tests/unit/link/swd_model.h"

enum {
    G0_FLASH_LEN = 128 * 1024,
    G0_PAGE_LEN = 2048
};

struct g0_model {
    struct swd_model port;
    struct probe_link link;
    uint8_t flash[G0_FLASH_LEN];

    /* flash controller */
    bool is_locked;
    bool has_first_key;
    bool is_dead_locked; /* wrong key: until reset */
    uint32_t cr;
    uint32_t sr;
    uint32_t eccr;
    uint64_t busy_until_ns;
    bool has_low_word;
    uint32_t low_address;
    uint32_t low_word;

    /* core */
    bool is_halted;
    bool is_debug_enabled;
    bool catches_reset;
    bool has_debug_clock;
    uint32_t freeze;
    bool cannot_halt; /* until it is caught at a reset */

    /* what a test sets and looks at */
    uint32_t idcode;
    uint32_t size_kb;
    uint32_t first_protected_page; /* write protection; beyond the end: none */
    uint32_t stuck_address;        /* double word that does not take data; 0: none */
    uint32_t ecc_on_read_of;       /* double word whose read shows ECCD; 0: none */
    uint64_t program_ns;
    uint64_t erase_ns;
    size_t erased_count;
    size_t mass_erased_count;
    size_t programmed_count;
    size_t violation_count; /* accesses that the manual forbids */
    size_t reset_count;
};

void g0_model_init(struct g0_model *model);
void g0_model_finish(struct g0_model *model);

#endif
