#include "harness/lua/lclass.h"

#include <lauxlib.h>

#include <stdint.h>
#include <string.h>

struct object {
    void *pointer;
};

static const struct lclass *class_of_upvalue(lua_State *lua)
{
    return lua_touserdata(lua, lua_upvalueindex(1));
}

/* [-0, +1, raises] object[key] */
static int index_object(lua_State *lua)
{
    const struct lclass *class = class_of_upvalue(lua);
    const char *key = luaL_checkstring(lua, 2);

    for (const struct lclass_row *row = class->rows; row->name != NULL; row++) {
        if (strcmp(row->name, key) != 0) {
            continue;
        }
        if (row->get != NULL) {
            return row->get(lua);
        }
        lua_pushcfunction(lua, row->call);
        return 1;
    }
    return luaL_error(lua, "%s has no \"%s\"", class->name, key);
}

/* [-0, +0, raises] object[key] = value */
static int refuse_set(lua_State *lua)
{
    return luaL_error(lua, "%s cannot be changed: \"%s\"", class_of_upvalue(lua)->name,
        luaL_tolstring(lua, 2, NULL));
}

/* [-0, +1] tostring(object) */
static int object_to_text(lua_State *lua)
{
    lua_pushstring(lua, class_of_upvalue(lua)->name);
    return 1;
}

static void set_metamethod(
    lua_State *lua, const struct lclass *class, const char *name, lua_CFunction function)
{
    lua_pushlightuserdata(lua, (void *)(uintptr_t) class); /* only read, never written */
    lua_pushcclosure(lua, function, 1);
    lua_setfield(lua, -2, name);
}

void lclass_register(lua_State *lua, const struct lclass *class)
{
    luaL_newmetatable(lua, class->name);
    set_metamethod(lua, class, "__index", index_object);
    set_metamethod(lua, class, "__newindex", refuse_set);
    set_metamethod(lua, class, "__tostring", object_to_text);
    lua_pushliteral(lua, "locked");
    lua_setfield(lua, -2, "__metatable");
    lua_pop(lua, 1);
}

void lclass_push(lua_State *lua, const struct lclass *class, void *pointer)
{
    struct object *object = lua_newuserdatauv(lua, sizeof *object, 1);

    object->pointer = pointer;
    luaL_setmetatable(lua, class->name);
}

void *lclass_check(lua_State *lua, int index, const struct lclass *class)
{
    struct object *object = luaL_checkudata(lua, index, class->name);

    return object->pointer;
}
