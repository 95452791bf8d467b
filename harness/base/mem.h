/**
 * Allocation on the host. Failure ends the program: a harness that cannot allocate cannot keep
 * its promises either, and the fixture's watchdog takes the outputs down. Firmware never allocates.
 */
#ifndef EVENKEEL_HARNESS_BASE_MEM_H
#define EVENKEEL_HARNESS_BASE_MEM_H

#include <stddef.h>

/** Zeroed memory for @p count objects of @p size bytes; free it with free(). Never NULL. */
void *mem_alloc(size_t count, size_t size);

/** As realloc for @p count objects of @p size bytes; new bytes are not zeroed. Never NULL. */
void *mem_resize(void *old, size_t count, size_t size);

/** A copy of @p text that the caller frees. */
char *mem_text(const char *text);

/** printf into memory that the caller frees. */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
