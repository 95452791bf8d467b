#include "harness/lua/sandbox.h"

#include "harness/base/bytes.h"
#include "harness/base/mem.h"

#include <lauxlib.h>
#include <lualib.h>
#include <sodium.h>

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOOK_STEP_INSTRUCTIONS = 10000,
    MODULE_MAX = 64,
    NESTING_MAX = 32 /* of tables in a module's */
};

static const char error_type[] = "keel.error";
static const char modules_key[] = "keel.modules";
static const char frozen_key[] = "keel.frozen";

struct module {
    char name[96];
    char sha256[65];
};

struct sandbox {
    lua_State *lua;
    char scripts_folder[512];
    size_t heap_len;
    uint64_t used_instructions;
    bool is_locked;
    crypto_hash_sha256_state hash;
    struct module modules[MODULE_MAX];
    size_t module_count;
};

/* ---- heap and instructions are counted ---- */

static void *allocate(void *ctx, void *old, size_t old_len, size_t new_len)
{
    struct sandbox *sandbox = ctx;
    size_t real_old_len = old != NULL ? old_len : 0;

    if (new_len == 0) {
        sandbox->heap_len -= real_old_len;
        free(old);
        return NULL;
    }
    if (new_len > real_old_len && sandbox->heap_len + (new_len - real_old_len) > SANDBOX_HEAP_MAX) {
        return NULL;
    }
    void *memory = realloc(old, new_len);
    if (memory != NULL) {
        sandbox->heap_len = sandbox->heap_len - real_old_len + new_len;
    }
    return memory;
}

static struct sandbox *sandbox_of(lua_State *lua)
{
    struct sandbox *sandbox;

    memcpy(&sandbox, lua_getextraspace(lua), sizeof(void *));
    return sandbox;
}

static void on_count(lua_State *lua, lua_Debug *debug)
{
    struct sandbox *sandbox = sandbox_of(lua);

    (void)debug;
    sandbox->used_instructions += HOOK_STEP_INSTRUCTIONS;
    if (sandbox->used_instructions > SANDBOX_BUDGET_INSTRUCTIONS) {
        lua_sethook(lua, on_count, LUA_MASKCOUNT, 1); /* again and again: pcall must not win */
        luaL_error(lua, "still running after %d instructions: an endless loop?",
            (int)SANDBOX_BUDGET_INSTRUCTIONS);
    }
}

void sandbox_arm(lua_State *lua)
{
    sandbox_of(lua)->used_instructions = 0;
    lua_sethook(lua, on_count, LUA_MASKCOUNT, HOOK_STEP_INSTRUCTIONS);
}

/* ---- errors read like tables { code, origin, text } and cannot be changed ---- */

/* [-0, +1] error[key] */
static int index_error(lua_State *lua)
{
    const struct error *error = luaL_checkudata(lua, 1, error_type);
    const char *key = luaL_checkstring(lua, 2);

    if (strcmp(key, "code") == 0) {
        lua_pushstring(lua, status_slug(error->code));
    } else if (strcmp(key, "origin") == 0) {
        lua_pushstring(lua, error->origin);
    } else if (strcmp(key, "text") == 0) {
        lua_pushstring(lua, error->text);
    } else {
        return luaL_error(lua, "an error has code, origin and text, no \"%s\"", key);
    }
    return 1;
}

/* [-0, +1] tostring(error) */
static int error_to_text(lua_State *lua)
{
    const struct error *error = luaL_checkudata(lua, 1, error_type);

    lua_pushfstring(
        lua, "%s%s%s", error->origin, error->origin[0] != '\0' ? ": " : "", error->text);
    return 1;
}

