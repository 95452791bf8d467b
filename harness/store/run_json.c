#define _POSIX_C_SOURCE 200809L
/*
 * A run as JSON, read through the statements whose fields the chain hashes. Keys ending in _utc,
 * run_id and everything below "chain" are of this run alone; all else is equal for equal runs.
 */
#include "harness/base/bytes.h"
#include "harness/base/mem.h"
#include "harness/store/database.h"
#include "harness/store/store.h"

#include <jansson.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How a column becomes JSON. */
enum form {
    FORM_NONE, /* not in the JSON */
    FORM_TEXT,
    FORM_INTEGER,
    FORM_BOOLEAN,
    FORM_REAL,    /* null where it is not a number or infinite */
    FORM_OUTCOME, /* "PASS" */
    FORM_VERDICT, /* of a measurement: "PASS", "FAIL" */
    FORM_UTC,     /* "2026-03-01T12:00:00.000Z" from milliseconds; null where unknown */
    FORM_PARSED   /* JSON in a text; a text that is not JSON stays one */
};

struct column {
    const char *key; /* NULL ends a table */
    enum form form;
};

/* In the order of the *_FIELDS statements; the link is taken by add_link(). */
static const struct column run_columns[] = {
    {"table", FORM_NONE},
    {"link", FORM_NONE},
    {"run_id", FORM_INTEGER},
    {"serial", FORM_TEXT},
    {"product", FORM_TEXT},
    {"plan_id", FORM_TEXT},
    {"plan_revision", FORM_TEXT},
    {"plan_kind", FORM_TEXT},
    {"station", FORM_TEXT},
    {"operator", FORM_TEXT},
    {"bench", FORM_TEXT},
    {"is_virtual", FORM_BOOLEAN},
    {"seed", FORM_INTEGER},
    {"fault", FORM_TEXT},
    {"without", FORM_TEXT},
    {"plan_sha256", FORM_TEXT},
    {"limits_sha256", FORM_TEXT},
    {"image_sha256", FORM_TEXT},
    {"program_version", FORM_TEXT},
    {"cards", FORM_PARSED},
    {"started_utc", FORM_UTC},
    {NULL, FORM_NONE},
};

static const struct column step_columns[] = {
    {"table", FORM_NONE},
    {"link", FORM_NONE},
    {"id", FORM_NONE},
    {"run", FORM_NONE},
    {"group", FORM_TEXT},
    {"name", FORM_TEXT},
    {"claims", FORM_TEXT},
    {"attempt", FORM_INTEGER},
    {"outcome", FORM_OUTCOME},
    {"message", FORM_TEXT},
    {"start_ns", FORM_INTEGER},
    {"end_ns", FORM_INTEGER},
    {"measurement_count", FORM_NONE},
    {NULL, FORM_NONE},
};

static const struct column measurement_columns[] = {
    {"no", FORM_INTEGER},
    {"name", FORM_TEXT},
    {"unit", FORM_TEXT},
    {"rule", FORM_TEXT},
    {"low", FORM_REAL},
    {"high", FORM_REAL},
    {"is_comparison", FORM_BOOLEAN},
    {"value", FORM_REAL},
    {"raw", FORM_REAL},
    {"reference", FORM_REAL},
    {"verdict", FORM_VERDICT},
    {NULL, FORM_NONE},
};

static const struct column run_end_columns[] = {
    {"table", FORM_NONE},
    {"link", FORM_NONE},
    {"run", FORM_NONE},
    {"outcome", FORM_OUTCOME},
    {"message", FORM_TEXT},
    {"failed_step", FORM_TEXT},
    {"bench_ns", FORM_INTEGER},
    {"ended_utc", FORM_UTC},
    {"unit_id", FORM_TEXT},
    {"is_first_verdict", FORM_NONE}, /* says something about other runs */
    {NULL, FORM_NONE},
};

enum {
    LINK_COLUMN = 1,
    STEP_ID_COLUMN = 2
};

/* Values -------------------------------------------------------------------------------------- */

/** JSON holds UTF-8 only; of a text that is none, what is not ASCII becomes U+FFFD. */
static json_t *text_value(const char *text)
{
    json_t *value = json_string(text);

    if (value != NULL) {
        return value;
    }
    struct buffer clean = {0};
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x80) {
            buffer_append(&clean, at, 1);
        } else {
            buffer_append(&clean, "\xEF\xBF\xBD", 3);
        }
    }
    value = json_stringn((const char *)clean.data, clean.len);
    buffer_finish(&clean);
    return value;
}

