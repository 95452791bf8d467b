/** USART, SPI and ADC: times, framing, FIFOs, routes, values. */
#include "tests/support.h"
#include "tests/unit/mcu/fake_mcu.h"

#include <math.h>
#include <string.h>

enum {
    USART1 = 0x40013800,
    USART2 = 0x40004400,
    USART3 = 0x40004800,
    CR1 = 0x00,
    CR2 = 0x04,
    CR3 = 0x08,
    BRR = 0x0C,
    RQR = 0x18,
    ISR = 0x1C,
    ICR = 0x20,
    RDR = 0x24,
    TDR = 0x28,
    SPI1 = 0x40013000,
    ADC = 0x40012400
};

/* ISR */
#define PE   0x001u
#define FE   0x002u
#define ORE  0x008u
#define IDLE 0x010u
#define RXNE 0x020u
#define TC   0x040u
#define TXE  0x080u

struct bench {
    struct wire_char sent[64];
    unsigned sent_no[64];
    unsigned sent_count;

    struct {
        uint64_t time_ns;
        uint32_t out, bit_ps;
        unsigned no, bits;
        bool cpol, cpha;
    } frames[64];

    unsigned frame_count;
    uint32_t miso;

    double v[19];
    uint64_t sampled_ns;
};

static void keep_char(void *ctx, unsigned usart_no, const struct wire_char *character)
{
    struct bench *bench = ctx;

    bench->sent_no[bench->sent_count] = usart_no;
    bench->sent[bench->sent_count++] = *character;
}

static uint32_t keep_frame(void *ctx, uint64_t time_ns, unsigned spi_no, uint32_t out,
    unsigned bits, uint32_t bit_ps, bool cpol, bool cpha)
{
    struct bench *bench = ctx;
    unsigned i = bench->frame_count++;

    bench->frames[i].time_ns = time_ns;
    bench->frames[i].out = out;
    bench->frames[i].bit_ps = bit_ps;
    bench->frames[i].no = spi_no;
    bench->frames[i].bits = bits;
    bench->frames[i].cpol = cpol;
    bench->frames[i].cpha = cpha;
    return bench->miso + i;
}

static double give_v(void *ctx, uint64_t time_ns, unsigned channel)
{
    struct bench *bench = ctx;

    bench->sampled_ns = time_ns;
    return bench->v[channel];
}

static struct bench bench_of_test;
static struct mcu *mcu;

static struct mcu *create(struct bench *bench, uint64_t seed)
{
    struct mcu_board board = {.ctx = bench,
        .uart_tx = keep_char,
        .spi_exchange = keep_frame,
        .adc_v = give_v,
        .vdda_v = 3.3};

    return fake_create(&board, seed);
}

static void set_up(void)
{
    memset(&bench_of_test, 0, sizeof bench_of_test);
    mcu = create(&bench_of_test, 1);
}

static void tear_down(void)
{
    fake_destroy(mcu);
}

/* USART */

static void route_usart1(struct mcu *part)
{
    fake_write(part, 0x50000000, 0xEBEBFFFF); /* PA9, PA10 */
    fake_write(part, 0x50000024, 0x00000110); /* AF1 */
}

/* Up to the end of the idle frame that TE sends first. */
static void open_usart1(struct mcu *part, uint32_t cr1)
{
    route_usart1(part);
    fake_write(part, USART1 + BRR, 139); /* 16 MHz / 115200 = 138.9 */
    fake_write(part, USART1 + CR1, cr1 & ~1u);
    fake_write(part, USART1 + CR1, cr1);
    fake_advance_us(part, 200);
}

static struct wire_char char_8n1(uint64_t start_ns, uint16_t data, uint32_t bit_ps)
{
    return (struct wire_char){.start_ns = start_ns,
        .end_ns = start_ns + (uint64_t)bit_ps * 10 / 1000,
        .bit_ps = bit_ps,
        .data_bits = 8,
        .parity = WIRE_PARITY_NONE,
        .data = data};
}

static uint64_t now_ns(void)
{
    return mcu->now_ps / 1000;
}

START_TEST(byte_takes_ten_bits_at_115200_from_16_mhz)
{
    open_usart1(mcu, 0x0D);
    uint64_t at_ns = now_ns();
    fake_write(mcu, USART1 + TDR, 0x55);
    ck_assert_uint_eq(bench_of_test.sent_count, 1);
    const struct wire_char *sent = &bench_of_test.sent[0];
    ck_assert_uint_eq(bench_of_test.sent_no[0], 1);
    ck_assert_uint_eq(sent->start_ns, at_ns);
    ck_assert_uint_eq(sent->bit_ps, 8687500); /* 139 * 62.5 ns */
    ck_assert_uint_eq(sent->end_ns - sent->start_ns, 86875);
    ck_assert_uint_eq(sent->data_bits, 8);
    ck_assert_int_eq(sent->parity, WIRE_PARITY_NONE);
    ck_assert_uint_eq(sent->data, 0x55);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (TC | TXE), TXE);
    fake_advance_ps(mcu, 86874999);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & TC, 0);
    fake_advance_ps(mcu, 1);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & TC, TC);
}

