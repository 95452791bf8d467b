/**
 * Register map, clocks, resets, pads, watchdog, CRC: against the tables of RM0444 as restated in
 * the project's reference of the part, written down here apart from the model.
 */
#include "tests/support.h"
#include "tests/unit/mcu/fake_mcu.h"

#include <string.h>

static const struct mcu_board no_board = {.vdda_v = 3.3};

static struct mcu *mcu;

static void set_up(void)
{
    mcu = fake_create(&no_board, 1);
}

static void tear_down(void)
{
    fake_destroy(mcu);
}

/* Address, value after power-on, name. */
static const struct {
    uint32_t address, value;
    const char *name;
} reset_values[] = {
    {0x40021000, 0x00000500, "RCC_CR"},
    {0x40021008, 0x00000000, "RCC_CFGR"},
    {0x4002100C, 0x00001000, "RCC_PLLCFGR"},
    {0x40021018, 0x00000000, "RCC_CIER"},
    {0x4002101C, 0x00000000, "RCC_CIFR"},
    {0x40021024, 0x00000000, "RCC_IOPRSTR"},
    {0x40021028, 0x00000000, "RCC_AHBRSTR"},
    {0x4002102C, 0x00000000, "RCC_APBRSTR1"},
    {0x40021030, 0x00000000, "RCC_APBRSTR2"},
    {0x40021034, 0x00000000, "RCC_IOPENR"},
    {0x40021038, 0x00000100, "RCC_AHBENR"},
    {0x4002103C, 0x00000000, "RCC_APBENR1"},
    {0x40021040, 0x00000000, "RCC_APBENR2"},
    {0x40021044, 0x0000002F, "RCC_IOPSMENR"},
    {0x40021048, 0x00001301, "RCC_AHBSMENR"},
    {0x4002104C, 0xFF7E4C33, "RCC_APBSMENR1"},
    {0x40021050, 0x0017D801, "RCC_APBSMENR2"},
    {0x40021054, 0x00000000, "RCC_CCIPR"},
    {0x4002105C, 0x00000000, "RCC_BDCR"},
    {0x40021060, 0x0C000000, "RCC_CSR"},
    {0x40007000, 0x00000208, "PWR_CR1"},
    {0x40007004, 0x00000000, "PWR_CR2"},
    {0x40007008, 0x00008000, "PWR_CR3"},
    {0x4000700C, 0x00000000, "PWR_CR4"},
    {0x40007010, 0x00000000, "PWR_SR1"},
    {0x40007014, 0x00000080, "PWR_SR2"},
    {0x40022000, 0x00050600, "FLASH_ACR, flash empty"},
    {0x40022010, 0x00000000, "FLASH_SR"},
    {0x40022014, 0xC0000000, "FLASH_CR"},
    {0x40022018, 0x00000000, "FLASH_ECCR"},
    {0x40022020, 0xFFFFFEAA, "FLASH_OPTR"},
    {0x50000000, 0xEBFFFFFF, "GPIOA_MODER"},
    {0x50000004, 0x00000000, "GPIOA_OTYPER"},
    {0x50000008, 0x0C000000, "GPIOA_OSPEEDR"},
    {0x5000000C, 0x24000000, "GPIOA_PUPDR"},
    {0x50000014, 0x00000000, "GPIOA_ODR"},
    {0x5000001C, 0x00000000, "GPIOA_LCKR"},
    {0x50000020, 0x00000000, "GPIOA_AFRL"},
    {0x50000024, 0x00000000, "GPIOA_AFRH"},
    {0x50000400, 0xFFFFFFFF, "GPIOB_MODER"},
    {0x5000040C, 0x00000000, "GPIOB_PUPDR"},
    {0x50000800, 0xFFFFFFFF, "GPIOC_MODER"},
    {0x50000C00, 0xFFFFFFFF, "GPIOD_MODER"},
    {0x50001400, 0xFFFFFFFF, "GPIOF_MODER"},
    {0x40021880, 0xFFF80000, "EXTI_IMR1"},
    {0x40021884, 0x00000000, "EXTI_EMR1"},
    {0x40021890, 0x00000003, "EXTI_IMR2"},
    {0x40021BF0, 0x00051021, "EXTI_HWCFGR1"},
    {0x40021BFC, 0xA3C5DD01, "EXTI_SIDR"},
    {0x40010018, 0x00000000, "SYSCFG_CFGR2"},
    {0x40013800, 0x00000000, "USART1_CR1"},
    {0x4001380C, 0x00000000, "USART1_BRR"},
    {0x4001381C, 0x000000C0, "USART1_ISR"},
    {0x4000441C, 0x000000C0, "USART2_ISR"},
    {0x4000481C, 0x000000C0, "USART3_ISR"},
    {0x40004C1C, 0x000000C0, "USART4_ISR"},
    {0x40013000, 0x00000000, "SPI1_CR1"},
    {0x40013004, 0x00000700, "SPI1_CR2"},
    {0x40013008, 0x00000002, "SPI1_SR"},
    {0x40013010, 0x00000007, "SPI1_CRCPR"},
    {0x40013020, 0x00000002, "SPI1_I2SPR"},
    {0x40003804, 0x00000700, "SPI2_CR2"},
    {0x40003808, 0x00000002, "SPI2_SR"},
    {0x40012400, 0x00000000, "ADC_ISR"},
    {0x40012408, 0x00000000, "ADC_CR"},
    {0x40012420, 0x0FFF0000, "ADC_AWD1TR"},
    {0x40012424, 0x0FFF0000, "ADC_AWD2TR"},
    {0x4001242C, 0x0FFF0000, "ADC_AWD3TR"},
    {0x40012428, 0x00000000, "ADC_CHSELR"},
    {0x40012440, 0x00000000, "ADC_DR"},
    {0x40012708, 0x00000000, "ADC_CCR"},
    {0x40003004, 0x00000000, "IWDG_PR"},
    {0x40003008, 0x00000FFF, "IWDG_RLR"},
    {0x4000300C, 0x00000000, "IWDG_SR"},
    {0x40003010, 0x00000FFF, "IWDG_WINR"},
    {0x40023000, 0xFFFFFFFF, "CRC_DR"},
    {0x40023004, 0x00000000, "CRC_IDR"},
    {0x40023008, 0x00000000, "CRC_CR"},
    {0x40023010, 0xFFFFFFFF, "CRC_INIT"},
    {0x40023014, 0x04C11DB7, "CRC_POL"},
    {0x40015800, 0x20006460, "DBG_IDCODE"},
    {0x40015804, 0x00000000, "DBG_CR"},
    {0x40015808, 0x00000000, "DBG_APB_FZ1"},
};

