/**
 * What is known of a part before it is asked: addresses, sizes, times. Data, no code.
 */
#ifndef EVENKEEL_HARNESS_TARGET_PART_H
#define EVENKEEL_HARNESS_TARGET_PART_H

#include <stddef.h>
#include <stdint.h>

struct target_part {
    const char *name;   /* "STM32G071xB" */
    uint32_t dpidr;     /* of its debug port */
    uint32_t device_id; /* 12 bits of DBG_IDCODE */

    uint32_t idcode_address;        /* DBG_IDCODE */
    uint32_t debug_clock_address;   /* RCC register with the clock enable of the debug block */
    uint32_t debug_clock_mask;      /* its bit there */
    uint32_t freeze_address;        /* DBG_APB_FZ1 */
    uint32_t freeze_watchdogs_mask; /* IWDG and WWDG stand still while the core is halted */
    uint32_t unique_id_address;     /* 12 bytes */
    uint32_t flash_size_address;    /* 16 bits, in KB */

    uint32_t flash_address;
    uint32_t flash_len; /* largest of the family; the part itself says how much it has */
    uint32_t page_len;
    uint32_t flash_registers_address;
    uint64_t program_max_ns;   /* one double word */
    uint64_t erase_typical_ns; /* one page, or all of them at once */
    uint64_t erase_max_ns;
};

extern const struct target_part target_parts[];
extern const size_t target_part_count;

/** The part with @p device_id, or NULL. */
const struct target_part *target_part_find(uint32_t device_id);

#endif
