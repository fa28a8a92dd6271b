#ifndef TB_MAILBOX_H
#define TB_MAILBOX_H

#include "base/db.h"
#include "proto/statement.h"

/*
 * mailbox - what is owed to each office, in two lanes.
 *
 *   append --> waiting --stored--> stored --(30 days)--> dropped
 *                 \------------------(400 days)------------^
 *
 * A lane numbers its rows from 1 by a counter that never goes down, not after a
 * drop either. Reading does not change anything: the office's cursor says where
 * to go on, `stored` only what may be shown as delivered and be dropped.
 *
 * The interface is narrow and transactional: every call belongs to the turn's
 * transaction, and nothing outside this file names its tables' columns but the
 * status report. The implementation here is SQLite's.
 */
enum {
    TB_MAILBOX_ROWS_DEFAULT = 100 * 1000, /* waiting rows of one office, both lanes */
    TB_MAILBOX_SETTLE_ROWS_MAX = 256,     /* marked stored in one go */
};

struct tb_mailbox;

struct tb_mailbox_row {
    uint64_t seq;
    int64_t n; /* of the envelope */
};

/* What is known of a cursor (epoch, lane, seq, id). */
enum tb_mailbox_place {
    TB_PLACE_HELD,    /* the row is held, or it is the lane's last; seq 0 too */
    TB_PLACE_PRUNED,  /* it was given out once and is no longer held */
    TB_PLACE_STRANGE, /* not given out in that past, or to another envelope */
};

/* Over ${db}, which is borrowed; at most ${rows_max} rows wait for one office. What
 * is appended is given out in the epoch ${epoch_k}. */
struct tb_mailbox *tb_mailbox_new(struct tb_db *db, uint64_t rows_max, int64_t epoch_k);
void tb_mailbox_free(struct tb_mailbox *mailbox);

/*
 * File the envelope ${n} with ${id} for ${office} as the next of ${lane};
 * ${urgent} is false for exercises and tests. TB_CONFLICT: filed before, nothing
 * is changed. TB_FULL: "at half of it exercise and test, at the whole everything
 * is answered full, for that office alone". ${seq} is set on TB_OK.
 */
enum tb_status tb_mailbox_append(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane,
                                 int64_t n, const struct tb_id *id, bool urgent,
                                 uint64_t *seq) TB_MUST_USE;

/* Would tb_mailbox_append find it full? */
bool tb_mailbox_full(struct tb_mailbox *mailbox, uint32_t office, bool urgent);

/* The rows of a lane after ${after}, oldest first, at most ${rows_max}. */
size_t tb_mailbox_read(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane,
                       uint64_t after, struct tb_mailbox_row *rows, size_t rows_max);

/* The place of (${seq}, ${id}) for somebody who came there in the epoch ${epoch_k} of
 * this store: what was given out after its end is strange to him, though it fits. */
enum tb_mailbox_place tb_mailbox_place(struct tb_mailbox *mailbox, uint32_t office,
                                       enum tb_lane lane, int64_t epoch_k, uint64_t seq,
                                       const struct tb_id *id);

/* The highest seq of a lane that is no longer held: a cursor below it has a gap. */
uint64_t tb_mailbox_pruned(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane);

/* The office has everything of ${lane} up to ${seq}, which is a held place. The
 * rows are marked by tb_mailbox_settle, in slices. */
void tb_mailbox_claim(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane, uint64_t seq);

/*
 * Mark the next claimed rows as stored, at most TB_MAILBOX_SETTLE_ROWS_MAX, and
 * put into ${done} (with room for as many) the envelopes of which no row waits
 * any more. Returns how many those are; ${more} says that claimed rows are left.
 */
size_t tb_mailbox_settle(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane,
                         int64_t *done, bool *more);

/* Find a lane with claimed rows that are not marked yet; false if there is none. */
bool tb_mailbox_unsettled(struct tb_mailbox *mailbox, uint32_t *office, enum tb_lane *lane);

/* The offices in whose mailbox the envelope ${n} is, ascending, at most ${max}. */
size_t tb_mailbox_offices(struct tb_mailbox *mailbox, int64_t n, uint32_t *offices, size_t max);
bool tb_mailbox_holds(struct tb_mailbox *mailbox, int64_t n, uint32_t office);

/* Drop rows of the envelope ${n}, at most ${rows_max}; returns how many. */
size_t tb_mailbox_drop(struct tb_mailbox *mailbox, int64_t n, size_t rows_max);

/* How many rows wait for ${office}, both lanes. */
uint64_t tb_mailbox_waiting(struct tb_mailbox *mailbox, uint32_t office);

#endif
