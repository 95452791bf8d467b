/* Figures of the command, the engine and the record. */
#define _GNU_SOURCE
#include "tests/measure/measure.h"

#include "harness/base/mem.h"
#include "harness/lua/fixture_file.h"
#include "harness/lua/script.h"

#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    COLD_START_RUNS = 41,
    EOL_RUNS = 5,
    RUN192_RUNS = 7,
    RUN192_STEPS = 24,
    RUN192_MEASUREMENTS = 8,
    EMPTY_STEPS = 20000,
    EMPTY_RUNS = 7
};

/* Run a command with its output thrown away. @return seconds, or NAN; peak memory in kB. */
static double run_command(char *const *argv, long *peak_kb)
{
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    pid_t child;
    int state = -1;

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    double start_s = measure_now_s();
    int result = posix_spawn(&child, argv[0], &actions, NULL, argv, environ);
    if (result == 0) {
        (void)wait4(child, &state, 0, &usage);
        *peak_kb = usage.ru_maxrss;
    }
    double end_s = measure_now_s();
    (void)posix_spawn_file_actions_destroy(&actions);
    return result == 0 && state == 0 ? end_s - start_s : (double)NAN;
}

void measure_cold_start(const struct figure_row *row, struct figure *figure)
{
    char *argv[] = {mem_text(measure_paths()->keel), mem_text("--version"), NULL};
    double times_ms[COLD_START_RUNS];
    long peak_kb;

    (void)row;
    for (size_t i = 0; i < COLD_START_RUNS; i++) {
        times_ms[i] = run_command(argv, &peak_kb) * 1e3;
    }
    figure->value = measure_median(times_ms, COLD_START_RUNS);
    figure->runs = COLD_START_RUNS;
    free(argv[0]);
    free(argv[1]);
}

/* ---- the whole plan, through the command ---- */

static char *fresh_database(const char *name)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char *path = mem_printf("%s/%s.sqlite3", measure_paths()->work, name);

    for (size_t i = 0; i < 3; i++) {
        char *file = mem_printf("%s%s", path, suffixes[i]);
        (void)unlink(file);
        free(file);
    }
    return path;
}

static double run_eol(const char *database, long *peak_kb)
{
    char *argv[] = {mem_text(measure_paths()->keel), mem_text("run"), mem_text("eol/ek-24s4eb"),
        mem_text("--serial"), mem_text("MEASURE"), mem_text("--db"), mem_text(database), NULL};

    double time_s = run_command(argv, peak_kb);
    for (size_t i = 0; argv[i] != NULL; i++) {
        free(argv[i]);
    }
    return time_s;
}

void measure_eol_host(const struct figure_row *row, struct figure *figure)
{
    double times_s[EOL_RUNS];
    long peak_kb;
    char *database = fresh_database("eol-host");

    (void)row;
    for (size_t i = 0; i < EOL_RUNS; i++) {
        times_s[i] = run_eol(database, &peak_kb);
    }
    figure->value = measure_median(times_s, EOL_RUNS);
    figure->runs = EOL_RUNS;
    if (isnan(figure->value)) {
        measure_not(figure, "keel run eol/ek-24s4eb did not pass");
    }
    free(database);
}

void measure_peak_rss(const struct figure_row *row, struct figure *figure)
{
    double peaks_mb[EOL_RUNS];
    char *database = fresh_database("eol-rss");

    (void)row;
    for (size_t i = 0; i < EOL_RUNS; i++) {
        long peak_kb = 0;
        (void)run_eol(database, &peak_kb);
        peaks_mb[i] = (double)peak_kb / 1024.0;
    }
    figure->value = measure_median(peaks_mb, EOL_RUNS);
    figure->runs = EOL_RUNS;
    free(database);
}

/* ---- runs in this process ---- */

/* What a run in this process needs; the plan is built in C, or is a script. */
struct rig {
    struct fixture_file fixture;
    struct store *store;
    struct run_config config;
    char *database;
};

static enum status rig_open(struct rig *rig, const char *name, struct error *err)
{
    char *path = mem_printf("%s/cb24/cb24.lua", measure_paths()->fixtures);
    enum status status = fixture_file_load(path, &rig->fixture, err);

    free(path);
    rig->database = fresh_database(name);
    if (status == STATUS_OK) {
        status = store_open(rig->database, STORE_WRITE, &rig->store, err);
    }
    rig->config = (struct run_config){
        .bench = {.name = "virtual",
            .product = "ek-24s4eb",
            .cb24 = &rig->fixture.cb24,
            .firmware_folder = measure_paths()->firmware,
            .seed = 1},
        .store = rig->store,
        .serial = "MEASURE",
        .station = "measure",
        .operator_name = "measure",
        .without = "",
    };
    return status;
}

