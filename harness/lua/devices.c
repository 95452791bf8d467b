/* t.cells, t.target, t.unit: what a plan can do to the bench. Volts and seconds become integers
 * here. */
#include "harness/base/units.h"
#include "harness/lua/binding.h"
#include "harness/lua/lclass.h"

#include <lauxlib.h>

#include <string.h>

static const struct lclass cells_class;
static const struct lclass target_class;
static const struct lclass unit_class;

/* ---- cells ---- */

static struct step_scope *scope_of_cells(lua_State *lua)
{
    return binding_scope(lua, lclass_check(lua, 1, &cells_class));
}

static struct cell_rack *rack_of(struct step_scope *scope)
{
    return run_bench(scope->run)->cells;
}

static void take_cell_v(lua_State *lua, struct step_scope *scope, lua_Integer cell_no, double v)
{
    size_t count = rack_of(scope)->cell_count;

    if (cell_no < 1 || (lua_Unsigned)cell_no > count) {
        luaL_error(lua, "there is no cell %I: cells are 1 .. %d", (LUAI_UACINT)cell_no, (int)count);
    }
    if (!(v >= 0.0 && v <= 5.0) || !units_v_to_uv(v, &scope->cell_uv[cell_no - 1])) {
        luaL_error(lua, "cell %I cannot be set to %f V: 0 .. 5 V", (LUAI_UACINT)cell_no, v);
    }
}

/* [-0, +1, raises] cells:set{ [cell_no] = volts, ... } -> cells; the others keep theirs */
static int cells_set(lua_State *lua)
{
    struct step_scope *scope = scope_of_cells(lua);
    struct error err;

    luaL_checktype(lua, 2, LUA_TTABLE);
    int cells = sandbox_push_plain(lua, 2);
    lua_pushnil(lua);
    while (lua_next(lua, cells) != 0) {
        if (!lua_isinteger(lua, -2) || lua_type(lua, -1) != LUA_TNUMBER) {
            return luaL_error(lua, "cells:set wants { [cell number] = volts }");
        }
        take_cell_v(lua, scope, lua_tointeger(lua, -2), lua_tonumber(lua, -1));
        lua_pop(lua, 1);
    }
    struct cell_rack *rack = rack_of(scope);
    sandbox_check(lua, cell_rack_set_uv(rack, scope->cell_uv, rack->cell_count, &err), &err);
    lua_settop(lua, 1);
    return 1;
}

/* [-0, +1, raises] cells:settle() -> cells */
static int cells_settle(lua_State *lua)
{
    struct step_scope *scope = scope_of_cells(lua);
    struct error err;

    sandbox_check(lua, cell_rack_settle(rack_of(scope), &err), &err);
    lua_settop(lua, 1);
    return 1;
}

