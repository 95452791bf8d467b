#include "harness/base/mem.h"
#include "tests/support.h"
#include "tests/unit/store/sample.h"

#include <stdio.h>
#include <string.h>

static char *folder;
static char *path;
static struct error err;

/** Two runs: links 1 run, 2 to 4 steps, 5 end; 6 run, 7 to 9 steps, 10 end. */
static void set_up(void)
{
    memset(&err, 0, sizeof err);
    folder = sample_folder();
    path = sample_path(folder, "line.db");
    struct store *store = sample_open(path, STORE_WRITE);
    (void)sample_run(store, "EK-26-000001", SAMPLE_PASS, 3, 4, false);
    (void)sample_run(store, "EK-26-000002", SAMPLE_FAIL, 3, 18, false);
    store_close(store);
}

static void tear_down(void)
{
    sample_folder_remove(folder);
    free(path);
    free(folder);
}

static enum status verify(int64_t *link_count)
{
    struct store *store = sample_open(path, STORE_READ);
    enum status status = store_verify(store, link_count, &err);

    store_close(store);
    return status;
}

START_TEST(an_untouched_record_verifies)
{
    int64_t link_count = 0;

    ck_assert_msg(verify(&link_count) == STATUS_OK, "%s", err.text);
    ck_assert_int_eq(link_count, 10);
}

END_TEST

START_TEST(the_head_is_the_hash_of_the_last_link)
{
    struct store *store = sample_open(path, STORE_READ);
    char hex[65];
    char *json;
    int64_t seq;

    ck_assert_int_eq(store_head(store, hex, &seq, &err), STATUS_OK);
    ck_assert_int_eq(seq, 10);
    ck_assert_uint_eq(strlen(hex), 64);
    ck_assert_int_eq(store_run_json(store, 2, NULL, &json, &err), STATUS_OK);
    ck_assert_ptr_nonnull(strstr(json, hex));
    free(json);
    store_close(store);
}

END_TEST

START_TEST(the_head_of_an_empty_record_is_zeros)
{
    char *other = sample_path(folder, "empty.db");
    struct store *store = sample_open(other, STORE_WRITE);
    char hex[65];
    int64_t seq = -1;

    ck_assert_int_eq(store_head(store, hex, &seq, &err), STATUS_OK);
    ck_assert_int_eq(seq, 0);
    ck_assert_str_eq(hex, "0000000000000000000000000000000000000000000000000000000000000000");
    store_close(store);
    free(other);
}

END_TEST

/* Append-only --------------------------------------------------------------------------------- */

static const struct {
    const char *sql, *message;
} refused[] = {
    {"UPDATE run SET seed = 1", "run is append-only: UPDATE refused"},
    {"DELETE FROM run", "run is append-only: DELETE refused"},
    {"INSERT OR REPLACE INTO run SELECT * FROM run", "run is append-only: REPLACE refused"},
    {"UPDATE step SET outcome = 0", "step is append-only: UPDATE refused"},
    {"DELETE FROM step WHERE id = 3", "step is append-only: DELETE refused"},
    {"INSERT OR REPLACE INTO step SELECT * FROM step", "step is append-only: REPLACE refused"},
    {"UPDATE measurement SET value = 0", "measurement is append-only: UPDATE refused"},
    {"DELETE FROM measurement", "measurement is append-only: DELETE refused"},
    {"INSERT OR REPLACE INTO measurement SELECT * FROM measurement",
        "measurement is append-only: REPLACE refused"},
    {"UPDATE run_end SET outcome = 0", "run_end is append-only: UPDATE refused"},
    {"DELETE FROM run_end", "run_end is append-only: DELETE refused"},
    {"INSERT OR REPLACE INTO run_end SELECT * FROM run_end",
        "run_end is append-only: REPLACE refused"},
    {"UPDATE text SET text = 'x' WHERE id = 1", "text is append-only: UPDATE refused"},
    {"DELETE FROM text", "text is append-only: DELETE refused"},
    {"INSERT OR REPLACE INTO text VALUES (1, 'x')", "text is append-only: REPLACE refused"},
    {"INSERT OR REPLACE INTO text VALUES (999, 'EK-26-000001')",
        "text is append-only: REPLACE refused"},
    {"UPDATE spec SET low = -1", "spec is append-only: UPDATE refused"},
    {"DELETE FROM spec", "spec is append-only: DELETE refused"},
    {"INSERT OR REPLACE INTO spec SELECT * FROM spec", "spec is append-only: REPLACE refused"},
    {"INSERT OR REPLACE INTO spec SELECT 99, unit, rule, low, high, is_comparison FROM spec",
        "spec is append-only: REPLACE refused"},
    {"UPDATE chain SET hash = zeroblob(32)", "chain is append-only: UPDATE refused"},
    {"DELETE FROM chain", "chain is append-only: DELETE refused"},
    {"INSERT OR REPLACE INTO chain SELECT * FROM chain", "chain is append-only: REPLACE refused"},
    {"INSERT INTO chain VALUES (12, 0, 1, zeroblob(32))", "chain: a link number was left out"},
    {"UPDATE outcome SET name = 'PASS' WHERE id = 1", "outcome is append-only: UPDATE refused"},
    {"DELETE FROM outcome", "outcome is append-only: DELETE refused"},
    {"INSERT OR REPLACE INTO outcome VALUES (1, 'OK')", "outcome is append-only: INSERT refused"},
    {"INSERT INTO settled VALUES (1); UPDATE settled SET run = 2",
        "settled is append-only: UPDATE refused"},
    {"INSERT INTO settled VALUES (1); DELETE FROM settled",
        "settled is append-only: DELETE refused"},
    {"INSERT INTO settled VALUES (1); INSERT OR REPLACE INTO settled VALUES (1)",
        "settled is append-only: REPLACE refused"},
    {"INSERT INTO step SELECT 99, run, group_name, name, claims, attempt, outcome, message,"
     " start_ns, end_ns, link FROM step WHERE id = 1",
        "step: its run has ended"},
};

