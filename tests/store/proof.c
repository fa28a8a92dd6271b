#include "proof.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "content.h"

enum { PATH_BYTES_MAX = 96, SEEN_BITS = 20, PIECES_MAX = 4096 };

/* What goes through all the cuts of one past. */
struct run {
    struct proof *proof;
    const struct past *past;
    const struct subject *subject;
    struct tb_disk *replica; /* the disk as it was at this point */
    struct tb_disk *found;   /* what a cut left of it */
    struct tb_disk *twin;    /* on which the next process goes on */
    char found_path[PATH_BYTES_MAX];
    char twin_path[PATH_BYTES_MAX];
    uint64_t *seen;   /* digests of images, hashed */
    size_t low, high; /* the moments that may be found */
    size_t migrated;  /* the first moment with the whole schema */
    bool *judged;     /* by moment */
    uint64_t luck;
    size_t point;
    const char *fate; /* for people */
    size_t piece;
};

/* ---------------------------------------------------------------------- fates */

/* One piece has another fate than the rest: that at an index, or the newest. */
struct single {
    size_t index;
    uint64_t serial; /* 0: it goes by the index */
    uint8_t this_one;
    uint8_t others;
};

static uint8_t single(void *context, const struct tb_disk_piece *piece)
{
    const struct single *one = context;
    bool this_one = one->serial == 0 ? piece->index == one->index : piece->serial == one->serial;
    return this_one ? one->this_one : one->others;
}

/* ----------------------------------------------------------------------- images */

static bool failed(const struct run *run, const char *what)
{
    fprintf(stderr,
            "store proof: power cut after entry %zu of %zu, %s (piece %zu): %s; moments %zu to %zu "
            "of %zu\n",
            run->point, tb_disk_log_count(run->past->log), run->fate, run->piece, what, run->low,
            run->high, run->past->count);
    return false;
}

/* Open the store at ${path}, learn what it says, and be gone without a trace. */
static bool look(struct run *run, struct tb_disk *disk, const char *path, struct tb_id *digest)
{
    struct tb_db db;
    struct tb_diag diag = {0};
    if (tb_db_open(&db, path, run->subject->schema, &diag) != TB_OK) {
        return failed(run, diag.text);
    }
    content_digest(db.handle, digest);
    bool sound = content_sound(db.handle);
    tb_disk_kill(disk);
    tb_db_close(&db);
    return sound ? true : failed(run, "is not sound");
}

/* The moment that says this; among those that may be found. */
static bool moment_of(const struct run *run, const struct tb_id *digest, size_t *moment)
{
    for (size_t i = run->low; i <= run->high; i++) {
        /* Who opens it goes on with the migration where it stopped. */
        size_t at = i < run->migrated ? run->migrated : i;
        if (tb_id_equal(&run->past->moment[at].digest, digest)) {
            *moment = at;
            return true;
        }
    }
    return false;
}

static bool open_image(struct run *run)
{
    struct tb_id digest;
    size_t moment;
    run->proof->images++;
    if (!look(run, run->found, run->found_path, &digest)) {
        return false;
    }
    if (!moment_of(run, &digest, &moment)) {
        return failed(run, "the store says what it never said, or has forgotten");
    }
    if (run->judged[moment]) {
        return true;
    }
    run->judged[moment] = true;
    run->proof->moments++;
    return run->subject->judge == NULL ||
                   run->subject->judge(run->subject->context, run->found_path)
               ? true
               : failed(run, "the moment is not good");
}

/* True when this image was not seen before. */
static bool fresh(struct run *run, uint64_t digest)
{
    /* The same image may be found where more is demanded of it. */
    uint64_t value = digest ^ ((run->low + 1) * UINT64_C(0x9e3779b97f4a7c15));
    size_t mask = ((size_t)1 << SEEN_BITS) - 1;
    size_t at = (size_t)value & mask;
    while (run->seen[at] != 0 && run->seen[at] != value) {
        at = (at + 1) & mask;
    }
    bool is_fresh = run->seen[at] == 0;
    run->seen[at] = value;
    return is_fresh;
}

static bool cut(struct run *run, const char *name, size_t piece, struct tb_disk_fate fate)
{
    run->fate = name;
    run->piece = piece;
    run->proof->cuts++;
    tb_disk_crash_into(run->found, run->replica, fate);
    return !fresh(run, tb_disk_digest(run->found)) || open_image(run);
}

/* ----------------------------------------------------------------------- points */

/* The newest piece: whether it is lost or kept is the same as a cut before or after. */
static bool cut_newest(struct run *run)
{
    struct single newest = {0, tb_disk_newest(run->replica), 0x55, TB_DISK_KEPT};
    return cut(run, "the newest torn", 0, (struct tb_disk_fate){single, &newest});
}

