#include "proto/wire.h"
#include "tests/sim/check.h"
#include "tests/sim/machine.h"

/* "A receipt exists only when the envelope is on that office's disk." */
static void receipt(struct sim *sim, const struct sim_machine *m, const Tongbao__Receipt *receipt)
{
    for (size_t i = 0; i < receipt->n_ids; i++) {
        struct tb_id id;
        bool whole = tb_id_take(&id, tb_wire_bytes(receipt->ids[i]));
        struct sim_fact *named = whole ? sim_books_find(sim, &id) : NULL;
        if (named == NULL || (named->holds & 1U << m->index) == 0) {
            sim_wrong(sim, "promise", "%s made a receipt for what it does not have",
                      sim_machine_name(sim, m));
        }
    }
}

/* I4: a receipt only for what is on the disk, an acknowledgement only when an officer
 * on duty asked for it. ${fact} was just made by ${m}. */
void sim_check_promise(struct sim *sim, const struct sim_machine *m, const struct sim_fact *fact,
                       const Tongbao__Body *body)
{
    if (fact->kind == TB_KIND_RECEIPT) {
        receipt(sim, m, body->receipt);
    } else if (fact->kind == TB_KIND_ACKNOWLEDGEMENT) {
        const struct sim_fact *notice = sim_books_find(sim, &fact->subject);
        if (notice == NULL || (notice->acked & 1U << m->place) == 0) {
            sim_wrong(sim, "promise", "%s acknowledged what no officer there did",
                      sim_machine_name(sim, m));
        }
    }
}
