/** A probe for tests: SWD by bits, written from ADIv5.2 B4 apart from the part's side. */
#ifndef EVENKEEL_TESTS_UNIT_MCU_SWD_HOST_H
#define EVENKEEL_TESTS_UNIT_MCU_SWD_HOST_H

#include "fixtures/virtual/mcu/mcu.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HOST_NO_ACK = 7, /* nobody drives the line: three ones */
    HOST_OK = 1,
    HOST_WAIT = 2,
    HOST_FAULT = 4
};

struct swd_host {
    struct mcu *mcu;
    uint64_t time_ns;
    unsigned half_ns;      /* half a clock */
    bool detects_overrun;  /* a data phase whatever the answer */
    bool breaks_parity;    /* of the data written */
    bool has_parity_error; /* of the last data read */
};

/** One clock with @p level on the line. @return what the part drives when the clock rises */
enum wire_level host_clock(struct swd_host *host, enum wire_level level);
void host_bits(struct swd_host *host, uint64_t bits, unsigned count);
void host_line_reset(struct swd_host *host);
/** One packet. @p address 0, 4, 8, 12. @return ACK */
unsigned host_packet(
    struct swd_host *host, bool is_ap, bool is_read, unsigned address, uint32_t *data);

/** Packets that must be answered OK. */
uint32_t host_dp_read(struct swd_host *host, unsigned address);
void host_dp_write(struct swd_host *host, unsigned address, uint32_t value);
/** AP register with its bank; waits for the result (RDBUFF). */
uint32_t host_ap_read(struct swd_host *host, unsigned number);
void host_ap_write(struct swd_host *host, unsigned number, uint32_t value);

/** Line reset, DPIDR, power-up requests, CSW for words without increment. */
void host_connect(struct swd_host *host);
uint32_t host_read_word(struct swd_host *host, uint32_t address);
void host_write_word(struct swd_host *host, uint32_t address, uint32_t value);

/* Halting debug. */

void host_halt(struct swd_host *host);
void host_resume(struct swd_host *host);
void host_step(struct swd_host *host);
uint32_t host_register(struct swd_host *host, unsigned number);
void host_set_register(struct swd_host *host, unsigned number, uint32_t value);

#endif
