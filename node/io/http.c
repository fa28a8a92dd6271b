#include "node/io/http.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/fault.h"
#include "node/io/config.h"
#include "node/io/http_listen.h"

enum { LISTENERS_MAX = 2, RUNS_MAX = 8, ANSWER_INDENT = 0 };
static const char BEARER[] = "Bearer ";

enum progress { READING, WAITING, REPLIED, TAKEN };

/* The call and what http itself keeps beside it. */
struct exchange {
    struct tb_http_call call;
    struct tb_http *http;
    struct exchange *next;
    enum progress progress;
    bool inside;    /* within the handler just now */
    bool suspended; /* libmicrohttpd lets it rest */
    bool too_big;
    size_t thrown_bytes; /* read beyond the limit, so that the refusal is heard */
    struct tb_buf body;
    char path[TB_HTTP_PATH_BYTES_MAX];
    unsigned code;
    char *answer;
};

struct listener {
    struct tb_http *http;
    struct MHD_Daemon *daemon;
    bool local;
};

struct tb_http {
    struct tb_http_settings settings;
    struct tb_loop *loop;
    struct listener listeners[LISTENERS_MAX];
    struct tb_loop_source sources[LISTENERS_MAX];
    size_t count;
    uint64_t last_number;
    struct exchange *exchanges;
    char socket[TB_FILES_PATH_BYTES_MAX];
};

/* ------------------------------------------------------------- answers */

void tb_http_reply(struct tb_http_call *call, unsigned code, json_t *body)
{
    struct exchange *x = (struct exchange *)call;
    tb_assert(x->progress == READING || x->progress == WAITING);
    x->code = code;
    x->answer = json_dumps(body, JSON_INDENT(ANSWER_INDENT));
    tb_assert(x->answer != NULL);
    json_decref(body);
    x->progress = REPLIED;
    if (x->suspended) {
        x->suspended = false;
        MHD_resume_connection(call->connection);
    }
}

void tb_http_taken(struct tb_http_call *call)
{
    struct exchange *x = (struct exchange *)call;
    tb_assert(x->progress == READING);
    x->progress = TAKEN;
}

void tb_http_head(struct MHD_Response *response, const char *name, const char *value)
{
    enum MHD_Result added = MHD_add_response_header(response, name, value);
    tb_assert(added == MHD_YES); /* only for want of memory */
}

static enum MHD_Result send_answer(struct exchange *x)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(x->answer), x->answer, MHD_RESPMEM_MUST_FREE);
    tb_assert(response != NULL);
    x->answer = NULL;
    tb_http_head(response, "Content-Type", "application/json");
    tb_http_head(response, "Cache-Control", "no-store");
    tb_http_head(response, "X-Content-Type-Options", "nosniff");
    enum MHD_Result queued = MHD_queue_response(x->call.connection, x->code, response);
    MHD_destroy_response(response);
    return queued;
}

/* An answer of http itself, in the form of all errors. */
static void refuse(struct exchange *x, unsigned code, enum tb_status status, const char *text)
{
    json_t *error =
        json_pack("{s:{s:s,s:s}}", "error", "status", tb_status_name(status), "text", text);
    tb_http_reply(&x->call, code, error);
}

/* --------------------------------------------------------------- calls */

static enum tb_http_method method_of(const char *method)
{
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0) {
        return TB_HTTP_GET;
    }
    if (strcmp(method, MHD_HTTP_METHOD_POST) == 0) {
        return TB_HTTP_POST;
    }
    return strcmp(method, MHD_HTTP_METHOD_DELETE) == 0 ? TB_HTTP_DELETE : TB_HTTP_OTHER;
}

