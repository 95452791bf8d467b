#define _POSIX_C_SOURCE 200809L
#include "tests/measure/measure.h"

#include <jansson.h>

#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct figure_row rows[] = {
    {"cli.cold_start", "ms", "lower", "goal", 10.0, measure_cold_start},
    {"engine.empty_step", "us", "lower", "goal", 5.0, measure_empty_step},
    {"engine.durable_step", "us", "lower", "fsync + 100 us", 0.0, measure_durable_step},
    {"engine.run192_durable", "ms", "lower", "24 x (fsync + 0.1 ms)", 0.0, measure_run192},
    {"engine.peak_rss_1", "MB", "lower", "goal", 12.0, measure_peak_rss},
    {"store.bytes_per_run192", "kB", "lower", "goal", 12.0, measure_bytes_per_run192},
    {"mcu.mips", "MIPS", "higher", "goal", 300.0, measure_mips},
    {"mcu.idle_60s", "ms", "lower", "goal", 20.0, measure_idle},
    {"mcu.sleep_share", "%", "higher", "goal", 85.0, measure_sleep_share},
    {"bench.ek_eol_host", "s", "lower", "goal", 2.0, measure_eol_host},
    {"bench.ek_eol_bench", "s", "lower", "goal", 90.0, measure_eol_bench},
    {"circuit.solve_board", "us", "lower", "goal", 20.0, measure_solve},
};

enum {
    ROW_COUNT = sizeof rows / sizeof rows[0],
    FSYNC_RUNS = 51
};

const struct measure_paths *measure_paths(void)
{
    static const struct measure_paths paths = {
        .keel = MEASURE_KEEL,
        .scripts = MEASURE_SCRIPTS,
        .fixtures = MEASURE_FIXTURES,
        .firmware = MEASURE_FIRMWARE,
        .work = MEASURE_WORK,
    };

    return &paths;
}

double measure_now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

double measure_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2.0;
}

void measure_not(struct figure *figure, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(figure->why_not, sizeof figure->why_not, fmt, args);
    va_end(args);
}

double measure_fsync_s(void)
{
    char path[512];
    char block[4096] = {0};
    double times_s[FSYNC_RUNS];

    (void)snprintf(path, sizeof path, "%s/fsync", measure_paths()->work);
    int file = open(path, O_CREAT | O_RDWR | O_TRUNC, 0666);
    if (file < 0) {
        return (double)NAN;
    }
    for (size_t i = 0; i < FSYNC_RUNS; i++) {
        double start_s = measure_now_s();
        ssize_t written = write(file, block, sizeof block);
        int synced = fdatasync(file);
        times_s[i] = written == (ssize_t)sizeof block && synced == 0 ? measure_now_s() - start_s
                                                                     : (double)NAN;
    }
    (void)close(file);
    (void)unlink(path);
    return measure_median(times_s, FSYNC_RUNS);
}

static int is_wanted(const char *key, int count, char **prefixes)
{
    for (int i = 0; i < count; i++) {
        if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0) {
            return 1;
        }
    }
    return count == 0;
}

static double limit_of(const struct figure_row *row, const struct figure *figure)
{
    return figure->limit_value > 0.0 ? figure->limit_value : row->limit_value;
}

static void print_row(const struct figure_row *row, const struct figure *figure, double limit)
{
    if (figure->why_not[0] != '\0') {
        (void)printf("%-24s not measured: %s\n", row->key, figure->why_not);
        return;
    }
    (void)printf("%-24s %12.3f %-5s %5.2f of %s %.3f", row->key, figure->value, row->unit,
        figure->value / limit, row->limit, limit);
    if (figure->peer != NULL) {
        (void)printf("; %s %.3f, ratio %.2f", figure->peer, figure->peer_value,
            figure->value / figure->peer_value);
    }
    (void)printf("  (%zu runs)\n", figure->runs);
    (void)fflush(stdout);
}

static json_t *row_json(const struct figure_row *row, const struct figure *figure, double limit)
{
    json_t *peer = figure->peer != NULL
                       ? json_pack("{s:s, s:f}", "name", figure->peer, "value", figure->peer_value)
                       : json_null();
    json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:{s:s, s:f}, s:i, s:s}", "key", row->key,
        "unit", row->unit, "better", row->better, "peer", peer, "limit", "what", row->limit,
        "value", limit, "runs", (int)figure->runs, "commit", MEASURE_COMMIT);

    if (figure->why_not[0] != '\0') {
        json_object_set_new(json, "value", json_null());
        json_object_set_new(json, "why_not", json_string(figure->why_not));
    } else {
        json_object_set_new(json, "value", json_real(figure->value));
    }
    return json;
}

static int usage(void)
{
    (void)fputs("usage: keel-bench [--json FILE] [PREFIX...]\n", stderr);
    return 64;
}

int main(int argc, char **argv)
{
    const char *json_path = NULL;
    json_t *all = json_array();
    int first = 1;

    if (argc > 1 && strcmp(argv[1], "--json") == 0) {
        if (argc < 3) {
            return usage();
        }
        json_path = argv[2];
        first = 3;
    } else if (argc > 1 && argv[1][0] == '-') {
        return usage();
    }
    (void)mkdir(MEASURE_WORK, 0777);
    (void)printf("disk: one durable write of 4 KiB takes %.3f ms\n", measure_fsync_s() * 1e3);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (is_wanted(rows[i].key, argc - first, argv + first)) {
            struct figure figure = {0};
            rows[i].measure(&rows[i], &figure);
            double limit = limit_of(&rows[i], &figure);
            print_row(&rows[i], &figure, limit);
            json_array_append_new(all, row_json(&rows[i], &figure, limit));
        }
    }
    int result = json_array_size(all) > 0 ? 0 : 64;
    if (result != 0) {
        (void)fputs("keel-bench: no figure has such a key\n", stderr);
    }
    if (json_path != NULL && json_dump_file(all, json_path, JSON_INDENT(2)) != 0) {
        (void)fprintf(stderr, "keel-bench: %s cannot be written\n", json_path);
        result = 2;
    }
    json_decref(all);
    return result;
}