int sandbox_raise(lua_State *lua, const struct error *err)
{
    struct error *kept = lua_newuserdatauv(lua, sizeof *kept, 0);

    *kept = *err;
    if (err->code == STATUS_ABORTED) { /* from now on each instruction raises: pcall must not win */
        sandbox_of(lua)->used_instructions = SANDBOX_BUDGET_INSTRUCTIONS;
        lua_sethook(lua, on_count, LUA_MASKCOUNT, 1);
    }
    if (err->code == STATUS_SCRIPT) { /* the plan's own mistakes have a line */
        luaL_where(lua, 1);
        (void)snprintf(kept->text, sizeof kept->text, "%s%s", lua_tostring(lua, -1), err->text);
        lua_pop(lua, 1);
    }
    luaL_setmetatable(lua, error_type);
    return lua_error(lua);
}

void sandbox_check(lua_State *lua, enum status status, const struct error *err)
{
    if (status != STATUS_OK) {
        sandbox_raise(lua, err);
    }
}

enum status sandbox_take_error(lua_State *lua, struct error *err)
{
    const struct error *raised = luaL_testudata(lua, -1, error_type);
    enum status status;

    if (raised != NULL) {
        status = raised->code;
        if (err != NULL) {
            *err = *raised;
        }
        lua_pop(lua, 1);
        return status;
    }
    if (!lua_isstring(lua, -1)) { /* its address would differ from run to run */
        status = error_set(
            err, STATUS_SCRIPT, "the plan raised a %s, not a text", luaL_typename(lua, -1));
    } else {
        const char *text = lua_tostring(lua, -1);
        status = error_set(err, STATUS_SCRIPT, "%.*s", (int)strcspn(text, "\n"), text);
    }
    lua_pop(lua, 1);
    return status;
}

/* ---- tables that cannot be written ---- */

/* [-0, +0, raises] writing into one of them */
static int refuse_set(lua_State *lua)
{
    return luaL_error(
        lua, "\"%s\" cannot be set: this table is read-only", luaL_tolstring(lua, 2, NULL));
}

/* [-0, +1] #table */
static int plain_len(lua_State *lua)
{
    lua_pushinteger(lua, (lua_Integer)lua_rawlen(lua, lua_upvalueindex(1)));
    return 1;
}

/* The table at the top is replaced by an empty proxy that reads it and refuses to be written. */
static void make_read_only(lua_State *lua, lua_CFunction on_write)
{
    lua_newtable(lua);
    lua_newtable(lua);
    lua_pushvalue(lua, -3);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, on_write);
    lua_setfield(lua, -2, "__newindex");
    lua_pushvalue(lua, -3);
    lua_pushcclosure(lua, plain_len, 1);
    lua_setfield(lua, -2, "__len");
    lua_pushliteral(lua, "locked");
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
    lua_remove(lua, -2);
}

/* The same for the table at the top and the tables in it; @p done maps each to its proxy. */
static void freeze(lua_State *lua, int done, int depth)
{
    if (depth > NESTING_MAX) {
        luaL_error(lua, "tables in tables, more than %d deep", (int)NESTING_MAX);
    }
    luaL_checkstack(lua, 12, "tables in tables");
    lua_pushvalue(lua, -1);
    if (lua_rawget(lua, done) != LUA_TNIL) {
        lua_remove(lua, -2);
        return;
    }
    lua_pop(lua, 1);
    int plain = lua_gettop(lua);
    lua_pushvalue(lua, plain);
    make_read_only(lua, refuse_set);
    lua_pushvalue(lua, plain);
    lua_pushvalue(lua, -2);
    lua_rawset(lua, done);
    lua_pushvalue(lua, -1);
    lua_pushvalue(lua, -1);
    lua_rawset(lua, done); /* a proxy is its own proxy */
    lua_pushnil(lua);
    while (lua_next(lua, plain) != 0) {
        if (lua_istable(lua, -1)) {
            freeze(lua, done, depth + 1);
            lua_pushvalue(lua, -2);
            lua_insert(lua, -2);
            lua_rawset(lua, plain); /* assigning to a field that is there is allowed meanwhile */
        } else {
            lua_pop(lua, 1);
        }
    }
    lua_remove(lua, plain);
}

