#ifndef TB_LEDGER_H
#define TB_LEDGER_H

#include "node/core/state.h"

/*
 * ledger - the append-only table of envelopes, own and received.
 *
 * Whatever is appended is seen by the views in the same call and so in the same
 * transaction; nothing else writes either.
 */

/* What the ledger knows of an envelope beside its bytes. */
struct tb_found {
    int64_t n;
    uint32_t origin;
    enum tb_world world;
    enum tb_kind kind;
    bool own;
    bool destroyed;      /* its personal part, for good (I11) */
    bool personal_empty; /* no personal part is here */
};

/* A verified envelope on its way in. */
struct tb_entry {
    const struct tb_envelope *envelope;
    const Tongbao__Body *body;
    bool own;
    const char *broker; /* by whose link it came; NULL: made here */
    int64_t admitted_ms;
    bool old;      /* from before this store: it may have been acknowledged here */
    unsigned mark; /* enum tb_mark, or'd */
};

/* True when the envelope ${id} is here. */
bool tb_ledger_find(struct tb_node *node, const struct tb_id *id, struct tb_found *found);

/* The last row's n; 0 while the ledger is empty. */
int64_t tb_ledger_last(struct tb_node *node);

/* Append ${entry}, which is not here yet, and let the views see it. Returns its n. */
int64_t tb_ledger_append(struct tb_node *node, const struct tb_at *at,
                         const struct tb_entry *entry);

/*
 * Say ${body} as this office in ${world} to the offices of ${route}: the chain is
 * filled in where the kind has one, then it is sealed, appended and put up for
 * offer. ${id} and, if not NULL, ${n} tell what was made. Fails: TB_TOOBIG or
 * TB_MALFORMED when no reader would take it; nothing is then changed.
 */
enum tb_status tb_ledger_say(struct tb_node *node, const struct tb_at *at, enum tb_world world,
                             Tongbao__Body *body, const struct tb_recipients *route,
                             struct tb_id *id, int64_t *n) TB_MUST_USE;
/* The same with a personal part beside the signed bytes, whose digest stands in
 * ${body}. */
enum tb_status tb_ledger_say_with(struct tb_node *node, const struct tb_at *at, enum tb_world world,
                                  Tongbao__Body *body, struct tb_bytes personal,
                                  const struct tb_recipients *route, struct tb_id *id,
                                  int64_t *n) TB_MUST_USE;

/* The bytes of row ${n} with their personal part, in ${node}'s envelope room:
 * borrowed until the next use of it. Empty when there is no such row. */
struct tb_bytes tb_ledger_bytes(struct tb_node *node, int64_t n);

/* "A duplicate whose personal part matches the digest fills an empty one unless it
 * was destroyed." ${envelope} has been verified. */
void tb_ledger_fill(struct tb_node *node, const struct tb_found *found,
                    const struct tb_envelope *envelope);

#endif
