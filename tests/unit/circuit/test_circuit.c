#include "fixtures/virtual/circuit/circuit.h"
#include "harness/base/rng.h"
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double volt(struct circuit *circuit, const char *node)
{
    return circuit_node_v(circuit, circuit_find_node(circuit, node));
}

/* 10 V behind 1 ohm, 2 ohm to the middle, 3 ohm to 0. */
static struct circuit *divider(void)
{
    struct circuit *circuit = circuit_create();
    int top = circuit_node(circuit, "TOP");
    int middle = circuit_node(circuit, "MIDDLE");
    int zero = circuit_node(circuit, "0");

    circuit_add_source(circuit, "V1", top, zero, 10.0, 1.0);
    circuit_add_resistor(circuit, "R1", top, middle, 2.0);
    circuit_add_resistor(circuit, "R2", middle, zero, 3.0);
    return circuit;
}

START_TEST(divider_divides_and_the_source_delivers)
{
    struct circuit *circuit = divider();

    /* 10 V / 6 ohm = 5/3 A: middle at 5 V, top at 25/3 V */
    ck_assert_double_eq_tol(volt(circuit, "MIDDLE"), 5.0, 1e-12);
    ck_assert_double_eq_tol(volt(circuit, "TOP"), 8.333333333333334, 1e-12);
    ck_assert_double_eq(volt(circuit, "0"), 0.0);
    ck_assert_double_eq_tol(
        circuit_current_a(circuit, circuit_find(circuit, "R2")), 1.6666666666666667, 1e-12);
    ck_assert_double_eq_tol(
        circuit_current_a(circuit, circuit_find(circuit, "V1")), -1.6666666666666667, 1e-12);
    circuit_destroy(circuit);
}

END_TEST

START_TEST(unbalanced_bridge_has_the_voltages_of_the_node_equations)
{
    struct circuit *circuit = circuit_create();
    int a = circuit_node(circuit, "A");
    int b = circuit_node(circuit, "B");
    int c = circuit_node(circuit, "C");
    int zero = circuit_node(circuit, "0");

    circuit_add_source(circuit, "V", a, zero, 12.0, 1.0);
    circuit_add_resistor(circuit, "R1", a, b, 1.0);
    circuit_add_resistor(circuit, "R2", a, c, 2.0);
    circuit_add_resistor(circuit, "R3", b, zero, 2.0);
    circuit_add_resistor(circuit, "R4", c, zero, 1.0);
    circuit_add_resistor(circuit, "R5", b, c, 1.0);
    /*
     * 2.5 A - B - C/2 = 12;  -A + 2.5 B - C = 0;  -A/2 - B + 2.5 C = 0
     * gives A = 7 (12/(1+7/5)*7/5: the bridge is 7/5 ohm), B = 4, C = 3
     */
    ck_assert_double_eq_tol(volt(circuit, "A"), 7.0, 1e-12);
    ck_assert_double_eq_tol(volt(circuit, "B"), 4.0, 1e-12);
    ck_assert_double_eq_tol(volt(circuit, "C"), 3.0, 1e-12);
    ck_assert_double_eq_tol(circuit_current_a(circuit, circuit_find(circuit, "R5")), 1.0, 1e-12);
    circuit_destroy(circuit);
}

END_TEST

START_TEST(ladder_of_one_ohm_steps_shows_fibonacci_numbers)
{
    /* 1 ohm in series, 1 ohm to 0, eight times; 1 V at the last node needs F(17) = 1597 V. */
    static const double expected_v[] = {610, 233, 89, 34, 13, 5, 2, 1};
    struct circuit *circuit = circuit_create();
    int zero = circuit_node(circuit, "0");
    int before = circuit_node(circuit, "N0");
    char name[16];

    /* the source's own ohm is the first step */
    circuit_add_source(circuit, "V", before, zero, 1597.0, 1.0);
    circuit_add_resistor(circuit, "P0", before, zero, 1.0);
    for (int i = 1; i < 8; i++) {
        snprintf(name, sizeof name, "N%d", i);
        int node = circuit_node(circuit, name);
        snprintf(name, sizeof name, "S%d", i);
        circuit_add_resistor(circuit, name, before, node, 1.0);
        snprintf(name, sizeof name, "P%d", i);
        circuit_add_resistor(circuit, name, node, zero, 1.0);
        before = node;
    }
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "N%d", i);
        ck_assert_double_eq_tol(volt(circuit, name), expected_v[i], 1e-9);
    }
    circuit_destroy(circuit);
}

