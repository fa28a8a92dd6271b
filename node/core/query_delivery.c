#include <string.h>

#include "base/text.h"
#include "node/core/ledger.h"
#include "node/core/query.h"
#include "node/core/state.h"

/* What is known of one delivery beside its answer. */
struct delivery_facts {
    bool outside; /* as the origin wrote it */
    bool own;
    char broker[TB_NAME_BYTES_MAX + 1]; /* by which the envelope came */
    int64_t objection;                  /* outcome × 256 + reason; 0: none */
    struct tb_id id;
    enum tb_world world;
};

const char *tb_delivery_state_text(enum tb_delivery_state state)
{
    static const char *const text[] = {
        [TB_DELIVERY_OUTSIDE] = "outside", [TB_DELIVERY_QUEUED] = "queued",
        [TB_DELIVERY_FULL] = "full",       [TB_DELIVERY_ACCEPTED] = "accepted",
        [TB_DELIVERY_PARKED] = "parked",   [TB_DELIVERY_REFUSED] = "refused",
        [TB_DELIVERY_HELD] = "held",       [TB_DELIVERY_ACKNOWLEDGED] = "acknowledged",
    };
    tb_assert((size_t)state < sizeof text / sizeof text[0]);
    return text[state];
}

/* The earliest acknowledgement of the office names officer and time; the highest
 * level given stands. */
static void read_answer(struct tb_node *node, const struct delivery_facts *facts,
                        struct tb_delivery_row *row)
{
    struct sqlite3_stmt *sql = TB_SQL(node, QUERY_ANSWERED);
    tb_db_ask(node->db, sql, "dii", &facts->id, (int64_t)row->office, (int64_t)facts->world);
    while (tb_db_next(node->db, sql)) {
        Tongbao__Acknowledgement__Level level = (Tongbao__Acknowledgement__Level)tb_db_int(sql, 0);
        if (row->acknowledged_ms == 0) {
            row->acknowledged_ms = tb_db_int(sql, 2);
            tb_text_copy(row->officer, sizeof row->officer, tb_db_text(sql, 1));
        }
        row->level = level > row->level ? level : row->level;
    }
}

static bool came_by_its_broker(const struct tb_node *node, uint32_t code, const char *broker)
{
    const Tongbao__Office *office = tb_directories_office(node->set, code);
    for (size_t i = 0; office != NULL && i < office->n_brokers; i++) {
        if (strcmp(office->brokers[i], broker) == 0) {
            return true;
        }
    }
    return false;
}

/* In a mailbox at a broker where it reads, by that broker's answer; of another
 * office's envelope only this is known: a broker that has it files it for all who
 * read there. */
static enum tb_delivery_state on_the_way(struct tb_node *node, int64_t n,
                                         const struct delivery_facts *facts,
                                         const struct tb_delivery_row *row)
{
    struct sqlite3_stmt *sql = TB_SQL(node, FILED_OF);
    enum tb_delivery_state state = TB_DELIVERY_QUEUED;
    if (tb_db_one(node->db, sql, "ii", n, (int64_t)row->office)) {
        bool filed = tb_db_int(sql, 0) > 0;
        bool full = tb_db_int(sql, 1) > 0;
        state = filed ? TB_DELIVERY_ACCEPTED : full ? TB_DELIVERY_FULL : TB_DELIVERY_QUEUED;
    }
    tb_db_done(sql);
    if (state == TB_DELIVERY_QUEUED && !facts->own &&
        came_by_its_broker(node, row->office, facts->broker)) {
        state = TB_DELIVERY_ACCEPTED;
    }
    bool outside = facts->outside && tb_directories_office(node->set, row->office) == NULL;
    return state == TB_DELIVERY_QUEUED && outside ? TB_DELIVERY_OUTSIDE : state;
}

/* acknowledged > held > refused, parked > accepted > full > outside > queued. */
static void judge(struct tb_node *node, int64_t n, const struct delivery_facts *facts,
                  struct tb_delivery_row *row)
{
    row->reason = TB_OK;
    if (row->acknowledged_ms != 0) {
        row->state = TB_DELIVERY_ACKNOWLEDGED;
    } else if (row->held_ms != 0) {
        row->state = TB_DELIVERY_HELD;
    } else if (facts->objection != 0) {
        bool parked = facts->objection / 256 == TONGBAO__OBJECTION__OUTCOME__PARKED;
        row->state = parked ? TB_DELIVERY_PARKED : TB_DELIVERY_REFUSED;
        row->reason = (enum tb_status)(facts->objection % 256);
    } else {
        row->state = on_the_way(node, n, facts, row);
        row->reason = row->state == TB_DELIVERY_FULL ? TB_FULL : TB_OK;
    }
}

static void read_delivery(struct sqlite3_stmt *sql, struct delivery_facts *facts,
                          struct tb_delivery_row *row)
{
    *row = (struct tb_delivery_row){.office = (uint32_t)tb_db_int(sql, 0)};
    row->required = tb_db_int(sql, 1) != 0;
    row->widened = tb_db_int(sql, 2) != 0;
    tb_text_copy(row->clause, sizeof row->clause, tb_db_text(sql, 3));
    tb_text_copy(row->river, sizeof row->river, tb_db_text(sql, 4));
    row->hops = (uint32_t)tb_db_int(sql, 5);
    row->held_ms = tb_db_int(sql, 9);
    facts->outside = tb_db_int(sql, 6) != 0;
    facts->own = tb_db_int(sql, 7) != 0;
    tb_text_copy(facts->broker, sizeof facts->broker, tb_db_text(sql, 8));
    facts->objection = tb_db_int(sql, 10);
    (void)tb_db_id(sql, 11, &facts->id);
    facts->world = (enum tb_world)tb_db_int(sql, 12);
}

size_t tb_query_deliveries(struct tb_node *node, const struct tb_id *id,
                           struct tb_delivery_row *rows, size_t rows_max)
{
    struct sqlite3_stmt *sql = TB_SQL(node, QUERY_DELIVERIES);
    struct tb_found found;
    size_t count = 0;
    if (!tb_ledger_find(node, id, &found)) {
        return 0;
    }
    tb_db_ask(node->db, sql, "ii", found.n, (int64_t)rows_max);
    while (tb_db_next(node->db, sql)) {
        struct delivery_facts facts;
        tb_assert(count < rows_max);
        struct tb_delivery_row *row = &rows[count++];
        read_delivery(sql, &facts, row);
        tb_query_name(node, row->office, row->name);
        read_answer(node, &facts, row);
        judge(node, found.n, &facts, row);
    }
    return count;
}
