/**
 * Any bytes as an MPSSE command stream, in packets of any size, with time passing in between.
 *
 * Input: records of one head byte and up to 64 bytes of payload, which is one OUT packet if it
 * fits. Head: bits 5:0 payload length - 1; bits 7:6 what happens after it: nothing, 1 us, 200 us,
 * or an IN token. What must hold: time at the pins never runs backwards, packets and FIFOs keep
 * their bounds, the host gets no more bytes than clocks and commands can have made, and the chip
 * has no event left before its own time.
 */
#include "fixtures/virtual/ftdi/ft4232h.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum {
    CHANNEL_A = 0,
    INDEX_A = 1,
    TOTAL_MAX_NS = 20000000
};

struct probe {
    uint64_t last_ns;
    uint64_t call_count;
};

static void must(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static void see(struct probe *probe, uint64_t time_ns)
{
    must(time_ns >= probe->last_ns);
    probe->last_ns = time_ns;
    probe->call_count++;
}

static void drive(void *ctx, uint64_t time_ns, uint8_t level, uint8_t direction)
{
    (void)level;
    (void)direction;
    see(ctx, time_ns);
}

static uint8_t sense(void *ctx, uint64_t time_ns)
{
    see(ctx, time_ns);
    return (uint8_t)(time_ns >> 5 ^ time_ns);
}

static uint64_t span_of(uint8_t head)
{
    static const uint64_t spans_ns[4] = {0, 1000, 200000, 0};

    return spans_ns[head >> 6];
}

static size_t take_packet(struct ft4232h *chip, uint64_t now_ns)
{
    uint8_t packet[FT4232H_PACKET_LEN];
    size_t len = ft4232h_in(chip, CHANNEL_A, now_ns, packet);

    must(len == 0 || (len >= 2 && len <= FT4232H_PACKET_LEN));
    must(len == 0 || (packet[0] == 0x32 && packet[1] == 0x60));
    return len == 0 ? 0 : len - 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct probe probe = {0};
    struct ft4232h_pins pins = {.ctx = &probe, .drive = drive, .sense = sense};
    struct ft4232h *chip = ft4232h_create("FUZZ");
    uint64_t now_ns = 0;
    uint64_t got = 0;

    ft4232h_connect(chip, CHANNEL_A, &pins);
    must(ft4232h_control_out(chip, 0, 0x0B, 0x0200, INDEX_A));
    for (size_t at = 0; at < len && now_ns < TOTAL_MAX_NS;) {
        uint8_t head = data[at++];
        size_t packet_len = (head & 63u) + 1;
        if (packet_len > len - at) {
            packet_len = len - at;
        }
        if (packet_len <= ft4232h_out_room(chip, CHANNEL_A, now_ns)) {
            ft4232h_out(chip, CHANNEL_A, now_ns, data + at, packet_len);
        }
        at += packet_len;
        now_ns += span_of(head);
        ft4232h_advance(chip, now_ns);
        must(ft4232h_next_event_ns(chip) > now_ns);
        must(ft4232h_out_room(chip, CHANNEL_A, now_ns) <= FT4232H_FIFO_LEN);
        got += head >> 6 == 3 ? take_packet(chip, now_ns) : 0;
    }
    /* at most two bytes of echo a byte of input, and a byte each eight clocks of 30 MHz */
    must(got <= 2 * len + now_ns * 30 / 8000 + 1);
    /* at most two edges and one sample a clock of 30 MHz and a few calls a byte of input */
    must(probe.call_count <= 4 * len + 4 * (now_ns * 30 / 1000 + 1) + 4);
    ft4232h_destroy(chip);
    return 0;
}
