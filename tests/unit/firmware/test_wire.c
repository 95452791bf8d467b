/* The unit's side of the wire format against captured frames. Offsets here are those of the public
 * protocol notes, written out; nothing is taken from the encoder's tables. */
#include "firmware/protocol/frames.h"
#include "firmware/protocol/requests.h"
#include "tests/support.h"
#include "tests/unit/firmware/captured.h"

static struct captured replies;
static struct captured requests;

static float f32_at(const uint8_t *frame, size_t at)
{
    uint32_t bits = frame[at] | (uint32_t)frame[at + 1] << 8 | (uint32_t)frame[at + 2] << 16 |
                    (uint32_t)frame[at + 3] << 24;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t u32_at(const uint8_t *frame, size_t at)
{
    return frame[at] + 256u * frame[at + 1] + 65536u * frame[at + 2] + 16777216u * frame[at + 3];
}

static uint32_t u24_at(const uint8_t *frame, size_t at)
{
    return frame[at] + 256u * frame[at + 1] + 65536u * frame[at + 2];
}

static size_t reencode_device_info(const uint8_t *in, uint8_t *out)
{
    struct frame_device_info info = {
        .power_on_count = u32_at(in, 56),
        .runtime_s = u32_at(in, 60),
    };

    memcpy(info.model, in + 8, 16);
    memcpy(info.hardware, in + 24, 8);
    memcpy(info.software, in + 32, 8);
    memcpy(info.protocol, in + 40, 8);
    memcpy(info.production_date, in + 48, 8);
    memcpy(info.device_id, in + 64, 12);
    memcpy(info.password, in + 76, 6);
    memcpy(info.name, in + 82, 16);
    return frame_encode_device_info(&info, out);
}

static size_t reencode_cells(const uint8_t *in, uint8_t *out)
{
    struct frame_cells cells = {
        .counter = in[8],
        .sum_v = f32_at(in, 201),
        .average_v = f32_at(in, 205),
        .spread_v = f32_at(in, 209),
        .highest_index = in[213],
        .lowest_index = in[214],
        .last_cell_index = in[215],
        .status = in[216],
        .balance_a = f32_at(in, 217),
        .temperature_c = {f32_at(in, 221), f32_at(in, 225)},
        .missing_mask = u24_at(in, 229),
        .over_voltage_mask = u24_at(in, 232),
        .under_voltage_mask = u24_at(in, 235),
        .polarity_mask = u24_at(in, 238),
        .line_mask = u24_at(in, 241),
        .temperature_flags = in[244],
        .charge_fault = in[245],
        .discharge_fault = in[246],
        .storage_flags = in[247],
        .uptime_s = u32_at(in, 254),
    };

    for (size_t i = 0; i < 24; i++) {
        cells.cell_v[i] = f32_at(in, 9 + 4 * i);
        cells.line_ohm[i] = f32_at(in, 105 + 4 * i);
    }
    return frame_encode_cells(&cells, out);
}

static size_t reencode_settings(const uint8_t *in, uint8_t *out)
{
    struct frame_settings settings = {
        .cell_count = in[8],
        .trigger_v = f32_at(in, 9),
        .max_current_a = f32_at(in, 13),
        .stop_voltage_v = f32_at(in, 17),
        .balance_on = in[21],
        .buzzer = in[22],
        .battery_type = in[23],
        .capacity_ah = u32_at(in, 24),
        .start_voltage_v = f32_at(in, 28),
        .address = in[32],
        .stop_difference_v = f32_at(in, 33),
        .line_reference_ohm = f32_at(in, 37),
    };

    return frame_encode_settings(&settings, out);
}

static size_t reencode_factory(const uint8_t *in, uint8_t *out)
{
    struct frame_factory factory = {
        .standard_vol1_v = f32_at(in, 8),
        .standard_vol2_v = f32_at(in, 12),
        .battery_vol1_v = f32_at(in, 16),
        .battery_vol2_v = f32_at(in, 20),
        .standard_cur1_v = f32_at(in, 24),
        .standard_cur2_v = f32_at(in, 28),
        .super_bat1_v = f32_at(in, 32),
        .super_bat2_v = f32_at(in, 36),
        .resistor1_ohm = f32_at(in, 40),
        .ref_bat_v = f32_at(in, 44),
        .battery_max_v = f32_at(in, 48),
        .battery_min_v = f32_at(in, 52),
        .ntc_max_c = f32_at(in, 56),
        .ntc_min_c = f32_at(in, 60),
        .power_on_count = u32_at(in, 64),
        .runtime_s = u32_at(in, 68),
    };

    memcpy(factory.production_date, in + 72, 8);
    return frame_encode_factory(&factory, out);
}

START_TEST(every_captured_frame_is_encoded_byte_for_byte)
{
    unsigned seen[5] = {0};

    for (size_t i = 0; i < replies.count; i++) {
        const uint8_t *in = replies.frames[i].data;
        uint8_t out[FRAME_LEN_MAX] = {0};
        size_t len = 0;

        if (replies.frames[i].len == 20) {
            len = frame_encode_ack(false, 3, 0, out);
        } else if (in[4] == 1) {
            len = reencode_device_info(in, out);
        } else if (in[4] == 2) {
            len = reencode_cells(in, out);
        } else if (in[4] == 3) {
            len = reencode_factory(in, out);
        } else if (in[4] == 4) {
            len = reencode_settings(in, out);
        }
        ck_assert_uint_eq(len, replies.frames[i].len);
        for (size_t at = 0; at < len; at++) {
            ck_assert_msg(in[at] == out[at], "frame %zu, byte %zu: captured %02x, encoded %02x", i,
                at, in[at], out[at]);
        }
        ck_assert_uint_le(in[4], 4);
        seen[in[4]]++;
    }
    ck_assert_uint_ge(seen[1], 5);
    ck_assert_uint_ge(seen[2], 3);
    ck_assert_uint_ge(seen[3], 3);
    ck_assert_uint_ge(seen[4], 3);
}

END_TEST

START_TEST(ack_of_a_write_names_its_register)
{
    /* sum of 55 AA 11 00 05 03 14 is 0x12C */
    const uint8_t wanted[20] = {
        0x55, 0xAA, 0x11, 0x00, 0x05, 0x03, 0x14, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x2C, 0xFF};
    uint8_t frame[FRAME_LEN_MAX];

    ck_assert_uint_eq(frame_encode_ack(true, 5, 3, frame), 20);
    ck_assert_mem_eq(frame, wanted, 20);
}

END_TEST

/** Feed all; the events in order, at most @p max. */
static size_t feed(
    const uint8_t *data, size_t len, enum request_event *events, struct request *last, size_t max)
{
    struct request_parser parser = {0};
    size_t count = 0;

    for (size_t i = 0; i < len; i++) {
        request_parser_put(&parser, data[i]);
        for (;;) {
            enum request_event event = request_parser_next(&parser, last);

            if (event == REQUEST_NONE) {
                break;
            }
            ck_assert_uint_lt(count, max);
            events[count++] = event;
        }
    }
    return count;
}

START_TEST(captured_requests_are_understood)
{
    ck_assert_uint_ge(requests.count, 15);
    for (size_t i = 0; i < requests.count; i++) {
        const uint8_t *in = requests.frames[i].data;
        enum request_event event = REQUEST_NONE;
        struct request request;

        ck_assert_uint_eq(requests.frames[i].len, 20);
        ck_assert_uint_eq(feed(in, 20, &event, &request, 1), 1);
        ck_assert_int_eq(event, REQUEST_RECEIVED);
        ck_assert(request.is_write);
        ck_assert_uint_eq(request.command, 5);
        ck_assert_uint_eq(request.reg, in[5]);
        ck_assert_mem_eq(request.payload, in + 8, 10);
    }
}

END_TEST

/** The captured requests carry the exclusive or; does the sum happen to fit as well? */
static bool sum_fits(const uint8_t *data)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < 18; i++) {
        sum += data[i];
    }
    return sum % 256 == data[18];
}

