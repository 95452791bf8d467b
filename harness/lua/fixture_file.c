#include "harness/lua/fixture_file.h"

#include "harness/lua/sandbox.h"

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>

static const char *const chip_keys[] = {"dac", "adc", "eeprom"};

/* Copies a chip's name; NULL when the card names none. */
static enum status take_chip(lua_State *lua, int card, const char *key, const char *path,
    size_t cell_no, char name[FIXTURE_NAME_MAX], struct error *err)
{
    int type = lua_getfield(lua, card, key);
    const char *text = type == LUA_TSTRING ? lua_tostring(lua, -1) : "";

    if (type != LUA_TNIL && type != LUA_TSTRING) {
        return error_set(
            err, STATUS_USAGE, "%s: cell %zu: %s must be a chip's name", path, cell_no, key);
    }
    if (strlen(text) >= FIXTURE_NAME_MAX) {
        return error_set(
            err, STATUS_USAGE, "%s: cell %zu: %s: the name is too long", path, cell_no, key);
    }
    (void)snprintf(name, FIXTURE_NAME_MAX, "%s", text);
    lua_pop(lua, 1);
    return STATUS_OK;
}

static enum status check_card_keys(
    lua_State *lua, int card, const char *path, size_t cell_no, struct error *err)
{
    lua_pushnil(lua);
    while (lua_next(lua, card) != 0) {
        const char *key = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : "?";
        bool is_known = strcmp(key, "slot") == 0;
        for (size_t i = 0; i < 3; i++) {
            is_known = is_known || strcmp(key, chip_keys[i]) == 0;
        }
        if (!is_known) {
            return error_set(
                err, STATUS_USAGE, "%s: cell %zu has an unknown key \"%s\"", path, cell_no, key);
        }
        lua_pop(lua, 1);
    }
    return STATUS_OK;
}

static enum status take_card(
    lua_State *lua, struct fixture_file *fixture, size_t index, const char *path, struct error *err)
{
    int card = lua_gettop(lua);
    struct cb24_card_config *config = &fixture->cards[index];
    const char **names[] = {&config->dac, &config->adc, &config->eeprom};

    if (!lua_istable(lua, card)) {
        return error_set(err, STATUS_USAGE, "%s: cell %zu is not a table", path, index + 1);
    }
    TRY(check_card_keys(lua, card, path, index + 1, err));
    lua_getfield(lua, card, "slot");
    if (!lua_isinteger(lua, -1)) {
        return error_set(err, STATUS_USAGE, "%s: cell %zu needs slot = 0 .. 23", path, index + 1);
    }
    config->slot = (long)lua_tointeger(lua, -1);
    lua_pop(lua, 1);
    for (size_t i = 0; i < 3; i++) {
        char *name = fixture->names[index][i];
        TRY(take_chip(lua, card, chip_keys[i], path, index + 1, name, err));
        *names[i] = name[0] != '\0' ? name : NULL;
    }
    return STATUS_OK;
}

static enum status take_cells(
    lua_State *lua, struct fixture_file *fixture, const char *path, struct error *err)
{
    if (!lua_istable(lua, -1)) {
        return error_set(err, STATUS_USAGE, "%s: returns no table", path);
    }
    if (lua_getfield(lua, -1, "cells") != LUA_TTABLE) {
        return error_set(err, STATUS_USAGE, "%s: has no cells = { ... }", path);
    }
    size_t count = (size_t)lua_rawlen(lua, -1);
    if (count > CELL_MAX) {
        return error_set(
            err, STATUS_USAGE, "%s: names %zu cells, at most %d fit", path, count, (int)CELL_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(lua, -1, (lua_Integer)i + 1);
        TRY(take_card(lua, fixture, i, path, err));
        lua_pop(lua, 1);
    }
    fixture->cb24 = (struct cb24_config){.cards = fixture->cards, .card_count = count};
    return STATUS_OK;
}

static enum status check(const struct fixture_file *fixture, const char *path, struct error *err)
{
    struct error why;
    enum status status = cb24_check(&fixture->cb24, &why);

    if (status != STATUS_OK) {
        return error_set(err, status, "%s: %s", path, why.text);
    }
    return STATUS_OK;
}

enum status fixture_file_load(const char *path, struct fixture_file *fixture, struct error *err)
{
    struct sandbox *sandbox = sandbox_create("");

    memset(fixture, 0, sizeof *fixture);
    sandbox_lock(sandbox);
    enum status status = sandbox_run_file(sandbox, path, err);
    if (status == STATUS_OK) {
        status = take_cells(sandbox_lua(sandbox), fixture, path, err);
    }
    if (status == STATUS_OK) {
        status = check(fixture, path, err);
    }
    sandbox_destroy(sandbox);
    return status;
}
