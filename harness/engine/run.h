/**
 * One run of a plan on a unit: steps in order, limits, verdicts, record.
 *
 *     run_execute:  begin row -> for each step: body, verdict, row (durable) -> outputs off -> end
 * row
 *
 * Rules that hold on every path:
 *   - FAIL is the unit, ERROR the bench or the plan, ABORTED a person; one never becomes another.
 *   - A step's row is on the disk before the next step's stimulus.
 *   - Outputs are off before the run's end is recorded; a fixture that cannot prove it makes ERROR.
 *   - A run whose steps were not all run never ends as PASS, unless they were left out by request,
 *     which the record says.
 */
#ifndef EVENKEEL_HARNESS_ENGINE_RUN_H
#define EVENKEEL_HARNESS_ENGINE_RUN_H

#include "harness/engine/bench.h"
#include "harness/engine/plan.h"
#include "harness/store/store.h"

#include <signal.h>

struct run;

/** Runs a step's body; the script's owner implements it. @return why the body ended early, if it
 * did */
typedef enum status (*run_body_fn)(
    void *ctx, struct run *run, const struct plan_step *step, struct error *err);

enum run_event_kind {
    RUN_STEP_STARTED,
    RUN_STEP_PROGRESS,
    RUN_STEP_ENDED
};

struct run_event {
    enum run_event_kind kind;
    const struct plan_step *step;
    size_t step_no, step_count; /* from 1 */
    const char *what;           /* RUN_STEP_PROGRESS: "program" */
    double done;                /* RUN_STEP_PROGRESS: 0 .. 1 */
    enum outcome outcome;       /* RUN_STEP_ENDED */
    const char *message;        /* RUN_STEP_ENDED */
    uint64_t bench_ns;          /* RUN_STEP_ENDED: how long it took */
    size_t measurement_count;   /* RUN_STEP_ENDED */
};

typedef void (*run_listener_fn)(void *ctx, const struct run_event *event);

struct run_config {
    const struct plan *plan;
    struct bench_config bench; /* its progress is set by the run */
    struct log log;            /* where the bench's log goes */
    struct store *store;
    const char *serial, *station, *operator_name;
    const char *image_path; /* NULL: the plan's image in the firmware folder */
    const char *without;    /* steps left out, line feed between; "" */
    run_body_fn body;
    void *body_ctx;
    run_listener_fn listener; /* NULL: nobody listens */
    void *listener_ctx;
    const volatile sig_atomic_t *stop_requested; /* set by Ctrl-C; NULL: never */
};

struct run_result {
    int64_t run_id;
    enum outcome outcome;
    char message[320];
    char failed_step[128];
    uint64_t bench_ns;
    size_t measurement_count;
};

/**
 * Run it. The outcome is in @p result; STATUS_OK means that the record is complete, whatever the
 * verdict.
 * @retval STATUS_STORE the record could not be kept; outputs are off
 */
enum status run_execute(
    const struct run_config *config, struct run_result *result, struct error *err);

/**
 * Record a run that could not start (a plan that does not load): outcome ERROR with @p why.
 */
enum status run_record_failure(
    const struct run_config *config, const char *why, struct run_result *result, struct error *err);

/* For the script's owner, while a body runs. */

struct bench *run_bench(struct run *run);
const struct plan *run_plan(const struct run *run);

/** Load (once) and check the image that this run flashes: header, CRC, product, part. */
enum status run_image(struct run *run, const struct image **image, struct error *err);

/** Specification of one measurement. Both limits are needed: pass -INFINITY or INFINITY by name. */
struct run_spec {
    const char *unit;
    double low, high;
};

/** Judge and keep a measurement. @retval STATUS_SCRIPT low > high, or a NaN limit */
enum status run_measure(struct run *run, const char *name, double value, double raw,
    const struct run_spec *spec, struct error *err);
/** Judge shown - truth. */
enum status run_compare(struct run *run, const char *name, double shown, double truth,
    const struct run_spec *spec, struct error *err);
/** Judge that something is as it must be: kept as 1 or 0 with limits 1, 1. @p detail says what
 * differs. */
enum status run_expect(
    struct run *run, const char *name, bool is_so, const char *detail, struct error *err);
/** The unit fails for a reason that is not a number. */
void run_fail(struct run *run, const char *reason);

/** Bench time passes; returns early and with STATUS_ABORTED when a stop was asked for. */
enum status run_wait_until(struct run *run, uint64_t deadline_ns, struct error *err);
/** STATUS_ABORTED when a stop was asked for. */
enum status run_check_stop(const struct run *run, struct error *err);
/**
 * The MCU's unique id, for the record.
 * @retval STATUS_MISMATCH not the one that this run noted before
 */
enum status run_note_unit_id(struct run *run, const uint8_t unique_id[12], struct error *err);

#endif
