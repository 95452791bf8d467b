/**
 * Whole runs of a real plan in this process, on the virtual bench, with one channel's link behind
 * the fault wrapper; and what they left behind.
 */
#ifndef EVENKEEL_TESTS_FAULT_FAULT_RIG_H
#define EVENKEEL_TESTS_FAULT_FAULT_RIG_H

#include "harness/link/link_fault.h"
#include "harness/lua/fixture_file.h"
#include "harness/lua/script.h"

#include <jansson.h>

struct fault_rig {
    struct fixture_file fixture;
    struct script *script;
    struct store *store;
    char *database;
    struct run_config config;
    struct bench_hooks hooks;
    struct fault_trial *trial; /* the one under way */
};

/** One run: what shall go wrong, and all that came of it. */
struct fault_trial {
    unsigned channel; /* 0 is A */
    struct link_fault fault;

    enum status status; /* of run_execute() */
    struct error error;
    struct run_result result;
    json_t *record; /* as store_run_json() tells it */
    bool was_looked_at;
    double highest_cell_v; /* true voltage at the unit's pins when the bench was closed */
};

/** Load eol/ek-24s4eb and make a fresh record called @p name in the build folder; ends the test if
 * it cannot. */
void fault_rig_open(struct fault_rig *rig, const char *name);
void fault_rig_close(struct fault_rig *rig);

/** Run the plan on the unit and fixture of seed 1. */
void fault_rig_run(struct fault_rig *rig, struct fault_trial *trial);
void fault_trial_finish(struct fault_trial *trial);

#endif
