/*
 * One transfer is 48 clocks, six bytes, least significant bit first, shifted out and in at once:
 *
 *     bit    0     8 9    12 13                 45 46  47
 *     write  request T ACK T  data, 32 bits     P  idle         T: turnaround
 *     read   request T ACK data, 32 bits   P  T    idle         P: parity of the data
 *                          12              44
 *
 * With ORUNDETECT set the data phase is there whatever the ACK, so nothing of this ever shifts.
 * The probe drives ones where the target answers; silence reads as ACK 7, which is none.
 *
 * What a bad ACK means for the rest of the batch:
 *
 *     WAIT     sticky overrun: all that follow get FAULT and are not performed. Clear it by ABORT
 *              and repeat from the refused one.
 *     FAULT    the one before (AP accesses are posted) failed on the bus: report. Written data that
 *              came with wrong parity shows here too (WDATAERR): repeat from that one, once.
 *     no ACK   the target is out of step until a line reset and a read of DPIDR. What it performed
 *              is not known, so the batch is repeated from where repeating does no harm: the last
 *              write of TAR. Once.
 *
 * Source: ARM IHI 0031 (ADIv5.2) sections B2.2 (registers), B4.1 to B4.3 (protocol), B4.2.3
 * (overrun), B5.2 (switching from JTAG), C2.2 (MEM-AP).
 */
#include "harness/link/swd.h"

#include "harness/base/bytes.h"
#include "harness/base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRANSFER_LEN = 6, /* bytes on the wire, each way */
    ACK_OK = 1,
    ACK_WAIT = 2,
    ACK_FAULT = 4,
    DP_DPIDR = 0x0, /* read */
    DP_ABORT = 0x0, /* write */
    DP_CTRL_STAT = 0x4,
    DP_SELECT = 0x8,
    DP_RDBUFF = 0xC,
    AP_TAR = 0x4,
    AP_DRW = 0xC,
    ABORT_CLEAR_OVERRUN = 0x10, /* ORUNERRCLR */
    ABORT_CLEAR_ALL = 0x1E,     /* it and STKCMPCLR, STKERRCLR, WDERRCLR */
    STAT_STICKYORUN = 1 << 1,
    STAT_STICKYCMP = 1 << 4,
    STAT_STICKYERR = 1 << 5,
    STAT_WDATAERR = 1 << 7,
    PIN_NRST = 0x10,
    PINS_DRIVEN = 0x03 /* SWCLK and TDI */
};

#define CTRL_POWER_UP_ORUNDETECT 0x50000001u /* CSYSPWRUPREQ, CDBGPWRUPREQ, ORUNDETECT */
#define STAT_POWER_UP_ACKS       0xA0000000u /* CSYSPWRUPACK, CDBGPWRUPACK */

#define FLUSH_TIMEOUT_NS    UINT64_C(1000000000) /* on top of twice the time on the wire */
#define WAIT_TIMEOUT_NS     UINT64_C(200000000)  /* a page erase stalls the bus for 40 ms */
#define POWER_UP_TIMEOUT_NS UINT64_C(100000000)

enum {
    WAIT_TRIES_MAX = 1000,
    LINE_RESETS_MAX = 1, /* in one flush */
    CONNECT_TRIES = 3
};

enum entry_kind {
    ENTRY_TRANSFER,
    ENTRY_IDLE,
    ENTRY_NRST
};

struct entry {
    enum entry_kind kind;
    bool is_nrst_low;
    uint8_t request;
    uint32_t out;
    uint32_t *value; /* takes the data of this transfer; NULL: nobody wants it */
    size_t idle_bytes;
};

struct swd {
    struct mpsse *mpsse;
    uint32_t clock_hz;
    uint32_t dpidr;
    struct entry *entries;
    size_t count;
    size_t capacity;
    struct buffer out;
    struct buffer in; /* TRANSFER_LEN bytes for each entry */
    uint32_t *posted; /* destination of the AP read whose data has not come yet */
    bool has_posted;
    bool is_ap_open; /* an AP access is not yet proven by a read of RDBUFF */
    bool is_nrst_low;
    bool is_lost; /* the line must be reset before anything else */
};

