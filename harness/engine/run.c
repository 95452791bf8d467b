#include "harness/engine/run.h"

#include "harness/base/mem.h"
#include "harness/base/units.h"
#include "harness/engine/label.h"
#include "harness/engine/version.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEASUREMENT_NAME_MAX = 64, /* bytes */
    UNIT_MAX = 15,
    DEVICE_ID_G071 = 0x460
};

static const uint64_t stop_poll_ns = (uint64_t)50 * NS_PER_MS;

/* One specification and the measurements that share it: a measurement_group in the making. */
struct tally_group {
    struct run_spec spec;
    char unit[UNIT_MAX + 1];
    bool is_comparison;
    size_t first, count; /* in tally.items */
};

/* What the present step has measured so far. */
struct tally {
    struct measurement *items;
    size_t count, capacity;
    struct tally_group *groups;
    size_t group_count;
    bool has_fail;
    char message[256]; /* the first thing that was not right */
};

struct run {
    const struct run_config *config;
    struct bench bench;
    struct image image;
    bool has_image;
    char image_path[1024];
    int64_t run_id;
    const struct plan_step *step;
    size_t step_no;
    struct tally tally;
    char unit_id[25];
    struct run_result *result;
};

/* ---- the tally of one step ---- */

static void tally_reset(struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++) {
        free((void *)(uintptr_t)tally->items[i].name);
    }
    tally->count = 0;
    tally->group_count = 0;
    tally->has_fail = false;
    tally->message[0] = '\0';
}

static void tally_finish(struct tally *tally)
{
    tally_reset(tally);
    free(tally->items);
    free(tally->groups);
    *tally = (struct tally){0};
}

static struct tally_group *tally_group(
    struct tally *tally, const struct run_spec *spec, bool is_comparison)
{
    if (tally->group_count > 0) {
        struct tally_group *last = &tally->groups[tally->group_count - 1];
        bool is_same = last->spec.low >= spec->low && last->spec.low <= spec->low &&
                       last->spec.high >= spec->high && last->spec.high <= spec->high &&
                       last->is_comparison == is_comparison && strcmp(last->unit, spec->unit) == 0;
        if (is_same) {
            return last;
        }
    }
    tally->groups = mem_resize(tally->groups, tally->group_count + 1, sizeof *tally->groups);
    struct tally_group *group = &tally->groups[tally->group_count++];
    *group = (struct tally_group){
        .spec = *spec,
        .is_comparison = is_comparison,
        .first = tally->count,
    };
    (void)snprintf(group->unit, sizeof group->unit, "%s", spec->unit);
    return group;
}

static void tally_add(struct tally *tally, const struct measurement *measurement,
    const struct run_spec *spec, bool is_comparison)
{
    struct tally_group *group = tally_group(tally, spec, is_comparison);

    if (tally->count == tally->capacity) {
        tally->capacity = tally->capacity * 2 + 32;
        tally->items = mem_resize(tally->items, tally->capacity, sizeof *tally->items);
    }
    tally->items[tally->count++] = *measurement;
    group->count++;
}

static void tally_note(struct tally *tally, const char *text)
{
    tally->has_fail = true;
    if (tally->message[0] == '\0') {
        (void)snprintf(tally->message, sizeof tally->message, "%s", text);
        label_clean(tally->message);
    }
}

/* ---- measuring, for the script's owner ---- */

static enum status check_spec(const char *name, const struct run_spec *spec, struct error *err)
{
    if (isnan(spec->low) || isnan(spec->high)) {
        return error_set(err, STATUS_SCRIPT, "%s: a limit is not a number", name);
    }
    if (spec->low > spec->high) {
        return error_set(err, STATUS_SCRIPT, "%s: the lower limit %g is above the upper limit %g",
            name, spec->low, spec->high);
    }
    const char *fault = label_fault(name, strlen(name), MEASUREMENT_NAME_MAX);
    if (fault != NULL) {
        return error_set(err, STATUS_SCRIPT, "the measurement's name \"%s\" %s", name, fault);
    }
    if (spec->unit[0] != '\0') {
        fault = label_fault(spec->unit, strlen(spec->unit), UNIT_MAX);
    }
    if (fault != NULL) {
        return error_set(err, STATUS_SCRIPT, "%s: the unit \"%s\" %s", name, spec->unit, fault);
    }
    return STATUS_OK;
}

