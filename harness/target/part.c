/*
 * Sources: RM0444 (STM32G0x1 reference manual) sections 3 (flash), 5 (RCC), 40 (debug); DS12232
 * (STM32G071x8/xB) flash memory characteristics.
 */
#include "harness/target/part.h"

const struct target_part target_parts[] = {
    {
        .name = "STM32G071xB",
        .dpidr = 0x0BC11477,
        .device_id = 0x460,
        .idcode_address = 0x40015800,
        .debug_clock_address = 0x4002103C,
        .debug_clock_mask = 0x08000000,
        .freeze_address = 0x40015808,
        .freeze_watchdogs_mask = 0x00001800,
        .unique_id_address = 0x1FFF7590,
        .flash_size_address = 0x1FFF75E0,
        .flash_address = 0x08000000,
        .flash_len = 128 * 1024,
        .page_len = 2048,
        .flash_registers_address = 0x40022000,
        .program_max_ns = 125000,
        .erase_typical_ns = 22000000,
        .erase_max_ns = 40100000,
    },
};

const size_t target_part_count = sizeof target_parts / sizeof target_parts[0];

const struct target_part *target_part_find(uint32_t device_id)
{
    for (size_t i = 0; i < target_part_count; i++) {
        if (target_parts[i].device_id == device_id) {
            return &target_parts[i];
        }
    }
    return NULL;
}
