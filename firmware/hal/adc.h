/** The part's own converter: 12 bits, polled, one channel at a time. */
#ifndef EVENKEEL_FIRMWARE_HAL_ADC_H
#define EVENKEEL_FIRMWARE_HAL_ADC_H

#include <stdint.h>

/** Regulator, calibration, on. @pre pads are analog, clock of the ADC is on. Blocks below 1 ms. */
void adc_init(void);
/** One conversion, 25 us. */
uint16_t adc_read_raw(unsigned channel);

#endif
