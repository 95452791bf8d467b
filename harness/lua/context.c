/* The `t` of a step: measuring, comparing, waiting. */
#include "harness/base/units.h"
#include "harness/lua/binding.h"
#include "harness/lua/lclass.h"

#include <lauxlib.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const spec_keys[] = {"unit", "spec", NULL};

static const struct lclass context_class;

static struct step_scope *scope_of(lua_State *lua)
{
    return binding_scope(lua, lclass_check(lua, 1, &context_class));
}

static double limit_at(lua_State *lua, int spec, int index, const char *which)
{
    if (lua_geti(lua, spec, index) != LUA_TNUMBER) {
        luaL_error(lua, "the %s limit is missing: spec = { low, high } (math.huge for an open end)",
            which);
    }
    double limit = lua_tonumber(lua, -1);
    lua_pop(lua, 1);
    return limit;
}

/* Nothing but the two limits: a third one, or { low = 3 }, is a mistake. */
static void check_two_limits(lua_State *lua, int spec)
{
    int plain = sandbox_push_plain(lua, spec);
    int count = 0;

    lua_pushnil(lua);
    while (lua_next(lua, plain) != 0) {
        lua_pop(lua, 1);
        count++;
    }
    if (count != 2) {
        luaL_error(lua, "spec = { low, high } has %d entries", count);
    }
    lua_pop(lua, 1);
}

/* The options at @p index: { unit = "V", spec = { low, high } }; both are needed. */
static struct run_spec check_spec(lua_State *lua, int index)
{
    struct run_spec spec;

    if (!lua_istable(lua, index)) {
        luaL_error(lua, "limits are missing: { unit = \"V\", spec = { low, high } }");
    }
    binding_check_keys(lua, index, "the measurement", spec_keys);
    spec.unit = binding_text_field(lua, index, "the measurement", "unit");
    if (lua_getfield(lua, index, "spec") != LUA_TTABLE) {
        luaL_error(lua, "the limits are missing: spec = { low, high }");
    }
    spec.low = limit_at(lua, lua_gettop(lua), 1, "lower");
    spec.high = limit_at(lua, lua_gettop(lua), 2, "upper");
    check_two_limits(lua, lua_gettop(lua));
    lua_pop(lua, 1);
    return spec;
}

/* The name from the format at 2 and the arguments behind it, up to @p last. */
static const char *check_name(lua_State *lua, int last)
{
    size_t len;
    const char *name = binding_format_name(lua, 2, last, &len);

    if (strlen(name) != len) {
        luaL_error(lua, "the name \"%s\" holds a zero byte", name);
    }
    return name;
}

/* [-0, +0, raises] t:measure(name, [format arguments ...,] value, { unit, spec }) */
static int measure(lua_State *lua)
{
    struct step_scope *scope = scope_of(lua);
    struct error err;
    int options = lua_gettop(lua);

    luaL_argcheck(lua, options >= 4, options, "t:measure(name, value, { unit, spec })");
    struct run_spec spec = check_spec(lua, options);
    double value = binding_check_number(lua, options - 1);
    const char *name = check_name(lua, options - 2);
    sandbox_check(lua, run_measure(scope->run, name, value, value, &spec, &err), &err);
    return 0;
}

/* [-0, +0, raises] t:compare(name, [format arguments ...,] shown, truth, { unit, spec }) */
static int compare(lua_State *lua)
{
    struct step_scope *scope = scope_of(lua);
    struct error err;
    int options = lua_gettop(lua);

    luaL_argcheck(lua, options >= 5, options, "t:compare(name, shown, truth, { unit, spec })");
    struct run_spec spec = check_spec(lua, options);
    double shown = binding_check_number(lua, options - 2);
    double truth = binding_check_number(lua, options - 1);
    const char *name = check_name(lua, options - 3);
    sandbox_check(lua, run_compare(scope->run, name, shown, truth, &spec, &err), &err);
    return 0;
}

/* Two misspelt fields are both nil, and equal; two tables are never equal. */
static void check_is_comparable(lua_State *lua, int index, const char *which)
{
    int type = lua_type(lua, index);

    if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN) {
        luaL_error(lua, "t:expect(name, got, wanted): %s is a %s, not a text, number or boolean",
            which, luaL_typename(lua, index));
    }
}

/* [-0, +0, raises] t:expect(name, got, wanted): texts, booleans, whole numbers */
static int expect(lua_State *lua)
{
    struct step_scope *scope = scope_of(lua);
    struct error err;
    char detail[160];
    const char *name = luaL_checkstring(lua, 2);

    check_is_comparable(lua, 3, "what it got");
    check_is_comparable(lua, 4, "what is wanted");
    bool is_so = lua_type(lua, 3) == lua_type(lua, 4) && lua_rawequal(lua, 3, 4);
    bool is_same_type = lua_type(lua, 3) == lua_type(lua, 4);
    const char *got = luaL_tolstring(lua, 3, NULL);
    const char *wanted = luaL_tolstring(lua, 4, NULL);
    (void)snprintf(detail, sizeof detail, "is \"%s\"%s%s, must be \"%s\"%s%s", got,
        is_same_type ? "" : ", a ", is_same_type ? "" : luaL_typename(lua, 3), wanted,
        is_same_type ? "" : ", a ", is_same_type ? "" : luaL_typename(lua, 4));
    sandbox_check(lua, run_expect(scope->run, name, is_so, detail, &err), &err);
    return 0;
}

/* [-0, +0, raises] t:fail(reason): the unit fails, the step goes on */
static int fail(lua_State *lua)
{
    struct step_scope *scope = scope_of(lua);

    size_t len;
    const char *reason = luaL_checklstring(lua, 2, &len);

    luaL_argcheck(lua, len > 0, 2, "say why");
    run_fail(scope->run, reason);
    return 0;
}

/* [-0, +0, yields] t:wait(seconds) */
static int wait(lua_State *lua)
{
    struct step_scope *scope = scope_of(lua);
    uint64_t span_ns = 0;

    luaL_argcheck(
        lua, units_s_to_ns(binding_check_number(lua, 2), &span_ns), 2, "seconds, 0 .. 1e9");
    return sched_yield_until(lua, scope, clock_now_ns(run_bench(scope->run)->clock) + span_ns);
}

/* [-0, +1] t.cells */
static int get_cells(lua_State *lua)
{
    binding_push_cells(lua, scope_of(lua));
    return 1;
}

/* [-0, +1] t.target */
static int get_target(lua_State *lua)
{
    binding_push_target(lua, scope_of(lua));
    return 1;
}

/* [-0, +1] t.unit */
static int get_unit(lua_State *lua)
{
    binding_push_unit(lua, scope_of(lua));
    return 1;
}

/* [-0, +1] t.now: bench time in seconds */
static int get_now(lua_State *lua)
{
    lua_pushnumber(lua, units_ns_to_s(clock_now_ns(run_bench(scope_of(lua)->run)->clock)));
    return 1;
}

static const struct lclass_row context_rows[] = {
    {"measure", NULL, measure},
    {"compare", NULL, compare},
    {"expect", NULL, expect},
    {"fail", NULL, fail},
    {"wait", NULL, wait},
    {"cells", get_cells, NULL},
    {"target", get_target, NULL},
    {"unit", get_unit, NULL},
    {"now", get_now, NULL},
    {NULL, NULL, NULL},
};

static const struct lclass context_class = {"t", context_rows};

void binding_register_context(lua_State *lua)
{
    lclass_register(lua, &context_class);
}

void binding_push_context(lua_State *lua, struct step_scope *scope)
{
    lclass_push(lua, &context_class, scope);
}
