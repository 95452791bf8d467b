#include "reports/unit_report.h"

#include "reports/run_view.h"
#include "reports/template.h"
#include "reports/text.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

extern const char unit_html[];

/* What an outcome means to the reader. */
static const struct {
    const char *outcome, *class_name, *sign, *sentence;
} verdicts[] = {
    {"PASS", "pass", "\xE2\x9C\x93", "The unit met every limit of the steps that were run."},
    {"FAIL", "fail", "\xE2\x9C\x95", "The unit did not meet the plan."},
    {"ERROR", "other", "!",
        "The bench or the plan failed. This says nothing about the unit: test it again."},
    {"ABORTED", "other", "!",
        "A person stopped the run. There is no verdict: test the unit again."},
    {"INTERRUPTED", "other", "!",
        "The program died during the run. There is no verdict: test the unit again."},
    {"RUNNING", "other", "\xE2\x80\xA6", "The run has not ended. There is no verdict yet."},
};

enum {
    VERDICT_COUNT = sizeof verdicts / sizeof verdicts[0]
};

static enum status set_verdict(json_t *view, const json_t *run, struct error *err)
{
    const char *outcome = view_text(run, "outcome");

    for (size_t i = 0; i < VERDICT_COUNT; i++) {
        if (strcmp(verdicts[i].outcome, outcome) == 0) {
            json_object_set_new(view, "verdict_class", json_string(verdicts[i].class_name));
            json_object_set_new(view, "verdict_sign", json_string(verdicts[i].sign));
            json_object_set_new(view, "verdict_sentence", json_string(verdicts[i].sentence));
            return STATUS_OK;
        }
    }
    return error_set(err, STATUS_FORMAT, "run: outcome \"%.40s\" is none of a run", outcome);
}

/** "2026-03-01 12:00:00 UTC" of "2026-03-01T12:00:00.123Z"; "unknown" of null. */
static void set_time(json_t *view, const json_t *run, const char *key)
{
    const char *utc = view_text(run, key);
    struct buffer text = {0};

    if (strlen(utc) >= 19) {
        text_printf(&text, "%.10s %.8s UTC", utc, utc + 11);
    } else {
        text_printf(&text, "unknown");
    }
    char *shown = text_take(&text);
    json_object_set_new(view, key, json_string(shown));
    free(shown);
}

static void set_bench_time(json_t *view, const json_t *run)
{
    struct buffer text = {0};

    text_printf(&text, "%.1f s", view_number(run, "bench_ns", 0.0) / 1e9);
    char *shown = text_take(&text);
    json_object_set_new(view, "bench_time", json_string(shown));
    free(shown);
}

static void set_texts(json_t *view, const json_t *run)
{
    static const char *const keys[] = {"serial", "product", "plan_id", "plan_revision", "plan_kind",
        "station", "operator", "bench", "fault", "plan_sha256", "limits_sha256", "image_sha256",
        "program_version", "outcome", "message", "failed_step", "unit_id"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        json_object_set_new(view, keys[i], json_string(view_text(run, keys[i])));
    }
    set_time(view, run, "started_utc");
    set_time(view, run, "ended_utc");
    set_bench_time(view, run);
    json_object_set(view, "run_id", json_object_get(run, "run_id"));
    json_object_set(view, "seed", json_object_get(run, "seed"));
    json_object_set_new(
        view, "is_virtual", json_boolean(!json_is_false(json_object_get(run, "is_virtual"))));
}

/** Steps left out by request, one per line feed, as a list. */
static json_t *left_out_list(const json_t *run)
{
    json_t *list = json_array();
    const char *at = view_text(run, "without");

    while (*at != '\0') {
        size_t len = strcspn(at, "\n");
        if (len > 0) {
            json_array_append_new(list, json_stringn(at, len));
        }
        at += len + (at[len] != '\0');
    }
    return list;
}

static json_t *card_row(const json_t *card)
{
    struct buffer uncertainty = {0};
    double u_v = view_number(card, "u_v", -1.0);

    if (u_v >= 0.0) {
        text_printf(&uncertainty, "%.3g mV", 1000.0 * u_v);
    }
    char *shown = text_take(&uncertainty);
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:i}", "eui48", view_text(card, "eui48"),
        "calibration_id", view_text(card, "calibration_id"), "calibration_date",
        view_text(card, "calibration_date"), "uncertainty", shown, "cell",
        (int)view_number(card, "cell", 0.0));
    free(shown);
    return row;
}

