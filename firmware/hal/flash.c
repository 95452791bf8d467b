#include "firmware/hal/flash.h"

#include "firmware/core/port.h"
#include "firmware/hal/cpu.h"
#include "firmware/hal/registers.h"

static volatile bool has_double_error; /* set by NMI, cleared before each read */

static volatile uint32_t *word_address(unsigned page, unsigned index)
{
    return (volatile uint32_t *)(FLASH_BASE +
                                 (page * FLASH_PAGE_WORDS + index) * (uint32_t)FLASH_WORD_LEN);
}

bool flash_read(unsigned page, unsigned index, uint64_t *value)
{
    volatile uint32_t *words = word_address(page, index);

    has_double_error = false;
    uint32_t low = words[0];
    uint32_t high = words[1];
    cpu_settle();
    *value = (uint64_t)low | (uint64_t)high << 32;
    return !has_double_error;
}

bool flash_take_nmi(void)
{
    uint32_t eccr = FLASH->eccr;
    uint32_t store_begin = FLASH_PAGE_DIARY * FLASH_PAGE_WORDS;

    if ((eccr & FLASH_ECCR_ECCD) == 0 || (eccr & FLASH_ECCR_SYSF) != 0 ||
        (eccr & FLASH_ECCR_ADDR_MASK) < store_begin) {
        return false;
    }
    FLASH->eccr = FLASH_ECCR_ECCD;
    has_double_error = true;
    return true;
}

static void wait_ready(void)
{
    while ((FLASH->sr & (FLASH_SR_BSY1 | FLASH_SR_CFGBSY)) != 0) {
    }
}

static void unlock(void)
{
    wait_ready();
    if ((FLASH->cr & FLASH_CR_LOCK) != 0) { /* a key too many faults */
        FLASH->keyr = FLASH_KEY_1;
        FLASH->keyr = FLASH_KEY_2;
    }
    FLASH->sr = FLASH_SR_ERROR_MASK | FLASH_SR_EOP;
}

/** @return true: no error was flagged */
static bool finish(void)
{
    wait_ready();
    bool is_good = (FLASH->sr & FLASH_SR_ERROR_MASK) == 0;

    FLASH->sr = FLASH_SR_ERROR_MASK | FLASH_SR_EOP;
    FLASH->cr = FLASH_CR_LOCK;
    return is_good;
}

bool flash_erase(unsigned page)
{
    if (page < FLASH_PAGE_DIARY || page > 63) {
        return false;
    }
    unlock();
    FLASH->cr = FLASH_CR_PER | page << FLASH_CR_PNB_SHIFT | FLASH_CR_STRT;
    return finish();
}

bool flash_program(unsigned page, unsigned index, uint64_t value)
{
    volatile uint32_t *words = word_address(page, index);

    if (page < FLASH_PAGE_DIARY || page > 63) {
        return false;
    }
    unlock();
    FLASH->cr = FLASH_CR_PG;
    words[0] = (uint32_t)value; /* low first; the second store starts the operation */
    words[1] = (uint32_t)(value >> 32);
    return finish();
}
