/** What the compiler calls by itself: freestanding C still needs these, and strlen is used. */
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    unsigned char *target = to;
    const unsigned char *source = from;

    while (len-- > 0) {
        *target++ = *source++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t len)
{
    unsigned char *target = to;
    const unsigned char *source = from;

    if (target < source) {
        return memcpy(to, from, len); /* ours goes upwards */
    }
    while (len-- > 0) {
        target[len] = source[len];
    }
    return to;
}

void *memset(void *to, int value, size_t len)
{
    unsigned char *target = to;

    while (len-- > 0) {
        *target++ = (unsigned char)value;
    }
    return to;
}

int memcmp(const void *left, const void *right, size_t len)
{
    const unsigned char *a = left;
    const unsigned char *b = right;

    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i]) {
            return a[i] - b[i];
        }
    }
    return 0;
}

size_t strlen(const char *text)
{
    size_t len = 0;

    while (text[len] != '\0') {
        len++;
    }
    return len;
}
