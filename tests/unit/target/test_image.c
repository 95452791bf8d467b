#include "harness/target/image.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CORPUS KEEL_SOURCE_DIR "/tests/fuzz/corpus/"

#define LEN(array) (sizeof(array) / sizeof(array)[0])

static enum status parse_hex(const char *text, struct image *image, struct error *err)
{
    uint8_t data[512];
    size_t len = strlen(text);

    ck_assert_uint_le(len, sizeof data);
    memcpy(data, text, len);
    return image_parse_hex("a.hex", (struct bytes){.data = data, .len = len}, image, err);
}

/* SHA-256 over 00000008 (address, little endian) and the 14 bytes that objcopy -O binary gives. */
static const char tiny_sha256[] =
    "18831ed179fc75ec6e89c03317bea98e407c27b21a8a18a8a64e0abe5af987a2";

static void expect_tiny(const char *path)
{
    static const uint8_t bytes[14] = {
        0x00, 0x90, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08, 0xFE, 0xE7, 0x44, 0x33, 0x22, 0x11};
    struct image image;
    struct error err = {.text = ""};
    char sha256[65];

    enum status status = image_load(path, &image, &err);
    ck_assert_msg(status == STATUS_OK, "%s", err.text);
    ck_assert_uint_eq(image.segment_count, 1); /* joined: text and initial data touch */
    ck_assert_uint_eq(image.segments[0].address, 0x08000000);
    ck_assert_uint_eq(image.segments[0].bytes.len, sizeof bytes);
    ck_assert_mem_eq(image.segments[0].bytes.data, bytes, sizeof bytes);
    bytes_to_hex(image.sha256, 32, sha256);
    ck_assert_str_eq(sha256, tiny_sha256);
    image_finish(&image);
}

START_TEST(elf_and_hex_of_one_program_give_one_image_and_one_hash)
{
    expect_tiny(CORPUS "elf/vectors_text_data.elf");
    expect_tiny(CORPUS "hex/objcopy.hex");
}

END_TEST

static void write_file(const char *path, const void *data, size_t len)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(binary_is_told_by_its_name_and_loaded_at_the_start_of_flash)
{
    static const char path[] = KEEL_BINARY_DIR "/test_image.bin";
    struct image image;

    write_file(path, "\x01\x02\x03", 3);
    ck_assert_int_eq(image_load(path, &image, NULL), STATUS_OK);
    ck_assert_uint_eq(image.segments[0].address, 0x08000000);
    ck_assert_uint_eq(image.segments[0].bytes.len, 3);
    image_finish(&image);
    ck_assert_int_eq(unlink(path), 0);
}

END_TEST

START_TEST(files_that_are_no_images_are_named)
{
    static const char path[] = KEEL_BINARY_DIR "/test_image.txt";
    struct image image;
    struct error err;

    ck_assert_int_eq(image_load("/nowhere/a.elf", &image, &err), STATUS_ABSENT);
    ck_assert_str_eq(err.text, "/nowhere/a.elf: cannot be opened: No such file or directory");
    ck_assert_int_eq(image_load(KEEL_SOURCE_DIR, &image, &err), STATUS_ABSENT);
    write_file(path, "", 0);
    ck_assert_int_eq(image_load(path, &image, &err), STATUS_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "test_image.txt: is empty"));
    write_file(path, "hello", 5);
    ck_assert_int_eq(image_load(path, &image, &err), STATUS_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "is neither ELF nor Intel HEX"));
    ck_assert_int_eq(unlink(path), 0);
}

END_TEST

static const struct {
    const char *file;
    const char *text;
} bad_elf[] = {
    {"cut_in_program_headers.elf", "program headers reach to byte 116, the file has 60"},
    {"lying_filesz.elf",
        "program header 0: 4294967280 bytes at offset 116, the file has 408 bytes"},
    {"lying_phnum.elf", "program headers reach to byte 2097172, the file has 408"},
    {"lying_phoff.elf", "program headers reach to byte 2147483711, the file has 408"},
    {"not_linked.o", "must be linked for its place (type 2), type is 1"},
    {"overlap.elf", "program header 0 and program header 1 both load 0x08000008"},
};

START_TEST(lying_elf_files_are_refused_with_the_place)
{
    struct image image;
    struct error err = {.text = ""};
    char path[256];

    (void)snprintf(path, sizeof path, "%self/%s", CORPUS, bad_elf[_i].file);
    ck_assert_int_eq(image_load(path, &image, &err), STATUS_FORMAT);
    ck_assert_uint_eq(image.segment_count, 0);
    ck_assert_ptr_nonnull(strstr(err.text, bad_elf[_i].file));
    ck_assert_msg(strstr(err.text, bad_elf[_i].text) != NULL, "%s", err.text);
}

