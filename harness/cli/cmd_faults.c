#include "harness/cli/cli.h"

#include "fixtures/virtual/boards/board.h"
#include "fixtures/virtual/faults/fault.h"

#include <jansson.h>

static const char command[] = "faults";

struct faults_arguments {
    const char *product;
    bool is_json;
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "as JSON", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t take_option(int key, char *text, struct argp_state *state)
{
    struct faults_arguments *arguments = state->input;

    switch (key) {
    case 'j':
        arguments->is_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->product != NULL) {
            argp_error(state, "one product at a time, not also \"%s\"", text);
        }
        arguments->product = text;
        return 0;
    case ARGP_KEY_END:
        if (arguments->product == NULL) {
            argp_error(state, "which product? for example ek-24s4eb");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, take_option, "PRODUCT",
    "List the faults that `keel run --fault NAME` can inject into the virtual unit of PRODUCT: "
    "what each changes in the circuit, the wiring or the flash, and the step that must catch it.",
    NULL, NULL, NULL};

static void print_json(const struct fault *faults, size_t count)
{
    json_t *root = json_array();

    for (size_t i = 0; i < count; i++) {
        json_array_append_new(root, json_pack("{s:s, s:s, s:s}", "name", faults[i].name, "what",
                                        faults[i].what, "fails_at", faults[i].fails_at));
    }
    (void)json_dumpf(root, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
    (void)putchar('\n');
    json_decref(root);
}

int cli_faults(int argc, char **argv)
{
    struct faults_arguments arguments = {0};
    size_t count;

    int exit_code = cli_parse(&argp, command, argc, argv, &arguments);
    if (exit_code != CLI_OK) {
        return exit_code;
    }
    const struct fault *faults = fault_list(arguments.product, &count);
    if (faults == NULL) {
        (void)fprintf(stderr,
            "keel faults: no virtual board of product \"%s\"; there are:", arguments.product);
        for (const char *const *name = board_products(); *name != NULL; name++) {
            (void)fprintf(stderr, " %s", *name);
        }
        (void)fputc('\n', stderr);
        return CLI_USAGE;
    }
    if (arguments.is_json) {
        print_json(faults, count);
        return CLI_OK;
    }
    for (size_t i = 0; i < count; i++) {
        (void)printf("%-20s %s\n%-20s fails at \"%s\"\n", faults[i].name, faults[i].what, "",
            faults[i].fails_at);
    }
    return CLI_OK;
}
