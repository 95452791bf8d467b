#include "fixtures/virtual/cb24_twin.h"
#include "harness/base/bytes.h"
#include "tests/support.h"

#include <math.h>
#include <string.h>

/* Pins as fixtures/cb24/README.md names them: D0 SCK, D1 MOSI, D2 MISO, D3 /CS, D4 RCLK. */
static struct circuit *circuit;
static struct cb24_twin *twin;
static uint64_t now_ns;
static uint8_t pins;

static void set_up(void)
{
    circuit = circuit_create();
    twin = cb24_twin_create(circuit, 42);
    now_ns = 3000000;
    pins = 0x08;
    cb24_twin_drive(twin, now_ns, pins, 0x1B);
}

static void tear_down(void)
{
    cb24_twin_destroy(twin);
    circuit_destroy(circuit);
}

static void put(uint8_t mask, bool is_high)
{
    pins = is_high ? pins | mask : pins & (uint8_t)~mask;
    cb24_twin_drive(twin, now_ns, pins, 0x1B);
    now_ns += 50;
}

static void run_ms(double ms)
{
    uint64_t end_ns = now_ns + (uint64_t)(ms * 1e6);

    while (cb24_twin_next_event_ns(twin) <= end_ns) {
        cb24_twin_advance(twin, cb24_twin_next_event_ns(twin));
    }
    now_ns = end_ns;
    cb24_twin_advance(twin, now_ns);
}

/* Mode 1: data changes at the rising edge, both sides sample at the falling one. */
static uint8_t byte_mode1(uint8_t out)
{
    uint8_t in = 0;

    for (int bit = 7; bit >= 0; bit--) {
        pins = (out >> bit & 1) != 0 ? pins | 0x02 : pins & (uint8_t)~0x02;
        put(0x01, true);
        in = (uint8_t)(in << 1 | (cb24_twin_sense(twin, now_ns) >> 2 & 1));
        put(0x01, false);
    }
    return in;
}

static uint8_t byte_mode0(uint8_t out)
{
    uint8_t in = 0;

    for (int bit = 7; bit >= 0; bit--) {
        put(0x02, (out >> bit & 1) != 0);
        in = (uint8_t)(in << 1 | (cb24_twin_sense(twin, now_ns) >> 2 & 1));
        put(0x01, true);
        put(0x01, false);
    }
    return in;
}

static void latch(uint8_t value)
{
    put(0x08, true);
    (void)byte_mode0(value);
    put(0x10, true);
    put(0x10, false);
}

static void frame(uint8_t select, size_t len, const uint8_t *out, uint8_t *in)
{
    latch(select);
    put(0x08, false);
    for (size_t i = 0; i < len; i++) {
        in[i] = (select & 0x60) == 0x60 ? byte_mode0(out[i]) : byte_mode1(out[i]);
    }
    put(0x08, true);
}

enum {
    DAC = 0x20,
    ADC = 0x40,
    EEPROM = 0x60,
    ALL = 0x80
};

static void write_dac(uint8_t select, uint8_t first, uint16_t data)
{
    uint8_t in[3];
    uint8_t out[] = {
        (uint8_t)(first << 4 | data >> 12), (uint8_t)(data >> 4), (uint8_t)(data << 4)};

    frame(select, 3, out, in);
}

static void set_gain_and_code(uint8_t select, uint16_t code)
{
    write_dac(select, 4, 0x0800);
    write_dac(select, 3, code);
}

static void read_eeprom(unsigned slot, uint8_t *block)
{
    uint8_t out[50] = {0x03, 0x00};
    uint8_t in[50];

    frame((uint8_t)(EEPROM | slot), sizeof out, out, in);
    memcpy(block, in + 2, 48);
}

static double read_adc_v(unsigned slot)
{
    uint8_t in[4];

    frame((uint8_t)(ADC | slot), 4, (const uint8_t[]){0x12, 0, 0, 0}, in);
    return (double)(in[1] << 16 | in[2] << 8 | in[3]) * 2.5 / 8388608.0 * 2.0;
}

