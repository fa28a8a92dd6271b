#ifndef TB_BROKER_STORE_H
#define TB_BROKER_STORE_H

#include "base/db.h"
#include "base/event.h"

/*
 * store - the schema of a broker's store, whose store it is, and its epochs.
 *
 *   made --start--> epoch 1 --start--> epoch 2 --start--> epoch 3 …
 *                      \--copied, put back, start--> another epoch 2 …
 *
 * "A cursor is (broker key, epoch, lane, seq, id at seq)". Every start draws a
 * new epoch and the store remembers those before it, so that a cursor says not
 * only where its office is but in which past it came there. A store that was put
 * back from an old copy gives the numbers it lost to other envelopes, but never
 * under the same epoch: nothing fits it by chance.
 */
enum {
    TB_BROKER_EPOCH_BYTES = 16,
    TB_BROKER_EPOCHS_MAX = 4096, /* remembered; an office that slept longer is repaired */
};

struct tb_broker_epoch {
    int64_t k; /* counts the starts of this store */
    uint8_t name[TB_BROKER_EPOCH_BYTES];
    bool unwritten; /* the disk was full: to be written before anything is filed */
};

/* To be handed to tb_db_open; application_id is 'TBbr'. */
const struct tb_db_schema *tb_broker_store_schema(void);

/*
 * Make a new store ${name}'s, or check that an old one is, and begin an ${epoch}
 * drawn from ${seed}, which must be fresh. In a transaction of its own. An old
 * store whose disk is full is begun all the same, with the epoch `unwritten`, so
 * that mail goes out. Fails: TB_CONFLICT when it is another broker's (${diag}
 * says whose), TB_DISKFULL when it is new, TB_IO.
 */
enum tb_status tb_broker_store_own(struct tb_db *db, const char *name,
                                   const uint8_t seed[TB_SEED_BYTES], struct tb_broker_epoch *epoch,
                                   struct tb_diag *diag) TB_MUST_USE;

#endif
