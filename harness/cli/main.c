#define _POSIX_C_SOURCE 200809L
#include "harness/cli/cli.h"

#include "harness/engine/label.h"
#include "harness/engine/version.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_command commands[] = {
    {"run", "run a plan on a unit: verdict, record", cli_run},
    {"list", "show a plan's steps without running it", cli_list},
    {"show", "show a run of the record", cli_show},
    {"report", "make a run's report, one HTML page", cli_report},
    {"faults", "list the faults that the virtual bench can inject", cli_faults},
    {"db", "look after a database: info, verify", cli_db},
};

enum {
    COMMAND_COUNT = sizeof commands / sizeof commands[0]
};

static void print_help(FILE *out)
{
    (void)fputs("Usage: keel COMMAND [ARGUMENTS ...]\n"
                "Test, diagnose and calibrate battery balancer boards.\n\n",
        out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        (void)fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].what);
    }
    (void)fputs(
        "\n  keel run eol/ek-24s4eb --serial EK0001     on the virtual bench, the default\n"
        "  keel COMMAND --help                        teaches a command\n\n"
        "Exit codes: 0 done or passed, 1 the unit failed, 2 error (bench, plan, image, record),\n"
        "3 aborted by a person, 64 wrong command line.\n",
        out);
}

int cli_usage(const char *command, const char *fmt, ...)
{
    va_list args;

    (void)fprintf(stderr, "keel %s: ", command);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fprintf(stderr, " (see keel %s --help)\n", command);
    return CLI_USAGE;
}

static int exit_code_of(enum status status)
{
    if (status == STATUS_OK) {
        return CLI_OK;
    }
    if (status == STATUS_UNIT) {
        return CLI_FAIL;
    }
    if (status == STATUS_ABORTED) {
        return CLI_ABORTED;
    }
    return status == STATUS_USAGE ? CLI_USAGE : CLI_ERROR;
}

int cli_fail(const char *command, const struct error *err)
{
    char text[sizeof err->text]; /* may hold what a plan or a file says */

    (void)snprintf(text, sizeof text, "%s", err->text);
    label_clean(text);
    (void)fprintf(stderr, "keel %s: %s%s%s\n", command, err->origin,
        err->origin[0] != '\0' ? ": " : "", text);
    return exit_code_of(err->code);
}

int cli_check_label(const char *command, const char *what, const char *text)
{
    size_t len = strlen(text);
    const char *fault = label_fault(text, len, LABEL_SERIAL_MAX);

    if (fault == NULL) {
        return CLI_OK;
    }
    return cli_usage(command, "the %s %s: one line of text, 1 .. %d bytes, got %zu", what, fault,
        (int)LABEL_SERIAL_MAX, len);
}

int cli_parse(const struct argp *argp, const char *command, int argc, char **argv, void *input)
{
    char name[32];

    (void)snprintf(name, sizeof name, "keel %s", command);
    argv[0] = name;
    argp_err_exit_status = CLI_USAGE;
    return argp_parse(argp, argc, argv, 0, NULL, input) == 0 ? 0 : CLI_USAGE;
}

/* A stream that the caller closed must not become the number of the record or of a lock. */
static void occupy_streams(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) == -1) {
            (void)open("/dev/null", O_RDWR); /* takes the lowest free number: this one */
        }
    }
}

/* What a command had to say and could not is an error; of a run, the verdict is on the disk. */
static int check_output(const char *name, int exit_code)
{
    bool is_written = fflush(stdout) == 0 && ferror(stdout) == 0;

    if (is_written || exit_code != CLI_OK) {
        return exit_code;
    }
    (void)fprintf(stderr, "keel %s: standard output cannot be written\n", name);
    return strcmp(name, "run") == 0 ? exit_code : CLI_ERROR;
}

int main(int argc, char **argv)
{
    occupy_streams();
    const char *name = argc > 1 ? argv[1] : "--help";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(argc > 1 ? stdout : stderr);
        return argc > 1 ? CLI_OK : CLI_USAGE;
    }
    if (strcmp(name, "--version") == 0) {
        (void)printf("keel %s\n", KEEL_VERSION);
        return CLI_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return check_output(name, commands[i].run(argc - 1, argv + 1));
        }
    }
    (void)fprintf(stderr, "keel: there is no command \"%s\"; keel --help lists them\n", name);
    return CLI_USAGE;
}