static unsigned parity_of(uint32_t value)
{
    value ^= value >> 16;
    value ^= value >> 8;
    value ^= value >> 4;
    return (0x6996u >> (value & 15u)) & 1u;
}

static uint8_t request_of(enum swd_port port, bool is_read, uint8_t address)
{
    unsigned bits = (unsigned)port | (is_read ? 2u : 0u) | (address & 0xCu);

    return (uint8_t)(0x81u | bits << 1 | parity_of(bits) << 5);
}

static bool is_read(const struct entry *entry)
{
    return (entry->request & 0x04) != 0;
}

static bool is_ap(const struct entry *entry)
{
    return entry->kind == ENTRY_TRANSFER && (entry->request & 0x02) != 0;
}

static uint8_t address_of(const struct entry *entry)
{
    return (uint8_t)((entry->request >> 1) & 0xCu);
}

static void put_le48(uint8_t *at, uint64_t bits)
{
    for (unsigned i = 0; i < TRANSFER_LEN; i++) {
        at[i] = (uint8_t)(bits >> (8 * i));
    }
}

static uint64_t get_le48(const uint8_t *at)
{
    return bytes_get_le32(at) | (uint64_t)bytes_get_le16(at + 4) << 32;
}

static void encode(const struct entry *entry, uint8_t *at)
{
    uint64_t bits = entry->request;

    if (is_read(entry)) {
        bits |= UINT64_C(0x1FFFFFFFFF) << 8; /* ones while the target drives */
    } else {
        bits |= UINT64_C(0x1F) << 8 | (uint64_t)entry->out << 13 |
                (uint64_t)parity_of(entry->out) << 45;
    }
    put_le48(at, bits);
}

static unsigned ack_in(const uint8_t *in)
{
    return (unsigned)(get_le48(in) >> 9) & 7u;
}

static uint32_t data_in(const uint8_t *in)
{
    return (uint32_t)(get_le48(in) >> 12);
}

static bool has_right_parity(const uint8_t *in)
{
    return (unsigned)(get_le48(in) >> 44 & 1u) == parity_of(data_in(in));
}

struct swd *swd_create(struct mpsse *mpsse, uint32_t clock_hz)
{
    struct swd *swd = mem_alloc(1, sizeof *swd);

    swd->mpsse = mpsse;
    swd->clock_hz = clock_hz;
    return swd;
}

void swd_destroy(struct swd *swd)
{
    if (swd == NULL) {
        return;
    }
    buffer_finish(&swd->out);
    buffer_finish(&swd->in);
    free(swd->entries);
    free(swd);
}

struct clock *swd_clock(struct swd *swd)
{
    return mpsse_link(swd->mpsse)->clock;
}

static struct entry *append(struct swd *swd, enum entry_kind kind)
{
    if (swd->count == swd->capacity) {
        swd->capacity = 2 * swd->capacity + 64;
        swd->entries = mem_resize(swd->entries, swd->capacity, sizeof swd->entries[0]);
    }
    struct entry *entry = &swd->entries[swd->count++];
    *entry = (struct entry){.kind = kind};
    return entry;
}

static void append_rdbuff(struct swd *swd)
{
    struct entry *entry = append(swd, ENTRY_TRANSFER);

    entry->request = request_of(SWD_DP, true, DP_RDBUFF);
    entry->value = swd->posted;
    swd->posted = NULL;
    swd->has_posted = false;
    swd->is_ap_open = false;
}

void swd_queue_write(struct swd *swd, enum swd_port port, uint8_t address, uint32_t value)
{
    if (swd->has_posted) {
        append_rdbuff(swd);
    }
    struct entry *entry = append(swd, ENTRY_TRANSFER);
    entry->request = request_of(port, false, address);
    entry->out = value;
    swd->is_ap_open = swd->is_ap_open || port == SWD_AP;
}

