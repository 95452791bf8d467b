/*
 * The hash chain. A link's hash is SHA-256 over its canonical text: netstrings ("5:hello,") of the
 * previous hash in hex, then of the row's fields and of those of the measurements below it, in the
 * order of the *_FIELDS statements. Integers are decimal, reals the 16 hex digits of IEEE 754
 * binary64 (so that nothing is rounded), NULL is empty. db/README.md has the same for an auditor.
 *
 * What is hashed is what was stored: the fields are read back through the same statements when a
 * link is made and when it is verified.
 */
#include "harness/base/bytes.h"
#include "harness/store/database.h"
#include "harness/store/store.h"

#include <sodium.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *table;
    enum sql fields, count, stray;
} kinds[] = {
    [LINK_RUN] = {"run", SQL_RUN_FIELDS, SQL_RUN_COUNT, SQL_STRAY_RUN},
    [LINK_STEP] = {"step", SQL_STEP_FIELDS, SQL_STEP_COUNT, SQL_STRAY_STEP},
    [LINK_RUN_END] = {"run_end", SQL_RUN_END_FIELDS, SQL_RUN_END_COUNT, SQL_STRAY_RUN_END},
};

enum {
    KIND_COUNT = sizeof kinds / sizeof kinds[0]
};

static void append_netstring(struct buffer *text, const void *data, size_t len)
{
    char head[24];

    (void)snprintf(head, sizeof head, "%zu:", len);
    buffer_append(text, head, strlen(head));
    if (len > 0) {
        buffer_append(text, data, len);
    }
    buffer_append_u8(text, ',');
}

static void append_real(struct buffer *text, double value)
{
    char digits[17];
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    (void)snprintf(digits, sizeof digits, "%016" PRIx64, bits);
    append_netstring(text, digits, 16);
}

static void append_fields(struct buffer *text, sqlite3_stmt *stmt)
{
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        if (sqlite3_column_type(stmt, i) == SQLITE_FLOAT) {
            append_real(text, sqlite3_column_double(stmt, i));
        } else {
            const void *data = sqlite3_column_text(stmt, i); /* integers become decimal here */
            append_netstring(text, data, (size_t)sqlite3_column_bytes(stmt, i));
        }
    }
}

/** Append every row that @p sql finds for @p id; @p row_count (out) tells how many there were. */
static enum status append_rows(struct store *store, enum sql sql, int64_t id, struct buffer *text,
    int64_t *row_count, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row = true;

    *row_count = 0;
    TRY(sql_get(store, sql, &stmt, err));
    sqlite3_bind_int64(stmt, 1, id);
    for (;;) {
        TRY(sql_next(store, stmt, &has_row, err));
        if (!has_row) {
            return STATUS_OK;
        }
        append_fields(text, stmt);
        *row_count += 1;
    }
}

struct link_hash {
    uint8_t bytes[DATABASE_HASH_LEN];
    bool has_row; /* false: the row is gone */
    int64_t measurement_count;
};

static enum status hash_row(struct store *store, enum link_kind kind, int64_t row_id,
    const uint8_t previous[DATABASE_HASH_LEN], struct link_hash *hash, struct error *err)
{
    struct buffer text = {0};
    char hex[2 * DATABASE_HASH_LEN + 1];
    int64_t row_count = 0;

    bytes_to_hex(previous, DATABASE_HASH_LEN, hex);
    append_netstring(&text, hex, strlen(hex));
    enum status status = append_rows(store, kinds[kind].fields, row_id, &text, &row_count, err);
    hash->has_row = row_count > 0;
    hash->measurement_count = 0;
    if (status == STATUS_OK && kind == LINK_STEP) {
        status = append_rows(
            store, SQL_MEASUREMENT_FIELDS, row_id, &text, &hash->measurement_count, err);
    }
    (void)crypto_hash_sha256(hash->bytes, text.data, text.len);
    buffer_finish(&text);
    return status;
}