START_TEST(register_has_its_documented_value_after_power_on)
{
    uint32_t value = fake_read(mcu, reset_values[_i].address);

    ck_assert_msg(value == reset_values[_i].value, "%s is %08x, not %08x", reset_values[_i].name,
        (unsigned)value, (unsigned)reset_values[_i].value);
}

END_TEST

START_TEST(hsi_trim_stands_in_the_middle_after_reset)
{
    ck_assert_uint_eq(fake_read(mcu, 0x40021004) & 0xFF00, 0x4000);
}

END_TEST

/* Address, what sticks of all ones: reserved bits read 0. */
static const struct {
    uint32_t address, sticks;
    const char *name;
} stored_bits[] = {
    {0x40021034, 0x0000002F, "RCC_IOPENR"},
    {0x40021038, 0x00001101, "RCC_AHBENR"},
    {0x4002103C, 0xFF7E4C33, "RCC_APBENR1"},
    {0x40021040, 0x0017D801, "RCC_APBENR2"},
    {0x40021054, 0xC17CFC4F, "RCC_CCIPR"},
    {0x50000410, 0x00000000, "GPIOB_IDR"},
    {0x50000014, 0x0000FFFF, "GPIOA_ODR"},
    {0x40010000, 0x00FF07FB, "SYSCFG_CFGR1"},
    {0x40010018, 0x0000000F, "SYSCFG_CFGR2"},
    {0x40015800, 0x20006460, "DBG_IDCODE"},
    {0x40015804, 0x00000006, "DBG_CR"},
    {0x40015808, 0xC0201C33, "DBG_APB_FZ1"},
    {0x40013004, 0x00007FFF, "SPI1_CR2"},
    {0x40003820, 0x00000000, "SPI2_I2SPR"},
    {0x40012414, 0x07FFFF77, "ADC_SMPR"},
};

