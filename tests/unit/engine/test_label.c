#include "harness/engine/label.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *text;
    const char *fault; /* NULL: a good name */
    const char *clean;
} cases[] = {
    {"EK0001", NULL, "EK0001"},
    {"Z\xC3\xBCrich 3 \xE2\x82\xAC \xF0\x9F\x94\x8B", NULL,
        "Z\xC3\xBCrich 3 \xE2\x82\xAC \xF0\x9F\x94\x8B"},
    {"", "is empty", ""},
    {"a\nb", "holds a control character", "a?b"},
    {"\x1B[31m", "holds a control character", "?[31m"},
    {"a\x7F", "holds a control character", "a?"},
    {"\xC2\x9B"
     "31m",
        "holds a control character", "??31m"},            /* CSI as one character, U+009B */
    {"\xC2\xA0", NULL, "\xC2\xA0"},                       /* the first behind the controls */
    {"a\xFF z", "is not UTF-8", "a? z"},                  /* never in UTF-8 */
    {"\xC0\xAF abc", "is not UTF-8", "?? abc"},           /* '/' in two bytes */
    {"\xE0\x80\xAF abc", "is not UTF-8", "??? abc"},      /* and in three */
    {"\xED\xA0\x80 abc", "is not UTF-8", "??? abc"},      /* half a surrogate pair */
    {"\xF4\x90\x80\x80 abc", "is not UTF-8", "???? abc"}, /* above U+10FFFF */
    {"abc \xE2\x82", "is not UTF-8", "abc "},             /* cut at the end */
    {"12345678901234567890", "is too long", "12345678901234567890"},
};

START_TEST(name_is_taken_or_its_fault_is_named)
{
    const char *fault = label_fault(cases[_i].text, strlen(cases[_i].text), 19);

    if (cases[_i].fault == NULL) {
        ck_assert_msg(fault == NULL, "%s: %s", cases[_i].text, fault);
    } else {
        ck_assert_pstr_eq(fault, cases[_i].fault);
    }
}

END_TEST

START_TEST(message_becomes_one_clean_line)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%s", cases[_i].text);
    label_clean(text);
    ck_assert_str_eq(text, cases[_i].clean);
}

END_TEST

START_TEST(zero_byte_is_a_control_character)
{
    ck_assert_str_eq(label_fault("a\0b", 3, 19), "holds a control character");
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("label");
    TCase *tests = tcase_create("label");
    int count = (int)(sizeof cases / sizeof cases[0]);

    tcase_add_loop_test(tests, name_is_taken_or_its_fault_is_named, 0, count);
    tcase_add_loop_test(tests, message_becomes_one_clean_line, 0, count);
    tcase_add_test(tests, zero_byte_is_a_control_character);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
