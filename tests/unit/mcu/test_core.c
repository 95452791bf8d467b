/**
 * The core alone, on a bare bus. Expected values are of the ARMv6-M Architecture Reference Manual
 * (DDI 0419) and of the Cortex-M0+ TRM (DDI 0484, table 3-1: cycles); opcodes are written as the
 * assembler gives them, with their text beside them.
 */
#include "tests/support.h"
#include "tests/unit/mcu/core_rig.h"

#include "harness/base/rng.h"

#include <string.h>

enum {
    ENTRY = 0x100,
    NVIC_ISER = (int)0xE000E100,
    NVIC_ISPR = (int)0xE000E200,
    NVIC_ICPR = (int)0xE000E280,
    NVIC_IPR0 = (int)0xE000E400,
    SYST_CSR = (int)0xE000E010,
    SYST_RVR = (int)0xE000E014,
    SYST_CVR = (int)0xE000E018,
    SCB_ICSR = (int)0xE000ED04,
    SCB_VTOR = (int)0xE000ED08,
    SCB_AIRCR = (int)0xE000ED0C,
    SCB_SCR = (int)0xE000ED10,
    SCB_SHPR2 = (int)0xE000ED1C,
    SCB_SHPR3 = (int)0xE000ED20
};

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
}

#define PUT(address, ...) \
    rig_put(&rig, (address), (const uint16_t[]){__VA_ARGS__}, \
        sizeof((const uint16_t[]){__VA_ARGS__}) / 2)

/** Start with @p ... at the entry. */
#define PROGRAM(...) \
    do { \
        PUT(ENTRY, __VA_ARGS__); \
        rig_start(&rig); \
    } while (0)

static void scs_put(int address, uint32_t value)
{
    ck_assert_int_eq(core_ppb_write(&rig.core, (uint32_t)address, 4, false, value), CORE_ACCESS_OK);
}

static uint32_t scs_get(int address)
{
    uint32_t value = 0;

    ck_assert_int_eq(core_ppb_read(&rig.core, (uint32_t)address, 4, false, &value), CORE_ACCESS_OK);
    return value;
}

static uint32_t flags(void)
{
    return core_xpsr(&rig.core) >> 28;
}

/** The word @p index of the exception frame on the stack in use: 0 R0 .. 5 LR, 6 PC, 7 xPSR. */
static uint32_t frame(unsigned index)
{
    return rig_word(&rig, rig.core.r[13] + 4 * index);
}

/* Instructions. */

struct alu_case {
    uint16_t op;
    uint32_t r0, r1, flags_before;
    uint32_t result, flags_after; /* N 8, Z 4, C 2, V 1 */
};

static const struct alu_case alu_cases[] = {
    {0x1840, 0x7FFFFFFF, 1, 0, 0x80000000, 9}, /* adds r0, r0, r1 */
    {0x1840, 0xFFFFFFFF, 1, 0, 0, 6},          /* carry and zero */
    {0x1840, 0x80000000, 0x80000000, 0, 0, 7}, /* carry, zero and overflow */
    {0x1A40, 0, 1, 0, 0xFFFFFFFF, 8},          /* subs r0, r0, r1: borrow clears C */
    {0x1A40, 5, 5, 0, 0, 6},                   /* no borrow sets C */
    {0x1A40, 0x80000000, 1, 0, 0x7FFFFFFF, 3}, /* overflow */
    {0x4148, 0xFFFFFFFF, 0, 2, 0, 6},          /* adcs r0, r1: C comes in */
    {0x4148, 0x7FFFFFFF, 0, 2, 0x80000000, 9}, /* overflow by the carry alone */
    {0x4188, 5, 4, 0, 0, 6},                   /* sbcs r0, r1: C clear takes one more */
    {0x4188, 0, 0, 0, 0xFFFFFFFF, 8}, {0x4088, 0x80000001, 1, 0, 2, 2}, /* lsls r0, r1 */
    {0x4088, 1, 32, 0, 0, 6},                        /* by 32: bit 0 is the carry */
    {0x4088, 1, 33, 2, 0, 4},                        /* by 33: nothing left */
    {0x4088, 0x80000000, 0x100, 3, 0x80000000, 0xB}, /* by 256: only eight bits count; C, V stay */
    {0x40C8, 0x80000000, 32, 0, 0, 6},               /* lsrs r0, r1 */
    {0x40C8, 0x80000000, 33, 2, 0, 4},
    {0x4108, 0x80000000, 40, 0, 0xFFFFFFFF, 0xA}, /* asrs r0, r1: beyond 31, the sign */
    {0x4108, 0x40000000, 255, 2, 0, 4},
    {0x41C8, 0x00000001, 1, 0, 0x80000000, 0xA},  /* rors r0, r1 */
    {0x41C8, 0x80000000, 32, 0, 0x80000000, 0xA}, /* by 32: value stays, C is its sign */
    {0x41C8, 0x00000001, 0, 2, 1, 2},             /* by 0: C stays */
    {0x0808, 7, 0x80000000, 0, 0, 6},             /* lsrs r0, r1, #32 */
    {0x1008, 7, 0x80000000, 0, 0xFFFFFFFF, 0xA},  /* asrs r0, r1, #32 */
    {0x0008, 7, 0, 3, 0, 7},                      /* movs r0, r1: C and V stay */
    {0x4348, 0x10001, 0x10001, 3, 0x20001, 3},    /* muls r0, r1, r0: C and V stay */
    {0x4288, 3, 4, 0, 3, 8},                      /* cmp r0, r1 writes nothing */
    {0x4248, 0, 0x80000000, 0, 0x80000000, 9},    /* rsbs r0, r1, #0 */
    {0xBA08, 0, 0x01020304, 15, 0x04030201, 15},  /* rev; flags stay */
    {0xBA48, 0, 0x01020304, 0, 0x02010403, 0},    /* rev16 */
    {0xBAC8, 0, 0x010203F4, 0, 0xFFFFF403, 0},    /* revsh */
};

