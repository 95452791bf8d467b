/**
 * The inside of a store: one SQLite connection with its prepared statements, and the few words in
 * which this folder speaks to it. Only files of this folder include it.
 */
#ifndef EVENKEEL_HARNESS_STORE_DATABASE_H
#define EVENKEEL_HARNESS_STORE_DATABASE_H

#include "harness/base/error.h"

#include <sqlite3.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DATABASE_BUSY_MS = 5000,
    DATABASE_HASH_LEN = 32
};

/* X(name, SQL): every statement of the program, prepared when first used. */
#define SQL_LIST(X) \
    X(BEGIN, "BEGIN IMMEDIATE") \
    X(BEGIN_READ, "BEGIN") \
    X(COMMIT, "COMMIT") \
    X(ROLLBACK, "ROLLBACK") \
    X(FIND_TEXT, "SELECT id FROM text WHERE text = ?1") \
    X(ADD_TEXT, "INSERT INTO text (text) VALUES (?1)") \
    X(FIND_SPEC, "SELECT id FROM spec WHERE unit = ?1 AND rule = ?2 AND low IS ?3 AND high IS ?4" \
                 " AND is_comparison = ?5") \
    X(ADD_SPEC, "INSERT INTO spec (unit, rule, low, high, is_comparison)" \
                " VALUES (?1, ?2, ?3, ?4, ?5)") \
    X(ADD_RUN, \
        "INSERT INTO run (serial, product, plan, plan_revision, plan_kind, station," \
        " operator, bench, fault, without, plan_sha256, limits_sha256, image_sha256," \
        " program_version, cards, is_virtual, seed, started_unix_ms, link) VALUES (?1, ?2, ?3," \
        " ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)") \
    X(ADD_STEP, "INSERT INTO step (run, group_name, name, claims, attempt, outcome, message," \
                " start_ns, end_ns, link) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)") \
    X(ADD_MEASUREMENT, "INSERT INTO measurement (step, no, name, spec, value, raw, reference," \
                       " is_pass) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)") \
    X(ADD_RUN_END, "INSERT INTO run_end (run, outcome, message, failed_step, bench_ns," \
                   " ended_unix_ms, unit_id, is_first_verdict, link)" \
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)") \
    X(IS_FIRST_VERDICT, \
        "SELECT NOT EXISTS (SELECT 1 FROM run AS other JOIN run_end ON run_end.run = other.id" \
        " WHERE other.serial = run.serial AND other.product = run.product" \
        " AND other.plan = run.plan AND other.is_virtual = run.is_virtual" \
        " AND run_end.is_first_verdict = 1)" \
        " AND (SELECT text FROM text WHERE id = run.fault) = ''" \
        " AND (SELECT text FROM text WHERE id = run.without) = ''" \
        " FROM run WHERE run.id = ?1") \
    X(OPEN_RUNS, "SELECT id FROM run WHERE id > (SELECT coalesce(max(run), 0) FROM settled)" \
                 " AND NOT EXISTS (SELECT 1 FROM run_end WHERE run_end.run = run.id)") \
    X(LAST_BENCH_NS, "SELECT coalesce(max(end_ns), 0) FROM step WHERE run = ?1") \
    X(FIRST_FAILED_STEP, "SELECT text.text FROM step JOIN text ON text.id = step.name" \
                         " WHERE run = ?1 AND outcome NOT IN (0, 5) ORDER BY step.id LIMIT 1") \
    X(LAST_SETTLED, "SELECT coalesce(max(run), 0) FROM settled") \
    X(ADD_SETTLED, "INSERT INTO settled (run) VALUES (?1)") \
    X(LAST_RUN, "SELECT coalesce(max(id), 0) FROM run") \
    X(LAST_RUN_OF, "SELECT coalesce(max(run.id), 0) FROM run" \
                   " WHERE serial = (SELECT id FROM text WHERE text = ?1)") \
    X(HEAD, "SELECT link, hash FROM chain ORDER BY link DESC LIMIT 1") \
    X(ADD_LINK, "INSERT INTO chain (link, kind, row_id, hash) VALUES (?1, ?2, ?3, ?4)") \
    X(WALK, "SELECT link, kind, row_id, hash FROM chain ORDER BY link") \
    X(RUN_FIELDS, \
        "SELECT 'run', link, run.id, (SELECT text FROM text WHERE id = serial)," \
        " (SELECT text FROM text WHERE id = product), (SELECT text FROM text WHERE id = plan)," \
        " (SELECT text FROM text WHERE id = plan_revision)," \
        " (SELECT text FROM text WHERE id = plan_kind)," \
        " (SELECT text FROM text WHERE id = station)," \
        " (SELECT text FROM text WHERE id = operator)," \
        " (SELECT text FROM text WHERE id = bench), is_virtual, seed," \
        " (SELECT text FROM text WHERE id = fault), (SELECT text FROM text WHERE id = without)," \
        " (SELECT text FROM text WHERE id = plan_sha256)," \
        " (SELECT text FROM text WHERE id = limits_sha256)," \
        " (SELECT text FROM text WHERE id = image_sha256)," \
        " (SELECT text FROM text WHERE id = program_version)," \
        " (SELECT text FROM text WHERE id = cards), started_unix_ms FROM run WHERE run.id = ?1") \
    X(STEP_FIELDS, \
        "SELECT 'step', link, step.id, run, (SELECT text FROM text WHERE id = group_name)," \
        " (SELECT text FROM text WHERE id = name), (SELECT text FROM text WHERE id = claims)," \
        " attempt, outcome, message, start_ns, end_ns," \
        " (SELECT count(*) FROM measurement WHERE step = step.id) FROM step WHERE step.id = ?1") \
    X(MEASUREMENT_FIELDS, \
        "SELECT no, (SELECT text FROM text WHERE id = measurement.name)," \
        " (SELECT text FROM text WHERE id = spec.unit)," \
        " (SELECT text FROM text WHERE id = spec.rule), spec.low, spec.high, spec.is_comparison," \
        " value, raw, reference, is_pass FROM measurement" \
        " LEFT JOIN spec ON spec.id = measurement.spec WHERE step = ?1 ORDER BY no") \
    X(RUN_END_FIELDS, \
        "SELECT 'run_end', link, run, outcome, message, (SELECT text FROM text WHERE id = " \
        "failed_step)," \
        " bench_ns, ended_unix_ms, unit_id, is_first_verdict FROM run_end WHERE run = ?1") \
    X(STEPS_OF_RUN, "SELECT id FROM step WHERE run = ?1 ORDER BY id") \
    X(HASH_OF_LINK, "SELECT hash FROM chain WHERE link = ?1") \
    X(HAS_RUN, "SELECT count(*) FROM run WHERE id = ?1") \
    X(STRAY_RUN, "SELECT id FROM run" \
                 " WHERE id NOT IN (SELECT row_id FROM chain WHERE kind = 0) LIMIT 1") \
    X(STRAY_STEP, "SELECT id FROM step" \
                  " WHERE id NOT IN (SELECT row_id FROM chain WHERE kind = 1) LIMIT 1") \
    X(STRAY_RUN_END, "SELECT run FROM run_end" \
                     " WHERE run NOT IN (SELECT row_id FROM chain WHERE kind = 2) LIMIT 1") \
    X(STRAY_MEASUREMENT, "SELECT step FROM measurement" \
                         " WHERE step NOT IN (SELECT id FROM step) LIMIT 1") \
    X(STRAY_SETTLED, "SELECT coalesce(min(id), 0) FROM run" \
                     " WHERE id <= (SELECT max(run) FROM settled)" \
                     " AND NOT EXISTS (SELECT 1 FROM run_end WHERE run_end.run = run.id)") \
    X(OUTCOMES, "SELECT id, name FROM outcome ORDER BY id") \
    X(SCHEMA_OBJECT, "SELECT sql FROM sqlite_schema WHERE type = ?1 AND name = ?2") \
    X(TRIGGER_COUNT, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'") \
    X(RUN_COUNT, "SELECT count(*) FROM run") \
    X(STEP_COUNT, "SELECT count(*) FROM step") \
    X(RUN_END_COUNT, "SELECT count(*) FROM run_end") \
    X(MEASUREMENT_COUNT, "SELECT count(*) FROM measurement")

