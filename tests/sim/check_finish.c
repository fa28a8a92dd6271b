#include <sqlite3.h>
#include <string.h>

#include "base/fault.h"
#include "tests/sim/check.h"
#include "tests/sim/machine.h"

/* Own envelopes and whom they are for, without a receipt here. An office that no
 * directory knows is to be telephoned; receipts themselves are owed none. */
static const char unreceipted[] =
    "SELECT count(*) FROM ledger l JOIN recipient r ON r.n = l.n WHERE l.own = 1 AND "
    "r.outside = 0 AND l.kind <> 2 AND NOT EXISTS (SELECT 1 FROM receipt x WHERE x.id = l.id AND "
    "x.office = r.office AND x.world = l.world)";

/* Something of its own that it lacks, though a broker has it. */
static bool lacks(struct sim *sim, const struct sim_machine *m)
{
    const uint32_t brokers = ((1U << SIM_BROKERS) - 1) << SIM_NODES;
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    tb_assert(sqlite3_prepare_v2(m->db.handle, "SELECT id FROM lacking ORDER BY id", -1, &stmt,
                                 NULL) == SQLITE_OK);
    while (!found && sqlite3_step(stmt) == SQLITE_ROW) {
        struct tb_id id;
        memcpy(id.byte, sqlite3_column_blob(stmt, 0), TB_ID_BYTES);
        const struct sim_fact *fact = sim_books_find(sim, &id);
        found = fact != NULL && (fact->holds & brokers) != 0;
    }
    (void)sqlite3_finalize(stmt);
    return found;
}

/* When the world has healed and had its time: nothing waits any more, anywhere. */
void sim_check_finish(struct sim *sim)
{
    for (uint32_t i = 0; i < SIM_MACHINES && !sim->failed; i++) {
        const struct sim_machine *m = &sim->machine[i];
        const char *name = sim_machine_name(sim, m);
        if (!m->exists) {
            continue;
        }
        if (!m->up) {
            sim_wrong(sim, "finish", "%s is not up", name);
        } else if (m->is_broker) {
            continue;
        } else if (sim_machine_sql(m, "SELECT count(*) FROM offer WHERE state IN (0, 3)") > 0) {
            sim_wrong(sim, "finish", "%s still has something to offer", name);
        } else if (!m->revoked && sim_machine_sql(m, unreceipted) > 0) {
            sim_wrong(sim, "finish", "%s still waits for receipts", name);
        } else if (sim_machine_sql(m, "SELECT count(*) FROM parked") > 0) {
            sim_wrong(sim, "finish", "%s still has something parked", name);
        } else if (lacks(sim, m)) {
            sim_wrong(sim, "finish", "%s still lacks something of its own", name);
        }
    }
}