START_TEST(data_processing_gives_result_and_flags)
{
    const struct alu_case *c = &alu_cases[_i];

    PROGRAM(c->op);
    rig.core.r[0] = c->r0;
    rig.core.r[1] = c->r1;
    core_set_apsr(&rig.core, c->flags_before << 28);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[0], c->result);
    ck_assert_uint_eq(flags(), c->flags_after);
    ck_assert_uint_eq(rig.core.r[15], ENTRY + 2);
}

END_TEST

struct cycle_case {
    const char *text;
    uint16_t first, second;
    unsigned cycles;
};

/* R0 is 0x201 (an address of code with T set) or 0 for ADD PC; R1 is an address of RAM. */
static const struct cycle_case cycle_cases[] = {
    {"movs r0, #1", 0x2001, 0, 1},
    {"adds r0, r0, r1", 0x1840, 0, 1},
    {"muls r0, r1", 0x4348, 0, 1},
    {"rev r0, r1", 0xBA08, 0, 1},
    {"nop", 0xBF00, 0, 1},
    {"cpsid i", 0xB672, 0, 1},
    {"add sp, #8", 0xB002, 0, 1},
    {"ldr r2, [r1]", 0x680A, 0, 2},
    {"str r0, [r1]", 0x6008, 0, 2},
    {"strb r0, [r1]", 0x7008, 0, 2},
    {"ldrh r2, [r1]", 0x880A, 0, 2},
    {"ldm r1!, {r0, r2, r3}", 0xC90D, 0, 4},
    {"stm r1!, {r0, r2, r3}", 0xC10D, 0, 4},
    {"push {r0, r1, lr}", 0xB503, 0, 4},
    {"push {r0 - r3}", 0xB40F, 0, 5},
    {"pop {r0 - r3}", 0xBC0F, 0, 5},
    {"pop {r0, r1, pc}", 0xBD03, 0, 5}, /* 3 + N, N without PC */
    {"b .", 0xE7FE, 0, 2},
    {"beq, not taken", 0xD002, 0, 1},
    {"bne, taken", 0xD102, 0, 2},
    {"bl", 0xF000, 0xF80E, 3},
    {"bx r0", 0x4700, 0, 2},
    {"blx r0", 0x4780, 0, 2},
    {"mov pc, r0", 0x4687, 0, 2},
    {"mov r8, r0", 0x4680, 0, 1},
    {"mrs r0, primask", 0xF3EF, 0x8010, 3},
    {"msr psp, r0", 0xF380, 0x8809, 3},
    {"isb", 0xF3BF, 0x8F6F, 3},
    {"dsb", 0xF3BF, 0x8F4F, 3},
    {"dmb", 0xF3BF, 0x8F5F, 3},
    {"wfi", 0xBF30, 0, 2},
    {"sev", 0xBF40, 0, 1},
};

START_TEST(instructions_take_the_cycles_of_the_manual)
{
    const struct cycle_case *c = &cycle_cases[_i];

    PROGRAM(c->first, c->second);
    rig.core.r[0] = 0x201;
    rig.core.r[1] = RIG_RAM_BASE + 0x100;
    rig_put_word(&rig, RIG_STACK + 8, 0x201); /* PC for POP */
    uint64_t before = rig.core.clock;
    rig_step(&rig, 1);
    ck_assert_msg(rig.core.clock - before == c->cycles, "%s: %u cycles, expected %u", c->text,
        (unsigned)(rig.core.clock - before), c->cycles);
    ck_assert_uint_eq(rig.core.exceptions, 0);
}

END_TEST

START_TEST(bl_reaches_forward_and_back_and_links)
{
    PROGRAM(0xF000, 0xF80E);    /* bl .+0x20 */
    PUT(0x120, 0xF7FF, 0xFFEE); /* bl .-0x20: 0x124 - 0x24 = 0x100 */
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[15], 0x120);
    ck_assert_uint_eq(rig.core.r[14], 0x105);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[15], 0x100);
    ck_assert_uint_eq(rig.core.r[14], 0x125);
}

END_TEST

START_TEST(loads_extend_as_named)
{
    PROGRAM(0x5ECA, 0x56CA, 0x5ACA); /* ldrsh, ldrsb, ldrh r2, [r1, r3] */
    rig.core.r[1] = RIG_RAM_BASE;
    rig.core.r[3] = 2;
    rig_put_word(&rig, RIG_RAM_BASE, 0x80F10000);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[2], 0xFFFF80F1);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[2], 0xFFFFFFF1);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[2], 0x000080F1);
}

END_TEST

START_TEST(a_loaded_base_is_not_written_back)
{
    PROGRAM(0xC903, 0xC90D); /* ldm r1, {r0, r1}; ldm r1!, {r0, r2, r3} */
    rig.core.r[1] = RIG_RAM_BASE;
    rig_put_word(&rig, RIG_RAM_BASE, 7);
    rig_put_word(&rig, RIG_RAM_BASE + 4, RIG_RAM_BASE + 0x40);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[0], 7);
    ck_assert_uint_eq(rig.core.r[1], RIG_RAM_BASE + 0x40);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[1], RIG_RAM_BASE + 0x4C);
}

