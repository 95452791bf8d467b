#include "harness/base/mem.h"
#include "tests/support.h"
#include "tests/unit/store/sample.h"

#include <sqlite3.h>

#include <stdio.h>
#include <string.h>

static char *folder;
static char *path;
static struct error err;

static void set_up(void)
{
    memset(&err, 0, sizeof err);
    folder = sample_folder();
    path = sample_path(folder, "line.db");
}

static void tear_down(void)
{
    sample_folder_remove(folder);
    free(path);
    free(folder);
}

static void check_sql(int code, sqlite3 *db)
{
    ck_assert_msg(code == SQLITE_OK, "%s", sqlite3_errmsg(db));
}

/** "type name sql" of every object, as one text that the caller frees. */
static char *dump_schema(sqlite3 *db)
{
    sqlite3_stmt *stmt;

    check_sql(sqlite3_prepare_v2(db,
                  "SELECT group_concat(type || ' ' || name || ' ' || coalesce(sql, ''), char(10))"
                  " FROM (SELECT * FROM sqlite_schema ORDER BY type, name)",
                  -1, &stmt, NULL),
        db);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    char *text = mem_text((const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return text;
}

START_TEST(schema_sql_is_what_the_migrations_leave_behind)
{
    char *schema = sample_read_file(KEEL_SOURCE_DIR "/db/schema.sql");
    sqlite3 *migrated;
    sqlite3 *read;

    store_close(sample_open(path, STORE_WRITE));
    check_sql(sqlite3_open(path, &migrated), migrated);
    check_sql(sqlite3_open(":memory:", &read), read);
    check_sql(sqlite3_exec(read, schema, NULL, NULL, NULL), read);
    char *expected = dump_schema(read);
    char *found = dump_schema(migrated);
    ck_assert_str_eq(found, expected);
    ck_assert_uint_gt(strlen(found), 5000);
    free(found);
    free(expected);
    sqlite3_close(read);
    sqlite3_close(migrated);
    free(schema);
}

END_TEST

/* Golden: a file that version 1 wrote, kept as bytes ------------------------------------------ */

static void copy_golden(const char *name)
{
    char *golden = sample_path(KEEL_SOURCE_DIR "/tests/golden/db", name);
    FILE *from = fopen(golden, "rb");
    FILE *to = fopen(path, "wb");
    char block[4096];
    size_t len;

    ck_assert_msg(from != NULL && to != NULL, "%s", golden);
    while ((len = fread(block, 1, sizeof block, from)) > 0) {
        ck_assert_uint_eq(fwrite(block, 1, len, to), len);
    }
    fclose(from);
    fclose(to);
    free(golden);
}

/** The head as it was printed when the file was made. */
static const char golden_head[] =
    "023624931ee10aefaf8d5109668c2558bdddc8cb2709fdbc2dac2bd5d9a358a7";

START_TEST(a_golden_file_of_version_1_migrates_and_verifies)
{
    int64_t link_count = 0;

    copy_golden("v1.sqlite3");
    struct store *store = sample_open(path, STORE_WRITE);
    ck_assert_msg(
        store_verify_against(store, golden_head, &link_count, &err) == STATUS_OK, "%s", err.text);
    ck_assert_int_eq(link_count, 10);
    (void)sample_run(store, "EK-26-000418", SAMPLE_PASS, 2, 3, false);
    ck_assert_msg(
        store_verify_against(store, golden_head, &link_count, &err) == STATUS_OK, "%s", err.text);
    store_close(store);
}

END_TEST

START_TEST(a_golden_run_reads_as_it_always_did)
{
    char *expected = sample_read_file(KEEL_SOURCE_DIR "/tests/golden/db/v1-run-1.json");
    char *found = NULL;

    copy_golden("v1.sqlite3");
    struct store *store = sample_open(path, STORE_WRITE);
    ck_assert_int_eq(store_run_json(store, 1, NULL, &found, &err), STATUS_OK);
    ck_assert_str_eq(found, expected);
    free(found);
    free(expected);
    store_close(store);
}

END_TEST

/* Views and queries --------------------------------------------------------------------------- */

/** All rows of a statement, columns divided by "|", each row closed by a line feed. */
static char *rows_of(sqlite3 *db, sqlite3_stmt *stmt)
{
    char *text = mem_text("");
    int code;

    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const char *value = (const char *)sqlite3_column_text(stmt, i);
            char *longer = mem_printf("%s%s%s", text, i > 0 ? "|" : "", value != NULL ? value : "");
            free(text);
            text = longer;
        }
        char *line = mem_printf("%s\n", text);
        free(text);
        text = line;
    }
    ck_assert_msg(code == SQLITE_DONE, "%s", sqlite3_errmsg(db));
    return text;
}

