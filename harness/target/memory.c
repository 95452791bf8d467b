/*
 * TAR counts up for sure within 1 KB only, so it is written again at each boundary. Its write is
 * also the point from which swd.c may repeat a batch.
 *
 * Source: ARM IHI 0031 (ADIv5.2) section C2.2.2 (address increment), C2.6 (CSW, TAR, DRW).
 */
#include "harness/target/memory.h"

#include <assert.h>

enum {
    DP_SELECT = 0x8,
    AP_CSW = 0x0,
    AP_TAR = 0x4,
    AP_DRW = 0xC,
    INCREMENT_LEN = 1024
};

#define CSW_WORD_INCREMENT 0x23000052u /* privileged data access, DeviceEn, single, 32 bits */

void memory_queue_setup(struct swd *swd)
{
    swd_queue_write(swd, SWD_DP, DP_SELECT, 0);
    swd_queue_write(swd, SWD_AP, AP_CSW, CSW_WORD_INCREMENT);
}

/* True for the first word and at each boundary that TAR may not count over. */
static bool needs_address(uint32_t address, size_t index)
{
    return index == 0 || address % INCREMENT_LEN == 0;
}

void memory_queue_read(struct swd *swd, uint32_t address, uint32_t *words, size_t count)
{
    assert(address % 4 == 0);
    for (size_t i = 0; i < count; i++, address += 4) {
        if (needs_address(address, i)) {
            swd_queue_write(swd, SWD_AP, AP_TAR, address);
        }
        swd_queue_read(swd, SWD_AP, AP_DRW, &words[i]);
    }
}

void memory_queue_write(struct swd *swd, uint32_t address, const uint32_t *words, size_t count)
{
    assert(address % 4 == 0);
    for (size_t i = 0; i < count; i++, address += 4) {
        if (needs_address(address, i)) {
            swd_queue_write(swd, SWD_AP, AP_TAR, address);
        }
        swd_queue_write(swd, SWD_AP, AP_DRW, words[i]);
    }
}

void memory_queue_write_word(struct swd *swd, uint32_t address, uint32_t word)
{
    memory_queue_write(swd, address, &word, 1);
}

enum status memory_flush(struct swd *swd, const char *doing, uint32_t address, struct error *err)
{
    struct error cause = {.text = ""};
    enum status status = swd_flush(swd, &cause);

    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    status = error_set(err, status, "%s 0x%08X: %.200s", doing, address, cause.text);
    if (cause.origin[0] != '\0') {
        return error_from(err, status, "%s", cause.origin);
    }
    return status;
}

enum status memory_read(
    struct swd *swd, uint32_t address, uint32_t *words, size_t count, struct error *err)
{
    for (size_t at = 0; at < count; at += MEMORY_BATCH_WORDS) {
        size_t now = count - at < MEMORY_BATCH_WORDS ? count - at : MEMORY_BATCH_WORDS;
        uint32_t from = address + 4 * (uint32_t)at;
        memory_queue_read(swd, from, words + at, now);
        TRY(memory_flush(swd, "reading", from, err));
    }
    return STATUS_OK;
}

enum status memory_write(
    struct swd *swd, uint32_t address, const uint32_t *words, size_t count, struct error *err)
{
    for (size_t at = 0; at < count; at += MEMORY_BATCH_WORDS) {
        size_t now = count - at < MEMORY_BATCH_WORDS ? count - at : MEMORY_BATCH_WORDS;
        uint32_t to = address + 4 * (uint32_t)at;
        memory_queue_write(swd, to, words + at, now);
        TRY(memory_flush(swd, "writing", to, err));
    }
    return STATUS_OK;
}

enum status memory_read_word(struct swd *swd, uint32_t address, uint32_t *word, struct error *err)
{
    return memory_read(swd, address, word, 1, err);
}

enum status memory_write_word(struct swd *swd, uint32_t address, uint32_t word, struct error *err)
{
    return memory_write(swd, address, &word, 1, err);
}
