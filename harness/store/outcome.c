#include "harness/store/store.h"

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {
        [OUTCOME_PASS] = "PASS",
        [OUTCOME_FAIL] = "FAIL",
        [OUTCOME_ERROR] = "ERROR",
        [OUTCOME_ABORTED] = "ABORTED",
        [OUTCOME_INTERRUPTED] = "INTERRUPTED",
        [OUTCOME_SKIPPED] = "SKIPPED",
    };

    return (size_t)outcome < sizeof names / sizeof names[0] ? names[outcome] : "UNKNOWN";
}