static enum status read_head(
    struct store *store, uint8_t hash[DATABASE_HASH_LEN], int64_t *link, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row;

    memset(hash, 0, DATABASE_HASH_LEN);
    *link = 0;
    TRY(sql_get(store, SQL_HEAD, &stmt, err));
    TRY(sql_next(store, stmt, &has_row, err));
    if (has_row) {
        *link = sqlite3_column_int64(stmt, 0);
        if (sqlite3_column_bytes(stmt, 1) == DATABASE_HASH_LEN) {
            memcpy(hash, sqlite3_column_blob(stmt, 1), DATABASE_HASH_LEN);
        }
        sqlite3_reset(stmt);
    }
    return STATUS_OK;
}

enum status chain_next(struct store *store, int64_t *link, struct error *err)
{
    uint8_t hash[DATABASE_HASH_LEN];

    TRY(read_head(store, hash, link, err));
    *link += 1;
    return STATUS_OK;
}

enum status chain_append(
    struct store *store, int64_t link, enum link_kind kind, int64_t row_id, struct error *err)
{
    uint8_t previous[DATABASE_HASH_LEN];
    struct link_hash hash;
    int64_t head;
    sqlite3_stmt *stmt;

    TRY(read_head(store, previous, &head, err));
    TRY(hash_row(store, kind, row_id, previous, &hash, err));
    TRY(sql_get(store, SQL_ADD_LINK, &stmt, err));
    sqlite3_bind_int64(stmt, 1, link);
    sqlite3_bind_int(stmt, 2, (int)kind);
    sqlite3_bind_int64(stmt, 3, row_id);
    sqlite3_bind_blob(stmt, 4, hash.bytes, DATABASE_HASH_LEN, SQLITE_STATIC);
    return sql_run(store, stmt, "a link of the chain", err);
}

enum status store_head(struct store *store, char hex[65], int64_t *seq, struct error *err)
{
    uint8_t hash[DATABASE_HASH_LEN];

    TRY(read_head(store, hash, seq, err));
    bytes_to_hex(hash, sizeof hash, hex);
    return STATUS_OK;
}

/* Verifying ----------------------------------------------------------------------------------- */

struct walk {
    int64_t link;
    uint8_t hash[DATABASE_HASH_LEN];
    int64_t seen[KIND_COUNT]; /* rows of each kind */
    int64_t last_id[KIND_COUNT];
    int64_t measurement_count;
    const uint8_t *expected; /* a head from elsewhere; NULL: none */
    bool has_expected;
};

/** Runs and steps are numbered without a gap, so the chain must name them in order. */
static enum status check_order(struct store *store, const struct walk *walk, int64_t link, int kind,
    int64_t row_id, struct error *err)
{
    const char *path = database_path(store);

    if (link != walk->link + 1) {
        return error_set(
            err, STATUS_STORE, "%s: chain link %" PRId64 " is missing", path, walk->link + 1);
    }
    if (kind < 0 || kind >= KIND_COUNT) {
        return error_set(
            err, STATUS_STORE, "%s: chain link %" PRId64 " has kind %d", path, link, kind);
    }
    if (kind != LINK_RUN_END && row_id != walk->last_id[kind] + 1) {
        return error_set(err, STATUS_STORE,
            "%s: chain link %" PRId64 " names %s %" PRId64 ", expected %" PRId64, path, link,
            kinds[kind].table, row_id, walk->last_id[kind] + 1);
    }
    return STATUS_OK;
}

static enum status check_link(
    struct store *store, struct walk *walk, sqlite3_stmt *stmt, struct error *err)
{
    int64_t link = sqlite3_column_int64(stmt, 0);
    int kind = sqlite3_column_int(stmt, 1);
    int64_t row_id = sqlite3_column_int64(stmt, 2);
    struct link_hash hash;

