#define _XOPEN_SOURCE 700
#include "harness/base/mem.h"
#include "tests/support.h"
#include "tests/unit/store/sample.h"

#include <jansson.h>

#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;
static char *path;
static struct store *store;
static struct error err;

static void set_up(void)
{
    memset(&err, 0, sizeof err);
    folder = sample_folder();
    path = sample_path(folder, "line.db");
    store = sample_open(path, STORE_WRITE);
}

static void tear_down(void)
{
    store_close(store);
    sample_folder_remove(folder);
    free(path);
    free(folder);
}

static void reopen(enum store_mode mode)
{
    store_close(store);
    store = sample_open(path, mode);
}

static int64_t begin(struct store *in, const char *serial)
{
    struct run_start start = sample_start(serial);
    int64_t run_id = 0;

    ck_assert_msg(store_begin_run(in, &start, &run_id, &err) == STATUS_OK, "%s", err.text);
    return run_id;
}

static void end(struct store *in, int64_t run_id, enum outcome outcome)
{
    struct run_end run_end = sample_end(outcome);

    ck_assert_msg(store_end_run(in, run_id, &run_end, &err) == STATUS_OK, "%s", err.text);
}

static json_t *run_json(int64_t run_id, const char *serial)
{
    char *text = NULL;

    ck_assert_msg(store_run_json(store, run_id, serial, &text, &err) == STATUS_OK, "%s", err.text);
    json_t *run = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(run);
    free(text);
    return run;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    ck_assert_msg(text != NULL, "no text %s", key);
    return text;
}

static void check_outcome(int64_t run_id, const char *expected)
{
    json_t *run = run_json(run_id, NULL);

    ck_assert_str_eq(text_of(run, "outcome"), expected);
    json_decref(run);
}

static void check_chain(int64_t expected_count)
{
    int64_t link_count = -1;

    ck_assert_msg(store_verify(store, &link_count, &err) == STATUS_OK, "%s", err.text);
    ck_assert_int_eq(link_count, expected_count);
}

START_TEST(every_field_of_a_run_comes_back)
{
    int64_t run_id = begin(store, "EK-26-000417");

    ck_assert_int_eq(sample_small_step(store, run_id, "cells around 3.650 V", &err), STATUS_OK);
    struct run_end run_end = sample_end(OUTCOME_FAIL);
    run_end.message = "cell_02 is outside";
    run_end.failed_step = "cells around 3.650 V";
    ck_assert_int_eq(store_end_run(store, run_id, &run_end, &err), STATUS_OK);
    reopen(STORE_READ);
    json_t *run = run_json(run_id, NULL);
    static const char *const texts[][2] = {
        {"serial", "EK-26-000417"},
        {"plan_id", "ek-24s4eb.eol"},
        {"plan_revision", "A"},
        {"plan_kind", "routine"},
        {"product", "ek-24s4eb"},
        {"station", "line 1, station 2"},
        {"operator", "M. Keller"},
        {"bench", "virtual"},
        {"fault", ""},
        {"without", ""},
        {"plan_sha256", "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92"},
        {"limits_sha256", "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5"},
        {"image_sha256", "03ac674216f3e15c761ee1a5e255f067953623c8b388b4459e13f978d7c846f4"},
        {"program_version", "keel 0.1.0"},
        {"started_utc", "2026-03-01T12:00:00.123Z"},
        {"ended_utc", "2026-03-01T12:01:01.373Z"},
        {"outcome", "FAIL"},
        {"message", "cell_02 is outside"},
        {"failed_step", "cells around 3.650 V"},
        {"unit_id", "3b0041000851373234353237"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_str_eq(text_of(run, texts[i][0]), texts[i][1]);
    }
    ck_assert_int_eq(json_integer_value(json_object_get(run, "run_id")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(run, "seed")), 42);
    ck_assert_int_eq(json_integer_value(json_object_get(run, "bench_ns")), 61250000000);
    ck_assert(json_is_true(json_object_get(run, "is_virtual")));
    ck_assert_uint_eq(json_array_size(json_object_get(run, "cards")), 24);
    json_decref(run);
}

END_TEST

START_TEST(every_field_of_a_step_and_a_measurement_comes_back)
{
    int64_t run_id = begin(store, "EK-26-000417");

    ck_assert_int_eq(sample_small_step(store, run_id, "cells around 3.650 V", &err), STATUS_OK);
    end(store, run_id, OUTCOME_FAIL);
    json_t *run = run_json(run_id, NULL);
    const json_t *step = json_array_get(json_object_get(run, "steps"), 0);
    ck_assert_str_eq(text_of(step, "group"), "voltage accuracy");
    ck_assert_str_eq(text_of(step, "name"), "cells around 3.650 V");
    ck_assert_str_eq(text_of(step, "claims"), "EK-03");
    ck_assert_str_eq(text_of(step, "outcome"), "FAIL");
    ck_assert_str_eq(text_of(step, "message"), "cell_02 is outside -0.001 .. 0.001 V");
    ck_assert_int_eq(json_integer_value(json_object_get(step, "attempt")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(step, "start_ns")), 1000000);
    ck_assert_int_eq(json_integer_value(json_object_get(step, "end_ns")), 2500000);
    const json_t *measurement = json_array_get(json_object_get(step, "measurements"), 1);
    ck_assert_str_eq(text_of(measurement, "name"), "cell_02");
    ck_assert_str_eq(text_of(measurement, "unit"), "V");
    ck_assert_str_eq(text_of(measurement, "rule"), "simple");
    ck_assert_str_eq(text_of(measurement, "verdict"), "FAIL");
    ck_assert(json_is_true(json_object_get(measurement, "is_comparison")));

    static const struct {
        const char *key;
        double value;
    } reals[] = {{"value", -0.00125}, {"low", -0.001}, {"high", 0.001}, {"raw", 3.65575},
        {"reference", 3.657}};

    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        ck_assert_double_eq(
            json_real_value(json_object_get(measurement, reals[i].key)), reals[i].value);
    }
    json_decref(run);
}

