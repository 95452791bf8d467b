/*
 * The plot of cell errors: one point per comparison in volts, error in mV over the true voltage, of
 * the comparisons that share the commonest limits: a coarse check of wiring in the same run would
 * press the accuracy that matters into a line.
 * Blue discs pass, vermilion diamonds fail (two colours that every kind of colour vision tells
 * apart: Okabe and Ito, "Color Universal Design", 2008; and the shape says it again). The band is
 * what the limits allow.
 */
#include "harness/base/mem.h"
#include "reports/run_view.h"
#include "reports/text.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In SVG units; the page scales the whole. */
enum {
    WIDTH = 720,
    HEIGHT = 300,
    LEFT = 52,
    RIGHT = 78,
    TOP = 14,
    BOTTOM = 40,
    LABELS_MAX = 6
};

struct plot {
    struct view_measurement *points;
    size_t count;
    double x_low, x_high, x_step; /* reference, V */
    double y_low, y_high, y_step; /* error, mV */
};

static double to_x(const struct plot *plot, double reference_v)
{
    return LEFT +
           (WIDTH - LEFT - RIGHT) * (reference_v - plot->x_low) / (plot->x_high - plot->x_low);
}

static double to_y(const struct plot *plot, double error_mv)
{
    double share = (error_mv - plot->y_low) / (plot->y_high - plot->y_low);

    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
}

/* Points -------------------------------------------------------------------------------------- */

static void collect_step(struct plot *plot, const json_t *step)
{
    const json_t *measurement;
    size_t i;

    json_array_foreach(json_object_get(step, "measurements"), i, measurement)
    {
        struct view_measurement view = view_measurement(measurement);
        if (view.is_comparison && strcmp(view.unit, "V") == 0 && isfinite(view.value) &&
            isfinite(view.reference)) {
            plot->points[plot->count++] = view;
        }
    }
}

static void collect(struct plot *plot, const json_t *run)
{
    const json_t *steps = json_object_get(run, "steps");
    const json_t *step;
    size_t capacity = 1;
    size_t i;

    json_array_foreach(steps, i, step)
    {
        capacity += json_array_size(json_object_get(step, "measurements"));
    }
    plot->points = mem_alloc(capacity, sizeof plot->points[0]);
    json_array_foreach(steps, i, step)
    {
        collect_step(plot, step);
    }
}

static bool has_limits_of(const struct view_measurement *a, const struct view_measurement *b)
{
    return a->low >= b->low && a->low <= b->low && a->high >= b->high && a->high <= b->high;
}

static size_t count_alike(const struct plot *plot, const struct view_measurement *like)
{
    size_t count = 0;

    for (size_t i = 0; i < plot->count; i++) {
        count += has_limits_of(&plot->points[i], like) ? 1 : 0;
    }
    return count;
}

/** Drop the points whose limits are not the commonest ones. */
static void keep_commonest_limits(struct plot *plot)
{
    struct view_measurement best = {0};
    size_t best_count = 0;
    size_t kept = 0;

    for (size_t i = 0; i < plot->count; i++) {
        size_t count = count_alike(plot, &plot->points[i]);
        if (count > best_count) {
            best_count = count;
            best = plot->points[i];
        }
    }
    for (size_t i = 0; i < plot->count; i++) {
        if (has_limits_of(&plot->points[i], &best)) {
            plot->points[kept++] = plot->points[i];
        }
    }
    plot->count = kept;
}

/* Axes ---------------------------------------------------------------------------------------- */

/** 1, 2 or 5 times a power of ten, so that @p span has about @p wanted_count steps. */
static double nice_step(double span, int wanted_count)
{
    static const double steps[] = {1.0, 2.0, 5.0, 10.0};
    double rough = span / wanted_count;
    double power = pow(10.0, floor(log10(rough)));

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (rough <= steps[i] * power * 1.0000001) {
            return steps[i] * power;
        }
    }
    return 10.0 * power;
}

