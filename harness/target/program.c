/*
 * Programming and verifying an image. The image decides which pages are touched; a touched page is
 * erased when anything is in it, and written as a whole: what the image leaves open is ones.
 */
#include "harness/base/bytes.h"
#include "harness/base/mem.h"
#include "harness/target/g0_flash.h"
#include "harness/target/memory.h"
#include "harness/target/target.h"
#include "harness/target/target_private.h"

#include <stdlib.h>
#include <string.h>

/* What is to be done with each page of the flash. */
struct page_plan {
    size_t page_count;
    size_t touched_count;
    size_t erase_count;
    bool *is_touched;
    bool *needs_erase;
    uint32_t *words; /* the whole flash as it shall be, where it is touched */
};

static enum status check_image(
    const struct target *target, const struct image *image, struct error *err)
{
    if (target->part == NULL) {
        return error_set(err, STATUS_RANGE, "no target is attached");
    }
    uint64_t first = target->part->flash_address;
    uint64_t end = first + target->flash_len;
    if (image->segment_count == 0) {
        return error_set(err, STATUS_RANGE, "the image is empty");
    }
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct image_segment *segment = &image->segments[i];
        uint64_t segment_end = (uint64_t)segment->address + segment->bytes.len;
        if (segment->address < first || segment_end > end) {
            return error_set(err, STATUS_RANGE,
                "the image has %zu bytes at 0x%08X, the flash of %s reaches from 0x%08X to 0x%08X",
                segment->bytes.len, segment->address, target->part->name, (uint32_t)first,
                (uint32_t)(end - 1));
        }
    }
    return STATUS_OK;
}

static void plan_finish(struct page_plan *plan)
{
    free(plan->is_touched);
    free(plan->needs_erase);
    free(plan->words);
}

/* Put one byte of the image where it belongs in the words. */
static void put_byte(uint32_t *words, size_t offset, uint8_t byte)
{
    unsigned shift = 8 * (unsigned)(offset % 4);

    words[offset / 4] = (words[offset / 4] & ~(0xFFu << shift)) | (uint32_t)byte << shift;
}

static void plan_init(
    struct page_plan *plan, const struct target *target, const struct image *image)
{
    uint32_t page_len = target->part->page_len;

    *plan = (struct page_plan){.page_count = target->flash_len / page_len};
    plan->is_touched = mem_alloc(plan->page_count, sizeof plan->is_touched[0]);
    plan->needs_erase = mem_alloc(plan->page_count, sizeof plan->needs_erase[0]);
    plan->words = mem_alloc(target->flash_len / 4, sizeof plan->words[0]);
    memset(plan->words, 0xFF, target->flash_len);
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct image_segment *segment = &image->segments[i];
        size_t start = segment->address - target->part->flash_address;
        for (size_t at = 0; at < segment->bytes.len; at++) {
            put_byte(plan->words, start + at, segment->bytes.data[at]);
            plan->is_touched[(start + at) / page_len] = true;
        }
    }
    for (size_t page = 0; page < plan->page_count; page++) {
        plan->touched_count += plan->is_touched[page] ? 1u : 0u;
    }
}

static bool is_blank(const uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i] != UINT32_MAX) {
            return false;
        }
    }
    return true;
}

static uint32_t page_address(const struct target *target, size_t page)
{
    return target->part->flash_address + (uint32_t)page * target->part->page_len;
}

/* A look at the beginning of every touched page, all in one batch: most have something there. */
static enum status look_at_heads(struct target *target, struct page_plan *plan, struct error *err)
{
    enum {
        HEAD_WORDS = 16
    };

    uint32_t *heads = mem_alloc(plan->page_count * HEAD_WORDS, sizeof *heads);

    for (size_t page = 0; page < plan->page_count; page++) {
        if (plan->is_touched[page]) {
            memory_queue_read(
                target->swd, page_address(target, page), heads + page * HEAD_WORDS, HEAD_WORDS);
        }
    }
    enum status status =
        memory_flush(target->swd, "looking at the pages from", target->part->flash_address, err);
    for (size_t page = 0; status == STATUS_OK && page < plan->page_count; page++) {
        plan->needs_erase[page] =
            plan->is_touched[page] && !is_blank(heads + page * HEAD_WORDS, HEAD_WORDS);
    }
    free(heads);
    return status;
}

/* Read the rest of the pages that look blank so far. */
static enum status look_at_rest(struct target *target, struct page_plan *plan, struct error *err)
{
    size_t count = target->part->page_len / 4;
    uint32_t *words = mem_alloc(count, sizeof *words);
    enum status status = STATUS_OK;

    for (size_t page = 0; status == STATUS_OK && page < plan->page_count; page++) {
        if (plan->is_touched[page] && !plan->needs_erase[page]) {
            status = memory_read(target->swd, page_address(target, page), words, count, err);
            plan->needs_erase[page] = status == STATUS_OK && !is_blank(words, count);
        }
    }
    free(words);
    return status;
}

/*
 * Find out which touched pages are not blank. A page cut off in the middle of an operation can read
 * as ones and have wrong check bits: then all touched pages are erased.
 */
