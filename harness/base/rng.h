/**
 * Random numbers that are the same everywhere for the same seed: splitmix64 for seeding, then
 * xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018).
 * Each thing that is drawn has a stream of its own, named by a text, so that adding one more does
 * not change the others.
 */
#ifndef EVENKEEL_HARNESS_BASE_RNG_H
#define EVENKEEL_HARNESS_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state[4];
    double spare;  /* second half of the last pair of normal deviates */
    int has_spare; /* whether it is there */
};

/** Start the stream called @p name ("card 7/dac gain") of @p seed. */
void rng_init(struct rng *rng, uint64_t seed, const char *name);
uint64_t rng_u64(struct rng *rng);
/** Uniform in [low, high). */
double rng_uniform(struct rng *rng, double low, double high);
/** Normal with mean 0 and standard deviation 1 (polar method of Marsaglia). */
double rng_normal(struct rng *rng);
/** Normal with mean 0 and @p sigma, drawn again until it is within +-@p bound. */
double rng_normal_within(struct rng *rng, double sigma, double bound);

#endif
