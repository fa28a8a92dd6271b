#ifndef TB_API_H
#define TB_API_H

#include "base/io/keep.h"
#include "node/core/query.h"
#include "node/io/config.h"
#include "node/io/http.h"
#include "node/io/links.h"
#include "node/io/queue.h"
#include "node/io/siren.h"
#include "node/io/sse.h"

/*
 * api - what each path of the API does (API.md).
 *
 *   reading:   call --> query --> answer, at once, between two turns
 *   changing:  call --> pending --tb_api_take--> turn --COMMIT--> tb_api_answer
 *
 * A changing call is answered only after the turn that carries it has committed
 * (I4), and by its request id the same call gives the same answer, after a
 * crash too.
 */
enum {
    TB_API_PAGE_ROWS = 50, /* unless the caller asks for another number */
    TB_API_DUTY_HOURS = 12,
    TB_API_SKEW_SHOWN_MS = 30000,
};

/* What the API speaks for; borrowed for its life. `http` is set once it is open. */
struct tb_api_parts {
    struct tb_node *node;
    struct tb_links *links;
    struct tb_siren *siren;
    const struct tb_config *config;
    struct tb_sse *sse;
    const struct tb_keep *keep;
    const uint8_t *sign_key; /* the public half */
};

struct tb_api;

struct tb_api *tb_api_new(const struct tb_api_parts *parts);
/* Only when nothing is pending (tb_api_stop). */
void tb_api_free(struct tb_api *api);
void tb_api_serve(struct tb_api *api, struct tb_http *http);

/* The handler of struct tb_http_settings; ${context} is the api. */
void tb_api_handle(void *context, struct tb_http_call *call);

/* Put what is pending into ${queue}, oldest first, as far as there is room. */
void tb_api_take(struct tb_api *api, struct tb_queue *queue);
bool tb_api_waiting(const struct tb_api *api); /* something is left to be taken */
/* Answer the request ${number}, whose turn has committed or was undone. */
void tb_api_answer(struct tb_api *api, uint64_t number, const struct tb_result *result);
/* The alarm's test that request ${number} asked for has ended. */
void tb_api_tested(struct tb_api *api, uint64_t number, int exit_status);

/* Refuse what is pending and all that still comes, at a stop: it was not done, or is answered
 * when it is asked again. */
void tb_api_stop(struct tb_api *api);

#endif
