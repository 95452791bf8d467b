#include "firmware/hal/clock.h"

#include "firmware/hal/registers.h"

static volatile uint32_t tick_count; /* written by the tick alone */

/** Explicitly, although it is the reset state: a bootloader or debugger may have been here. */
static void select_hsi16(void)
{
    RCC->cr = (RCC->cr & ~RCC_CR_HSIDIV_MASK) | RCC_CR_HSION;
    while ((RCC->cr & RCC_CR_HSIRDY) == 0) {
    }
    RCC->cfgr &= ~(RCC_CFGR_SW_MASK | RCC_CFGR_DIVIDER_MASK);
    while ((RCC->cfgr & RCC_CFGR_SWS_MASK) != 0) {
    }
    FLASH->acr &= ~FLASH_ACR_LATENCY_MASK; /* last: the slow clock is already there */
}

void clock_init(void)
{
    select_hsi16();
    SYSTICK->rvr = CLOCK_CORE_HZ / CLOCK_TICK_HZ - 1;
    SYSTICK->cvr = 0;
    SYSTICK->csr = SYSTICK_CSR_CORE | SYSTICK_CSR_TICKINT | SYSTICK_CSR_ENABLE;
}

uint32_t clock_now_ms(void)
{
    return tick_count;
}

void clock_tick_isr(void)
{
    tick_count++;
}
