#include "harness/engine/plan.h"

#include "harness/base/mem.h"

#include <stdlib.h>
#include <string.h>

size_t plan_add_group(struct plan *plan, const char *name, bool stops_on_fail)
{
    plan->groups = mem_resize(plan->groups, plan->group_count + 1, sizeof *plan->groups);
    plan->groups[plan->group_count] = (struct plan_group){
        .name = mem_text(name),
        .stops_on_fail = stops_on_fail,
    };
    return plan->group_count++;
}

static struct plan_step *find_step(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        if (strcmp(plan->steps[i].name, name) == 0) {
            return &plan->steps[i];
        }
    }
    return NULL;
}

enum status plan_add_step(
    struct plan *plan, const char *name, const char *claims, int body, struct error *err)
{
    if (find_step(plan, name) != NULL) {
        return error_set(err, STATUS_SCRIPT, "two steps are called \"%s\"", name);
    }
    plan->steps = mem_resize(plan->steps, plan->step_count + 1, sizeof *plan->steps);
    plan->steps[plan->step_count++] = (struct plan_step){
        .name = mem_text(name),
        .claims = mem_text(claims),
        .group_index = plan->group_count - 1,
        .body = body,
    };
    return STATUS_OK;
}

enum status plan_leave_out(struct plan *plan, const char *name, struct error *err)
{
    struct plan_step *step = find_step(plan, name);

    if (step == NULL) {
        return error_set(err, STATUS_USAGE,
            "plan %s has no step \"%s\"; `keel list` shows those it has", plan->id, name);
    }
    step->is_left_out = true;
    return STATUS_OK;
}

void plan_finish(struct plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (size_t i = 0; i < plan->group_count; i++) {
        free(plan->groups[i].name);
    }
    for (size_t i = 0; i < plan->step_count; i++) {
        free(plan->steps[i].name);
        free(plan->steps[i].claims);
    }
    free(plan->groups);
    free(plan->steps);
    free(plan->path);
    free(plan->id);
    free(plan->revision);
    free(plan->kind);
    free(plan->product);
    free(plan->image);
    free(plan->image_product);
    free(plan->image_version);
    free(plan->fixture);
    *plan = (struct plan){0};
}