int sandbox_push_plain(lua_State *lua, int index)
{
    int type = luaL_getmetafield(lua, index, "__index");

    if (type != LUA_TTABLE) {
        lua_pop(lua, type != LUA_TNIL ? 1 : 0);
        lua_pushvalue(lua, index);
    }
    return lua_gettop(lua);
}

/* ---- pairs goes the same way each time ---- */

/* Append key at the top to the list at @p list and pop it. */
static void append(lua_State *lua, int list)
{
    lua_rawseti(lua, list, (lua_Integer)lua_rawlen(lua, list) + 1);
}

/* Collect the keys of the table at 2 whose type is @p type into the list at @p list. */
static void collect_keys(lua_State *lua, int list, int type)
{
    lua_pushnil(lua);
    while (lua_next(lua, 2) != 0) {
        lua_pop(lua, 1);
        if (lua_type(lua, -1) == type) {
            lua_pushvalue(lua, -1);
            append(lua, list);
        }
    }
}

static void check_key_types(lua_State *lua)
{
    lua_pushnil(lua);
    while (lua_next(lua, 2) != 0) {
        lua_pop(lua, 1);
        if (lua_type(lua, -1) != LUA_TNUMBER && lua_type(lua, -1) != LUA_TSTRING) {
            luaL_error(lua, "pairs: a key is a %s: its order would differ from run to run",
                luaL_typename(lua, -1));
        }
    }
}

/* [-0, +2] the step of pairs; upvalues: keys, next number, table */
static int next_pair(lua_State *lua)
{
    lua_Integer at = lua_tointeger(lua, lua_upvalueindex(2));

    for (;; at++) {
        if (lua_rawgeti(lua, lua_upvalueindex(1), at) == LUA_TNIL) {
            return 1;
        }
        lua_pushvalue(lua, -1);
        if (lua_rawget(lua, lua_upvalueindex(3)) != LUA_TNIL) {
            lua_pushinteger(lua, at + 1);
            lua_replace(lua, lua_upvalueindex(2));
            return 2;
        }
        lua_pop(lua, 2); /* taken out meanwhile */
    }
}

/*
 * [-0, +1, raises] pairs(table): numbers in order, then texts in order. Lua's own order of texts
 * depends on addresses, and with it what a plan does: the same seed must give the same run.
 * Upvalue: table.sort.
 */
static int ordered_pairs(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_settop(lua, 1);
    (void)sandbox_push_plain(lua, 1);
    check_key_types(lua);
    lua_newtable(lua);
    lua_newtable(lua);
    collect_keys(lua, 3, LUA_TNUMBER);
    collect_keys(lua, 4, LUA_TSTRING);
    for (int list = 3; list <= 4; list++) {
        lua_pushvalue(lua, lua_upvalueindex(1));
        lua_pushvalue(lua, list);
        lua_call(lua, 1, 0);
    }
    lua_Integer text_count = (lua_Integer)lua_rawlen(lua, 4);
    for (lua_Integer i = 1; i <= text_count; i++) {
        lua_rawgeti(lua, 4, i);
        append(lua, 3);
    }
    lua_pushvalue(lua, 3);
    lua_pushinteger(lua, 1);
    lua_pushvalue(lua, 2);
    lua_pushcclosure(lua, next_pair, 3);
    return 1;
}

/* ---- loops in C that no instruction count sees ---- */

/* [raises] string.rep, table.move with a count that memory could never hold; upvalue: the real one
 */
static int call_real(lua_State *lua)
{
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_insert(lua, 1);
    lua_call(lua, lua_gettop(lua) - 1, LUA_MULTRET);
    return lua_gettop(lua);
}

static int bounded_rep(lua_State *lua)
{
    luaL_argcheck(lua, luaL_checkinteger(lua, 2) <= SANDBOX_HEAP_MAX, 2, "too many");
    return call_real(lua);
}

