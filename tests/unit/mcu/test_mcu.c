/**
 * The whole part: boot, power, resets, bus, clocks, sleep, and that slicing time changes nothing.
 * Addresses, periods and flags are of RM0444; programs are shown as the assembler text they come
 * from.
 */
#include "tests/support.h"
#include "tests/unit/mcu/swd_host.h"

#include "fixtures/virtual/mcu/mcu.h"

#include "harness/base/bytes.h"
#include "harness/base/rng.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    RAM = 0x20000000,
    COUNTER = 0x20000010,
    RCC_CSR = 0x40021060,
    RCC_IOPENR = 0x40021034,
    FLASH_KEYR = 0x40022008,
    FLASH_CR = 0x40022014,
    SYSCFG_CFGR1 = 0x40010000,
    AIRCR = (int)0xE000ED0C,
    DHCSR = (int)0xE000EDF0,
    MS = 1000000,
    ENTRY = 0x100,
    IMAGE_LEN = 0x400,
    LOG_MAX = 4096
};

/*
 * A tick of 1 ms from HSI16; asleep between ticks.
 *     IOPENR = 1; GPIOA_MODER = 0xEBFFFFFD (PA0 output); *COUNTER = 0
 *     SYST_RVR = 15999; SYST_CVR = 0; SYST_CSR = 7; loop: wfi; b loop
 *     0x124 tick: ++*COUNTER; GPIOA_ODR = *COUNTER & 1; bx lr
 */
static const uint16_t ticker_code[] = {0x480C, 0x2101, 0x6341, 0x4A0C, 0x4B0C, 0x6013, 0x4C0C,
    0x2500, 0x6025, 0x480C, 0x490C, 0x6041, 0x6085, 0x2107, 0x6001, 0xBF30, 0xE7FD, 0x0000, 0x6821,
    0x3101, 0x6021, 0x2001, 0x4008, 0x6150, 0x4770, 0x0000, 0x1000, 0x4002, 0x0000, 0x5000, 0xFFFD,
    0xEBFF, 0x0010, 0x2000, 0xE010, 0xE000, 0x3E7F, 0x0000, 0x0000, 0x0000};
/*
 * 64 MHz from the PLL with two wait states, busy and asleep by turns, a tick of 100 us.
 *     FLASH_ACR = 0x40702; RCC_PLLCFGR = 0x30000802; RCC_CR = 0x1000500; wait for PLLRDY; SW = 2
 *     PA0 output, PA9 USART1_TX, BRR = 556 (115200 Bd), TE, UE; SYST_RVR = 6399
 *     loop: r5 = r5 * 1664525 + 1013904223; COUNTER[1] = r5; if (r5 << 27) b loop; wfi; b loop
 *     0x15C tick: ++*COUNTER; GPIOA_ODR = *COUNTER & 1; USART1_TDR = COUNTER[1] & 0xFF
 */
static const uint16_t mix_code[] = {0x481C, 0x491D, 0x6001, 0x481D, 0x491D, 0x60C1, 0x491D, 0x6001,
    0x6801, 0x0189, 0xD5FC, 0x2102, 0x6081, 0x2101, 0x6341, 0x0389, 0x6401, 0x4A19, 0x4B19, 0x6013,
    0x2310, 0x6253, 0x4818, 0x4919, 0x60C1, 0x2109, 0x6001, 0x4680, 0x4C17, 0x2500, 0x6025, 0x4817,
    0x4917, 0x6041, 0x6085, 0x2107, 0x6001, 0x4E16, 0x4F16, 0x4375, 0x19ED, 0x6065, 0x06E8, 0xD1FA,
    0xBF30, 0xE7F8, 0xB540, 0x6821, 0x3101, 0x6021, 0x2001, 0x4008, 0x6150, 0x4640, 0x6866, 0xB2F6,
    0x6286, 0xBD40, 0x2000, 0x4002, 0x0702, 0x0004, 0x1000, 0x4002, 0x0802, 0x3000, 0x0500, 0x0100,
    0x0000, 0x5000, 0xFFFD, 0xEBFB, 0x3800, 0x4001, 0x022C, 0x0000, 0x0010, 0x2000, 0xE010, 0xE000,
    0x18FF, 0x0000, 0x660D, 0x0019, 0xF35F, 0x3C6E, 0x0000, 0x0000};
/* movs r0, #1; b . */
static const uint16_t idle_code[] = {0x2001, 0xE7FE};