START_TEST(dac_of_one_slot_moves_one_cell_only)
{
    set_gain_and_code(DAC | 6, 0xA3D7); /* 3.2 V nominal on cell 7 */
    run_ms(10);
    ck_assert_double_eq_tol(cb24_twin_cell_v(twin, 7), 3.2, 3.2 * 0.003 + 0.003);
    for (unsigned cell_no = 1; cell_no <= 24; cell_no++) {
        if (cell_no != 7) {
            ck_assert_double_lt(fabs(cb24_twin_cell_v(twin, cell_no)), 0.0031);
        }
    }
}

END_TEST

START_TEST(broadcast_moves_all_and_the_stack_adds_up)
{
    set_gain_and_code(ALL | DAC, 0xA3D7);
    run_ms(10);
    double sum_v = 0.0;
    for (unsigned cell_no = 1; cell_no <= 24; cell_no++) {
        ck_assert_double_eq_tol(cb24_twin_cell_v(twin, cell_no), 3.2, 3.2 * 0.003 + 0.003);
        sum_v += cb24_twin_cell_v(twin, cell_no);
    }
    double stack_v = circuit_node_v(circuit, circuit_find_node(circuit, "BP")) -
                     circuit_node_v(circuit, circuit_find_node(circuit, "B00"));
    ck_assert_double_eq_tol(stack_v, sum_v, 1e-9);
}

END_TEST

START_TEST(output_settles_with_half_a_millisecond)
{
    int source = circuit_find(circuit, "V_CARD01");

    set_gain_and_code(DAC | 0, 0x8000);
    double before_v = circuit_value(circuit, source);
    run_ms(20);
    double final_v = circuit_value(circuit, source);
    ck_assert_double_gt(final_v, 2.48);
    ck_assert_uint_eq(cb24_twin_next_event_ns(twin), WIRE_NEVER_NS);
    set_gain_and_code(DAC | 0, 0x0000);
    run_ms(1.0);
    /* e^-2 of the way is left after two time constants; the grid lags by at most 50 us */
    double left = (circuit_value(circuit, source) - before_v) / (final_v - before_v);
    ck_assert_double_ge(left, 0.1353);
    ck_assert_double_le(left, 0.1353 * 1.11);
    run_ms(10);
    ck_assert_double_eq(circuit_value(circuit, source), before_v);
}

END_TEST

START_TEST(slicing_of_time_changes_nothing)
{
    set_gain_and_code(DAC | 3, 0x8000);
    run_ms(0.7);
    double stepped_v = cb24_twin_cell_v(twin, 4);
    tear_down();
    set_up();
    set_gain_and_code(DAC | 3, 0x8000);
    now_ns += 700000;
    cb24_twin_advance(twin, now_ns);
    ck_assert_double_eq(cb24_twin_cell_v(twin, 4), stepped_v);
}

END_TEST

START_TEST(calibrated_dac_and_adc_tell_the_truth_within_their_uncertainty)
{
    uint8_t in[6];
    double worst_v = 0.0;

    set_gain_and_code(ALL | DAC, 0xA3D7);
    frame(ALL | ADC, 6, (const uint8_t[]){0x42, 0x03, 0x01, 0x00, 0x34, 0x0A}, in);
    run_ms(10);
    frame(ALL | ADC, 1, (const uint8_t[]){0x08}, in);
    run_ms(60);
    for (unsigned slot = 0; slot < 24; slot++) {
        uint8_t block[48];
        read_eeprom(slot, block);
        ck_assert_mem_eq(block,
            "EKCC\x01\x30\x00\x00"
            "CC4A-A\0",
            16);
        ck_assert_uint_eq(bytes_get_le32(block + 44), bytes_crc32(0, block, 44));
        double true_v = cb24_twin_cell_v(twin, slot + 1);
        double dac_v = (double)bytes_get_lef32(block + 28) +
                       (double)bytes_get_lef32(block + 24) * 0xA3D7 / 65536.0 * 5.0;
        double adc_v = (double)bytes_get_lef32(block + 36) +
                       (double)bytes_get_lef32(block + 32) * read_adc_v(slot);
        /* no load: what the output gives is at the pins */
        ck_assert_double_eq_tol(dac_v, true_v, 150e-6);
        ck_assert_double_eq_tol(adc_v, true_v, 150e-6);
        ck_assert_double_eq_tol((double)bytes_get_lef32(block + 40), 0.00015, 1e-9);
        /* without its calibration the card would be off by more */
        worst_v = fmax(worst_v, fabs(read_adc_v(slot) - true_v));
    }
    ck_assert_double_gt(worst_v, 0.0005);
}

