#ifndef TB_CHAIN_H
#define TB_CHAIN_H

#include "node/core/state.h"

/*
 * chain - this office's own chains, one per world and store.
 *
 *   made with the store --> current --(a broker knows more than this store)--> former
 *                              |                                                 |
 *                              +-- every chained envelope steps it               +-- a new one is
 *                                                                                    current, and
 *                                                                                    `continues`
 *
 * "An office that sees more than it knows was rolled back or copied, fetches
 * them, opens a new chain, and says so" (design: The chain).
 */

/* Where the next chained envelope stands. */
struct tb_chain_place {
    enum tb_world world;
    uint8_t chain[TB_CHAIN_BYTES];
    uint64_t seq; /* of the next, from 1 */
    struct tb_id previous;
    bool continued;
    struct tb_id continues;
};

/* Open the first chain of every world in a new store, named from ${seed}. */
void tb_chain_open_all(struct tb_node *node, const uint8_t seed[TB_SEED_BYTES]);

void tb_chain_place(struct tb_node *node, enum tb_world world, struct tb_chain_place *place);
/* Put ${place} into ${body}, which borrows it. */
void tb_chain_fill(const struct tb_chain_place *place, Tongbao__Body *body);
/* ${id} was appended at ${place}. */
void tb_chain_step(struct tb_node *node, const struct tb_chain_place *place,
                   const struct tb_id *id);
/* Count one more entry of ${office} in ${chain}; returns its nth. */
uint64_t tb_chain_nth(struct tb_node *node, ProtobufCBinaryData chain, uint32_t office);

/*
 * A broker names the heads it has of this office. Those that are not in the
 * ledger, and not on the list of tb_chain_lacking yet, are put on it and into ${lacking} (at most
 * ${lacking_max}, the count is returned), to be fetched; a chain that has gone on without this
 * store is left for a new one. Needs a seed.
 */
size_t tb_chain_compare(struct tb_node *node, const struct tb_at *at,
                        Tongbao__ChainHead *const *heads, size_t heads_count, struct tb_id *lacking,
                        size_t lacking_max);

/* Own envelopes that a recovered one or a broker names and that are still not here, in the order
 * of their ids, the next ${lacking_max} behind ${after}; returns how many. */
size_t tb_chain_lacking(struct tb_node *node, const struct tb_id *after, struct tb_id *lacking,
                        size_t lacking_max);

/* Leave every world's chain for a new one: the store was restored. ${reason} is
 * for the stream. In a transaction of the caller's. */
void tb_chain_renew(struct tb_node *node, const struct tb_at *at, const char *reason);

#endif
