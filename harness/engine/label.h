/**
 * What a person may write into a record and onto a screen: names of units, people, stations, steps
 * and measurements. A control character in one would move a terminal's cursor or end a line of a
 * log, and a text that is not UTF-8 would come back changed from JSON.
 */
#ifndef EVENKEEL_HARNESS_ENGINE_LABEL_H
#define EVENKEEL_HARNESS_ENGINE_LABEL_H

#include <stddef.h>

enum {
    LABEL_SERIAL_MAX = 64, /* bytes: of a serial, a station, an operator */
    LABEL_STEP_MAX = 120   /* bytes: of a step, a group, a measurement's group */
};

/**
 * @return what is wrong with the name @p text of @p len bytes ("is empty"), or NULL: one line of
 * UTF-8, no control character, 1 .. @p max_len bytes
 */
const char *label_fault(const char *text, size_t len, size_t max_len);

/** In place: control characters and what is not UTF-8 become '?', a cut character at the end goes.
 */
void label_clean(char *text);

#endif
