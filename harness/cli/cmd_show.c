#include "harness/cli/arguments.h"
#include "harness/cli/cli.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

static const char command[] = "show";

struct show_arguments {
    const char *database;
    struct which_run which;
    bool is_json;
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "everything, as JSON with 17 significant digits", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t take_option(int key, char *text, struct argp_state *state)
{
    struct show_arguments *arguments = state->input;

    (void)text;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = (void *)&arguments->database;
        state->child_inputs[1] = &arguments->which;
        return 0;
    case 'j':
        arguments->is_json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {
    {&arguments_database, 0, NULL, 0}, {&arguments_run, 0, NULL, 0}, {NULL, 0, NULL, 0}};

static const struct argp argp = {options, take_option, "[RUN]",
    "Show a run of the record: RUN by number, or the newest one.", children, NULL, NULL};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static void print_step(size_t no, const json_t *step)
{
    double start_ns = json_number_value(json_object_get(step, "start_ns"));
    double end_ns = json_number_value(json_object_get(step, "end_ns"));
    size_t count = json_array_size(json_object_get(step, "measurements"));

    (void)printf("  [%2zu] %-11s %-40s %8.3f s  %3zu measured\n", no, text_of(step, "outcome"),
        text_of(step, "name"), (end_ns - start_ns) * 1e-9, count);
    if (text_of(step, "message")[0] != '\0') {
        (void)printf("         %s\n", text_of(step, "message"));
    }
}

static void print_run(const json_t *run)
{
    const json_t *steps = json_object_get(run, "steps");

    (void)printf("run %lld  %s  unit %s  plan %s revision %s  bench %s\n",
        (long long)json_integer_value(json_object_get(run, "run_id")), text_of(run, "outcome"),
        text_of(run, "serial"), text_of(run, "plan_id"), text_of(run, "plan_revision"),
        text_of(run, "bench"));
    (void)printf("started %s  station %s  operator %s  keel %s\n", text_of(run, "started_utc"),
        text_of(run, "station"), text_of(run, "operator"), text_of(run, "program_version"));
    if (text_of(run, "fault")[0] != '\0') {
        (void)printf("injected fault: %s\n", text_of(run, "fault"));
    }
    for (size_t i = 0; i < json_array_size(steps); i++) {
        print_step(i + 1, json_array_get(steps, i));
    }
    if (text_of(run, "message")[0] != '\0') {
        (void)printf("%s at \"%s\": %s\n", text_of(run, "outcome"), text_of(run, "failed_step"),
            text_of(run, "message"));
    }
}

static enum status show(void *ctx, struct store *store, const char *database, struct error *err)
{
    const struct show_arguments *arguments = ctx;
    char *text;

    (void)database;
    TRY(store_run_json(store, arguments->which.run_id, arguments->which.serial, &text, err));
    if (arguments->is_json) {
        (void)puts(text);
    } else {
        json_t *run = json_loads(text, 0, NULL);
        print_run(run);
        json_decref(run);
    }
    free(text);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        return error_set(err, STATUS_IO, "standard output cannot be written");
    }
    return STATUS_OK;
}

int cli_show(int argc, char **argv)
{
    struct show_arguments arguments = {0};

    int exit_code = cli_parse(&argp, command, argc, argv, &arguments);
    if (exit_code != CLI_OK) {
        return exit_code;
    }
    return arguments_read_record(command, arguments.database, show, &arguments);
}
