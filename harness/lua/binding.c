/* What the tables of harness/lua share. */
#include "harness/lua/binding.h"

#include <lauxlib.h>

#include <string.h>

struct step_scope *binding_scope(lua_State *lua, void *pointer)
{
    struct step_scope *scope = pointer;
    struct error err;

    if (scope->run == NULL) {
        luaL_error(lua, "the bench is used outside a step");
    }
    sandbox_check(lua, run_check_stop(scope->run, &err), &err);
    return scope;
}

int sched_yield_until(lua_State *lua, struct step_scope *scope, uint64_t deadline_ns)
{
    scope->wake_ns = deadline_ns;
    return lua_yield(lua, 0);
}

void binding_check_keys(lua_State *lua, int index, const char *what, const char *const *keys)
{
    int plain = sandbox_push_plain(lua, index);

    lua_pushnil(lua);
    while (lua_next(lua, plain) != 0) {
        bool is_known = false;
        const char *key = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : NULL;
        for (size_t i = 0; key != NULL && keys[i] != NULL; i++) {
            is_known = is_known || strcmp(key, keys[i]) == 0;
        }
        if (!is_known) {
            luaL_error(lua, "%s has an unknown key \"%s\"", what, luaL_tolstring(lua, -2, NULL));
        }
        lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
}

const char *binding_text_field(lua_State *lua, int index, const char *what, const char *key)
{
    if (lua_getfield(lua, index, key) != LUA_TSTRING) {
        luaL_error(lua, "%s needs %s = \"...\"", what, key);
    }
    const char *text = lua_tostring(lua, -1);
    lua_pop(lua, 1);
    return text;
}

double binding_check_number(lua_State *lua, int index)
{
    luaL_checktype(lua, index, LUA_TNUMBER);
    return lua_tonumber(lua, index);
}

const char *binding_format_name(lua_State *lua, int first, int last, size_t *len)
{
    luaL_checkstring(lua, first);
    lua_getglobal(lua, "string");
    lua_getfield(lua, -1, "format");
    lua_remove(lua, -2);
    for (int i = first; i <= last; i++) {
        lua_pushvalue(lua, i);
    }
    if (lua_pcall(lua, last - first + 1, 1, 0) != LUA_OK) {
        luaL_error(lua, "the name cannot be made: %s", lua_tostring(lua, -1));
    }
    return lua_tolstring(lua, -1, len);
}
