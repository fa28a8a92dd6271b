#ifndef TB_REPAIR_H
#define TB_REPAIR_H

#include "node/core/state.h"

/*
 * repair - what this office holds, listed to a broker that lost its store.
 *
 *   Welcome (repair) --> Listing … Listing (last) --> Want … --> Offer (repair)
 *
 * "An office lists to the broker the ids it holds of the last 30 days and all
 * that, by the receipts it holds, is still owed: its own and, at a province, its
 * offices'; receipts included; the broker asks for those it lacks and files them.
 * This is the only repair, and it does not need the origin."
 *
 * Each page is answered by a Want, an empty one when nothing is lacking; with that of
 * the last page the repair is over. What was not answered is listed again at the next
 * greeting.
 */

/* After COMMIT: one page to each link that is being listed to. */
void tb_repair_pump(struct tb_node *node, const struct tb_now *now, struct tb_outbox *out);
void tb_repair_want(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                    const Tongbao__Want *want);
/* What was listed to ${link} may not have been read: nothing that still comes ends the
 * repair, and the next greeting begins it again. */
void tb_repair_forget(struct tb_link *link);

#endif