START_TEST(reserved_bits_read_zero_whatever_is_stored)
{
    fake_write(mcu, stored_bits[_i].address, 0xFFFFFFFF);
    uint32_t value = fake_read(mcu, stored_bits[_i].address);
    ck_assert_msg(value == stored_bits[_i].sticks, "%s is %08x, not %08x", stored_bits[_i].name,
        (unsigned)value, (unsigned)stored_bits[_i].sticks);
}

END_TEST

/* Clocks */

START_TEST(clock_is_16_mhz_after_reset)
{
    ck_assert_uint_eq(rcc_hclk_ps(mcu), 62500);
    ck_assert_uint_eq(rcc_pclk_ps(mcu), 62500);
    ck_assert_uint_eq(rcc_usart_ps(mcu, 1), 62500);
}

END_TEST

START_TEST(pll_gives_64_mhz_after_it_has_locked)
{
    fake_write(mcu, 0x4002100C, 0x30000802); /* HSI16, M 1, N 8, R 2, REN */
    fake_write(mcu, 0x40021000, 0x01000100);
    ck_assert_uint_eq(fake_read(mcu, 0x40021000) & 0x02000000, 0);
    fake_write(mcu, 0x40021008, 2); /* SW = PLLR, which is not there yet */
    ck_assert_uint_eq(fake_read(mcu, 0x40021008), 0x02);
    ck_assert_uint_eq(rcc_hclk_ps(mcu), 62500);
    fake_advance_us(mcu, 100);
    ck_assert_uint_eq(fake_read(mcu, 0x40021000), 0x03000500);
    ck_assert_uint_eq(fake_read(mcu, 0x40021008), 0x12);
    ck_assert_uint_eq(rcc_hclk_ps(mcu), 15625);
}

END_TEST

START_TEST(pll_with_factors_out_of_limits_never_locks)
{
    fake_write(mcu, 0x4002100C, 0x30000702); /* N 7 */
    fake_write(mcu, 0x40021000, 0x01000100);
    fake_advance_us(mcu, 1000000);
    ck_assert_uint_eq(fake_read(mcu, 0x40021000), 0x01000500);
}

END_TEST

START_TEST(crystal_that_is_not_fitted_never_gets_ready)
{
    fake_write(mcu, 0x40021000, 0x00010100);
    fake_advance_us(mcu, 1000000);
    ck_assert_uint_eq(fake_read(mcu, 0x40021000), 0x00010500);
}

END_TEST

START_TEST(running_clock_source_cannot_be_switched_off)
{
    fake_write(mcu, 0x40021000, 0);
    ck_assert_uint_eq(fake_read(mcu, 0x40021000), 0x00000500);
}

END_TEST

START_TEST(prescalers_divide_hclk_and_pclk)
{
    fake_write(mcu, 0x40021008, 9 << 8 | 5 << 12); /* AHB / 4, APB / 4 */
    ck_assert_uint_eq(rcc_hclk_ps(mcu), 250000);
    ck_assert_uint_eq(rcc_pclk_ps(mcu), 1000000);
    fake_write(mcu, 0x40021054, 2); /* USART1 from HSI16 */
    ck_assert_uint_eq(rcc_usart_ps(mcu, 1), 62500);
    ck_assert_uint_eq(rcc_usart_ps(mcu, 2), 1000000);
}

END_TEST

START_TEST(hsidiv_divides_the_system_clock)
{
    fake_write(mcu, 0x40021000, 0x00001900); /* HSION, / 8 */
    ck_assert_uint_eq(rcc_hclk_ps(mcu), 500000);
}

END_TEST

START_TEST(gate_follows_its_enable_bit_and_some_blocks_have_none)
{
    ck_assert(!rcc_is_clocked(mcu, 0x50000400));
    fake_write(mcu, 0x40021034, 2);
    ck_assert(rcc_is_clocked(mcu, 0x50000400));
    ck_assert(!rcc_is_clocked(mcu, 0x40013800));
    fake_write(mcu, 0x40021040, 1 << 14);
    ck_assert(rcc_is_clocked(mcu, 0x40013800));
    ck_assert(rcc_is_clocked(mcu, 0x40003000)); /* IWDG */
    ck_assert(rcc_is_clocked(mcu, 0x40021800)); /* EXTI */
    ck_assert(rcc_is_clocked(mcu, 0x40022000)); /* FLASH */
}

