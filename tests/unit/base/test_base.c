#include "harness/base/bytes.h"
#include "harness/base/clock.h"
#include "harness/base/error.h"
#include "harness/base/log.h"
#include "harness/base/rng.h"
#include "harness/base/units.h"
#include "tests/support.h"

#include <math.h>
#include <string.h>

START_TEST(error_names_thing_wish_and_fact)
{
    struct error err;

    enum status status = error_set(&err, STATUS_TIMEOUT, "asked for %d uV, read %d uV", 5, 4);
    ck_assert_int_eq(status, STATUS_TIMEOUT);
    ck_assert_str_eq(err.text, "asked for 5 uV, read 4 uV");
    error_from(&err, status, "cell %d", 7);
    error_from(&err, status, "site %d", 1);
    ck_assert_str_eq(err.origin, "site 1/cell 7");
}

END_TEST

START_TEST(every_status_has_a_slug_and_a_sentence)
{
    for (int code = 0; code < STATUS_COUNT; code++) {
        ck_assert_ptr_nonnull(status_slug((enum status)code));
        ck_assert_ptr_nonnull(status_sentence((enum status)code));
    }
    ck_assert_str_eq(status_slug((enum status)999), "unknown");
}

END_TEST

START_TEST(crc32_is_the_one_of_zlib)
{
    /* "123456789" -> CBF43926, the check value of CRC-32/ISO-HDLC */
    ck_assert_uint_eq(bytes_crc32(0, "123456789", 9), 0xCBF43926u);
}

END_TEST

START_TEST(hex_goes_both_ways_and_stops_at_nonsense)
{
    uint8_t data[8];
    char text[17];

    ck_assert_uint_eq(bytes_from_hex("55AA11zz", data, sizeof data), 3);
    bytes_to_hex(data, 3, text);
    ck_assert_str_eq(text, "55aa11");
}

END_TEST

START_TEST(streams_of_one_seed_are_equal_and_of_two_names_are_not)
{
    struct rng a, b, c;

    rng_init(&a, 1, "card 7");
    rng_init(&b, 1, "card 7");
    rng_init(&c, 1, "card 8");
    uint64_t first = rng_u64(&a);
    ck_assert_uint_eq(first, rng_u64(&b));
    ck_assert_uint_ne(first, rng_u64(&c));
}

END_TEST

START_TEST(normal_deviates_have_mean_zero_and_deviation_one)
{
    struct rng rng;
    double sum = 0.0;
    double squares = 0.0;

    enum {
        COUNT = 100000
    };

    rng_init(&rng, 3, "normal");
    for (int i = 0; i < COUNT; i++) {
        double value = rng_normal(&rng);
        sum += value;
        squares += value * value;
    }
    /* five standard errors: 5/sqrt(n) and 5*sqrt(2/n) */
    ck_assert_double_lt(fabs(sum / COUNT), 0.016);
    ck_assert_double_lt(fabs(squares / COUNT - 1.0), 0.023);
}

END_TEST

START_TEST(volts_become_microvolts_to_the_nearest_or_are_refused)
{
    int32_t uv = 7;

    ck_assert(units_v_to_uv(3.65, &uv));
    ck_assert_int_eq(uv, 3650000);
    ck_assert(!units_v_to_uv(2147.5, &uv));
    ck_assert(!units_v_to_uv((double)NAN, &uv));
    ck_assert_int_eq(uv, 3650000);
}

END_TEST

START_TEST(monotonic_clock_sleeps_until_its_deadline)
{
    struct clock_monotonic clock;

    clock_monotonic_init(&clock);
    clock_sleep_ns(&clock.base, NS_PER_MS);
    ck_assert_uint_ge(clock_now_ns(&clock.base), NS_PER_MS);
}

END_TEST

static void keep_line(void *ctx, enum log_level level, const char *line)
{
    (void)level;
    strcpy(ctx, line);
}

START_TEST(log_drops_what_is_above_its_level)
{
    char line[256] = "";
    struct log log = {.level = LOG_INFO, .sink = keep_line, .sink_ctx = line};

    log_line(&log, LOG_DEBUG, "cell 7", "no");
    ck_assert_str_eq(line, "");
    log_line(&log, LOG_INFO, "cell 7", "%d uV", 3);
    ck_assert_str_eq(line, "info cell 7: 3 uV");
    log.level = LOG_WIRE;
    log_wire(&log, "ch A", "out", (const uint8_t *)"\xaa", 1);
    ck_assert_str_eq(line, "wire ch A: out aa");
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *tests = tcase_create("base");

    tcase_add_test(tests, error_names_thing_wish_and_fact);
    tcase_add_test(tests, every_status_has_a_slug_and_a_sentence);
    tcase_add_test(tests, crc32_is_the_one_of_zlib);
    tcase_add_test(tests, hex_goes_both_ways_and_stops_at_nonsense);
    tcase_add_test(tests, streams_of_one_seed_are_equal_and_of_two_names_are_not);
    tcase_add_test(tests, normal_deviates_have_mean_zero_and_deviation_one);
    tcase_add_test(tests, volts_become_microvolts_to_the_nearest_or_are_refused);
    tcase_add_test(tests, monotonic_clock_sleeps_until_its_deadline);
    tcase_add_test(tests, log_drops_what_is_above_its_level);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
