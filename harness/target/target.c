/*
 * Attach: connect, halt, identify, keep the watchdogs still while the core is halted. When the core
 * cannot be halted as it runs (it sleeps deeply, or its pins are taken) it is caught under reset.
 *
 * Sources: ARM DDI 0419 (ARMv6-M) section C1.6 (DHCSR, DEMCR), B3.2.6 (AIRCR); RM0444 section 40.
 */
#include "harness/target/target.h"

#include "harness/base/bytes.h"
#include "harness/base/mem.h"
#include "harness/target/memory.h"
#include "harness/target/target_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    DP_CTRL_STAT = 0x4,
    NRST_LOW_NS = 1000000,
    NRST_RISE_NS = 1000000, /* pull-up and capacitor on the unit, start of the part */
    HALT_TRIES = 50,        /* each waits HALT_WAIT_NS */
    HALT_WAIT_NS = 1000000,
    UNIQUE_ID_WORDS = 3
};

#define DHCSR_ADDRESS      0xE000EDF0u
#define DHCSR_KEY          0xA05F0000u
#define DHCSR_C_DEBUGEN    0x00000001u
#define DHCSR_C_HALT       0x00000002u
#define DHCSR_S_HALT       0x00020000u
#define DEMCR_ADDRESS      0xE000EDFCu
#define DEMCR_VC_CORERESET 0x00000001u
#define AIRCR_ADDRESS      0xE000ED0Cu
#define AIRCR_SYSRESETREQ  0x05FA0004u

struct target *target_create(struct swd *swd, target_progress_fn progress, void *progress_ctx)
{
    struct target *target = mem_alloc(1, sizeof *target);

    target->swd = swd;
    target->progress = progress;
    target->progress_ctx = progress_ctx;
    return target;
}

void target_destroy(struct target *target)
{
    free(target);
}

void target_report(struct target *target, const char *what, size_t done, size_t all)
{
    if (target->progress != NULL) {
        target->progress(target->progress_ctx, what, all > 0 ? (double)done / (double)all : 1.0);
    }
}

/* Wait until DHCSR says that the core stands still. */
static enum status wait_halted(struct swd *swd, struct error *err)
{
    uint32_t dhcsr = 0;

    for (unsigned i = 0; i < HALT_TRIES; i++) {
        swd_queue_idle_ns(swd, i == 0 ? 0 : HALT_WAIT_NS);
        TRY(memory_read_word(swd, DHCSR_ADDRESS, &dhcsr, err));
        if ((dhcsr & DHCSR_S_HALT) != 0) {
            return STATUS_OK;
        }
    }
    return error_set(err, STATUS_UNIT, "the core does not halt: DHCSR is 0x%08X after %d ms", dhcsr,
        HALT_TRIES * (HALT_WAIT_NS / NS_PER_MS));
}

static enum status connect(struct swd *swd, uint32_t *dpidr, struct error *err)
{
    TRY(swd_connect(swd, dpidr, err));
    memory_queue_setup(swd);
    return STATUS_OK;
}

static enum status halt_running(struct swd *swd, uint32_t *dpidr, struct error *err)
{
    TRY(connect(swd, dpidr, err));
    memory_queue_write_word(swd, DHCSR_ADDRESS, DHCSR_KEY | DHCSR_C_DEBUGEN | DHCSR_C_HALT);
    TRY(memory_flush(swd, "halting by DHCSR", DHCSR_ADDRESS, err));
    return wait_halted(swd, err);
}

static enum status set_nrst(struct swd *swd, bool is_low, uint64_t then_ns, struct error *err)
{
    swd_queue_nrst(swd, is_low);
    swd_queue_idle_ns(swd, then_ns);
    return swd_flush(swd, err);
}

static enum status arm_reset_catch(struct swd *swd, uint32_t *dpidr, struct error *err)
{
    TRY(connect(swd, dpidr, err));
    memory_queue_write_word(swd, DHCSR_ADDRESS, DHCSR_KEY | DHCSR_C_DEBUGEN | DHCSR_C_HALT);
    memory_queue_write_word(swd, DEMCR_ADDRESS, DEMCR_VC_CORERESET);
    return memory_flush(swd, "catching the reset by DEMCR", DEMCR_ADDRESS, err);
}

