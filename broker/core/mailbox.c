#include "broker/core/mailbox.h"

#include <stdlib.h>

#include "base/fault.h"

enum {
    HELD_BY,
    LANE_NEW,
    LANE_ENDED,
    LANE_NEXT,
    LANE_LAST,
    ROW_ADD,
    READ,
    ROW_ID,
    LANE_PLACE,
    LANE_REACHED,
    CLAIM,
    CLAIMED,
    WAITING_ROWS,
    ROW_STORED,
    ENVELOPE_WAITS,
    LANE_SETTLED,
    UNSETTLED,
    OFFICES,
    DROPPABLE,
    ROW_DROP,
    LANE_DROP,
    WAITING,
    STMTS
};

static const char *const texts[STMTS] = {
    [HELD_BY] = "SELECT 1 FROM mailbox WHERE envelope_n = ? AND office = ?",
    [LANE_NEW] = "INSERT INTO lane (office, lane, last_seq, last_id, epoch_k, claimed_seq,"
                 " stored_seq, pruned_seq, waiting) VALUES (?, ?, 0, x'', ?, 0, 0, 0, 0)"
                 " ON CONFLICT DO NOTHING",
    [LANE_ENDED] = "INSERT INTO lane_epoch (office, lane, epoch_k, last_seq)"
                   " SELECT office, lane, epoch_k, last_seq FROM lane"
                   " WHERE office = ? AND lane = ? AND epoch_k < ?",
    [LANE_NEXT] = "UPDATE lane SET last_seq = last_seq + 1, last_id = ?, epoch_k = ?,"
                  " waiting = waiting + 1 WHERE office = ? AND lane = ?",
    [LANE_LAST] = "SELECT last_seq FROM lane WHERE office = ? AND lane = ?",
    [ROW_ADD] = "INSERT INTO mailbox (office, lane, seq, envelope_n, stored)"
                " VALUES (?, ?, ?, ?, 0)",
    [READ] = "SELECT seq, envelope_n FROM mailbox WHERE office = ? AND lane = ? AND seq > ?"
             " ORDER BY seq LIMIT ?",
    [ROW_ID] = "SELECT e.id FROM mailbox m JOIN envelope e ON e.n = m.envelope_n"
               " WHERE m.office = ? AND m.lane = ? AND m.seq = ?",
    [LANE_PLACE] = "SELECT last_seq, last_id, pruned_seq FROM lane WHERE office = ? AND lane = ?",
    [LANE_REACHED] = "SELECT CASE WHEN l.epoch_k <= ?3 THEN l.last_seq ELSE coalesce("
                     "(SELECT e.last_seq FROM lane_epoch e WHERE e.office = l.office"
                     " AND e.lane = l.lane AND e.epoch_k <= ?3 ORDER BY e.epoch_k DESC LIMIT 1),"
                     " 0) END FROM lane l WHERE l.office = ?1 AND l.lane = ?2",
    [CLAIM] = "UPDATE lane SET claimed_seq = ? WHERE office = ? AND lane = ? AND claimed_seq < ?",
    [CLAIMED] = "SELECT claimed_seq FROM lane WHERE office = ? AND lane = ?",
    /* By its primary key it would pass over every row that is stored and still kept. */
    [WAITING_ROWS] = "SELECT seq, envelope_n FROM mailbox INDEXED BY mailbox_waiting"
                     " WHERE stored = 0 AND office = ? AND lane = ? AND seq <= ?"
                     " ORDER BY seq LIMIT ?",
    [ROW_STORED] = "UPDATE mailbox SET stored = 1 WHERE office = ? AND lane = ? AND seq = ?",
    [ENVELOPE_WAITS] = "SELECT 1 FROM mailbox WHERE envelope_n = ? AND stored = 0 LIMIT 1",
    [LANE_SETTLED] = "UPDATE lane SET stored_seq = max(stored_seq, ?), waiting = waiting - ?"
                     " WHERE office = ? AND lane = ?",
    [UNSETTLED] = "SELECT office, lane FROM lane WHERE claimed_seq > stored_seq"
                  " ORDER BY office, lane LIMIT 1",
    [OFFICES] = "SELECT office FROM mailbox WHERE envelope_n = ? ORDER BY office LIMIT ?",
    [DROPPABLE] = "SELECT office, lane, seq, stored FROM mailbox WHERE envelope_n = ?"
                  " ORDER BY office LIMIT 1",
    [ROW_DROP] = "DELETE FROM mailbox WHERE office = ? AND lane = ? AND seq = ?",
    [LANE_DROP] = "UPDATE lane SET pruned_seq = max(pruned_seq, ?), waiting = waiting - ?"
                  " WHERE office = ? AND lane = ?",
    [WAITING] = "SELECT coalesce(sum(waiting), 0) FROM lane WHERE office = ?",
};

