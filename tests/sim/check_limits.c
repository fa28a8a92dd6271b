#include "broker/core/peers.h"
#include "tests/sim/check.h"
#include "tests/sim/machine.h"
#include "broker/core/broker.h"

/* I10, as far as it can be seen from outside; the limits are those of the headers. */
enum { PARK_ROWS_MAX = 1000, REFUSED_ROWS_MAX = 1000, PEERS_OF_KEY = TB_PEERS_OF_KEY_MAX };

void sim_check_limits(struct sim *sim, struct sim_machine *m)
{
    if (!m->up) {
        return;
    }
    if (m->inlet_count == SIM_INLET_MAX) {
        sim_wrong(sim, "limits", "%s has no room for frames", sim_machine_name(sim, m));
    }
    if (m->is_broker) {
        if (tb_broker_peers(m->broker) > (SIM_NODES + 1) * PEERS_OF_KEY) {
            sim_wrong(sim, "limits", "%s has too many peers", sim_machine_name(sim, m));
        }
    } else if (sim_machine_sql(m, "SELECT count(*) FROM parked WHERE bytes IS NOT NULL") >
                   PARK_ROWS_MAX ||
               sim_machine_sql(m, "SELECT count(*) FROM refused") > REFUSED_ROWS_MAX) {
        sim_wrong(sim, "limits", "%s parks or refuses without end", sim_machine_name(sim, m));
    }
}
