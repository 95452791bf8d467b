/*
 * Literal bytes: AN_108 for MPSSE, AN_120 and libftdi for baud rates, ADIv5.2 for SWD.
 */
#include "harness/link/mpsse.h"
#include "harness/link/spi.h"
#include "harness/link/swd.h"
#include "harness/link/uart.h"
#include "tests/support.h"
#include "tests/unit/link/fake_link.h"

#include <string.h>

/* What mpsse_open() does: bit mode reset, purges, MPSSE, echo, div5 off, adaptive off, 3-phase off,
 * loopback off, 60 MHz / (2 * (1 + 29)) = 1 MHz. */
#define OPENING \
    {.is_control = true, .request = 0x0B, .value = 0x0000}, \
        {.is_control = true, .request = 0x00, .value = 1}, \
        {.is_control = true, .request = 0x00, .value = 2}, \
        {.is_control = true, .request = 0x0B, .value = 0x0200}, {.out = "aa", .in = "faaa"}, \
    { \
        .out = "8a978d85861d00" \
    }

#define CLOSING \
    { \
        .is_control = true, .request = 0x0B, .value = 0x0000 \
    }

#define LEN(array) (sizeof(array) / sizeof(array)[0])

static struct mpsse *open_script(
    struct script_link *link, const struct script_step *steps, size_t count)
{
    struct mpsse *mpsse = NULL;
    struct error err = {.text = ""};

    script_link_init(link, steps, count);
    enum status status = mpsse_open(&link->base, &mpsse, &err);
    ck_assert_msg(status == STATUS_OK, "%s", err.text);
    return mpsse;
}

static void close_script(struct script_link *link, struct mpsse *mpsse)
{
    mpsse_close(mpsse);
    ck_assert(link->is_closed);
    ck_assert_uint_eq(link->next, link->step_count);
}

START_TEST(opening_proves_the_engine_by_its_echo)
{
    static const struct script_step steps[] = {OPENING, CLOSING};
    struct script_link link;

    struct mpsse *mpsse = open_script(&link, steps, LEN(steps));
    ck_assert_uint_eq(mpsse_clock_hz(mpsse), 1000000);
    close_script(&link, mpsse);
}

END_TEST

START_TEST(opening_takes_old_bytes_before_the_echo_but_not_silence)
{
    static const struct script_step old[] = {{.is_control = true, .request = 0x0B},
        {.is_control = true, .value = 1}, {.is_control = true, .value = 2},
        {.is_control = true, .request = 0x0B, .value = 0x0200}, {.out = "aa", .in = "1234faaa"},
        {.out = "8a978d85861d00"}, CLOSING};
    static const struct script_step silent[] = {{.is_control = true, .request = 0x0B},
        {.is_control = true, .value = 1}, {.is_control = true, .value = 2},
        {.is_control = true, .request = 0x0B, .value = 0x0200}, {.out = "aa", .in = "fa"}};
    struct script_link link;
    struct mpsse *mpsse = open_script(&link, old, LEN(old));
    struct error err = {.text = ""};

    close_script(&link, mpsse);
    script_link_init(&link, silent, LEN(silent));
    ck_assert_int_eq(mpsse_open(&link.base, &mpsse, &err), STATUS_PROTOCOL);
    ck_assert_str_eq(err.origin, "SCRIPT/A");
    ck_assert_str_eq(err.text, "sent the bad command AA, expected the echo FA AA, got 1 bytes "
                               "ending in 00 FA");
    ck_assert(!link.is_closed); /* stays the caller's */
}

END_TEST