struct tb_mailbox {
    struct tb_db *db;
    uint64_t rows_max;
    int64_t epoch_k;
    struct sqlite3_stmt *stmts[STMTS];
};

struct tb_mailbox *tb_mailbox_new(struct tb_db *db, uint64_t rows_max, int64_t epoch_k)
{
    struct tb_mailbox *mailbox = calloc(1, sizeof *mailbox);
    tb_assert(mailbox != NULL);
    mailbox->db = db;
    mailbox->rows_max = rows_max;
    mailbox->epoch_k = epoch_k;
    tb_db_prepare(db, texts, mailbox->stmts, STMTS);
    return mailbox;
}

void tb_mailbox_free(struct tb_mailbox *mailbox)
{
    if (mailbox != NULL) {
        tb_db_unprepare(mailbox->stmts, STMTS);
        free(mailbox);
    }
}

bool tb_mailbox_holds(struct tb_mailbox *mailbox, int64_t n, uint32_t office)
{
    struct sqlite3_stmt *stmt = mailbox->stmts[HELD_BY];
    bool held = tb_db_one(mailbox->db, stmt, "ii", n, (int64_t)office);
    tb_db_done(stmt);
    return held;
}

uint64_t tb_mailbox_waiting(struct tb_mailbox *mailbox, uint32_t office)
{
    struct sqlite3_stmt *stmt = mailbox->stmts[WAITING];
    uint64_t waiting = 0;
    if (tb_db_one(mailbox->db, stmt, "i", (int64_t)office)) {
        waiting = (uint64_t)tb_db_int(stmt, 0);
    }
    tb_db_done(stmt);
    return waiting;
}

/* The next number of a lane; the counter is made with the first. */
static uint64_t next_seq(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane,
                         const struct tb_id *id)
{
    struct sqlite3_stmt **stmts = mailbox->stmts;
    uint64_t seq = 0;
    tb_db_do(mailbox->db, stmts[LANE_NEW], "iii", (int64_t)office, (int64_t)lane, mailbox->epoch_k);
    tb_db_do(mailbox->db, stmts[LANE_ENDED], "iii", (int64_t)office, (int64_t)lane,
             mailbox->epoch_k);
    tb_db_do(mailbox->db, stmts[LANE_NEXT], "diii", id, mailbox->epoch_k, (int64_t)office,
             (int64_t)lane);
    if (tb_db_one(mailbox->db, stmts[LANE_LAST], "ii", (int64_t)office, (int64_t)lane)) {
        seq = (uint64_t)tb_db_int(stmts[LANE_LAST], 0);
    }
    tb_db_done(stmts[LANE_LAST]);
    return seq;
}

bool tb_mailbox_full(struct tb_mailbox *mailbox, uint32_t office, bool urgent)
{
    uint64_t limit = urgent ? mailbox->rows_max : mailbox->rows_max / 2;
    return tb_mailbox_waiting(mailbox, office) >= limit;
}

enum tb_status tb_mailbox_append(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane,
                                 int64_t n, const struct tb_id *id, bool urgent, uint64_t *seq)
{
    if (tb_mailbox_holds(mailbox, n, office)) {
        return TB_CONFLICT;
    }
    if (tb_mailbox_full(mailbox, office, urgent)) {
        return TB_FULL;
    }
    *seq = next_seq(mailbox, office, lane, id);
    tb_db_do(mailbox->db, mailbox->stmts[ROW_ADD], "iiii", (int64_t)office, (int64_t)lane,
             (int64_t)*seq, n);
    return TB_OK;
}

