#include "tests/sim/check.h"
#include "tests/sim/machine.h"

/* I2: a screen shows a notice once. A store that was put back from an old copy is a
 * new screen for what the copy did not have. */
void sim_check_shown(struct sim *sim, const struct sim_machine *m, struct sim_fact *fact)
{
    if ((fact->shown & 1U << m->index) != 0) {
        sim_wrong(sim, "shown", "%s shows %02x%02x%02x%02x twice", sim_machine_name(sim, m),
                  fact->id.byte[0], fact->id.byte[1], fact->id.byte[2], fact->id.byte[3]);
    }
    fact->shown |= 1U << m->index;
}