void swd_queue_read(struct swd *swd, enum swd_port port, uint8_t address, uint32_t *value)
{
    if (port == SWD_DP && swd->has_posted) {
        append_rdbuff(swd);
    }
    struct entry *entry = append(swd, ENTRY_TRANSFER);
    entry->request = request_of(port, true, address);
    if (port == SWD_DP) {
        entry->value = value;
        return;
    }
    entry->value = swd->posted; /* of the AP read before this one */
    swd->posted = value;
    swd->has_posted = true;
    swd->is_ap_open = true;
}

void swd_queue_idle_ns(struct swd *swd, uint64_t span_ns)
{
    uint64_t clocks = (span_ns * swd->clock_hz + NS_PER_S - 1) / NS_PER_S;

    append(swd, ENTRY_IDLE)->idle_bytes = (size_t)((clocks + 7) / 8);
}

void swd_queue_nrst(struct swd *swd, bool is_low)
{
    append(swd, ENTRY_NRST)->is_nrst_low = is_low;
}

static void queue_reset(struct swd *swd)
{
    swd->count = 0;
    swd->posted = NULL;
    swd->has_posted = false;
    swd->is_ap_open = false;
}

static void queue_pins(struct swd *swd)
{
    mpsse_queue_pins(swd->mpsse, 0, swd->is_nrst_low ? PINS_DRIVEN | PIN_NRST : PINS_DRIVEN);
}

/* Send what the MPSSE queue holds; after a failure nobody knows where the target stands. */
static enum status shift(struct swd *swd, struct error *err)
{
    uint64_t clock_ns = 1 + NS_PER_S / mpsse_clock_hz(swd->mpsse);
    uint64_t wire_ns = mpsse_queued_clocks(swd->mpsse) * clock_ns;
    enum status status = mpsse_flush(swd->mpsse, FLUSH_TIMEOUT_NS + 2 * wire_ns, err);

    if (status != STATUS_OK) {
        swd->is_lost = true;
    }
    return status;
}

/* Queue entries [first, last), which are transfers without a gap, as one duplex shift. */
static void queue_run(struct swd *swd, size_t first, size_t last)
{
    size_t len = (last - first) * TRANSFER_LEN;

    if (len == 0) {
        return;
    }
    buffer_reset(&swd->out);
    uint8_t *out = buffer_grow(&swd->out, len);
    for (size_t i = first; i < last; i++) {
        encode(&swd->entries[i], out + (i - first) * TRANSFER_LEN);
    }
    mpsse_queue_bytes_lsb(
        swd->mpsse, MPSSE_OUT_FALLING_IN_RISING, out, swd->in.data + first * TRANSFER_LEN, len);
}

static enum status send_from(struct swd *swd, size_t start, struct error *err)
{
    size_t first = start;

    mpsse_queue_clock(swd->mpsse, swd->clock_hz);
    for (size_t i = start; i < swd->count; i++) {
        const struct entry *entry = &swd->entries[i];
        if (entry->kind == ENTRY_TRANSFER) {
            continue;
        }
        queue_run(swd, first, i);
        first = i + 1;
        if (entry->kind == ENTRY_IDLE) {
            mpsse_queue_idle(swd->mpsse, entry->idle_bytes);
        } else {
            swd->is_nrst_low = entry->is_nrst_low;
            queue_pins(swd);
        }
    }
    queue_run(swd, first, swd->count);
    return shift(swd, err);
}

/* One transfer outside the queue, for recovery. @p ack gets what the target said. */
static enum status transfer_now(struct swd *swd, const uint8_t *before, size_t before_len,
    struct entry entry, uint32_t *data, unsigned *ack, struct error *err)
{
    uint8_t out[TRANSFER_LEN];
    uint8_t in[TRANSFER_LEN];