END_TEST

START_TEST(sp_keeps_its_two_low_bits_zero)
{
    PROGRAM(0x4685, 0xF380, 0x8809); /* mov sp, r0; msr psp, r0 */
    rig.core.r[0] = RIG_RAM_BASE + 0x103;
    rig_step(&rig, 2);
    ck_assert_uint_eq(rig.core.r[13], RIG_RAM_BASE + 0x100);
    ck_assert_uint_eq(core_psp(&rig.core), RIG_RAM_BASE + 0x100);
}

END_TEST

/* Faults. */

static const uint16_t undefined_ops[][2] = {
    {0xDE00, 0}, {0xB100, 0}, {0xB900, 0},                /* UDF, CBZ, CBNZ */
    {0xBF08, 0}, {0xB650, 0}, {0xBA80, 0},                /* IT EQ, SETEND LE, 1011101010 */
    {0xB800, 0}, {0xE800, 0}, {0xF7F0, 0xA000},           /* no encoding; LDM.W space; UDF.W */
    {0xF3AF, 0x8000}, {0xFFFF, 0xFFFF}, {0xF000, 0x8000}, /* NOP.W, nothing, B<c>.W of ARMv7-M */
};

START_TEST(undefined_instructions_fault_with_their_own_address)
{
    PROGRAM(undefined_ops[_i][0], undefined_ops[_i][1]);
    uint64_t before = rig.core.clock;
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[15], rig_handler(3));
    ck_assert_uint_eq(frame(6), ENTRY);
    ck_assert_uint_eq(frame(7), 0x01000000);
    ck_assert_uint_eq(rig.core.r[14], 0xFFFFFFF9);
    ck_assert_uint_eq(rig.core.ipsr, 3);
    ck_assert_uint_eq(rig.core.clock - before, 15);
}

END_TEST

START_TEST(unaligned_and_unanswered_accesses_fault_and_change_nothing)
{
    static const uint32_t addresses[] = {RIG_RAM_BASE + 2, 0x30000000, 0x60000000};

    for (unsigned i = 0; i < 3; i++) {
        setup();
        PROGRAM(0xC90D); /* ldm r1!, {r0, r2, r3} */
        rig.core.r[0] = 77;
        rig.core.r[1] = addresses[i];
        rig_step(&rig, 1);
        ck_assert_uint_eq(rig.core.ipsr, 3);
        ck_assert_uint_eq(frame(0), 77);
        ck_assert_uint_eq(frame(1), addresses[i]);
        ck_assert_uint_eq(frame(6), ENTRY);
    }
}

END_TEST

START_TEST(half_word_accesses_fault_on_odd_addresses_only)
{
    PROGRAM(0x884A, 0x880A); /* ldrh r2, [r1, #2]; ldrh r2, [r1] */
    rig.core.r[1] = RIG_RAM_BASE;
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.exceptions, 0);
    rig.core.r[1] = RIG_RAM_BASE + 1;
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 3);
}

END_TEST

START_TEST(blx_to_an_even_address_faults_there_with_t_clear)
{
    PROGRAM(0x4780); /* blx r0 */
    rig.core.r[0] = 0x200;
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[15], 0x200);
    ck_assert_uint_eq(rig.core.r[14], 0x103);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 3);
    ck_assert_uint_eq(frame(6), 0x200);
    ck_assert_uint_eq(frame(7) & 0x01000000, 0);
}

END_TEST

START_TEST(code_runs_from_ram_and_from_nowhere_else)
{
    PROGRAM(0x4700);                                 /* bx r0 */
    rig_put_half(&rig, RIG_RAM_BASE + 0x40, 0x4708); /* bx r1 */
    rig.core.r[0] = RIG_RAM_BASE + 0x41;
    rig.core.r[1] = 0x40000001;
    rig_step(&rig, 2);
    ck_assert_uint_eq(rig.core.r[15], 0x40000000);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 3);
    ck_assert_uint_eq(frame(6), 0x40000000);
}

END_TEST

START_TEST(a_fault_in_hard_fault_locks_up_until_nmi)
{
    PROGRAM(0xDE00);
    PUT(rig_handler(2), 0xBF00);
    rig_step(&rig, 3); /* HardFault, UDF in it, lockup */
    ck_assert_int_eq(rig.core.state, CORE_LOCKED);
    ck_assert_uint_eq(rig.core.r[15], 0xFFFFFFFE);
    nvic_pend(&rig.core, EXCEPTION_NMI);
    rig_step(&rig, 1);
    ck_assert_int_eq(rig.core.state, CORE_RUNNING);
    ck_assert_uint_eq(rig.core.ipsr, 2);
    ck_assert_uint_eq(frame(6), 0xFFFFFFFE);
}

END_TEST

START_TEST(a_reset_vector_without_thumb_bit_faults_at_its_target)
{
    rig_put_word(&rig, 4, 0x100);
    rig_start(&rig);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 3);
    ck_assert_uint_eq(frame(6), 0x100);
}

END_TEST

START_TEST(a_stack_that_does_not_exist_turns_into_lockup)
{
    rig_put_word(&rig, 0, 0x30000000);
    PROGRAM(0xDE00);
    rig_step(&rig, 2);
    ck_assert_int_eq(rig.core.state, CORE_LOCKED);
}

END_TEST

