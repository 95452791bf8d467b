/** The flash controller: locks, error flags, times, ECC, protection, option bytes, EMPTY. */
#include "fixtures/virtual/mcu/flash_cells.h"
#include "fixtures/virtual/mcu/periph_parts.h"
#include "tests/support.h"
#include "tests/unit/mcu/fake_mcu.h"

#include <string.h>

enum {
    ACR = 0x40022000,
    KEYR = 0x40022008,
    OPTKEYR = 0x4002200C,
    SR = 0x40022010,
    CR = 0x40022014,
    ECCR = 0x40022018,
    OPTR = 0x40022020,
    WRP1AR = 0x4002202C
};

#define LOCK    0x80000000u
#define OPTLOCK 0x40000000u
#define BSY     0x00010000u
#define CFGBSY  0x00040000u

static const struct mcu_board no_board = {.vdda_v = 3.3};

static struct mcu *mcu;

static void set_up(void)
{
    mcu = fake_create(&no_board, 1);
}

static void tear_down(void)
{
    fake_destroy(mcu);
}

static void unlock(void)
{
    fake_write(mcu, KEYR, 0x45670123);
    fake_write(mcu, KEYR, 0xCDEF89AB);
    ck_assert_uint_eq(fake_read(mcu, CR), OPTLOCK);
}

static void unlock_options(void)
{
    unlock();
    fake_write(mcu, OPTKEYR, 0x08192A3B);
    fake_write(mcu, OPTKEYR, 0x4C5D6E7F);
    ck_assert_uint_eq(fake_read(mcu, CR), 0);
}

static void wait_done(void)
{
    while ((fake_read(mcu, SR) & BSY) != 0) {
        fake_advance_us(mcu, 1);
    }
}

static void store(uint32_t offset, unsigned size, uint32_t value)
{
    ck_assert(flash_write(mcu, offset, size, value));
}

static void program(uint32_t offset, uint32_t low, uint32_t high)
{
    fake_write(mcu, CR, 1);
    store(offset, 4, low);
    store(offset + 4, 4, high);
    wait_done();
    fake_write(mcu, CR, 0);
}

static uint32_t load(uint32_t offset)
{
    uint32_t value;

    (void)flash_read(mcu, offset, 4, &value);
    return value;
}

/* Locks */

START_TEST(two_keys_in_order_unlock)
{
    unlock();
    fake_write(mcu, CR, LOCK);
    ck_assert_uint_eq(fake_read(mcu, CR), LOCK | OPTLOCK);
    ck_assert(!fake_take_fault(mcu));
}

END_TEST

START_TEST(wrong_key_faults_and_bars_until_reset)
{
    fake_write(mcu, KEYR, 0x45670123);
    fake_write(mcu, KEYR, 0x45670123);
    ck_assert(fake_take_fault(mcu));
    fake_write(mcu, KEYR, 0x45670123);
    ck_assert(fake_take_fault(mcu));
    ck_assert_uint_eq(fake_read(mcu, CR), LOCK | OPTLOCK);
    fake_reset(mcu, MCU_CAUSE_SOFTWARE);
    unlock();
    ck_assert(!fake_take_fault(mcu));
}

END_TEST

START_TEST(key_while_unlocked_faults)
{
    unlock();
    fake_write(mcu, KEYR, 0x45670123);
    ck_assert(fake_take_fault(mcu));
}

END_TEST

START_TEST(option_key_needs_the_first_lock_open)
{
    fake_write(mcu, OPTKEYR, 0x08192A3B);
    ck_assert(fake_take_fault(mcu));
}

END_TEST

START_TEST(locked_control_register_ignores_stores)
{
    fake_write(mcu, CR, 1);
    ck_assert_uint_eq(fake_read(mcu, CR), LOCK | OPTLOCK);
}

END_TEST

/* Programming */

START_TEST(double_word_takes_85_us)
{
    unlock();
    fake_write(mcu, CR, 1);
    store(0x800, 4, 0x11223344);
    ck_assert_uint_eq(fake_read(mcu, SR), CFGBSY);
    store(0x804, 4, 0x55667788);
    ck_assert_uint_eq(fake_read(mcu, SR), BSY | CFGBSY);
    fake_advance_ps(mcu, 84999999);
    ck_assert_uint_eq(fake_read(mcu, SR), BSY | CFGBSY);
    fake_advance_ps(mcu, 1);
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
    ck_assert_uint_eq(load(0x800), 0x11223344);
    ck_assert_uint_eq(load(0x804), 0x55667788);
}

END_TEST