END_TEST

START_TEST(window_watchdog_clock_once_on_stays_on)
{
    fake_write(mcu, 0x4002103C, 1 << 11 | 1 << 28);
    fake_write(mcu, 0x4002103C, 0);
    ck_assert_uint_eq(fake_read(mcu, 0x4002103C), 1 << 11);
}

END_TEST

START_TEST(reset_bit_resets_its_peripheral)
{
    fake_write(mcu, 0x50000400, 0x12345678);
    fake_write(mcu, 0x50000800, 0x12345678);
    fake_write(mcu, 0x40021024, 2);
    fake_write(mcu, 0x40021024, 0);
    ck_assert_uint_eq(fake_read(mcu, 0x50000400), 0xFFFFFFFF);
    ck_assert_uint_eq(fake_read(mcu, 0x50000800), 0x12345678);
}

END_TEST

START_TEST(reset_flags_add_up_until_rmvf)
{
    fake_write(mcu, 0x40021060, 1 << 23);
    fake_reset(mcu, MCU_CAUSE_SOFTWARE);
    ck_assert_uint_eq(fake_read(mcu, 0x40021060), 0x14000000);
    fake_reset(mcu, MCU_CAUSE_IWDG);
    ck_assert_uint_eq(fake_read(mcu, 0x40021060), 0x34000000);
    fake_write(mcu, 0x40021060, 1 << 23);
    fake_reset(mcu, MCU_CAUSE_WWDG);
    ck_assert_uint_eq(fake_read(mcu, 0x40021060), 0x44000000);
    fake_reset(mcu, MCU_CAUSE_POWER);
    ck_assert_uint_eq(fake_read(mcu, 0x40021060), 0x0C000000);
}

END_TEST

START_TEST(lsi_is_ready_after_its_start_or_when_the_watchdog_runs)
{
    fake_write(mcu, 0x40021060, 1 << 23 | 1);
    ck_assert_uint_eq(fake_read(mcu, 0x40021060), 1);
    fake_advance_us(mcu, 500);
    ck_assert_uint_eq(fake_read(mcu, 0x40021060), 3);
    fake_write(mcu, 0x40021060, 0);
    ck_assert_uint_eq(fake_read(mcu, 0x40021060), 0);
    fake_write(mcu, 0x40003000, 0xCCCC);
    ck_assert_uint_eq(fake_read(mcu, 0x40021060), 2);
}

END_TEST

START_TEST(ready_flag_interrupts_only_when_enabled)
{
    fake_write(mcu, 0x40021060, 1);
    fake_advance_us(mcu, 500);
    ck_assert_uint_eq(fake_read(mcu, 0x4002101C), 0);
    fake_write(mcu, 0x40021060, 0);
    fake_write(mcu, 0x40021018, 1);
    fake_write(mcu, 0x40021060, 1);
    fake_advance_us(mcu, 500);
    ck_assert_uint_eq(fake_read(mcu, 0x4002101C), 1);
    ck_assert(mcu->irq[4]);
    fake_write(mcu, 0x40021020, 1);
    ck_assert(!mcu->irq[4]);
}

END_TEST

START_TEST(rtc_domain_needs_dbp_and_outlives_a_system_reset)
{
    fake_write(mcu, 0x4002105C, 0x8200);
    ck_assert_uint_eq(fake_read(mcu, 0x4002105C), 0);
    fake_write(mcu, 0x40007000, 0x308); /* DBP */
    fake_write(mcu, 0x4002105C, 0x8200);
    fake_write(mcu, 0x4002105C, 0x8100); /* RTCSEL is write once */
    ck_assert_uint_eq(fake_read(mcu, 0x4002105C), 0x8200);
    fake_reset(mcu, MCU_CAUSE_SOFTWARE);
    ck_assert_uint_eq(fake_read(mcu, 0x4002105C), 0x8200);
    fake_reset(mcu, MCU_CAUSE_POWER);
    ck_assert_uint_eq(fake_read(mcu, 0x4002105C), 0);
}

END_TEST

