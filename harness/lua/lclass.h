/**
 * A class for plans is a table of rows: properties { name, get } and methods { name, call }.
 * lclass_register() supplies type checks, __tostring, and an error that names the class when a key
 * does not exist. The pointer of an object must live as long as the Lua state.
 */
#ifndef EVENKEEL_HARNESS_LUA_LCLASS_H
#define EVENKEEL_HARNESS_LUA_LCLASS_H

#include <lua.h>

struct lclass_row {
    const char *name;
    lua_CFunction get;  /* [-0, +1] property: object at 1; NULL for a method */
    lua_CFunction call; /* method: object at 1, arguments behind */
};

struct lclass {
    const char *name;              /* "cells": as it stands in error messages */
    const struct lclass_row *rows; /* closed by a row without name */
};

/** Once per state. */
void lclass_register(lua_State *lua, const struct lclass *class);
/** [-0, +1] Push a new object around @p pointer. */
void lclass_push(lua_State *lua, const struct lclass *class, void *pointer);
/** The pointer of the object at @p index; raises for another type. */
void *lclass_check(lua_State *lua, int index, const struct lclass *class);
#endif
