#include "tests/sim/machine.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "broker/core/broker.h"
#include "broker/core/store.h"
#include "tests/sim/books.h"
#include "tests/sim/flush.h"
#include "tests/sim/wire.h"

enum {
    IDLE_MS = 1000,       /* then the log is moved, as base/io/keep does */
    QUIET_MS = 10 * 1000, /* after which a broker looks less often at its peers: */
    LAZY_MS = 25 * 1000,
    AGAIN_MS = 2000,   /* until a process that ended by itself is started again */
    OFFICER_PEER = 77, /* who asks */
};

/* ------------------------------------------------------------------- clocks */

struct tb_now sim_machine_now(const struct sim *sim, const struct sim_machine *m)
{
    uint64_t ran_ms = sim->now_ms - m->booted_ms;
    int64_t more_ms = (int64_t)ran_ms * m->ppm / 1000000;
    struct tb_now now = {.mono_ms = m->mono_start_ms + (uint64_t)((int64_t)ran_ms + more_ms)};
    now.wall.ms = SIM_AT_WALL + (int64_t)sim->now_ms + m->wall_offset_ms + more_ms;
    return now;
}

/* When the machine's own ${mono_ms} has come, in the world's time. */
static uint64_t world_ms(const struct sim *sim, const struct sim_machine *m, uint64_t mono_ms)
{
    struct tb_now now = sim_machine_now(sim, m);
    if (mono_ms <= now.mono_ms) {
        return sim->now_ms;
    }
    uint64_t wait_ms = mono_ms - now.mono_ms;
    return sim->now_ms + (uint64_t)((int64_t)wait_ms * 1000000 / (1000000 + m->ppm)) + 1;
}

void sim_machine_clock(struct sim *sim, struct sim_machine *m, int64_t offset_ms, int64_t ppm)
{
    struct tb_now now = sim_machine_now(sim, m);
    m->mono_start_ms = now.mono_ms;
    m->booted_ms = sim->now_ms;
    m->wall_offset_ms = offset_ms;
    m->ppm = ppm;
    sim_trace(sim->now_ms, "clock %s offset=%lld ppm=%lld", sim_machine_name(sim, m),
              (long long)offset_ms, (long long)ppm);
}

/* -------------------------------------------------------------------- names */

const char *sim_machine_name(const struct sim *sim, const struct sim_machine *m)
{
    static char names[SIM_MACHINES][16];
    char *name = names[m->index];
    if (m->is_broker) {
        return sim_broker_name[m->place];
    }
    snprintf(name, sizeof names[0], "%06u%s", sim->land.office[m->place].code,
             m->index == SIM_TWIN ? "b" : "");
    return name;
}

void sim_machine_path(const struct sim *sim, const struct sim_machine *m, char out[48])
{
    snprintf(out, 48, "/%s/store.db", sim_machine_name(sim, m));
}

int64_t sim_machine_sql(const struct sim_machine *m, const char *sql)
{
    return fix_sql((struct tb_db *)(uintptr_t)&m->db, sql);
}

/* ------------------------------------------------------------ waking, turns */

static void run(struct sim *sim, struct sim_machine *m, const struct tb_request *request);

static void wake(struct sim *sim, const struct sim_item *item)
{
    struct sim_machine *m = &sim->machine[item->a];
    if (m->up && item->c == m->wakes) {
        m->wake_ms = SIM_NEVER;
        run(sim, m, NULL);
    }
}

static void wake_at(struct sim *sim, struct sim_machine *m, uint64_t at_ms)
{
    if (at_ms >= m->wake_ms) {
        return;
    }
    m->wake_ms = at_ms;
    sim_at(sim, at_ms, wake, m->index, 0, ++m->wakes, (struct tb_bytes){0});
}

static uint64_t deadline(const struct sim *sim, const struct sim_machine *m)
{
    uint64_t mono_ms =
        m->is_broker ? tb_broker_deadline_ms(m->broker) : tb_node_deadline_ms(m->node);
    if (mono_ms == UINT64_MAX) {
        return SIM_NEVER;
    }
    uint64_t at_ms = world_ms(sim, m, mono_ms);
    /* A broker sweeps once a second. While nothing comes in it may do so less often:
     * it hears a beat of everybody when it does. */
    if (m->is_broker && mono_ms != 0 && sim->now_ms >= m->busy_ms + QUIET_MS &&
        at_ms < sim->now_ms + LAZY_MS) {
        at_ms = sim->now_ms + LAZY_MS;
    }
    return at_ms;
}