START_TEST(end_of_operation_shows_only_when_enabled)
{
    unlock();
    fake_write(mcu, CR, 1u << 24 | 1);
    store(0, 4, 1);
    store(4, 4, 2);
    wait_done();
    ck_assert_uint_eq(fake_read(mcu, SR), 1);
    ck_assert(mcu->irq[3]);
    fake_write(mcu, SR, 1);
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
    ck_assert(!mcu->irq[3]);
}

END_TEST

START_TEST(read_during_an_operation_waits_and_sees_its_outcome)
{
    uint32_t value;

    unlock();
    fake_write(mcu, CR, 1);
    store(0, 4, 0xCAFE0001);
    store(4, 4, 0xCAFE0002);
    uint64_t done_ps = mcu->now_ps + 85000000;
    ck_assert_uint_eq(flash_read(mcu, 4, 4, &value), done_ps);
    ck_assert_uint_eq(value, 0xCAFE0002);
    ck_assert_uint_eq(fake_read(mcu, SR), BSY | CFGBSY);
    fake_advance_us(mcu, 100);
    ck_assert_uint_eq(flash_read(mcu, 4, 4, &value), 0);
}

END_TEST

START_TEST(store_during_an_operation_stalls_until_its_end)
{
    unlock();
    fake_write(mcu, CR, 1);
    store(0, 4, 1);
    store(4, 4, 2);
    uint64_t done_ps = mcu->now_ps + 85000000;
    mcu->stall_ps = 0;
    store(8, 4, 3);
    ck_assert_uint_eq(mcu->stall_ps, done_ps);
    store(12, 4, 4);
    fake_advance_us(mcu, 169);
    ck_assert_uint_eq(fake_read(mcu, SR) & BSY, BSY);
    fake_advance_us(mcu, 1);
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
    ck_assert_uint_eq(load(12), 4);
}

END_TEST

/* The faulty sequences measured on parts. */

START_TEST(four_half_words_give_e0)
{
    unlock();
    fake_write(mcu, CR, 1);
    for (uint32_t offset = 0; offset < 8; offset += 2) {
        store(offset, 2, 0x1234);
    }
    ck_assert_uint_eq(fake_read(mcu, SR) & 0xFFFF, 0xE0);
    ck_assert_uint_eq(load(0), 0xFFFFFFFF);
}

END_TEST

START_TEST(words_of_two_double_words_give_20)
{
    unlock();
    fake_write(mcu, CR, 1);
    store(4, 4, 1);
    store(8, 4, 2);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x20);
}

END_TEST

START_TEST(double_word_without_pg_gives_80)
{
    unlock();
    store(0, 4, 1);
    store(4, 4, 2);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x80);
    ck_assert_uint_eq(load(0), 0xFFFFFFFF);
}

END_TEST

START_TEST(double_word_that_is_not_erased_gives_08)
{
    unlock();
    program(0, 0x0F0F0F0F, 0xFFFFFFFF);
    fake_write(mcu, CR, 1);
    store(0, 4, 0x0F0F0F0E);
    store(4, 4, 0xFFFFFFFF);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x08);
    ck_assert_uint_eq(load(0), 0x0F0F0F0F);
}

END_TEST

START_TEST(first_word_alone_leaves_cfgbsy_until_reset)
{
    unlock();
    fake_write(mcu, CR, 1);
    store(0, 4, 1);
    fake_advance_us(mcu, 1000000);
    ck_assert_uint_eq(fake_read(mcu, SR), CFGBSY);
    fake_write(mcu, CR, 0);
    ck_assert(fake_take_fault(mcu));
    fake_reset(mcu, MCU_CAUSE_SOFTWARE);
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
    ck_assert_uint_eq(load(0), 0xFFFFFFFF);
}

END_TEST

START_TEST(store_while_locked_leaves_cfgbsy_until_reset)
{
    store(0, 4, 1);
    ck_assert_uint_eq(fake_read(mcu, SR), CFGBSY | 0x80);
    fake_reset(mcu, MCU_CAUSE_SOFTWARE);
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
}

END_TEST

START_TEST(pending_error_refuses_the_next_double_word)
{
    unlock();
    program(0, 1, 2);
    fake_write(mcu, CR, 1);
    store(0, 4, 3);
    store(4, 4, 4);
    store(8, 4, 5);
    store(12, 4, 6);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x88);
    ck_assert_uint_eq(load(8), 0xFFFFFFFF);
    fake_write(mcu, SR, 0xC3FB);
    store(8, 4, 5);
    store(12, 4, 6);
    wait_done();
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
    ck_assert_uint_eq(load(8), 5);
}

