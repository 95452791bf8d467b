/**
 * The MPSSE at pin level, opcode by opcode: expected waveforms are drawn by hand from the rules of
 * FTDI AN_108. Pins: 01 SK, 02 DO, 04 DI, 08 TMS. The clock is 5 MHz: an edge each 100 ns.
 */
#include "fixtures/virtual/ftdi/ft4232h.h"
#include "harness/base/bytes.h"
#include "tests/support.h"
#include "tests/unit/ftdi/recorder.h"

#include <stdio.h>
#include <string.h>

enum {
    CHANNEL_A = 0,
    INDEX_A = 1,
    START_NS = 1000,
    LATER_NS = 1000000
};

static struct recorder recorder;
static struct ft4232h *chip;
static uint64_t now_ns;

static void send(const char *hex)
{
    uint8_t data[FT4232H_FIFO_LEN];
    size_t len = 0;

    for (const char *at = hex; *at != '\0'; at += *at == ' ' ? 1 : 2) {
        if (*at != ' ') {
            len += bytes_from_hex((const char[3]){at[0], at[1], '\0'}, data + len, 1);
        }
    }
    ft4232h_out(chip, CHANNEL_A, now_ns, data, len);
}

static void wait_ns(uint64_t span_ns)
{
    now_ns += span_ns;
    ft4232h_advance(chip, now_ns);
}

/** Send, give it time, and take all that comes back as hexadecimal. */
static const char *exchange(const char *hex)
{
    static char text[3 * FT4232H_FIFO_LEN];
    uint8_t packet[FT4232H_PACKET_LEN];
    size_t at = 0;

    send(hex);
    wait_ns(LATER_NS);
    text[0] = '\0';
    now_ns += 256000000; /* past any latency timer */
    for (;;) {
        size_t len = ft4232h_in(chip, CHANNEL_A, now_ns, packet);
        if (len <= 2) {
            break;
        }
        bytes_to_hex(packet + 2, len - 2, text + at);
        at += 2 * (len - 2);
        now_ns += 256000000;
    }
    return text;
}

static void set_up(void)
{
    memset(&recorder, 0, sizeof recorder);
    recorder.pins = 0xFF;
    chip = ft4232h_create("TEST");
    struct ft4232h_pins pins = recorder_pins(&recorder);
    ft4232h_connect(chip, CHANNEL_A, &pins);
    now_ns = START_NS;
    ck_assert(ft4232h_control_out(chip, now_ns, 0x0B, 0x0200, INDEX_A));
    send("8A 86 05 00"); /* 60 MHz / (2 * 6) = 5 MHz */
    wait_ns(LATER_NS);
}

static void tear_down(void)
{
    ft4232h_destroy(chip);
}

/* -- shapes -------------------------------------------------------------------------------- */

