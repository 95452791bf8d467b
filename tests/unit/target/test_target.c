#include "harness/target/part.h"
#include "harness/target/target.h"
#include "tests/support.h"
#include "tests/unit/target/g0_model.h"

#include <string.h>

enum {
    FLASH = 0x08000000
};

struct progress {
    char last_what[16];
    double last_done;
    unsigned calls;
    uint64_t last_ns;
    uint64_t longest_ns;
    const struct g0_model *model;
};

struct setup {
    struct g0_model model;
    struct mpsse *mpsse;
    struct swd *swd;
    struct target *target;
    struct target_info info;
    struct progress progress;
};

static void note_progress(void *ctx, const char *what, double done)
{
    struct progress *progress = ctx;
    uint64_t now_ns = progress->model->link.clock.now_ns;

    ck_assert(done >= 0.0 && done <= 1.0);
    if (strcmp(progress->last_what, what) == 0) {
        ck_assert(done >= progress->last_done);
    }
    if (progress->calls > 0 && now_ns - progress->last_ns > progress->longest_ns) {
        progress->longest_ns = now_ns - progress->last_ns;
    }
    strcpy(progress->last_what, what);
    progress->last_done = done;
    progress->last_ns = now_ns;
    progress->calls++;
}

static void begin(struct setup *setup)
{
    *setup = (struct setup){.mpsse = NULL};
    g0_model_init(&setup->model);
    setup->progress.model = &setup->model;
    ck_assert_int_eq(mpsse_open(&setup->model.link.base, &setup->mpsse, NULL), STATUS_OK);
    setup->swd = swd_create(setup->mpsse, 15000000);
    setup->target = target_create(setup->swd, note_progress, &setup->progress);
}

static void begin_attached(struct setup *setup)
{
    struct error err = {.text = ""};

    begin(setup);
    enum status status = target_attach(setup->target, &setup->info, &err);
    ck_assert_msg(status == STATUS_OK, "%s", err.text);
}

static void end(struct setup *setup)
{
    target_destroy(setup->target);
    swd_destroy(setup->swd);
    mpsse_close(setup->mpsse);
    g0_model_finish(&setup->model);
}

static void fill(uint8_t *data, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = (uint8_t)(seed >> 24);
    }
}

static struct image image_of(uint32_t address, uint8_t *data, size_t len)
{
    struct image image = {.segment_count = 1};

    image.segments[0].address = address;
    image.segments[0].bytes.data = data;
    image.segments[0].bytes.len = len;
    return image;
}

START_TEST(part_table_has_no_holes)
{
    ck_assert_uint_gt(target_part_count, 0);
    for (size_t i = 0; i < target_part_count; i++) {
        const struct target_part *part = &target_parts[i];
        ck_assert_ptr_nonnull(part->name);
        ck_assert_uint_ne(part->dpidr & 1, 0); /* ADIv5: bit 0 reads as one */
        ck_assert_uint_eq(part->device_id & ~0xFFFu, 0);
        ck_assert_uint_eq(part->flash_len % part->page_len, 0);
        ck_assert_uint_eq(part->page_len % 8, 0);
        ck_assert_uint_eq(part->unique_id_address % 4, 0);
        ck_assert_uint_eq(part->flash_size_address % 4, 0);
        ck_assert_uint_gt(part->erase_max_ns, part->erase_typical_ns);
        ck_assert_uint_gt(part->program_max_ns, 0);
        ck_assert_ptr_eq(target_part_find(part->device_id), part);
    }
    ck_assert_ptr_null(target_part_find(0xFFF));
}

END_TEST

START_TEST(attaching_identifies_halts_and_freezes_the_watchdogs)
{
    struct setup setup;

    begin_attached(&setup);
    ck_assert_str_eq(setup.info.part, "STM32G071xB");
    ck_assert_uint_eq(setup.info.dpidr, 0x0BC11477);
    ck_assert_uint_eq(setup.info.device_id, 0x460);
    ck_assert_uint_eq(setup.info.revision_id, 0x2000);
    ck_assert_uint_eq(setup.info.flash_len, 131072);
    ck_assert_uint_eq(bytes_get_le32(setup.info.unique_id + 8), 0x1FFF7598u * 3);
    ck_assert(setup.model.is_halted);
    ck_assert_uint_eq(setup.model.freeze, 0x1800);
    end(&setup);
}