END_TEST

START_TEST(error_counts_as_operation_error_when_enabled)
{
    unlock();
    fake_write(mcu, CR, 1u << 25); /* ERRIE */
    store(0, 4, 1);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x82);
    ck_assert(mcu->irq[3]);
}

END_TEST

START_TEST(zeros_go_over_anything_but_programmed_ones)
{
    unlock();
    program(0, 0x12345678, 0x9ABCDEF0);
    program(0, 0, 0);
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
    ck_assert_uint_eq(load(0) | load(4), 0);
    program(8, 0xFFFFFFFF, 0xFFFFFFFF);
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
    ck_assert_uint_eq(load(8), 0xFFFFFFFF);
    program(8, 0, 0);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x08);
    ck_assert_uint_eq(load(8), 0xFFFFFFFF);
    ck_assert_uint_eq(mcu->nmi_count, 0);
}

END_TEST

/* Fast programming */

START_TEST(fast_row_takes_1_7_ms)
{
    unlock();
    fake_write(mcu, CR, 1u << 18);
    uint64_t begin_ps = mcu->now_ps;
    for (uint32_t i = 0; i < 64; i++) {
        mcu->stall_ps = 0;
        store(0x100 + 4 * i, 4, i + 1);
        if (mcu->stall_ps > mcu->now_ps) {
            fake_advance_ps(mcu, mcu->stall_ps - mcu->now_ps);
        }
    }
    wait_done();
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
    ck_assert_uint_ge(mcu->now_ps - begin_ps, UINT64_C(1700000000));
    ck_assert_uint_le(mcu->now_ps - begin_ps, UINT64_C(1701000000));
    for (uint32_t i = 0; i < 64; i++) {
        ck_assert_uint_eq(load(0x100 + 4 * i), i + 1);
    }
}

END_TEST

START_TEST(fast_row_fed_too_slowly_misses)
{
    unlock();
    fake_write(mcu, CR, 1u << 18);
    store(0x100, 4, 1);
    store(0x104, 4, 2);
    fake_advance_us(mcu, 200);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x300);
}

END_TEST

START_TEST(fast_row_must_start_at_its_start)
{
    unlock();
    fake_write(mcu, CR, 1u << 18);
    store(0x108, 4, 1);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x220);
}

END_TEST

/* Erasing */

START_TEST(page_erase_takes_22_ms_and_one_page)
{
    unlock();
    program(0x7F8, 1, 2);
    program(0x800, 3, 4);
    program(0x1000, 5, 6);
    fake_write(mcu, CR, 1u << 16 | 1u << 3 | 2);
    ck_assert_uint_eq(fake_read(mcu, CR) & 1u << 16, 1u << 16);
    fake_advance_us(mcu, 21999);
    ck_assert_uint_eq(fake_read(mcu, SR), BSY | CFGBSY);
    fake_advance_us(mcu, 1);
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
    ck_assert_uint_eq(fake_read(mcu, CR), OPTLOCK | 1u << 3 | 2);
    ck_assert_uint_eq(load(0x7F8), 1);
    ck_assert_uint_eq(load(0x800), 0xFFFFFFFF);
    ck_assert_uint_eq(load(0x1000), 5);
}

END_TEST

START_TEST(mass_erase_takes_22_1_ms_and_everything)
{
    unlock();
    program(0, 1, 2);
    program(0x1FFF8, 3, 4);
    fake_write(mcu, CR, 1u << 16 | 4);
    fake_advance_us(mcu, 22099);
    ck_assert_uint_eq(fake_read(mcu, SR), BSY | CFGBSY);
    fake_advance_us(mcu, 1);
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
    ck_assert_uint_eq(load(0), 0xFFFFFFFF);
    ck_assert_uint_eq(load(0x1FFFC), 0xFFFFFFFF);
}

END_TEST

START_TEST(erase_of_a_page_that_is_not_there_is_refused)
{
    unlock();
    fake_write(mcu, CR, 1u << 16 | 64u << 3 | 2);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x80);
}

END_TEST

START_TEST(control_register_faults_while_busy)
{
    unlock();
    fake_write(mcu, CR, 1u << 16 | 2);
    fake_write(mcu, CR, 0);
    ck_assert(fake_take_fault(mcu));
}

END_TEST

/* ECC */

