#ifndef TB_REACH_H
#define TB_REACH_H

#include "node/core/state.h"

/*
 * reach - the brokers this office is linked to, before any emergency.
 *
 * "A sender offers an envelope to all brokers of all its recipients, across
 * provinces, and links at start to every broker that its rivers and rules can
 * reach: nothing is first connected in the emergency."
 */

/* Compute node->reach anew: from the directories in force, and from what is still
 * offered to brokers beyond them (an officer added an office elsewhere). */
void tb_reach_compute(struct tb_node *node);
/* Something is to be offered at ${broker}: true when it was not within reach, and is
 * now. */
bool tb_reach_extend(struct tb_node *node, const char *broker);

#endif
