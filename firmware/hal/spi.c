#include "firmware/hal/spi.h"

#include "firmware/hal/registers.h"

enum {
    BAUD_DIV_8 = 2 /* 16 MHz / 8 */
};

void spi_init(void)
{
    SPI1->cr1 = SPI_CR1_MSTR | SPI_CR1_SSM | SPI_CR1_SSI | BAUD_DIV_8 << SPI_CR1_BR_SHIFT;
    SPI1->cr2 = SPI_CR2_DS_8 | SPI_CR2_FRXTH;
    SPI1->cr1 |= SPI_CR1_SPE;
}

uint8_t spi_exchange(uint8_t byte)
{
    /* The width of the access is the number of frames: a word here would send two. */
    volatile uint8_t *data = (volatile uint8_t *)&SPI1->dr;

    *data = byte;
    while ((SPI1->sr & SPI_SR_RXNE) == 0) {
    }
    return *data;
}