/* NRST low, connect, catch the first instruction, NRST free: for a core that cannot be halted. */
static enum status halt_under_reset(struct swd *swd, uint32_t *dpidr, struct error *err)
{
    TRY(set_nrst(swd, true, NRST_LOW_NS, err));
    enum status status = arm_reset_catch(swd, dpidr, err);
    enum status release_status =
        set_nrst(swd, false, NRST_RISE_NS, status == STATUS_OK ? err : NULL);
    TRY(status);
    TRY(release_status);
    TRY(wait_halted(swd, err));
    return memory_write_word(swd, DEMCR_ADDRESS, 0, err);
}

static enum status enable_debug_clock(struct target *target, struct error *err)
{
    const struct target_part *part = target->part;
    uint32_t enables;

    TRY(memory_read_word(target->swd, part->debug_clock_address, &enables, err));
    target->had_debug_clock = (enables & part->debug_clock_mask) != 0;
    return memory_write_word(
        target->swd, part->debug_clock_address, enables | part->debug_clock_mask, err);
}

/* The part whose DPIDR this is: DBG_IDCODE can only be asked where that part has it. */
static const struct target_part *part_of_port(uint32_t dpidr)
{
    for (size_t i = 0; i < target_part_count; i++) {
        if (target_parts[i].dpidr == dpidr) {
            return &target_parts[i];
        }
    }
    return NULL;
}

static enum status identify(
    struct target *target, uint32_t dpidr, struct target_info *info, struct error *err)
{
    uint32_t idcode;

    target->part = part_of_port(dpidr);
    if (target->part == NULL) {
        return error_set(err, STATUS_UNIT, "DPIDR 0x%08X is of no known part; expected 0x%08X (%s)",
            dpidr, target_parts[0].dpidr, target_parts[0].name);
    }
    TRY(enable_debug_clock(target, err));
    TRY(memory_read_word(target->swd, target->part->idcode_address, &idcode, err));
    const struct target_part *part = target_part_find(idcode & 0xFFFu);
    if (part == NULL) {
        return error_set(err, STATUS_UNIT,
            "DBG_IDCODE 0x%08X: device id 0x%03X is of no known part; expected 0x%03X (%s)", idcode,
            idcode & 0xFFFu, target->part->device_id, target->part->name);
    }
    target->part = part;
    *info = (struct target_info){.part = part->name,
        .dpidr = dpidr,
        .device_id = idcode & 0xFFFu,
        .revision_id = idcode >> 16};
    return STATUS_OK;
}

static enum status read_signature(
    struct target *target, struct target_info *info, struct error *err)
{
    const struct target_part *part = target->part;
    uint32_t unique_id[UNIQUE_ID_WORDS];
    uint32_t size_kb;

    TRY(memory_read(target->swd, part->unique_id_address, unique_id, UNIQUE_ID_WORDS, err));
    TRY(memory_read_word(target->swd, part->flash_size_address, &size_kb, err));
    for (size_t i = 0; i < UNIQUE_ID_WORDS; i++) {
        bytes_put_le32(info->unique_id + 4 * i, unique_id[i]);
    }
    info->flash_len = (size_kb & 0xFFFFu) * 1024;
    if (info->flash_len == 0 || info->flash_len > part->flash_len ||
        info->flash_len % part->page_len != 0) {
        return error_set(err, STATUS_UNIT, "%s says it has %u KB of flash, its family has up to %u",
            part->name, size_kb & 0xFFFFu, part->flash_len / 1024);
    }
    target->flash_len = info->flash_len;
    return STATUS_OK;
}

static enum status prepare(
    struct target *target, uint32_t dpidr, struct target_info *info, struct error *err)
{
    TRY(identify(target, dpidr, info, err));
    TRY(read_signature(target, info, err));
    return memory_write_word(
        target->swd, target->part->freeze_address, target->part->freeze_watchdogs_mask, err);
}

enum status target_attach(struct target *target, struct target_info *info, struct error *err)
{
    struct error first = {.text = ""};
    uint32_t dpidr = 0;

    target->part = NULL;
    enum status status = halt_running(target->swd, &dpidr, &first);
    if (status == STATUS_UNIT && halt_under_reset(target->swd, &dpidr, NULL) == STATUS_OK) {
        status = STATUS_OK;
    }
    if (status != STATUS_OK) {
        if (err != NULL) {
            *err = first; /* what was tried first says more than what failed under reset */
        }
        return status;
    }
    status = prepare(target, dpidr, info, err);
    if (status != STATUS_OK) {
        target->part = NULL;
    }
    return status;
}

/* The debug block needs its clock to take the write, and a reset since attaching stopped it. */
static enum status thaw_watchdogs(struct target *target, struct error *err)
{
    const struct target_part *part = target->part;
    uint32_t clock_mask = part->debug_clock_mask;
    uint32_t enables;

