#include "firmware/hal/watchdog.h"

#include "firmware/hal/registers.h"

enum {
    PRESCALER_32 = 3, /* LSI 32 kHz -> 1 kHz; LSI is 29.5 .. 34 kHz, so 1.9 .. 2.2 s */
    RELOAD = 2000 - 1
};

void watchdog_start(void)
{
    IWDG->kr = IWDG_KEY_START; /* first: the registers move only when LSI runs */
    IWDG->kr = IWDG_KEY_UNLOCK;
    IWDG->pr = PRESCALER_32;
    IWDG->rlr = RELOAD;
    while (IWDG->sr != 0) {
    }
    watchdog_feed();
}

void watchdog_feed(void)
{
    IWDG->kr = IWDG_KEY_FEED;
}
