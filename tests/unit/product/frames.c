#include "tests/unit/product/frames.h"

#include "harness/base/bytes.h"

#include <stdio.h>
#include <string.h>

static void take_word(const char *line, const char *key, char *to, size_t capacity)
{
    const char *at = strstr(line, key);

    to[0] = '\0';
    if (at != NULL) {
        at += strlen(key);
        size_t len = strcspn(at, " \n");
        len = len < capacity ? len : capacity - 1;
        memcpy(to, at, len);
        to[len] = '\0';
    }
}

size_t frames_read(const char *name, struct captured *frames, size_t capacity)
{
    char path[1024];
    char line[4096];
    size_t count = 0;

    (void)snprintf(path, sizeof path, "%s/frames/%s", KEEL_SHARED_DATA, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return 0;
    }
    while (count < capacity && fgets(line, sizeof line, file) != NULL) {
        struct captured *frame = &frames[count];
        frame->len = bytes_from_hex(line, frame->data, sizeof frame->data);
        if (frame->len == 0) {
            continue;
        }
        take_word(line, " dev=", frame->device, sizeof frame->device);
        take_word(line, " kind=", frame->kind, sizeof frame->kind);
        const char *note = strstr(line, " note=");
        (void)snprintf(frame->note, sizeof frame->note, "%.500s", note != NULL ? note + 6 : "");
        frame->is_negative = strncmp(frame->note, "NEGATIVE", 8) == 0;
        count++;
    }
    (void)fclose(file);
    return count;
}

bool frames_is_kind(const struct captured *frame, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i < len; i++) {
        char have = frame->kind[i] == '_' ? '-' : frame->kind[i];
        if (have != word[i]) {
            return false;
        }
    }
    return true;
}