END_TEST

START_TEST(current_source_pushes_from_its_first_terminal_to_its_second)
{
    struct circuit *circuit = circuit_create();
    int n = circuit_node(circuit, "N");

    circuit_add_resistor(circuit, "R", n, circuit_node(circuit, "0"), 50.0);
    int load = circuit_add_current(circuit, "I", n, circuit_node(circuit, "0"), 0.1);
    ck_assert_double_eq_tol(volt(circuit, "N"), -5.0, 1e-12);
    ck_assert_double_eq(circuit_current_a(circuit, load), 0.1);
    circuit_destroy(circuit);
}

END_TEST

/* A chain of random values with cross links; @p seed tells them apart. */
enum {
    RANDOM_NODES = 30
};

static struct circuit *random_network(uint64_t seed)
{
    struct circuit *circuit = circuit_create();
    int nodes[RANDOM_NODES] = {circuit_node(circuit, "0")};
    struct rng rng;
    char name[16];

    rng_init(&rng, seed, "random network");
    for (int i = 1; i < RANDOM_NODES; i++) {
        snprintf(name, sizeof name, "N%d", i);
        nodes[i] = circuit_node(circuit, name);
        snprintf(name, sizeof name, "R%d", i);
        int to = (int)(rng_u64(&rng) % (unsigned)i);
        circuit_add_resistor(circuit, name, nodes[i], nodes[to], exp(rng_uniform(&rng, -3, 12)));
    }
    for (int i = 0; i < 2 * RANDOM_NODES; i++) {
        int a = nodes[rng_u64(&rng) % RANDOM_NODES];
        int b = nodes[rng_u64(&rng) % RANDOM_NODES];
        double ohm = exp(rng_uniform(&rng, -3, 12));
        snprintf(name, sizeof name, "X%d", i);
        switch (i % 4) {
        case 0:
            circuit_add_source(circuit, name, a, b, rng_uniform(&rng, -10, 10), ohm);
            break;
        case 1:
            circuit_add_current(circuit, name, a, b, rng_uniform(&rng, -0.01, 0.01));
            break;
        case 2:
            circuit_add_resistor(circuit, name, a, b, ohm);
            break;
        default:
            circuit_set_closed(
                circuit, circuit_add_switch(circuit, name, a, b, ohm, 1e9), rng_u64(&rng) % 2 == 0);
        }
    }
    return circuit;
}

/* Ohm as a reader of the header sees it. */
static double ohm_between(struct circuit *circuit, int element)
{
    int a = circuit_terminal(circuit, element, 0);
    int b = circuit_terminal(circuit, element, 1);
    double across_v = circuit_node_v(circuit, a) - circuit_node_v(circuit, b);

    return across_v / circuit_current_a(circuit, element);
}

/* Plain Gaussian elimination with pivoting on n rows and n + 1 columns, solution in column n. */
static void eliminate_dense(double m[RANDOM_NODES][RANDOM_NODES], int n)
{
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++) {
            pivot = fabs(m[i][k]) > fabs(m[pivot][k]) ? i : pivot;
        }
        for (int j = k; j <= n; j++) {
            double other = m[pivot][j];
            m[pivot][j] = m[k][j];
            m[k][j] = other;
        }
        for (int i = 0; i < n; i++) {
            double factor = i == k ? 0.0 : m[i][k] / m[k][k];
            for (int j = k; j <= n; j++) {
                m[i][j] -= factor * m[k][j];
            }
        }
    }
    for (int k = 0; k < n; k++) {
        m[k][n] /= m[k][k];
    }
}

/* Put one element into the dense system: rows are nodes 1 .. n. */
static void put(double m[RANDOM_NODES][RANDOM_NODES], int a, int b, double siemens, double ampere)
{
    if (a == b) {
        return;
    }
    for (int side = 0; side < 2; side++) {
        int own = side == 0 ? a : b;
        int other = side == 0 ? b : a;
        if (own > 0) {
            m[own - 1][own - 1] += siemens;
            m[own - 1][RANDOM_NODES - 1] += side == 0 ? ampere : -ampere;
            if (other > 0) {
                m[own - 1][other - 1] -= siemens;
            }
        }
    }
}

