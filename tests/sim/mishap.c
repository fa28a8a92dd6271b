#include "tests/sim/mishap.h"

#include <stdio.h>

#include "base/fault.h"
#include "tests/sim/books.h"
#include "tests/sim/enemy.h"
#include "tests/sim/machine.h"
#include "tests/sim/officer.h"
#include "tests/sim/wire.h"

enum { BAUD_SLOW = 9600, ROOM_BYTES = 8192, RECOVER_MS = 300000 };

static void cut_all(struct sim *sim, uint32_t broker, bool cut)
{
    for (uint32_t n = 0; n < SIM_NODES; n++) {
        sim_wire_cut(sim, n, broker, 0, cut);
        sim_wire_cut(sim, n, broker, 1, cut);
    }
}

static void line(struct sim *sim, const struct sim_step *step, bool begin)
{
    if (step->mishap == SIM_LINE_CUT) {
        sim_wire_cut(sim, step->a, step->b, 0, begin);
        sim_wire_cut(sim, step->a, step->b, 1, begin);
    } else if (step->mishap == SIM_LINE_ONE_WAY) {
        sim_wire_cut(sim, step->a, step->b, (int)(step->more % 2), begin);
    } else if (step->mishap == SIM_LINE_CLOGGED) {
        sim->path[step->a][step->b].baud = begin ? BAUD_SLOW : 0;
    } else if (step->mishap == SIM_BROKER_ALONE) {
        cut_all(sim, step->b, begin);
    } else if (begin) {
        sim_wire_break(sim, step->a, step->b);
    }
}

static void end_process(struct sim *sim, struct sim_machine *m, const struct sim_step *step)
{
    if (!m->up) {
        return;
    }
    bool power = step->mishap == SIM_POWER_CUT || step->mishap == SIM_POWER_CUT_AT_COMMIT ||
                 step->mishap == SIM_POWER_CUT_WITHIN;
    if (step->mishap == SIM_KILLED || step->mishap == SIM_POWER_CUT) {
        sim_machine_fall(sim, m, power, step->lasts_ms);
        return;
    }
    m->fall = (struct sim_fall){.planned = true,
                                .power = power,
                                .after = (uint32_t)(step->more % 8),
                                .effects = (uint32_t)(step->more / 8 % 4),
                                .back_ms = step->lasts_ms};
    if (step->mishap == SIM_POWER_CUT_WITHIN) {
        m->fall.after = UINT32_MAX;
        tb_disk_fail(m->disk,
                     TB_DISK_BIT(TB_DISK_WRITE) | TB_DISK_BIT(TB_DISK_SYNC) |
                         TB_DISK_BIT(TB_DISK_TRUNCATE) | TB_DISK_BIT(TB_DISK_READ),
                     step->more % 64, true);
    }
}

static void recovers(struct sim *sim, const struct sim_item *item)
{
    sim_officer_recovers(sim, item->a);
}

/* The store is gone, or is what it was hours ago. */
static void replace(struct sim *sim, struct sim_machine *m, const struct sim_step *step)
{
    const struct tb_disk *from =
        step->mishap == SIM_STORE_DELETED ? sim->image[m->is_broker ? 1 : 0] : m->copy;
    if (from == NULL) {
        return;
    }
    sim_machine_fall(sim, m, false, step->lasts_ms);
    tb_disk_copy(m->disk, from);
    if (step->mishap == SIM_STORE_DELETED && !m->is_broker) {
        sim_at(sim, sim->now_ms + step->lasts_ms + RECOVER_MS, recovers, m->index, 0, 0,
               (struct tb_bytes){0});
    }
    m->token[0] = '\0';
    sim_books_replaced(sim, m);
}

static void copy(struct sim *sim, struct sim_machine *m)
{
    char name[32];
    if (m->copy == NULL) {
        (void)snprintf(name, sizeof name, "copy-%u", m->index);
        m->copy = tb_disk_new(name);
    }
    tb_disk_copy(m->copy, m->disk);
    (void)sim;
}

