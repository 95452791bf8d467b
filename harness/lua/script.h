/**
 * A plan script: loads the file, keeps its Lua state, and runs its steps' bodies.
 *
 *     script_load(): sandbox, prelude, file  ->  struct plan (data, listable)
 *     script_body(): a coroutine per step; it yields to wait, and only in one place
 */
#ifndef EVENKEEL_HARNESS_LUA_SCRIPT_H
#define EVENKEEL_HARNESS_LUA_SCRIPT_H

#include "harness/engine/run.h"

struct script;

/**
 * Load a plan. Nothing of a bench is touched.
 * @param scripts_folder where require finds its modules
 * @param script (out) set also on failure, with what was declared until then; destroy it
 * @retval STATUS_ABSENT, STATUS_SCRIPT one line with file, line and what is wrong
 */
enum status script_load(
    const char *path, const char *scripts_folder, struct script **script, struct error *err);
/** NULL is allowed. */
void script_destroy(struct script *script);

/** The plan as declared; borrowed, and changeable (plan_leave_out). */
struct plan *script_plan(struct script *script);

/** A run_body_fn; its ctx is the script. */
enum status script_body(
    void *ctx, struct run *run, const struct plan_step *step, struct error *err);

#endif
