/** Mean and standard deviation of repeated readings. */
#ifndef EVENKEEL_HARNESS_METROLOGY_SUMMARY_H
#define EVENKEEL_HARNESS_METROLOGY_SUMMARY_H

#include "harness/base/error.h"

#include <stddef.h>

struct summary {
    size_t count;
    double mean;
    double sd;   /* with count - 1; 0 for a single value, which says nothing about spread */
    double u;    /* standard uncertainty of the mean, type A: sd / sqrt(count) */
    double low;  /* smallest value */
    double high; /* largest value */
};

/**
 * Centre first, then square, both with compensated sums.
 *
 * @param count  1 or more
 * @retval STATUS_RANGE  no value, or one that is not finite; the text says which
 */
enum status summary_of(
    const double *values, size_t count, struct summary *summary, struct error *err);

#endif
