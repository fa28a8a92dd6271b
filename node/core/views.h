#ifndef TB_VIEWS_H
#define TB_VIEWS_H

#include "node/core/state.h"

/*
 * views - notices, deliveries, receipts and the stream, as the ledger tells them.
 *
 *     ledger row --tb_views_add--> notice, recipient, receipt, … , stream
 *
 * Every view is a function of the ledger in order, of the happenings, and of
 * whose desk this is; never of directories or clocks. So throwing all away and
 * replaying gives identical tables. Rows do not depend on which came first: a
 * receipt may come before the envelope that it names, and is joined when asked.
 */

/* A ledger row as the views see it. */
struct tb_view_row {
    int64_t n;
    struct tb_id id;
    uint32_t origin;
    enum tb_world world;
    bool own;
    int64_t issued_ms;
    int64_t at_ms;
    uint64_t directory_version; /* that its head names */
    const Tongbao__Body *body;
};

/* What the caller may want to say about a row that was added. */
struct tb_view_news {
    bool fork;           /* another envelope stands at its place in the chain */
    bool gap;            /* the one before it has not come */
    bool to_acknowledge; /* an actual notice of another office */
};

/* Something that the stream shows and no envelope tells. */
struct tb_happening {
    enum tb_stream_kind kind;
    const struct tb_id *id; /* NULL: none */
    uint32_t office;
    enum tb_world world;
    const char *text;
};

struct tb_view_news tb_views_add(struct tb_node *node, const struct tb_view_row *row);

void tb_views_happen(struct tb_node *node, const struct tb_at *at,
                     const struct tb_happening *happening);

#endif
