#include "tests/unit/boards/fake_mcu.h"

#include "harness/base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct mcu *mcu_create(const struct mcu_board *board, const uint8_t unique_id[12], uint64_t seed)
{
    struct mcu *mcu = mem_alloc(1, sizeof *mcu);

    (void)seed;
    mcu->board = board;
    memcpy(mcu->unique_id, unique_id, 12);
    memset(mcu->flash, 0xFF, sizeof mcu->flash);
    return mcu;
}

void mcu_destroy(struct mcu *mcu)
{
    free(mcu);
}

void mcu_set_power(struct mcu *mcu, uint64_t time_ns, bool is_on)
{
    assert(time_ns >= mcu->now_ns);
    mcu->now_ns = time_ns;
    mcu->is_powered = is_on;
    if (is_on) {
        mcu->power_on_count++;
        mcu->power_on_ns = time_ns;
    }
}

bool mcu_is_powered(const struct mcu *mcu)
{
    return mcu->is_powered;
}

void mcu_advance(struct mcu *mcu, uint64_t time_ns)
{
    assert(time_ns >= mcu->now_ns);
    mcu->now_ns = time_ns;
}

uint64_t mcu_now_ns(const struct mcu *mcu)
{
    return mcu->now_ns;
}

void mcu_uart_rx(struct mcu *mcu, unsigned usart_no, const struct wire_char *character)
{
    (void)character;
    mcu->rx_count += usart_no == 1;
}

void mcu_flash_peek(const struct mcu *mcu, uint32_t address, uint8_t *data, size_t len)
{
    memcpy(data, mcu->flash + (address - MCU_FLASH_BASE), len);
}

void mcu_flash_poke(struct mcu *mcu, uint32_t address, const uint8_t *data, size_t len)
{
    memcpy(mcu->flash + (address - MCU_FLASH_BASE), data, len);
}

void mcu_flash_flip(struct mcu *mcu, uint32_t address, uint64_t bits_mask)
{
    mcu->flipped[(address - MCU_FLASH_BASE) / 8] ^= bits_mask;
}

void mcu_set_flash_hook(struct mcu *mcu, mcu_flash_hook_fn hook, void *ctx)
{
    mcu->hook = hook;
    mcu->hook_ctx = ctx;
}

void mcu_flash_wear_out(struct mcu *mcu, uint32_t first, uint32_t last)
{
    mcu->worn_first = first;
    mcu->worn_last = last;
}

void fake_mcu_program(struct mcu *mcu, uint32_t address, const uint8_t data[8])
{
    memcpy(mcu->flash + (address - MCU_FLASH_BASE), data, 8);
    if (mcu->hook != NULL) {
        mcu->hook(mcu->hook_ctx, mcu, address);
    }
}
