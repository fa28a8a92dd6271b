#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "tests/sim/check.h"
#include "tests/sim/machine.h"

static const char *const views[] = {
    "SELECT * FROM notice ORDER BY n",
    "SELECT * FROM recipient ORDER BY n, office",
    "SELECT * FROM receipt ORDER BY id, office, world",
    "SELECT * FROM acknowledgement ORDER BY n",
    "SELECT * FROM call ORDER BY n",
    "SELECT * FROM objection ORDER BY n",
    "SELECT * FROM widening ORDER BY n, office",
    "SELECT * FROM grading ORDER BY n",
    "SELECT * FROM disclosure ORDER BY n",
    "SELECT * FROM deed ORDER BY n",
    "SELECT * FROM incident ORDER BY incident, world",
    "SELECT * FROM chain ORDER BY n",
    "SELECT * FROM owed ORDER BY n",
    "SELECT * FROM stream ORDER BY k",
};

enum { VIEWS = sizeof views / sizeof views[0] };

static uint64_t sum(struct tb_db *db, const char *sql)
{
    crypto_generichash_state hash;
    sqlite3_stmt *stmt = NULL;
    uint64_t out;
    (void)crypto_generichash_init(&hash, NULL, 0, 32);
    tb_assert(sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL) == SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const void *data = sqlite3_column_blob(stmt, i);
            size_t size = (size_t)sqlite3_column_bytes(stmt, i);
            (void)crypto_generichash_update(&hash, (const uint8_t *)&size, sizeof size);
            (void)crypto_generichash_update(&hash, data, size);
        }
    }
    (void)sqlite3_finalize(stmt);
    uint8_t whole[32];
    (void)crypto_generichash_final(&hash, whole, sizeof whole);
    memcpy(&out, whole, sizeof out);
    return out;
}

/* The views are what the ledger makes of them: rebuilt, they are the same. */
void sim_check_views(struct sim *sim)
{
    for (uint32_t i = 0; i < SIM_NODES && !sim->failed; i++) {
        struct sim_machine *m = &sim->machine[i];
        uint64_t before[VIEWS];
        if (!m->exists || !m->up) {
            continue;
        }
        for (size_t v = 0; v < VIEWS; v++) {
            before[v] = sum(&m->db, views[v]);
        }
        tb_db_begin(&m->db);
        enum tb_status status = tb_node_rebuild(m->node);
        for (size_t v = 0; status == TB_OK && v < VIEWS && !sim->failed; v++) {
            if (sum(&m->db, views[v]) != before[v]) {
                sim_wrong(sim, "views", "%s: another one when rebuilt: %s",
                          sim_machine_name(sim, m), views[v]);
            }
        }
        tb_db_rollback(&m->db);
    }
}
