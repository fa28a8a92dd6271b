#ifndef TB_INBOX_H
#define TB_INBOX_H

#include "node/core/state.h"

/*
 * inbox - what a broker delivers: verified, then stored, parked or refused.
 *
 *              +-- id is here ---------------------> only the cursor moves (I2)
 *   Deliver ---+-- version or signer not known ----> park, Aside
 *              +-- signature bad, no envelope -----> Aside (I3)
 *              +-- out of authority, no statement -> Aside, Objection to the origin
 *              +-- else ---------------------------> ledger; a receipt at the end of the turn
 *
 * "Time never makes a notice invalid"; "a receiver takes a verified envelope whether
 * or not the list names it"; an envelope of this office itself comes when a broker
 * knows more than this store, and is kept as own.
 */
struct tb_arrival {
    struct tb_bytes bytes;
    struct tb_link *link; /* NULL: from the park */
    const char *broker;
    uint32_t lane; /* 0: fetched, or from the park */
    int64_t admitted_ms;
    bool revoked; /* by the broker's word: since it admitted it */
};

void tb_inbox_deliver(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                      const Tongbao__Deliver *deliver);
/* Judge one envelope; what was parked leaves the park when it is stored or refused. */
void tb_inbox_judge(struct tb_node *node, const struct tb_at *at, const struct tb_arrival *arrival);

/*
 * At the end of a turn: one receipt for each (origin, world) of what this turn
 * stored of others, ≤ TB_RECEIPT_IDS_MAX ids each. "A receipt exists only when the
 * envelope is on that office's disk" (I4): it commits with them and leaves after.
 */
void tb_inbox_receipts(struct tb_node *node, const struct tb_at *at);

#endif