static const struct shape {
    const char *name;
    const char *idle; /* command that sets the idle levels */
    const char *command;
    const char *wave;
} shapes[] = {
    {"80 sets the pins at once", "80 00 0B", "80 0A 0B", "0:0A"},
    {"11 bytes out on the falling edge, MSB first", "80 00 0B", "11 00 00 A5",
        "0:02 100:03 200:00 300:01 400:02 500:03 600:00 700:01 800:00 900:01 1000:02 1100:03 "
        "1200:00 1300:01 1400:02 1500:03 1600:02"},
    {"10 bytes out on the rising edge", "80 00 0B", "10 00 00 A5",
        "0:03 100:02 200:01 300:00 400:03 500:02 600:01 700:00 800:01 900:00 1000:03 1100:02 "
        "1200:01 1300:00 1400:03 1500:02"},
    {"19 bytes out on the falling edge, LSB first", "80 00 0B", "19 00 00 31",
        "0:02 100:03 200:00 300:01 400:00 500:01 600:00 700:01 800:02 900:03 1000:02 1100:03 "
        "1200:00 1300:01 1400:00 1500:01 1600:00"},
    {"18 bytes out on the rising edge, LSB first", "80 00 0B", "18 00 00 05",
        "0:03 100:02 200:01 300:00 400:03 500:02 600:01 700:00 800:01 900:00 1000:01 1100:00 "
        "1200:01 1300:00 1400:01 1500:00"},
    {"11 two bytes without a gap", "80 00 0B", "11 01 00 01 00",
        "0:01 100:00 200:01 300:00 400:01 500:00 600:01 700:00 800:01 900:00 1000:01 1100:00 "
        "1200:01 1300:02 1400:03 1500:00 1600:01 1700:00 1800:01 1900:00 2000:01 2100:00 2200:01 "
        "2300:00 2400:01 2500:00 2600:01 2700:00 2800:01 2900:00 3000:01 3100:00"},
    {"13 three bits on the falling edge, MSB first", "80 00 0B", "13 02 A0",
        "0:02 100:03 200:00 300:01 400:02 500:03 600:02"},
    {"12 three bits on the rising edge", "80 00 0B", "12 02 A0",
        "0:03 100:02 200:01 300:00 400:03 500:02"},
    {"1B four bits on the falling edge, LSB first", "80 00 0B", "1B 03 0B",
        "0:02 100:03 200:02 300:03 400:00 500:01 600:02 700:03 800:02"},
    {"1A four bits on the rising edge, LSB first", "80 00 0B", "1A 03 0B",
        "0:03 100:02 200:03 300:02 400:01 500:00 600:03 700:02"},
    {"10 with the clock idle high: data before the falling edge", "80 01 0B", "12 01 80",
        "0:03 100:02 200:01 300:00 400:01"},
    {"11 with the clock idle high: data with the falling edge", "80 01 0B", "13 01 80",
        "0:02 100:03 200:00 300:01"},
    {"20 read only: DO keeps its level", "80 02 0B", "22 01", "0:03 100:02 200:03 300:02"},
    {"4B TMS on the falling edge, LSB first", "80 00 0B", "4B 02 05",
        "0:08 100:09 200:00 300:01 400:08 500:09 600:08"},
    {"4B holds TDI at bit 7", "80 00 0B", "4B 01 81", "0:0A 100:0B 200:02 300:03 400:02"},
    {"4A TMS on the rising edge", "80 00 0B", "4A 01 01", "0:09 100:08 200:01 300:00"},
    {"8E three clocks without data", "80 02 0B", "8E 02",
        "0:03 100:02 200:03 300:02 400:03 500:02"},
    {"8F two times eight clocks", "80 00 0B", "8F 01 00",
        "0:01 100:00 200:01 300:00 400:01 500:00 600:01 700:00 800:01 900:00 1000:01 1100:00 "
        "1200:01 1300:00 1400:01 1500:00 1600:01 1700:00 1800:01 1900:00 2000:01 2100:00 2200:01 "
        "2300:00 2400:01 2500:00 2600:01 2700:00 2800:01 2900:00 3000:01 3100:00"},
    {"8C three phases: data there before and after both edges", "80 00 0B 8C", "13 01 80",
        "0:02 100:03 200:02 300:00 400:01 500:00"},
    {"8D two phases again", "80 00 0B 8C 8D", "13 01 80", "0:02 100:03 200:00 300:01 400:00"},
    {"82 moves nothing", "80 00 0B", "82 FF FF 80 01 0B", "0:01"},
    {"9C stops at once when GPIOL1 is high", "80 00 0B", "9C 00 00 80 08 0B", "0:08"},
    {"9D clocks eight times when GPIOL1 never falls", "80 00 0B", "9D 00 00",
        "0:01 100:00 200:01 300:00 400:01 500:00 600:01 700:00 800:01 900:00 1000:01 1100:00 "
        "1200:01 1300:00 1400:01 1500:00"},
    {"94 clocks not at all when GPIOL1 is high", "80 00 0B", "94 80 08 0B", "0:08"},
    {"88 goes on when GPIOL1 is high", "80 00 0B", "88 80 08 0B", "0:08"},
};

