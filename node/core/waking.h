#ifndef TB_WAKING_H
#define TB_WAKING_H

#include "node/core/state.h"

/*
 * waking - somebody must be woken while an actual notice waits.
 *
 *   nothing waits --a notice is shown--> run at once --60 s--> run … --all acknowledged--> nothing
 *
 * One run tells of all that wait: how many, and the newest. Counted by the
 * monotonic clock: a step of the wall clock neither wakes nor silences anybody.
 * Runs are kept with their time and how the command ended; only one on a full disk is
 * not: its number is 0.
 */

/* At start: what waits in the store wakes at once. */
void tb_waking_start(struct tb_node *node);
/* An actual notice came: a run at the end of the turn. One that is ${old}, from before this
 * store was made anew, rings a minute later, for this office's acknowledgement of it may
 * be on its way back; without one it rings like any other. */
void tb_waking_call(struct tb_node *node, bool old);
/* At the end of a turn: a run, if one is due. */
void tb_waking_finish(struct tb_node *node, const struct tb_at *at);
/* A full disk undid the turn of a run that was due: who waits is woken all the same,
 * by a run without a number. */
void tb_waking_undone(struct tb_node *node, const struct tb_at *at);
void tb_waking_ended(struct tb_node *node, const struct tb_at *at,
                     const struct tb_alarm_ended *ended);

#endif