/* [-0, +2, raises] cells:read() -> volts by cell, raw codes by cell */
static int cells_read(lua_State *lua)
{
    struct step_scope *scope = scope_of_cells(lua);
    struct cell_rack *rack = rack_of(scope);
    struct cell_reading readings[CELL_MAX];
    struct error err;

    sandbox_check(lua, cell_rack_read(rack, readings, rack->cell_count, &err), &err);
    lua_createtable(lua, (int)rack->cell_count, 0);
    lua_createtable(lua, (int)rack->cell_count, 0);
    for (size_t i = 0; i < rack->cell_count; i++) {
        lua_pushnumber(lua, readings[i].v);
        lua_rawseti(lua, -3, (lua_Integer)i + 1);
        lua_pushinteger(lua, readings[i].code_raw);
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
    return 2;
}

/* [-0, +1, raises] cells:off() -> cells; all at 0 V, proved by their ADCs */
static int cells_off(lua_State *lua)
{
    struct step_scope *scope = scope_of_cells(lua);
    struct error err;

    memset(scope->cell_uv, 0, sizeof scope->cell_uv);
    sandbox_check(lua, cell_rack_off(rack_of(scope), &err), &err);
    lua_settop(lua, 1);
    return 1;
}

/* [-0, +1] cells.count */
static int cells_count(lua_State *lua)
{
    lua_pushinteger(lua, (lua_Integer)rack_of(scope_of_cells(lua))->cell_count);
    return 1;
}

static const struct lclass_row cells_rows[] = {
    {"set", NULL, cells_set},
    {"settle", NULL, cells_settle},
    {"read", NULL, cells_read},
    {"off", NULL, cells_off},
    {"count", cells_count, NULL},
    {NULL, NULL, NULL},
};

static const struct lclass cells_class = {"cells", cells_rows};

/* ---- target ---- */

static struct step_scope *scope_of_target(lua_State *lua)
{
    return binding_scope(lua, lclass_check(lua, 1, &target_class));
}

static enum status attach(struct step_scope *scope, struct target_info *info, struct error *err)
{
    struct bench *bench = run_bench(scope->run);

    TRY(target_attach(bench->target, info, err));
    return run_note_unit_id(scope->run, info->unique_id, err);
}

typedef enum status (*image_work_fn)(
    struct target *target, const struct image *image, struct error *err);

/* Attach, do it with the run's image, let go again. */
static enum status work_on_image(struct step_scope *scope, image_work_fn work, struct error *err)
{
    struct target *target = run_bench(scope->run)->target;
    const struct image *image;
    struct target_info info;

    TRY(run_image(scope->run, &image, err));
    TRY(attach(scope, &info, err));
    enum status status = work(target, image, err);
    enum status detached = target_detach(target, status == STATUS_OK ? err : NULL);
    return status != STATUS_OK ? status : detached;
}

/* [-0, +0, raises] target:program(): erase and program the plan's image, calibration kept */
static int target_lua_program(lua_State *lua)
{
    struct error err;

    sandbox_check(lua, work_on_image(scope_of_target(lua), target_program, &err), &err);
    return 0;
}

/* [-0, +0, raises] target:verify(): read back every byte and the ECC flags */
static int target_lua_verify(lua_State *lua)
{
    struct error err;

    sandbox_check(lua, work_on_image(scope_of_target(lua), target_verify, &err), &err);
    return 0;
}

/* [-0, +1, raises] target:info() -> { part, device_id, revision_id, flash_len, unique_id } */
static int target_lua_info(lua_State *lua)
{
    struct step_scope *scope = scope_of_target(lua);
    struct target_info info;
    struct error err;
    char unique_id[25];

    sandbox_check(lua, attach(scope, &info, &err), &err);
    sandbox_check(lua, target_detach(run_bench(scope->run)->target, &err), &err);
    bytes_to_hex(info.unique_id, sizeof info.unique_id, unique_id);
    lua_createtable(lua, 0, 5);
    lua_pushstring(lua, info.part);
    lua_setfield(lua, -2, "part");
    lua_pushinteger(lua, info.device_id);
    lua_setfield(lua, -2, "device_id");
    lua_pushinteger(lua, info.revision_id);
    lua_setfield(lua, -2, "revision_id");
    lua_pushinteger(lua, info.flash_len);
    lua_setfield(lua, -2, "flash_len");
    lua_pushstring(lua, unique_id);
    lua_setfield(lua, -2, "unique_id");
    return 1;
}

static const struct lclass_row target_rows[] = {
    {"program", NULL, target_lua_program},
    {"verify", NULL, target_lua_verify},
    {"info", NULL, target_lua_info},
    {NULL, NULL, NULL},
};

static const struct lclass target_class = {"target", target_rows};

/* ---- unit: the NEEY protocol ---- */

static const struct {
    const char *name;
    uint8_t reg;
} registers[] = {
    {"cell_count", NEEY_REG_CELL_COUNT},
    {"trigger_v", NEEY_REG_TRIGGER},
    {"max_current_a", NEEY_REG_MAX_CURRENT},
    {"stop_voltage_v", NEEY_REG_STOP_VOLTAGE},
    {"standard_vol2_v", NEEY_REG_STANDARD_VOL2},
    {"battery_vol2_v", NEEY_REG_BATTERY_VOL2},
    {"standard_cur2_v", NEEY_REG_STANDARD_CUR2},
    {"balance_on", NEEY_REG_BALANCE_ON},
    {"super_bat2_v", NEEY_REG_SUPER_BAT2},
    {"buzzer", NEEY_REG_BUZZER},
    {"battery_type", NEEY_REG_BATTERY_TYPE},
    {"capacity_ah", NEEY_REG_CAPACITY},
    {"start_voltage_v", NEEY_REG_START_VOLTAGE},
    {"stop_difference_v", NEEY_REG_STOP_DIFFERENCE},
};

static struct step_scope *scope_of_unit(lua_State *lua)
{
    return binding_scope(lua, lclass_check(lua, 1, &unit_class));
}

static struct neey_client *client_of(struct step_scope *scope)
{
    return run_bench(scope->run)->unit;
}

static void set_number(lua_State *lua, const char *key, double value)
{
    lua_pushnumber(lua, value);
    lua_setfield(lua, -2, key);
}

static void set_integer(lua_State *lua, const char *key, lua_Integer value)
{
    lua_pushinteger(lua, value);
    lua_setfield(lua, -2, key);
}

static void set_text(lua_State *lua, const char *key, const char *value)
{
    lua_pushstring(lua, value);
    lua_setfield(lua, -2, key);
}

/* [-0, +0, raises] unit:connect(): forget the past and say that a phone is connected */
static int unit_connect(lua_State *lua)
{
    struct step_scope *scope = scope_of_unit(lua);
    struct error err;

    sandbox_check(lua, neey_client_reset(client_of(scope), &err), &err);
    sandbox_check(lua, neey_client_connected(client_of(scope), &err), &err);
    return 0;
}

/* [-0, +1, raises] unit:device_info() -> table */
static int unit_device_info(lua_State *lua)
{
    struct step_scope *scope = scope_of_unit(lua);
    struct neey_device_info info;
    struct error err;

    sandbox_check(lua, neey_client_device_info(client_of(scope), &info, &err), &err);
    lua_newtable(lua);
    set_text(lua, "model", info.model);
    set_text(lua, "hardware", info.hardware);
    set_text(lua, "software", info.software);
    set_text(lua, "protocol", info.protocol);
    set_text(lua, "production_date", info.production_date);
    set_text(lua, "device_id", info.device_id);
    set_text(lua, "name", info.name);
    set_integer(lua, "power_on_count", info.power_on_count);
    set_integer(lua, "runtime_s", info.runtime_s);
    return 1;
}

static void push_cell_info(lua_State *lua, const struct neey_cell_info *info)
{
    lua_newtable(lua);
    set_integer(lua, "counter", info->counter);
    set_integer(lua, "cell_count", info->cell_count);
    set_integer(lua, "status", info->status);
    set_integer(lua, "storage_flags", info->storage_flags);
    set_integer(lua, "not_detected_mask", info->not_detected_mask);
    set_integer(lua, "uptime_s", info->uptime_s);
    set_number(lua, "sum_v", info->sum_v);
    set_number(lua, "average_v", info->average_v);
    set_number(lua, "spread_v", info->spread_v);
    set_number(lua, "balance_a", info->balance_a);
    set_number(lua, "temperature_1_c", info->temperature_c[0]);
    set_number(lua, "temperature_2_c", info->temperature_c[1]);
}

/* [-0, +2, raises] unit:fresh_cell_voltages() -> volts by cell, the frame's other values */
static int unit_fresh_cell_voltages(lua_State *lua)
{
    struct step_scope *scope = scope_of_unit(lua);
    struct neey_cell_info info;
    struct error err;
    uint64_t now_ns = clock_now_ns(run_bench(scope->run)->clock);

    sandbox_check(lua, neey_client_fresh_cells(client_of(scope), now_ns, &info, &err), &err);
    lua_createtable(lua, NEEY_CELL_MAX, 0);
    for (int i = 0; i < NEEY_CELL_MAX; i++) {
        lua_pushnumber(lua, info.cell_v[i]);
        lua_rawseti(lua, -2, i + 1);
    }
    push_cell_info(lua, &info);
    return 2;
}

/* [-0, +1, raises] unit:settings() -> table */
static int unit_settings(lua_State *lua)
{
    struct step_scope *scope = scope_of_unit(lua);
    struct neey_settings settings;
    struct error err;

    sandbox_check(lua, neey_client_settings(client_of(scope), &settings, &err), &err);
    lua_newtable(lua);
    set_integer(lua, "cell_count", settings.cell_count);
    set_number(lua, "trigger_v", settings.trigger_v);
    set_number(lua, "max_current_a", settings.max_current_a);
    set_number(lua, "stop_voltage_v", settings.stop_voltage_v);
    set_integer(lua, "balance_on", settings.balance_on ? 1 : 0);
    set_integer(lua, "buzzer", settings.buzzer);
    set_integer(lua, "battery_type", settings.battery_type);
    set_integer(lua, "capacity_ah", settings.capacity_ah);
    set_number(lua, "start_voltage_v", settings.start_voltage_v);
    set_number(lua, "stop_difference_v", settings.stop_difference_v);
    return 1;
}

/* [-0, +1, raises] unit:factory() -> table */
static int unit_factory(lua_State *lua)
{
    struct step_scope *scope = scope_of_unit(lua);
    struct neey_factory factory;
    struct error err;

    sandbox_check(lua, neey_client_factory(client_of(scope), &factory, &err), &err);
    lua_newtable(lua);
    set_number(lua, "standard_vol1_v", factory.standard_vol1_v);
    set_number(lua, "standard_vol2_v", factory.standard_vol2_v);
    set_number(lua, "battery_vol1_v", factory.battery_vol1_v);
    set_number(lua, "battery_vol2_v", factory.battery_vol2_v);
    set_number(lua, "standard_cur1_v", factory.standard_cur1_v);
    set_number(lua, "standard_cur2_v", factory.standard_cur2_v);
    set_number(lua, "super_bat1_v", factory.super_bat1_v);
    set_number(lua, "super_bat2_v", factory.super_bat2_v);
    set_integer(lua, "power_on_count", factory.power_on_count);
    set_text(lua, "production_date", factory.production_date);
    return 1;
}

/* [-0, +0, raises] unit:write(register name, value) */
static int unit_write(lua_State *lua)
{
    struct step_scope *scope = scope_of_unit(lua);
    const char *name = luaL_checkstring(lua, 2);
    double value = binding_check_number(lua, 3);
    struct error err;

    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        if (strcmp(registers[i].name, name) == 0) {
            sandbox_check(
                lua, neey_client_write(client_of(scope), registers[i].reg, value, &err), &err);
            return 0;
        }
    }
    return luaL_error(lua, "the unit has no register \"%s\"", name);
}

static const struct lclass_row unit_rows[] = {
    {"connect", NULL, unit_connect},
    {"device_info", NULL, unit_device_info},
    {"fresh_cell_voltages", NULL, unit_fresh_cell_voltages},
    {"settings", NULL, unit_settings},
    {"factory", NULL, unit_factory},
    {"write", NULL, unit_write},
    {NULL, NULL, NULL},
};

static const struct lclass unit_class = {"unit", unit_rows};

void binding_register_devices(lua_State *lua)
{
    lclass_register(lua, &cells_class);
    lclass_register(lua, &target_class);
    lclass_register(lua, &unit_class);
}

void binding_push_cells(lua_State *lua, struct step_scope *scope)
{
    lclass_push(lua, &cells_class, scope);
}

void binding_push_target(lua_State *lua, struct step_scope *scope)
{
    lclass_push(lua, &target_class, scope);
}

void binding_push_unit(lua_State *lua, struct step_scope *scope)
{
    lclass_push(lua, &unit_class, scope);
}
