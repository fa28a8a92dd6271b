#include "tests/sim/check.h"
#include "tests/sim/machine.h"

/* I3: what a store takes as valid somebody with the right to it has really made. */
void sim_check_forged(struct sim *sim, const struct sim_machine *m, const struct tb_id *id,
                      enum tb_kind kind, const struct sim_fact *fact)
{
    if (fact == NULL) {
        sim_wrong(sim, "forged", "%s stored a %s that nobody made: %02x%02x%02x%02x",
                  sim_machine_name(sim, m), tb_kind_text(kind), id->byte[0], id->byte[1],
                  id->byte[2], id->byte[3]);
    }
}