static void sleep_well(struct sim *sim, struct sim_machine *m)
{
    uint64_t at_ms = deadline(sim, m);
    uint64_t later_ms = tb_later_due_ms(&m->later);
    if (later_ms != UINT64_MAX && world_ms(sim, m, later_ms) < at_ms) {
        at_ms = world_ms(sim, m, later_ms);
    }
    if (m->log_waits && m->busy_ms + IDLE_MS < at_ms) {
        at_ms = m->busy_ms + IDLE_MS;
    }
    if (at_ms != SIM_NEVER) {
        wake_at(sim, m, at_ms);
    }
}

static void draw_seed(struct sim_machine *m, uint8_t seed[TB_SEED_BYTES])
{
    for (size_t i = 0; i < TB_SEED_BYTES; i += sizeof(uint64_t)) {
        uint64_t word = tb_disk_draw(&m->luck);
        memcpy(seed + i, &word, sizeof word);
    }
}

static void forget_inlet(struct sim_machine *m, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sim_inlet *inlet = &m->inlet[(m->inlet_first + i) % SIM_INLET_MAX];
        free((void *)(uintptr_t)inlet->bytes.data);
        *inlet = (struct sim_inlet){0};
    }
    m->inlet_first = (m->inlet_first + count) % SIM_INLET_MAX;
    m->inlet_count -= count;
}

void sim_machine_tell(struct sim *sim, struct sim_machine *m, enum tb_event_kind kind,
                      uint64_t from, const uint8_t *key, struct tb_bytes bytes)
{
    if (!m->up || m->inlet_count == SIM_INLET_MAX) {
        return;
    }
    size_t at = (m->inlet_first + m->inlet_count++) % SIM_INLET_MAX;
    struct sim_inlet *inlet = &m->inlet[at];
    *inlet = (struct sim_inlet){.kind = kind, .from = from};
    memcpy(inlet->key, key, TB_KEY_BYTES);
    if (bytes.size > 0) {
        uint8_t *copy = malloc(bytes.size);
        tb_assert(copy != NULL);
        memcpy(copy, bytes.data, bytes.size);
        inlet->bytes = tb_bytes_of(copy, bytes.size);
    }
    wake_at(sim, m, sim->now_ms);
}

/* What is ready, at most a turn's worth; beats of the living come before a sweep. */
static size_t gather(struct sim *sim, struct sim_machine *m, const struct tb_request *request,
                     struct tb_event events[TB_TURN_EVENTS_MAX], size_t *frames)
{
    size_t count = 0;
    for (; count < m->inlet_count && count < TB_TURN_EVENTS_MAX - 2; count++) {
        const struct sim_inlet *inlet = &m->inlet[(m->inlet_first + count) % SIM_INLET_MAX];
        events[count] =
            (struct tb_event){.kind = inlet->kind, .from = inlet->from, .data = inlet->bytes};
        memcpy(events[count].key, inlet->key, TB_KEY_BYTES);
    }
    *frames = count;
    if (request != NULL) {
        events[count++] =
            (struct tb_event){.kind = TB_EVENT_REQUEST, .from = OFFICER_PEER, .request = request};
    }
    if (!m->is_broker && tb_node_deadline_ms(m->node) <= sim_machine_now(sim, m).mono_ms) {
        events[count++] = (struct tb_event){.kind = TB_EVENT_DUE};
    }
    for (size_t i = 0; i < count; i++) {
        draw_seed(m, events[i].seed);
    }
    return count;
}

/* True when the process ended at this COMMIT, as planned. */
static bool falls(struct sim *sim, struct sim_machine *m)
{
    if (!m->fall.planned || m->fall.after-- > 0) {
        return false;
    }
    struct sim_fall fall = m->fall;
    m->fall.planned = false;
    sim_flush(sim, m, fall.effects);
    sim_machine_fall(sim, m, fall.power, fall.back_ms);
    return true;
}

