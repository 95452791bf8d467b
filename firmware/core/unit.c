#include "firmware/core/unit.h"

#include "firmware/core/lamps.h"

#include <string.h>

#define RESISTOR1_OHM      1.0f /* as both captured units say */
#define LINE_REFERENCE_OHM 1.0f

/* ---- storage ---- */

/** The stores; a write that failed stands against its own store until that one takes a write. */
enum store {
    STORE_DIARY = 1,
    STORE_FACTORY = 2,
    STORE_SETTINGS = 4
};

static bool note_write(struct unit *unit, enum store store, bool is_good)
{
    uint32_t others_mask = unit->write_failed_mask & ~(uint32_t)store;

    unit->write_failed_mask = (uint8_t)(is_good ? others_mask : others_mask | (uint32_t)store);
    return is_good;
}

static uint8_t storage_flags(const struct unit *unit)
{
    return (uint8_t)((unit->has_read_failed ? UNIT_STORE_READ_FAILED : 0) |
                     (unit->write_failed_mask != 0 ? UNIT_STORE_WRITE_FAILED : 0));
}

static void load_settings(struct unit *unit)
{
    struct settings stored;
    enum copies_state state =
        copies_load(&unit->settings_copies, &unit->port->flash, &SETTINGS_LAYOUT, &stored);

    unit->settings = SETTINGS_DEFAULT;
    if (state == COPIES_LOADED && registers_are_sane(&SETTINGS_REGISTERS, &stored)) {
        unit->settings = stored;
        return;
    }
    unit->settings_copies.has_valid = false;
    unit->has_read_failed = unit->has_read_failed || state != COPIES_FRESH;
}

static void load_factory(struct unit *unit)
{
    struct factory stored;
    enum copies_state state =
        copies_load(&unit->factory_copies, &unit->port->flash, &FACTORY_LAYOUT, &stored);

    unit->factory = FACTORY_DEFAULT;
    if (state == COPIES_LOADED && factory_is_sane(&stored)) {
        unit->factory = stored;
        return;
    }
    unit->factory_copies.has_valid = false;
    unit->has_read_failed = unit->has_read_failed || state != COPIES_FRESH;
}

static uint32_t runtime_s(const struct unit *unit)
{
    return unit->runtime_before_s + unit->uptime_s;
}

static bool write_diary(struct unit *unit, uint32_t power_on_count, uint32_t runtime)
{
    bool is_good = diary_append(&unit->diary, power_on_count, runtime);

    unit->runtime_before_s = runtime - unit->uptime_s;
    unit->diary_due_s = unit->uptime_s + UNIT_DIARY_PERIOD_S;
    return note_write(unit, STORE_DIARY, is_good);
}

/* ---- frames ---- */

static void send(struct unit *unit, size_t len)
{
    unit->port->send(unit->port->ctx, unit->frame, len);
}

static void send_device_info(struct unit *unit)
{
    const struct product *product = unit->product;
    struct frame_device_info info = {
        .power_on_count = unit->diary.power_on_count,
        .runtime_s = runtime_s(unit),
    };

    memcpy(info.model, product->model, sizeof product->model);
    memcpy(info.hardware, product->hardware, sizeof product->hardware);
    memcpy(info.software, product->software, sizeof product->software);
    memcpy(info.protocol, product->protocol, sizeof product->protocol);
    memcpy(info.password, product->password, sizeof product->password);
    memcpy(info.device_id, unit->device_id, sizeof unit->device_id);
    memcpy(
        info.production_date, unit->factory.production_date, sizeof unit->factory.production_date);
    memcpy(info.name, unit->settings.name, sizeof unit->settings.name);
    send(unit, frame_encode_device_info(&info, unit->frame));
}

static void send_settings(struct unit *unit)
{
    const struct settings *settings = &unit->settings;
    struct frame_settings frame = {
        .cell_count = settings->cell_count,
        .trigger_v = settings->trigger_v,
        .max_current_a = settings->max_current_a,
        .stop_voltage_v = settings->stop_voltage_v,
        .balance_on = settings->balance_on,
        .buzzer = settings->buzzer,
        .battery_type = settings->battery_type,
        .capacity_ah = settings->capacity_ah,
        .start_voltage_v = settings->start_voltage_v,
        .stop_difference_v = settings->stop_difference_v,
        .line_reference_ohm = LINE_REFERENCE_OHM,
    };

    send(unit, frame_encode_settings(&frame, unit->frame));
}

static void send_cells(struct unit *unit)
{
    const struct pack *pack = &unit->pack;
    struct frame_cells frame = {
        .counter = unit->frame_counter++,
        .sum_v = pack->sum_v,
        .average_v = pack->average_v,
        .spread_v = pack->spread_v,
        .highest_index = (uint8_t)pack->highest_index,
        .lowest_index = (uint8_t)pack->lowest_index,
        .last_cell_index = (uint8_t)(pack->found_count > 0 ? pack->found_count - 1 : 0),
        .status = (uint8_t)unit->status,
        .balance_a = pack->current_a,
        .temperature_c = {pack->temperature_c[0], pack->temperature_c[1]},
        .missing_mask = pack->missing_mask,
        .storage_flags = storage_flags(unit),
        .uptime_s = unit->uptime_s,
    };

    memcpy(frame.cell_v, pack->cell_v, sizeof frame.cell_v);
    send(unit, frame_encode_cells(&frame, unit->frame));
}

