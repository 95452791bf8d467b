#include "firmware/core/checksum.h"
#include "firmware/core/copies.h"
#include "firmware/core/diary.h"
#include "tests/support.h"
#include "tests/unit/firmware/fake_flash.h"

#include <string.h>

static const struct copies_layout LAYOUT = {
    .first_page = 62, .version = 1, .payload_len = 44, .magic = 0x54534554};

static const enum fake_cut CUTS[] = {FAKE_CUT_BEFORE, FAKE_CUT_HALF, FAKE_CUT_ECC};

struct payload {
    uint8_t bytes[44];
};

static struct payload payload_of(unsigned seed)
{
    struct payload payload;

    for (unsigned i = 0; i < sizeof payload.bytes; i++) {
        payload.bytes[i] = (uint8_t)(seed * 41 + i * 7);
    }
    return payload;
}

static bool save(struct fake_flash *flash, struct payload payload)
{
    struct flash_port port = fake_flash_port(flash);
    struct copies copies;
    struct payload old;

    (void)copies_load(&copies, &port, &LAYOUT, &old);
    return copies_save(&copies, &payload);
}

static enum copies_state load(struct fake_flash *flash, struct payload *payload)
{
    struct flash_port port = fake_flash_port(flash);
    struct copies copies;

    return copies_load(&copies, &port, &LAYOUT, payload);
}

START_TEST(crc32_is_the_one_of_zlib)
{
    /* "123456789" -> CBF43926, the check value of CRC-32/ISO-HDLC */
    ck_assert_uint_eq(checksum_crc32(0, (const uint8_t *)"123456789", 9), 0xCBF43926u);
    uint32_t crc = checksum_crc32(0, (const uint8_t *)"1234", 4);
    ck_assert_uint_eq(checksum_crc32(crc, (const uint8_t *)"56789", 5), 0xCBF43926u);
}

END_TEST

START_TEST(newest_copy_wins_and_pages_alternate)
{
    struct fake_flash flash;
    struct payload payload;

    fake_flash_init(&flash);
    ck_assert_int_eq(load(&flash, &payload), COPIES_FRESH);
    for (unsigned turn = 0; turn < 6; turn++) {
        struct payload wanted = payload_of(turn);

        ck_assert(save(&flash, wanted));
        ck_assert_int_eq(load(&flash, &payload), COPIES_LOADED);
        ck_assert_mem_eq(&payload, &wanted, sizeof wanted);
    }
    ck_assert_uint_eq(flash.erase_count[62 - 58], 3);
    ck_assert_uint_eq(flash.erase_count[63 - 58], 3);
}

END_TEST

START_TEST(record_lies_in_flash_as_the_header_says)
{
    struct fake_flash flash;

    fake_flash_init(&flash);
    ck_assert(save(&flash, payload_of(1)));
    /* magic "TEST", version 1, 44 bytes; sequence 1; 6 words of payload; CRC and end mark */
    ck_assert_uint_eq(flash.words[4][0], UINT64_C(0x002C000154534554));
    ck_assert_uint_eq(flash.words[4][1], 1);
    ck_assert_uint_eq(flash.words[4][7] >> 32, 0xFFFFFFFFu);
    ck_assert_uint_eq(flash.words[4][8] >> 32, 0x454B5242u);
    ck_assert_uint_eq(flash.words[4][9], UINT64_MAX);
}

END_TEST

START_TEST(a_power_cut_at_any_double_word_leaves_the_old_or_the_new)
{
    enum fake_cut cut = CUTS[_i];
    const struct payload old = payload_of(2);
    const struct payload wanted = payload_of(3);
    const struct payload later = payload_of(4);

    /* one erase and nine double words; the tenth operation more is not there to be cut */
    for (int left = 0; left <= 10; left++) {
        struct fake_flash flash;
        struct payload payload = {{0}};

        fake_flash_init(&flash);
        ck_assert(save(&flash, payload_of(1)));
        ck_assert(save(&flash, old));
        flash.cut = cut;
        flash.operations_left = left;
        bool is_saved = save(&flash, wanted);
        ck_assert_int_eq(is_saved, left == 10);
        flash.operations_left = -1;
        ck_assert_int_eq(load(&flash, &payload), COPIES_LOADED);
        ck_assert_mem_eq(&payload, is_saved ? &wanted : &old, sizeof payload);
        ck_assert(save(&flash, later));
        ck_assert_int_eq(load(&flash, &payload), COPIES_LOADED);
        ck_assert_mem_eq(&payload, &later, sizeof payload);
    }
}

END_TEST

START_TEST(a_first_save_cut_short_is_no_loss)
{
    for (int left = 0; left <= 8; left++) {
        struct fake_flash flash;
        struct payload payload;

        fake_flash_init(&flash);
        flash.cut = FAKE_CUT_BEFORE;
        flash.operations_left = left;
        ck_assert(!save(&flash, payload_of(1)));
        flash.operations_left = -1;
        ck_assert_int_eq(load(&flash, &payload), COPIES_FRESH);
    }
}

END_TEST

START_TEST(damage_to_both_copies_is_unreadable_and_to_one_is_not)
{
    struct fake_flash flash;
    struct payload payload;
    const struct payload first = payload_of(1);

    fake_flash_init(&flash);
    ck_assert(save(&flash, first));
    ck_assert(save(&flash, payload_of(2)));
    flash.words[5][3] ^= UINT64_C(1) << 17;
    ck_assert_int_eq(load(&flash, &payload), COPIES_LOADED);
    ck_assert_mem_eq(&payload, &first, sizeof first);
    flash.is_unreadable[4][2] = true;
    ck_assert_int_eq(load(&flash, &payload), COPIES_UNREADABLE);
}

END_TEST

