/**
 * Random 16-bit instructions on our core and on Unicorn, registers, flags and memory compared.
 *
 *     test_unicorn [COUNT [SEED]]     default 1000000 instructions
 *
 * A sequence is drawn while our core executes it, so that a drawn instruction can be judged by the
 * registers it will meet; then Unicorn runs the same sequence in one go. What is not drawn, and
 * why, is the table of classes below: sections are of the ARMv6-M Architecture Reference Manual,
 * DDI 0419. Where a class is excluded because Unicorn differs, the manual decides, and test_core.c
 * says what is right.
 */
#include "fixtures/virtual/mcu/core.h"
#include "harness/base/bytes.h"
#include "harness/base/rng.h"

#include <unicorn/unicorn.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEQUENCE_LEN = 64,          /* instructions */
    SEQUENCE_SPAN = 4096,       /* bytes of code that one sequence may use */
    CODE_LEN = 8 * 1024 * 1024, /* used once from start to end: Unicorn never meets stale code */
    DATA_BASE = 0x20001000,
    DATA_LEN = 0x1000,
    DRAWS_MAX = 20000
};

/* Classes of instructions. */

static bool is_cbz(uint32_t op)
{
    return (op & 0xF500) == 0xB100;
}

static bool is_it(uint32_t op)
{
    return (op & 0xFF00) == 0xBF00 && (op & 15) != 0;
}

static bool is_setend(uint32_t op)
{
    return (op & 0xFFE0) == 0xB640;
}

static bool is_hint(uint32_t op)
{
    return (op & 0xFF0F) == 0xBF00 && op != 0xBF00;
}

static bool is_cps(uint32_t op)
{
    return (op & 0xFFE0) == 0xB660;
}

static bool is_exception(uint32_t op)
{
    return (op & 0xFF00) == 0xBE00 || (op & 0xFF00) == 0xDF00 || (op & 0xFF00) == 0xDE00;
}

static bool is_wide(uint32_t op)
{
    return op >= 0xE800;
}

static bool is_undefined(uint32_t op)
{
    return (op & 0xFF00) == 0xB800 || (op & 0xFF00) == 0xB700 || (op & 0xFFC0) == 0xBA80 ||
           ((op & 0xFF00) == 0xB600 && (op & 0xFFE0) != 0xB660 && !is_setend(op));
}

static bool is_empty_list(uint32_t op)
{
    bool is_multiple = (op & 0xF000) == 0xC000 && (op & 0xFF) == 0;
    bool is_stack = (op & 0xF600) == 0xB400 && (op & 0x1FF) == 0;

    return is_multiple || is_stack;
}

static bool is_stm_of_moved_base(uint32_t op)
{
    unsigned base = op >> 8 & 7;

    return (op & 0xF800) == 0xC000 && (op >> base & 1) != 0 && (op & ((1u << base) - 1)) != 0;
}

static bool is_odd_high(uint32_t op)
{
    unsigned target = (op & 7) | (op >> 4 & 8);
    unsigned source = op >> 3 & 15;

    switch (op & 0xFF00) {
    case 0x4400:
        return target == 15 && source == 15;
    case 0x4500:
        return (target < 8 && source < 8) || target == 15 || source == 15;
    case 0x4700:
        return (op & 7) != 0 || source == 15;
    default:
        return false;
    }
}

struct exclusion {
    const char *name;
    bool (*holds)(uint32_t op);
    const char *reason;
};

