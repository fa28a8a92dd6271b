#ifndef TB_APIDESK_H
#define TB_APIDESK_H

#include "desk.h"
#include "node/io/api.h"

/*
 * apidesk - a desk that is reached by its API: the product's own server, API and core
 * behind a Unix socket, without a process, a disk or a broker.
 *
 *     apidesk_call --socket--> http --> api --> turn of the desk --> answer
 *
 * The server lives as long as the process, the node from open to close.
 */
struct apidesk {
    struct fixture fix;
    struct desk desk;
    struct tb_queue queue;
    struct tb_links *links;
    struct tb_siren siren;
    struct tb_sse *sse;
    struct tb_config config;
    struct tb_keep keep;
    struct tb_api *api;
    struct tb_http *http; /* of the process */
    bool hold;            /* nothing is taken into a turn */
    struct tb_buf answer; /* to the last call, as it came; empty: the server hung up */
};

/* How a call comes. */
struct apidesk_how {
    bool session;    /* with the desk's own session and a request id */
    unsigned number; /* of the request id */
    bool far;        /* taken for one by the network */
};

enum { APIDESK_LINE_BYTES_MAX = 2048, APIDESK_BODY_BYTES_MAX = 96 * 1024 };

/* A desk of 宁武 with an officer on duty; ${alarm} is its alarm command, "" for none. */
void apidesk_open(struct apidesk *desk, const char *alarm);
void apidesk_close(struct apidesk *desk);

/* Call "METHOD TARGET" with ${body} and wait for the answer. A stream is left after its
 * first words, a call that is held without an answer. */
void apidesk_call(struct apidesk *desk, struct apidesk_how how, struct tb_bytes line,
                  struct tb_bytes body);
/* Between two calls the daemon looks at its store, and stops when that has failed: so
 * does this. */
void apidesk_rest(const struct apidesk *desk);
/* Stop as the daemon does, while the call ${line} waits for its turn. */
void apidesk_stop_during(struct apidesk *desk, const char *line, const char *body);

/* The answer's code, 0 without one, and the bytes behind its head. */
unsigned apidesk_code(const struct apidesk *desk);
struct tb_bytes apidesk_body(const struct apidesk *desk);
/* True when the answer's head holds ${words}. */
bool apidesk_head_has(const struct apidesk *desk, const char *words);

#endif