enum {
    SHAPE_COUNT = sizeof shapes / sizeof shapes[0]
};

START_TEST(each_opcode_makes_its_waveform)
{
    const struct shape *shape = &shapes[_i];
    char wave[4096];

    send(shape->idle);
    wait_ns(LATER_NS);
    recorder_reset(&recorder);
    send(shape->command);
    wait_ns(LATER_NS);
    recorder_to_text(&recorder, wave, sizeof wave);
    ck_assert_msg(
        strcmp(wave, shape->wave) == 0, "%s: wanted %s, got %s", shape->name, shape->wave, wave);
}

END_TEST

START_TEST(commands_may_be_split_over_packets_at_any_byte)
{
    const struct shape *shape = &shapes[_i];
    char whole[4096];
    char split[4096];

    send(shape->idle);
    wait_ns(LATER_NS);
    recorder_reset(&recorder);
    send(shape->command);
    wait_ns(LATER_NS);
    recorder_to_levels(&recorder, whole, sizeof whole);

    send(shape->idle);
    wait_ns(LATER_NS);
    recorder_reset(&recorder);
    for (const char *at = shape->command; *at != '\0'; at += at[2] == ' ' ? 3 : 2) {
        send((const char[3]){at[0], at[1], '\0'});
        wait_ns(LATER_NS);
    }
    recorder_to_levels(&recorder, split, sizeof split);
    if (strstr(shape->name, "without a gap") == NULL) {
        ck_assert_str_eq(split, whole);
    } else { /* between the bytes the clock falls before the next bit is known */
        ck_assert_int_gt((int)strlen(split), (int)strlen(whole));
    }
}

END_TEST

/* -- reading ------------------------------------------------------------------------------- */

static const struct reading {
    const char *command;
    const char *di_bits; /* as sampled, the first one first */
    const char *in;      /* what the host gets */
    char edge;           /* the edge at which each sample lies */
} readings[] = {
    {"20 00 00", "00110101", "35", '+'},
    {"24 00 00", "00110101", "35", '-'},
    {"28 00 00", "00110101", "ac", '+'},
    {"2C 00 00", "00110101", "ac", '-'},
    {"20 01 00", "1111000001100110", "f066", '+'},
    {"22 02", "110", "06", '+'}, /* MSB first: n bits in the low end */
    {"26 02", "110", "06", '-'},
    {"2A 02", "110", "60", '+'}, /* LSB first: shifted in from the top */
    {"2E 02", "110", "60", '-'},
    {"2A 07", "00110101", "ac", '+'},
    {"31 00 00 FF", "00110101", "35", '+'},
    {"34 00 00 FF", "00110101", "35", '-'},
    {"39 00 00 FF", "00110101", "ac", '+'},
    {"3C 00 00 FF", "00110101", "ac", '-'},
    {"33 02 FF", "110", "06", '+'},
    {"36 02 FF", "110", "06", '-'},
    {"3B 02 FF", "110", "60", '+'},
    {"3E 02 FF", "110", "60", '-'},
    {"6A 02 05", "110", "60", '+'},
    {"6B 02 05", "110", "60", '+'},
    {"6E 02 05", "110", "60", '-'},
    {"6F 02 05", "110", "60", '-'},
};

enum {
    READING_COUNT = sizeof readings / sizeof readings[0]
};

static bool has_edge_at(uint64_t time_ns, char edge)
{
    for (size_t i = 0; i < recorder.event_count; i++) {
        bool is_high = (recorder.events[i].level & 1) != 0;
        bool was_high = i > 0 && (recorder.events[i - 1].level & 1) != 0;
        if (recorder.events[i].time_ns == time_ns && is_high != was_high &&
            is_high == (edge == '+')) {
            return true;
        }
    }
    return false;
}

