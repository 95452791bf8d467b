#include "firmware/hal/adc.h"

#include "firmware/hal/registers.h"

enum {
    REGULATOR_LOOPS = 160 /* at least 20 us at 16 MHz: a turn takes more than two clocks */
};

void adc_init(void)
{
    ADC1->cr = ADC_CR_ADVREGEN;
    for (volatile uint32_t i = 0; i < REGULATOR_LOOPS; i++) {
    }
    /* All configuration before ADEN: writing it later corrupts it (ES0418, ADC). */
    ADC1->cfgr1 = 0;
    ADC1->cfgr2 = ADC_CFGR2_PCLK_DIV_4;
    ADC1->smpr = ADC_SMPR_79_5; /* 20 us for a source of 5 kohm */
    ADC1->cr |= ADC_CR_ADCAL;
    while ((ADC1->cr & ADC_CR_ADCAL) != 0) {
    }
    ADC1->isr = ADC_ISR_EOCAL | ADC_ISR_ADRDY;
    ADC1->cr |= ADC_CR_ADEN;
    while ((ADC1->isr & ADC_ISR_ADRDY) == 0) {
    }
}

uint16_t adc_read_raw(unsigned channel)
{
    uint32_t wanted_mask = 1u << channel;

    if (ADC1->chselr != wanted_mask) {
        ADC1->isr = ADC_ISR_CCRDY;
        ADC1->chselr = wanted_mask;
        while ((ADC1->isr & ADC_ISR_CCRDY) == 0) {
        }
    }
    ADC1->cr |= ADC_CR_ADSTART;
    while ((ADC1->isr & ADC_ISR_EOC) == 0) {
    }
    return (uint16_t)ADC1->dr; /* reading clears EOC */
}