START_TEST(commands_are_those_of_an_108)
{
    static const struct script_step steps[] = {OPENING,
        {.out = "860200"       /* 60 MHz / (2 * 3) = 10 MHz */
                "80080b"       /* pins: level 08, direction 0b */
                "310200deadbe" /* 3 bytes both ways, mode 0, MSB first; length less one */
                "34000055"     /* mode 1 */
                "1100000f"     /* write only, falling */
                "100000f0"     /* write only, rising */
                "200100"       /* read only, rising */
                "240000"       /* read only, falling */
                "39000081"     /* LSB first */
                "3b0205"       /* 3 bits both ways, LSB first */
                "8f0100"       /* 16 clocks without data */
                "81"           /* read pins */
                "ab87",        /* mark, send immediate */
            .in = "112233"
                  "44"
                  "5566"
                  "77"
                  "88"
                  "a0" /* three bits 101 shifted in from the top */
                  "99"
                  "faab"},
        CLOSING};
    static const uint8_t three[] = {0xDE, 0xAD, 0xBE};
    static const uint8_t mode1 = 0x55, fall = 0x0F, rise = 0xF0, lsb = 0x81, bits = 0x05;
    uint8_t in3[3], in1, in2[2], in7, in8, in_bits, pins;
    struct script_link link;

    struct mpsse *mpsse = open_script(&link, steps, LEN(steps));
    mpsse_queue_clock(mpsse, 10000000);
    mpsse_queue_clock(mpsse, 10000000); /* nothing: it is set */
    ck_assert_uint_eq(mpsse_clock_hz(mpsse), 10000000);
    mpsse_queue_pins(mpsse, 0x08, 0x0B);
    mpsse_queue_bytes(mpsse, MPSSE_OUT_FALLING_IN_RISING, three, in3, 3);
    mpsse_queue_bytes(mpsse, MPSSE_OUT_RISING_IN_FALLING, &mode1, &in1, 1);
    mpsse_queue_bytes(mpsse, MPSSE_OUT_FALLING_IN_RISING, &fall, NULL, 1);
    mpsse_queue_bytes(mpsse, MPSSE_OUT_RISING_IN_FALLING, &rise, NULL, 1);
    mpsse_queue_bytes(mpsse, MPSSE_OUT_FALLING_IN_RISING, NULL, in2, 2);
    mpsse_queue_bytes(mpsse, MPSSE_OUT_RISING_IN_FALLING, NULL, &in7, 1);
    mpsse_queue_bytes_lsb(mpsse, MPSSE_OUT_FALLING_IN_RISING, &lsb, &in8, 1);
    mpsse_queue_bits_lsb(mpsse, MPSSE_OUT_FALLING_IN_RISING, &bits, &in_bits, 3);
    mpsse_queue_idle(mpsse, 2);
    mpsse_queue_read_pins(mpsse, &pins);
    ck_assert_int_eq(mpsse_flush(mpsse, NS_PER_S, NULL), STATUS_OK);
    ck_assert_mem_eq(in3, "\x11\x22\x33", 3);
    ck_assert_uint_eq(in1, 0x44);
    ck_assert_mem_eq(in2, "\x55\x66", 2);
    ck_assert_uint_eq(in7, 0x77);
    ck_assert_uint_eq(in8, 0x88);
    ck_assert_uint_eq(in_bits, 5);
    ck_assert_uint_eq(pins, 0x99);
    ck_assert_uint_eq(mpsse_queued_len(mpsse), 0);
    close_script(&link, mpsse);
}

END_TEST

START_TEST(clock_never_exceeds_the_wish)
{
    static const struct {
        uint32_t wish_hz;
        uint32_t set_hz;
    } table[] = {{60000000, 30000000}, {30000000, 30000000}, {29999999, 15000000},
        {15000000, 15000000}, {14000000, 10000000}, {1000, 1000}, {1, 457}};
    static const struct script_step steps[] = {OPENING};
    struct script_link link;

    struct mpsse *mpsse = open_script(&link, steps, LEN(steps));
    for (size_t i = 0; i < LEN(table); i++) {
        mpsse_queue_clock(mpsse, table[i].wish_hz);
        ck_assert_uint_eq(mpsse_clock_hz(mpsse), table[i].set_hz);
    }
    static const struct script_step closing[] = {CLOSING};
    link.steps = closing;
    link.step_count = 1;
    link.next = 0;
    close_script(&link, mpsse);
}

END_TEST

START_TEST(echo_of_a_bad_command_in_the_answers_is_a_protocol_error)
{
    static const struct script_step steps[] = {OPENING, {.out = "81ab87", .in = "fa81fa"},
        /* back in step before anything else */
        {.is_control = true, .request = 0x0B}, {.is_control = true, .value = 1},
        {.is_control = true, .value = 2}, {.is_control = true, .request = 0x0B, .value = 0x0200},
        {.out = "aa", .in = "faaa"}, {.out = "8a978d85861d00"}, {.out = "81ab87", .in = "42faab"},
        CLOSING};
    struct script_link link;
    struct error err = {.text = ""};
    uint8_t pins = 0;

    struct mpsse *mpsse = open_script(&link, steps, LEN(steps));
    mpsse_queue_read_pins(mpsse, &pins);
    ck_assert_int_eq(mpsse_flush(mpsse, NS_PER_S, &err), STATUS_PROTOCOL);
    ck_assert_ptr_nonnull(strstr(err.text, "ends in 81 FA instead of FA AB"));
    mpsse_queue_read_pins(mpsse, &pins);
    ck_assert_int_eq(mpsse_flush(mpsse, NS_PER_S, &err), STATUS_OK);
    ck_assert_uint_eq(pins, 0x42);
    close_script(&link, mpsse);
}

