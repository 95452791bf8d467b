/* The global table `metrology`: what plans may compute with, pure functions of numbers. */
#include "harness/lua/binding.h"
#include "harness/metrology/line_fit.h"

#include <lauxlib.h>

/* [-0, +0, raises] The numbers of the list at @p index into memory that Lua owns. */
static double *check_list(lua_State *lua, int index, size_t *count)
{
    luaL_checktype(lua, index, LUA_TTABLE);
    int list = sandbox_push_plain(lua, index);
    *count = (size_t)lua_rawlen(lua, list);
    double *values = lua_newuserdatauv(lua, (*count + 1) * sizeof *values, 0);
    for (size_t i = 0; i < *count; i++) {
        if (lua_rawgeti(lua, list, (lua_Integer)i + 1) != LUA_TNUMBER) {
            luaL_error(lua, "entry %d of the list is not a number", (int)i + 1);
        }
        values[i] = lua_tonumber(lua, -1);
        lua_pop(lua, 1);
    }
    return values;
}

/* [-0, +1, raises] metrology.line_fit(x, y) -> { intercept, slope, u_..., residual_sd, count } */
static int fit(lua_State *lua)
{
    struct line_fit line;
    struct error err;
    size_t x_count, y_count;
    const double *x = check_list(lua, 1, &x_count);
    const double *y = check_list(lua, 2, &y_count);

    if (x_count != y_count) {
        return luaL_error(lua, "line_fit: %d x values and %d y values", (int)x_count, (int)y_count);
    }
    sandbox_check(lua, line_fit(x, y, x_count, &line, &err), &err);

    const struct {
        const char *key;
        double value;
    } fields[] = {
        {"intercept", line.intercept},
        {"slope", line.slope},
        {"u_intercept", line.u_intercept},
        {"u_slope", line.u_slope},
        {"residual_sd", line.residual_sd},
    };

    lua_newtable(lua);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        lua_pushnumber(lua, fields[i].value);
        lua_setfield(lua, -2, fields[i].key);
    }
    lua_pushinteger(lua, (lua_Integer)line.count);
    lua_setfield(lua, -2, "count");
    return 1;
}

void binding_metrology(struct sandbox *sandbox)
{
    static const luaL_Reg functions[] = {{"line_fit", fit}, {NULL, NULL}};

    luaL_newlib(sandbox_lua(sandbox), functions);
    sandbox_set_global(sandbox, "metrology");
}
