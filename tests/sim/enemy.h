#ifndef SIM_ENEMY_H
#define SIM_ENEMY_H

#include "tests/sim/plan.h"

/*
 * enemy - somebody with the link key of an office, on a line of his own: he forges
 * notices of others, replays what was said before, takes personal parts away, floods.
 * What a broker sends him he reads and never answers.
 */
#define SIM_ENEMY_CONN (UINT64_C(1) << 40) /* his connections lie from here on */

void sim_enemy(struct sim *sim, const struct sim_step *step);

#endif
