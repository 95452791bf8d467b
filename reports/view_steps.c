#include "reports/run_view.h"
#include "reports/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *text_json(struct buffer *out)
{
    char *text = text_take(out);
    json_t *value = json_string(text);

    free(text);
    return value;
}

static json_t *number_json(const struct scale *scale, double value, bool is_signed)
{
    struct buffer out = {0};

    text_number(&out, scale, value, is_signed);
    return text_json(&out);
}

/** "±1 mV", "1.5 … 4.5 V", "≥ 4.9 V", "" when both are open. */
static json_t *limits_json(const struct view_measurement *measurement)
{
    struct scale scale = text_scale(measurement->unit, measurement->low, measurement->high);
    bool has_low = isfinite(measurement->low);
    bool has_high = isfinite(measurement->high);
    struct buffer out = {0};

    scale.decimals = -1; /* as they were specified */
    if (has_low && has_high && measurement->low == -measurement->high) {
        text_printf(&out, "\xC2\xB1");
        text_number(&out, &scale, measurement->high, false);
    } else if (has_low && has_high) {
        text_number(&out, &scale, measurement->low, measurement->low < 0.0);
        text_printf(&out, " \xE2\x80\xA6 ");
        text_number(&out, &scale, measurement->high, measurement->low < 0.0);
    } else if (has_low || has_high) {
        text_printf(&out, has_low ? "\xE2\x89\xA5 " : "\xE2\x89\xA4 ");
        text_number(&out, &scale, has_low ? measurement->low : measurement->high, false);
    }
    if (has_low || has_high) {
        text_printf(&out, " %s", scale.unit);
    }
    return text_json(&out);
}

static json_t *value_json(const struct view_measurement *measurement)
{
    struct scale scale = text_scale(measurement->unit, measurement->low, measurement->high);
    struct buffer out = {0};

    text_number(&out, &scale, measurement->value, measurement->is_comparison);
    text_printf(&out, " %s", scale.unit);
    return text_json(&out);
}

/** The reading and its reference in the plain unit, as precise as they are. */
static json_t *plain_json(double value)
{
    static const struct scale plain = {.factor = 1.0, .decimals = 6};
    struct buffer out = {0};

    if (isfinite(value)) {
        text_number(&out, &plain, value, false);
    }
    return text_json(&out);
}

/* Outcomes ------------------------------------------------------------------------------------ */

/** The class of the style sheet. */
static const char *outcome_class(const char *outcome)
{
    if (strcmp(outcome, "PASS") == 0) {
        return "pass";
    }
    return strcmp(outcome, "FAIL") == 0      ? "fail"
           : strcmp(outcome, "SKIPPED") == 0 ? "skip"
                                             : "other";
}

/* Measurements -------------------------------------------------------------------------------- */

static json_t *measurement_row(const json_t *step, const json_t *measurement)
{
    struct view_measurement view = view_measurement(measurement);
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s}", "step", view_text(step, "name"), "name",
        view.name, "rule", view.rule, "verdict", view.is_pass ? "PASS" : "FAIL", "verdict_class",
        view.is_pass ? "pass" : "fail");

    json_object_set_new(row, "value", value_json(&view));
    json_object_set_new(row, "limits", limits_json(&view));
    json_object_set_new(row, "raw", plain_json(view.raw));
    json_object_set_new(row, "reference", plain_json(view.reference));
    json_object_set_new(row, "attempt", json_integer((json_int_t)view_number(step, "attempt", 1)));
    return row;
}

static json_t *step_measurement_rows(const json_t *step, bool only_failed)
{
    json_t *rows = json_array();
    const json_t *measurement;
    size_t i;

    json_array_foreach(json_object_get(step, "measurements"), i, measurement)
    {
        if (!only_failed || strcmp(view_text(measurement, "verdict"), "FAIL") == 0) {
            json_array_append_new(rows, measurement_row(step, measurement));
        }
    }
    return rows;
}

json_t *view_failed_rows(const json_t *run)
{
    json_t *rows = json_array();
    const json_t *step;
    size_t i;

    json_array_foreach(json_object_get(run, "steps"), i, step)
    {
        json_t *failed = step_measurement_rows(step, true);
        json_array_extend(rows, failed);
        json_decref(failed);
    }
    return rows;
}

