#include "tests/sim/wire.h"

#include "base/fault.h"
#include "broker/core/broker.h"
#include "tests/sim/enemy.h"
#include "tests/sim/machine.h"

enum { TO_BROKER, TO_NODE };

uint64_t sim_wire_handle(const struct sim *sim, uint32_t broker)
{
    const uint8_t *key = sim->land.broker[broker].link;
    return (uint64_t)tb_get_u32(key) | (uint64_t)tb_get_u32(key + 4) << 32;
}

uint32_t sim_wire_broker(const struct sim *sim, uint64_t handle)
{
    uint32_t broker = 0;
    while (broker < SIM_BROKERS && sim_wire_handle(sim, broker) != handle) {
        broker++;
    }
    return broker;
}

static struct sim_machine *broker_of(struct sim *sim, uint32_t broker)
{
    return &sim->machine[SIM_NODES + broker];
}

static const uint8_t *key_of(const struct sim *sim, const struct sim_machine *node)
{
    return sim->land.office[node->place].key[node->key].link;
}

static bool whole(const struct sim_path *path)
{
    return !path->cut[TO_BROKER] && !path->cut[TO_NODE];
}

/* "An unknown key does not get past the handshake." */
static bool admitted(struct sim *sim, const struct sim_machine *broker, const uint8_t *key)
{
    struct tb_holder holder;
    struct tb_wall wall = sim_machine_now(sim, broker).wall;
    return broker->up &&
           tb_directories_holder(tb_broker_directories(broker->broker), key, &holder) &&
           tb_directories_admits(holder.key, wall);
}

/* ------------------------------------------------------------ up and down */

static void try(struct sim *sim, const struct sim_item *item);

static void try_later(struct sim *sim, uint32_t node, uint32_t broker)
{
    struct sim_path *path = &sim->path[node][broker];
    uint64_t pause_ms = SIM_WIRE_RETRY_MS + sim_draw(sim, SIM_WIRE_RETRY_MS);
    sim_at(sim, sim->now_ms + pause_ms, try, node, broker, ++path->tried, (struct tb_bytes){0});
}

static void try(struct sim *sim, const struct sim_item *item)
{
    struct sim_path *path = &sim->path[item->a][item->b];
    struct sim_machine *node = &sim->machine[item->a];
    struct sim_machine *broker = broker_of(sim, item->b);
    if (item->c != path->tried || !node->up || !path->wanted || path->up) {
        return;
    }
    if (!whole(path) || !admitted(sim, broker, key_of(sim, node))) {
        try_later(sim, item->a, item->b);
        return;
    }
    path->conn = ++sim->conns;
    path->up = true;
    path->flying[0] = path->flying[1] = 0;
    path->last_ms[0] = path->last_ms[1] = sim->now_ms;
    path->held_ms[0] = path->held_ms[1] = 0;
    sim_trace(sim->now_ms, "wire %s %s up conn=%llu", sim_machine_name(sim, node),
              sim_machine_name(sim, broker), (unsigned long long)path->conn);
    sim_machine_tell(sim, node, TB_EVENT_LINK_UP, sim_wire_handle(sim, item->b),
                     sim->land.broker[item->b].link, (struct tb_bytes){0});
}

void sim_wire_break(struct sim *sim, uint32_t node, uint32_t broker)
{
    struct sim_path *path = &sim->path[node][broker];
    struct sim_machine *office = &sim->machine[node];
    if (!path->up) {
        return;
    }
    path->up = false;
    path->conn = 0;
    sim_trace(sim->now_ms, "wire %s %s down", sim_machine_name(sim, office),
              sim_broker_name[broker]);
    if (office->up) {
        sim_machine_tell(sim, office, TB_EVENT_LINK_DOWN, sim_wire_handle(sim, broker),
                         sim->land.broker[broker].link, (struct tb_bytes){0});
        try_later(sim, node, broker);
    }
}

void sim_wire_sync(struct sim *sim, struct sim_machine *node)
{
    struct tb_node_link links[TB_LINKS_MAX];
    size_t count = tb_node_links(node->node, links);
    for (uint32_t b = 0; b < SIM_BROKERS; b++) {
        struct sim_path *path = &sim->path[node->index][b];
        bool wanted = false;
        for (size_t i = 0; i < count; i++) {
            wanted = wanted || links[i].handle == sim_wire_handle(sim, b);
        }
        bool new_one = wanted && !path->wanted;
        path->wanted = wanted;
        if (!wanted) {
            sim_wire_break(sim, node->index, b);
        } else if (new_one) {
            try_later(sim, node->index, b);
        }
    }
}

void sim_wire_end(struct sim *sim, const struct sim_machine *machine)
{
    for (uint32_t n = 0; n < SIM_NODES; n++) {
        for (uint32_t b = 0; b < SIM_BROKERS; b++) {
            if (machine->index == n) {
                sim->path[n][b].wanted = false;
                sim->path[n][b].up = false;
                sim->path[n][b].conn = 0;
                sim->path[n][b].tried++;
            } else if (machine->index == SIM_NODES + b) {
                sim_wire_break(sim, n, b);
            }
        }
    }
}

/* Silent for so long that the node takes it for down. */
static void silent(struct sim *sim, const struct sim_item *item)
{
    struct sim_path *path = &sim->path[item->a][item->b];
    if (!whole(path) && path->cut_ms == item->c) {
        sim_wire_break(sim, item->a, item->b);
    }
}

