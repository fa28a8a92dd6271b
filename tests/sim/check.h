#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "tests/sim/books.h"

/*
 * check - the checkers, one a file, each from outside. The first group looks at every
 * step, the second when the world has healed and had its time.
 */

/* A row that is new in ${m}'s ledger; ${made} when it was made there. ${fact} is NULL
 * when nobody is known to have made it. */
void sim_check_forged(struct sim *sim, const struct sim_machine *m, const struct tb_id *id,
                      enum tb_kind kind, const struct sim_fact *fact);
void sim_check_promise(struct sim *sim, const struct sim_machine *m, const struct sim_fact *fact,
                       const Tongbao__Body *body);
void sim_check_route(struct sim *sim, const struct sim_machine *m, const struct sim_fact *fact);
void sim_check_world(struct sim *sim, const struct sim_machine *m, const struct sim_fact *fact);
/* ${fact} was shown on ${m}'s screen. */
void sim_check_shown(struct sim *sim, const struct sim_machine *m, struct sim_fact *fact);
/* ${m} started: what it promised is on its disk. */
void sim_check_store(struct sim *sim, struct sim_machine *m);
/* At any time: every table and queue of ${m} is within its limit. */
void sim_check_limits(struct sim *sim, struct sim_machine *m);

/* At the end. */
void sim_check_lost(struct sim *sim);
void sim_check_finish(struct sim *sim);
void sim_check_chain(struct sim *sim);
void sim_check_clocks(struct sim *sim);
void sim_check_views(struct sim *sim);

#endif