/* Steps --------------------------------------------------------------------------------------- */

/** The measurement that is furthest out; false when the step has none. */
static bool find_worst(const json_t *step, struct view_measurement *worst, bool *has_one_spec)
{
    const json_t *measurement;
    double worst_share = -1.0;
    size_t i;

    *has_one_spec = true;
    json_array_foreach(json_object_get(step, "measurements"), i, measurement)
    {
        struct view_measurement view = view_measurement(measurement);
        double share = view_limit_share(&view);
        if (i > 0 && (view.low != worst->low || view.high != worst->high ||
                         strcmp(view.unit, worst->unit) != 0)) {
            *has_one_spec = false;
        }
        if (i == 0 || share > worst_share) { /* a value that is no number has no share */
            worst_share = isnan(share) ? worst_share : share;
            *worst = view;
        }
    }
    return worst_share >= 0.0;
}

/** The worst measurement and a bar of how much of its limits it used. */
static void set_worst(json_t *row, const json_t *step)
{
    struct view_measurement worst = {0};
    bool has_one_spec;
    bool has_worst = find_worst(step, &worst, &has_one_spec);
    bool has_share = has_worst && isfinite(worst.high) && isfinite(worst.low);
    double share = has_worst ? view_limit_share(&worst) : 0.0;

    json_object_set_new(row, "worst_name", json_string(has_worst ? worst.name : ""));
    json_object_set_new(row, "worst", has_worst ? value_json(&worst) : json_string(""));
    json_object_set_new(row, "limits",
        !has_worst      ? json_string("")
        : !has_one_spec ? json_string("several")
                        : limits_json(&worst));
    json_object_set_new(row, "has_share", json_boolean(has_share));
    json_object_set_new(row, "share_percent", json_integer(lround(100.0 * fmin(share, 1.0))));
    json_object_set_new(
        row, "worst_class", json_string(has_worst && !worst.is_pass ? "fail" : "pass"));
}

static json_t *words_json(const char *text)
{
    json_t *words = json_array();

    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (len > 0) {
            json_array_append_new(words, json_stringn(text, len));
        }
        text += len + (text[len] != '\0');
    }
    return words;
}

static json_t *step_row(const json_t *step, int no, const char *last_group)
{
    const char *outcome = view_text(step, "outcome");
    const char *group = view_text(step, "group");
    double span_ns = view_number(step, "end_ns", 0.0) - view_number(step, "start_ns", 0.0);
    long long attempt = (long long)view_number(step, "attempt", 1.0);
    struct buffer time = {0};

    text_printf(&time, "%.2f", span_ns / 1e9);
    json_t *row = json_pack("{s:i, s:s, s:s, s:o, s:s, s:s, s:s, s:I, s:b}", "no", no, "group",
        strcmp(group, last_group) == 0 ? "" : group, "name", view_text(step, "name"), "claim_list",
        words_json(view_text(step, "claims")), "message", view_text(step, "message"), "outcome",
        outcome, "outcome_class", outcome_class(outcome), "attempt", (json_int_t)attempt,
        "is_retry", attempt > 1 ? 1 : 0);
    json_object_set_new(row, "time_s", text_json(&time));
    json_object_set_new(row, "measurement_count",
        json_integer((json_int_t)json_array_size(json_object_get(step, "measurements"))));
    set_worst(row, step);
    return row;
}

json_t *view_step_rows(const json_t *run)
{
    json_t *rows = json_array();
    const char *last_group = "";
    const json_t *step;
    size_t i;

    json_array_foreach(json_object_get(run, "steps"), i, step)
    {
        json_array_append_new(rows, step_row(step, (int)i + 1, last_group));
        last_group = view_text(step, "group");
    }
    return rows;
}