START_TEST(voltage_range_change_takes_a_while)
{
    fake_write(mcu, 0x40007000, 0x408);
    ck_assert_uint_eq(fake_read(mcu, 0x40007014), 0x480);
    fake_advance_us(mcu, 100);
    ck_assert_uint_eq(fake_read(mcu, 0x40007014), 0x80);
    fake_write(mcu, 0x40007000, 0x008); /* no such range: the old one stays */
    ck_assert_uint_eq(fake_read(mcu, 0x40007000), 0x408);
}

END_TEST

/* Pads */

struct pads {
    enum wire_level in[96];
    enum wire_level out[96];
    unsigned out_count;
    uint64_t out_ns;
};

static enum wire_level pads_in(void *ctx, uint64_t time_ns, unsigned pin)
{
    struct pads *pads = ctx;

    (void)time_ns;
    return pads->in[pin];
}

static void pads_out(void *ctx, uint64_t time_ns, unsigned pin, enum wire_level level)
{
    struct pads *pads = ctx;

    pads->out[pin] = level;
    pads->out_count++;
    pads->out_ns = time_ns;
}

static struct mcu *create_with(struct pads *pads)
{
    struct mcu_board board = {.ctx = pads, .pin_in = pads_in, .pin_out = pads_out, .vdda_v = 3.3};

    for (unsigned i = 0; i < 96; i++) {
        pads->in[i] = WIRE_FLOATING;
        pads->out[i] = WIRE_FLOATING;
    }
    pads->out_count = 0;
    return fake_create(&board, 1);
}

START_TEST(input_register_asks_the_board_and_then_the_pull)
{
    struct pads pads;
    struct mcu *part = create_with(&pads);

    fake_write(part, 0x50000400, 0xFFFFFF00); /* PB0 to PB3 inputs */
    fake_write(part, 0x5000040C, 0x00000084); /* PB1 pull-up, PB3 pull-down */
    pads.in[16] = WIRE_HIGH;
    ck_assert_uint_eq(fake_read(part, 0x50000410), 0x0003);
    pads.in[17] = WIRE_LOW;
    pads.in[19] = WIRE_HIGH;
    pads.in[20] = WIRE_HIGH; /* analog: reads 0 */
    ck_assert_uint_eq(fake_read(part, 0x50000410), 0x0009);
    fake_destroy(part);
}

END_TEST

START_TEST(board_hears_of_each_change_of_a_driven_level)
{
    struct pads pads;
    struct mcu *part = create_with(&pads);

    ck_assert_uint_eq(pads.out_count, 0);
    fake_advance_us(part, 7);
    fake_write(part, 0x50000018, 1 << 5); /* ODR bit alone drives nothing */
    ck_assert_uint_eq(pads.out_count, 0);
    fake_write(part, 0x50000000, 0xEBFFF7FF); /* PA5 output */
    ck_assert_int_eq(pads.out[5], WIRE_HIGH);
    ck_assert_uint_eq(pads.out_ns, 7000);
    fake_write(part, 0x50000018, 1 << 5); /* no change */
    ck_assert_uint_eq(pads.out_count, 1);
    ck_assert_uint_eq(fake_read(part, 0x50000010) & 0xFF, 1 << 5);
    fake_write(part, 0x50000028, 1 << 5);
    ck_assert_int_eq(pads.out[5], WIRE_LOW);
    fake_write(part, 0x50000018, 1u << 21 | 1u << 5); /* set wins */
    ck_assert_int_eq(pads.out[5], WIRE_HIGH);
    fake_write(part, 0x50000004, 1 << 5); /* open drain, high */
    ck_assert_int_eq(pads.out[5], WIRE_FLOATING);
    fake_write_sized(part, 0x5000001A, 2, 1 << 5); /* upper half of BSRR alone */
    ck_assert_int_eq(pads.out[5], WIRE_LOW);
    fake_reset(part, MCU_CAUSE_SOFTWARE);
    ck_assert_int_eq(pads.out[5], WIRE_FLOATING);
    fake_destroy(part);
}

END_TEST