END_TEST

START_TEST(transmitter_sends_an_idle_frame_first)
{
    route_usart1(mcu);
    fake_write(mcu, USART1 + BRR, 139);
    fake_write(mcu, USART1 + CR1, 0x09);
    fake_write(mcu, USART1 + TDR, 1);
    ck_assert_uint_eq(bench_of_test.sent_count, 0);
    fake_advance_us(mcu, 100);
    ck_assert_uint_eq(bench_of_test.sent_count, 1);
    ck_assert_uint_eq(bench_of_test.sent[0].start_ns, 86875);
}

END_TEST

START_TEST(second_byte_waits_and_follows_without_a_gap)
{
    open_usart1(mcu, 0x0D);
    fake_write(mcu, USART1 + TDR, 1);
    fake_write(mcu, USART1 + TDR, 2);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & TXE, 0);
    fake_advance_us(mcu, 100);
    ck_assert_uint_eq(bench_of_test.sent_count, 2);
    ck_assert_uint_eq(bench_of_test.sent[1].start_ns, bench_of_test.sent[0].end_ns);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & TXE, TXE);
}

END_TEST

START_TEST(fifo_takes_eight_and_the_shifter_one)
{
    open_usart1(mcu, 0x2000000D);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & 0x00800000, 0x00800000); /* TXFE */
    for (uint32_t i = 0; i < 9; i++) {
        ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & TXE, TXE);
        fake_write(mcu, USART1 + TDR, i);
    }
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & TXE, 0);
    fake_write(mcu, USART1 + TDR, 99); /* lost */
    fake_advance_us(mcu, 1000);
    ck_assert_uint_eq(bench_of_test.sent_count, 9);
    ck_assert_uint_eq(bench_of_test.sent[8].data, 8);
}

END_TEST

START_TEST(fifo_enabled_and_idle_reads_008000c0)
{
    fake_write(mcu, USART1 + CR1, 0x20000000);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR), 0x008000C0);
    fake_write(mcu, USART3 + CR1, 0x20000000); /* has no FIFO */
    ck_assert_uint_eq(fake_read(mcu, USART3 + ISR), 0x000000C0);
    ck_assert_uint_eq(fake_read(mcu, USART3 + CR1), 0);
}

END_TEST

START_TEST(pad_that_is_not_routed_sends_and_hears_nothing)
{
    open_usart1(mcu, 0x0D);
    fake_write(mcu, 0x50000024, 0);
    fake_write(mcu, USART1 + TDR, 1);
    struct wire_char character = char_8n1(now_ns(), 1, 8680556);
    mcu_uart_rx(mcu, 1, &character);
    fake_advance_us(mcu, 200);
    ck_assert_uint_eq(bench_of_test.sent_count, 0);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (TC | RXNE), TC);
}

END_TEST

START_TEST(parity_is_sent_and_counted_within_the_frame)
{
    open_usart1(mcu, 0x140D); /* 9 bits with even parity: 8E1 */
    fake_write(mcu, USART1 + TDR, 0x7F);
    ck_assert_uint_eq(bench_of_test.sent[0].data_bits, 8);
    ck_assert_int_eq(bench_of_test.sent[0].parity, WIRE_PARITY_EVEN);
    ck_assert_uint_eq(bench_of_test.sent[0].end_ns - bench_of_test.sent[0].start_ns, 95562);
}

END_TEST

START_TEST(over8_halves_the_clocks_of_a_bit)
{
    route_usart1(mcu);
    fake_write(mcu, USART1 + BRR, 0x113); /* USARTDIV 0x116 = 278: 139 clocks a bit */
    fake_write(mcu, USART1 + CR1, 0x8008);
    fake_write(mcu, USART1 + CR1, 0x8009);
    fake_advance_us(mcu, 200);
    fake_write(mcu, USART1 + TDR, 1);
    ck_assert_uint_eq(bench_of_test.sent[0].bit_ps, 8687500);
}

END_TEST

START_TEST(frame_format_stands_while_enabled)
{
    open_usart1(mcu, 0x0D);
    fake_write(mcu, USART1 + BRR, 1000);
    ck_assert_uint_eq(fake_read(mcu, USART1 + BRR), 139);
    fake_write(mcu, USART1 + CR1, 0x140D);
    ck_assert_uint_eq(fake_read(mcu, USART1 + CR1), 0x0D);
}

END_TEST

START_TEST(byte_arrives_at_its_end)
{
    open_usart1(mcu, 0x2D); /* RXNEIE */
    struct wire_char character = char_8n1(now_ns() + 1000, 0xA5, 8680556);
    mcu_uart_rx(mcu, 1, &character);
    fake_advance_ps(mcu, (character.end_ns - now_ns()) * 1000 - 1);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (RXNE | 0x10000), 0x10000); /* BUSY */
    fake_advance_ps(mcu, 1);
    ck_assert(mcu->irq[27]);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (RXNE | 0x10000), RXNE);
    ck_assert_uint_eq(fake_read(mcu, USART1 + RDR), 0xA5);
    ck_assert(!mcu->irq[27]);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (RXNE | PE | FE | ORE), 0);
}

