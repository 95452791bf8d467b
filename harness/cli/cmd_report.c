#define _POSIX_C_SOURCE 200809L
#include "harness/base/mem.h"
#include "harness/cli/arguments.h"
#include "harness/cli/cli.h"
#include "reports/unit_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char command[] = "report";

struct report_arguments {
    const char *database, *output;
    struct which_run which;
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "where the page goes (default: report.html, or report-RUN.html)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t take_option(int key, char *text, struct argp_state *state)
{
    struct report_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = (void *)&arguments->database;
        state->child_inputs[1] = &arguments->which;
        return 0;
    case 'o':
        arguments->output = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {
    {&arguments_database, 0, NULL, 0}, {&arguments_run, 0, NULL, 0}, {NULL, 0, NULL, 0}};

static const struct argp argp = {options, take_option, "[RUN]",
    "Make the report of a run, RUN by number or the newest one: one HTML page with nothing outside "
    "it, good on the screen and on A4 paper.",
    children, NULL, NULL};

/* A pipe or a device is written as it is: moving a file into its place would replace it. */
static bool is_no_file(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

/* Written beside and moved into place: a page that is there is whole. */
static enum status write_page(const char *path, const char *html, struct error *err)
{
    char *beside = is_no_file(path) ? mem_text(path) : mem_printf("%s.part", path);
    bool is_beside = strcmp(beside, path) != 0;
    FILE *file = fopen(beside, "w");
    enum status status = STATUS_OK;

    if (file == NULL) {
        status = error_set(err, STATUS_IO, "%s: %s", beside, strerror(errno));
        free(beside);
        return status;
    }
    bool is_written = fputs(html, file) >= 0;
    is_written = fclose(file) == 0 && is_written;
    if (!is_written || (is_beside && rename(beside, path) != 0)) {
        status = error_set(err, STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
        if (is_beside) {
            (void)remove(beside);
        }
    }
    free(beside);
    return status;
}

static enum status make_report(
    void *ctx, struct store *store, const char *database, struct error *err)
{
    const struct report_arguments *arguments = ctx;
    char *json = NULL;
    char *html = NULL;
    int64_t run_id = arguments->which.run_id;

    (void)database;
    TRY(store_run_json(store, run_id, arguments->which.serial, &json, err));
    enum status status = report_render_html(json, &html, err);
    if (status == STATUS_OK) {
        char *path = arguments->output != NULL ? mem_text(arguments->output)
                     : run_id != 0             ? mem_printf("report-%lld.html", (long long)run_id)
                                               : mem_text("report.html");
        status = write_page(path, html, err);
        if (status == STATUS_OK) {
            (void)printf("report: %s\n", path);
        }
        free(path);
    }
    free(html);
    free(json);
    return status;
}

int cli_report(int argc, char **argv)
{
    struct report_arguments arguments = {0};

    int exit_code = cli_parse(&argp, command, argc, argv, &arguments);
    if (exit_code != CLI_OK) {
        return exit_code;
    }
    return arguments_read_record(command, arguments.database, make_report, &arguments);
}