static int bounded_move(lua_State *lua)
{
    lua_Integer first = luaL_checkinteger(lua, 2);
    lua_Integer last = luaL_checkinteger(lua, 3);

    luaL_argcheck(lua, last < first || (lua_Unsigned)last - (lua_Unsigned)first < SANDBOX_HEAP_MAX,
        3, "too many");
    return call_real(lua);
}

/* ---- files ---- */

static enum status read_file(const char *path, struct buffer *text, struct error *err)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        return error_set(err, STATUS_ABSENT, "%s: %s", path, strerror(errno));
    }
    uint8_t *at = buffer_grow(text, SANDBOX_SCRIPT_MAX + 1);
    text->len = fread(at, 1, SANDBOX_SCRIPT_MAX + 1, file);
    bool is_bad = ferror(file) != 0;
    (void)fclose(file);
    if (is_bad) {
        return error_set(err, STATUS_ABSENT, "%s: cannot be read (is it a folder?)", path);
    }
    if (text->len > SANDBOX_SCRIPT_MAX) {
        return error_set(
            err, STATUS_SCRIPT, "%s: larger than %d bytes", path, (int)SANDBOX_SCRIPT_MAX);
    }
    return STATUS_OK;
}

static void note_module(struct sandbox *sandbox, const char *name, const struct buffer *text)
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    uint8_t len[4];

    bytes_put_le32(len, (uint32_t)text->len);
    crypto_hash_sha256_update(&sandbox->hash, (const uint8_t *)name, strlen(name) + 1);
    crypto_hash_sha256_update(&sandbox->hash, len, sizeof len);
    crypto_hash_sha256_update(&sandbox->hash, text->data, text->len);
    if (sandbox->module_count < MODULE_MAX) {
        struct module *module = &sandbox->modules[sandbox->module_count++];
        (void)snprintf(module->name, sizeof module->name, "%s", name);
        crypto_hash_sha256(digest, text->data, text->len);
        bytes_to_hex(digest, sizeof digest, module->sha256);
    }
}

/* Leaves the compiled chunk, with the locked globals as its environment, on the stack. */
static enum status load_file(
    struct sandbox *sandbox, const char *name, const char *path, struct error *err)
{
    struct buffer text = {0};

    enum status status = read_file(path, &text, err);
    if (status == STATUS_OK) {
        char *chunk_name = mem_printf("@%s", path);
        note_module(sandbox, name, &text);
        if (luaL_loadbufferx(sandbox->lua, (const char *)text.data, text.len, chunk_name, "t") !=
            LUA_OK) {
            status = sandbox_take_error(sandbox->lua, err);
        }
        free(chunk_name);
    }
    buffer_finish(&text);
    return status;
}

enum status sandbox_run_file(struct sandbox *sandbox, const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');

    TRY(load_file(sandbox, slash != NULL ? slash + 1 : path, path, err));
    sandbox_arm(sandbox->lua);
    if (lua_pcall(sandbox->lua, 0, 1, 0) != LUA_OK) {
        return sandbox_take_error(sandbox->lua, err);
    }
    return STATUS_OK;
}

static bool is_module_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-.");

    return len > 0 && len < sizeof((struct module){0}.name) && name[len] == '\0' &&
           strstr(name, "..") == NULL && name[0] != '.';
}

static char *module_path(const struct sandbox *sandbox, const char *name)
{
    char *path = mem_printf("%s/%s.lua", sandbox->scripts_folder, name);

    for (char *at = path + strlen(sandbox->scripts_folder) + 1; *at != '\0'; at++) {
        if (*at == '.' && strcmp(at, ".lua") != 0) {
            *at = '/';
        }
    }
    return path;
}

