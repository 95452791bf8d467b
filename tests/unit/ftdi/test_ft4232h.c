/** Control requests, packets and the EEPROM. Literals: FTDI's vendor requests as libftdi has them.
 */
#include "fixtures/virtual/ftdi/ft4232h.h"
#include "tests/support.h"
#include "tests/unit/ftdi/recorder.h"

#include <string.h>

enum {
    CHANNEL_A = 0,
    INDEX_A = 1
};

static struct recorder recorder;
static struct ft4232h *chip;
static uint8_t packet[FT4232H_PACKET_LEN];

static void set_up(void)
{
    memset(&recorder, 0, sizeof recorder);
    recorder.pins = 0xFF;
    chip = ft4232h_create("CB24-VIRTUAL");
    struct ft4232h_pins pins = recorder_pins(&recorder);
    ft4232h_connect(chip, CHANNEL_A, &pins);
}

static void tear_down(void)
{
    ft4232h_destroy(chip);
}

static bool request(uint64_t time_ns, uint8_t number, uint16_t value, uint16_t index)
{
    return ft4232h_control_out(chip, time_ns, number, value, index);
}

static uint16_t ask(uint64_t time_ns, uint8_t number, uint16_t index, size_t wanted_len)
{
    uint8_t data[8] = {0};
    size_t len = 0;

    ck_assert(ft4232h_control_in(chip, time_ns, number, 0, index, data, sizeof data, &len));
    ck_assert_uint_eq(len, wanted_len);
    return (uint16_t)(data[0] | data[1] << 8);
}

static void send(uint64_t time_ns, const void *data, size_t len)
{
    ft4232h_out(chip, CHANNEL_A, time_ns, data, len);
}

START_TEST(latency_timer_of_16_ms_sends_an_empty_status_packet)
{
    ck_assert_uint_eq(ft4232h_next_event_ns(chip), 16000000);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 15999999, packet), 0);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 16000000, packet), 2);
    ck_assert_uint_eq(packet[0], 0x02); /* UART mode, modem inputs pulled up */
    ck_assert_uint_eq(packet[1], 0x60);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 31999999, packet), 0); /* it starts anew */
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 32000000, packet), 2);
}

END_TEST

START_TEST(latency_can_be_set_from_1_to_255_ms)
{
    ck_assert_uint_eq(ask(0, 0x0A, INDEX_A, 1), 16);
    ck_assert(request(0, 0x09, 1, INDEX_A));
    ck_assert_uint_eq(ask(0, 0x0A, INDEX_A, 1), 1);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 999999, packet), 0);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 1000000, packet), 2);
    ck_assert(request(1000000, 0x09, 255, INDEX_A));
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 255999999, packet), 0);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 256000000, packet), 2);
    ck_assert(!request(256000000, 0x09, 0, INDEX_A));
    ck_assert(!request(256000000, 0x09, 256, INDEX_A));
}

END_TEST

START_TEST(every_packet_begins_with_two_status_bytes)
{
    ck_assert(request(0, 0x0B, 0x0200, INDEX_A));
    send(0, "\x20\xff\x07", 3); /* 2048 bytes */
    ft4232h_advance(chip, 10000000);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 10000000, packet), 512);
        ck_assert_uint_eq(packet[0], 0x32);
        ck_assert_uint_eq(packet[1], 0x60);
    }
    /* 4 * 510 = 2040: the last 8 wait for the timer */
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 10000000, packet), 0);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 26000000, packet), 10);
}

END_TEST

START_TEST(send_immediate_does_not_wait_for_the_timer)
{
    ck_assert(request(0, 0x0B, 0x0200, INDEX_A));
    send(0, "\xAA", 1);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 1000, packet), 0);
    send(1000, "\x87", 1);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 2000, packet), 4);
    ck_assert_mem_eq(packet, "\x32\x60\xFA\xAA", 4);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 2000, packet), 0);
}

END_TEST