static enum status look_for_content(
    struct target *target, struct page_plan *plan, struct error *err)
{
    TRY(g0_flash_clear_ecc(target, err));
    TRY(look_at_heads(target, plan, err));
    TRY(look_at_rest(target, plan, err));
    enum status checked = g0_flash_check_ecc(target, err);
    if (checked != STATUS_OK && checked != STATUS_UNIT) {
        return checked;
    }
    bool is_doubtful = checked == STATUS_UNIT;
    for (size_t page = 0; page < plan->page_count; page++) {
        plan->needs_erase[page] =
            plan->is_touched[page] && (plan->needs_erase[page] || is_doubtful);
        plan->erase_count += plan->needs_erase[page] ? 1u : 0u;
    }
    return STATUS_OK;
}

static enum status erase(struct target *target, const struct page_plan *plan, struct error *err)
{
    size_t done = 0;

    target_report(target, "erase", 0, plan->erase_count);
    if (plan->erase_count == plan->page_count) {
        TRY(g0_flash_erase_all(target, err));
        target_report(target, "erase", 1, 1);
        return STATUS_OK;
    }
    for (size_t page = 0; page < plan->page_count; page++) {
        if (plan->needs_erase[page]) {
            TRY(g0_flash_erase_page(target, page_address(target, page), err));
            target_report(target, "erase", ++done, plan->erase_count);
        }
    }
    return STATUS_OK;
}

static enum status program(struct target *target, const struct page_plan *plan, struct error *err)
{
    size_t page_words = target->part->page_len / 4;
    size_t done = 0;

    target_report(target, "program", 0, plan->touched_count);
    for (size_t page = 0; page < plan->page_count; page++) {
        if (plan->is_touched[page]) {
            TRY(g0_flash_program_page(
                target, page_address(target, page), plan->words + page * page_words, err));
            target_report(target, "program", ++done, plan->touched_count);
        }
    }
    return STATUS_OK;
}

static enum status carry_out(struct target *target, struct page_plan *plan, struct error *err)
{
    TRY(look_for_content(target, plan, err));
    TRY(g0_flash_unlock(target, err));
    enum status status = erase(target, plan, err);
    if (status == STATUS_OK) {
        status = program(target, plan, err);
    }
    enum status lock_status = g0_flash_lock(target, status == STATUS_OK ? err : NULL);
    return status != STATUS_OK ? status : lock_status;
}

enum status target_program(struct target *target, const struct image *image, struct error *err)
{
    struct page_plan plan;

    TRY(check_image(target, image, err));
    TRY(target_reset_and_halt(target, err));
    plan_init(&plan, target, image);
    enum status status = carry_out(target, &plan, err);
    plan_finish(&plan);
    return status;
}

/* Compare @p len bytes of a segment with the words that hold them; @p skip bytes come before. */
static enum status compare(const uint32_t *words, size_t skip, uint32_t address,
    const uint8_t *wanted, size_t len, struct error *err)
{
    for (size_t i = 0; i < len; i++) {
        uint32_t word = words[(skip + i) / 4];
        uint8_t byte = (uint8_t)(word >> 8 * ((skip + i) % 4));
        if (byte != wanted[i]) {
            return error_set(err, STATUS_UNIT,
                "0x%08X: asked for %02X, there is %02X (word %08X at 0x%08X)",
                address + (uint32_t)i, (unsigned)wanted[i], (unsigned)byte, word,
                (address + (uint32_t)i) & ~3u);
        }
    }
    return STATUS_OK;
}

static size_t image_len(const struct image *image)
{
    size_t len = 0;

    for (size_t i = 0; i < image->segment_count; i++) {
        len += image->segments[i].bytes.len;
    }
    return len;
}

static enum status verify_segment(struct target *target, const struct image_segment *segment,
    uint32_t *words, size_t *done, size_t all, struct error *err)
{
    enum {
        BATCH_LEN = 4 * (MEMORY_BATCH_WORDS - 1)
    };

    for (size_t at = 0; at < segment->bytes.len;) {
        uint32_t address = segment->address + (uint32_t)at;
        size_t skip = address % 4;
        size_t left = segment->bytes.len - at;
        size_t len = left < BATCH_LEN ? left : BATCH_LEN;
        TRY(memory_read(target->swd, address - (uint32_t)skip, words, (skip + len + 3) / 4, err));
        TRY(compare(words, skip, address, segment->bytes.data + at, len, err));
        at += len;
        *done += len;
        target_report(target, "verify", *done, all);
    }
    return STATUS_OK;
}

enum status target_verify(struct target *target, const struct image *image, struct error *err)
{
    size_t all = image_len(image);
    size_t done = 0;

    TRY(check_image(target, image, err));
    TRY(g0_flash_clear_ecc(target, err));
    uint32_t *words = mem_alloc(MEMORY_BATCH_WORDS, sizeof *words);
    enum status status = STATUS_OK;
    target_report(target, "verify", 0, all);
    for (size_t i = 0; i < image->segment_count && status == STATUS_OK; i++) {
        status = verify_segment(target, &image->segments[i], words, &done, all, err);
    }
    free(words);
    TRY(status);
    return g0_flash_check_ecc(target, err);
}