    mpsse_queue_clock(swd->mpsse, swd->clock_hz);
    if (before_len > 0) {
        mpsse_queue_bytes_lsb(swd->mpsse, MPSSE_OUT_FALLING_IN_RISING, before, NULL, before_len);
    }
    encode(&entry, out);
    mpsse_queue_bytes_lsb(swd->mpsse, MPSSE_OUT_FALLING_IN_RISING, out, in, sizeof out);
    TRY(shift(swd, err));
    *ack = ack_in(in);
    if (data != NULL) {
        *data = data_in(in);
        if (*ack == ACK_OK && !has_right_parity(in)) {
            *ack = 7;
        }
    }
    return STATUS_OK;
}

static enum status write_dp_now(
    struct swd *swd, uint8_t address, uint32_t value, unsigned *ack, struct error *err)
{
    struct entry entry = {.request = request_of(SWD_DP, false, address), .out = value};

    return transfer_now(swd, NULL, 0, entry, NULL, ack, err);
}

static enum status read_dp_now(
    struct swd *swd, uint8_t address, uint32_t *value, unsigned *ack, struct error *err)
{
    struct entry entry = {.request = request_of(SWD_DP, true, address)};

    return transfer_now(swd, NULL, 0, entry, value, ack, err);
}

static const char *ack_name(unsigned ack)
{
    switch (ack) {
    case ACK_OK:
        return "OK";
    case ACK_WAIT:
        return "WAIT";
    case ACK_FAULT:
        return "FAULT";
    case 7:
        return "none (SWDIO stays high)";
    case 0:
        return "none (SWDIO stays low)";
    default:
        return "nonsense";
    }
}

/* "transfer 5 of 12 (write AP 0xC)" */
static const char *place(const struct swd *swd, size_t index, char *text, size_t capacity)
{
    const struct entry *entry = &swd->entries[index];
    size_t no = 0;
    size_t all = 0;

    for (size_t i = 0; i < swd->count; i++) {
        all += swd->entries[i].kind == ENTRY_TRANSFER ? 1u : 0u;
        no = i == index ? all : no;
    }
    (void)snprintf(text, capacity, "transfer %zu of %zu (%s %s 0x%X)", no, all,
        is_read(entry) ? "read" : "write", is_ap(entry) ? "AP" : "DP", (unsigned)address_of(entry));
    return text;
}

/*
 * Line reset, read of DPIDR, sticky flags cleared; the power-up state must have survived.
 * @p stat gets CTRL/STAT as it was before clearing.
 */
static enum status reset_line(struct swd *swd, uint32_t *stat, struct error *err)
{
    static const uint8_t line_reset[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00};
    struct entry read_dpidr = {.request = request_of(SWD_DP, true, DP_DPIDR)};
    uint32_t dpidr;
    unsigned ack;

    *stat = 0;
    TRY(transfer_now(swd, line_reset, sizeof line_reset, read_dpidr, &dpidr, &ack, err));
    if (ack != ACK_OK) {
        swd->is_lost = true;
        return error_set(err, STATUS_UNIT,
            "the target does not answer after a line reset: ACK %u, %s", ack, ack_name(ack));
    }
    if (dpidr != swd->dpidr) {
        swd->is_lost = true;
        return error_set(err, STATUS_UNIT, "DPIDR was 0x%08X and is 0x%08X after a line reset",
            swd->dpidr, dpidr);
    }
    TRY(read_dp_now(swd, DP_CTRL_STAT, stat, &ack, err));
    if (ack == ACK_OK) {
        TRY(write_dp_now(swd, DP_ABORT, ABORT_CLEAR_ALL, &ack, err));
    }
    if (ack != ACK_OK || (*stat & STAT_POWER_UP_ACKS) != STAT_POWER_UP_ACKS) {
        swd->is_lost = true;
        return error_set(err, STATUS_UNIT,
            "the debug port lost its state: after a line reset ACK %u, CTRL/STAT 0x%08X", ack,
            *stat);
    }
    swd->is_lost = false;
    return STATUS_OK;
}

