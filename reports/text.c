#include "reports/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MINUS "\xE2\x88\x92" /* U+2212 */

void text_printf(struct buffer *out, const char *fmt, ...)
{
    char block[512];
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(block, sizeof block, fmt, args);
    va_end(args);
    if (len > 0) {
        buffer_append(out, block, (size_t)len < sizeof block ? (size_t)len : sizeof block - 1);
    }
}

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void text_escape(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *escape = escape_of(*text);
        if (escape != NULL) {
            buffer_append(out, escape, strlen(escape));
        } else {
            buffer_append(out, text, 1);
        }
    }
}

char *text_take(struct buffer *out)
{
    buffer_append_u8(out, '\0');
    return (char *)out->data;
}

/** A thousandth of the span between the limits, or of the only limit. */
static int decimals_for(double low, double high)
{
    double span = isfinite(low) && isfinite(high) ? high - low
                  : isfinite(low)                 ? fabs(low)
                                                  : fabs(high);

    if (!(isfinite(span) && span > 0.0)) {
        return -1;
    }
    return (int)fmin(fmax(ceil(-log10(span / 1000.0)), 0.0), 6.0);
}

struct scale text_scale(const char *unit, double low, double high)
{
    struct scale scale = {.factor = 1.0};
    double largest = fmax(isfinite(low) ? fabs(low) : 0.0, isfinite(high) ? fabs(high) : 0.0);
    bool is_milli =
        (strcmp(unit, "V") == 0 || strcmp(unit, "A") == 0) && largest > 0.0 && largest < 0.1;

    if (is_milli) {
        scale.factor = 1000.0;
    }
    (void)snprintf(scale.unit, sizeof scale.unit, "%s%.20s", is_milli ? "m" : "", unit);
    scale.decimals = decimals_for(low * scale.factor, high * scale.factor);
    return scale;
}

void text_number(struct buffer *out, const struct scale *scale, double value, bool is_signed)
{
    char digits[64];
    double shown = value * scale->factor;

    if (!isfinite(shown)) {
        text_printf(out, "no number");
        return;
    }
    if (scale->decimals < 0) {
        (void)snprintf(digits, sizeof digits, "%.6g", fabs(shown));
    } else {
        (void)snprintf(digits, sizeof digits, "%.*f", scale->decimals, fabs(shown));
    }
    bool is_zero = strspn(digits, "0.") == strlen(digits);
    text_printf(out, "%s%s",
        shown < 0.0 && !is_zero ? MINUS
        : is_signed && !is_zero ? "+"
                                : "",
        digits);
}
