#ifndef TB_BROKER_H
#define TB_BROKER_H

#include "base/db.h"
#include "base/diag.h"
#include "base/turn.h"
#include "broker/core/config.h"
#include "proto/directory.h"

/*
 * broker - getting it there: the core of tongbao-broker.
 *
 *   frames of offices --> greet, admit, file --> COMMIT --> answers
 *                                                      \--> pump: Deliver
 *
 * Pure: it advances by base/turn.h alone. Events are TB_EVENT_FRAME (from a
 * peer, with its proven key), TB_EVENT_DUE (the deadline came) and
 * TB_EVENT_REQUEST, whose data are a directory's bytes to be taken; its effect
 * TB_EFFECT_ANSWER has the enum tb_status as its code.
 */
struct tb_broker;

enum { TB_BROKER_TIDY_ROWS_MAX = 200 }; /* rows pruned in one slice */

/*
 * A broker over the open store ${db} (schema tb_broker_store_schema), with the
 * newest stored directory of each pinned root in force. Fails with ${diag}:
 * TB_CONFLICT, the store is another broker's; TB_INPUT, two roots are given for
 * one prefix; TB_DISKFULL; TB_IO. The caller frees ${out} before it closes ${db}.
 */
enum tb_status tb_broker_new(struct tb_broker **out, struct tb_db *db,
                             const struct tb_broker_config *config, const struct tb_now *now,
                             struct tb_diag *diag) TB_MUST_USE;
void tb_broker_free(struct tb_broker *broker);

/* The callbacks for tb_turn_run, valid as long as ${broker}; what the daemon
 * answers (relieve, spent) is left to it. */
struct tb_turn_core tb_broker_core(struct tb_broker *broker);

/* When a turn is wanted next though nothing comes in, in monotonic ms: silent
 * peers, choked peers, mail that a turn's budget left. Tidying is apart. */
uint64_t tb_broker_deadline_ms(const struct tb_broker *broker);

/*
 * "Heartbeats are link frames, neither signed nor stored": a Beat changes no
 * row and needs no turn. True when ${event} was a Beat; what answers it, or
 * refuses it when the key was revoked or has not said Hello, is in ${out}.
 */
bool tb_broker_beat(struct tb_broker *broker, const struct tb_now *now,
                    const struct tb_event *event, struct tb_outbox *out);

/*
 * The socket of ${peer} would not take ${frame}, an effect of the last turn.
 * Nothing else may be sent to it in this flush. A Deliver goes back and is tried
 * at the next Stored or after TB_PEER_CHOKED_MS; when it was anything else, the
 * peer must say Hello again, and so learn what it missed.
 */
void tb_broker_choked(struct tb_broker *broker, const struct tb_now *now, uint64_t peer,
                      struct tb_bytes frame);
/* The connection ${peer} is no more. */
void tb_broker_gone(struct tb_broker *broker, uint64_t peer);

/*
 * Between turns, when idle, at least every few seconds (it looks for work once a
 * minute, and at once when it knows of some): settle and prune one slice of at most
 * TB_BROKER_TIDY_ROWS_MAX rows, in a transaction of its own. True when there is
 * more to do. On failure the store's status says so (TB_DISKFULL is cleared:
 * nothing was changed).
 */
bool tb_broker_tidy(struct tb_broker *broker, const struct tb_now *now);

/* Borrowed: for the ZAP table, after TB_EFFECT_KEYS. */
const struct tb_directories *tb_broker_directories(const struct tb_broker *broker);
size_t tb_broker_peers(const struct tb_broker *broker); /* greeted connections */

#endif