/* One turn over what is ready; false when the machine fell. */
static bool turn(struct sim *sim, struct sim_machine *m, const struct tb_request *request)
{
    struct tb_event events[TB_TURN_EVENTS_MAX];
    size_t frames;
    size_t count = gather(sim, m, request, events, &frames);
    size_t taken = count;
    struct tb_now now = sim_machine_now(sim, m);
    enum tb_status status = tb_turn_run(&m->core, &now, events, &taken, &m->out);
    m->turns++;
    sim->stats.turns++;
    forget_inlet(m, frames);
    if (status == TB_IO) {
        sim_trace(sim->now_ms, "broken %s code=%d", sim_machine_name(sim, m), m->db.code);
        sim_machine_fall(sim, m, m->fall.planned && m->fall.power, AGAIN_MS);
        return false;
    }
    if (count > 0) {
        m->busy_ms = sim->now_ms;
        m->log_waits = true;
        sim_books_look(sim, m);
        if (falls(sim, m)) {
            return false;
        }
    }
    sim_flush(sim, m, SIZE_MAX);
    return true;
}

static void beat(struct sim *sim, uint64_t conn, const uint8_t *key);

static struct sim_machine *beating;

/* Between turns: the log is moved when idle, mail is tidied, links are those wanted. */
static void rest(struct sim *sim, struct sim_machine *m)
{
    struct tb_now now = sim_machine_now(sim, m);
    if (m->is_broker) {
        while (tb_broker_tidy(m->broker, &now)) {
        }
    } else if (m->seen_links) {
        m->seen_links = false;
        sim_wire_sync(sim, m);
    }
    if (m->scrub && m->db.status == TB_OK) {
        m->scrub = !tb_db_scrub(&m->db);
        if (m->db.status == TB_DISKFULL) {
            tb_db_rollback(&m->db);
        }
    }
    if (m->log_waits && sim->now_ms >= m->busy_ms + IDLE_MS && m->db.status == TB_OK) {
        m->log_waits = tb_db_checkpoint(&m->db) > 0;
        if (m->db.status == TB_DISKFULL) {
            tb_db_rollback(&m->db);
        }
        m->busy_ms = sim->now_ms;
    }
    if (m->db.status == TB_IO) {
        sim_machine_fall(sim, m, false, AGAIN_MS);
    }
}

static void beat(struct sim *sim, uint64_t conn, const uint8_t *key)
{
    static const uint8_t frame[] = {0x82, 0x01, 0x00};
    struct tb_now now = sim_machine_now(sim, beating);
    struct tb_event event = {
        .kind = TB_EVENT_FRAME, .from = conn, .data = tb_bytes_of(frame, sizeof frame)};
    memcpy(event.key, key, TB_KEY_BYTES);
    (void)tb_broker_beat(beating->broker, &now, &event, &beating->out);
}

static void run(struct sim *sim, struct sim_machine *m, const struct tb_request *request)
{
    if (m->is_broker && m->inlet_count == 0) {
        beating = m;
        sim_wire_alive(sim, m, beat);
        sim_flush(sim, m, SIZE_MAX);
    }
    do {
        if (!turn(sim, m, request)) {
            return;
        }
        request = NULL;
    } while (m->inlet_count > 0);
    rest(sim, m);
    if (m->up) {
        sleep_well(sim, m);
    }
}

/* --------------------------------------------------------------------- asks */

bool sim_machine_ask(struct sim *sim, struct sim_machine *m, const struct tb_request *request,
                     struct tb_result *result)
{
    if (!m->up) {
        return false;
    }
    tb_assert(!m->is_broker);
    sim_flush_expect(result);
    run(sim, m, request);
    return sim_flush_answered();
}

