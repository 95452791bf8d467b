#include "reports/template.h"

#include "harness/base/mem.h"
#include "reports/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_LEN = 48
};

struct scope {
    const json_t *value;
    const struct scope *outer;
};

/** One tag: {{#name}}. */
struct tag {
    char kind; /* '#', '^', '/', '{' or 0 for a plain name */
    char name[NAME_LEN];
    const char *end; /* just behind it */
};

static const json_t *look_up(const struct scope *scope, const char *name)
{
    if (strcmp(name, ".") == 0) {
        return scope->value;
    }
    for (; scope != NULL; scope = scope->outer) {
        const json_t *value = json_object_get(scope->value, name);
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

static bool is_shown(const json_t *value)
{
    if (json_is_array(value)) {
        return json_array_size(value) > 0;
    }
    if (json_is_string(value)) {
        return json_string_length(value) > 0;
    }
    return json_is_true(value) || json_is_object(value) || json_is_number(value);
}

static void append_value(struct buffer *out, const json_t *value, bool is_raw)
{
    char number[32];
    const char *text = json_string_value(value);

    if (json_is_integer(value)) {
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        text = number;
    } else if (json_is_real(value)) {
        (void)snprintf(number, sizeof number, "%.6g", json_real_value(value));
        text = number;
    }
    if (text == NULL) {
        return; /* null, true, false and containers have no text */
    }
    if (is_raw) {
        buffer_append(out, text, strlen(text));
    } else {
        text_escape(out, text);
    }
}

static enum status read_tag(const char *at, const char *end, struct tag *tag, struct error *err)
{
    const char *from = at + 2;

    tag->kind = '\0';
    if (*from != '\0' && strchr("#^/{", *from) != NULL) {
        tag->kind = *from++;
    }
    const char *close = tag->kind == '{' ? "}}}" : "}}";
    const char *to = strstr(from, close);
    if (to == NULL || to >= end || (size_t)(to - from) >= NAME_LEN) {
        return error_set(err, STATUS_FORMAT, "template: \"%.30s\" does not close", at);
    }
    memcpy(tag->name, from, (size_t)(to - from));
    tag->name[to - from] = '\0';
    tag->end = to + strlen(close);
    return STATUS_OK;
}

/** Where the section's closing tag starts; @p behind (out) where the text goes on. */
static const char *find_section_end(const struct tag *tag, const char *end, const char **behind)
{
    char close[NAME_LEN + 8];

    (void)snprintf(close, sizeof close, "{{/%s}}", tag->name);
    const char *at = strstr(tag->end, close);
    if (at == NULL || at >= end) {
        return NULL;
    }
    *behind = at + strlen(close);
    return at;
}

static enum status render_range(struct buffer *out, const char *from, const char *end,
    const struct scope *scope, struct error *err);

static enum status render_section(struct buffer *out, const struct tag *tag, const char *end,
    const json_t *value, const struct scope *scope, struct error *err)
{
    if ((tag->kind == '#') != is_shown(value)) {
        return STATUS_OK;
    }
    if (tag->kind == '^' || !json_is_array(value)) {
        struct scope inner = {.value = value, .outer = scope};
        return render_range(out, tag->end, end, &inner, err);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct scope inner = {.value = json_array_get(value, i), .outer = scope};
        TRY(render_range(out, tag->end, end, &inner, err));
    }
    return STATUS_OK;
}

/** Render what the tag at @p at stands for; @p behind (out) where the text goes on. */
static enum status render_tag(struct buffer *out, const char *at, const char *end,
    const struct scope *scope, const char **behind, struct error *err)
{
    struct tag tag;

    TRY(read_tag(at, end, &tag, err));
    const json_t *value = look_up(scope, tag.name);
    if (value == NULL) {
        return error_set(err, STATUS_FORMAT, "template: nothing is called \"%s\"", tag.name);
    }
    *behind = tag.end;
    if (tag.kind != '#' && tag.kind != '^') {
        append_value(out, value, tag.kind == '{');
        return STATUS_OK;
    }
    const char *section_end = find_section_end(&tag, end, behind);
    if (section_end == NULL) {
        return error_set(err, STATUS_FORMAT, "template: section \"%s\" does not close", tag.name);
    }
    return render_section(out, &tag, section_end, value, scope, err);
}

static enum status render_range(struct buffer *out, const char *from, const char *end,
    const struct scope *scope, struct error *err)
{
    for (;;) {
        const char *at = strstr(from, "{{");
        if (at == NULL || at >= end) {
            buffer_append(out, from, (size_t)(end - from));
            return STATUS_OK;
        }
        buffer_append(out, from, (size_t)(at - from));
        TRY(render_tag(out, at, end, scope, &from, err));
    }
}

enum status template_render(
    const char *template_text, const json_t *values, char **text, struct error *err)
{
    struct scope scope = {.value = values};
    struct buffer out = {0};

    *text = NULL;
    enum status status =
        render_range(&out, template_text, template_text + strlen(template_text), &scope, err);
    if (status != STATUS_OK) {
        buffer_finish(&out);
        return status;
    }
    *text = text_take(&out);
    return STATUS_OK;
}
