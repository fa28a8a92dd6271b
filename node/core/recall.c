#include "node/core/recall.h"

#include <string.h>

#include "base/text.h"
#include "node/core/asked.h"
#include "node/core/giving.h"
#include "node/core/ledger.h"
#include "node/core/link.h"
#include "node/core/offer.h"
#include "node/core/recipients.h"
#include "proto/wire.h"
#include "topology/clause.h"

/* ---------------------------------------------------------------- asking */

/* The newest Recall of this office. An older one may have been given back later. */
static bool newest(struct tb_node *node, struct tb_recover_row *row)
{
    struct sqlite3_stmt *sql = TB_SQL(node, RECALL_NEWEST);
    row->asked = tb_db_one(node->db, sql, "") && tb_db_id(sql, 0, &row->recall);
    row->asked_ms = row->asked ? tb_db_int(sql, 1) : 0;
    tb_db_done(sql);
    return row->asked;
}

static void read_answer(struct tb_node *node, struct tb_recover_row *row)
{
    struct sqlite3_stmt *sql = TB_SQL(node, RECALL_ANSWER);
    row->answered = tb_db_one(node->db, sql, "di", &row->recall, (int64_t)row->province);
    if (row->answered) {
        row->answered_ms = tb_db_int(sql, 0);
        row->given_own = tb_db_int(sql, 1);
        row->given_addressed = tb_db_int(sql, 2);
        row->given_refused = tb_db_int(sql, 3);
    }
    tb_db_done(sql);
}

/* The office whose ledger holds all of this one's chains; 0: there is none above. */
static uint32_t province_of(struct tb_node *node)
{
    struct tb_superiors above;
    tb_recipients_superiors(node, node->config.office, &above);
    return above.province;
}

enum tb_status tb_recall_do(struct tb_node *node, const struct tb_at *at, struct tb_result *result)
{
    Tongbao__Recall recall = TONGBAO__RECALL__INIT;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    struct tb_recover_row row = {.province = province_of(node)};
    if (row.province == 0) {
        return tb_asked_fail(result, TB_STATE,
                             "no office stands above this one that could give anything back");
    }
    if (newest(node, &row)) {
        read_answer(node, &row);
        int64_t age_ms = at->now->wall.ms - row.asked_ms;
        bool under_way = !row.answered && age_ms >= 0 && age_ms < TB_DAY_MS;
        /* Asking twice is asking once; and two of one millisecond are one envelope. */
        if (under_way || age_ms == 0) {
            result->id = row.recall;
            return TB_OK;
        }
    }
    body.statement_case = TONGBAO__BODY__STATEMENT_RECALL;
    body.recall = &recall;
    tb_recipients_clear(&node->route);
    (void)tb_recipients_add(node, &node->route, row.province, true, 0,
                            tb_clause_phrase(TB_PHRASE_RECALL), "");
    return tb_ledger_say(node, at, TB_WORLD_ACTUAL, &body, &node->route, &result->id, NULL);
}

void tb_recall_take(struct tb_node *node, const struct tb_at *at,
                    const struct tb_envelope *envelope, const Tongbao__Body *body)
{
    uint32_t us = node->config.office;
    struct tb_found found;
    struct tb_id asked;
    if (tb_recall_asks(body->recall)) {
        if (envelope->origin != us && tb_province_of(envelope->origin) == us) {
            tb_outbox_note(at->out, TB_NOTE_RECALL_TAKEN, envelope->origin);
            tb_giving_open(node, envelope->origin, &envelope->id);
        }
    } else if (tb_id_take(&asked, tb_wire_bytes(body->recall->answers)) &&
               tb_ledger_find(node, &asked, &found) && found.own) {
        /* What was given back was not offered: only now is it known what is owed. */
        tb_offer_refresh(node);
    }
}

/* --------------------------------------------------------------- horizon */

void tb_recall_gap(struct tb_node *node, struct tb_link *link, uint32_t lane, uint64_t before_seq)
{
    if (lane == 0 || lane > TB_LANES || before_seq > INT64_MAX) {
        return;
    }
    tb_db_do(node->db, TB_SQL(node, HORIZON_GAP), "tii", link->broker, (int64_t)lane,
             (int64_t)before_seq);
    link->begun[lane - 1] = false;
}

void tb_recall_delivered(struct tb_node *node, struct tb_link *link, uint32_t lane, uint64_t seq,
                         int64_t admitted_ms)
{
    bool told = admitted_ms > 0 && admitted_ms <= TB_TIME_MS_MAX;
    if (lane == 0 || lane > TB_LANES || seq > INT64_MAX || !told || link->begun[lane - 1]) {
        return;
    }
    tb_db_do(node->db, TB_SQL(node, HORIZON_BEGIN), "tiii", link->broker, (int64_t)lane,
             admitted_ms, (int64_t)seq);
    struct sqlite3_stmt *sql = TB_SQL(node, HORIZON_GET);
    link->begun[lane - 1] =
        tb_db_one(node->db, sql, "ti", link->broker, (int64_t)lane) && tb_db_int(sql, 1) != 0;
    tb_db_done(sql);
}

