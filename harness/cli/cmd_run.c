#define _POSIX_C_SOURCE 200809L
#include "harness/base/mem.h"
#include "harness/cli/arguments.h"
#include "harness/cli/cli.h"
#include "harness/cli/progress.h"
#include "harness/lua/fixture_file.h"
#include "harness/lua/script.h"

#include "fixtures/virtual/faults/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char command[] = "run";

enum {
    FAULT_MAX = 8
};

struct run_arguments {
    const char *plan, *serial, *bench, *database, *fixture, *image, *station, *operator_name;
    const char *faults[FAULT_MAX];
    size_t fault_count;
    uint64_t seed;
    bool has_seed;
    char *without; /* step names, line feed between */
    bool is_json;
    const char *log_level;
};

enum {
    KEY_FIXTURE = 256,
    KEY_IMAGE,
    KEY_STATION,
    KEY_OPERATOR,
    KEY_WITHOUT,
    KEY_JSON,
    KEY_LOG,
    KEY_SEED,
    KEY_FAULT,
    KEY_BENCH,
    KEY_DB
};

static const struct argp_option options[] = {
    {"serial", 's', "SERIAL", 0, "the unit's serial number, as scanned (needed)", 0},
    {"bench", KEY_BENCH, "NAME", 0, "virtual (default), or usb:SERIAL of the fixture's FT4232H", 0},
    {"db", KEY_DB, "FILE", 0, "database; default: one for virtual runs, another for real ones", 0},
    {"station", KEY_STATION, "NAME", 0, "this station (default: the host's name)", 0},
    {"operator", KEY_OPERATOR, "NAME", 0, "who runs it (default: the user's name)", 0},
    {"json", KEY_JSON, NULL, 0, "print the whole run as JSON on standard output", 0},
    {"image", KEY_IMAGE, "FILE", 0, "flash this image and not the plan's (its header must fit)", 1},
    {"fixture", KEY_FIXTURE, "FILE", 0, "fixture file (default: the plan's)", 1},
    {"without", KEY_WITHOUT, "STEP", 0, "leave a step out; may be given again; the record says so",
        1},
    {"log", KEY_LOG, "LEVEL", 0, "error, warn, info, debug or wire, on standard error", 1},
    {"seed", KEY_SEED, "N", 0, "virtual bench: which fixture and unit are drawn (default 1)", 2},
    {"fault", KEY_FAULT, "NAME", 0, "virtual bench: inject a fault; see keel faults", 2},
    {NULL, 0, NULL, 0, NULL, 0},
};

static void add_without(struct run_arguments *arguments, const char *step)
{
    char *longer = arguments->without != NULL ? mem_printf("%s\n%s", arguments->without, step)
                                              : mem_text(step);

    free(arguments->without);
    arguments->without = longer;
}

static error_t take_seed(
    struct run_arguments *arguments, const char *text, struct argp_state *state)
{
    char *end;

    errno = 0;
    arguments->seed = strtoull(text, &end, 0);
    arguments->has_seed = true;
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' ||
        arguments->seed > (uint64_t)INT64_MAX) {
        argp_error(state, "--seed wants a whole number from 0 to 2^63 - 1, not \"%s\"", text);
    }
    return 0;
}

static error_t take_option(int key, char *text, struct argp_state *state)
{
    struct run_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = (void *)&arguments->plan;
        return 0;
    case 's':
        if (arguments->serial != NULL) {
            argp_error(state, "one serial, not \"%s\" and \"%s\"", arguments->serial, text);
        }
        arguments->serial = text;
        return 0;
    case KEY_BENCH:
        arguments->bench = text;
        return 0;
    case KEY_DB:
        arguments_take_database(&arguments->database, text, state);
        return 0;
    case KEY_STATION:
        arguments->station = text;
        return 0;
    case KEY_OPERATOR:
        arguments->operator_name = text;
        return 0;
    case KEY_JSON:
        arguments->is_json = true;
        return 0;
    case KEY_IMAGE:
        arguments->image = text;
        return 0;
    case KEY_FIXTURE:
        arguments->fixture = text;
        return 0;
    case KEY_WITHOUT:
        if (text[0] == '\0') {
            argp_error(state, "--without wants the name of a step");
        }
        add_without(arguments, text);
        return 0;
    case KEY_LOG:
        arguments->log_level = text;
        return 0;
    case KEY_SEED:
        return take_seed(arguments, text, state);
    case KEY_FAULT:
        if (arguments->fault_count == FAULT_MAX) {
            argp_error(state, "at most %d faults at once", (int)FAULT_MAX);
        }
        arguments->faults[arguments->fault_count++] = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&arguments_plan, 0, NULL, 0}, {NULL, 0, NULL, 0}};

static const struct argp argp = {options, take_option, "PLAN",
    "Run PLAN on the unit in the fixture.\v"
    "PLAN is a file, or a name under scripts/ such as eol/ek-24s4eb.\n\n"
    "Each step is on the disk before the next one starts. Outputs are off when the command ends, "
    "whatever happened. Ctrl-C stops the run (ABORTED).\n\n"
    "Exit codes: 0 PASS, 1 FAIL (the unit), 2 ERROR (bench, plan, image, record), 3 ABORTED, "
    "64 wrong command line.",
    children, NULL, NULL};

