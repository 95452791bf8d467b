#include "firmware/core/thermistor.h"

#include <string.h>

#define B_K       3435.0f
#define T_25_K    298.15f
#define ZERO_C_K  273.15f
#define LN_2      0.69314718f
#define CODE_FULL 4096.0f

/** Natural logarithm of a positive normal number: 2 atanh((m-1)/(m+1)), m in 0.71 .. 1.42. */
static float logarithm(float x)
{
    uint32_t bits;
    float m;

    memcpy(&bits, &x, sizeof bits);
    int32_t exponent = (int32_t)(bits >> 23) - 127;
    bits = (bits & 0x007FFFFFu) | 0x3F800000u;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.41421356f) {
        m *= 0.5f;
        exponent++;
    }
    float z = (m - 1.0f) / (m + 1.0f);
    float zz = z * z; /* at most 0.03: the first term left out is below 1e-7 */
    float series = 1.0f + zz * (1.0f / 3.0f + zz * (1.0f / 5.0f + zz * (1.0f / 7.0f)));
    return (float)exponent * LN_2 + 2.0f * z * series;
}

float thermistor_c(uint32_t code_sum, unsigned count)
{
    float share = (float)code_sum / ((float)count * CODE_FULL);

    if (share > 0.99f) {
        return THERMISTOR_OPEN_C;
    }
    if (share < 0.01f) {
        return THERMISTOR_SHORTED_C;
    }
    /* The pull-up and the NTC at 25 C are both 10 kohm. */
    float inverse_t = 1.0f / T_25_K + logarithm(share / (1.0f - share)) / B_K;
    return 1.0f / inverse_t - ZERO_C_K;
}
