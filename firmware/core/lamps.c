#include "firmware/core/lamps.h"

enum {
    BLINK_HALF_MS = 500
};

struct lamps lamps_at(enum pack_status status, bool has_fault, uint32_t now_ms)
{
    bool is_lit_half = now_ms / BLINK_HALF_MS % 2 == 0;
    bool is_connected = status != PACK_UNKNOWN && status != PACK_WRONG_COUNT;

    return (struct lamps){
        .blue = is_connected || is_lit_half,
        .red = has_fault || (status == PACK_WRONG_COUNT && is_lit_half),
    };
}
