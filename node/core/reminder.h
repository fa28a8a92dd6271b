#ifndef TB_REMINDER_H
#define TB_REMINDER_H

#include "node/core/state.h"

/*
 * reminder - that a time limit is about to pass, and that it has passed, is told once.
 *
 *   asleep --the next such time, at most 60 s--> one incident an event --all seen--> asleep
 *
 * Clocks are computed when they are looked at and stored nowhere (I9). What was told is a
 * happening, which outlives a restart and a rebuild: "authoritative_information overdue
 * 2025-01-17T05:24:00+08:00 information-5h", its id the notice with which the clock began,
 * its office the owner. Facts that move the due time make it another clock, told anew.
 * Only what this office can judge is told; each world says which it is (I7).
 */
enum {
    TB_REMINDER_MS = 60000, /* looked at again, though nothing is due: facts come, clocks are set */
    TB_REMINDER_CLOCKS_MAX = 256, /* unmet ones of an incident, the worst first */
};

/* At start: what fell due meanwhile is told at once. */
void tb_reminder_start(struct tb_node *node);
/* When it is due: look at the next incident. */
void tb_reminder_due(struct tb_node *node, const struct tb_at *at);

#endif
