#include "harness/engine/safe.h"
#include "tests/support.h"

#include <string.h>

struct trail {
    char order[16];
};

static enum status undo_a(void *ctx, struct error *err)
{
    (void)err;
    strcat(((struct trail *)ctx)->order, "a");
    return STATUS_OK;
}

static enum status undo_b(void *ctx, struct error *err)
{
    strcat(((struct trail *)ctx)->order, "b");
    return error_set(err, STATUS_IO, "the bus is gone");
}

static enum status undo_c(void *ctx, struct error *err)
{
    strcat(((struct trail *)ctx)->order, "c");
    return error_set(err, STATUS_TIMEOUT, "still 4 V");
}

static enum status undo_of_a_device(void *ctx, struct error *err)
{
    (void)ctx;
    return error_from(err, error_set(err, STATUS_IO, "the device is gone"), "CB24-0001/A");
}

START_TEST(runs_last_in_first_out_and_all_of_it_though_some_fail)
{
    struct safe_stack stack = {0};
    struct trail trail = {""};
    struct error err;

    safe_push(&stack, "a", undo_a, &trail);
    safe_push(&stack, "b", undo_b, &trail);
    safe_push(&stack, "c", undo_c, &trail);
    ck_assert_int_eq(safe_unwind(&stack, &err), STATUS_TIMEOUT);
    ck_assert_str_eq(trail.order, "cba");
    ck_assert_str_eq(err.text, "c failed: still 4 V");
    ck_assert_uint_eq(stack.depth, 0);
}

END_TEST

START_TEST(keeps_one_of_the_same_undo_and_runs_it_once)
{
    struct safe_stack stack = {0};
    struct trail trail = {""};
    struct error err;

    safe_push(&stack, "a", undo_a, &trail);
    safe_push(&stack, "a", undo_a, &trail);
    ck_assert_int_eq(safe_unwind(&stack, &err), STATUS_OK);
    ck_assert_int_eq(safe_unwind(&stack, &err), STATUS_OK);
    ck_assert_str_eq(trail.order, "a");
}

END_TEST

START_TEST(says_which_device_could_not_be_switched_off)
{
    struct safe_stack stack = {0};
    struct error err;

    safe_push(&stack, "switching the cells off", undo_of_a_device, NULL);
    ck_assert_int_eq(safe_unwind(&stack, &err), STATUS_IO);
    ck_assert_str_eq(err.origin, "CB24-0001/A");
    ck_assert_str_eq(err.text, "switching the cells off failed: the device is gone");
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("safe");
    TCase *tests = tcase_create("safe");

    tcase_add_test(tests, runs_last_in_first_out_and_all_of_it_though_some_fail);
    tcase_add_test(tests, keeps_one_of_the_same_undo_and_runs_it_once);
    tcase_add_test(tests, says_which_device_could_not_be_switched_off);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
