/**
 * The record: one SQLite file, append-only and hash-chained from schema v1 on.
 *
 *     run 1 -- n step 1 -- n measurement          run 1 -- 0..1 run_end
 *
 * A run without a run_end was interrupted; the next store_open() for writing gives it one
 * (outcome INTERRUPTED). Each run row, step (with its measurements) and run_end is one link of the
 * chain: hash = SHA-256(previous hash, canonical bytes of the row and what hangs from it). Triggers
 * refuse update, delete and replace. A step is one transaction and is on the disk
 * (synchronous=FULL) when store_add_step() returns.
 *
 * The only user of sqlite3.h. One thread owns a store. Schema: db/schema.sql.
 */
#ifndef EVENKEEL_HARNESS_STORE_STORE_H
#define EVENKEEL_HARNESS_STORE_STORE_H

#include "harness/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum outcome {
    OUTCOME_PASS,
    OUTCOME_FAIL,        /* the unit */
    OUTCOME_ERROR,       /* the bench, or the plan */
    OUTCOME_ABORTED,     /* a person */
    OUTCOME_INTERRUPTED, /* the process died */
    OUTCOME_SKIPPED      /* steps only: not run, because of what came before or by request */
};

const char *outcome_name(enum outcome outcome);

enum store_mode {
    STORE_READ,
    STORE_WRITE /* creates and migrates; marks interrupted runs */
};

/**
 * @retval STATUS_STORE newer schema, not a database of ours, read-only, disk full, locked: one line
 * @retval STATUS_ABSENT STORE_READ of a file that is not there
 */
enum status store_open(
    const char *path, enum store_mode mode, struct store **store, struct error *err);
/** NULL is allowed. */
void store_close(struct store *store);
/** Runs that this store_open() found without an end and marked INTERRUPTED. */
size_t store_interrupted_count(const struct store *store);

/** What is known when a run starts. All texts are kept by the row; NULL is stored as "". */
struct run_start {
    const char *serial;
    const char *plan_id, *plan_revision, *plan_kind;
    const char *product;
    const char *station, *operator_name;
    const char *bench; /* "virtual" or the fixture's name: stamped on every row's run */
    bool is_virtual;
    uint64_t seed;       /* of the virtual unit and fixture, up to INT64_MAX; 0 on steel */
    const char *fault;   /* injected faults, space-separated; "" for none */
    const char *without; /* steps left out by request, line feed between; "" for none */
    const char *plan_sha256, *limits_sha256, *image_sha256; /* hex */
    const char *program_version;
    const char *cards_json;  /* cell cards: slot, EUI-48, calibration id and date, u_v */
    int64_t started_unix_ms; /* wall clock, UTC */
};

struct measurement {
    const char *name;
    double value;
    double raw;       /* the reading it was computed from (code, or the unit's own value) */
    double reference; /* of a comparison: what was true; NAN for a plain measurement */
    bool is_pass;
};

/** Limits and unit are those of the whole step: measurements of one step with one spec share it. */
struct measurement_group {
    const char *unit;   /* "V", "" */
    const char *rule;   /* "simple" */
    double low, high;   /* specification limits; -INFINITY, INFINITY when open */
    bool is_comparison; /* value is the deviation shown - truth */
    const struct measurement *measurements;
    size_t measurement_count;
};

struct step_record {
    const char *group, *name;
    const char *claims; /* "EK-03 EK-25" */
    unsigned attempt;   /* from 1 */
    enum outcome outcome;
    const char *message;       /* why, when not PASS; "" */
    uint64_t start_ns, end_ns; /* bench time */
    const struct measurement_group *groups;
    size_t group_count;
};

struct run_end {
    enum outcome outcome;
    const char *message;
    const char *failed_step; /* the first that did not pass; "" */
    uint64_t bench_ns;       /* bench time of the whole run */
    int64_t ended_unix_ms;
    const char *unit_id; /* MCU unique id in hex; "" when never read */
};

/** Append; on success durable. @param run_id (out) */
enum status store_begin_run(
    struct store *store, const struct run_start *start, int64_t *run_id, struct error *err);
enum status store_add_step(
    struct store *store, int64_t run_id, const struct step_record *step, struct error *err);
enum status store_end_run(
    struct store *store, int64_t run_id, const struct run_end *end, struct error *err);

/** Head of the chain: hex of the last link (65 bytes with the zero), its number. */
enum status store_head(struct store *store, char hex[65], int64_t *seq, struct error *err);

/** Walk the chain. @retval STATUS_STORE the first broken link, named by table and id */
enum status store_verify(struct store *store, int64_t *link_count, struct error *err);

/**
 * As store_verify(), and the chain must hold a link with this hash: a head that was printed on a
 * report. A record whose tail was cut off after that report is found this way, and only this way.
 *
 * @retval STATUS_FORMAT @p head_hex is not 64 hexadecimal digits
 * @retval STATUS_STORE  a broken link, or no link has this hash
 */
enum status store_verify_against(
    struct store *store, const char *head_hex, int64_t *link_count, struct error *err);

/**
 * The run as JSON (jansson's dump, sorted keys, 17 digits), for `show --json`, reports and tests.
 * Times of day are under keys ending in _utc; numbers that are not finite are null; a run without
 * an end is RUNNING while its process lives, then INTERRUPTED. "chain" has the links of this run
 * and the hash of the last one, "head", with its number, "head_link".
 *
 * @param run_id 0: the newest run (of @p serial when not NULL)
 * @param json (out) the caller frees
 * @retval STATUS_ABSENT no such run
 */
enum status store_run_json(
    struct store *store, int64_t run_id, const char *serial, char **json, struct error *err);

#endif
