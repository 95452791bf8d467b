#include "tests/unit/link/swd_model.h"

enum {
    ACK_OK = 1,
    ACK_WAIT = 2,
    ACK_FAULT = 4,
    LINE_RESET_ONES = 50,
    ORUNDETECT = 1,
    STICKYORUN = 1 << 1,
    STICKYERR = 1 << 5,
    WDATAERR = 1 << 7,
    STICKY_ANY = STICKYORUN | STICKYERR | WDATAERR
};

void swd_model_init(struct swd_model *model, const struct swd_memory *memory)
{
    *model = (struct swd_model){.memory = *memory, .is_locked = true};
}

void swd_model_arm(struct swd_model *model, enum swd_trouble trouble, size_t at, size_t length)
{
    model->trouble = trouble;
    model->trouble_at = at;
    model->trouble_length = length;
    model->transfer_count = 0;
}

static bool odd(uint32_t value)
{
    bool parity = false;

    for (; value != 0; value &= value - 1) {
        parity = !parity;
    }
    return parity;
}

static bool is_read(const struct swd_model *model)
{
    return (model->request & 4) != 0;
}

static bool is_ap(const struct swd_model *model)
{
    return (model->request & 2) != 0;
}

static unsigned address(const struct swd_model *model)
{
    return (unsigned)(model->request >> 1) & 0xCu;
}

/* TAR counts in its low ten bits only. */
static void count_up(struct swd_model *model)
{
    if ((model->csw & 0x30) == 0x10) {
        model->tar = (model->tar & ~0x3FFu) | ((model->tar + 4) & 0x3FFu);
    }
}

static void ap_read(struct swd_model *model)
{
    model->read_data = model->posted;
    model->posted = 0;
    if (model->now == SWD_TROUBLE_BUS) {
        model->has_failed = true;
    } else if (address(model) == 0x0) {
        model->posted = model->csw;
    } else if (address(model) == 0x4) {
        model->posted = model->tar;
    } else if (address(model) == 0xC) {
        if (!model->memory.read(model->memory.ctx, model->tar, &model->posted)) {
            model->has_failed = true;
        }
        count_up(model);
    }
}

static void ap_write(struct swd_model *model, uint32_t value)
{
    model->posted = 0xDEADBEEF; /* RDBUFF is unknown after a write */
    if (model->now == SWD_TROUBLE_BUS) {
        model->has_failed = true;
    } else if (address(model) == 0x0) {
        model->csw = value;
    } else if (address(model) == 0x4) {
        model->tar = value;
    } else if (address(model) == 0xC) {
        if (!model->memory.write(model->memory.ctx, model->tar, value)) {
            model->has_failed = true;
        }
        count_up(model);
    }
}

static void dp_read(struct swd_model *model)
{
    static const uint32_t dpidr = 0x0BC11477;

    switch (address(model)) {
    case 0x0:
        model->read_data = dpidr;
        model->must_read_dpidr = false;
        break;
    case 0x4:
        /* the acknowledges follow the requests */
        model->read_data = model->ctrl_stat | (model->ctrl_stat & 0x50000000) << 1;
        break;
    case 0xC:
        model->read_data = model->posted;
        break;
    default:
        model->read_data = 0;
        break;
    }
}

static void abort_write(struct swd_model *model, uint32_t value)
{
    model->ctrl_stat &= ~((value & 0x10) != 0 ? (uint32_t)STICKYORUN : 0u);
    model->ctrl_stat &= ~((value & 0x08) != 0 ? (uint32_t)WDATAERR : 0u);
    model->ctrl_stat &= ~((value & 0x04) != 0 ? (uint32_t)STICKYERR : 0u);
}

static void dp_write(struct swd_model *model, uint32_t value)
{
    if (address(model) == 0x0) {
        abort_write(model, value);
    } else if (address(model) == 0x4) {
        model->ctrl_stat = (model->ctrl_stat & STICKY_ANY) | (value & 0x50000001);
    } else if (address(model) == 0x8) {
        model->select = value;
    }
}

/* Accesses that are taken whatever sticky flag is set: DPIDR, CTRL/STAT read, ABORT. */
static bool is_always_taken(const struct swd_model *model)
{
    if (is_ap(model)) {
        return false;
    }
    return address(model) == 0x0 || (address(model) == 0x4 && is_read(model));
}

static enum swd_trouble trouble_of_this(struct swd_model *model)
{
    size_t number = model->transfer_count++;

    if (number >= model->trouble_at && number - model->trouble_at < model->trouble_length) {
        return model->trouble;
    }
    return SWD_TROUBLE_NONE;
}

