/**
 * NEEY replies: the stream's frame finder and every decoder on any bytes.
 *
 * The first byte says in pieces of what size the rest arrives. What must hold: a frame that the
 * stream gives passes its own check; no byte is lost from the account; decoded texts end; decoded
 * numbers are numbers.
 */
#include "harness/product/neey.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void decode_all(const uint8_t *frame, size_t len)
{
    struct neey_device_info info;
    struct neey_cell_info cells;
    struct neey_settings settings;
    struct neey_factory factory;
    struct error err;

    if (neey_decode_device_info(frame, len, &info, &err) == STATUS_OK) {
        demand(memchr(info.model, 0, sizeof info.model) != NULL);
        demand(memchr(info.name, 0, sizeof info.name) != NULL);
        demand(memchr(info.password, 0, sizeof info.password) != NULL);
    }
    if (neey_decode_cell_info(frame, len, &cells, &err) == STATUS_OK) {
        demand(cells.cell_count >= 1 && cells.cell_count <= NEEY_CELL_MAX);
        demand(cells.highest_index < NEEY_CELL_MAX && cells.lowest_index < NEEY_CELL_MAX);
        for (unsigned i = 0; i < NEEY_CELL_MAX; i++) {
            demand(isfinite(cells.cell_v[i]) && isfinite(cells.line_ohm[i]));
        }
    }
    if (neey_decode_settings(frame, len, &settings, &err) == STATUS_OK) {
        demand(isfinite(settings.trigger_v) && isfinite(settings.line_reference_ohm));
    }
    if (neey_decode_factory(frame, len, &factory, &err) == STATUS_OK) {
        demand(memchr(factory.production_date, 0, sizeof factory.production_date) != NULL);
    }
}

static size_t take_frames(struct neey_stream *stream)
{
    uint8_t frame[NEEY_FRAME_MAX];
    size_t total_len = 0;

    for (size_t len; (len = neey_stream_next(stream, frame)) > 0; total_len += len) {
        uint8_t command;
        uint8_t reg;
        bool is_write;
        demand(len <= NEEY_FRAME_MAX);
        demand(neey_check_frame(frame, len, &command, &reg, &is_write, NULL) == STATUS_OK);
        decode_all(frame, len);
    }
    return total_len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct neey_stream stream = {.len = 0};
    struct error err;
    uint8_t command;
    uint8_t reg;
    bool is_write;
    size_t taken_len = 0;

    if (len == 0) {
        return 0;
    }
    if (neey_check_frame(data, len, &command, &reg, &is_write, &err) == STATUS_OK) {
        decode_all(data, len);
    }
    size_t step = (size_t)data[0] * 4 + 1;
    for (size_t at = 1; at < len; at += step) {
        neey_stream_feed(&stream, data + at, len - at < step ? len - at : step);
        taken_len += take_frames(&stream);
        demand(stream.len <= sizeof stream.data);
    }
    demand(taken_len + stream.dropped_len + stream.len == len - 1);
    return 0;
}