size_t tb_mailbox_read(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane,
                       uint64_t after, struct tb_mailbox_row *rows, size_t rows_max)
{
    struct sqlite3_stmt *stmt = mailbox->stmts[READ];
    size_t count = 0;
    tb_db_ask(mailbox->db, stmt, "iiii", (int64_t)office, (int64_t)lane, (int64_t)after,
              (int64_t)rows_max);
    while (tb_db_next(mailbox->db, stmt)) {
        rows[count].seq = (uint64_t)tb_db_int(stmt, 0);
        rows[count].n = tb_db_int(stmt, 1);
        count++;
    }
    return count;
}

/* What the lane's counters say of a place whose row is not held. */
static enum tb_mailbox_place unheld(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane,
                                    uint64_t seq, const struct tb_id *id)
{
    struct sqlite3_stmt *stmt = mailbox->stmts[LANE_PLACE];
    enum tb_mailbox_place place = TB_PLACE_STRANGE;
    if (tb_db_one(mailbox->db, stmt, "ii", (int64_t)office, (int64_t)lane)) {
        uint64_t last_seq = (uint64_t)tb_db_int(stmt, 0);
        struct tb_id last_id;
        bool last = tb_db_id(stmt, 1, &last_id) && tb_id_equal(&last_id, id);
        if (seq == last_seq) {
            place = last ? TB_PLACE_HELD : TB_PLACE_STRANGE;
        } else if (seq < last_seq) {
            place = TB_PLACE_PRUNED;
        }
    }
    tb_db_done(stmt);
    return place;
}

/* How far the lane had come when the epoch ${epoch_k} ended. */
static uint64_t reached(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane,
                        int64_t epoch_k)
{
    struct sqlite3_stmt *stmt = mailbox->stmts[LANE_REACHED];
    uint64_t seq = 0;
    if (tb_db_one(mailbox->db, stmt, "iii", (int64_t)office, (int64_t)lane, epoch_k)) {
        seq = (uint64_t)tb_db_int(stmt, 0);
    }
    tb_db_done(stmt);
    return seq;
}

enum tb_mailbox_place tb_mailbox_place(struct tb_mailbox *mailbox, uint32_t office,
                                       enum tb_lane lane, int64_t epoch_k, uint64_t seq,
                                       const struct tb_id *id)
{
    struct sqlite3_stmt *stmt = mailbox->stmts[ROW_ID];
    if (seq == 0) {
        return TB_PLACE_HELD;
    }
    if (seq > reached(mailbox, office, lane, epoch_k)) {
        return TB_PLACE_STRANGE;
    }
    if (!tb_db_one(mailbox->db, stmt, "iii", (int64_t)office, (int64_t)lane, (int64_t)seq)) {
        tb_db_done(stmt);
        return unheld(mailbox, office, lane, seq, id);
    }
    struct tb_id held;
    bool same = tb_db_id(stmt, 0, &held) && tb_id_equal(&held, id);
    tb_db_done(stmt);
    return same ? TB_PLACE_HELD : TB_PLACE_STRANGE;
}

uint64_t tb_mailbox_pruned(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane)
{
    struct sqlite3_stmt *stmt = mailbox->stmts[LANE_PLACE];
    uint64_t pruned = 0;
    if (tb_db_one(mailbox->db, stmt, "ii", (int64_t)office, (int64_t)lane)) {
        pruned = (uint64_t)tb_db_int(stmt, 2);
    }
    tb_db_done(stmt);
    return pruned;
}

void tb_mailbox_claim(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane, uint64_t seq)
{
    tb_assert(seq <= INT64_MAX);
    tb_db_do(mailbox->db, mailbox->stmts[CLAIM], "iiii", (int64_t)seq, (int64_t)office,
             (int64_t)lane, (int64_t)seq);
}

