#ifndef SIM_OFFICER_H
#define SIM_OFFICER_H

#include "tests/sim/books.h"

/*
 * officer - the people: who opens a session, issues, acknowledges, forgets, is late,
 * errs and corrects. Whoever gets no answer asks again with the same request id.
 */

/* On duty from now on, with sessions renewed before they end. */
void sim_officer_begin(struct sim *sim, uint32_t node);
/* ${node}'s officer sees a notice on his screen. */
void sim_officer_sees(struct sim *sim, struct sim_machine *m, const struct sim_fact *fact);
/* A first notice about the office's river, followed up and cleared later. */
void sim_officer_issue(struct sim *sim, uint32_t node, enum tb_world world, const char *river);
/* His machine came back with an empty disk: he asks his province. */
void sim_officer_recovers(struct sim *sim, uint32_t node);

#endif
