/**
 * The shipped image on the virtual unit, heard on channel C. The image is put into flash by the
 * control panel here; programming it through SWD is the bench tests' business.
 */
#include "tests/support.h"
#include "tests/unit/ftdi/raw_bench.h"

#include "harness/link/ftdi_request.h"

#include <stdio.h>
#include <string.h>

#define IMAGE_PATH KEEL_BINARY_DIR "/firmware/ek-24s4eb.bin"

enum {
    SKIPPED = 77,
    CODE_3V5 = 45875
};

static uint8_t image[MCU_FLASH_LEN];
static size_t image_len;

static struct link *open_uart(struct virtual_bench *bench)
{
    struct link *link = NULL;

    ck_assert_int_eq(virtual_bench_open_link(bench, "CB24-VIRTUAL", 2, &link, NULL), STATUS_OK);
    ck_assert_int_eq(link_control(link, FTDI_REQUEST_BAUD, 0xC068, 2, NULL), STATUS_OK);
    ck_assert_int_eq(link_control(link, FTDI_REQUEST_DATA, 0x0008, 0, NULL), STATUS_OK);
    return link;
}

START_TEST(unit_answers_a_device_info_request)
{
    /* AA 55 11, read, command 1, length 14 00, sum of bytes 0 .. 17, FF */
    static const uint8_t request[20] = {
        0xAA, 0x55, 0x11, 0x01, 0x01, 0, 0x14, [18] = 0x26, [19] = 0xFF};
    struct virtual_bench *bench = raw_bench_create(NULL, 0);
    struct clock *clock = virtual_bench_clock(bench);
    struct link *spi = raw_bench_open_mpsse(bench, 0);
    struct link *uart = open_uart(bench);
    uint8_t in[1024];
    size_t total = 0;

    mcu_flash_poke(
        board_mcu(virtual_bench_board(bench)), MCU_FLASH_BASE, image, (image_len + 7) & ~(size_t)7);
    raw_bench_set_dacs(bench, spi, CODE_3V5);
    clock_sleep_ns(clock, NS_PER_S);
    ck_assert_int_eq(link_purge(uart, NULL), STATUS_OK);
    ck_assert_int_eq(link_submit(uart, request, sizeof request, NULL, 0, NULL), STATUS_OK);
    ck_assert_int_eq(link_complete(uart, clock_now_ns(clock) + 100 * NS_PER_MS, NULL), STATUS_OK);
    uint64_t deadline_ns = clock_now_ns(clock) + 500 * NS_PER_MS;
    const uint8_t *found = NULL;
    while (found == NULL && clock_now_ns(clock) < deadline_ns && total + 128 < sizeof in) {
        size_t len = 0;
        ck_assert_int_eq(
            link_read_some(uart, in + total, sizeof in - total, &len, deadline_ns, NULL),
            STATUS_OK);
        total += len;
        for (size_t i = 0; i + 40 < total && found == NULL; i++) {
            if (memcmp(in + i, "\x55\xAA\x11\x01\x01", 5) == 0) {
                found = in + i;
            }
        }
    }
    ck_assert_msg(found != NULL, "no device info frame in %zu bytes", total);
    ck_assert_mem_eq(found + 6, "\x64\x00", 2);
    ck_assert_mem_eq(found + 8, "EK-24S4EB", 9);
    ck_assert_mem_eq(found + 24, "HW-3.2.0", 8);
    link_close(uart);
    link_close(spi);
    virtual_bench_destroy(bench);
}

END_TEST

int main(void)
{
    FILE *file = fopen(IMAGE_PATH, "rb");

    if (file == NULL) {
        (void)printf("skipped: %s is not built\n", IMAGE_PATH);
        return SKIPPED;
    }
    memset(image, 0xFF, sizeof image);
    image_len = fread(image, 1, sizeof image, file);
    (void)fclose(file);
    Suite *suite = suite_create("virtual unit");
    TCase *tests = tcase_create("serial");
    tcase_add_test(tests, unit_answers_a_device_info_request);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
