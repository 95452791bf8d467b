#include "harness/base/mem.h"
#include "harness/store/database.h"
#include "harness/store/store.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    WISH_LEN = 160,
    SETTLED_STEP = 1000 /* runs between two rows of settled */
};

/* Interning ----------------------------------------------------------------------------------- */

/** The id of a text, new or known. */
static enum status intern(struct store *store, const char *text, int64_t *id, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row;

    TRY(sql_get(store, SQL_FIND_TEXT, &stmt, err));
    sql_bind_text(stmt, 1, text);
    TRY(sql_next(store, stmt, &has_row, err));
    if (has_row) {
        *id = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
        return STATUS_OK;
    }
    TRY(sql_get(store, SQL_ADD_TEXT, &stmt, err));
    sql_bind_text(stmt, 1, text);
    TRY(sql_run(store, stmt, "a text", err));
    *id = sqlite3_last_insert_rowid(store->db);
    return STATUS_OK;
}

/** Intern @p count texts and bind their ids from parameter @p first_no on. */
static enum status bind_interned(struct store *store, sqlite3_stmt *stmt, int first_no,
    const char *const *texts, int count, struct error *err)
{
    for (int i = 0; i < count; i++) {
        int64_t id;
        TRY(intern(store, texts[i], &id, err));
        sqlite3_bind_int64(stmt, first_no + i, id);
    }
    return STATUS_OK;
}

static enum status bind_spec(struct store *store, sqlite3_stmt *stmt,
    const struct measurement_group *group, struct error *err)
{
    const char *texts[] = {group->unit, group->rule};

    TRY(bind_interned(store, stmt, 1, texts, 2, err));
    sqlite3_bind_double(stmt, 3, group->low);
    sqlite3_bind_double(stmt, 4, group->high);
    sqlite3_bind_int(stmt, 5, group->is_comparison ? 1 : 0);
    return STATUS_OK;
}

static enum status intern_spec(
    struct store *store, const struct measurement_group *group, int64_t *id, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row;

    TRY(sql_get(store, SQL_FIND_SPEC, &stmt, err));
    TRY(bind_spec(store, stmt, group, err));
    TRY(sql_next(store, stmt, &has_row, err));
    if (has_row) {
        *id = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
        return STATUS_OK;
    }
    TRY(sql_get(store, SQL_ADD_SPEC, &stmt, err));
    TRY(bind_spec(store, stmt, group, err));
    TRY(sql_run(store, stmt, "limits", err));
    *id = sqlite3_last_insert_rowid(store->db);
    return STATUS_OK;
}

/* A run starts -------------------------------------------------------------------------------- */

struct begin_work {
    const struct run_start *start;
    int64_t run_id;
};

static enum status add_run(struct store *store, void *ctx, struct error *err)
{
    struct begin_work *work = ctx;
    const struct run_start *start = work->start;
    const char *texts[] = {start->serial, start->product, start->plan_id, start->plan_revision,
        start->plan_kind, start->station, start->operator_name, start->bench, start->fault,
        start->without, start->plan_sha256, start->limits_sha256, start->image_sha256,
        start->program_version, start->cards_json};

    enum {
        TEXT_COUNT = sizeof texts / sizeof texts[0]
    };

    sqlite3_stmt *stmt;
    int64_t link;

    TRY(chain_next(store, &link, err));
    TRY(sql_get(store, SQL_ADD_RUN, &stmt, err));
    TRY(bind_interned(store, stmt, 1, texts, TEXT_COUNT, err));
    sqlite3_bind_int(stmt, TEXT_COUNT + 1, start->is_virtual ? 1 : 0);
    sqlite3_bind_int64(stmt, TEXT_COUNT + 2, (int64_t)start->seed);
    sqlite3_bind_int64(stmt, TEXT_COUNT + 3, start->started_unix_ms);
    sqlite3_bind_int64(stmt, TEXT_COUNT + 4, link);
    TRY(sql_run(store, stmt, "the start of a run", err));
    int64_t run_id = sqlite3_last_insert_rowid(store->db);
    TRY(chain_append(store, link, LINK_RUN, run_id, err));
    TRY(running_claim(store, run_id, err)); /* before anybody can see the run */
    work->run_id = run_id;
    return STATUS_OK;
}

enum status store_begin_run(
    struct store *store, const struct run_start *start, int64_t *run_id, struct error *err)
{
    struct begin_work work = {.start = start};

    if (start->seed > INT64_MAX) {
        return error_set(err, STATUS_RANGE, "seed %" PRIu64 " is above %" PRId64, start->seed,
            (int64_t)INT64_MAX);
    }
    enum status status = database_write(store, add_run, &work, "the start of a run", err);
    if (status != STATUS_OK && work.run_id != 0) {
        running_release(store, work.run_id);
    }
    if (status == STATUS_OK) {
        *run_id = work.run_id;
    }
    return status;
}

