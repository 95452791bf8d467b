/** NTC of 10 kohm at 25 C and B = 3435 K, below 10 kohm to VDDA: code to degrees Celsius. */
#ifndef EVENKEEL_FIRMWARE_CORE_THERMISTOR_H
#define EVENKEEL_FIRMWARE_CORE_THERMISTOR_H

#include <stdint.h>

/** What is shown when there is no sensor to believe: far outside what the part can do. */
#define THERMISTOR_OPEN_C    -200.0f
#define THERMISTOR_SHORTED_C 255.0f

/** Sum of @p count codes 0 .. 4095. Open above 99 % of VDDA (-62 C), shorted below 1 % (222 C). */
float thermistor_c(uint32_t code_sum, unsigned count);

#endif
