/**
 * The flash controller of the STM32G0: unlock, erase, program by direct writes, check.
 *
 * @pre for all: attached, core halted. Pages are named by the address they begin at.
 */
#ifndef EVENKEEL_HARNESS_TARGET_G0_FLASH_H
#define EVENKEEL_HARNESS_TARGET_G0_FLASH_H

#include "harness/target/target_private.h"

/** Take the lock off and clear old error flags. */
enum status g0_flash_unlock(struct target *target, struct error *err);
/** Put the lock on again and prove it. */
enum status g0_flash_lock(struct target *target, struct error *err);

enum status g0_flash_erase_page(struct target *target, uint32_t address, struct error *err);
/** The whole main flash; takes as long as one page. */
enum status g0_flash_erase_all(struct target *target, struct error *err);

/**
 * Program one erased page from @p words (page_len / 4 of them), without the double words that are
 * all ones.
 * @retval STATUS_UNIT the controller reports an error: flags, first address that is not as asked
 */
enum status g0_flash_program_page(
    struct target *target, uint32_t address, const uint32_t *words, struct error *err);

/** Forget what the ECC has seen so far. */
enum status g0_flash_clear_ecc(struct target *target, struct error *err);
/** @retval STATUS_UNIT a bit was corrected, or could not be, in a read since the last clearing */
enum status g0_flash_check_ecc(struct target *target, struct error *err);

#endif