END_TEST

/** Numbers that binary formats, SQL and JSON like to lose. */
START_TEST(awkward_numbers_survive_or_become_null)
{
    static const double values[] = {0.1 + 0.2, 4.9406564584124654e-324, 1.7976931348623157e308,
        -0.0, 3.0, 9007199254740993.0, (double)INFINITY, (double)NAN};

    enum {
        COUNT = sizeof values / sizeof values[0]
    };
    struct measurement measurements[COUNT];

    for (int i = 0; i < COUNT; i++) {
        measurements[i] = (struct measurement){
            .name = "x", .value = values[i], .raw = values[i], .reference = values[i]};
    }
    struct measurement_group group = {.unit = "",
        .rule = "simple",
        .low = -(double)INFINITY,
        .high = (double)INFINITY,
        .measurements = measurements,
        .measurement_count = COUNT};
    struct step_record step = {.name = "numbers", .attempt = 1, .groups = &group, .group_count = 1};
    int64_t run_id = begin(store, "N");

    ck_assert_int_eq(store_add_step(store, run_id, &step, &err), STATUS_OK);
    end(store, run_id, OUTCOME_PASS);
    reopen(STORE_READ);
    check_chain(3);
    json_t *run = run_json(run_id, NULL);
    const json_t *stored =
        json_object_get(json_array_get(json_object_get(run, "steps"), 0), "measurements");
    for (size_t i = 0; i < COUNT; i++) {
        const json_t *measurement = json_array_get(stored, i);
        const json_t *value = json_object_get(measurement, "value");
        ck_assert(json_is_null(json_object_get(measurement, "low")));
        if (isfinite(values[i])) {
            ck_assert_double_eq(json_real_value(value), values[i]);
        } else {
            ck_assert(json_is_null(value));
        }
    }
    json_decref(run);
}

END_TEST

START_TEST(json_has_17_digits_and_sorted_keys)
{
    char *text;
    int64_t run_id = begin(store, "EK-26-000417");

    ck_assert_int_eq(sample_small_step(store, run_id, "cells around 3.650 V", &err), STATUS_OK);
    end(store, run_id, OUTCOME_FAIL);
    ck_assert_int_eq(store_run_json(store, 0, NULL, &text, &err), STATUS_OK);
    /* Python: '%.17g' % 0.000123, '%.17g' % 3.657 */
    ck_assert_ptr_nonnull(strstr(text, "0.00012300000000000001"));
    ck_assert_ptr_nonnull(strstr(text, "3.657"));
    ck_assert_ptr_nonnull(strstr(text, "3.6501229999999998"));
    ck_assert(strstr(text, "\"bench\"") < strstr(text, "\"outcome\""));
    ck_assert(strstr(text, "\"outcome\"") < strstr(text, "\"serial\""));
    free(text);
}