/* A step -------------------------------------------------------------------------------------- */

struct step_work {
    int64_t run_id;
    const struct step_record *step;
};

static enum status add_measurement(struct store *store, int64_t step_id, int64_t no,
    int64_t spec_id, const struct measurement *measurement, struct error *err)
{
    sqlite3_stmt *stmt;
    int64_t name_id;

    TRY(intern(store, measurement->name, &name_id, err));
    TRY(sql_get(store, SQL_ADD_MEASUREMENT, &stmt, err));
    sqlite3_bind_int64(stmt, 1, step_id);
    sqlite3_bind_int64(stmt, 2, no);
    sqlite3_bind_int64(stmt, 3, name_id);
    sqlite3_bind_int64(stmt, 4, spec_id);
    sqlite3_bind_double(stmt, 5, measurement->value); /* SQLite stores NaN as NULL */
    sqlite3_bind_double(stmt, 6, measurement->raw);
    sqlite3_bind_double(stmt, 7, measurement->reference);
    sqlite3_bind_int(stmt, 8, measurement->is_pass ? 1 : 0);
    return sql_run(store, stmt, "a measurement", err);
}

static enum status add_measurements(
    struct store *store, int64_t step_id, const struct step_record *step, struct error *err)
{
    int64_t no = 0;

    for (size_t i = 0; i < step->group_count; i++) {
        const struct measurement_group *group = &step->groups[i];
        int64_t spec_id;
        TRY(intern_spec(store, group, &spec_id, err));
        for (size_t k = 0; k < group->measurement_count; k++) {
            no += 1;
            TRY(add_measurement(store, step_id, no, spec_id, &group->measurements[k], err));
        }
    }
    return STATUS_OK;
}

static enum status add_step(struct store *store, void *ctx, struct error *err)
{
    const struct step_work *work = ctx;
    const struct step_record *step = work->step;
    const char *texts[] = {step->group, step->name, step->claims};
    sqlite3_stmt *stmt;
    int64_t link;

    TRY(chain_next(store, &link, err));
    TRY(sql_get(store, SQL_ADD_STEP, &stmt, err));
    sqlite3_bind_int64(stmt, 1, work->run_id);
    TRY(bind_interned(store, stmt, 2, texts, 3, err));
    sqlite3_bind_int64(stmt, 5, step->attempt);
    sqlite3_bind_int(stmt, 6, (int)step->outcome);
    sql_bind_text(stmt, 7, step->message);
    sqlite3_bind_int64(stmt, 8, (int64_t)step->start_ns);
    sqlite3_bind_int64(stmt, 9, (int64_t)step->end_ns);
    sqlite3_bind_int64(stmt, 10, link);
    TRY(sql_run(store, stmt, "a step", err));
    int64_t step_id = sqlite3_last_insert_rowid(store->db);
    TRY(add_measurements(store, step_id, step, err));
    return chain_append(store, link, LINK_STEP, step_id, err);
}

/** Only who began a run adds to it, and only until its end. */
static enum status check_ours(struct store *store, int64_t run_id, struct error *err)
{
    if (!running_is_ours(store, run_id)) {
        return error_set(err, STATUS_STORE,
            "%s: run %" PRId64 " is not running here, asked to add to it", database_path(store),
            run_id);
    }
    return STATUS_OK;
}

enum status store_add_step(
    struct store *store, int64_t run_id, const struct step_record *step, struct error *err)
{
    struct step_work work = {.run_id = run_id, .step = step};
    char wish[WISH_LEN];

    assert(step->outcome <= OUTCOME_SKIPPED && step->attempt >= 1);
    TRY(check_ours(store, run_id, err));
    (void)snprintf(wish, sizeof wish, "step \"%.80s\" of run %" PRId64,
        step->name != NULL ? step->name : "", run_id);
    return database_write(store, add_step, &work, wish, err);
}

/* A run ends ---------------------------------------------------------------------------------- */

struct end_work {
    int64_t run_id;
    const struct run_end *end;
};

static bool is_verdict(enum outcome outcome)
{
    return outcome == OUTCOME_PASS || outcome == OUTCOME_FAIL;
}

static enum status add_run_end(struct store *store, void *ctx, struct error *err)
{
    const struct end_work *work = ctx;
    const struct run_end *end = work->end;
    int64_t is_first = 0;
    int64_t failed_step_id;
    int64_t link;
    sqlite3_stmt *stmt;

