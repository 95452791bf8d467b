#include "harness/metrology/summary.h"

#include "harness/metrology/exact.h"

#include <math.h>

static enum status check_values(const double *values, size_t count, struct error *err)
{
    if (count == 0) {
        return error_set(err, STATUS_RANGE, "a mean of no values was asked for");
    }
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return error_set(err, STATUS_RANGE, "value %zu of %zu is %g, which has no mean", i + 1,
                count, values[i]);
        }
    }
    return STATUS_OK;
}

static double mean_of(const double *values, size_t count)
{
    struct exact_sum sum = {0};

    for (size_t i = 0; i < count; i++) {
        exact_add(&sum, values[i]);
    }
    return exact_value(&sum) / (double)count;
}

/* The second term takes out what the mean lost when it was rounded. */
static double sd_of(const double *values, size_t count, double mean)
{
    struct exact_sum squares = {0};
    struct exact_sum rest = {0};

    if (count < 2) {
        return 0.0;
    }
    for (size_t i = 0; i < count; i++) {
        double deviation = values[i] - mean;
        exact_add_product(&squares, deviation, deviation);
        exact_add(&rest, deviation);
    }
    double shift = exact_value(&rest);
    double variance = (exact_value(&squares) - shift * shift / (double)count) / (double)(count - 1);
    return variance > 0.0 ? sqrt(variance) : 0.0;
}

enum status summary_of(
    const double *values, size_t count, struct summary *summary, struct error *err)
{
    TRY(check_values(values, count, err));
    double mean = mean_of(values, count);
    double sd = sd_of(values, count, mean);
    *summary = (struct summary){
        .count = count,
        .mean = mean,
        .sd = sd,
        .u = sd / sqrt((double)count),
        .low = values[0],
        .high = values[0],
    };
    for (size_t i = 1; i < count; i++) {
        summary->low = fmin(summary->low, values[i]);
        summary->high = fmax(summary->high, values[i]);
    }
    return STATUS_OK;
}
