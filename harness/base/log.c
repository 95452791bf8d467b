#include "harness/base/log.h"

#include "harness/base/bytes.h"
#include "harness/base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const level_names[] = {
    [LOG_ERROR] = "error",
    [LOG_WARN] = "warn",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
    [LOG_WIRE] = "wire",
};

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

int log_level_from_name(const char *name, enum log_level *level)
{
    for (unsigned i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(level_names[i], name) == 0) {
            *level = (enum log_level)i;
            return 1;
        }
    }
    return 0;
}

static int is_wanted(const struct log *log, enum log_level level)
{
    return log != NULL && log->sink != NULL && level <= log->level;
}

static int put_prefix(
    const struct log *log, enum log_level level, const char *origin, char *line, size_t capacity)
{
    if (log->clock == NULL) {
        return snprintf(line, capacity, "%s %s: ", level_names[level], origin);
    }
    uint64_t now_ns = clock_now_ns(log->clock);
    return snprintf(line, capacity, "%llu.%09llu %s %s: ", (unsigned long long)(now_ns / NS_PER_S),
        (unsigned long long)(now_ns % NS_PER_S), level_names[level], origin);
}

void log_line(struct log *log, enum log_level level, const char *origin, const char *fmt, ...)
{
    char line[512];
    va_list args;

    if (!is_wanted(log, level)) {
        return;
    }
    int len = put_prefix(log, level, origin, line, sizeof line);
    if (len < 0 || (size_t)len >= sizeof line) {
        return;
    }
    va_start(args, fmt);
    (void)vsnprintf(line + len, sizeof line - (size_t)len, fmt, args);
    va_end(args);
    log->sink(log->sink_ctx, level, line);
}

void log_wire(
    struct log *log, const char *origin, const char *direction, const uint8_t *data, size_t len)
{
    struct buffer line = {0};
    char prefix[128];

    if (!is_wanted(log, LOG_WIRE)) {
        return;
    }
    (void)put_prefix(log, LOG_WIRE, origin, prefix, sizeof prefix);
    buffer_append(&line, prefix, strlen(prefix));
    buffer_append(&line, direction, strlen(direction));
    buffer_append_u8(&line, ' ');
    bytes_to_hex(data, len, (char *)buffer_grow(&line, 2 * len + 1));
    log->sink(log->sink_ctx, LOG_WIRE, (const char *)line.data);
    buffer_finish(&line);
}
