#define _POSIX_C_SOURCE 200809L
/*
 * Opening the record: whose file it is, which version, how it is written. Nothing is written into
 * a file before it is known to be ours or empty.
 */
#include "harness/base/mem.h"
#include "harness/store/database.h"
#include "harness/store/store.h"

#include <sodium.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const char migration_0001[];

/* Migration N leads from schema version N - 1 to N. */
static const char *const migrations[] = {migration_0001};

int schema_version(void)
{
    return (int)(sizeof migrations / sizeof migrations[0]);
}

int schema_migrate(sqlite3 *db, int version)
{
    for (int i = version; i < schema_version(); i++) {
        int code = sqlite3_exec(db, migrations[i], NULL, NULL, NULL);
        if (code != SQLITE_OK) {
            return code;
        }
    }
    return SQLITE_OK;
}

static enum status run_text(
    struct store *store, const char *sql, const char *wish, struct error *err)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return database_failed(store, err, wish);
    }
    return STATUS_OK;
}

/* Whose file it is ---------------------------------------------------------------------------- */

struct identity {
    int64_t application_id, version, object_count;
};

static enum status read_integer(
    struct store *store, const char *sql, int64_t *value, struct error *err)
{
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW) {
        enum status status = database_failed(store, err, "reading its version");
        sqlite3_finalize(stmt);
        return status;
    }
    *value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return STATUS_OK;
}

static enum status read_identity(struct store *store, struct identity *identity, struct error *err)
{
    TRY(read_integer(store, "PRAGMA application_id", &identity->application_id, err));
    TRY(read_integer(store, "PRAGMA user_version", &identity->version, err));
    return read_integer(store, "SELECT count(*) FROM sqlite_schema", &identity->object_count, err);
}

static bool is_blank(const struct identity *identity)
{
    return identity->application_id == 0 && identity->version == 0 && identity->object_count == 0;
}

static enum status check_identity(
    struct store *store, const struct identity *identity, struct error *err)
{
    const char *path = database_path(store);

    if (is_blank(identity)) {
        return store->is_writer
                   ? STATUS_OK
                   : error_set(err, STATUS_STORE, "%s: is empty, nothing was recorded yet", path);
    }
    if (identity->application_id != DATABASE_APPLICATION_ID) {
        return error_set(err, STATUS_STORE,
            "%s: is a database of another program (application id %lld, a record has %d)", path,
            (long long)identity->application_id, DATABASE_APPLICATION_ID);
    }
    if (identity->version > schema_version()) {
        return error_set(err, STATUS_STORE,
            "%s: has schema version %lld, this program knows up to %d: use a newer keel", path,
            (long long)identity->version, schema_version());
    }
    if (identity->version < schema_version() && !store->is_writer) {
        return error_set(err, STATUS_STORE,
            "%s: has schema version %lld, this program reads %d: start a run once to migrate it",
            path, (long long)identity->version, schema_version());
    }
    return STATUS_OK;
}

/* Opening ------------------------------------------------------------------------------------- */

/** A file URI that says that nobody writes: for records on a medium that is read-only. */
static char *immutable_uri(const char *path)
{
    char *uri = mem_alloc(3 * strlen(path) + 32, 1);
    char *at = uri + sprintf(uri, "file:");

    for (; *path != '\0'; path++) {
        bool is_special = *path == '%' || *path == '?' || *path == '#';
        at += sprintf(at, is_special ? "%%%02X" : "%c", (unsigned char)*path);
    }
    (void)sprintf(at, "?immutable=1");
    return uri;
}