END_TEST

/** What may differ between two runs of one seed: run id, the chain, times of day. */
static void drop_what_is_of_one_run(json_t *run)
{
    json_object_del(run, "run_id");
    json_object_del(run, "chain");
    json_object_del(run, "started_utc");
    json_object_del(run, "ended_utc");
}

START_TEST(two_runs_of_one_seed_differ_only_in_id_hashes_and_utc)
{
    int64_t first_id = sample_run(store, "EK", SAMPLE_FAIL, 8, 24, true);
    int64_t second_id = sample_run(store, "EK", SAMPLE_FAIL, 8, 24, true);
    json_t *first = run_json(first_id, NULL);
    json_t *second = run_json(second_id, NULL);

    ck_assert(!json_equal(first, second));
    drop_what_is_of_one_run(first);
    drop_what_is_of_one_run(second);
    ck_assert(json_equal(first, second));
    json_decref(first);
    json_decref(second);
}

END_TEST

START_TEST(newest_run_of_a_unit_is_found_and_absence_is_said)
{
    char *text = NULL;

    ck_assert_int_eq(store_run_json(store, 0, NULL, &text, &err), STATUS_ABSENT);
    end(store, begin(store, "A"), OUTCOME_PASS);
    end(store, begin(store, "A"), OUTCOME_FAIL);
    end(store, begin(store, "B"), OUTCOME_PASS);
    json_t *run = run_json(0, "A");
    ck_assert_int_eq(json_integer_value(json_object_get(run, "run_id")), 2);
    json_decref(run);
    run = run_json(0, NULL);
    ck_assert_str_eq(text_of(run, "serial"), "B");
    json_decref(run);
    ck_assert_int_eq(store_run_json(store, 0, "C", &text, &err), STATUS_ABSENT);
    ck_assert_ptr_nonnull(strstr(err.text, "there is no run of unit C"));
    ck_assert_int_eq(store_run_json(store, 99, NULL, &text, &err), STATUS_ABSENT);
    ck_assert_ptr_nonnull(strstr(err.text, "there is no run 99"));
    ck_assert_ptr_null(text);
}

END_TEST

START_TEST(text_that_is_no_utf8_does_not_break_the_json)
{
    struct run_start start = sample_start("bad \xff\xfe byte");
    int64_t run_id;

    start.cards_json = "not json";
    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_OK);
    end(store, run_id, OUTCOME_PASS);
    check_chain(2);
    json_t *run = run_json(run_id, NULL);
    ck_assert_str_eq(text_of(run, "serial"), "bad \xEF\xBF\xBD\xEF\xBF\xBD byte");
    ck_assert_str_eq(text_of(run, "cards"), "not json");
    json_decref(run);
}

END_TEST

START_TEST(missing_texts_are_stored_as_empty)
{
    struct run_start start = {.serial = "A"};
    struct step_record step = {.attempt = 1, .outcome = OUTCOME_SKIPPED};
    int64_t run_id;

    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_OK);
    ck_assert_int_eq(store_add_step(store, run_id, &step, &err), STATUS_OK);
    end(store, run_id, OUTCOME_ABORTED);
    json_t *run = run_json(run_id, NULL);
    ck_assert_str_eq(text_of(run, "plan_id"), "");
    json_decref(run);
    check_chain(3);
}

END_TEST

START_TEST(seed_beyond_int64_is_refused)
{
    struct run_start start = sample_start("A");
    int64_t run_id;

    start.seed = (uint64_t)INT64_MAX + 1;
    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_RANGE);
    start.seed = INT64_MAX;
    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_OK);
}

END_TEST

START_TEST(an_ended_run_takes_nothing_more)
{
    struct run_end run_end = sample_end(OUTCOME_PASS);
    int64_t run_id = begin(store, "A");

    end(store, run_id, OUTCOME_PASS);
    ck_assert_int_eq(sample_small_step(store, run_id, "late", &err), STATUS_STORE);
    ck_assert_ptr_nonnull(strstr(err.text, "run 1 is not running here"));
    ck_assert_int_eq(store_end_run(store, run_id, &run_end, &err), STATUS_STORE);
    check_chain(2);
}

END_TEST