START_TEST(every_single_bit_is_corrected_and_every_pair_is_seen)
{
    static const uint64_t words[] = {0, 0x0123456789ABCDEF, 0x8000000000000001, UINT64_MAX};
    struct cell_dword good = {words[_i], cells_encode(words[_i])};
    uint64_t read;

    for (unsigned first = 0; first < 72; first++) {
        struct cell_dword one = good;
        one.data ^= first < 64 ? UINT64_C(1) << first : 0;
        one.check = (uint8_t)(one.check ^ (first < 64 ? 0 : 1u << (first - 64)));
        ck_assert_int_eq(cells_decode(one, &read), CELLS_CORRECTED);
        ck_assert(read == good.data);
        for (unsigned second = first + 1; second < 72; second++) {
            struct cell_dword two = one;
            two.data ^= second < 64 ? UINT64_C(1) << second : 0;
            two.check = (uint8_t)(two.check ^ (second < 64 ? 0 : 1u << (second - 64)));
            ck_assert_int_eq(cells_decode(two, &read), CELLS_UNCORRECTABLE);
        }
    }
}

END_TEST

START_TEST(erased_double_word_is_valid_and_one_bit_in_it_corrected)
{
    struct cell_dword erased = {UINT64_MAX, 0xFF};
    uint64_t read;

    ck_assert_int_eq(cells_decode(erased, &read), CELLS_CLEAN);
    for (unsigned bit = 0; bit < 56; bit++) {
        struct cell_dword cell = erased;
        cell.data ^= UINT64_C(1) << bit;
        ck_assert_int_eq(cells_decode(cell, &read), CELLS_CORRECTED);
        ck_assert(read == UINT64_MAX);
    }
}

END_TEST

START_TEST(one_flipped_bit_is_corrected_and_reported)
{
    unlock();
    program(0x5A0, 0x11223344, 0x55667788);
    mcu_flash_flip(mcu, 0x080005A0, 1);
    ck_assert_uint_eq(load(0x5A0), 0x11223344);
    ck_assert_uint_eq(fake_read(mcu, ECCR), 0x400000B4);
    ck_assert_uint_eq(mcu->nmi_count, 0);
    ck_assert(!mcu->irq[3]);
    fake_write(mcu, ECCR, 0x41000000); /* clear, and enable its interrupt */
    ck_assert_uint_eq(fake_read(mcu, ECCR) & 0xC1000000, 0x01000000);
    ck_assert_uint_eq(load(0x5A4), 0x55667788);
    ck_assert(mcu->irq[3]);
}

END_TEST

START_TEST(two_flipped_bits_raise_nmi_for_core_and_debugger)
{
    uint64_t free_at_ps;

    unlock();
    program(0x10, 0x11223344, 0x55667788);
    mcu_flash_flip(mcu, 0x08000010, 3);
    ck_assert_uint_eq(load(0x10), 0x11223347);
    ck_assert_uint_eq(fake_read(mcu, ECCR), 0x80000002);
    ck_assert_uint_eq(mcu->nmi_count, 1);
    ck_assert_uint_eq(flash_fetch(mcu, 0x10, &free_at_ps), 0x3347);
    ck_assert_uint_eq(mcu->nmi_count, 2);
    fake_write(mcu, ECCR, 0x80000000);
    mcu->is_debug_access = true;
    (void)load(0x14);
    ck_assert_uint_eq(fake_read(mcu, ECCR), 0x80000002);
}

END_TEST

START_TEST(window_leaves_out_pages_with_bad_words)
{
    uint32_t offset;
    uint32_t len;

    ck_assert_ptr_nonnull(flash_window(mcu, 0x1234, &offset, &len));
    ck_assert_uint_eq(offset, 0);
    ck_assert_uint_eq(len, 0x20000);
    unsigned seen = mcu->fetch_change_count;
    mcu_flash_flip(mcu, 0x08001000, 1);
    ck_assert_uint_gt(mcu->fetch_change_count, seen);
    ck_assert_ptr_null(flash_window(mcu, 0x1234, &offset, &len));
    ck_assert_ptr_nonnull(flash_window(mcu, 0x1800, &offset, &len));
    ck_assert_uint_eq(offset, 0x1800);
    ck_assert_uint_eq(len, 0x20000 - 0x1800);
    unlock();
    fake_write(mcu, CR, 1);
    store(0, 4, 1);
    store(4, 4, 1);
    ck_assert_ptr_null(flash_window(mcu, 0x1800, &offset, &len));
}

END_TEST

/* Cuts */