/*
 * The last entry at or before @p index from which repeating does no harm; swd->count: there is
 * none. DRW moves TAR, so whoever repeats it must set TAR first.
 */
static size_t anchor_before(const struct swd *swd, size_t index)
{
    for (size_t i = index + 1; i-- > 0;) {
        const struct entry *entry = &swd->entries[i];
        if (entry->kind == ENTRY_NRST) {
            return swd->count;
        }
        if (is_ap(entry) && !is_read(entry) && address_of(entry) == AP_TAR) {
            return i;
        }
    }
    for (size_t i = 0; i <= index; i++) {
        if (is_ap(&swd->entries[i]) && address_of(&swd->entries[i]) == AP_DRW) {
            return swd->count;
        }
    }
    return 0;
}

enum problem_kind {
    PROBLEM_NONE,
    PROBLEM_ACK,
    PROBLEM_PARITY
};

struct problem {
    enum problem_kind kind;
    size_t index;
    unsigned ack;
    bool is_last_word; /* nothing behind it was accepted */
};

/* The first transfer from @p start on that was refused or answered with wrong parity. */
static struct problem find_problem(const struct swd *swd, size_t start)
{
    struct problem problem = {.kind = PROBLEM_NONE, .index = swd->count, .is_last_word = true};

    for (size_t i = start; i < swd->count; i++) {
        const uint8_t *in = swd->in.data + i * TRANSFER_LEN;
        if (swd->entries[i].kind != ENTRY_TRANSFER) {
            continue;
        }
        unsigned ack = ack_in(in);
        bool is_parity_wrong = ack == ACK_OK && is_read(&swd->entries[i]) && !has_right_parity(in);
        if (problem.kind != PROBLEM_NONE) {
            problem.is_last_word = problem.is_last_word && ack != ACK_OK;
        } else if (ack != ACK_OK || is_parity_wrong) {
            problem.kind = is_parity_wrong ? PROBLEM_PARITY : PROBLEM_ACK;
            problem.index = i;
            problem.ack = ack;
        }
    }
    return problem;
}

/* Where the flush stands between its tries. */
struct progress {
    size_t start;      /* everything before it is done */
    size_t best;       /* how far it came before */
    uint64_t since_ns; /* when it came there */
    unsigned wait_tries;
    unsigned line_resets;
};

/*
 * After WAIT: clear the overrun, go on from the transfer refused, give up without progress. Nothing
 * but the overrun is cleared: the access that the AP is busy with may still fail and must be seen.
 */
static enum status go_on_after_wait(
    struct swd *swd, const struct problem *problem, struct progress *progress, struct error *err)
{
    uint64_t now_ns = clock_now_ns(swd_clock(swd));
    unsigned ack;
    char where[64];

    if (problem->index > progress->best || progress->wait_tries == 0) {
        progress->best = problem->index;
        progress->since_ns = now_ns;
        progress->wait_tries = 0;
    }
    progress->wait_tries++;
    TRY(write_dp_now(swd, DP_ABORT, ABORT_CLEAR_OVERRUN, &ack, err));
    if (ack != ACK_OK) {
        swd->is_lost = true;
        return error_set(err, STATUS_UNIT, "%s: WAIT, then ABORT got ACK %u, %s",
            place(swd, problem->index, where, sizeof where), ack, ack_name(ack));
    }
    if (progress->wait_tries > WAIT_TRIES_MAX || now_ns - progress->since_ns > WAIT_TIMEOUT_NS) {
        return error_set(err, STATUS_UNIT, "%s: the target answers WAIT, %u times in %llu us",
            place(swd, problem->index, where, sizeof where), progress->wait_tries,
            (unsigned long long)((now_ns - progress->since_ns) / NS_PER_US));
    }
    progress->start = problem->index;
    return STATUS_OK;
}

