#ifndef TB_OFFER_H
#define TB_OFFER_H

#include "node/core/state.h"

/*
 * offer - own envelopes on their way to the brokers where their recipients read.
 *
 *            +--------- 60 s, next greeting ----------+
 *            v                                        |
 *   open -> pending --offered, answered--> accepted   |
 *            |                        +--> later -----+   full, disk full, signer not
 *            |                        +--> refused        known there, …
 *            +-- every greeting offers again what is pending
 *
 * "Until a broker has accepted an envelope its origin offers it again, at every
 * link-up and after `full` every 60 s." The broker answers a duplicate like the
 * first, so that offering once too often costs a frame and nothing else. In a
 * repair envelopes of other offices are offered in the same way.
 */

/* Own row ${n}, which says ${body}, is new: offer it at every broker at which a
 * recipient reads. */
void tb_offer_open(struct tb_node *node, const struct tb_at *at, int64_t n,
                   const Tongbao__Body *body, enum tb_lane lane);
/* The broker of ${link} wants row ${n} in a repair. */
void tb_offer_repair(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                     const struct tb_id *id);

void tb_offer_answer(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                     const Tongbao__Answer *answer);

/* Row ${n}, given back to the office that lost it, was refused for good. */
void tb_offer_declined_back(struct tb_node *node, const struct tb_at *at, int64_t n,
                            enum tb_status status);

/* A greeting: everything not accepted is pending again. */
void tb_offer_restart(struct tb_node *node, struct tb_link *link);
/* The time of what is later has come. */
void tb_offer_retry(struct tb_node *node, struct tb_link *link);

/* After COMMIT: send what is pending, first lane first, as far as the window
 * of each link allows. Changes no row. */
void tb_offer_pump(struct tb_node *node, struct tb_outbox *out);

/*
 * Directories changed: own envelopes that are still owed are offered to brokers
 * where a recipient reads now and that do not have it in its mailbox; an office
 * that was outside so gets the open notices. Done in slices: start, then step
 * while it returns true.
 */
void tb_offer_refresh(struct tb_node *node);
bool tb_offer_refresh_step(struct tb_node *node, const struct tb_at *at);
/* The same at once for one own envelope. */
void tb_offer_refresh_one(struct tb_node *node, const struct tb_at *at, int64_t n);

/* True for a refusal that no later knowledge cures. */
bool tb_offer_final(enum tb_status status);

#endif