END_TEST

START_TEST(empty_slot_and_removed_card_read_all_ones)
{
    uint8_t block[48];

    cb24_twin_remove_card(twin, 5);
    read_eeprom(5, block);
    for (int i = 0; i < 48; i++) {
        ck_assert_uint_eq(block[i], 0xFF);
    }
    read_eeprom(30, block);
    ck_assert_uint_eq(block[0], 0xFF);
    read_eeprom(4, block);
    ck_assert_uint_eq(block[0], 'E');
    set_gain_and_code(ALL | DAC, 0x8000);
    run_ms(10);
    ck_assert_double_eq(circuit_value(circuit, circuit_find(circuit, "V_CARD06")), 0.0);
}

END_TEST

START_TEST(chip_is_selected_only_while_cs_is_low)
{
    latch(DAC | 1);
    for (int i = 0; i < 3; i++) {
        (void)byte_mode1(0x3F);
    }
    run_ms(10);
    ck_assert_double_lt(fabs(cb24_twin_cell_v(twin, 2)), 0.0031);
    ck_assert_uint_eq(cb24_twin_sense(twin, now_ns) & 0x04, 0x04);
}

END_TEST

START_TEST(clocks_of_a_frame_do_not_disturb_the_latch)
{
    uint8_t in[2];

    latch(EEPROM | 2);
    put(0x08, false);
    (void)byte_mode0(0x05); /* RDSR */
    in[0] = byte_mode0(0xFF);
    in[1] = byte_mode0(0xFF);
    put(0x08, true);
    ck_assert_uint_eq(in[0], 0x04); /* BP = 01 */
    ck_assert_uint_eq(in[1], 0x04);
}

END_TEST

START_TEST(every_card_has_a_node_address_of_its_own)
{
    for (unsigned slot = 0; slot < 24; slot++) {
        const uint8_t *own = cb24_twin_eeprom(twin, slot) + 0xFA;
        ck_assert_mem_eq(own, "\x00\x04\xA3", 3);
        for (unsigned other = 0; other < slot; other++) {
            ck_assert_mem_ne(own, cb24_twin_eeprom(twin, other) + 0xFA, 6);
        }
    }
}

END_TEST

START_TEST(same_seed_gives_the_same_cards_and_another_seed_others)
{
    struct circuit *other_circuit = circuit_create();
    struct cb24_twin *other = cb24_twin_create(other_circuit, 42);

    ck_assert_mem_eq(cb24_twin_eeprom(other, 9), cb24_twin_eeprom(twin, 9), 256);
    cb24_twin_destroy(other);
    circuit_destroy(other_circuit);
    other_circuit = circuit_create();
    other = cb24_twin_create(other_circuit, 43);
    ck_assert_mem_ne(cb24_twin_eeprom(other, 9), cb24_twin_eeprom(twin, 9), 48);
    cb24_twin_destroy(other);
    circuit_destroy(other_circuit);
}

END_TEST

static Suite *cb24_suite(void)
{
    Suite *suite = suite_create("cb24_twin");
    TCase *tcase = tcase_create("cb24_twin");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, dac_of_one_slot_moves_one_cell_only);
    tcase_add_test(tcase, broadcast_moves_all_and_the_stack_adds_up);
    tcase_add_test(tcase, output_settles_with_half_a_millisecond);
    tcase_add_test(tcase, slicing_of_time_changes_nothing);
    tcase_add_test(tcase, calibrated_dac_and_adc_tell_the_truth_within_their_uncertainty);
    tcase_add_test(tcase, empty_slot_and_removed_card_read_all_ones);
    tcase_add_test(tcase, chip_is_selected_only_while_cs_is_low);
    tcase_add_test(tcase, clocks_of_a_frame_do_not_disturb_the_latch);
    tcase_add_test(tcase, every_card_has_a_node_address_of_its_own);
    tcase_add_test(tcase, same_seed_gives_the_same_cards_and_another_seed_others);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(cb24_suite());
}
