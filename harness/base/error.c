#include "harness/base/error.h"

#include <stdio.h>
#include <string.h>

enum status error_setv(struct error *err, enum status code, const char *fmt, va_list args)
{
    if (err != NULL) {
        err->code = code;
        err->origin[0] = '\0';
        (void)vsnprintf(err->text, sizeof err->text, fmt, args);
    }
    return code;
}

enum status error_set(struct error *err, enum status code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    enum status status = error_setv(err, code, fmt, args);
    va_end(args);
    return status;
}

enum status error_from(struct error *err, enum status code, const char *fmt, ...)
{
    char who[sizeof err->origin];
    char inner[sizeof err->origin];
    va_list args;

    if (err == NULL || code == STATUS_OK) {
        return code;
    }
    va_start(args, fmt);
    (void)vsnprintf(who, sizeof who, fmt, args);
    va_end(args);
    memcpy(inner, err->origin, sizeof inner);
    inner[sizeof inner - 1] = '\0';
    int len = snprintf(err->origin, sizeof err->origin, "%s", who);
    if (inner[0] != '\0' && len >= 0 && (size_t)len < sizeof err->origin) {
        (void)snprintf(err->origin + len, sizeof err->origin - (size_t)len, "/%s", inner);
    }
    return code;
}

static const char *const slugs[STATUS_COUNT] = {[STATUS_OK] = "ok",
#define X(name, slug, sentence) [STATUS_##name] = slug,
    STATUS_LIST(X)
#undef X
};

static const char *const sentences[STATUS_COUNT] = {[STATUS_OK] = "it worked",
#define X(name, slug, sentence) [STATUS_##name] = sentence,
    STATUS_LIST(X)
#undef X
};

const char *status_slug(enum status code)
{
    return (unsigned)code < STATUS_COUNT ? slugs[code] : "unknown";
}

const char *status_sentence(enum status code)
{
    return (unsigned)code < STATUS_COUNT ? sentences[code] : "a status that does not exist";
}
