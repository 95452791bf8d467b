/**
 * An EK board on 24 plain sources, and the moves its firmware makes, through the MCU's callbacks.
 * The sources stand where the CB24's cards would: nodes B00 .. B24 and BP behind 50 mohm.
 */
#ifndef EVENKEEL_TESTS_UNIT_BOARDS_EK_RIG_H
#define EVENKEEL_TESTS_UNIT_BOARDS_EK_RIG_H

#include "fixtures/virtual/boards/board.h"
#include "tests/unit/boards/fake_mcu.h"

struct ek_rig {
    struct circuit *circuit;
    struct board *board;
    uint64_t now_ns;
    unsigned tx_count;
};

/** Powered with 24 cells of 3.2 V when @p is_on; else all cells are at 0 V. */
void ek_rig_init(struct ek_rig *rig, uint64_t seed, bool is_on);
void ek_rig_finish(struct ek_rig *rig);
void ek_rig_set_cell(struct ek_rig *rig, unsigned cell_no, double volt);
void ek_rig_set_all(struct ek_rig *rig, double volt);
void ek_rig_run(struct ek_rig *rig, uint64_t span_ns);
/** True voltage across a cell at the unit's pins. */
double ek_rig_true_v(struct ek_rig *rig, unsigned cell_no);

/** Firmware: set a pad, shift and latch 32 bits, read one code (the latches' /OE is left alone). */
void ek_rig_pin(struct ek_rig *rig, unsigned port, unsigned bit, enum wire_level level);
void ek_rig_latch(struct ek_rig *rig, uint32_t bits);
uint16_t ek_rig_code(struct ek_rig *rig);
/** Firmware: pads as outputs, /OE low. */
void ek_rig_start_firmware(struct ek_rig *rig);
/** Firmware: the 32 latch bits that put a cell to the amplifier with its right polarity. */
uint32_t ek_rig_cell_bits(unsigned cell_no);
/** Latch, wait 1 ms, read; in volt with the nominal LSB of 75.09 uV. */
double ek_rig_measure(struct ek_rig *rig, uint32_t bits);

#endif
