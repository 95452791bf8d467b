/** The captured frames of real devices, for tests: see frames/README.md in the reference data. */
#ifndef EVENKEEL_TESTS_UNIT_PRODUCT_FRAMES_H
#define EVENKEEL_TESTS_UNIT_PRODUCT_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAMES_MAX = 64,
    FRAMES_BYTES_MAX = 512
};

struct captured {
    uint8_t data[FRAMES_BYTES_MAX];
    size_t len;
    char device[64]; /* "EK-24S4EB/HW-3.2.0/ZH-2.0.8" */
    char kind[32];   /* "cell-info" */
    char note[512];
    bool is_negative;
};

/** Read @p name below KEEL_SHARED_DATA/frames. @return how many; 0 when the file is absent */
size_t frames_read(const char *name, struct captured *frames, size_t capacity);

/** True when the frame's kind says so; both "cell-info" and "cell_info_frame" are in use. */
bool frames_is_kind(const struct captured *frame, const char *word);

#endif
