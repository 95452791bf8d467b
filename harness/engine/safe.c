#include "harness/engine/safe.h"

#include <assert.h>

void safe_push(struct safe_stack *stack, const char *what, safe_undo_fn undo, void *ctx)
{
    for (size_t i = 0; i < stack->depth; i++) {
        if (stack->entries[i].undo == undo && stack->entries[i].ctx == ctx) {
            return;
        }
    }
    assert(stack->depth < SAFE_DEPTH_MAX);
    stack->entries[stack->depth++] = (struct safe_entry){what, undo, ctx};
}

enum status safe_unwind(struct safe_stack *stack, struct error *err)
{
    enum status first = STATUS_OK;

    while (stack->depth > 0) {
        struct safe_entry *entry = &stack->entries[--stack->depth];
        struct error own;
        enum status status = entry->undo(entry->ctx, &own);
        if (status != STATUS_OK && first == STATUS_OK) {
            first = error_set(err, status, "%s failed: %s", entry->what, own.text);
            if (own.origin[0] != '\0') {
                (void)error_from(err, status, "%s", own.origin);
            }
        }
    }
    return first;
}
