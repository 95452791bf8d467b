/*
 * link_ftdi.c through the real libftdi1 on a libusb that the test makes up.
 */
#include "harness/link/ftdi_request.h"
#include "harness/link/link_ftdi.h"
#include "tests/support.h"
#include "tests/unit/link/fake_usb.h"

#include <libusb.h>

#include <string.h>

static struct link *open_channel(struct fake_usb *usb, unsigned channel)
{
    struct link *link = NULL;
    struct error err = {.text = ""};

    enum status status = link_ftdi_open("CB24-0001", channel, &usb->clock.base, NULL, &link, &err);
    ck_assert_msg(status == STATUS_OK, "%s", err.text);
    return link;
}

static void expect_control(
    const struct fake_usb *usb, size_t from_end, uint8_t request, uint16_t value, uint16_t index)
{
    const struct fake_usb_control *control = &usb->controls[usb->control_count - from_end];

    ck_assert_uint_eq(control->type, 0x40);
    ck_assert_uint_eq(control->request, request);
    ck_assert_uint_eq(control->value, value);
    ck_assert_uint_eq(control->index, index);
}

START_TEST(opening_claims_the_channel_and_closing_gives_it_back)
{
    struct fake_usb *usb = fake_usb_begin();
    struct link *link = open_channel(usb, 1);

    ck_assert_str_eq(link->origin, "CB24-0001/B");
    ck_assert_int_eq(usb->claimed_interface, 1);
    ck_assert(usb->is_auto_detach);
    expect_control(usb, 4, 0x0B, 0x0000, 2); /* bit mode reset; index: interface + 1 */
    expect_control(usb, 3, 0x09, 1, 2);      /* latency 1 ms */
    expect_control(usb, 2, 0x00, 1, 2);      /* purge towards the chip */
    expect_control(usb, 1, 0x00, 2, 2);      /* purge from the chip */
    link_close(link);
    expect_control(usb, 1, 0x0B, 0x0000, 2);
    ck_assert_int_eq(usb->claimed_interface, -1);
    ck_assert_uint_eq(usb->open_count, 0);
    fake_usb_end();
}

END_TEST

static const struct {
    struct fake_usb_device devices[3];
    unsigned channel;
    enum status status;
    const char *text;
} refusals[] = {
    {{{0}}, 0, STATUS_ABSENT,
        "no FTDI device with serial number CB24-0001; there are 0 others: none"},
    {{{.product_id = 0x6011, .product = "CB24", .serial = "CB24-0002"},
         {.product_id = 0x6010, .product = "x", .serial = ""}},
        0, STATUS_ABSENT,
        "no FTDI device with serial number CB24-0001; there are 2 others: CB24-0002, (none)"},
    {{{.product_id = 0x6001, .product = "CB24", .serial = "CB24-0001"}}, 0, STATUS_ABSENT,
        "there are 0 others"},
    {{{.product_id = 0x6011, .product = "CB24", .serial = "CB24-0001"},
         {.product_id = 0x6011, .product = "CB24", .serial = "CB24-0001"}},
        0, STATUS_MISMATCH, "2 devices have the serial number CB24-0001"},
    {{{.product_id = 0x6011, .product = "Quad RS232-HS", .serial = "CB24-0001"}}, 0,
        STATUS_MISMATCH, "must begin with \"CB24\", it is \"Quad RS232-HS\""},
    {{{.product_id = 0x6010, .product = "CB24", .serial = "CB24-0001"}}, 2, STATUS_RANGE,
        "asked for channel C of CB24-0001, a FT2232H has 2 channel(s)"},
    {{{.product_id = 0x6011,
         .product = "CB24",
         .serial = "CB24-0001",
         .open_code = LIBUSB_ERROR_ACCESS}},
        0, STATUS_IO, "no permission to open 1 FTDI device(s); add a udev rule"},
    {{{.product_id = 0x6011,
         .product = "CB24",
         .serial = "CB24-0001",
         .claim_code = LIBUSB_ERROR_BUSY}},
        3, STATUS_IO, "CB24-0001: channel D is held by another program or driver"},
};

START_TEST(what_cannot_be_opened_is_named_in_one_line)
{
    struct fake_usb *usb = fake_usb_begin();
    struct link *link = NULL;
    struct error err = {.text = ""};

    for (usb->device_count = 0;
         usb->device_count < 3 && refusals[_i].devices[usb->device_count].product_id != 0;
         usb->device_count++) {
        usb->devices[usb->device_count] = refusals[_i].devices[usb->device_count];
    }
    ck_assert_int_eq(
        link_ftdi_open("CB24-0001", refusals[_i].channel, &usb->clock.base, NULL, &link, &err),
        refusals[_i].status);
    ck_assert_ptr_null(link);
    ck_assert_msg(strstr(err.text, refusals[_i].text) != NULL, "%s", err.text);
    ck_assert_ptr_null(strchr(err.text, '\n'));
    ck_assert_uint_eq(usb->open_count, 0);
    fake_usb_end();
}