static void decide_ack(struct swd_model *model)
{
    bool is_busy = model->now == SWD_TROUBLE_WAIT && !is_always_taken(model);
    bool has_failed = model->has_failed;

    model->ack = ACK_OK;
    model->has_failed = false;
    if (has_failed && !is_busy) {
        model->ctrl_stat |= STICKYERR;
    }
    if (is_always_taken(model)) {
        return;
    }
    if ((model->ctrl_stat & STICKY_ANY) != 0) {
        model->ack = ACK_FAULT;
        return;
    }
    if (is_busy) {
        model->ack = ACK_WAIT;
        model->ctrl_stat |= (model->ctrl_stat & ORUNDETECT) != 0 ? (uint32_t)STICKYORUN : 0u;
        model->ctrl_stat |= has_failed ? (uint32_t)STICKYERR : 0u; /* it ends while we wait */
    }
}

static void perform_read(struct swd_model *model)
{
    if (is_ap(model)) {
        ap_read(model);
    } else {
        dp_read(model);
    }
    model->read_parity = odd(model->read_data);
    if (model->now == SWD_TROUBLE_READ_PARITY) {
        model->read_parity = !model->read_parity;
    }
    if (model->now == SWD_TROUBLE_READ_DATA) {
        model->read_data ^= 0x00010000;
    }
}

/* All eight request bits are in. */
static void take_request(struct swd_model *model)
{
    uint8_t request = model->request;
    bool parity = odd(request >> 1 & 15u);
    bool is_right = (request & 0xC1) == 0x81 && ((request >> 5 & 1) != 0) == parity;

    if (!is_right || (model->must_read_dpidr && request != 0xA5)) {
        model->is_locked = true;
        model->bit_index = 0;
        return;
    }
    model->now = trouble_of_this(model);
    model->is_silent = model->now == SWD_TROUBLE_SILENCE || model->now == SWD_TROUBLE_LOST_ACK;
    if (model->now == SWD_TROUBLE_SILENCE) {
        model->is_locked = true;
        model->bit_index = 0;
        return;
    }
    decide_ack(model);
    if (model->ack == ACK_OK && is_read(model)) {
        perform_read(model);
    }
}

static void take_write_data(struct swd_model *model, bool parity)
{
    uint32_t value = (uint32_t)model->shifter;

    if (model->ack != ACK_OK) {
        return;
    }
    if (model->now == SWD_TROUBLE_WRITE_DATA) {
        value ^= 4;
    }
    if (odd(value) != parity) {
        model->ctrl_stat |= WDATAERR;
    } else if (is_ap(model)) {
        ap_write(model, value);
    } else {
        dp_write(model, value);
    }
}

static void end_transfer(struct swd_model *model)
{
    model->bit_index = 0;
    if (model->is_silent) {
        model->is_locked = true;
        model->is_silent = false;
    }
}

/* What the target drives in bit @p index of a transfer; -1: nothing. */
static int driven_level(const struct swd_model *model, unsigned index)
{
    if (model->is_silent || index < 9) {
        return -1;
    }
    if (index < 12) {
        return (int)(model->ack >> (index - 9) & 1);
    }
    if (!is_read(model) || model->ack != ACK_OK) {
        return -1;
    }
    if (index < 44) {
        return (int)(model->read_data >> (index - 12) & 1);
    }
    return index == 44 ? model->read_parity : -1;
}

static void step_transfer(struct swd_model *model, bool swdio)
{
    unsigned index = model->bit_index++;

    if (index < 8) {
        model->request = (uint8_t)(model->request | (swdio ? 1u << index : 0u));
        if (index == 7) {
            take_request(model);
        }
    } else if (index == 12 && model->ack != ACK_OK && (model->ctrl_stat & ORUNDETECT) == 0) {
        end_transfer(model); /* no data phase without overrun detection */
    } else if (!is_read(model) && index >= 13 && index < 45) {
        model->shifter |= (uint64_t)(swdio ? 1u : 0u) << (index - 13);
    } else if (index == 45) {
        if (!is_read(model)) {
            take_write_data(model, swdio);
        }
        end_transfer(model);
    }
}

static void count_ones(struct swd_model *model, bool swdio)
{
    model->ones = swdio ? model->ones + 1 : 0;
    if (model->ones == LINE_RESET_ONES) {
        model->is_locked = false;
        model->must_read_dpidr = true;
        model->bit_index = 0;
        model->is_silent = false;
        model->line_reset_count++;
    }
}

bool swd_model_clock(void *ctx, bool tdi)
{
    struct swd_model *model = ctx;

    if (model->is_dead) {
        return tdi;
    }
    int level = model->bit_index > 0 ? driven_level(model, model->bit_index) : -1;
    bool swdio = level < 0 ? tdi : level != 0; /* the target wins over the resistor */
    count_ones(model, tdi);
    if (model->is_locked || model->ones >= LINE_RESET_ONES) {
        return swdio;
    }
    if (model->bit_index == 0) {
        if (!tdi) {
            return swdio;
        }
        model->request = 0;
        model->shifter = 0;
    }
    step_transfer(model, tdi);
    return swdio;
}
