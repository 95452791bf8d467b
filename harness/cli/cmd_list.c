#include "harness/cli/arguments.h"
#include "harness/cli/cli.h"
#include "harness/lua/script.h"

#include <jansson.h>

#include <stdlib.h>

static const char command[] = "list";

struct list_arguments {
    const char *plan;
    bool is_json;
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "as JSON", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t take_option(int key, char *text, struct argp_state *state)
{
    struct list_arguments *arguments = state->input;

    (void)text;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = (void *)&arguments->plan;
        return 0;
    case 'j':
        arguments->is_json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&arguments_plan, 0, NULL, 0}, {NULL, 0, NULL, 0}};

static const struct argp argp = {options, take_option, "PLAN",
    "Show the groups and steps of PLAN, with the claims of the manual that each step proves. "
    "Nothing is run.",
    children, NULL, NULL};

static void print_plan(const struct plan *plan)
{
    size_t group_index = SIZE_MAX;

    (void)printf("%s revision %s (%s), product %s, image %s, fixture %s\n", plan->id,
        plan->revision, plan->kind, plan->product, plan->image, plan->fixture);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (step->group_index != group_index) {
            group_index = step->group_index;
            (void)printf("%s%s\n", plan->groups[group_index].name,
                plan->groups[group_index].stops_on_fail ? "" : " (goes on after a fail)");
        }
        (void)printf("  %2zu  %-40s %s\n", i + 1, step->name, step->claims);
    }
    (void)printf("plan hash %s\n", plan->sha256);
}

static void print_json(const struct plan *plan)
{
    json_t *steps = json_array();

    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        json_array_append_new(
            steps, json_pack("{s:s, s:s, s:s}", "name", step->name, "group",
                       plan->groups[step->group_index].name, "claims", step->claims));
    }
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "id", plan->id, "revision",
        plan->revision, "kind", plan->kind, "product", plan->product, "image", plan->image,
        "fixture", plan->fixture, "sha256", plan->sha256, "steps", steps);
    (void)json_dumpf(root, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
    (void)putchar('\n');
    json_decref(root);
}

int cli_list(int argc, char **argv)
{
    struct list_arguments arguments = {0};
    struct script *script = NULL;
    struct error err;

    int exit_code = cli_parse(&argp, command, argc, argv, &arguments);
    if (exit_code != CLI_OK) {
        return exit_code;
    }
    char *path = cli_plan_path(arguments.plan);
    char *scripts = cli_script_path("");
    if (script_load(path, scripts, &script, &err) != STATUS_OK) {
        exit_code = cli_fail(command, &err);
    } else if (arguments.is_json) {
        print_json(script_plan(script));
    } else {
        print_plan(script_plan(script));
    }
    script_destroy(script);
    free(scripts);
    free(path);
    return exit_code;
}
