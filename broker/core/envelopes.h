#ifndef TB_ENVELOPES_H
#define TB_ENVELOPES_H

#include "base/db.h"
#include "base/limits.h"
#include "base/wall.h"
#include "proto/envelope.h"
#include "proto/statement.h"

/*
 * envelopes - the bytes of what was admitted, once, however many want them.
 *
 *   added --every recipient has it--> stored --30 days--> prunable
 *      \---------------- 400 days -------------------------^
 *
 * The days are those on which the store was served, counted by the monotonic
 * clock and added up over all starts (the tally): a wall clock that is set, leaps
 * or starts in 1970 makes nothing old, and what lay switched off is kept longer.
 *
 * Bytes are kept and passed on as they came. Only the personal part is cut out
 * and kept in a column of its own, so that it can go without the rest (I11).
 */
enum {
    TB_KEPT_STORED_DAYS = 30,
    TB_KEPT_WAITING_DAYS = 400,
    TB_TALLY_MS = 10 * 60 * 1000, /* the tally is written so often; a crash loses the rest */
    /* Tag and length that a personal part can gain when it is put back. */
    TB_ENVELOPES_BYTES_MAX = TB_ENVELOPE_BYTES_MAX + 16,
};

struct tb_envelopes;

struct tb_envelopes_row {
    int64_t n; /* the position: never given twice */
    struct tb_id id;
    uint32_t origin;
    enum tb_world world;
    enum tb_kind kind;
    uint8_t key_id[TB_KEY_ID_BYTES];
    struct tb_wall admitted;
};

/* Over ${db}, borrowed; the store is served from ${now} on. */
struct tb_envelopes *tb_envelopes_new(struct tb_db *db, const struct tb_now *now);
void tb_envelopes_free(struct tb_envelopes *envelopes);

/* The row of an id, of a position; false when it is not held. */
bool tb_envelopes_find(struct tb_envelopes *envelopes, const struct tb_id *id,
                       struct tb_envelopes_row *row);
bool tb_envelopes_at(struct tb_envelopes *envelopes, int64_t n, struct tb_envelopes_row *row);

/* Append the bytes of ${n} to ${out}, as they came but for the place of the
 * personal part, which stands last. False when ${n} is not held. */
bool tb_envelopes_load(struct tb_envelopes *envelopes, int64_t n, struct tb_buf *out);

/* Add a verified envelope that is not held; returns its position. */
int64_t tb_envelopes_add(struct tb_envelopes *envelopes, const struct tb_envelope *envelope,
                         enum tb_kind kind, const struct tb_now *now);
/* "A duplicate whose personal part matches the digest fills an empty one": the
 * caller has verified that it matches. */
void tb_envelopes_fill(struct tb_envelopes *envelopes, int64_t n,
                       const struct tb_envelope *envelope);
/*
 * "Personal data can be destroyed" (I11): the origin ${origin} of the envelope ${id}
 * says so in row ${statement_n}. What is held of it is blanked, and what comes later
 * is kept without. True when something was here.
 */
bool tb_envelopes_destroy(struct tb_envelopes *envelopes, const struct tb_id *id, uint32_t origin,
                          int64_t statement_n);
/* Every recipient has it since ${now}; or there is one more to wait for. */
void tb_envelopes_stored(struct tb_envelopes *envelopes, int64_t n, const struct tb_now *now);
void tb_envelopes_waits(struct tb_envelopes *envelopes, int64_t n);

/* One that is to be pruned, the oldest first; false when there is none. */
bool tb_envelopes_prunable(struct tb_envelopes *envelopes, const struct tb_now *now, int64_t *n);
/* Write the tally, if TB_TALLY_MS have passed since it was. */
void tb_envelopes_tally(struct tb_envelopes *envelopes, const struct tb_now *now);
/* Drop it with what hangs on it; its mailbox rows are gone already. */
void tb_envelopes_drop(struct tb_envelopes *envelopes, int64_t n);

/* The route of ${n} was widened for ${office}; the envelope ${statement_n} says so,
 * and all who read here were ${told}. */
struct tb_envelopes_widened {
    int64_t n;
    uint32_t office;
    int64_t statement_n;
    bool told;
};
bool tb_envelopes_widened(struct tb_envelopes *envelopes, int64_t n, uint32_t office,
                          struct tb_envelopes_widened *row);
void tb_envelopes_widen(struct tb_envelopes *envelopes, const struct tb_envelopes_widened *row);
/* The next after ${row} of which somebody has not been told; false when there is none. */
bool tb_envelopes_untold(struct tb_envelopes *envelopes, struct tb_envelopes_widened *row);

/* The office did not take ${n}: kept until the envelope goes. */
void tb_envelopes_aside(struct tb_envelopes *envelopes, int64_t n, uint32_t office,
                        uint32_t outcome, uint32_t reason, struct tb_wall now);

#endif
