#include "node/io/api.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/io/say.h"
#include "base/text.h"
#include "node/io/api_clock.h"
#include "node/io/api_inner.h"

enum { HTTP_OK = 200, HTTP_CREATED = 201 };

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
    [TB_PATH_DISCLOSE] = tb_change_disclose,
    [TB_PATH_DEED] = tb_change_deed,
    [TB_PATH_DESTROY] = tb_change_destroy,
    [TB_PATH_PERSONAL] = tb_change_personal,
    [TB_PATH_DUTY_OPEN] = tb_change_duty_open,
    [TB_PATH_DUTY_CLOSE] = tb_change_duty_close,
    [TB_PATH_OFFICER_SET] = tb_change_officer,
    [TB_PATH_DIRECTORY_TAKE] = tb_change_directory,
    [TB_PATH_RECOVER] = tb_change_recover,
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
        tb_ask_refuse(pending->call, result->status,
                      no_directory ? "this is not the file of a signed directory" : result->text);
    } else {
        bool made = tb_path_method(pending->at) == TB_HTTP_POST &&
                    pending->at != TB_PATH_OFFICER_SET && pending->at != TB_PATH_DIRECTORY_TAKE &&
                    !result->repeated;
        tb_ask_reply(api, pending->call, made ? HTTP_CREATED : HTTP_OK,
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
        tb_ask_refuse(pending->call, TB_IO, STOPPING);
        drop(api, pending);
    }
}

/* ------------------------------------------------------------ dispatch */

static void (*const readers[TB_PATH_COUNT])(const struct tb_ask *ask) = {
    [TB_PATH_STATUS] = tb_read_status,           [TB_PATH_NOTICES] = tb_read_notices,
    [TB_PATH_WAITING] = tb_read_waiting,         [TB_PATH_NOTICE] = tb_read_one_notice,
    [TB_PATH_INCIDENT] = tb_read_incident,       [TB_PATH_WHO] = tb_read_who,
    [TB_PATH_RIVERS] = tb_read_rivers,           [TB_PATH_OFFICES] = tb_read_offices,
    [TB_PATH_OFFICERS] = tb_read_officers,       [TB_PATH_DUTY] = tb_read_duty,
    [TB_PATH_DIRECTORIES] = tb_read_directories, [TB_PATH_LINKS] = tb_read_links,
    [TB_PATH_CLOCKS] = tb_read_clocks,           [TB_PATH_ALARMS] = tb_read_alarms,
    [TB_PATH_STREAM] = tb_read_stream,           [TB_PATH_RECOVERED] = tb_read_recovered,
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
        tb_ask_method(call);
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