/* [-0, +1, raises] require(name) -> what the module returns */
static int require_module(lua_State *lua)
{
    struct sandbox *sandbox = sandbox_of(lua);
    const char *name = luaL_checkstring(lua, 1);
    struct error err;

    luaL_argcheck(lua, is_module_name(name), 1, "a module is named like \"lib.pattern\"");
    lua_getfield(lua, LUA_REGISTRYINDEX, modules_key);
    if (lua_getfield(lua, -1, name) != LUA_TNIL) {
        return 1;
    }
    lua_pop(lua, 1);
    if (sandbox->lua != lua) {
        return luaL_error(
            lua, "require \"%s\" belongs at the top of the plan, not in a step", name);
    }
    char *path = module_path(sandbox, name);
    enum status status = load_file(sandbox, name, path, &err);
    free(path);
    sandbox_check(lua, status, &err);
    lua_call(lua, 0, 1);
    if (lua_isnil(lua, -1)) {
        return luaL_error(lua, "module \"%s\" returns nothing", name);
    }
    if (lua_istable(lua, -1)) {
        lua_getfield(lua, LUA_REGISTRYINDEX, frozen_key);
        lua_insert(lua, -2);
        freeze(lua, lua_gettop(lua) - 1, 1);
        lua_remove(lua, -2);
    }
    lua_pushvalue(lua, -1);
    lua_setfield(lua, -3, name);
    return 1;
}

/* ---- globals ---- */

/* No xpcall: a handler that calls itself can keep raising for ever inside one instruction. */
static const char *const allowed_globals[] = {"assert", "error", "ipairs", "pcall", "select",
    "tonumber", "tostring", "type", "math", "string", "table", "utf8"};

static const char *const removed_fields[][2] = {
    {"string", "dump"}, {"math", "random"}, {"math", "randomseed"}};

/* These are called with the real one as their upvalue. */
static const struct {
    const char *library, *name;
    lua_CFunction bounded;
} bounded_fields[] = {{"string", "rep", bounded_rep}, {"table", "move", bounded_move}};

/* [-0, +0, raises] reading a global that does not exist */
static int refuse_read(lua_State *lua)
{
    return luaL_error(lua, "there is no global \"%s\"", luaL_tolstring(lua, 2, NULL));
}

/* [-0, +0, raises] writing a global */
static int refuse_write(lua_State *lua)
{
    return luaL_error(
        lua, "global \"%s\" cannot be set: make it local", luaL_tolstring(lua, 2, NULL));
}

static int open_libraries(lua_State *lua)
{
    luaL_openlibs(lua);
    for (size_t i = 0; i < sizeof removed_fields / sizeof removed_fields[0]; i++) {
        lua_getglobal(lua, removed_fields[i][0]);
        lua_pushnil(lua);
        lua_setfield(lua, -2, removed_fields[i][1]);
        lua_pop(lua, 1);
    }
    for (size_t i = 0; i < sizeof bounded_fields / sizeof bounded_fields[0]; i++) {
        lua_getglobal(lua, bounded_fields[i].library);
        lua_getfield(lua, -1, bounded_fields[i].name);
        lua_pushcclosure(lua, bounded_fields[i].bounded, 1);
        lua_setfield(lua, -2, bounded_fields[i].name);
        lua_pop(lua, 1);
    }
    lua_newtable(lua); /* the globals that scripts see */
    for (size_t i = 0; i < sizeof allowed_globals / sizeof allowed_globals[0]; i++) {
        lua_getglobal(lua, allowed_globals[i]);
        lua_setfield(lua, -2, allowed_globals[i]);
    }
    lua_pushcfunction(lua, require_module);
    lua_setfield(lua, -2, "require");
    lua_getfield(lua, -1, "table");
    lua_getfield(lua, -1, "sort");
    lua_pushcclosure(lua, ordered_pairs, 1);
    lua_setfield(lua, -3, "pairs");
    lua_pop(lua, 1);
    lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_newtable(lua);
    lua_setfield(lua, LUA_REGISTRYINDEX, modules_key);
    lua_newtable(lua);
    lua_setfield(lua, LUA_REGISTRYINDEX, frozen_key);
    luaL_newmetatable(lua, error_type);
    lua_pushcfunction(lua, index_error);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, error_to_text);
    lua_setfield(lua, -2, "__tostring");
    lua_pushliteral(lua, "locked");
    lua_setfield(lua, -2, "__metatable");
    return 0;
}

