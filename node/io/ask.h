#ifndef TB_ASK_H
#define TB_ASK_H

#include <jansson.h>

#include "node/io/api.h"
#include "node/io/json.h"
#include "node/io/password.h"
#include "node/io/path.h"

/*
 * ask - one call of the API as the functions of the paths see it, and how each of
 * them reads its words and answers it.
 *
 *     api.c dispatches --> api_read, api_notice, api_office, api_change --> ask
 */
enum { TB_ASK_SESSION_BYTES_MAX = 160 };

/* A changing call between its arrival and its answer. */
struct tb_pending {
    struct tb_http_call *call;
    struct tb_pending *next;
    enum tb_path at;
    bool taken; /* it is in a turn */
    struct tb_request request;
    struct tb_arena arena; /* what `request` points at */
    bool arena_used;
    json_t *body;
    char id[TB_REQUEST_ID_BYTES_MAX];
    char hash[TB_PASSWORD_HASH_BYTES_MAX];
    char session[TB_ASK_SESSION_BYTES_MAX];
    char officer[TB_NAME_BYTES_MAX];
    int64_t hours;
};

struct tb_api {
    struct tb_api_parts parts;
    struct tb_http *http;
    struct tb_arena arena;      /* to look into one body at a time */
    struct tb_pending *pending; /* oldest first */
    struct tb_password_guard guard;
    struct tb_now now; /* of the call that is handled */
    int64_t started_ms;
    bool stopping; /* nothing is taken any more */
};

/* One call as the functions of the paths see it. */
struct tb_ask {
    struct tb_api *api;
    struct tb_http_call *call;
    enum tb_path at;
    char name[TB_PATH_NAME_BYTES_MAX];
};

/* Answer ${call} with ${code} and ${body}, whose reference is taken; but with TB_IO when the
 * store has failed: a reading that broke off looks like one that found less. The daemon stops
 * after this call. */
void tb_ask_reply(struct tb_api *api, struct tb_http_call *call, unsigned code, json_t *body);
/* Answer with an error; ${field} may be NULL and ${line} 0. */
void tb_ask_fail(const struct tb_ask *ask, enum tb_status status, const char *field, int line,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Answer 200 with ${body}, whose reference is taken. */
void tb_ask_answer(const struct tb_ask *ask, json_t *body);

/* A number of the query in ${min}…${max}, ${fallback} without one; false, answered, when it is
 * not one. */
bool tb_ask_number(const struct tb_ask *ask, const char *name, int64_t min, int64_t max,
                   int64_t fallback, int64_t *out);
/* An office's code of the query; 0 without one; false, answered, when it is not one. */
bool tb_ask_office(const struct tb_ask *ask, const char *name, uint32_t *out);
/* The notice that the path or body calls ${name}. TB_UNKNOWN, TB_CONFLICT when several have
 * that number. */
enum tb_status tb_ask_find(struct tb_api *api, const char *name, struct tb_id *id);
/* The same for the call's path; false, answered, when there is not exactly one. */
bool tb_ask_notice(const struct tb_ask *ask, struct tb_id *id);

/* Zeroed room for ${count} rows; never NULL. The caller frees it. */
void *tb_ask_rows(size_t count, size_t row_bytes);

/* Answer ${call} with an error in one sentence; "" is that of ${status}. */
void tb_ask_refuse(struct tb_http_call *call, enum tb_status status, const char *text);
/* Answer 405: the path is known, but not with this method. */
void tb_ask_method(struct tb_http_call *call);

#endif