/* Exceptions. */

START_TEST(svc_stacks_the_next_instruction_and_returns_to_it)
{
    PROGRAM(0xDF05, 0x2001);      /* svc 5; movs r0, #1 */
    PUT(rig_handler(11), 0x4770); /* bx lr */
    core_set_apsr(&rig.core, 0xA0000000);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 11);
    ck_assert_uint_eq(rig.core.r[13], RIG_STACK - 32);
    ck_assert_uint_eq(frame(6), 0x102);
    ck_assert_uint_eq(frame(7), 0xA1000000);
    rig_step(&rig, 2);
    ck_assert_uint_eq(rig.core.r[0], 1);
    ck_assert_uint_eq(rig.core.r[13], RIG_STACK);
    ck_assert_uint_eq(rig.core.ipsr, 0);
}

END_TEST

START_TEST(an_escalated_svc_stacks_its_own_address)
{
    PROGRAM(0xB672, 0xDF00); /* cpsid i; svc 0 */
    rig_step(&rig, 2);
    ck_assert_uint_eq(rig.core.ipsr, 3);
    ck_assert_uint_eq(frame(6), 0x102);
}

END_TEST

START_TEST(breakpoint_without_debugger_is_a_hard_fault)
{
    PROGRAM(0xBE00);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 3);
    ck_assert_uint_eq(frame(6), ENTRY);
}

END_TEST

START_TEST(frame_is_aligned_to_eight_and_the_padding_comes_off_again)
{
    PROGRAM(0xB001, 0xDF00, 0xBF00); /* add sp, #4; svc 0; nop */
    rig_put_word(&rig, 0, RIG_STACK - 0x100);
    rig_start(&rig);
    PUT(rig_handler(11), 0x4770);
    rig_step(&rig, 2);
    ck_assert_uint_eq(rig.core.r[13], RIG_STACK - 0x100 + 4 - 4 - 32);
    ck_assert_uint_eq(frame(7) & 0x200, 0x200);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[13], RIG_STACK - 0x100 + 4);
    ck_assert_uint_eq(core_xpsr(&rig.core) & 0x200, 0);
}

END_TEST

START_TEST(thread_on_psp_is_left_and_found_again)
{
    PROGRAM(0xF380, 0x8809, 0xF381, 0x8814, 0xDF00, 0xBF00); /* msr psp, r0; msr control, r1; svc */
    PUT(rig_handler(11), 0xF3EF, 0x8214, 0x4770);            /* mrs r2, control; bx lr */
    rig.core.r[0] = RIG_RAM_BASE + 0x1000;
    rig.core.r[1] = 2;
    rig_step(&rig, 3);
    ck_assert_uint_eq(rig.core.r[14], 0xFFFFFFFD);
    ck_assert_uint_eq(rig.core.r[13], RIG_STACK);
    ck_assert_uint_eq(core_psp(&rig.core), RIG_RAM_BASE + 0x1000 - 32);
    ck_assert_uint_eq(rig_word(&rig, RIG_RAM_BASE + 0x1000 - 32 + 24), 0x10A);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[2], 0);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[13], RIG_RAM_BASE + 0x1000);
    ck_assert_uint_eq(rig.core.control, 2);
    ck_assert_uint_eq(core_msp(&rig.core), RIG_STACK);
}

END_TEST

START_TEST(a_wrong_exc_return_is_a_hard_fault)
{
    PROGRAM(0xDF00);
    PUT(rig_handler(11), 0x4700); /* bx r0 */
    rig_step(&rig, 1);
    rig.core.r[0] = 0xFFFFFFF1; /* to a handler, but none is active beneath */
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 3);
}

END_TEST

START_TEST(a_request_pended_by_a_store_is_taken_at_the_next_instruction)
{
    PROGRAM(0x6008, 0x2401, 0x2501); /* str r0, [r1]; movs r4, #1; movs r5, #1 */
    scs_put(NVIC_ISER, 1u << 9);
    rig.core.r[0] = 1u << 9;
    rig.core.r[1] = (uint32_t)NVIC_ISPR;
    core_run(&rig.core, rig.core.clock + 4); /* in one go: store (2), then entry (15) */
    ck_assert_uint_eq(rig.core.ipsr, 25);
    ck_assert_uint_eq(frame(6), 0x102);
    ck_assert_uint_eq(rig.core.r[4], 0);
}

END_TEST

START_TEST(the_higher_priority_preempts_and_the_same_does_not)
{
    PROGRAM(0xE7FE);
    for (unsigned number = 16; number < 20; number++) {
        PUT(rig_handler(number), 0xBF00, 0x4770);
    }
    scs_put(NVIC_ISER, 0xF);
    scs_put(NVIC_IPR0, 0x00408080); /* irq 0 and 1: 128, irq 2: 64, irq 3: 0 */
    nvic_set_line(&rig.core, 1, true);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 17);
    nvic_set_line(&rig.core, 0, true);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 17);
    nvic_set_line(&rig.core, 2, true);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 18);
    ck_assert_uint_eq(rig.core.r[14], 0xFFFFFFF1);
    nvic_set_line(&rig.core, 3, true);
    nvic_set_line(&rig.core, 2, false);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 19);
    nvic_set_line(&rig.core, 3, false);
    rig_step(&rig, 4); /* nop, bx lr; nop, bx lr of irq 2 */
    ck_assert_uint_eq(rig.core.ipsr, 17);
    nvic_set_line(&rig.core, 1, false);
    rig_step(&rig, 2); /* the rest of irq 1, then irq 0 which waited */
    ck_assert_uint_eq(rig.core.ipsr, 16);
}

