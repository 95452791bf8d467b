/*
 * The whole chain from target.c down to the virtual MCU's flash cells: MPSSE encoder, virtual
 * FT4232H, two wires, debug port, flash controller. Expected cells are read behind its back.
 */
#include "fixtures/cb24/cb24.h"
#include "fixtures/virtual/bench.h"
#include "harness/base/rng.h"
#include "harness/target/target.h"
#include "tests/support.h"

#include <string.h>

enum {
    IMAGE_LEN = 32768,
    CELL_UV = 3300000
};

struct setup {
    struct virtual_bench *bench;
    struct mpsse *spi;
    struct mpsse *mpsse;
    struct cell_rack *rack;
    struct swd *swd;
    struct target *target;
    struct target_info info;
    uint64_t start_ns;
    uint8_t data[IMAGE_LEN];
    struct image image;
};

static void require(enum status status, const struct error *err)
{
    ck_assert_msg(status == STATUS_OK, "%s: %s", err->origin, err->text);
}

static void power_the_unit(struct setup *setup)
{
    struct error err = {.text = ""};
    int32_t uv[CELL_MAX];
    struct link *link;

    struct cb24_card_config cards[CELL_MAX];

    for (size_t i = 0; i < CELL_MAX; i++) {
        uv[i] = CELL_UV;
        cards[i] = (struct cb24_card_config){
            .slot = (long)i, .dac = "ad5683r", .adc = "ads124s08", .eeprom = "25aa02e48"};
    }
    require(virtual_bench_open_link(setup->bench, VIRTUAL_BENCH_SERIAL, 0, &link, &err), &err);
    require(mpsse_open(link, &setup->spi, &err), &err);
    require(cb24_open(&(struct cb24_config){.cards = cards, .card_count = CELL_MAX}, setup->spi,
                NULL, &setup->rack, &err),
        &err);
    require(cell_rack_set_uv(setup->rack, uv, CELL_MAX, &err), &err);
    require(cell_rack_settle(setup->rack, &err), &err);
}

static void begin(struct setup *setup, const char *fault)
{
    const char *faults[] = {fault};
    struct virtual_bench_config config = {
        .product = "ek-24s4eb", .seed = 1, .faults = faults, .fault_count = fault != NULL ? 1 : 0};
    struct error err = {.text = ""};
    struct link *link;
    struct rng rng;

    *setup = (struct setup){.bench = NULL};
    require(virtual_bench_create(&config, &setup->bench, &err), &err);
    power_the_unit(setup);
    require(virtual_bench_open_link(setup->bench, VIRTUAL_BENCH_SERIAL, 1, &link, &err), &err);
    require(mpsse_open(link, &setup->mpsse, &err), &err);
    setup->swd = swd_create(setup->mpsse, 15000000);
    setup->target = target_create(setup->swd, NULL, NULL);
    rng_init(&rng, 1, "image");
    for (size_t i = 0; i < IMAGE_LEN; i++) {
        setup->data[i] = (uint8_t)rng_u64(&rng);
    }
    setup->image.segment_count = 1;
    setup->image.segments[0].address = 0x08000000;
    setup->image.segments[0].bytes = (struct bytes){.data = setup->data, .len = IMAGE_LEN};
    setup->start_ns = clock_now_ns(virtual_bench_clock(setup->bench));
    require(target_attach(setup->target, &setup->info, &err), &err);
}

static void end(struct setup *setup)
{
    target_destroy(setup->target);
    swd_destroy(setup->swd);
    mpsse_close(setup->mpsse);
    cell_rack_close(setup->rack);
    mpsse_close(setup->spi);
    virtual_bench_destroy(setup->bench);
}

static double spent_s(const struct setup *setup)
{
    return (double)(clock_now_ns(virtual_bench_clock(setup->bench)) - setup->start_ns) * 1e-9;
}

static struct mcu *mcu_of(struct setup *setup)
{
    return board_mcu(virtual_bench_board(setup->bench));
}