END_TEST

START_TEST(detaching_leaves_the_core_running_and_all_as_it_was)
{
    struct setup setup;

    begin_attached(&setup);
    ck_assert_int_eq(target_detach(setup.target, NULL), STATUS_OK);
    ck_assert(!setup.model.is_halted);
    ck_assert(!setup.model.is_debug_enabled);
    ck_assert(!setup.model.has_debug_clock);
    ck_assert_uint_eq(setup.model.freeze, 0);
    ck_assert_uint_eq(setup.model.port.ctrl_stat & 0x50000000, 0);
    ck_assert_int_eq(target_attach(setup.target, &setup.info, NULL), STATUS_OK);
    end(&setup);
}

END_TEST

START_TEST(core_that_does_not_halt_is_caught_under_reset)
{
    struct setup setup;

    begin(&setup);
    setup.model.cannot_halt = true;
    ck_assert_int_eq(target_attach(setup.target, &setup.info, NULL), STATUS_OK);
    ck_assert(setup.model.is_halted);
    ck_assert(!setup.model.catches_reset);
    ck_assert_uint_eq(setup.model.reset_count, 1);
    ck_assert_uint_eq(setup.model.link.direction_mask, 0x03); /* /NRST let go */
    end(&setup);
}

END_TEST

START_TEST(dead_or_foreign_target_is_the_units_fault_and_named)
{
    struct setup setup;
    struct error err = {.text = ""};

    begin(&setup);
    setup.model.port.is_dead = true;
    ck_assert_int_eq(target_attach(setup.target, &setup.info, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "no target answers on SWD"));
    ck_assert_uint_eq(setup.model.link.direction_mask, 0x03);
    setup.model.port.is_dead = false;
    setup.model.idcode = 0x10006467;
    ck_assert_int_eq(target_attach(setup.target, &setup.info, &err), STATUS_UNIT);
    ck_assert_str_eq(err.text, "DBG_IDCODE 0x10006467: device id 0x467 is of no known part; "
                               "expected 0x460 (STM32G071xB)");
    setup.model.idcode = 0x20006460;
    setup.model.size_kb = 0xFFFF;
    ck_assert_int_eq(target_attach(setup.target, &setup.info, &err), STATUS_UNIT);
    end(&setup);
}

END_TEST

START_TEST(reset_lets_the_core_run)
{
    struct setup setup;

    begin_attached(&setup);
    ck_assert_int_eq(target_reset(setup.target, NULL), STATUS_OK);
    ck_assert_uint_eq(setup.model.reset_count, 1);
    ck_assert(!setup.model.is_halted);
    end(&setup);
}

END_TEST

START_TEST(images_of_any_size_and_place_are_programmed_and_verified)
{
    static const struct {
        uint32_t address;
        size_t len;
    } table[] = {
        {FLASH, 32768}, {FLASH, 1}, {FLASH + 2047, 2}, {FLASH + 0x1F003, 4093}, {FLASH + 3, 9}};

    static uint8_t data[32768];

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct setup setup;
        struct error err = {.text = ""};
        struct image image = image_of(table[i].address, data, table[i].len);
        fill(data, sizeof data, (uint32_t)i);
        begin_attached(&setup);
        enum status status = target_program(setup.target, &image, &err);
        ck_assert_msg(status == STATUS_OK, "%s", err.text);
        status = target_verify(setup.target, &image, &err);
        ck_assert_msg(status == STATUS_OK, "%s", err.text);
        ck_assert_mem_eq(setup.model.flash + (table[i].address - FLASH), data, table[i].len);
        ck_assert(setup.model.is_locked);
        ck_assert_uint_eq(setup.model.violation_count, 0);
        ck_assert_uint_eq(setup.model.erased_count, 0); /* was blank */
        ck_assert_uint_eq(setup.model.sr, 0);
        ck_assert_str_eq(setup.progress.last_what, "verify");
        ck_assert(setup.progress.last_done > 0.999);
        ck_assert_uint_lt(setup.progress.longest_ns, 100000000);
        end(&setup);
    }
}

