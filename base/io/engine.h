#ifndef TB_ENGINE_H
#define TB_ENGINE_H

#include "base/io/child.h"
#include "base/io/keep.h"
#include "base/turn.h"

/*
 * engine - a daemon's turns over its store, and what is done between them.
 *
 *   events --tb_engine_turn--> COMMIT --> outbox --flushed by the daemon
 *     --> tb_engine_rest: check, log, reserve, service --> sleep until due
 *
 * Only the daemon turns effects into actions, and only after the turn that they
 * belong to has committed (I4); the engine says whether it has.
 */
enum { TB_ENGINE_CHILD_MS = 100 }; /* how often a running program is looked at */

struct tb_engine {
    struct tb_keep *keep; /* borrowed */
    struct tb_turn_core core;
    struct tb_outbox out;  /* of the last turn: flushed and cleared by the daemon */
    struct tb_child check; /* the full check of the store, beside us */
    uint64_t now_ms;       /* of the last turn */
    uint64_t turn_end_ms;  /* when this turn has worked long enough */
    uint64_t busy_ms;      /* when the last turn with events was */
    uint64_t ping_ms;      /* when the service manager is told next; 0: now */
};

/* An engine without a core. It must not move until it is closed. */
void tb_engine_open(struct tb_engine *engine);
/* Ends a check that still runs. Before the core and ${keep} are given back. */
void tb_engine_close(struct tb_engine *engine);

/* Run ${core}, whose `relieve`, `scarce`, `spent` and `context` become the engine's, over
 * the store of ${keep}. */
void tb_engine_drive(struct tb_engine *engine, struct tb_turn_core core, struct tb_keep *keep);

/*
 * One turn over the ${count} events from the *${taken}-th on, as many as its
 * TB_TURN_WORK_MS allow, at least one; *${taken} grows by them. The daemon
 * flushes `out`, clears it, and carries on while *${taken} < ${count}. TB_IO: the
 * store is broken, which is noted; `out` is empty and the process must stop.
 */
enum tb_status tb_engine_turn(struct tb_engine *engine, const struct tb_now *now,
                              const struct tb_event *events, size_t count,
                              size_t *taken) TB_MUST_USE;

/* Spawn the full check of the store, as tb_check_start. */
void tb_engine_check(struct tb_engine *engine, const char *config, const char *word,
                     uint64_t now_ms);

/* Between turns. TB_IO as in tb_engine_turn, also when the check found damage. */
enum tb_status tb_engine_rest(struct tb_engine *engine, uint64_t now_ms) TB_MUST_USE;
/* When tb_engine_rest has something to do next though nothing comes in. */
uint64_t tb_engine_due_ms(const struct tb_engine *engine, uint64_t now_ms);

#endif
