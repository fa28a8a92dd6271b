#ifndef TB_HTTP_H
#define TB_HTTP_H

#include <jansson.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/io/loop.h"
#include "base/status.h"

struct MHD_Connection;
struct MHD_Response;

/*
 * http - the door to the API: libmicrohttpd, driven by our loop.
 *
 *   reading --whole--> handle --tb_http_reply--> answered --> gone
 *                         |                         ^
 *                         +--no reply yet: waiting--+
 *
 * A call that is not answered within `handle` waits, suspended, until
 * tb_http_reply is called for it: a changing call is answered only after the
 * turn that carries it has committed (I4). No thread: libmicrohttpd's epoll
 * descriptor is a source of the loop.
 */
enum {
    TB_HTTP_CONNECTIONS_MAX = 96, /* of each listener, streams included */
    TB_HTTP_STREAMS_MAX = 32,
    TB_HTTP_MEMORY_BYTES_MAX = 32 * 1024, /* of one connection: path and headers */
    TB_HTTP_BODY_BYTES_MAX = 256 * 1024,
    TB_HTTP_UPLOAD_BYTES_MAX = 4 * 1024 * 1024, /* a directory */
    TB_HTTP_THROWN_BYTES_MAX = 8 * 1024 * 1024, /* of a body over its limit */
    TB_HTTP_TIMEOUT_S = 30,
    TB_HTTP_PATH_BYTES_MAX = 512,
    TB_HTTP_SOCKET_MODE = 0660,
    TB_HTTP_BACKLOG = 64,
};

enum tb_http_method { TB_HTTP_GET, TB_HTTP_POST, TB_HTTP_DELETE, TB_HTTP_OTHER };

/* One call. It lives until its answer has been sent or the connection is gone, and as long as
 * it waits it is never gone. */
struct tb_http_call {
    uint64_t number; /* never 0, never used again */
    bool local;      /* came by the Unix socket */
    enum tb_http_method method;
    const char *path; /* percent signs are decoded */
    struct tb_bytes body;
    const char *request_id; /* header Request-Id; NULL without one */
    const char *token;      /* of Authorization: Bearer; NULL without one */
    struct MHD_Connection *connection;
};

struct tb_http_settings {
    const char *socket; /* path of the Unix socket */
    const char *listen; /* "host:port"; "" is off */
    void (*handle)(void *context, struct tb_http_call *call);
    void *context;
};

struct tb_http;

/* Bind and serve; a Unix socket left by a process that is gone is replaced, one that somebody
 * still serves is TB_CONFLICT. TB_IO with ${diag} when it cannot be bound. */
enum tb_status tb_http_open(const struct tb_http_settings *settings, struct tb_loop *loop,
                            struct tb_http **out, struct tb_diag *diag) TB_MUST_USE;
/* Every waiting call must have been answered and every stream ended before. */
void tb_http_close(struct tb_http *http);

/* A word of the query, decoded; NULL when it is not there. Borrowed from the call. */
const char *tb_http_query(const struct tb_http_call *call, const char *name);
/* A header; NULL when it is not there. Borrowed from the call. */
const char *tb_http_header(const struct tb_http_call *call, const char *name);

/* Answer ${call} with ${code} and ${body}, whose reference is taken. Once for each call. */
void tb_http_reply(struct tb_http_call *call, unsigned code, json_t *body);
/* Give ${response} one more line of its head. */
void tb_http_head(struct MHD_Response *response, const char *name, const char *value);
/* The call has been answered by a response of its own (sse.h). */
void tb_http_taken(struct tb_http_call *call);

/* The waiting call ${number}; NULL when there is none. */
struct tb_http_call *tb_http_find(struct tb_http *http, uint64_t number);

/* Let libmicrohttpd do what is ready, without waiting; after answers were given. */
void tb_http_run(struct tb_http *http);
/* When it wants to be run at the latest, in ms from now; UINT64_MAX: never. */
uint64_t tb_http_wait_ms(struct tb_http *http);
unsigned tb_http_connections(const struct tb_http *http);

#endif
