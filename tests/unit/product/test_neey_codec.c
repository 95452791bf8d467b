/* The codec against captured frames of real devices, and against frames spoiled on purpose. */
#include "harness/product/neey.h"
#include "tests/support.h"
#include "tests/unit/product/frames.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    SKIPPED = 77
};

static struct captured v1[FRAMES_MAX];
static struct captured v2[FRAMES_MAX];
static size_t v1_count;
static size_t v2_count;

static enum status check(const struct captured *frame, struct error *err)
{
    uint8_t command;
    uint8_t reg;
    bool is_write;

    return neey_check_frame(frame->data, frame->len, &command, &reg, &is_write, err);
}

static double float_at(const struct captured *frame, size_t at)
{
    float value;

    memcpy(&value, frame->data + at, sizeof value); /* the host of this test is little endian */
    return (double)value;
}

static const struct captured *find(const char *device, const char *kind, size_t len)
{
    for (size_t i = 0; i < v1_count; i++) {
        if (strcmp(v1[i].device, device) == 0 && frames_is_kind(&v1[i], kind) && v1[i].len == len) {
            return &v1[i];
        }
    }
    ck_abort_msg("no captured %s of %s", kind, device);
}

START_TEST(every_captured_frame_passes_and_every_negative_is_refused)
{
    size_t good_count = 0;

    for (size_t i = 0; i < v1_count; i++) {
        enum status status = check(&v1[i], NULL);
        ck_assert_msg((status != STATUS_OK) == v1[i].is_negative, "line %zu (%s of %s)", i + 1,
            v1[i].kind, v1[i].device);
        good_count += status == STATUS_OK;
    }
    ck_assert_uint_eq(v1_count, 19);
    ck_assert_uint_ge(good_count, 1);
}

END_TEST

