/**
 * The unit's MCU through its debug port: identify, halt, read and write memory, program flash.
 *
 * First part: STM32G071 (RM0444). The target is data: struct target_part.
 */
#ifndef EVENKEEL_HARNESS_TARGET_TARGET_H
#define EVENKEEL_HARNESS_TARGET_TARGET_H

#include "harness/link/swd.h"
#include "harness/target/image.h"

struct target;

struct target_info {
    const char *part;     /* "STM32G071xB" */
    uint32_t dpidr;       /* 0x0BC11477 */
    uint32_t device_id;   /* 12 bits of DBG_IDCODE: 0x460 */
    uint32_t revision_id; /* upper half: 0x2000 */
    uint32_t flash_len;   /* bytes */
    uint8_t unique_id[12];
};

/** Called now and then during long work: what is being done, and how far it is (0 .. 1). */
typedef void (*target_progress_fn)(void *ctx, const char *what, double done);

/** Keeps @p swd (not destroyed). */
struct target *target_create(struct swd *swd, target_progress_fn progress, void *progress_ctx);
/** NULL is allowed. */
void target_destroy(struct target *target);

/** Connect, identify and halt. @retval STATUS_UNIT nothing answers, or it is another part */
enum status target_attach(struct target *target, struct target_info *info, struct error *err);
/** Let the core run from where it is and let go of the debug port (power-down request cleared). */
enum status target_detach(struct target *target, struct error *err);
/** System reset by AIRCR; the core runs. */
enum status target_reset(struct target *target, struct error *err);

enum status target_read_words(
    struct target *target, uint32_t address, uint32_t *words, size_t count, struct error *err);
enum status target_write_words(struct target *target, uint32_t address, const uint32_t *words,
    size_t count, struct error *err);

/**
 * Erase the pages that @p image touches (those not blank) and program it, double word by double
 * word, skipping all-ones; other pages (calibration, settings) are preserved. Ends with the flash
 * locked. @pre attached
 * @retval STATUS_RANGE the image does not fit or touches something that is not flash
 * @retval STATUS_UNIT  the flash controller reports an error: the text has the flags and address
 */
enum status target_program(struct target *target, const struct image *image, struct error *err);

/**
 * Read back every byte of @p image and compare, and check the flash controller's ECC flags.
 * @retval STATUS_UNIT differs: the text has the first address, what was asked and what was read
 */
enum status target_verify(struct target *target, const struct image *image, struct error *err);

#endif