START_TEST(each_read_opcode_samples_at_its_edge_and_aligns_its_bits)
{
    const struct reading *reading = &readings[_i];

    send("80 00 0B");
    wait_ns(LATER_NS);
    recorder_reset(&recorder);
    recorder.di_bits = reading->di_bits;
    ck_assert_str_eq(exchange(reading->command), reading->in);
    ck_assert_uint_eq(recorder.sample_count, strlen(reading->di_bits));
    for (size_t i = 0; i < recorder.sample_count; i++) {
        ck_assert_msg(has_edge_at(recorder.sample_ns[i], reading->edge),
            "%s: sample %zu not at a %c edge", reading->command, i, reading->edge);
    }
}

END_TEST

/* -- the rest of the commands -------------------------------------------------------------- */

START_TEST(pins_are_inputs_until_they_are_set_and_81_reads_both_kinds)
{
    recorder.pins = 0xA4;
    ck_assert_str_eq(exchange("81"), "a4");
    ck_assert_str_eq(exchange("80 53 0F 81"), "a3"); /* own 3 in the low half */
    ck_assert_str_eq(exchange("83"), "ff");
}

END_TEST

START_TEST(bad_commands_echo_with_fa)
{
    ck_assert_str_eq(exchange("AA"), "faaa");
    ck_assert_str_eq(exchange("AB"), "faab");
    ck_assert_str_eq(exchange("90"), "fa90"); /* CPU bus: FT2232H only */
    ck_assert_str_eq(exchange("9E"), "fa9e"); /* drive only zero: FT232H only */
    ck_assert_str_eq(exchange("00 40 FF"), "fa00fa40faff");
}

END_TEST

START_TEST(loopback_gives_back_what_was_shifted_out)
{
    recorder.pins = 0x00;
    ck_assert_str_eq(exchange("80 00 0B 84 31 03 00 DE AD BE EF 85"), "deadbeef");
    ck_assert_str_eq(exchange("31 03 00 DE AD BE EF"), "00000000");
    ck_assert_str_eq(exchange("84 3B 04 15 85"), "a8"); /* 10101, then 3 to the right */
}

END_TEST

static const struct rate {
    const char *set;
    uint64_t ten_periods_ns;
} rates[] = {
    {"8A 86 00 00", 333},        /* 30 MHz */
    {"8A 86 01 00", 666},        /* 15 MHz */
    {"8A 86 1D 00", 10000},      /* 1 MHz */
    {"8A 86 FF FF", 21845333},   /* 60 MHz / 131072 */
    {"8B 86 00 00", 1666},       /* 6 MHz */
    {"8B 86 05 00", 10000},      /* 1 MHz */
    {"8A 86 1D 00 8C", 15000},   /* three phases: half as long again */
    {"86 1D 00 8B 8A 97", 10000} /* no division, no adaptive clocking */
};

START_TEST(clock_runs_at_the_rate_that_was_set)
{
    send(rates[_i].set);
    send("80 00 0B 8F 01 00");
    wait_ns(100 * (uint64_t)LATER_NS);
    uint64_t first_ns = 0;
    unsigned rising = 0;
    for (size_t i = 0; i < recorder.event_count; i++) {
        if ((recorder.events[i].level & 1) != 0 && i > 0 &&
            (recorder.events[i - 1].level & 1) == 0) {
            rising++;
            first_ns = rising == 1 ? recorder.events[i].time_ns : first_ns;
            if (rising == 11) {
                uint64_t span_ns = recorder.events[i].time_ns - first_ns;
                ck_assert_uint_ge(span_ns, rates[_i].ten_periods_ns);
                ck_assert_uint_le(span_ns, rates[_i].ten_periods_ns + 1);
            }
        }
    }
    ck_assert_uint_eq(rising, 16);
}

END_TEST