END_TEST

START_TEST(touched_pages_are_erased_and_others_kept)
{
    static uint8_t data[5000];
    static uint8_t before[G0_FLASH_LEN];
    struct setup setup;
    struct image image = image_of(FLASH + 2048, data, sizeof data);

    fill(data, sizeof data, 1);
    fill(before, sizeof before, 2);
    begin_attached(&setup);
    memcpy(setup.model.flash, before, sizeof before);
    memset(setup.model.flash + 4096, 0xFF, 2048); /* one of the three is blank */
    ck_assert_int_eq(target_program(setup.target, &image, NULL), STATUS_OK);
    ck_assert_uint_eq(setup.model.erased_count, 2);
    ck_assert_uint_eq(setup.model.mass_erased_count, 0);
    ck_assert_mem_eq(setup.model.flash, before, 2048);
    ck_assert_mem_eq(setup.model.flash + 2048, data, sizeof data);
    for (size_t i = 2048 + sizeof data; i < 8192; i++) {
        ck_assert_uint_eq(setup.model.flash[i], 0xFF);
    }
    ck_assert_mem_eq(setup.model.flash + 8192, before + 8192, sizeof before - 8192);
    ck_assert_uint_lt(setup.progress.longest_ns, 100000000);
    end(&setup);
}

END_TEST

START_TEST(an_image_of_the_whole_flash_is_one_mass_erase)
{
    static uint8_t data[G0_FLASH_LEN];
    struct setup setup;
    struct image image = image_of(FLASH, data, sizeof data);

    fill(data, sizeof data, 3);
    begin_attached(&setup);
    memset(setup.model.flash, 0, sizeof setup.model.flash);
    ck_assert_int_eq(target_program(setup.target, &image, NULL), STATUS_OK);
    ck_assert_uint_eq(setup.model.mass_erased_count, 1);
    ck_assert_uint_eq(setup.model.erased_count, 0);
    ck_assert_int_eq(target_verify(setup.target, &image, NULL), STATUS_OK);
    end(&setup);
}

END_TEST

START_TEST(double_words_of_ones_are_not_programmed)
{
    static uint8_t data[2048];
    struct setup setup;
    struct image image = image_of(FLASH, data, sizeof data);

    memset(data, 0xFF, sizeof data);
    data[100] = 1;
    data[2047] = 2;
    begin_attached(&setup);
    ck_assert_int_eq(target_program(setup.target, &image, NULL), STATUS_OK);
    ck_assert_uint_eq(setup.model.programmed_count, 2);
    end(&setup);
}

END_TEST

START_TEST(image_outside_the_flash_is_refused_before_anything_happens)
{
    static uint8_t data[64];
    struct setup setup;
    struct error err = {.text = ""};
    struct image outside = image_of(0x20000000, data, sizeof data);
    struct image over = image_of(0x0801FFF0, data, sizeof data);
    struct image before = image_of(0x07FFFFFC, data, sizeof data);
    struct image empty = {.segment_count = 0};

    begin_attached(&setup);
    ck_assert_int_eq(target_program(setup.target, &outside, &err), STATUS_RANGE);
    ck_assert_str_eq(err.text, "the image has 64 bytes at 0x20000000, the flash of STM32G071xB "
                               "reaches from 0x08000000 to 0x0801FFFF");
    ck_assert_int_eq(target_program(setup.target, &over, &err), STATUS_RANGE);
    ck_assert_int_eq(target_program(setup.target, &before, &err), STATUS_RANGE);
    ck_assert_int_eq(target_program(setup.target, &empty, &err), STATUS_RANGE);
    ck_assert_int_eq(target_verify(setup.target, &over, &err), STATUS_RANGE);
    ck_assert_uint_eq(setup.model.reset_count, 0);
    end(&setup);
}

END_TEST