START_TEST(cells_that_do_not_hold_are_noticed)
{
    struct fake_flash flash;
    struct payload payload;
    const struct payload first = payload_of(1);

    fake_flash_init(&flash);
    ck_assert(save(&flash, first));
    flash.worn_page = 63;
    ck_assert(!save(&flash, payload_of(2)));
    ck_assert_int_eq(load(&flash, &payload), COPIES_LOADED);
    ck_assert_mem_eq(&payload, &first, sizeof first);
}

END_TEST

static bool append(struct fake_flash *flash, uint32_t power_on_count, uint32_t runtime_s)
{
    struct flash_port port = fake_flash_port(flash);
    struct diary diary;

    (void)diary_load(&diary, &port);
    return diary_append(&diary, power_on_count, runtime_s);
}

START_TEST(diary_survives_page_swaps)
{
    struct fake_flash flash;
    struct flash_port port = fake_flash_port(&flash);
    struct diary diary;

    fake_flash_init(&flash);
    ck_assert(diary_load(&diary, &port));
    ck_assert_uint_eq(diary.power_on_count, 0);
    for (uint32_t i = 1; i <= 1000; i++) {
        ck_assert(append(&flash, i, 10 * i));
        ck_assert(diary_load(&diary, &port));
        ck_assert_uint_eq(diary.power_on_count, i);
        ck_assert_uint_eq(diary.runtime_s, 10 * i);
    }
    /* 255 entries a page: 1000 need four */
    ck_assert_uint_eq(flash.erase_count[0], 2);
    ck_assert_uint_eq(flash.erase_count[1], 2);
    ck_assert(append(&flash, 7, 5)); /* counters may be written downwards */
    ck_assert(diary_load(&diary, &port));
    ck_assert_uint_eq(diary.power_on_count, 7);
    ck_assert_uint_eq(diary.runtime_s, 5);
}

END_TEST

START_TEST(diary_loses_at_most_the_last_entry_to_a_power_cut)
{
    struct fake_flash full;
    struct flash_port full_port = fake_flash_port(&full);
    struct diary diary;

    fake_flash_init(&full);
    ck_assert(diary_load(&diary, &full_port));
    for (uint32_t i = 1; i <= 510; i++) { /* both pages full: the next append swaps */
        ck_assert(diary_append(&diary, i, i));
    }
    for (int left = 0; left <= 3; left++) {
        struct fake_flash flash = full;
        struct flash_port port = fake_flash_port(&flash);

        flash.cut = CUTS[_i];
        flash.operations_left = left;
        bool is_good = append(&flash, 511, 511);
        ck_assert_int_eq(is_good, left == 3);
        flash.operations_left = -1;
        (void)diary_load(&diary, &port);
        ck_assert_uint_eq(diary.power_on_count, is_good ? 511 : 510);
        ck_assert(append(&flash, 600, 601));
        ck_assert(diary_load(&diary, &port));
        ck_assert_uint_eq(diary.power_on_count, 600);
        ck_assert_uint_eq(diary.runtime_s, 601);
    }
}

END_TEST

START_TEST(diary_entry_torn_in_the_middle_of_a_page_is_skipped)
{
    struct fake_flash flash;
    struct flash_port port = fake_flash_port(&flash);
    struct diary diary;

    fake_flash_init(&flash);
    ck_assert(append(&flash, 1, 100));
    flash.cut = CUTS[_i];
    flash.operations_left = 0;
    ck_assert(!append(&flash, 2, 100));
    flash.operations_left = -1;
    ck_assert(diary_load(&diary, &port));
    ck_assert_uint_eq(diary.power_on_count, 1);
    ck_assert(append(&flash, 2, 100));
    ck_assert(diary_load(&diary, &port));
    ck_assert_uint_eq(diary.power_on_count, 2);
}

END_TEST

START_TEST(diary_notices_cells_that_do_not_hold)
{
    struct fake_flash flash;
    struct flash_port port = fake_flash_port(&flash);
    struct diary diary;

    fake_flash_init(&flash);
    ck_assert(append(&flash, 1, 100));
    flash.worn_page = 58;
    ck_assert(!append(&flash, 2, 100));
    ck_assert(diary_load(&diary, &port));
    ck_assert_uint_eq(diary.power_on_count, 1);
}

END_TEST

START_TEST(diary_says_when_nothing_can_be_read)
{
    struct fake_flash flash;
    struct flash_port port = fake_flash_port(&flash);
    struct diary diary;

    fake_flash_init(&flash);
    ck_assert(append(&flash, 1, 100));
    flash.words[0][0] ^= 4;
    ck_assert(!diary_load(&diary, &port));
    ck_assert_uint_eq(diary.power_on_count, 0);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("firmware stores");
    TCase *tests = tcase_create("store");

    tcase_add_test(tests, crc32_is_the_one_of_zlib);
    tcase_add_test(tests, newest_copy_wins_and_pages_alternate);
    tcase_add_test(tests, record_lies_in_flash_as_the_header_says);
    tcase_add_loop_test(tests, a_power_cut_at_any_double_word_leaves_the_old_or_the_new, 0, 3);
    tcase_add_test(tests, a_first_save_cut_short_is_no_loss);
    tcase_add_test(tests, damage_to_both_copies_is_unreadable_and_to_one_is_not);
    tcase_add_test(tests, cells_that_do_not_hold_are_noticed);
    tcase_add_test(tests, diary_survives_page_swaps);
    tcase_add_loop_test(tests, diary_loses_at_most_the_last_entry_to_a_power_cut, 0, 3);
    tcase_add_loop_test(tests, diary_entry_torn_in_the_middle_of_a_page_is_skipped, 0, 3);
    tcase_add_test(tests, diary_notices_cells_that_do_not_hold);
    tcase_add_test(tests, diary_says_when_nothing_can_be_read);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
