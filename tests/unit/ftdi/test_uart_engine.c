/** UART mode of the virtual FT4232H, seen at TXD, RXD and in the packets. */
#include "fixtures/virtual/ftdi/ft4232h.h"
#include "tests/support.h"
#include "tests/unit/ftdi/recorder.h"

#include <string.h>

enum {
    CHANNEL_C = 2,
    INDEX_C = 3,
    INDEX_C_115200 = 0x0203, /* divisor bit 17: 12 MHz base */
    BIT_PS = 8677083         /* 104.125 / 12 MHz */
};

static struct recorder recorder;
static struct ft4232h *chip;
static uint8_t packet[FT4232H_PACKET_LEN];

static void set_up(void)
{
    memset(&recorder, 0, sizeof recorder);
    recorder.pins = 0xFF;
    chip = ft4232h_create("TEST");
    struct ft4232h_pins pins = recorder_pins(&recorder);
    ft4232h_connect(chip, CHANNEL_C, &pins);
    ck_assert(ft4232h_control_out(chip, 0, 0x03, 0xC068, INDEX_C_115200));
    ck_assert(ft4232h_control_out(chip, 0, 0x09, 1, INDEX_C));
}

static void tear_down(void)
{
    ft4232h_destroy(chip);
}

static void send(uint64_t time_ns, const char *text)
{
    ft4232h_out(chip, CHANNEL_C, time_ns, (const uint8_t *)text, strlen(text));
}

static void set_format(uint16_t value)
{
    ck_assert(ft4232h_control_out(chip, 0, 0x04, value, INDEX_C));
}

static struct wire_char character(uint64_t start_ns, uint16_t data, uint32_t bit_ps)
{
    return (struct wire_char){.start_ns = start_ns,
        .end_ns = start_ns + UINT64_C(10) * bit_ps / 1000,
        .bit_ps = bit_ps,
        .data_bits = 8,
        .data = data};
}

static void receive(const struct wire_char *c)
{
    ft4232h_uart_rx(chip, CHANNEL_C, c);
}

START_TEST(characters_of_115200_baud_have_bits_of_8_68_us)
{
    send(1000000, "Ek");
    ft4232h_advance(chip, 2000000);
    ck_assert_uint_eq(recorder.char_count, 2);
    const struct wire_char *c = recorder.chars;
    ck_assert_uint_eq(c[0].bit_ps, BIT_PS);
    ck_assert_uint_eq(c[0].data, 'E');
    ck_assert_uint_eq(c[0].data_bits, 8);
    ck_assert_int_eq(c[0].parity, WIRE_PARITY_NONE);
    ck_assert_uint_eq(c[0].start_ns, 1000000);
    ck_assert_uint_eq(c[0].end_ns, 1086770); /* ten bits */
    ck_assert_uint_eq(c[1].data, 'k');
    ck_assert_uint_eq(c[1].start_ns, 1086770);
    ck_assert_uint_eq(c[1].end_ns, 1173541);
}

END_TEST

static const struct rate {
    uint16_t value, index;
    uint32_t bit_ps;
} rates[] = {
    {0x0000, 0x0203, 83333},     /* 12 Mbaud */
    {0x0001, 0x0203, 125000},    /* 8 Mbaud */
    {0x04E2, 0x0203, 104166667}, /* 9600 = 12 MHz / 1250 */
    {0x4138, 0x0003, 104166667}, /* 9600 = 3 MHz / 312.5 */
    {0xC01A, 0x0003, 8708333},   /* 3 MHz / 26.125 */
    {0x0002, 0x0303, 197917},    /* bit 16 alone is code 4, three eighths: 12 MHz / 2.375 */
};

START_TEST(divisor_codes_give_their_rates)
{
    ck_assert(ft4232h_control_out(chip, 0, 0x03, rates[_i].value, rates[_i].index));
    send(0, "x");
    ck_assert_uint_eq(recorder.chars[0].bit_ps, rates[_i].bit_ps);
}

