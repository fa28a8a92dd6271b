#ifndef TB_DELIVER_H
#define TB_DELIVER_H

#include "broker/core/house.h"

/*
 * deliver - the pump: what each greeted peer gets now.
 *
 *   COMMIT --> pump --Deliver lane 1, then 2--> in flight --Stored--> room again
 *                                         \--60 s and the line's time--> sent again
 *
 * Nothing is queued: rows are read from the mailbox beyond what was sent, as far
 * as the peer's window has room. Round robin with a budget a turn, so that one
 * peer, stuck or greedy, delays nobody.
 */
enum {
    TB_PUMP_BYTES_MAX = 8 * 1024 * 1024, /* of one turn */
    TB_PUMP_SWEEP_MS = 1000,             /* silent and stalled peers are looked for */
    TB_FETCH_IDS_MAX = 64,               /* answered of one Fetch; the rest is asked again */
};

/* After COMMIT: append Deliver frames to ${out}. Changes no row. */
void tb_deliver_pump(struct tb_broker *broker, const struct tb_now *now, struct tb_outbox *out);

/* Drop peers that are silent for TB_PEER_SILENT_MS, take stalled rows back. */
void tb_deliver_sweep(struct tb_broker *broker, const struct tb_now *now, struct tb_outbox *out);

/* "Stored only tells the broker what it may show and prune": mark the rows up to
 * ${seq} of the speaker's office; ignored with a note if ${id} is not at ${seq}. */
enum tb_status tb_deliver_stored(struct tb_broker *broker, const struct tb_speaker *speaker,
                                 const Tongbao__Stored *stored);

/* The speaker's disk is full: what is in flight comes back, and nothing more goes
 * there until it greets again, when it has room. */
void tb_deliver_hold(const struct tb_speaker *speaker);

/* Rows of a lane up to ${seq} are on the office's disk: claim them and mark one
 * slice; what is left is marked by tb_broker_tidy. */
void tb_deliver_settle(struct tb_broker *broker, uint32_t office, enum tb_lane lane, uint64_t seq,
                       const struct tb_now *now);

/* Send again, outside the lanes, what is the office's own or addressed to it. */
enum tb_status tb_deliver_fetch(struct tb_broker *broker, const struct tb_speaker *speaker,
                                const Tongbao__Fetch *fetch);

#endif
