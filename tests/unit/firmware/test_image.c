/* The sealed images as the build leaves them; arguments: the folder they lie in. */
#include "firmware/core/selfcheck.h"
#include "tests/support.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    FLASH_LEN = 58 * 2048
};

static uint8_t flash[FLASH_LEN];
static const char *folder;

static const struct {
    const char *file, *product, *hardware;
} IMAGES[] = {
    {"ek-24s4eb", "EK-24S4EB", "HW-3.2.0"},
    {"gw-24s4eb", "GW-24S4EB", "HW-2.8.0"},
};

/** Into flash that is blank otherwise. @return length */
static size_t load(const char *name)
{
    char path[1024];

    (void)snprintf(path, sizeof path, "%s/%s.bin", folder, name);
    memset(flash, 0xFF, sizeof flash);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s is missing", path);
    size_t len = fread(flash, 1, sizeof flash, file);
    (void)fclose(file);
    return len;
}

static uint32_t u32_at(size_t at)
{
    return flash[at] + 256u * flash[at + 1] + 65536u * flash[at + 2] + 16777216u * flash[at + 3];
}

START_TEST(header_is_where_the_programmer_looks_for_it)
{
    size_t len = load(IMAGES[_i].file);
    char product[16] = {0};

    (void)snprintf(product, sizeof product, "%s", IMAGES[_i].product);
    ck_assert_mem_eq(flash + 0xC0, "EKIM\x01\x00\x40\x00", 8);
    ck_assert_mem_eq(flash + 0xC8, product, 16);
    ck_assert_mem_eq(flash + 0xD8, "1.0.0\0\0\0", 8);
    ck_assert_uint_eq(u32_at(0xE0), len);
    ck_assert_uint_eq(len % 8, 0);
    ck_assert_uint_eq(u32_at(0xE8), 0x460);
    ck_assert_mem_eq(flash + 0xEC, IMAGES[_i].hardware, 8);
    ck_assert_mem_eq(flash + 0xF4, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
}

END_TEST

START_TEST(vectors_point_into_ram_and_image)
{
    size_t len = load(IMAGES[_i].file);

    ck_assert_uint_ge(u32_at(0), 0x20000000u);
    ck_assert_uint_le(u32_at(0), 0x20008000u);
    for (size_t vector = 1; vector < 48; vector++) {
        uint32_t address = u32_at(4 * vector);

        if (address != 0) {
            ck_assert_uint_eq(address % 2, 1);
            ck_assert_uint_lt(address - 0x08000000u, len);
        }
    }
    ck_assert_uint_ne(u32_at(4 * 15), u32_at(4 * 3));        /* tick */
    ck_assert_uint_ne(u32_at(4 * (16 + 27)), u32_at(4 * 3)); /* USART1 */
}

END_TEST

START_TEST(image_knows_itself_and_notices_any_damage)
{
    size_t len = load(IMAGES[_i].file);

    ck_assert(selfcheck_image(flash, sizeof flash));
    for (size_t at = 0; at < len; at += 61) {
        flash[at] ^= 0x10;
        ck_assert_msg(!selfcheck_image(flash, sizeof flash), "damage at %zu is not seen", at);
        flash[at] ^= 0x10;
    }
    memset(flash + len - 8, 0xFF, 8); /* the programmer stopped too early */
    ck_assert(!selfcheck_image(flash, sizeof flash));
    memset(flash, 0xFF, sizeof flash);
    ck_assert(!selfcheck_image(flash, sizeof flash));
}

END_TEST

START_TEST(a_length_beyond_flash_is_refused_before_it_is_read)
{
    (void)load(IMAGES[_i].file);
    memset(flash + 0xE0, 0xF8, 4);
    ck_assert(!selfcheck_image(flash, sizeof flash));
}

END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("firmware images");
    TCase *tests = tcase_create("image");

    if (argc != 2) {
        printf("usage: %s FOLDER\n", argv[0]);
        return EXIT_FAILURE;
    }
    folder = argv[1];
    tcase_add_loop_test(tests, header_is_where_the_programmer_looks_for_it, 0, 2);
    tcase_add_loop_test(tests, vectors_point_into_ram_and_image, 0, 2);
    tcase_add_loop_test(tests, image_knows_itself_and_notices_any_damage, 0, 2);
    tcase_add_loop_test(tests, a_length_beyond_flash_is_refused_before_it_is_read, 0, 2);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