START_TEST(reset_in_the_middle_of_programming_leaves_a_bad_word)
{
    unlock();
    fake_write(mcu, CR, 1);
    store(0, 4, 0x12345678);
    store(4, 4, 0x9ABCDEF0);
    fake_advance_us(mcu, 40);
    fake_reset(mcu, MCU_CAUSE_SOFTWARE);
    uint32_t torn = load(0);
    ck_assert_uint_eq(torn & 0x12345678, 0x12345678); /* what stays 1 was not touched */
    ck_assert_uint_eq(fake_read(mcu, ECCR), 0x80000000);
    ck_assert_uint_eq(mcu->nmi_count, 1);
}

END_TEST

START_TEST(cut_programming_tears_the_same_way_for_the_same_seed)
{
    uint8_t first[8];
    uint8_t second[8];

    for (int run = 0; run < 2; run++) {
        tear_down();
        set_up();
        unlock();
        fake_write(mcu, CR, 1);
        store(0, 4, 0);
        store(4, 4, 0);
        fake_advance_us(mcu, run == 0 ? 10 : 80);
        fake_reset(mcu, MCU_CAUSE_POWER);
        mcu_flash_peek(mcu, 0x08000000, run == 0 ? first : second, 8);
    }
    ck_assert_mem_eq(first, second, 8);
}

END_TEST

START_TEST(reset_in_the_middle_of_an_erase_leaves_neither_old_nor_new)
{
    uint8_t page[2048];
    unsigned old_count = 0;
    unsigned erased_count = 0;

    memset(page, 0, sizeof page);
    mcu_flash_poke(mcu, 0x08000800, page, sizeof page);
    unlock();
    fake_write(mcu, CR, 1u << 16 | 1u << 3 | 2);
    fake_advance_us(mcu, 10000);
    fake_reset(mcu, MCU_CAUSE_PIN);
    mcu_flash_peek(mcu, 0x08000800, page, sizeof page);
    for (size_t i = 0; i < sizeof page; i++) {
        old_count += page[i] == 0;
        erased_count += page[i] == 0xFF;
    }
    ck_assert_uint_lt(old_count, 100);
    ck_assert_uint_lt(erased_count, 100);
    mcu_flash_peek(mcu, 0x08001000, page, 1);
    ck_assert_uint_eq(page[0], 0xFF);
}

END_TEST

START_TEST(reset_after_the_end_of_an_operation_harms_nothing)
{
    unlock();
    fake_write(mcu, CR, 1);
    store(0, 4, 1);
    store(4, 4, 2);
    mcu->now_ps += 85000000; /* nobody has looked since */
    fake_reset(mcu, MCU_CAUSE_SOFTWARE);
    ck_assert_uint_eq(load(0), 1);
    ck_assert_uint_eq(fake_read(mcu, ECCR), 0);
}

END_TEST

/* Protection and options */

START_TEST(write_protected_pages_refuse_programming_and_erasing)
{
    unlock_options();
    fake_write(mcu, WRP1AR, 0x00030002); /* pages 2 and 3 */
    fake_write(mcu, CR, 1u << 17);
    wait_done();
    program(0x1800, 1, 2); /* not in force before the options are loaded */
    ck_assert_uint_eq(load(0x1800), 1);
    fake_write(mcu, CR, 1u << 27);
    ck_assert(mcu->has_reset_request);
    ck_assert_int_eq(mcu->reset_cause, MCU_CAUSE_OPTION_LOAD);
    fake_reset(mcu, MCU_CAUSE_OPTION_LOAD);
    ck_assert_uint_eq(fake_read(mcu, WRP1AR), 0x00030002);
    unlock();
    fake_write(mcu, CR, 1);
    store(0x1FF8, 4, 1);
    store(0x1FFC, 4, 1);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x10);
    fake_write(mcu, SR, 0x10);
    fake_write(mcu, CR, 1u << 16 | 2u << 3 | 2);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x10);
    fake_write(mcu, SR, 0x10);
    fake_write(mcu, CR, 1u << 16 | 4);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x10);
    fake_write(mcu, SR, 0x10);
    program(0x2000, 7, 8);
    ck_assert_uint_eq(load(0x2000), 7);
}

END_TEST

START_TEST(option_registers_need_the_option_lock_open)
{
    unlock();
    fake_write(mcu, WRP1AR, 0);
    ck_assert_uint_eq(fake_read(mcu, WRP1AR), 0x0000003F);
    fake_write(mcu, CR, 1u << 17);
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
}

END_TEST

