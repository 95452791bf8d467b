/** Text for pages: a buffer to print into, HTML escapes, numbers as people write them. */
#ifndef EVENKEEL_REPORTS_TEXT_H
#define EVENKEEL_REPORTS_TEXT_H

#include "harness/base/bytes.h"

#include <stdbool.h>

void text_printf(struct buffer *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Append @p text with the five characters of HTML replaced. */
void text_escape(struct buffer *out, const char *text);
/** Close the buffer with a zero and give its memory away; the caller frees it. */
char *text_take(struct buffer *out);

/** How all numbers of one measurement are shown, chosen by its limits. */
struct scale {
    double factor; /* shown = value * factor */
    char unit[24]; /* "mV" */
    int decimals;  /* -1: six significant digits, because no limit says what matters */
};

/** @p low, @p high: infinite where open. Below 0.1 V or A the numbers are shown in mV, mA. */
struct scale text_scale(const char *unit, double low, double high);
/** "+0.123" with a real minus sign; @p is_signed asks for the plus. "no number" for a NaN. */
void text_number(struct buffer *out, const struct scale *scale, double value, bool is_signed);

#endif
