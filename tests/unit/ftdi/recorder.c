#include "tests/unit/ftdi/recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void record_drive(void *ctx, uint64_t time_ns, uint8_t level, uint8_t direction)
{
    struct recorder *recorder = ctx;

    if ((level & 1) != 0 && (recorder->last_level & 1) == 0) {
        recorder->rising_count++;
    }
    recorder->last_level = level;
    if (recorder->event_count == RECORDER_EVENT_MAX) {
        recorder->event_count--; /* keep the last one only, for the count of edges */
    }
    recorder->events[recorder->event_count++] = (struct recorder_event){time_ns, level, direction};
}

static uint8_t record_sense(void *ctx, uint64_t time_ns)
{
    struct recorder *recorder = ctx;
    uint8_t pins = recorder->pins;

    if (recorder->di_bits != NULL && recorder->di_bits[0] != '\0') {
        pins = (uint8_t)((pins & ~0x04) | (recorder->di_bits[0] == '1' ? 0x04 : 0));
        recorder->di_bits++;
    }
    if (recorder->sample_count < RECORDER_EVENT_MAX) {
        recorder->sample_ns[recorder->sample_count++] = time_ns;
    }
    return pins;
}

static void record_char(void *ctx, const struct wire_char *character)
{
    struct recorder *recorder = ctx;

    if (recorder->char_count < RECORDER_CHAR_MAX) {
        recorder->chars[recorder->char_count++] = *character;
    }
}

struct ft4232h_pins recorder_pins(struct recorder *recorder)
{
    return (struct ft4232h_pins){
        .ctx = recorder, .drive = record_drive, .sense = record_sense, .uart_tx = record_char};
}

void recorder_reset(struct recorder *recorder)
{
    recorder->event_count = 0;
    recorder->rising_count = 0;
    recorder->sample_count = 0;
    recorder->char_count = 0;
}

static void to_text(const struct recorder *recorder, bool has_times, char *text, size_t capacity)
{
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < recorder->event_count && at < capacity; i++) {
        const struct recorder_event *event = &recorder->events[i];
        int len = 0;
        if (has_times) {
            len = snprintf(text + at, capacity - at, "%s%" PRIu64 ":%02X", i > 0 ? " " : "",
                event->time_ns - recorder->events[0].time_ns, event->level);
        } else {
            len = snprintf(text + at, capacity - at, "%s%02X", i > 0 ? " " : "", event->level);
        }
        at += (size_t)len;
    }
}

void recorder_to_text(const struct recorder *recorder, char *text, size_t capacity)
{
    to_text(recorder, true, text, capacity);
}

void recorder_to_levels(const struct recorder *recorder, char *text, size_t capacity)
{
    to_text(recorder, false, text, capacity);
}