static void widen(double *low, double *high, double value)
{
    if (isfinite(value)) {
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
}

static void set_axes(struct plot *plot)
{
    double x_low = DBL_MAX;
    double x_high = -DBL_MAX;
    double y_low = 0.0;
    double y_high = 0.0;

    for (size_t i = 0; i < plot->count; i++) {
        const struct view_measurement *point = &plot->points[i];
        widen(&x_low, &x_high, point->reference);
        widen(&y_low, &y_high, 1000.0 * point->value);
        widen(&y_low, &y_high, 1000.0 * point->low);
        widen(&y_low, &y_high, 1000.0 * point->high);
    }
    double x_span = fmax(x_high - x_low, 0.01);
    double y_span = fmax(y_high - y_low, 0.01);
    plot->x_step = nice_step(x_span, 8);
    plot->y_step = nice_step(y_span, 6);
    plot->x_low = x_low - 0.04 * x_span;
    plot->x_high = x_high + 0.04 * x_span;
    plot->y_low = y_low - 0.08 * y_span;
    plot->y_high = y_high + 0.08 * y_span;
}

static int decimals_of(double step)
{
    return (int)fmax(0.0, ceil(-log10(step) - 1e-9));
}

static void draw_y_ticks(struct buffer *out, const struct plot *plot)
{
    struct scale scale = {.factor = 1.0, .decimals = decimals_of(plot->y_step)};

    for (double n = ceil(plot->y_low / plot->y_step); n * plot->y_step <= plot->y_high; n += 1.0) {
        double y = to_y(plot, n * plot->y_step);
        text_printf(out, "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
            n == 0.0 ? "zero" : "grid", LEFT, WIDTH - RIGHT, y, y);
        text_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 7, y + 3.5);
        text_number(out, &scale, n * plot->y_step, true);
        text_printf(out, "</text>\n");
    }
}

static void draw_x_ticks(struct buffer *out, const struct plot *plot)
{
    int decimals = decimals_of(plot->x_step);
    int bottom = HEIGHT - BOTTOM;

    for (double n = ceil(plot->x_low / plot->x_step); n * plot->x_step <= plot->x_high; n += 1.0) {
        double x = to_x(plot, n * plot->x_step);
        text_printf(out, "<line class=\"tick\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", x, x,
            bottom, bottom + 4);
        text_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.*f</text>\n", x,
            bottom + 16, decimals, n * plot->x_step);
    }
    text_printf(out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", LEFT,
        WIDTH - RIGHT, bottom, bottom);
    text_printf(out,
        "<text class=\"title\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">true cell voltage, "
        "V</text>",
        (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6);
    text_printf(out,
        "<text class=\"title\" transform=\"translate(12 %d) rotate(-90)\" text-anchor=\"middle\">"
        "shown \xE2\x88\x92 true, mV</text>\n",
        (TOP + bottom) / 2);
}

/* Limits -------------------------------------------------------------------------------------- */

static bool is_new_spec(const struct plot *plot, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (plot->points[i].low == plot->points[index].low &&
            plot->points[i].high == plot->points[index].high) {
            return false;
        }
    }
    return true;
}

/** The true voltages that points with these limits reach; the whole width when all have the same.
 */
static void find_reach(const struct plot *plot, size_t index, double *from_v, double *to_v)
{
    const struct view_measurement *point = &plot->points[index];
    bool is_only = true;

    *from_v = DBL_MAX;
    *to_v = -DBL_MAX;
    for (size_t i = 0; i < plot->count; i++) {
        if (plot->points[i].low == point->low && plot->points[i].high == point->high) {
            widen(from_v, to_v, plot->points[i].reference);
        } else {
            is_only = false;
        }
    }
    if (is_only) {
        *from_v = plot->x_low;
        *to_v = plot->x_high;
    }
}

static void draw_limit(
    struct buffer *out, const struct plot *plot, double limit_v, double from_v, double to_v)
{
    struct scale scale = {.factor = 1000.0, .decimals = -1};
    double y = to_y(plot, 1000.0 * limit_v);

    if (!isfinite(limit_v)) {
        return;
    }
    text_printf(out, "<line class=\"limit\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
        to_x(plot, from_v), to_x(plot, to_v), y, y);
    text_printf(out, "<text class=\"limit-label\" x=\"%.1f\" y=\"%.1f\">limit ",
        to_x(plot, to_v) + 6, y + 3.5);
    text_number(out, &scale, limit_v, true);
    text_printf(out, " mV</text>\n");
}

