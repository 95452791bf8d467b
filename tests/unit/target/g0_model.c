#include "tests/unit/target/g0_model.h"

#include <string.h>

enum {
    SR_PROGERR = 1 << 3,
    SR_WRPERR = 1 << 4,
    SR_PGSERR = 1 << 7,
    SR_BSY1 = 1 << 16,
    CR_PG = 1,
    CR_PER = 2,
    CR_MER1 = 4,
    CR_STRT = 1 << 16
};

static uint64_t now_ns(const struct g0_model *model)
{
    /* within a transfer the bench clock stands; the wire tells how far it is */
    return probe_link_wire_ns(&model->link);
}

static bool is_busy(const struct g0_model *model)
{
    return now_ns(model) < model->busy_until_ns;
}

static void reset_system(struct g0_model *model)
{
    model->is_locked = true;
    model->is_dead_locked = false;
    model->has_first_key = false;
    model->cr = 0;
    model->sr = 0;
    model->has_low_word = false;
    model->has_debug_clock = false;
    model->reset_count++;
    model->is_halted = model->is_debug_enabled && model->catches_reset;
}

static void program(struct g0_model *model, uint32_t address, uint32_t low, uint32_t high)
{
    uint8_t *cell = model->flash + (address - 0x08000000);
    static const uint8_t erased[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

    if ((address - 0x08000000) / G0_PAGE_LEN >= model->first_protected_page) {
        model->sr |= SR_WRPERR;
        return;
    }
    if (memcmp(cell, erased, 8) != 0 && (low != 0 || high != 0)) {
        model->sr |= SR_PROGERR;
        return;
    }
    if (address != model->stuck_address) {
        bytes_put_le32(cell, low);
        bytes_put_le32(cell + 4, high);
    }
    model->programmed_count++;
    model->busy_until_ns = now_ns(model) + model->program_ns;
}

static void write_flash(struct g0_model *model, uint32_t address, uint32_t value)
{
    if (is_busy(model)) {
        model->violation_count++;
        return;
    }
    if (model->is_locked || (model->cr & CR_PG) == 0 || (model->sr & 0xFB) != 0) {
        model->sr |= SR_PGSERR;
        return;
    }
    if (!model->has_low_word) {
        model->has_low_word = true;
        model->low_address = address;
        model->low_word = value;
        model->violation_count += address % 8 != 0 ? 1u : 0u;
        return;
    }
    model->has_low_word = false;
    if (address != model->low_address + 4) {
        model->violation_count++;
        return;
    }
    program(model, model->low_address, model->low_word, value);
}

static void start(struct g0_model *model)
{
    uint32_t page = model->cr >> 3 & 0x3F;

    if ((model->cr & CR_MER1) != 0) {
        memset(model->flash, 0xFF, sizeof model->flash);
        model->mass_erased_count++;
    } else if ((model->cr & CR_PER) != 0 && page >= model->first_protected_page) {
        model->sr |= SR_WRPERR;
        return;
    } else if ((model->cr & CR_PER) != 0) {
        memset(model->flash + (size_t)page * G0_PAGE_LEN, 0xFF, G0_PAGE_LEN);
        model->erased_count++;
    }
    model->busy_until_ns = now_ns(model) + model->erase_ns;
}

static void write_cr(struct g0_model *model, uint32_t value)
{
    if (is_busy(model) || model->is_locked) {
        model->violation_count++;
        return;
    }
    model->cr = value & 0x1FF;
    model->is_locked = (value & 0x80000000) != 0;
    if ((value & CR_STRT) != 0) {
        start(model);
    }
}

static bool write_key(struct g0_model *model, uint32_t value)
{
    bool is_first = !model->has_first_key && value == 0x45670123;
    bool is_second = model->has_first_key && value == 0xCDEF89AB;

    if (!model->is_locked || model->is_dead_locked || (!is_first && !is_second)) {
        model->is_dead_locked = true;
        model->violation_count++;
        return false; /* bus error */
    }
    model->has_first_key = is_first;
    model->is_locked = is_first;
    return true;
}

static void write_dhcsr(struct g0_model *model, uint32_t value)
{
    if (value >> 16 != 0xA05F) {
        return;
    }
    model->is_debug_enabled = (value & 1) != 0;
    model->is_halted = (value & 3) == 3 && !model->cannot_halt;
}

static bool write_register(struct g0_model *model, uint32_t address, uint32_t value)
{
    switch (address) {
    case 0x40022008:
        return write_key(model, value);
    case 0x40022010:
        model->sr &= ~value;
        return true;
    case 0x40022014:
        write_cr(model, value);
        return true;
    case 0x40022018:
        model->eccr &= ~(value & 0xC0000000);
        return true;
    case 0xE000EDF0:
        write_dhcsr(model, value);
        return true;
    case 0xE000EDFC:
        model->catches_reset = (value & 1) != 0;
        return true;
    case 0xE000ED0C:
        if (value == 0x05FA0004) {
            reset_system(model);
        }
        return true;
    case 0x4002103C:
        model->has_debug_clock = (value & 0x08000000) != 0;
        return true;
    case 0x40015808:
        model->freeze = model->has_debug_clock ? value : model->freeze;
        return true;
    default:
        return false;
    }
}

static bool write_memory(void *ctx, uint32_t address, uint32_t value)
{
    struct g0_model *model = ctx;

    if (address >= 0x08000000 && address < 0x08000000 + G0_FLASH_LEN) {
        write_flash(model, address, value);
        return true;
    }
    return write_register(model, address, value);
}

static uint32_t read_flash(struct g0_model *model, uint32_t address)
{
    if (model->ecc_on_read_of != 0 && (address & ~7u) == model->ecc_on_read_of) {
        model->eccr = 0x80000000 | (model->ecc_on_read_of - 0x08000000) / 8;
    }
    return bytes_get_le32(model->flash + (address - 0x08000000));
}

static bool read_register(struct g0_model *model, uint32_t address, uint32_t *value)
{
    switch (address) {
    case 0x40022010:
        *value = model->sr | (is_busy(model) ? (uint32_t)SR_BSY1 : 0u);
        return true;
    case 0x40022014:
        *value = model->cr | (model->is_locked ? 0xC0000000u : 0u);
        return true;
    case 0x40022018:
        *value = model->eccr;
        return true;
    case 0xE000EDF0:
        *value = (model->is_debug_enabled ? 1u : 0u) | (model->is_halted ? 0x00020003u : 0u);
        return true;
    case 0x4002103C:
        *value = model->has_debug_clock ? 0x08000000u : 0u;
        return true;
    case 0x40015800:
        *value = model->has_debug_clock ? model->idcode : 0u;
        return true;
    case 0x1FFF7590:
    case 0x1FFF7594:
    case 0x1FFF7598:
        *value = address * 3;
        return true;
    case 0x1FFF75E0:
        *value = 0xFFFF0000u | model->size_kb;
        return true;
    default:
        return false;
    }
}

static bool read_memory(void *ctx, uint32_t address, uint32_t *value)
{
    struct g0_model *model = ctx;

    if (address >= 0x08000000 && address < 0x08000000 + G0_FLASH_LEN) {
        model->violation_count += is_busy(model) ? 1u : 0u;
        *value = read_flash(model, address);
        return true;
    }
    return read_register(model, address, value);
}

/* /NRST: low holds the core; letting go is a reset. */
static void take_pins(void *ctx, uint8_t level_mask, uint8_t direction_mask)
{
    struct swd_model *port = ctx;
    struct g0_model *model = port->memory.ctx;
    bool is_low = (direction_mask & 0x10) != 0 && (level_mask & 0x10) == 0;

    if (port->is_held && !is_low) {
        model->cannot_halt = false;
        reset_system(model);
    }
    port->is_held = is_low;
}

void g0_model_init(struct g0_model *model)
{
    struct swd_memory memory = {.ctx = model, .read = read_memory, .write = write_memory};

    *model = (struct g0_model){.is_locked = true,
        .idcode = 0x20006460,
        .size_kb = 128,
        .first_protected_page = UINT32_MAX,
        .program_ns = 125000,
        .erase_ns = 39000000};
    memset(model->flash, 0xFF, sizeof model->flash);
    swd_model_init(&model->port, &memory);
    probe_link_init(&model->link, swd_model_clock, &model->port);
    model->link.pins = take_pins;
}

void g0_model_finish(struct g0_model *model)
{
    probe_link_finish(&model->link);
}