static void note_out_of_limits(struct run *run, const char *name, double value,
    const struct run_spec *spec, bool is_comparison)
{
    char text[256];

    if (isnan(value)) {
        (void)snprintf(text, sizeof text, "%s: is not a number, must be %.6g .. %.6g %s", name,
            spec->low, spec->high, spec->unit);
    } else {
        (void)snprintf(text, sizeof text, "%s: %s%.6g %s is outside %.6g .. %.6g %s", name,
            is_comparison ? "deviation " : "", value, spec->unit, spec->low, spec->high,
            spec->unit);
    }
    tally_note(&run->tally, text);
}

static enum status judge(struct run *run, const struct measurement *measurement,
    const struct run_spec *spec, bool is_comparison, struct error *err)
{
    struct measurement kept = *measurement;

    TRY(check_spec(measurement->name, spec, err));
    /* a NaN value is never inside */
    kept.is_pass = measurement->value >= spec->low && measurement->value <= spec->high;
    if (!kept.is_pass) {
        note_out_of_limits(run, measurement->name, measurement->value, spec, is_comparison);
    }
    kept.name = mem_text(measurement->name);
    tally_add(&run->tally, &kept, spec, is_comparison);
    return STATUS_OK;
}

enum status run_measure(struct run *run, const char *name, double value, double raw,
    const struct run_spec *spec, struct error *err)
{
    struct measurement measurement = {
        .name = name,
        .value = value,
        .raw = raw,
        .reference = (double)NAN,
    };

    return judge(run, &measurement, spec, false, err);
}

enum status run_compare(struct run *run, const char *name, double shown, double truth,
    const struct run_spec *spec, struct error *err)
{
    struct measurement measurement = {
        .name = name,
        .value = shown - truth,
        .raw = shown,
        .reference = truth,
    };

    return judge(run, &measurement, spec, true, err);
}

enum status run_expect(
    struct run *run, const char *name, bool is_so, const char *detail, struct error *err)
{
    static const struct run_spec spec = {.unit = "", .low = 1.0, .high = 1.0};
    struct measurement measurement = {
        .name = name,
        .value = is_so ? 1.0 : 0.0,
        .raw = is_so ? 1.0 : 0.0,
        .reference = (double)NAN,
    };

    if (!is_so) {
        char text[256];
        (void)snprintf(text, sizeof text, "%s: %s", name, detail);
        tally_note(&run->tally, text);
    }
    return judge(run, &measurement, &spec, false, err);
}

void run_fail(struct run *run, const char *reason)
{
    tally_note(&run->tally, reason);
}

/* ---- services for the script's owner ---- */

struct bench *run_bench(struct run *run)
{
    return &run->bench;
}

const struct plan *run_plan(const struct run *run)
{
    return run->config->plan;
}

static enum status load_image(struct run *run, struct error *err)
{
    if (run->has_image) {
        return STATUS_OK;
    }
    if (run->config->image_path != NULL) {
        (void)snprintf(run->image_path, sizeof run->image_path, "%s", run->config->image_path);
    } else {
        (void)snprintf(run->image_path, sizeof run->image_path, "%s/%s",
            run->config->bench.firmware_folder, run->config->plan->image);
    }
    TRY(image_load(run->image_path, &run->image, err));
    run->has_image = true;
    return STATUS_OK;
}

static enum status check_image(const struct run *run, struct error *err)
{
    const struct plan *plan = run->config->plan;
    struct image_header header;
    struct error why;

    enum status status = image_check(&run->image, &header, &why);
    if (status != STATUS_OK) {
        return error_set(err, status, "%s: %s", run->image_path, why.text);
    }
    if (strcmp(header.product, plan->image_product) != 0) {
        return error_set(err, STATUS_MISMATCH,
            "%s: the image is for product %s, the plan is for %s", run->image_path, header.product,
            plan->image_product);
    }
    if (strcmp(header.version, plan->image_version) != 0) {
        return error_set(err, STATUS_MISMATCH, "%s: the image is version %s, the plan is for %s",
            run->image_path, header.version, plan->image_version);
    }
    if (header.device_id != DEVICE_ID_G071) {
        return error_set(err, STATUS_MISMATCH,
            "%s: the image is for MCU 0x%03x, the unit has 0x%03x", run->image_path,
            (unsigned)header.device_id, (unsigned)DEVICE_ID_G071);
    }
    return STATUS_OK;
}

enum status run_image(struct run *run, const struct image **image, struct error *err)
{
    TRY(load_image(run, err));
    TRY(check_image(run, err));
    *image = &run->image;
    return STATUS_OK;
}