END_TEST

START_TEST(after_a_failure_pins_and_clock_are_those_of_the_last_good_flush)
{
    static const struct script_step steps[] = {OPENING, {.out = "800103860500"}, {.out = "800203"},
        {.is_control = true, .request = 0x0B}, {.is_control = true, .value = 1},
        {.is_control = true, .value = 2}, {.is_control = true, .request = 0x0B, .value = 0x0200},
        {.out = "aa", .in = "faaa"}, {.out = "8a978d85860500800103"}, {.out = "8f0000"}, CLOSING};
    struct script_link link;

    struct mpsse *mpsse = open_script(&link, steps, LEN(steps));
    mpsse_queue_pins(mpsse, 0x01, 0x03);
    mpsse_queue_clock(mpsse, 5000000);
    ck_assert_int_eq(mpsse_flush(mpsse, NS_PER_S, NULL), STATUS_OK);
    mpsse_queue_pins(mpsse, 0x02, 0x03);
    link.fail_complete = STATUS_TIMEOUT;
    ck_assert_int_eq(mpsse_flush(mpsse, NS_PER_S, NULL), STATUS_TIMEOUT);
    mpsse_queue_clock(mpsse, 5000000); /* still set: nothing */
    mpsse_queue_idle(mpsse, 1);
    ck_assert_int_eq(mpsse_flush(mpsse, NS_PER_S, NULL), STATUS_OK);
    close_script(&link, mpsse);
}

END_TEST

static void select_d3(void *ctx, struct mpsse *mpsse, bool is_selected)
{
    (void)ctx;
    mpsse_queue_pins(mpsse, is_selected ? 0x00 : 0x08, 0x0B);
}

START_TEST(spi_transfers_of_several_devices_go_out_in_one_flush)
{
    static const struct script_step steps[] = {OPENING,
        {.out = "8c"     /* mode 1: three phases, */
                "860300" /* 7.5 MHz: 5 MHz of bits */
                "80000b"
                "100200300ff0" /* write only */
                "80080b"
                "8d"     /* mode 0: two phases, */
                "860500" /* 5 MHz */
                "80000b"
                "3104000300000000" /* both ways */
                "80080b"
                "ab87",
            .in = "ffff454b43"
                  "faab"},
        CLOSING};
    static const uint8_t dac_out[] = {0x30, 0x0F, 0xF0};
    static const uint8_t rom_out[] = {0x03, 0, 0, 0, 0};
    uint8_t rom_in[5];
    struct script_link link;

    struct mpsse *mpsse = open_script(&link, steps, LEN(steps));
    struct spi_device dac = {.mpsse = mpsse,
        .mode = SPI_MODE_1,
        .clock_hz = 5000000,
        .select = select_d3,
        .origin = "cell 1/dac"};
    struct spi_device rom = dac;
    rom.mode = SPI_MODE_0;
    spi_queue(&dac, dac_out, NULL, sizeof dac_out);
    ck_assert_int_eq(spi_transfer(&rom, rom_out, rom_in, sizeof rom_in, NULL), STATUS_OK);
    ck_assert_mem_eq(rom_in + 2, "EKC", 3);
    close_script(&link, mpsse);
}

END_TEST

START_TEST(spi_error_carries_the_device)
{
    static const struct script_step steps[] = {
        OPENING, {.out = "80000b3100000080080bab87", .in = "00faab"}, CLOSING};
    uint8_t data = 0;
    struct script_link link;
    struct error err = {.text = ""};

    struct mpsse *mpsse = open_script(&link, steps, LEN(steps));
    struct spi_device adc = {
        .mpsse = mpsse, .clock_hz = 1000000, .select = select_d3, .origin = "cell 7/adc"};
    link.fail_complete = STATUS_TIMEOUT;
    ck_assert_int_eq(spi_transfer(&adc, &data, &data, 1, &err), STATUS_TIMEOUT);
    ck_assert_str_eq(err.origin, "cell 7/adc/SCRIPT/A");
    close_script(&link, mpsse);
}

END_TEST

static bool loop_back(void *ctx, bool tdi)
{
    (void)ctx;
    return tdi;
}