enum sql {
#define X(name, text) SQL_##name,
    SQL_LIST(X)
#undef X
    SQL_COUNT
};

struct store {
    char *path;
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_COUNT];
    bool is_writer;
    size_t interrupted_count;
    int lock_fd;      /* of the file with the locks of running runs; -1: not open */
    int64_t *running; /* runs begun by this store and not ended */
    size_t running_count;
};

/* database.c ---------------------------------------------------------------------------------- */

/** The path as errors name it: the end of a very long one. */
const char *database_path(const struct store *store);
/** Turn SQLite's last error into one line about @p wish ("step \"x\" of run 3"). */
enum status database_failed(struct store *store, struct error *err, const char *wish)
    __attribute__((warn_unused_result));

/** The statement, reset, its parameters unset. */
enum status sql_get(struct store *store, enum sql sql, sqlite3_stmt **stmt, struct error *err);
/** Step once; @p has_row (out). After the last row the statement is reset. */
enum status sql_next(struct store *store, sqlite3_stmt *stmt, bool *has_row, struct error *err);
/** Run a statement without rows to its end and reset it. */
enum status sql_run(struct store *store, sqlite3_stmt *stmt, const char *wish, struct error *err);
/** Run a statement without parameters or rows. */
enum status sql_do(struct store *store, enum sql sql, const char *wish, struct error *err);
/** The one integer that @p sql selects for @p argument (bound when it has a parameter). */
enum status sql_integer(
    struct store *store, enum sql sql, int64_t argument, int64_t *value, struct error *err);