START_TEST(sql_from_outside_cannot_change_the_record)
{
    char message[256];

    ck_assert_int_ne(sample_raw_sql(path, refused[_i].sql, false, message), 0);
    ck_assert_str_eq(message, refused[_i].message);
}

END_TEST

/* Tampering: whoever owns the file can drop the triggers; the chain tells ---------------------- */

static const struct {
    const char *trigger; /* dropped before and put back after, so that only the chain can tell */
    const char *sql;
    const char *fact;
} tampering[] = {
    {"measurement_no_update", "UPDATE measurement SET value = 0.0001 WHERE step = 6 AND no = 17",
        "step 6 (chain link 9) does not match its hash"},
    {"measurement_no_update", "UPDATE measurement SET is_pass = 1 WHERE step = 5 AND no = 1", NULL},
    {"measurement_no_update",
        "UPDATE measurement SET value = value * 1.0000000000000002 WHERE step = 2 AND no = 3",
        "step 2 (chain link 3) does not match its hash"},
    {"spec_no_update", "UPDATE spec SET high = 0.002", "step 1 (chain link 2) does not match"},
    {"text_no_update", "UPDATE text SET text = 'EK-26-000009' WHERE text = 'EK-26-000002'",
        "run 2 (chain link 6) does not match its hash"},
    {"text_no_delete", "DELETE FROM text WHERE text = 'cells around 3.000 V'",
        "step 2 (chain link 3) does not match its hash"},
    {"run_end_no_update", "UPDATE run_end SET outcome = 0 WHERE run = 2",
        "run_end 2 (chain link 10) does not match its hash"},
    {"run_no_update", "UPDATE run SET is_virtual = 0 WHERE id = 1",
        "run 1 (chain link 1) does not match its hash"},
    {"measurement_no_delete", "DELETE FROM measurement WHERE step = 3 AND no = 4",
        "step 3 (chain link 4) does not match its hash"},
    {"step_no_delete", "DELETE FROM step WHERE id = 5",
        "step 5 (chain link 8) is missing: its row was deleted"},
    {"run_end_no_delete", "DELETE FROM run_end WHERE run = 1",
        "run_end 1 (chain link 5) is missing: its row was deleted"},
    {"run_no_delete", "DELETE FROM run WHERE id = 2",
        "run 2 (chain link 6) is missing: its row was deleted"},
    {"chain_no_delete", "DELETE FROM chain WHERE link = 4", "chain link 4 is missing"},
    {"chain_no_update", "UPDATE chain SET hash = zeroblob(32) WHERE link = 7",
        "step 4 (chain link 7) does not match its hash"},
    {"step_not_after_end",
        "INSERT INTO step SELECT 7, run, group_name, name, claims, attempt, outcome, message,"
        " start_ns, end_ns, link FROM step WHERE id = 6",
        "step 7 was inserted: 7 rows, the chain knows 6"},
    {"measurement_no_replace",
        "INSERT INTO measurement SELECT step, 5, name, spec, value, raw, reference, is_pass"
        " FROM measurement WHERE step = 1 AND no = 4",
        "step 1 (chain link 2) does not match its hash"},
    {"measurement_no_replace",
        "INSERT INTO measurement SELECT 77, no, name, spec, value, raw, reference, is_pass"
        " FROM measurement WHERE step = 1",
        "measurement of step 77 was inserted: 70 rows, the chain knows 66"},
    {"run_no_replace",
        "INSERT INTO run SELECT 3, serial, product, plan, plan_revision, plan_kind, station,"
        " operator, bench, is_virtual, seed, fault, without, plan_sha256, limits_sha256,"
        " image_sha256, program_version, cards, started_unix_ms, link FROM run WHERE id = 1",
        "run 3 was inserted: 3 rows, the chain knows 2"},
    {"step_no_update",
        "UPDATE step SET id = -1 WHERE id = 4; UPDATE step SET id = 4 WHERE id = 5;"
        "UPDATE step SET id = 5 WHERE id = -1",
        "step 4 (chain link 7) does not match its hash"},
    {"chain_no_update",
        "UPDATE chain SET link = 99 WHERE link = 7; UPDATE chain SET link = 7 WHERE link = 8;"
        "UPDATE chain SET link = 8 WHERE link = 99",
        "chain link 7 names step 5, expected 4"},
    {"measurement_no_update",
        "UPDATE measurement SET no = 99 WHERE step = 1 AND no = 1;"
        "UPDATE measurement SET no = 1 WHERE step = 1 AND no = 2;"
        "UPDATE measurement SET no = 2 WHERE step = 1 AND no = 99",
        "step 1 (chain link 2) does not match its hash"},
    {"outcome_no_update",
        "UPDATE outcome SET name = 'x' WHERE id = 1; UPDATE outcome SET name = 'FAIL' WHERE id = 0;"
        "UPDATE outcome SET name = 'PASS' WHERE id = 1",
        "outcome 0 is not PASS: it was changed"},
    {"settled_no_replace",
        "INSERT INTO run SELECT 3, serial, product, plan, plan_revision, plan_kind, station,"
        " operator, bench, is_virtual, seed, fault, without, plan_sha256, limits_sha256,"
        " image_sha256, program_version, cards, started_unix_ms, link FROM run WHERE id = 1;"
        "INSERT INTO settled VALUES (3)",
        "run 3 was inserted"},
};