START_TEST(send_immediate_is_spent_by_its_packet)
{
    ck_assert(request(0, 0x0B, 0x0200, INDEX_A));
    send(0, "\xAA\x87\xAB", 3);
    ck_assert_uint_eq(
        ft4232h_in(chip, CHANNEL_A, 1000, packet), 6); /* what came later goes along */
    send(1000, "\xAC", 1);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 2000, packet), 0);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 16001000, packet), 4);
}

END_TEST

START_TEST(purges_empty_one_fifo_each)
{
    ck_assert(request(0, 0x0B, 0x0200, INDEX_A));
    send(0, "\xAA\x87", 2);
    ft4232h_advance(chip, 1000);
    ck_assert(request(1000, 0x00, 2, INDEX_A));
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 1000, packet), 0);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 16000000, packet), 2);

    recorder.pins = 0xDF; /* GPIOL1 low: 88 keeps the engine from the rest */
    send(16000000, "\x88\xAA\xAA\xAA", 4);
    ft4232h_advance(chip, 17000000);
    ck_assert_uint_eq(ft4232h_out_room(chip, CHANNEL_A, 17000000), 2045);
    ck_assert(request(17000000, 0x00, 1, INDEX_A));
    ck_assert_uint_eq(ft4232h_out_room(chip, CHANNEL_A, 17000000), 2048);
    ck_assert(!request(17000000, 0x00, 3, INDEX_A));
}

END_TEST

START_TEST(out_fifo_takes_2048_bytes)
{
    static const uint8_t zeros[512] = {0x88};

    ck_assert(request(0, 0x0B, 0x0200, INDEX_A));
    recorder.pins = 0x00;
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_ge(ft4232h_out_room(chip, CHANNEL_A, 1000 * i), 512);
        send(1000 * i, zeros, sizeof zeros);
    }
    ck_assert_uint_eq(ft4232h_out_room(chip, CHANNEL_A, 10000), 1); /* the engine holds one */
}

END_TEST

START_TEST(what_the_chip_has_not_is_stalled)
{
    static const struct {
        uint8_t number;
        uint16_t value, index;
    } bad[] = {
        {0x0B, 0x0200, 3},                    /* MPSSE on C and D */
        {0x0B, 0x0200, 4}, {0x0B, 0x0800, 1}, /* MCU bus, opto, CBUS, synchronous FIFO, FT1248 */
        {0x0B, 0x1000, 1}, {0x0B, 0x2000, 1}, {0x0B, 0x4000, 1}, {0x0B, 0x8000, 1},
        {0x0B, 0x0200, 0},                    /* no such interface */
        {0x0B, 0x0200, 5}, {0x08, 0x0000, 1}, /* no such request */
        {0x02, 0x0000, 0x0101},               /* flow control is not modelled */
        {0x04, 0x0009, 1},                    /* nine data bits */
        {0x03, 0x4000, 1},                    /* half a divisor */
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!request(0, bad[i].number, bad[i].value, bad[i].index), "row %zu", i);
    }
    uint8_t data[2];
    size_t len = 0;
    ck_assert(!ft4232h_control_in(chip, 0, 0x0A, 0, 7, data, sizeof data, &len));
    ck_assert(!ft4232h_control_in(chip, 0, 0x33, 0, 1, data, sizeof data, &len));
}

END_TEST

START_TEST(pins_can_be_read_without_the_engine)
{
    recorder.pins = 0x5A;
    /* UART mode drives TXD, RTS#, DTR# (pins 0, 2, 4), all high */
    ck_assert_uint_eq(ask(0, 0x0C, INDEX_A, 1), 0x5F);
    ck_assert(request(0, 0x0B, 0x0200, INDEX_A));
    ck_assert_uint_eq(ask(0, 0x0C, INDEX_A, 1), 0x5A);
    /* CTS# 08, DSR# 20, DCD# 40, RI# 80 are active when low */
    ck_assert(request(0, 0x0B, 0x0000, INDEX_A));
    ck_assert_uint_eq(ask(0, 0x05, INDEX_A, 2), 0x6002 | 0x20 | 0x40);
}

END_TEST

