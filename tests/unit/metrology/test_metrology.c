/* Certified values of NIST StRD, and of published calibration lines. */
#include "harness/metrology/line_fit.h"
#include "harness/metrology/summary.h"
#include "tests/support.h"
#include "tests/unit/metrology/csv.h"

#include <math.h>
#include <stdio.h>

enum {
    CAPACITY = 8192,
    SKIPPED = 77
};

#define UNIVARIATE_EXPECTED "nist_strd/univariate/expected.csv"

static double first[CAPACITY];
static double second[CAPACITY];

static const struct {
    const char *name;
    size_t count;
    double digits; /* demanded */
} univariate[] = {
    {"Lottery", 218, 9.0},
    {"Michelso", 100, 9.0},
    {"NumAcc1", 3, 9.0},
    {"NumAcc2", 1001, 9.0},
    {"NumAcc3", 1001, 9.0}, /* 1000000.2 +- 0.1: the last bit of the data is worth 1e-9 of 0.1 */
    {"PiDigits", 5000, 9.0},
};

enum {
    UNIVARIATE_COUNT = sizeof univariate / sizeof univariate[0]
};

START_TEST(univariate_data_give_the_certified_digits)
{
    const char *name = univariate[_i].name;
    char path[128];
    struct summary summary;

    (void)snprintf(path, sizeof path, "nist_strd/univariate/%s.csv", name);
    size_t count = csv_read(path, first, NULL, CAPACITY);
    ck_assert_uint_eq(count, univariate[_i].count);
    ck_assert_int_eq(summary_of(first, count, &summary, NULL), STATUS_OK);
    double mean_digits = csv_digits(summary.mean, csv_find(UNIVARIATE_EXPECTED, name, 2));
    double sd_digits = csv_digits(summary.sd, csv_find(UNIVARIATE_EXPECTED, name, 3));
    ck_assert_msg(mean_digits >= univariate[_i].digits && sd_digits >= univariate[_i].digits,
        "%s: mean agrees in %.1f digits, sd in %.1f", name, mean_digits, sd_digits);
}

END_TEST

static struct line_fit fit_file(const char *path, int y_comes_first, size_t expected_count)
{
    struct line_fit fit;
    size_t count = csv_read(path, first, second, CAPACITY);
    const double *x = y_comes_first ? second : first;
    const double *y = y_comes_first ? first : second;

    ck_assert_uint_eq(count, expected_count);
    ck_assert_int_eq(line_fit(x, y, count, &fit, NULL), STATUS_OK);
    return fit;
}

static void check_digits(const char *name, double got, double certified, double demanded)
{
    double digits = csv_digits(got, certified);

    ck_assert_msg(digits >= demanded, "%s: %.15g agrees with %.15g in %.1f digits, not %.0f", name,
        got, certified, digits, demanded);
}

START_TEST(norris_gives_the_certified_digits)
{
    static const char params[] = "nist_strd/linear/expected_params.csv";
    struct line_fit fit = fit_file("nist_strd/linear/Norris.csv", 1, 36);

    check_digits("B0", fit.intercept, csv_find(params, "Norris,B0", 2), 9.0);
    check_digits("B1", fit.slope, csv_find(params, "Norris,B1", 2), 9.0);
    check_digits("u(B0)", fit.u_intercept, csv_find(params, "Norris,B0", 3), 9.0);
    check_digits("u(B1)", fit.u_slope, csv_find(params, "Norris,B1", 3), 9.0);
    check_digits("residual sd", fit.residual_sd,
        csv_find("nist_strd/linear/expected_fit.csv", "Norris,poly1", 4), 9.0);
}

END_TEST

START_TEST(calibration_line_of_the_nist_handbook_is_found)
{
    static const char expected[] = "nist_ehandbook/expected.csv";
    struct line_fit fit = fit_file("nist_ehandbook/calibrationline.csv", 0, 40);

    /* the file gives ten digits */
    check_digits(
        "intercept", fit.intercept, csv_find(expected, "calibrationline,intercept", 2), 9.0);
    check_digits("slope", fit.slope, csv_find(expected, "calibrationline,slope", 2), 9.0);
    check_digits(
        "u intercept", fit.u_intercept, csv_find(expected, "calibrationline,se_intercept", 2), 9.0);
    check_digits("u slope", fit.u_slope, csv_find(expected, "calibrationline,se_slope", 2), 9.0);
    check_digits(
        "residual sd", fit.residual_sd, csv_find(expected, "calibrationline,resid_sd", 2), 9.0);
}

END_TEST

START_TEST(thermometer_of_the_gum_has_its_covariance_and_prediction)
{
    static const char expected[] = "gum/expected.csv";
    size_t count = csv_read("gum/H3_calibration_line.csv", first, second, CAPACITY);
    struct line_fit fit;
    double u_b;

    ck_assert_uint_eq(count, 11);
    for (size_t i = 0; i < count; i++) {
        first[i] -= 20.0; /* JCGM 100, H.3.2: the reference temperature is 20 degrees */
    }
    ck_assert_int_eq(line_fit(first, second, count, &fit, NULL), STATUS_OK);
    check_digits("y1", fit.intercept, csv_find(expected, "H3,y1", 2), 9.0);
    check_digits("y2", fit.slope, csv_find(expected, "H3,y2", 2), 9.0);
    check_digits("s(y1)", fit.u_intercept, csv_find(expected, "H3,s_y1", 2), 9.0);
    check_digits("s(y2)", fit.u_slope, csv_find(expected, "H3,s_y2", 2), 9.0);
    check_digits(
        "r", fit.covariance / (fit.u_intercept * fit.u_slope), csv_find(expected, "H3,r", 2), 9.0);
    check_digits("b(30)", line_fit_y(&fit, 10.0, &u_b), csv_find(expected, "H3,b(30)", 2), 9.0);
    check_digits("u b(30)", u_b, csv_find(expected, "H3,u_b(30)", 2), 9.0);
}

