/**
 * One program, named figures: each is measured, never typed; medians of at least five runs; a peer,
 * where there is one, runs in the same call. A figure that could not be measured says why.
 */
#ifndef EVENKEEL_TESTS_MEASURE_MEASURE_H
#define EVENKEEL_TESTS_MEASURE_MEASURE_H

#include <stddef.h>
#include <stdint.h>

enum {
    FIGURE_RUNS_MAX = 101
};

struct figure {
    double value; /* median */
    size_t runs;
    const char *peer; /* NULL: none measured in this call */
    double peer_value;
    double limit_value; /* 0: the row's */
    char why_not[160];  /* not measured: the reason */
};

struct figure_row {
    const char *key, *unit;
    const char *better; /* "lower", "higher" */
    const char *limit;  /* what the limit is: "goal", ... */
    double limit_value; /* 0: it depends on the disk and is measured beside the figure */
    void (*measure)(const struct figure_row *row, struct figure *figure);
};

/** Paths that measuring needs. */
struct measure_paths {
    const char *keel, *scripts, *fixtures, *firmware, *work;
};

const struct measure_paths *measure_paths(void);

double measure_now_s(void);
/** Median; sorts @p values. */
double measure_median(double *values, size_t count);
void measure_not(struct figure *figure, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Median time of one small durable write in the work folder, s: what the disk itself costs. */
double measure_fsync_s(void);

/* figures of measure_engine.c */
void measure_cold_start(const struct figure_row *row, struct figure *figure);
void measure_empty_step(const struct figure_row *row, struct figure *figure);
void measure_durable_step(const struct figure_row *row, struct figure *figure);
void measure_run192(const struct figure_row *row, struct figure *figure);
void measure_bytes_per_run192(const struct figure_row *row, struct figure *figure);
void measure_peak_rss(const struct figure_row *row, struct figure *figure);
void measure_eol_host(const struct figure_row *row, struct figure *figure);
void measure_eol_bench(const struct figure_row *row, struct figure *figure);

/* figures of measure_model.c */
void measure_mips(const struct figure_row *row, struct figure *figure);
void measure_idle(const struct figure_row *row, struct figure *figure);
void measure_sleep_share(const struct figure_row *row, struct figure *figure);
void measure_solve(const struct figure_row *row, struct figure *figure);

#endif
