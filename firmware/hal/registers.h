/**
 * Registers of the STM32G071 that this firmware touches, from RM0444: offsets as structs, bits as
 * constants. Every offset is asserted below with the manual's number, so that a member too few
 * cannot shift the rest unseen.
 */
#ifndef EVENKEEL_FIRMWARE_HAL_REGISTERS_H
#define EVENKEEL_FIRMWARE_HAL_REGISTERS_H

#include <stddef.h>
#include <stdint.h>

struct rcc_regs {
    volatile uint32_t cr, icscr, cfgr, pllcfgr, reserved_10[2], cier, cifr, cicr;
    volatile uint32_t ioprstr, ahbrstr, apbrstr1, apbrstr2;
    volatile uint32_t iopenr, ahbenr, apbenr1, apbenr2;
};

struct flash_regs {
    volatile uint32_t acr, reserved_04, keyr, optkeyr, sr, cr, eccr;
};

struct gpio_regs {
    volatile uint32_t moder, otyper, ospeedr, pupdr, idr, odr, bsrr, lckr, afrl, afrh, brr;
};

struct usart_regs {
    volatile uint32_t cr1, cr2, cr3, brr, gtpr, rtor, rqr, isr, icr, rdr, tdr, presc;
};

struct spi_regs {
    volatile uint32_t cr1, cr2, sr, dr;
};

struct adc_regs {
    volatile uint32_t isr, ier, cr, cfgr1, cfgr2, smpr, reserved_18[2];
    volatile uint32_t awd1tr, awd2tr, chselr, awd3tr, reserved_30[4], dr;
};

struct iwdg_regs {
    volatile uint32_t kr, pr, rlr, sr, winr;
};

struct systick_regs {
    volatile uint32_t csr, rvr, cvr;
};

struct nvic_regs {
    volatile uint32_t iser, reserved_04[31], icer;
};

struct scb_regs {
    volatile uint32_t cpuid, icsr;
};

