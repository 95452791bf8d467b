#define _XOPEN_SOURCE 700
#include "tests/unit/store/sample.h"

#include "harness/base/mem.h"
#include "harness/base/rng.h"

#include <sqlite3.h>

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** As ck_assert_msg(), also in children and programs that are no test. */
static void demand(bool is_true, const char *text)
{
    if (!is_true) {
        (void)fprintf(stderr, "sample: %s\n", text);
        abort();
    }
}

char *sample_folder(void)
{
    const char *parent = getenv("TMPDIR");
    char *folder = mem_printf("%s/keel-store-XXXXXX", parent != NULL ? parent : "/tmp");

    demand(mkdtemp(folder) != NULL, folder);
    return folder;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

void sample_folder_remove(char *folder)
{
    (void)nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

char *sample_path(const char *folder, const char *name)
{
    return mem_printf("%s/%s", folder, name);
}

struct store *sample_open(const char *path, enum store_mode mode)
{
    struct store *store = NULL;
    struct error err = {0};
    enum status status = store_open(path, mode, &store, &err);

    demand(status == STATUS_OK, err.text);
    return store;
}

/** 24 cards as the station writes them. */
static const char *cards_json(void)
{
    return "["
#define CARD(no, last) \
    "{\"slot\":" #no ",\"eui48\":\"54:10:ec:3a:07:" last "\",\"calibration_id\":\"CAL-2026-0" last \
    "\",\"calibration_date\":\"2026-01-15\",\"u_v\":0.00021}"
        CARD(1, "01") "," CARD(2, "02") "," CARD(3, "03") "," CARD(4, "04") "," CARD(
            5, "05") "," CARD(6, "06") "," CARD(7, "07") "," CARD(8, "08") "," CARD(9,
            "09") "," CARD(10, "10") "," CARD(11, "11") "," CARD(12, "12") "," CARD(13,
            "13") "," CARD(14, "14") "," CARD(15, "15") "," CARD(16, "16") "," CARD(17,
            "17") "," CARD(18, "18") "," CARD(19, "19") "," CARD(20, "20") "," CARD(21,
            "21") "," CARD(22, "22") "," CARD(23, "23") "," CARD(24, "24")
#undef CARD
            "]";
}

struct run_start sample_start(const char *serial)
{
    return (struct run_start){
        .serial = serial,
        .plan_id = "ek-24s4eb.eol",
        .plan_revision = "A",
        .plan_kind = "routine",
        .product = "ek-24s4eb",
        .station = "line 1, station 2",
        .operator_name = "M. Keller",
        .bench = "virtual",
        .is_virtual = true,
        .seed = 42,
        .fault = "",
        .without = "",
        .plan_sha256 = "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92",
        .limits_sha256 = "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5",
        .image_sha256 = "03ac674216f3e15c761ee1a5e255f067953623c8b388b4459e13f978d7c846f4",
        .program_version = "keel 0.1.0",
        .cards_json = cards_json(),
        .started_unix_ms = 1772366400123, /* 2026-03-01T12:00:00.123Z */
    };
}

struct run_end sample_end(enum outcome outcome)
{
    return (struct run_end){
        .outcome = outcome,
        .message = "",
        .failed_step = "",
        .bench_ns = 61250000000,
        .ended_unix_ms = 1772366461373, /* 2026-03-01T12:01:01.373Z */
        .unit_id = "3b0041000851373234353237",
    };
}

static void add_step(struct store *store, int64_t run_id, const struct step_record *step)
{
    struct error err = {0};
    enum status status = store_add_step(store, run_id, step, &err);

    demand(status == STATUS_OK, err.text);
}

static void add_preparation(struct store *store, int64_t run_id, uint64_t *now_ns)
{
    static const struct {
        const char *group, *name, *claims;
        uint64_t span_ns;
    } steps[] = {
        {"contact", "no rail shorts, every pin makes contact", "EK-02 EK-14", 850000000},
        {"program", "flash the shipped image", "EK-24", 4200000000},
    };

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        add_step(store, run_id,
            &(struct step_record){.group = steps[i].group,
                .name = steps[i].name,
                .claims = steps[i].claims,
                .attempt = 1,
                .outcome = OUTCOME_PASS,
                .message = "",
                .start_ns = *now_ns,
                .end_ns = *now_ns + steps[i].span_ns});
        *now_ns += steps[i].span_ns;
    }
}

struct level {
    double level_v;
    char name[40];
    uint64_t start_ns;
    enum sample_kind kind;
};

static void fill_measurement(struct measurement *measurement, char name[16], unsigned no,
    const struct level *level, struct rng *rng)
{
    double truth_v = level->level_v + 0.007 * no;
    double error_v = 0.00018 + 0.00012 * rng_normal(rng) - 0.00005 * (level->level_v - 3.0);

    if (level->kind == SAMPLE_FAIL && no == 17 && level->level_v >= 3.5) {
        error_v += 0.0014;
    }
    (void)snprintf(name, 16, "cell_%02u", no);
    *measurement = (struct measurement){.name = name,
        .value = error_v,
        .raw = truth_v + error_v,
        .reference = truth_v,
        .is_pass = fabs(error_v) <= 0.001};
}

/** One level; false when it did not pass. */
static bool add_level(struct store *store, int64_t run_id, const struct level *level,
    unsigned measurement_count, struct rng *rng)
{
    struct measurement *measurements = mem_alloc(measurement_count, sizeof *measurements);
    char(*names)[16] = mem_alloc(measurement_count, sizeof *names);
    unsigned failed_count = 0;

    for (unsigned i = 0; i < measurement_count; i++) {
        fill_measurement(&measurements[i], names[i], i + 1, level, rng);
        failed_count += !measurements[i].is_pass;
    }
    struct measurement_group group = {.unit = "V",
        .rule = "simple",
        .low = -0.001,
        .high = 0.001,
        .is_comparison = true,
        .measurements = measurements,
        .measurement_count = measurement_count};
    add_step(store, run_id,
        &(struct step_record){.group = "voltage accuracy",
            .name = level->name,
            .claims = "EK-03 EK-25",
            .attempt = 1,
            .outcome = failed_count > 0 ? OUTCOME_FAIL : OUTCOME_PASS,
            .message = failed_count > 0 ? "cell_17 is outside -0.001 .. 0.001 V" : "",
            .start_ns = level->start_ns,
            .end_ns = level->start_ns + 2311070000,
            .groups = &group,
            .group_count = 1});
    free(names);
    free(measurements);
    return failed_count == 0;
}

static void add_lost_card(struct store *store, int64_t run_id, const struct level *level)
{
    add_step(store, run_id,
        &(struct step_record){.group = "voltage accuracy",
            .name = level->name,
            .claims = "EK-03 EK-25",
            .attempt = 1,
            .outcome = OUTCOME_ERROR,
            .message = "cell 7: asked for 3049000 uV, no answer of the card's ADC in 200 ms",
            .start_ns = level->start_ns,
            .end_ns = level->start_ns + 200000000});
}

int64_t sample_run(struct store *store, const char *serial, enum sample_kind kind,
    unsigned step_count, unsigned measurement_count, bool has_preparation)
{
    struct run_start start = sample_start(serial);
    struct run_end end = sample_end(OUTCOME_PASS);
    struct error err = {0};
    struct rng rng;
    char failed_step[40] = "";
    uint64_t now_ns = 1500000000;
    int64_t run_id = 0;

    rng_init(&rng, 42, "sample");
    demand(store_begin_run(store, &start, &run_id, &err) == STATUS_OK, err.text);
    if (has_preparation) {
        add_preparation(store, run_id, &now_ns);
    }
    for (unsigned i = 0; i < step_count; i++) {
        double share = step_count > 1 ? (double)i / (step_count - 1) : 0.0;
        struct level level = {.level_v = 1.5 + 3.0 * share, .start_ns = now_ns, .kind = kind};
        (void)snprintf(level.name, sizeof level.name, "cells around %.3f V", level.level_v);
        if (kind == SAMPLE_ERROR && level.level_v >= 3.0) {
            add_lost_card(store, run_id, &level);
            end.outcome = OUTCOME_ERROR;
            strcpy(failed_step, level.name);
            break;
        }
        if (!add_level(store, run_id, &level, measurement_count, &rng) && failed_step[0] == '\0') {
            end.outcome = OUTCOME_FAIL;
            strcpy(failed_step, level.name);
        }
        now_ns += 2400000000;
    }
    end.failed_step = failed_step;
    end.message = end.outcome == OUTCOME_FAIL    ? "cell_17 is outside -0.001 .. 0.001 V"
                  : end.outcome == OUTCOME_ERROR ? "cell 7: asked for 3049000 uV, no answer of the "
                                                   "card's ADC in 200 ms"
                                                 : "";
    end.bench_ns = now_ns;
    demand(store_end_run(store, run_id, &end, &err) == STATUS_OK, err.text);
    return run_id;
}

enum status sample_small_step(
    struct store *store, int64_t run_id, const char *name, struct error *err)
{
    const struct measurement measurements[] = {
        {.name = "cell_01", .value = 0.000123, .raw = 3.650123, .reference = 3.65, .is_pass = true},
        {.name = "cell_02", .value = -0.00125, .raw = 3.65575, .reference = 3.657},
    };
    const struct measurement_group group = {.unit = "V",
        .rule = "simple",
        .low = -0.001,
        .high = 0.001,
        .is_comparison = true,
        .measurements = measurements,
        .measurement_count = 2};
    const struct step_record step = {.group = "voltage accuracy",
        .name = name,
        .claims = "EK-03",
        .attempt = 1,
        .outcome = OUTCOME_FAIL,
        .message = "cell_02 is outside -0.001 .. 0.001 V",
        .start_ns = 1000000,
        .end_ns = 2500000,
        .groups = &group,
        .group_count = 1};

    return store_add_step(store, run_id, &step, err);
}

char *sample_read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t len = 0;
    size_t got;

    if (file == NULL) {
        return NULL;
    }
    do {
        text = mem_resize(text, len + 65536 + 1, 1);
        got = fread(text + len, 1, 65536, file);
        len += got;
    } while (got > 0);
    text[len] = '\0';
    fclose(file);
    return text;
}

int sample_raw_sql(const char *path, const char *sql, bool must_work, char message[256])
{
    sqlite3 *db = NULL;
    int code = sqlite3_open(path, &db);

    if (code == SQLITE_OK) {
        code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    }
    if (message != NULL) {
        (void)snprintf(message, 256, "%s", sqlite3_errmsg(db));
    }
    if (must_work) {
        demand(code == SQLITE_OK, sqlite3_errmsg(db));
    }
    sqlite3_close(db);
    return code;
}