void sim_machine_hand(struct sim *sim, struct sim_machine *m, struct tb_bytes directory)
{
    struct tb_result result;
    struct tb_id digest;
    char hex[TB_ID_HEX_CHARS + 1];
    char id[TB_REQUEST_ID_BYTES_MAX];
    if (!m->up) {
        return;
    }
    if (m->is_broker) {
        static const uint8_t nobody[TB_KEY_BYTES];
        sim_machine_tell(sim, m, TB_EVENT_REQUEST, 0, nobody, directory);
        return;
    }
    tb_digest(&digest, directory);
    tb_hex(hex, tb_bytes_of(digest.byte, sizeof digest.byte));
    snprintf(id, sizeof id, "file-%.32s", hex);
    struct tb_request request = {.verb = TB_VERB_DIRECTORY_TAKE, .id = id, .directory = directory};
    (void)sim_machine_ask(sim, m, &request, &result);
}

/* -------------------------------------------------------------- start, fall */

static void open_broker(struct sim *sim, struct sim_machine *m)
{
    struct tb_broker_config config = {.secret = &sim->land.broker[m->place].secret,
                                      .roots_count = 2};
    struct tb_now now = sim_machine_now(sim, m);
    struct tb_diag diag = {0};
    snprintf(config.name, sizeof config.name, "%s", sim_broker_name[m->place]);
    config.roots[0] = (struct tb_root){SIM_SHANXI, sim->land.fingerprint[0]};
    config.roots[1] = (struct tb_root){SIM_HEBEI, sim->land.fingerprint[1]};
    draw_seed(m, config.seed);
    if (tb_broker_new(&m->broker, &m->db, &config, &now, &diag) == TB_OK) {
        m->core = tb_broker_core(m->broker);
    }
}

static void open_node(struct sim *sim, struct sim_machine *m)
{
    uint8_t seed[TB_SEED_BYTES];
    const struct sim_office *office = &sim->land.office[m->place];
    struct tb_node_config config = {.office = office->code, .secret = &office->key[m->key].secret};
    memcpy(config.sign_key, office->key[m->key].sign, TB_KEY_BYTES);
    draw_seed(m, seed);
    m->set = tb_directories_new();
    tb_assert(tb_directories_trust(m->set, SIM_SHANXI, &sim->land.fingerprint[0]) == TB_OK);
    tb_assert(tb_directories_trust(m->set, SIM_HEBEI, &sim->land.fingerprint[1]) == TB_OK);
    m->node = tb_node_new(&m->db, &config, m->set, seed);
    if (m->node != NULL) {
        tb_node_turn(m->node, &m->core);
    }
}

static void close_machine(struct sim_machine *m)
{
    if (m->broker != NULL) {
        tb_broker_free(m->broker);
        m->broker = NULL;
    }
    if (m->node != NULL) {
        tb_node_free(m->node);
        m->node = NULL;
    }
    tb_later_fini(&m->later);
    tb_later_init(&m->later);
    if (m->set != NULL) {
        tb_directories_free(m->set);
        m->set = NULL;
    }
    if (m->db.handle != NULL) {
        tb_db_close(&m->db);
    }
    forget_inlet(m, m->inlet_count);
}

static void start_again(struct sim *sim, const struct sim_item *item)
{
    struct sim_machine *m = &sim->machine[item->a];
    if (m->exists && !m->up && item->c == m->starts) {
        sim_machine_start(sim, m);
    }
}

void sim_machine_start(struct sim *sim, struct sim_machine *m)
{
    char path[48];
    struct tb_diag diag = {0};
    const struct tb_db_schema *schema = m->is_broker ? tb_broker_store_schema() : tb_node_schema();
    sim_machine_path(sim, m, path);
    m->db = (struct tb_db){0};
    enum tb_status status = tb_db_open(&m->db, path, schema, &diag);
    if (status == TB_OK) {
        if (sim->backwards) {
            (void)sqlite3_exec(m->db.handle, "PRAGMA reverse_unordered_selects=1", NULL, NULL,
                               NULL);
        }
        m->is_broker ? open_broker(sim, m) : open_node(sim, m);
    }
    if (m->broker == NULL && m->node == NULL && tb_disk_failed(m->disk)) {
        /* The service manager tries again. */
        sim_trace(sim->now_ms, "not started %s: %s", sim_machine_name(sim, m), diag.text);
        close_machine(m);
        m->starts++;
        sim_at(sim, sim->now_ms + AGAIN_MS, start_again, m->index, 0, m->starts,
               (struct tb_bytes){0});
        return;
    }
    if (m->broker == NULL && m->node == NULL) {
        sim_wrong(sim, "start", "%s does not start: %s", sim_machine_name(sim, m), diag.text);
        close_machine(m);
        return;
    }
    m->up = true;
    m->starts++;
    m->wake_ms = SIM_NEVER;
    m->busy_ms = sim->now_ms;
    m->seen_links = true;
    m->fall.planned = false;
    sim->stats.starts++;
    sim_trace(sim->now_ms, "start %s digest=%016llx", sim_machine_name(sim, m),
              (unsigned long long)tb_disk_digest(m->disk));
    sim_books_started(sim, m);
    wake_at(sim, m, sim->now_ms);
    for (size_t i = 0; i < 2; i++) {
        sim_machine_hand(sim, m, tb_buf_bytes(&sim->file[i]));
    }
}