START_TEST(write_protection_is_reported_with_flag_and_address)
{
    static uint8_t data[6000];
    struct setup setup;
    struct error err = {.text = ""};
    struct image image = image_of(FLASH, data, sizeof data);

    fill(data, sizeof data, 4);
    begin_attached(&setup);
    setup.model.first_protected_page = 1;
    ck_assert_int_eq(target_program(setup.target, &image, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "programming 0x08000800: asked for "));
    ck_assert_ptr_nonnull(strstr(err.text, "reports WRPERR PGSERR, SR 0x00000090"));
    ck_assert(setup.model.is_locked);
    memset(setup.model.flash, 0, sizeof setup.model.flash);
    ck_assert_int_eq(target_program(setup.target, &image, &err), STATUS_UNIT);
    ck_assert_str_eq(err.text, "erasing page 1 at 0x08000800: the flash controller reports WRPERR, "
                               "SR 0x00000010");
    ck_assert(setup.model.is_locked);
    end(&setup);
}

END_TEST

START_TEST(worn_out_cell_is_found_by_verify)
{
    static uint8_t data[4096];
    struct setup setup;
    struct error err = {.text = ""};
    struct image image = image_of(FLASH, data, sizeof data);

    memset(data, 0x5A, sizeof data);
    begin_attached(&setup);
    setup.model.stuck_address = 0x08000C08;
    ck_assert_int_eq(target_program(setup.target, &image, &err), STATUS_OK);
    ck_assert_int_eq(target_verify(setup.target, &image, &err), STATUS_UNIT);
    ck_assert_str_eq(
        err.text, "0x08000C08: asked for 5A, there is FF (word FFFFFFFF at 0x08000C08)");
    end(&setup);
}

END_TEST

START_TEST(ecc_error_is_found_by_verify_though_the_data_are_right)
{
    static uint8_t data[4096];
    struct setup setup;
    struct error err = {.text = ""};
    struct image image = image_of(FLASH, data, sizeof data);

    fill(data, sizeof data, 9);
    begin_attached(&setup);
    ck_assert_int_eq(target_program(setup.target, &image, &err), STATUS_OK);
    setup.model.ecc_on_read_of = 0x08000110;
    ck_assert_int_eq(target_verify(setup.target, &image, &err), STATUS_UNIT);
    ck_assert_str_eq(err.text, "flash ECC: two wrong bits (ECCD) at 0x08000110, ECCR 0x80000022");
    end(&setup);
}

END_TEST

START_TEST(page_that_reads_as_ones_with_wrong_check_bits_is_erased)
{
    static uint8_t data[64];
    struct setup setup;
    struct image image = image_of(FLASH, data, sizeof data);

    begin_attached(&setup);
    setup.model.ecc_on_read_of = 0x08000400;
    ck_assert_int_eq(target_program(setup.target, &image, NULL), STATUS_OK);
    ck_assert_uint_eq(setup.model.erased_count, 1);
    end(&setup);
}

END_TEST

START_TEST(controller_that_never_ends_is_an_error_in_time)
{
    static uint8_t data[64];
    struct setup setup;
    struct error err = {.text = ""};
    struct image image = image_of(FLASH, data, sizeof data);

    begin_attached(&setup);
    setup.model.flash[0] = 0;
    setup.model.erase_ns = UINT64_C(3600000000000);
    ck_assert_int_eq(target_program(setup.target, &image, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "busy for more than 80200 us"));
    end(&setup);
}

END_TEST

/* Each kind of disturbance at many places of a whole programming run. */
START_TEST(disturbed_programming_is_right_or_an_error)
{
    enum {
        STRIDE = 7,
        LEN = 512
    };

    static uint8_t data[LEN];

    for (size_t at = 0; at < 1200; at += STRIDE) {
        struct setup setup;
        struct error err = {.text = ""};
        struct image image = image_of(FLASH, data, LEN);
        fill(data, LEN, (uint32_t)at);
        begin_attached(&setup);
        swd_model_arm(&setup.model.port, (enum swd_trouble)_i, at, 1);
        enum status status = target_program(setup.target, &image, &err);
        if (status == STATUS_OK) {
            status = target_verify(setup.target, &image, &err);
        }
        if (status == STATUS_OK) {
            ck_assert_mem_eq(setup.model.flash, data, LEN);
        } else {
            ck_assert_int_eq(status, STATUS_UNIT);
            ck_assert_uint_gt(strlen(err.text), 20);
        }
        if (_i == SWD_TROUBLE_WAIT) {
            ck_assert_msg(status == STATUS_OK, "WAIT at %zu: %s", at, err.text);
        }
        swd_model_arm(&setup.model.port, SWD_TROUBLE_NONE, 0, 0);
        status = target_program(setup.target, &image, &err);
        ck_assert_msg(status == STATUS_OK, "after trouble %d at %zu: %s", _i, at, err.text);
        ck_assert_mem_eq(setup.model.flash, data, LEN);
        end(&setup);
    }
}

