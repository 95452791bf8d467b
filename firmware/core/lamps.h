/**
 * LEDs and buzzer as a pure function of what stands and of the time.
 *
 *     blue   steady: the set number of cells is connected; blinking: not
 *     red    steady: internal or storage fault; blinking: battery detection failed
 *     green  off: the balance light's seat
 *     buzzer off: the alarms' seat
 *
 * Blinking is half a second on, half a second off.
 */
#ifndef EVENKEEL_FIRMWARE_CORE_LAMPS_H
#define EVENKEEL_FIRMWARE_CORE_LAMPS_H

#include "firmware/core/pack.h"

struct lamps lamps_at(enum pack_status status, bool has_fault, uint32_t now_ms);

#endif
