/**
 * How a function says that it failed.
 *
 * FAIL, ERROR and BUG are different words here. A board that is out of limits is a verdict and
 * lives in the record; the statuses below are errors; a broken promise inside our own code is an
 * assert. One status, UNIT, stands between: the bench works and the unit did not do what its
 * manual says (it is silent, it answers nonsense). The engine turns UNIT into FAIL and every other
 * status into ERROR, and nothing else does.
 */
#ifndef EVENKEEL_HARNESS_BASE_ERROR_H
#define EVENKEEL_HARNESS_BASE_ERROR_H

#include <stdarg.h>

/* X(name, slug, sentence): the one list, used by C, Lua, SQL and the manual. */
#define STATUS_LIST(X) \
    X(TIMEOUT, "timeout", "no answer in time") \
    X(IO, "io", "the transport failed") \
    X(PROTOCOL, "protocol", "the answer does not follow the protocol") \
    X(RANGE, "range", "the request is outside what the device can do") \
    X(UNSUPPORTED, "unsupported", "this device has no such operation") \
    X(UNIT, "unit", "the unit did not do what its manual says") \
    X(ABSENT, "absent", "the thing named is not there") \
    X(FORMAT, "format", "the input does not follow its format") \
    X(MISMATCH, "mismatch", "two things that must agree differ") \
    X(STORE, "store", "the record could not be kept") \
    X(SCRIPT, "script", "the plan is wrong") \
    X(USAGE, "usage", "the command line or a setting is wrong") \
    X(ABORTED, "aborted", "a person stopped the run")

enum status {
    STATUS_OK = 0,
#define X(name, slug, sentence) STATUS_##name,
    STATUS_LIST(X)
#undef X
    STATUS_COUNT
};

struct error {
    enum status code;
    char origin[32]; /* "site 1/cell 7": who says so; empty when the text says it all */
    char text[256];  /* one sentence: what was asked, what came back, with units */
};

/** Fill @p err (NULL is allowed) and return @p code, so that failing is one line. */
enum status error_set(struct error *err, enum status code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result));

/** error_set() with the argument list as a va_list. */
enum status error_setv(struct error *err, enum status code, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0), warn_unused_result));

/** Put "who" in front of an error on its way up; keeps an origin that is there ("site 1/cell 7").
 */
enum status error_from(struct error *err, enum status code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** "timeout"; "ok" for STATUS_OK; "unknown" for a number that is no status. */
const char *status_slug(enum status code);

/** "no answer in time" */
const char *status_sentence(enum status code);

/** Return the callee's status early; only where there is nothing to undo. */
#define TRY(call) \
    do { \
        enum status try_status_ = (call); \
        if (try_status_ != STATUS_OK) { \
            return try_status_; \
        } \
    } while (0)

#endif
