/**
 * From reset to the main loop.
 *
 *     pads safe -> clock -> watchdog -> own image intact? -> peripherals, taps let go -> loop
 *                                              | no
 *                                              +-> taps off, red LED, silence, reset by the
 * watchdog
 *
 * The loop feeds the watchdog, does what is due and sleeps until the next interrupt; the tick comes
 * every millisecond. No wait for a peripheral has a time limit of its own: the watchdog is it.
 */
#include "firmware/core/selfcheck.h"
#include "firmware/core/unit.h"
#include "firmware/hal/board.h"
#include "firmware/hal/clock.h"
#include "firmware/hal/cpu.h"
#include "firmware/hal/registers.h"
#include "firmware/hal/watchdog.h"
#include "firmware/startup/vectors.h"

static struct unit unit;

/** Sleep, unless a tick has come since @p now_ms: then there is work already. */
static void sleep_after(uint32_t now_ms)
{
    cpu_interrupts_off();
    if (clock_now_ms() == now_ms) {
        cpu_sleep();
    }
    cpu_interrupts_on();
}

_Noreturn void unit_main(void)
{
    board_init_pads();
    clock_init();
    watchdog_start();
    if (!selfcheck_image((const uint8_t *)FLASH_BASE, SELFCHECK_IMAGE_LEN_MAX)) {
        board_stop_safely();
    }
    board_init();
    unit_init(&unit, &BOARD_PORT, &product_table, (const uint8_t *)UNIQUE_ID_BASE);
    for (;;) {
        uint32_t now_ms = clock_now_ms();

        watchdog_feed();
        unit_poll(&unit);
        sleep_after(now_ms);
    }
}