static void disk(struct sim_machine *m, const struct sim_step *step, bool begin)
{
    if (step->mishap == SIM_DISK_FULL) {
        tb_disk_limit(m->disk,
                      begin ? tb_disk_used(m->disk) + step->more % ROOM_BYTES : UINT64_MAX);
    } else if (begin) {
        tb_disk_fail(m->disk, TB_DISK_BIT(TB_DISK_WRITE) | TB_DISK_BIT(TB_DISK_SYNC),
                     step->more % 16, false);
    } else {
        tb_disk_fail(m->disk, 0, 0, false);
    }
}

/* A new version of a province's directory, told to one machine. */
static void publish(struct sim *sim, const struct sim_step *step, size_t which)
{
    sim->land.cut_short = step->more % 3 == 0 && !sim->healed;
    sim_land_publish(&sim->land, which == 0 ? SIM_SHANXI : SIM_HEBEI,
                     SIM_AT_WALL + (int64_t)sim->now_ms, &sim->directory[which]);
    sim_trace(sim->now_ms, "directory %d version %llu%s", which == 0 ? SIM_SHANXI : SIM_HEBEI,
              (unsigned long long)sim->land.version[which],
              sim->land.cut_short ? " without 静乐-娄烦" : "");
    sim_machine_hand(sim, &sim->machine[step->a], tb_buf_bytes(&sim->directory[which]));
}

/* What ${m}'s former key had signed may be taken by nobody any more. */
static void doubt(struct sim *sim, struct sim_machine *m)
{
    m->revoked = true;
    for (size_t i = 0; i < sim->books->count; i++) {
        struct sim_fact *fact = &sim->books->fact[i];
        fact->unproved = fact->unproved || fact->origin == sim->land.office[m->place].code;
    }
}

/* The office has a new key; the province publishes it, takes it to the office and tells
 * its brokers. */
static void change_key(struct sim *sim, const struct sim_step *step)
{
    struct sim_machine *m = &sim->machine[step->a];
    struct sim_office *office = &sim->land.office[m->place];
    if (office->keys == SIM_KEYS_MAX || !m->up) {
        return;
    }
    struct fix_key *old = &office->key[office->keys - 1];
    old->state =
        step->mishap == SIM_KEY_REVOKED ? TONGBAO__KEY_STATE__REVOKED : TONGBAO__KEY_STATE__RETIRED;
    old->since_ms = SIM_AT_WALL + (int64_t)sim->now_ms;
    office->keys++;
    if (step->mishap == SIM_KEY_REVOKED) {
        doubt(sim, m);
    }
    size_t which = office->code / 10000 == SIM_SHANXI ? 0 : 1;
    publish(sim, step, which);
    sim_machine_fall(sim, m, false, 1000);
    m->key = office->keys - 1;
    m->token[0] = '\0';
    for (uint32_t b = 0; b < SIM_BROKERS; b++) {
        sim_machine_hand(sim, &sim->machine[SIM_NODES + b], tb_buf_bytes(&sim->directory[which]));
    }
    sim_machine_hand(sim, &sim->machine[0], tb_buf_bytes(&sim->directory[which]));
}

/* A second machine with the office's key and a copy of its disk, and an officer who
 * issues there. */
static void start_twin(struct sim *sim, const struct sim_step *step)
{
    struct sim_machine *twin = &sim->machine[SIM_TWIN];
    const struct sim_machine *m = &sim->machine[step->a];
    if (twin->disk != NULL || m->disk == NULL) {
        return;
    }
    twin->place = m->place;
    twin->key = m->key;
    twin->exists = true;
    twin->disk = tb_disk_new(sim_machine_name(sim, twin));
    tb_disk_copy(twin->disk, m->disk);
    sim_books_replaced(sim, twin);
    sim_machine_start(sim, twin);
    sim_officer_begin(sim, SIM_TWIN);
    sim_officer_issue(sim, SIM_TWIN, TB_WORLD_ACTUAL, sim->land.office[m->place].river);
}

