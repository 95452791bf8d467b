#define _POSIX_C_SOURCE 200809L
#include "harness/lua/sandbox.h"
#include "tests/support.h"

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Run a text as a script file in a folder of its own. */
static enum status run_text(const char *text, struct error *err)
{
    char folder[] = "/tmp/keel-sandbox-XXXXXX";
    char path[64];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/plan.lua", folder);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    (void)fputs(text, file);
    (void)fclose(file);
    struct sandbox *sandbox = sandbox_create(folder);
    sandbox_lock(sandbox);
    enum status status = sandbox_run_file(sandbox, path, err);
    sandbox_destroy(sandbox);
    (void)unlink(path);
    (void)rmdir(folder);
    return status;
}

/* Each script and a part of what it must be refused with; NULL: it must run. */
static const struct {
    const char *text;
    const char *refusal;
} cases[] = {
    {"return math.max(1, 2) + #string.rep('x', 3)", NULL},
    {"return ('%d'):format(3)", NULL},
    {"local x <const> = 1 return pcall(error, 'x')", NULL},
    {"return io", "no global \"io\""},
    {"return os", "no global \"os\""},
    {"return debug", "no global \"debug\""},
    {"return load", "no global \"load\""},
    {"return loadstring", "no global"},
    {"return dofile", "no global"},
    {"return package", "no global"},
    {"return coroutine", "no global"},
    {"return collectgarbage", "no global"},
    {"return setmetatable", "no global"},
    {"return xpcall", "no global"},
    {"return string.dump(print)", "no global \"print\""},
    {"return string.dump(function() end)", "attempt to call a nil value"},
    {"return math.random()", "attempt to call a nil value"},
    {"x = 1", "global \"x\" cannot be set"},
    {"math.pi = 3", "cannot be set"},
    {"string.format = nil", "cannot be set"},
    {"return require 'no.such'", "no/such.lua"},
    {"return require '../etc/passwd'", "a module is named like"},
    {"return require '..x'", "a module is named like"},
    {"while true do end", "an endless loop?"},
    {"while true do pcall(function() while true do end end) end", "an endless loop?"},
    {"local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1e6) .. i end", "not enough memory"},
    {"return 1 +", "plan.lua:1:"},
    {"\n\nreturn nosuch", "plan.lua:3:"},
    {"\x1bLua", "attempt to load a binary chunk"},
    {"error { text = 'mine' }", "raised a table"},
    {"error(nil)", "raised a nil"},
    {"return table.move({ 1 }, 1, 1e15, 2)", "too many"},
    {"return (''):rep(1e15)", "too many"},
    {"return table.move({ 1, 2 }, 1, 2, 2)", NULL},
    {"assert(('ab'):rep(2, '-') == 'ab-ab')", NULL},
    {"local keys = {} for k in pairs { b = 1, [2] = 1, a = 1, [1] = 1, c = nil } do "
     "keys[#keys + 1] = k end assert(table.concat(keys) == '12ab')",
        NULL},
    {"local t = { a = 1, b = 2 } for k in pairs(t) do t.a, t.b = nil, nil end", NULL},
    {"for k in pairs { [{}] = 1 } do end", "a key is a table"},
    {"for k in pairs(nil) do end", "table expected"},
    {"return next", "no global \"next\""},
};

START_TEST(script_is_run_or_refused_with_one_line)
{
    struct error err = {0};

    enum status status = run_text(cases[_i].text, &err);
    if (cases[_i].refusal == NULL) {
        ck_assert_msg(status == STATUS_OK, "%s: %s", cases[_i].text, err.text);
        return;
    }
    ck_assert_msg(status != STATUS_OK, "%s was not refused", cases[_i].text);
    ck_assert_msg(strstr(err.text, cases[_i].refusal) != NULL, "%s: says \"%s\", not \"%s\"",
        cases[_i].text, err.text, cases[_i].refusal);
    ck_assert_ptr_null(strchr(err.text, '\n'));
}

END_TEST

START_TEST(file_that_is_not_there_is_named)
{
    struct sandbox *sandbox = sandbox_create("/nonexistent");
    struct error err;

    ck_assert_int_eq(sandbox_run_file(sandbox, "/nonexistent/plan.lua", &err), STATUS_ABSENT);
    ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/plan.lua"));
    char hex[65] = "x";
    sandbox_hash(sandbox, hex);
    ck_assert_str_eq(hex, ""); /* of nothing there is no hash */
    sandbox_destroy(sandbox);
}

END_TEST

/* [-0, +0, raises] */
static int fail_as_a_unit_does(lua_State *lua)
{
    struct error err;
    enum status status = error_set(&err, STATUS_UNIT, "silent for 1 s");

    error_from(&err, status, "unit");
    return sandbox_raise(lua, &err);
}

START_TEST(error_of_c_comes_back_with_its_status_and_origin)
{
    struct sandbox *sandbox = sandbox_create("");
    lua_State *lua = sandbox_lua(sandbox);
    struct error err;

    sandbox_lock(sandbox);
    lua_pushcfunction(lua, fail_as_a_unit_does);
    ck_assert_int_ne(lua_pcall(lua, 0, 0, 0), LUA_OK);
    ck_assert_int_eq(sandbox_take_error(lua, &err), STATUS_UNIT);
    ck_assert_str_eq(err.origin, "unit");
    ck_assert_str_eq(err.text, "silent for 1 s");
    ck_assert_int_eq(lua_gettop(lua), 0);
    sandbox_destroy(sandbox);
}

END_TEST

START_TEST(script_reads_an_error_and_cannot_change_it)
{
    struct sandbox *sandbox = sandbox_create("");
    lua_State *lua = sandbox_lua(sandbox);
    struct error err;
    static const char text[] = "local ok, e = pcall(fail_as_a_unit_does)\n"
                               "assert(not ok and e.code == 'unit' and e.origin == 'unit')\n"
                               "assert(tostring(e) == 'unit: silent for 1 s')\n"
                               "assert(not pcall(function() e.code = 'io' end))\n"
                               "error(e)";

    lua_pushcfunction(lua, fail_as_a_unit_does);
    sandbox_set_global(sandbox, "fail_as_a_unit_does");
    sandbox_lock(sandbox);
    ck_assert_int_eq(luaL_loadstring(lua, text), LUA_OK);
    ck_assert_int_ne(lua_pcall(lua, 0, 0, 0), LUA_OK);
    ck_assert_int_eq(sandbox_take_error(lua, &err), STATUS_UNIT);
    ck_assert_str_eq(err.text, "silent for 1 s");
    sandbox_destroy(sandbox);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tests = tcase_create("sandbox");

    tcase_set_timeout(tests, 60.0);
    tcase_add_loop_test(
        tests, script_is_run_or_refused_with_one_line, 0, sizeof cases / sizeof cases[0]);
    tcase_add_test(tests, file_that_is_not_there_is_named);
    tcase_add_test(tests, error_of_c_comes_back_with_its_status_and_origin);
    tcase_add_test(tests, script_reads_an_error_and_cannot_change_it);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
