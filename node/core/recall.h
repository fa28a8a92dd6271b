#ifndef TB_RECALL_H
#define TB_RECALL_H

#include "node/core/state.h"

/*
 * recall - an office that lost its disk altogether asks back what it lost.
 *
 *   new store --Welcome--> its own heads are not here: fetched back, link by link
 *        |  --Deliver----> from the first row that each broker still holds
 *        +--Recall-------> the own province --gives back (giving.h)--> Recall (answers)
 *
 * Nothing is kept of it but what the ledger holds: the newest Recall of this office and
 * its province's answer are a view, so a restart changes nothing and asking twice is
 * asking once. What is missing is told by facts: own envelopes that another one names
 * (`lacking`), gaps in the counts of others' chains, and from which row on each broker
 * still had everything (`horizon`).
 */

/* A Recall came: ask ${body} for whom, or this office's own is answered. */
void tb_recall_take(struct tb_node *node, const struct tb_at *at,
                    const struct tb_envelope *envelope, const Tongbao__Body *body);

/* The broker of ${link} no longer holds what stood below ${before_seq} in ${lane}. */
void tb_recall_gap(struct tb_node *node, struct tb_link *link, uint32_t lane, uint64_t before_seq);
/* It delivered (${lane}, ${seq}), which it admitted at ${admitted_ms}. */
void tb_recall_delivered(struct tb_node *node, struct tb_link *link, uint32_t lane, uint64_t seq,
                         int64_t admitted_ms);

/* True for what a broker admitted before this store learned that it had another life:
 * this office may have acknowledged it in that one. */
bool tb_recall_old(struct tb_node *node, int64_t admitted_ms);

#endif
