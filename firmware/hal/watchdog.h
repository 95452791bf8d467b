/** Independent watchdog, about 2 s. */
#ifndef EVENKEEL_FIRMWARE_HAL_WATCHDOG_H
#define EVENKEEL_FIRMWARE_HAL_WATCHDOG_H

/** Cannot be undone but by a reset. Blocks under a millisecond. */
void watchdog_start(void);
/** From the main loop alone: an interrupt that still runs proves nothing. */
void watchdog_feed(void);

#endif