END_TEST

/* ---- what needs no file ---- */

START_TEST(line_far_from_its_origin_keeps_its_digits)
{
    /* Powers of two apart, so that x and y are exact; 2^40 + k against 3 * x + 1/4, +- 1/8 */
    static const double noise[] = {0.125, -0.125, -0.125, 0.125};
    double x[4];
    double y[4];
    struct line_fit fit;

    for (int k = 0; k < 4; k++) {
        x[k] = 1099511627776.0 + k;
        y[k] = 3.0 * k + 0.25 + noise[k];
    }
    ck_assert_int_eq(line_fit(x, y, 4, &fit, NULL), STATUS_OK);
    /* the noise is orthogonal to 1 and to k: slope exact, four residuals of 1/8 */
    ck_assert_double_eq_tol(fit.slope, 3.0, 1e-15);
    ck_assert_double_eq_tol(fit.residual_sd, sqrt(4.0 / 64.0 / 2.0), 1e-15);
    ck_assert_double_eq_tol(fit.intercept, 0.25 - 3.0 * 1099511627776.0, 1e-3);
}

END_TEST

START_TEST(lines_that_cannot_be_are_refused)
{
    const double same[] = {2.0, 2.0, 2.0};
    const double rising[] = {1.0, 2.0, 3.0};
    const double broken[] = {1.0, (double)NAN, 3.0};
    struct line_fit fit;
    struct error err;

    ck_assert_int_eq(line_fit(rising, rising, 2, &fit, &err), STATUS_RANGE);
    ck_assert_int_eq(line_fit(same, rising, 3, &fit, &err), STATUS_RANGE);
    ck_assert_str_eq(err.text, "all 3 points of the line have x = 2");
    ck_assert_int_eq(line_fit(rising, broken, 3, &fit, &err), STATUS_RANGE);
    ck_assert_int_eq(line_fit(rising, same, 3, &fit, &err), STATUS_OK);
    ck_assert_double_eq(fit.slope, 0.0);
}

END_TEST

START_TEST(summary_has_extremes_and_uncertainty_of_the_mean)
{
    const double values[] = {1.0, 2.0, 3.0, 6.0};
    struct summary summary;

    ck_assert_int_eq(summary_of(values, 4, &summary, NULL), STATUS_OK);
    ck_assert_double_eq(summary.mean, 3.0);
    ck_assert_double_eq_tol(summary.sd, sqrt(14.0 / 3.0), 1e-15);
    ck_assert_double_eq_tol(summary.u, sqrt(14.0 / 3.0) / 2.0, 1e-15);
    ck_assert_double_eq(summary.low, 1.0);
    ck_assert_double_eq(summary.high, 6.0);
    ck_assert_int_eq(summary_of(values, 1, &summary, NULL), STATUS_OK);
    ck_assert_double_eq(summary.sd, 0.0);
}

END_TEST

START_TEST(summary_of_nothing_or_of_nan_is_refused)
{
    const double values[] = {1.0, (double)INFINITY};
    struct summary summary;
    struct error err;

    ck_assert_int_eq(summary_of(values, 0, &summary, &err), STATUS_RANGE);
    ck_assert_int_eq(summary_of(values, 2, &summary, &err), STATUS_RANGE);
    ck_assert_str_eq(err.text, "value 2 of 2 is inf, which has no mean");
}

END_TEST

static int has_data(void)
{
    return csv_read(UNIVARIATE_EXPECTED, first, NULL, CAPACITY) > 0 ||
           csv_read("nist_strd/univariate/NumAcc1.csv", first, NULL, CAPACITY) > 0;
}

int main(void)
{
    Suite *suite = suite_create("metrology");
    TCase *tests = tcase_create("metrology");
    int with_data = has_data();

    if (with_data) {
        tcase_add_loop_test(tests, univariate_data_give_the_certified_digits, 0, UNIVARIATE_COUNT);
        tcase_add_test(tests, norris_gives_the_certified_digits);
        tcase_add_test(tests, calibration_line_of_the_nist_handbook_is_found);
        tcase_add_test(tests, thermometer_of_the_gum_has_its_covariance_and_prediction);
    }
    tcase_add_test(tests, line_far_from_its_origin_keeps_its_digits);
    tcase_add_test(tests, lines_that_cannot_be_are_refused);
    tcase_add_test(tests, summary_has_extremes_and_uncertainty_of_the_mean);
    tcase_add_test(tests, summary_of_nothing_or_of_nan_is_refused);
    suite_add_tcase(suite, tests);
    int result = support_run(suite);
    if (!with_data) {
        (void)printf("skipped: certified values need %s/metrology\n", KEEL_SHARED_DATA);
        return result == EXIT_SUCCESS ? SKIPPED : result;
    }
    return result;
}
