#include <string.h>

#include "base/text.h"
#include "node/core/chain.h"
#include "node/core/query.h"
#include "node/core/state.h"

/* The first two numbers of a query of one row. */
static void numbers(struct tb_node *node, struct sqlite3_stmt *sql, int64_t *first, int64_t *second)
{
    if (tb_db_one(node->db, sql, "")) {
        *first = tb_db_int(sql, 0);
        if (second != NULL) {
            *second = tb_db_int(sql, 1);
        }
    }
    tb_db_done(sql);
}

static int64_t of_office(struct tb_node *node, struct sqlite3_stmt *sql)
{
    int64_t count = 0;
    if (tb_db_one(node->db, sql, "i", (int64_t)node->config.office)) {
        count = tb_db_int(sql, 0);
    }
    tb_db_done(sql);
    return count;
}

void tb_query_status(struct tb_node *node, struct tb_status_row *row)
{
    struct sqlite3_stmt *alarm = TB_SQL(node, ALARM_LAST);
    struct tb_chain_place place;
    *row = (struct tb_status_row){.alarm_last_exit = -1};
    numbers(node, TB_SQL(node, LEDGER_COUNT), &row->ledger_rows, NULL);
    numbers(node, TB_SQL(node, LEDGER_OWED), &row->owed, &row->owed_oldest_ms);
    numbers(node, TB_SQL(node, QUERY_PARKED), &row->parked, NULL);
    numbers(node, TB_SQL(node, QUERY_FORKS), &row->forks, NULL);
    numbers(node, TB_SQL(node, NOTICE_WAITING), &row->waiting, NULL);
    row->gaps = of_office(node, TB_SQL(node, QUERY_GAPS));
    if (tb_db_one(node->db, alarm, "")) {
        row->alarm_last_exit = tb_db_int(alarm, 0);
        row->alarm_last_ms = tb_db_int(alarm, 1);
    }
    tb_db_done(alarm);
    tb_chain_place(node, TB_WORLD_ACTUAL, &place);
    memcpy(row->chain, place.chain, TB_CHAIN_BYTES);
    row->chain_seq = (int64_t)place.seq - 1;
}

static void read_link(struct tb_node *node, struct tb_link_row *row)
{
    struct sqlite3_stmt *link = TB_SQL(node, LINK_GET);
    struct sqlite3_stmt *waiting = TB_SQL(node, OFFER_WAITING);
    if (tb_db_one(node->db, link, "t", row->broker)) {
        row->since_ms = tb_db_int(link, 3);
        row->skew_ms = tb_db_int(link, 4);
    }
    tb_db_done(link);
    if (tb_db_one(node->db, waiting, "t", row->broker)) {
        row->waiting = tb_db_int(waiting, 0);
        row->oldest_ms = tb_db_int(waiting, 1);
    }
    tb_db_done(waiting);
}

size_t tb_query_links(struct tb_node *node, struct tb_link_row *rows, size_t rows_max)
{
    size_t count = 0;
    for (size_t i = 0; i < node->reach_count && count < rows_max; i++) {
        const struct tb_node_link *reach = &node->reach[i];
        struct tb_link_row *row = &rows[count++];
        *row = (struct tb_link_row){.reads = reach->reads};
        tb_text_copy(row->broker, sizeof row->broker, reach->broker->name);
        for (size_t j = 0; j < TB_LINKS_MAX; j++) {
            const struct tb_link *link = &node->desk.links[j];
            row->up = row->up || (link->handle == reach->handle && link->greeted);
        }
        read_link(node, row);
    }
    return count;
}