static void set_limits(sqlite3 *db)
{
    (void)sqlite3_busy_timeout(db, DATABASE_BUSY_MS);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

static bool exists_beside(const struct store *store, const char *suffix)
{
    char *path = mem_printf("%s%s", store->path, suffix);
    bool exists = access(path, F_OK) == 0;

    free(path);
    return exists;
}

/** SQLite wants to write a -shm even to read; where it cannot and no writer left a -wal, do
 * without. */
static enum status reopen_immutable(struct store *store, struct error *err)
{
    if (exists_beside(store, "-wal")) {
        return database_failed(store, err, "reading");
    }
    char *uri = immutable_uri(store->path);
    sqlite3_close(store->db);
    int code = sqlite3_open_v2(uri, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    free(uri);
    set_limits(store->db);
    return code == SQLITE_OK ? STATUS_OK : database_failed(store, err, "reading");
}

static enum status open_reader(struct store *store, struct error *err)
{
    if (access(store->path, F_OK) != 0) {
        return error_set(err, STATUS_ABSENT, "%s: %s", database_path(store), strerror(errno));
    }
    if (sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        return database_failed(store, err, "reading");
    }
    set_limits(store->db);
    int code = sqlite3_exec(store->db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL) & 0xff;
    if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) {
        return reopen_immutable(store, err);
    }
    return STATUS_OK;
}

static enum status open_writer(struct store *store, struct error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

    if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK) {
        return database_failed(store, err, "opening for writing");
    }
    set_limits(store->db);
    if (sqlite3_db_readonly(store->db, "main") == 1) {
        return error_set(err, STATUS_STORE,
            "%s: the file is read-only, asked to write the record of a run", database_path(store));
    }
    return STATUS_OK;
}

/* Writing ------------------------------------------------------------------------------------- */

static enum status migrate(struct store *store, void *ctx, struct error *err)
{
    struct identity identity;

    (void)ctx;
    TRY(read_identity(store, &identity, err)); /* another process may have been faster */
    TRY(check_identity(store, &identity, err));
    if (schema_migrate(store->db, (int)identity.version) != SQLITE_OK) {
        return database_failed(store, err, "the new schema");
    }
    return STATUS_OK;
}

/** Changing to WAL does not wait for others by itself. */
static enum status set_wal(struct store *store, struct error *err)
{
    enum {
        PAUSE_MS = 50
    };

    for (int waited_ms = 0;; waited_ms += PAUSE_MS) {
        int code = sqlite3_exec(store->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if (code == SQLITE_OK) {
            return STATUS_OK;
        }
        if (code != SQLITE_BUSY || waited_ms >= DATABASE_BUSY_MS) {
            return database_failed(store, err, "opening for writing");
        }
        (void)sqlite3_sleep(PAUSE_MS);
    }
}

static enum status prepare_writer(struct store *store, struct error *err)
{
    TRY(set_wal(store, err));
    TRY(run_text(
        store, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", "opening for writing", err));
    TRY(database_write(store, migrate, NULL, "the schema", err));
    TRY(running_open(store, err));
    return database_write(store, record_mark_interrupted, NULL, "the end of a dead run", err);
}

static enum status open_store(struct store *store, struct error *err)
{
    struct identity identity;

    TRY(store->is_writer ? open_writer(store, err) : open_reader(store, err));
    TRY(read_identity(store, &identity, err));
    TRY(check_identity(store, &identity, err));
    return store->is_writer ? prepare_writer(store, err) : STATUS_OK;
}

enum status store_open(
    const char *path, enum store_mode mode, struct store **store, struct error *err)
{
    struct store *opened = mem_alloc(1, sizeof *opened);

    *store = NULL;
    opened->path = mem_text(path);
    opened->lock_fd = -1;
    opened->is_writer = mode == STORE_WRITE;
    enum status status = sodium_init() < 0
                             ? error_set(err, STATUS_STORE, "libsodium cannot be used here")
                             : open_store(opened, err);
    if (status != STATUS_OK) {
        store_close(opened);
        return status;
    }
    *store = opened;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    for (int i = 0; i < SQL_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
    }
    sqlite3_close(store->db);
    running_close(store);
    free(store->path);
    free(store);
}

size_t store_interrupted_count(const struct store *store)
{
    return store->interrupted_count;
}
