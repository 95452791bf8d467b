#define _POSIX_C_SOURCE 200809L
#include "harness/store/database.h"

#include "harness/base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const sql_texts[SQL_COUNT] = {
#define X(name, text) [SQL_##name] = (text),
    SQL_LIST(X)
#undef X
};

const char *database_path(const struct store *store)
{
    enum {
        TAIL_LEN = 110
    };

    size_t len = strlen(store->path);

    return len > TAIL_LEN ? store->path + len - TAIL_LEN : store->path;
}

/** Why a file cannot be made here; SQLite's own errno is that of its last attempt, which misleads.
 */
static const char *open_fault(const struct store *store)
{
    int cause = sqlite3_system_errno(store->db);
    const char *slash = strrchr(store->path, '/');
    char *folder = slash == NULL ? mem_text(".")
                   : slash == store->path
                       ? mem_text("/")
                       : mem_printf("%.*s", (int)(slash - store->path), store->path);

    if (access(folder, W_OK) != 0) {
        cause = errno;
    }
    free(folder);
    return cause != 0 ? strerror(cause) : "not a file that can be used here";
}

enum status database_failed(struct store *store, struct error *err, const char *wish)
{
    const char *path = database_path(store);
    int code = sqlite3_extended_errcode(store->db);
    int cause = sqlite3_system_errno(store->db);

    switch (code & 0xff) {
    case SQLITE_FULL:
        return error_set(err, STATUS_STORE, "%s: the disk is full, %s was not kept", path, wish);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(err, STATUS_STORE,
            "%s: another process has kept the record locked for %d s, %s gave up", path,
            DATABASE_BUSY_MS / 1000, wish);
    case SQLITE_READONLY:
        return error_set(err, STATUS_STORE,
            "%s: the file or its folder is read-only, %s was not kept", path, wish);
    case SQLITE_NOTADB:
        return error_set(err, STATUS_STORE, "%s: is not a database", path);
    case SQLITE_CORRUPT:
        return error_set(err, STATUS_STORE, "%s: the file is damaged (%s), %s failed", path,
            sqlite3_errmsg(store->db), wish);
    case SQLITE_CANTOPEN:
        return error_set(err, STATUS_STORE, "%s: cannot be opened: %s", path, open_fault(store));
    default:
        return error_set(err, STATUS_STORE, "%s: %s failed: %s%s%s", path, wish,
            sqlite3_errmsg(store->db), cause != 0 ? ": " : "", cause != 0 ? strerror(cause) : "");
    }
}

enum status sql_get(struct store *store, enum sql sql, sqlite3_stmt **stmt, struct error *err)
{
    sqlite3_stmt **slot = &store->statements[sql];

    if (*slot == NULL && sqlite3_prepare_v3(store->db, sql_texts[sql], -1,
                             SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK) {
        return database_failed(store, err, "preparing a statement");
    }
    sqlite3_reset(*slot);
    sqlite3_clear_bindings(*slot);
    *stmt = *slot;
    return STATUS_OK;
}

enum status sql_next(struct store *store, sqlite3_stmt *stmt, bool *has_row, struct error *err)
{
    int code = sqlite3_step(stmt);
    enum status status = STATUS_OK;

    *has_row = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        status = database_failed(store, err, "reading");
    }
    if (code != SQLITE_ROW) {
        sqlite3_reset(stmt);
    }
    return status;
}

enum status sql_run(struct store *store, sqlite3_stmt *stmt, const char *wish, struct error *err)
{
    enum status status = STATUS_OK;

    if (sqlite3_step(stmt) != SQLITE_DONE) {
        status = database_failed(store, err, wish);
    }
    sqlite3_reset(stmt);
    return status;
}

enum status sql_do(struct store *store, enum sql sql, const char *wish, struct error *err)
{
    sqlite3_stmt *stmt;

    TRY(sql_get(store, sql, &stmt, err));
    return sql_run(store, stmt, wish, err);
}

enum status sql_integer(
    struct store *store, enum sql sql, int64_t argument, int64_t *value, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row;

    TRY(sql_get(store, sql, &stmt, err));
    if (sqlite3_bind_parameter_count(stmt) > 0) {
        sqlite3_bind_int64(stmt, 1, argument);
    }
    TRY(sql_next(store, stmt, &has_row, err));
    *value = has_row ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return STATUS_OK;
}

void sql_bind_text(sqlite3_stmt *stmt, int no, const char *text)
{
    sqlite3_bind_text(stmt, no, text != NULL ? text : "", -1, SQLITE_STATIC);
}

/** Undo what is still open; SQLite itself undoes when the disk is full. The first error stays. */
static void roll_back(struct store *store)
{
    if (sqlite3_get_autocommit(store->db) == 0) {
        (void)sql_do(store, SQL_ROLLBACK, "undoing", NULL);
    }
}

enum status database_write(
    struct store *store, database_work_fn work, void *ctx, const char *wish, struct error *err)
{
    if (!store->is_writer) {
        return error_set(err, STATUS_STORE, "%s: opened for reading, asked to write %s",
            database_path(store), wish);
    }
    TRY(sql_do(store, SQL_BEGIN, wish, err));
    enum status status = work(store, ctx, err);
    if (status == STATUS_OK) {
        status = sql_do(store, SQL_COMMIT, wish, err);
    }
    if (status != STATUS_OK) {
        roll_back(store);
    }
    return status;
}
