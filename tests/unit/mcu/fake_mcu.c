#include "tests/unit/mcu/fake_mcu.h"

#include "harness/base/mem.h"

#include <check.h>
#include <stdlib.h>

static void create_parts(struct mcu *mcu)
{
    static const unsigned ports[] = {0, 1, 2, 3, 5};
    struct periph *(*const singles[])(struct mcu *) = {periph_flash_create, periph_rcc_create,
        periph_pwr_create, periph_syscfg_create, periph_dbg_create, periph_exti_create,
        periph_adc_create, periph_iwdg_create, periph_crc_create};

    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++) {
        mcu->parts[mcu->part_count++] = singles[i](mcu);
    }
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        mcu->parts[mcu->part_count++] = periph_gpio_create(mcu, ports[i]);
    }
    for (unsigned no = 1; no <= 4; no++) {
        mcu->parts[mcu->part_count++] = periph_usart_create(mcu, no);
    }
    for (unsigned no = 1; no <= 2; no++) {
        mcu->parts[mcu->part_count++] = periph_spi_create(mcu, no);
    }
}

static void reset_parts(struct mcu *mcu, enum mcu_reset reset)
{
    for (size_t i = 0; i < mcu->part_count; i++) {
        mcu->parts[i]->ops->reset(mcu->parts[i], reset);
    }
}

struct mcu *fake_create(const struct mcu_board *board, uint64_t seed)
{
    struct mcu *mcu = mem_alloc(1, sizeof *mcu);

    mcu->board = *board;
    mcu->seed = seed;
    for (unsigned i = 0; i < 12; i++) {
        mcu->unique_id[i] = (uint8_t)(0xA0 + i);
    }
    create_parts(mcu);
    fake_reset(mcu, MCU_CAUSE_POWER);
    return mcu;
}

void fake_destroy(struct mcu *mcu)
{
    for (size_t i = 0; i < mcu->part_count; i++) {
        mcu->parts[i]->ops->destroy(mcu->parts[i]);
    }
    free(mcu);
}

void fake_reset(struct mcu *mcu, enum mcu_reset_cause cause)
{
    mcu->has_reset_request = false;
    rcc_note_reset(mcu, cause);
    reset_parts(mcu, cause == MCU_CAUSE_POWER ? MCU_RESET_POWER : MCU_RESET_SYSTEM);
}

static uint64_t next_event_ps(const struct mcu *mcu)
{
    uint64_t next_ps = UINT64_MAX;

    for (size_t i = 0; i < mcu->part_count; i++) {
        const struct periph *part = mcu->parts[i];
        if (part->ops->next_event_ps != NULL && part->ops->next_event_ps(part) < next_ps) {
            next_ps = part->ops->next_event_ps(part);
        }
    }
    return next_ps;
}

static void advance_parts(struct mcu *mcu)
{
    for (size_t i = 0; i < mcu->part_count; i++) {
        if (mcu->parts[i]->ops->advance != NULL) {
            mcu->parts[i]->ops->advance(mcu->parts[i], mcu->now_ps);
        }
    }
}

void fake_advance_ps(struct mcu *mcu, uint64_t span_ps)
{
    uint64_t target_ps = mcu->now_ps + span_ps;
    uint64_t next_ps;

    while ((next_ps = next_event_ps(mcu)) <= target_ps) {
        mcu->now_ps = next_ps > mcu->now_ps ? next_ps : mcu->now_ps;
        advance_parts(mcu);
    }
    mcu->now_ps = target_ps;
    advance_parts(mcu);
}

static struct periph *part_at(struct mcu *mcu, uint32_t address)
{
    for (size_t i = 0; i < mcu->part_count; i++) {
        const struct periph_ops *ops = mcu->parts[i]->ops;
        if (address - ops->base < ops->len) {
            return mcu->parts[i];
        }
    }
    ck_abort_msg("nothing at %08x", (unsigned)address);
    return NULL;
}

uint32_t fake_read_sized(struct mcu *mcu, uint32_t address, unsigned size)
{
    struct periph *part = part_at(mcu, address);

    return part->ops->read(part, address - part->ops->base, size);
}

void fake_write_sized(struct mcu *mcu, uint32_t address, unsigned size, uint32_t value)
{
    struct periph *part = part_at(mcu, address);

    part->ops->write(part, address - part->ops->base, size, value);
}

uint32_t fake_read(struct mcu *mcu, uint32_t address)
{
    return fake_read_sized(mcu, address, 4);
}

void fake_write(struct mcu *mcu, uint32_t address, uint32_t value)
{
    fake_write_sized(mcu, address, 4, value);
}

bool fake_take_fault(struct mcu *mcu)
{
    bool has_fault = mcu->has_fault;

    mcu->has_fault = false;
    return has_fault;
}

/* The services. */

uint64_t mcu_now_ps(const struct mcu *mcu)
{
    return mcu->now_ps;
}

const struct mcu_board *mcu_board(const struct mcu *mcu)
{
    return &mcu->board;
}

struct periph *mcu_periph(const struct mcu *mcu, uint32_t base)
{
    for (size_t i = 0; i < mcu->part_count; i++) {
        if (mcu->parts[i]->ops->base == base) {
            return mcu->parts[i];
        }
    }
    return NULL;
}

void mcu_set_irq(struct mcu *mcu, unsigned irq, bool is_active)
{
    mcu->irq[irq] = is_active;
}

void mcu_raise_nmi(struct mcu *mcu)
{
    mcu->nmi_count++;
}

void mcu_events_changed(struct mcu *mcu)
{
    (void)mcu; /* this clock asks every time */
}

void mcu_clock_changed(struct mcu *mcu)
{
    (void)mcu; /* there is no core to slow down */
}

void mcu_fetch_changed(struct mcu *mcu)
{
    mcu->fetch_change_count++;
}

void mcu_request_reset(struct mcu *mcu, enum mcu_reset_cause cause)
{
    mcu->has_reset_request = true;
    mcu->reset_cause = cause;
    mcu->reset_at_ps = mcu->now_ps;
}

void mcu_fault_access(struct mcu *mcu)
{
    mcu->has_fault = true;
}

void mcu_stall_until(struct mcu *mcu, uint64_t time_ps)
{
    mcu->stall_ps = time_ps;
}

bool mcu_is_halted(const struct mcu *mcu)
{
    return mcu->is_halted;
}

bool mcu_is_debug_access(const struct mcu *mcu)
{
    return mcu->is_debug_access;
}

const uint8_t *mcu_unique_id(const struct mcu *mcu)
{
    return mcu->unique_id;
}

uint64_t mcu_seed(const struct mcu *mcu)
{
    return mcu->seed;
}
