#include "harness/base/rng.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t value, unsigned count)
{
    return value << count | value >> (64 - count);
}

void rng_init(struct rng *rng, uint64_t seed, const char *name)
{
    uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a, 64 bits */

    for (const char *at = name; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * 0x100000001B3u;
    }
    uint64_t state = seed * 0x9E3779B97F4A7C15u ^ hash;
    for (unsigned i = 0; i < 4; i++) {
        rng->state[i] = splitmix64(&state);
    }
    rng->spare = 0.0;
    rng->has_spare = 0;
}

uint64_t rng_u64(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double rng_uniform(struct rng *rng, double low, double high)
{
    double unit = (double)(rng_u64(rng) >> 11) * 0x1.0p-53;

    return low + (high - low) * unit;
}

double rng_normal(struct rng *rng)
{
    if (rng->has_spare) {
        rng->has_spare = 0;
        return rng->spare;
    }
    for (;;) {
        double u = rng_uniform(rng, -1.0, 1.0);
        double v = rng_uniform(rng, -1.0, 1.0);
        double s = u * u + v * v;
        if (s > 0.0 && s < 1.0) {
            double scale = sqrt(-2.0 * log(s) / s);
            rng->spare = v * scale;
            rng->has_spare = 1;
            return u * scale;
        }
    }
}

double rng_normal_within(struct rng *rng, double sigma, double bound)
{
    for (;;) {
        double value = sigma * rng_normal(rng);
        if (fabs(value) <= bound) {
            return value;
        }
    }
}