static const char *stat_flags(uint32_t stat)
{
    if ((stat & STAT_WDATAERR) != 0) {
        return "WDATAERR, written data arrived with wrong parity";
    }
    if ((stat & STAT_STICKYERR) != 0) {
        return "STICKYERR, the bus refused an access";
    }
    if ((stat & STAT_STICKYCMP) != 0) {
        return "STICKYCMP";
    }
    return "no reason given";
}

/* After silence or wrong parity: line reset, then once more from the anchor. */
static enum status go_on_after_line_reset(
    struct swd *swd, const struct problem *problem, struct progress *progress, struct error *err)
{
    size_t anchor = anchor_before(swd, problem->index);
    const char *what = problem->kind == PROBLEM_PARITY ? "wrong parity" : ack_name(problem->ack);
    struct error cause = {.text = ""};
    uint32_t stat;
    char where[64];

    (void)place(swd, problem->index, where, sizeof where);
    enum status status = reset_line(swd, &stat, &cause);
    if (status != STATUS_OK) {
        return error_set(
            err, status, "%s: ACK %u, %s; %.150s", where, problem->ack, what, cause.text);
    }
    if ((stat & (STAT_STICKYERR | STAT_WDATAERR)) != 0) {
        return error_set(err, STATUS_UNIT, "%s: ACK %u, %s, and CTRL/STAT 0x%08X: %s", where,
            problem->ack, what, stat, stat_flags(stat));
    }
    if (progress->line_resets >= LINE_RESETS_MAX) {
        return error_set(err, STATUS_UNIT, "%s: ACK %u, %s, again after a line reset", where,
            problem->ack, what);
    }
    if (anchor == swd->count) {
        return error_set(err, STATUS_UNIT,
            "%s: ACK %u, %s; the batch has no point from which it could be repeated", where,
            problem->ack, what);
    }
    progress->line_resets++;
    progress->start = anchor;
    return STATUS_OK;
}

/* The write right before entry @p index, or swd->count: there is none. */
static size_t write_before(const struct swd *swd, size_t index)
{
    while (index-- > 0) {
        if (swd->entries[index].kind == ENTRY_TRANSFER) {
            return is_read(&swd->entries[index]) ? swd->count : index;
        }
    }
    return swd->count;
}

/* After FAULT: ask why, clear it; overrun and spoilt data can be repeated, a bus error cannot. */
static enum status go_on_after_fault(
    struct swd *swd, const struct problem *problem, struct progress *progress, struct error *err)
{
    uint32_t stat;
    unsigned ack;
    char where[64];

    TRY(read_dp_now(swd, DP_CTRL_STAT, &stat, &ack, err));
    if (ack != ACK_OK) {
        return go_on_after_line_reset(swd, problem, progress, err);
    }
    if ((stat & (STAT_STICKYERR | STAT_WDATAERR)) == 0 && (stat & STAT_STICKYORUN) != 0) {
        return go_on_after_wait(swd, problem, progress, err);
    }
    TRY(write_dp_now(swd, DP_ABORT, ABORT_CLEAR_ALL, &ack, err));
    swd->is_lost = ack != ACK_OK;
    bool is_spoilt_data = (stat & STAT_WDATAERR) != 0 && (stat & STAT_STICKYERR) == 0;
    size_t spoilt = write_before(swd, problem->index);
    if (is_spoilt_data && !swd->is_lost && spoilt < swd->count &&
        progress->line_resets < LINE_RESETS_MAX) {
        progress->line_resets++;
        progress->start = spoilt;
        return STATUS_OK;
    }
    return error_set(err, STATUS_UNIT, "%s: FAULT, CTRL/STAT 0x%08X: %s",
        place(swd, problem->index, where, sizeof where), stat, stat_flags(stat));
}

static enum status go_on(
    struct swd *swd, const struct problem *problem, struct progress *progress, struct error *err)
{
    if (problem->kind == PROBLEM_ACK && problem->is_last_word) {
        if (problem->ack == ACK_WAIT) {
            return go_on_after_wait(swd, problem, progress, err);
        }
        if (problem->ack == ACK_FAULT) {
            return go_on_after_fault(swd, problem, progress, err);
        }
    }
    return go_on_after_line_reset(swd, problem, progress, err);
}

