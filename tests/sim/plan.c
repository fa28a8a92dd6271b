#include "tests/sim/plan.h"

#include <string.h>

#include "base/fault.h"
#include "tests/sim/machine.h"
#include "tests/sim/mishap.h"
#include "tests/sim/officer.h"

static const struct {
    const char *text;
    uint32_t weight;
    uint64_t lasts_ms; /* at most */
} kinds[SIM_MISHAPS] = {
    [SIM_LINE_CUT] = {"line-cut", 10, 4 * 3600000},
    [SIM_LINE_ONE_WAY] = {"line-one-way", 8, 2 * 3600000},
    [SIM_LINE_CLOGGED] = {"line-clogged", 6, 2 * 3600000},
    [SIM_LINE_BROKEN] = {"line-broken", 10, 1000},
    [SIM_BROKER_ALONE] = {"broker-alone", 3, 3600000},
    [SIM_KILLED] = {"killed", 6, 1200000},
    [SIM_POWER_CUT] = {"power-cut", 6, 1200000},
    [SIM_KILLED_AT_COMMIT] = {"killed-at-commit", 8, 60000},
    [SIM_POWER_CUT_AT_COMMIT] = {"power-cut-at-commit", 8, 60000},
    [SIM_POWER_CUT_WITHIN] = {"power-cut-within", 8, 60000},
    [SIM_DISK_FULL] = {"disk-full", 4, 1800000},
    [SIM_DISK_FAILS] = {"disk-fails", 4, 1800000},
    [SIM_STORE_COPIED] = {"store-copied", 0, 1},
    [SIM_STORE_DELETED] = {"store-deleted", 0, 60000},
    [SIM_STORE_PUT_BACK] = {"store-put-back", 0, 60000},
    [SIM_CLOCK_STEPS] = {"clock-steps", 4, 1},
    [SIM_DIRECTORY] = {"directory", 2, 1},
    [SIM_KEY_RETIRED] = {"key-retired", 1, 1},
    [SIM_KEY_REVOKED] = {"key-revoked", 0, 1},
    [SIM_TWIN_STARTS] = {"twin-starts", 0, 1},
    [SIM_ENEMY_FORGES] = {"enemy-forges", 3, 1},
    [SIM_ENEMY_REPLAYS] = {"enemy-replays", 3, 1},
    [SIM_ENEMY_FLOODS] = {"enemy-floods", 1, 1},
};

const char *sim_mishap_text(enum sim_mishap mishap)
{
    return kinds[mishap].text;
}

static void begin(struct sim *sim, const struct sim_item *item)
{
    struct sim_step step;
    tb_assert(item->bytes.size == sizeof step);
    memcpy(&step, item->bytes.data, sizeof step);
    sim_mishap_begin(sim, &step);
}

static void end(struct sim *sim, const struct sim_item *item)
{
    struct sim_step step;
    memcpy(&step, item->bytes.data, sizeof step);
    sim_mishap_end(sim, &step);
}

void sim_step(struct sim *sim, const struct sim_step *step)
{
    struct tb_bytes bytes = tb_bytes_of(step, sizeof *step);
    sim_trace(sim->now_ms, "plan at=%llu %s %s %s lasts=%llu more=%llu",
              (unsigned long long)step->at_ms, kinds[step->mishap].text,
              sim_machine_name(sim, &sim->machine[step->a]),
              step->mishap <= SIM_BROKER_ALONE ? sim_broker_name[step->b] : "",
              (unsigned long long)step->lasts_ms, (unsigned long long)step->more);
    sim_at(sim, step->at_ms, begin, 0, 0, 0, bytes);
    sim_at(sim, step->at_ms + step->lasts_ms, end, 0, 0, 0, bytes);
}

static void issue(struct sim *sim, const struct sim_item *item)
{
    enum tb_world world = (enum tb_world)item->b;
    sim_officer_issue(sim, item->a, world, sim->land.office[item->a].river);
}

/* A drawn machine that exists, by its index. */
static uint32_t draw_machine(struct sim *sim)
{
    uint32_t at = (uint32_t)sim_draw(sim, SIM_OFFICES + SIM_BROKERS);
    return at < SIM_OFFICES ? at : SIM_NODES + at - SIM_OFFICES;
}

static enum sim_mishap draw_kind(struct sim *sim)
{
    uint64_t all = 0;
    for (size_t i = 0; i < SIM_MISHAPS; i++) {
        all += kinds[i].weight;
    }
    uint64_t at = sim_draw(sim, all);
    size_t kind = 0;
    while (at >= kinds[kind].weight) {
        at -= kinds[kind++].weight;
    }
    return (enum sim_mishap)kind;
}

