/**
 * The target's memory through its AHB access port (MEM-AP number 0), 32 bits at a time.
 *
 * The queue functions add to the debug port's queue, so that a caller can put idle time and more
 * accesses between them; memory_flush() sends.
 */
#ifndef EVENKEEL_HARNESS_TARGET_MEMORY_H
#define EVENKEEL_HARNESS_TARGET_MEMORY_H

#include "harness/link/swd.h"

enum {
    MEMORY_BATCH_WORDS = 4096 /* of one flush in bulk reads and writes: 16 KB, 13 ms at 15 MHz */
};

/** Choose the access port and set it to 32 bits, address counting up. Once after connecting. */
void memory_queue_setup(struct swd *swd);

/** @pre @p address is a multiple of 4. */
void memory_queue_read(struct swd *swd, uint32_t address, uint32_t *words, size_t count);
void memory_queue_write(struct swd *swd, uint32_t address, const uint32_t *words, size_t count);
void memory_queue_write_word(struct swd *swd, uint32_t address, uint32_t word);

/** Send the queue; "reading 0x08000000: " goes in front of an error's text. */
enum status memory_flush(struct swd *swd, const char *doing, uint32_t address, struct error *err);

enum status memory_read(
    struct swd *swd, uint32_t address, uint32_t *words, size_t count, struct error *err);
enum status memory_write(
    struct swd *swd, uint32_t address, const uint32_t *words, size_t count, struct error *err);
enum status memory_read_word(struct swd *swd, uint32_t address, uint32_t *word, struct error *err);
enum status memory_write_word(struct swd *swd, uint32_t address, uint32_t word, struct error *err);

#endif