START_TEST(random_image_is_programmed_and_verified_in_time)
{
    static uint8_t cells[IMAGE_LEN];
    struct setup setup;
    struct error err = {.text = ""};

    begin(&setup, NULL);
    ck_assert_str_eq(setup.info.part, "STM32G071xB");
    ck_assert_uint_eq(setup.info.flash_len, 131072);
    for (unsigned round = 0; round < 2; round++) { /* onto blank, then onto itself */
        double before_s = spent_s(&setup);
        require(target_program(setup.target, &setup.image, &err), &err);
        require(target_verify(setup.target, &setup.image, &err), &err);
        mcu_flash_peek(mcu_of(&setup), 0x08000000, cells, sizeof cells);
        ck_assert_mem_eq(cells, setup.data, sizeof cells);
        /* 16 pages of 22 ms, 4096 double words of 125 us, and an eighth on top for all the rest */
        ck_assert(spent_s(&setup) - before_s < 1.125 * (16 * 0.022 + 4096 * 125e-6));
        setup.data[0] ^= 0xFF;
    }
    require(target_detach(setup.target, &err), &err);
    end(&setup);
}

END_TEST

START_TEST(flipped_bits_are_found_by_verify)
{
    static const struct {
        uint64_t mask;
        const char *text;
    } table[] = {{1, "a wrong bit, corrected (ECCC)"}, {3, ""}};

    for (size_t i = 0; i < 2; i++) {
        struct setup setup;
        struct error err = {.text = ""};
        begin(&setup, NULL);
        require(target_program(setup.target, &setup.image, &err), &err);
        mcu_flash_flip(mcu_of(&setup), 0x08001238, table[i].mask);
        ck_assert_int_eq(target_verify(setup.target, &setup.image, &err), STATUS_UNIT);
        ck_assert_ptr_nonnull(strstr(err.text, table[i].text));
        ck_assert_ptr_nonnull(strstr(err.text, "0x08001238"));
        require(target_program(setup.target, &setup.image, &err), &err);
        require(target_verify(setup.target, &setup.image, &err), &err);
        end(&setup);
    }
}

END_TEST

START_TEST(worn_cells_are_found_by_verify)
{
    struct setup setup;
    struct error err = {.text = ""};

    begin(&setup, NULL);
    mcu_flash_wear_out(mcu_of(&setup), 0x08002000, 0x08002007);
    require(target_program(setup.target, &setup.image, &err), &err);
    ck_assert_int_eq(target_verify(setup.target, &setup.image, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "0x08002000: asked for "));
    end(&setup);
}

END_TEST

START_TEST(ram_takes_words_and_gives_them_back)
{
    static uint32_t words[8192];
    static uint32_t back[8192];
    struct setup setup;
    struct error err = {.text = ""};

    begin(&setup, NULL);
    memcpy(words, setup.data, sizeof words);
    require(target_write_words(setup.target, 0x20000000, words, 8192, &err), &err);
    require(target_read_words(setup.target, 0x20000000, back, 8192, &err), &err);
    ck_assert_mem_eq(back, words, sizeof words);
    ck_assert_int_eq(target_read_words(setup.target, 0x30000000, back, 1, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "STICKYERR"));
    require(target_read_words(setup.target, 0x20000000, back, 1, &err), &err);
    require(target_reset(setup.target, &err), &err);
    end(&setup);
}

END_TEST

START_TEST(unit_without_power_does_not_answer)
{
    struct setup setup;
    struct error err = {.text = ""};

    begin(&setup, NULL);
    require(target_detach(setup.target, &err), &err);
    require(cell_rack_off(setup.rack, &err), &err);
    clock_sleep_ns(virtual_bench_clock(setup.bench), NS_PER_S);
    ck_assert_int_eq(target_attach(setup.target, &setup.info, &err), STATUS_UNIT);
    ck_assert_ptr_nonnull(strstr(err.text, "no target answers on SWD"));
    end(&setup);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("flash");
    TCase *tests = tcase_create("flash");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, random_image_is_programmed_and_verified_in_time);
    tcase_add_test(tests, flipped_bits_are_found_by_verify);
    tcase_add_test(tests, worn_cells_are_found_by_verify);
    tcase_add_test(tests, ram_takes_words_and_gives_them_back);
    tcase_add_test(tests, unit_without_power_does_not_answer);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