START_TEST(mpsse_starts_with_a_clock_of_6_mhz)
{
    ck_assert(ft4232h_control_out(chip, now_ns, 0x0B, 0x0000, INDEX_A));
    ck_assert(ft4232h_control_out(chip, now_ns, 0x0B, 0x0200, INDEX_A));
    wait_ns(LATER_NS);
    recorder_reset(&recorder);
    send("80 00 0B 8E 07");
    wait_ns(LATER_NS);
    /* 12 MHz / 2; the first event puts the pins, the clock follows */
    uint64_t span_ns = recorder.events[recorder.event_count - 1].time_ns -
                       recorder.events[recorder.event_count - 15].time_ns;
    ck_assert_uint_ge(span_ns, 1166); /* 7 periods of 166.67 ns */
    ck_assert_uint_le(span_ns, 1167 + 83 + 1);
}

END_TEST

START_TEST(waiting_for_gpiol1_ends_when_it_comes)
{
    recorder.pins = 0xDF; /* GPIOL1 low */
    send("80 00 0B");
    wait_ns(LATER_NS);
    recorder_reset(&recorder);
    send("88 80 08 0B");
    wait_ns(LATER_NS);
    ck_assert_uint_eq(recorder.event_count, 0);
    recorder.pins = 0xFF;
    wait_ns(2000);
    ck_assert_uint_eq(recorder.event_count, 1);
    send("89 80 00 0B");
    wait_ns(LATER_NS);
    ck_assert_uint_eq(recorder.event_count, 1);
    recorder.pins = 0xDF;
    wait_ns(2000);
    ck_assert_uint_eq(recorder.event_count, 2);
}

END_TEST

START_TEST(clocking_until_gpiol1_stops_when_it_comes)
{
    recorder.pins = 0xDF;
    send("80 00 0B");
    wait_ns(LATER_NS);
    recorder_reset(&recorder);
    send("94");
    wait_ns(10000); /* 50 periods of 200 ns */
    recorder.pins = 0xFF;
    wait_ns(LATER_NS);
    ck_assert_uint_ge(recorder.rising_count, 49);
    ck_assert_uint_le(recorder.rising_count, 51);
    ck_assert_uint_eq(recorder.events[recorder.event_count - 1].level & 1, 0);
}

END_TEST

START_TEST(adaptive_clock_waits_for_its_echo)
{
    recorder.pins = 0x7F; /* RTCK low: as the clock idles */
    send("80 00 0B 96");
    wait_ns(LATER_NS);
    recorder_reset(&recorder);
    send("8E 00");
    wait_ns(LATER_NS);
    ck_assert_uint_eq(recorder.event_count, 1); /* up, and no further */
    recorder.pins = 0xFF;
    wait_ns(LATER_NS);
    ck_assert_uint_eq(recorder.event_count, 2);
}

END_TEST

/* -- FIFOs --------------------------------------------------------------------------------- */

START_TEST(mpsse_stalls_on_a_full_in_fifo_and_goes_on_when_the_host_reads)
{
    uint8_t packet[FT4232H_PACKET_LEN];
    size_t total = 0;

    send("80 00 0B");
    wait_ns(LATER_NS);
    recorder_reset(&recorder);
    send("20 FF 0F"); /* 4096 bytes: 6553.6 us of clock */
    wait_ns(20 * (uint64_t)LATER_NS);
    ck_assert_uint_eq(recorder.rising_count, UINT64_C(2048) * 8);
    ck_assert_uint_eq(ft4232h_in(chip, CHANNEL_A, now_ns, packet), 512);
    total += 510;
    wait_ns(20 * (uint64_t)LATER_NS);
    ck_assert_uint_eq(recorder.rising_count, (UINT64_C(2048) + 510) * 8);
    while (total < 4096) {
        size_t len = ft4232h_in(chip, CHANNEL_A, now_ns, packet);
        ck_assert_uint_gt(len, 2);
        total += len - 2;
        wait_ns(20 * (uint64_t)LATER_NS);
    }
    ck_assert_uint_eq(total, 4096);
    ck_assert_uint_eq(recorder.rising_count, UINT64_C(4096) * 8);
}

