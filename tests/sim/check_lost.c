#include "tests/sim/check.h"
#include "tests/sim/machine.h"

/*
 * I1: "once an officer sees issued, the notice … reaches every recipient as long as the
 * office's disk, or any recipient's, or any broker's that held it survives".
 */
static void one(struct sim *sim, const struct sim_fact *fact)
{
    for (size_t i = 0; i < fact->to_count; i++) {
        size_t place = sim_land_find(&sim->land, fact->to[i]);
        if (place == SIM_OFFICES || !sim->land.office[place].listed ||
            !sim->machine[place].exists) {
            continue;
        }
        if ((fact->holds & 1U << place) == 0) {
            sim_wrong(sim, "lost",
                      "the %s %02x%02x%02x%02x of %u, held by machines %05x, is not at %u",
                      tb_kind_text(fact->kind), fact->id.byte[0], fact->id.byte[1],
                      fact->id.byte[2], fact->id.byte[3], fact->origin, fact->holds, fact->to[i]);
        }
    }
}

static bool holds(struct sim *sim, const struct sim_fact *fact, uint32_t office)
{
    size_t place = sim_land_find(&sim->land, office);
    return place < SIM_OFFICES && (fact->holds & 1U << place) != 0;
}

/* I5: an office that a broker added hears it. */
static void widened(struct sim *sim, const struct sim_fact *widening)
{
    const struct sim_fact *fact = sim_books_find(sim, &widening->subject);
    if (fact != NULL && !fact->unproved && holds(sim, fact, fact->origin) &&
        !holds(sim, fact, widening->widened) &&
        sim_land_find(&sim->land, widening->widened) < SIM_OFFICES) {
        sim_wrong(sim, "lost", "the notice %02x%02x%02x%02x, widened to %u, is not there",
                  fact->id.byte[0], fact->id.byte[1], fact->id.byte[2], fact->id.byte[3],
                  widening->widened);
    }
}

void sim_check_lost(struct sim *sim)
{
    for (size_t i = 0; i < sim->books->count && !sim->failed; i++) {
        const struct sim_fact *fact = &sim->books->fact[i];
        if (fact->kind == TB_KIND_WIDENING) {
            widened(sim, fact);
        } else if (fact->holds != 0 && !fact->unproved) {
            one(sim, fact);
        } else if (fact->accepted && fact->holds == 0 && fact->had == 0) {
            sim_wrong(sim, "lost", "what %u issued is nowhere", fact->origin);
        }
    }
}
