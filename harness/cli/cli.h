/**
 * The command `keel`: one table of subcommands, one file each.
 *
 * Exit codes, the same for every subcommand:
 *    0  done; for `run`: the unit passed
 *    1  the unit failed
 *    2  error: the bench, the plan, an image or the record
 *    3  aborted by a person
 *   64  the command line or a setting is wrong
 */
#ifndef EVENKEEL_HARNESS_CLI_CLI_H
#define EVENKEEL_HARNESS_CLI_CLI_H

#include "harness/base/error.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum cli_exit {
    CLI_OK = 0,
    CLI_FAIL = 1,
    CLI_ERROR = 2,
    CLI_ABORTED = 3,
    CLI_USAGE = 64
};

struct cli_command {
    const char *name;
    const char *what; /* one line for `keel --help` */
    int (*run)(int argc, char **argv);
};

int cli_run(int argc, char **argv);
int cli_list(int argc, char **argv);
int cli_show(int argc, char **argv);
int cli_report(int argc, char **argv);
int cli_faults(int argc, char **argv);
int cli_db(int argc, char **argv);

/**
 * Parse @p argv (argv[0] is the subcommand) with argp, printing `keel NAME` in usage lines.
 * @return 0, or CLI_USAGE when argp has already said what is wrong
 */
int cli_parse(const struct argp *argp, const char *command, int argc, char **argv, void *input);

/** "keel run: ..." on stderr; @return the exit code that goes with the status. */
int cli_fail(const char *command, const struct error *err);
/** A wrong command line, printf-like; @return CLI_USAGE. */
int cli_usage(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * A name that goes into the record, as typed or scanned: one line of UTF-8, not empty, not long.
 * @return CLI_OK, or CLI_USAGE when it has said what is wrong
 */
int cli_check_label(const char *command, const char *what, const char *text);

/* Where the program's own files are: installed beside it, or in the tree it was built from. */

/** @return "FOLDER/name" that the caller frees. */
char *cli_script_path(const char *name);
char *cli_firmware_folder(void);
/** The fixture file called @p name ("cb24"); caller frees. */
char *cli_fixture_path(const char *name);
/** A plan by path ("x/y.lua") or by name ("eol/ek-24s4eb", "ek-24s4eb.eol"); caller frees. */
char *cli_plan_path(const char *plan);
/**
 * The default database: virtual runs never mix with real ones. Makes the folder. Caller frees.
 */
char *cli_database_path(bool is_virtual);

#endif