json_t *view_all_rows(const json_t *run)
{
    json_t *rows = json_array();
    const json_t *step;
    size_t i;

    json_array_foreach(json_object_get(run, "steps"), i, step)
    {
        struct view_measurement worst = {0};
        bool has_one_spec;
        if (!find_worst(step, &worst, &has_one_spec)) {
            continue;
        }
        json_t *all = json_pack("{s:i, s:s, s:s, s:b, s:o}", "no", (int)i + 1, "step",
            view_text(step, "name"), "spec_rule", has_one_spec ? worst.rule : "", "has_several",
            has_one_spec ? 0 : 1, "rows", step_measurement_rows(step, false));
        json_object_set_new(
            all, "spec_limits", has_one_spec ? limits_json(&worst) : json_string("several limits"));
        json_array_append_new(rows, all);
    }
    return rows;
}

/* The matrix ---------------------------------------------------------------------------------- */

enum {
    MATRIX_COLUMNS_MAX = 32
};

/** A step with comparisons in volts within limits of millivolts, and nothing else. */
static bool is_matrix_step(const json_t *step)
{
    const json_t *measurements = json_object_get(step, "measurements");
    const json_t *measurement;
    size_t i;

    json_array_foreach(measurements, i, measurement)
    {
        struct view_measurement view = view_measurement(measurement);
        if (!view.is_comparison || strcmp(view.unit, "V") != 0 || !(view.high - view.low < 0.2)) {
            return false;
        }
    }
    return json_array_size(measurements) >= 2 &&
           json_array_size(measurements) <= MATRIX_COLUMNS_MAX;
}

/** The column's head: "17" of "cell_17", else the whole name. */
static const char *short_name(const char *name)
{
    const char *digits = strrchr(name, '_');

    return digits != NULL && digits[1] != '\0' ? digits + 1 : name;
}

static json_t *matrix_heads(const json_t *step)
{
    json_t *heads = json_array();
    const json_t *measurement;
    size_t i;

    json_array_foreach(json_object_get(step, "measurements"), i, measurement)
    {
        json_array_append_new(heads, json_string(short_name(view_text(measurement, "name"))));
    }
    return heads;
}

/** Tint: how much of the limits is used, in five shades to each side. */
static json_t *matrix_cell(const json_t *measurement)
{
    static const struct scale milli = {.factor = 1000.0, .decimals = 2};
    struct view_measurement view = view_measurement(measurement);
    double share = fmin(view_limit_share(&view), 1.0);
    int shade = isfinite(view.value) ? (int)lround(5.0 * share) : 0;
    struct buffer class_name = {0};

    text_printf(
        &class_name, "%c%d%s", view.value < 0.0 ? 'n' : 'p', shade, view.is_pass ? "" : " out");
    json_t *cell = json_object();
    json_object_set_new(cell, "class", text_json(&class_name));
    json_object_set_new(cell, "text",
        isfinite(view.value) ? number_json(&milli, view.value, true) : json_string("?"));
    return cell;
}

static json_t *matrix_row(const json_t *step)
{
    json_t *cells = json_array();
    const json_t *measurement;
    double sum_v = 0.0;
    size_t i;

    json_array_foreach(json_object_get(step, "measurements"), i, measurement)
    {
        json_array_append_new(cells, matrix_cell(measurement));
        sum_v += view_number(measurement, "reference", (double)NAN);
    }
    struct buffer level = {0};
    text_printf(&level, "%.2f", sum_v / (double)i);
    json_t *row = json_object();
    json_object_set_new(row, "level", text_json(&level));
    json_object_set_new(row, "cells", cells);
    return row;
}

json_t *view_matrix(const json_t *run)
{
    json_t *rows = json_array();
    json_t *heads = NULL;
    const json_t *step;
    size_t i;

    json_array_foreach(json_object_get(run, "steps"), i, step)
    {
        json_t *own_heads = is_matrix_step(step) ? matrix_heads(step) : NULL;
        if (own_heads != NULL && (heads == NULL || json_equal(heads, own_heads))) {
            heads = heads != NULL ? heads : json_incref(own_heads);
            json_array_append_new(rows, matrix_row(step));
        }
        json_decref(own_heads);
    }
    json_t *matrix = json_null();
    if (json_array_size(rows) >= 2) {
        matrix = json_pack("{s:O, s:O}", "heads", heads, "matrix_rows", rows);
    }
    json_decref(heads);
    json_decref(rows);
    return matrix;
}
