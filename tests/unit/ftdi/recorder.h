/** Something soldered to a channel: writes down what the chip does and answers as it is told. */
#ifndef EVENKEEL_TESTS_UNIT_FTDI_RECORDER_H
#define EVENKEEL_TESTS_UNIT_FTDI_RECORDER_H

#include "fixtures/virtual/ftdi/ft4232h.h"

enum {
    RECORDER_EVENT_MAX = 4096,
    RECORDER_CHAR_MAX = 4096
};

struct recorder_event {
    uint64_t time_ns;
    uint8_t level;
    uint8_t direction;
};

struct recorder {
    struct recorder_event events[RECORDER_EVENT_MAX]; /* the first ones */
    size_t event_count;
    uint64_t rising_count; /* of pin 0, all of them */
    uint8_t last_level;

    uint64_t sample_ns[RECORDER_EVENT_MAX];
    size_t sample_count;

    uint8_t pins;        /* level of undriven pins */
    const char *di_bits; /* "1100": what pin 2 shows at each sample in turn; NULL: as in `pins` */

    struct wire_char chars[RECORDER_CHAR_MAX];
    size_t char_count;
};

struct ft4232h_pins recorder_pins(struct recorder *recorder);
/** Forget what was written down. */
void recorder_reset(struct recorder *recorder);
/** Events as "0:02 100:03": time after the first one in ns and level, all pins. */
void recorder_to_text(const struct recorder *recorder, char *text, size_t capacity);
/** The same without times. */
void recorder_to_levels(const struct recorder *recorder, char *text, size_t capacity);

#endif
