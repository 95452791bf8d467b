/**
 * The unit: one cooperative machine, polled at every wake-up.
 *
 *      500 ms start to start                      line idle, request waiting
 *     +-> SCAN: 26 steps, 1 to 2 ms each -> pack -> FRAME (cells or factory) -> line
 *
 * Promises to whoever is at the other end of the line:
 * - A scan begins only when every byte sent before has left the part. So the scan of a cell frame
 *   began after the cell frame before it was complete: what happened at the unit's taps before the
 *   end of one frame is seen whole by the next.
 * - One request is answered at a time, when the line is idle; a scan that is due goes first, so no
 *   flood of requests can starve it.
 * - A write is acknowledged when it stands in flash and has been read back. A write out of range,
 * to an unknown register, or that flash does not take, changes nothing and is not acknowledged.
 *   Balancing cannot be switched on while the cell count is wrong or a fault stands (EK-16).
 *
 * The seats of balancing and alarms: unit_poll() calls each part in turn with the same pack, and
 * struct lamps is already the whole panel.
 */
#ifndef EVENKEEL_FIRMWARE_CORE_UNIT_H
#define EVENKEEL_FIRMWARE_CORE_UNIT_H

#include "firmware/core/diary.h"
#include "firmware/core/factory.h"
#include "firmware/core/pack.h"
#include "firmware/core/product.h"
#include "firmware/core/settings.h"
#include "firmware/protocol/frames.h"
#include "firmware/protocol/requests.h"

enum {
    UNIT_PERIOD_MS = 500,
    UNIT_DIARY_PERIOD_S = 600,
    UNIT_ID_LEN = 12
};

/** Storage flags as on the wire. */
enum {
    UNIT_STORE_READ_FAILED = 1,
    UNIT_STORE_WRITE_FAILED = 2
};

struct unit {
    const struct port *port;
    const struct product *product;
    char device_id[13];

    struct settings settings;
    struct factory factory;
    struct copies settings_copies, factory_copies;
    struct diary diary;
    bool has_read_failed;      /* at boot, of any store */
    uint8_t write_failed_mask; /* stores whose last write failed */

    struct scan scan;
    struct pack pack;
    enum pack_status status;
    bool is_scan_wanted;
    uint32_t scan_due_ms;

    struct request_parser parser;
    bool is_streaming_cells;   /* since "+CONNECTED" or a read of cells */
    bool is_streaming_factory; /* since a read of factory; over at the next other read */
    uint8_t frame_counter;

    uint32_t second_began_ms;
    uint32_t uptime_s;
    uint32_t runtime_before_s; /* run time when uptime was 0 */
    uint32_t diary_due_s;
    uint8_t frame[FRAME_LEN_MAX];
};

/** Load what is stored, count this power-on. Keeps @p port and @p product. Blocks up to 45 ms. */
void unit_init(struct unit *unit, const struct port *port, const struct product *product,
    const uint8_t unique_id[UNIT_ID_LEN]);
/** Do what is due, and return: at most about 1 ms, except for a store, 45 ms. */
void unit_poll(struct unit *unit);

#endif