    if (is_verdict(end->outcome)) {
        TRY(sql_integer(store, SQL_IS_FIRST_VERDICT, work->run_id, &is_first, err));
    }
    TRY(intern(store, end->failed_step, &failed_step_id, err));
    TRY(chain_next(store, &link, err));
    TRY(sql_get(store, SQL_ADD_RUN_END, &stmt, err));
    sqlite3_bind_int64(stmt, 1, work->run_id);
    sqlite3_bind_int(stmt, 2, (int)end->outcome);
    sql_bind_text(stmt, 3, end->message);
    sqlite3_bind_int64(stmt, 4, failed_step_id);
    sqlite3_bind_int64(stmt, 5, (int64_t)end->bench_ns);
    if (end->outcome != OUTCOME_INTERRUPTED) {
        sqlite3_bind_int64(stmt, 6, end->ended_unix_ms);
    }
    sql_bind_text(stmt, 7, end->unit_id);
    sqlite3_bind_int64(stmt, 8, is_first);
    sqlite3_bind_int64(stmt, 9, link);
    TRY(sql_run(store, stmt, "the end of a run", err));
    return chain_append(store, link, LINK_RUN_END, work->run_id, err);
}

enum status store_end_run(
    struct store *store, int64_t run_id, const struct run_end *end, struct error *err)
{
    struct end_work work = {.run_id = run_id, .end = end};
    char wish[WISH_LEN];

    assert(end->outcome < OUTCOME_SKIPPED);
    TRY(check_ours(store, run_id, err));
    (void)snprintf(wish, sizeof wish, "the end of run %" PRId64, run_id);
    TRY(database_write(store, add_run_end, &work, wish, err));
    running_release(store, run_id);
    return STATUS_OK;
}

/* A run whose process died -------------------------------------------------------------------- */

/** @p failed_step (out) the caller frees */
static enum status first_failed_step(
    struct store *store, int64_t run_id, char **failed_step, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row;

    *failed_step = NULL;
    TRY(sql_get(store, SQL_FIRST_FAILED_STEP, &stmt, err));
    sqlite3_bind_int64(stmt, 1, run_id);
    TRY(sql_next(store, stmt, &has_row, err));
    if (has_row) {
        *failed_step = mem_text((const char *)sqlite3_column_text(stmt, 0));
        sqlite3_reset(stmt);
    }
    return STATUS_OK;
}

static enum status mark_interrupted(struct store *store, int64_t run_id, struct error *err)
{
    int64_t bench_ns;
    char *failed_step;

    TRY(sql_integer(store, SQL_LAST_BENCH_NS, run_id, &bench_ns, err));
    TRY(first_failed_step(store, run_id, &failed_step, err));
    struct run_end end = {.outcome = OUTCOME_INTERRUPTED,
        .message = "the process died during the run; test the unit again",
        .failed_step = failed_step,
        .bench_ns = (uint64_t)bench_ns};
    struct end_work work = {.run_id = run_id, .end = &end};
    enum status status = add_run_end(store, &work, err);
    free(failed_step);
    return status;
}

struct id_list {
    int64_t *ids;
    size_t count;
};

static enum status list_open_runs(struct store *store, struct id_list *list, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row;

    TRY(sql_get(store, SQL_OPEN_RUNS, &stmt, err));
    for (;;) {
        TRY(sql_next(store, stmt, &has_row, err));
        if (!has_row) {
            return STATUS_OK;
        }
        list->ids = mem_resize(list->ids, list->count + 1, sizeof list->ids[0]);
        list->ids[list->count++] = sqlite3_column_int64(stmt, 0);
    }
}

/** Note how far everything has ended, so that the next opening need not look at a million runs. */
static enum status note_settled(struct store *store, int64_t settled, struct error *err)
{
    int64_t noted;
    sqlite3_stmt *stmt;

    TRY(sql_integer(store, SQL_LAST_SETTLED, 0, &noted, err));
    if (settled < noted + SETTLED_STEP) {
        return STATUS_OK;
    }
    TRY(sql_get(store, SQL_ADD_SETTLED, &stmt, err));
    sqlite3_bind_int64(stmt, 1, settled);
    return sql_run(store, stmt, "which runs have ended", err);
}

static enum status mark_listed(struct store *store, const struct id_list *list, struct error *err)
{
    int64_t settled;

    TRY(sql_integer(store, SQL_LAST_RUN, 0, &settled, err));
    for (size_t i = list->count; i-- > 0;) {
        if (running_is_alive(store, list->ids[i])) {
            settled = list->ids[i] - 1;
        }
    }
    for (size_t i = 0; i < list->count; i++) {
        if (!running_is_alive(store, list->ids[i])) {
            TRY(mark_interrupted(store, list->ids[i], err));
            store->interrupted_count += 1;
        }
    }
    return note_settled(store, settled, err);
}

enum status record_mark_interrupted(struct store *store, void *ctx, struct error *err)
{
    struct id_list list = {0};

    (void)ctx;
    enum status status = list_open_runs(store, &list, err);
    if (status == STATUS_OK) {
        status = mark_listed(store, &list, err);
    }
    free(list.ids);
    return status;
}
