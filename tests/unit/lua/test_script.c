#define _POSIX_C_SOURCE 200809L
#include "harness/lua/script.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD \
    "local ek = require 'products.ek-24s4eb'\n" \
    "plan { id = 'p', revision = 'A', kind = 'routine', product = ek, fixture = 'cb24' }\n"

static enum status load_text(const char *text, struct script **script, struct error *err)
{
    char path[] = "/tmp/keel-script-XXXXXX";
    int descriptor = mkstemp(path);

    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(descriptor);
    enum status status = script_load(path, KEEL_SOURCE_DIR "/scripts", script, err);
    (void)unlink(path);
    return status;
}

static const struct {
    const char *text;
    const char *refusal;
} refused[] = {
    {"", "declares no plan"},
    {HEAD, "has no step"},
    {"plan { id = 'p', revison = 'A' }", ":1: plan has an unknown key \"revison\""},
    {"plan { id = 'p' }", "plan needs revision"},
    {"plan { id = 'p', revision = 'A', kind = 'often' }", "plan's kind cannot be \"often\""},
    {"plan { id = 'p', revision = 'A', kind = 'routine', fixture = 'cb24' }", "product"},
    {HEAD "plan { id = 'q', revision = 'A', kind = 'routine', product = ek, fixture = 'cb24' }",
        ":3: plan is declared twice"},
    {HEAD "step('a', function() end)", ":3: a step stands in a group"},
    {HEAD "group('g', { onfail = 'stop' }, function() end)", "group has an unknown key \"onfail\""},
    {HEAD "group('g', { on_fail = 'panic' }, function() end)", "on_fail cannot be \"panic\""},
    {HEAD "group('g', function() step('a', { claim = 'EK-01' }, function() end) end)",
        "step has an unknown key \"claim\""},
    {HEAD "group('g', function() step('a', function() end) step('a', function() end) end)",
        "two steps are called \"a\""},
    {HEAD "group('g', function() step('a %d', 'x', function() end) end)", "number expected"},
    {HEAD "group('g', function() step('a') end)", "function expected"},
    {HEAD "group('g', function() group('h', function() end) end)", "stands in another group"},
    {HEAD "group('g', function() end) step('a', function() end)", "a step stands in a group"},
    {HEAD "group('', function() end)", "a group's name \"\" is empty"},
    {HEAD "group('g', function() step('a\\nb', function() end) end)", "holds a control character"},
    {HEAD "group('g', function() step('\\xC2\\x9B31m', function() end) end)",
        "holds a control character"},
    {HEAD "group('g', function() step('\\xFF', function() end) end)", "is not UTF-8"},
    {HEAD "group('g', function() step(('x'):rep(121), function() end) end)", "is too long"},
    {HEAD "ek.accuracy_v = 5", ":3: \"accuracy_v\" cannot be set: this table is read-only"},
    {HEAD "ek.accuracy_levels_v[1] = 9", ":3: \"1\" cannot be set: this table is read-only"},
    {HEAD "metrology.line_fit = nil", "\"line_fit\" cannot be set"},
};

START_TEST(wrong_plan_is_refused_with_file_line_and_reason)
{
    struct script *script;
    struct error err = {0};

    ck_assert_int_eq(load_text(refused[_i].text, &script, &err), STATUS_SCRIPT);
    ck_assert_msg(strstr(err.text, refused[_i].refusal) != NULL, "says \"%s\", not \"%s\"",
        err.text, refused[_i].refusal);
    ck_assert_ptr_nonnull(strstr(err.text, "keel-script-"));
    script_destroy(script);
}

END_TEST

START_TEST(plan_is_data_before_anything_runs)
{
    struct script *script;
    struct error err = {0};

    ck_assert_int_eq(load_text(HEAD "group('first', { on_fail = 'continue' }, function()\n"
                                    "  step('around %.3f V', 1.5, { claims = 'EK-03' }, error)\n"
                                    "end)\n"
                                    "group('second', function() step('plain', error) end)\n",
                         &script, &err),
        STATUS_OK);
    const struct plan *plan = script_plan(script);
    ck_assert_str_eq(plan->product, "ek-24s4eb");
    ck_assert_str_eq(plan->image_product, "EK-24S4EB");
    ck_assert_uint_eq(plan->step_count, 2);
    ck_assert_str_eq(plan->steps[0].name, "around 1.500 V");
    ck_assert_str_eq(plan->steps[0].claims, "EK-03");
    ck_assert(!plan->groups[0].stops_on_fail);
    ck_assert(plan->groups[1].stops_on_fail);
    ck_assert_uint_eq(plan->steps[1].group_index, 1);
    ck_assert_uint_eq(strlen(plan->sha256), 64);
    ck_assert_uint_eq(strlen(plan->limits_sha256), 64);
    ck_assert_str_ne(plan->sha256, plan->limits_sha256);
    script_destroy(script);
}

END_TEST

START_TEST(product_reads_like_the_table_it_is)
{
    struct script *script;
    struct error err = {0};

    ck_assert_msg(
        load_text(HEAD "local count, first = 0, nil\n"
                       "for k in pairs(ek.calibration) do count = count + 1 end\n"
                       "assert(count == 5 and #ek.accuracy_levels_v == 8)\n"
                       "for _, v in ipairs(ek.accuracy_levels_v) do first = first or v end\n"
                       "assert(first == 1.5 and ek.settings[1].name == 'trigger_v')\n"
                       "assert(table.concat(ek.calibration.levels_v, ' ') == "
                       "'1.5 2.25 3.0 3.75 4.5')\n"
                       "local x = ek.calibration.levels_v\n"
                       "assert(metrology.line_fit(x, x).count == 5)\n"
                       "group('g', function() step('a', error) end)",
            &script, &err) == STATUS_OK,
        "%s", err.text);
    script_destroy(script);
}

END_TEST

START_TEST(hash_of_a_plan_changes_with_one_character)
{
    struct script *one, *other;
    struct error err;

    ck_assert_int_eq(
        load_text(HEAD "group('g', function() step('a', error) end)", &one, &err), STATUS_OK);
    ck_assert_int_eq(
        load_text(HEAD "group('g', function() step('b', error) end)", &other, &err), STATUS_OK);
    ck_assert_str_ne(script_plan(one)->sha256, script_plan(other)->sha256);
    ck_assert_str_eq(script_plan(one)->limits_sha256, script_plan(other)->limits_sha256);
    script_destroy(one);
    script_destroy(other);
}

END_TEST

START_TEST(leaving_out_a_step_that_is_not_there_is_refused)
{
    struct script *script;
    struct error err;

    ck_assert_int_eq(
        load_text(HEAD "group('g', function() step('a', error) end)", &script, &err), STATUS_OK);
    ck_assert_int_eq(plan_leave_out(script_plan(script), "b", &err), STATUS_USAGE);
    ck_assert_int_eq(plan_leave_out(script_plan(script), "a", &err), STATUS_OK);
    ck_assert(script_plan(script)->steps[0].is_left_out);
    script_destroy(script);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("script");
    TCase *tests = tcase_create("script");

    tcase_add_loop_test(tests, wrong_plan_is_refused_with_file_line_and_reason, 0,
        sizeof refused / sizeof refused[0]);
    tcase_add_test(tests, plan_is_data_before_anything_runs);
    tcase_add_test(tests, product_reads_like_the_table_it_is);
    tcase_add_test(tests, hash_of_a_plan_changes_with_one_character);
    tcase_add_test(tests, leaving_out_a_step_that_is_not_there_is_refused);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
