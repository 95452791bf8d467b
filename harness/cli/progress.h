/** What a person sees while a plan runs: a live line on a terminal, plain lines when piped. */
#ifndef EVENKEEL_HARNESS_CLI_PROGRESS_H
#define EVENKEEL_HARNESS_CLI_PROGRESS_H

#include "harness/engine/run.h"

#include <stdio.h>

struct progress {
    FILE *out;
    bool is_live;
    bool has_colour;
    bool is_quiet;
    size_t group_index;    /* of the last step shown, SIZE_MAX before the first */
    size_t not_run_count;  /* steps skipped because of what came before */
    size_t left_out_count; /* --without */
    const struct plan *plan;
};

/** On @p out; live and in colour when it is a terminal (TERM is not dumb, NO_COLOR not set). */
void progress_init(struct progress *progress, const struct plan *plan, FILE *out, bool is_quiet);
/** A run_listener_fn; ctx is the progress. */
void progress_show(void *ctx, const struct run_event *event);
/** The big word at the end, with the reason. */
void progress_verdict(
    struct progress *progress, const char *serial, const struct run_result *result);

#endif