bool tb_recall_old(struct tb_node *node, int64_t admitted_ms)
{
    struct sqlite3_stmt *sql = TB_SQL(node, HAPPENING_LAST);
    int64_t since_ms =
        tb_db_one(node->db, sql, "i", (int64_t)TB_STREAM_CHAIN) ? tb_db_int(sql, 0) : 0;
    tb_db_done(sql);
    return since_ms > 0 && admitted_ms <= since_ms;
}

/* ----------------------------------------------------------------- report */

/* From when on the broker ${name} had everything for this office; 0: it has told
 * nothing. Both lanes must have begun, but for one that never had a row. */
static int64_t whole_since(struct tb_node *node, const char *name, int64_t now_ms)
{
    struct sqlite3_stmt *sql = TB_SQL(node, HORIZON_GET);
    int64_t since_ms = 0;
    for (int lane = TB_LANE_FIRST; lane <= TB_LANE_REST; lane++) {
        if (tb_db_one(node->db, sql, "ti", name, (int64_t)lane)) {
            int64_t begun_ms = tb_db_int(sql, 1) != 0 ? tb_db_int(sql, 1) : now_ms;
            since_ms = begun_ms > since_ms ? begun_ms : since_ms;
        }
        tb_db_done(sql);
    }
    return since_ms;
}

static void read_brokers(struct tb_node *node, struct tb_wall now, struct tb_recover_row *row)
{
    const Tongbao__Office *office = tb_directories_office(node->set, node->config.office);
    for (size_t i = 0; office != NULL && i < office->n_brokers; i++) {
        struct sqlite3_stmt *sql = TB_SQL(node, LINK_GET);
        row->brokers++;
        bool met =
            tb_db_one(node->db, sql, "t", office->brokers[i]) && tb_db_bytes(sql, 0).size > 0;
        tb_db_done(sql);
        if (!met) {
            continue;
        }
        row->brokers_met++;
        /* Every envelope is offered to every broker where its recipient reads: the one
         * that goes back furthest is enough. */
        int64_t since_ms = whole_since(node, office->brokers[i], now.ms);
        if (since_ms != 0 && (row->held_since_ms == 0 || since_ms < row->held_since_ms)) {
            row->held_since_ms = since_ms;
        }
    }
}

static void read_own(struct tb_node *node, struct tb_recover_row *row)
{
    struct sqlite3_stmt *sql = TB_SQL(node, RECOVER_COUNTS);
    if (tb_db_one(node->db, sql, "")) {
        row->own = tb_db_int(sql, 0);
        row->own_here = tb_db_int(sql, 1);
        row->received = tb_db_int(sql, 2);
    }
    tb_db_done(sql);
    sql = TB_SQL(node, RECOVER_LACKING);
    if (tb_db_one(node->db, sql, "")) {
        row->own_missing = tb_db_int(sql, 0);
        row->own_since_ms = tb_db_int(sql, 1);
        row->own_heads_missing = tb_db_int(sql, 2);
    }
    tb_db_done(sql);
}

static void read_gaps(struct tb_node *node, struct tb_wall now, struct tb_recover_row *row)
{
    struct sqlite3_stmt *sql = TB_SQL(node, RECOVER_GAPS_SUM);
    int64_t last_ms = 0;
    if (tb_db_one(node->db, sql, "i", (int64_t)node->config.office)) {
        row->gaps = tb_db_int(sql, 0);
        last_ms = tb_db_int(sql, 1);
    }
    tb_db_done(sql);
    row->received_since_ms = row->held_since_ms != 0 ? row->held_since_ms : now.ms;
    if (last_ms > row->received_since_ms) {
        row->received_since_ms = last_ms;
    }
}

void tb_query_recover(struct tb_node *node, struct tb_wall now, struct tb_recover_row *row)
{
    *row = (struct tb_recover_row){.province = province_of(node)};
    if (newest(node, row)) {
        read_answer(node, row);
    }
    read_brokers(node, now, row);
    read_own(node, row);
    /* The answer may come by one broker before what it counts has come by another. */
    bool all_here = row->answered && row->own_here >= row->given_own;
    row->own_known = row->brokers_met > 0 && (row->province == 0 || all_here);
    read_gaps(node, now, row);
}

size_t tb_query_recover_gaps(struct tb_node *node, struct tb_recover_gap *rows, size_t rows_max)
{
    struct sqlite3_stmt *sql = TB_SQL(node, RECOVER_GAPS);
    size_t count = 0;
    tb_db_ask(node->db, sql, "ii", (int64_t)node->config.office, (int64_t)rows_max);
    while (tb_db_next(node->db, sql)) {
        tb_assert(count < rows_max);
        rows[count++] = (struct tb_recover_gap){
            .origin = (uint32_t)tb_db_int(sql, 0),
            .world = (enum tb_world)tb_db_int(sql, 1),
            .first = tb_db_int(sql, 2) + 1,
            .last = tb_db_int(sql, 3) - 1,
            .before_ms = tb_db_int(sql, 4),
        };
    }
    return count;
}
