#ifndef TB_CLIENT_H
#define TB_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "node/cli/home.h"
#include "node/cli/session.h"

/*
 * client - the node's HTTP API over its Unix socket (node/API.md).
 *
 *   closed --open--> open --get, change, stream--> open --close--> closed
 *
 * Every changing call carries a request id; "the same id gives the same answer,
 * after a crash too". So a call whose connection breaks is made again with the
 * id it had, until the node answers or TB_CLIENT_TRIES are used up: an officer
 * never issues twice by pressing once.
 */
enum {
    TB_CLIENT_ANSWER_BYTES_MAX = 16 * 1024 * 1024,
    TB_CLIENT_PATH_BYTES_MAX = 1024,
    TB_CLIENT_REQUEST_ID_CHARS = 32,
    TB_CLIENT_TRIES = 20,
    TB_CLIENT_PAUSE_MS = 500,
    TB_CLIENT_CONNECT_S = 5,
    TB_CLIENT_ANSWER_S = 60,
};

struct tb_client {
    void *curl;
    const char *socket;                     /* borrowed */
    char token[TB_SESSION_TOKEN_BYTES_MAX]; /* "" without a session */
    char request_id[TB_CLIENT_REQUEST_ID_CHARS * 2 + 1];
};

/* What came back. */
struct tb_answer {
    bool reached; /* a node answered */
    bool broke;   /* one answered before, or a connection broke: the act may have
                     happened, and is safe to ask for again with its request id */
    long http;    /* 200 … */
    json_t *json; /* NULL when there was none */
};

/* Over the socket of ${home}, which outlives the client. False when libcurl
 * cannot be started. */
bool tb_client_open(struct tb_client *client, const struct tb_home *home);
void tb_client_close(struct tb_client *client);

/* GET ${path}. The answer is given back with tb_answer_fini. */
void tb_client_get(struct tb_client *client, const char *path, struct tb_answer *answer);

/* One changing call; ${body} may be empty. The request id is client->request_id
 * when the caller has set one, else it is drawn here and left there. */
void tb_client_change(struct tb_client *client, const char *method, const char *path,
                      const char *type, struct tb_bytes body, struct tb_answer *answer);

void tb_answer_fini(struct tb_answer *answer);
/* True for a 2xx answer. */
bool tb_answer_good(const struct tb_answer *answer);

/*
 * Say on stderr why ${answer} is not good and what to do; the exit status to
 * end with. ${file} (may be NULL) is what the person wrote, for the line that
 * the answer may name.
 */
int tb_answer_refused(const struct tb_client *client, const struct tb_answer *answer,
                      const char *file);

/* Append ${text} to the path in ${out} with what a URL does not bear escaped;
 * TB_TOOBIG when it does not fit. */
enum tb_status tb_client_path_add(char out[TB_CLIENT_PATH_BYTES_MAX], const char *text) TB_MUST_USE;

/* One event of the stream. Return false to end it. */
struct tb_stream_event {
    const char *id;
    const char *kind;
    const json_t *data;
};
typedef bool tb_client_each(void *context, const struct tb_stream_event *event);

/*
 * Follow GET ${path} (server-sent events) until ${each} ends it or the
 * connection does. ${last_id} is sent as Last-Event-ID when it is not "", and
 * always holds the id of the last event given to ${each}. True when a node
 * answered; `ended` says that ${each} ended it.
 */
bool tb_client_stream(struct tb_client *client, const char *path, char last_id[32],
                      tb_client_each *each, void *context, bool *ended);

#endif