END_TEST

START_TEST(of_equal_priorities_the_lower_number_goes_first)
{
    PROGRAM(0xE7FE);
    scs_put(NVIC_ISER, 0xFFFFFFFF);
    scs_put(NVIC_ISPR, 1u << 30 | 1u << 7 | 1u << 12);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 16 + 7);
}

END_TEST

START_TEST(a_line_that_stays_high_comes_again_after_the_handler)
{
    PROGRAM(0xE7FE);
    PUT(rig_handler(16), 0xBF00, 0x4770);
    scs_put(NVIC_ISER, 1);
    nvic_set_line(&rig.core, 0, true);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 16);
    ck_assert_uint_eq(scs_get(NVIC_ISPR), 0); /* not pending while active */
    rig_step(&rig, 3);
    ck_assert_uint_eq(rig.core.exceptions, 2);
    nvic_set_line(&rig.core, 0, false);
    rig_step(&rig, 4);
    ck_assert_uint_eq(rig.core.exceptions, 2);
    ck_assert_uint_eq(rig.core.ipsr, 0);
}

END_TEST

START_TEST(clearing_pending_holds_only_when_the_line_is_low)
{
    rig_start(&rig);
    nvic_set_line(&rig.core, 4, true);
    scs_put(NVIC_ICPR, 1u << 4);
    ck_assert_uint_eq(scs_get(NVIC_ISPR), 1u << 4);
    nvic_set_line(&rig.core, 4, false);
    ck_assert_uint_eq(scs_get(NVIC_ISPR), 1u << 4); /* latched */
    scs_put(NVIC_ICPR, 1u << 4);
    ck_assert_uint_eq(scs_get(NVIC_ISPR), 0);
}

END_TEST

START_TEST(primask_holds_back_requests_but_not_nmi)
{
    PROGRAM(0xB672, 0xBF00, 0xB662, 0xBF00); /* cpsid i; nop; cpsie i; nop */
    scs_put(NVIC_ISER, 1);
    rig_step(&rig, 1);
    nvic_set_line(&rig.core, 0, true);
    rig_step(&rig, 2);
    ck_assert_uint_eq(rig.core.ipsr, 0);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 16);
    ck_assert_uint_eq(frame(6), 0x106);
    nvic_pend(&rig.core, EXCEPTION_NMI);
    rig.core.primask = 1;
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 2);
}

END_TEST

START_TEST(pendsv_waits_for_the_handlers_above_it)
{
    PROGRAM(0xE7FE);
    PUT(rig_handler(16), 0x6008, 0x4770); /* str r0, [r1]; bx lr */
    scs_put(SCB_SHPR3, 0x00C00000);
    scs_put(NVIC_ISER, 1);
    rig.core.r[0] = 1u << 28;
    rig.core.r[1] = (uint32_t)SCB_ICSR;
    nvic_set_line(&rig.core, 0, true);
    rig_step(&rig, 1);
    nvic_set_line(&rig.core, 0, false);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 16);
    ck_assert_uint_eq(scs_get(SCB_ICSR), 1u << 28 | 14u << 12 | 16);
    rig_step(&rig, 2);
    ck_assert_uint_eq(rig.core.ipsr, 14);
    ck_assert_uint_eq(frame(6), ENTRY);
}

END_TEST

START_TEST(vtor_moves_the_vectors)
{
    PROGRAM(0xDF00);
    rig_put_word(&rig, RIG_RAM_BASE + 0x80 + 4 * 11, 0x301);
    scs_put(SCB_VTOR, RIG_RAM_BASE + 0xFF); /* bits 6:0 are 0 */
    ck_assert_uint_eq(scs_get(SCB_VTOR), RIG_RAM_BASE + 0x80);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[15], 0x300);
}

END_TEST

START_TEST(a_reset_is_asked_for_with_the_key_only)
{
    rig_start(&rig);
    scs_put(SCB_AIRCR, 0x12340004);
    ck_assert_uint_eq(rig.resets_asked, 0);
    scs_put(SCB_AIRCR, 0x05FA0004);
    ck_assert_uint_eq(rig.resets_asked, 1);
    ck_assert_uint_eq(scs_get(SCB_AIRCR), 0xFA050000);
}

END_TEST

START_TEST(priorities_have_two_bits_and_system_ones_have_their_places)
{
    rig_start(&rig);
    scs_put(NVIC_IPR0, 0xFFFFFFFF);
    scs_put(SCB_SHPR2, 0xFFFFFFFF);
    scs_put(SCB_SHPR3, 0xFFFFFFFF);
    ck_assert_uint_eq(scs_get(NVIC_IPR0), 0xC0C0C0C0);
    ck_assert_uint_eq(scs_get(SCB_SHPR2), 0xC0000000);
    ck_assert_uint_eq(scs_get(SCB_SHPR3), 0xC0C00000);
    ck_assert_uint_eq(scs_get((int)0xE000ED00), 0x410CC601); /* CPUID of r0p1 */
}

END_TEST

/* Privilege and special registers. */