/** The trigger's own text from schema.sql's source, so that it can be put back. */
static char *trigger_sql(const char *name)
{
    char *schema = sample_read_file(KEEL_SOURCE_DIR "/db/migrations/0001.sql");
    char *head = mem_printf("CREATE TRIGGER %s ", name);
    const char *from = strstr(schema, head);

    ck_assert_ptr_nonnull(from);
    const char *to = strstr(from, "END;");
    char *sql = mem_printf("%.*s", (int)(to - from) + 4, from);
    free(head);
    free(schema);
    return sql;
}

START_TEST(verifying_names_the_first_broken_link)
{
    char *put_back = trigger_sql(tampering[_i].trigger);
    char *sql =
        mem_printf("DROP TRIGGER %s; %s; %s", tampering[_i].trigger, tampering[_i].sql, put_back);
    int64_t link_count;

    sample_raw_sql(path, sql, true, NULL);
    enum status status = verify(&link_count);
    if (tampering[_i].fact == NULL) { /* the control: a change that changes nothing */
        ck_assert_msg(status == STATUS_OK, "%s", err.text);
    } else {
        ck_assert_int_eq(status, STATUS_STORE);
        ck_assert_msg(strstr(err.text, tampering[_i].fact) != NULL, "%s", err.text);
        ck_assert_ptr_nonnull(strstr(err.text, path));
    }
    free(sql);
    free(put_back);
}

END_TEST

static const struct {
    const char *sql, *fact;
} schema_tampering[] = {
    {"DROP TRIGGER step_no_delete", "trigger step_no_delete is missing"},
    {"DROP TRIGGER run_no_update; CREATE TRIGGER run_no_update BEFORE UPDATE ON run BEGIN"
     " SELECT 1; END",
        "trigger run_no_update was changed"},
    {"CREATE TRIGGER helpful AFTER INSERT ON run BEGIN SELECT 1; END", "a trigger was added"},
    {"DROP VIEW v_run; CREATE VIEW v_run AS SELECT 'PASS' AS outcome", "view v_run was changed"},
};

START_TEST(verifying_names_a_changed_schema)
{
    int64_t link_count;

    sample_raw_sql(path, schema_tampering[_i].sql, true, NULL);
    ck_assert_int_eq(verify(&link_count), STATUS_STORE);
    ck_assert_msg(strstr(err.text, schema_tampering[_i].fact) != NULL, "%s", err.text);
}

