#include "broker/core/epochs.h"

#include <stdlib.h>

#include "base/fault.h"

enum { LAST, BEGIN, TRIM, TRIM_LANES, FIND, END, STMTS };

static const char *const texts[STMTS] = {
    [LAST] = "SELECT coalesce(max(k), 0) FROM epoch",
    /* AUTOINCREMENT keeps the highest position though its envelope was pruned. */
    [BEGIN] = "INSERT INTO epoch (k, name, first_n) SELECT ?1, ?2,"
              " coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'envelope'), 0) + 1"
              " WHERE NOT EXISTS (SELECT 1 FROM epoch WHERE k = ?1)",
    [TRIM] = "DELETE FROM epoch WHERE k < ?",
    /* What a lane had reached in the newest of the forgotten is reached in all after. */
    [TRIM_LANES] = "DELETE FROM lane_epoch AS old WHERE epoch_k < ?1 AND EXISTS"
                   " (SELECT 1 FROM lane_epoch l WHERE l.office = old.office AND l.lane = old.lane"
                   " AND l.epoch_k > old.epoch_k AND l.epoch_k <= ?1)",
    [FIND] = "SELECT k FROM epoch WHERE name = ?",
    [END] = "SELECT first_n - 1 FROM epoch WHERE k > ? ORDER BY k LIMIT 1",
};

struct tb_epochs {
    struct tb_db *db;
    struct sqlite3_stmt *stmts[STMTS];
};

struct tb_epochs *tb_epochs_new(struct tb_db *db)
{
    struct tb_epochs *epochs = calloc(1, sizeof *epochs);
    tb_assert(epochs != NULL);
    epochs->db = db;
    tb_db_prepare(db, texts, epochs->stmts, STMTS);
    return epochs;
}

void tb_epochs_free(struct tb_epochs *epochs)
{
    if (epochs != NULL) {
        tb_db_unprepare(epochs->stmts, STMTS);
        free(epochs);
    }
}

int64_t tb_epochs_last(struct tb_epochs *epochs)
{
    struct sqlite3_stmt *stmt = epochs->stmts[LAST];
    int64_t k = tb_db_one(epochs->db, stmt, "") ? tb_db_int(stmt, 0) : 0;
    tb_db_done(stmt);
    return k;
}

void tb_epochs_begin(struct tb_epochs *epochs, const struct tb_broker_epoch *epoch)
{
    tb_db_do(epochs->db, epochs->stmts[BEGIN], "ib", epoch->k,
             tb_bytes_of(epoch->name, TB_BROKER_EPOCH_BYTES));
}

void tb_epochs_trim(struct tb_epochs *epochs, int64_t k)
{
    int64_t oldest = k - TB_BROKER_EPOCHS_MAX + 1;
    if (oldest > 1) {
        tb_db_do(epochs->db, epochs->stmts[TRIM], "i", oldest);
        tb_db_do(epochs->db, epochs->stmts[TRIM_LANES], "i", oldest);
    }
}

int64_t tb_epochs_find(struct tb_epochs *epochs, struct tb_bytes name)
{
    struct sqlite3_stmt *stmt = epochs->stmts[FIND];
    int64_t k = tb_db_one(epochs->db, stmt, "b", name) ? tb_db_int(stmt, 0) : 0;
    tb_db_done(stmt);
    return k;
}

int64_t tb_epochs_end(struct tb_epochs *epochs, int64_t k)
{
    struct sqlite3_stmt *stmt = epochs->stmts[END];
    int64_t end = tb_db_one(epochs->db, stmt, "i", k) ? tb_db_int(stmt, 0) : INT64_MAX;
    tb_db_done(stmt);
    return end;
}
