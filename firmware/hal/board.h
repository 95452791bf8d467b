/** The reference board: which pad does what. The table is fixtures/virtual/boards/README.md. */
#ifndef EVENKEEL_FIRMWARE_HAL_BOARD_H
#define EVENKEEL_FIRMWARE_HAL_BOARD_H

#include "firmware/core/port.h"

/** Pads to their safe levels: taps off, converter not selected, LEDs and buzzer off. */
void board_init_pads(void);
/** Peripherals, then the tap latches cleared, then the taps let go. @pre board_init_pads() */
void board_init(void);
/**
 * Taps off, red LED on; then wait for the watchdog. Works from any state, interrupts included,
 * without RAM but for a little stack.
 */
_Noreturn void board_stop_safely(void);

extern const struct port BOARD_PORT;

#endif
