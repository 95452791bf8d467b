/** What the suites of this folder share: a folder to write in, a run like those of a real plan. */
#ifndef EVENKEEL_TESTS_UNIT_STORE_SAMPLE_H
#define EVENKEEL_TESTS_UNIT_STORE_SAMPLE_H

#include "harness/store/store.h"

#include <stddef.h>
#include <stdint.h>

/** A new folder; the caller frees the path after sample_folder_remove(). */
char *sample_folder(void);
void sample_folder_remove(char *folder);
/** "folder/name"; the caller frees it. */
char *sample_path(const char *folder, const char *name);

/** Open or fail the test. */
struct store *sample_open(const char *path, enum store_mode mode);

/** Every field filled, as on a virtual bench with 24 cards. */
struct run_start sample_start(const char *serial);
struct run_end sample_end(enum outcome outcome);

enum sample_kind {
    SAMPLE_PASS,
    SAMPLE_FAIL, /* cell 17 reads 1.4 mV too high from 3.5 V up */
    SAMPLE_ERROR /* the bench loses a card at 3.0 V */
};

/**
 * A whole run: @p step_count steps of @p measurement_count comparisons each, around levels from
 * 1.5 V to 4.5 V, after two steps without measurements when @p has_preparation.
 */
int64_t sample_run(struct store *store, const char *serial, enum sample_kind kind,
    unsigned step_count, unsigned measurement_count, bool has_preparation);

/** One step with two comparisons, so that a suite can add something small. */
enum status sample_small_step(
    struct store *store, int64_t run_id, const char *name, struct error *err);

/** The whole of a file, closed with a zero; the caller frees it. NULL when it is not there. */
char *sample_read_file(const char *path);

/** Run SQL on the file behind the store's back; fails the test when @p must_work and it does not.
 */
int sample_raw_sql(const char *path, const char *sql, bool must_work, char message[256]);

#endif
