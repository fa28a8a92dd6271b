#include "tests/sim/check.h"
#include "tests/sim/machine.h"

/* I8: two envelopes in one place of a chain are shown as a fork, at whoever has both. */
void sim_check_chain(struct sim *sim)
{
    static const char forks[] =
        "SELECT count(*) FROM (SELECT 1 FROM chain GROUP BY origin, world, chain, seq "
        "HAVING count(*) > 1)";
    static const char told[] = "SELECT count(*) FROM stream WHERE kind = 8";
    for (uint32_t i = 0; i < SIM_NODES && !sim->failed; i++) {
        const struct sim_machine *m = &sim->machine[i];
        if (!m->exists || !m->up) {
            continue;
        }
        if (sim_machine_sql(m, forks) > sim_machine_sql(m, told)) {
            sim_wrong(sim, "chain", "%s has a fork that is not shown", sim_machine_name(sim, m));
        }
    }
}
