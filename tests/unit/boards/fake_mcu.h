/**
 * A stand-in for the virtual MCU: it executes nothing, keeps its board's callbacks for the test to
 * call as firmware would make the part call them, and notes what the board does to it.
 */
#ifndef EVENKEEL_TESTS_UNIT_BOARDS_FAKE_MCU_H
#define EVENKEEL_TESTS_UNIT_BOARDS_FAKE_MCU_H

#include "fixtures/virtual/mcu/mcu.h"

struct mcu {
    const struct mcu_board *board;
    uint8_t unique_id[12];
    bool is_powered;
    uint64_t now_ns;
    unsigned power_on_count;
    uint64_t power_on_ns;
    uint8_t flash[MCU_FLASH_LEN];
    uint64_t flipped[MCU_FLASH_LEN / 8]; /* bits flipped without their check bits */
    uint32_t worn_first, worn_last;
    mcu_flash_hook_fn hook;
    void *hook_ctx;
    unsigned rx_count;
};

/** What the flash controller does with a double word. */
void fake_mcu_program(struct mcu *mcu, uint32_t address, const uint8_t data[8]);

#endif
