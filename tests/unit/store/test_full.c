/*
 * The disk is full at write N, for N = 1, 2, 3 ... until a whole run passes: every call that
 * succeeded is in the record afterwards, nothing else is, and the chain is whole.
 *
 * A VFS of our own stands before SQLite's and counts the writes to all files.
 */
#include "harness/base/mem.h"
#include "tests/support.h"
#include "tests/unit/store/sample.h"

#include <jansson.h>
#include <sqlite3.h>

#include <limits.h>
#include <string.h>

/* The full disk ------------------------------------------------------------------------------- */

struct disk {
    int write_count;
    int full_from, full_to; /* writes that find the disk full, counted from 1 */
};

static struct disk disk;

struct full_file {
    sqlite3_file base;
    sqlite3_file *real; /* lies behind this struct */
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct full_file *)(void *)file)->real;
}

static int full_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int full_read(sqlite3_file *file, void *data, int len, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), data, len, at);
}

static int full_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
    disk.write_count += 1;
    if (disk.write_count >= disk.full_from && disk.write_count <= disk.full_to) {
        return SQLITE_FULL;
    }
    return real_of(file)->pMethods->xWrite(real_of(file), data, len, at);
}

static int full_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int full_sync(sqlite3_file *file, int flags)
{
    (void)file; /* nothing here loses power; a real sync would only take its time */
    (void)flags;
    return SQLITE_OK;
}

static int full_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int full_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int full_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int full_check_lock(sqlite3_file *file, int *is_reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), is_reserved);
}

static int full_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int full_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int full_traits(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int full_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **at)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, at);
}

static int full_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void full_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int full_shm_unmap(sqlite3_file *file, int delete_too)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), delete_too);
}

static const sqlite3_io_methods full_methods = {
    .iVersion = 2,
    .xClose = full_close,
    .xRead = full_read,
    .xWrite = full_write,
    .xTruncate = full_truncate,
    .xSync = full_sync,
    .xFileSize = full_size,
    .xLock = full_lock,
    .xUnlock = full_unlock,
    .xCheckReservedLock = full_check_lock,
    .xFileControl = full_control,
    .xSectorSize = full_sector,
    .xDeviceCharacteristics = full_traits,
    .xShmMap = full_shm_map,
    .xShmLock = full_shm_lock,
    .xShmBarrier = full_shm_barrier,
    .xShmUnmap = full_shm_unmap,
};

static int full_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    sqlite3_vfs *real_vfs = vfs->pAppData;
    struct full_file *own = (struct full_file *)(void *)file;

    own->real = (sqlite3_file *)(void *)(own + 1);
    int code = real_vfs->xOpen(real_vfs, name, own->real, flags, out_flags);
    own->base.pMethods = own->real->pMethods != NULL ? &full_methods : NULL;
    return code;
}

/** A copy of the default VFS, whose other calls do not look at the VFS they are given. */
static void make_disk_full_able(sqlite3_vfs *vfs)
{
    sqlite3_vfs *real_vfs = sqlite3_vfs_find(NULL);

    *vfs = *real_vfs;
    vfs->pNext = NULL;
    vfs->zName = "full";
    vfs->pAppData = real_vfs;
    vfs->szOsFile = (int)sizeof(struct full_file) + real_vfs->szOsFile;
    vfs->xOpen = full_open;
    ck_assert_int_eq(sqlite3_vfs_register(vfs, 1), SQLITE_OK);
}

/* One attempt --------------------------------------------------------------------------------- */

enum {
    STEP_COUNT = 3
};

struct progress {
    bool has_opened, has_begun, has_ended;
    unsigned step_count;
};

static enum status attempt(const char *path, struct progress *progress, struct error *err)
{
    struct store *store;
    struct run_start start = sample_start("EK");
    struct run_end end = sample_end(OUTCOME_FAIL);
    int64_t run_id = 0;

    TRY(store_open(path, STORE_WRITE, &store, err));
    progress->has_opened = true;
    enum status status = store_begin_run(store, &start, &run_id, err);
    progress->has_begun = status == STATUS_OK;
    while (status == STATUS_OK && progress->step_count < STEP_COUNT) {
        status = sample_small_step(store, run_id, "cells around 3.650 V", err);
        progress->step_count += status == STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = store_end_run(store, run_id, &end, err);
        progress->has_ended = status == STATUS_OK;
    }
    store_close(store);
    return status;
}

