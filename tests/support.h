/** What every Check suite here ends with: run all suites, say what failed, exit 0, 1 or 77. */
#ifndef EVENKEEL_TESTS_SUPPORT_H
#define EVENKEEL_TESTS_SUPPORT_H

#include <check.h>

#include <stdlib.h>

static inline int support_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    srunner_set_fork_status(runner, CK_NOFORK);
#endif
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
