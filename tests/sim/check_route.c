#include <stdlib.h>

#include "base/fault.h"
#include "tests/sim/check.h"
#include "tests/sim/machine.h"
#include "topology/rule.h"

static bool names(const struct sim_fact *fact, uint32_t office)
{
    for (size_t i = 0; i < fact->to_count; i++) {
        if (fact->to[i] == office && fact->required[i]) {
            return true;
        }
    }
    return false;
}

/* I5: every office that the rules require, and that a directory knows, is among the
 * recipients of a notice, whatever the officer did. ${fact} was just made by ${m}. */
void sim_check_route(struct sim *sim, const struct sim_machine *m, const struct sim_fact *fact)
{
    const struct tb_rivers *rivers =
        fact->kind == TB_KIND_NOTICE ? tb_atlas_for(tb_node_atlas(m->node), m->set, fact->origin)
                                     : NULL;
    size_t count = 0;
    if (rivers == NULL) {
        return;
    }
    struct tb_rule_row *rows = calloc(TB_RULE_ROWS_MAX, sizeof *rows);
    tb_assert(rows != NULL);
    enum tb_direction direction = fact->notice == TONGBAO__NOTICE__KIND__INQUIRY ? TB_UP : TB_DOWN;
    const char *river = fact->river[0] == '\0' ? NULL : fact->river;
    enum tb_status status =
        tb_rule_who(rivers, fact->origin, river, direction, rows, TB_RULE_ROWS_MAX, &count, NULL);
    for (size_t i = 0; status == TB_OK && i < count; i++) {
        bool known = tb_directories_office(m->set, rows[i].code) != NULL;
        if (known && !names(fact, rows[i].code)) {
            sim_wrong(sim, "route", "%s left out %u of %s", sim_machine_name(sim, m), rows[i].code,
                      fact->river);
        }
    }
    free(rows);
}
