/*
 * Two codecs, one format. The harness's decoder and the firmware's encoder share no line and no
 * table; a captured frame of a real device that goes through both must come out byte for byte, and
 * what the harness asks must be understood by the firmware.
 */
#include "firmware/protocol/frames.h"
#include "firmware/protocol/requests.h"
#include "harness/product/neey.h"
#include "tests/support.h"
#include "tests/unit/product/frames.h"

#include <stdio.h>
#include <string.h>

enum {
    SKIPPED = 77
};

static struct captured captured[FRAMES_MAX];
static size_t captured_count;

static size_t recode_device_info(const struct captured *from, uint8_t *frame)
{
    struct neey_device_info info;
    struct frame_device_info out = {.power_on_count = 0};

    ck_assert_int_eq(neey_decode_device_info(from->data, from->len, &info, NULL), STATUS_OK);
    memcpy(out.model, info.model, sizeof out.model);
    memcpy(out.hardware, info.hardware, sizeof out.hardware);
    memcpy(out.software, info.software, sizeof out.software);
    memcpy(out.protocol, info.protocol, sizeof out.protocol);
    memcpy(out.production_date, info.production_date, sizeof out.production_date);
    memcpy(out.device_id, info.device_id, sizeof out.device_id);
    memcpy(out.password, info.password, sizeof out.password);
    memcpy(out.name, info.name, sizeof out.name);
    out.power_on_count = info.power_on_count;
    out.runtime_s = info.runtime_s;
    return frame_encode_device_info(&out, frame);
}

static size_t recode_cells(const struct captured *from, uint8_t *frame)
{
    struct neey_cell_info info;

    ck_assert_int_eq(neey_decode_cell_info(from->data, from->len, &info, NULL), STATUS_OK);
    struct frame_cells out = {
        .counter = info.counter,
        .sum_v = (float)info.sum_v,
        .average_v = (float)info.average_v,
        .spread_v = (float)info.spread_v,
        .highest_index = (uint8_t)info.highest_index,
        .lowest_index = (uint8_t)info.lowest_index,
        .last_cell_index = (uint8_t)(info.cell_count - 1),
        .status = info.status,
        .balance_a = (float)info.balance_a,
        .temperature_c = {(float)info.temperature_c[0], (float)info.temperature_c[1]},
        .missing_mask = info.not_detected_mask,
        .over_voltage_mask = info.over_voltage_mask,
        .under_voltage_mask = info.under_voltage_mask,
        .polarity_mask = info.polarity_mask,
        .line_mask = info.line_mask,
        .temperature_flags = info.temperature_flags,
        .charge_fault = info.charge_fault,
        .discharge_fault = info.discharge_fault,
        .storage_flags = info.storage_flags,
        .uptime_s = info.uptime_s,
    };
    for (unsigned i = 0; i < NEEY_CELL_MAX; i++) {
        out.cell_v[i] = (float)info.cell_v[i];
        out.line_ohm[i] = (float)info.line_ohm[i];
    }
    return frame_encode_cells(&out, frame);
}

static size_t recode_settings(const struct captured *from, uint8_t *frame)
{
    struct neey_settings settings;

    ck_assert_int_eq(neey_decode_settings(from->data, from->len, &settings, NULL), STATUS_OK);
    struct frame_settings out = {
        .cell_count = (uint8_t)settings.cell_count,
        .trigger_v = (float)settings.trigger_v,
        .max_current_a = (float)settings.max_current_a,
        .stop_voltage_v = (float)settings.stop_voltage_v,
        .balance_on = settings.balance_on,
        .buzzer = settings.buzzer,
        .battery_type = settings.battery_type,
        .capacity_ah = settings.capacity_ah,
        .start_voltage_v = (float)settings.start_voltage_v,
        .address = settings.address,
        .stop_difference_v = (float)settings.stop_difference_v,
        .line_reference_ohm = (float)settings.line_reference_ohm,
    };
    return frame_encode_settings(&out, frame);
}

static size_t recode_factory(const struct captured *from, uint8_t *frame)
{
    struct neey_factory factory;

    ck_assert_int_eq(neey_decode_factory(from->data, from->len, &factory, NULL), STATUS_OK);
    struct frame_factory out = {
        .standard_vol1_v = (float)factory.standard_vol1_v,
        .standard_vol2_v = (float)factory.standard_vol2_v,
        .battery_vol1_v = (float)factory.battery_vol1_v,
        .battery_vol2_v = (float)factory.battery_vol2_v,
        .standard_cur1_v = (float)factory.standard_cur1_v,
        .standard_cur2_v = (float)factory.standard_cur2_v,
        .super_bat1_v = (float)factory.super_bat1_v,
        .super_bat2_v = (float)factory.super_bat2_v,
        .resistor1_ohm = (float)factory.resistor1_ohm,
        .ref_bat_v = (float)factory.ref_bat_v,
        .battery_max_v = (float)factory.battery_max_v,
        .battery_min_v = (float)factory.battery_min_v,
        .ntc_max_c = (float)factory.ntc_max_c,
        .ntc_min_c = (float)factory.ntc_min_c,
        .power_on_count = factory.power_on_count,
        .runtime_s = factory.runtime_s,
    };
    memcpy(out.production_date, factory.production_date, sizeof out.production_date);
    return frame_encode_factory(&out, frame);
}