START_TEST(pad_knows_its_alternate_function)
{
    ck_assert(gpio_is_af(mcu, MCU_PIN(0, 13), 0)); /* SWDIO */
    ck_assert(!gpio_is_af(mcu, MCU_PIN(0, 9), 0));
    ck_assert(gpio_is_analog(mcu, MCU_PIN(0, 9)));
    fake_write(mcu, 0x50000000, 0xEBEBFFFF); /* PA9, PA10 */
    fake_write(mcu, 0x50000024, 0x00000110);
    ck_assert(gpio_is_af(mcu, MCU_PIN(0, 9), 1));
    ck_assert(gpio_is_af(mcu, MCU_PIN(0, 10), 1));
    ck_assert(!gpio_is_analog(mcu, MCU_PIN(0, 9)));
}

END_TEST

START_TEST(locked_pad_keeps_its_configuration_until_reset)
{
    static const uint32_t sequence[] = {0x10001, 0x00001, 0x10001};

    fake_write(mcu, 0x50000400, 0xFFFFFFFD);
    for (size_t i = 0; i < 3; i++) {
        fake_write(mcu, 0x5000041C, sequence[i]);
    }
    ck_assert_uint_eq(fake_read(mcu, 0x5000041C), 0x10001);
    fake_write(mcu, 0x50000400, 0);
    ck_assert_uint_eq(fake_read(mcu, 0x50000400), 1);
    fake_reset(mcu, MCU_CAUSE_SOFTWARE);
    fake_write(mcu, 0x50000400, 0);
    ck_assert_uint_eq(fake_read(mcu, 0x50000400), 0);
}

END_TEST

START_TEST(broken_lock_sequence_locks_nothing)
{
    fake_write(mcu, 0x5000041C, 0x10001);
    fake_write(mcu, 0x5000041C, 0x00003); /* other pins */
    fake_write(mcu, 0x5000041C, 0x10001);
    ck_assert_uint_eq(fake_read(mcu, 0x5000041C) & 0x10000, 0);
}

END_TEST

START_TEST(edge_of_an_output_pad_pends_on_its_line)
{
    fake_write(mcu, 0x40021800, 1 << 4); /* rising, line 4 */
    fake_write(mcu, 0x40021864, 1);      /* line 4: port B */
    fake_write(mcu, 0x50000400, 0xFFFFFDFF);
    fake_write(mcu, 0x50000418, 1 << 4);
    ck_assert_uint_eq(fake_read(mcu, 0x4002180C), 0); /* masked: not even pending */
    fake_write(mcu, 0x40021880, 0xFFF80010);
    fake_write(mcu, 0x50000428, 1 << 4);
    fake_write(mcu, 0x50000418, 1 << 4);
    ck_assert_uint_eq(fake_read(mcu, 0x4002180C), 1 << 4);
    ck_assert_uint_eq(fake_read(mcu, 0x40021810), 0);
    ck_assert(mcu->irq[7]);
    ck_assert_uint_eq(fake_read(mcu, 0x4001009C), 1); /* ITLINE7 says EXTI4 */
    fake_write(mcu, 0x4002180C, 1 << 4);
    ck_assert(!mcu->irq[7]);
}

END_TEST

START_TEST(software_event_pends_like_a_rising_edge)
{
    fake_write(mcu, 0x40021880, 0xFFF80002);
    fake_write(mcu, 0x40021808, 2);
    ck_assert_uint_eq(fake_read(mcu, 0x40021808), 0);
    ck_assert_uint_eq(fake_read(mcu, 0x4002180C), 2);
    ck_assert(mcu->irq[5]);
}

END_TEST

/* Watchdog */

START_TEST(watchdog_bites_one_tick_after_zero)
{
    fake_write(mcu, 0x40003000, 0xCCCC);
    fake_write(mcu, 0x40003000, 0x5555);
    fake_write(mcu, 0x40003004, 4);   /* / 64: 2 ms a tick */
    fake_write(mcu, 0x40003008, 499); /* 500 ticks: 1 s */
    ck_assert_uint_eq(fake_read(mcu, 0x4000300C), 3);
    ck_assert_uint_eq(fake_read(mcu, 0x40003008), 0xFFF);
    fake_advance_ps(mcu, UINT64_C(5) * 31250000);
    ck_assert_uint_eq(fake_read(mcu, 0x4000300C), 0);
    ck_assert_uint_eq(fake_read(mcu, 0x40003008), 499);
    fake_write(mcu, 0x40003000, 0xAAAA);
    uint64_t fed_ps = mcu->now_ps;
    fake_advance_us(mcu, 999999);
    ck_assert(!mcu->has_reset_request);
    fake_advance_us(mcu, 2);
    ck_assert(mcu->has_reset_request);
    ck_assert_int_eq(mcu->reset_cause, MCU_CAUSE_IWDG);
    ck_assert_uint_eq(mcu->reset_at_ps - fed_ps, UINT64_C(1000000000000));
    fake_reset(mcu, MCU_CAUSE_IWDG);
    fake_advance_us(mcu, 10000000);
    ck_assert(!mcu->has_reset_request);
}