START_TEST(random_networks_agree_with_dense_elimination)
{
    struct circuit *circuit = random_network((uint64_t)_i);
    double m[RANDOM_NODES][RANDOM_NODES] = {{0}};

    for (size_t i = 0; i < circuit_element_count(circuit); i++) {
        int element = (int)i;
        int a = circuit_terminal(circuit, element, 0);
        int b = circuit_terminal(circuit, element, 1);
        double value = circuit_value(circuit, element);
        /* a source's ohm cannot be asked for, only set */
        switch (circuit_kind(circuit, element)) {
        case CIRCUIT_CURRENT:
            put(m, a, b, 0.0, -value);
            break;
        case CIRCUIT_SOURCE:
            circuit_set_ohm(circuit, element, 47.0);
            put(m, a, b, 1.0 / 47.0, value / 47.0);
            break;
        case CIRCUIT_RESISTOR:
        case CIRCUIT_SWITCH:
            put(m, a, b, 1.0 / value, 0.0);
        }
    }
    eliminate_dense(m, RANDOM_NODES - 1);
    for (int node = 1; node < RANDOM_NODES; node++) {
        double expected_v = m[node - 1][RANDOM_NODES - 1];
        ck_assert_double_eq_tol(
            circuit_node_v(circuit, node), expected_v, 1e-9 * (1.0 + fabs(expected_v)));
    }
    circuit_destroy(circuit);
}

END_TEST

START_TEST(powers_of_all_elements_sum_to_zero)
{
    struct circuit *circuit = random_network(1000 + (uint64_t)_i);
    double sum_w = 0.0;
    double largest_w = 0.0;

    for (size_t i = 0; i < circuit_element_count(circuit); i++) {
        int a = circuit_terminal(circuit, (int)i, 0);
        int b = circuit_terminal(circuit, (int)i, 1);
        double watt = (circuit_node_v(circuit, a) - circuit_node_v(circuit, b)) *
                      circuit_current_a(circuit, (int)i);
        sum_w += watt;
        largest_w = fmax(largest_w, fabs(watt));
    }
    ck_assert_double_gt(largest_w, 1e-6);
    ck_assert_double_lt(fabs(sum_w), 1e-9 * largest_w);
    circuit_destroy(circuit);
}

END_TEST

