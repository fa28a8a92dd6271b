#ifndef SIM_MISHAP_H
#define SIM_MISHAP_H

#include "tests/sim/plan.h"

/* mishap - what a step of the plan does to the world, and how it is undone. */
void sim_mishap_begin(struct sim *sim, const struct sim_step *step);
void sim_mishap_end(struct sim *sim, const struct sim_step *step);
/* Nothing breaks from here on: all lines are whole, disks have room, everything runs. */
void sim_mishap_heal(struct sim *sim);

#endif