END_TEST

START_TEST(bytes_come_whole_however_the_packets_are_cut)
{
    static const size_t cuts[] = {1, 2, 61, 509, 510};
    static uint8_t out[5000];
    static uint8_t in[5000];

    for (size_t i = 0; i < sizeof out; i++) {
        out[i] = (uint8_t)(i * 31 + i / 256);
    }
    for (size_t cut = 0; cut < 5; cut++) {
        for (unsigned ticks = 0; ticks < 3; ticks++) { /* empty status packets in between */
            struct fake_usb *usb = fake_usb_begin();
            struct link *link = open_channel(usb, 0);
            usb->is_loopback = true;
            usb->in_packet_max = cuts[cut];
            usb->empty_ticks = ticks;
            memset(in, 0, sizeof in);
            ck_assert_int_eq(
                link_exchange(link, out, sizeof out, in, sizeof in, UINT64_C(60000000000), NULL),
                STATUS_OK);
            ck_assert_mem_eq(in, out, sizeof out);
            link_close(link);
            fake_usb_end();
        }
    }
}

END_TEST

START_TEST(what_a_read_leaves_over_belongs_to_the_next)
{
    struct fake_usb *usb = fake_usb_begin();
    struct link *link = open_channel(usb, 0);
    uint8_t first[3], second[2], third[8];
    size_t len;

    buffer_append(&usb->in, "abcdefg", 7); /* all in one packet */
    ck_assert_int_eq(link_submit(link, NULL, 0, first, 3, NULL), STATUS_OK);
    ck_assert_int_eq(link_submit(link, NULL, 0, second, 2, NULL), STATUS_OK);
    ck_assert_int_eq(link_complete(link, NS_PER_S, NULL), STATUS_OK);
    ck_assert_int_eq(link_complete(link, NS_PER_S, NULL), STATUS_OK);
    ck_assert_mem_eq(first, "abc", 3);
    ck_assert_mem_eq(second, "de", 2);
    ck_assert_int_eq(link_read_some(link, third, sizeof third, &len, NS_PER_S, NULL), STATUS_OK);
    ck_assert_uint_eq(len, 2);
    ck_assert_mem_eq(third, "fg", 2);
    link_close(link);
    fake_usb_end();
}

END_TEST

START_TEST(eight_transfers_of_64_kb_under_way_end_in_order)
{
    static uint8_t out[8][65536];
    static uint8_t in[8][65536];
    struct fake_usb *usb = fake_usb_begin();
    struct link *link = open_channel(usb, 0);

    usb->is_loopback = true;
    for (size_t i = 0; i < 8; i++) {
        memset(out[i], (int)(i + 1), sizeof out[i]);
        ck_assert_int_eq(
            link_submit(link, out[i], sizeof out[i], in[i], sizeof in[i], NULL), STATUS_OK);
        memset(out[i], 0, sizeof out[i]); /* out is not kept */
    }
    for (size_t i = 0; i < 8; i++) {
        ck_assert_int_eq(link_complete(link, NS_PER_S, NULL), STATUS_OK);
        ck_assert_uint_eq(in[i][0], i + 1);
        ck_assert_uint_eq(in[i][65535], i + 1);
    }
    link_close(link);
    fake_usb_end();
}

END_TEST

START_TEST(silence_is_a_timeout_that_cancels_all_and_the_link_goes_on)
{
    struct fake_usb *usb = fake_usb_begin();
    struct link *link = open_channel(usb, 0);
    struct error err = {.text = ""};
    uint8_t first[4], second[4];

    buffer_append(&usb->in, "ab", 2);
    ck_assert_int_eq(link_submit(link, (const uint8_t *)"x", 1, first, 4, NULL), STATUS_OK);
    ck_assert_int_eq(link_submit(link, (const uint8_t *)"y", 1, second, 4, NULL), STATUS_OK);
    ck_assert_int_eq(link_complete(link, 50000000, &err), STATUS_TIMEOUT);
    ck_assert_str_eq(err.text, "no end of reading by the deadline: 2 of 4 bytes");
    ck_assert_str_eq(err.origin, "CB24-0001/A");
    ck_assert_uint_eq(link->queued_count, 0);
    ck_assert_uint_eq(usb->pending_count, 0);
    ck_assert_int_eq(link_purge(link, NULL), STATUS_OK);
    buffer_append(&usb->in, "wxyz", 4);
    ck_assert_int_eq(link_exchange(link, NULL, 0, first, 4, NS_PER_S, NULL), STATUS_OK);
    ck_assert_mem_eq(first, "wxyz", 4);
    link_close(link);
    fake_usb_end();
}

END_TEST