START_TEST(a_reader_writes_nothing)
{
    struct run_start start = sample_start("A");
    int64_t run_id;

    reopen(STORE_READ);
    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_STORE);
    ck_assert_ptr_nonnull(strstr(err.text, "opened for reading"));
}

END_TEST

START_TEST(a_step_is_in_the_file_when_the_call_returns)
{
    int64_t run_id = begin(store, "A");

    ck_assert_int_eq(sample_small_step(store, run_id, "first", &err), STATUS_OK);
    struct store *reader = sample_open(path, STORE_READ);
    char *text;
    ck_assert_int_eq(store_run_json(reader, run_id, NULL, &text, &err), STATUS_OK);
    ck_assert_ptr_nonnull(strstr(text, "\"name\": \"first\""));
    ck_assert_ptr_nonnull(strstr(text, "\"outcome\": \"RUNNING\""));
    free(text);
    store_close(reader);
}

END_TEST

/* Interrupted runs ---------------------------------------------------------------------------- */

/** A child that begins a run, adds a step, says so, and then waits to be killed. */
static pid_t start_victim(int *ready_fd)
{
    int ends[2];
    char byte;

    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct store *own = sample_open(path, STORE_WRITE);
        struct run_start start = sample_start("victim");
        int64_t run_id = 0;
        bool is_ready = store_begin_run(own, &start, &run_id, NULL) == STATUS_OK &&
                        sample_small_step(own, run_id, "last", NULL) == STATUS_OK;
        if (is_ready && write(ends[1], "x", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    *ready_fd = ends[0];
    return child;
}

static void kill_victim(pid_t child, int ready_fd)
{
    int wait_status;

    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &wait_status, 0), child);
    close(ready_fd);
}

START_TEST(a_killed_process_leaves_an_interrupted_run_with_its_steps)
{
    int ready_fd;

    store_close(store); /* the child must not inherit it */
    store = NULL;
    pid_t child = start_victim(&ready_fd);
    kill_victim(child, ready_fd);
    store = sample_open(path, STORE_READ);
    check_outcome(1, "INTERRUPTED"); /* seen even before a writer has marked it */
    reopen(STORE_WRITE);
    ck_assert_uint_eq(store_interrupted_count(store), 1);
    json_t *run = run_json(1, NULL);
    ck_assert_str_eq(text_of(run, "outcome"), "INTERRUPTED");
    ck_assert_str_eq(text_of(run, "failed_step"), "last");
    ck_assert(json_is_null(json_object_get(run, "ended_utc")));
    ck_assert_int_eq(json_integer_value(json_object_get(run, "bench_ns")), 2500000);
    ck_assert_uint_eq(json_array_size(json_object_get(run, "steps")), 1);
    json_decref(run);
    check_chain(3);
    reopen(STORE_WRITE);
    ck_assert_uint_eq(store_interrupted_count(store), 0);
}

END_TEST

START_TEST(a_living_run_of_another_process_is_left_alone)
{
    int ready_fd;

    store_close(store);
    store = NULL;
    pid_t child = start_victim(&ready_fd);
    store = sample_open(path, STORE_WRITE);
    ck_assert_uint_eq(store_interrupted_count(store), 0);
    check_outcome(1, "RUNNING");
    ck_assert_int_eq(sample_small_step(store, 1, "foreign", &err), STATUS_STORE);
    int64_t own_id = begin(store, "mine");
    kill_victim(child, ready_fd);
    ck_assert_int_eq(sample_small_step(store, own_id, "still here", &err), STATUS_OK);
    struct store *third = sample_open(path, STORE_WRITE);
    ck_assert_uint_eq(store_interrupted_count(third), 1);
    store_close(third);
    check_outcome(1, "INTERRUPTED");
    check_outcome(own_id, "RUNNING");
    end(store, own_id, OUTCOME_PASS);
    check_chain(6);
}

END_TEST

START_TEST(two_stores_of_one_process_keep_their_runs_apart)
{
    struct store *other = sample_open(path, STORE_WRITE);
    int64_t mine = begin(store, "mine");
    int64_t others = begin(other, "others");

    ck_assert_int_eq(sample_small_step(store, mine, "a", &err), STATUS_OK);
    ck_assert_int_eq(sample_small_step(other, others, "b", &err), STATUS_OK);
    store_close(other); /* its run is dead now, mine is not */
    other = sample_open(path, STORE_WRITE);
    ck_assert_uint_eq(store_interrupted_count(other), 1);
    store_close(other);
    check_outcome(mine, "RUNNING");
    check_outcome(others, "INTERRUPTED");
    end(store, mine, OUTCOME_PASS);
    check_chain(6);
}