    TRY(memory_read_word(target->swd, part->debug_clock_address, &enables, err));
    memory_queue_write_word(target->swd, part->debug_clock_address, enables | clock_mask);
    memory_queue_write_word(target->swd, part->freeze_address, 0);
    memory_queue_write_word(target->swd, part->debug_clock_address,
        target->had_debug_clock ? enables | clock_mask : enables & ~clock_mask);
    return memory_flush(target->swd, "letting the watchdogs run by", part->freeze_address, err);
}

/* The core runs already, and a port without power cannot say that it has none: its silence is no
 * fault. */
static enum status power_port_down(struct swd *swd, struct error *err)
{
    struct error own;

    swd_queue_write(swd, SWD_DP, DP_CTRL_STAT, 0);
    enum status status = swd_flush(swd, &own);
    if (status == STATUS_OK || status == STATUS_UNIT) {
        return STATUS_OK;
    }
    if (err != NULL) {
        *err = own;
    }
    return status;
}

enum status target_detach(struct target *target, struct error *err)
{
    struct swd *swd = target->swd;

    if (target->part != NULL) {
        TRY(thaw_watchdogs(target, err));
    }
    target->part = NULL;
    memory_queue_write_word(swd, DEMCR_ADDRESS, 0);
    memory_queue_write_word(swd, DHCSR_ADDRESS, DHCSR_KEY | DHCSR_C_DEBUGEN);
    memory_queue_write_word(swd, DHCSR_ADDRESS, DHCSR_KEY);
    TRY(memory_flush(swd, "letting the core run by DHCSR", DHCSR_ADDRESS, err));
    return power_port_down(swd, err);
}

/* A system reset by AIRCR; the debug port stays connected, its access port may say WAIT. */
static enum status request_reset(struct swd *swd, struct error *err)
{
    memory_queue_write_word(swd, AIRCR_ADDRESS, AIRCR_SYSRESETREQ);
    TRY(memory_flush(swd, "resetting by AIRCR", AIRCR_ADDRESS, err));
    swd_queue_idle_ns(swd, NRST_RISE_NS);
    memory_queue_setup(swd);
    return memory_flush(swd, "going on after the reset by AIRCR", AIRCR_ADDRESS, err);
}

enum status target_reset_and_halt(struct target *target, struct error *err)
{
    struct swd *swd = target->swd;

    memory_queue_write_word(swd, DHCSR_ADDRESS, DHCSR_KEY | DHCSR_C_DEBUGEN | DHCSR_C_HALT);
    memory_queue_write_word(swd, DEMCR_ADDRESS, DEMCR_VC_CORERESET);
    TRY(request_reset(swd, err));
    target->had_debug_clock = false;
    TRY(wait_halted(swd, err));
    return memory_write_word(swd, DEMCR_ADDRESS, 0, err);
}

enum status target_reset(struct target *target, struct error *err)
{
    struct swd *swd = target->swd;
    uint32_t dhcsr;

    memory_queue_write_word(swd, DEMCR_ADDRESS, 0);
    memory_queue_write_word(swd, DHCSR_ADDRESS, DHCSR_KEY | DHCSR_C_DEBUGEN);
    TRY(request_reset(swd, err));
    target->had_debug_clock = false;
    TRY(memory_read_word(swd, DHCSR_ADDRESS, &dhcsr, err));
    if ((dhcsr & DHCSR_S_HALT) != 0) {
        return error_set(
            err, STATUS_UNIT, "the core stands still after a reset: DHCSR is 0x%08X", dhcsr);
    }
    return STATUS_OK;
}

static enum status check_range(uint32_t address, size_t count, struct error *err)
{
    if (address % 4 != 0 || count > (UINT64_C(0x100000000) - address) / 4) {
        return error_set(err, STATUS_RANGE,
            "asked for %zu words at 0x%08X: not aligned to 4, or beyond the address space", count,
            address);
    }
    return STATUS_OK;
}

enum status target_read_words(
    struct target *target, uint32_t address, uint32_t *words, size_t count, struct error *err)
{
    TRY(check_range(address, count, err));
    return memory_read(target->swd, address, words, count, err);
}

enum status target_write_words(
    struct target *target, uint32_t address, const uint32_t *words, size_t count, struct error *err)
{
    TRY(check_range(address, count, err));
    return memory_write(target->swd, address, words, count, err);
}