static void rig_close(struct rig *rig)
{
    store_close(rig->store);
    free(rig->database);
}

static const char *const cell_names[] = {
    "cell_01", "cell_02", "cell_03", "cell_04", "cell_05", "cell_06", "cell_07", "cell_08"};

/* A step's body without a script: eight comparisons. */
static enum status measure_eight(
    void *ctx, struct run *run, const struct plan_step *step, struct error *err)
{
    static const struct run_spec spec = {.unit = "V", .low = -0.001, .high = 0.001};
    unsigned *count = ctx;

    (void)step;
    for (size_t i = 0; i < RUN192_MEASUREMENTS; i++) {
        double truth = 1.5 + 0.0137 * (double)(*count % 211);
        double shown = truth + 1e-6 * (double)(*count % 173);
        (*count)++;
        TRY(run_compare(run, cell_names[i], shown, truth, &spec, err));
    }
    return STATUS_OK;
}

/* When steps began and ended; the bench's opening and closing are not part of the figure. */
struct lap_times {
    double first_start_s, last_end_s;
    double laps_s[RUN192_STEPS];
    size_t count;
};

static void on_event(void *ctx, const struct run_event *event)
{
    struct lap_times *times = ctx;
    double now_s = measure_now_s();

    if (event->kind == RUN_STEP_STARTED && event->step_no == 1) {
        times->first_start_s = now_s;
        times->last_end_s = now_s;
    }
    if (event->kind == RUN_STEP_ENDED) {
        times->laps_s[times->count++] = now_s - times->last_end_s;
        times->last_end_s = now_s;
    }
}

static void plan_of_192(struct plan *plan)
{
    struct error err;

    *plan = (struct plan){.id = mem_text("measure.run192"),
        .revision = mem_text("A"),
        .kind = mem_text("routine"),
        .product = mem_text("ek-24s4eb"),
        .image = mem_text("ek-24s4eb.elf"),
        .image_product = mem_text("EK-24S4EB"),
        .image_version = mem_text("1.0.0"),
        .fixture = mem_text("cb24")};
    memset(plan->sha256, 'a', 64);
    memset(plan->limits_sha256, 'b', 64);
    (void)plan_add_group(plan, "voltage accuracy", true);
    for (int i = 0; i < RUN192_STEPS; i++) {
        char *name = mem_printf("cells around %.3f V", 1.5 + 0.13 * i);
        (void)plan_add_step(plan, name, "EK-03", 0, &err);
        free(name);
    }
}

/* One run of 24 steps x 8 measurements. */
static enum status run_192(
    struct rig *rig, struct plan *plan, struct lap_times *times, struct error *err)
{
    struct run_result result;
    unsigned count = 0;

    *times = (struct lap_times){0};
    rig->config.plan = plan;
    rig->config.body = measure_eight;
    rig->config.body_ctx = &count;
    rig->config.listener = on_event;
    rig->config.listener_ctx = times;
    TRY(run_execute(&rig->config, &result, err));
    if (result.outcome != OUTCOME_PASS || times->count != RUN192_STEPS) {
        return error_set(err, STATUS_MISMATCH, "%s after %zu steps: %s",
            outcome_name(result.outcome), times->count, result.message);
    }
    return STATUS_OK;
}

typedef double (*lap_figure_fn)(struct lap_times *times);

/* The disk's own time for a durable write is taken before each run, so that both see the same disk.
 */
static void measure_laps(
    struct figure *figure, const char *name, lap_figure_fn value, double *fsync_s)
{
    double fsyncs_s[RUN192_RUNS];
    struct rig rig = {0};
    struct plan plan;
    struct lap_times times;
    double values[RUN192_RUNS];
    struct error err;

    plan_of_192(&plan);
    enum status status = rig_open(&rig, name, &err);
    for (size_t i = 0; i < RUN192_RUNS && status == STATUS_OK; i++) {
        fsyncs_s[i] = measure_fsync_s();
        status = run_192(&rig, &plan, &times, &err);
        values[i] = status == STATUS_OK ? value(&times) : 0.0;
    }
    if (status != STATUS_OK) {
        measure_not(figure, "%s", err.text);
    } else {
        figure->value = measure_median(values, RUN192_RUNS);
        *fsync_s = measure_median(fsyncs_s, RUN192_RUNS);
        figure->runs = RUN192_RUNS;
    }
    rig_close(&rig);
    plan_finish(&plan);
}

static double median_lap_us(struct lap_times *times)
{
    return measure_median(times->laps_s, times->count) * 1e6;
}

static double whole_ms(struct lap_times *times)
{
    return (times->last_end_s - times->first_start_s) * 1e3;
}