static void check_record(const char *path, const struct progress *progress)
{
    struct error err = {0};
    struct store *store = sample_open(path, STORE_WRITE);
    int64_t link_count = -1;
    char *text = NULL;

    ck_assert_msg(store_verify(store, &link_count, &err) == STATUS_OK, "%s", err.text);
    ck_assert_int_eq(link_count, progress->has_begun ? 2 + (int)progress->step_count : 0);
    ck_assert_uint_eq(
        store_interrupted_count(store), progress->has_begun && !progress->has_ended ? 1 : 0);
    enum status status = store_run_json(store, 0, NULL, &text, &err);
    ck_assert_int_eq(status, progress->has_begun ? STATUS_OK : STATUS_ABSENT);
    if (progress->has_begun) {
        json_t *run = json_loads(text, 0, NULL);
        ck_assert_uint_eq(json_array_size(json_object_get(run, "steps")), progress->step_count);
        ck_assert_str_eq(json_string_value(json_object_get(run, "outcome")),
            progress->has_ended ? "FAIL" : "INTERRUPTED");
        json_decref(run);
    }
    free(text);
    store_close(store);
}

/** @p last: the last write that finds the disk full, N for a disk that is freed again at once. */
static enum status fill_disk_at(int first, int last, const char *folder)
{
    char *name = mem_printf("full-%d.db", first);
    char *path = sample_path(folder, name);
    struct progress progress = {0};
    struct error err = {0};

    disk = (struct disk){.full_from = first, .full_to = last};
    enum status status = attempt(path, &progress, &err);
    disk.full_from = INT_MAX;
    if (status != STATUS_OK) {
        ck_assert_int_eq(status, STATUS_STORE);
        ck_assert_msg(
            strstr(err.text, "the disk is full") != NULL, "write %d: %s", first, err.text);
        ck_assert_ptr_nonnull(strstr(err.text, name));
    }
    check_record(path, &progress);
    free(path);
    free(name);
    return status;
}

START_TEST(a_full_disk_at_any_write_leaves_what_was_promised_and_nothing_else)
{
    sqlite3_vfs vfs;
    char *folder = sample_folder();
    int failed_count = 0;
    int first = 1;

    make_disk_full_able(&vfs);
    for (;; first++) {
        enum status status = fill_disk_at(first, _i == 0 ? first : INT_MAX - 1, folder);
        failed_count += status != STATUS_OK;
        if (disk.write_count < first) {
            break; /* a whole run needs fewer writes: each of them has failed once */
        }
    }
    ck_assert_int_gt(failed_count, 30);
    sqlite3_vfs_unregister(&vfs);
    sample_folder_remove(folder);
    free(folder);
}

END_TEST

START_TEST(a_step_can_be_given_again_when_there_is_room_again)
{
    sqlite3_vfs vfs;
    char *folder = sample_folder();
    char *path = sample_path(folder, "line.db");
    struct error err = {0};
    struct run_start start = sample_start("EK");
    int64_t run_id = 0;
    int64_t link_count = 0;

    make_disk_full_able(&vfs);
    disk = (struct disk){.full_from = INT_MAX};
    struct store *store = sample_open(path, STORE_WRITE);
    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_OK);
    disk = (struct disk){.full_from = 1, .full_to = INT_MAX};
    ck_assert_int_eq(sample_small_step(store, run_id, "first", &err), STATUS_STORE);
    ck_assert_msg(
        strstr(err.text, "the disk is full, step \"first\" of run 1 was not kept") != NULL, "%s",
        err.text);
    disk = (struct disk){.full_from = INT_MAX};
    ck_assert_int_eq(sample_small_step(store, run_id, "first", &err), STATUS_OK);
    ck_assert_msg(store_verify(store, &link_count, &err) == STATUS_OK, "%s", err.text);
    ck_assert_int_eq(link_count, 2);
    store_close(store);
    sqlite3_vfs_unregister(&vfs);
    sample_folder_remove(folder);
    free(path);
    free(folder);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("store/full");
    TCase *tests = tcase_create("full");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(
        tests, a_full_disk_at_any_write_leaves_what_was_promised_and_nothing_else, 0, 2);
    tcase_add_test(tests, a_step_can_be_given_again_when_there_is_room_again);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
