#include "harness/cli/arguments.h"

#include "harness/base/mem.h"
#include "harness/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_DB = 1000
};

static error_t take_plan(int key, char *text, struct argp_state *state)
{
    const char **plan = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (*plan != NULL) {
            argp_error(state, "one plan at a time, not also \"%s\"", text);
        }
        *plan = text;
        return 0;
    case ARGP_KEY_END:
        if (*plan == NULL) {
            argp_error(state, "which plan? for example eol/ek-24s4eb");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp arguments_plan = {NULL, take_plan, NULL, NULL, NULL, NULL, NULL};

static const struct argp_option database_options[] = {
    {"db", KEY_DB, "FILE", 0, "database (default: the virtual runs')", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

/* SQLite takes both for a database of its own that is gone at the end. */
void arguments_take_database(const char **path, char *text, struct argp_state *state)
{
    if (text[0] == '\0' || strcmp(text, ":memory:") == 0) {
        argp_error(state, "--db wants a file, not \"%s\": the record must stay", text);
    }
    *path = text;
}

static error_t take_database(int key, char *text, struct argp_state *state)
{
    if (key != KEY_DB) {
        return ARGP_ERR_UNKNOWN;
    }
    arguments_take_database(state->input, text, state);
    return 0;
}

const struct argp arguments_database = {
    database_options, take_database, NULL, NULL, NULL, NULL, NULL};

static const struct argp_option run_options[] = {
    {"serial", 's', "SERIAL", 0, "the newest run of this unit", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t take_run(int key, char *text, struct argp_state *state)
{
    struct which_run *which = state->input;
    char *end;

    switch (key) {
    case 's':
        which->serial = text;
        return 0;
    case ARGP_KEY_ARG:
        if (which->run_id != 0) {
            argp_error(state, "one run at a time, not also \"%s\"", text);
        }
        errno = 0;
        which->run_id = strtoll(text, &end, 10);
        if (errno != 0 || *end != '\0' || which->run_id <= 0) {
            argp_error(state, "a run is a number, not \"%s\"", text);
        }
        return 0;
    case ARGP_KEY_END:
        if (which->run_id != 0 && which->serial != NULL) {
            argp_error(state, "a run by its number, or the newest of a serial: not both");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp arguments_run = {run_options, take_run, NULL, NULL, NULL, NULL, NULL};

int arguments_read_record(const char *command, const char *database, record_work_fn work, void *ctx)
{
    struct store *store = NULL;
    struct error err;
    int exit_code = CLI_OK;

    char *path = database != NULL ? mem_text(database) : cli_database_path(true);
    enum status status = store_open(path, STORE_READ, &store, &err);
    if (status == STATUS_OK) {
        status = work(ctx, store, path, &err);
    }
    if (status != STATUS_OK) {
        exit_code = cli_fail(command, &err);
    }
    store_close(store);
    free(path);
    return exit_code;
}
