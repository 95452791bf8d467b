/**
 * The services of periph.h without a core: peripherals alone, on a time that the test moves.
 *
 * A test reads and writes registers by address, as a bus would do with every clock gate open.
 */
#ifndef EVENKEEL_TESTS_UNIT_MCU_FAKE_MCU_H
#define EVENKEEL_TESTS_UNIT_MCU_FAKE_MCU_H

#include "fixtures/virtual/mcu/periph.h"

enum {
    FAKE_PART_COUNT = 20
};

struct mcu {
    struct mcu_board board;
    struct periph *parts[FAKE_PART_COUNT];
    size_t part_count;
    uint64_t now_ps;
    uint64_t seed;
    uint8_t unique_id[12];

    bool irq[32];
    unsigned nmi_count;
    unsigned fetch_change_count;
    bool has_fault;    /* since fake_take_fault() */
    uint64_t stall_ps; /* since fake_take_stall(); 0: none */
    bool has_reset_request;
    enum mcu_reset_cause reset_cause;
    uint64_t reset_at_ps;
    bool is_halted, is_debug_access;
};

/** All peripherals, power on, reset. */
struct mcu *fake_create(const struct mcu_board *board, uint64_t seed);
void fake_destroy(struct mcu *mcu);

/** Move time; what is due on the way happens at its moment. */
void fake_advance_ps(struct mcu *mcu, uint64_t span_ps);

static inline void fake_advance_us(struct mcu *mcu, uint64_t span_us)
{
    fake_advance_ps(mcu, span_us * 1000000u);
}

/** Reset all peripherals, noting the cause first. */
void fake_reset(struct mcu *mcu, enum mcu_reset_cause cause);

uint32_t fake_read(struct mcu *mcu, uint32_t address);
void fake_write(struct mcu *mcu, uint32_t address, uint32_t value);
uint32_t fake_read_sized(struct mcu *mcu, uint32_t address, unsigned size);
void fake_write_sized(struct mcu *mcu, uint32_t address, unsigned size, uint32_t value);

/** Whether a fault came since the last call. */
bool fake_take_fault(struct mcu *mcu);

#endif
