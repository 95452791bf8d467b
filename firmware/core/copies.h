/**
 * One record kept twice, in two flash pages written alternately.
 *
 *     double word 0   magic, version, length of the payload
 *                 1   sequence, 0
 *                 2.. payload, filled up with ones
 *                 n   CRC-32 of all before it, end mark 0x454B5242
 *
 * The newest valid copy wins. A save erases the other page, programs front to back and reads all of
 * it back; until the last double word stands, the old copy is the valid one, so that power may go
 * at any moment. A copy whose last double word is still blank is torn: a save that never ended,
 * not a loss.
 */
#ifndef EVENKEEL_FIRMWARE_CORE_COPIES_H
#define EVENKEEL_FIRMWARE_CORE_COPIES_H

#include "firmware/core/port.h"

enum {
    COPIES_PAYLOAD_MAX = 96
};

struct copies_layout {
    uint8_t first_page; /* this one and the next */
    uint16_t version;
    uint16_t payload_len;
    uint32_t magic;
};

struct copies {
    const struct flash_port *flash;
    const struct copies_layout *layout;
    bool has_valid;
    uint8_t page; /* of the valid copy */
    uint32_t sequence;
};

enum copies_state {
    COPIES_LOADED,
    COPIES_FRESH,     /* never written: nothing was lost */
    COPIES_UNREADABLE /* there was something, and neither copy can be used */
};

/** Keeps @p flash and @p layout. @p payload is written only when the state is COPIES_LOADED. */
enum copies_state copies_load(struct copies *copies, const struct flash_port *flash,
    const struct copies_layout *layout, void *payload);

/** Blocks 23 .. 45 ms. False: the new copy does not hold; the old one still does. */
bool copies_save(struct copies *copies, const void *payload);

#endif