END_TEST

START_TEST(idle_follows_a_frame_of_silence_once)
{
    open_usart1(mcu, 0x0D);
    fake_advance_us(mcu, 1000);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & IDLE, 0);
    struct wire_char character = char_8n1(now_ns(), 1, 8680556);
    mcu_uart_rx(mcu, 1, &character);
    fake_advance_us(mcu, 87 + 85);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & IDLE, 0);
    fake_advance_us(mcu, 3);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & IDLE, IDLE);
    fake_write(mcu, USART1 + ICR, IDLE);
    fake_advance_us(mcu, 1000);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & IDLE, 0);
}

END_TEST

static void send_run(struct mcu *part, unsigned count)
{
    uint64_t at_ns = part->now_ps / 1000;

    for (unsigned i = 0; i < count; i++) {
        struct wire_char character = char_8n1(at_ns, (uint16_t)(i + 1), 8680556);
        mcu_uart_rx(part, 1, &character);
        at_ns = character.end_ns;
    }
}

START_TEST(overrun_keeps_the_old_byte)
{
    open_usart1(mcu, 0x0D);
    send_run(mcu, 2);
    fake_advance_us(mcu, 200);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (RXNE | ORE), RXNE | ORE);
    ck_assert_uint_eq(fake_read(mcu, USART1 + RDR), 1);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (RXNE | ORE), ORE);
    fake_write(mcu, USART1 + ICR, ORE);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & ORE, 0);
}

END_TEST

START_TEST(receive_fifo_overruns_at_the_tenth)
{
    open_usart1(mcu, 0x2000000D);
    send_run(mcu, 9);
    fake_advance_us(mcu, 900);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (0x01000000 | ORE), 0x01000000); /* RXFF */
    send_run(mcu, 1);
    fake_advance_us(mcu, 100);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & ORE, ORE);
    for (uint32_t i = 1; i <= 9; i++) {
        ck_assert_uint_eq(fake_read(mcu, USART1 + RDR), i);
    }
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & RXNE, 0);
}

END_TEST

START_TEST(parity_of_the_wrong_kind_is_an_error)
{
    open_usart1(mcu, 0x140D);
    struct wire_char character = {.start_ns = now_ns(),
        .end_ns = now_ns() + 95486,
        .bit_ps = 8680556,
        .data_bits = 8,
        .parity = WIRE_PARITY_EVEN,
        .data = 0x31};
    mcu_uart_rx(mcu, 1, &character);
    fake_advance_us(mcu, 100);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (RXNE | PE | FE), RXNE);
    ck_assert_uint_eq(fake_read(mcu, USART1 + RDR), 0x131); /* three ones: the parity bit is 1 */
    character.start_ns = now_ns();
    character.end_ns = now_ns() + 95486;
    character.parity = WIRE_PARITY_ODD;
    mcu_uart_rx(mcu, 1, &character);
    fake_advance_us(mcu, 100);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (RXNE | PE | FE), RXNE | PE);
}

END_TEST

START_TEST(eight_data_bits_into_a_seven_bit_receiver_is_a_framing_error_when_the_top_is_0)
{
    open_usart1(mcu, 0x1000000D); /* 7N1: its stop bit falls on the sender's top bit */
    struct wire_char character = char_8n1(now_ns(), 0x41, 8680556);
    mcu_uart_rx(mcu, 1, &character);
    fake_advance_us(mcu, 100);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (RXNE | FE), RXNE | FE);
    ck_assert_uint_eq(fake_read(mcu, USART1 + RDR), 0x41);
}

END_TEST

START_TEST(slower_sender_is_heard_as_several_bytes_of_garbage)
{
    open_usart1(mcu, 0x2000000D);
    struct wire_char character = char_8n1(now_ns(), 0x55, 104166667); /* 9600 */
    mcu_uart_rx(mcu, 1, &character);
    fake_advance_us(mcu, 2000);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (RXNE | FE), RXNE | FE);
    unsigned count = 0;
    while ((fake_read(mcu, USART1 + ISR) & RXNE) != 0) {
        ck_assert_uint_eq(fake_read(mcu, USART1 + RDR), 0); /* nine low bits of each low one */
        count++;
    }
    ck_assert_uint_eq(count, 5); /* start bit and the four zeros of 55 */
}

END_TEST

START_TEST(faster_sender_is_heard_as_one_wrong_byte)
{
    open_usart1(mcu, 0x0D);
    struct wire_char character = char_8n1(now_ns(), 0x00, 4800000); /* low for 43.2 us */
    mcu_uart_rx(mcu, 1, &character);
    fake_advance_us(mcu, 300);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (RXNE | FE), RXNE | FE);
    ck_assert_uint_eq(fake_read(mcu, USART1 + RDR), 0xF0);
}

END_TEST