static void send_factory(struct unit *unit)
{
    const struct factory *factory = &unit->factory;
    struct frame_factory frame = {
        .standard_vol1_v = unit->pack.reference_v,
        .standard_vol2_v = factory->standard_vol2_v,
        .battery_vol1_v = unit->pack.cell_1_v,
        .battery_vol2_v = factory->battery_vol2_v,
        .standard_cur1_v = unit->pack.current_amp_v,
        .standard_cur2_v = factory->standard_cur2_v,
        .super_bat1_v = unit->pack.super_bat_v,
        .super_bat2_v = factory->super_bat2_v,
        .resistor1_ohm = RESISTOR1_OHM,
        .ref_bat_v = factory->ref_bat_v,
        .battery_max_v = factory->battery_max_v,
        .battery_min_v = factory->battery_min_v,
        .ntc_max_c = factory->ntc_max_c,
        .ntc_min_c = factory->ntc_min_c,
        .power_on_count = unit->diary.power_on_count,
        .runtime_s = runtime_s(unit),
    };

    memcpy(frame.production_date, factory->production_date, sizeof factory->production_date);
    send(unit, frame_encode_factory(&frame, unit->frame));
}

static void send_ack(struct unit *unit, const struct request *request)
{
    send(unit, frame_encode_ack(request->is_write, request->command, request->reg, unit->frame));
}

/* ---- requests ---- */

/** A fault stands, or nothing was measured yet. */
static bool balance_is_barred(const struct unit *unit)
{
    return unit->status == PACK_UNKNOWN || unit->status == PACK_WRONG_COUNT ||
           storage_flags(unit) != 0;
}

/** A value that is already in flash needs no erase. */
static bool save_settings(struct unit *unit, const struct settings *wanted)
{
    bool is_same = memcmp(wanted, &unit->settings, sizeof *wanted) == 0;

    if (is_same && unit->settings_copies.has_valid) {
        return true;
    }
    if (!note_write(unit, STORE_SETTINGS, copies_save(&unit->settings_copies, wanted))) {
        return false;
    }
    unit->settings = *wanted;
    return true;
}

static bool save_factory(struct unit *unit, const struct factory *wanted)
{
    bool is_same = memcmp(wanted, &unit->factory, sizeof *wanted) == 0;

    if (is_same && unit->factory_copies.has_valid) {
        return true;
    }
    if (!note_write(unit, STORE_FACTORY, copies_save(&unit->factory_copies, wanted))) {
        return false;
    }
    unit->factory = *wanted;
    return true;
}

static bool write_counter(struct unit *unit, const struct request *request)
{
    uint32_t value;

    memcpy(&value, request->payload, sizeof value);
    if (request->reg == FACTORY_REG_RUNTIME) {
        return write_diary(unit, unit->diary.power_on_count, value);
    }
    return value <= DIARY_POWER_ON_MAX && write_diary(unit, value, runtime_s(unit));
}

/** @return true: it stands in flash, and may be acknowledged */
static bool write_register(struct unit *unit, const struct request *request)
{
    struct settings settings = unit->settings;
    struct factory factory = unit->factory;

    if (request->reg == FACTORY_REG_POWER_ON_COUNT || request->reg == FACTORY_REG_RUNTIME) {
        return write_counter(unit, request);
    }
    switch (register_write(&SETTINGS_REGISTERS, &settings, request->reg, request->payload)) {
    case REGISTER_STORED:
        if (request->reg == SETTINGS_REG_BALANCE_ON && settings.balance_on != 0 &&
            balance_is_barred(unit)) {
            return false;
        }
        return save_settings(unit, &settings);
    case REGISTER_OUT_OF_RANGE:
        return false;
    case REGISTER_UNKNOWN:
        break;
    }
    enum register_result result =
        register_write(&FACTORY_REGISTERS, &factory, request->reg, request->payload);
    return result == REGISTER_STORED && factory_is_sane(&factory) && save_factory(unit, &factory);
}

/** A stream that begins does not wait for the period; one that runs keeps it. */
static void want_scan(struct unit *unit, bool is_streaming)
{
    if (!is_streaming && !unit->scan.is_running) {
        unit->is_scan_wanted = true;
    }
}

static void start_cells(struct unit *unit)
{
    want_scan(unit, unit->is_streaming_cells);
    unit->is_streaming_cells = true;
}

static void answer_read(struct unit *unit, const struct request *request)
{
    switch (request->command) {
    case FRAME_DEVICE_INFO:
        unit->is_streaming_factory = false;
        send_device_info(unit);
        break;
    case FRAME_CELLS:
        unit->is_streaming_factory = false;
        start_cells(unit);
        break;
    case FRAME_FACTORY:
        want_scan(unit, unit->is_streaming_factory);
        unit->is_streaming_factory = true;
        send_ack(unit, request);
        break;
    case FRAME_SETTINGS:
        unit->is_streaming_factory = false;
        send_settings(unit);
        break;
    default:
        break;
    }
}