/** The cards in two columns of equal length. */
static json_t *card_columns(const json_t *run)
{
    const json_t *cards = json_object_get(run, "cards");
    size_t count = json_array_size(cards);
    json_t *columns = json_array();
    json_t *column = NULL;

    for (size_t i = 0; i < count; i++) {
        if (i == 0 || i == (count + 1) / 2) {
            column = json_array();
            json_array_append_new(columns, json_pack("{s:o}", "cards", column));
        }
        json_array_append_new(column, card_row(json_array_get(cards, i)));
    }
    return columns;
}

static void set_counts(json_t *view, const json_t *run)
{
    const json_t *steps = json_object_get(run, "steps");
    size_t measurement_count = 0;
    const json_t *step;
    size_t i;

    json_array_foreach(steps, i, step)
    {
        measurement_count += json_array_size(json_object_get(step, "measurements"));
    }
    json_object_set_new(view, "step_count", json_integer((json_int_t)json_array_size(steps)));
    json_object_set_new(view, "measurement_count", json_integer((json_int_t)measurement_count));
}

static void set_chain(json_t *view, const json_t *run)
{
    const json_t *chain = json_object_get(run, "chain");
    const json_t *links = json_object_get(chain, "links");
    const json_t *first = json_array_get(links, 0);

    json_object_set_new(view, "head", json_string(view_text(chain, "head")));
    json_object_set_new(
        view, "head_link", json_integer((json_int_t)view_number(chain, "head_link", 0.0)));
    json_object_set_new(view, "first_link", json_integer(json_integer_value(first)));
}

/** Headings over lists are shown with the list. */
static void set_flags(json_t *view)
{
    static const char *const flags[][2] = {{"has_failed", "failed_rows"},
        {"has_measurements", "all_steps"}, {"has_cards", "card_columns"},
        {"left_out_note", "left_out"}};

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        bool is_shown = json_array_size(json_object_get(view, flags[i][1])) > 0;
        json_object_set_new(view, flags[i][0], json_boolean(is_shown));
    }
    bool is_long = json_string_length(json_object_get(view, "outcome")) > 5;
    json_object_set_new(view, "verdict_size", json_string(is_long ? "long" : ""));
}

static void set_parts(json_t *view, const json_t *run)
{
    char *plot = view_error_plot(run);
    json_t *failed = view_failed_rows(run);

    json_object_set_new(view, "plot", json_string(plot != NULL ? plot : ""));
    free(plot);
    json_object_set_new(view, "matrix", view_matrix(run));
    json_object_set_new(view, "step_rows", view_step_rows(run));
    json_object_set_new(view, "failed_count", json_integer((json_int_t)json_array_size(failed)));
    json_object_set_new(view, "failed_rows", failed);
    json_object_set_new(view, "all_steps", view_all_rows(run));
    json_object_set_new(view, "card_columns", card_columns(run));
    json_object_set_new(view, "left_out", left_out_list(run));
    set_flags(view);
}

static enum status render_run(const json_t *run, char **html, struct error *err)
{
    json_t *view = json_object();

    enum status status = set_verdict(view, run, err);
    if (status == STATUS_OK) {
        set_texts(view, run);
        set_counts(view, run);
        set_chain(view, run);
        set_parts(view, run);
        status = template_render(unit_html, view, html, err);
    }
    json_decref(view);
    return status;
}

enum status report_render_html(const char *run_json, char **html, struct error *err)
{
    json_error_t fault;
    json_t *run = json_loads(run_json, 0, &fault);

    *html = NULL;
    if (!json_is_object(run) || !json_is_array(json_object_get(run, "steps")) ||
        !json_is_integer(json_object_get(run, "run_id")) ||
        !json_is_integer(json_object_get(run, "seed"))) {
        enum status status = error_set(err, STATUS_FORMAT, "run: not the JSON of a run: %.100s",
            run == NULL ? fault.text : "run_id, seed or steps are missing");
        json_decref(run);
        return status;
    }
    enum status status = render_run(run, html, err);
    json_decref(run);
    return status;
}