START_TEST(option_bytes_are_stored_with_their_complements)
{
    ck_assert_uint_eq(flash_system_read(mcu, 0x1FFF7800, 4), 0xFFFFFEAA);
    ck_assert_uint_eq(flash_system_read(mcu, 0x1FFF7804, 4), 0x00000155);
    unlock_options();
    fake_write(mcu, OPTR, 0xFFFEFEAA); /* hardware watchdog */
    fake_write(mcu, CR, 1u << 17);
    ck_assert_uint_eq(flash_system_read(mcu, 0x1FFF7800, 4), 0xFFFFFEAA);
    wait_done();
    ck_assert_uint_eq(flash_system_read(mcu, 0x1FFF7800, 4), 0xFFFEFEAA);
    ck_assert_uint_eq(flash_system_read(mcu, 0x1FFF7804, 4), 0x00010155);
    fake_write(mcu, CR, 1u << 27);
    fake_reset(mcu, MCU_CAUSE_OPTION_LOAD);
    ck_assert(iwdg_is_running(mcu));
    ck_assert_uint_eq(fake_read(mcu, 0x40021060) & 1u << 25, 1u << 25); /* OBLRSTF */
}

END_TEST

START_TEST(option_change_without_launch_is_forgotten_by_a_plain_reset)
{
    unlock_options();
    fake_write(mcu, OPTR, 0xFFFFFEBB);
    fake_write(mcu, CR, 1u << 17);
    wait_done();
    ck_assert_uint_eq(flash_protection_level(mcu), 0);
    fake_reset(mcu, MCU_CAUSE_SOFTWARE);
    ck_assert_uint_eq(flash_protection_level(mcu), 0);
    fake_reset(mcu, MCU_CAUSE_POWER);
    ck_assert_uint_eq(flash_protection_level(mcu), 1);
}

END_TEST

static void set_protection(uint32_t optr)
{
    unlock_options();
    fake_write(mcu, OPTR, optr);
    fake_write(mcu, CR, 1u << 17);
    wait_done();
    fake_write(mcu, CR, 1u << 27);
    fake_reset(mcu, MCU_CAUSE_OPTION_LOAD);
}

START_TEST(level_1_refuses_the_debugger_and_regression_erases)
{
    unlock();
    program(0, 0x20002000, 0x08000101);
    fake_write(mcu, CR, LOCK);
    set_protection(0xFFFFFEBB);
    ck_assert_uint_eq(load(0), 0x20002000); /* the core reads on */
    mcu->is_debug_access = true;
    ck_assert_uint_eq(load(0), 0);
    ck_assert(fake_take_fault(mcu));
    uint64_t begin_ps = mcu->now_ps;
    set_protection(0xFFFFFEAA);
    ck_assert_uint_ge(mcu->now_ps - begin_ps, UINT64_C(44100000000)); /* both erases */
    ck_assert_uint_eq(load(0), 0xFFFFFFFF);
    ck_assert(!fake_take_fault(mcu));
}

END_TEST

START_TEST(cut_regression_leaves_nothing_readable_of_the_image)
{
    uint8_t page[2048];
    unsigned old_count = 0;

    memset(page, 0, sizeof page);
    mcu_flash_poke(mcu, 0x0801F800, page, sizeof page);
    set_protection(0xFFFFFEBB);
    unlock_options();
    fake_write(mcu, OPTR, 0xFFFFFEAA);
    fake_write(mcu, CR, 1u << 17);
    fake_advance_us(mcu, 1000);
    fake_reset(mcu, MCU_CAUSE_POWER);
    ck_assert_uint_eq(flash_protection_level(mcu), 1);
    mcu_flash_peek(mcu, 0x0801F800, page, sizeof page);
    for (size_t i = 0; i < sizeof page; i++) {
        old_count += page[i] == 0;
    }
    ck_assert_uint_lt(old_count, 100);
}

END_TEST

START_TEST(cut_while_storing_options_loads_safe_ones)
{
    unlock_options();
    fake_write(mcu, CR, 1u << 17);
    fake_advance_us(mcu, 5000);
    fake_reset(mcu, MCU_CAUSE_POWER);
    ck_assert_uint_eq(fake_read(mcu, SR), 0x8000); /* OPTVERR */
    ck_assert_uint_eq(flash_protection_level(mcu), 1);
}

END_TEST

/* EMPTY and boot */

START_TEST(empty_is_sampled_at_power_on_and_option_load_only)
{
    ck_assert(flash_is_empty_flag(mcu));
    ck_assert_uint_eq(flash_boot_mode(mcu), 1);
    unlock();
    program(0, 0x20002000, 0x08000101);
    fake_reset(mcu, MCU_CAUSE_SOFTWARE);
    ck_assert(flash_is_empty_flag(mcu)); /* the production trap */
    ck_assert_uint_eq(fake_read(mcu, ACR), 0x00050600);
    fake_reset(mcu, MCU_CAUSE_POWER);
    ck_assert(!flash_is_empty_flag(mcu));
    ck_assert_uint_eq(fake_read(mcu, ACR), 0x00040600);
    ck_assert_uint_eq(flash_boot_mode(mcu), 0);
}