static void answer(struct unit *unit, const struct request *request)
{
    if (!request->is_write) {
        answer_read(unit, request);
    } else if (request->command == FRAME_WRITE && write_register(unit, request)) {
        send_ack(unit, request);
    }
}

static void handle(struct unit *unit, enum request_event event, const struct request *request)
{
    switch (event) {
    case REQUEST_RECEIVED:
        answer(unit, request);
        break;
    case REQUEST_CONNECTED:
        start_cells(unit);
        break;
    case REQUEST_DISCONNECTED:
        unit->is_streaming_cells = false;
        unit->is_streaming_factory = false;
        break;
    case REQUEST_AT: /* the module is alive: the seat of the Bluetooth alarm */
    case REQUEST_NONE:
        break;
    }
}

/** Take bytes until one thing has been handled. */
static void poll_requests(struct unit *unit)
{
    for (;;) {
        struct request request;
        enum request_event event = request_parser_next(&unit->parser, &request);
        uint8_t byte;

        if (event != REQUEST_NONE) {
            handle(unit, event, &request);
            return;
        }
        if (!unit->port->receive(unit->port->ctx, &byte)) {
            return;
        }
        request_parser_put(&unit->parser, byte);
    }
}

/* ---- time ---- */

static void finish_scan(struct unit *unit)
{
    pack_from_scan(&unit->pack, &unit->scan, &unit->factory);
    unit->status = pack_status(&unit->pack, &unit->settings);
    if (unit->is_streaming_factory) {
        send_factory(unit);
    } else if (unit->is_streaming_cells) {
        send_cells(unit);
    }
}

static bool scan_is_due(const struct unit *unit, uint32_t now_ms)
{
    return !unit->scan.is_running &&
           (unit->is_scan_wanted || (int32_t)(now_ms - unit->scan_due_ms) >= 0);
}

/** The period runs from start to start; a scan out of turn, or one that is late, begins it anew. */
static void start_scan(struct unit *unit, uint32_t now_ms)
{
    bool is_in_turn = !unit->is_scan_wanted && now_ms - unit->scan_due_ms < UNIT_PERIOD_MS;

    unit->scan_due_ms = (is_in_turn ? unit->scan_due_ms : now_ms) + UNIT_PERIOD_MS;
    unit->is_scan_wanted = false;
    scan_start(&unit->scan, unit->port);
}

static void poll_clock(struct unit *unit, uint32_t now_ms)
{
    while (now_ms - unit->second_began_ms >= 1000) {
        unit->second_began_ms += 1000;
        unit->uptime_s++;
    }
    if (unit->uptime_s >= unit->diary_due_s && !unit->scan.is_running) {
        (void)write_diary(unit, unit->diary.power_on_count, runtime_s(unit));
    }
}

void unit_poll(struct unit *unit)
{
    const struct port *port = unit->port;
    uint32_t now_ms = port->now_ms(port->ctx);

    if (scan_poll(&unit->scan, port)) {
        finish_scan(unit);
    }
    if (port->is_line_idle(port->ctx)) {
        if (scan_is_due(unit, now_ms)) {
            start_scan(unit, now_ms);
        } else {
            poll_requests(unit);
        }
    }
    poll_clock(unit, now_ms);

    struct lamps lamps = lamps_at(unit->status, storage_flags(unit) != 0, now_ms);
    port->show(port->ctx, &lamps);
}

/** Twelve hex digits of the 96 factory bits, folded so that lot, wafer and place all count. */
static void make_device_id(char device_id[13], const uint8_t unique_id[UNIT_ID_LEN])
{
    static const char DIGITS[] = "0123456789ABCDEF";

    for (unsigned i = 0; i < UNIT_ID_LEN / 2; i++) {
        uint8_t byte = unique_id[i] ^ unique_id[i + UNIT_ID_LEN / 2];

        device_id[2 * i] = DIGITS[byte >> 4];
        device_id[2 * i + 1] = DIGITS[byte & 15];
    }
    device_id[12] = '\0';
}

void unit_init(struct unit *unit, const struct port *port, const struct product *product,
    const uint8_t unique_id[UNIT_ID_LEN])
{
    uint32_t now_ms = port->now_ms(port->ctx);

    memset(unit, 0, sizeof *unit); /* not by a literal: it would pass through the stack */
    unit->port = port;
    unit->product = product;
    unit->scan_due_ms = now_ms;
    unit->second_began_ms = now_ms;
    make_device_id(unit->device_id, unique_id);
    load_settings(unit);
    load_factory(unit);
    unit->has_read_failed = !diary_load(&unit->diary, &port->flash) || unit->has_read_failed;
    uint32_t count = unit->diary.power_on_count;
    (void)write_diary(unit, count < DIARY_POWER_ON_MAX ? count + 1 : count, unit->diary.runtime_s);
}
