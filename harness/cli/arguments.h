/**
 * Arguments that several subcommands share, as argp children: the parent puts its own struct's
 * member into state->child_inputs[] at ARGP_KEY_INIT.
 */
#ifndef EVENKEEL_HARNESS_CLI_ARGUMENTS_H
#define EVENKEEL_HARNESS_CLI_ARGUMENTS_H

#include "harness/store/store.h"

#include <argp.h>

/** PLAN, exactly one. Input: const char *. */
extern const struct argp arguments_plan;

/** --db FILE. Input: const char *, NULL when not given. */
extern const struct argp arguments_database;
/** Put the @p text of --db into @p path; what is no file ends in a usage error. */
void arguments_take_database(const char **path, char *text, struct argp_state *state);

/** Which run: RUN by number, --serial, or the newest. Input: struct which_run. */
extern const struct argp arguments_run;

struct which_run {
    int64_t run_id; /* 0: the newest */
    const char *serial;
};

typedef enum status (*record_work_fn)(
    void *ctx, struct store *store, const char *database, struct error *err);

/**
 * Open the record for reading (NULL: the virtual runs'), work on it, close it.
 * @return the command's exit code; an error has been printed
 */
int arguments_read_record(
    const char *command, const char *database, record_work_fn work, void *ctx);

#endif
