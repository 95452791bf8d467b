/**
 * Straight line through calibration points, y = intercept + slope * x, by ordinary least squares.
 *
 * No QR from a library here: once x is centred, the two columns (ones, x - mean) are orthogonal
 * already, so that Q and R are the columns and their lengths, and nothing is left to factorise.
 * What decides the digits is the centring and the sums, and those are compensated (exact.h). A fit
 * of more columns needs the real thing.
 */
#ifndef EVENKEEL_HARNESS_METROLOGY_LINE_FIT_H
#define EVENKEEL_HARNESS_METROLOGY_LINE_FIT_H

#include "harness/base/error.h"

#include <stddef.h>

struct line_fit {
    size_t count;
    double intercept, slope;
    double u_intercept, u_slope; /* standard uncertainties, from the residuals */
    double covariance;  /* of intercept and slope; negative when the mean of x is positive */
    double residual_sd; /* with count - 2 degrees of freedom */
};

/**
 * @param count  3 or more: with 2 there is a line and nothing about its uncertainty
 * @retval STATUS_RANGE  too few points, a value that is not finite, or all x alike
 */
enum status line_fit(
    const double *x, const double *y, size_t count, struct line_fit *fit, struct error *err);

/** y at @p x, and its standard uncertainty as part of the line (not of a new reading). */
double line_fit_y(const struct line_fit *fit, double x, double *u_y);

#endif