static volatile sig_atomic_t stop_requested;

static void on_stop_signal(int number)
{
    (void)number;
    stop_requested = 1;
}

static void catch_stop_signals(void)
{
    struct sigaction action = {.sa_handler = on_stop_signal};

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    (void)sigaction(SIGQUIT, &action, NULL);
    action.sa_handler = SIG_IGN; /* nobody reads any more: the unit's run goes on and is recorded */
    (void)sigaction(SIGPIPE, &action, NULL);
}

static void print_log_line(void *ctx, enum log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    (void)fprintf(stderr, "%s\n", line);
}

static void take_defaults(struct run_arguments *arguments, char *host, size_t host_capacity)
{
    if (gethostname(host, host_capacity) != 0) {
        (void)snprintf(host, host_capacity, "unknown");
    }
    host[host_capacity - 1] = '\0';
    if (arguments->bench == NULL) {
        arguments->bench = "virtual";
    }
    if (arguments->station == NULL) {
        arguments->station = host;
    }
    if (arguments->operator_name == NULL) {
        const char *user = getenv("USER");
        arguments->operator_name = user != NULL && user[0] != '\0' ? user : "unknown";
    }
    if (!arguments->has_seed) {
        arguments->seed = 1;
    }
    if (arguments->without == NULL) {
        arguments->without = mem_text("");
    }
}

static int check_serial(const char *serial)
{
    if (serial == NULL || serial[0] == '\0') {
        return cli_usage(command, "no serial: say whose verdict this is with --serial SERIAL");
    }
    return cli_check_label(command, "serial", serial);
}

static int check_names(const struct run_arguments *arguments)
{
    int exit_code = cli_check_label(command, "station", arguments->station);

    return exit_code != CLI_OK ? exit_code
                               : cli_check_label(command, "operator", arguments->operator_name);
}

static int check_bench(const struct run_arguments *arguments)
{
    if (bench_name_is_virtual(arguments->bench)) {
        return CLI_OK;
    }
    if (arguments->has_seed || arguments->fault_count > 0) {
        return cli_usage(
            command, "--seed and --fault belong to the virtual bench, not to %s", arguments->bench);
    }
    return CLI_OK;
}

static int check_faults(const struct run_arguments *arguments, const char *product)
{
    for (size_t i = 0; i < arguments->fault_count; i++) {
        if (fault_find(product, arguments->faults[i]) == NULL) {
            return cli_usage(command, "%s has no fault \"%s\"; keel faults %s lists those it has",
                product, arguments->faults[i], product);
        }
    }
    return CLI_OK;
}

static enum status leave_out(struct plan *plan, const char *without, struct error *err)
{
    char *names = mem_text(without);
    char *rest = NULL;
    enum status status = STATUS_OK;

    for (char *name = strtok_r(names, "\n", &rest); name != NULL && status == STATUS_OK;
         name = strtok_r(NULL, "\n", &rest)) {
        status = plan_leave_out(plan, name, err);
    }
    free(names);
    return status;
}

static int exit_code_of(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_PASS:
        return CLI_OK;
    case OUTCOME_FAIL:
        return CLI_FAIL;
    case OUTCOME_ABORTED:
        return CLI_ABORTED;
    case OUTCOME_ERROR:
    case OUTCOME_INTERRUPTED:
    case OUTCOME_SKIPPED:
        break;
    }
    return CLI_ERROR;
}

static int print_json(struct store *store, int64_t run_id)
{
    struct error err;
    char *json;

    if (store_run_json(store, run_id, NULL, &json, &err) != STATUS_OK) {
        return cli_fail(command, &err);
    }
    bool is_written = puts(json) >= 0 && fflush(stdout) == 0;
    free(json);
    if (!is_written) {
        (void)fprintf(stderr, "keel %s: run %lld is recorded, but its JSON could not be written\n",
            command, (long long)run_id);
        return CLI_ERROR;
    }
    return CLI_OK;
}

/* What a run is made of, from the plan's file to the last row. */
struct session {
    struct run_arguments *arguments;
    struct script *script;
    struct fixture_file fixture;
    struct store *store;
    char *firmware_folder;
    char *database;
};

static void session_finish(struct session *session)
{
    store_close(session->store);
    script_destroy(session->script);
    free(session->firmware_folder);
    free(session->database);
    free(session->arguments->without);
}

static struct run_config configure(struct session *session)
{
    const struct run_arguments *arguments = session->arguments;
    struct plan *plan = script_plan(session->script);

