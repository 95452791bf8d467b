/**
 * The room in which plans and fixture files run: text chunks only, allow-listed globals that are
 * locked for reading and writing, modules that are read-only once loaded, no io, os, debug, load or
 * coroutine, a bounded heap, and a bounded number of instructions that keeps raising until the
 * script is gone, so that pcall cannot swallow it. Counting instructions and not seconds keeps
 * results independent of the host's speed.
 */
#ifndef EVENKEEL_HARNESS_LUA_SANDBOX_H
#define EVENKEEL_HARNESS_LUA_SANDBOX_H

#include "harness/base/error.h"

#include <lua.h>

#include <stdint.h>

enum {
    SANDBOX_HEAP_MAX = 64 * 1024 * 1024,     /* bytes */
    SANDBOX_BUDGET_INSTRUCTIONS = 100000000, /* of loading, and of each step */
    SANDBOX_SCRIPT_MAX = 1024 * 1024         /* bytes of one file */
};

struct sandbox;

/** @p scripts_folder is where require "a.b" finds a/b.lua; kept by copy. */
struct sandbox *sandbox_create(const char *scripts_folder);
/** NULL is allowed. */
void sandbox_destroy(struct sandbox *sandbox);
lua_State *sandbox_lua(struct sandbox *sandbox);

/**
 * Add the value on top of the stack as global @p name and pop it; a table becomes read-only. Only
 * before sandbox_lock().
 */
void sandbox_set_global(struct sandbox *sandbox, const char *name);
/** From here on globals can be neither added nor changed. */
void sandbox_lock(struct sandbox *sandbox);

/**
 * Load and run a script file; leaves its first result on the stack.
 * @retval STATUS_ABSENT cannot be read  @retval STATUS_SCRIPT with file, line and what is wrong
 */
enum status sandbox_run_file(struct sandbox *sandbox, const char *path, struct error *err);

/**
 * Modules and libraries are read-only proxies of the tables behind them, which rawlen, rawgeti and
 * next do not see through: push the table that @p index stands for. [-0, +1] @return its index
 */
int sandbox_push_plain(lua_State *lua, int index);

/** Start a new budget for the thread @p lua. */
void sandbox_arm(lua_State *lua);

/**
 * Raise @p err; does not return. A script reads it as { code, origin, text } and cannot change it,
 * so that no plan turns one kind of failure into another.
 */
int sandbox_raise(lua_State *lua, const struct error *err);
/** Raise @p err when @p status is not STATUS_OK. */
void sandbox_check(lua_State *lua, enum status status, const struct error *err);
/** What a failed call left on top of the stack, as a status and one line; pops it. */
enum status sandbox_take_error(lua_State *lua, struct error *err);

/** SHA-256, hex, over names and texts of all files run or required so far, in that order; "": none.
 */
void sandbox_hash(const struct sandbox *sandbox, char hex[65]);
/** The same of the one file required as @p module ("products.ek-24s4eb"); "" when it was not. */
void sandbox_module_hash(const struct sandbox *sandbox, const char *module, char hex[65]);

#endif