START_TEST(large_queues_go_in_pieces_and_come_back_whole)
{
    enum {
        BIG = 300000
    };

    static uint8_t out[BIG];
    static uint8_t in[BIG];
    struct probe_link link;
    struct mpsse *mpsse;

    for (size_t i = 0; i < BIG; i++) {
        out[i] = (uint8_t)(i * 7 + i / 251);
    }
    probe_link_init(&link, loop_back, NULL);
    ck_assert_int_eq(mpsse_open(&link.base, &mpsse, NULL), STATUS_OK);
    mpsse_queue_bytes_lsb(mpsse, MPSSE_OUT_FALLING_IN_RISING, out, in, BIG);
    ck_assert_uint_eq(mpsse_queued_clocks(mpsse), 8 * BIG);
    ck_assert_int_eq(mpsse_flush(mpsse, NS_PER_S, NULL), STATUS_OK);
    ck_assert_mem_eq(in, out, BIG);
    mpsse_close(mpsse);
}

END_TEST

START_TEST(connecting_is_the_switch_sequence_dpidr_and_power_up)
{
    /*
     * 56 ones, E79E LSB first, 56 ones, 8 idle clocks; then 48 clocks a transfer, LSB first:
     * request A5 (read DPIDR) and ones while the target drives. In the answers the probe's own bits
     * come back until the turnaround; ACK 1 at bit 9, read data from bit 12, parity at bit 44.
     */
    static const struct script_step steps[] = {OPENING,
        {.out = "800003"
                "860300" /* 7.5 MHz: the wish was 8 */
                "191000ffffffffffffff9ee7ffffffffffffff00"
                "390500a5ffffffff1f"
                "ab87",
            .in = "a5734711bc00" /* 0BC11477, parity 0 */
                  "faab"},
        {.out = "391700"
                "81df03000000" /* ABORT 0000001E, parity 0 */
                "b11f00000000" /* SELECT 00000000 */
                "a93f0000002a" /* CTRL/STAT 50000001, parity 1 */
                "8dffffffff1f" /* read CTRL/STAT */
                "ab87",
            .in = "81d303000000"
                  "b11300000000"
                  "a9330000002a"
                  "8d130000001f" /* F0000001, parity 1 */
                  "faab"},
        CLOSING};
    struct script_link link;
    struct error err = {.text = ""};
    uint32_t dpidr = 0;

    struct mpsse *mpsse = open_script(&link, steps, LEN(steps));
    struct swd *swd = swd_create(mpsse, 8000000);
    enum status status = swd_connect(swd, &dpidr, &err);
    ck_assert_msg(status == STATUS_OK, "%s", err.text);
    ck_assert_uint_eq(dpidr, 0x0BC11477);
    swd_destroy(swd);
    close_script(&link, mpsse);
}

END_TEST

START_TEST(baud_divisors_are_those_of_an_120)
{
    static const struct {
        uint32_t baud;
        uint32_t divisor;
    } table[] = {{12000000, 0x20000}, {8000000, 0x20001}, {6000000, 0x20002}, {115200, 0x2C068},
        {9600, 0x204E2}, {300, 0x02710}};

    uint32_t divisor;

    for (size_t i = 0; i < LEN(table); i++) {
        ck_assert_int_eq(uart_divisor(table[i].baud, &divisor, NULL), STATUS_OK);
        ck_assert_uint_eq(divisor, table[i].divisor);
    }
}

END_TEST

START_TEST(impossible_baud_rates_are_refused)
{
    static const uint32_t table[] = {0, 1, 180, 7000000, 10000000, 20000000, UINT32_MAX};
    struct error err;
    uint32_t divisor;

    for (size_t i = 0; i < LEN(table); i++) {
        ck_assert_int_eq(uart_divisor(table[i], &divisor, &err), STATUS_RANGE);
    }
    ck_assert_int_eq(uart_divisor(7000000, &divisor, &err), STATUS_RANGE);
    ck_assert_str_eq(err.text, "asked for 7000000 baud, the nearest the chip can do is 6000000");
}

END_TEST

START_TEST(uart_sets_rate_format_and_flow_and_moves_bytes)
{
    static const struct script_step steps[] = {{.is_control = true, .request = 0x0B},
        {.is_control = true, .request = 0x03, .value = 0xC068, .index_high = 0x02},
        {.is_control = true, .request = 0x04, .value = 0x0208}, /* 8 bits, even, 1 stop */
        {.is_control = true, .request = 0x02, .value = 0}, {.is_control = true, .value = 1},
        {.is_control = true, .value = 2}, {.out = "55aa11", .in = "eb9055"},
        {.is_control = true, .value = 2}};
    struct script_link link;
    struct uart *uart;
    uint8_t data[16];
    size_t len;

    script_link_init(&link, steps, LEN(steps));
    ck_assert_int_eq(uart_open(&link.base, 115200, UART_PARITY_EVEN, &uart, NULL), STATUS_OK);
    ck_assert_int_eq(uart_write(uart, (const uint8_t *)"\x55\xAA\x11", 3, NULL), STATUS_OK);
    ck_assert_int_eq(uart_read(uart, data, sizeof data, &len, 1000, NULL), STATUS_OK);
    ck_assert_uint_eq(len, 3);
    ck_assert_mem_eq(data, "\xEB\x90\x55", 3);
    ck_assert_int_eq(uart_read(uart, data, sizeof data, &len, 5000, NULL), STATUS_OK);
    ck_assert_uint_eq(len, 0);
    ck_assert_int_eq(uart_purge(uart, NULL), STATUS_OK);
    uart_close(uart);
    ck_assert(link.is_closed);
    ck_assert_uint_eq(link.next, LEN(steps));
}