static json_t *utc_value(int64_t unix_ms)
{
    int64_t ms = ((unix_ms % 1000) + 1000) % 1000;
    time_t seconds = (time_t)((unix_ms - ms) / 1000);
    struct tm when;
    char date[40] = "";

    if (gmtime_r(&seconds, &when) == NULL) {
        return json_null();
    }
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &when);
    return json_sprintf("%s.%03dZ", date, (int)ms);
}

static json_t *parsed_value(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

    return value != NULL ? value : text_value(text);
}

static json_t *real_value(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static const char *column_text(sqlite3_stmt *stmt, int i)
{
    const char *text = (const char *)sqlite3_column_text(stmt, i);

    return text != NULL ? text : "";
}

static json_t *column_value(sqlite3_stmt *stmt, int i, enum form form)
{
    bool is_null = sqlite3_column_type(stmt, i) == SQLITE_NULL;

    switch (form) {
    case FORM_INTEGER:
        return json_integer(sqlite3_column_int64(stmt, i));
    case FORM_BOOLEAN:
        return json_boolean(sqlite3_column_int(stmt, i) != 0);
    case FORM_REAL:
        return is_null ? json_null() : real_value(sqlite3_column_double(stmt, i));
    case FORM_OUTCOME:
        return json_string(outcome_name((enum outcome)sqlite3_column_int(stmt, i)));
    case FORM_VERDICT:
        return json_string(sqlite3_column_int(stmt, i) != 0 ? "PASS" : "FAIL");
    case FORM_UTC:
        return is_null ? json_null() : utc_value(sqlite3_column_int64(stmt, i));
    case FORM_PARSED:
        return parsed_value(column_text(stmt, i));
    case FORM_NONE:
    case FORM_TEXT:
        break;
    }
    return text_value(column_text(stmt, i));
}

static void set_columns(json_t *object, sqlite3_stmt *stmt, const struct column *columns)
{
    for (int i = 0; columns[i].key != NULL; i++) {
        if (columns[i].form != FORM_NONE) {
            json_object_set_new(object, columns[i].key, column_value(stmt, i, columns[i].form));
        }
    }
}

/* Rows ---------------------------------------------------------------------------------------- */

static void add_link(json_t *links, sqlite3_stmt *stmt)
{
    json_array_append_new(links, json_integer(sqlite3_column_int64(stmt, LINK_COLUMN)));
}

static enum status select_row(struct store *store, enum sql sql, int64_t id, sqlite3_stmt **stmt,
    bool *has_row, struct error *err)
{
    TRY(sql_get(store, sql, stmt, err));
    sqlite3_bind_int64(*stmt, 1, id);
    return sql_next(store, *stmt, has_row, err);
}

static enum status add_measurements(
    struct store *store, int64_t step_id, json_t *measurements, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row;

    TRY(select_row(store, SQL_MEASUREMENT_FIELDS, step_id, &stmt, &has_row, err));
    while (has_row) {
        json_t *measurement = json_object();
        set_columns(measurement, stmt, measurement_columns);
        json_array_append_new(measurements, measurement);
        TRY(sql_next(store, stmt, &has_row, err));
    }
    return STATUS_OK;
}

static enum status add_step(
    struct store *store, int64_t step_id, json_t *steps, json_t *links, struct error *err)
{
    json_t *step = json_object();
    json_t *measurements = json_array();
    sqlite3_stmt *stmt;
    bool has_row;

    json_array_append_new(steps, step);
    json_object_set_new(step, "measurements", measurements);
    TRY(select_row(store, SQL_STEP_FIELDS, step_id, &stmt, &has_row, err));
    if (has_row) {
        set_columns(step, stmt, step_columns);
        add_link(links, stmt);
        sqlite3_reset(stmt);
    }
    return add_measurements(store, step_id, measurements, err);
}

static enum status add_steps(
    struct store *store, int64_t run_id, json_t *steps, json_t *links, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row;

    TRY(select_row(store, SQL_STEPS_OF_RUN, run_id, &stmt, &has_row, err));
    while (has_row) {
        TRY(add_step(store, sqlite3_column_int64(stmt, 0), steps, links, err));
        TRY(sql_next(store, stmt, &has_row, err));
    }
    return STATUS_OK;
}

/** Of a run without an end: RUNNING while its process lives, INTERRUPTED from then on. */
static void set_open_end(struct store *store, int64_t run_id, json_t *run)
{
    bool is_alive = running_is_alive(store, run_id);

    json_object_set_new(run, "outcome", json_string(is_alive ? "RUNNING" : "INTERRUPTED"));
    json_object_set_new(
        run, "message", json_string(is_alive ? "" : "the process died during the run"));
    json_object_set_new(run, "failed_step", json_string(""));
    json_object_set_new(run, "bench_ns", json_null());
    json_object_set_new(run, "ended_utc", json_null());
    json_object_set_new(run, "unit_id", json_string(""));
}

static enum status add_end(
    struct store *store, int64_t run_id, json_t *run, json_t *links, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row;

    TRY(select_row(store, SQL_RUN_END_FIELDS, run_id, &stmt, &has_row, err));
    if (!has_row) {
        set_open_end(store, run_id, run);
        return STATUS_OK;
    }
    set_columns(run, stmt, run_end_columns);
    add_link(links, stmt);
    sqlite3_reset(stmt);
    return STATUS_OK;
}

/** The hash of the run's last link: what a report prints. */
static enum status add_head(struct store *store, json_t *chain, json_t *links, struct error *err)
{
    json_t *last = json_array_get(links, json_array_size(links) - 1);
    char hex[2 * DATABASE_HASH_LEN + 1] = "";
    sqlite3_stmt *stmt;
    bool has_row;

    TRY(select_row(store, SQL_HASH_OF_LINK, json_integer_value(last), &stmt, &has_row, err));
    if (has_row && sqlite3_column_bytes(stmt, 0) == DATABASE_HASH_LEN) {
        bytes_to_hex(sqlite3_column_blob(stmt, 0), DATABASE_HASH_LEN, hex);
    }
    sqlite3_reset(stmt);
    json_object_set_new(chain, "head", json_string(hex));
    json_object_set(chain, "head_link", last);
    return STATUS_OK;
}

static enum status fill_run(struct store *store, int64_t run_id, json_t *run, struct error *err)
{
    json_t *steps = json_array();
    json_t *chain = json_object();
    json_t *links = json_array();
    sqlite3_stmt *stmt;
    bool has_row;

    json_object_set_new(run, "steps", steps);
    json_object_set_new(run, "chain", chain);
    json_object_set_new(chain, "links", links);
    TRY(select_row(store, SQL_RUN_FIELDS, run_id, &stmt, &has_row, err));
    if (!has_row) {
        return error_set(
            err, STATUS_ABSENT, "%s: there is no run %" PRId64, database_path(store), run_id);
    }
    set_columns(run, stmt, run_columns);
    add_link(links, stmt);
    sqlite3_reset(stmt);
    TRY(add_steps(store, run_id, steps, links, err));
    TRY(add_end(store, run_id, run, links, err));
    return add_head(store, chain, links, err);
}

static enum status find_newest(
    struct store *store, const char *serial, int64_t *run_id, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row;

    TRY(sql_get(store, serial != NULL ? SQL_LAST_RUN_OF : SQL_LAST_RUN, &stmt, err));
    if (serial != NULL) {
        sql_bind_text(stmt, 1, serial);
    }
    TRY(sql_next(store, stmt, &has_row, err));
    *run_id = has_row ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    if (*run_id != 0) {
        return STATUS_OK;
    }
    return error_set(err, STATUS_ABSENT, "%s: there is no run%s%s", database_path(store),
        serial != NULL ? " of unit " : "", serial != NULL ? serial : "");
}

static enum status read_run(
    struct store *store, int64_t run_id, const char *serial, json_t *run, struct error *err)
{
    if (run_id == 0) {
        TRY(find_newest(store, serial, &run_id, err));
    }
    return fill_run(store, run_id, run, err);
}

enum status store_run_json(
    struct store *store, int64_t run_id, const char *serial, char **json, struct error *err)
{
    json_t *run = json_object();

    *json = NULL;
    enum status status = sql_do(store, SQL_BEGIN_READ, "reading a run", err);
    if (status == STATUS_OK) {
        status = read_run(store, run_id, serial, run, err);
        (void)sql_do(store, SQL_ROLLBACK, "reading a run", NULL);
    }
    if (status == STATUS_OK) {
        *json = json_dumps(run, JSON_SORT_KEYS | JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    }
    json_decref(run);
    return status;
}