static size_t recode_ack(const struct captured *from, uint8_t *frame)
{
    uint8_t command;
    uint8_t reg;
    bool is_write;

    ck_assert_int_eq(
        neey_check_frame(from->data, from->len, &command, &reg, &is_write, NULL), STATUS_OK);
    return frame_encode_ack(is_write, command, reg, frame);
}

static size_t recode(const struct captured *from, uint8_t *frame)
{
    if (from->len == 20) {
        return recode_ack(from, frame);
    }
    switch (from->data[4]) {
    case 1:
        return recode_device_info(from, frame);
    case 2:
        return recode_cells(from, frame);
    case 3:
        return recode_factory(from, frame);
    case 4:
        return recode_settings(from, frame);
    default:
        ck_abort_msg("a captured frame of command %u", (unsigned)from->data[4]);
    }
}

START_TEST(captured_frames_go_through_both_codecs_byte_for_byte)
{
    size_t count = 0;

    for (size_t i = 0; i < captured_count; i++) {
        const struct captured *from = &captured[i];
        uint8_t frame[FRAME_LEN_MAX];
        if (!from->is_negative) {
            size_t len = recode(from, frame);
            ck_assert_uint_eq(len, from->len);
            for (size_t at = 0; at < len; at++) {
                ck_assert_msg(frame[at] == from->data[at],
                    "line %zu (%s of %s): byte 0x%02x at offset %zu, captured 0x%02x", i + 1,
                    from->kind, from->device, (unsigned)frame[at], at, (unsigned)from->data[at]);
            }
            count++;
        }
    }
    ck_assert_uint_eq(count, 19);
}

END_TEST

START_TEST(requests_of_the_harness_reach_the_firmware_as_they_were_meant)
{
    static const struct {
        uint8_t reg;
        double value;
        uint8_t payload[4];
    } rows[] = {
        {0x01, 24.0, {0x18, 0x00, 0x00, 0x00}},
        {0x02, 0.005, {0x0A, 0xD7, 0xA3, 0x3B}},
        {0x05, 1.5, {0x00, 0x00, 0xC0, 0x3F}},
        {0x15, 2.0, {0x02, 0x00, 0x00, 0x00}},
    };
    struct request_parser parser = {.len = 0};
    struct request request = {.command = 0};
    uint8_t bytes[NEEY_REQUEST_LEN];
    enum request_event event = REQUEST_NONE;

    ck_assert_int_eq(neey_encode_write(rows[_i].reg, rows[_i].value, bytes, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof bytes; i++) {
        ck_assert_int_eq(event, REQUEST_NONE);
        request_parser_put(&parser, bytes[i]);
        event = request_parser_next(&parser, &request);
    }
    ck_assert_int_eq(event, REQUEST_RECEIVED);
    ck_assert(request.is_write);
    ck_assert_uint_eq(request.command, 5);
    ck_assert_uint_eq(request.reg, rows[_i].reg);
    ck_assert_mem_eq(request.payload, rows[_i].payload, 4);
}

END_TEST

START_TEST(acks_of_the_firmware_name_their_register)
{
    uint8_t frame[FRAME_LEN_MAX];
    uint8_t command = 0;
    uint8_t reg = 0;
    bool is_write = false;
    size_t len = frame_encode_ack(true, 5, 0x1A, frame);

    ck_assert_int_eq(neey_check_frame(frame, len, &command, &reg, &is_write, NULL), STATUS_OK);
    ck_assert_uint_eq(command, 5);
    ck_assert_uint_eq(reg, 0x1A);
    ck_assert(is_write);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("neey codecs");
    TCase *tests = tcase_create("neey codecs");

    captured_count = frames_read("neey_v1.txt", captured, FRAMES_MAX);
    if (captured_count > 0) {
        tcase_add_test(tests, captured_frames_go_through_both_codecs_byte_for_byte);
    }
    tcase_add_loop_test(tests, requests_of_the_harness_reach_the_firmware_as_they_were_meant, 0, 4);
    tcase_add_test(tests, acks_of_the_firmware_name_their_register);
    suite_add_tcase(suite, tests);
    int result = support_run(suite);
    if (captured_count == 0) {
        (void)printf("skipped: captured frames need %s/frames\n", KEEL_SHARED_DATA);
        return result == EXIT_SUCCESS ? SKIPPED : result;
    }
    return result;
}