static void draw_limits(struct buffer *out, const struct plot *plot)
{
    for (size_t i = 0; i < plot->count; i++) {
        if (!is_new_spec(plot, i)) {
            continue;
        }
        double from_v;
        double to_v;
        find_reach(plot, i, &from_v, &to_v);
        double top = to_y(plot, fmin(1000.0 * plot->points[i].high, plot->y_high));
        double bottom = to_y(plot, fmax(1000.0 * plot->points[i].low, plot->y_low));
        text_printf(out,
            "<rect class=\"band\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
            to_x(plot, from_v), top, to_x(plot, to_v) - to_x(plot, from_v), bottom - top);
        draw_limit(out, plot, plot->points[i].low, from_v, to_v);
        draw_limit(out, plot, plot->points[i].high, from_v, to_v);
    }
}

/* Drawing ------------------------------------------------------------------------------------- */

static void draw_point(
    struct buffer *out, const struct plot *plot, const struct view_measurement *point)
{
    static const struct scale milli = {.factor = 1000.0, .decimals = 3};
    double x = to_x(plot, point->reference);
    double y = to_y(plot, 1000.0 * point->value);

    if (point->is_pass) {
        text_printf(out, "<circle class=\"good\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.4\">", x, y);
    } else {
        text_printf(
            out, "<path class=\"bad\" d=\"M%.1f %.1fl4.6 4.6-4.6 4.6-4.6-4.6z\">", x, y - 4.6);
    }
    text_printf(out, "<title>");
    text_escape(out, point->name);
    text_printf(out, " at %.3f V: ", point->reference);
    text_number(out, &milli, point->value, true);
    text_printf(out, " mV</title></%s>\n", point->is_pass ? "circle" : "path");
}

/** Whether this is the worst failure of its name: the one that carries the name. */
static bool is_worst_of_name(const struct plot *plot, size_t index)
{
    const struct view_measurement *point = &plot->points[index];

    for (size_t i = 0; i < plot->count; i++) {
        const struct view_measurement *other = &plot->points[i];
        if (i != index && !other->is_pass && strcmp(other->name, point->name) == 0 &&
            view_limit_share(other) > view_limit_share(point)) {
            return false;
        }
    }
    return !point->is_pass;
}

static void draw_names(struct buffer *out, const struct plot *plot)
{
    int label_count = 0;

    for (size_t i = 0; i < plot->count && label_count < LABELS_MAX; i++) {
        const struct view_measurement *point = &plot->points[i];
        if (is_worst_of_name(plot, i)) {
            double x = to_x(plot, point->reference);
            bool is_left =
                x < (LEFT + WIDTH - RIGHT) / 2.0; /* the label goes where there is room */
            text_printf(out, "<text class=\"bad-label\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">",
                x + (is_left ? 7 : -7), to_y(plot, 1000.0 * point->value) + 3.5,
                is_left ? "start" : "end");
            text_escape(out, point->name);
            text_printf(out, "</text>\n");
            label_count += 1;
        }
    }
}

static void draw_points(struct buffer *out, const struct plot *plot)
{
    for (int is_pass = 1; is_pass >= 0; is_pass--) { /* what failed lies on top */
        for (size_t i = 0; i < plot->count; i++) {
            if (plot->points[i].is_pass == (is_pass != 0)) {
                draw_point(out, plot, &plot->points[i]);
            }
        }
    }
    draw_names(out, plot);
}

char *view_error_plot(const json_t *run)
{
    struct plot plot = {0};
    struct buffer out = {0};

    collect(&plot, run);
    keep_commonest_limits(&plot);
    if (plot.count < 2) {
        free(plot.points);
        return NULL;
    }
    set_axes(&plot);
    text_printf(&out,
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Cell voltage error in millivolts"
        " over the true cell voltage, %zu comparisons\">\n",
        WIDTH, HEIGHT, plot.count);
    draw_limits(&out, &plot);
    draw_y_ticks(&out, &plot);
    draw_x_ticks(&out, &plot);
    draw_points(&out, &plot);
    text_printf(&out, "</svg>");
    free(plot.points);
    return text_take(&out);
}