START_TEST(byte_within_what_is_taken_for_another_is_not_heard)
{
    open_usart1(mcu, 0x2000000D);
    struct wire_char first = char_8n1(now_ns(), 0x00, 4340278); /* 230400 */
    struct wire_char second = char_8n1(first.end_ns, 0xFF, 4340278);
    mcu_uart_rx(mcu, 1, &first);
    mcu_uart_rx(mcu, 1, &second);
    fake_advance_us(mcu, 300);
    (void)fake_read(mcu, USART1 + RDR);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & RXNE, 0);
}

END_TEST

START_TEST(rates_within_four_percent_are_read_rightly)
{
    static const uint32_t bits_ps[] = {8687500, 8360000, 9030000}; /* own, - 3.8 %, + 3.9 % */

    open_usart1(mcu, 0x0D);
    struct wire_char character = char_8n1(now_ns(), 0x96, bits_ps[_i]);
    mcu_uart_rx(mcu, 1, &character);
    fake_advance_us(mcu, 300);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & (RXNE | FE | PE | ORE), RXNE);
    ck_assert_uint_eq(fake_read(mcu, USART1 + RDR), 0x96);
}

END_TEST

START_TEST(byte_that_began_before_the_receiver_is_lost)
{
    route_usart1(mcu);
    fake_write(mcu, USART1 + BRR, 139);
    fake_write(mcu, USART1 + CR1, 0x09);
    struct wire_char character = char_8n1(now_ns(), 0x11, 8680556);
    mcu_uart_rx(mcu, 1, &character);
    fake_advance_us(mcu, 10);
    fake_write(mcu, USART1 + CR1, 0x0D);
    fake_advance_us(mcu, 200);
    ck_assert_uint_eq(fake_read(mcu, USART1 + ISR) & RXNE, 0);
}

END_TEST

START_TEST(usart3_and_usart4_share_a_request)
{
    fake_write(mcu, USART3 + CR1, 0x81); /* TXEIE: at once */
    fake_write(mcu, 0x40004C00, 0x81);
    ck_assert(mcu->irq[29]);
    ck_assert_uint_eq(fake_read(mcu, 0x400100F4), 3); /* ITLINE29 */
    fake_write(mcu, USART3 + CR1, 0);
    ck_assert(mcu->irq[29]);
    fake_write(mcu, 0x40004C00, 0);
    ck_assert(!mcu->irq[29]);
}

END_TEST

START_TEST(usart2_sends_on_pa2)
{
    fake_write(mcu, 0x50000000, 0xEBFFFFAF);
    fake_write(mcu, 0x50000020, 0x00001100);
    fake_write(mcu, USART2 + BRR, 139);
    fake_write(mcu, USART2 + CR1, 0x0D);
    fake_write(mcu, USART2 + TDR, 0x42);
    fake_advance_us(mcu, 200);
    ck_assert_uint_eq(bench_of_test.sent_count, 1);
    ck_assert_uint_eq(bench_of_test.sent_no[0], 2);
    ck_assert_uint_eq(bench_of_test.sent[0].data, 0x42);
}

END_TEST

START_TEST(serial_traffic_does_not_depend_on_slices)
{
    static const uint64_t slices_ps[] = {400000000, 1, 12345678, 86875000};
    struct bench benches[2];
    uint32_t isr[2];

    memset(benches, 0, sizeof benches);
    for (int run = 0; run < 2; run++) {
        struct mcu *part = create(&benches[run], 5);
        open_usart1(part, 0x2000000D);
        send_run(part, 4);
        for (uint32_t i = 0; i < 6; i++) {
            fake_write(part, USART1 + TDR, 0x30 + i);
        }
        uint64_t end_ps = part->now_ps + 400000000;
        for (unsigned i = 0; part->now_ps < end_ps; i++) {
            uint64_t left_ps = end_ps - part->now_ps;
            uint64_t slice_ps = run == 0 ? left_ps : slices_ps[1 + i % 3];
            fake_advance_ps(part, slice_ps < left_ps ? slice_ps : left_ps);
        }
        isr[run] = fake_read(part, USART1 + ISR);
        fake_destroy(part);
    }
    ck_assert_uint_eq(benches[0].sent_count, 5); /* the fifth began at 347.5 us */
    ck_assert_mem_eq(&benches[0], &benches[1], sizeof benches[0]);
    ck_assert_uint_eq(isr[0], isr[1]);
}

END_TEST

/* SPI */

static void route_spi1(void)
{
    fake_write(mcu, 0x50000000, 0xEBFFABFF); /* PA5 to PA7, AF0 */
}