END_TEST

static void write_runs_and_exit(int count)
{
    struct store *own = sample_open(path, STORE_WRITE);

    for (int i = 0; i < count; i++) {
        (void)sample_run(own, "EK", SAMPLE_PASS, 3, 4, false);
    }
    bool saw_no_dead = store_interrupted_count(own) == 0;
    store_close(own);
    _exit(saw_no_dead ? 0 : 1);
}

START_TEST(processes_that_create_and_write_at_once_make_one_chain)
{
    enum {
        PROCESS_COUNT = 3,
        RUN_COUNT = 10
    };

    pid_t children[PROCESS_COUNT];

    store_close(store);
    store = NULL;
    ck_assert_int_eq(unlink(path), 0);
    for (int i = 0; i < PROCESS_COUNT; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            write_runs_and_exit(RUN_COUNT);
        }
    }
    for (int i = 0; i < PROCESS_COUNT; i++) {
        int wait_status;
        ck_assert_int_eq(waitpid(children[i], &wait_status, 0), children[i]);
        ck_assert(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0);
    }
    store = sample_open(path, STORE_READ);
    check_chain((int64_t)PROCESS_COUNT * RUN_COUNT * 5);
}

END_TEST

START_TEST(settled_runs_are_not_looked_at_again)
{
    char message[256];

    /* 1200 runs without their links, as a stand-in for years; only the search is judged here */
    end(store, begin(store, "A"), OUTCOME_PASS);
    store_close(store);
    sample_raw_sql(path,
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)"
        " INSERT INTO run SELECT i, serial, product, plan, plan_revision, plan_kind, station,"
        " operator, bench, is_virtual, seed, fault, without, plan_sha256, limits_sha256,"
        " image_sha256, program_version, cards, started_unix_ms, link FROM run, n WHERE id = 1;"
        "INSERT INTO run_end SELECT id, 0, '', 1, 0, 1, '', 0, link FROM run WHERE id > 1;",
        true, NULL);
    store = sample_open(path, STORE_WRITE);
    ck_assert_uint_eq(store_interrupted_count(store), 0);
    reopen(STORE_READ);
    store_close(store);
    store = NULL;
    /* the row is there: a second one for the same run is refused */
    ck_assert_int_ne(sample_raw_sql(path, "INSERT INTO settled VALUES (1200)", false, message), 0);
    ck_assert_str_eq(message, "settled is append-only: REPLACE refused");
}

END_TEST

static TCase *fields_case(void)
{
    TCase *tests = tcase_create("fields");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_field_of_a_run_comes_back);
    tcase_add_test(tests, every_field_of_a_step_and_a_measurement_comes_back);
    tcase_add_test(tests, awkward_numbers_survive_or_become_null);
    tcase_add_test(tests, json_has_17_digits_and_sorted_keys);
    tcase_add_test(tests, two_runs_of_one_seed_differ_only_in_id_hashes_and_utc);
    tcase_add_test(tests, newest_run_of_a_unit_is_found_and_absence_is_said);
    tcase_add_test(tests, text_that_is_no_utf8_does_not_break_the_json);
    tcase_add_test(tests, missing_texts_are_stored_as_empty);
    tcase_add_test(tests, seed_beyond_int64_is_refused);
    tcase_add_test(tests, an_ended_run_takes_nothing_more);
    tcase_add_test(tests, a_reader_writes_nothing);
    tcase_add_test(tests, a_step_is_in_the_file_when_the_call_returns);
    return tests;
}

static TCase *interrupted_case(void)
{
    TCase *tests = tcase_create("interrupted");

    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_killed_process_leaves_an_interrupted_run_with_its_steps);
    tcase_add_test(tests, a_living_run_of_another_process_is_left_alone);
    tcase_add_test(tests, two_stores_of_one_process_keep_their_runs_apart);
    tcase_add_test(tests, processes_that_create_and_write_at_once_make_one_chain);
    tcase_add_test(tests, settled_runs_are_not_looked_at_again);
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("store/record");

    suite_add_tcase(suite, fields_case());
    suite_add_tcase(suite, interrupted_case());
    return support_run(suite);
}
