#include "harness/base/mem.h"
#include "reports/template.h"
#include "reports/text.h"
#include "reports/unit_report.h"
#include "tests/support.h"
#include "tests/unit/store/sample.h"

#include <math.h>
#include <string.h>

static char *folder;
static char *path;
static struct error err;

static void set_up(void)
{
    memset(&err, 0, sizeof err);
    folder = sample_folder();
    path = sample_path(folder, "line.db");
}

static void tear_down(void)
{
    sample_folder_remove(folder);
    free(path);
    free(folder);
}

static char *render(const char *json)
{
    char *html = NULL;

    ck_assert_msg(report_render_html(json, &html, &err) == STATUS_OK, "%s", err.text);
    return html;
}

static char *render_newest(struct store *store)
{
    char *json;

    ck_assert_int_eq(store_run_json(store, 0, NULL, &json, &err), STATUS_OK);
    char *html = render(json);
    free(json);
    return html;
}

static char *render_sample(enum sample_kind kind)
{
    struct store *store = sample_open(path, STORE_WRITE);

    (void)sample_run(store, "EK-26-000417", kind, 8, 24, true);
    char *html = render_newest(store);
    store_close(store);
    return html;
}

static size_t count(const char *text, const char *word)
{
    size_t found = 0;

    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) {
        found += 1;
    }
    return found;
}

#define HAS(html, word)     ck_assert_msg(strstr(html, word) != NULL, "no \"%s\" on the page", word)
#define HAS_NOT(html, word) ck_assert_msg(strstr(html, word) == NULL, "\"%s\" on the page", word)

static const struct {
    enum sample_kind kind;
    const char *verdict, *sentence;
} verdicts[] = {
    {SAMPLE_PASS, "<div class=\"verdict pass \"><b>\xE2\x9C\x93 PASS</b>",
        "The unit met every limit of the steps that were run."},
    {SAMPLE_FAIL, "<div class=\"verdict fail \"><b>\xE2\x9C\x95 FAIL</b>",
        "The unit did not meet the plan. First at <strong>cells around 3.643 V</strong>"},
    {SAMPLE_ERROR, "<div class=\"verdict other \"><b>! ERROR</b>",
        "This says nothing about the unit: test it again."},
};

START_TEST(the_verdict_stands_large_and_is_the_only_one)
{
    char *html = render_sample(verdicts[_i].kind);

    HAS(html, verdicts[_i].verdict);
    HAS(html, verdicts[_i].sentence);
    ck_assert_uint_eq(count(html, "<div class=\"verdict "), 1);
    free(html);
}

END_TEST

START_TEST(everything_an_auditor_asks_for_is_on_the_page)
{
    static const char *const words[] = {"EK-26-000417", "ek-24s4eb.eol", "A, routine", "keel 0.1.0",
        "line 1, station 2", "M. Keller", "2026-03-01 12:00:00 UTC", "2026-03-01 12:01:01 UTC",
        "3b0041000851373234353237",
        "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92",
        "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5",
        "03ac674216f3e15c761ee1a5e255f067953623c8b388b4459e13f978d7c846f4", "54:10:ec:3a:07:24",
        "CAL-2026-024", "2026-01-15", "0.21 mV", "EK-25", "1 to 12 of the station's record"};
    struct store *store = sample_open(path, STORE_WRITE);
    char head[65];
    int64_t link;

    (void)sample_run(store, "EK-26-000417", SAMPLE_PASS, 8, 24, true);
    ck_assert_int_eq(store_head(store, head, &link, &err), STATUS_OK);
    char *html = render_newest(store);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        HAS(html, words[i]);
    }
    HAS(html, head);
    free(html);
    store_close(store);
}

END_TEST

START_TEST(a_virtual_bench_is_unmissable_and_a_real_one_is_not_called_virtual)
{
    struct run_start start = sample_start("EK-26-000417");
    struct run_end end = sample_end(OUTCOME_PASS);
    struct store *store = sample_open(path, STORE_WRITE);
    int64_t run_id;

    start.is_virtual = _i == 0;
    start.bench = _i == 0 ? "virtual" : "cb24-03";
    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_OK);
    ck_assert_int_eq(store_end_run(store, run_id, &end, &err), STATUS_OK);
    char *html = render_newest(store);
    if (_i == 0) {
        /* in the head of the page's table, which browsers repeat on every printed page */
        HAS(html, "<thead><tr><td><div class=\"band\">VIRTUAL BENCH: simulated unit");
        HAS(html, "(virtual bench)");
    } else {
        HAS_NOT(html, "VIRTUAL BENCH");
        HAS_NOT(html, "(virtual bench)");
        HAS(html, "bench: cb24-03");
    }
    free(html);
    store_close(store);
}

END_TEST

