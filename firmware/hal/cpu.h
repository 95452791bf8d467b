/** The few instructions that C has no words for. */
#ifndef EVENKEEL_FIRMWARE_HAL_CPU_H
#define EVENKEEL_FIRMWARE_HAL_CPU_H

#include <stdint.h>

static inline void cpu_interrupts_off(void)
{
    __asm__ volatile("cpsid i" ::: "memory");
}

static inline void cpu_interrupts_on(void)
{
    __asm__ volatile("cpsie i" ::: "memory");
}

/** Sleep until an interrupt is pending, masked or not. */
static inline void cpu_sleep(void)
{
    __asm__ volatile("dsb\n\twfi" ::: "memory");
}

/** Everything before is done, a fault of it included. */
static inline void cpu_settle(void)
{
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

/** Where the stack stands now. */
static inline uint32_t cpu_stack_address(void)
{
    uint32_t address;

    __asm__ volatile("mov %0, sp" : "=r"(address));
    return address;
}

#endif