END_TEST

static const struct format {
    uint16_t value;
    uint8_t data_bits;
    enum wire_parity parity;
    uint16_t data; /* of 0xC1 */
    unsigned half_bits;
} formats[] = {
    {0x0008, 8, WIRE_PARITY_NONE, 0xC1, 20}, {0x0108, 8, WIRE_PARITY_ODD, 0xC1, 22},
    {0x0208, 8, WIRE_PARITY_EVEN, 0xC1, 22}, {0x0308, 9, WIRE_PARITY_NONE, 0x1C1, 22}, /* mark */
    {0x0408, 9, WIRE_PARITY_NONE, 0x0C1, 22},                                          /* space */
    {0x0007, 7, WIRE_PARITY_NONE, 0x41, 18}, {0x0207, 7, WIRE_PARITY_EVEN, 0x41, 20},
    {0x0808, 8, WIRE_PARITY_NONE, 0xC1, 21}, /* 1.5 stop bits */
    {0x1008, 8, WIRE_PARITY_NONE, 0xC1, 22}, /* 2 stop bits */
};

START_TEST(formats_shape_the_character)
{
    const struct format *format = &formats[_i];

    set_format(format->value);
    send(0, "\xC1");
    const struct wire_char *c = recorder.chars;
    ck_assert_uint_eq(recorder.char_count, 1);
    ck_assert_uint_eq(c->data_bits, format->data_bits);
    ck_assert_int_eq(c->parity, format->parity);
    ck_assert_uint_eq(c->data, format->data);
    ck_assert_uint_eq(c->end_ns - c->start_ns, (uint64_t)format->half_bits * BIT_PS / 2000);
}

END_TEST

START_TEST(break_holds_txd_low)
{
    set_format(0x4008);
    ck_assert_uint_eq(recorder.events[recorder.event_count - 1].level & 1, 0);
    set_format(0x0008);
    ck_assert_uint_eq(recorder.events[recorder.event_count - 1].level & 1, 1);
}

END_TEST

START_TEST(transmitter_status_falls_while_it_sends)
{
    send(0, "ab");
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 1000000 - 1, packet), 0);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 1000000, packet), 2);
    ck_assert_uint_eq(packet[1], 0x60);
    send(1990000, "abc"); /* at 2 ms 'a' is on the line, 'b' and 'c' wait */
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 2000000, packet), 2);
    ck_assert_uint_eq(packet[1], 0x00);
    send(2980000, "a");
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 3000000, packet), 2);
    ck_assert_uint_eq(packet[1], 0x20);
}

END_TEST

START_TEST(character_comes_in_after_its_stop_bit)
{
    struct wire_char c = character(100000, 0xA5, BIT_PS);

    ft4232h_advance(chip, 100000);
    receive(&c);
    /* 9.5 bits: 82432 ns */
    ck_assert_uint_eq(ft4232h_next_event_ns(chip), 182432);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 1000000, packet), 3);
    ck_assert_uint_eq(packet[1], 0x60);
    ck_assert_uint_eq(packet[2], 0xA5);
}

END_TEST

START_TEST(late_news_are_put_in_the_order_of_arrival)
{
    ft4232h_advance(chip, 900000);
    for (unsigned i = 0; i < 8; i++) { /* the unit ran up to 900 us and tells what it sent */
        struct wire_char c = character(100000 + i * 86771, (uint16_t)('a' + i), BIT_PS);
        receive(&c);
    }
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 1000000, packet), 10);
    ck_assert_mem_eq(packet + 2, "abcdefgh", 8);
}

END_TEST

START_TEST(overrun_drops_and_says_so_once)
{
    for (unsigned i = 0; i < 2050; i++) {
        struct wire_char c = character(i * UINT64_C(90000), (uint16_t)(i & 0xFF), BIT_PS);
        ft4232h_advance(chip, c.start_ns);
        receive(&c);
    }
    uint64_t now_ns = 1000000000;
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, now_ns, packet), 512);
    ck_assert_uint_eq(packet[1], 0x62);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, now_ns, packet), 512);
    ck_assert_uint_eq(packet[1], 0x60);
}

