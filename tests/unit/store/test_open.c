#define _XOPEN_SOURCE 700
#include "harness/base/mem.h"
#include "tests/support.h"
#include "tests/unit/store/sample.h"

#include <sqlite3.h>

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void write_file(const char *text, size_t len)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, len, file), len);
    fclose(file);
}

/** Opening must fail with STATUS_STORE, one line that names the path and says @p fact. */
static void check_refused(enum store_mode mode, const char *fact)
{
    struct store *store = NULL;

    ck_assert_int_eq(store_open(path, mode, &store, &err), STATUS_STORE);
    ck_assert_ptr_null(store);
    ck_assert_msg(strstr(err.text, path) == err.text, "%s", err.text);
    ck_assert_msg(strstr(err.text, fact) != NULL, "%s", err.text);
    ck_assert_ptr_null(strchr(err.text, '\n'));
}

static bool exists_beside(const char *suffix)
{
    char *beside = mem_printf("%s%s", path, suffix);
    bool exists = access(beside, F_OK) == 0;

    free(beside);
    return exists;
}

START_TEST(a_file_that_is_no_database_is_refused_and_kept)
{
    static const char text[] = "serial;outcome\nEK-26-000417;PASS\n";

    write_file(text, sizeof text - 1);
    check_refused(_i == 0 ? STORE_READ : STORE_WRITE, "is not a database");
    char *after = sample_read_file(path);
    ck_assert_str_eq(after, text);
    free(after);
    ck_assert(!exists_beside("-runs"));
}

END_TEST

START_TEST(a_database_of_another_program_is_refused_and_kept)
{
    sample_raw_sql(path, "CREATE TABLE photo (id); PRAGMA application_id = 7", true, NULL);
    check_refused(_i == 0 ? STORE_READ : STORE_WRITE,
        "is a database of another program (application id 7, a record has 1262830924)");
    ck_assert(!exists_beside("-wal") && !exists_beside("-runs"));
    /* still in its own journal mode: byte 18 of the header is 1, not the 2 of WAL */
    char *header = sample_read_file(path);
    ck_assert_int_eq(header[18], 1);
    free(header);
}

END_TEST

START_TEST(a_database_without_an_application_id_is_refused)
{
    sample_raw_sql(path, "CREATE TABLE photo (id)", true, NULL);
    check_refused(STORE_WRITE, "is a database of another program (application id 0");
}

END_TEST

START_TEST(a_newer_schema_is_refused_with_what_to_do)
{
    store_close(sample_open(path, STORE_WRITE));
    sample_raw_sql(path, "PRAGMA user_version = 7", true, NULL);
    check_refused(_i == 0 ? STORE_READ : STORE_WRITE,
        "has schema version 7, this program knows up to 1: use a newer keel");
}

END_TEST

START_TEST(reading_what_is_not_there_is_absent_and_creates_nothing)
{
    struct store *store = NULL;

    ck_assert_int_eq(store_open(path, STORE_READ, &store, &err), STATUS_ABSENT);
    ck_assert_ptr_nonnull(strstr(err.text, "No such file or directory"));
    ck_assert(!exists_beside(""));
}

END_TEST

START_TEST(reading_an_empty_file_says_that_nothing_was_recorded)
{
    write_file("", 0);
    check_refused(STORE_READ, "is empty, nothing was recorded yet");
}

END_TEST

START_TEST(a_folder_in_the_place_of_the_file_is_refused)
{
    ck_assert_int_eq(mkdir(path, 0755), 0);
    check_refused(_i == 0 ? STORE_READ : STORE_WRITE, "Is a directory");
}

END_TEST

START_TEST(a_missing_folder_is_named)
{
    free(path);
    path = sample_path(folder, "missing/line.db");
    check_refused(STORE_WRITE, "cannot be opened: No such file or directory");
}

END_TEST

START_TEST(a_very_long_path_leaves_room_for_the_reason)
{
    struct store *store = NULL;
    char name[401];

    memset(name, 'x', 400);
    name[400] = '\0';
    free(path);
    path = sample_path(folder, name);
    ck_assert_int_eq(store_open(path, STORE_WRITE, &store, &err), STATUS_STORE);
    ck_assert_ptr_nonnull(strstr(err.text, "xxx: cannot be opened"));
}

END_TEST

/* Without rights: as another user, because root may write everything -------------------------- */

enum {
    NOBODY = 65534,
    EXIT_SKIP = 77
};

/** Run @p check in a child without privileges. */
static void as_nobody(void (*check)(void))
{
    int wait_status;
    pid_t child = fork();

    if (child == 0) {
        if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
            _exit(EXIT_SKIP);
        }
        check();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &wait_status, 0), child);
    ck_assert_msg(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0,
        "the child ended with %d", wait_status);
}

/** In the child Check cannot report; say it and die. */
static void demand_refused(const char *fact)
{
    struct store *store = NULL;

    if (store_open(path, STORE_WRITE, &store, &err) != STATUS_STORE ||
        strstr(err.text, fact) == NULL) {
        (void)fprintf(stderr, "expected \"%s\", got \"%s\"\n", fact, err.text);
        _exit(1);
    }
}

