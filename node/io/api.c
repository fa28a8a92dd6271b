#include "node/io/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/text.h"
#include "node/io/api_inner.h"
#include "node/io/say.h"

enum { HTTP_OK = 200, HTTP_CREATED = 201, HTTP_METHOD = 405 };

struct tb_api *tb_api_new(const struct tb_api_parts *parts)
{
    struct tb_api *api = calloc(1, sizeof *api);
    tb_assert(api != NULL);
    api->parts = *parts;
    api->started_ms = tb_clock_read().wall.ms;
    tb_arena_init(&api->arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    return api;
}

void tb_api_free(struct tb_api *api)
{
    if (api != NULL) {
        tb_assert(api->pending == NULL);
        tb_arena_fini(&api->arena);
        free(api);
    }
}

void tb_api_serve(struct tb_api *api, struct tb_http *http)
{
    api->http = http;
}

void tb_api_disk_full(struct tb_api *api, bool full)
{
    api->disk_full = full;
}

/* ------------------------------------------------------------- answers */

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
    tb_http_reply(ask->call, http_code(status), error_of(status, field, line, text));
}

void tb_ask_answer(const struct tb_ask *ask, json_t *body)
{
    tb_http_reply(ask->call, HTTP_OK, body);
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

enum tb_status tb_api_find_notice(struct tb_api *api, const char *name, struct tb_id *id)
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
    enum tb_status status = tb_api_find_notice(ask->api, ask->name, id);
    if (status == TB_CONFLICT) {
        tb_ask_fail(ask, status, NULL, 0,
                    "several notices are called \"%s\": name one by the first hex digits of its id",
                    ask->name);
    } else if (status != TB_OK) {
        tb_ask_fail(ask, status, NULL, 0, "no notice here is called \"%s\"", ask->name);
    }
    return status == TB_OK;
}

void *tb_api_rows(size_t count, size_t row_bytes)
{
    void *rows = calloc(count, row_bytes);
    tb_assert(rows != NULL);
    return rows;
}

/* ------------------------------------------------------------- pending */

static void drop(struct tb_api *api, struct tb_pending *pending)
{
    struct tb_pending **at = &api->pending;
    while (*at != NULL && *at != pending) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = pending->next;
    }
    if (pending->arena_used) {
        tb_arena_fini(&pending->arena);
    }
    json_decref(pending->body);
    free(pending);
}

/* "Every changing call carries a request id": printable, so that it can be shown. */
static bool check_request_id(const struct tb_ask *ask)
{
    const char *id = ask->call->request_id;
    size_t length = id == NULL ? 0 : strlen(id);
    bool good = length > 0 && length < TB_REQUEST_ID_BYTES_MAX;
    for (size_t i = 0; good && i < length; i++) {
        good = id[i] > ' ' && id[i] < 0x7f;
    }
    if (!good) {
        tb_ask_fail(ask, TB_INPUT, NULL, 0,
                    "a changing call needs a header Request-Id of 1 to %d printable characters, "
                    "drawn anew for each act and kept when it is tried again",
                    TB_REQUEST_ID_BYTES_MAX - 1);
    }
    return good;
}

static bool (*const changers[TB_PATH_COUNT])(const struct tb_ask *ask,
                                             struct tb_pending *pending) = {
    [TB_PATH_ISSUE] = tb_change_issue,
    [TB_PATH_ACKNOWLEDGE] = tb_change_acknowledge,
    [TB_PATH_CALL] = tb_change_call,
    [TB_PATH_DUTY_OPEN] = tb_change_duty_open,
    [TB_PATH_DUTY_CLOSE] = tb_change_duty_close,
    [TB_PATH_OFFICER_SET] = tb_change_officer,
    [TB_PATH_DIRECTORY_TAKE] = tb_change_directory,
};

/* Run the alarm's test; answered by tb_api_tested when it has ended. */
static void start_test(const struct tb_ask *ask, struct tb_pending *pending)
{
    enum tb_status status =
        tb_siren_test(ask->api->parts.siren, ask->call->number, ask->api->now.mono_ms);
    if (status != TB_OK) {
        bool configured = ask->api->parts.config->alarm[0] != '\0';
        tb_ask_fail(ask, status, NULL, 0, "%s",
                    configured ? "a test is running already, or the command cannot be started"
                               : "no alarm command is configured: set [alarm] command");
        drop(ask->api, pending);
        return;
    }
    pending->taken = true;
}

static void change(const struct tb_ask *ask)
{
    struct tb_api *api = ask->api;
    if (!check_request_id(ask)) {
        return;
    }
    struct tb_pending *pending = calloc(1, sizeof *pending);
    tb_assert(pending != NULL);
    pending->call = ask->call;
    pending->at = ask->at;
    tb_text_copy(pending->id, sizeof pending->id, ask->call->request_id);
    pending->request.id = pending->id;
    if (ask->call->token != NULL && strlen(ask->call->token) < sizeof pending->session) {
        tb_text_copy(pending->session, sizeof pending->session, ask->call->token);
        pending->request.token = pending->session;
    }
    if (ask->at != TB_PATH_ALARM_TEST && !changers[ask->at](ask, pending)) {
        drop(api, pending);
        return;
    }
    struct tb_pending **end = &api->pending;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = pending;
    if (ask->at == TB_PATH_ALARM_TEST) {
        start_test(ask, pending);
    }
}

