/**
 * Between the files of harness/lua: the tables that make up what a plan can say.
 */
#ifndef EVENKEEL_HARNESS_LUA_BINDING_H
#define EVENKEEL_HARNESS_LUA_BINDING_H

#include "harness/engine/run.h"
#include "harness/lua/sandbox.h"

#include <stdbool.h>

/** What the objects of a step reach; lives as long as the Lua state. */
struct step_scope {
    struct run *run;  /* NULL between steps: an object kept in an upvalue reaches nothing */
    uint64_t wake_ns; /* what sched_yield_until() was asked for */
    int32_t cell_uv[CELL_MAX]; /* as last set, so that a plan may set some of them */
};

/** @p pointer as the scope of a running step; raises between steps, and when a stop was asked for.
 */
struct step_scope *binding_scope(lua_State *lua, void *pointer);

/* binding.c has what is named here without a file. */

/** declare.c: plan, group, step as globals; they fill @p plan. */
void binding_declare(struct sandbox *sandbox, struct plan *plan);

/** context.c, devices.c: register the classes. */
void binding_register_context(lua_State *lua);
void binding_register_devices(lua_State *lua);
/** metrology.c: the global table of that name. */
void binding_metrology(struct sandbox *sandbox);

/** [-0, +1] the `t` of a step */
void binding_push_context(lua_State *lua, struct step_scope *scope);

/** devices.c: properties of `t`, [-0, +1] each. */
void binding_push_cells(lua_State *lua, struct step_scope *scope);
void binding_push_target(lua_State *lua, struct step_scope *scope);
void binding_push_unit(lua_State *lua, struct step_scope *scope);

/**
 * The one door to yield: the plan sleeps until bench time @p deadline_ns. Use as
 * `return sched_yield_until(...)`; the function's results are what is on the stack above its
 * arguments when it is resumed: none.
 */
int sched_yield_until(lua_State *lua, struct step_scope *scope, uint64_t deadline_ns);

/** Raise when the table at @p index has a key that is not in @p keys (closed by NULL). */
void binding_check_keys(lua_State *lua, int index, const char *what, const char *const *keys);
/** Field of the table at @p index that must be text; raises otherwise. Borrowed from the table. */
const char *binding_text_field(lua_State *lua, int index, const char *what, const char *key);

/** [-0, +1, raises] string.format of the values at @p first .. @p last: names of steps and values.
 */
const char *binding_format_name(lua_State *lua, int first, int last, size_t *len);

/** The number at @p index; raises for a text that reads like one ("3.65"). */
double binding_check_number(lua_State *lua, int index);

#endif
