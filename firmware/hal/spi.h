/** SPI1: master, mode 0, 8 bits, 2 MHz (the ADS8320 takes 2.4), polled. */
#ifndef EVENKEEL_FIRMWARE_HAL_SPI_H
#define EVENKEEL_FIRMWARE_HAL_SPI_H

#include <stdint.h>

/** @pre pads and clock of SPI1 are set up */
void spi_init(void);
/** One byte out and one in, 4 us. */
uint8_t spi_exchange(uint8_t byte);

#endif