struct event {
    uint64_t time_ns;
    unsigned what;
    unsigned value;
};

struct log {
    struct event events[LOG_MAX];
    unsigned count;
    uint64_t latest_ns;
    bool went_back; /* a callback with a time before one that was given already */
};

static struct log events_log;
static struct mcu_board board;
static struct mcu *mcu;
static struct swd_host host;

static void note(struct log *log, uint64_t time_ns, unsigned what, unsigned value)
{
    log->went_back = log->went_back || time_ns < log->latest_ns;
    log->latest_ns = time_ns;
    if (log->count < LOG_MAX) {
        log->events[log->count++] = (struct event){time_ns, what, value};
    }
}

static void pin_out(void *ctx, uint64_t time_ns, unsigned pin, enum wire_level level)
{
    if (pin == MCU_PIN(0, 0)) {
        note(ctx, time_ns, pin, level);
    }
}

static void uart_tx(void *ctx, unsigned usart_no, const struct wire_char *character)
{
    note(ctx, character->start_ns, 100 + usart_no, character->data);
}

static void put_word(uint8_t *image, uint32_t word)
{
    bytes_put_le32(image, word);
}

static void put_image(const uint16_t *code, size_t len, uint32_t tick)
{
    uint8_t image[IMAGE_LEN];

    memset(image, 0xFF, sizeof image);
    put_word(image, 0x20002000);
    put_word(image + 4, 0x08000000 + ENTRY + 1);
    put_word(image + 4 * 15, 0x08000000 + tick + 1);
    for (size_t i = 0; i < len / 2; i++) {
        bytes_put_le16(image + ENTRY + 2 * i, code[i]);
    }
    mcu_flash_poke(mcu, MCU_FLASH_BASE, image, sizeof image);
}

static void create(const uint16_t *code, size_t len, uint32_t tick)
{
    static const uint8_t id[12] = {1, 2, 3};

    mcu_destroy(mcu);
    memset(&events_log, 0, sizeof events_log);
    board = (struct mcu_board){
        .ctx = &events_log, .pin_out = pin_out, .uart_tx = uart_tx, .vdda_v = 3.3};
    mcu = mcu_create(&board, id, 42);
    host = (struct swd_host){.mcu = mcu, .half_ns = 50};
    if (code != NULL) {
        put_image(code, len, tick);
    }
}

static void setup(void)
{
    create(idle_code, sizeof idle_code, 0);
}

static void finish(void)
{
    mcu_destroy(mcu);
    mcu = NULL;
}

static void connect_at(uint64_t time_ns)
{
    host.time_ns = time_ns;
    host_connect(&host);
}

/* Boot. */

START_TEST(a_programmed_part_boots_from_flash)
{
    mcu_set_power(mcu, 1000, true);
    connect_at(2000);
    ck_assert_uint_eq(host_read_word(&host, 0x00000004), 0x08000101);
    ck_assert_uint_eq(host_read_word(&host, SYSCFG_CFGR1) & 3, 0);
    host_halt(&host);
    ck_assert_uint_eq(host_register(&host, 15), 0x08000102);
    ck_assert_uint_eq(host_register(&host, 13), 0x20002000);
}

END_TEST

START_TEST(an_empty_part_shows_system_memory_at_zero)
{
    create(NULL, 0, 0);
    mcu_set_power(mcu, 0, true);
    connect_at(1000);
    ck_assert_uint_eq(host_read_word(&host, 0x08000000), 0xFFFFFFFF);
    ck_assert_uint_eq(host_read_word(&host, 0), host_read_word(&host, 0x1FFF0000));
    ck_assert_uint_eq(host_read_word(&host, 0x40022000) >> 16 & 1, 1); /* FLASH_ACR.EMPTY */
}

END_TEST

START_TEST(after_the_first_programming_only_a_power_cycle_leaves_the_rom)
{
    create(NULL, 0, 0);
    mcu_set_power(mcu, 0, true);
    put_image(idle_code, sizeof idle_code, 0);
    mcu_set_nrst(mcu, 1 * MS, true);
    mcu_set_nrst(mcu, 2 * MS, false);
    connect_at(2 * MS + 1000);
    ck_assert_uint_eq(host_read_word(&host, 0), host_read_word(&host, 0x1FFF0000));
    mcu_set_power(mcu, 3 * MS, false);
    mcu_set_power(mcu, 4 * MS, true);
    connect_at(4 * MS + 1000);
    ck_assert_uint_eq(host_read_word(&host, 0), 0x20002000);
}

