#ifndef TB_GIVING_H
#define TB_GIVING_H

#include "node/core/state.h"

/*
 * giving - a province gives back what it holds of an office that lost its disk.
 *
 *   Recall --> open --batch--> offered (back) --all answered--> next batch … --> answered, gone
 *                      ^                            |
 *                      +----- 60 s: no room, … -----+
 *
 * "The province offers again, to the brokers where that office reads, every envelope of
 * which that office is the origin, and those addressed to it." One office and one batch
 * at a time, and nothing on a link on which other mail is to be offered. Where it stands
 * is committed with each batch: after a restart the last batch is offered again, which
 * costs nothing but its bytes (I2).
 *
 * An office may ask again while this goes on, having lost its disk twice; then all of
 * it begins anew when it has ended. So each office costs one row (I10).
 */

/* ${office}, one of this province's, asks by the Recall ${id}. */
void tb_giving_open(struct tb_node *node, uint32_t office, const struct tb_id *id);

/* The next batch, or the answer when there is none; needs a turn. */
void tb_giving_due(struct tb_node *node, const struct tb_at *at);
/* After COMMIT: send what the batch still has to offer. Changes no row. */
void tb_giving_pump(struct tb_node *node, struct tb_outbox *out);

/* True when ${tag} is that of an offer made here. */
bool tb_giving_made(uint64_t tag);
void tb_giving_answer(struct tb_node *node, const struct tb_at *at, const Tongbao__Answer *answer);

/* At start, and when a link was greeted: go on with what is open. */
void tb_giving_wake(struct tb_node *node);
/* The link with ${handle} is down or greets again: its batch is offered anew. */
void tb_giving_forget(struct tb_node *node, uint64_t handle);

#endif