#define OFFSET_IS(type, member, offset) \
    _Static_assert(offsetof(struct type, member) == (offset), #type "." #member)

OFFSET_IS(rcc_regs, cfgr, 0x08);
OFFSET_IS(rcc_regs, cicr, 0x20);
OFFSET_IS(rcc_regs, iopenr, 0x34);
OFFSET_IS(rcc_regs, apbenr2, 0x40);
OFFSET_IS(flash_regs, keyr, 0x08);
OFFSET_IS(flash_regs, sr, 0x10);
OFFSET_IS(flash_regs, cr, 0x14);
OFFSET_IS(flash_regs, eccr, 0x18);
OFFSET_IS(gpio_regs, bsrr, 0x18);
OFFSET_IS(gpio_regs, afrl, 0x20);
OFFSET_IS(gpio_regs, brr, 0x28);
OFFSET_IS(usart_regs, brr, 0x0C);
OFFSET_IS(usart_regs, isr, 0x1C);
OFFSET_IS(usart_regs, tdr, 0x28);
OFFSET_IS(spi_regs, dr, 0x0C);
OFFSET_IS(adc_regs, chselr, 0x28);
OFFSET_IS(adc_regs, dr, 0x40);
OFFSET_IS(iwdg_regs, sr, 0x0C);
OFFSET_IS(nvic_regs, icer, 0x80);

#define RCC     ((struct rcc_regs *)0x40021000)
#define FLASH   ((struct flash_regs *)0x40022000)
#define GPIOA   ((struct gpio_regs *)0x50000000)
#define GPIOB   ((struct gpio_regs *)0x50000400)
#define USART1  ((struct usart_regs *)0x40013800)
#define SPI1    ((struct spi_regs *)0x40013000)
#define ADC1    ((struct adc_regs *)0x40012400)
#define IWDG    ((struct iwdg_regs *)0x40003000)
#define SYSTICK ((struct systick_regs *)0xE000E010)
#define NVIC    ((struct nvic_regs *)0xE000E100)
#define SCB     ((struct scb_regs *)0xE000ED00)

#define FLASH_BASE     0x08000000u
#define UNIQUE_ID_BASE 0x1FFF7590u

/* RCC */
#define RCC_CR_HSION          (1u << 8)
#define RCC_CR_HSIRDY         (1u << 10)
#define RCC_CR_HSIDIV_MASK    (7u << 11)
#define RCC_CFGR_SW_MASK      (7u << 0) /* 0: HSISYS */
#define RCC_CFGR_SWS_MASK     (7u << 3)
#define RCC_CFGR_DIVIDER_MASK (0x7Fu << 8) /* HPRE and PPRE; 0: both undivided */
#define RCC_IOPENR_A          (1u << 0)
#define RCC_IOPENR_B          (1u << 1)
#define RCC_APBENR2_SPI1      (1u << 12)
#define RCC_APBENR2_USART1    (1u << 14)
#define RCC_APBENR2_ADC       (1u << 20)

/* FLASH */
#define FLASH_ACR_LATENCY_MASK (7u << 0)
#define FLASH_SR_ERROR_MASK    0x0000C3FAu /* OPERR .. FASTERR, RDERR, OPTVERR */
#define FLASH_SR_EOP           (1u << 0)
#define FLASH_SR_BSY1          (1u << 16)
#define FLASH_SR_CFGBSY        (1u << 18)
#define FLASH_CR_PG            (1u << 0)
#define FLASH_CR_PER           (1u << 1)
#define FLASH_CR_PNB_SHIFT     3
#define FLASH_CR_STRT          (1u << 16)
#define FLASH_CR_LOCK          (1u << 31)
#define FLASH_ECCR_ADDR_MASK   0x3FFFu /* double words from the base */
#define FLASH_ECCR_SYSF        (1u << 20)
#define FLASH_ECCR_ECCD        (1u << 31)
#define FLASH_KEY_1            0x45670123u
#define FLASH_KEY_2            0xCDEF89ABu

/* USART */
#define USART_CR1_UE      (1u << 0)
#define USART_CR1_RE      (1u << 2)
#define USART_CR1_TE      (1u << 3)
#define USART_CR1_RXFNEIE (1u << 5)
#define USART_CR1_FIFOEN  (1u << 29)
#define USART_CR1_TXFEIE  (1u << 30)
#define USART_ISR_RXFNE   (1u << 5)
#define USART_ISR_TC      (1u << 6)
#define USART_ISR_TXFNF   (1u << 7)
#define USART_ISR_TXFE    (1u << 23)
#define USART_ICR_ERRORS  0x0Fu /* PE, FE, NE, ORE */

/* SPI */
#define SPI_CR1_MSTR     (1u << 2)
#define SPI_CR1_BR_SHIFT 3
#define SPI_CR1_SPE      (1u << 6)
#define SPI_CR1_SSI      (1u << 8)
#define SPI_CR1_SSM      (1u << 9)
#define SPI_CR2_DS_8     (7u << 8)
#define SPI_CR2_FRXTH    (1u << 12)
#define SPI_SR_RXNE      (1u << 0)
#define SPI_SR_TXE       (1u << 1)

/* ADC */
#define ADC_ISR_ADRDY        (1u << 0)
#define ADC_ISR_EOC          (1u << 2)
#define ADC_ISR_EOCAL        (1u << 11)
#define ADC_ISR_CCRDY        (1u << 13)
#define ADC_CR_ADEN          (1u << 0)
#define ADC_CR_ADSTART       (1u << 2)
#define ADC_CR_ADVREGEN      (1u << 28)
#define ADC_CR_ADCAL         (1u << 31)
#define ADC_CFGR2_PCLK_DIV_4 (2u << 30)
#define ADC_SMPR_79_5        6u

/* IWDG */
#define IWDG_KEY_START  0xCCCCu
#define IWDG_KEY_UNLOCK 0x5555u
#define IWDG_KEY_FEED   0xAAAAu

/* Core */
#define SYSTICK_CSR_ENABLE  (1u << 0)
#define SYSTICK_CSR_TICKINT (1u << 1)
#define SYSTICK_CSR_CORE    (1u << 2) /* counts the core clock */
#define SCB_ICSR_PENDSTCLR  (1u << 25)

enum {
    IRQ_USART1 = 27
};

#endif
