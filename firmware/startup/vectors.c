/**
 * The 48 vectors, reset, and the faults.
 *
 * RAM from its start: the stack (growing down, so that an overflow runs out of RAM and faults
 * instead of eating variables), then data. The stack is painted at reset; what is still paint can
 * be read by SWD.
 */
#include "firmware/startup/vectors.h"

#include "firmware/hal/board.h"
#include "firmware/hal/clock.h"
#include "firmware/hal/cpu.h"
#include "firmware/hal/flash.h"
#include "firmware/hal/serial.h"

#include <stdint.h>

#define STACK_PAINT 0x57AC57ACu

/* From link.ld; only their addresses mean something. */
extern uint32_t link_stack_begin[], link_stack_end[];
extern uint32_t link_data_load[], link_data_begin[], link_data_end[];
extern uint32_t link_bss_begin[], link_bss_end[];

/** Stops at the frame it runs on. */
static void paint_stack(void)
{
    uint32_t end = cpu_stack_address();

    for (volatile uint32_t *word = link_stack_begin; (uint32_t)word < end; word++) {
        *word = STACK_PAINT;
    }
}

_Noreturn void reset_handler(void)
{
    const uint32_t *from = link_data_load;

    for (volatile uint32_t *to = link_data_begin; to < link_data_end; to++) {
        *to = *from++;
    }
    for (volatile uint32_t *to = link_bss_begin; to < link_bss_end; to++) {
        *to = 0;
    }
    paint_stack();
    unit_main();
}

void nmi_handler(void)
{
    if (!flash_take_nmi()) {
        board_stop_safely();
    }
}

/** Hard faults, and interrupts that nothing has switched on. */
_Noreturn void fault_handler(void)
{
    board_stop_safely();
}

#define FOUR(handler) handler, handler, handler, handler

__attribute__((section(".vectors"), used)) const vector_fn VECTORS[VECTOR_COUNT] = {
    (vector_fn)(uintptr_t)link_stack_end,
    reset_handler,
    nmi_handler,
    fault_handler,
    [11] = fault_handler, /* SVCall */
    [14] = fault_handler, /* PendSV */
    [15] = clock_tick_isr,
    FOUR(fault_handler), /* interrupts 0 .. 3 */
    FOUR(fault_handler),
    FOUR(fault_handler),
    FOUR(fault_handler),
    FOUR(fault_handler),
    FOUR(fault_handler),
    fault_handler, /* 24 */
    fault_handler,
    fault_handler,
    serial_isr, /* 27: USART1 */
    FOUR(fault_handler),
};