END_TEST

START_TEST(a_printed_head_tells_a_cut_tail)
{
    struct store *store = sample_open(path, STORE_READ);
    char printed[65];
    int64_t seq;
    int64_t link_count;

    ck_assert_int_eq(store_head(store, printed, &seq, &err), STATUS_OK);
    ck_assert_int_eq(store_verify_against(store, printed, &link_count, &err), STATUS_OK);
    ck_assert_int_eq(link_count, 10);
    store_close(store);
    sample_raw_sql(path,
        "DROP TRIGGER run_no_delete; DROP TRIGGER step_no_delete; DROP TRIGGER chain_no_delete;"
        "DROP TRIGGER measurement_no_delete; DROP TRIGGER run_end_no_delete;"
        "DELETE FROM chain WHERE link > 5; DELETE FROM measurement WHERE step > 3;"
        "DELETE FROM step WHERE id > 3; DELETE FROM run_end WHERE run = 2;"
        "DELETE FROM run WHERE id = 2",
        true, NULL);
    static const char *const names[] = {"run_no_delete", "step_no_delete", "chain_no_delete",
        "measurement_no_delete", "run_end_no_delete"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *sql = trigger_sql(names[i]);
        sample_raw_sql(path, sql, true, NULL);
        free(sql);
    }
    ck_assert_msg(verify(&link_count) == STATUS_OK, "%s", err.text); /* by itself it looks whole */
    store = sample_open(path, STORE_READ);
    ck_assert_int_eq(store_verify_against(store, printed, &link_count, &err), STATUS_STORE);
    ck_assert_msg(strstr(err.text, "what followed link 5 was cut off") != NULL, "%s", err.text);
    ck_assert_int_eq(store_verify_against(store, "12ab", &link_count, &err), STATUS_FORMAT);
    store_close(store);
}

END_TEST

START_TEST(an_older_head_still_verifies_after_more_runs)
{
    struct store *store = sample_open(path, STORE_WRITE);
    char printed[65];
    int64_t seq;
    int64_t link_count;

    ck_assert_int_eq(store_head(store, printed, &seq, &err), STATUS_OK);
    (void)sample_run(store, "EK-26-000003", SAMPLE_ERROR, 3, 4, false);
    ck_assert_msg(
        store_verify_against(store, printed, &link_count, &err) == STATUS_OK, "%s", err.text);
    ck_assert_int_gt(link_count, 10);
    store_close(store);
}

END_TEST

/** The way of an auditor: sqlite3 and sha256sum, nothing of ours. */
START_TEST(an_auditor_recomputes_the_chain_with_sqlite3_and_sha256sum)
{
    char *command =
        mem_printf("sh '%s/db/audit.sh' '%s' > '%s/audit.txt' 2>&1", KEEL_SOURCE_DIR, path, folder);
    char *output_path = sample_path(folder, "audit.txt");

    if (system("command -v sqlite3 > /dev/null && command -v sha256sum > /dev/null") != 0) {
        (void)fprintf(stderr, "skipped: sqlite3 or sha256sum is not installed\n");
    } else {
        int code = system(command);
        char *output = sample_read_file(output_path);
        ck_assert_msg(code == 0 && strstr(output, "10 links, all match") != NULL, "%s", output);
        free(output);
        sample_raw_sql(path,
            "DROP TRIGGER measurement_no_update;"
            "UPDATE measurement SET raw = 4 WHERE step = 2 AND no = 2",
            true, NULL);
        ck_assert_int_ne(system(command), 0);
        output = sample_read_file(output_path);
        ck_assert_msg(strstr(output, "3: FAILED") != NULL, "%s", output);
        free(output);
    }
    free(output_path);
    free(command);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("store/chain");
    TCase *tests = tcase_create("chain");

    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_untouched_record_verifies);
    tcase_add_test(tests, the_head_is_the_hash_of_the_last_link);
    tcase_add_test(tests, the_head_of_an_empty_record_is_zeros);
    tcase_add_loop_test(tests, sql_from_outside_cannot_change_the_record, 0,
        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_loop_test(tests, verifying_names_the_first_broken_link, 0,
        (int)(sizeof tampering / sizeof tampering[0]));
    tcase_add_loop_test(tests, verifying_names_a_changed_schema, 0,
        (int)(sizeof schema_tampering / sizeof schema_tampering[0]));
    tcase_add_test(tests, a_printed_head_tells_a_cut_tail);
    tcase_add_test(tests, an_older_head_still_verifies_after_more_runs);
    tcase_add_test(tests, an_auditor_recomputes_the_chain_with_sqlite3_and_sha256sum);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