void tb_api_take(struct tb_api *api, struct tb_queue *queue)
{
    for (struct tb_pending *p = api->pending; p != NULL && !tb_queue_full(queue); p = p->next) {
        if (!p->taken) {
            p->taken = true;
            tb_queue_add(queue, TB_EVENT_REQUEST, p->call->number)->request = &p->request;
        }
    }
}

bool tb_api_waiting(const struct tb_api *api)
{
    for (const struct tb_pending *p = api->pending; p != NULL; p = p->next) {
        if (!p->taken) {
            return true;
        }
    }
    return false;
}

static struct tb_pending *find(struct tb_api *api, uint64_t number)
{
    struct tb_pending *p = api->pending;
    while (p != NULL && p->call->number != number) {
        p = p->next;
    }
    return p;
}

void tb_api_answer(struct tb_api *api, uint64_t number, const struct tb_result *result)
{
    struct tb_pending *pending = find(api, number);
    if (pending == NULL) {
        return; /* asked by the daemon itself */
    }
    if (result->status != TB_OK) {
        bool no_directory = pending->at == TB_PATH_DIRECTORY_TAKE && result->status == TB_MALFORMED;
        tb_http_reply(
            pending->call, http_code(result->status),
            error_of(result->status, NULL, 0,
                     no_directory ? "this is not the file of a signed directory" : result->text));
    } else {
        bool made = tb_path_method(pending->at) == TB_HTTP_POST &&
                    pending->at != TB_PATH_OFFICER_SET && pending->at != TB_PATH_DIRECTORY_TAKE &&
                    !result->repeated;
        tb_http_reply(pending->call, made ? HTTP_CREATED : HTTP_OK,
                      tb_change_told(api, pending, result));
    }
    drop(api, pending);
}

void tb_api_tested(struct tb_api *api, uint64_t number, int exit_status)
{
    struct tb_pending *pending = find(api, number);
    if (pending == NULL) {
        return;
    }
    json_t *body = json_object();
    tb_json_put_number(body, "exit_status", exit_status);
    tb_json_put_bool(body, "ok", exit_status == 0);
    tb_http_reply(pending->call, HTTP_OK, body);
    drop(api, pending);
}

static const char STOPPING[] =
    "the program is stopping: ask again when it is back, with the same request id";

void tb_api_stop(struct tb_api *api)
{
    api->stopping = true;
    while (api->pending != NULL) {
        struct tb_pending *pending = api->pending;
        tb_http_reply(pending->call, http_code(TB_IO), error_of(TB_IO, NULL, 0, STOPPING));
        drop(api, pending);
    }
}

/* ------------------------------------------------------------ dispatch */

static void (*const readers[TB_PATH_COUNT])(const struct tb_ask *ask) = {
    [TB_PATH_STATUS] = tb_ask_status,           [TB_PATH_NOTICES] = tb_ask_notices,
    [TB_PATH_WAITING] = tb_ask_waiting,         [TB_PATH_NOTICE] = tb_ask_one_notice,
    [TB_PATH_INCIDENT] = tb_ask_incident,       [TB_PATH_WHO] = tb_ask_who,
    [TB_PATH_RIVERS] = tb_ask_rivers,           [TB_PATH_OFFICES] = tb_ask_offices,
    [TB_PATH_OFFICERS] = tb_ask_officers,       [TB_PATH_DUTY] = tb_ask_duty,
    [TB_PATH_DIRECTORIES] = tb_ask_directories, [TB_PATH_LINKS] = tb_ask_links,
    [TB_PATH_ALARMS] = tb_ask_alarms,           [TB_PATH_STREAM] = tb_ask_stream,
};

/* "Reading on the local socket needs none": by TCP every call but the opening of a session
 * needs one. */
static bool let_in(const struct tb_ask *ask)
{
    struct tb_officer_row officer;
    const char *token = ask->call->token;
    if (ask->call->local || ask->at == TB_PATH_DUTY_OPEN) {
        return true;
    }
    if (token != NULL &&
        tb_query_session(ask->api->parts.node, token, ask->api->now.wall, &officer)) {
        return true;
    }
    tb_ask_fail(ask, TB_SESSION, NULL, 0, "by the network every call needs a duty session");
    return false;
}

void tb_api_handle(void *context, struct tb_http_call *call)
{
    struct tb_ask ask = {.api = context, .call = call};
    ask.api->now = tb_clock_read();
    if (ask.api->stopping) {
        /* A call that waited now would wait for ever. */
        tb_ask_fail(&ask, TB_IO, NULL, 0, "%s", STOPPING);
        return;
    }
    enum tb_status status = tb_path_find(call->method, call->path, &ask.at, ask.name);
    if (status == TB_STATE) {
        tb_http_reply(call, HTTP_METHOD,
                      error_of(TB_INPUT, NULL, 0, "this path does not take that method"));
        return;
    }
    if (status != TB_OK) {
        tb_ask_fail(&ask, TB_UNKNOWN, NULL, 0, "there is no such path: see API.md");
        return;
    }
    if (!let_in(&ask)) {
        return;
    }
    if (readers[ask.at] != NULL) {
        readers[ask.at](&ask);
    } else {
        change(&ask);
    }
}