static void deliver(const struct swd *swd)
{
    for (size_t i = 0; i < swd->count; i++) {
        if (swd->entries[i].value != NULL) {
            *swd->entries[i].value = data_in(swd->in.data + i * TRANSFER_LEN);
        }
    }
}

static bool has_transfers(const struct swd *swd)
{
    for (size_t i = 0; i < swd->count; i++) {
        if (swd->entries[i].kind == ENTRY_TRANSFER) {
            return true;
        }
    }
    return false;
}

static enum status run_queue(struct swd *swd, struct error *err)
{
    struct progress progress = {0};

    if (swd->is_lost && has_transfers(swd)) {
        uint32_t stat; /* what it says of the batch that failed was reported then */
        TRY(reset_line(swd, &stat, err));
    }
    if (swd->is_ap_open) {
        append_rdbuff(swd); /* also the only proof of the last AP write */
    }
    buffer_reset(&swd->in);
    (void)buffer_grow(&swd->in, swd->count * TRANSFER_LEN);
    for (;;) {
        TRY(send_from(swd, progress.start, err));
        struct problem problem = find_problem(swd, progress.start);
        if (problem.kind == PROBLEM_NONE) {
            deliver(swd);
            return STATUS_OK;
        }
        TRY(go_on(swd, &problem, &progress, err));
    }
}

enum status swd_flush(struct swd *swd, struct error *err)
{
    enum status status = run_queue(swd, err);

    queue_reset(swd);
    return status;
}

/* Line reset, the 16 bits that switch SWJ-DP from JTAG, line reset, idle; then DPIDR. */
static enum status switch_to_swd(struct swd *swd, unsigned *ack, struct error *err)
{
    static const uint8_t sequence[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x9E, 0xE7, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00};
    struct entry read_dpidr = {.request = request_of(SWD_DP, true, DP_DPIDR)};

    queue_pins(swd);
    return transfer_now(swd, sequence, sizeof sequence, read_dpidr, &swd->dpidr, ack, err);
}

static enum status power_up(struct swd *swd, struct error *err)
{
    uint64_t deadline_ns = clock_now_ns(swd_clock(swd)) + POWER_UP_TIMEOUT_NS;
    uint32_t stat;

    swd_queue_write(swd, SWD_DP, DP_ABORT, ABORT_CLEAR_ALL);
    swd_queue_write(swd, SWD_DP, DP_SELECT, 0);
    swd_queue_write(swd, SWD_DP, DP_CTRL_STAT, CTRL_POWER_UP_ORUNDETECT);
    for (unsigned tries = 0; tries < WAIT_TRIES_MAX; tries++) {
        swd_queue_read(swd, SWD_DP, DP_CTRL_STAT, &stat);
        TRY(swd_flush(swd, err));
        if ((stat & STAT_POWER_UP_ACKS) == STAT_POWER_UP_ACKS) {
            return STATUS_OK;
        }
        if (clock_now_ns(swd_clock(swd)) > deadline_ns) {
            break;
        }
    }
    return error_set(err, STATUS_UNIT,
        "the debug domain does not power up: CTRL/STAT is 0x%08X, bits 31 and 29 must be set",
        stat);
}

enum status swd_connect(struct swd *swd, uint32_t *dpidr, struct error *err)
{
    unsigned ack = 0;

    assert(swd->count == 0);
    for (unsigned i = 0; i < CONNECT_TRIES && ack != ACK_OK; i++) {
        TRY(switch_to_swd(swd, &ack, err));
    }
    if (ack != ACK_OK) {
        return error_set(err, STATUS_UNIT, "no target answers on SWD: read of DPIDR got ACK %u, %s",
            ack, ack_name(ack));
    }
    swd->is_lost = false;
    TRY(power_up(swd, err));
    *dpidr = swd->dpidr;
    return STATUS_OK;
}
