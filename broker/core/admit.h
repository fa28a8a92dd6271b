#ifndef TB_ADMIT_H
#define TB_ADMIT_H

#include "broker/core/house.h"

/*
 * admit - what is taken from an office, and into whose mailboxes it goes.
 *
 *   Offer --read--> signer? --> revoked? --> signature? --> body? --> authority?
 *         --> route (recipients that read here, widened) --> file --> Answer
 *
 * "A broker admits an envelope from any linked office if it verifies"; every
 * refusal is an Answer with its status, and nothing of it is kept (I3). The
 * Answer is in the outbox and so leaves only after COMMIT (I4).
 * What is given `back` to an office after a Recall goes into its mailbox alone, in
 * lane 2 and never beyond half of the mailbox, so that it delays and displaces nothing.
 */

/* Handle one Offer of the speaker. TB_FULL when the answer found no room in the
 * outbox: nothing was accepted then. */
enum tb_status tb_admit_offer(struct tb_broker *broker, const struct tb_speaker *speaker,
                              const Tongbao__Offer *offer);

/* Answer an Offer that was undone with ${status} (a full disk). */
void tb_admit_undone(struct tb_broker *broker, const struct tb_event *event,
                     const Tongbao__Offer *offer, enum tb_status status, struct tb_outbox *out);

#endif
