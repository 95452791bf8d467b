/** Core clock and the 1 kHz tick. */
#ifndef EVENKEEL_FIRMWARE_HAL_CLOCK_H
#define EVENKEEL_FIRMWARE_HAL_CLOCK_H

#include <stdint.h>

enum {
    CLOCK_CORE_HZ = 16000000,
    CLOCK_TICK_HZ = 1000
};

/** HSI16 undivided for core and buses, no flash wait state; the tick runs from here on. */
void clock_init(void);
/** Ticks since clock_init(). The core loses ticks while a page is erased. */
uint32_t clock_now_ms(void);

void clock_tick_isr(void);

#endif