END_TEST

START_TEST(shift_waits_for_its_bytes_with_the_clock_still)
{
    send("80 00 0B");
    wait_ns(LATER_NS);
    recorder_reset(&recorder);
    send("11 02 00 AA");
    wait_ns(LATER_NS);
    ck_assert_uint_eq(recorder.rising_count, 8);
    ck_assert_uint_eq(recorder.events[recorder.event_count - 1].level & 1, 0);
    send("AA AA 80 08 0B");
    wait_ns(LATER_NS);
    ck_assert_uint_eq(recorder.rising_count, 24);
    ck_assert_uint_eq(recorder.events[recorder.event_count - 1].level, 0x08);
}

END_TEST

START_TEST(purge_leaves_the_command_under_way_and_bit_mode_reset_ends_it)
{
    send("11 02 00");
    wait_ns(LATER_NS);
    ck_assert(ft4232h_control_out(chip, now_ns, 0x00, 1, INDEX_A));
    ck_assert_str_eq(exchange("AA AB"), ""); /* still taken as data */
    ck_assert_str_eq(exchange("FF AA"), "faaa");
    send("11 FF FF");
    wait_ns(LATER_NS);
    ck_assert(ft4232h_control_out(chip, now_ns, 0x0B, 0x0000, INDEX_A));
    ck_assert(ft4232h_control_out(chip, now_ns, 0x0B, 0x0200, INDEX_A));
    ck_assert_str_eq(exchange("AA AB"), "faaafaab");
}

END_TEST

START_TEST(results_do_not_depend_on_how_time_is_sliced)
{
    static struct recorder coarse;
    char one[4096];
    char other[4096];

    send("80 00 0B");
    wait_ns(LATER_NS);
    recorder_reset(&recorder);
    send("31 01 00 C3 5A 8E 03");
    wait_ns(LATER_NS);
    coarse = recorder;
    recorder_to_text(&coarse, one, sizeof one);
    recorder_reset(&recorder);
    send("31 01 00 C3 5A 8E 03");
    for (unsigned i = 0; i < 100000; i++) {
        wait_ns(1 + i % 37);
    }
    recorder_to_text(&recorder, other, sizeof other);
    ck_assert_str_eq(one, other);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("virtual MPSSE");
    TCase *tests = tcase_create("mpsse");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_opcode_makes_its_waveform, 0, SHAPE_COUNT);
    tcase_add_loop_test(tests, commands_may_be_split_over_packets_at_any_byte, 0, SHAPE_COUNT);
    tcase_add_loop_test(
        tests, each_read_opcode_samples_at_its_edge_and_aligns_its_bits, 0, READING_COUNT);
    tcase_add_test(tests, pins_are_inputs_until_they_are_set_and_81_reads_both_kinds);
    tcase_add_test(tests, bad_commands_echo_with_fa);
    tcase_add_test(tests, loopback_gives_back_what_was_shifted_out);
    tcase_add_loop_test(
        tests, clock_runs_at_the_rate_that_was_set, 0, (int)(sizeof rates / sizeof rates[0]));
    tcase_add_test(tests, mpsse_starts_with_a_clock_of_6_mhz);
    tcase_add_test(tests, waiting_for_gpiol1_ends_when_it_comes);
    tcase_add_test(tests, clocking_until_gpiol1_stops_when_it_comes);
    tcase_add_test(tests, adaptive_clock_waits_for_its_echo);
    tcase_add_test(tests, mpsse_stalls_on_a_full_in_fifo_and_goes_on_when_the_host_reads);
    tcase_add_test(tests, shift_waits_for_its_bytes_with_the_clock_still);
    tcase_add_test(tests, purge_leaves_the_command_under_way_and_bit_mode_reset_ends_it);
    tcase_add_test(tests, results_do_not_depend_on_how_time_is_sliced);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
