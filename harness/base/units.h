/**
 * Units live in names (`_uv`, `_ua`, `_v`, `_ns`); this is where one becomes another.
 * Settings are integers (`int32_t` microvolts reach +-2147 V), measured quantities are `double` SI.
 */
#ifndef EVENKEEL_HARNESS_BASE_UNITS_H
#define EVENKEEL_HARNESS_BASE_UNITS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/** Volts to microvolts, to the nearest; false (and @p uv untouched) outside int32_t or not finite.
 */
static inline bool units_v_to_uv(double v, int32_t *uv)
{
    double rounded = nearbyint(v * 1e6);

    if (!(rounded >= (double)INT32_MIN && rounded <= (double)INT32_MAX)) {
        return false;
    }
    *uv = (int32_t)rounded;
    return true;
}

static inline double units_uv_to_v(int32_t uv)
{
    return (double)uv * 1e-6;
}

/** Seconds to nanoseconds, to the nearest; false for negative, not finite, or beyond 10^9 s. */
static inline bool units_s_to_ns(double s, uint64_t *ns)
{
    if (!(s >= 0.0 && s <= 1e9)) {
        return false;
    }
    *ns = (uint64_t)nearbyint(s * 1e9);
    return true;
}

static inline double units_ns_to_s(uint64_t ns)
{
    return (double)ns * 1e-9;
}

#endif