void sim_wire_cut(struct sim *sim, uint32_t node, uint32_t broker, int direction, bool cut)
{
    struct sim_path *path = &sim->path[node][broker];
    bool was = whole(path);
    path->cut[direction] = cut;
    if (was && cut) {
        path->cut_ms = sim->now_ms;
        sim_at(sim, sim->now_ms + SIM_WIRE_SILENT_MS, silent, node, broker, sim->now_ms,
               (struct tb_bytes){0});
    }
}

/* A key that is admitted no more keeps its connection: the core refuses its next frame. */
void sim_wire_door(struct sim *sim, const struct sim_machine *broker)
{
    sim_trace(sim->now_ms, "door %s", sim_machine_name(sim, broker));
}

void sim_wire_alive(struct sim *sim, const struct sim_machine *broker,
                    void (*each)(struct sim *sim, uint64_t conn, const uint8_t *key))
{
    uint32_t b = broker->place;
    for (uint32_t n = 0; n < SIM_NODES; n++) {
        const struct sim_path *path = &sim->path[n][b];
        if (path->up && whole(path)) {
            each(sim, path->conn, key_of(sim, &sim->machine[n]));
        }
    }
}

/* ----------------------------------------------------------------- frames */

static uint64_t arrival(struct sim *sim, struct sim_path *path, int direction, size_t bytes)
{
    uint64_t takes_ms = path->latency_ms;
    takes_ms += path->jitter_ms > 0 ? sim_draw(sim, path->jitter_ms) : 0;
    uint64_t at_ms = sim->now_ms + takes_ms;
    uint64_t line_ms = path->baud > 0 ? (uint64_t)bytes * 10000 / path->baud : 0;
    at_ms = at_ms > path->last_ms[direction] ? at_ms : path->last_ms[direction];
    path->last_ms[direction] = at_ms + line_ms;
    return at_ms + line_ms;
}

static void arrive_broker(struct sim *sim, const struct sim_item *item);
static void arrive_node(struct sim *sim, const struct sim_item *item);

/* The line is cut, or what came before is still held: it stays on its way, in order. */
static bool held(struct sim *sim, const struct sim_item *item, int direction)
{
    struct sim_path *path = &sim->path[item->a][item->b];
    if (path->conn != item->c) {
        return false;
    }
    if (path->cut[direction] && path->held_ms[direction] <= sim->now_ms) {
        path->held_ms[direction] = sim->now_ms + SIM_WIRE_HELD_MS;
    }
    uint64_t at_ms = path->held_ms[direction];
    if (at_ms <= sim->now_ms) {
        return false;
    }
    if (path->last_ms[direction] < at_ms) {
        path->last_ms[direction] = at_ms;
    }
    sim_at(sim, at_ms, direction == TO_BROKER ? arrive_broker : arrive_node, item->a, item->b,
           item->c, item->bytes);
    return true;
}

static void arrive_broker(struct sim *sim, const struct sim_item *item)
{
    struct sim_path *path = &sim->path[item->a][item->b];
    struct sim_machine *broker = broker_of(sim, item->b);
    bool late = path->conn != item->c;
    if (held(sim, item, TO_BROKER)) {
        return;
    }
    if (!late) {
        path->flying[TO_BROKER]--;
    } else if (path->lost == item->c || sim_once_in(sim, 2)) {
        /* Of a connection that ended the first of what was sent is still read. */
        path->lost = item->c;
        return;
    }
    if (!broker->up) {
        return;
    }
    sim_machine_tell(sim, broker, TB_EVENT_FRAME, item->c, key_of(sim, &sim->machine[item->a]),
                     item->bytes);
}

static void arrive_node(struct sim *sim, const struct sim_item *item)
{
    struct sim_path *path = &sim->path[item->a][item->b];
    struct sim_machine *node = &sim->machine[item->a];
    if (path->conn != item->c || held(sim, item, TO_NODE)) {
        return;
    }
    path->flying[TO_NODE]--;
    if (node->up) {
        sim_machine_tell(sim, node, TB_EVENT_FRAME, sim_wire_handle(sim, item->b),
                         sim->land.broker[item->b].link, item->bytes);
    }
}

enum tb_status sim_wire_from_node(struct sim *sim, const struct sim_machine *node, uint64_t handle,
                                  struct tb_bytes frame)
{
    uint32_t b = sim_wire_broker(sim, handle);
    if (b == SIM_BROKERS || !sim->path[node->index][b].wanted) {
        return TB_PEER;
    }
    struct sim_path *path = &sim->path[node->index][b];
    if (!path->up || path->flying[TO_BROKER] >= SIM_WIRE_NODE_FRAMES_MAX) {
        return TB_FULL;
    }
    path->flying[TO_BROKER]++;
    sim->stats.frames++;
    sim_at(sim, arrival(sim, path, TO_BROKER, frame.size), arrive_broker, node->index, b,
           path->conn, frame);
    return TB_OK;
}

enum tb_status sim_wire_from_broker(struct sim *sim, const struct sim_machine *broker,
                                    uint64_t conn, struct tb_bytes frame)
{
    uint32_t b = broker->place;
    if (conn >= SIM_ENEMY_CONN) {
        return TB_OK; /* he reads it and says nothing */
    }
    for (uint32_t n = 0; n < SIM_NODES; n++) {
        struct sim_path *path = &sim->path[n][b];
        if (path->conn != conn || conn == 0) {
            continue;
        }
        if (path->flying[TO_NODE] >= SIM_WIRE_BROKER_FRAMES_MAX) {
            return TB_FULL;
        }
        path->flying[TO_NODE]++;
        sim->stats.frames++;
        sim_at(sim, arrival(sim, path, TO_NODE, frame.size), arrive_node, n, b, conn, frame);
        return TB_OK;
    }
    return TB_PEER;
}