START_TEST(solution_is_the_sum_of_what_each_source_does_alone)
{
    struct circuit *circuit = random_network(7);
    double together_v[RANDOM_NODES];
    double sum_v[RANDOM_NODES] = {0};
    size_t count = circuit_element_count(circuit);
    double *values = calloc(count, sizeof *values);

    for (int node = 0; node < RANDOM_NODES; node++) {
        together_v[node] = circuit_node_v(circuit, node);
    }
    for (size_t i = 0; i < count; i++) {
        enum circuit_kind kind = circuit_kind(circuit, (int)i);
        if (kind == CIRCUIT_SOURCE || kind == CIRCUIT_CURRENT) {
            values[i] = circuit_value(circuit, (int)i);
            circuit_set_value(circuit, (int)i, 0.0);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (values[i] != 0.0) {
            circuit_set_value(circuit, (int)i, values[i]);
            for (int node = 0; node < RANDOM_NODES; node++) {
                sum_v[node] += circuit_node_v(circuit, node);
            }
            circuit_set_value(circuit, (int)i, 0.0);
        }
    }
    for (int node = 0; node < RANDOM_NODES; node++) {
        ck_assert_double_eq_tol(sum_v[node], together_v[node], 1e-9);
    }
    free(values);
    circuit_destroy(circuit);
}

END_TEST

START_TEST(stuck_switch_ignores_its_driver_until_it_is_freed)
{
    struct circuit *circuit = divider();
    int sw = circuit_add_switch(
        circuit, "SW", circuit_node(circuit, "MIDDLE"), circuit_node(circuit, "0"), 3.0, 1e12);

    ck_assert_double_eq_tol(volt(circuit, "MIDDLE"), 5.0, 1e-9);
    circuit_stick_switch(circuit, sw, true);
    /* 1.5 ohm under 3 ohm */
    ck_assert_double_eq_tol(volt(circuit, "MIDDLE"), 3.3333333333333335, 1e-12);
    circuit_set_closed(circuit, sw, false);
    ck_assert(circuit_is_closed(circuit, sw));
    ck_assert_double_eq_tol(volt(circuit, "MIDDLE"), 3.3333333333333335, 1e-12);
    circuit_free_switch(circuit, sw);
    ck_assert_double_eq_tol(volt(circuit, "MIDDLE"), 5.0, 1e-9);
    circuit_stick_switch(circuit, sw, false);
    circuit_set_closed(circuit, sw, true);
    ck_assert_double_eq_tol(volt(circuit, "MIDDLE"), 5.0, 1e-9);
    circuit_destroy(circuit);
}

END_TEST

START_TEST(reconnected_element_works_in_its_new_place)
{
    struct circuit *circuit = divider();
    int r2 = circuit_find(circuit, "R2");

    ck_assert_double_eq_tol(volt(circuit, "MIDDLE"), 5.0, 1e-12);
    /* R2 now hangs on TOP: 1 ohm above 3 ohm; MIDDLE is at the end of R1 with no current */
    circuit_reconnect(circuit, r2, 0, circuit_node(circuit, "TOP"));
    ck_assert_double_eq_tol(volt(circuit, "TOP"), 7.5, 1e-12);
    ck_assert_double_eq_tol(volt(circuit, "MIDDLE"), 7.5, 1e-12);
    ck_assert_int_eq(circuit_terminal(circuit, r2, 0), circuit_find_node(circuit, "TOP"));
    circuit_destroy(circuit);
}

END_TEST

START_TEST(floating_node_is_named_and_all_voltages_are_zero)
{
    struct circuit *circuit = divider();
    struct error err;
    int left = circuit_node(circuit, "LEFT");
    int right = circuit_node(circuit, "RIGHT");

    circuit_add_resistor(circuit, "ISLAND", left, right, 1.0);
    circuit_add_current(circuit, "I", left, circuit_node(circuit, "0"), 1.0);
    ck_assert_int_eq(circuit_solve(circuit, &err), STATUS_RANGE);
    ck_assert_str_eq(err.text, "node LEFT hangs in the air: no resistance joins it with node 0");
    ck_assert_double_eq(volt(circuit, "MIDDLE"), 0.0);
    ck_assert_double_eq(circuit_current_a(circuit, circuit_find(circuit, "R1")), 0.0);
    circuit_add_resistor(circuit, "BRIDGE", right, circuit_node(circuit, "0"), 1.0);
    ck_assert_int_eq(circuit_solve(circuit, &err), STATUS_OK);
    ck_assert_double_eq_tol(volt(circuit, "LEFT"), -2.0, 1e-12);
    circuit_destroy(circuit);
}

END_TEST

START_TEST(values_that_are_not_finite_are_named)
{
    struct circuit *circuit = divider();
    struct error err;

    circuit_set_value(circuit, circuit_find(circuit, "V1"), (double)NAN);
    ck_assert_int_eq(circuit_solve(circuit, &err), STATUS_RANGE);
    ck_assert_ptr_nonnull(strstr(err.text, "V1"));
    circuit_set_value(circuit, circuit_find(circuit, "V1"), 10.0);
    circuit_set_value(circuit, circuit_find(circuit, "R1"), 0.0);
    ck_assert_int_eq(circuit_solve(circuit, &err), STATUS_RANGE);
    ck_assert_ptr_nonnull(strstr(err.text, "R1"));
    circuit_set_value(circuit, circuit_find(circuit, "R1"), 2.0);
    ck_assert_int_eq(circuit_solve(circuit, &err), STATUS_OK);
    ck_assert_double_eq_tol(volt(circuit, "MIDDLE"), 5.0, 1e-12);
    circuit_destroy(circuit);
}

END_TEST

START_TEST(factors_are_made_only_when_a_resistance_changed)
{
    struct circuit *circuit = divider();
    int v1 = circuit_find(circuit, "V1");
    int sw = circuit_add_switch(
        circuit, "SW", circuit_node(circuit, "TOP"), circuit_node(circuit, "0"), 1.0, 1e12);

    (void)volt(circuit, "TOP");
    ck_assert_uint_eq(circuit_solve_count(circuit), 1);
    circuit_set_value(circuit, v1, 20.0);
    ck_assert_double_eq_tol(volt(circuit, "MIDDLE"), 10.0, 1e-9);
    circuit_set_closed(circuit, sw, false);
    (void)volt(circuit, "TOP");
    ck_assert_uint_eq(circuit_solve_count(circuit), 1);
    circuit_set_closed(circuit, sw, true);
    circuit_set_ohm(circuit, v1, 2.0);
    (void)volt(circuit, "TOP");
    (void)volt(circuit, "MIDDLE");
    ck_assert_uint_eq(circuit_solve_count(circuit), 2);
    circuit_destroy(circuit);
}

END_TEST

START_TEST(version_moves_with_every_change_and_with_nothing_else)
{
    struct circuit *circuit = divider();
    int v1 = circuit_find(circuit, "V1");
    int r1 = circuit_find(circuit, "R1");
    uint64_t before = circuit_version(circuit);

    (void)volt(circuit, "TOP");
    circuit_set_value(circuit, v1, 10.0);
    ck_assert_uint_eq(circuit_version(circuit), before);
    circuit_set_value(circuit, v1, 11.0);
    ck_assert_uint_ne(circuit_version(circuit), before);
    before = circuit_version(circuit);
    circuit_set_value(circuit, r1, 2.5);
    ck_assert_uint_ne(circuit_version(circuit), before);
    before = circuit_version(circuit);
    circuit_reconnect(circuit, r1, 1, circuit_node(circuit, "0"));
    ck_assert_uint_ne(circuit_version(circuit), before);
    circuit_destroy(circuit);
}

END_TEST

START_TEST(names_find_elements_and_nodes)
{
    struct circuit *circuit = random_network(3);
    char name[16];

    for (int i = 0; i < 2 * RANDOM_NODES; i++) {
        snprintf(name, sizeof name, "X%d", i);
        ck_assert_str_eq(circuit_name(circuit, circuit_find(circuit, name)), name);
    }
    ck_assert_int_eq(circuit_find(circuit, "X999"), CIRCUIT_NONE);
    ck_assert_int_eq(circuit_find_node(circuit, "N999"), CIRCUIT_NONE);
    ck_assert_int_eq(circuit_node(circuit, "N5"), circuit_find_node(circuit, "N5"));
    /* a resistor's ohm follows from what it does, too */
    ck_assert_double_eq_tol(ohm_between(circuit, circuit_find(circuit, "R9")),
        circuit_value(circuit, circuit_find(circuit, "R9")),
        1e-6 * circuit_value(circuit, circuit_find(circuit, "R9")));
    circuit_destroy(circuit);
}

END_TEST

START_TEST(spice_text_has_one_line_for_each_part)
{
    struct circuit *circuit = divider();

    circuit_add_switch(
        circuit, "SW", circuit_node(circuit, "TOP"), circuit_node(circuit, "0"), 1.0, 1e12);
    circuit_add_current(
        circuit, "I1", circuit_node(circuit, "TOP"), circuit_node(circuit, "0"), 0.25);
    char *text = circuit_to_spice(circuit, "a divider");
    ck_assert_str_eq(text, "a divider\n"
                           "VV1 INNER_V1 0 DC 10\n"
                           "RV1 INNER_V1 TOP 1\n"
                           "RR1 TOP MIDDLE 2\n"
                           "RR2 MIDDLE 0 3\n"
                           "RSW TOP 0 1000000000000\n"
                           "II1 TOP 0 DC 0.25\n"
                           ".op\n"
                           ".end\n");
    free(text);
    circuit_destroy(circuit);
}

END_TEST

static Suite *circuit_suite(void)
{
    Suite *suite = suite_create("circuit");
    TCase *tcase = tcase_create("circuit");

    tcase_add_test(tcase, divider_divides_and_the_source_delivers);
    tcase_add_test(tcase, unbalanced_bridge_has_the_voltages_of_the_node_equations);
    tcase_add_test(tcase, ladder_of_one_ohm_steps_shows_fibonacci_numbers);
    tcase_add_test(tcase, current_source_pushes_from_its_first_terminal_to_its_second);
    tcase_add_loop_test(tcase, random_networks_agree_with_dense_elimination, 0, 50);
    tcase_add_loop_test(tcase, powers_of_all_elements_sum_to_zero, 0, 20);
    tcase_add_test(tcase, solution_is_the_sum_of_what_each_source_does_alone);
    tcase_add_test(tcase, stuck_switch_ignores_its_driver_until_it_is_freed);
    tcase_add_test(tcase, reconnected_element_works_in_its_new_place);
    tcase_add_test(tcase, floating_node_is_named_and_all_voltages_are_zero);
    tcase_add_test(tcase, values_that_are_not_finite_are_named);
    tcase_add_test(tcase, factors_are_made_only_when_a_resistance_changed);
    tcase_add_test(tcase, version_moves_with_every_change_and_with_nothing_else);
    tcase_add_test(tcase, names_find_elements_and_nodes);
    tcase_add_test(tcase, spice_text_has_one_line_for_each_part);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(circuit_suite());
}
