#include "tests/unit/boards/ek_rig.h"

#include "tests/support.h"

#include <stdio.h>

static void uart_tx(void *ctx, const struct wire_char *character)
{
    struct ek_rig *rig = ctx;

    (void)character;
    rig->tx_count++;
}

static void add_cells(struct circuit *circuit, double volt)
{
    int below = circuit_node(circuit, "0");
    char name[16];

    circuit_add_resistor(circuit, "W_B00", below, circuit_node(circuit, "B00"), 0.05);
    for (unsigned cell_no = 1; cell_no <= 24; cell_no++) {
        snprintf(name, sizeof name, "S%02u", cell_no);
        int plus = circuit_node(circuit, name);
        snprintf(name, sizeof name, "V_CARD%02u", cell_no);
        circuit_add_source(circuit, name, plus, below, volt, 0.01);
        snprintf(name, sizeof name, "B%02u", cell_no);
        int pin = circuit_node(circuit, name);
        snprintf(name, sizeof name, "W_B%02u", cell_no);
        circuit_add_resistor(circuit, name, plus, pin, 0.05);
        below = plus;
    }
    circuit_add_resistor(circuit, "W_BP", below, circuit_node(circuit, "BP"), 0.05);
}

void ek_rig_init(struct ek_rig *rig, uint64_t seed, bool is_on)
{
    struct error err;

    *rig = (struct ek_rig){.circuit = circuit_create()};
    add_cells(rig->circuit, is_on ? 3.2 : 0.0);
    struct board_config config = {
        .circuit = rig->circuit, .seed = seed, .uart_tx = uart_tx, .ctx = rig};
    ck_assert_int_eq(board_create("ek-24s4eb", &config, &rig->board, &err), STATUS_OK);
    ek_rig_run(rig, 1000000);
    ek_rig_run(rig, 1000000);
}

void ek_rig_finish(struct ek_rig *rig)
{
    board_destroy(rig->board);
    circuit_destroy(rig->circuit);
}

void ek_rig_set_cell(struct ek_rig *rig, unsigned cell_no, double volt)
{
    char name[16];

    snprintf(name, sizeof name, "V_CARD%02u", cell_no);
    circuit_set_value(rig->circuit, circuit_find(rig->circuit, name), volt);
}

void ek_rig_set_all(struct ek_rig *rig, double volt)
{
    for (unsigned cell_no = 1; cell_no <= 24; cell_no++) {
        ek_rig_set_cell(rig, cell_no, volt);
    }
}

void ek_rig_run(struct ek_rig *rig, uint64_t span_ns)
{
    rig->now_ns += span_ns;
    board_advance(rig->board, rig->now_ns);
}

double ek_rig_true_v(struct ek_rig *rig, unsigned cell_no)
{
    char above[8];
    char below[8];

    snprintf(above, sizeof above, "B%02u", cell_no);
    snprintf(below, sizeof below, "B%02u", cell_no - 1);
    return circuit_node_v(rig->circuit, circuit_find_node(rig->circuit, above)) -
           circuit_node_v(rig->circuit, circuit_find_node(rig->circuit, below));
}

static const struct mcu_board *callbacks(struct ek_rig *rig)
{
    return board_mcu(rig->board)->board;
}

void ek_rig_pin(struct ek_rig *rig, unsigned port, unsigned bit, enum wire_level level)
{
    callbacks(rig)->pin_out(callbacks(rig)->ctx, rig->now_ns, MCU_PIN(port, bit), level);
}

/* Mode 0 at 2 MHz. */
static uint8_t exchange(struct ek_rig *rig, uint8_t out)
{
    uint32_t in = callbacks(rig)->spi_exchange(
        callbacks(rig)->ctx, rig->now_ns, 1, out, 8, 500000, false, false);

    rig->now_ns += 8 * 500;
    board_advance(rig->board, rig->now_ns);
    return (uint8_t)in;
}

void ek_rig_latch(struct ek_rig *rig, uint32_t bits)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        (void)exchange(rig, (uint8_t)(bits >> shift));
    }
    ek_rig_pin(rig, 1, 1, WIRE_LOW);
    ek_rig_pin(rig, 1, 1, WIRE_HIGH);
    ek_rig_pin(rig, 1, 1, WIRE_LOW);
}

uint16_t ek_rig_code(struct ek_rig *rig)
{
    ek_rig_pin(rig, 1, 0, WIRE_LOW);
    uint32_t word = (uint32_t)exchange(rig, 0) << 16;
    word |= (uint32_t)exchange(rig, 0) << 8;
    word |= exchange(rig, 0);
    ek_rig_pin(rig, 1, 0, WIRE_HIGH);
    return (uint16_t)(word >> 2);
}

void ek_rig_start_firmware(struct ek_rig *rig)
{
    ek_rig_pin(rig, 1, 0, WIRE_HIGH);
    ek_rig_pin(rig, 1, 1, WIRE_LOW);
    ek_rig_latch(rig, 0);
    ek_rig_pin(rig, 1, 2, WIRE_LOW);
}

uint32_t ek_rig_cell_bits(unsigned cell_no)
{
    /* bit 25: polarity P for odd cells, bit 26: polarity N for even ones */
    return 3u << (cell_no - 1) | (cell_no % 2 == 1 ? 0x02000000u : 0x04000000u);
}

double ek_rig_measure(struct ek_rig *rig, uint32_t bits)
{
    ek_rig_latch(rig, bits);
    ek_rig_run(rig, 1000000);
    return ek_rig_code(rig) * 75.09e-6;
}