START_TEST(unprivileged_code_reaches_neither_ppb_nor_primask)
{
    PROGRAM(0xF380, 0x8814, 0xB672, 0xF3EF, 0x8210, 0x680B); /* msr control, r0; cpsid i; ... */
    rig.core.r[0] = 1;
    rig.core.r[1] = (uint32_t)SCB_ICSR;
    rig.core.r[2] = 5;
    rig_step(&rig, 3);
    ck_assert_uint_eq(rig.core.primask, 0);
    ck_assert_uint_eq(rig.core.r[2], 0); /* mrs r2, primask */
    rig_step(&rig, 1);                   /* ldr r3, [r1] */
    ck_assert_uint_eq(rig.core.ipsr, 3);
}

END_TEST

START_TEST(mrs_shows_flags_and_exception_number_where_asked)
{
    PROGRAM(0xDF00);
    PUT(rig_handler(11), 0xF3EF, 0x8005, 0xF3EF, 0x8103, 0xF3EF, 0x8200); /* IPSR, xPSR, APSR */
    core_set_apsr(&rig.core, 0xF0000000);
    rig_step(&rig, 4);
    ck_assert_uint_eq(rig.core.r[0], 11);
    ck_assert_uint_eq(rig.core.r[1], 0xF000000B); /* EPSR reads 0 */
    ck_assert_uint_eq(rig.core.r[2], 0xF0000000);
}

END_TEST

/* Sleep. */

START_TEST(wfi_sleeps_until_a_request_and_wakes_under_primask_without_taking_it)
{
    PROGRAM(0xB672, 0xBF30, 0x2401, 0xE7FE); /* cpsid i; wfi; movs r4, #1; b . */
    scs_put(NVIC_ISER, 1);
    rig_step(&rig, 2);
    ck_assert_int_eq(rig.core.state, CORE_SLEEPING);
    uint64_t before = rig.core.clock;
    core_run(&rig.core, before + 1000000);
    ck_assert_uint_eq(rig.core.clock, before + 1000000);
    ck_assert_uint_eq(rig.core.sleep_cycles, 1000000);
    nvic_set_line(&rig.core, 0, true);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[4], 1);
    ck_assert_uint_eq(rig.core.exceptions, 0);
}

END_TEST

START_TEST(wfe_passes_once_after_sev)
{
    PROGRAM(0xBF40, 0xBF20, 0xBF20, 0x2401); /* sev; wfe; wfe; movs r4, #1 */
    rig_step(&rig, 2);
    ck_assert_int_eq(rig.core.state, CORE_RUNNING);
    rig_step(&rig, 2);
    ck_assert_int_eq(rig.core.state, CORE_SLEEPING);
    ck_assert_uint_eq(rig.core.r[4], 0);
}

END_TEST

START_TEST(sevonpend_wakes_wfe_by_a_disabled_request)
{
    PROGRAM(0xBF20, 0x2401);
    rig_step(&rig, 1);
    nvic_set_line(&rig.core, 3, true);
    rig_step(&rig, 1);
    ck_assert_int_eq(rig.core.state, CORE_SLEEPING);
    scs_put(SCB_SCR, 1 << 4);
    nvic_set_line(&rig.core, 4, true);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.r[4], 1);
}

END_TEST

START_TEST(sleeponexit_sleeps_after_the_last_handler)
{
    PROGRAM(0xE7FE);
    PUT(rig_handler(16), 0x4770);
    scs_put(NVIC_ISER, 1);
    scs_put(SCB_SCR, 1 << 1);
    nvic_set_line(&rig.core, 0, true);
    rig_step(&rig, 1);
    nvic_set_line(&rig.core, 0, false);
    rig_step(&rig, 1);
    ck_assert_int_eq(rig.core.state, CORE_SLEEPING);
    nvic_set_line(&rig.core, 0, true);
    rig_step(&rig, 1);
    ck_assert_uint_eq(rig.core.ipsr, 16);
    ck_assert_uint_eq(frame(6), ENTRY);
}

END_TEST

/* SysTick. */

START_TEST(systick_counts_reload_plus_one_from_a_written_zero)
{
    PROGRAM(0xE7FE);
    rig_step(&rig, 1);
    scs_put(SYST_RVR, 99);
    scs_put(SYST_CVR, 12345);
    ck_assert_uint_eq(scs_get(SYST_CVR), 0);
    scs_put(SYST_CSR, 7);
    uint64_t start = rig.core.clock;
    rig.core.clock = start + 1;
    ck_assert_uint_eq(scs_get(SYST_CVR), 99);
    rig.core.clock = start + 99;
    ck_assert_uint_eq(scs_get(SYST_CVR), 1);
    ck_assert_uint_eq(scs_get(SYST_CSR), 7);
    rig.core.clock = start + 100;
    ck_assert_uint_eq(scs_get(SYST_CVR), 0);
    ck_assert_uint_eq(scs_get(SYST_CSR), 0x10007);
    ck_assert_uint_eq(scs_get(SYST_CSR), 7); /* reading clears COUNTFLAG */
    ck_assert_uint_eq(scs_get(SCB_ICSR) & 1u << 26, 1u << 26);
    rig.core.clock = start + 100 + 3 * 100 + 10;
    ck_assert_uint_eq(scs_get(SYST_CVR), 90);
    ck_assert_uint_eq(scs_get(SYST_CSR), 0x10007);
}

END_TEST

START_TEST(systick_at_an_eighth_and_with_reload_zero)
{
    rig_start(&rig);
    scs_put(SYST_RVR, 9);
    scs_put(SYST_CVR, 0);
    scs_put(SYST_CSR, 1);
    rig.core.clock += 8 * 4 + 7;
    ck_assert_uint_eq(scs_get(SYST_CVR), 6);
    scs_put(SYST_RVR, 0); /* stops when it next reaches 0 */
    rig.core.clock += 8 * 100;
    ck_assert_uint_eq(scs_get(SYST_CVR), 0);
    ck_assert_uint_eq(scs_get(SYST_CSR), 0x10001);
    rig.core.clock += 8 * 100;
    ck_assert_uint_eq(scs_get(SYST_CSR), 1);
}