/* Mark one row; true when its envelope waits for nobody any more. */
static bool mark(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane,
                 const struct tb_mailbox_row *row)
{
    struct sqlite3_stmt **stmts = mailbox->stmts;
    tb_db_do(mailbox->db, stmts[ROW_STORED], "iii", (int64_t)office, (int64_t)lane,
             (int64_t)row->seq);
    bool waits = tb_db_one(mailbox->db, stmts[ENVELOPE_WAITS], "i", row->n);
    tb_db_done(stmts[ENVELOPE_WAITS]);
    return !waits;
}

size_t tb_mailbox_settle(struct tb_mailbox *mailbox, uint32_t office, enum tb_lane lane,
                         int64_t *done, bool *more)
{
    struct tb_mailbox_row rows[TB_MAILBOX_SETTLE_ROWS_MAX];
    struct sqlite3_stmt **stmts = mailbox->stmts;
    uint64_t claimed = 0;
    size_t count = 0;
    size_t done_count = 0;
    if (tb_db_one(mailbox->db, stmts[CLAIMED], "ii", (int64_t)office, (int64_t)lane)) {
        claimed = (uint64_t)tb_db_int(stmts[CLAIMED], 0);
    }
    tb_db_done(stmts[CLAIMED]);
    tb_db_ask(mailbox->db, stmts[WAITING_ROWS], "iiii", (int64_t)office, (int64_t)lane,
              (int64_t)claimed, (int64_t)TB_MAILBOX_SETTLE_ROWS_MAX);
    while (tb_db_next(mailbox->db, stmts[WAITING_ROWS])) {
        rows[count].seq = (uint64_t)tb_db_int(stmts[WAITING_ROWS], 0);
        rows[count].n = tb_db_int(stmts[WAITING_ROWS], 1);
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        if (mark(mailbox, office, lane, &rows[i])) {
            done[done_count++] = rows[i].n;
        }
    }
    *more = count == TB_MAILBOX_SETTLE_ROWS_MAX;
    uint64_t through = *more ? rows[count - 1].seq : claimed;
    tb_db_do(mailbox->db, stmts[LANE_SETTLED], "iiii", (int64_t)through, (int64_t)count,
             (int64_t)office, (int64_t)lane);
    return done_count;
}

bool tb_mailbox_unsettled(struct tb_mailbox *mailbox, uint32_t *office, enum tb_lane *lane)
{
    struct sqlite3_stmt *stmt = mailbox->stmts[UNSETTLED];
    bool found = tb_db_one(mailbox->db, stmt, "");
    if (found) {
        *office = (uint32_t)tb_db_int(stmt, 0);
        *lane = (enum tb_lane)tb_db_int(stmt, 1);
    }
    tb_db_done(stmt);
    return found;
}

size_t tb_mailbox_offices(struct tb_mailbox *mailbox, int64_t n, uint32_t *offices, size_t max)
{
    struct sqlite3_stmt *stmt = mailbox->stmts[OFFICES];
    size_t count = 0;
    tb_db_ask(mailbox->db, stmt, "ii", n, (int64_t)max);
    while (tb_db_next(mailbox->db, stmt)) {
        offices[count++] = (uint32_t)tb_db_int(stmt, 0);
    }
    return count;
}

/* Drop the first row of ${n}; false when there is none. */
static bool drop_one(struct tb_mailbox *mailbox, int64_t n)
{
    struct sqlite3_stmt **stmts = mailbox->stmts;
    struct sqlite3_stmt *stmt = stmts[DROPPABLE];
    if (!tb_db_one(mailbox->db, stmt, "i", n)) {
        tb_db_done(stmt);
        return false;
    }
    int64_t office = tb_db_int(stmt, 0);
    int64_t lane = tb_db_int(stmt, 1);
    int64_t seq = tb_db_int(stmt, 2);
    int64_t stored = tb_db_int(stmt, 3);
    tb_db_done(stmt);
    tb_db_do(mailbox->db, stmts[ROW_DROP], "iii", office, lane, seq);
    tb_db_do(mailbox->db, stmts[LANE_DROP], "iiii", seq, 1 - stored, office, lane);
    return true;
}

size_t tb_mailbox_drop(struct tb_mailbox *mailbox, int64_t n, size_t rows_max)
{
    size_t count = 0;
    while (count < rows_max && drop_one(mailbox, n)) {
        count++;
    }
    return count;
}
