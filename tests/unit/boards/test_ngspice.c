/* The outside judge of the circuit solver: ngspice's operating point of the EK board's netlist. */
#include "harness/base/clock.h"
#include "tests/support.h"
#include "tests/unit/boards/ek_rig.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NETLIST KEEL_BINARY_DIR "/test_ngspice.cir"
#define OUTPUT  KEEL_BINARY_DIR "/test_ngspice.txt"

static struct ek_rig rig;

/* The netlist, and a control block that prints every node with fourteen digits. */
static void write_netlist(void)
{
    char *text = circuit_to_spice(rig.circuit, "EK-24S4EB on 24 cells");
    FILE *file = fopen(NETLIST, "w");

    ck_assert_ptr_nonnull(file);
    char *end = strstr(text, ".end\n");
    ck_assert_ptr_nonnull(end);
    *end = '\0';
    fprintf(file, "%s.control\nset numdgt=14\nop\nprint all\nquit\n.endc\n.end\n", text);
    fclose(file);
    free(text);
}

/* The node of this lower-case name, or CIRCUIT_NONE. */
static int node_of(const char *name)
{
    char upper[32];
    size_t i = 0;

    for (; name[i] != '\0' && i < sizeof upper - 1; i++) {
        upper[i] = (char)toupper((unsigned char)name[i]);
    }
    upper[i] = '\0';
    return circuit_find_node(rig.circuit, upper);
}

/* Lines "name = value"; returns how many were nodes of ours, and the largest excess over the limit.
 */
static unsigned compare(double *worst_v)
{
    char line[256];
    char name[32];
    double expected_v;
    unsigned count = 0;
    FILE *file = fopen(OUTPUT, "r");

    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%31s = %lf", name, &expected_v) != 2 || node_of(name) < 0) {
            continue;
        }
        double off_v = fabs(circuit_node_v(rig.circuit, node_of(name)) - expected_v);
        ck_assert_msg(off_v <= fmax(10e-6, 1e-4 * fabs(expected_v)),
            "%s: ngspice has %.9f V, the circuit is off by %.3g V", name, expected_v, off_v);
        *worst_v = fmax(*worst_v, off_v);
        count++;
    }
    fclose(file);
    return count;
}

START_TEST(operating_points_agree_with_ngspice)
{
    static const uint32_t bits[] = {0, 1u << 27, 1u << 28};
    double worst_v = 0.0;

    ek_rig_init(&rig, 77, true);
    ek_rig_start_firmware(&rig);
    for (unsigned cell_no = 1; cell_no <= 24; cell_no++) {
        ek_rig_set_cell(&rig, cell_no, 2.4 + 0.08 * cell_no);
    }
    ek_rig_latch(&rig, _i < 3 ? bits[_i] : ek_rig_cell_bits((unsigned)(_i - 2) * 6));
    write_netlist();
    ck_assert_int_eq(system("ngspice -b " NETLIST " > " OUTPUT " 2>&1"), 0);
    unsigned count = compare(&worst_v);
    /* 24 S, 25 B, BP, 25 T, EVEN, ODD, AP, AN, REF, VDDA, 2 NTC, 2 SCAP, IAMP */
    ck_assert_uint_eq(count, 86);
    printf("largest difference %.3g V in %u nodes\n", worst_v, count);
    ek_rig_finish(&rig);
}

END_TEST

START_TEST(each_switching_costs_one_factorisation)
{
    enum {
        COUNT = 20000
    };
    struct clock_monotonic clock;

    ek_rig_init(&rig, 77, true);
    int tap = circuit_find(rig.circuit, "SW_TAP05");
    int ap = circuit_find_node(rig.circuit, "AP");
    size_t before = circuit_solve_count(rig.circuit);
    clock_monotonic_init(&clock);
    for (int i = 0; i < COUNT; i++) {
        circuit_set_closed(rig.circuit, tap, i % 2 == 0);
        (void)circuit_node_v(rig.circuit, ap);
        (void)circuit_node_v(rig.circuit, ap);
    }
    printf(
        "%.2f us a solution of the EK board\n", (double)clock_now_ns(&clock.base) * 1e-3 / COUNT);
    ck_assert_uint_eq(circuit_solve_count(rig.circuit) - before, COUNT);
    ek_rig_finish(&rig);
}

END_TEST

int main(void)
{
    if (system("ngspice --version > " OUTPUT " 2>&1") != 0) {
        puts("skipped: there is no ngspice on this machine");
        return 77;
    }
    Suite *suite = suite_create("ngspice");
    TCase *tcase = tcase_create("ngspice");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, operating_points_agree_with_ngspice, 0, 7);
    tcase_add_test(tcase, each_switching_costs_one_factorisation);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
