#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "tests/sim/sim.h"

/*
 * plan - everything that will happen on a day, drawn from its seed and printed before
 * the first step.
 *
 * What the product promises to survive bounds each fault:
 *   line cut, clogged, broken   any line, any time, up to 4 hours; whole at the healing
 *   process ends, power cut     any machine, at any COMMIT, any moment within an
 *                               operation of its disk; back within 20 minutes
 *   store deleted               at most one office's and one broker's a day, not within
 *                               an hour of each other: what another disk held comes back
 *   store put back              the same, from a copy that is hours old
 *   disk full, failing          any machine, up to 30 minutes
 *   clocks                      offsets and steps of up to two hours, drift of 200 ppm
 *   directories                 new versions, given to one machine, carried by the rest;
 *                               a key retired; rivers that lack a reach, then have it
 *   two machines on one key     once in four days, from a copy of that moment, until the
 *                               healing
 *   a key revoked               once in four days; what it had signed and nobody had taken
 *                               yet is the one exception to I1
 *   enemy                       an office whose key is another's: forges, replays, floods
 */
enum sim_mishap {
    SIM_LINE_CUT,
    SIM_LINE_ONE_WAY,
    SIM_LINE_CLOGGED,
    SIM_LINE_BROKEN,
    SIM_BROKER_ALONE, /* all its lines are cut */
    SIM_KILLED,
    SIM_POWER_CUT,
    SIM_KILLED_AT_COMMIT,
    SIM_POWER_CUT_AT_COMMIT,
    SIM_POWER_CUT_WITHIN,
    SIM_DISK_FULL,
    SIM_DISK_FAILS,
    SIM_STORE_COPIED,
    SIM_STORE_DELETED,
    SIM_STORE_PUT_BACK,
    SIM_CLOCK_STEPS,
    SIM_DIRECTORY,
    SIM_KEY_RETIRED,
    SIM_KEY_REVOKED,
    SIM_TWIN_STARTS,
    SIM_ENEMY_FORGES,
    SIM_ENEMY_REPLAYS,
    SIM_ENEMY_FLOODS,
    SIM_MISHAPS
};

/* ${a} is a machine, or the node of a line; ${b} the broker of a line; ${more} as the
 * mishap needs it. Undone after ${lasts_ms}. */
struct sim_step {
    uint64_t at_ms;
    uint64_t lasts_ms;
    uint64_t more;
    enum sim_mishap mishap;
    uint32_t a;
    uint32_t b;
};

struct sim_plan {
    uint32_t incidents;
    uint32_t mishaps;
    uint64_t day_ms; /* until the healing */
};

const char *sim_mishap_text(enum sim_mishap mishap);
/* Draw a day and put all of it into the world. */
void sim_plan(struct sim *sim, const struct sim_plan *size);
/* Let ${step} happen at its time. */
void sim_step(struct sim *sim, const struct sim_step *step);

#endif
