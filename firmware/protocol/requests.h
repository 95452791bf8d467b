/**
 * NEEY wire format, the unit's side: what comes from the phone and from the Bluetooth module.
 *
 *     0  AA 55   2  11   3  function (1 read, 0 write)   4  command   5  register
 *     6  length, ignored: an old app puts it one byte late   8  payload, 10 bytes
 *     18  sum of bytes 0 .. 17 (new app) or their exclusive or (old app)   19  FF
 *
 * Taking either check costs strength: about one damaged request in 200 fits the other one by
 * chance.
 *
 * Between requests the module may say "+CONNECTED", "+DISCONNECTED" or "AT", each with CR LF. The
 * parser looks for all four at once: whatever cannot be the start of one loses its first byte.
 */
#ifndef EVENKEEL_FIRMWARE_PROTOCOL_REQUESTS_H
#define EVENKEEL_FIRMWARE_PROTOCOL_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REQUEST_LEN = 20,
    REQUEST_PAYLOAD_LEN = 10
};

struct request {
    bool is_write;
    uint8_t command;
    uint8_t reg;
    uint8_t payload[REQUEST_PAYLOAD_LEN];
};

enum request_event {
    REQUEST_NONE, /* more bytes are needed */
    REQUEST_RECEIVED,
    REQUEST_CONNECTED,
    REQUEST_DISCONNECTED,
    REQUEST_AT
};

/** All zeros is the start. */
struct request_parser {
    uint8_t data[REQUEST_LEN];
    uint8_t len;
};

/** @pre request_parser_next() has answered REQUEST_NONE since the last byte */
void request_parser_put(struct request_parser *parser, uint8_t byte);
/** @p request is written for REQUEST_RECEIVED only. */
enum request_event request_parser_next(struct request_parser *parser, struct request *request);

#endif
