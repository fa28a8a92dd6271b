#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "tests/sim/sim.h"

/*
 * wire - the lines between offices and brokers, as base/io/sock and node/io/links make
 * them: connections that come up and go down, frames in order within one connection,
 * a high-water mark, a key that is proven before anything is heard.
 *
 *   down --tries, admitted--> up --silent 15 s, either end gone, key out--> down
 *
 * What TCP does is kept: within a connection nothing is lost, doubled or reordered.
 * Loss is what a connection that ends takes with it; doubles are what is sent again in
 * the next; what was on its way to a broker may still arrive there after the next one
 * has begun, which reorders. A line that is cut holds what is sent until it heals or
 * the node takes 15 s of silence for the end. Beats are not sent one by one: a broker
 * hears one of each connection whose line is whole whenever it looks at its clock.
 */
enum {
    SIM_WIRE_SILENT_MS = 15000,
    SIM_WIRE_RETRY_MS = 1000,
    SIM_WIRE_NODE_FRAMES_MAX = 128,
    SIM_WIRE_BROKER_FRAMES_MAX = 256,
    SIM_WIRE_HELD_MS = 200, /* how often a held frame tries again */
};

/* The node's links are those of its core: call when they changed, and when it starts. */
void sim_wire_sync(struct sim *sim, struct sim_machine *node);
/* The process or the machine ended: all its connections end. */
void sim_wire_end(struct sim *sim, const struct sim_machine *machine);
/* The line between them ends now, and is tried again. */
void sim_wire_break(struct sim *sim, uint32_t node, uint32_t broker);
/* Cut or mend a direction. */
void sim_wire_cut(struct sim *sim, uint32_t node, uint32_t broker, int direction, bool cut);
/* The broker's door reads its keys anew. */
void sim_wire_door(struct sim *sim, const struct sim_machine *broker);

/* Send a frame; TB_FULL at the high-water mark or on a line that is down, TB_PEER when
 * the connection is no more. */
enum tb_status sim_wire_from_node(struct sim *sim, const struct sim_machine *node, uint64_t handle,
                                  struct tb_bytes frame) TB_MUST_USE;
enum tb_status sim_wire_from_broker(struct sim *sim, const struct sim_machine *broker,
                                    uint64_t conn, struct tb_bytes frame) TB_MUST_USE;
/* Call ${each} for every connection of ${broker} whose line is whole. */
void sim_wire_alive(struct sim *sim, const struct sim_machine *broker,
                    void (*each)(struct sim *sim, uint64_t conn, const uint8_t *key));

/* The handle by which a node knows a broker, and back; SIM_BROKERS: nobody. */
uint64_t sim_wire_handle(const struct sim *sim, uint32_t broker);
uint32_t sim_wire_broker(const struct sim *sim, uint64_t handle);

#endif
