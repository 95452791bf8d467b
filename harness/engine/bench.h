/**
 * A bench: one fixture with a unit in it, opened by name. Real and virtual are peers: this is the
 * one file above the link that knows there are two, and only while opening.
 *
 *     channel A -> mpsse -> cell rack      channel B -> mpsse -> swd -> target      channel C ->
 * uart -> unit
 *
 * Names: "virtual", or "usb:SERIAL" for the FT4232H with that serial number.
 */
#ifndef EVENKEEL_HARNESS_ENGINE_BENCH_H
#define EVENKEEL_HARNESS_ENGINE_BENCH_H

#include "fixtures/cb24/cb24.h"
#include "fixtures/cell.h"
#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "harness/engine/safe.h"
#include "harness/product/neey.h"
#include "harness/target/target.h"

#include <stdbool.h>

struct virtual_bench;

/** What a test or a simulation may do to a bench from below; production runs have none. */
struct bench_hooks {
    /**
     * A channel's link was opened: put another in its place, which then owns it (link_fault.h).
     * On failure the link stays the bench's. NULL: the link stays as it is.
     */
    enum status (*wrap_link)(void *ctx, struct link **link, struct error *err);

    /**
     * Everything was switched off and let go, the model still stands: the time to look at what was
     * left behind. Virtual only. NULL: nobody looks.
     */
    void (*on_closing)(void *ctx, struct virtual_bench *model);
    void *ctx;
};

struct bench_config {
    const char *name;               /* "virtual", "usb:FT6ABCDE" */
    const char *product;            /* "ek-24s4eb": which virtual unit is drawn */
    const struct cb24_config *cb24; /* what is wired to what */
    const char *firmware_folder;    /* images by name */
    uint64_t seed;                  /* virtual only */
    const char *const *faults;      /* virtual only */
    size_t fault_count;
    target_progress_fn progress; /* long work on the target; may be NULL */
    void *progress_ctx;
    const struct bench_hooks *hooks; /* kept until the bench is closed; NULL: none */
};

struct bench {
    char name[64];
    bool is_virtual;
    struct log log;
    struct clock *clock;
    struct safe_stack safe;
    struct mpsse *spi;   /* channel A */
    struct mpsse *debug; /* channel B */
    struct uart *uart;   /* channel C */
    struct cell_rack *cells;
    struct swd *swd;
    struct target *target;
    struct neey_client *unit;
    char firmware_folder[512];
    struct clock_monotonic steel_clock;
    struct virtual_bench *model; /* NULL on steel */
    const struct bench_hooks *hooks;
};

/** True for a name that means the virtual bench. */
bool bench_name_is_virtual(const char *name);

/**
 * Open and prove every part of the fixture; outputs are off afterwards.
 * @param bench  caller's memory, all-zero or with `log` set; finished on failure
 * @retval STATUS_USAGE a name that is no bench, or faults and a seed on steel
 * @retval others       of the part that did not answer, with its name in front
 */
enum status bench_open(struct bench *bench, const struct bench_config *config, struct error *err);

/** Everything off, proved, and closed. @return the first failure of switching off */
enum status bench_close(struct bench *bench, struct error *err);

#endif
