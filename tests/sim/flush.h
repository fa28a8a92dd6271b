#ifndef SIM_FLUSH_H
#define SIM_FLUSH_H

#include "node/core/node.h"
#include "tests/sim/sim.h"

/*
 * flush - what a turn left is done to the world, after COMMIT alone: frames onto the
 * wire, an answer to whoever asked, notes into the trace.
 */

/* Do at most ${effects} of ${m}'s outbox, in the order in which its daemon does them,
 * then clear it. */
void sim_flush(struct sim *sim, struct sim_machine *m, size_t effects);

/* The next answer to an officer goes to ${result}; did one come? */
void sim_flush_expect(struct tb_result *result);
bool sim_flush_answered(void);

#endif