END_TEST

START_TEST(link_refuses_what_is_too_long_or_too_much)
{
    static const struct script_step steps[] = {{.out = ""}, {.out = ""}, {.out = ""}, {.out = ""},
        {.out = ""}, {.out = ""}, {.out = ""}, {.out = ""}};
    static uint8_t data[LINK_TRANSFER_MAX + 1];
    struct script_link link;
    struct error err = {.text = ""};
    size_t len;

    script_link_init(&link, steps, LEN(steps));
    ck_assert_int_eq(link_submit(&link.base, data, sizeof data, NULL, 0, &err), STATUS_RANGE);
    for (int i = 0; i < LINK_QUEUE_MAX; i++) {
        ck_assert_int_eq(link_submit(&link.base, NULL, 0, NULL, 0, &err), STATUS_OK);
    }
    ck_assert_int_eq(link_submit(&link.base, NULL, 0, NULL, 0, &err), STATUS_RANGE);
    ck_assert_int_eq(link_read_some(&link.base, data, 1, &len, 0, &err), STATUS_RANGE);
    link.fail_complete = STATUS_IO;
    ck_assert_int_eq(link_complete(&link.base, 0, &err), STATUS_IO);
    ck_assert_uint_eq(link.base.queued_count, 0); /* all are cancelled */
}

END_TEST

static void keep_lines(void *ctx, enum log_level level, const char *line)
{
    (void)level;
    strcat(ctx, line);
    strcat(ctx, "\n");
}

START_TEST(wire_lines_are_the_exact_bytes_both_ways)
{
    static const struct script_step steps[] = {
        {.out = "81", .in = "5a"}, {.is_control = true, .request = 0x09, .value = 1}};
    char lines[512] = "";
    struct log log = {.level = LOG_WIRE, .sink = keep_lines, .sink_ctx = lines};
    struct script_link link;
    uint8_t in;

    script_link_init(&link, steps, LEN(steps));
    link.base.log = &log;
    ck_assert_int_eq(
        link_exchange(&link.base, (const uint8_t *)"\x81", 1, &in, 1, 0, NULL), STATUS_OK);
    ck_assert_int_eq(link_control(&link.base, 0x09, 1, 0, NULL), STATUS_OK);
    ck_assert_str_eq(lines, "wire SCRIPT/A: out 81\nwire SCRIPT/A: in 5a\n"
                            "wire SCRIPT/A: control request 09 value 0001 index 0000\n");
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("mpsse");
    TCase *tests = tcase_create("mpsse");

    tcase_add_test(tests, opening_proves_the_engine_by_its_echo);
    tcase_add_test(tests, opening_takes_old_bytes_before_the_echo_but_not_silence);
    tcase_add_test(tests, commands_are_those_of_an_108);
    tcase_add_test(tests, clock_never_exceeds_the_wish);
    tcase_add_test(tests, echo_of_a_bad_command_in_the_answers_is_a_protocol_error);
    tcase_add_test(tests, after_a_failure_pins_and_clock_are_those_of_the_last_good_flush);
    tcase_add_test(tests, spi_transfers_of_several_devices_go_out_in_one_flush);
    tcase_add_test(tests, spi_error_carries_the_device);
    tcase_add_test(tests, large_queues_go_in_pieces_and_come_back_whole);
    tcase_add_test(tests, connecting_is_the_switch_sequence_dpidr_and_power_up);
    tcase_add_test(tests, baud_divisors_are_those_of_an_120);
    tcase_add_test(tests, impossible_baud_rates_are_refused);
    tcase_add_test(tests, uart_sets_rate_format_and_flow_and_moves_bytes);
    tcase_add_test(tests, link_refuses_what_is_too_long_or_too_much);
    tcase_add_test(tests, wire_lines_are_the_exact_bytes_both_ways);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
