/**
 * A board for the unit's code on the host: cells, a serial line that takes its time, flash.
 *
 * Watches two promises all the time: no conversion before a millisecond of settling, and no scan
 * while something is on the line.
 */
#ifndef EVENKEEL_TESTS_UNIT_FIRMWARE_FAKE_BOARD_H
#define EVENKEEL_TESTS_UNIT_FIRMWARE_FAKE_BOARD_H

#include "firmware/core/unit.h"
#include "tests/unit/firmware/fake_flash.h"

enum {
    FAKE_LINE_MAX = 64 * 1024,
    FAKE_FRAME_MAX = 64
};

struct fake_frame {
    size_t at; /* in the line's bytes */
    size_t len;
    uint32_t end_ms;  /* its last byte is out */
    uint32_t scan_ms; /* the last scan began then */
};

struct fake_board {
    struct fake_flash flash;
    struct port port;
    struct unit unit;
    uint32_t now_ms;

    double cell_v[24];
    uint32_t latches_mask;
    uint32_t switched_ms;
    uint32_t scan_began_ms;
    unsigned scan_count;
    unsigned conversion_count;
    bool ticks_while_converting; /* a tick comes just before the switches move */
    struct lamps lamps;

    uint8_t line[FAKE_LINE_MAX]; /* all that was sent */
    size_t queued_len, sent_len;
    struct fake_frame frames[FAKE_FRAME_MAX];
    size_t frame_count;

    uint8_t received[4096];
    size_t received_len, taken_len;
};

/** 24 cells of 3.300 V, fresh flash; powered. */
void fake_board_init(struct fake_board *board);
/** Power off and on: flash stays. */
void fake_board_restart(struct fake_board *board);
void fake_board_run(struct fake_board *board, uint32_t span_ms);

/** Bytes from the phone or the module. */
void fake_board_receive(struct fake_board *board, const void *data, size_t len);
/** A request with its sum; @p payload of 4 bytes. */
void fake_board_request(
    struct fake_board *board, bool is_write, uint8_t command, uint8_t reg, const void *payload);

/** Bytes of the newest frame with command @p command sent since frame number @p since; or NULL. */
const uint8_t *fake_board_frame(const struct fake_board *board, uint8_t command, size_t since);

#endif