END_TEST

START_TEST(watchdog_time_does_not_depend_on_slices)
{
    fake_write(mcu, 0x40003000, 0xCCCC); /* / 4, 4096 ticks: 512 ms */
    for (unsigned i = 0; i < 3000 && !mcu->has_reset_request; i++) {
        fake_advance_ps(mcu, 1 + (uint64_t)i * 7919 * 10007 % 400000000);
        (void)fake_read(mcu, 0x4000300C);
    }
    ck_assert(mcu->has_reset_request);
    ck_assert_uint_eq(mcu->reset_at_ps, UINT64_C(512000000000));
}

END_TEST

START_TEST(watchdog_stands_still_while_halted_only_when_told)
{
    fake_write(mcu, 0x40003000, 0xCCCC);
    fake_write(mcu, 0x40015808, 0x1000);
    fake_advance_us(mcu, 100000);
    mcu->is_halted = true;
    fake_advance_us(mcu, 5000000);
    ck_assert(!mcu->has_reset_request);
    mcu->is_halted = false;
    fake_advance_us(mcu, 411999);
    ck_assert(!mcu->has_reset_request);
    fake_advance_us(mcu, 2);
    ck_assert(mcu->has_reset_request);
}

END_TEST

START_TEST(watchdog_refreshed_before_its_window_bites)
{
    fake_write(mcu, 0x40003000, 0xCCCC);
    fake_write(mcu, 0x40003000, 0x5555);
    fake_write(mcu, 0x40003010, 0x7FF);
    fake_advance_us(mcu, 1000);
    fake_write(mcu, 0x40003000, 0xAAAA);
    ck_assert(mcu->has_reset_request);
}

END_TEST

START_TEST(watchdog_settings_need_the_key)
{
    fake_write(mcu, 0x40003000, 0xCCCC);
    fake_write(mcu, 0x40003004, 4);
    ck_assert_uint_eq(fake_read(mcu, 0x4000300C), 0);
}

END_TEST

/* CRC, DBG */

START_TEST(crc_of_the_check_string_is_the_published_one)
{
    for (const char *at = "123456789"; *at != '\0'; at++) {
        fake_write_sized(mcu, 0x40023000, 1, (uint8_t)*at);
    }
    ck_assert_uint_eq(fake_read(mcu, 0x40023000), 0x0376E6E7); /* CRC-32/MPEG-2 */
}

END_TEST

START_TEST(crc_reversed_is_the_one_of_zlib)
{
    fake_write(mcu, 0x40023008, 1 << 5 | 1 << 7 | 1);
    for (const char *at = "123456789"; *at != '\0'; at++) {
        fake_write_sized(mcu, 0x40023000, 1, (uint8_t)*at);
    }
    ck_assert_uint_eq(~fake_read(mcu, 0x40023000), 0xCBF43926); /* CRC-32/ISO-HDLC */
}

END_TEST

START_TEST(crc_of_16_bits_is_the_one_of_modbus)
{
    fake_write(mcu, 0x40023014, 0x8005);
    fake_write(mcu, 0x40023010, 0xFFFF);
    fake_write(mcu, 0x40023008, 1 << 3 | 1 << 5 | 1 << 7 | 1);
    for (const char *at = "123456789"; *at != '\0'; at++) {
        fake_write_sized(mcu, 0x40023000, 1, (uint8_t)*at);
    }
    ck_assert_uint_eq(fake_read(mcu, 0x40023000), 0x4B37); /* CRC-16/MODBUS */
}

END_TEST

START_TEST(crc_takes_a_word_as_its_four_bytes_from_the_top)
{
    fake_write(mcu, 0x40023000, 0x31323334);
    uint32_t of_word = fake_read(mcu, 0x40023000);
    fake_write(mcu, 0x40023008, 1);
    for (uint32_t byte = 0x31; byte <= 0x34; byte++) {
        fake_write_sized(mcu, 0x40023000, 1, byte);
    }
    ck_assert_uint_eq(fake_read(mcu, 0x40023000), of_word);
}