static void demand_read_only_file(void)
{
    demand_refused("is read-only");
}

static void demand_read_only_folder(void)
{
    demand_refused("cannot be opened: Permission denied");
}

static void demand_no_journal(void)
{
    demand_refused("read-only");
}

static void demand_readable(void)
{
    struct store *store = NULL;
    char *json = NULL;

    if (store_open(path, STORE_READ, &store, &err) != STATUS_OK ||
        store_run_json(store, 0, NULL, &json, &err) != STATUS_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        _exit(1);
    }
    free(json);
    store_close(store);
}

START_TEST(a_read_only_file_is_refused_for_writing)
{
    store_close(sample_open(path, STORE_WRITE));
    ck_assert_int_eq(chmod(folder, 0777), 0);
    ck_assert_int_eq(chmod(path, 0444), 0);
    as_nobody(demand_read_only_file);
}

END_TEST

START_TEST(a_read_only_folder_is_refused_for_writing)
{
    ck_assert_int_eq(chmod(folder, 0555), 0);
    as_nobody(demand_read_only_folder);
    ck_assert_int_eq(chmod(folder, 0755), 0);
}

END_TEST

START_TEST(a_folder_without_room_for_the_journal_is_refused_for_writing)
{
    store_close(sample_open(path, STORE_WRITE));
    ck_assert_int_eq(chmod(path, 0666), 0);
    ck_assert_int_eq(chmod(folder, 0555), 0);
    as_nobody(demand_no_journal);
    ck_assert_int_eq(chmod(folder, 0755), 0);
}

END_TEST

/** An archived record in a folder where SQLite cannot put its -shm. */
START_TEST(a_record_in_a_read_only_folder_can_be_read)
{
    struct store *store = sample_open(path, STORE_WRITE);

    (void)sample_run(store, "EK", SAMPLE_PASS, 1, 2, false);
    store_close(store);
    ck_assert_int_eq(chmod(path, 0444), 0);
    ck_assert_int_eq(chmod(folder, 0555), 0);
    as_nobody(demand_readable);
    ck_assert_int_eq(chmod(folder, 0755), 0);
}

END_TEST

/* Locked -------------------------------------------------------------------------------------- */

START_TEST(a_record_locked_by_another_is_given_up_after_five_seconds)
{
    struct store *store = sample_open(path, STORE_WRITE);
    struct run_start start = sample_start("A");
    int64_t run_id;
    sqlite3 *other;

    ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_STORE);
    ck_assert_msg(strstr(err.text, "another process has kept the record locked for 5 s, the start "
                                   "of a run gave up") != NULL,
        "%s", err.text);
    ck_assert_int_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_OK);
    sqlite3_close(other);
    store_close(store);
}

END_TEST

/* How it is written --------------------------------------------------------------------------- */

START_TEST(a_record_is_in_wal_mode_with_our_ids_and_strict_tables)
{
    store_close(sample_open(path, STORE_WRITE));
    char *header = sample_read_file(path);
    ck_assert_int_eq(header[18], 2);                /* file format write version: WAL */
    ck_assert_mem_eq(header + 68, "KEEL", 4);       /* application id, big endian */
    ck_assert_mem_eq(header + 60, "\0\0\0\001", 4); /* user version */
    free(header);
    sample_raw_sql(path,
        "CREATE TEMP TABLE strict_now AS SELECT name FROM pragma_table_list"
        " WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%';"
        "CREATE TEMP TABLE none (n CHECK (n = 0));"
        "INSERT INTO none SELECT count(*) FROM strict_now;",
        true, NULL);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("store/open");
    TCase *tests = tcase_create("open");

    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_file_that_is_no_database_is_refused_and_kept, 0, 2);
    tcase_add_loop_test(tests, a_database_of_another_program_is_refused_and_kept, 0, 2);
    tcase_add_test(tests, a_database_without_an_application_id_is_refused);
    tcase_add_loop_test(tests, a_newer_schema_is_refused_with_what_to_do, 0, 2);
    tcase_add_test(tests, reading_what_is_not_there_is_absent_and_creates_nothing);
    tcase_add_test(tests, reading_an_empty_file_says_that_nothing_was_recorded);
    tcase_add_loop_test(tests, a_folder_in_the_place_of_the_file_is_refused, 0, 2);
    tcase_add_test(tests, a_missing_folder_is_named);
    tcase_add_test(tests, a_very_long_path_leaves_room_for_the_reason);
    tcase_add_test(tests, a_read_only_file_is_refused_for_writing);
    tcase_add_test(tests, a_read_only_folder_is_refused_for_writing);
    tcase_add_test(tests, a_folder_without_room_for_the_journal_is_refused_for_writing);
    tcase_add_test(tests, a_record_in_a_read_only_folder_can_be_read);
    tcase_add_test(tests, a_record_locked_by_another_is_given_up_after_five_seconds);
    tcase_add_test(tests, a_record_is_in_wal_mode_with_our_ids_and_strict_tables);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