START_TEST(all_measurements_are_listed_and_failed_ones_in_full)
{
    char *html = render_sample(SAMPLE_FAIL);

    HAS(html, "Failed measurements <small>3 of 192</small>");
    HAS(html, "All measurements<small>192</small>");
    ck_assert_uint_eq(count(html, "<tr><td>cell_"), 192);
    ck_assert_uint_eq(count(html, "<td class=\"num fail-text\">"), 3 + 3 + 3);
    ck_assert_uint_eq(count(html, "\xC2\xB1"
                                  "1 mV</td>"),
        3 + 8);
    free(html);
}

END_TEST

START_TEST(the_plot_has_one_point_per_comparison_and_both_limits)
{
    char *html = render_sample(SAMPLE_FAIL);

    ck_assert_uint_eq(count(html, "<circle class=\"good\" cx=\"5.5\""), 1); /* the legend's */
    ck_assert_uint_eq(count(html, "<circle class=\"good\""), 1 + 189);
    ck_assert_uint_eq(count(html, "<path class=\"bad\""), 1 + 3);
    HAS(html, "limit +1 mV");
    HAS(html, "limit \xE2\x88\x92"
              "1 mV");
    HAS(html, "true cell voltage, V");
    ck_assert_uint_eq(count(html, "<text class=\"bad-label\""), 1);
    ck_assert_uint_eq(count(html, "nan") + count(html, "\"inf"), 0);
    free(html);
}

END_TEST

START_TEST(a_run_without_comparisons_has_no_plot)
{
    struct run_start start = sample_start("EK");
    struct store *store = sample_open(path, STORE_WRITE);
    int64_t run_id;

    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_OK);
    char *html = render_newest(store);
    HAS_NOT(html, "<figure>");
    HAS_NOT(html, "All measurements");
    HAS(html, "RUNNING");
    HAS(html, "There is no verdict yet.");
    free(html);
    store_close(store);
}

END_TEST

START_TEST(nothing_from_the_record_becomes_markup)
{
    static const char attack[] = "<script>alert(1)</script>\" onload='x' {{serial}}";
    struct run_start start = sample_start(attack);
    struct run_end end = sample_end(OUTCOME_FAIL);
    struct measurement measurements[] = {
        {.name = attack, .value = 0.5, .raw = 1.0, .reference = 0.5},
        {.name = attack, .value = 0.4, .raw = 1.0, .reference = 0.6}};
    struct measurement_group group = {.unit = "V",
        .rule = attack,
        .low = -0.001,
        .high = 0.001,
        .is_comparison = true,
        .measurements = measurements,
        .measurement_count = 2};
    struct step_record step = {.group = attack,
        .name = attack,
        .claims = attack,
        .attempt = 2,
        .outcome = OUTCOME_FAIL,
        .message = attack,
        .groups = &group,
        .group_count = 1};
    struct store *store = sample_open(path, STORE_WRITE);
    int64_t run_id;

    start.product = start.plan_id = start.plan_revision = start.plan_kind = attack;
    start.station = start.operator_name = start.bench = start.fault = start.without = attack;
    start.plan_sha256 = start.limits_sha256 = start.image_sha256 = attack;
    start.program_version = attack;
    start.cards_json = "[{\"slot\":1,\"eui48\":\"<script>\",\"calibration_id\":\"<script>\","
                       "\"calibration_date\":\"<script>\",\"u_v\":0.1}]";
    end.message = end.failed_step = end.unit_id = attack;
    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_OK);
    ck_assert_int_eq(store_add_step(store, run_id, &step, &err), STATUS_OK);
    ck_assert_int_eq(store_end_run(store, run_id, &end, &err), STATUS_OK);
    char *html = render_newest(store);
    HAS_NOT(html, "<script");
    HAS_NOT(html, "onload='");
    HAS(html, "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; {{serial}}");
    free(html);
    store_close(store);
}

END_TEST

START_TEST(a_run_that_left_something_out_says_so_beside_the_verdict)
{
    struct run_start start = sample_start("EK");
    struct run_end end = sample_end(OUTCOME_PASS);
    struct store *store = sample_open(path, STORE_WRITE);
    int64_t run_id;

    start.without = "flash the shipped image\nbuzzer";
    start.fault = "r12 open";
    ck_assert_int_eq(store_begin_run(store, &start, &run_id, &err), STATUS_OK);
    ck_assert_int_eq(store_end_run(store, run_id, &end, &err), STATUS_OK);
    char *html = render_newest(store);
    HAS(html, "<strong>Not the whole plan.</strong> Left out by request: flash the shipped image; "
              "buzzer; ");
    HAS(html, "<strong>Faults were injected:</strong> r12 open");
    free(html);
    store_close(store);
}

END_TEST

START_TEST(the_page_needs_nothing_from_outside)
{
    char *html = render_sample(SAMPLE_FAIL);

    HAS_NOT(html, "http");
    HAS_NOT(html, "src=");
    HAS_NOT(html, "url(");
    HAS_NOT(html, "@import");
    HAS_NOT(html, "<link");
    HAS_NOT(html, "{{");
    free(html);
}

