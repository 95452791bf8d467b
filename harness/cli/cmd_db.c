#include "harness/cli/arguments.h"
#include "harness/cli/cli.h"

#include <string.h>

static const char command[] = "db";

struct db_arguments {
    const char *action, *database, *head;
};

enum {
    KEY_HEAD = 256
};

static const struct argp_option options[] = {
    {"head", KEY_HEAD, "HEX", 0,
        "verify: the head that a report printed must be a link of the chain: shows a cut tail", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t take_option(int key, char *text, struct argp_state *state)
{
    struct db_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = (void *)&arguments->database;
        return 0;
    case KEY_HEAD:
        arguments->head = text;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->action != NULL) {
            argp_error(state, "one thing at a time, not also \"%s\"", text);
        }
        arguments->action = text;
        return 0;
    case ARGP_KEY_END:
        if (arguments->action == NULL) {
            argp_error(state, "info or verify?");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&arguments_database, 0, NULL, 0}, {NULL, 0, NULL, 0}};

static const struct argp argp = {options, take_option, "info|verify",
    "info: where the record is, how long its chain is and its head.\n"
    "verify: walk the chain; exit code 2 names the first link that does not fit.",
    children, NULL, NULL};

static enum status do_action(
    void *ctx, struct store *store, const char *database, struct error *err)
{
    const struct db_arguments *arguments = ctx;
    char head[65];
    int64_t link_count;

    TRY(store_head(store, head, &link_count, err));
    if (strcmp(arguments->action, "info") == 0) {
        (void)printf(
            "database: %s\nchain: %lld links\nhead: %s\n", database, (long long)link_count, head);
        return STATUS_OK;
    }
    if (strcmp(arguments->action, "verify") == 0) {
        TRY(arguments->head != NULL ? store_verify_against(store, arguments->head, &link_count, err)
                                    : store_verify(store, &link_count, err));
        (void)printf("%s: %lld links, all fit\nhead: %s\n", database, (long long)link_count, head);
        return STATUS_OK;
    }
    return error_set(err, STATUS_USAGE, "there is no \"%s\": info or verify", arguments->action);
}

int cli_db(int argc, char **argv)
{
    struct db_arguments arguments = {0};

    int exit_code = cli_parse(&argp, command, argc, argv, &arguments);
    if (exit_code != CLI_OK) {
        return exit_code;
    }
    return arguments_read_record(command, arguments.database, do_action, &arguments);
}
