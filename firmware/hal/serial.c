#include "firmware/hal/serial.h"

#include "firmware/hal/clock.h"
#include "firmware/hal/registers.h"

enum {
    BAUD = 115200,
    BIT_CLOCKS = (CLOCK_CORE_HZ + BAUD / 2) / BAUD, /* 139: 115108 baud, 0.08 % slow */
    TX_RING_LEN = 512,                              /* powers of two */
    RX_RING_LEN = 256
};

/* One writer to each index: head is the producer's, tail the consumer's. */
static struct {
    volatile uint16_t tx_head, tx_tail, rx_head, rx_tail;
    volatile uint8_t tx[TX_RING_LEN];
    volatile uint8_t rx[RX_RING_LEN];
} rings;

void serial_init(void)
{
    USART1->cr1 = 0; /* FIFOEN and BRR move only while it is off */
    USART1->cr2 = 0;
    USART1->cr3 = 0;
    USART1->presc = 0;
    USART1->brr = BIT_CLOCKS;
    USART1->cr1 = USART_CR1_FIFOEN | USART_CR1_RE | USART_CR1_TE | USART_CR1_RXFNEIE;
    USART1->cr1 |= USART_CR1_UE;
    NVIC->iser = 1u << IRQ_USART1;
}

void serial_send(const uint8_t *data, size_t len)
{
    uint16_t head = rings.tx_head;
    size_t used = (uint16_t)(head - rings.tx_tail) % TX_RING_LEN;

    if (len > TX_RING_LEN - 1 - used) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        rings.tx[head] = data[i];
        head = (uint16_t)((head + 1u) % TX_RING_LEN);
    }
    rings.tx_head = head;
    /* Should the handler run between this read and this write and clear the bit, it is set again
     * for an empty ring, and the handler clears it again. */
    USART1->cr1 |= USART_CR1_TXFEIE;
}

bool serial_is_idle(void)
{
    return rings.tx_head == rings.tx_tail && (USART1->isr & USART_ISR_TC) != 0;
}

bool serial_receive(uint8_t *byte)
{
    uint16_t tail = rings.rx_tail;

    if (tail == rings.rx_head) {
        return false;
    }
    *byte = rings.rx[tail];
    rings.rx_tail = (uint16_t)((tail + 1u) % RX_RING_LEN);
    return true;
}

static void take_received(void)
{
    while ((USART1->isr & USART_ISR_RXFNE) != 0) {
        uint8_t byte = (uint8_t)USART1->rdr;
        uint16_t next = (uint16_t)((rings.rx_head + 1u) % RX_RING_LEN);

        if (next != rings.rx_tail) { /* a full ring loses the newest; the check byte tells */
            rings.rx[rings.rx_head] = byte;
            rings.rx_head = next;
        }
    }
}

static void fill_transmitter(void)
{
    while ((USART1->isr & USART_ISR_TXFNF) != 0 && rings.tx_tail != rings.tx_head) {
        USART1->tdr = rings.tx[rings.tx_tail];
        rings.tx_tail = (uint16_t)((rings.tx_tail + 1u) % TX_RING_LEN);
    }
    if (rings.tx_tail == rings.tx_head) {
        USART1->cr1 &= ~USART_CR1_TXFEIE;
    }
}

void serial_isr(void)
{
    USART1->icr = USART_ICR_ERRORS; /* an overrun keeps the interrupt up until it is cleared here */
    take_received();
    if ((USART1->cr1 & USART_CR1_TXFEIE) != 0) {
        fill_transmitter();
    }
}