START_TEST(frame_of_8_bits_takes_8_clocks)
{
    route_spi1();
    bench_of_test.miso = 0x5A;
    fake_write(mcu, SPI1 + 0x04, 0x1700);               /* 8 bits, FRXTH */
    fake_write(mcu, SPI1, 0x304 | 1 << 3 | 1 << 6 | 3); /* PCLK / 4, mode 3 */
    fake_advance_us(mcu, 3);
    fake_write_sized(mcu, SPI1 + 0x0C, 1, 0xC3);
    ck_assert_uint_eq(bench_of_test.frame_count, 1);
    ck_assert_uint_eq(bench_of_test.frames[0].time_ns, 3000);
    ck_assert_uint_eq(bench_of_test.frames[0].out, 0xC3);
    ck_assert_uint_eq(bench_of_test.frames[0].no, 1);
    ck_assert_uint_eq(bench_of_test.frames[0].bits, 8);
    ck_assert_uint_eq(bench_of_test.frames[0].bit_ps, 250000);
    ck_assert(bench_of_test.frames[0].cpol && bench_of_test.frames[0].cpha);
    fake_advance_ps(mcu, 1999999);
    ck_assert_uint_eq(fake_read(mcu, SPI1 + 0x08) & 0x81, 0x80); /* BSY, no RXNE */
    fake_advance_ps(mcu, 1);
    ck_assert_uint_eq(fake_read(mcu, SPI1 + 0x08), 0x0203); /* FRLVL 1/4, TXE, RXNE */
    ck_assert_uint_eq(fake_read_sized(mcu, SPI1 + 0x0C, 1), 0x5A);
    ck_assert_uint_eq(fake_read(mcu, SPI1 + 0x08), 0x0002);
}

END_TEST

START_TEST(half_word_store_packs_two_short_frames)
{
    route_spi1();
    bench_of_test.miso = 0x10;
    fake_write(mcu, SPI1 + 0x04, 0x0700);
    fake_write(mcu, SPI1, 0x344);
    fake_write_sized(mcu, SPI1 + 0x0C, 2, 0xBBAA);
    fake_advance_us(mcu, 1);
    ck_assert_uint_eq(fake_read(mcu, SPI1 + 0x08) & 1, 0); /* one byte is below the threshold */
    fake_advance_us(mcu, 1);
    ck_assert_uint_eq(bench_of_test.frame_count, 2);
    ck_assert_uint_eq(bench_of_test.frames[0].out, 0xAA);
    ck_assert_uint_eq(bench_of_test.frames[1].out, 0xBB);
    ck_assert_uint_eq(bench_of_test.frames[1].time_ns, 1000);
    ck_assert_uint_eq(fake_read(mcu, SPI1 + 0x08) & 1, 1);
    ck_assert_uint_eq(fake_read_sized(mcu, SPI1 + 0x0C, 2), 0x1110);
}

END_TEST

START_TEST(long_frame_takes_a_half_word)
{
    route_spi1();
    bench_of_test.miso = 0x7ABC;
    fake_write(mcu, SPI1 + 0x04, 0x0F00);
    fake_write(mcu, SPI1, 0x344);
    fake_write_sized(mcu, SPI1 + 0x0C, 2, 0x1234);
    fake_advance_us(mcu, 3);
    ck_assert_uint_eq(bench_of_test.frame_count, 1);
    ck_assert_uint_eq(bench_of_test.frames[0].out, 0x1234);
    ck_assert_uint_eq(bench_of_test.frames[0].bits, 16);
    ck_assert_uint_eq(fake_read_sized(mcu, SPI1 + 0x0C, 2), 0x7ABC);
}

END_TEST

START_TEST(receive_fifo_that_nobody_reads_overruns)
{
    route_spi1();
    fake_write(mcu, SPI1 + 0x04, 0x1700);
    fake_write(mcu, SPI1, 0x344);
    for (unsigned i = 0; i < 5; i++) {
        fake_write_sized(mcu, SPI1 + 0x0C, 1, i);
        fake_advance_us(mcu, 2);
    }
    ck_assert_uint_eq(fake_read(mcu, SPI1 + 0x08) & 0x640, 0x640); /* OVR, FRLVL full */
    ck_assert_uint_eq(fake_read_sized(mcu, SPI1 + 0x0C, 1), 0);
    (void)fake_read(mcu, SPI1 + 0x08);
    ck_assert_uint_eq(fake_read(mcu, SPI1 + 0x08) & 0x40, 0);
}

END_TEST

START_TEST(transmit_fifo_asks_for_more_when_half_empty)
{
    route_spi1();
    fake_write(mcu, SPI1 + 0x04, 0x1700);
    fake_write(mcu, SPI1, 0x344); /* 1 us a byte */
    for (unsigned i = 0; i < 4; i++) {
        fake_write_sized(mcu, SPI1 + 0x0C, 1, i); /* one in the shifter, three waiting */
    }
    ck_assert_uint_eq(fake_read(mcu, SPI1 + 0x08) & 0x1882, 0x1880);
    fake_advance_ps(mcu, 1000000);
    ck_assert_uint_eq(fake_read(mcu, SPI1 + 0x08) & 0x1882, 0x1082);
    fake_advance_us(mcu, 3);
    ck_assert_uint_eq(fake_read(mcu, SPI1 + 0x08) & 0x1882, 0x0002);
}

END_TEST

