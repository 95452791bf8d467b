/** Captured frames of real devices, one a line: hex, then "# repo=... dev=... note=...". */
#ifndef EVENKEEL_TESTS_UNIT_FIRMWARE_CAPTURED_H
#define EVENKEEL_TESTS_UNIT_FIRMWARE_CAPTURED_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CAPTURED_MAX = 64,
    CAPTURED_FRAME_MAX = 320
};

struct captured {
    struct {
        uint8_t data[CAPTURED_FRAME_MAX];
        size_t len;
    } frames[CAPTURED_MAX];

    size_t count;
};

static inline size_t captured_parse(const char *line, uint8_t *data)
{
    size_t len = 0;
    unsigned byte;

    while (len < CAPTURED_FRAME_MAX && sscanf(line + 2 * len, "%2x", &byte) == 1 &&
           line[2 * len] != ' ') {
        data[len++] = (uint8_t)byte;
    }
    return len;
}

/** Exits with 77, visibly, when @p path is absent. */
static inline void captured_load(struct captured *captured, const char *path)
{
    char line[4096];
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        printf("SKIPPED: %s is absent\n", path);
        exit(77);
    }
    captured->count = 0;
    while (captured->count < CAPTURED_MAX && fgets(line, sizeof line, file) != NULL) {
        size_t len = captured_parse(line, captured->frames[captured->count].data);

        if (len > 0) {
            captured->frames[captured->count++].len = len;
        }
    }
    (void)fclose(file);
}

#endif
