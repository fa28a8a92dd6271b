#ifndef TB_RECIPIENTS_H
#define TB_RECIPIENTS_H

#include "node/core/state.h"
#include "topology/rivers.h"

/*
 * recipients - whom an envelope of this office is for.
 *
 * "Recipients required by the rules cannot be left out: not by an officer, not by
 * a stale topology. An office may add recipients" (I5). An office stands once in a
 * route; whoever names it first keeps its clause, and required stays required. An
 * office never sends to itself.
 */

/* The offices above one; 0 where there is none. */
struct tb_superiors {
    uint32_t city;
    uint32_t province;
};

/* By the rivers of its province's directory; without them by its code, and then a
 * city that the directory does not know is no office (110100 is none). */
void tb_recipients_superiors(struct tb_node *node, uint32_t office, struct tb_superiors *above);

void tb_recipients_clear(struct tb_recipients *route);
/* Add ${office}; 0 and this office itself are passed over. False when there is no
 * room for it (TB_RECIPIENTS_MAX). */
bool tb_recipients_add(struct tb_node *node, struct tb_recipients *route, uint32_t office,
                       bool required, uint32_t hops, const char *clause, const char *river);
/* Own city and province. */
void tb_recipients_add_own(struct tb_node *node, struct tb_recipients *route, const char *clause);

/*
 * Add everybody whom the rule names for water of this office on ${river} (empty:
 * all its rivers). Never fails (I6): what is not known here goes to the superiors or
 * to the union, and ${remark} says so.
 */
void tb_recipients_rule(struct tb_node *node, struct tb_recipients *route, const char *river,
                        enum tb_direction direction, char *remark, size_t remark_bytes);
/* Add everybody who was told of ${incident} in ${world} by this office. */
void tb_recipients_told(struct tb_node *node, struct tb_recipients *route,
                        const uint8_t incident[TB_INCIDENT_BYTES], enum tb_world world);

#endif