START_TEST(spi_without_its_clock_pad_reaches_nobody)
{
    fake_write(mcu, SPI1 + 0x04, 0x1700);
    fake_write(mcu, SPI1, 0x344);
    fake_write_sized(mcu, SPI1 + 0x0C, 1, 0xC3);
    fake_advance_us(mcu, 2);
    ck_assert_uint_eq(bench_of_test.frame_count, 0);
    ck_assert_uint_eq(fake_read_sized(mcu, SPI1 + 0x0C, 1), 0);
}

END_TEST

START_TEST(least_significant_bit_first_turns_the_frame)
{
    route_spi1();
    bench_of_test.miso = 0x01;
    fake_write(mcu, SPI1 + 0x04, 0x1700);
    fake_write(mcu, SPI1, 0x3C4);
    fake_write_sized(mcu, SPI1 + 0x0C, 1, 0xD0);
    fake_advance_us(mcu, 2);
    ck_assert_uint_eq(bench_of_test.frames[0].out, 0x0B);
    ck_assert_uint_eq(fake_read_sized(mcu, SPI1 + 0x0C, 1), 0x80);
}

END_TEST

START_TEST(master_whose_select_is_low_leaves_the_bus)
{
    fake_write(mcu, SPI1, 0x244); /* SSM without SSI */
    ck_assert_uint_eq(fake_read(mcu, SPI1) & 0x44, 0);
    ck_assert_uint_eq(fake_read(mcu, SPI1 + 0x08) & 0x20, 0x20);
    fake_write(mcu, SPI1, 0x304);
    ck_assert_uint_eq(fake_read(mcu, SPI1 + 0x08) & 0x20, 0);
}

END_TEST

/* ADC */

static void open_adc(struct mcu *part)
{
    fake_write(part, ADC + 0x08, 0x10000000);
    fake_advance_us(part, 21);
    fake_write(part, ADC + 0x08, 0x90000000);
    fake_advance_us(part, 100);
    ck_assert_uint_eq(fake_read(part, ADC) & 0x800, 0x800); /* EOCAL */
    ck_assert_uint_eq(fake_read(part, ADC + 0x08), 0x10000000);
    fake_write(part, ADC + 0x08, 0x10000001);
    fake_advance_us(part, 10);
    ck_assert_uint_eq(fake_read(part, ADC) & 1, 1); /* ADRDY */
}

static uint32_t convert(uint32_t channels)
{
    fake_write(mcu, ADC + 0x28, channels);
    fake_write(mcu, ADC + 0x08, 0x10000005);
    fake_advance_us(mcu, 100);
    return fake_read(mcu, ADC + 0x40);
}

START_TEST(adc_needs_its_regulator_for_20_us)
{
    fake_write(mcu, ADC + 0x08, 0x10000000);
    fake_advance_us(mcu, 19);
    fake_write(mcu, ADC + 0x08, 0x10000001);
    fake_advance_us(mcu, 100);
    ck_assert_uint_eq(fake_read(mcu, ADC) & 1, 0);
    ck_assert_uint_eq(fake_read(mcu, ADC + 0x08), 0x10000000);
}

END_TEST

START_TEST(code_is_the_voltage_over_vdda)
{
    static const struct {
        double v;
        uint32_t code;
    } levels[] = {{1.65, 2048}, {0.825, 1024}, {3.0, 3723}, {0.1, 124}}; /* v / 3.3 * 4095 */

    open_adc(mcu);
    bench_of_test.v[1] = levels[_i].v;
    uint32_t code = convert(2);
    ck_assert_uint_ge(code, levels[_i].code - 2);
    ck_assert_uint_le(code, levels[_i].code + 2);
}

END_TEST

START_TEST(noise_is_there_and_small_and_of_the_seed)
{
    uint32_t codes[2][200];
    double sum = 0;
    double sum_of_squares = 0;

    for (int run = 0; run < 2; run++) {
        tear_down();
        set_up();
        open_adc(mcu);
        bench_of_test.v[1] = 1.65;
        for (int i = 0; i < 200; i++) {
            codes[run][i] = convert(2);
        }
    }
    ck_assert_mem_eq(codes[0], codes[1], sizeof codes[0]);
    for (int i = 0; i < 200; i++) {
        sum += codes[0][i];
        sum_of_squares += (double)codes[0][i] * codes[0][i];
    }
    double sigma = sqrt(sum_of_squares / 200 - sum / 200 * sum / 200);
    ck_assert(fabs(sum / 200 - 2047.5) < 0.3);
    ck_assert(sigma > 0.2 && sigma < 1.0);
}

END_TEST

START_TEST(voltage_out_of_range_stops_at_the_ends)
{
    open_adc(mcu);
    bench_of_test.v[1] = 5.0;
    ck_assert_uint_eq(convert(2), 4095);
    bench_of_test.v[1] = -0.3;
    ck_assert_uint_eq(convert(2), 0);
}

END_TEST

START_TEST(pad_that_is_not_analog_reads_zero)
{
    open_adc(mcu);
    bench_of_test.v[1] = 1.65;
    fake_write(mcu, 0x50000000, 0xEBFFFFF3); /* PA1 input */
    ck_assert_uint_eq(convert(2), 0);
}

END_TEST