END_TEST

START_TEST(mem_mode_shows_sram_at_zero)
{
    mcu_set_power(mcu, 0, true);
    connect_at(1000);
    host_write_word(&host, RAM + 8, 0x12345678);
    host_write_word(&host, 0x40021040, 1); /* APBENR2.SYSCFGEN */
    host_write_word(&host, SYSCFG_CFGR1, 3);
    ck_assert_uint_eq(host_read_word(&host, 8), 0x12345678);
}

END_TEST

/* Power and resets. */

START_TEST(power_off_loses_ram_and_the_seed_decides_what_is_found_there)
{
    uint32_t first, second;

    mcu_set_power(mcu, 0, true);
    connect_at(1000);
    first = host_read_word(&host, RAM + 0x800);
    host_write_word(&host, RAM + 0x800, 0x600D600D);
    mcu_set_power(mcu, 1 * MS, false);
    ck_assert(!mcu_is_powered(mcu));
    mcu_set_power(mcu, 2 * MS, true);
    connect_at(2 * MS + 1000);
    second = host_read_word(&host, RAM + 0x800);
    ck_assert_uint_ne(second, 0x600D600D);
    ck_assert_uint_ne(second, first);
    setup();
    mcu_set_power(mcu, 0, true);
    connect_at(1000);
    ck_assert_uint_eq(host_read_word(&host, RAM + 0x800), first);
}

END_TEST

START_TEST(a_reset_keeps_ram_and_returns_registers_and_says_why)
{
    struct mcu_stats stats;

    mcu_set_power(mcu, 0, true);
    connect_at(1000);
    ck_assert_uint_eq(host_read_word(&host, RCC_CSR), 0x0C000000); /* PWRRSTF, PINRSTF */
    host_write_word(&host, RCC_CSR, 1u << 23);                     /* RMVF */
    host_write_word(&host, RAM + 0x800, 0x600D600D);
    host_write_word(&host, RCC_IOPENR, 0x2F);
    host_write_word(&host, (uint32_t)AIRCR, 0x05FA0004);
    ck_assert_uint_eq(host_read_word(&host, RCC_CSR), 0x14000000); /* SFTRSTF, PINRSTF */
    ck_assert_uint_eq(host_read_word(&host, RCC_IOPENR), 0);
    ck_assert_uint_eq(host_read_word(&host, RAM + 0x800), 0x600D600D);
    mcu_set_nrst(mcu, host.time_ns, true);
    mcu_set_nrst(mcu, host.time_ns + 1000, false);
    host.time_ns += 2000;
    ck_assert_uint_eq(host_read_word(&host, RCC_CSR), 0x14000000);
    mcu_stats(mcu, &stats);
    ck_assert_uint_eq(stats.resets, 3);
}

END_TEST

START_TEST(the_reset_pin_holds_the_core)
{
    struct mcu_stats before, after;

    mcu_set_power(mcu, 0, true);
    mcu_set_nrst(mcu, 1000, true);
    mcu_stats(mcu, &before);
    mcu_advance(mcu, 1 * MS);
    mcu_stats(mcu, &after);
    ck_assert_uint_eq(before.instructions, after.instructions);
    mcu_set_nrst(mcu, 1 * MS, false);
    mcu_advance(mcu, 2 * MS);
    mcu_stats(mcu, &after);
    /* b . takes 2 cycles of 62.5 ns: 8000 a millisecond, and one movs before */
    ck_assert_uint_eq(after.instructions - before.instructions, 8001);
}

END_TEST

START_TEST(without_power_time_passes_and_nothing_runs)
{
    struct mcu_stats stats;

    mcu_advance(mcu, 5 * MS);
    ck_assert_uint_eq(mcu_now_ns(mcu), 5 * MS);
    mcu_stats(mcu, &stats);
    ck_assert_uint_eq(stats.instructions, 0);
    ck_assert_uint_eq(stats.awake_ps + stats.sleep_ps, 0);
}

END_TEST

/* The bus. */