enum status run_check_stop(const struct run *run, struct error *err)
{
    if (run->config->stop_requested != NULL && *run->config->stop_requested) {
        return error_set(err, STATUS_ABORTED, "stopped by the operator");
    }
    return STATUS_OK;
}

enum status run_wait_until(struct run *run, uint64_t deadline_ns, struct error *err)
{
    uint64_t now_ns = clock_now_ns(run->bench.clock);

    while (now_ns < deadline_ns) {
        TRY(run_check_stop(run, err));
        uint64_t left_ns = deadline_ns - now_ns;
        clock_sleep_ns(run->bench.clock, left_ns < stop_poll_ns ? left_ns : stop_poll_ns);
        now_ns = clock_now_ns(run->bench.clock);
    }
    return run_check_stop(run, err);
}

enum status run_note_unit_id(struct run *run, const uint8_t unique_id[12], struct error *err)
{
    char unit_id[sizeof run->unit_id];

    bytes_to_hex(unique_id, 12, unit_id);
    if (run->unit_id[0] != '\0' && strcmp(run->unit_id, unit_id) != 0) {
        return error_set(err, STATUS_MISMATCH,
            "the unit said it is %s and says now it is %s: another unit, or a disturbed reading",
            run->unit_id, unit_id);
    }
    memcpy(run->unit_id, unit_id, sizeof unit_id);
    return STATUS_OK;
}

/* ---- telling the listener ---- */

static void tell(struct run *run, struct run_event *event)
{
    event->step = run->step;
    event->step_no = run->step_no;
    event->step_count = run->config->plan->step_count;
    if (run->config->listener != NULL) {
        run->config->listener(run->config->listener_ctx, event);
    }
}

static void on_progress(void *ctx, const char *what, double done)
{
    tell(ctx, &(struct run_event){.kind = RUN_STEP_PROGRESS, .what = what, .done = done});
}

/* ---- the record ---- */

static char *cards_json(const struct bench *bench)
{
    char *json = mem_text("[");

    for (unsigned cell_no = 1; bench->cells != NULL && cell_no <= bench->cells->cell_count;
         cell_no++) {
        const struct cell_identity *card = cell_rack_identity(bench->cells, cell_no);
        char eui48[13];
        bytes_to_hex(card->eui48, sizeof card->eui48, eui48);
        char *longer =
            mem_printf("%s%s{\"cell\":%u,\"type\":\"%s\",\"eui48\":\"%s\","
                       "\"calibration_id\":\"%s\",\"calibration_date\":\"%s\",\"u_v\":%.9g}",
                json, cell_no > 1 ? "," : "", cell_no, card->card_type, eui48, card->calibration_id,
                card->calibrated_on, card->u_v);
        free(json);
        json = longer;
    }
    char *closed = mem_printf("%s]", json);
    free(json);
    return closed;
}

static char *fault_names(const struct bench_config *bench)
{
    char *names = mem_text("");

    for (size_t i = 0; i < bench->fault_count; i++) {
        char *longer = mem_printf("%s%s%s", names, i > 0 ? " " : "", bench->faults[i]);
        free(names);
        names = longer;
    }
    return names;
}

static enum status begin_record(struct run *run, struct error *err)
{
    const struct run_config *config = run->config;
    const struct plan *plan = config->plan;
    bool is_virtual = bench_name_is_virtual(config->bench.name);
    char image_sha256[65] = "";
    char *cards = cards_json(&run->bench);
    char *faults = fault_names(&config->bench);

    if (run->has_image) {
        bytes_to_hex(run->image.sha256, sizeof run->image.sha256, image_sha256);
    }
    struct run_start start = {
        .serial = config->serial,
        .plan_id = plan->id,
        .plan_revision = plan->revision,
        .plan_kind = plan->kind,
        .product = plan->product,
        .station = config->station,
        .operator_name = config->operator_name,
        .bench = config->bench.name,
        .is_virtual = is_virtual,
        .seed = is_virtual ? config->bench.seed : 0,
        .fault = faults,
        .without = config->without,
        .plan_sha256 = plan->sha256,
        .limits_sha256 = plan->limits_sha256,
        .image_sha256 = image_sha256,
        .program_version = KEEL_VERSION,
        .cards_json = cards,
        .started_unix_ms = clock_wall_unix_ms(),
    };
    enum status status = store_begin_run(config->store, &start, &run->run_id, err);
    free(faults);
    free(cards);
    run->result->run_id = run->run_id;
    return status;
}