START_TEST(modem_lines_follow_their_request_and_reset_clears_them)
{
    const struct recorder_event *last = &recorder.events[0];

    ck_assert_uint_eq(last->direction, 0x15);
    ck_assert_uint_eq(last->level, 0x15);
    ck_assert(request(100, 0x01, 0x0303, INDEX_A));
    ck_assert_uint_eq(recorder.events[1].level, 0x01);
    ck_assert(request(200, 0x01, 0x0201, INDEX_A)); /* RTS only, off */
    ck_assert_uint_eq(recorder.events[2].level, 0x05);
    ck_assert(request(300, 0x00, 0, INDEX_A));
    ck_assert_uint_eq(recorder.events[3].level, 0x15);
}

END_TEST

START_TEST(mpsse_mode_lets_go_of_all_pins)
{
    ck_assert(request(100, 0x0B, 0x0200, INDEX_A));
    ck_assert_uint_eq(recorder.events[recorder.event_count - 1].direction, 0x00);
    ck_assert_uint_eq(recorder.events[recorder.event_count - 1].time_ns, 100);
    ck_assert(request(200, 0x0B, 0x0000, INDEX_A));
    ck_assert_uint_eq(recorder.events[recorder.event_count - 1].direction, 0x15);
    ck_assert_uint_eq(recorder.events[recorder.event_count - 1].level, 0x15);
}

END_TEST

static void read_eeprom(uint16_t words[128])
{
    for (uint16_t i = 0; i < 128; i++) {
        words[i] = ask(0, 0x90, i, 2);
    }
}

START_TEST(eeprom_names_the_fixture)
{
    uint16_t words[128];
    static const char *const strings[3] = {"Evenkeel", "CB24", "CB24-VIRTUAL"};

    read_eeprom(words);
    ck_assert_uint_eq(words[1], 0x0403);
    ck_assert_uint_eq(words[2], 0x6011);
    ck_assert_uint_eq(words[3], 0x0800);
    for (unsigned i = 0; i < 3; i++) {
        size_t len = strlen(strings[i]);
        size_t at = (words[7 + i] & 0xFFu) / 2;
        ck_assert_uint_eq(words[7 + i] >> 8, 2 + 2 * len);
        ck_assert_uint_eq(words[at], 0x0300 | (2 + 2 * len));
        for (size_t j = 0; j < len; j++) {
            ck_assert_uint_eq(words[at + 1 + j], (uint8_t)strings[i][j]);
        }
    }
    ck_assert_uint_eq(words[7] & 0xFF, 0x9A);
}

END_TEST

START_TEST(eeprom_checksum_is_right)
{
    uint16_t words[128];
    uint16_t sum = 0;

    read_eeprom(words);
    /* Word i is rotated left once for itself and each later word; AAAA 127 times, which is 5555. */
    for (unsigned i = 0; i < 127; i++) {
        unsigned turns = (127 - i) % 16;
        sum ^= (uint16_t)(words[i] << turns | (turns > 0 ? words[i] >> (16 - turns) : 0));
    }
    ck_assert_uint_eq(words[127], sum ^ 0x5555);
}

END_TEST

START_TEST(eeprom_addresses_wrap_and_writes_last)
{
    ck_assert_uint_eq(ask(0, 0x90, 0x81, 2), 0x0403);
    ck_assert(request(0, 0x91, 0x1234, 0x0D));
    ck_assert_uint_eq(ask(0, 0x90, 0x0D, 2), 0x1234);
    ck_assert(request(0, 0x92, 0, 0));
    ck_assert_uint_eq(ask(0, 0x90, 0x01, 2), 0xFFFF);
}

END_TEST

START_TEST(synchronous_bitbang_answers_each_byte_with_the_pins_before_it)
{
    /* 9600 baud: 312.5 of 3 MHz; 16 bytes a bit: 6.51 us a byte */
    ck_assert(request(0, 0x03, 0x4138, INDEX_A));
    ck_assert(request(0, 0x0B, 0x040F, INDEX_A));
    recorder.pins = 0xA0;
    recorder_reset(&recorder);
    send(1000, "\x01\x02\x04", 3);
    ft4232h_advance(chip, 1000000);
    ck_assert_uint_eq(recorder.event_count, 3);
    ck_assert_uint_eq(recorder.events[2].level, 0x04);
    ck_assert_uint_eq(recorder.events[1].time_ns - recorder.events[0].time_ns, 6510);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, 16000000, packet), 5);
    ck_assert_mem_eq(packet + 2, "\xA0\xA1\xA2", 3);
}

