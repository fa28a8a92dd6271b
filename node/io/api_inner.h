#ifndef TB_API_INNER_H
#define TB_API_INNER_H

#include <jansson.h>

#include "node/io/api.h"
#include "node/io/json.h"
#include "node/io/password.h"
#include "node/io/path.h"

/*
 * api_inner - what the files of the API share; used by api*.c alone.
 */
enum { TB_API_SESSION_BYTES_MAX = 160 };

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
    char session[TB_API_SESSION_BYTES_MAX];
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
    bool disk_full;
    bool stopping; /* nothing is taken any more */
};

/* One call as the functions of the paths see it. */
struct tb_ask {
    struct tb_api *api;
    struct tb_http_call *call;
    enum tb_path at;
    char name[TB_PATH_NAME_BYTES_MAX];
};

/* ------------------------------------------------------------- answers */

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
enum tb_status tb_api_find_notice(struct tb_api *api, const char *name, struct tb_id *id);
/* The same for the call's path; false, answered, when there is not exactly one. */
bool tb_ask_notice(const struct tb_ask *ask, struct tb_id *id);

/* Zeroed room for ${count} rows; never NULL. The caller frees it. */
void *tb_api_rows(size_t count, size_t row_bytes);

/* --------------------------------------------------------------- parts */

/* One notice as a list shows it; with `missing` when ${with_missing}. */
json_t *tb_api_notice_row(struct tb_api *api, const struct tb_notice_row *row, bool with_missing);
json_t *tb_api_missing(const Tongbao__Notice *notice);
json_t *tb_api_deliveries(struct tb_api *api, const struct tb_id *id);
json_t *tb_api_phones(const Tongbao__Office *office);
json_t *tb_api_links(struct tb_api *api, int64_t *skew_ms);
json_t *tb_api_alarms(struct tb_api *api, const struct tb_status_row *status);
json_t *tb_api_on_duty(struct tb_api *api);
/* A new text of the six digits of ${code}. */
const struct tb_rivers *tb_api_rivers(struct tb_api *api);
/* The name of an office, by its directory, else by the rivers, else "". */
const char *tb_api_office_name(struct tb_api *api, uint32_t code);

/* ------------------------------------------------------- one a path */

void tb_ask_status(const struct tb_ask *ask);
void tb_ask_links(const struct tb_ask *ask);
void tb_ask_alarms(const struct tb_ask *ask);
void tb_ask_directories(const struct tb_ask *ask);
void tb_ask_officers(const struct tb_ask *ask);
void tb_ask_duty(const struct tb_ask *ask);
void tb_ask_stream(const struct tb_ask *ask);
void tb_ask_offices(const struct tb_ask *ask);
void tb_ask_rivers(const struct tb_ask *ask);
void tb_ask_who(const struct tb_ask *ask);
void tb_ask_notices(const struct tb_ask *ask);
void tb_ask_waiting(const struct tb_ask *ask);
void tb_ask_one_notice(const struct tb_ask *ask);
void tb_ask_incident(const struct tb_ask *ask);

/* Read the body of a changing call into ${pending}; false, answered, when it has a mistake. */
bool tb_change_issue(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_acknowledge(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_call(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_duty_open(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_duty_close(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_officer(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_directory(const struct tb_ask *ask, struct tb_pending *pending);

/* What a good result of ${pending} is told as. */
json_t *tb_change_told(struct tb_api *api, const struct tb_pending *pending,
                       const struct tb_result *result);

#endif