void measure_durable_step(const struct figure_row *row, struct figure *figure)
{
    double fsync_s = 0.0;

    (void)row;
    measure_laps(figure, "durable-step", median_lap_us, &fsync_s);
    figure->limit_value = fsync_s * 1e6 + 100.0;
}

void measure_run192(const struct figure_row *row, struct figure *figure)
{
    double fsync_s = 0.0;

    (void)row;
    measure_laps(figure, "run192", whole_ms, &fsync_s);
    figure->limit_value = RUN192_STEPS * (fsync_s * 1e3 + 0.1);
}

static double file_kb(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 ? (double)info.st_size / 1000.0 : (double)NAN;
}

/* Growth of the closed file from 5 runs to 25, so that fixed costs and interned names are not
 * counted. */
void measure_bytes_per_run192(const struct figure_row *row, struct figure *figure)
{
    enum {
        WARM = 5,
        COUNTED = 20
    };
    struct rig rig = {0};
    struct plan plan;
    struct lap_times times;
    struct error err;
    double before_kb = 0.0;

    (void)row;
    plan_of_192(&plan);
    enum status status = rig_open(&rig, "bytes", &err);
    for (int i = 0; i < WARM + COUNTED && status == STATUS_OK; i++) {
        if (i == WARM) {
            store_close(rig.store);
            before_kb = file_kb(rig.database);
            status = store_open(rig.database, STORE_WRITE, &rig.store, &err);
            rig.config.store = rig.store;
        }
        if (status == STATUS_OK) {
            status = run_192(&rig, &plan, &times, &err);
        }
    }
    store_close(rig.store);
    rig.store = NULL;
    if (status != STATUS_OK) {
        measure_not(figure, "%s", err.text);
    } else {
        figure->value = (file_kb(rig.database) - before_kb) / COUNTED;
        figure->runs = COUNTED;
    }
    rig_close(&rig);
    plan_finish(&plan);
}

/* Lua body in its coroutine, as run_step() calls it, without a row: the empty body never touches
 * its run. */
void measure_empty_step(const struct figure_row *row, struct figure *figure)
{
    double times_us[EMPTY_RUNS];
    struct script *script = NULL;
    struct error err;
    char *path = mem_printf("%s/empty_step.lua", measure_paths()->work);
    FILE *file = fopen(path, "w");

    (void)row;
    if (file != NULL) {
        (void)fputs(
            "local ek = require 'products.ek-24s4eb'\n"
            "plan { id = 'e', revision = 'A', kind = 'routine', product = ek, fixture = 'cb24' }\n"
            "group('g', function() step('empty', function() end) end)\n",
            file);
        (void)fclose(file);
    }
    enum status status = script_load(path, measure_paths()->scripts, &script, &err);
    for (size_t i = 0; i < EMPTY_RUNS && status == STATUS_OK; i++) {
        double start_s = measure_now_s();
        for (int n = 0; n < EMPTY_STEPS && status == STATUS_OK; n++) {
            status = script_body(script, NULL, &script_plan(script)->steps[0], &err);
        }
        times_us[i] = (measure_now_s() - start_s) * 1e6 / EMPTY_STEPS;
    }
    if (status != STATUS_OK) {
        measure_not(figure, "%s", err.text);
    } else {
        figure->value = measure_median(times_us, EMPTY_RUNS);
        figure->runs = EMPTY_RUNS;
    }
    script_destroy(script);
    free(path);
}

/* Bench time is the same in every run of a seed: five seeds give five values. */
void measure_eol_bench(const struct figure_row *row, struct figure *figure)
{
    double times_s[EOL_RUNS];
    struct rig rig = {0};
    struct script *script = NULL;
    struct run_result result = {0};
    struct error err;
    char *path = mem_printf("%s/eol/ek-24s4eb.lua", measure_paths()->scripts);

    (void)row;
    enum status status = rig_open(&rig, "eol-bench", &err);
    if (status == STATUS_OK) {
        status = script_load(path, measure_paths()->scripts, &script, &err);
    }
    for (size_t i = 0; i < EOL_RUNS && status == STATUS_OK; i++) {
        rig.config.plan = script_plan(script);
        rig.config.body = script_body;
        rig.config.body_ctx = script;
        rig.config.bench.seed = i + 1;
        status = run_execute(&rig.config, &result, &err);
        times_s[i] = (double)result.bench_ns * 1e-9;
    }
    if (status != STATUS_OK || result.outcome != OUTCOME_PASS) {
        measure_not(figure, "%s", status != STATUS_OK ? err.text : result.message);
    } else {
        figure->value = measure_median(times_s, EOL_RUNS);
        figure->runs = EOL_RUNS;
    }
    script_destroy(script);
    rig_close(&rig);
    free(path);
}