START_TEST(what_is_not_there_faults_and_what_is_not_clocked_reads_zero)
{
    static const uint32_t absent[] = {0x10000000, 0x20009000, 0x40000000, 0x40015C00, 0x50001000,
        0x08020000, 0x60000000, 0xE0100000};
    uint32_t value = 0;

    mcu_set_power(mcu, 0, true);
    connect_at(1000);
    for (unsigned i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        host_ap_write(&host, 0x04, absent[i]);
        ck_assert_uint_eq(host_packet(&host, true, true, 12, &value), HOST_OK);
        ck_assert_msg(host_packet(&host, false, true, 12, &value) == HOST_FAULT,
            "an access to %08x was answered", absent[i]);
        host_dp_write(&host, 0, 0x04);
    }
    ck_assert_uint_eq(host_read_word(&host, 0x50000000), 0);
    host_write_word(&host, 0x50000000, 0xABFFFFFF);
    host_write_word(&host, RCC_IOPENR, 1);
    ck_assert_uint_eq(host_read_word(&host, 0x50000000), 0xEBFFFFFF);
}

END_TEST

START_TEST(code_in_flash_stands_still_while_the_flash_is_busy)
{
    struct mcu_stats before, after;

    mcu_set_power(mcu, 0, true);
    connect_at(1 * MS);
    host_write_word(&host, FLASH_KEYR, 0x45670123);
    host_write_word(&host, FLASH_KEYR, 0xCDEF89AB);
    host_write_word(&host, FLASH_CR, 1u << 16 | 63 << 3 | 2); /* erase page 63 */
    mcu_advance(mcu, host.time_ns);
    mcu_stats(mcu, &before);
    mcu_advance(mcu, host.time_ns + 10 * MS);
    mcu_stats(mcu, &after);
    ck_assert_uint_le(after.instructions - before.instructions, 2);
    mcu_advance(mcu, host.time_ns + 50 * MS);
    mcu_stats(mcu, &after);
    ck_assert_uint_gt(after.instructions - before.instructions, 8000 * 9);
}

END_TEST

/* Time. */

START_TEST(ticks_come_at_their_times)
{
    create(ticker_code, sizeof ticker_code, 0x124);
    mcu_set_power(mcu, 0, true);
    mcu_advance(mcu, 100 * MS);
    ck_assert_uint_ge(events_log.count, 99);
    for (unsigned i = 2; i < 99; i++) {
        ck_assert_uint_eq(events_log.events[i].time_ns - events_log.events[i - 1].time_ns, 1 * MS);
        ck_assert_uint_eq(events_log.events[i].value, (i + events_log.events[0].value) % 2);
    }
    ck_assert(!events_log.went_back);
}

END_TEST

/** Everything that can be seen of the part after some time of the mixed program. */
static uint64_t hash_of_run(uint64_t end_ns, uint64_t slice_ns, struct rng *rng)
{
    uint64_t hash = 1469598103934665603u;
    struct mcu_stats stats;

    create(mix_code, sizeof mix_code, 0x15C);
    mcu_set_power(mcu, 0, true);
    for (uint64_t now_ns = 0; now_ns < end_ns;) {
        now_ns += rng != NULL ? rng_u64(rng) % 30000 : slice_ns;
        mcu_advance(mcu, now_ns < end_ns ? now_ns : end_ns);
        ck_assert_uint_le(events_log.latest_ns, now_ns);
        ck_assert_uint_eq(mcu_now_ns(mcu), now_ns < end_ns ? now_ns : end_ns);
    }
    mcu_stats(mcu, &stats);
    connect_at(end_ns);
    host_halt(&host);
    const uint64_t words[] = {stats.instructions, stats.cycles, stats.awake_ps, stats.sleep_ps,
        host_register(&host, 0), host_register(&host, 5), host_register(&host, 15),
        host_register(&host, 16), host_read_word(&host, COUNTER), events_log.count};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        hash = (hash ^ words[i]) * 1099511628211u;
    }
    for (unsigned i = 0; i < events_log.count; i++) {
        const struct event *event = &events_log.events[i];
        hash =
            (hash ^ event->time_ns ^ (uint64_t)event->what << 48 ^ (uint64_t)event->value << 56) *
            1099511628211u;
    }
    for (unsigned i = 0; i < 0x80; i += 4) {
        hash = (hash ^ host_read_word(&host, RAM + 0x1F80 + i)) * 1099511628211u; /* the stack */
    }
    ck_assert(!events_log.went_back);
    return hash;
}

