/* plan{}, group(), step(): they only declare, so that a plan can be listed without running. */
#include "harness/base/mem.h"
#include "harness/engine/label.h"
#include "harness/lua/binding.h"

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>

static const char *const plan_keys[] = {"id", "revision", "kind", "product", "fixture", NULL};
static const char *const plan_kinds[] = {"routine", "type", "rma", "calibration", NULL};
static const char *const group_keys[] = {"on_fail", NULL};
static const char *const on_fail_names[] = {"stop", "continue", NULL};
static const char *const step_keys[] = {"claims", NULL};

static struct plan *plan_of(lua_State *lua)
{
    return lua_touserdata(lua, lua_upvalueindex(1));
}

/* While steps run the plan stands: its tables are walked. */
static void check_is_loading(lua_State *lua, const char *what)
{
    bool is_main = lua_pushthread(lua) == 1;

    lua_pop(lua, 1);
    if (!is_main) {
        luaL_error(lua, "%s belongs at the top of the plan, not in a step", what);
    }
}

static const char in_group_key[] = "keel.in_group";

static bool is_in_group(lua_State *lua)
{
    bool is_in = lua_getfield(lua, LUA_REGISTRYINDEX, in_group_key) != LUA_TNIL;

    lua_pop(lua, 1);
    return is_in;
}

static void set_in_group(lua_State *lua, bool is_in)
{
    if (is_in) {
        lua_pushboolean(lua, 1);
    } else {
        lua_pushnil(lua);
    }
    lua_setfield(lua, LUA_REGISTRYINDEX, in_group_key);
}

static void check_name(lua_State *lua, const char *what, const char *name, size_t len)
{
    const char *fault = label_fault(name, len, LABEL_STEP_MAX);

    if (fault != NULL) {
        char shown[LABEL_STEP_MAX];
        (void)snprintf(shown, sizeof shown, "%s", name);
        label_clean(shown);
        luaL_error(lua, "%s's name \"%s\" %s", what, shown, fault);
    }
}

static const char *check_choice(
    lua_State *lua, const char *what, const char *text, const char *const *choices)
{
    for (size_t i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], text) == 0) {
            return text;
        }
    }
    luaL_error(lua, "%s cannot be \"%s\"", what, text);
    return NULL;
}

static void take_product(lua_State *lua, struct plan *plan)
{
    luaL_argcheck(lua, lua_getfield(lua, 1, "product") == LUA_TTABLE, 1,
        "plan needs product = require \"products.NAME\"");
    int product = lua_gettop(lua);
    plan->product = mem_text(binding_text_field(lua, product, "the product", "id"));
    plan->image = mem_text(binding_text_field(lua, product, "the product", "image"));
    plan->image_product =
        mem_text(binding_text_field(lua, product, "the product", "image_product"));
    plan->image_version =
        mem_text(binding_text_field(lua, product, "the product", "image_version"));
    lua_pop(lua, 1);
}

/* [-0, +0, raises] plan { id, revision, kind, product, fixture } */
static int declare_plan(lua_State *lua)
{
    struct plan *plan = plan_of(lua);

    check_is_loading(lua, "plan { ... }");
    luaL_checktype(lua, 1, LUA_TTABLE);
    binding_check_keys(lua, 1, "plan", plan_keys);
    if (plan->id != NULL) {
        return luaL_error(lua, "plan is declared twice");
    }
    plan->id = mem_text(binding_text_field(lua, 1, "plan", "id"));
    plan->revision = mem_text(binding_text_field(lua, 1, "plan", "revision"));
    plan->kind = mem_text(
        check_choice(lua, "plan's kind", binding_text_field(lua, 1, "plan", "kind"), plan_kinds));
    plan->fixture = mem_text(binding_text_field(lua, 1, "plan", "fixture"));
    take_product(lua, plan);
    return 0;
}

static bool group_stops_on_fail(lua_State *lua, int options)
{
    bool stops = true;

    if (lua_istable(lua, options)) {
        binding_check_keys(lua, options, "group", group_keys);
        if (lua_getfield(lua, options, "on_fail") != LUA_TNIL) {
            const char *name =
                check_choice(lua, "group's on_fail", luaL_checkstring(lua, -1), on_fail_names);
            stops = strcmp(name, "stop") == 0;
        }
        lua_pop(lua, 1);
    }
    return stops;
}

/* [-0, +0, raises] group(name, [options,] function) */
static int declare_group(lua_State *lua)
{
    struct plan *plan = plan_of(lua);
    size_t len;
    const char *name = luaL_checklstring(lua, 1, &len);
    int body = lua_gettop(lua);

    check_is_loading(lua, "group");
    check_name(lua, "a group", name, len);
    if (is_in_group(lua)) {
        return luaL_error(lua, "group \"%s\" stands in another group", name);
    }
    if (plan->id == NULL) {
        return luaL_error(lua, "plan { ... } comes before the first group");
    }
    luaL_checktype(lua, body, LUA_TFUNCTION);
    (void)plan_add_group(plan, name, group_stops_on_fail(lua, 2));
    set_in_group(lua, true);
    lua_call(lua, 0, 0);
    set_in_group(lua, false);
    return 0;
}

/* [-0, +0, raises] step(name, [format arguments ...,] [options,] function(t)) */
static int declare_step(lua_State *lua)
{
    struct plan *plan = plan_of(lua);
    struct error err;
    int body = lua_gettop(lua);
    int last = body - 1;
    const char *claims = "";

    check_is_loading(lua, "step");
    luaL_checktype(lua, body, LUA_TFUNCTION);
    if (!is_in_group(lua)) {
        return luaL_error(lua, "a step stands in a group");
    }
    if (last > 1 && lua_istable(lua, last)) {
        binding_check_keys(lua, last, "step", step_keys);
        claims = binding_text_field(lua, last, "step", "claims");
        last--;
    }
    size_t len;
    const char *name = binding_format_name(lua, 1, last, &len);
    check_name(lua, "a step", name, len);
    lua_pushvalue(lua, body);
    int reference = luaL_ref(lua, LUA_REGISTRYINDEX);
    sandbox_check(lua, plan_add_step(plan, name, claims, reference, &err), &err);
    return 0;
}

void binding_declare(struct sandbox *sandbox, struct plan *plan)
{
    static const struct {
        const char *name;
        lua_CFunction function;
    } globals[] = {{"plan", declare_plan}, {"group", declare_group}, {"step", declare_step}};

    lua_State *lua = sandbox_lua(sandbox);

    for (size_t i = 0; i < sizeof globals / sizeof globals[0]; i++) {
        lua_pushlightuserdata(lua, plan);
        lua_pushcclosure(lua, globals[i].function, 1);
        sandbox_set_global(sandbox, globals[i].name);
    }
}
