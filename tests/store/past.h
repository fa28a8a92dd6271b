#ifndef TB_STORE_PAST_H
#define TB_STORE_PAST_H

#include "base/bytes.h"
#include "disk.h"

/*
 * past - a store's life as it was lived: every write and sync of its disk, and what
 * the store said after each COMMIT.
 *
 *   moment 0         moment 1            moment 2
 *   nothing yet ---- COMMIT done -- … -- COMMIT done -- …   > log of the disk
 *
 * A moment is taken in SQLite's own call back after a COMMIT: what a process
 * answers after it, it answers by this moment at the earliest.
 */
struct moment {
    size_t at; /* so many entries of the log lie before */
    struct tb_id digest;
};

struct past {
    struct tb_disk *disk;
    struct tb_disk_log *log;
    struct moment *moment;
    size_t count;
    size_t room;
    bool made_here; /* the store was made in it: the first moments are migrations */
};

/* Record ${disk}, on which no store is open, until past_end. ${first} is what its
 * store, of the newest schema, says; NULL when there is none. One past at a time; its connections
 * are counted in the census. */
void past_begin(struct past *past, struct tb_disk *disk, const struct tb_id *first);
/* Nothing more is recorded; the past can be looked at. */
void past_end(struct past *past);
void past_free(struct past *past);

#endif
