#ifndef TB_KEEP_H
#define TB_KEEP_H

#include "base/db.h"
#include "base/io/files.h"

/*
 * keep - a daemon's data folder: the lock, the store, the reserve.
 *
 * "Exactly one connection writes and checkpoints": a lock on the file `lock`
 * keeps a second process out. `reserve` holds a little of the disk back, "given
 * up so that own notices, acknowledgements and receipts still commit".
 *
 *   reserve held --disk full: tb_keep_relieve--> given up: `full`
 *        ^                                          |
 *        +--tb_keep_room: there is room again-------+
 *
 * `full` lasts until the reserve is held again, though single changes go through
 * meanwhile: mail waits, and people are told. A disk that never had room for the
 * reserve is full from the start.
 *
 * What a turn committed lies in the write-ahead log first; it is moved into the
 * store between turns: when nothing has come for a while, and when the log has
 * grown at the next lull, so that a notice on its way does not wait for it. Only a
 * log that no lull has let down is moved in the middle of the work.
 */
enum {
    TB_KEEP_ROOM_MS = 10 * 1000, /* how often room for the reserve is looked for */
    TB_KEEP_IDLE_MS = 1000,      /* without events: the log is moved */
    TB_KEEP_LULL_MS = 8,         /* the same, when it grew by so many pages: */
    TB_KEEP_LOG_PAGES = 1000,
    /* The log's file has room for so many from the start, where so much is free. */
    TB_KEEP_PRIMED_BYTES = 5 * 1024 * 1024,
    TB_KEEP_PRIMED_FREE_BYTES = 64 * 1024 * 1024,
    TB_KEEP_LOG_PAGES_MAX = 4000, /* without any lull */
    /* A log so long is held by a reader that does not end; it is noted once. Readers of
     * our own end by themselves: the check has a limit, a backup a size. */
    TB_KEEP_LOG_WATCHED_PAGES = 16000,
};

#define TB_KEEP_LOCK_NAME    "lock"
#define TB_KEEP_RESERVE_NAME "reserve"

/* Borrowed for the life of the keep. */
struct tb_keep_settings {
    const char *program; /* for the sentence about the lock, "tongbao-node" */
    const char *folder;
    const char *store;      /* the database's name in it */
    uint64_t reserve_bytes; /* given up when the disk is full */
    uint64_t room_bytes;    /* when so much is free it is taken again */
};

struct tb_keep {
    struct tb_keep_settings settings;
    struct tb_db db;
    int lock_fd;
    bool full;        /* the reserve is given up, or never was */
    uint64_t room_ms; /* when room for the reserve is looked for next */
    uint64_t move_ms; /* the log is not moved before, unless it grew too large */
    int log_pages;    /* in the log now */
    int moved_pages;  /* in it when it was last moved */
    bool log_waits;   /* something in it has not been moved */
    bool held;        /* a reader keeps it from beginning anew, and that was noted */
    bool scrub;       /* it has to be emptied: it holds what was destroyed */
};

/*
 * Make folder and lock, open the store. ${keep} must not move until it is
 * closed. TB_STATE: another process has it; TB_VERSION: the store is newer, or
 * another program's; others as the parts say, all with ${diag}. Nothing is held
 * on failure. The reserve is first taken by tb_keep_room.
 */
enum tb_status tb_keep_open(struct tb_keep *keep, const struct tb_keep_settings *settings,
                            const struct tb_db_schema *schema, struct tb_diag *diag) TB_MUST_USE;
/* After what stands on the store was given back. A keep that was never opened, or
 * whose opening failed, is allowed when it is all zero or tb_keep_open left it. */
void tb_keep_close(struct tb_keep *keep);

/* The path of the file ${name} in the data folder ${folder}; TB_TOOBIG with
 * ${diag}. */
enum tb_status tb_keep_path(char out[TB_FILES_PATH_BYTES_MAX], const char *folder, const char *name,
                            struct tb_diag *diag) TB_MUST_USE;

/* A reader's connection to the store ${name} of ${folder}, without a lock; statuses
 * of tb_db_open_reader, and TB_TOOBIG. */
enum tb_status tb_keep_reader(struct tb_db *db, const char *folder, const char *name,
                              const struct tb_db_schema *schema, struct tb_diag *diag) TB_MUST_USE;

/* The disk is full, which is noted when it begins: give the reserve up. True when
 * there was one, or when it was not known to be full: to try again then makes sense. */
bool tb_keep_relieve(struct tb_keep *keep, uint64_t now_ms);
/* "Any other failed write, COMMIT or fsync": note it. The daemon sends nothing and
 * stops. */
void tb_keep_broken(const struct tb_keep *keep);

/* Between turns: take the reserve (again) when that is due and there is room. That
 * there is none, and that there is one again, is noted. */
void tb_keep_room(struct tb_keep *keep, uint64_t now_ms);
/* Personal data was destroyed: tb_keep_checkpoint empties the log as soon as no reader
 * needs it, so that none of the store's files holds it (I11). A start empties it too,
 * whatever the last run left. */
void tb_keep_scrub(struct tb_keep *keep);
/* Between turns: move the log into the store when it is time; ${busy_ms} is when
 * the last events were. A full disk is noted and the log kept; any other failure
 * is in the store's status. */
void tb_keep_checkpoint(struct tb_keep *keep, uint64_t now_ms, uint64_t busy_ms);
/* When one of the two has something to do next though nothing happens. */
uint64_t tb_keep_due_ms(const struct tb_keep *keep, uint64_t busy_ms);

#endif
