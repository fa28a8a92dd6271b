#ifndef TB_TURN_H
#define TB_TURN_H

#include "base/db.h"
#include "base/event.h"
#include "base/outbox.h"
#include "base/wall.h"

/*
 * turn - the only way in which a daemon, or the simulator, advances.
 *
 *   take what is ready, at most TB_TURN_EVENTS_MAX and TB_TURN_WORK_MS
 *     --> BEGIN --> each event in its own savepoint: rows, outbox
 *     --> finish --> COMMIT --> only now the outbox is flushed (I4)
 *
 * One bad event undoes itself alone and answers its sender. Grouping events in
 * one transaction is the group commit. A turn with nothing to do opens no
 * transaction that writes. A full disk is not a broken disk: see tb_turn_run.
 */
struct tb_turn_core {
    void *self;
    struct tb_db *db;

    /*
     * Handle one event. Anything but TB_OK undoes what the event did to rows
     * and outbox; then `undone` answers its sender. Memory that a core keeps
     * beside its store must not have been changed by an event that fails.
     */
    enum tb_status (*handle)(void *self, const struct tb_now *now, const struct tb_event *event,
                             struct tb_outbox *out);
    void (*undone)(void *self, const struct tb_now *now, const struct tb_event *event,
                   enum tb_status status, struct tb_outbox *out);
    /* Once a turn, before COMMIT: what depends on all events together. */
    void (*finish)(void *self, const struct tb_now *now, struct tb_outbox *out);
    /* The whole turn was rolled back (disk full): rebuild memory from rows. */
    void (*rolled_back)(void *self);
    /* Once a turn, after COMMIT, or after a full disk has rolled it back, since mail
     * goes out though none comes in: read what is to be sent now. Changes no row. */
    void (*committed)(void *self, const struct tb_now *now, struct tb_outbox *out);
    /* Told before each attempt: the disk is scarce, or is not. What others send then
     * fails with TB_DISKFULL and comes again; what the reserve freed is for "own
     * notices, acknowledgements and receipts". NULL: the core keeps no such order. */
    void (*spare)(void *self, bool scarce);

    /*
     * What a core cannot know, and the daemon under it answers; each may be
     * NULL, as in the simulator, and is asked with `context`.
     */
    /* On a full disk: is it worth a second attempt (a reserve was given up, or mail
     * is not taken from now on)? NULL: no. */
    bool (*relieve)(void *context);
    /* Was the reserve given up, and not made again yet? NULL: no. */
    bool (*scarce)(void *context);
    /* Between events: are the TB_TURN_WORK_MS of this turn used up? NULL: never. */
    bool (*spent)(void *context);
    void *context;
};

/*
 * Run one turn over the first *${count} events, or fewer when the time is spent;
 * at least one. *${count} becomes how many were taken: the rest is for the next
 * turn. Leave what is to be sent in ${out},
 * which the caller flushes and clears. Returns
 *   TB_OK        committed;
 *   TB_DISKFULL  rolled back; ${out} holds the answers "disk full" and what
 *                `committed` read;
 *   TB_IO        the store is broken: ${out} is empty, the process must stop.
 */
enum tb_status tb_turn_run(const struct tb_turn_core *core, const struct tb_now *now,
                           const struct tb_event *events, size_t *count,
                           struct tb_outbox *out) TB_MUST_USE;

#endif
