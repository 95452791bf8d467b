/* UTF-8 as RFC 3629 has it; C1 controls (U+0080 .. U+009F) count as controls: CSI is one of them.
 */
#include "harness/engine/label.h"

#include <stdbool.h>
#include <string.h>

/* Bytes of the character at @p at, of which @p left are there; 0 when it is none. */
static size_t character_len(const unsigned char *at, size_t left)
{
    size_t len = at[0] < 0x80 ? 1 : at[0] >= 0xC2 && at[0] <= 0xDF ? 2 : at[0] >> 4 == 0xE ? 3 : 4;

    if (at[0] >= 0x80 && (at[0] < 0xC2 || at[0] > 0xF4)) {
        return 0;
    }
    if (len > left) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if (at[i] >> 6 != 2) {
            return 0;
        }
    }
    bool is_overlong = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xF0 && at[1] < 0x90);
    bool is_no_scalar = (at[0] == 0xED && at[1] > 0x9F) || (at[0] == 0xF4 && at[1] > 0x8F);
    return is_overlong || is_no_scalar ? 0 : len;
}

static bool is_control(const unsigned char *at)
{
    return at[0] < 0x20 || at[0] == 0x7F || (at[0] == 0xC2 && at[1] < 0xA0);
}

const char *label_fault(const char *text, size_t len, size_t max_len)
{
    const unsigned char *at = (const unsigned char *)text;

    if (len == 0) {
        return "is empty";
    }
    if (len > max_len) {
        return "is too long";
    }
    for (size_t i = 0; i < len;) {
        size_t step = character_len(at + i, len - i);
        if (step == 0) {
            return "is not UTF-8";
        }
        if (is_control(at + i)) {
            return "holds a control character";
        }
        i += step;
    }
    return NULL;
}

/* A character that snprintf cut in two. */
static bool is_cut(const unsigned char *at, size_t left)
{
    if (at[0] < 0xC2 || at[0] > 0xF4 || left > 3) {
        return false;
    }
    for (size_t i = 1; i < left; i++) {
        if (at[i] >> 6 != 2) {
            return false;
        }
    }
    return true;
}

void label_clean(char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len;) {
        unsigned char *at = (unsigned char *)text + i;
        size_t step = character_len(at, len - i);
        if (step == 0 && is_cut(at, len - i)) {
            at[0] = '\0';
            return;
        }
        if (step == 0 || is_control(at)) {
            step = step == 0 ? 1 : step;
            memset(at, '?', step);
        }
        i += step;
    }
}