END_TEST

START_TEST(asynchronous_bitbang_samples_until_its_fifo_is_full)
{
    ck_assert(request(0, 0x03, 0x4138, INDEX_A));
    ck_assert(request(0, 0x0B, 0x0100, INDEX_A));
    recorder.pins = 0x3C;
    ft4232h_advance(chip, 6520 * 10);
    recorder.pins = 0xC3;
    ft4232h_advance(chip, 1000000000);
    size_t total = 0;
    for (unsigned i = 0; i < 4; i++) {
        size_t len = ft4232h_in(chip, CHANNEL_A, 1000000000, packet);
        ck_assert_uint_eq(len, 512);
        ck_assert_uint_eq(packet[len - 1], 0xC3);
        total += len - 2;
        if (i == 0) {
            ck_assert_mem_eq(packet + 2, "\x3C\x3C\x3C\x3C\x3C\x3C\x3C\x3C\x3C\x3C\x3C\xC3", 12);
        }
    }
    ck_assert_uint_eq(total, 2040);
}

END_TEST

START_TEST(pins_of_two_channels_change_in_the_order_of_time)
{
    uint64_t last_ns = 0;
    size_t a = 0;
    size_t b = 0;

    struct ft4232h_pins both = recorder_pins(&recorder); /* one recorder hears both */
    ft4232h_connect(chip, 1, &both);
    ck_assert(request(0, 0x0B, 0x0200, 1));
    ck_assert(request(0, 0x0B, 0x0200, 2));
    ft4232h_out(chip, 0, 0, (const uint8_t *)"\x80\x40\xff\x8f\x20\x00", 6);
    ft4232h_out(chip, 1, 17, (const uint8_t *)"\x80\x80\xff\x8f\x20\x00", 6);
    recorder_reset(&recorder);
    ft4232h_advance(chip, 1000000);
    for (size_t i = 0; i < recorder.event_count; i++) {
        ck_assert_uint_ge(recorder.events[i].time_ns, last_ns);
        last_ns = recorder.events[i].time_ns;
        a += (recorder.events[i].level & 0x40) != 0 ? 1 : 0;
        b += (recorder.events[i].level & 0x80) != 0 ? 1 : 0;
    }
    ck_assert_uint_eq(a, 1 + 33 * 16);
    ck_assert_uint_eq(b, 1 + 33 * 16);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("virtual FT4232H");
    TCase *tests = tcase_create("chip");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, latency_timer_of_16_ms_sends_an_empty_status_packet);
    tcase_add_test(tests, latency_can_be_set_from_1_to_255_ms);
    tcase_add_test(tests, every_packet_begins_with_two_status_bytes);
    tcase_add_test(tests, send_immediate_does_not_wait_for_the_timer);
    tcase_add_test(tests, send_immediate_is_spent_by_its_packet);
    tcase_add_test(tests, purges_empty_one_fifo_each);
    tcase_add_test(tests, out_fifo_takes_2048_bytes);
    tcase_add_test(tests, what_the_chip_has_not_is_stalled);
    tcase_add_test(tests, pins_can_be_read_without_the_engine);
    tcase_add_test(tests, modem_lines_follow_their_request_and_reset_clears_them);
    tcase_add_test(tests, mpsse_mode_lets_go_of_all_pins);
    tcase_add_test(tests, eeprom_names_the_fixture);
    tcase_add_test(tests, eeprom_checksum_is_right);
    tcase_add_test(tests, eeprom_addresses_wrap_and_writes_last);
    tcase_add_test(tests, synchronous_bitbang_answers_each_byte_with_the_pins_before_it);
    tcase_add_test(tests, asynchronous_bitbang_samples_until_its_fifo_is_full);
    tcase_add_test(tests, pins_of_two_channels_change_in_the_order_of_time);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