static enum status record_step(struct run *run, enum outcome outcome, const char *message,
    uint64_t start_ns, uint64_t end_ns, struct error *err)
{
    const struct tally *tally = &run->tally;
    struct measurement_group *groups = mem_alloc(tally->group_count, sizeof *groups);

    for (size_t i = 0; i < tally->group_count; i++) {
        groups[i] = (struct measurement_group){
            .unit = tally->groups[i].unit,
            .rule = "simple",
            .low = tally->groups[i].spec.low,
            .high = tally->groups[i].spec.high,
            .is_comparison = tally->groups[i].is_comparison,
            .measurements = tally->items + tally->groups[i].first,
            .measurement_count = tally->groups[i].count,
        };
    }
    struct step_record record = {
        .group = run->config->plan->groups[run->step->group_index].name,
        .name = run->step->name,
        .claims = run->step->claims,
        .attempt = 1,
        .outcome = outcome,
        .message = message,
        .start_ns = start_ns,
        .end_ns = end_ns,
        .groups = groups,
        .group_count = tally->group_count,
    };
    enum status status = store_add_step(run->config->store, run->run_id, &record, err);
    free(groups);
    return status;
}

static enum status end_record(struct run *run, struct error *err)
{
    struct run_result *result = run->result;
    struct run_end end = {
        .outcome = result->outcome,
        .message = result->message,
        .failed_step = result->failed_step,
        .bench_ns = result->bench_ns,
        .ended_unix_ms = clock_wall_unix_ms(),
        .unit_id = run->unit_id,
    };

    return store_end_run(run->config->store, run->run_id, &end, err);
}

/* ---- verdicts ---- */

/* The one place where a status becomes an outcome. */
static enum outcome outcome_of(enum status status)
{
    if (status == STATUS_OK) {
        return OUTCOME_PASS;
    }
    if (status == STATUS_UNIT) {
        return OUTCOME_FAIL;
    }
    return status == STATUS_ABORTED ? OUTCOME_ABORTED : OUTCOME_ERROR;
}

/* The first outcome that is not PASS is the run's, except that an ERROR or abort outweighs a FAIL.
 */
static void conclude(struct run *run, enum outcome outcome, const char *step, const char *message)
{
    struct run_result *result = run->result;
    bool is_first = result->outcome == OUTCOME_PASS;
    bool is_graver =
        result->outcome == OUTCOME_FAIL && (outcome == OUTCOME_ERROR || outcome == OUTCOME_ABORTED);

    if (outcome == OUTCOME_PASS || (!is_first && !is_graver)) {
        return;
    }
    result->outcome = outcome;
    (void)snprintf(result->failed_step, sizeof result->failed_step, "%s", step);
    (void)snprintf(result->message, sizeof result->message, "%s", message);
    label_clean(result->message);
}

static void describe(const struct error *error, char *text, size_t capacity)
{
    (void)snprintf(
        text, capacity, "%s%s%s", error->origin, error->origin[0] != '\0' ? ": " : "", error->text);
    label_clean(text);
}

/* A body's end and the tally together make the step's outcome and its one-line reason. */
static enum outcome judge_step(const struct run *run, enum status status, const struct error *error,
    char *text, size_t capacity)
{
    enum outcome outcome = outcome_of(status);

    text[0] = '\0';
    if (status != STATUS_OK && !(outcome == OUTCOME_FAIL && run->tally.has_fail)) {
        describe(error, text, capacity);
    } else if (run->tally.has_fail) {
        (void)snprintf(text, capacity, "%s", run->tally.message);
        outcome = OUTCOME_FAIL;
    }
    return outcome;
}

static enum status run_step(struct run *run, struct error *err)
{
    char message[sizeof run->result->message];
    struct error error = {0};

    tally_reset(&run->tally);
    tell(run, &(struct run_event){.kind = RUN_STEP_STARTED});
    uint64_t start_ns = clock_now_ns(run->bench.clock);
    enum status status = run_check_stop(run, &error);
    if (status == STATUS_OK) {
        status = run->config->body(run->config->body_ctx, run, run->step, &error);
    }
    uint64_t end_ns = clock_now_ns(run->bench.clock);
    enum outcome outcome = judge_step(run, status, &error, message, sizeof message);
    conclude(run, outcome, run->step->name, message);
    TRY(record_step(run, outcome, message, start_ns, end_ns, err));
    run->result->measurement_count += run->tally.count;
    tell(run, &(struct run_event){
                  .kind = RUN_STEP_ENDED,
                  .outcome = outcome,
                  .message = message,
                  .bench_ns = end_ns - start_ns,
                  .measurement_count = run->tally.count,
              });
    return STATUS_OK;
}