END_TEST

START_TEST(words_of_memory_are_checked_for_alignment_and_end)
{
    struct setup setup;
    struct error err = {.text = ""};
    uint32_t words[4];

    begin_attached(&setup);
    ck_assert_int_eq(target_read_words(setup.target, FLASH + 2, words, 1, &err), STATUS_RANGE);
    ck_assert_int_eq(target_read_words(setup.target, 0xFFFFFFFC, words, 2, &err), STATUS_RANGE);
    ck_assert_int_eq(target_read_words(setup.target, 0x60000000, words, 1, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "reading 0x60000000: "));
    ck_assert_ptr_nonnull(strstr(err.text, "STICKYERR"));
    ck_assert_int_eq(target_read_words(setup.target, FLASH, words, 4, &err), STATUS_OK);
    ck_assert_uint_eq(words[3], 0xFFFFFFFF);
    end(&setup);
}

END_TEST

START_TEST(sixteen_kb_take_less_than_a_second_of_bench_time)
{
    static uint8_t data[16384];
    struct setup setup;
    struct image image = image_of(FLASH, data, sizeof data);

    fill(data, sizeof data, 5);
    begin(&setup);
    setup.model.erase_ns = 22000000;
    memset(setup.model.flash, 0, sizeof setup.model.flash);
    ck_assert_int_eq(target_attach(setup.target, &setup.info, NULL), STATUS_OK);
    ck_assert_int_eq(target_program(setup.target, &image, NULL), STATUS_OK);
    ck_assert_int_eq(target_verify(setup.target, &image, NULL), STATUS_OK);
    ck_assert_uint_lt(setup.model.link.clock.now_ns, UINT64_C(600000000));
    end(&setup);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("target");
    TCase *tests = tcase_create("target");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, part_table_has_no_holes);
    tcase_add_test(tests, attaching_identifies_halts_and_freezes_the_watchdogs);
    tcase_add_test(tests, detaching_leaves_the_core_running_and_all_as_it_was);
    tcase_add_test(tests, core_that_does_not_halt_is_caught_under_reset);
    tcase_add_test(tests, dead_or_foreign_target_is_the_units_fault_and_named);
    tcase_add_test(tests, reset_lets_the_core_run);
    tcase_add_test(tests, images_of_any_size_and_place_are_programmed_and_verified);
    tcase_add_test(tests, touched_pages_are_erased_and_others_kept);
    tcase_add_test(tests, an_image_of_the_whole_flash_is_one_mass_erase);
    tcase_add_test(tests, double_words_of_ones_are_not_programmed);
    tcase_add_test(tests, image_outside_the_flash_is_refused_before_anything_happens);
    tcase_add_test(tests, write_protection_is_reported_with_flag_and_address);
    tcase_add_test(tests, worn_out_cell_is_found_by_verify);
    tcase_add_test(tests, ecc_error_is_found_by_verify_though_the_data_are_right);
    tcase_add_test(tests, page_that_reads_as_ones_with_wrong_check_bits_is_erased);
    tcase_add_test(tests, controller_that_never_ends_is_an_error_in_time);
    tcase_add_loop_test(
        tests, disturbed_programming_is_right_or_an_error, SWD_TROUBLE_WAIT, SWD_TROUBLE_COUNT);
    tcase_add_test(tests, words_of_memory_are_checked_for_alignment_and_end);
    tcase_add_test(tests, sixteen_kb_take_less_than_a_second_of_bench_time);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
