#include <string.h>

#include <jansson.h>

#include "apidesk.h"
#include "tests/fuzz/fuzz.h"

/*
 * The API of one node, called through its real socket: http, api and core are the
 * product's own. An input is a few calls, apart by a line "%%":
 *
 *     ?METHOD TARGET          ? is '+' with a session and a request id of its own, '='
 *     body …                  with the request id of the call before, '-' bare; '~' and
 *                             '!' are '+' and '-' as if they came by the network
 *
 * Every call that is one is answered, in JSON and never with "our fault"; a refusal
 * says why; no turn fails; and what the calls made can all be read again.
 */
enum { CALLS_MAX = 6 };

/* A line that libmicrohttpd takes for the beginning of a call; it hangs up on others. */
static bool well_formed(struct tb_bytes line)
{
    size_t method = 0;
    while (method < line.size && line.data[method] >= 'A' && line.data[method] <= 'Z') {
        method++;
    }
    bool good = method > 0 && method + 1 < line.size && line.data[method] == ' ' &&
                line.data[method + 1] == '/';
    for (size_t i = method + 1; good && i < line.size; i++) {
        good = line.data[i] > ' ' && line.data[i] < 0x7f;
    }
    return good;
}

static void check_answer(const struct apidesk *desk)
{
    unsigned code = apidesk_code(desk);
    struct tb_bytes bytes = apidesk_body(desk);
    tb_assert(code >= 200);
    /* A store that failed may be told as such, once: then the program stops. */
    tb_assert(code != 500 || desk->desk.db.status != TB_OK);
    /* What libmicrohttpd itself refuses is HTML; a stream is text. */
    if (!apidesk_head_has(desk, "application/json")) {
        tb_assert(code >= 400 || apidesk_head_has(desk, "text/event-stream"));
        return;
    }
    if (code != 500) {
        fuzz_said(bytes);
    }
    json_t *body = json_loadb((const char *)bytes.data, bytes.size, 0, NULL);
    tb_assert(body != NULL);
    if (code >= 400) {
        const json_t *error = json_object_get(body, "error");
        tb_assert(json_string_length(json_object_get(error, "status")) > 0);
        tb_assert(json_string_length(json_object_get(error, "text")) > 0);
    }
    json_decref(body);
}

static void call(struct apidesk *desk, struct apidesk_how how, struct tb_bytes line,
                 struct tb_bytes body)
{
    apidesk_call(desk, how, line, body);
    /* A server without memory hangs up, and the call is made again later. */
    tb_assert(desk->answer.size > 0 || !well_formed(line) || fuzz_starved);
    if (desk->answer.size > 0) {
        check_answer(desk);
    }
    apidesk_rest(desk);
}

static void read_all(struct apidesk *desk)
{
    static const char *const lines[] = {"GET /v1/notices", "GET /v1/waiting", "GET /v1/status"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        call(desk, (struct apidesk_how){0}, tb_bytes_text(lines[i]), tb_bytes_of(NULL, 0));
        tb_assert(apidesk_code(desk) == 200 || (fuzz_starved && desk->answer.size == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct apidesk desk;
    struct tb_bytes rest = {data, size};
    if (size < 4 || size > APIDESK_BODY_BYTES_MAX) {
        return 0;
    }
    apidesk_open(&desk, "");
    fuzz_prepared();
    for (unsigned number = 0; rest.size > 0 && number < CALLS_MAX; number++) {
        struct tb_bytes body = fuzz_until(&rest, "\n%%\n");
        struct tb_bytes line = fuzz_line(&body);
        /* An end of line within would begin headers of the fuzzer's own. */
        if (line.size < 2 || line.size > APIDESK_LINE_BYTES_MAX ||
            memchr(line.data, '\r', line.size) != NULL) {
            break;
        }
        char first = (char)line.data[0];
        const struct apidesk_how how = {.session = first != '-' && first != '!',
                                        .number = first == '=' && number > 0 ? number - 1 : number,
                                        .far = first == '~' || first == '!'};
        call(&desk, how, tb_bytes_of(line.data + 1, line.size - 1), body);
    }
    read_all(&desk);
    apidesk_close(&desk);
    return 0;
}