    TRY(check_order(store, walk, link, kind, row_id, err));
    TRY(hash_row(store, (enum link_kind)kind, row_id, walk->hash, &hash, err));
    if (!hash.has_row) {
        return error_set(err, STATUS_STORE,
            "%s: %s %" PRId64 " (chain link %" PRId64 ") is missing: its row was deleted",
            database_path(store), kinds[kind].table, row_id, link);
    }
    if (sqlite3_column_bytes(stmt, 3) != DATABASE_HASH_LEN ||
        memcmp(sqlite3_column_blob(stmt, 3), hash.bytes, DATABASE_HASH_LEN) != 0) {
        return error_set(err, STATUS_STORE,
            "%s: %s %" PRId64 " (chain link %" PRId64
            ") does not match its hash: something in it was changed, added or removed",
            database_path(store), kinds[kind].table, row_id, link);
    }
    walk->link = link;
    walk->seen[kind] += 1;
    walk->last_id[kind] = row_id;
    walk->measurement_count += hash.measurement_count;
    memcpy(walk->hash, hash.bytes, DATABASE_HASH_LEN);
    walk->has_expected =
        walk->has_expected ||
        (walk->expected != NULL && memcmp(walk->expected, hash.bytes, DATABASE_HASH_LEN) == 0);
    return STATUS_OK;
}

static enum status check_links(struct store *store, struct walk *walk, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row;

    TRY(sql_get(store, SQL_WALK, &stmt, err));
    for (;;) {
        TRY(sql_next(store, stmt, &has_row, err));
        if (!has_row) {
            return STATUS_OK;
        }
        enum status status = check_link(store, walk, stmt, err);
        if (status != STATUS_OK) {
            sqlite3_reset(stmt);
            return status;
        }
    }
}

/** Rows that no link speaks of were inserted behind the program's back. */
static enum status check_count(struct store *store, const char *table, enum sql count,
    enum sql stray, int64_t expected, struct error *err)
{
    int64_t found;
    int64_t id;

    TRY(sql_integer(store, count, 0, &found, err));
    if (found == expected) {
        return STATUS_OK;
    }
    TRY(sql_integer(store, stray, 0, &id, err));
    return error_set(err, STATUS_STORE,
        "%s: %s %" PRId64 " was inserted: %" PRId64 " rows, the chain knows %" PRId64,
        database_path(store), table, id, found, expected);
}

static enum status check_strays(struct store *store, const struct walk *walk, struct error *err)
{
    int64_t run_id;

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        TRY(check_count(
            store, kinds[kind].table, kinds[kind].count, kinds[kind].stray, walk->seen[kind], err));
    }
    TRY(check_count(store, "measurement of step", SQL_MEASUREMENT_COUNT, SQL_STRAY_MEASUREMENT,
        walk->measurement_count, err));
    TRY(sql_integer(store, SQL_STRAY_SETTLED, 0, &run_id, err));
    if (run_id != 0) {
        return error_set(err, STATUS_STORE,
            "%s: settled speaks of run %" PRId64 ", which has no end", database_path(store),
            run_id);
    }
    return STATUS_OK;
}

static enum status check_outcomes(struct store *store, struct error *err)
{
    sqlite3_stmt *stmt;
    bool has_row;

    TRY(sql_get(store, SQL_OUTCOMES, &stmt, err));
    for (int i = 0; i <= OUTCOME_SKIPPED; i++) {
        TRY(sql_next(store, stmt, &has_row, err));
        if (!has_row || sqlite3_column_int(stmt, 0) != i ||
            strcmp((const char *)sqlite3_column_text(stmt, 1), outcome_name((enum outcome)i)) !=
                0) {
            sqlite3_reset(stmt);
            return error_set(err, STATUS_STORE, "%s: outcome %d is not %s: it was changed",
                database_path(store), i, outcome_name((enum outcome)i));
        }
    }
    sqlite3_reset(stmt);
    return STATUS_OK;
}

/** One table, index, trigger or view as the migrations make it against the one that is there. */
static enum status check_object(struct store *store, sqlite3_stmt *fresh, struct error *err)
{
    const char *type = (const char *)sqlite3_column_text(fresh, 0);
    const char *name = (const char *)sqlite3_column_text(fresh, 1);
    const char *wanted = (const char *)sqlite3_column_text(fresh, 2);
    sqlite3_stmt *stmt;
    bool has_row;