static const struct exclusion exclusions[] = {
    {"CBZ, CBNZ", is_cbz, "not of ARMv6-M, UNDEFINED (A5.2.5); Unicorn executes them"},
    {"IT", is_it, "not of ARMv6-M, UNDEFINED (A5.2.5); Unicorn executes it"},
    {"SETEND", is_setend, "not of ARMv6-M, UNDEFINED (A5.2.5); Unicorn accepts it"},
    {"WFI, WFE, SEV, YIELD, reserved hints", is_hint, "they sleep or signal (A5.2.5)"},
    {"CPS", is_cps, "changes what the system does next (B4.2, CPS)"},
    {"BKPT, SVC, UDF", is_exception, "exceptions (A6.7, of these names)"},
    {"32-bit encodings", is_wide, "two half-words (A5.3); BL is drawn on its own"},
    {"UNDEFINED 16-bit encodings", is_undefined, "a HardFault (A5.1.1)"},
    {"empty register lists", is_empty_list, "UNPREDICTABLE (A6.7, LDM, STM, PUSH, POP)"},
    {"STM of a base that is not the lowest", is_stm_of_moved_base,
        "an UNKNOWN value is stored (A6.7, STM)"},
    {"ADD PC,PC; CMP low,low or PC; BX with SBZ bits", is_odd_high,
        "UNPREDICTABLE (A6.7, of these names)"},
};

enum {
    EXCLUSION_COUNT = sizeof exclusions / sizeof exclusions[0]
};

/* Classes that depend on the registers: */
enum {
    BY_STATE_MEMORY, /* address outside the data, or unaligned: a fault (A3.2.1) */
    BY_STATE_BRANCH, /* target outside the sequence, used already, or without T (A2.3.2) */
    BY_STATE_SP,     /* SP bits 1:0 are 0 in ARMv6-M (B1.4.3); Unicorn leaves them set */
    BY_STATE_COUNT
};

static const char *const state_exclusions[BY_STATE_COUNT] = {
    "memory outside the data or unaligned",
    "branch out of the sequence, back into it, or to an even address",
    "SP written with bits 1:0 set",
};

struct snapshot {
    uint32_t r[16];
    uint32_t apsr;
    uint8_t data[DATA_LEN];
};

struct bench {
    struct core core;
    struct rng rng;
    uc_engine *uc;
    uint8_t *code; /* seen by both */
    uint8_t data[DATA_LEN];
    uint32_t base; /* of the present sequence */
    bool is_used[SEQUENCE_SPAN / 2];
    struct snapshot start; /* of the present sequence */
    uint16_t trace[SEQUENCE_LEN + 1];
    uint32_t trace_address[SEQUENCE_LEN + 1];
    unsigned trace_len;
    uint64_t by_group[32]; /* executed, by the five upper bits */
    uint64_t excluded[EXCLUSION_COUNT], excluded_by_state[BY_STATE_COUNT];
};

static const int uc_registers[16] = {UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3,
    UC_ARM_REG_R4, UC_ARM_REG_R5, UC_ARM_REG_R6, UC_ARM_REG_R7, UC_ARM_REG_R8, UC_ARM_REG_R9,
    UC_ARM_REG_R10, UC_ARM_REG_R11, UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR, UC_ARM_REG_PC};

static void check_uc(uc_err err, const char *wish)
{
    if (err != UC_ERR_OK) {
        fprintf(stderr, "Unicorn: %s: %s\n", wish, uc_strerror(err));
        exit(EXIT_FAILURE);
    }
}

static void open_unicorn(struct bench *bench)
{
    if (bench->uc != NULL) {
        uc_close(bench->uc);
    }
    check_uc(uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &bench->uc), "open");
    check_uc(uc_mem_map_ptr(bench->uc, 0, CODE_LEN, UC_PROT_ALL, bench->code), "map code");
    check_uc(uc_mem_map(bench->uc, DATA_BASE, DATA_LEN, UC_PROT_ALL), "map data");
    bench->base = 0;
}

/* The bus of our core: code, and data as its RAM. */

static bool get_window(void *ctx, uint32_t address, struct core_window *window)
{
    struct bench *bench = ctx;

    *window = (struct core_window){bench->code, 0, CODE_LEN};
    return address < CODE_LEN;
}

static enum core_access fetch(void *ctx, uint32_t address, uint16_t *half)
{
    (void)ctx;
    (void)address;
    (void)half;
    return CORE_ACCESS_FAULT;
}

static enum core_access read_code(void *ctx, uint32_t address, unsigned size, uint32_t *value)
{
    const struct bench *bench = ctx;