END_TEST

START_TEST(systick_wakes_the_sleeper_on_its_cycle)
{
    PROGRAM(0xBF30, 0xE7FD);              /* wfi; b wfi */
    PUT(rig_handler(15), 0x3401, 0x4770); /* adds r4, #1; bx lr */
    rig_step(&rig, 1);
    rig_put_half(&rig, RIG_RAM_BASE, 0);
    scs_put(SYST_RVR, 999);
    scs_put(SYST_CVR, 0);
    scs_put(SYST_CSR, 7);
    uint64_t start = rig.core.clock;
    core_run(&rig.core, start + 1000);
    ck_assert_uint_eq(rig.core.exceptions, 0);
    ck_assert_uint_eq(rig.core.clock, start + 1000);
    core_run(&rig.core, start + 1001);
    ck_assert_uint_eq(rig.core.clock, start + 1015);
    ck_assert_uint_eq(rig.core.ipsr, 15);
    core_run(&rig.core, start + 60000500);
    ck_assert_uint_eq(rig.core.r[4], 60000);
}

END_TEST

/* The bus. */

START_TEST(a_busy_bus_repeats_the_instruction_and_reads_once)
{
    PROGRAM(0x680A, 0x2401); /* ldr r2, [r1]; movs r4, #1 */
    rig.core.r[1] = RIG_REGISTER;
    rig.reg = 0x12345678;
    rig.reg_busy_until = rig.core.clock + 500;
    uint64_t start = rig.core.clock;
    core_run(&rig.core, start + 10);
    ck_assert_uint_eq(rig.core.clock, start + 500);
    ck_assert_uint_eq(rig.core.instructions, 0);
    ck_assert_uint_eq(rig.reg_accesses, 0);
    core_run(&rig.core, start + 503);
    ck_assert_uint_eq(rig.core.r[2], 0x12345678);
    ck_assert_uint_eq(rig.reg_accesses, 1);
    ck_assert_uint_eq(rig.core.clock, start + 503);
    ck_assert_uint_eq(rig.core.r[4], 1);
}

END_TEST

START_TEST(an_access_happens_at_the_start_of_its_instruction)
{
    PROGRAM(0xBF00, 0x6008); /* nop; str r0, [r1] */
    rig.core.r[1] = RIG_REGISTER;
    uint64_t start = rig.core.clock;
    core_run(&rig.core, start + 2);
    ck_assert_uint_eq(rig.reg_access_clock, start + 1);
    ck_assert_uint_eq(rig.core.clock, start + 3);
}

END_TEST

START_TEST(waits_are_for_jumps_with_prefetch_and_for_lines_without)
{
    PROGRAM(0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xE7F9, 0xE7FE); /* 0x10A: b 0x100 */
    rig.core.jump_wait = 2;
    uint64_t start = rig.core.clock;
    rig_step(&rig, 6); /* 5 + branch to another line */
    ck_assert_uint_eq(rig.core.clock - start, 5 + 2 + 2);
    setup();
    PROGRAM(0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xE7FE); /* 0x10A: b . in its line */
    rig.core.line_wait = 2;
    start = rig.core.clock;
    rig_step(&rig, 6);
    ck_assert_uint_eq(rig.core.clock - start, 2 + 4 + 2 + 1 + 2);
    rig_step(&rig, 3);
    ck_assert_uint_eq(rig.core.clock - start, 2 + 4 + 2 + 1 + 2 + 6);
}

END_TEST

static uint64_t hash_core(const struct rig *of)
{
    const struct core *core = &of->core;
    uint64_t hash = 1469598103934665603u;

    for (unsigned i = 0; i < RIG_RAM_LEN; i++) {
        hash = (hash ^ of->ram[i]) * 1099511628211u;
    }
    for (unsigned i = 0; i < 16; i++) {
        hash = (hash ^ core->r[i]) * 1099511628211u;
    }
    hash = (hash ^ core_xpsr(core)) * 1099511628211u;
    hash = (hash ^ core->clock) * 1099511628211u;
    hash = (hash ^ core->sleep_cycles) * 1099511628211u;
    return (hash ^ core->instructions) * 1099511628211u;
}

/** A program with ticks, sleep, loops and memory; @return hash after 200000 cycles. */
static uint64_t run_sliced(uint64_t first, uint64_t span, struct rng *rng)
{
    rig_init(&rig);
    PROGRAM(0x3401, 0x6008, 0x680A, 0x18A4, 0x601C, 0xBF30, 0xE7F8); /* ...; wfi; b 0x100 */
    PUT(rig_handler(15), 0x3501, 0x601D, 0xB530, 0xBD30);
    scs_put(SYST_RVR, 136);
    scs_put(SYST_CVR, 0);
    scs_put(SYST_CSR, 7);
    rig.core.r[1] = RIG_REGISTER;
    rig.core.r[3] = RIG_RAM_BASE + 0x10;
    uint64_t end = rig.core.clock + 200000;
    uint64_t next = rig.core.clock + first;
    while (next < end) {
        core_run(&rig.core, next);
        next += rng != NULL ? rng_u64(rng) % 5000 : span;
    }
    core_run(&rig.core, end);
    return hash_core(&rig);
}

