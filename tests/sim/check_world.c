#include "tests/sim/check.h"
#include "tests/sim/machine.h"

/* I7: an exercise never answers a real notice, nor the other way round. */
void sim_check_world(struct sim *sim, const struct sim_machine *m, const struct sim_fact *fact)
{
    const struct sim_fact *notice =
        fact->kind == TB_KIND_ACKNOWLEDGEMENT ? sim_books_find(sim, &fact->subject) : NULL;
    if (notice != NULL && notice->world != fact->world) {
        sim_wrong(sim, "world", "%s answered across worlds", sim_machine_name(sim, m));
    }
}
