#ifndef TB_BROKER_STORE_H
#define TB_BROKER_STORE_H

#include "base/db.h"
#include "base/event.h"

/*
 * store - the schema of a broker's store, and whose store it is.
 *
 * A new store draws a new epoch: "a cursor is (broker key, epoch, lane, seq, id
 * at seq)", so an office sees at once that its cursor belongs to another store.
 */
enum { TB_BROKER_EPOCH_BYTES = 16 };

/* To be handed to tb_db_open; application_id is 'TBbr'. */
const struct tb_db_schema *tb_broker_store_schema(void);

/*
 * Make a new store ${name}'s, with an epoch drawn from ${seed}, or check that an
 * old one is; ${epoch} receives its epoch. In a transaction of its own. Fails:
 * TB_CONFLICT when it is another broker's (${diag} says whose), TB_DISKFULL,
 * TB_IO.
 */
enum tb_status tb_broker_store_own(struct tb_db *db, const char *name,
                                   const uint8_t seed[TB_SEED_BYTES],
                                   uint8_t epoch[TB_BROKER_EPOCH_BYTES],
                                   struct tb_diag *diag) TB_MUST_USE;

#endif