START_TEST(conversion_takes_sampling_and_12_5_cycles)
{
    open_adc(mcu);
    fake_write(mcu, ADC + 0x14, 7); /* 160.5 cycles of 16 MHz */
    fake_write(mcu, ADC + 0x28, 2);
    fake_advance_us(mcu, 10);
    uint64_t begin_ps = mcu->now_ps;
    fake_write(mcu, ADC + 0x08, 0x10000005);
    fake_advance_ps(mcu, 10812499);
    ck_assert_uint_eq(fake_read(mcu, ADC) & 4, 0);
    fake_advance_ps(mcu, 1);
    ck_assert_uint_eq(fake_read(mcu, ADC) & 0xE, 0xE); /* EOSMP, EOC, EOS */
    ck_assert_uint_eq(bench_of_test.sampled_ns, (begin_ps + 10031250) / 1000);
    ck_assert_uint_eq(fake_read(mcu, ADC + 0x08) & 4, 0);
}

END_TEST

START_TEST(scan_takes_channels_in_order)
{
    open_adc(mcu);
    bench_of_test.v[0] = 0.5;
    bench_of_test.v[4] = 2.5;
    fake_write(mcu, ADC + 0x28, 0x11);
    fake_advance_us(mcu, 1);
    fake_write(mcu, ADC, 0xFFFF);
    fake_write(mcu, ADC + 0x08, 0x10000005);
    fake_advance_ps(mcu, 900000); /* 14 cycles: 875 ns each */
    ck_assert_uint_eq(fake_read(mcu, ADC) & 0xC, 4);
    ck_assert_uint_le(fake_read(mcu, ADC + 0x40), 623); /* 620 */
    fake_advance_ps(mcu, 900000);
    ck_assert_uint_eq(fake_read(mcu, ADC) & 0xC, 0xC);
    ck_assert_uint_ge(fake_read(mcu, ADC + 0x40), 3100); /* 3102 */
    ck_assert_uint_eq(fake_read(mcu, ADC) & 0x1C, 8);
}

END_TEST

START_TEST(sequencer_takes_its_own_order_up_to_f)
{
    open_adc(mcu);
    fake_write(mcu, ADC + 0x0C, 1u << 21 | 1u << 14); /* CHSELRMOD, WAIT */
    bench_of_test.v[0] = 0.5;
    bench_of_test.v[4] = 2.5;
    fake_write(mcu, ADC + 0x28, 0xFFFFF404);
    fake_write(mcu, ADC + 0x08, 0x10000005);
    for (unsigned i = 0; i < 3; i++) {
        fake_advance_us(mcu, 50);
        uint32_t code = fake_read(mcu, ADC + 0x40);
        ck_assert_msg(i == 1 ? code < 700 : code > 3000, "slot %u: %u", i, (unsigned)code);
    }
    ck_assert_uint_eq(fake_read(mcu, ADC) & 8, 8);
}

END_TEST

START_TEST(result_that_nobody_took_overruns)
{
    open_adc(mcu);
    bench_of_test.v[0] = 0.5;
    bench_of_test.v[4] = 2.5;
    uint32_t code = convert(0x11);
    ck_assert_uint_le(code, 623); /* the first is kept */
    ck_assert_uint_eq(fake_read(mcu, ADC) & 0x10, 0x10);
}

END_TEST

START_TEST(oversampling_adds_and_shifts)
{
    open_adc(mcu);
    bench_of_test.v[1] = 1.65;
    fake_write(mcu, ADC + 0x10, 1 | 3 << 2); /* 16 times, no shift */
    uint32_t sum = convert(2);
    ck_assert_uint_ge(sum, 16 * 2047);
    ck_assert_uint_le(sum, 16 * 2048 + 8);
    fake_write(mcu, ADC + 0x10, 1 | 3 << 2 | 4 << 5);
    uint32_t mean = convert(2);
    ck_assert_uint_ge(mean, 2047);
    ck_assert_uint_le(mean, 2048);
}

END_TEST

START_TEST(reference_code_tells_vdda)
{
    open_adc(mcu);
    ck_assert_uint_eq(convert(1 << 13), 0); /* not connected yet */
    fake_write(mcu, ADC + 0x308, 1 << 22);
    double code = convert(1 << 13);
    double cal = flash_system_read(mcu, 0x1FFF75AA, 2);
    ck_assert(fabs(3.0 * cal / code - 3.3) < 0.01);
}

END_TEST

START_TEST(temperature_code_tells_25_c)
{
    open_adc(mcu);
    fake_write(mcu, ADC + 0x308, 1 << 23);
    fake_write(mcu, ADC + 0x10, 1 | 7 << 2 | 8 << 5); /* mean of 256 */
    fake_write(mcu, ADC + 0x28, 1 << 12);
    fake_write(mcu, ADC + 0x08, 0x10000005);
    fake_advance_us(mcu, 1000);
    double at_3v = fake_read(mcu, ADC + 0x40) * 3.3 / 3.0;
    double cal1 = flash_system_read(mcu, 0x1FFF75A8, 2);
    double cal2 = flash_system_read(mcu, 0x1FFF75CA, 2);
    double temperature_c = 30 + (at_3v - cal1) * 100 / (cal2 - cal1);
    ck_assert_msg(fabs(temperature_c - 25) < 1.0, "%f C", temperature_c);
}