START_TEST(any_flipped_bit_of_a_captured_frame_is_refused)
{
    for (size_t i = 0; i < v1_count; i++) {
        struct captured spoiled = v1[i];
        for (size_t bit = 0; bit < 8 * spoiled.len; bit++) {
            spoiled.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            ck_assert_int_eq(check(&spoiled, NULL), STATUS_PROTOCOL);
            spoiled.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

END_TEST

START_TEST(any_shortened_captured_frame_is_refused)
{
    for (size_t i = 0; i < v1_count; i++) {
        struct captured shortened = v1[i];
        while (shortened.len-- > 1) {
            ck_assert_int_eq(check(&shortened, NULL), STATUS_PROTOCOL);
        }
    }
}

END_TEST

static void check_floats(const struct captured *frame, const struct neey_cell_info *info)
{
    for (size_t n = 0; n < 24; n++) {
        ck_assert(info->cell_v[n] == float_at(frame, 9 + 4 * n));
        ck_assert(info->line_ohm[n] == float_at(frame, 105 + 4 * n));
    }
    ck_assert(info->sum_v == float_at(frame, 201));
    ck_assert(info->average_v == float_at(frame, 205));
    ck_assert(info->spread_v == float_at(frame, 209));
    ck_assert(info->balance_a == float_at(frame, 217));
    ck_assert(info->temperature_c[0] == float_at(frame, 221));
    ck_assert(info->temperature_c[1] == float_at(frame, 225));
}

/* What a real unit says of its pack must follow from the cells it says. */
static void check_pack(const struct neey_cell_info *info)
{
    double sum_v = 0.0;
    double high_v = info->cell_v[0];
    double low_v = info->cell_v[0];

    for (unsigned n = 0; n < info->cell_count; n++) {
        sum_v += info->cell_v[n];
        high_v = fmax(high_v, info->cell_v[n]);
        low_v = fmin(low_v, info->cell_v[n]);
    }
    ck_assert_double_eq_tol(info->sum_v, sum_v, 1e-3);
    ck_assert_double_eq_tol(info->average_v, sum_v / info->cell_count, 1e-4);
    ck_assert_double_eq_tol(info->spread_v, high_v - low_v, 1e-5);
    ck_assert(info->cell_v[info->highest_index] == high_v);
    ck_assert(info->cell_v[info->lowest_index] == low_v);
}

START_TEST(captured_cells_decode_and_agree_with_themselves)
{
    size_t count = 0;

    for (size_t i = 0; i < v1_count; i++) {
        struct neey_cell_info info;
        struct error err = {0};
        if (frames_is_kind(&v1[i], "cell-info")) {
            enum status status = neey_decode_cell_info(v1[i].data, v1[i].len, &info, &err);
            ck_assert_msg(status == STATUS_OK, "line %zu: %s", i + 1, err.text);
            check_floats(&v1[i], &info);
            check_pack(&info);
            ck_assert_uint_eq(info.counter, v1[i].data[8]);
            count++;
        }
    }
    ck_assert_uint_eq(count, 4);
}

END_TEST

START_TEST(cells_of_zh211_are_what_its_owner_read)
{
    const struct captured *frame = find("EK-24S4EB/HW-3.2.0/ZH-2.1.1", "cell-info", 300);
    struct neey_cell_info info;

    /* note: cell1=3.325 V_total=53.22 op=0x0A T1=T2=25.71 I=0 */
    ck_assert_int_eq(neey_decode_cell_info(frame->data, frame->len, &info, NULL), STATUS_OK);
    ck_assert_double_eq_tol(info.cell_v[0], 3.325, 0.0005);
    ck_assert_double_eq_tol(info.sum_v, 53.22, 0.005);
    ck_assert_uint_eq(info.status, 0x0A);
    ck_assert_double_eq_tol(info.temperature_c[0], 25.71, 0.005);
    ck_assert_double_eq_tol(info.temperature_c[1], 25.71, 0.005);
    ck_assert_double_eq(info.balance_a, 0.0);
    ck_assert_uint_eq(info.cell_count, 16);
    ck_assert_uint_eq(info.uptime_s, 126803); /* 53 ef 01 00 */
}

END_TEST

START_TEST(unused_inputs_of_zh208_are_not_detected)
{
    const struct captured *frame = find("EK-24S4EB/HW-3.2.0/ZH-2.0.8", "cell-info", 300);
    struct neey_cell_info info;

    ck_assert_int_eq(neey_decode_cell_info(frame->data, frame->len, &info, NULL), STATUS_OK);
    ck_assert_uint_eq(info.not_detected_mask, 0xFF0000);
    ck_assert_uint_eq(info.polarity_mask, 0);
}

END_TEST

START_TEST(masks_are_read_from_their_own_three_bytes)
{
    struct captured frame = *find("EK-24S4EB/HW-3.2.0/ZH-2.0.8", "cell-info", 300);
    struct neey_cell_info info;

    for (unsigned i = 0; i < 15; i++) {
        frame.data[229 + i] = (uint8_t)(0x10 + i);
    }
    ck_assert_int_eq(neey_decode_cell_info(frame.data, frame.len, &info, NULL), STATUS_OK);
    ck_assert_uint_eq(info.not_detected_mask, 0x121110);
    ck_assert_uint_eq(info.over_voltage_mask, 0x151413);
    ck_assert_uint_eq(info.under_voltage_mask, 0x181716);
    ck_assert_uint_eq(info.polarity_mask, 0x1B1A19);
    ck_assert_uint_eq(info.line_mask, 0x1E1D1C);
}

END_TEST

START_TEST(settings_are_those_of_the_notes)
{
    static const struct {
        const char *device;
        unsigned cell_count;
        double trigger_v, max_current_a, stop_voltage_v;
        uint8_t buzzer, battery_type;
        uint32_t capacity_ah;
        double start_voltage_v, stop_difference_v;
    } rows[] = {
        /* the note of ZH-2.1.1, the protocol reference's column "captured", and for the rest the
         * bytes of the frames: 27 01 is 295, 9a 99 59 40 is 3.4, 66 66 26 40 is 2.6 */
        {"EK-24S4EB/HW-3.2.0/ZH-2.0.8", 16, 0.005, 4.0, 3.4, 1, 2, 295, 3.65, 0.0},
        {"EK-24S4EB/HW-3.2.0/ZH-2.1.1", 16, 0.005, 4.0, 3.4, 1, 2, 314, 3.45, 0.003},
        {"GW-24S4EB/HW-2.8.0/ZH-1.2.3", 16, 0.005, 4.0, 2.5, 1, 2, 280, 2.6, 0.0},
    };
    struct neey_settings settings;
    const struct captured *frame = find(rows[_i].device, "settings", 100);

    ck_assert_int_eq(neey_decode_settings(frame->data, frame->len, &settings, NULL), STATUS_OK);
    ck_assert_uint_eq(settings.cell_count, rows[_i].cell_count);
    ck_assert_double_eq_tol(settings.trigger_v, rows[_i].trigger_v, 1e-9);
    ck_assert_double_eq_tol(settings.max_current_a, rows[_i].max_current_a, 1e-6);
    ck_assert_double_eq_tol(settings.stop_voltage_v, rows[_i].stop_voltage_v, 1e-6);
    ck_assert(settings.balance_on);
    ck_assert_uint_eq(settings.buzzer, rows[_i].buzzer);
    ck_assert_uint_eq(settings.battery_type, rows[_i].battery_type);
    ck_assert_uint_eq(settings.capacity_ah, rows[_i].capacity_ah);
    ck_assert_double_eq_tol(settings.start_voltage_v, rows[_i].start_voltage_v, 1e-6);
    ck_assert_double_eq_tol(settings.stop_difference_v, rows[_i].stop_difference_v, 1e-9);
}

END_TEST

START_TEST(device_info_is_that_of_the_reference)
{
    static const struct {
        const char *device, *model, *hardware, *software, *protocol, *date;
        uint32_t power_on_count, runtime_s;
        const char *id, *password;
    } rows[] = {
        {"EK-24S4EB/HW-3.2.0/ZH-2.0.8", "EK-24S4EB", "HW-3.2.0", "ZH-2.0.8", "V1.2.73", "20240920",
            3, 4218212, "3CA5519C110C", "123456"},
        {"GW-24S4EB/HW-2.8.0/SW-1.1.0", "GW-24S4EB", "HW-2.8.0", "SW-1.1.0", "V1.0.0", "20210915",
            33, 4064370, "", ""},
        {"EK-24S4EB/HW-3.2.0/ZH-2.1.1", "EK-24S4EB", "HW-3.2.0", "ZH-2.1.1", "V1.3.13", "20260201",
            6, 127854, "695D01053933", "120581"},
        {"EK-24S10EB/HW-2.0.0/ZL-2.0.2", "EK-24S10EB", "HW-2.0.0", "ZL-2.0.2", "V0.1.73",
            "20250901", 7, 1827398, "DF9701123638", "123456"},
    };
    struct neey_device_info info;
    const struct captured *frame = find(rows[_i].device, "device-info", 100);

    ck_assert_int_eq(neey_decode_device_info(frame->data, frame->len, &info, NULL), STATUS_OK);
    ck_assert_str_eq(info.model, rows[_i].model);
    ck_assert_str_eq(info.hardware, rows[_i].hardware);
    ck_assert_str_eq(info.software, rows[_i].software);
    ck_assert_str_eq(info.protocol, rows[_i].protocol);
    ck_assert_str_eq(info.production_date, rows[_i].date);
    ck_assert_uint_eq(info.power_on_count, rows[_i].power_on_count);
    ck_assert_uint_eq(info.runtime_s, rows[_i].runtime_s);
    ck_assert_str_eq(info.device_id, rows[_i].id);
    ck_assert_str_eq(info.password, rows[_i].password);
    ck_assert_str_eq(info.name, "");
}

END_TEST

START_TEST(all_captured_settings_device_infos_and_factory_values_decode)
{
    for (size_t i = 0; i < v1_count; i++) {
        const struct captured *frame = &v1[i];
        struct neey_device_info info;
        struct neey_settings settings;
        struct neey_factory factory;
        struct error err = {0};
        enum status status = STATUS_OK;
        bool is_ack = frame->len == 20;
        if (frames_is_kind(frame, "device-info")) {
            status = neey_decode_device_info(frame->data, frame->len, &info, &err);
        } else if (frames_is_kind(frame, "settings")) {
            status = neey_decode_settings(frame->data, frame->len, &settings, &err);
        } else if (frames_is_kind(frame, "factory")) {
            status = neey_decode_factory(frame->data, frame->len, &factory, &err);
        }
        ck_assert_msg((status == STATUS_OK) == !is_ack, "line %zu: %s", i + 1, err.text);
    }
}

END_TEST

START_TEST(factory_values_are_those_of_the_reference)
{
    const struct captured *frame = find("GW-24S4EB/HW-2.8.0/ZH-1.2.3", "factory", 100);
    struct neey_factory factory;

    ck_assert_int_eq(neey_decode_factory(frame->data, frame->len, &factory, NULL), STATUS_OK);
    ck_assert_double_eq_tol(factory.standard_vol1_v, 1.4986, 5e-5);
    ck_assert_double_eq_tol(factory.standard_vol2_v, 1.4984, 5e-5);
    ck_assert_double_eq_tol(factory.battery_vol2_v, 3.8, 1e-6);
    ck_assert_double_eq_tol(factory.standard_cur1_v, 1.7168, 5e-5);
    ck_assert_double_eq_tol(factory.standard_cur2_v, 1.7178, 5e-5);
    ck_assert_double_eq_tol(factory.super_bat1_v, 1.8815, 5e-5);
    ck_assert_double_eq_tol(factory.super_bat2_v, 0.0, 1e-9);
    ck_assert_double_eq_tol(factory.resistor1_ohm, 1.0, 1e-9);
    ck_assert_double_eq_tol(factory.ref_bat_v, 1.65, 1e-6);
    ck_assert_double_eq_tol(factory.battery_max_v, 1.645, 1e-6);
    ck_assert_double_eq_tol(factory.battery_min_v, 1.46, 1e-6);
    ck_assert_double_eq_tol(factory.ntc_max_c, 85.0, 1e-9);
    ck_assert_double_eq_tol(factory.ntc_min_c, 65.0, 1e-9);
    ck_assert_uint_eq(factory.power_on_count, 8);
    ck_assert_uint_eq(factory.runtime_s, 778742);
    ck_assert_str_eq(factory.production_date, "20220531");
}

END_TEST

START_TEST(frames_of_version_two_are_refused_as_such)
{
    size_t count = 0;

    for (size_t i = 0; i < v2_count; i++) {
        const struct captured *frame = &v2[i];
        struct neey_device_info info;
        struct neey_settings settings;
        struct neey_cell_info cells;
        struct error err = {0};
        enum status status = STATUS_OK;
        ck_assert_int_eq(check(frame, NULL), STATUS_OK);
        if (frames_is_kind(frame, "device-info")) {
            status = neey_decode_device_info(frame->data, frame->len, &info, &err);
        } else if (frames_is_kind(frame, "settings")) {
            status = neey_decode_settings(frame->data, frame->len, &settings, &err);
        } else if (frames_is_kind(frame, "cell-info")) {
            status = neey_decode_cell_info(frame->data, frame->len, &cells, &err);
        }
        ck_assert_int_eq(status, STATUS_PROTOCOL);
        ck_assert_msg(strstr(err.text, "version 2") != NULL, "line %zu: %s", i + 1, err.text);
        count++;
    }
    ck_assert_uint_eq(count, 8);
}

END_TEST

/* ---- what needs no file ---- */

START_TEST(read_request_is_the_one_of_the_reference)
{
    /* SUM8 over AA 55 11 01 02 00 14 00: AA+55+11+01+02+14 = 127h */
    static const uint8_t expected[20] = {
        0xAA, 0x55, 0x11, 0x01, 0x02, 0x00, 0x14, [18] = 0x27, [19] = 0xFF};
    uint8_t request[NEEY_REQUEST_LEN];

    neey_encode_request(false, NEEY_CELL_INFO, 0, NULL, 0, request);
    ck_assert_mem_eq(request, expected, 20);
}

END_TEST

START_TEST(writes_carry_the_registers_type)
{
    static const struct {
        uint8_t reg;
        double value;
        uint8_t wire[4];
    } rows[] = {
        {0x01, 16.0, {0x10, 0x00, 0x00, 0x00}},
        {0x02, 0.005, {0x0A, 0xD7, 0xA3, 0x3B}},
        {0x03, 4.0, {0x00, 0x00, 0x80, 0x40}},
        {0x05, 1.5, {0x00, 0x00, 0xC0, 0x3F}},
        {0x0D, 1.0, {0x01, 0x00, 0x00, 0x00}},
        {0x16, 314.0, {0x3A, 0x01, 0x00, 0x00}},
        {0x17, 3.45, {0xCD, 0xCC, 0x5C, 0x40}},
        {0x1A, 0.003, {0xA6, 0x9B, 0x44, 0x3B}},
    };

    uint8_t request[NEEY_REQUEST_LEN];

    ck_assert_int_eq(neey_encode_write(rows[_i].reg, rows[_i].value, request, NULL), STATUS_OK);
    ck_assert_mem_eq(request, "\xaa\x55\x11\x00\x05", 5);
    ck_assert_uint_eq(request[5], rows[_i].reg);
    ck_assert_mem_eq(request + 8, rows[_i].wire, 4);
    ck_assert_mem_eq(request + 12, "\0\0\0\0\0\0", 6);
    ck_assert_uint_eq(request[19], 0xFF);
}

END_TEST

START_TEST(writes_that_cannot_be_are_refused)
{
    uint8_t request[NEEY_REQUEST_LEN];
    struct error err;

    ck_assert_int_eq(neey_encode_write(0x7F, 1.0, request, &err), STATUS_RANGE);
    ck_assert_str_eq(err.text, "there is no register 0x7f to write");
    ck_assert_int_eq(neey_encode_write(0x01, 1.5, request, &err), STATUS_RANGE);
    ck_assert_str_eq(err.text, "register 0x01 (cell count) takes a count, 1.5 was given");
    ck_assert_int_eq(neey_encode_write(0x01, -1.0, request, &err), STATUS_RANGE);
    ck_assert_int_eq(neey_encode_write(0x02, (double)NAN, request, &err), STATUS_RANGE);
    ck_assert_int_eq(neey_encode_write(0x02, 1e39, request, &err), STATUS_RANGE);
    ck_assert_int_eq(neey_encode_write(0x13, 1.0, request, &err), STATUS_RANGE);
}

END_TEST

static void make_frame(uint8_t *frame, size_t len, uint8_t command)
{
    unsigned sum = 0;

    memset(frame, 0, len);
    memcpy(frame, "\x55\xaa\x11\x01", 4);
    frame[4] = command;
    frame[6] = (uint8_t)len;
    frame[7] = (uint8_t)(len >> 8);
    for (size_t i = 0; i < len - 2; i++) {
        sum += frame[i];
    }
    frame[len - 2] = (uint8_t)sum;
    frame[len - 1] = 0xFF;
}

START_TEST(values_that_are_no_numbers_are_refused)
{
    uint8_t frame[300];
    struct neey_cell_info info;
    struct error err;

    make_frame(frame, sizeof frame, 2);
    memcpy(frame + 13, "\x00\x00\xc0\x7f", 4);
    ck_assert_int_eq(neey_decode_cell_info(frame, sizeof frame, &info, &err), STATUS_PROTOCOL);
    ck_assert_str_eq(err.text, "cell_v at offset 13 is no number (0x7fc00000)");
    make_frame(frame, sizeof frame, 2);
    frame[215] = 24; /* 25 cells */
    ck_assert_int_eq(neey_decode_cell_info(frame, sizeof frame, &info, &err), STATUS_PROTOCOL);
    make_frame(frame, sizeof frame, 4);
    ck_assert_int_eq(neey_decode_cell_info(frame, sizeof frame, &info, &err), STATUS_PROTOCOL);
}

END_TEST

START_TEST(stream_gives_frames_whatever_lies_between_and_however_they_are_cut)
{
    uint8_t ack[20];
    uint8_t info[100];
    uint8_t cells[300];
    uint8_t wire[700];
    uint8_t frame[NEEY_FRAME_MAX];
    size_t len = 0;

    make_frame(ack, sizeof ack, 5);
    make_frame(info, sizeof info, 1);
    make_frame(cells, sizeof cells, 2);
    memcpy(wire, "AT\r\n", 4);
    memcpy(wire + 4, cells, 300);
    memcpy(wire + 304, "+CONNECTED\r\n", 12);
    memcpy(wire + 316, info, 100);
    memcpy(wire + 416, "\x55\x55\xaa", 3);
    memcpy(wire + 419, ack, 20);
    for (size_t step = 1; step < 439; step += 6) {
        struct neey_stream stream = {.len = 0};
        size_t seen[4] = {0};
        size_t count = 0;
        for (size_t at = 0; at < 439; at += step) {
            neey_stream_feed(&stream, wire + at, 439 - at < step ? 439 - at : step);
            while ((len = neey_stream_next(&stream, frame)) > 0) {
                seen[count++ % 4] = len;
            }
        }
        ck_assert_uint_eq(count, 3);
        ck_assert_uint_eq(seen[0], 300);
        ck_assert_uint_eq(seen[1], 100);
        ck_assert_uint_eq(seen[2], 20);
        ck_assert_uint_eq(stream.dropped_len, 4 + 12 + 3);
        ck_assert_uint_eq(stream.len, 0);
    }
}

END_TEST

START_TEST(stream_does_not_wait_for_the_rest_of_a_torn_frame)
{
    uint8_t info[100];
    uint8_t cells[300];
    uint8_t frame[NEEY_FRAME_MAX];
    struct neey_stream stream = {.len = 0};

    make_frame(info, sizeof info, 1);
    make_frame(cells, sizeof cells, 2);
    neey_stream_feed(&stream, cells, 120);
    ck_assert_uint_eq(neey_stream_next(&stream, frame), 0);
    neey_stream_feed(&stream, info, 100);
    ck_assert_uint_eq(neey_stream_next(&stream, frame), 100);
    ck_assert_mem_eq(frame, info, 100);
    ck_assert_uint_eq(stream.dropped_len, 120);
}

END_TEST

START_TEST(stream_that_is_overfed_keeps_the_newest)
{
    uint8_t noise[2000];
    uint8_t info[100];
    uint8_t frame[NEEY_FRAME_MAX];
    struct neey_stream stream = {.len = 0};

    memset(noise, 0x55, sizeof noise);
    make_frame(info, sizeof info, 1);
    neey_stream_feed(&stream, noise, sizeof noise);
    neey_stream_feed(&stream, info, sizeof info);
    ck_assert_uint_le(stream.len, sizeof stream.data);
    ck_assert_uint_eq(neey_stream_next(&stream, frame), 100);
    ck_assert_uint_eq(stream.dropped_len, 2000);
}

END_TEST

static void add_captured(TCase *tests)
{
    tcase_add_test(tests, every_captured_frame_passes_and_every_negative_is_refused);
    tcase_add_test(tests, any_flipped_bit_of_a_captured_frame_is_refused);
    tcase_add_test(tests, any_shortened_captured_frame_is_refused);
    tcase_add_test(tests, captured_cells_decode_and_agree_with_themselves);
    tcase_add_test(tests, cells_of_zh211_are_what_its_owner_read);
    tcase_add_test(tests, unused_inputs_of_zh208_are_not_detected);
    tcase_add_test(tests, masks_are_read_from_their_own_three_bytes);
    tcase_add_loop_test(tests, settings_are_those_of_the_notes, 0, 3);
    tcase_add_loop_test(tests, device_info_is_that_of_the_reference, 0, 4);
    tcase_add_test(tests, all_captured_settings_device_infos_and_factory_values_decode);
    tcase_add_test(tests, factory_values_are_those_of_the_reference);
    tcase_add_test(tests, frames_of_version_two_are_refused_as_such);
}

int main(void)
{
    Suite *suite = suite_create("neey codec");
    TCase *tests = tcase_create("neey codec");

    v1_count = frames_read("neey_v1.txt", v1, FRAMES_MAX);
    v2_count = frames_read("neey_v2.txt", v2, FRAMES_MAX);
    if (v1_count > 0) {
        add_captured(tests);
    }
    tcase_add_test(tests, read_request_is_the_one_of_the_reference);
    tcase_add_loop_test(tests, writes_carry_the_registers_type, 0, 8);
    tcase_add_test(tests, writes_that_cannot_be_are_refused);
    tcase_add_test(tests, values_that_are_no_numbers_are_refused);
    tcase_add_test(tests, stream_gives_frames_whatever_lies_between_and_however_they_are_cut);
    tcase_add_test(tests, stream_does_not_wait_for_the_rest_of_a_torn_frame);
    tcase_add_test(tests, stream_that_is_overfed_keeps_the_newest);
    suite_add_tcase(suite, tests);
    int result = support_run(suite);
    if (v1_count == 0) {
        (void)printf("skipped: captured frames need %s/frames\n", KEEL_SHARED_DATA);
        return result == EXIT_SUCCESS ? SKIPPED : result;
    }
    return result;
}
