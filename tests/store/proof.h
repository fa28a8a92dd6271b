#ifndef TB_STORE_PROOF_H
#define TB_STORE_PROOF_H

#include "base/db.h"
#include "past.h"

/*
 * proof - every state in which a power cut can have left a store, opened by the
 * shipped code.
 *
 * The power is cut after each write, sync, truncation, creation and deletion of a
 * past. What was not synced then is, in turn: all lost; all kept; the newest piece
 * torn; before a sync, when most is at stake, every single piece lost, kept alone,
 * torn among the kept and torn alone; and drawn at random. From each disk that this
 * leaves the store is opened, and it must
 *
 *   open;  be sound (integrity_check);  say exactly what it said after a COMMIT:
 *   the last one before the cut, or the one that was under way.
 *
 * Nothing was answered before its COMMIT was done, so what was answered is there
 * (I1, I4); and since what is there is a moment of the past, it is whole. What is
 * true of the moments, `judge` says once for each: the process starts from it,
 * envelopes verify, views are those of the ledger.
 *
 * Before each sync the process is killed, too, while the machine goes on; what the
 * next process finds and may answer by must outlive a power cut that comes then.
 */
struct subject {
    const char *file; /* the store's name on its disk */
    const struct tb_db_schema *schema;
    /* Judge the store at ${path}, which nobody has open; true when it is good. NULL:
     * it is not judged. */
    bool (*judge)(void *context, const char *path);
    void *context;
    uint64_t seed;  /* of what is drawn */
    unsigned draws; /* at each point */
    /* 0: every point in all these ways. Else about every so many-th point, in drawn ways
     * alone, and what the last of them left is put on ${next}. */
    unsigned sample;
    struct tb_disk *next;
};

struct proof {
    size_t points;  /* at which the power was cut */
    size_t cuts;    /* all of it */
    size_t images;  /* that differed, and were opened */
    size_t moments; /* that were found, and judged */
    size_t kills;
};

/* True when all held; prints the first that did not, and how to find it. */
bool proof_run(struct proof *proof, const struct past *past, const struct subject *subject);

#endif