struct binding {
    const char *name;
    const char *text; /* NULL: the number */
    int64_t number;
};

/** Run db/queries/@p name and compare its rows. */
static void check_query(
    const char *name, const struct binding *bindings, size_t binding_count, const char *expected)
{
    char *query_path = mem_printf("%s/db/queries/%s", KEEL_SOURCE_DIR, name);
    char *query = sample_read_file(query_path);
    sqlite3 *db;
    sqlite3_stmt *stmt;

    ck_assert_ptr_nonnull(query);
    check_sql(sqlite3_open(path, &db), db);
    check_sql(sqlite3_prepare_v2(db, query, -1, &stmt, NULL), db);
    ck_assert_ptr_eq(strstr(query, "-- "), query); /* each one says what it is for */
    for (size_t i = 0; i < binding_count; i++) {
        int no = sqlite3_bind_parameter_index(stmt, bindings[i].name);
        ck_assert_int_ne(no, 0);
        if (bindings[i].text != NULL) {
            sqlite3_bind_text(stmt, no, bindings[i].text, -1, SQLITE_STATIC);
        } else {
            sqlite3_bind_int64(stmt, no, bindings[i].number);
        }
    }
    char *found = rows_of(db, stmt);
    ck_assert_str_eq(found, expected);
    free(found);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    free(query);
    free(query_path);
}

enum {
    DAY_MS = 86400000
};

static const int64_t day_1_ms = 1772323200000; /* 2026-03-01T00:00:00Z */

struct short_run {
    const char *serial, *fault, *without;
    enum outcome outcome;
    int64_t day;
    const char *failed_step;
};

static void add_short_run(struct store *store, const struct short_run *run)
{
    struct run_start start = sample_start(run->serial);
    struct run_end end = sample_end(run->outcome);
    int64_t run_id;

    start.fault = run->fault;
    start.without = run->without;
    start.started_unix_ms = day_1_ms + run->day * DAY_MS + 36000000;
    end.ended_unix_ms = start.started_unix_ms + 60000;
    end.failed_step = run->failed_step;
    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_OK);
    if (run->failed_step != NULL && run->outcome == OUTCOME_FAIL) {
        ck_assert_int_eq(sample_small_step(store, run_id, run->failed_step, &err), STATUS_OK);
    }
    ck_assert_int_eq(store_end_run(store, run_id, &end, &err), STATUS_OK);
}

static const struct short_run production[] = {
    {"A", "", "", OUTCOME_PASS, 0, NULL},
    {"B", "", "", OUTCOME_FAIL, 0, "buzzer"},
    {"B", "", "", OUTCOME_PASS, 0, NULL}, /* repaired: no first pass */
    {"C", "", "", OUTCOME_PASS, 0, NULL},
    {"D", "", "", OUTCOME_ERROR, 0, NULL}, /* the bench's fault: no verdict */
    {"D", "", "", OUTCOME_PASS, 1, NULL},
    {"E", "r12 open", "", OUTCOME_FAIL, 0, "cells around 3.650 V"}, /* a fault was injected */
    {"E", "", "flash", OUTCOME_PASS, 0, NULL},                      /* not the whole plan */
    {"E", "", "", OUTCOME_FAIL, 1, "cells around 3.650 V"},
    {"F", "", "", OUTCOME_ABORTED, 1, NULL},
};

static void write_production(void)
{
    struct store *store = sample_open(path, STORE_WRITE);
    int64_t link_count;

    for (size_t i = 0; i < sizeof production / sizeof production[0]; i++) {
        add_short_run(store, &production[i]);
    }
    ck_assert_msg(store_verify(store, &link_count, &err) == STATUS_OK, "%s", err.text);
    store_close(store);
}