END_TEST

START_TEST(small_difference_of_rates_is_received_and_a_large_one_is_not)
{
    struct wire_char near = character(0, 0x35, BIT_PS / 100 * 103);
    struct wire_char far = character(0, 0x35, BIT_PS * 2);

    receive(&near);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 1000000, packet), 3);
    ck_assert_uint_eq(packet[2], 0x35);
    ck_assert_uint_eq(packet[1], 0x60);
    ft4232h_advance(chip, 1000000);
    far.start_ns = 1000000;
    receive(&far);
    size_t len = ft4232h_in(chip, CHANNEL_C, 2000000, packet);
    ck_assert_uint_ge(len, 3);
    /* 0, then 1 0 1 0 1 1 0 0 each twice as long: the first eight look like 0 11 00 11 0 */
    ck_assert_uint_eq(packet[2], 0x66);
    ck_assert_uint_eq(packet[1], 0x68); /* its stop bit is the second half of a zero */
}

END_TEST

START_TEST(parity_is_checked)
{
    struct wire_char c = character(0, 0x01, BIT_PS);

    set_format(0x0208);
    c.parity = WIRE_PARITY_ODD;
    receive(&c);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 1000000, packet), 3);
    ck_assert_uint_eq(packet[1], 0x64);
    c.start_ns = 1000000;
    c.parity = WIRE_PARITY_EVEN;
    receive(&c);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 2000000, packet), 3);
    ck_assert_uint_eq(packet[1], 0x60);
    ck_assert_uint_eq(packet[2], 0x01);
}

END_TEST

START_TEST(error_char_takes_the_place_of_a_bad_one)
{
    struct wire_char c = character(0, 0x01, BIT_PS);

    set_format(0x0208);
    ck_assert(ft4232h_control_out(chip, 0, 0x07, 0x0100 | '?', INDEX_C));
    c.parity = WIRE_PARITY_ODD;
    receive(&c);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 1000000, packet), 3);
    ck_assert_uint_eq(packet[2], '?');
}

END_TEST

START_TEST(event_char_sends_the_packet_at_once)
{
    struct wire_char c = character(0, '\r', BIT_PS);

    ck_assert(ft4232h_control_out(chip, 0, 0x06, 0x010D, INDEX_C));
    receive(&c);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 82431, packet), 0);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 82432, packet), 3);
}

END_TEST

START_TEST(characters_to_a_channel_in_another_mode_are_lost)
{
    struct wire_char c = character(0, 'x', BIT_PS);

    ck_assert(ft4232h_control_out(chip, 0, 0x0B, 0x0400, INDEX_C));
    receive(&c);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_C, 1000000, packet), 2);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("virtual UART");
    TCase *tests = tcase_create("uart");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, characters_of_115200_baud_have_bits_of_8_68_us);
    tcase_add_loop_test(
        tests, divisor_codes_give_their_rates, 0, (int)(sizeof rates / sizeof rates[0]));
    tcase_add_loop_test(
        tests, formats_shape_the_character, 0, (int)(sizeof formats / sizeof formats[0]));
    tcase_add_test(tests, break_holds_txd_low);
    tcase_add_test(tests, transmitter_status_falls_while_it_sends);
    tcase_add_test(tests, character_comes_in_after_its_stop_bit);
    tcase_add_test(tests, late_news_are_put_in_the_order_of_arrival);
    tcase_add_test(tests, overrun_drops_and_says_so_once);
    tcase_add_test(tests, small_difference_of_rates_is_received_and_a_large_one_is_not);
    tcase_add_test(tests, parity_is_checked);
    tcase_add_test(tests, error_char_takes_the_place_of_a_bad_one);
    tcase_add_test(tests, event_char_sends_the_packet_at_once);
    tcase_add_test(tests, characters_to_a_channel_in_another_mode_are_lost);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