void sim_machine_fall(struct sim *sim, struct sim_machine *m, bool power, uint64_t back_ms)
{
    if (!m->up) {
        return;
    }
    m->up = false;
    sim_trace(sim->now_ms, "fall %s %s pending=%zu back=%llu", sim_machine_name(sim, m),
              power ? "power" : "process", tb_disk_pending(m->disk), (unsigned long long)back_ms);
    if (power) {
        tb_disk_crash(m->disk, tb_disk_fate_drawn(&m->luck));
    } else {
        tb_disk_kill(m->disk);
    }
    tb_disk_fail(m->disk, 0, 0, false);
    tb_outbox_clear(&m->out);
    close_machine(m);
    sim_wire_end(sim, m);
    if (power) {
        m->mono_start_ms = 1000;
        m->booted_ms = sim->now_ms;
    }
    if (back_ms != SIM_NEVER) {
        sim_at(sim, sim->now_ms + back_ms, start_again, m->index, 0, m->starts,
               (struct tb_bytes){0});
    }
}

/* ---------------------------------------------------------------- the world's */

/* A store as it is before anybody's: the schema alone. */
static struct tb_disk *make_image(const char *name, const struct tb_db_schema *schema)
{
    char path[48];
    struct tb_db db = {0};
    struct tb_diag diag = {0};
    struct tb_disk *disk = tb_disk_new(name);
    snprintf(path, sizeof path, "/%s/store.db", name);
    tb_assert(tb_db_open(&db, path, schema, &diag) == TB_OK);
    (void)tb_db_checkpoint(&db);
    tb_db_close(&db);
    return disk;
}

void sim_machine_init(struct sim *sim)
{
    uint64_t luck = sim->seed ^ UINT64_C(0x6d616368696e6573);
    sim->image[0] = make_image("image-node", tb_node_schema());
    sim->image[1] = make_image("image-broker", tb_broker_store_schema());
    for (uint32_t i = 0; i < SIM_MACHINES; i++) {
        struct sim_machine *m = &sim->machine[i];
        m->index = i;
        m->is_broker = i >= SIM_NODES;
        m->place = m->is_broker ? i - SIM_NODES : i;
        m->exists = i != SIM_TWIN;
        m->luck = tb_disk_draw(&luck);
        m->mono_start_ms = 1000 + tb_disk_draw(&luck) % 100000;
        m->wake_ms = SIM_NEVER;
        tb_outbox_init(&m->out);
        tb_later_init(&m->later);
        if (m->exists) {
            m->disk = tb_disk_new(sim_machine_name(sim, m));
            tb_disk_copy(m->disk, sim->image[m->is_broker ? 1 : 0]);
        }
    }
}

void sim_machine_free(struct sim *sim)
{
    for (uint32_t i = 0; i < SIM_MACHINES; i++) {
        struct sim_machine *m = &sim->machine[i];
        close_machine(m);
        tb_outbox_fini(&m->out);
        tb_later_fini(&m->later);
        if (m->disk != NULL) {
            tb_disk_free(m->disk);
        }
        if (m->copy != NULL) {
            tb_disk_free(m->copy);
        }
    }
    tb_disk_free(sim->image[0]);
    tb_disk_free(sim->image[1]);
}