    if (address >= CODE_LEN) {
        return CORE_ACCESS_FAULT;
    }
    const uint8_t *at = bench->code + address;
    *value = size == 1 ? *at : size == 2 ? bytes_get_le16(at) : bytes_get_le32(at);
    return CORE_ACCESS_OK;
}

static enum core_access write_nothing(void *ctx, uint32_t address, unsigned size, uint32_t value)
{
    (void)ctx;
    (void)address;
    (void)size;
    (void)value;
    return CORE_ACCESS_FAULT;
}

static void open_core(struct bench *bench)
{
    struct core_bus bus = {.ctx = bench,
        .window = get_window,
        .fetch = fetch,
        .read = read_code,
        .write = write_nothing};

    bytes_put_le32(bench->code, DATA_BASE);
    bytes_put_le32(bench->code + 4, 1);
    core_init(&bench->core, &bus, bench->data, DATA_BASE, DATA_LEN);
    core_start(&bench->core);
    core_run(&bench->core, 0);
}

/* Drawing. */

static bool is_data(uint32_t address, uint32_t len, uint32_t align)
{
    return address % align == 0 && address >= DATA_BASE && address - DATA_BASE + len <= DATA_LEN;
}

static unsigned count_bits(uint32_t bits)
{
    unsigned count = 0;

    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

static bool reaches_memory_well(const uint32_t *r, uint32_t op)
{
    static const uint8_t register_sizes[8] = {4, 2, 1, 1, 4, 2, 1, 2};
    uint32_t base = r[op >> 3 & 7];
    unsigned imm5 = op >> 6 & 31;
    unsigned count = count_bits(op & 0x1FF);

    switch (op >> 12) {
    case 4:
        return (op & 0xF800) != 0x4800 ||
               ((r[15] + 4) & ~3u) + 4 * (op & 0xFF) + 4 <= CODE_LEN; /* the literal */
    case 5:
        return is_data(
            base + r[op >> 6 & 7], register_sizes[op >> 9 & 7], register_sizes[op >> 9 & 7]);
    case 6:
        return is_data(base + 4 * imm5, 4, 4);
    case 7:
        return is_data(base + imm5, 1, 1);
    case 8:
        return is_data(base + 2 * imm5, 2, 2);
    case 9:
        return is_data(r[13] + 4 * (op & 0xFF), 4, 4);
    case 11:
        if ((op & 0xFE00) == 0xB400) {
            return is_data(r[13] - 4 * count, 4 * count, 4);
        }
        return (op & 0xFE00) != 0xBC00 || is_data(r[13], 4 * count, 4);
    case 12:
        count = count_bits(op & 0xFF);
        return is_data(r[op >> 8 & 7], 4 * count, 4);
    default:
        return true;
    }
}

static bool is_free_target(const struct bench *bench, uint32_t target)
{
    uint32_t offset = target - bench->base;

    return offset < SEQUENCE_SPAN - 4 && !bench->is_used[offset / 2];
}

/** Rm of the instructions on all registers, as they read it. */
static uint32_t high_operand(const struct core *core, uint32_t op)
{
    unsigned source = op >> 3 & 15;

    return source == 15 ? core->r[15] + 4 : core->r[source];
}

static bool writes_odd_sp(const struct core *core, uint32_t op)
{
    uint32_t value = high_operand(core, op);

    if ((op & 0xFF87) == 0x4485) {
        return ((core->r[13] + value) & 3) != 0;
    }
    return (op & 0xFF87) == 0x4685 && (value & 3) != 0;
}

enum branch_kind {
    BRANCH_NONE,
    BRANCH_DIRECT,
    BRANCH_EXCHANGE /* bit 0 of the target becomes T */
};

/** Whether @p op may branch, and where to. */
static enum branch_kind find_target(const struct bench *bench, uint32_t op, uint32_t *target)
{
    const struct core *core = &bench->core;
    uint32_t here = core->r[15] + 4;

    *target = 0;
    if ((op & 0xF000) == 0xD000) {
        *target = here + (uint32_t)((int32_t)(int8_t)(op & 0xFF) * 2);
        return BRANCH_DIRECT;
    }
    if ((op & 0xF800) == 0xE000) {
        *target = here + ((op & 0x7FF) ^ 0x400) * 2 - 0x800;
        return BRANCH_DIRECT;
    }
    if ((op & 0xFF87) == 0x4487 || (op & 0xFF87) == 0x4687) {
        uint32_t value = high_operand(core, op);
        *target = ((op & 0x200) != 0 ? value : here + value) & ~1u;
        return BRANCH_DIRECT;
    }
    if ((op & 0xFF00) == 0x4700) {
        *target = high_operand(core, op);
        return BRANCH_EXCHANGE;
    }
    if ((op & 0xFF00) == 0xBD00) {
        *target =
            bytes_get_le32(bench->data + (core->r[13] - DATA_BASE) + 4 * count_bits(op & 0xFF));
        return BRANCH_EXCHANGE;
    }
    return BRANCH_NONE;
}

static bool branches_well(const struct bench *bench, uint32_t op)
{
    uint32_t target;
    enum branch_kind kind = find_target(bench, op, &target);

    return kind == BRANCH_NONE ||
           ((kind == BRANCH_DIRECT || (target & 1) != 0) && (target & ~1u) != bench->core.r[15] &&
               is_free_target(bench, target & ~1u));
}

static bool is_excluded(struct bench *bench, uint32_t op)
{
    for (unsigned i = 0; i < EXCLUSION_COUNT; i++) {
        if (exclusions[i].holds(op)) {
            bench->excluded[i]++;
            return true;
        }
    }
    return false;
}

/** May the instruction @p op come next, with the registers as they are? */
static bool is_wanted(struct bench *bench, uint32_t op)
{
    if (is_excluded(bench, op)) {
        return false;
    }
    if (!reaches_memory_well(bench->core.r, op)) {
        bench->excluded_by_state[BY_STATE_MEMORY]++;
        return false;
    }
    if (writes_odd_sp(&bench->core, op)) {
        bench->excluded_by_state[BY_STATE_SP]++;
        return false;
    }
    if (!branches_well(bench, op)) {
        bench->excluded_by_state[BY_STATE_BRANCH]++;
        return false;
    }
    return true;
}

static uint32_t draw_value(struct bench *bench)
{
    uint64_t draw = rng_u64(&bench->rng);
    uint32_t value = (uint32_t)(draw >> 32);

    switch (draw & 7) {
    case 0:
    case 1:
    case 2: /* an address of data, mostly aligned */
        return DATA_BASE + ((value % DATA_LEN) & ((draw & 8) != 0 ? ~3u : UINT32_MAX));
    case 3: /* a small number: offsets, shifts */
        return value & 63;
    case 4: /* an address of code */
        return (bench->base + value % SEQUENCE_SPAN) | 1;
    case 5: /* near the ends of the signed numbers */
        return (uint32_t)INT32_MAX + (value & 3);
    default:
        return value;
    }
}

static void draw_start(struct bench *bench)
{
    struct core *core = &bench->core;

    for (unsigned n = 0; n < 15; n++) {
        core->r[n] = draw_value(bench);
    }
    core->r[13] = DATA_BASE + DATA_LEN / 2 + (uint32_t)(rng_u64(&bench->rng) & 0xFC);
    core->r[15] = bench->base + SEQUENCE_SPAN / 4;
    core_set_apsr(core, (uint32_t)rng_u64(&bench->rng) & 0xF0000000u);
    for (unsigned at = 0; at < DATA_LEN; at += 4) {
        bytes_put_le32(bench->data + at, draw_value(bench));
    }
    memset(bench->is_used, 0, sizeof bench->is_used);
    bench->trace_len = 0;
}

static void take_snapshot(const struct bench *bench, struct snapshot *snapshot)
{
    memcpy(snapshot->r, bench->core.r, sizeof snapshot->r);
    snapshot->apsr = core_xpsr(&bench->core) & 0xF0000000u;
    memcpy(snapshot->data, bench->data, sizeof snapshot->data);
}

/** BL to a free place, or 0. */
static uint32_t draw_bl(struct bench *bench)
{
    uint32_t here = bench->core.r[15];
    uint32_t target = bench->base + (uint32_t)(rng_u64(&bench->rng) % SEQUENCE_SPAN & ~1u);
    uint32_t offset = target - (here + 4);
    uint32_t s = offset >> 24 & 1;
    uint32_t j1 = ~((offset >> 23) ^ s) & 1;
    uint32_t j2 = ~((offset >> 22) ^ s) & 1;

    if (!is_free_target(bench, target) || target - here < 4) {
        return 0;
    }
    return 0xD000F000u | s << 10 | (offset >> 12 & 0x3FF) | j1 << 29 | j2 << 27 |
           (offset >> 1 & 0x7FF) << 16;
}

static void place(struct bench *bench, uint32_t address, uint16_t half)
{
    bytes_put_le16(bench->code + address, half);
    bench->is_used[(address - bench->base) / 2] = true;
}

/** What a literal load has read must stay what it is: no instruction goes there later. */
static void keep_literal(struct bench *bench, uint32_t here, uint32_t op)
{
    uint32_t offset = ((here + 4) & ~3u) + 4 * (op & 0xFF) - bench->base;

    if ((op & 0xF800) == 0x4800 && offset < SEQUENCE_SPAN) {
        bench->is_used[offset / 2] = true;
        bench->is_used[offset / 2 + 1] = true;
    }
}

/** @return false: the sequence cannot go on from here */
static bool draw_instruction(struct bench *bench)
{
    uint32_t here = bench->core.r[15];
    bool has_room = is_free_target(bench, here) && is_free_target(bench, here + 2);

    if (has_room && rng_u64(&bench->rng) % 64 == 0) {
        uint32_t bl = draw_bl(bench);
        if (bl != 0) {
            place(bench, here, (uint16_t)bl);
            place(bench, here + 2, (uint16_t)(bl >> 16));
            return true;
        }
    }
    for (unsigned i = 0; has_room && i < DRAWS_MAX; i++) {
        uint32_t op = (uint32_t)(rng_u64(&bench->rng) & 0xFFFF);
        if (is_wanted(bench, op)) {
            place(bench, here, (uint16_t)op);
            keep_literal(bench, here, op);
            return true;
        }
    }
    return false;
}

static void fail(const struct bench *bench, const char *what)
{
    printf("differs: %s\n", what);
    for (unsigned i = 0; i < bench->trace_len; i++) {
        printf("  %08" PRIx32 ": %04x\n", bench->trace_address[i], bench->trace[i]);
    }
    for (unsigned n = 0; n < 16; n++) {
        uint32_t theirs;
        uc_reg_read(bench->uc, uc_registers[n], &theirs);
        printf("  r%-2u start %08" PRIx32 " ours %08" PRIx32 " Unicorn %08" PRIx32 "%s\n", n,
            bench->start.r[n], bench->core.r[n], theirs, theirs == bench->core.r[n] ? "" : "  <--");
    }
    exit(EXIT_FAILURE);
}

/** Draw and execute a sequence on our core. */
static void run_ours(struct bench *bench)
{
    struct core *core = &bench->core;

    draw_start(bench);
    take_snapshot(bench, &bench->start);
    while (bench->trace_len < SEQUENCE_LEN && draw_instruction(bench)) {
        uint16_t op = bytes_get_le16(bench->code + core->r[15]);
        bench->trace_address[bench->trace_len] = core->r[15];
        bench->trace[bench->trace_len++] = op;
        bench->by_group[op >> 11]++;
        core_run(core, core->clock + 1);
        if (core->exceptions != 0 || core->state != CORE_RUNNING) {
            fail(bench, "our core took an exception");
        }
    }
}

static void run_unicorn(struct bench *bench)
{
    uint32_t apsr = bench->start.apsr;

    for (unsigned n = 0; n < 15; n++) {
        uc_reg_write(bench->uc, uc_registers[n], &bench->start.r[n]);
    }
    uc_reg_write(bench->uc, UC_ARM_REG_APSR_NZCV, &apsr);
    uc_mem_write(bench->uc, DATA_BASE, bench->start.data, DATA_LEN);
    uc_err err =
        uc_emu_start(bench->uc, bench->start.r[15] | 1, bench->core.r[15], 0, 2 * SEQUENCE_LEN);
    if (err != UC_ERR_OK) {
        fail(bench, uc_strerror(err));
    }
}

static void compare(struct bench *bench)
{
    uint32_t apsr = 0;
    uint8_t data[DATA_LEN];

    for (unsigned n = 0; n < 16; n++) {
        uint32_t theirs = 0;
        uc_reg_read(bench->uc, uc_registers[n], &theirs);
        if (theirs != bench->core.r[n]) {
            fail(bench, "a register");
        }
    }
    uc_reg_read(bench->uc, UC_ARM_REG_APSR_NZCV, &apsr);
    if ((apsr & 0xF0000000u) != (core_xpsr(&bench->core) & 0xF0000000u)) {
        fail(bench, "the flags");
    }
    uc_mem_read(bench->uc, DATA_BASE, data, DATA_LEN);
    if (memcmp(data, bench->data, DATA_LEN) != 0) {
        fail(bench, "the data");
    }
}

static void report(const struct bench *bench, uint64_t executed)
{
    static const char *const groups[32] = {"LSL", "LSR", "ASR", "ADD SUB 3", "MOV", "CMP", "ADD 8",
        "SUB 8", "data processing", "LDR literal", "load store reg", "load store reg", "STR", "LDR",
        "STRB", "LDRB", "STRH", "LDRH", "STR SP", "LDR SP", "ADR", "ADD SP", "miscellaneous",
        "miscellaneous", "STM", "LDM", "B cond", "B cond", "B", "", "BL", ""};

    printf("%" PRIu64 " instructions compared\n", executed);
    for (unsigned i = 0; i < 32; i++) {
        if (groups[i][0] != '\0') {
            printf("  %-16s %" PRIu64 "\n", groups[i], bench->by_group[i]);
        }
    }
    printf("not drawn:\n");
    for (unsigned i = 0; i < EXCLUSION_COUNT; i++) {
        printf("  %s: %s (%" PRIu64 " times)\n", exclusions[i].name, exclusions[i].reason,
            bench->excluded[i]);
    }
    for (unsigned i = 0; i < BY_STATE_COUNT; i++) {
        printf("  %s (%" PRIu64 " times)\n", state_exclusions[i], bench->excluded_by_state[i]);
    }
}

/** Every group must have been met often, or the comparison says less than it seems to. */
static bool has_met_all(const struct bench *bench, uint64_t executed)
{
    for (unsigned i = 0; i < 32; i++) {
        if (i != 29 && i != 31 && bench->by_group[i] < executed / 1000) {
            printf("group %u was met only %" PRIu64 " times\n", i, bench->by_group[i]);
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    uint64_t wanted = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    struct bench *bench = calloc(1, sizeof *bench);
    uint64_t executed = 0;

    if (bench == NULL || (bench->code = malloc(CODE_LEN)) == NULL) {
        return EXIT_FAILURE;
    }
    memset(bench->code, 0xBF, CODE_LEN);
    rng_init(&bench->rng, seed, "unicorn");
    open_core(bench);
    open_unicorn(bench);
    while (executed < wanted) {
        run_ours(bench);
        run_unicorn(bench);
        compare(bench);
        executed += bench->trace_len;
        bench->base += SEQUENCE_SPAN;
        if (bench->base + SEQUENCE_SPAN > CODE_LEN) {
            open_unicorn(bench);
        }
    }
    report(bench, executed);
    bool is_good = has_met_all(bench, executed);
    uc_close(bench->uc);
    free(bench->code);
    free(bench);
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
