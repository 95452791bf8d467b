/**
 * Leaving is always safe: before a function energises anything it pushes what de-energises it.
 *
 * The stack runs last-in first-out on success, error, script abort and Ctrl-C alike. Every undo is
 * idempotent and is called exactly once; its failure is kept, not raised, so that the rest still
 * runs.
 */
#ifndef EVENKEEL_HARNESS_ENGINE_SAFE_H
#define EVENKEEL_HARNESS_ENGINE_SAFE_H

#include "harness/base/error.h"

#include <stddef.h>

typedef enum status (*safe_undo_fn)(void *ctx, struct error *err);

enum {
    SAFE_DEPTH_MAX = 16
};

struct safe_stack {
    struct safe_entry {
        const char *what; /* "cells off" */
        safe_undo_fn undo;
        void *ctx;
    } entries[SAFE_DEPTH_MAX];

    size_t depth;
};

/** @p what is kept (a literal). Pushing the same undo twice keeps one. Asserts on overflow. */
void safe_push(struct safe_stack *stack, const char *what, safe_undo_fn undo, void *ctx);

/**
 * Run and empty the stack. @return the first failure, its text led by what could not be undone,
 * its origin that of the undo; the rest ran nevertheless.
 */
enum status safe_unwind(struct safe_stack *stack, struct error *err);

#endif
