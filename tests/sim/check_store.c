#include <sqlite3.h>

#include "base/fault.h"
#include "tests/sim/check.h"
#include "tests/sim/machine.h"

/* I1, I4: what a store has committed to is there when it starts again, after whatever
 * power cut. */
void sim_check_store(struct sim *sim, struct sim_machine *m)
{
    sqlite3_stmt *stmt = NULL;
    const char *sql =
        m->is_broker ? "SELECT 1 FROM envelope WHERE id = ?" : "SELECT 1 FROM ledger WHERE id = ?";
    tb_assert(sqlite3_prepare_v2(m->db.handle, sql, -1, &stmt, NULL) == SQLITE_OK);
    for (size_t i = 0; i < sim->books->count; i++) {
        const struct sim_fact *fact = &sim->books->fact[i];
        if ((fact->holds & 1U << m->index) == 0) {
            continue;
        }
        (void)sqlite3_bind_blob(stmt, 1, fact->id.byte, TB_ID_BYTES, SQLITE_STATIC);
        if (sqlite3_step(stmt) != SQLITE_ROW) {
            sim_wrong(sim, "store", "%s lost the %s %02x%02x%02x%02x of %u",
                      sim_machine_name(sim, m), tb_kind_text(fact->kind), fact->id.byte[0],
                      fact->id.byte[1], fact->id.byte[2], fact->id.byte[3], fact->origin);
        }
        (void)sqlite3_reset(stmt);
    }
    (void)sqlite3_finalize(stmt);
}
