/*
 * A double word is programmed by two words written to its address, low one first; the controller is
 * then busy for at most program_max_ns, which the debug port spends in idle clocks. So a page goes
 * out in one batch without looking at the controller in between; its status is read at the end. The
 * controller programs nothing after an error until the flags are cleared, so the first double word
 * that is not as asked is the one that failed.
 *
 *     per double word:  TAR, DRW low, DRW high, idle 125 us
 *
 * TAR is written for each double word though it counts up by itself: a batch broken by a
 * disturbance is then repeated from that double word, not from the start of the page.
 *
 * Sources: RM0444 section 3.3.7 and 3.3.8 (erase and program), 3.7 (registers); ES0418 2.2.5 (a
 * double word of all ones must not be programmed).
 */
#include "harness/target/g0_flash.h"

#include "harness/target/memory.h"

#include <stdio.h>
#include <string.h>

enum {
    FLASH_KEYR = 0x08,
    FLASH_SR = 0x10,
    FLASH_CR = 0x14,
    FLASH_ECCR = 0x18,
    SR_BSY1 = 1 << 16,
    SR_CFGBSY = 1 << 18,
    SR_CLEAR_ALL = 0xC3FB, /* write 1 to clear: all flags and EOP */
    CR_PG = 1 << 0,
    CR_PER = 1 << 1,
    CR_MER1 = 1 << 2,
    CR_PNB_SHIFT = 3,
    CR_STRT = 1 << 16,
    ECCR_ADDRESS_MASK = 0x3FFF, /* in double words */
    ECCR_SYSTEM_FLASH = 1 << 20,
    POLL_NS = 500000,
    DOUBLE_WORD_LEN = 8
};

#define FLASH_KEY1  0x45670123u
#define FLASH_KEY2  0xCDEF89ABu
#define CR_LOCK     0x80000000u
#define ECCR_ECCC   0x40000000u
#define ECCR_ECCD   0x80000000u
#define WORD_ERASED 0xFFFFFFFFu

static const struct {
    uint32_t mask;
    const char *name;
} error_flags[] = {
    {1u << 1, "OPERR"},
    {1u << 3, "PROGERR"},
    {1u << 4, "WRPERR"},
    {1u << 5, "PGAERR"},
    {1u << 6, "SIZERR"},
    {1u << 7, "PGSERR"},
    {1u << 8, "MISERR"},
    {1u << 9, "FASTERR"},
    {1u << 14, "RDERR"},
    {1u << 15, "OPTVERR"},
};

static uint32_t reg(const struct target *target, uint32_t offset)
{
    return target->part->flash_registers_address + offset;
}

/* " PROGERR WRPERR"; empty when none is set. */
static void name_flags(uint32_t sr, char *text, size_t capacity)
{
    text[0] = '\0';
    for (size_t i = 0; i < sizeof error_flags / sizeof error_flags[0]; i++) {
        size_t len = strlen(text);
        if ((sr & error_flags[i].mask) != 0) {
            (void)snprintf(text + len, capacity - len, " %s", error_flags[i].name);
        }
    }
}

static bool is_busy(uint32_t sr)
{
    return (sr & (SR_BSY1 | SR_CFGBSY)) != 0;
}

/* Send what is queued and read the status after it, again and again while the controller works. */
static enum status wait_idle(
    struct target *target, const char *doing, uint64_t timeout_ns, uint32_t *sr, struct error *err)
{
    uint64_t deadline_ns = clock_now_ns(swd_clock(target->swd)) + timeout_ns;

    for (;;) {
        memory_queue_read(target->swd, reg(target, FLASH_SR), sr, 1);
        TRY(memory_flush(target->swd, doing, reg(target, FLASH_SR), err));
        if (!is_busy(*sr)) {
            return STATUS_OK;
        }
        if (clock_now_ns(swd_clock(target->swd)) > deadline_ns) {
            return error_set(err, STATUS_UNIT,
                "%s: the flash controller is busy for more than %llu us, SR 0x%08X", doing,
                (unsigned long long)(timeout_ns / NS_PER_US), *sr);
        }
        swd_queue_idle_ns(target->swd, POLL_NS);
    }
}

static enum status unlock_keys(struct target *target, uint32_t *cr, struct error *err)
{
    memory_queue_write_word(target->swd, reg(target, FLASH_KEYR), FLASH_KEY1);
    memory_queue_write_word(target->swd, reg(target, FLASH_KEYR), FLASH_KEY2);
    memory_queue_read(target->swd, reg(target, FLASH_CR), cr, 1);
    return memory_flush(target->swd, "unlocking the flash by KEYR", reg(target, FLASH_KEYR), err);
}

enum status g0_flash_unlock(struct target *target, struct error *err)
{
    uint32_t sr;
    uint32_t cr;

    TRY(wait_idle(target, "before unlocking", target->part->erase_max_ns, &sr, err));
    TRY(memory_read_word(target->swd, reg(target, FLASH_CR), &cr, err));
    if ((cr & CR_LOCK) != 0) { /* a key while it is unlocked locks it until the next reset */
        TRY(unlock_keys(target, &cr, err));
    }
    if ((cr & CR_LOCK) != 0) {
        return error_set(
            err, STATUS_UNIT, "the flash does not unlock: CR is 0x%08X after both keys", cr);
    }
    return memory_write_word(target->swd, reg(target, FLASH_SR), SR_CLEAR_ALL, err);
}