/** Bind a text; NULL is "". The text must live until the statement has run. */
void sql_bind_text(sqlite3_stmt *stmt, int no, const char *text);

/** What a transaction does; any status but OK undoes it. */
typedef enum status (*database_work_fn)(struct store *store, void *ctx, struct error *err);

/** One write transaction: on STATUS_OK it is on the disk, otherwise nothing of it is. */
enum status database_write(
    struct store *store, database_work_fn work, void *ctx, const char *wish, struct error *err);

/* chain.c ------------------------------------------------------------------------------------- */

enum link_kind {
    LINK_RUN,
    LINK_STEP,
    LINK_RUN_END
};

/** The number that the next link of this transaction will have. */
enum status chain_next(struct store *store, int64_t *link, struct error *err);
/** Append link @p link (of chain_next()) for a row that this transaction has just written. */
enum status chain_append(
    struct store *store, int64_t link, enum link_kind kind, int64_t row_id, struct error *err);

/* record.c ------------------------------------------------------------------------------------ */

/** Give every dead run its end, inside a write transaction; counts them in the store. */
enum status record_mark_interrupted(struct store *store, void *ctx, struct error *err);

/* open.c -------------------------------------------------------------------------------------- */

/** The application_id: "KEEL". */
enum {
    DATABASE_APPLICATION_ID = 0x4B45454C
};

/** Run the migrations above @p version on @p db. @return SQLite's code */
int schema_migrate(sqlite3 *db, int version);
/** The version this program reads and writes. */
int schema_version(void);

/* running.c ----------------------------------------------------------------------------------- */

/** Open (create) the lock file beside the database. */
enum status running_open(struct store *store, struct error *err);
void running_close(struct store *store);
/** Take the lock of a run that this store begins. */
enum status running_claim(struct store *store, int64_t run_id, struct error *err);
void running_release(struct store *store, int64_t run_id);
/** Begun by this store and not ended. */
bool running_is_ours(const struct store *store, int64_t run_id);
/** Whether a living process, this one included, holds the run. */
bool running_is_alive(struct store *store, int64_t run_id);

#endif
