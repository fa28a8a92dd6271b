#ifndef TB_EPOCHS_H
#define TB_EPOCHS_H

#include "base/db.h"
#include "broker/core/store.h"

/*
 * epochs - what a store remembers of its own past: which epochs it has had, and
 * which positions each of them gave out. How far a lane had come in one is the
 * mailbox's to know.
 */
struct tb_epochs;

/* Over ${db}, borrowed. */
struct tb_epochs *tb_epochs_new(struct tb_db *db);
void tb_epochs_free(struct tb_epochs *epochs);

int64_t tb_epochs_last(struct tb_epochs *epochs); /* the newest, 0: there is none */
/* ${epoch} begins with the next position. Nothing happens when it has begun. */
void tb_epochs_begin(struct tb_epochs *epochs, const struct tb_broker_epoch *epoch);
/* Forget epochs older than TB_BROKER_EPOCHS_MAX before ${k}. */
void tb_epochs_trim(struct tb_epochs *epochs, int64_t k);

/* Which epoch has ${name}; 0: none of this store's past. */
int64_t tb_epochs_find(struct tb_epochs *epochs, struct tb_bytes name);
/* The highest position that can have been given out up to the end of ${k}. */
int64_t tb_epochs_end(struct tb_epochs *epochs, int64_t k);

#endif