START_TEST(a_flipped_bit_is_refused_unless_the_other_check_happens_to_fit)
{
    unsigned accident_count = 0;

    for (size_t i = 0; i < requests.count; i++) {
        for (unsigned bit = 0; bit < 160; bit++) {
            uint8_t data[20];
            enum request_event event = REQUEST_NONE;
            struct request request;

            memcpy(data, requests.frames[i].data, sizeof data);
            data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (feed(data, sizeof data, &event, &request, 1) != 0) {
                ck_assert_msg(sum_fits(data), "request %zu with bit %u flipped was taken", i, bit);
                accident_count++;
            }
        }
    }
    /* chance is one in 256; requests that are mostly zeros do a little worse */
    ck_assert_uint_le(accident_count, requests.count * 160 / 100);
}

END_TEST

START_TEST(both_checks_are_accepted_and_the_length_may_stand_anywhere)
{
    /* read cell info: sum AA+55+11+01+02+14 = 0x127; exclusive or 0xF9, captured with 14 late */
    const uint8_t by_sum[20] = {
        0xAA, 0x55, 0x11, 0x01, 0x02, 0x00, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x27, 0xFF};
    const uint8_t by_xor[20] = {
        0xAA, 0x55, 0x11, 0x01, 0x02, 0x00, 0x00, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xF9, 0xFF};
    enum request_event event = REQUEST_NONE;
    struct request request = {.is_write = true};

    ck_assert_uint_eq(feed(by_sum, 20, &event, &request, 1), 1);
    ck_assert(!request.is_write);
    ck_assert_uint_eq(feed(by_xor, 20, &event, &request, 1), 1);
    ck_assert_uint_eq(request.command, 2);
}

