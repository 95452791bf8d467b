#include "tests/fault/fault_rig.h"

#include "fixtures/virtual/bench.h"
#include "harness/base/mem.h"

#include <check.h>

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer than the card's output stage needs to settle: what still moves has come down by then. */
static const uint64_t look_after_ns = 20 * (uint64_t)NS_PER_MS;

static void must(enum status status, const struct error *err)
{
    ck_assert_msg(status == STATUS_OK, "%s", err->text);
}

static enum status wrap_link(void *ctx, struct link **link, struct error *err)
{
    struct fault_rig *rig = ctx;

    (void)err;
    if ((*link)->channel == rig->trial->channel) {
        *link = link_fault_create(*link, &rig->trial->fault);
    }
    return STATUS_OK;
}

static void look_at_outputs(void *ctx, struct virtual_bench *model)
{
    struct fault_rig *rig = ctx;

    clock_sleep_ns(virtual_bench_clock(model), look_after_ns);
    rig->trial->was_looked_at = true;
    for (unsigned cell_no = 1; cell_no <= CELL_MAX; cell_no++) {
        double v = fabs(cb24_twin_cell_v(virtual_bench_cb24(model), cell_no));
        rig->trial->highest_cell_v = fmax(rig->trial->highest_cell_v, v);
    }
}

static char *fresh_database(const char *name)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char *path = mem_printf("%s/work/%s.sqlite3", KEEL_BINARY_DIR, name);

    (void)mkdir(KEEL_BINARY_DIR "/work", 0777);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char *file = mem_printf("%s%s", path, suffixes[i]);
        (void)unlink(file);
        free(file);
    }
    return path;
}

void fault_rig_open(struct fault_rig *rig, const char *name)
{
    struct error err;

    *rig = (struct fault_rig){.database = fresh_database(name)};
    rig->hooks = (struct bench_hooks){wrap_link, look_at_outputs, rig};
    must(fixture_file_load(KEEL_SOURCE_DIR "/fixtures/cb24/cb24.lua", &rig->fixture, &err), &err);
    must(script_load(KEEL_SOURCE_DIR "/scripts/eol/ek-24s4eb.lua", KEEL_SOURCE_DIR "/scripts",
             &rig->script, &err),
        &err);
    must(store_open(rig->database, STORE_WRITE, &rig->store, &err), &err);
    rig->config = (struct run_config){
        .plan = script_plan(rig->script),
        .bench = {.name = "virtual",
            .product = "ek-24s4eb",
            .cb24 = &rig->fixture.cb24,
            .firmware_folder = KEEL_BINARY_DIR "/firmware",
            .seed = 1,
            .hooks = &rig->hooks},
        .store = rig->store,
        .serial = "FAULT",
        .station = "test",
        .operator_name = "test",
        .without = "",
        .body = script_body,
        .body_ctx = rig->script,
    };
}

void fault_rig_close(struct fault_rig *rig)
{
    store_close(rig->store);
    script_destroy(rig->script);
    free(rig->database);
}

void fault_rig_run(struct fault_rig *rig, struct fault_trial *trial)
{
    struct error err;
    char *text = NULL;

    rig->trial = trial;
    trial->status = run_execute(&rig->config, &trial->result, &trial->error);
    must(store_run_json(rig->store, trial->result.run_id, NULL, &text, &err), &err);
    trial->record = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(trial->record);
    free(text);
}

void fault_trial_finish(struct fault_trial *trial)
{
    json_decref(trial->record);
    trial->record = NULL;
}