static void draw_mishap(struct sim *sim, uint64_t day_ms)
{
    struct sim_step step = {.mishap = draw_kind(sim)};
    step.at_ms = 60000 + sim_draw(sim, day_ms - 120000);
    step.lasts_ms = 1 + sim_draw(sim, kinds[step.mishap].lasts_ms);
    step.more = sim_draw(sim, UINT64_C(1) << 40);
    bool of_office = step.mishap >= SIM_KEY_RETIRED;
    bool of_line = step.mishap <= SIM_BROKER_ALONE;
    step.a = of_line || of_office ? (uint32_t)sim_draw(sim, SIM_OFFICES) : draw_machine(sim);
    step.b = (uint32_t)sim_draw(sim, SIM_BROKERS);
    sim_step(sim, &step);
}

/* A store is lost twice a day at most: one office's and one broker's, each in its own
 * part of the day. */
static void draw_losses(struct sim *sim, uint64_t day_ms)
{
    for (uint32_t which = 0; which < 2; which++) {
        struct sim_step step = {.mishap = SIM_STORE_COPIED, .lasts_ms = 1};
        step.a = which == 0 ? (uint32_t)sim_draw(sim, SIM_OFFICES)
                            : SIM_NODES + (uint32_t)sim_draw(sim, SIM_BROKERS);
        step.at_ms = which * day_ms / 2 + sim_draw(sim, day_ms / 8);
        sim_step(sim, &step);
        step.mishap = sim_once_in(sim, 2) ? SIM_STORE_DELETED : SIM_STORE_PUT_BACK;
        step.at_ms = which * day_ms / 2 + day_ms / 6 + sim_draw(sim, day_ms / 4);
        step.lasts_ms = 1000 + sim_draw(sim, 60000);
        if (sim_once_in(sim, 2)) {
            sim_step(sim, &step);
        }
    }
}

/* What happens once in four days: a key is stolen and revoked, a machine is copied. */
static void draw_rare(struct sim *sim, uint64_t day_ms)
{
    struct sim_step step = {.lasts_ms = 1};
    if (sim_once_in(sim, 4)) {
        step.mishap = SIM_KEY_REVOKED;
        step.at_ms = day_ms / 3 + sim_draw(sim, day_ms / 2);
        step.a = (uint32_t)sim_draw(sim, SIM_OFFICES);
        sim_step(sim, &step);
    }
    if (sim_once_in(sim, 4)) {
        step.mishap = SIM_TWIN_STARTS;
        step.at_ms = day_ms / 8 + sim_draw(sim, day_ms / 2);
        step.a = (uint32_t)sim_draw(sim, SIM_OFFICES);
        sim_step(sim, &step);
    }
}

static void draw_incidents(struct sim *sim, const struct sim_plan *size)
{
    for (uint32_t i = 0; i < size->incidents; i++) {
        uint32_t node;
        do {
            node = (uint32_t)sim_draw(sim, SIM_OFFICES);
        } while (sim->land.office[node].river[0] == '\0');
        uint64_t at_ms = 60000 + sim_draw(sim, size->day_ms * 3 / 4);
        uint32_t world = sim_once_in(sim, 6) ? TB_WORLD_EXERCISE : TB_WORLD_ACTUAL;
        sim_trace(sim->now_ms, "plan at=%llu issue %s %s", (unsigned long long)at_ms,
                  sim_machine_name(sim, &sim->machine[node]), tb_world_text((enum tb_world)world));
        sim_at(sim, at_ms, issue, node, world, 0, (struct tb_bytes){0});
    }
}

static void draw_places(struct sim *sim)
{
    for (uint32_t i = 0; i < SIM_MACHINES; i++) {
        if (sim->machine[i].exists) {
            int64_t offset_ms = sim_once_in(sim, 3) ? (int64_t)sim_draw(sim, 120000) - 60000 : 0;
            sim_machine_clock(sim, &sim->machine[i], offset_ms, (int64_t)sim_draw(sim, 201) - 100);
        }
    }
    for (uint32_t n = 0; n < SIM_NODES; n++) {
        for (uint32_t b = 0; b < SIM_BROKERS; b++) {
            sim->path[n][b].latency_ms = 2 + (uint32_t)sim_draw(sim, 80);
            sim->path[n][b].jitter_ms = (uint32_t)sim_draw(sim, 200);
        }
    }
}

void sim_plan(struct sim *sim, const struct sim_plan *size)
{
    draw_places(sim);
    draw_incidents(sim, size);
    for (uint32_t i = 0; i < size->mishaps; i++) {
        draw_mishap(sim, size->day_ms);
    }
    if (size->mishaps > 0) {
        draw_losses(sim, size->day_ms);
        draw_rare(sim, size->day_ms);
    }
}
