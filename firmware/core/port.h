/**
 * What the unit needs from its board: the one seam between the pure code and the registers.
 *
 * The image gives hal/board.c, the tests give a board of their own.
 */
#ifndef EVENKEEL_FIRMWARE_CORE_PORT_H
#define EVENKEEL_FIRMWARE_CORE_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Pages of the part's flash: see the board's table. A page holds 256 double words. */
enum {
    FLASH_PAGE_DIARY = 58,
    FLASH_PAGE_FACTORY = 60,
    FLASH_PAGE_SETTINGS = 62,
    FLASH_PAGE_WORDS = 256, /* double words of 8 bytes */
    FLASH_WORD_LEN = 8
};

#define FLASH_BLANK UINT64_MAX

/** The flash behind the image, in double words: the unit of programming and of error correction. */
struct flash_port {
    void *ctx;
    /** @return false: the double word cannot be corrected, @p value is not to be used */
    bool (*read)(void *ctx, unsigned page, unsigned index, uint64_t *value);
    /** Blocks 22 .. 40 ms, during which the core does not run. */
    bool (*erase)(void *ctx, unsigned page);
    /** Blocks about 0.1 ms. True says that the controller is content, not that the cells hold. */
    bool (*program)(void *ctx, unsigned page, unsigned index, uint64_t value);
};

/** Inputs of the part's own 12-bit converter, full scale VDDA. */
enum aux_channel {
    AUX_NTC_1,
    AUX_NTC_2,
    AUX_SUPERCAP,
    AUX_CURRENT,
    AUX_COUNT
};

struct lamps {
    bool blue, red, green, buzzer;
};

struct port {
    void *ctx;
    /** Ticks of 1 ms; asked afresh wherever the span since then matters. */
    uint32_t (*now_ms)(void *ctx);
    /** Put 32 bits into the tap latches U6 .. U9; the switches follow at once. */
    void (*set_latches)(void *ctx, uint32_t latches_mask);
    /** One conversion of the cell ADC, about 15 us. */
    uint16_t (*read_chain_raw)(void *ctx);
    /** One conversion of the part's own ADC, 0 .. 4095. */
    uint16_t (*read_aux_raw)(void *ctx, enum aux_channel channel);
    /** Queue a whole frame. Room for 400 bytes: an answer may be on the line when cells follow. */
    void (*send)(void *ctx, const uint8_t *data, size_t len);
    /** The last stop bit of all that was queued has left the part. */
    bool (*is_line_idle)(void *ctx);
    /** Take one received byte. @return false: there is none */
    bool (*receive)(void *ctx, uint8_t *byte);
    void (*show)(void *ctx, const struct lamps *lamps);
    struct flash_port flash;
};

#endif