END_TEST

START_TEST(elf_of_another_machine_is_refused)
{
    uint8_t header[52] = {0x7F, 'E', 'L', 'F', 1, 1, 1};
    struct image image;
    struct error err;

    header[16] = 2;   /* executable */
    header[18] = 243; /* RISC-V */
    header[20] = 1;
    header[40] = 52;
    ck_assert_int_eq(image_parse_elf("a.elf", (struct bytes){.data = header, .len = sizeof header},
                         &image, &err),
        STATUS_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "class is 1, data 1, machine 243"));
}

END_TEST

static const struct {
    const char *hex;
    const char *text;
} bad_hex[] = {
    {":0400000061626364FF\n", "a.hex, line 1: checksum is FF, should be 72"},
    {":040000006162636472\n", "a.hex: ends after line 1 without an end record"},
    {":00000001FF\n", "a.hex: has nothing to load"},
    {":040000006162636472\n:040003006162636F64\n:00000001FF\n",
        "a.hex: line 1 and line 2 both load 0x00000003"},
    {":04000000616263647\n", "a.hex, line 1: 17 digits"},
    {":0400000061626G6472\n", "a.hex, line 1, column 15: no hexadecimal digit"},
    {":050000006162636471\n",
        "a.hex, line 1: says it has 5 data bytes, the line has 9 bytes in all"},
    {":0400000661626364"
     "6C\n",
        "a.hex, line 1: no record has type 06"},
    {":0400000461626364"
     "6E\n",
        "a.hex, line 1: a record of type 04 has 2 data bytes, this one 4"},
    {":04FFFE006162636475\n:00000001FF\n", "a.hex, line 1: 4 bytes at FFFE run over the end"},
    {":040000006162636472\n:00000001FF\n:040010006162636462\n",
        "a.hex, line 3: comes after the end record"},
    {"\n\nhello\n", "a.hex, line 3: does not begin with ':'"},
    {":\n", "a.hex, line 1: says it has 0 data bytes, the line has 0 bytes in all"},
    {"", "a.hex: ends after line 0 without an end record"},
};

START_TEST(bad_hex_is_refused_with_line_and_reason)
{
    struct image image;
    struct error err = {.text = ""};

    ck_assert_int_eq(parse_hex(bad_hex[_i].hex, &image, &err), STATUS_FORMAT);
    ck_assert_uint_eq(image.segment_count, 0);
    ck_assert_msg(
        strncmp(err.text, bad_hex[_i].text, strlen(bad_hex[_i].text)) == 0, "%s", err.text);
}

END_TEST

START_TEST(hex_knows_segments_linear_addresses_and_start_records)
{
    struct image image;

    /* 02: 1000 << 4 = 10000; 04: 0800 << 16; out of order; 03 and 05 are passed over */
    ck_assert_int_eq(parse_hex(":020000040800F2\n"
                               ":020010004142"
                               "6B\n"
                               ":0400000300001234B3\n"
                               ":020000021000EC\n"
                               ":02FFFE0043447A\n"
                               ":0400000508000009E6\n"
                               ":00000001FF",
                         &image, NULL),
        STATUS_OK);
    ck_assert_uint_eq(image.segment_count, 2);
    ck_assert_uint_eq(image.segments[0].address, 0x0001FFFE);
    ck_assert_mem_eq(image.segments[0].bytes.data, "CD", 2);
    ck_assert_uint_eq(image.segments[1].address, 0x08000010);
    ck_assert_mem_eq(image.segments[1].bytes.data, "AB", 2);
    image_finish(&image);
    ck_assert_uint_eq(image.segment_count, 0);
    image_finish(NULL);
}

END_TEST

START_TEST(too_many_separate_areas_are_refused)
{
    char text[65 * 14 + 16];
    size_t len = 0;
    struct image image;
    struct error err;

    for (unsigned i = 0; i < 65; i++) {
        unsigned address = 16 * i;
        unsigned sum = 1 + (address >> 8) + (address & 255) + 0x55;
        len += (size_t)snprintf(
            text + len, sizeof text - len, ":01%04X0055%02X\n", address, (0u - sum) & 255u);
    }
    len += (size_t)snprintf(text + len, sizeof text - len, ":00000001FF\n");
    struct bytes file = {.data = (uint8_t *)text, .len = len};
    ck_assert_int_eq(image_parse_hex("a.hex", file, &image, &err), STATUS_FORMAT);
    ck_assert_str_eq(err.text, "a.hex: has 65 separate areas of memory, an image has at most 64");
}

