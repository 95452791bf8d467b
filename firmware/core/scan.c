#include "firmware/core/scan.h"

/* Bits of the latches; 0 .. 24 are the taps. */
enum {
    BIT_POLARITY_P = 25, /* ODD to AP, EVEN to AN */
    BIT_POLARITY_N = 26,
    BIT_REFERENCE = 27,
    BIT_ZERO = 28
};

uint32_t scan_latches_mask(unsigned step)
{
    if (step == SCAN_STEP_ZERO) {
        return 1u << BIT_ZERO;
    }
    if (step == SCAN_STEP_REFERENCE) {
        return 1u << BIT_REFERENCE;
    }
    /* Cell n lies between taps n-1 and n; its upper tap is on ODD when n is odd. */
    unsigned cell_no = step - SCAN_STEP_CELL_1 + 1;
    unsigned polarity = cell_no % 2 == 1 ? BIT_POLARITY_P : BIT_POLARITY_N;
    return 1u << (cell_no - 1) | 1u << cell_no | 1u << polarity;
}

static void switch_to(struct scan *scan, const struct port *port)
{
    port->set_latches(port->ctx, 0);
    port->set_latches(port->ctx, scan_latches_mask(scan->step));
    scan->switched_ms = port->now_ms(port->ctx); /* now, not when this turn of the loop began */
}

void scan_start(struct scan *scan, const struct port *port)
{
    scan->is_running = true;
    scan->step = 0;
    switch_to(scan, port);
}

static uint32_t sum_chain(const struct port *port)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < CALIBRATION_SUM_COUNT; i++) {
        sum += port->read_chain_raw(port->ctx);
    }
    return sum;
}

static uint32_t sum_aux(const struct port *port, enum aux_channel channel)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < SCAN_AUX_SUM_COUNT; i++) {
        sum += port->read_aux_raw(port->ctx, channel);
    }
    return sum;
}

bool scan_poll(struct scan *scan, const struct port *port)
{
    if (!scan->is_running || port->now_ms(port->ctx) - scan->switched_ms < SCAN_SETTLE_TICKS) {
        return false;
    }
    scan->code_sums[scan->step++] = sum_chain(port);
    if (scan->step < SCAN_STEP_COUNT) {
        switch_to(scan, port);
        return false;
    }
    port->set_latches(port->ctx, 0);
    for (unsigned channel = 0; channel < AUX_COUNT; channel++) {
        scan->aux_sums[channel] = sum_aux(port, (enum aux_channel)channel);
    }
    scan->is_running = false;
    return true;
}
