/**
 * The flash controller, for the pages behind the image.
 *
 * A double word with two flipped bits raises NMI while it is read. In the pages of the stores that
 * is an unreadable record and nothing more, so the handler says so here and returns; anywhere else
 * the program itself is damaged (startup/vectors.c).
 */
#ifndef EVENKEEL_FIRMWARE_HAL_FLASH_H
#define EVENKEEL_FIRMWARE_HAL_FLASH_H

#include <stdbool.h>
#include <stdint.h>

/** @return false: two or more bits are wrong */
bool flash_read(unsigned page, unsigned index, uint64_t *value);
/** Blocks 22 .. 40 ms; the core stalls. */
bool flash_erase(unsigned page);
/** Blocks about 0.1 ms; the core stalls. */
bool flash_program(unsigned page, unsigned index, uint64_t value);

/** From NMI: was it a read of a store? @return true: noted, go on */
bool flash_take_nmi(void);

#endif
