#ifndef TB_LINK_H
#define TB_LINK_H

#include "node/core/state.h"

/*
 * link - the conversation with each broker.
 *
 *   free --socket up--> up --Hello--> (waiting) --Welcome--> greeted: mail flows
 *    ^                   ^                                      |
 *    |                   +---- choked, refused, disk full ------+  Hello again
 *    +--- broker gone ---- down <--------- socket down ---------+
 *
 * A greeting brings everything back: the broker goes on after the cursors, this
 * office offers what is not accepted. So whatever was lost on the way is mended
 * by greeting again, and nothing else is needed.
 */

/* The link with ${handle}, or to ${broker}, rather one that is up: with a new key a
 * broker has two for a while. NULL if there is none. */
struct tb_link *tb_link_find(struct tb_node *node, uint64_t handle);
struct tb_link *tb_link_to(struct tb_node *node, const char *broker);

/* Put ${frame} into the outbox for ${link}; false when there is no room, and then
 * the greeting is said again later. */
bool tb_link_send(struct tb_node *node, struct tb_outbox *out, struct tb_link *link,
                  const Tongbao__Frame *frame);
/* Send Fetch for at most TB_LISTING_IDS_MAX ${ids}. */
void tb_link_fetch(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                   const struct tb_id *ids, size_t count);

/* One more of its own is lacking: every greeted broker is asked within TB_LACKING_MS, and
 * again until it has come. */
void tb_link_lacking(struct tb_node *node);

void tb_link_up(struct tb_node *node, const struct tb_at *at, uint64_t handle);
/* Nothing was heard for ${silent_ms} when the line was given up. */
void tb_link_down(struct tb_node *node, const struct tb_at *at, uint64_t handle,
                  uint64_t silent_ms);
void tb_link_welcome(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                     const Tongbao__Welcome *welcome);
/* The same for the memory alone, when the turn was undone by a full disk: the
 * socket is what it is, and the greeting follows later. */
void tb_link_up_undone(struct tb_node *node, uint64_t handle);
void tb_link_down_undone(struct tb_node *node, uint64_t handle);
/* A clock that was set while the link was up, here or there, is shown and noted. */
void tb_link_beat(struct tb_node *node, const struct tb_at *at, const struct tb_link *link,
                  const Tongbao__Beat *beat);
/* Greet ${link} again ${delay_ms} from now. */
void tb_link_again(struct tb_node *node, struct tb_link *link, uint64_t delay_ms);
/* Mail of ${link} was not taken on a full disk: tell the broker, once, and greet it
 * again when there is room. Own offers go on meanwhile. */
void tb_link_hold(struct tb_node *node, struct tb_outbox *out, struct tb_link *link);

/* What stood at (lane, seq) was stored, parked or refused in this transaction:
 * the cursor moves, and `Stored` follows with the turn: soon, or at once when half of
 * the broker's window is unsaid. ${bytes} is the size of the envelope. Lane 0 has no
 * cursor. */
void tb_link_passed(struct tb_node *node, struct tb_link *link, uint32_t lane, uint64_t seq,
                    const struct tb_id *id, size_t bytes);
/* The last of each lane and link, at the end of the turn. */
void tb_link_finish(struct tb_node *node, struct tb_outbox *out);

/* Deadlines: greet again, offer again what is later. */
void tb_link_due(struct tb_node *node, const struct tb_at *at);
uint64_t tb_link_deadline_ms(const struct tb_node *node);

/* The set of brokers to be linked to was computed anew: forget links to others
 * that are down. */
void tb_link_reach_changed(struct tb_node *node);

#endif
