#include "firmware/hal/board.h"

#include "firmware/hal/adc.h"
#include "firmware/hal/clock.h"
#include "firmware/hal/cpu.h"
#include "firmware/hal/flash.h"
#include "firmware/hal/registers.h"
#include "firmware/hal/serial.h"
#include "firmware/hal/spi.h"
#include "firmware/hal/watchdog.h"

/* Port B */
enum {
    PIN_CHAIN_CS = 0, /* low selects the cell ADC */
    PIN_TAP_RCLK = 1, /* a rising edge takes the shifted bits over */
    PIN_TAP_OE = 2,   /* low lets the taps go; pulled up on the board */
    PIN_LED_BLUE = 12,
    PIN_LED_RED = 13,
    PIN_LED_GREEN = 14,
    PIN_BUZZER = 15
};

/* Port A */
enum {
    PIN_SCK = 5,
    PIN_MISO = 6,
    PIN_MOSI = 7,
    PIN_TX = 9,
    PIN_RX = 10
};

enum {
    MODE_OUTPUT = 1,
    MODE_ALTERNATE = 2,
    MODE_ANALOG = 3,
    PULL_UP = 1,
    AF_USART1 = 1 /* SPI1 is 0 */
};

#define LAMP_PINS (1u << PIN_LED_BLUE | 1u << PIN_LED_RED | 1u << PIN_LED_GREEN | 1u << PIN_BUZZER)

static void set_high(unsigned pin)
{
    GPIOB->bsrr = 1u << pin;
}

static void set_low(unsigned pin)
{
    GPIOB->brr = 1u << pin;
}

static void set_mode(struct gpio_regs *port, unsigned pin, uint32_t mode)
{
    port->moder = (port->moder & ~(3u << (2 * pin))) | mode << (2 * pin);
}

void board_init_pads(void)
{
    static const uint8_t OUTPUTS[] = {PIN_CHAIN_CS, PIN_TAP_RCLK, PIN_TAP_OE, PIN_LED_BLUE,
        PIN_LED_RED, PIN_LED_GREEN, PIN_BUZZER};

    RCC->iopenr |= RCC_IOPENR_A | RCC_IOPENR_B;
    (void)RCC->iopenr; /* the enable takes two clocks */
    /* Levels before modes, so that no output is ever driven the wrong way. */
    GPIOB->brr = LAMP_PINS | 1u << PIN_TAP_RCLK;
    GPIOB->bsrr = 1u << PIN_CHAIN_CS | 1u << PIN_TAP_OE;
    for (unsigned i = 0; i < sizeof OUTPUTS; i++) {
        set_mode(GPIOB, OUTPUTS[i], MODE_OUTPUT);
    }
}

static void init_alternates(void)
{
    for (unsigned pin = 0; pin <= 3; pin++) { /* NTC 1, NTC 2, supercapacitor, current */
        set_mode(GPIOA, pin, MODE_ANALOG);
    }
    GPIOA->afrl &= ~(0xFFFu << (4 * PIN_SCK)); /* PA5 .. PA7: AF0 */
    GPIOA->afrh = (GPIOA->afrh & ~(0xFFu << (4 * (PIN_TX - 8)))) | (AF_USART1 | AF_USART1 << 4)
                                                                       << (4 * (PIN_TX - 8));
    /* A module that is not there must not look like one that talks. */
    GPIOA->pupdr = (GPIOA->pupdr & ~(3u << (2 * PIN_RX))) | PULL_UP << (2 * PIN_RX);
    set_mode(GPIOA, PIN_SCK, MODE_ALTERNATE);
    set_mode(GPIOA, PIN_MISO, MODE_ALTERNATE);
    set_mode(GPIOA, PIN_MOSI, MODE_ALTERNATE);
    set_mode(GPIOA, PIN_TX, MODE_ALTERNATE);
    set_mode(GPIOA, PIN_RX, MODE_ALTERNATE);
}

static uint32_t now_ms(void *ctx)
{
    (void)ctx;
    return clock_now_ms();
}

static void set_latches(void *ctx, uint32_t latches_mask)
{
    (void)ctx;
    for (int shift = 24; shift >= 0; shift -= 8) {
        (void)spi_exchange((uint8_t)(latches_mask >> shift));
    }
    set_high(PIN_TAP_RCLK);
    set_low(PIN_TAP_RCLK);
}

void board_init(void)
{
    RCC->apbenr2 |= RCC_APBENR2_SPI1 | RCC_APBENR2_USART1 | RCC_APBENR2_ADC;
    (void)RCC->apbenr2;
    init_alternates();
    spi_init();
    adc_init();
    serial_init();
    set_latches(NULL, 0); /* the latches come up with anything in them */
    set_low(PIN_TAP_OE);
}

/** A pending interrupt, even a masked one, would keep the core from sleeping. */
static void silence_interrupts(void)
{
    cpu_interrupts_off();
    SYSTICK->csr = 0;
    SCB->icsr = SCB_ICSR_PENDSTCLR;
    NVIC->icer = UINT32_MAX;
}

_Noreturn void board_stop_safely(void)
{
    silence_interrupts();
    board_init_pads();
    set_high(PIN_LED_RED);
    IWDG->kr = IWDG_KEY_START; /* in case it was not running yet; its reset time is then 0.5 s */
    for (;;) {
        cpu_sleep();
    }
}

/**
 * ADS8320: 24 clocks in mode 0. It samples for five, puts out a zero, then 16 bits, MSB first: the
 * code is bits 17 .. 2 of the 24.
 */
static uint16_t read_chain_raw(void *ctx)
{
    (void)ctx;
    set_low(PIN_CHAIN_CS);
    uint32_t bits = (uint32_t)spi_exchange(0) << 16;
    bits |= (uint32_t)spi_exchange(0) << 8;
    bits |= spi_exchange(0);
    set_high(PIN_CHAIN_CS);
    return (uint16_t)(bits >> 2);
}

static uint16_t read_aux_raw(void *ctx, enum aux_channel channel)
{
    (void)ctx;
    return adc_read_raw((unsigned)channel); /* IN0 .. IN3, in this order */
}

static void send(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    serial_send(data, len);
}

static bool is_line_idle(void *ctx)
{
    (void)ctx;
    return serial_is_idle();
}

static bool receive(void *ctx, uint8_t *byte)
{
    (void)ctx;
    return serial_receive(byte);
}

static void show(void *ctx, const struct lamps *lamps)
{
    uint32_t high = (lamps->blue ? 1u << PIN_LED_BLUE : 0) | (lamps->red ? 1u << PIN_LED_RED : 0) |
                    (lamps->green ? 1u << PIN_LED_GREEN : 0) |
                    (lamps->buzzer ? 1u << PIN_BUZZER : 0);

    (void)ctx;
    GPIOB->bsrr = high | (LAMP_PINS & ~high) << 16;
}

static bool read_word(void *ctx, unsigned page, unsigned index, uint64_t *value)
{
    (void)ctx;
    return flash_read(page, index, value);
}

static bool erase(void *ctx, unsigned page)
{
    (void)ctx;
    return flash_erase(page);
}

static bool program(void *ctx, unsigned page, unsigned index, uint64_t value)
{
    (void)ctx;
    return flash_program(page, index, value);
}

const struct port BOARD_PORT = {
    .now_ms = now_ms,
    .set_latches = set_latches,
    .read_chain_raw = read_chain_raw,
    .read_aux_raw = read_aux_raw,
    .send = send,
    .is_line_idle = is_line_idle,
    .receive = receive,
    .show = show,
    .flash = {.read = read_word, .erase = erase, .program = program},
};
