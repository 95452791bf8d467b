/**
 * A plan as data: what a script declared, before anything runs. It can be listed without running.
 *
 * The engine knows nothing of Lua: a step's body is a number that the script's owner understands.
 */
#ifndef EVENKEEL_HARNESS_ENGINE_PLAN_H
#define EVENKEEL_HARNESS_ENGINE_PLAN_H

#include "harness/base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct plan_step {
    char *name;
    char *claims; /* "EK-03 EK-25", "" */
    size_t group_index;
    int body;         /* handle of the script's owner */
    bool is_left_out; /* by request: recorded as SKIPPED */
};

struct plan_group {
    char *name;
    bool stops_on_fail; /* else the group goes on after a FAIL; an ERROR always stops */
};

struct plan {
    char *path;
    char *id, *revision, *kind; /* kind: routine, type, rma, calibration */
    char *product;              /* "ek-24s4eb" */
    char *image;                /* file name in the firmware folder */
    char *image_product;        /* what the image's header must say: "EK-24S4EB" */
    char *image_version;        /* and this: "1.0.0" */
    char *fixture;              /* "cb24" */
    char sha256[65];            /* of the plan and everything it requires */
    char limits_sha256[65];     /* of the product's table */
    struct plan_group *groups;
    size_t group_count;
    struct plan_step *steps;
    size_t step_count;
};

/** @return the group's index */
size_t plan_add_group(struct plan *plan, const char *name, bool stops_on_fail);
/** Into the newest group. @retval STATUS_SCRIPT the name is taken: steps are named once in a plan
 */
enum status plan_add_step(
    struct plan *plan, const char *name, const char *claims, int body, struct error *err);
/** Leave a step out by name. @retval STATUS_USAGE no such step; the text names the nearest ones */
enum status plan_leave_out(struct plan *plan, const char *name, struct error *err);
/** NULL or all-zero allowed. */
void plan_finish(struct plan *plan);

#endif
