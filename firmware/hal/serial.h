/**
 * USART1 to the Bluetooth module: 115200 8N1, both directions through rings and the FIFOs.
 *
 * The transmitter asks for more when its FIFO of 8 is empty; the character in the shifter then
 * still has 87 us to go, so the line has no gaps.
 */
#ifndef EVENKEEL_FIRMWARE_HAL_SERIAL_H
#define EVENKEEL_FIRMWARE_HAL_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** @pre pads and clock of USART1 are set up */
void serial_init(void);
/** All or nothing; what does not fit is dropped (511 bytes do). */
void serial_send(const uint8_t *data, size_t len);
/** Nothing queued, and the last stop bit is out. */
bool serial_is_idle(void);
/** @return false: nothing was received */
bool serial_receive(uint8_t *byte);

void serial_isr(void);

#endif