const char *tb_http_query(const struct tb_http_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *tb_http_header(const struct tb_http_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

static struct exchange *begin(const struct listener *listener, struct MHD_Connection *connection,
                              const char *path, const char *method)
{
    struct tb_http *http = listener->http;
    struct exchange *x = calloc(1, sizeof *x);
    tb_assert(x != NULL);
    x->http = http;
    x->call.number = ++http->last_number;
    x->call.local = listener->local;
    x->call.connection = connection;
    x->call.method = method_of(method);
    x->too_big = strlen(path) >= sizeof x->path;
    snprintf(x->path, sizeof x->path, "%s", path);
    x->call.path = x->path;
    bool upload = strcmp(path, "/v1/directories") == 0;
    tb_buf_init(&x->body, upload ? TB_HTTP_UPLOAD_BYTES_MAX : TB_HTTP_BODY_BYTES_MAX);
    x->next = http->exchanges;
    http->exchanges = x;
    return x;
}

/* The length that the client announces is more than will even be thrown away: refused before it
 * is sent. */
static bool announces_too_much(const struct exchange *x)
{
    const char *length = tb_http_header(&x->call, MHD_HTTP_HEADER_CONTENT_LENGTH);
    char *end = NULL;
    unsigned long long bytes = length == NULL ? 0 : strtoull(length, &end, 10);
    return bytes > TB_HTTP_THROWN_BYTES_MAX;
}

/* What comes beyond the limit is read and thrown away, because a client that is cut off while it
 * sends does not read why; but not for ever: false ends the connection. */
static bool take_piece(struct exchange *x, struct tb_bytes piece)
{
    if (!x->too_big && tb_buf_add(&x->body, piece) == TB_OK) {
        return true;
    }
    x->too_big = true;
    x->thrown_bytes += piece.size;
    return x->thrown_bytes <= TB_HTTP_THROWN_BYTES_MAX;
}

static void dispatch(struct exchange *x)
{
    x->call.body = tb_buf_bytes(&x->body);
    x->call.request_id = tb_http_header(&x->call, "Request-Id");
    const char *authorization = tb_http_header(&x->call, MHD_HTTP_HEADER_AUTHORIZATION);
    if (authorization != NULL && strncmp(authorization, BEARER, sizeof BEARER - 1) == 0) {
        x->call.token = authorization + sizeof BEARER - 1;
    }
    if (x->too_big) {
        refuse(x, MHD_HTTP_CONTENT_TOO_LARGE, TB_TOOBIG,
               "the body is over the limit of 256 KiB (a directory: 4 MiB)");
        return;
    }
    x->inside = true;
    x->http->settings.handle(x->http->settings.context, &x->call);
    x->inside = false;
}

/* libmicrohttpd calls this for the headers, for each piece of the body, at its end, and again
 * when a suspended call is resumed. */
static enum MHD_Result access_call(void *context, struct MHD_Connection *connection,
                                   const char *path, const char *method, const char *version,
                                   const char *piece, size_t *piece_bytes, void **state)
{
    (void)version;
    struct exchange *x = *state;
    if (x == NULL) {
        x = begin(context, connection, path, method);
        *state = x;
        if (announces_too_much(x)) {
            x->too_big = true;
            dispatch(x);
            return send_answer(x);
        }
        return MHD_YES;
    }
    if (*piece_bytes > 0) {
        bool go_on = take_piece(x, tb_bytes_of(piece, *piece_bytes));
        *piece_bytes = 0;
        return go_on ? MHD_YES : MHD_NO;
    }
    if (x->progress == READING) {
        dispatch(x);
    }
    if (x->progress == REPLIED) {
        return send_answer(x);
    }
    if (x->progress == READING) {
        x->progress = WAITING;
        x->suspended = true;
        MHD_suspend_connection(connection);
    }
    return MHD_YES;
}

/* The exchange is over: answered, or the connection is gone. */
static void completed(void *context, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode how)
{
    (void)context;
    (void)connection;
    (void)how;
    struct exchange *x = *state;
    if (x == NULL) {
        return;
    }
    struct exchange **at = &x->http->exchanges;
    while (*at != x) {
        at = &(*at)->next;
    }
    *at = x->next;
    tb_buf_fini(&x->body);
    free(x->answer);
    free(x);
    *state = NULL;
}

struct tb_http_call *tb_http_find(struct tb_http *http, uint64_t number)
{
    for (struct exchange *x = http->exchanges; x != NULL; x = x->next) {
        if (x->call.number == number && x->progress == WAITING) {
            return &x->call;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------- running */

/* The descriptor of a listener is ready. */
static void ready(void *context)
{
    tb_http_run(context);
}

void tb_http_run(struct tb_http *http)
{
    for (size_t i = 0; i < http->count; i++) {
        MHD_UNSIGNED_LONG_LONG wait_ms = 0;
        /* An answer is written in the round after the one in which it was given. */
        for (int n = 0; n < RUNS_MAX && wait_ms == 0; n++) {
            (void)MHD_run(http->listeners[i].daemon);
            if (MHD_get_timeout(http->listeners[i].daemon, &wait_ms) != MHD_YES) {
                break;
            }
        }
    }
}

uint64_t tb_http_wait_ms(struct tb_http *http)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < http->count; i++) {
        MHD_UNSIGNED_LONG_LONG wait_ms = 0;
        if (MHD_get_timeout(http->listeners[i].daemon, &wait_ms) == MHD_YES && wait_ms < least) {
            least = wait_ms;
        }
    }
    return least;
}

unsigned tb_http_connections(const struct tb_http *http)
{
    unsigned sum = 0;
    for (size_t i = 0; i < http->count; i++) {
        const union MHD_DaemonInfo *info =
            MHD_get_daemon_info(http->listeners[i].daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
        sum += info == NULL ? 0 : info->num_connections;
    }
    return sum;
}

static enum tb_status serve(struct tb_http *http, int fd, bool local, struct tb_diag *diag)
{
    struct listener *listener = &http->listeners[http->count];
    *listener = (struct listener){.http = http, .local = local};
    listener->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, access_call, listener,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)TB_HTTP_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)TB_HTTP_MEMORY_BYTES_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TB_HTTP_TIMEOUT_S, MHD_OPTION_END);
    if (listener->daemon == NULL) {
        (void)close(fd);
        tb_diag_set(diag, 0, "libmicrohttpd does not start");
        return TB_IO;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    tb_assert(info != NULL);
    http->count++;
    return tb_loop_add_fd(http->loop, info->epoll_fd, TB_LOOP_READ, ready, http,
                          &http->sources[http->count - 1]);
}

enum tb_status tb_http_open(const struct tb_http_settings *settings, struct tb_loop *loop,
                            struct tb_http **out, struct tb_diag *diag)
{
    struct tb_http *http = calloc(1, sizeof *http);
    tb_assert(http != NULL);
    http->settings = *settings;
    http->loop = loop;
    snprintf(http->socket, sizeof http->socket, "%s", settings->socket);
    int fd = -1;
    enum tb_status status = tb_http_listen_unix(http->socket, &fd, diag);
    if (status == TB_OK) {
        status = serve(http, fd, true, diag);
    } else {
        http->socket[0] = '\0'; /* not ours to remove */
    }
    if (status == TB_OK && settings->listen[0] != '\0') {
        status = tb_http_listen_tcp(settings->listen, &fd, diag);
        if (status == TB_OK) {
            status = serve(http, fd, false, diag);
        }
    }
    if (status != TB_OK) {
        tb_http_close(http);
        http = NULL;
    }
    *out = http;
    return status;
}

void tb_http_close(struct tb_http *http)
{
    if (http == NULL) {
        return;
    }
    tb_http_run(http);
    for (size_t i = 0; i < http->count; i++) {
        tb_loop_remove(http->loop, http->sources[i]);
        MHD_stop_daemon(http->listeners[i].daemon);
    }
    if (http->socket[0] != '\0') {
        (void)unlink(http->socket);
    }
    free(http);
}