START_TEST(the_state_does_not_depend_on_how_time_is_sliced)
{
    static const uint64_t spans[] = {1, 2, 7, 160, 16000};
    uint64_t whole = run_sliced(200000, 200000, NULL);
    struct rng rng;

    ck_assert_uint_gt(rig.core.exceptions, 1000);
    for (unsigned i = 0; i < 5; i++) {
        ck_assert_uint_eq(run_sliced(spans[i], spans[i], NULL), whole);
    }
    rng_init(&rng, 1, "slices");
    ck_assert_uint_eq(run_sliced(3, 0, &rng), whole);
}

END_TEST

static Suite *core_suite(void)
{
    Suite *suite = suite_create("mcu core");
    TCase *execute = tcase_create("instructions");
    TCase *faults = tcase_create("faults");
    TCase *exceptions = tcase_create("exceptions");
    TCase *time = tcase_create("time");

    tcase_add_checked_fixture(execute, setup, NULL);
    tcase_add_loop_test(
        execute, data_processing_gives_result_and_flags, 0, sizeof alu_cases / sizeof alu_cases[0]);
    tcase_add_loop_test(execute, instructions_take_the_cycles_of_the_manual, 0,
        sizeof cycle_cases / sizeof cycle_cases[0]);
    tcase_add_test(execute, bl_reaches_forward_and_back_and_links);
    tcase_add_test(execute, loads_extend_as_named);
    tcase_add_test(execute, a_loaded_base_is_not_written_back);
    tcase_add_test(execute, sp_keeps_its_two_low_bits_zero);
    suite_add_tcase(suite, execute);

    tcase_add_checked_fixture(faults, setup, NULL);
    tcase_add_loop_test(faults, undefined_instructions_fault_with_their_own_address, 0,
        sizeof undefined_ops / sizeof undefined_ops[0]);
    tcase_add_test(faults, unaligned_and_unanswered_accesses_fault_and_change_nothing);
    tcase_add_test(faults, half_word_accesses_fault_on_odd_addresses_only);
    tcase_add_test(faults, blx_to_an_even_address_faults_there_with_t_clear);
    tcase_add_test(faults, code_runs_from_ram_and_from_nowhere_else);
    tcase_add_test(faults, a_fault_in_hard_fault_locks_up_until_nmi);
    tcase_add_test(faults, a_reset_vector_without_thumb_bit_faults_at_its_target);
    tcase_add_test(faults, a_stack_that_does_not_exist_turns_into_lockup);
    suite_add_tcase(suite, faults);

    tcase_add_checked_fixture(exceptions, setup, NULL);
    tcase_add_test(exceptions, svc_stacks_the_next_instruction_and_returns_to_it);
    tcase_add_test(exceptions, an_escalated_svc_stacks_its_own_address);
    tcase_add_test(exceptions, breakpoint_without_debugger_is_a_hard_fault);
    tcase_add_test(exceptions, frame_is_aligned_to_eight_and_the_padding_comes_off_again);
    tcase_add_test(exceptions, thread_on_psp_is_left_and_found_again);
    tcase_add_test(exceptions, a_wrong_exc_return_is_a_hard_fault);
    tcase_add_test(exceptions, a_request_pended_by_a_store_is_taken_at_the_next_instruction);
    tcase_add_test(exceptions, the_higher_priority_preempts_and_the_same_does_not);
    tcase_add_test(exceptions, of_equal_priorities_the_lower_number_goes_first);
    tcase_add_test(exceptions, a_line_that_stays_high_comes_again_after_the_handler);
    tcase_add_test(exceptions, clearing_pending_holds_only_when_the_line_is_low);
    tcase_add_test(exceptions, primask_holds_back_requests_but_not_nmi);
    tcase_add_test(exceptions, pendsv_waits_for_the_handlers_above_it);
    tcase_add_test(exceptions, vtor_moves_the_vectors);
    tcase_add_test(exceptions, a_reset_is_asked_for_with_the_key_only);
    tcase_add_test(exceptions, priorities_have_two_bits_and_system_ones_have_their_places);
    tcase_add_test(exceptions, unprivileged_code_reaches_neither_ppb_nor_primask);
    tcase_add_test(exceptions, mrs_shows_flags_and_exception_number_where_asked);
    suite_add_tcase(suite, exceptions);

    tcase_add_checked_fixture(time, setup, NULL);
    tcase_add_test(time, wfi_sleeps_until_a_request_and_wakes_under_primask_without_taking_it);
    tcase_add_test(time, wfe_passes_once_after_sev);
    tcase_add_test(time, sevonpend_wakes_wfe_by_a_disabled_request);
    tcase_add_test(time, sleeponexit_sleeps_after_the_last_handler);
    tcase_add_test(time, systick_counts_reload_plus_one_from_a_written_zero);
    tcase_add_test(time, systick_at_an_eighth_and_with_reload_zero);
    tcase_add_test(time, systick_wakes_the_sleeper_on_its_cycle);
    tcase_add_test(time, a_busy_bus_repeats_the_instruction_and_reads_once);
    tcase_add_test(time, an_access_happens_at_the_start_of_its_instruction);
    tcase_add_test(time, waits_are_for_jumps_with_prefetch_and_for_lines_without);
    tcase_add_test(time, the_state_does_not_depend_on_how_time_is_sliced);
    suite_add_tcase(suite, time);
    return suite;
}

int main(void)
{
    return support_run(core_suite());
}
