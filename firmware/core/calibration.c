#include "firmware/core/calibration.h"

#define LOW_POINT_V  1.5f
#define HIGH_POINT_V 3.8f
#define CHAIN_LSB_V  (2.5f / 0.508f / 65536.0f)
#define AUX_LSB_V    (3.3f / 4096.0f)

float calibration_slope(float standard_vol2_v, float battery_vol2_v)
{
    return (battery_vol2_v - standard_vol2_v) / (HIGH_POINT_V - LOW_POINT_V);
}

float calibration_chain_v(
    const struct calibration *calibration, uint32_t code_sum, uint32_t zero_code_sum)
{
    int32_t difference = (int32_t)code_sum - (int32_t)zero_code_sum;
    float raw_v = (float)difference * (CHAIN_LSB_V / (float)CALIBRATION_SUM_COUNT);

    return calibration->standard_vol2_v + (raw_v - LOW_POINT_V) * calibration->slope;
}

float calibration_aux_v(uint32_t code_sum, unsigned count)
{
    return (float)code_sum / (float)count * AUX_LSB_V;
}
