#include "fixtures/virtual/circuit/ldl.h"
#include "tests/support.h"

/* A star: the middle, unknown 0, must be eliminated last, or every leaf is joined with every other.
 */
START_TEST(star_is_eliminated_without_fill_in)
{
    enum {
        LEAVES = 20
    };
    struct ldl_edge edges[LEAVES];

    for (int i = 0; i < LEAVES; i++) {
        edges[i] = (struct ldl_edge){0, i + 1};
    }
    struct ldl *ldl = ldl_create(LEAVES + 1, edges, LEAVES);
    ck_assert_uint_eq(ldl_entry_count(ldl), LEAVES);
    ldl_destroy(ldl);
}

END_TEST

START_TEST(ring_fills_in_as_a_ring_must)
{
    /* each elimination of a ring joins the two neighbours: 2 entries each until two are left */
    struct ldl_edge edges[10];

    for (int i = 0; i < 10; i++) {
        edges[i] = (struct ldl_edge){i, (i + 1) % 10};
    }
    struct ldl *ldl = ldl_create(10, edges, 10);
    ck_assert_uint_eq(ldl_entry_count(ldl), 17);
    ldl_destroy(ldl);
}

END_TEST

/* [ 4 1 0 ; 1 3 1 ; 0 1 2 ] x = [ 9 10 8 ] has x = [ 1.7222.. 2.1111.. 2.9444.. ]: 31/18, 38/18,
 * 53/18 */
static struct ldl *three_unknowns(void)
{
    static const struct ldl_edge edges[] = {{1, 0}, {1, 2}, {0, 1}};
    struct ldl *ldl = ldl_create(3, edges, 3);

    ldl_clear(ldl);
    ldl_add(ldl, ldl_slot(ldl, 0, 0), 4.0);
    ldl_add(ldl, ldl_slot(ldl, 1, 1), 3.0);
    ldl_add(ldl, ldl_slot(ldl, 2, 2), 2.0);
    ldl_add(ldl, ldl_slot(ldl, 0, 1), 1.0);
    ldl_add(ldl, ldl_slot(ldl, 2, 1), 0.5);
    ldl_add(ldl, ldl_slot(ldl, 1, 2), 0.5);
    return ldl;
}

START_TEST(three_unknowns_are_solved_as_on_paper)
{
    struct ldl *ldl = three_unknowns();

    ck_assert(ldl_factor(ldl));
    for (int again = 0; again < 2; again++) {
        double x[] = {9.0, 10.0, 8.0};
        ldl_solve(ldl, x);
        ck_assert_double_eq_tol(x[0], 1.8333333333333333, 1e-14);
        ck_assert_double_eq_tol(x[1], 1.6666666666666667, 1e-14);
        ck_assert_double_eq_tol(x[2], 3.1666666666666665, 1e-14);
    }
    ldl_destroy(ldl);
}

END_TEST

START_TEST(matrix_that_is_not_definite_is_refused)
{
    struct ldl *ldl = three_unknowns();

    ldl_add(ldl, ldl_slot(ldl, 1, 1), -3.0);
    ck_assert(!ldl_factor(ldl));
    ldl_destroy(ldl);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("ldl");
    TCase *tcase = tcase_create("ldl");

    tcase_add_test(tcase, star_is_eliminated_without_fill_in);
    tcase_add_test(tcase, ring_fills_in_as_a_ring_must);
    tcase_add_test(tcase, three_unknowns_are_solved_as_on_paper);
    tcase_add_test(tcase, matrix_that_is_not_definite_is_refused);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