struct sandbox *sandbox_create(const char *scripts_folder)
{
    struct sandbox *sandbox = mem_alloc(1, sizeof *sandbox);

    (void)snprintf(sandbox->scripts_folder, sizeof sandbox->scripts_folder, "%s", scripts_folder);
    crypto_hash_sha256_init(&sandbox->hash);
    sandbox->lua = lua_newstate(allocate, sandbox);
    assert(sandbox->lua != NULL);
    memcpy(lua_getextraspace(sandbox->lua), &sandbox, sizeof(void *));
    lua_pushcfunction(sandbox->lua, open_libraries);
    lua_call(sandbox->lua, 0, 0);
    return sandbox;
}

void sandbox_destroy(struct sandbox *sandbox)
{
    if (sandbox != NULL) {
        lua_close(sandbox->lua);
        free(sandbox);
    }
}

lua_State *sandbox_lua(struct sandbox *sandbox)
{
    return sandbox->lua;
}

void sandbox_set_global(struct sandbox *sandbox, const char *name)
{
    assert(!sandbox->is_locked);
    if (lua_istable(sandbox->lua, -1)) {
        make_read_only(sandbox->lua, refuse_set);
    }
    lua_setglobal(sandbox->lua, name);
}

static void lock_table(lua_State *lua, lua_CFunction on_read)
{
    lua_newtable(lua);
    if (on_read != NULL) {
        lua_pushcfunction(lua, on_read);
        lua_setfield(lua, -2, "__index");
    }
    lua_pushcfunction(lua, refuse_write);
    lua_setfield(lua, -2, "__newindex");
    lua_pushliteral(lua, "locked");
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
}

static void lock_library(lua_State *lua, const char *name)
{
    lua_getglobal(lua, name);
    make_read_only(lua, refuse_set);
    lua_setglobal(lua, name);
}

void sandbox_lock(struct sandbox *sandbox)
{
    lua_State *lua = sandbox->lua;

    lock_library(lua, "math");
    lock_library(lua, "string");
    lock_library(lua, "table");
    lock_library(lua, "utf8");
    lua_pushliteral(lua, "");
    if (lua_getmetatable(lua, -1)) { /* ("x"):rep() reads the string library itself */
        lua_pushliteral(lua, "locked");
        lua_setfield(lua, -2, "__metatable");
        lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
    lua_pushglobaltable(lua);
    make_read_only(lua, refuse_write);
    lua_getmetatable(lua, -1);
    lua_getfield(lua, -1, "__index");
    lock_table(lua, refuse_read); /* a global that is missing below raises */
    lua_pop(lua, 2);
    lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    sandbox->is_locked = true;
}

/* ---- hashes ---- */

void sandbox_hash(const struct sandbox *sandbox, char hex[65])
{
    crypto_hash_sha256_state copy = sandbox->hash;
    uint8_t digest[crypto_hash_sha256_BYTES];

    hex[0] = '\0';
    if (sandbox->module_count > 0) {
        crypto_hash_sha256_final(&copy, digest);
        bytes_to_hex(digest, sizeof digest, hex);
    }
}

void sandbox_module_hash(const struct sandbox *sandbox, const char *module, char hex[65])
{
    hex[0] = '\0';
    for (size_t i = 0; i < sandbox->module_count; i++) {
        if (strcmp(sandbox->modules[i].name, module) == 0) {
            memcpy(hex, sandbox->modules[i].sha256, 65);
        }
    }
}
