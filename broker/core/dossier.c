#include "broker/core/dossier.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum { CHAIN, CHAIN_TRIM, HEADS, ACCEPT, ACCEPTED, STMTS };

static const char *const texts[STMTS] = {
    [CHAIN] = "INSERT INTO chain (office, world, chain, seq, id, touched)"
              " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (office, world, chain) DO UPDATE"
              " SET seq = excluded.seq, id = excluded.id, touched = excluded.touched"
              " WHERE excluded.seq > seq",
    [CHAIN_TRIM] = "DELETE FROM chain WHERE office = ? AND touched <="
                   " (SELECT touched FROM chain WHERE office = ?"
                   " ORDER BY touched DESC LIMIT 1 OFFSET ?)",
    [HEADS] = "SELECT world, chain, seq, id FROM chain WHERE office = ?"
              " ORDER BY touched DESC LIMIT ?",
    [ACCEPT] = "INSERT INTO accepted (office, own, position, id) VALUES (?, ?, ?, ?)"
               " ON CONFLICT (office, own) DO UPDATE SET position = excluded.position,"
               " id = excluded.id WHERE excluded.position > position",
    [ACCEPTED] = "SELECT 1 FROM accepted WHERE office = ? AND position = ? AND id = ? LIMIT 1",
};

struct tb_dossier {
    struct tb_db *db;
    struct sqlite3_stmt *stmts[STMTS];
};

struct tb_dossier *tb_dossier_new(struct tb_db *db)
{
    struct tb_dossier *dossier = calloc(1, sizeof *dossier);
    tb_assert(dossier != NULL);
    dossier->db = db;
    tb_db_prepare(db, texts, dossier->stmts, STMTS);
    return dossier;
}

void tb_dossier_free(struct tb_dossier *dossier)
{
    if (dossier != NULL) {
        tb_db_unprepare(dossier->stmts, STMTS);
        free(dossier);
    }
}

void tb_dossier_chain(struct tb_dossier *dossier, uint32_t office,
                      const struct tb_dossier_head *head, int64_t n)
{
    /* A seq that SQLite cannot hold names no chain of an honest office. */
    if (head->seq > INT64_MAX) {
        return;
    }
    int changed = tb_db_do(dossier->db, dossier->stmts[CHAIN], "iibidi", (int64_t)office,
                           (int64_t)head->world, tb_bytes_of(head->chain, TB_CHAIN_BYTES),
                           (int64_t)head->seq, &head->id, n);
    if (changed > 0) {
        tb_db_do(dossier->db, dossier->stmts[CHAIN_TRIM], "iii", (int64_t)office, (int64_t)office,
                 (int64_t)TB_DOSSIER_CHAINS_MAX);
    }
}

size_t tb_dossier_heads(struct tb_dossier *dossier, uint32_t office,
                        struct tb_dossier_head heads[TB_DOSSIER_HEADS_MAX])
{
    struct sqlite3_stmt *stmt = dossier->stmts[HEADS];
    size_t count = 0;
    tb_db_ask(dossier->db, stmt, "ii", (int64_t)office, (int64_t)TB_DOSSIER_HEADS_MAX);
    while (tb_db_next(dossier->db, stmt)) {
        struct tb_bytes chain = tb_db_bytes(stmt, 1);
        struct tb_dossier_head *head = &heads[count];
        tb_assert(chain.size == TB_CHAIN_BYTES);
        memcpy(head->chain, chain.data, TB_CHAIN_BYTES);
        head->world = (enum tb_world)tb_db_int(stmt, 0);
        head->seq = (uint64_t)tb_db_int(stmt, 2);
        tb_assert(tb_db_id(stmt, 3, &head->id));
        count++;
    }
    return count;
}

void tb_dossier_accept(struct tb_dossier *dossier, uint32_t office, bool own, int64_t position,
                       const struct tb_id *id)
{
    tb_db_do(dossier->db, dossier->stmts[ACCEPT], "iiid", (int64_t)office, (int64_t)own, position,
             id);
}

bool tb_dossier_accepted(struct tb_dossier *dossier, uint32_t office, int64_t position,
                         const struct tb_id *id)
{
    struct sqlite3_stmt *stmt = dossier->stmts[ACCEPTED];
    bool found = tb_db_one(dossier->db, stmt, "iid", (int64_t)office, position, id);
    tb_db_done(stmt);
    return found;
}
