/** How the parts of a page read the JSON of a run. Inside of reports/. */
#ifndef EVENKEEL_REPORTS_RUN_VIEW_H
#define EVENKEEL_REPORTS_RUN_VIEW_H

#include <jansson.h>

#include <stdbool.h>

/** A text, or "" when there is none under @p key. */
const char *view_text(const json_t *object, const char *key);
/** A number, or @p otherwise when there is none. */
double view_number(const json_t *object, const char *key, double otherwise);

/** A measurement with its numbers; what is null is NaN, an open limit infinite. */
struct view_measurement {
    const char *name, *unit, *rule;
    double value, raw, reference, low, high;
    bool is_comparison, is_pass;
};

struct view_measurement view_measurement(const json_t *measurement);

/**
 * How far a value is from the middle of its limits, 1.0 at the limit. Of a measurement with one
 * limit or none: 2.0 when it failed, else 0.0.
 */
double view_limit_share(const struct view_measurement *measurement);

/** view_steps.c: the rows of the steps' table, of failed and of all measurements, the matrix. */
json_t *view_step_rows(const json_t *run);
json_t *view_failed_rows(const json_t *run);
json_t *view_all_rows(const json_t *run);
/** Error in mV of each cell at each level; null when there are not at least two such steps. */
json_t *view_matrix(const json_t *run);

/** error_plot.c: an SVG of all comparisons in volts over their reference; the caller frees; or
 * NULL. */
char *view_error_plot(const json_t *run);

#endif
