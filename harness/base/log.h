/**
 * One log per bench. A line carries bench time, origin and level; `wire` lines are the exact bytes
 * in both directions. Quiet unless a sink is set.
 */
#ifndef EVENKEEL_HARNESS_BASE_LOG_H
#define EVENKEEL_HARNESS_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level {
    LOG_ERROR,
    LOG_WARN,
    LOG_INFO,
    LOG_DEBUG,
    LOG_WIRE
};

struct clock;

/** Takes one finished line without a line feed. */
typedef void (*log_sink_fn)(void *ctx, enum log_level level, const char *line);

struct log {
    enum log_level level; /* lines above it are dropped */
    struct clock *clock;  /* NULL: lines carry no time */
    log_sink_fn sink;     /* NULL: everything is dropped */
    void *sink_ctx;
};

const char *log_level_name(enum log_level level);
/** A level by its name; 0 when there is none of that name. */
int log_level_from_name(const char *name, enum log_level *level);

/** @p log may be NULL. */
void log_line(struct log *log, enum log_level level, const char *origin, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** One `wire` line: "12.000345678 wire ch A out 11 02 00 ...". @p log may be NULL. */
void log_wire(
    struct log *log, const char *origin, const char *direction, const uint8_t *data, size_t len);

#endif
