#ifndef TB_DOSSIER_H
#define TB_DOSSIER_H

#include "base/db.h"
#include "proto/envelope.h"

/*
 * dossier - what the broker remembers of each office beside its mail.
 *
 * Two facts, by which an office and a broker find out at link-up that one of
 * them was restored from an old copy: the highest envelope of each of the
 * office's chains, and the last that was accepted from it. Both outlive the
 * envelopes.
 */
enum {
    TB_DOSSIER_HEADS_MAX = 8,   /* named in one Welcome, newest first */
    TB_DOSSIER_CHAINS_MAX = 64, /* kept of one office; the oldest goes */
};

struct tb_dossier;

struct tb_dossier_head {
    enum tb_world world;
    uint8_t chain[TB_CHAIN_BYTES];
    uint64_t seq;
    struct tb_id id;
};

/* Over ${db}, borrowed. */
struct tb_dossier *tb_dossier_new(struct tb_db *db);
void tb_dossier_free(struct tb_dossier *dossier);

/* The envelope at position ${n} is ${head} of a chain of ${office}: remembered if
 * it is higher than what is known of that chain. */
void tb_dossier_chain(struct tb_dossier *dossier, uint32_t office,
                      const struct tb_dossier_head *head, int64_t n);
/* The heads of the chains of ${office} that moved last, newest first. */
size_t tb_dossier_heads(struct tb_dossier *dossier, uint32_t office,
                        struct tb_dossier_head heads[TB_DOSSIER_HEADS_MAX]);

/* ${office} was answered OK for ${id} at ${position}, its ${own} envelope or, in a
 * repair, another's; is it the highest so answered, for either? A duplicate of an
 * older one takes nothing back. */
void tb_dossier_accept(struct tb_dossier *dossier, uint32_t office, bool own, int64_t position,
                       const struct tb_id *id);
bool tb_dossier_accepted(struct tb_dossier *dossier, uint32_t office, int64_t position,
                         const struct tb_id *id);

#endif