START_TEST(chip_that_takes_nothing_is_a_timeout_too)
{
    struct fake_usb *usb = fake_usb_begin();
    struct link *link = open_channel(usb, 0);
    struct error err = {.text = ""};

    usb->blocks_out = true;
    ck_assert_int_eq(
        link_exchange(link, (const uint8_t *)"abc", 3, NULL, 0, 50000000, &err), STATUS_TIMEOUT);
    ck_assert_str_eq(err.text, "no end of writing by the deadline: 0 of 3 bytes");
    ck_assert_uint_eq(usb->pending_count, 0);
    link_close(link);
    fake_usb_end();
}

END_TEST

START_TEST(requests_keep_their_place_behind_queued_data)
{
    struct fake_usb *usb = fake_usb_begin();
    struct link *link = open_channel(usb, 2);
    uint8_t pins = 0;
    uint8_t word[2];

    ck_assert_int_eq(link_submit(link, (const uint8_t *)"abc", 3, NULL, 0, NULL), STATUS_OK);
    ck_assert_uint_eq(usb->out.len, 0);
    ck_assert_int_eq(link_control(link, FTDI_REQUEST_BAUD, 0xC068, 0x02, NULL), STATUS_OK);
    ck_assert_uint_eq(usb->out.len, 3); /* it went out first */
    expect_control(usb, 1, 0x03, 0xC068, 0x0203);
    ck_assert_int_eq(link_complete(link, NS_PER_S, NULL), STATUS_OK);
    ck_assert_int_eq(link_control_in(link, 0x0C, 0, 0, &pins, 1, NULL), STATUS_OK);
    ck_assert_uint_eq(pins, 0x5A);
    ck_assert_uint_eq(usb->controls[usb->control_count - 1].index, 3);
    ck_assert_int_eq(link_control_in(link, 0x90, 0, 7, word, 2, NULL), STATUS_OK);
    ck_assert_uint_eq(usb->controls[usb->control_count - 1].index, 7); /* a word address */
    link_close(link);
    fake_usb_end();
}

END_TEST

START_TEST(unplugging_at_any_packet_is_an_io_error)
{
    static uint8_t out[3000];
    static uint8_t in[3000];

    for (size_t at = 1; at < 8; at++) {
        struct fake_usb *usb = fake_usb_begin();
        struct link *link = open_channel(usb, 0);
        struct error err = {.text = ""};
        usb->is_loopback = true;
        usb->in_packet_max = 400;
        usb->gone_after_packets = at;
        ck_assert_int_eq(
            link_exchange(link, out, sizeof out, in, sizeof in, NS_PER_S, &err), STATUS_IO);
        ck_assert_ptr_nonnull(strstr(err.text, "gone"));
        ck_assert_int_eq(link_control(link, 0x0B, 0, 0, &err), STATUS_IO);
        ck_assert_str_eq(
            err.text, "control request: the device is gone (unplugged or without power)");
        ck_assert_int_eq(link_submit(link, out, 1, NULL, 0, &err), STATUS_IO);
        link_close(link);
        ck_assert_uint_eq(usb->open_count, 0);
        fake_usb_end();
    }
}

END_TEST

START_TEST(silence_on_a_line_is_an_answer)
{
    struct fake_usb *usb = fake_usb_begin();
    struct link *link = open_channel(usb, 2);
    uint8_t data[600];
    size_t len = 7;

    ck_assert_int_eq(link_read_some(link, data, sizeof data, &len, 20000000, NULL), STATUS_OK);
    ck_assert_uint_eq(len, 0);
    ck_assert_uint_ge(usb->clock.now_ns, 20000000);
    ck_assert_uint_le(usb->clock.now_ns, 22000000);
    buffer_append(&usb->in, "hello", 5);
    usb->empty_ticks = 2;
    ck_assert_int_eq(link_read_some(link, data, sizeof data, &len, NS_PER_S, NULL), STATUS_OK);
    ck_assert_uint_eq(len, 5);
    ck_assert_mem_eq(data, "hello", 5);
    link_close(link);
    fake_usb_end();
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("link_ftdi");
    TCase *tests = tcase_create("link_ftdi");

    tcase_add_test(tests, opening_claims_the_channel_and_closing_gives_it_back);
    tcase_add_loop_test(tests, what_cannot_be_opened_is_named_in_one_line, 0,
        (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(tests, bytes_come_whole_however_the_packets_are_cut);
    tcase_add_test(tests, what_a_read_leaves_over_belongs_to_the_next);
    tcase_add_test(tests, eight_transfers_of_64_kb_under_way_end_in_order);
    tcase_add_test(tests, silence_is_a_timeout_that_cancels_all_and_the_link_goes_on);
    tcase_add_test(tests, chip_that_takes_nothing_is_a_timeout_too);
    tcase_add_test(tests, requests_keep_their_place_behind_queued_data);
    tcase_add_test(tests, unplugging_at_any_packet_is_an_io_error);
    tcase_add_test(tests, silence_on_a_line_is_an_answer);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