END_TEST

START_TEST(module_texts_are_events)
{
    static const char text[] = "+CONNECTED\r\nAT\r\n+DISCONNECTED\r\n";

    enum request_event events[3] = {REQUEST_NONE};
    struct request request;

    ck_assert_uint_eq(feed((const uint8_t *)text, sizeof text - 1, events, &request, 3), 3);
    ck_assert_int_eq(events[0], REQUEST_CONNECTED);
    ck_assert_int_eq(events[1], REQUEST_AT);
    ck_assert_int_eq(events[2], REQUEST_DISCONNECTED);
}

END_TEST

START_TEST(resynchronises_on_garbage_and_torn_requests)
{
    uint8_t data[256];
    size_t len = 0;

    enum request_event events[3] = {REQUEST_NONE};
    struct request request;
    const uint8_t *whole = requests.frames[0].data;

    /* noise, then the first 13 bytes of a request, then a whole one */
    for (unsigned i = 0; i < 40; i++) {
        data[len++] = (uint8_t)(i * 37 + 5);
    }
    memcpy(data + len, whole, 13);
    len += 13;
    memcpy(data + len, whole, 20);
    len += 20;
    /* a head repeated, a text broken off, and another request right behind */
    memcpy(data + len, "\xAA\xAA\x55\xAA\x55\x11+CONN+CONNECTED\r\n", 23);
    len += 23;
    memcpy(data + len, whole, 20);
    len += 20;
    ck_assert_uint_eq(feed(data, len, events, &request, 3), 3);
    ck_assert_int_eq(events[0], REQUEST_RECEIVED);
    ck_assert_int_eq(events[1], REQUEST_CONNECTED);
    ck_assert_int_eq(events[2], REQUEST_RECEIVED);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("firmware wire format");
    TCase *tests = tcase_create("wire");

    captured_load(&replies, KEEL_SHARED_DATA "/frames/neey_v1.txt");
    captured_load(&requests, KEEL_SHARED_DATA "/frames/neey_requests_xor.txt");
    tcase_add_test(tests, every_captured_frame_is_encoded_byte_for_byte);
    tcase_add_test(tests, ack_of_a_write_names_its_register);
    tcase_add_test(tests, captured_requests_are_understood);
    tcase_add_test(tests, a_flipped_bit_is_refused_unless_the_other_check_happens_to_fit);
    tcase_add_test(tests, both_checks_are_accepted_and_the_length_may_stand_anywhere);
    tcase_add_test(tests, module_texts_are_events);
    tcase_add_test(tests, resynchronises_on_garbage_and_torn_requests);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
