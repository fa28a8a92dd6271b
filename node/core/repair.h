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
 */

/* After COMMIT: one page to each link that is being listed to. */
void tb_repair_pump(struct tb_node *node, const struct tb_now *now, struct tb_outbox *out);
void tb_repair_want(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                    const Tongbao__Want *want);

#endif
