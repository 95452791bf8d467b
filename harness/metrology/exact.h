/**
 * Sums that lose nothing that matters: the rounding error of each addition and product is kept
 * beside the value (Neumaier 1974; Ogita, Rump and Oishi 2005), as if with twice the digits.
 */
#ifndef EVENKEEL_HARNESS_METROLOGY_EXACT_H
#define EVENKEEL_HARNESS_METROLOGY_EXACT_H

#include <math.h>

/** All-zero is the empty sum. */
struct exact_sum {
    double high;
    double low; /* what rounding took from it */
};

static inline void exact_add(struct exact_sum *sum, double term)
{
    double total = sum->high + term;

    if (fabs(sum->high) >= fabs(term)) {
        sum->low += (sum->high - total) + term;
    } else {
        sum->low += (term - total) + sum->high;
    }
    sum->high = total;
}

/** Add a * b with the product's own rounding error. */
static inline void exact_add_product(struct exact_sum *sum, double a, double b)
{
    double product = a * b;

    exact_add(sum, product);
    exact_add(sum, fma(a, b, -product));
}

static inline double exact_value(const struct exact_sum *sum)
{
    return sum->high + sum->low;
}

#endif
