/**
 * The link's fault wrapper: stands in front of any link, forwards and counts everything, and lets
 * one operation go wrong. Nothing above it can tell it from a link that goes wrong by itself.
 *
 *     caller --> fault link --> usb, virtual, ...
 *                  | operation N: late, lost, flipped, dropped, unplugged
 *
 * What goes wrong keeps the promises of link.h, so each kind shows in the way that the contract has
 * a word for:
 *
 *              control, control_in     submit            complete              read_some
 *     SILENCE  not sent: IO            never goes out    broken off: TIMEOUT   nothing comes
 *     LOSE     sent, answer lost: IO   -                 done, then TIMEOUT    bytes lost, nothing
 *     FLIP     bits of the answer      -                 bits of what is read  bits
 *     FLIP_OUT -                       bits written      -                     -
 *     DROP     -                       -                 -                     some bytes missing
 *     UNPLUG   IO, and so does everything from then on; queued transfers are cancelled
 *
 * A fault whose operation cannot carry it ("-", or no byte to spoil) waits for the next that can.
 */
#ifndef EVENKEEL_HARNESS_LINK_LINK_FAULT_H
#define EVENKEEL_HARNESS_LINK_LINK_FAULT_H

#include "harness/link/link.h"

#include <stdbool.h>

enum link_operation {
    LINK_OPERATION_CONTROL,
    LINK_OPERATION_CONTROL_IN,
    LINK_OPERATION_SUBMIT,
    LINK_OPERATION_COMPLETE,
    LINK_OPERATION_READ_SOME,
    LINK_OPERATION_ANY, /* of all, in the order of the calls */
    LINK_OPERATION_COUNT
};

enum link_fault_kind {
    LINK_FAULT_NONE, /* count only */
    LINK_FAULT_SILENCE,
    LINK_FAULT_LOSE,
    LINK_FAULT_FLIP,
    LINK_FAULT_FLIP_OUT,
    LINK_FAULT_DROP,
    LINK_FAULT_UNPLUG,
    LINK_FAULT_COUNT
};

/** What is to go wrong, and what has happened so far. Caller's memory, which outlives the link. */
struct link_fault {
    enum link_fault_kind kind;
    enum link_operation operation; /* which operations `no` counts */
    uint64_t no;                   /* from 1; 0: never */
    unsigned flip_count;           /* FLIP, FLIP_OUT: bits; 0 is 1 */
    uint64_t seed;                 /* which bits, which bytes */

    uint64_t counts[LINK_OPERATION_COUNT]; /* (out) operations so far */
    bool has_fired;                        /* (out) */
};

/**
 * Put the wrapper in front of @p inner, which it takes: link_close() closes both.
 *
 * @param fault  kept
 */
struct link *link_fault_create(struct link *inner, struct link_fault *fault);

/** "complete", "any"; NULL for a number that is none. */
const char *link_operation_name(enum link_operation operation);
/** "unplug"; NULL for a number that is none. */
const char *link_fault_kind_name(enum link_fault_kind kind);

#endif