    TRY(sql_get(store, SQL_SCHEMA_OBJECT, &stmt, err));
    sql_bind_text(stmt, 1, type);
    sql_bind_text(stmt, 2, name);
    TRY(sql_next(store, stmt, &has_row, err));
    const char *found = has_row ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    bool is_same = found != NULL && strcmp(found, wanted) == 0;
    sqlite3_reset(stmt);
    if (!is_same) {
        return error_set(err, STATUS_STORE, "%s: %s %s %s", database_path(store), type, name,
            has_row ? "was changed" : "is missing");
    }
    return STATUS_OK;
}

static enum status check_objects(struct store *store, sqlite3_stmt *fresh, struct error *err)
{
    int64_t trigger_count = 0;
    int64_t found_count;

    while (sqlite3_step(fresh) == SQLITE_ROW) {
        TRY(check_object(store, fresh, err));
        trigger_count += strcmp((const char *)sqlite3_column_text(fresh, 0), "trigger") == 0;
    }
    TRY(sql_integer(store, SQL_TRIGGER_COUNT, 0, &found_count, err));
    if (found_count != trigger_count) {
        return error_set(err, STATUS_STORE,
            "%s: a trigger was added, %" PRId64 " instead of %" PRId64, database_path(store),
            found_count, trigger_count);
    }
    return STATUS_OK;
}

/** The rules that keep the record append-only must stand as the migrations wrote them. */
static enum status check_schema(struct store *store, struct error *err)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *fresh = NULL;
    enum status status;

    if (sqlite3_open(":memory:", &db) == SQLITE_OK && schema_migrate(db, 0) == SQLITE_OK &&
        sqlite3_prepare_v2(db,
            "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'"
            " ORDER BY name",
            -1, &fresh, NULL) == SQLITE_OK) {
        status = check_objects(store, fresh, err);
    } else {
        status = error_set(err, STATUS_STORE, "%s: no memory to compare the schema: %s",
            database_path(store), sqlite3_errmsg(db));
    }
    sqlite3_finalize(fresh);
    sqlite3_close(db);
    return status;
}

static enum status check_all(struct store *store, struct walk *walk, struct error *err)
{
    TRY(check_schema(store, err));
    TRY(check_outcomes(store, err));
    TRY(check_links(store, walk, err));
    return check_strays(store, walk, err);
}

/** All in one read transaction, so that a writer at work does not show as a break. */
static enum status verify(struct store *store, struct walk *walk, struct error *err)
{
    TRY(sql_do(store, SQL_BEGIN_READ, "verifying", err));
    enum status status = check_all(store, walk, err);
    (void)sql_do(store, SQL_ROLLBACK, "verifying", NULL);
    return status;
}

enum status store_verify(struct store *store, int64_t *link_count, struct error *err)
{
    struct walk walk = {0};
    enum status status = verify(store, &walk, err);

    *link_count = walk.link;
    return status;
}

enum status store_verify_against(
    struct store *store, const char *head_hex, int64_t *link_count, struct error *err)
{
    uint8_t expected[DATABASE_HASH_LEN];
    struct walk walk = {.expected = expected};

    *link_count = 0;
    if (strlen(head_hex) != (size_t)2 * DATABASE_HASH_LEN ||
        bytes_from_hex(head_hex, expected, sizeof expected) != sizeof expected) {
        return error_set(
            err, STATUS_FORMAT, "a chain head has 64 hexadecimal digits, got \"%s\"", head_hex);
    }
    TRY(verify(store, &walk, err));
    *link_count = walk.link;
    if (!walk.has_expected) {
        return error_set(err, STATUS_STORE,
            "%s: no link has the head %.16s...: what followed link %" PRId64
            " was cut off, or it is the head of another record",
            database_path(store), head_hex, walk.link);
    }
    return STATUS_OK;
}