END_TEST

START_TEST(option_load_samples_empty_too)
{
    unlock_options();
    program(0, 0x20002000, 0x08000101);
    fake_write(mcu, CR, 1u << 27);
    fake_reset(mcu, MCU_CAUSE_OPTION_LOAD);
    ck_assert(!flash_is_empty_flag(mcu));
}

END_TEST

START_TEST(software_may_clear_empty)
{
    fake_write(mcu, ACR, 0x00040602); /* and two wait states */
    ck_assert(!flash_is_empty_flag(mcu));
    ck_assert_uint_eq(flash_wait_states(mcu), 2);
    fake_reset(mcu, MCU_CAUSE_SOFTWARE);
    ck_assert(!flash_is_empty_flag(mcu));
    ck_assert_uint_eq(flash_wait_states(mcu), 0);
}

END_TEST

/* System memory */

START_TEST(signature_is_where_tools_look_for_it)
{
    ck_assert_uint_eq(flash_system_read(mcu, 0x1FFF75E0, 2), 0x0080);
    ck_assert_uint_eq(flash_system_read(mcu, 0x1FFF6FFE, 1), 0xB3);
    ck_assert_uint_eq(flash_system_read(mcu, 0x1FFF7590, 4), 0xA3A2A1A0);
    ck_assert_uint_eq(flash_system_read(mcu, 0x1FFF7598, 4), 0xABAAA9A8);
    ck_assert_uint_eq(flash_system_read(mcu, 0x1FFF7500, 1) & 0xF, 8);
    ck_assert_uint_eq(flash_system_read(mcu, 0x1FFF7000, 4), 0xFFFFFFFF);
    uint32_t vrefint_cal = flash_system_read(mcu, 0x1FFF75AA, 2);
    ck_assert_uint_ge(vrefint_cal, 1638); /* 1.2 V at 3.0 V */
    ck_assert_uint_le(vrefint_cal, 1670);
    uint32_t ts_cal1 = flash_system_read(mcu, 0x1FFF75A8, 2);
    uint32_t ts_cal2 = flash_system_read(mcu, 0x1FFF75CA, 2);
    ck_assert_uint_ge(ts_cal2 - ts_cal1, 320); /* 100 K of 2.5 mV: 341 */
    ck_assert_uint_le(ts_cal2 - ts_cal1, 362);
}

END_TEST

START_TEST(bootloader_waits_for_a_host)
{
    ck_assert_uint_eq(flash_system_read(mcu, 0x1FFF0000, 4), 0x20002000);
    uint32_t reset = flash_system_read(mcu, 0x1FFF0004, 4);
    ck_assert_uint_eq(reset & 1, 1);
    ck_assert_uint_eq(flash_system_read(mcu, reset - 1, 2), 0xBF30); /* WFI */
    ck_assert_uint_eq(flash_system_read(mcu, reset + 1, 2), 0xE7FD); /* B, 6 back */
}

END_TEST

/* Control panel */

static void flip_first(void *ctx, struct mcu *part, uint32_t address)
{
    uint32_t *last = ctx;

    *last = address;
    mcu_flash_flip(part, address, 1);
}

START_TEST(hook_sees_each_double_word_after_it_is_programmed)
{
    uint32_t last = 0;

    mcu_set_flash_hook(mcu, flip_first, &last);
    unlock();
    program(0x40, 2, 4);
    ck_assert_uint_eq(last, 0x08000040);
    ck_assert_uint_eq(load(0x40), 2);
    ck_assert_uint_eq(fake_read(mcu, ECCR), 0x40000008);
}

END_TEST

START_TEST(worn_cells_report_success_and_hold_nothing)
{
    mcu_flash_wear_out(mcu, 0x08000100, 0x08000107);
    unlock();
    program(0x100, 1, 2);
    program(0x108, 3, 4);
    ck_assert_uint_eq(fake_read(mcu, SR), 0);
    ck_assert_uint_eq(load(0x100), 0xFFFFFFFF);
    ck_assert_uint_eq(load(0x108), 3);
}

END_TEST