/* The second machine is found and taken away, its disk with it. */
static void stop_twin(struct sim *sim)
{
    struct sim_machine *twin = &sim->machine[SIM_TWIN];
    if (twin->exists) {
        sim_machine_fall(sim, twin, false, SIM_NEVER);
        twin->exists = false;
    }
    for (size_t i = 0; i < sim->books->count; i++) {
        sim->books->fact[i].holds &= ~(1U << SIM_TWIN);
    }
}

static void trace_step(struct sim *sim, const struct sim_step *step, bool begin)
{
    sim_trace(sim->now_ms, "%s %s %s %s", begin ? "begins" : "ends", sim_mishap_text(step->mishap),
              sim_machine_name(sim, &sim->machine[step->a]),
              step->mishap <= SIM_BROKER_ALONE ? sim_broker_name[step->b] : "");
}

void sim_mishap_begin(struct sim *sim, const struct sim_step *step)
{
    struct sim_machine *m = &sim->machine[step->a];
    trace_step(sim, step, true);
    sim->stats.faults++;
    switch (step->mishap) {
    case SIM_LINE_CUT:
    case SIM_LINE_ONE_WAY:
    case SIM_LINE_CLOGGED:
    case SIM_LINE_BROKEN:
    case SIM_BROKER_ALONE:
        line(sim, step, true);
        break;
    case SIM_KILLED:
    case SIM_POWER_CUT:
    case SIM_KILLED_AT_COMMIT:
    case SIM_POWER_CUT_AT_COMMIT:
    case SIM_POWER_CUT_WITHIN:
        end_process(sim, m, step);
        break;
    case SIM_DISK_FULL:
    case SIM_DISK_FAILS:
        disk(m, step, true);
        break;
    case SIM_STORE_COPIED:
        copy(sim, m);
        break;
    case SIM_STORE_DELETED:
    case SIM_STORE_PUT_BACK:
        replace(sim, m, step);
        break;
    case SIM_CLOCK_STEPS:
        sim_machine_clock(sim, m, (int64_t)(step->more % 7200000) - 3600000,
                          (int64_t)(step->more / 7200000 % 401) - 200);
        break;
    case SIM_DIRECTORY:
        publish(sim, step, 0);
        break;
    case SIM_KEY_RETIRED:
    case SIM_KEY_REVOKED:
        change_key(sim, step);
        break;
    case SIM_TWIN_STARTS:
        start_twin(sim, step);
        break;
    case SIM_ENEMY_FORGES:
    case SIM_ENEMY_REPLAYS:
    case SIM_ENEMY_FLOODS:
        sim_enemy(sim, step);
        break;
    case SIM_MISHAPS:
        tb_assert(false);
    }
}

void sim_mishap_end(struct sim *sim, const struct sim_step *step)
{
    if (step->mishap <= SIM_BROKER_ALONE) {
        trace_step(sim, step, false);
        line(sim, step, false);
    } else if (step->mishap == SIM_DISK_FULL || step->mishap == SIM_DISK_FAILS) {
        trace_step(sim, step, false);
        disk(&sim->machine[step->a], step, false);
    }
}

void sim_mishap_heal(struct sim *sim)
{
    sim->healed = true;
    sim_trace(sim->now_ms, "the world heals");
    stop_twin(sim);
    for (uint32_t b = 0; b < SIM_BROKERS; b++) {
        cut_all(sim, b, false);
        for (uint32_t n = 0; n < SIM_NODES; n++) {
            sim->path[n][b].baud = 0;
        }
    }
    for (uint32_t i = 0; i < SIM_MACHINES; i++) {
        struct sim_machine *m = &sim->machine[i];
        if (m->exists) {
            m->fall.planned = false;
            tb_disk_limit(m->disk, UINT64_MAX);
            tb_disk_fail(m->disk, 0, 0, false);
        }
        if (m->exists && !m->up) {
            sim_machine_start(sim, m);
        }
    }
    const struct sim_step last = {.mishap = SIM_DIRECTORY, .a = 0, .more = 1};
    publish(sim, &last, 0);
}