enum status g0_flash_lock(struct target *target, struct error *err)
{
    uint32_t cr;

    memory_queue_write_word(target->swd, reg(target, FLASH_SR), SR_CLEAR_ALL);
    memory_queue_write_word(target->swd, reg(target, FLASH_CR), CR_LOCK);
    memory_queue_read(target->swd, reg(target, FLASH_CR), &cr, 1);
    TRY(memory_flush(target->swd, "locking the flash by CR", reg(target, FLASH_CR), err));
    if ((cr & CR_LOCK) == 0) {
        return error_set(err, STATUS_UNIT, "the flash does not lock: CR is 0x%08X", cr);
    }
    return STATUS_OK;
}

static enum status erase(
    struct target *target, uint32_t mode_mask, const char *doing, struct error *err)
{
    uint32_t sr;
    char flags[96];

    memory_queue_write_word(target->swd, reg(target, FLASH_CR), mode_mask | CR_STRT);
    swd_queue_idle_ns(target->swd, target->part->erase_typical_ns);
    TRY(wait_idle(target, doing, 2 * target->part->erase_max_ns, &sr, err));
    name_flags(sr, flags, sizeof flags);
    if (flags[0] != '\0') {
        return error_set(
            err, STATUS_UNIT, "%s: the flash controller reports%s, SR 0x%08X", doing, flags, sr);
    }
    return memory_write_word(target->swd, reg(target, FLASH_CR), 0, err);
}

enum status g0_flash_erase_page(struct target *target, uint32_t address, struct error *err)
{
    uint32_t page = (address - target->part->flash_address) / target->part->page_len;
    char doing[48];

    (void)snprintf(doing, sizeof doing, "erasing page %u at 0x%08X", page, address);
    return erase(target, (uint32_t)CR_PER | page << CR_PNB_SHIFT, doing, err);
}

enum status g0_flash_erase_all(struct target *target, struct error *err)
{
    return erase(target, CR_MER1, "erasing all of the flash", err);
}

/* Which double word of the page is the first that is not as asked, by reading it back. */
static enum status explain(
    struct target *target, uint32_t address, const uint32_t *words, uint32_t sr, struct error *err)
{
    uint32_t now[2048 / 4];
    size_t count = target->part->page_len / 4;
    char flags[96];

    name_flags(sr, flags, sizeof flags);
    if (count > sizeof now / sizeof now[0] ||
        memory_read(target->swd, address, now, count, NULL) != STATUS_OK) {
        return error_set(err, STATUS_UNIT,
            "programming the page at 0x%08X: the flash controller reports%s, SR 0x%08X", address,
            flags, sr);
    }
    for (size_t i = 0; i < count; i += 2) {
        if (now[i] != words[i] || now[i + 1] != words[i + 1]) {
            return error_set(err, STATUS_UNIT,
                "programming 0x%08X: asked for %08X %08X, there is %08X %08X; the flash controller "
                "reports%s, SR 0x%08X",
                address + 4 * (uint32_t)i, words[i], words[i + 1], now[i], now[i + 1], flags, sr);
        }
    }
    return error_set(err, STATUS_UNIT,
        "programming the page at 0x%08X: it holds what was asked, yet the flash controller "
        "reports%s, SR 0x%08X",
        address, flags, sr);
}

enum status g0_flash_program_page(
    struct target *target, uint32_t address, const uint32_t *words, struct error *err)
{
    uint32_t sr;
    char flags[96];

    memory_queue_write_word(target->swd, reg(target, FLASH_CR), CR_PG);
    for (uint32_t at = 0; at < target->part->page_len; at += DOUBLE_WORD_LEN) {
        const uint32_t *pair = words + at / 4;
        if (pair[0] == WORD_ERASED && pair[1] == WORD_ERASED) {
            continue;
        }
        memory_queue_write(target->swd, address + at, pair, 2);
        swd_queue_idle_ns(target->swd, target->part->program_max_ns);
    }
    TRY(wait_idle(target, "programming", 2 * target->part->program_max_ns, &sr, err));
    name_flags(sr, flags, sizeof flags);
    if (flags[0] != '\0') {
        return explain(target, address, words, sr, err);
    }
    return memory_write_word(target->swd, reg(target, FLASH_CR), 0, err);
}

enum status g0_flash_clear_ecc(struct target *target, struct error *err)
{
    return memory_write_word(target->swd, reg(target, FLASH_ECCR), ECCR_ECCC | ECCR_ECCD, err);
}

enum status g0_flash_check_ecc(struct target *target, struct error *err)
{
    uint32_t eccr;

    TRY(memory_read_word(target->swd, reg(target, FLASH_ECCR), &eccr, err));
    if ((eccr & (ECCR_ECCC | ECCR_ECCD)) == 0) {
        return STATUS_OK;
    }
    TRY(g0_flash_clear_ecc(target, err));
    return error_set(err, STATUS_UNIT, "flash ECC: %s at %s0x%08X, ECCR 0x%08X",
        (eccr & ECCR_ECCD) != 0 ? "two wrong bits (ECCD)" : "a wrong bit, corrected (ECCC),",
        (eccr & ECCR_SYSTEM_FLASH) != 0 ? "system flash " : "",
        target->part->flash_address + (eccr & ECCR_ADDRESS_MASK) * DOUBLE_WORD_LEN, eccr);
}
