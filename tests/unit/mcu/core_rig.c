#include "tests/unit/mcu/core_rig.h"

#include "harness/base/bytes.h"

#include <string.h>

static bool get_window(void *ctx, uint32_t address, struct core_window *window)
{
    struct rig *rig = ctx;

    if (rig->has_no_window) {
        return false;
    }
    if (address < RIG_CODE_LEN) {
        *window = (struct core_window){rig->code, 0, RIG_CODE_LEN};
        return true;
    }
    if (address - RIG_RAM_BASE < RIG_RAM_LEN) {
        *window = (struct core_window){rig->ram, RIG_RAM_BASE, RIG_RAM_LEN};
        return true;
    }
    return false;
}

static enum core_access fetch(void *ctx, uint32_t address, uint16_t *half)
{
    struct rig *rig = ctx;

    if (address < RIG_CODE_LEN) {
        *half = bytes_get_le16(rig->code + address);
        return CORE_ACCESS_OK;
    }
    if (address - RIG_RAM_BASE < RIG_RAM_LEN) {
        *half = bytes_get_le16(rig->ram + (address - RIG_RAM_BASE));
        return CORE_ACCESS_OK;
    }
    return CORE_ACCESS_FAULT;
}

static enum core_access read_bus(void *ctx, uint32_t address, unsigned size, uint32_t *value)
{
    struct rig *rig = ctx;

    if (address < RIG_CODE_LEN) {
        const uint8_t *at = rig->code + address;
        *value = size == 1 ? *at : size == 2 ? bytes_get_le16(at) : bytes_get_le32(at);
        return CORE_ACCESS_OK;
    }
    if (address - RIG_REGISTER >= 4) {
        return CORE_ACCESS_FAULT;
    }
    if (rig->core.clock < rig->reg_busy_until) {
        rig->core.clock = rig->reg_busy_until;
        return CORE_ACCESS_RETRY;
    }
    rig->reg_accesses++;
    rig->reg_access_clock = rig->core.clock;
    *value = rig->reg;
    return CORE_ACCESS_OK;
}

static enum core_access write_bus(void *ctx, uint32_t address, unsigned size, uint32_t value)
{
    struct rig *rig = ctx;

    (void)size;
    if (address - RIG_REGISTER >= 4) {
        return CORE_ACCESS_FAULT;
    }
    rig->reg_accesses++;
    rig->reg_access_clock = rig->core.clock;
    rig->reg = value;
    return CORE_ACCESS_OK;
}

static void ask_reset(void *ctx)
{
    struct rig *rig = ctx;

    rig->resets_asked++;
}

uint32_t rig_handler(unsigned number)
{
    return 0x400 + 0x20 * number;
}

void rig_put_half(struct rig *rig, uint32_t address, uint16_t half)
{
    bytes_put_le16(
        address < RIG_CODE_LEN ? rig->code + address : rig->ram + (address - RIG_RAM_BASE), half);
}

void rig_put_word(struct rig *rig, uint32_t address, uint32_t word)
{
    rig_put_half(rig, address, (uint16_t)word);
    rig_put_half(rig, address + 2, (uint16_t)(word >> 16));
}

uint32_t rig_word(const struct rig *rig, uint32_t address)
{
    return bytes_get_le32(
        address < RIG_CODE_LEN ? rig->code + address : rig->ram + (address - RIG_RAM_BASE));
}

void rig_put(struct rig *rig, uint32_t address, const uint16_t *halves, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        rig_put_half(rig, address + 2 * i, halves[i]);
    }
}

void rig_init(struct rig *rig)
{
    struct core_bus bus = {.ctx = rig,
        .window = get_window,
        .fetch = fetch,
        .read = read_bus,
        .write = write_bus,
        .request_reset = ask_reset};

    memset(rig, 0, sizeof *rig);
    for (uint32_t at = 0; at < RIG_CODE_LEN; at += 2) {
        rig_put_half(rig, at, 0xDE00);
    }
    rig_put_word(rig, 0, RIG_STACK);
    rig_put_word(rig, 4, 0x101);
    for (unsigned number = 2; number < EXCEPTION_COUNT; number++) {
        rig_put_word(rig, 4 * number, rig_handler(number) | 1);
    }
    core_init(&rig->core, &bus, rig->ram, RIG_RAM_BASE, RIG_RAM_LEN);
}

void rig_start(struct rig *rig)
{
    core_start(&rig->core);
}

void rig_step(struct rig *rig, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        core_run(&rig->core, rig->core.clock + 1);
    }
}
