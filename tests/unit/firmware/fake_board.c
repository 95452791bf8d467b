#include "tests/unit/firmware/fake_board.h"

#include <check.h>

#include <math.h>
#include <string.h>

enum {
    BYTES_PER_MS = 11, /* 115200 baud, rounded down */
    CODE_OFFSET = 7
};

static const struct product PRODUCT = {
    .model = "EK-24S4EB",
    .hardware = "HW-3.2.0",
    .software = "EK-1.0.0",
    .protocol = "V1.2.73",
    .password = "123456",
};

static uint32_t now_ms(void *ctx)
{
    const struct fake_board *board = ctx;

    return board->now_ms;
}

static void set_latches(void *ctx, uint32_t latches_mask)
{
    struct fake_board *board = ctx;

    if (latches_mask == 0x10000000u) { /* zero: the first step of a scan */
        ck_assert_msg(board->sent_len == board->queued_len, "scan begun with bytes on the line");
        board->scan_began_ms = board->now_ms;
        board->scan_count++;
    }
    if (latches_mask != 0) {
        ck_assert_msg(board->latches_mask == 0, "switches closed before the others opened");
        board->switched_ms = board->now_ms;
    }
    board->latches_mask = latches_mask;
}

static uint16_t code_of(double volts)
{
    return (uint16_t)(lround(volts * 0.508 / 2.5 * 65536.0) + CODE_OFFSET);
}

static uint16_t read_chain_raw(void *ctx)
{
    struct fake_board *board = ctx;

    /* two ticks: at least one whole millisecond */
    ck_assert_uint_ge(board->now_ms - board->switched_ms, 2);
    board->conversion_count++;
    if (board->ticks_while_converting && board->conversion_count % 8 == 0) {
        board->now_ms++;
    }
    if (board->latches_mask == 0x10000000u) {
        return CODE_OFFSET;
    }
    if (board->latches_mask == 0x08000000u) {
        return code_of(1.5);
    }
    for (unsigned i = 0; i < 24; i++) {
        uint32_t taps_mask = 3u << i;
        uint32_t polarity_mask = i % 2 == 0 ? 0x02000000u : 0x04000000u;

        if (board->latches_mask == (taps_mask | polarity_mask)) {
            return code_of(board->cell_v[i]);
        }
    }
    ck_abort_msg("converted with latches %08x", board->latches_mask);
    return 0;
}

static uint16_t read_aux_raw(void *ctx, enum aux_channel channel)
{
    /* 25 C, 25 C, 2.0 V through 1:2, zero current at 1.65 V */
    static const uint16_t CODES[] = {2048, 2048, 1241, 2048};

    (void)ctx;
    return CODES[channel];
}

static void send_bytes(void *ctx, const uint8_t *data, size_t len)
{
    struct fake_board *board = ctx;

    ck_assert_uint_le(board->queued_len - board->sent_len + len, 511); /* the real ring */
    ck_assert_uint_le(board->queued_len + len, sizeof board->line);
    ck_assert_uint_lt(board->frame_count, FAKE_FRAME_MAX);
    board->frames[board->frame_count++] =
        (struct fake_frame){.at = board->queued_len, .len = len, .scan_ms = board->scan_began_ms};
    memcpy(board->line + board->queued_len, data, len);
    board->queued_len += len;
}

static bool is_line_idle(void *ctx)
{
    const struct fake_board *board = ctx;

    return board->sent_len == board->queued_len;
}

static bool receive(void *ctx, uint8_t *byte)
{
    struct fake_board *board = ctx;

    if (board->taken_len == board->received_len) {
        return false;
    }
    *byte = board->received[board->taken_len++];
    return true;
}

static void show(void *ctx, const struct lamps *lamps)
{
    struct fake_board *board = ctx;

    board->lamps = *lamps;
}

static const uint8_t UNIQUE_ID[12] = {
    0x33, 0x00, 0x47, 0x00, 0x0B, 0x51, 0x38, 0x39, 0x33, 0x30, 0x36, 0x39};

void fake_board_init(struct fake_board *board)
{
    memset(board, 0, sizeof *board);
    fake_flash_init(&board->flash);
    for (unsigned i = 0; i < 24; i++) {
        board->cell_v[i] = 3.3;
    }
    board->port = (struct port){
        .ctx = board,
        .now_ms = now_ms,
        .set_latches = set_latches,
        .read_chain_raw = read_chain_raw,
        .read_aux_raw = read_aux_raw,
        .send = send_bytes,
        .is_line_idle = is_line_idle,
        .receive = receive,
        .show = show,
        .flash = fake_flash_port(&board->flash),
    };
    fake_board_restart(board);
}

void fake_board_restart(struct fake_board *board)
{
    board->latches_mask = 0;
    board->sent_len = board->queued_len;
    board->taken_len = board->received_len;
    unit_init(&board->unit, &board->port, &PRODUCT, UNIQUE_ID);
}

static void move_line(struct fake_board *board)
{
    size_t left_len = board->queued_len - board->sent_len;
    size_t before_len = board->sent_len;

    board->sent_len += left_len < BYTES_PER_MS ? left_len : BYTES_PER_MS;
    for (size_t i = 0; i < board->frame_count; i++) {
        size_t end = board->frames[i].at + board->frames[i].len;

        if (end > before_len && end <= board->sent_len) {
            board->frames[i].end_ms = board->now_ms;
        }
    }
}

void fake_board_run(struct fake_board *board, uint32_t span_ms)
{
    for (uint32_t i = 0; i < span_ms; i++) {
        board->now_ms++;
        move_line(board);
        unit_poll(&board->unit);
    }
}

void fake_board_receive(struct fake_board *board, const void *data, size_t len)
{
    ck_assert_uint_le(board->received_len + len, sizeof board->received);
    memcpy(board->received + board->received_len, data, len);
    board->received_len += len;
}

void fake_board_request(
    struct fake_board *board, bool is_write, uint8_t command, uint8_t reg, const void *payload)
{
    uint8_t data[20] = {0xAA, 0x55, 0x11, !is_write, command, reg, 0x14};

    if (payload != NULL) {
        memcpy(data + 8, payload, 4);
    }
    for (unsigned i = 0; i < 18; i++) {
        data[18] = (uint8_t)(data[18] + data[i]);
    }
    data[19] = 0xFF;
    fake_board_receive(board, data, sizeof data);
}

const uint8_t *fake_board_frame(const struct fake_board *board, uint8_t command, size_t since)
{
    for (size_t i = board->frame_count; i > since; i--) {
        const uint8_t *frame = board->line + board->frames[i - 1].at;

        if (frame[4] == command) {
            return frame;
        }
    }
    return NULL;
}