START_TEST(first_pass_yield_counts_first_verdicts_by_day)
{
    const struct binding bindings[] = {{":from_unix_ms", NULL, day_1_ms},
        {":to_unix_ms", NULL, day_1_ms + 2 * (int64_t)DAY_MS}, {":plan", "ek-24s4eb.eol", 0},
        {":is_virtual", NULL, 1}};

    write_production();
    check_query("first_pass_yield.sql", bindings, 4,
        "2026-03-01|3|2|66.6666666666667\n"
        "2026-03-02|2|1|50.0\n");
    check_query("first_pass_yield.sql",
        (const struct binding[]){bindings[0], {":to_unix_ms", NULL, day_1_ms + DAY_MS},
            {":plan", "another.plan", 0}, bindings[3]},
        4, "");
}

END_TEST

START_TEST(history_of_a_unit_is_newest_first)
{
    const struct binding serial = {":serial", "B", 0};

    write_production();
    check_query("history.sql", &serial, 1,
        "3|2026-03-01T10:00:00.000Z|PASS||ek-24s4eb.eol|A|virtual|line 1, station 2|M. Keller|\n"
        "2|2026-03-01T10:00:00.000Z|FAIL|buzzer|ek-24s4eb.eol|A|virtual|line 1, station 2|M. "
        "Keller|\n");
}

END_TEST

START_TEST(failing_steps_come_most_frequent_first)
{
    const struct binding bindings[] = {
        {":from_unix_ms", NULL, day_1_ms}, {":to_unix_ms", NULL, day_1_ms + 2 * (int64_t)DAY_MS}};

    write_production();
    check_query("failing_steps.sql", bindings, 2,
        "cells around 3.650 V|2|2|66.6666666666667\n"
        "buzzer|1|1|100.0\n");
}

END_TEST

static void check_rows(const char *sql, const char *expected)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;

    check_sql(sqlite3_open(path, &db), db);
    check_sql(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), db);
    char *found = rows_of(db, stmt);
    ck_assert_str_eq(found, expected);
    free(found);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

START_TEST(views_speak_plainly)
{
    write_production();
    check_rows("SELECT run, serial, outcome, started_utc, ended_utc, bench_time_s, is_virtual,"
               " operator FROM v_run WHERE run = 2",
        "2|B|FAIL|2026-03-01T10:00:00.000Z|2026-03-01T10:01:00.000Z|61.25|1|M. Keller\n");
    check_rows("SELECT run, serial, group_name, name, claims, attempt, outcome, start_ns, end_ns"
               " FROM v_step WHERE run = 2",
        "2|B|voltage accuracy|buzzer|EK-03|1|FAIL|1000000|2500000\n");
    check_rows(
        "SELECT run, serial, step_name, no, name, value, unit, low, high, rule, verdict, raw,"
        " reference, is_comparison FROM v_measurement WHERE run = 2",
        "2|B|buzzer|1|cell_01|0.000123|V|-0.001|0.001|simple|PASS|3.650123|3.65|1\n"
        "2|B|buzzer|2|cell_02|-0.00125|V|-0.001|0.001|simple|FAIL|3.65575|3.657|1\n");
}

END_TEST

START_TEST(a_units_history_uses_the_index)
{
    store_close(sample_open(path, STORE_WRITE));
    sqlite3 *db;
    sqlite3_stmt *stmt;
    check_sql(sqlite3_open(path, &db), db);
    check_sql(sqlite3_prepare_v2(
                  db, "EXPLAIN QUERY PLAN SELECT * FROM v_run WHERE serial = 'A'", -1, &stmt, NULL),
        db);
    char *plan = rows_of(db, stmt);
    ck_assert_msg(strstr(plan, "SEARCH run USING INDEX run_by_serial") != NULL, "%s", plan);
    ck_assert_msg(strstr(plan, "SCAN") == NULL, "%s", plan);
    free(plan);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("store/schema");
    TCase *tests = tcase_create("schema");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, schema_sql_is_what_the_migrations_leave_behind);
    tcase_add_test(tests, a_golden_file_of_version_1_migrates_and_verifies);
    tcase_add_test(tests, a_golden_run_reads_as_it_always_did);
    tcase_add_test(tests, first_pass_yield_counts_first_verdicts_by_day);
    tcase_add_test(tests, history_of_a_unit_is_newest_first);
    tcase_add_test(tests, failing_steps_come_most_frequent_first);
    tcase_add_test(tests, views_speak_plainly);
    tcase_add_test(tests, a_units_history_uses_the_index);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
