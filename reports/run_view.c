#include "reports/run_view.h"

#include <math.h>

const char *view_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

double view_number(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : otherwise;
}

struct view_measurement view_measurement(const json_t *measurement)
{
    return (struct view_measurement){
        .name = view_text(measurement, "name"),
        .unit = view_text(measurement, "unit"),
        .rule = view_text(measurement, "rule"),
        .value = view_number(measurement, "value", (double)NAN),
        .raw = view_number(measurement, "raw", (double)NAN),
        .reference = view_number(measurement, "reference", (double)NAN),
        .low = view_number(measurement, "low", -(double)INFINITY),
        .high = view_number(measurement, "high", (double)INFINITY),
        .is_comparison = json_is_true(json_object_get(measurement, "is_comparison")),
        .is_pass = view_text(measurement, "verdict")[0] == 'P',
    };
}

double view_limit_share(const struct view_measurement *measurement)
{
    double half_span = (measurement->high - measurement->low) / 2.0;

    if (!isfinite(half_span) || half_span <= 0.0 || !isfinite(measurement->value)) {
        return measurement->is_pass ? 0.0 : 2.0;
    }
    return fabs(measurement->value - (measurement->high + measurement->low) / 2.0) / half_span;
}
