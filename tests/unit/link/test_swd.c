/*
 * SWD against a bit-level target with one disturbance at each transfer in turn: what comes out is
 * right data or a clear error, and afterwards the port works again.
 */
#include "harness/link/swd.h"
#include "tests/support.h"
#include "tests/unit/link/fake_link.h"
#include "tests/unit/link/swd_model.h"

#include <string.h>

enum {
    WORDS = 40,
    RAM = 0x20000000,
    FIRST = 0x3C0, /* offset: the words cross a 1 KB boundary */
    RAM_WORDS = 1024
};

struct setup {
    struct probe_link link;
    struct swd_model model;
    struct mpsse *mpsse;
    struct swd *swd;
    uint32_t ram[RAM_WORDS];
};

static bool ram_read(void *ctx, uint32_t address, uint32_t *value)
{
    const uint32_t *ram = ctx;

    if (address < RAM || address >= RAM + 4 * RAM_WORDS) {
        return false;
    }
    *value = ram[(address - RAM) / 4];
    return true;
}

static bool ram_write(void *ctx, uint32_t address, uint32_t value)
{
    uint32_t *ram = ctx;

    if (address < RAM || address >= RAM + 4 * RAM_WORDS) {
        return false;
    }
    ram[(address - RAM) / 4] = value;
    return true;
}

static void begin(struct setup *setup)
{
    struct swd_memory memory = {.ctx = setup->ram, .read = ram_read, .write = ram_write};

    memset(setup->ram, 0, sizeof setup->ram);
    swd_model_init(&setup->model, &memory);
    probe_link_init(&setup->link, swd_model_clock, &setup->model);
    ck_assert_int_eq(mpsse_open(&setup->link.base, &setup->mpsse, NULL), STATUS_OK);
    setup->swd = swd_create(setup->mpsse, 10000000);
}

static void begin_connected(struct setup *setup)
{
    struct error err = {.text = ""};
    uint32_t dpidr = 0;

    begin(setup);
    enum status status = swd_connect(setup->swd, &dpidr, &err);
    ck_assert_msg(status == STATUS_OK, "%s", err.text);
    ck_assert_uint_eq(dpidr, 0x0BC11477);
    swd_queue_write(setup->swd, SWD_DP, 0x8, 0);
    swd_queue_write(setup->swd, SWD_AP, 0x0, 0x23000052);
    ck_assert_int_eq(swd_flush(setup->swd, NULL), STATUS_OK);
}

static void end(struct setup *setup)
{
    swd_destroy(setup->swd);
    mpsse_close(setup->mpsse);
}

static uint32_t pattern(uint32_t i, uint32_t salt)
{
    return i * 0x9E3779B9u + salt;
}

static void queue_words(struct setup *setup, uint32_t salt, uint32_t *read)
{
    for (uint32_t i = 0; i < WORDS; i++) {
        if (i == 0 || (FIRST + 4 * i) % 1024 == 0) {
            swd_queue_write(setup->swd, SWD_AP, 0x4, RAM + FIRST + 4 * i);
        }
        swd_queue_write(setup->swd, SWD_AP, 0xC, pattern(i, salt));
    }
    swd_queue_idle_ns(setup->swd, 1000);
    for (uint32_t i = 0; i < WORDS; i++) {
        if (i == 0 || (FIRST + 4 * i) % 1024 == 0) {
            swd_queue_write(setup->swd, SWD_AP, 0x4, RAM + FIRST + 4 * i);
        }
        swd_queue_read(setup->swd, SWD_AP, 0xC, &read[i]);
    }
}

static void expect_words(const struct setup *setup, uint32_t salt, const uint32_t *read)
{
    for (uint32_t i = 0; i < WORDS; i++) {
        ck_assert_uint_eq(setup->ram[FIRST / 4 + i], pattern(i, salt));
        ck_assert_uint_eq(read[i], pattern(i, salt));
    }
    for (uint32_t i = 0; i < RAM_WORDS; i++) {
        if (i < FIRST / 4 || i >= FIRST / 4 + WORDS) {
            ck_assert_uint_eq(setup->ram[i], 0);
        }
    }
}

START_TEST(connects_and_moves_words_both_ways)
{
    struct setup setup;
    uint32_t read[WORDS] = {0};

    begin_connected(&setup);
    queue_words(&setup, 1, read);
    ck_assert_int_eq(swd_flush(setup.swd, NULL), STATUS_OK);
    expect_words(&setup, 1, read);
    ck_assert_uint_eq(setup.model.ctrl_stat, 0x50000001); /* power-up requests and ORUNDETECT */
    end(&setup);
}

END_TEST

/* Transfers of queue_words(): 2 x (WORDS + 2 TAR), RDBUFF before the second TAR of the reads, last
 * RDBUFF. */
enum {
    BATCH_TRANSFERS = 2 * (WORDS + 2) + 2
};