END_TEST

START_TEST(what_is_not_a_run_is_refused)
{
    static const char *const texts[] = {
        "", "[]", "{}", "not json", "{\"run_id\":1,\"seed\":1,\"steps\":[],\"outcome\":\"GOOD\"}"};
    char *html = NULL;

    ck_assert_int_eq(report_render_html(texts[_i], &html, &err), STATUS_FORMAT);
    ck_assert_ptr_null(html);
    ck_assert_ptr_nonnull(strstr(err.text, "run: "));
}

END_TEST

/* The parts ----------------------------------------------------------------------------------- */

static const struct {
    const char *text, *expected; /* NULL: an error that says fact */
    const char *fact;
} templates[] = {
    {"{{a}} {{{a}}}", "&lt;&amp;&gt; <&>", NULL},
    {"{{#list}}[{{.}}]{{/list}}", "[1][2]", NULL},
    {"{{#none}}x{{/none}}{{^none}}y{{/none}}", "y", NULL},
    {"{{#empty}}x{{/empty}}{{^yes}}y{{/yes}}{{#yes}}z{{/yes}}", "z", NULL},
    {"{{#rows}}{{n}}{{a}};{{/rows}}", "7&lt;&amp;&gt;;", NULL},
    {"{{missing}}", NULL, "nothing is called \"missing\""},
    {"{{#list}}x", NULL, "section \"list\" does not close"},
    {"{{a", NULL, "does not close"},
};

START_TEST(templates_are_filled)
{
    json_t *values = json_pack("{s:s, s:[i,i], s:[], s:s, s:b, s:[{s:i}]}", "a", "<&>", "list", 1,
        2, "none", "empty", "", "yes", 1, "rows", "n", 7);
    char *text = NULL;
    enum status status = template_render(templates[_i].text, values, &text, &err);

    if (templates[_i].expected != NULL) {
        ck_assert_msg(status == STATUS_OK, "%s", err.text);
        ck_assert_str_eq(text, templates[_i].expected);
    } else {
        ck_assert_int_eq(status, STATUS_FORMAT);
        ck_assert_ptr_nonnull(strstr(err.text, templates[_i].fact));
    }
    free(text);
    json_decref(values);
}

END_TEST

static const struct {
    const char *unit;
    double low, high, value;
    const char *expected; /* signed */
} numbers[] = {
    {"V", -0.001, 0.001, 0.0001234, "+0.123 mV"},
    {"V", -0.001, 0.001, -0.0015,
        "\xE2\x88\x92"
        "1.500 mV"},
    {"V", -0.001, 0.001, -0.0000001, "0.000 mV"},
    {"V", 4.9, 5.1, 5.0123456, "+5.0123 V"},
    {"A", (double)-INFINITY, 0.055, 0.04, "+40.00 mA"},
    {"s", (double)-INFINITY, (double)INFINITY, 12.5, "+12.5 s"},
    {"", 0.0, 3.0, 2.0, "+2.000 "},
    {"V", -1.0, 1.0, (double)NAN, "no number V"},
};

START_TEST(numbers_are_as_precise_as_their_limits)
{
    struct scale scale = text_scale(numbers[_i].unit, numbers[_i].low, numbers[_i].high);
    struct buffer out = {0};

    text_number(&out, &scale, numbers[_i].value, true);
    text_printf(&out, " %s", scale.unit);
    char *text = text_take(&out);
    ck_assert_str_eq(text, numbers[_i].expected);
    free(text);
}

END_TEST

static TCase *page_case(void)
{
    TCase *tests = tcase_create("page");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, the_verdict_stands_large_and_is_the_only_one, 0, 3);
    tcase_add_test(tests, everything_an_auditor_asks_for_is_on_the_page);
    tcase_add_loop_test(
        tests, a_virtual_bench_is_unmissable_and_a_real_one_is_not_called_virtual, 0, 2);
    tcase_add_test(tests, all_measurements_are_listed_and_failed_ones_in_full);
    tcase_add_test(tests, the_plot_has_one_point_per_comparison_and_both_limits);
    tcase_add_test(tests, a_run_without_comparisons_has_no_plot);
    tcase_add_test(tests, nothing_from_the_record_becomes_markup);
    tcase_add_test(tests, a_run_that_left_something_out_says_so_beside_the_verdict);
    tcase_add_test(tests, the_page_needs_nothing_from_outside);
    tcase_add_loop_test(tests, what_is_not_a_run_is_refused, 0, 5);
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("reports/unit_report");
    TCase *parts = tcase_create("parts");

    suite_add_tcase(suite, page_case());
    tcase_add_loop_test(
        parts, templates_are_filled, 0, (int)(sizeof templates / sizeof templates[0]));
    tcase_add_loop_test(parts, numbers_are_as_precise_as_their_limits, 0,
        (int)(sizeof numbers / sizeof numbers[0]));
    suite_add_tcase(suite, parts);
    return support_run(suite);
}