START_TEST(poked_image_reads_back_clean_and_padding_stays_erased)
{
    uint8_t image[16];

    for (unsigned i = 0; i < 16; i++) {
        image[i] = i < 8 ? (uint8_t)(i + 1) : 0xFF;
    }
    mcu_flash_poke(mcu, 0x08000000, image, sizeof image);
    ck_assert_uint_eq(load(0), 0x04030201);
    ck_assert_uint_eq(load(8), 0xFFFFFFFF);
    ck_assert_uint_eq(fake_read(mcu, ECCR), 0);
    unlock();
    program(8, 5, 6); /* as after an erase */
    ck_assert_uint_eq(load(8), 5);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("mcu flash");
    TCase *tests = tcase_create("flash");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, two_keys_in_order_unlock);
    tcase_add_test(tests, wrong_key_faults_and_bars_until_reset);
    tcase_add_test(tests, key_while_unlocked_faults);
    tcase_add_test(tests, option_key_needs_the_first_lock_open);
    tcase_add_test(tests, locked_control_register_ignores_stores);
    tcase_add_test(tests, double_word_takes_85_us);
    tcase_add_test(tests, end_of_operation_shows_only_when_enabled);
    tcase_add_test(tests, read_during_an_operation_waits_and_sees_its_outcome);
    tcase_add_test(tests, store_during_an_operation_stalls_until_its_end);
    tcase_add_test(tests, four_half_words_give_e0);
    tcase_add_test(tests, words_of_two_double_words_give_20);
    tcase_add_test(tests, double_word_without_pg_gives_80);
    tcase_add_test(tests, double_word_that_is_not_erased_gives_08);
    tcase_add_test(tests, first_word_alone_leaves_cfgbsy_until_reset);
    tcase_add_test(tests, store_while_locked_leaves_cfgbsy_until_reset);
    tcase_add_test(tests, pending_error_refuses_the_next_double_word);
    tcase_add_test(tests, error_counts_as_operation_error_when_enabled);
    tcase_add_test(tests, zeros_go_over_anything_but_programmed_ones);
    tcase_add_test(tests, fast_row_takes_1_7_ms);
    tcase_add_test(tests, fast_row_fed_too_slowly_misses);
    tcase_add_test(tests, fast_row_must_start_at_its_start);
    tcase_add_test(tests, page_erase_takes_22_ms_and_one_page);
    tcase_add_test(tests, mass_erase_takes_22_1_ms_and_everything);
    tcase_add_test(tests, erase_of_a_page_that_is_not_there_is_refused);
    tcase_add_test(tests, control_register_faults_while_busy);
    tcase_add_loop_test(tests, every_single_bit_is_corrected_and_every_pair_is_seen, 0, 4);
    tcase_add_test(tests, erased_double_word_is_valid_and_one_bit_in_it_corrected);
    tcase_add_test(tests, one_flipped_bit_is_corrected_and_reported);
    tcase_add_test(tests, two_flipped_bits_raise_nmi_for_core_and_debugger);
    tcase_add_test(tests, window_leaves_out_pages_with_bad_words);
    tcase_add_test(tests, reset_in_the_middle_of_programming_leaves_a_bad_word);
    tcase_add_test(tests, cut_programming_tears_the_same_way_for_the_same_seed);
    tcase_add_test(tests, reset_in_the_middle_of_an_erase_leaves_neither_old_nor_new);
    tcase_add_test(tests, reset_after_the_end_of_an_operation_harms_nothing);
    tcase_add_test(tests, write_protected_pages_refuse_programming_and_erasing);
    tcase_add_test(tests, option_registers_need_the_option_lock_open);
    tcase_add_test(tests, option_bytes_are_stored_with_their_complements);
    tcase_add_test(tests, option_change_without_launch_is_forgotten_by_a_plain_reset);
    tcase_add_test(tests, level_1_refuses_the_debugger_and_regression_erases);
    tcase_add_test(tests, cut_regression_leaves_nothing_readable_of_the_image);
    tcase_add_test(tests, cut_while_storing_options_loads_safe_ones);
    tcase_add_test(tests, empty_is_sampled_at_power_on_and_option_load_only);
    tcase_add_test(tests, option_load_samples_empty_too);
    tcase_add_test(tests, software_may_clear_empty);
    tcase_add_test(tests, signature_is_where_tools_look_for_it);
    tcase_add_test(tests, bootloader_waits_for_a_host);
    tcase_add_test(tests, hook_sees_each_double_word_after_it_is_programmed);
    tcase_add_test(tests, worn_cells_report_success_and_hold_nothing);
    tcase_add_test(tests, poked_image_reads_back_clean_and_padding_stays_erased);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
