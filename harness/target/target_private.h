/**
 * What target.c and g0_flash.c share. Nobody else includes it.
 */
#ifndef EVENKEEL_HARNESS_TARGET_TARGET_PRIVATE_H
#define EVENKEEL_HARNESS_TARGET_TARGET_PRIVATE_H

#include "harness/target/part.h"
#include "harness/target/target.h"

struct target {
    struct swd *swd;
    target_progress_fn progress;
    void *progress_ctx;
    const struct target_part *part; /* NULL: not attached */
    uint32_t flash_len;             /* bytes, as the part says */
    bool had_debug_clock;           /* before attaching */
};

/** Reset the system and halt the core at the first instruction. @pre attached */
enum status target_reset_and_halt(struct target *target, struct error *err);

/** Tell the caller how far @p what is. */
void target_report(struct target *target, const char *what, size_t done, size_t all);

#endif
