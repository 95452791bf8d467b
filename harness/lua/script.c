#include "harness/lua/script.h"

#include "harness/base/mem.h"
#include "harness/lua/binding.h"

#include <lauxlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct script {
    struct sandbox *sandbox;
    struct plan plan;
    struct step_scope scope;
};

static enum status check_is_plan(const struct script *script, const char *path, struct error *err)
{
    if (script->plan.id == NULL) {
        return error_set(err, STATUS_SCRIPT, "%s: declares no plan { ... }", path);
    }
    if (script->plan.step_count == 0) {
        return error_set(err, STATUS_SCRIPT, "%s: plan %s has no step", path, script->plan.id);
    }
    return STATUS_OK;
}

static void note_hashes(struct script *script)
{
    char module[128];

    sandbox_hash(script->sandbox, script->plan.sha256);
    (void)snprintf(module, sizeof module, "products.%s",
        script->plan.product != NULL ? script->plan.product : "");
    sandbox_module_hash(script->sandbox, module, script->plan.limits_sha256);
}

static struct script *create(const char *path, const char *scripts_folder)
{
    struct script *script = mem_alloc(1, sizeof *script);

    script->sandbox = sandbox_create(scripts_folder);
    script->plan.path = mem_text(path);
    binding_register_context(sandbox_lua(script->sandbox));
    binding_register_devices(sandbox_lua(script->sandbox));
    binding_declare(script->sandbox, &script->plan);
    binding_metrology(script->sandbox);
    sandbox_lock(script->sandbox);
    return script;
}

enum status script_load(
    const char *path, const char *scripts_folder, struct script **script, struct error *err)
{
    *script = create(path, scripts_folder);
    enum status status = sandbox_run_file((*script)->sandbox, path, err);
    note_hashes(*script);
    return status == STATUS_OK ? check_is_plan(*script, path, err) : status;
}

void script_destroy(struct script *script)
{
    if (script != NULL) {
        sandbox_destroy(script->sandbox);
        plan_finish(&script->plan);
        free(script);
    }
}

struct plan *script_plan(struct script *script)
{
    return &script->plan;
}

/* Resume until the body is done; each yield is a wait on the site's clock. */
static enum status drive(struct script *script, lua_State *thread, struct error *err)
{
    int argument_count = 1;

    for (;;) {
        int result_count;
        int result = lua_resume(thread, NULL, argument_count, &result_count);
        if (result == LUA_OK && result_count > 0) {
            return error_set(err, STATUS_SCRIPT,
                "the step returns a %s: a verdict comes from t:measure, t:compare, t:expect or "
                "t:fail alone",
                luaL_typename(thread, -result_count));
        }
        if (result == LUA_OK) {
            return STATUS_OK;
        }
        if (result != LUA_YIELD) {
            enum status status = sandbox_take_error(thread, err);
            TRY(run_check_stop(script->scope.run, err)); /* whatever the plan made of it */
            return status;
        }
        lua_pop(thread, result_count);
        argument_count = 0;
        TRY(run_wait_until(script->scope.run, script->scope.wake_ns, err));
    }
}

enum status script_body(void *ctx, struct run *run, const struct plan_step *step, struct error *err)
{
    struct script *script = ctx;
    lua_State *lua = sandbox_lua(script->sandbox);
    lua_State *thread = lua_newthread(lua);

    script->scope.run = run;
    sandbox_arm(thread);
    lua_rawgeti(thread, LUA_REGISTRYINDEX, step->body);
    binding_push_context(thread, &script->scope);
    enum status status = drive(script, thread, err);
    struct error stop;
    if (status != STATUS_OK && run_check_stop(run, &stop) != STATUS_OK) {
        status = run_check_stop(run, err); /* what pcall made of the stop does not count */
    }
    script->scope.run = NULL;
    lua_pop(lua, 1);
    return status;
}
