#ifndef TB_WIDEN_H
#define TB_WIDEN_H

#include "broker/core/house.h"

/*
 * widen - "the river decides, not the officer" (I5), nor an old topology.
 *
 * "A broker that holds a newer directory of the origin's province than the head
 * names files the envelope for a missing required office together with its own
 * signed statement { envelope, office, clause, topology version }, sent also to
 * the origin and its province, and if that office reads elsewhere only the
 * origin acts on it. Actual world only." Nobody narrows a route.
 */
enum { TB_WIDEN_TELL_MAX = 64 };

/*
 * Find the offices that the newer rivers require and the recipients lack; kept
 * in ${broker} until the next call. Those that read here go to ${codes}, at most
 * ${codes_max}; returns how many.
 */
size_t tb_widen_find(struct tb_broker *broker, const struct tb_envelope *envelope,
                     const Tongbao__Body *body, uint32_t *codes, size_t codes_max);

/*
 * Say it: one signed statement for each office found by the last tb_widen_find
 * for the envelope ${row}, filed for the origin, who was here to offer it, and for
 * the office and the origin's province as far as they read here. "Same envelope and
 * office once": when the envelope is offered again, the same statement goes to
 * whoever had no room.
 */
void tb_widen_state(struct tb_broker *broker, const struct tb_now *now,
                    const struct tb_envelopes_row *row, const struct tb_envelope *envelope,
                    const Tongbao__Body *body, struct tb_outbox *out);

/* Between turns: file a slice of at most TB_WIDEN_TELL_MAX statements for those who
 * had no room for them; the next call goes on behind it. */
void tb_widen_tell(struct tb_broker *broker);

#endif
