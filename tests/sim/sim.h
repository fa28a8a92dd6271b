#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/db.h"
#include "base/io/later.h"
#include "base/outbox.h"
#include "base/turn.h"
#include "node/core/query.h"
#include "tests/sim/disk.h"
#include "tests/sim/land.h"
#include "tests/sim/trace.h"

/*
 * sim - a world in one process: the real cores over real stores, between them a clock
 * and a network that nobody has to wait for.
 *
 *   plan (drawn from the seed, printed)
 *     --> world: what is to happen, by (time, serial); the first is taken, time jumps
 *           --> machine: a turn of a core, its outbox flushed --> wire --> machine …
 *           --> checkers look on from outside
 *
 * What the modules share stands here. Times `at_ms` are those of the world, from 0 at
 * the start of the day; each machine has clocks of its own. One world a process.
 */
enum {
    SIM_NODES = SIM_OFFICES + 1, /* the last is a second machine with somebody's key */
    SIM_TWIN = SIM_OFFICES,
    SIM_MACHINES = SIM_NODES + SIM_BROKERS,
    SIM_INLET_MAX = 4096, /* frames that wait for a machine; the wire's limits keep below it */
};

#define SIM_NEVER   UINT64_MAX
#define SIM_DAY_MS  UINT64_C(86400000)
#define SIM_AT_WALL FIX_AT_MS /* the wall clock at time 0 */

struct sim;
struct sim_books;

/* One thing that is to happen. `bytes` are owned by it. */
struct sim_item {
    uint64_t at_ms;
    uint64_t serial;
    void (*run)(struct sim *sim, const struct sim_item *item);
    uint32_t a;
    uint32_t b;
    uint64_t c;
    struct tb_bytes bytes;
};

/* How a process ends before its time: at its ${after}th COMMIT from now on, counted
 * down; then ${effects} of its outbox are still done. */
struct sim_fall {
    bool planned;
    bool power; /* what was not synced is lost or torn; else the process alone ends */
    uint32_t after;
    uint32_t effects;
    uint64_t back_ms; /* it starts again so much later */
};

/* Something that waits for a machine's next turn. */
struct sim_inlet {
    enum tb_event_kind kind;
    uint64_t from;
    uint8_t key[TB_KEY_BYTES];
    struct tb_bytes bytes; /* owned */
};

struct sim_machine {
    uint32_t index;
    uint32_t place; /* of a node: its office in the land; of a broker: which */
    bool is_broker;
    bool exists;
    bool revoked; /* a key of its office was: what that had signed may be nowhere */
    bool up;
    size_t key; /* of a node: which of its office's keys it has */
    struct tb_disk *disk;
    struct tb_disk *copy; /* an old copy, NULL: none */
    struct tb_db db;
    struct tb_broker *broker;
    struct tb_node *node;
    struct tb_directories *set;
    struct tb_turn_core core;
    struct tb_outbox out;
    struct tb_later later;
    struct sim_fall fall;
    /* Its clocks: wall = world + wall_offset, mono runs by ${ppm} millionths faster. */
    int64_t wall_offset_ms;
    int64_t ppm;
    uint64_t booted_ms;
    uint64_t mono_start_ms;
    uint64_t luck; /* what its events draw from */
    struct sim_inlet inlet[SIM_INLET_MAX];
    size_t inlet_first;
    size_t inlet_count;
    uint64_t wake_ms; /* when it runs next */
    uint64_t wakes;   /* generation: an older wake does nothing */
    uint64_t busy_ms;
    bool log_waits;
    bool scrub; /* the log is to be emptied: personal data was destroyed */
    uint32_t asked;
    char token[2 * TB_TOKEN_BYTES + 1];
    int64_t seen_n;  /* ledger rows that the checkers have seen */
    int64_t seen_k;  /* and rows of the stream */
    bool seen_links; /* the set of links changed */
    uint64_t starts;
    uint64_t turns;
};

/* One line between a node and a broker; directions are 0 to the broker, 1 back. */
struct sim_path {
    bool wanted;
    bool up;        /* the node was told so */
    uint64_t conn;  /* the broker's handle of it; 0: none */
    uint64_t tried; /* generation of attempts */
    bool cut[2];
    uint64_t cut_ms;     /* since when it is cut in some direction */
    uint64_t last_ms[2]; /* when the last frame that is on its way arrives */
    uint64_t held_ms[2]; /* until then frames are held */
    uint64_t lost;       /* a former connection, of which nothing more arrives */
    uint32_t flying[2];
    uint32_t latency_ms;
    uint32_t jitter_ms;
    uint32_t baud; /* 0: no limit */
};

struct sim_stats {
    uint64_t items;
    uint64_t turns;
    uint64_t frames;
    uint64_t issued;
    uint64_t acknowledged;
    uint64_t faults;
    uint64_t starts;
};

struct sim {
    uint64_t seed;
    uint64_t now_ms;
    uint64_t serial;
    struct sim_item *heap;
    size_t heap_count;
    size_t heap_room;
    uint64_t luck;    /* what the world draws from while it runs */
    uint64_t conns;   /* connections made so far */
    uint64_t heal_ms; /* from here on nothing breaks any more */
    uint64_t end_ms;
    bool healed;
    struct sim_land land;
    struct sim_machine machine[SIM_MACHINES];
    struct sim_path path[SIM_NODES][SIM_BROKERS];
    struct tb_disk *image[2];   /* of a new node's store, of a new broker's */
    struct tb_buf directory[2]; /* newest of 14, 13 */
    struct tb_buf file[2];      /* the first ones, which lie beside every configuration */
    struct sim_books *books;
    struct sim_stats stats;
    bool failed;
    bool backwards; /* rows without an order come the other way round */
    char why[512];
};

/* ----------------------------------------------------------------- world */

/* ${run} happens at ${at_ms}, after what was put there before. ${bytes} is copied. */
void sim_at(struct sim *sim, uint64_t at_ms,
            void (*run)(struct sim *sim, const struct sim_item *item), uint32_t a, uint32_t b,
            uint64_t c, struct tb_bytes bytes);
/* Let happen what is to happen up to ${until_ms}, or until a checker complains. */
void sim_run(struct sim *sim, uint64_t until_ms);
void sim_drop(struct sim *sim); /* what still waits */

/* A number below ${below} from the world's luck; true once in ${times}. */
uint64_t sim_draw(struct sim *sim, uint64_t below);
bool sim_once_in(struct sim *sim, uint64_t times);

/* Something is wrong: the world stops. ${checker} is its name. */
void sim_wrong(struct sim *sim, const char *checker, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
