#ifndef TB_SSE_H
#define TB_SSE_H

#include "node/core/query.h"
#include "node/io/http.h"

/*
 * sse - the numbered event stream to whoever watches, as server-sent events.
 *
 *   writing --nothing more--> resting --new rows, or 15 s--> writing
 *
 * "id:" is the stream's number, so that Last-Event-ID resumes from the store.
 * A resting stream is suspended; a watcher that vanished is noticed only at the
 * second write after it left, therefore `: ping` every TB_SSE_PING_MS.
 */
enum { TB_SSE_PING_MS = 15000, TB_SSE_ROWS_MAX = 16 };

struct tb_sse;

struct tb_sse *tb_sse_new(struct tb_node *node);
void tb_sse_free(struct tb_sse *sse);

/* Answer ${call} by a stream of what comes after number ${after}. TB_FULL at
 * TB_HTTP_STREAMS_MAX; the call is then still to be answered. */
enum tb_status tb_sse_open(struct tb_sse *sse, struct tb_http_call *call, int64_t after,
                           uint64_t now_ms) TB_MUST_USE;

/* Rows were added: wake those that rest. */
void tb_sse_wake(struct tb_sse *sse);
/* Ping those that have been silent too long. */
void tb_sse_tick(struct tb_sse *sse, uint64_t now_ms);
uint64_t tb_sse_deadline_ms(const struct tb_sse *sse);
/* End all streams, before http is closed. */
void tb_sse_end(struct tb_sse *sse);
size_t tb_sse_count(const struct tb_sse *sse);

#endif