START_TEST(one_disturbance_anywhere_gives_right_data_or_a_clear_error)
{
    enum swd_trouble trouble = (enum swd_trouble)_i;

    for (size_t at = 0; at < BATCH_TRANSFERS; at++) {
        struct setup setup;
        struct error err = {.text = ""};
        uint32_t read[WORDS] = {0};

        begin_connected(&setup);
        swd_model_arm(&setup.model, trouble, at, 1);
        queue_words(&setup, 7, read);
        enum status status = swd_flush(setup.swd, &err);
        if (status == STATUS_OK) {
            expect_words(&setup, 7, read);
        } else {
            ck_assert_int_eq(status, STATUS_UNIT);
            ck_assert_ptr_nonnull(strstr(err.text, "transfer "));
        }
        if (trouble != SWD_TROUBLE_BUS) {
            ck_assert_msg(status == STATUS_OK, "trouble %d at %zu: %s", _i, at, err.text);
        }
        swd_model_arm(&setup.model, SWD_TROUBLE_NONE, 0, 0);
        queue_words(&setup, 8, read);
        status = swd_flush(setup.swd, &err);
        ck_assert_msg(status == STATUS_OK, "after trouble %d at %zu: %s", _i, at, err.text);
        expect_words(&setup, 8, read);
        end(&setup);
    }
}

END_TEST

START_TEST(bus_error_of_any_ap_access_is_reported)
{
    size_t passed = 0;

    for (size_t at = 0; at < BATCH_TRANSFERS; at++) {
        struct setup setup;
        struct error err = {.text = ""};
        uint32_t read[WORDS] = {0};

        begin_connected(&setup);
        swd_model_arm(&setup.model, SWD_TROUBLE_BUS, at, 1);
        queue_words(&setup, 7, read);
        enum status status = swd_flush(setup.swd, &err);
        if (status == STATUS_OK) {
            expect_words(&setup, 7, read);
            passed++;
        } else {
            ck_assert_int_eq(status, STATUS_UNIT);
            ck_assert_ptr_nonnull(strstr(err.text, "STICKYERR"));
        }
        end(&setup);
    }
    ck_assert_uint_eq(passed, 2); /* the two reads of RDBUFF have no bus behind them */
}

END_TEST

START_TEST(bus_error_behind_a_wait_is_not_swallowed)
{
    struct setup setup;
    struct error err = {.text = ""};

    /* WAIT on the RDBUFF that proves a write which fails on the bus a little later */
    begin_connected(&setup);
    swd_model_arm(&setup.model, SWD_TROUBLE_WAIT, 2, 1);
    swd_queue_write(setup.swd, SWD_AP, 0x4, 0x90000000);
    swd_queue_write(setup.swd, SWD_AP, 0xC, 1);
    ck_assert_int_eq(swd_flush(setup.swd, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "STICKYERR"));
    end(&setup);
}

END_TEST

START_TEST(many_waits_in_a_row_are_waited_out)
{
    struct setup setup;
    uint32_t read[WORDS] = {0};

    begin_connected(&setup);
    swd_model_arm(&setup.model, SWD_TROUBLE_WAIT, 5, 20);
    queue_words(&setup, 3, read);
    ck_assert_int_eq(swd_flush(setup.swd, NULL), STATUS_OK);
    expect_words(&setup, 3, read);
    end(&setup);
}

END_TEST

START_TEST(waiting_without_end_is_an_error_in_time)
{
    struct setup setup;
    struct error err = {.text = ""};
    uint32_t value = 0;

    begin_connected(&setup);
    uint64_t start_ns = setup.link.clock.now_ns;
    swd_model_arm(&setup.model, SWD_TROUBLE_WAIT, 0, SIZE_MAX);
    swd_queue_read(setup.swd, SWD_AP, 0x0, &value);
    ck_assert_int_eq(swd_flush(setup.swd, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "WAIT"));
    ck_assert_uint_lt(setup.link.clock.now_ns - start_ns, UINT64_C(500000000));
    end(&setup);
}

END_TEST

START_TEST(dead_target_is_named_on_connecting)
{
    struct setup setup;
    struct error err = {.text = ""};
    uint32_t dpidr;

    begin(&setup);
    setup.model.is_dead = true;
    ck_assert_int_eq(swd_connect(setup.swd, &dpidr, &err), STATUS_UNIT);
    ck_assert_str_eq(
        err.text, "no target answers on SWD: read of DPIDR got ACK 7, none (SWDIO stays high)");
    end(&setup);
}

END_TEST

START_TEST(target_that_dies_in_a_batch_is_an_error_and_comes_back)
{
    struct setup setup;
    struct error err = {.text = ""};
    uint32_t read[WORDS] = {0};
    uint32_t dpidr;

    begin_connected(&setup);
    setup.model.is_dead = true;
    queue_words(&setup, 3, read);
    ck_assert_int_eq(swd_flush(setup.swd, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "transfer 1 of 86 (write AP 0x4): ACK 7"));
    setup.model.is_dead = false;
    ck_assert_int_eq(swd_connect(setup.swd, &dpidr, &err), STATUS_OK);
    queue_words(&setup, 4, read);
    ck_assert_int_eq(swd_flush(setup.swd, &err), STATUS_OK);
    expect_words(&setup, 4, read);
    end(&setup);
}

END_TEST

