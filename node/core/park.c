#include "node/core/park.h"

#include <string.h>

#include "base/text.h"
#include "node/core/inbox.h"
#include "node/core/link.h"

/* Is there room for ${size} more bytes? */
static bool room(struct tb_node *node, size_t size)
{
    struct sqlite3_stmt *sql = TB_SQL(node, PARKED_SUM);
    bool fits = false;
    if (tb_db_one(node->db, sql, "")) {
        fits = tb_db_int(sql, 0) < TB_PARK_ROWS_MAX &&
               tb_db_int(sql, 1) + (int64_t)size <= TB_PARK_BYTES_MAX;
    }
    tb_db_done(sql);
    return fits;
}

/* The oldest id gives way; its broker holds it 30 days more. */
static void make_way(struct tb_node *node)
{
    struct sqlite3_stmt *sql = TB_SQL(node, PARKED_COUNT);
    bool ids_full = tb_db_one(node->db, sql, "") && tb_db_int(sql, 0) >= TB_PARK_IDS_MAX;
    tb_db_done(sql);
    if (ids_full) {
        tb_db_do(node->db, TB_SQL(node, PARKED_OLDEST), "");
    }
}

/* What the park has under one id. */
struct standing {
    bool known; /* something */
    bool empty; /* an id without bytes */
    bool same;  /* these bytes, or something of this broker */
};

static void look(struct tb_node *node, const struct tb_parking *parking, struct standing *standing)
{
    struct sqlite3_stmt *sql = TB_SQL(node, PARKED_HAS);
    *standing = (struct standing){0};
    if (tb_db_one(node->db, sql, "dbt", parking->id, parking->bytes, parking->broker)) {
        standing->known = tb_db_int(sql, 0) > 0;
        standing->empty = tb_db_int(sql, 1) > 0;
        standing->same = tb_db_int(sql, 2) > 0;
    }
    tb_db_done(sql);
}

bool tb_park_add(struct tb_node *node, const struct tb_at *at, const struct tb_parking *parking)
{
    struct standing standing;
    bool fits = room(node, parking->bytes.size);
    look(node, parking, &standing);
    if (standing.empty && fits) {
        tb_db_do(node->db, TB_SQL(node, PARKED_FILL), "db", parking->id, parking->bytes);
        return false;
    }
    if (standing.known && (standing.same || !fits)) {
        return false;
    }
    if (fits) {
        tb_db_do(node->db, TB_SQL(node, PARKED_ADD), "dtiibiii", parking->id, parking->broker,
                 (int64_t)parking->origin, (int64_t)parking->reason, parking->bytes,
                 parking->admitted_ms, (int64_t)parking->revoked, at->now->wall.ms);
    } else {
        make_way(node);
        tb_db_do(node->db, TB_SQL(node, PARKED_ADD), "dtiiziii", parking->id, parking->broker,
                 (int64_t)parking->origin, (int64_t)parking->reason, parking->admitted_ms,
                 (int64_t)parking->revoked, at->now->wall.ms);
    }
    return !standing.known;
}

void tb_park_drop(struct tb_node *node, const struct tb_id *id)
{
    tb_db_do(node->db, TB_SQL(node, PARKED_DROP), "d", id);
}

void tb_park_drop_from(struct tb_node *node, const struct tb_id *id, const char *broker)
{
    tb_db_do(node->db, TB_SQL(node, PARKED_DROP_FROM), "dt", id, broker);
}

void tb_park_retry(struct tb_node *node)
{
    node->desk.park_k = 0;
}

/* Judge one again; its bytes are copied, because its row may go meanwhile. */
static void judge_again(struct tb_node *node, const struct tb_at *at, struct sqlite3_stmt *sql)
{
    struct tb_arrival arrival = {
        .admitted_ms = tb_db_int(sql, 4),
        .revoked = tb_db_int(sql, 5) != 0,
    };
    char broker[TB_NAME_BYTES_MAX + 1];
    tb_text_copy(broker, sizeof broker, tb_db_text(sql, 2));
    arrival.broker = broker;
    tb_buf_cut(&node->parked, 0);
    enum tb_status status = tb_buf_add(&node->parked, tb_db_bytes(sql, 3));
    tb_assert(status == TB_OK);
    tb_db_done(sql);
    arrival.bytes = tb_buf_bytes(&node->parked);
    if (arrival.bytes.size > 0) {
        tb_inbox_judge(node, at, &arrival);
    }
}

bool tb_park_step(struct tb_node *node, const struct tb_at *at)
{
    struct sqlite3_stmt *sql = TB_SQL(node, PARKED_NEXT);
    for (size_t i = 0; i < TB_CHORE_ROWS_MAX; i++) {
        if (!tb_db_one(node->db, sql, "i", node->desk.park_k)) {
            tb_db_done(sql);
            node->desk.park_k = -1;
            break;
        }
        node->desk.park_k = tb_db_int(sql, 0);
        judge_again(node, at, sql);
    }
    if (node->desk.park_k < 0) {
        for (size_t i = 0; i < TB_LINKS_MAX; i++) {
            struct tb_link *link = &node->desk.links[i];
            if (link->up && link->greeted) {
                tb_park_fetch(node, at, link);
            }
        }
    }
    return node->desk.park_k >= 0;
}

/* Ask for the next few after the last; a broker answers only so much of one Fetch. */
static void fetch_more(struct tb_node *node, const struct tb_at *at, struct tb_link *link)
{
    struct sqlite3_stmt *sql = TB_SQL(node, PARKED_EMPTY);
    struct tb_id ids[TB_FETCH_ROWS_MAX];
    size_t count = 0;
    tb_db_ask(node->db, sql, "tii", link->broker, link->fetched_k, (int64_t)TB_FETCH_ROWS_MAX);
    while (tb_db_next(node->db, sql)) {
        tb_assert(count < TB_FETCH_ROWS_MAX);
        link->fetched_k = tb_db_int(sql, 0);
        count += tb_db_id(sql, 1, &ids[count]) ? 1 : 0;
    }
    link->fetching = (uint32_t)count;
    link->fetch_ms = count > 0 ? at->now->mono_ms + TB_PART_MS : UINT64_MAX;
    tb_link_fetch(node, at, link, ids, count);
}

void tb_park_fetch(struct tb_node *node, const struct tb_at *at, struct tb_link *link)
{
    link->fetched_k = 0;
    fetch_more(node, at, link);
}

void tb_park_fetched(struct tb_node *node, const struct tb_at *at, struct tb_link *link)
{
    if (link->fetching > 0 && --link->fetching == 0) {
        fetch_more(node, at, link);
    }
}

void tb_park_fetch_due(struct tb_node *node, const struct tb_at *at, struct tb_link *link)
{
    fetch_more(node, at, link);
}
