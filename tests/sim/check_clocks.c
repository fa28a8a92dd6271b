#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "node/core/query_clock.h"
#include "tests/sim/check.h"
#include "tests/sim/machine.h"

enum { CLOCKS_MAX = 256, TEXT_MAX = 256 };

/* The clocks of one incident at one office. */
struct face {
    bool here;
    uint64_t facts; /* made of the ids that it has of the incident, in any order */
    struct tb_clock clock[CLOCKS_MAX];
    size_t count;
};

static void read_face(struct sim *sim, struct sim_machine *m, const struct sim_fact *notice,
                      struct face *face)
{
    struct tb_clock_ask ask = {.now = {SIM_AT_WALL + (int64_t)sim->now_ms}};
    struct tb_clock_list list = {.rows = face->clock, .rows_max = CLOCKS_MAX};
    face->facts = 0;
    for (size_t i = 0; i < sim->books->count; i++) {
        const struct sim_fact *fact = &sim->books->fact[i];
        bool same =
            fact->world == notice->world &&
            (fact->of_many || memcmp(fact->incident, notice->incident, TB_INCIDENT_BYTES) == 0);
        if (same && (fact->holds & 1U << m->index) != 0) {
            uint64_t part;
            memcpy(&part, fact->id.byte, sizeof part);
            face->facts += part;
        }
    }
    tb_query_incident_clocks(m->node, notice->incident, notice->world, &ask, &list);
    face->count = list.count;
}

static void text_of(char out[TEXT_MAX], const struct tb_clock *clock)
{
    snprintf(out, TEXT_MAX, "%u %s %02x%02x start=%lld due=%lld state=%d met=%lld policy=%s",
             clock->owner, clock->rule, clock->notice.byte[0], clock->notice.byte[1],
             (long long)clock->start_ms, (long long)clock->due_ms, (int)clock->state,
             (long long)clock->met_ms, clock->policy);
}

static bool has(const struct face *face, const char *text)
{
    char other[TEXT_MAX];
    for (size_t i = 0; i < face->count; i++) {
        text_of(other, &face->clock[i]);
        if (strcmp(other, text) == 0) {
            return true;
        }
    }
    return false;
}

static void compare(struct sim *sim, const struct face *a, const struct face *b, uint32_t office)
{
    char text[TEXT_MAX];
    for (size_t i = 0; i < a->count && !sim->failed; i++) {
        text_of(text, &a->clock[i]);
        if (tb_clocks_judged(&a->clock[i], office) && !has(b, text)) {
            sim_wrong(sim, "clocks", "with the same facts %u does not have: %s", office, text);
        }
    }
}

static void incident(struct sim *sim, const struct sim_fact *notice, struct face *faces)
{
    for (uint32_t i = 0; i < SIM_OFFICES; i++) {
        struct sim_machine *m = &sim->machine[i];
        faces[i].here = m->exists && m->up && (notice->holds & 1U << i) != 0;
        if (faces[i].here) {
            read_face(sim, m, notice, &faces[i]);
        }
    }
    for (uint32_t i = 0; i < SIM_OFFICES; i++) {
        for (uint32_t j = 0; j < SIM_OFFICES; j++) {
            bool both = i != j && faces[i].here && faces[j].here;
            if (both && faces[i].facts == faces[j].facts) {
                compare(sim, &faces[i], &faces[j], sim->land.office[j].code);
            }
        }
    }
}

/* I9: offices that hold the same facts of an incident have the same clocks, as far as
 * both can judge them. */
void sim_check_clocks(struct sim *sim)
{
    struct face *faces = calloc(SIM_OFFICES, sizeof *faces);
    tb_assert(faces != NULL);
    for (size_t i = 0; i < sim->books->count && !sim->failed; i++) {
        const struct sim_fact *fact = &sim->books->fact[i];
        if (fact->kind == TB_KIND_NOTICE && fact->notice == TONGBAO__NOTICE__KIND__FIRST) {
            incident(sim, fact, faces);
        }
    }
    free(faces);
}