START_TEST(lost_power_is_not_taken_for_success)
{
    struct setup setup;
    struct error err = {.text = ""};
    uint32_t read[WORDS] = {0};
    struct swd_memory memory;

    begin_connected(&setup);
    memory = setup.model.memory;
    swd_model_init(&setup.model, &memory); /* the unit was off for a moment */
    queue_words(&setup, 3, read);
    ck_assert_int_eq(swd_flush(setup.swd, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "lost its state"));
    end(&setup);
}

END_TEST

START_TEST(drw_without_tar_is_not_repeated_after_silence)
{
    struct setup setup;
    struct error err = {.text = ""};

    begin_connected(&setup);
    swd_queue_write(setup.swd, SWD_AP, 0x4, RAM);
    ck_assert_int_eq(swd_flush(setup.swd, NULL), STATUS_OK);
    swd_model_arm(&setup.model, SWD_TROUBLE_LOST_ACK, 0, 1);
    swd_queue_write(setup.swd, SWD_AP, 0xC, 0x11111111);
    ck_assert_int_eq(swd_flush(setup.swd, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "no point from which it could be repeated"));
    end(&setup);
}

END_TEST

START_TEST(usb_timeout_in_a_batch_ends_in_an_error_and_the_next_one_works)
{
    struct setup setup;
    struct error err = {.text = ""};
    uint32_t read[WORDS] = {0};

    begin_connected(&setup);
    setup.link.fail_transfer = setup.link.transfer_count + 1;
    queue_words(&setup, 3, read);
    ck_assert_int_eq(swd_flush(setup.swd, &err), STATUS_TIMEOUT);
    queue_words(&setup, 4, read);
    ck_assert_int_eq(swd_flush(setup.swd, &err), STATUS_OK);
    expect_words(&setup, 4, read);
    end(&setup);
}

END_TEST

START_TEST(a_word_of_64_kb_costs_about_six_bytes_each_way)
{
    static uint32_t words[256];
    struct setup setup;

    begin_connected(&setup);
    setup.link.out_total = 0;
    setup.link.in_total = 0;
    setup.link.round_trips = 0;
    for (unsigned block = 0; block < 64;
         block++) { /* 64 KB, the same 1 KB of RAM again and again */
        swd_queue_write(setup.swd, SWD_AP, 0x4, RAM);
        for (unsigned i = 0; i < 256; i++) {
            swd_queue_write(setup.swd, SWD_AP, 0xC, words[i]);
        }
    }
    ck_assert_int_eq(swd_flush(setup.swd, NULL), STATUS_OK);
    ck_assert_uint_le(setup.link.out_total, 100000);
    ck_assert_uint_le(setup.link.in_total, 100000);
    ck_assert_uint_le(setup.link.round_trips, 3);
    end(&setup);
}

END_TEST

START_TEST(idle_time_is_clocked_and_nrst_moves_in_its_place)
{
    struct setup setup;

    begin_connected(&setup);
    uint64_t before_ns = probe_link_wire_ns(&setup.link);
    swd_queue_nrst(setup.swd, true);
    swd_queue_idle_ns(setup.swd, 125000);
    ck_assert_int_eq(swd_flush(setup.swd, NULL), STATUS_OK);
    ck_assert_uint_ge(probe_link_wire_ns(&setup.link) - before_ns, 125000);
    ck_assert_uint_lt(probe_link_wire_ns(&setup.link) - before_ns, 127000);
    ck_assert_uint_eq(setup.link.direction_mask, 0x13); /* SWCLK, TDI, /NRST */
    ck_assert_uint_eq(setup.link.level_mask & 0x10, 0);
    swd_queue_nrst(setup.swd, false);
    ck_assert_int_eq(swd_flush(setup.swd, NULL), STATUS_OK);
    ck_assert_uint_eq(setup.link.direction_mask, 0x03);
    end(&setup);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("swd");
    TCase *tests = tcase_create("swd");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, connects_and_moves_words_both_ways);
    tcase_add_loop_test(tests, one_disturbance_anywhere_gives_right_data_or_a_clear_error,
        SWD_TROUBLE_WAIT, SWD_TROUBLE_COUNT);
    tcase_add_test(tests, bus_error_of_any_ap_access_is_reported);
    tcase_add_test(tests, bus_error_behind_a_wait_is_not_swallowed);
    tcase_add_test(tests, many_waits_in_a_row_are_waited_out);
    tcase_add_test(tests, waiting_without_end_is_an_error_in_time);
    tcase_add_test(tests, dead_target_is_named_on_connecting);
    tcase_add_test(tests, target_that_dies_in_a_batch_is_an_error_and_comes_back);
    tcase_add_test(tests, lost_power_is_not_taken_for_success);
    tcase_add_test(tests, drw_without_tar_is_not_repeated_after_silence);
    tcase_add_test(tests, usb_timeout_in_a_batch_ends_in_an_error_and_the_next_one_works);
    tcase_add_test(tests, a_word_of_64_kb_costs_about_six_bytes_each_way);
    tcase_add_test(tests, idle_time_is_clocked_and_nrst_moves_in_its_place);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