END_TEST

/* The 320 byte image of the corpus, both ways. */
START_TEST(header_is_read_and_checked)
{
    static const char *const files[] = {CORPUS "elf/ekim.elf", CORPUS "hex/ekim.hex"};

    for (size_t i = 0; i < LEN(files); i++) {
        struct image image;
        struct image_header header;
        struct error err = {.text = ""};
        ck_assert_int_eq(image_load(files[i], &image, NULL), STATUS_OK);
        enum status status = image_check(&image, &header, &err);
        ck_assert_msg(status == STATUS_OK, "%s", err.text);
        ck_assert_str_eq(header.product, "EK-24S4EB");
        ck_assert_str_eq(header.version, "1.0.0");
        ck_assert_str_eq(header.hardware, "HW-3.2.0");
        ck_assert_uint_eq(header.image_len, 320);
        ck_assert_uint_eq(header.device_id, 0x460);
        image_finish(&image);
    }
}

END_TEST

static const struct {
    size_t at; /* byte to change; SIZE_MAX: none */
    uint8_t to;
    int longer; /* bytes more or less at the end */
    const char *text;
} bad_headers[] = {
    {0xC0, 'X', 0, "the image has no header: at 0xC0 there must be EKIM, there is 58 4B 49 4D"},
    {0xC4, 2, 0, "the image header must have version 1 and length 64, it has 2 and 64"},
    {0xC6, 65, 0, "the image header must have version 1 and length 64, it has 1 and 65"},
    {0xC8, 7, 0, "the image header's product has a byte 07 that is no character"},
    {10, 0, 0, "the image is damaged: its header says CRC-32 "},
    {319, 0, 0, "the image is damaged: its header says CRC-32 "},
    {SIZE_MAX, 0, -1, "the image is truncated: its header says 320 bytes, it has 319"},
    {SIZE_MAX, 0, -65, "the image has 255 bytes, too few for a header at 0xC0: truncated"},
    {SIZE_MAX, 0, 8,
        "the image has the wrong size: its header says 320 bytes (a multiple of 8), it "
        "has 328"},
};

START_TEST(damaged_or_cut_images_are_told_apart)
{
    struct image image;
    struct image_header header;
    struct error err = {.text = ""};

    ck_assert_int_eq(image_load(CORPUS "elf/ekim.elf", &image, NULL), STATUS_OK);
    struct bytes *bytes = &image.segments[0].bytes;
    uint8_t *data = realloc(bytes->data, bytes->len + 8);
    ck_assert_ptr_nonnull(data);
    memset(data + bytes->len, 0, 8);
    bytes->data = data;
    bytes->len = (size_t)((int)bytes->len + bad_headers[_i].longer);
    if (bad_headers[_i].at < bytes->len) {
        data[bad_headers[_i].at] = bad_headers[_i].to;
    }
    ck_assert_int_eq(image_check(&image, &header, &err), STATUS_FORMAT);
    ck_assert_msg(
        strncmp(err.text, bad_headers[_i].text, strlen(bad_headers[_i].text)) == 0, "%s", err.text);
    image_finish(&image);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("image");
    TCase *tests = tcase_create("image");

    tcase_add_test(tests, elf_and_hex_of_one_program_give_one_image_and_one_hash);
    tcase_add_test(tests, binary_is_told_by_its_name_and_loaded_at_the_start_of_flash);
    tcase_add_test(tests, files_that_are_no_images_are_named);
    tcase_add_loop_test(tests, lying_elf_files_are_refused_with_the_place, 0, (int)LEN(bad_elf));
    tcase_add_test(tests, elf_of_another_machine_is_refused);
    tcase_add_loop_test(tests, bad_hex_is_refused_with_line_and_reason, 0, (int)LEN(bad_hex));
    tcase_add_test(tests, hex_knows_segments_linear_addresses_and_start_records);
    tcase_add_test(tests, too_many_separate_areas_are_refused);
    tcase_add_test(tests, header_is_read_and_checked);
    tcase_add_loop_test(tests, damaged_or_cut_images_are_told_apart, 0, (int)LEN(bad_headers));
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