static bool cut_single(struct run *run, size_t index)
{
    static const struct {
        const char *name;
        uint8_t this_one;
        uint8_t others;
    } kinds[] = {
        {"one lost", TB_DISK_DROPPED, TB_DISK_KEPT},
        {"one kept", TB_DISK_KEPT, TB_DISK_DROPPED},
        {"one torn among the kept", 0x55, TB_DISK_KEPT},
        {"one torn alone", 0x0f, TB_DISK_DROPPED},
    };
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct single one = {index, 0, kinds[k].this_one, kinds[k].others};
        if (!cut(run, kinds[k].name, index, (struct tb_disk_fate){single, &one})) {
            return false;
        }
    }
    return true;
}

static bool cut_all_ways(struct run *run, bool sync_follows)
{
    size_t pending = tb_disk_pending(run->replica);
    run->proof->points++;
    if (!cut(run, "all lost", 0, tb_disk_fate_dropped()) ||
        !cut(run, "all kept", 0, tb_disk_fate_kept())) {
        return false;
    }
    if (pending > 0 && !cut_newest(run)) {
        return false;
    }
    for (size_t i = 0; i < pending && sync_follows; i++) {
        if (!cut_single(run, i)) {
            return false;
        }
    }
    for (unsigned i = 0; i < run->subject->draws && pending > 1; i++) {
        if (!cut(run, "drawn", i, tb_disk_fate_drawn(&run->luck))) {
            return false;
        }
    }
    return true;
}

/* Killed, started again, and only then the power is cut. */
static bool kill_then_cut(struct run *run)
{
    struct tb_id before;
    struct tb_id after;
    run->fate = "killed, started, then all lost";
    run->piece = 0;
    run->proof->kills++;
    tb_disk_clone(run->twin, run->replica);
    if (!look(run, run->twin, run->twin_path, &before)) {
        return false;
    }
    tb_disk_crash(run->twin, tb_disk_fate_dropped());
    if (!look(run, run->twin, run->twin_path, &after)) {
        return false;
    }
    return tb_id_equal(&before, &after)
               ? true
               : failed(run, "what the new process found was not on the disk");
}

/* In drawn ways alone, of which the last one is kept. */
static bool cut_by_chance(struct run *run)
{
    if (tb_disk_draw(&run->luck) % run->subject->sample != 0) {
        return true;
    }
    run->proof->points++;
    for (unsigned i = 0; i < run->subject->draws; i++) {
        run->fate = "drawn";
        run->piece = i;
        run->proof->cuts++;
        tb_disk_crash_into(run->found, run->replica, tb_disk_fate_drawn(&run->luck));
        tb_disk_copy(run->subject->next, run->found);
        if (!open_image(run)) {
            return false;
        }
    }
    return kill_then_cut(run);
}

/* The moments that may be found when so many entries of the log were done. */
static void allow(struct run *run, size_t entries)
{
    const struct past *past = run->past;
    while (run->low + 1 < past->count && past->moment[run->low + 1].at <= entries) {
        run->low++;
    }
    run->high = run->low + 1 < past->count ? run->low + 1 : run->low;
}

static bool walk(struct run *run)
{
    size_t entries = tb_disk_log_count(run->past->log);
    tb_disk_replay_start(run->replica, run->past->log);
    for (run->point = 0;; run->point++) {
        bool sync_follows =
            run->point == entries || tb_disk_log_is_sync(run->past->log, run->point);
        allow(run, run->point);
        if (run->subject->sample > 0) {
            if (!cut_by_chance(run)) {
                return false;
            }
        } else if (!cut_all_ways(run, sync_follows) ||
                   (sync_follows && tb_disk_pending(run->replica) > 0 && !kill_then_cut(run))) {
            return false;
        }
        if (run->point == entries) {
            return true;
        }
        tb_disk_replay(run->replica, run->past->log, run->point);
    }
}

bool proof_run(struct proof *proof, const struct past *past, const struct subject *subject)
{
    struct run run = {.proof = proof, .past = past, .subject = subject, .luck = subject->seed};
    *proof = (struct proof){0};
    run.replica = tb_disk_new("replica");
    run.found = tb_disk_new("found");
    run.twin = tb_disk_new("twin");
    snprintf(run.found_path, sizeof run.found_path, "/found/%s", subject->file);
    snprintf(run.twin_path, sizeof run.twin_path, "/twin/%s", subject->file);
    run.seen = calloc((size_t)1 << SEEN_BITS, sizeof *run.seen);
    run.judged = calloc(past->count, sizeof *run.judged);
    tb_assert(run.seen != NULL);
    tb_assert(run.judged != NULL);
    run.migrated = past->made_here ? (size_t)subject->schema->version : 0;
    bool held = walk(&run);
    free(run.seen);
    free(run.judged);
    tb_disk_free(run.replica);
    tb_disk_free(run.found);
    tb_disk_free(run.twin);
    return held;
}