START_TEST(nothing_depends_on_how_time_is_sliced)
{
    static const uint64_t slices_ns[] = {1, 7, 160, 16000};
    const uint64_t end_ns = 2 * MS;
    struct rng rng;
    uint64_t whole = hash_of_run(end_ns, end_ns, NULL);

    ck_assert_uint_ge(events_log.count, 2 * 18); /* pin and character of each tick */
    for (unsigned i = 0; i < sizeof slices_ns / sizeof slices_ns[0]; i++) {
        ck_assert_msg(hash_of_run(end_ns, slices_ns[i], NULL) == whole, "slices of %u ns differ",
            (unsigned)slices_ns[i]);
    }
    rng_init(&rng, 7, "slices");
    ck_assert_uint_eq(hash_of_run(end_ns, 0, &rng), whole);
}

END_TEST

START_TEST(an_instruction_that_starts_at_the_bound_waits)
{
    static const uint16_t code[] = {0xE7FE}; /* b .: starts at 0, 125, 250 ns ... */
    struct mcu_stats stats;

    create(code, sizeof code, 0);
    mcu_set_power(mcu, 0, true);
    for (uint64_t time_ns = 0; time_ns < 2000; time_ns++) {
        mcu_advance(mcu, time_ns);
        mcu_stats(mcu, &stats);
        ck_assert_uint_eq(stats.instructions, (time_ns + 124) / 125);
    }
}

END_TEST

START_TEST(characters_leave_at_the_baud_rate_of_the_pll)
{
    create(mix_code, sizeof mix_code, 0x15C);
    mcu_set_power(mcu, 0, true);
    mcu_advance(mcu, 2 * MS);
    unsigned characters = 0;
    for (unsigned i = 0; i < events_log.count; i++) {
        characters += events_log.events[i].what == 101;
    }
    ck_assert_uint_ge(characters, 18);
    ck_assert_uint_le(characters, 20);
}

END_TEST

START_TEST(a_minute_asleep_costs_little)
{
    struct mcu_stats stats;

    create(ticker_code, sizeof ticker_code, 0x124);
    mcu_set_power(mcu, 0, true);
    clock_t start = clock();
    mcu_advance(mcu, UINT64_C(60000) * MS);
    double host_ms = 1e3 * (double)(clock() - start) / CLOCKS_PER_SEC;
    mcu_stats(mcu, &stats);
    printf("60 s asleep with a 1 kHz tick: %.1f ms of host time\n", host_ms);
    ck_assert_double_lt(host_ms, 400.0); /* a guard against a loop; benchmarks hold the goal */
    ck_assert_uint_ge(stats.instructions, 60000 * 9 - 100);
    ck_assert_uint_le(stats.instructions, 60000 * 9 + 100);
    ck_assert_uint_gt(stats.sleep_ps, UINT64_C(59800) * 1000000000);
    uint64_t off_ps = UINT64_C(60000) * 1000000000 - stats.sleep_ps - stats.awake_ps;
    ck_assert_uint_le(off_ps + 62500, 2 * 62500); /* all of it is one or the other */
}

END_TEST

static Suite *mcu_suite(void)
{
    Suite *suite = suite_create("mcu");
    TCase *tcase = tcase_create("mcu");

    tcase_add_checked_fixture(tcase, setup, finish);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_programmed_part_boots_from_flash);
    tcase_add_test(tcase, an_empty_part_shows_system_memory_at_zero);
    tcase_add_test(tcase, after_the_first_programming_only_a_power_cycle_leaves_the_rom);
    tcase_add_test(tcase, mem_mode_shows_sram_at_zero);
    tcase_add_test(tcase, power_off_loses_ram_and_the_seed_decides_what_is_found_there);
    tcase_add_test(tcase, a_reset_keeps_ram_and_returns_registers_and_says_why);
    tcase_add_test(tcase, the_reset_pin_holds_the_core);
    tcase_add_test(tcase, without_power_time_passes_and_nothing_runs);
    tcase_add_test(tcase, what_is_not_there_faults_and_what_is_not_clocked_reads_zero);
    tcase_add_test(tcase, code_in_flash_stands_still_while_the_flash_is_busy);
    tcase_add_test(tcase, ticks_come_at_their_times);
    tcase_add_test(tcase, nothing_depends_on_how_time_is_sliced);
    tcase_add_test(tcase, an_instruction_that_starts_at_the_bound_waits);
    tcase_add_test(tcase, characters_leave_at_the_baud_rate_of_the_pll);
    tcase_add_test(tcase, a_minute_asleep_costs_little);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(mcu_suite());
}