END_TEST

START_TEST(debug_settings_outlive_a_system_reset_but_not_power)
{
    fake_write(mcu, 0x40015804, 6);
    fake_write(mcu, 0x40015808, 0x1800);
    fake_reset(mcu, MCU_CAUSE_SOFTWARE);
    ck_assert_uint_eq(fake_read(mcu, 0x40015804), 6);
    ck_assert_uint_eq(fake_read(mcu, 0x40015808), 0x1800);
    fake_reset(mcu, MCU_CAUSE_POWER);
    ck_assert_uint_eq(fake_read(mcu, 0x40015804), 0);
}

END_TEST

START_TEST(short_loads_see_their_bytes_of_the_word)
{
    ck_assert_uint_eq(fake_read_sized(mcu, 0x40015802, 2), 0x2000);
    ck_assert_uint_eq(fake_read_sized(mcu, 0x40015801, 1), 0x64);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("mcu peripherals");
    TCase *tests = tcase_create("peripherals");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, register_has_its_documented_value_after_power_on, 0,
        sizeof reset_values / sizeof reset_values[0]);
    tcase_add_loop_test(tests, reserved_bits_read_zero_whatever_is_stored, 0,
        sizeof stored_bits / sizeof stored_bits[0]);
    tcase_add_test(tests, hsi_trim_stands_in_the_middle_after_reset);
    tcase_add_test(tests, clock_is_16_mhz_after_reset);
    tcase_add_test(tests, pll_gives_64_mhz_after_it_has_locked);
    tcase_add_test(tests, pll_with_factors_out_of_limits_never_locks);
    tcase_add_test(tests, crystal_that_is_not_fitted_never_gets_ready);
    tcase_add_test(tests, running_clock_source_cannot_be_switched_off);
    tcase_add_test(tests, prescalers_divide_hclk_and_pclk);
    tcase_add_test(tests, hsidiv_divides_the_system_clock);
    tcase_add_test(tests, gate_follows_its_enable_bit_and_some_blocks_have_none);
    tcase_add_test(tests, window_watchdog_clock_once_on_stays_on);
    tcase_add_test(tests, reset_bit_resets_its_peripheral);
    tcase_add_test(tests, reset_flags_add_up_until_rmvf);
    tcase_add_test(tests, lsi_is_ready_after_its_start_or_when_the_watchdog_runs);
    tcase_add_test(tests, ready_flag_interrupts_only_when_enabled);
    tcase_add_test(tests, rtc_domain_needs_dbp_and_outlives_a_system_reset);
    tcase_add_test(tests, voltage_range_change_takes_a_while);
    tcase_add_test(tests, input_register_asks_the_board_and_then_the_pull);
    tcase_add_test(tests, board_hears_of_each_change_of_a_driven_level);
    tcase_add_test(tests, pad_knows_its_alternate_function);
    tcase_add_test(tests, locked_pad_keeps_its_configuration_until_reset);
    tcase_add_test(tests, broken_lock_sequence_locks_nothing);
    tcase_add_test(tests, edge_of_an_output_pad_pends_on_its_line);
    tcase_add_test(tests, software_event_pends_like_a_rising_edge);
    tcase_add_test(tests, watchdog_bites_one_tick_after_zero);
    tcase_add_test(tests, watchdog_time_does_not_depend_on_slices);
    tcase_add_test(tests, watchdog_stands_still_while_halted_only_when_told);
    tcase_add_test(tests, watchdog_refreshed_before_its_window_bites);
    tcase_add_test(tests, watchdog_settings_need_the_key);
    tcase_add_test(tests, crc_of_the_check_string_is_the_published_one);
    tcase_add_test(tests, crc_reversed_is_the_one_of_zlib);
    tcase_add_test(tests, crc_of_16_bits_is_the_one_of_modbus);
    tcase_add_test(tests, crc_takes_a_word_as_its_four_bytes_from_the_top);
    tcase_add_test(tests, debug_settings_outlive_a_system_reset_but_not_power);
    tcase_add_test(tests, short_loads_see_their_bytes_of_the_word);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