static enum status skip_step(struct run *run, const char *why, struct error *err)
{
    uint64_t now_ns = clock_now_ns(run->bench.clock);

    tally_reset(&run->tally);
    TRY(record_step(run, OUTCOME_SKIPPED, why, now_ns, now_ns, err));
    tell(run,
        &(struct run_event){.kind = RUN_STEP_ENDED, .outcome = OUTCOME_SKIPPED, .message = why});
    return STATUS_OK;
}

/* After a FAIL the group's other steps may go on; after an ERROR or abort nothing does. */
static bool is_over(const struct run *run)
{
    const struct run_result *result = run->result;
    const struct plan *plan = run->config->plan;

    if (result->outcome == OUTCOME_PASS) {
        return false;
    }
    if (result->outcome != OUTCOME_FAIL) {
        return true;
    }
    for (size_t i = 0; i < plan->step_count; i++) {
        if (strcmp(plan->steps[i].name, result->failed_step) == 0) {
            return plan->groups[plan->steps[i].group_index].stops_on_fail;
        }
    }
    return true;
}

static enum status run_steps(struct run *run, struct error *err)
{
    const struct plan *plan = run->config->plan;

    for (size_t i = 0; i < plan->step_count; i++) {
        run->step = &plan->steps[i];
        run->step_no = i + 1;
        if (run->step->is_left_out) {
            TRY(skip_step(run, "left out by request", err));
        } else if (is_over(run)) {
            char why[192];
            (void)snprintf(why, sizeof why, "not run after \"%s\"", run->result->failed_step);
            TRY(skip_step(run, why, err));
        } else {
            TRY(run_step(run, err));
        }
    }
    return STATUS_OK;
}

/* ---- a run from end to end ---- */

/* Outputs that may still be on outweigh every verdict, and stand beside what was wrong first. */
static void conclude_not_off(struct run *run, const char *why)
{
    struct run_result *result = run->result;
    char first[160];

    if (result->outcome == OUTCOME_PASS) {
        conclude(run, OUTCOME_ERROR, "outputs off", why);
        return;
    }
    (void)snprintf(first, sizeof first, "%s", result->message);
    (void)snprintf(result->message, sizeof result->message, "%s; %s", first, why);
    result->outcome = OUTCOME_ERROR;
}

static void close_bench(struct run *run)
{
    struct error error;
    char message[sizeof run->result->message];

    if (run->bench.clock != NULL) {
        run->result->bench_ns = clock_now_ns(run->bench.clock);
    }
    if (bench_close(&run->bench, &error) != STATUS_OK) {
        describe(&error, message, sizeof message);
        conclude_not_off(run, message);
    }
}

static enum status run_on_open_bench(struct run *run, struct error *err)
{
    enum status status = begin_record(run, err);

    if (status == STATUS_OK) {
        status = run_steps(run, err);
    }
    return status;
}

static enum status open_bench(struct run *run, struct error *err)
{
    struct bench_config bench = run->config->bench;

    bench.progress = on_progress;
    bench.progress_ctx = run;
    run->bench.log = run->config->log;
    return bench_open(&run->bench, &bench, err);
}

static void run_init(struct run *run, const struct run_config *config, struct run_result *result)
{
    *result = (struct run_result){.outcome = OUTCOME_PASS};
    *run = (struct run){.config = config, .result = result};
}

enum status run_execute(
    const struct run_config *config, struct run_result *result, struct error *err)
{
    struct run run;
    struct error error = {0};

    run_init(&run, config, result);
    (void)load_image(&run, &error); /* for the record; the step that flashes it reports a bad one */
    enum status status = open_bench(&run, &error);
    if (status == STATUS_OK) {
        status = run_on_open_bench(&run, err);
        close_bench(&run);
    } else {
        char message[sizeof result->message];
        describe(&error, message, sizeof message);
        conclude(&run, OUTCOME_ERROR, "opening the bench", message);
        status = begin_record(&run, err);
    }
    if (status == STATUS_OK) {
        status = end_record(&run, err);
    }
    tally_finish(&run.tally);
    image_finish(&run.image);
    return status;
}

enum status run_record_failure(
    const struct run_config *config, const char *why, struct run_result *result, struct error *err)
{
    struct run run;

    run_init(&run, config, result);
    conclude(&run, OUTCOME_ERROR, "loading the plan", why);
    TRY(begin_record(&run, err));
    return end_record(&run, err);
}