    return (struct run_config){
        .plan = plan,
        .bench =
            {
                .name = arguments->bench,
                .product = plan->product,
                .cb24 = &session->fixture.cb24,
                .firmware_folder = session->firmware_folder,
                .seed = arguments->seed,
                .faults = arguments->faults,
                .fault_count = arguments->fault_count,
            },
        .store = session->store,
        .serial = arguments->serial,
        .station = arguments->station,
        .operator_name = arguments->operator_name,
        .image_path = arguments->image,
        .without = arguments->without,
        .body = script_body,
        .body_ctx = session->script,
        .stop_requested = &stop_requested,
    };
}

/* The plan did not load: say it, and keep a record that this serial met no test. */
static int record_failure(struct session *session, const struct error *why)
{
    struct run_config config = configure(session);
    struct run_result result;
    struct error err;
    char text[sizeof why->origin + sizeof why->text + 2];

    int exit_code = cli_fail(command, why);
    (void)snprintf(
        text, sizeof text, "%s%s%s", why->origin, why->origin[0] != '\0' ? ": " : "", why->text);
    if (run_record_failure(&config, text, &result, &err) != STATUS_OK) {
        return cli_fail(command, &err);
    }
    (void)fprintf(stderr, "recorded as run %lld, ERROR\n", (long long)result.run_id);
    if (session->arguments->is_json) {
        (void)print_json(session->store, result.run_id);
    }
    return exit_code;
}

static int open_record(struct session *session)
{
    const struct run_arguments *arguments = session->arguments;
    struct error err;

    session->database = arguments->database != NULL
                            ? mem_text(arguments->database)
                            : cli_database_path(bench_name_is_virtual(arguments->bench));
    if (store_open(session->database, STORE_WRITE, &session->store, &err) != STATUS_OK) {
        return cli_fail(command, &err);
    }
    size_t count = store_interrupted_count(session->store);
    if (count > 0) {
        (void)fprintf(stderr,
            "%zu earlier run%s ended without an end: marked INTERRUPTED, test the unit%s again\n",
            count, count == 1 ? "" : "s", count == 1 ? "" : "s");
    }
    return CLI_OK;
}

static enum status load_fixture(struct session *session, struct error *err)
{
    const struct run_arguments *arguments = session->arguments;
    char *path = arguments->fixture != NULL
                     ? mem_text(arguments->fixture)
                     : cli_fixture_path(script_plan(session->script)->fixture);
    enum status status = fixture_file_load(path, &session->fixture, err);

    free(path);
    return status;
}

static enum status load_plan(struct session *session, struct error *err)
{
    char *path = cli_plan_path(session->arguments->plan);
    char *scripts = cli_script_path("");
    enum status status = script_load(path, scripts, &session->script, err);

    free(scripts);
    free(path);
    if (status == STATUS_OK) {
        status = load_fixture(session, err);
    }
    return status;
}

static int execute(struct session *session)
{
    struct run_config config = configure(session);
    struct progress progress;
    struct run_result result;
    struct error err;

    progress_init(&progress, config.plan, session->arguments->is_json ? stderr : stdout, false);
    config.listener = progress_show;
    config.listener_ctx = &progress;
    if (session->arguments->log_level != NULL) {
        config.log.sink = print_log_line;
        (void)log_level_from_name(session->arguments->log_level, &config.log.level);
    }
    if (run_execute(&config, &result, &err) != STATUS_OK) {
        return cli_fail(command, &err);
    }
    progress_verdict(&progress, config.serial, &result);
    if (session->arguments->is_json && print_json(session->store, result.run_id) != CLI_OK) {
        return CLI_ERROR;
    }
    return exit_code_of(result.outcome);
}

static int run_session(struct session *session)
{
    struct error err;

    int exit_code = open_record(session);
    if (exit_code != CLI_OK) {
        return exit_code;
    }
    session->firmware_folder = cli_firmware_folder();
    if (load_plan(session, &err) != STATUS_OK) {
        return record_failure(session, &err);
    }
    exit_code = check_faults(session->arguments, script_plan(session->script)->product);
    if (exit_code != CLI_OK) {
        return exit_code;
    }
    if (leave_out(script_plan(session->script), session->arguments->without, &err) != STATUS_OK) {
        return cli_fail(command, &err);
    }
    return execute(session);
}

int cli_run(int argc, char **argv)
{
    struct run_arguments arguments = {0};
    struct session session = {.arguments = &arguments};
    enum log_level level;
    char host[64];

    int exit_code = cli_parse(&argp, command, argc, argv, &arguments);
    if (exit_code == CLI_OK) {
        exit_code = check_serial(arguments.serial);
    }
    if (exit_code == CLI_OK && arguments.log_level != NULL &&
        !log_level_from_name(arguments.log_level, &level)) {
        exit_code = cli_usage(command, "there is no log level \"%s\"", arguments.log_level);
    }
    if (exit_code != CLI_OK) {
        return exit_code;
    }
    take_defaults(&arguments, host, sizeof host);
    exit_code = check_names(&arguments);
    if (exit_code == CLI_OK) {
        exit_code = check_bench(&arguments);
    }
    if (exit_code == CLI_OK) {
        catch_stop_signals();
        exit_code = run_session(&session);
    }
    session_finish(&session);
    return exit_code;
}
