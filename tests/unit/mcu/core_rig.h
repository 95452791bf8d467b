/**
 * A core on a bare bus: 64 KB of code at 0, 36 KB of RAM at 0x20000000, one register at 0x40000000
 * that can be told to refuse or to be busy. Nothing of the MCU.
 */
#ifndef EVENKEEL_TESTS_UNIT_MCU_CORE_RIG_H
#define EVENKEEL_TESTS_UNIT_MCU_CORE_RIG_H

#include "fixtures/virtual/mcu/core.h"

enum {
    RIG_CODE_LEN = 64 * 1024,
    RIG_RAM_BASE = 0x20000000,
    RIG_RAM_LEN = 36 * 1024,
    RIG_REGISTER = 0x40000000,
    RIG_STACK = RIG_RAM_BASE + 0x8000
};

struct rig {
    struct core core;
    uint8_t code[RIG_CODE_LEN];
    uint8_t ram[RIG_RAM_LEN];
    bool has_no_window; /* every fetch over the bus */
    uint32_t reg;       /* the register's content */
    unsigned reg_accesses;
    uint64_t reg_busy_until;   /* cycle; reads before it are to be tried again */
    uint64_t reg_access_clock; /* core->clock at the last access */
    unsigned resets_asked;
};

/** Vectors: stack RIG_STACK, reset 0x100, vector n at 0x400 + 0x20 n; code all UDF #0 (0xDE00). */
void rig_init(struct rig *rig);
void rig_put_half(struct rig *rig, uint32_t address, uint16_t half);
void rig_put_word(struct rig *rig, uint32_t address, uint32_t word);
uint32_t rig_word(const struct rig *rig, uint32_t address);
/** Place @p count half-words from @p address on. */
void rig_put(struct rig *rig, uint32_t address, const uint16_t *halves, unsigned count);
/** Out of reset and up to the first instruction. */
void rig_start(struct rig *rig);
/** Execute @p count instructions or exception entries, one at a time. */
void rig_step(struct rig *rig, unsigned count);
/** Where the handler of exception @p number begins. */
uint32_t rig_handler(unsigned number);

#endif
