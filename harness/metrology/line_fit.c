#include "harness/metrology/line_fit.h"

#include "harness/metrology/exact.h"

#include <math.h>

/** A mean with the part of it that a double cannot hold. */
struct center {
    double mean;
    double rest;
};

/** Centred sums: the two columns' products with each other and with y. */
struct sums {
    struct center x, y;
    double xx, xy;
};

static enum status check_points(const double *x, const double *y, size_t count, struct error *err)
{
    if (count < 3) {
        return error_set(err, STATUS_RANGE,
            "a line through %zu points has no uncertainty, 3 are the least", count);
    }
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i])) {
            return error_set(
                err, STATUS_RANGE, "point %zu of the line is (%g, %g)", i + 1, x[i], y[i]);
        }
    }
    return STATUS_OK;
}

static struct center center_of(const double *values, size_t count)
{
    struct exact_sum sum = {0};
    struct exact_sum rest = {0};
    struct center center;

    for (size_t i = 0; i < count; i++) {
        exact_add(&sum, values[i]);
    }
    center.mean = exact_value(&sum) / (double)count;
    for (size_t i = 0; i < count; i++) {
        exact_add(&rest, values[i] - center.mean);
    }
    center.rest = exact_value(&rest) / (double)count;
    return center;
}

static double centred(double value, const struct center *center)
{
    return (value - center->mean) - center->rest;
}

static struct sums sums_of(const double *x, const double *y, size_t count)
{
    struct sums sums = {.x = center_of(x, count), .y = center_of(y, count)};
    struct exact_sum xx = {0};
    struct exact_sum xy = {0};

    for (size_t i = 0; i < count; i++) {
        double dx = centred(x[i], &sums.x);
        exact_add_product(&xx, dx, dx);
        exact_add_product(&xy, dx, centred(y[i], &sums.y));
    }
    sums.xx = exact_value(&xx);
    sums.xy = exact_value(&xy);
    return sums;
}

static double residual_square_sum(
    const double *x, const double *y, size_t count, const struct sums *sums, double slope)
{
    struct exact_sum squares = {0};

    for (size_t i = 0; i < count; i++) {
        double residual = fma(-slope, centred(x[i], &sums->x), centred(y[i], &sums->y));
        exact_add_product(&squares, residual, residual);
    }
    return exact_value(&squares);
}

enum status line_fit(
    const double *x, const double *y, size_t count, struct line_fit *fit, struct error *err)
{
    TRY(check_points(x, y, count, err));
    struct sums sums = sums_of(x, y, count);
    if (!(sums.xx > 0.0)) {
        return error_set(err, STATUS_RANGE, "all %zu points of the line have x = %g", count, x[0]);
    }
    double slope = sums.xy / sums.xx;
    double variance = residual_square_sum(x, y, count, &sums, slope) / (double)(count - 2);
    double mean_x = sums.x.mean + sums.x.rest;
    *fit = (struct line_fit){
        .count = count,
        .slope = slope,
        .intercept = fma(-slope, sums.x.mean, sums.y.mean) + fma(-slope, sums.x.rest, sums.y.rest),
        .u_slope = sqrt(variance / sums.xx),
        .u_intercept = sqrt(variance * (1.0 / (double)count + mean_x * mean_x / sums.xx)),
        .covariance = -mean_x * variance / sums.xx,
        .residual_sd = sqrt(variance),
    };
    return STATUS_OK;
}

double line_fit_y(const struct line_fit *fit, double x, double *u_y)
{
    double variance = fit->u_intercept * fit->u_intercept + x * x * fit->u_slope * fit->u_slope +
                      2.0 * x * fit->covariance;

    *u_y = variance > 0.0 ? sqrt(variance) : 0.0;
    return fma(fit->slope, x, fit->intercept);
}