END_TEST

START_TEST(resolution_written_while_enabled_falls_back)
{
    fake_write(mcu, ADC + 0x0C, 2 << 3); /* 8 bits */
    open_adc(mcu);
    bench_of_test.v[1] = 1.65;
    uint32_t code = convert(2);
    ck_assert_uint_ge(code, 127);
    ck_assert_uint_le(code, 128);
    fake_write(mcu, ADC + 0x0C, 2 << 3);
    ck_assert_uint_eq(fake_read(mcu, ADC + 0x0C), 0); /* the erratum */
}

END_TEST

START_TEST(adc_interrupts_at_the_end_of_a_conversion)
{
    open_adc(mcu);
    fake_write(mcu, ADC + 0x04, 4);
    fake_write(mcu, ADC + 0x28, 2);
    fake_write(mcu, ADC + 0x08, 0x10000005);
    ck_assert(!mcu->irq[12]);
    fake_advance_us(mcu, 10);
    ck_assert(mcu->irq[12]);
    (void)fake_read(mcu, ADC + 0x40);
    ck_assert(!mcu->irq[12]);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("mcu serial and analog");
    TCase *tests = tcase_create("serial and analog");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, byte_takes_ten_bits_at_115200_from_16_mhz);
    tcase_add_test(tests, transmitter_sends_an_idle_frame_first);
    tcase_add_test(tests, second_byte_waits_and_follows_without_a_gap);
    tcase_add_test(tests, fifo_takes_eight_and_the_shifter_one);
    tcase_add_test(tests, fifo_enabled_and_idle_reads_008000c0);
    tcase_add_test(tests, pad_that_is_not_routed_sends_and_hears_nothing);
    tcase_add_test(tests, parity_is_sent_and_counted_within_the_frame);
    tcase_add_test(tests, over8_halves_the_clocks_of_a_bit);
    tcase_add_test(tests, frame_format_stands_while_enabled);
    tcase_add_test(tests, byte_arrives_at_its_end);
    tcase_add_test(tests, idle_follows_a_frame_of_silence_once);
    tcase_add_test(tests, overrun_keeps_the_old_byte);
    tcase_add_test(tests, receive_fifo_overruns_at_the_tenth);
    tcase_add_test(tests, parity_of_the_wrong_kind_is_an_error);
    tcase_add_test(
        tests, eight_data_bits_into_a_seven_bit_receiver_is_a_framing_error_when_the_top_is_0);
    tcase_add_test(tests, slower_sender_is_heard_as_several_bytes_of_garbage);
    tcase_add_test(tests, faster_sender_is_heard_as_one_wrong_byte);
    tcase_add_test(tests, byte_within_what_is_taken_for_another_is_not_heard);
    tcase_add_loop_test(tests, rates_within_four_percent_are_read_rightly, 0, 3);
    tcase_add_test(tests, byte_that_began_before_the_receiver_is_lost);
    tcase_add_test(tests, usart3_and_usart4_share_a_request);
    tcase_add_test(tests, usart2_sends_on_pa2);
    tcase_add_test(tests, serial_traffic_does_not_depend_on_slices);
    tcase_add_test(tests, frame_of_8_bits_takes_8_clocks);
    tcase_add_test(tests, half_word_store_packs_two_short_frames);
    tcase_add_test(tests, long_frame_takes_a_half_word);
    tcase_add_test(tests, receive_fifo_that_nobody_reads_overruns);
    tcase_add_test(tests, transmit_fifo_asks_for_more_when_half_empty);
    tcase_add_test(tests, spi_without_its_clock_pad_reaches_nobody);
    tcase_add_test(tests, least_significant_bit_first_turns_the_frame);
    tcase_add_test(tests, master_whose_select_is_low_leaves_the_bus);
    tcase_add_test(tests, adc_needs_its_regulator_for_20_us);
    tcase_add_loop_test(tests, code_is_the_voltage_over_vdda, 0, 4);
    tcase_add_test(tests, noise_is_there_and_small_and_of_the_seed);
    tcase_add_test(tests, voltage_out_of_range_stops_at_the_ends);
    tcase_add_test(tests, pad_that_is_not_analog_reads_zero);
    tcase_add_test(tests, conversion_takes_sampling_and_12_5_cycles);
    tcase_add_test(tests, scan_takes_channels_in_order);
    tcase_add_test(tests, sequencer_takes_its_own_order_up_to_f);
    tcase_add_test(tests, result_that_nobody_took_overruns);
    tcase_add_test(tests, oversampling_adds_and_shifts);
    tcase_add_test(tests, reference_code_tells_vdda);
    tcase_add_test(tests, temperature_code_tells_25_c);
    tcase_add_test(tests, resolution_written_while_enabled_falls_back);
    tcase_add_test(tests, adc_interrupts_at_the_end_of_a_conversion);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
