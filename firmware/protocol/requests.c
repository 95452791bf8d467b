#include "firmware/protocol/requests.h"

#include <string.h>

enum match {
    MATCH_NOT,
    MATCH_MORE, /* so far, so good */
    MATCH_WHOLE
};

static const struct {
    char text[16];
    uint8_t event;
} TEXTS[] = {
    {"+CONNECTED\r\n", REQUEST_CONNECTED},
    {"+DISCONNECTED\r\n", REQUEST_DISCONNECTED},
    {"AT\r\n", REQUEST_AT},
};

void request_parser_put(struct request_parser *parser, uint8_t byte)
{
    parser->data[parser->len++] = byte;
}

static void drop(struct request_parser *parser, size_t len)
{
    parser->len = (uint8_t)(parser->len - len);
    memmove(parser->data, parser->data + len, parser->len);
}

static enum match match_text(const struct request_parser *parser, const char *text, size_t text_len)
{
    size_t len = parser->len < text_len ? parser->len : text_len;

    if (memcmp(parser->data, text, len) != 0) {
        return MATCH_NOT;
    }
    return len == text_len ? MATCH_WHOLE : MATCH_MORE;
}

static bool check_is_right(const uint8_t *data)
{
    uint8_t sum = 0;
    uint8_t exclusive_or = 0;

    for (size_t i = 0; i < REQUEST_LEN - 2; i++) {
        sum = (uint8_t)(sum + data[i]);
        exclusive_or ^= data[i];
    }
    return data[REQUEST_LEN - 2] == sum || data[REQUEST_LEN - 2] == exclusive_or;
}

static enum match match_request(const struct request_parser *parser)
{
    static const uint8_t HEAD[] = {0xAA, 0x55, 0x11};
    const uint8_t *data = parser->data;
    size_t head_len = parser->len < sizeof HEAD ? parser->len : sizeof HEAD;

    if (memcmp(data, HEAD, head_len) != 0 || (parser->len > 3 && data[3] > 1)) {
        return MATCH_NOT;
    }
    if (parser->len < REQUEST_LEN) {
        return MATCH_MORE;
    }
    return data[REQUEST_LEN - 1] == 0xFF && check_is_right(data) ? MATCH_WHOLE : MATCH_NOT;
}

static void take(struct request_parser *parser, struct request *request)
{
    request->is_write = parser->data[3] == 0;
    request->command = parser->data[4];
    request->reg = parser->data[5];
    memcpy(request->payload, parser->data + 8, sizeof request->payload);
    drop(parser, REQUEST_LEN);
}

/** Is there a text at the start? @return the best match; @p event and @p len for a whole one */
static enum match match_texts(
    const struct request_parser *parser, enum request_event *event, size_t *len)
{
    enum match best = MATCH_NOT;

    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        size_t text_len = strlen(TEXTS[i].text);
        enum match match = match_text(parser, TEXTS[i].text, text_len);

        if (match == MATCH_WHOLE) {
            *event = (enum request_event)TEXTS[i].event;
            *len = text_len;
            return MATCH_WHOLE;
        }
        best = match == MATCH_MORE ? MATCH_MORE : best;
    }
    return best;
}

enum request_event request_parser_next(struct request_parser *parser, struct request *request)
{
    while (parser->len > 0) {
        enum request_event event = REQUEST_NONE;
        size_t text_len = 0;
        enum match as_request = match_request(parser);
        enum match as_text = match_texts(parser, &event, &text_len);

        if (as_request == MATCH_WHOLE) {
            take(parser, request);
            return REQUEST_RECEIVED;
        }
        if (as_text == MATCH_WHOLE) {
            drop(parser, text_len);
            return event;
        }
        if (as_request == MATCH_MORE || as_text == MATCH_MORE) {
            return REQUEST_NONE;
        }
        drop(parser, 1);
    }
    return REQUEST_NONE;
}
