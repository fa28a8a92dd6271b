#include "node/io/ask.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"

enum { HTTP_OK = 200, HTTP_METHOD = 405 };

static unsigned http_code(enum tb_status status)
{
    switch (status) {
    case TB_OK:
        return HTTP_OK;
    case TB_MALFORMED:
    case TB_INPUT:
        return 400;
    case TB_SESSION:
        return 401;
    case TB_SIGNATURE:
    case TB_SIGNER:
    case TB_REVOKED:
    case TB_AUTHORITY:
    case TB_PEER:
        return 403;
    case TB_UNKNOWN:
        return 404;
    case TB_VERSION:
    case TB_CONFLICT:
    case TB_STATE:
        return 409;
    case TB_TOOBIG:
    case TB_MEMORY:
        return 413;
    case TB_FULL:
        return 429;
    case TB_DISKFULL:
        return 507;
    case TB_IO:
        break;
    }
    return 500;
}

/* A sentence for JSON: without a character that was cut in two at its end; that of ${status} when
 * there is none, or when what a caller sent made it no text. */
static json_t *sentence(enum tb_status status, const char *text)
{
    enum { CHARACTER_BYTES_MAX = 4 };
    size_t size = strlen(text);
    size_t cuts = size >= TB_DIAG_TEXT_BYTES_MAX - CHARACTER_BYTES_MAX ? CHARACTER_BYTES_MAX : 1;
    for (size_t cut = 0; cut < cuts && cut < size; cut++) {
        if (tb_text_valid(tb_bytes_of(text, size - cut))) {
            return json_stringn(text, size - cut);
        }
    }
    return tb_json_text(tb_status_text(status));
}

static json_t *error_of(enum tb_status status, const char *field, int line, const char *text)
{
    json_t *error = json_object();
    tb_json_put_text(error, "status", tb_status_name(status));
    (void)json_object_set_new(error, "text", sentence(status, text));
    if (field != NULL && field[0] != '\0') {
        tb_json_put_text(error, "field", field);
    }
    if (line > 0) {
        tb_json_put_number(error, "line", line);
    }
    json_t *body = json_object();
    (void)json_object_set_new(body, "error", error);
    return body;
}

void tb_ask_refuse(struct tb_http_call *call, enum tb_status status, const char *text)
{
    tb_http_reply(call, http_code(status), error_of(status, NULL, 0, text));
}

void tb_ask_reply(struct tb_api *api, struct tb_http_call *call, unsigned code, json_t *body)
{
    if (tb_node_db(api->parts.node)->status == TB_OK) {
        tb_http_reply(call, code, body);
        return;
    }
    json_decref(body);
    tb_ask_refuse(call, TB_IO,
                  "the store has failed and the program stops: ask again when it is back, with "
                  "the same request id");
}

void tb_ask_method(struct tb_http_call *call)
{
    tb_http_reply(call, HTTP_METHOD,
                  error_of(TB_INPUT, NULL, 0, "this path does not take that method"));
}

void tb_ask_fail(const struct tb_ask *ask, enum tb_status status, const char *field, int line,
                 const char *format, ...)
{
    char text[TB_DIAG_TEXT_BYTES_MAX];
    va_list args;
    va_start(args, format);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(text, sizeof text, format, args);
#pragma GCC diagnostic pop
    va_end(args);
    tb_ask_reply(ask->api, ask->call, http_code(status), error_of(status, field, line, text));
}

void tb_ask_answer(const struct tb_ask *ask, json_t *body)
{
    tb_ask_reply(ask->api, ask->call, HTTP_OK, body);
}

bool tb_ask_number(const struct tb_ask *ask, const char *name, int64_t min, int64_t max,
                   int64_t fallback, int64_t *out)
{
    const char *text = tb_http_query(ask->call, name);
    uint64_t number = 0;
    *out = fallback;
    if (text == NULL) {
        return true;
    }
    if (!tb_text_u64(text, (uint64_t)max, &number) || (int64_t)number < min) {
        tb_ask_fail(ask, TB_INPUT, name, 0, "write a whole number from %lld to %lld",
                    (long long)min, (long long)max);
        return false;
    }
    *out = (int64_t)number;
    return true;
}

bool tb_ask_office(const struct tb_ask *ask, const char *name, uint32_t *out)
{
    int64_t code;
    bool good = tb_ask_number(ask, name, 0, 999999, 0, &code);
    *out = (uint32_t)code;
    return good;
}

enum tb_status tb_ask_find(struct tb_api *api, const char *name, struct tb_id *id)
{
    if (strlen(name) == TB_ID_HEX_CHARS && tb_unhex(id->byte, sizeof id->byte, name)) {
        struct tb_notice_row row;
        tb_arena_reset(&api->arena);
        return tb_query_notice(api->parts.node, id, &api->arena, &row, NULL) ? TB_OK : TB_UNKNOWN;
    }
    size_t found = tb_query_find(api->parts.node, name, id);
    return found == 0 ? TB_UNKNOWN : found == 1 ? TB_OK : TB_CONFLICT;
}

bool tb_ask_notice(const struct tb_ask *ask, struct tb_id *id)
{
    enum tb_status status = tb_ask_find(ask->api, ask->name, id);
    if (status == TB_CONFLICT) {
        tb_ask_fail(ask, status, NULL, 0,
                    "several notices are called \"%s\": name one by the first hex digits of its id",
                    ask->name);
    } else if (status != TB_OK) {
        tb_ask_fail(ask, status, NULL, 0, "no notice here is called \"%s\"", ask->name);
    }
    return status == TB_OK;
}

void *tb_ask_rows(size_t count, size_t row_bytes)
{
    void *rows = calloc(count, row_bytes);
    tb_assert(rows != NULL);
    return rows;
}
