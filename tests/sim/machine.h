#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include "node/core/node.h"
#include "tests/sim/sim.h"

/*
 * machine - one office's or one broker's computer: the real core over a real store on a
 * disk that can lose power, with clocks that are wrong.
 *
 *   exists, down --start--> up --fall: kill, power cut, broken store--> down --> start …
 *
 * It does around the core what node/io and broker/io do: turns of at most 64 events,
 * the outbox only after COMMIT, a choked or lost peer told to the core, tidying, the
 * log moved when idle. Nothing of that decides what is delivered.
 */

void sim_machine_init(struct sim *sim);
void sim_machine_free(struct sim *sim);

/* Open the store, or a new one, and begin. A store that does not open is wrong. */
void sim_machine_start(struct sim *sim, struct sim_machine *m);
/* The process ends now; with ${power} what was not synced may be lost. It starts again
 * ${back_ms} later, unless that is SIM_NEVER. */
void sim_machine_fall(struct sim *sim, struct sim_machine *m, bool power, uint64_t back_ms);

/* Put a frame or a change of a line before it. */
void sim_machine_tell(struct sim *sim, struct sim_machine *m, enum tb_event_kind kind,
                      uint64_t from, const uint8_t *key, struct tb_bytes bytes);
/* Ask a node; false when no answer came: it is down, or fell before it answered. */
bool sim_machine_ask(struct sim *sim, struct sim_machine *m, const struct tb_request *request,
                     struct tb_result *result);
/* Give it a directory by hand. */
void sim_machine_hand(struct sim *sim, struct sim_machine *m, struct tb_bytes directory);

struct tb_now sim_machine_now(const struct sim *sim, const struct sim_machine *m);
/* Both its clocks go from here on as told; only the wall clock jumps. */
void sim_machine_clock(struct sim *sim, struct sim_machine *m, int64_t offset_ms, int64_t ppm);
const char *sim_machine_name(const struct sim *sim, const struct sim_machine *m);
/* "/140926/store.db" into ${out}. */
void sim_machine_path(const struct sim *sim, const struct sim_machine *m, char out[48]);
/* One number of its store; -1 without a row. */
int64_t sim_machine_sql(const struct sim_machine *m, const char *sql);

#endif
