#include "node/core/query_clock.h"

#include <stdlib.h>
#include <string.h>

#include "node/core/ledger.h"
#include "node/core/law.h"

/* The facts of an incident out of the views, and the clocks that they make. */

static void take_chain(uint8_t out[TB_CHAIN_BYTES], struct tb_bytes chain)
{
    if (chain.size == TB_CHAIN_BYTES) {
        memcpy(out, chain.data, TB_CHAIN_BYTES);
    }
}

static void read_notices(struct tb_node *node, struct tb_clock_facts *facts,
                         struct tb_bytes incident)
{
    struct sqlite3_stmt *sql = TB_SQL(node, CLOCK_NOTICES);
    tb_db_ask(node->db, sql, "bii", incident, (int64_t)facts->world, (int64_t)TB_CLOCK_NOTICES_MAX);
    while (tb_db_next(node->db, sql)) {
        struct tb_clock_notice *notice = &facts->notice[facts->notices++];
        *notice = (struct tb_clock_notice){
            .origin = (uint32_t)tb_db_int(sql, 1),
            .kind = (Tongbao__Notice__Kind)tb_db_int(sql, 2),
            .regards = tb_db_bytes(sql, 3).size > 0,
            .grade = (Tongbao__Notice__Grade)tb_db_int(sql, 4),
            .issued_ms = tb_db_int(sql, 5),
            .occurred_ms = tb_db_int(sql, 6),
            .known_ms = tb_db_int(sql, 7),
            .graded_ms = tb_db_int(sql, 8),
            .sensitive = tb_db_int(sql, 9) != 0,
            .article4 = tb_db_int(sql, 10) != 0,
            .written = tb_db_int(sql, 11) != 0,
            .version = (uint64_t)tb_db_int(sql, 12),
            .seq = tb_db_int(sql, 14),
        };
        (void)tb_db_id(sql, 0, &notice->id);
        take_chain(notice->chain, tb_db_bytes(sql, 13));
    }
}

static void read_receipts(struct tb_node *node, struct tb_clock_facts *facts,
                          struct tb_bytes incident)
{
    struct sqlite3_stmt *sql = TB_SQL(node, CLOCK_RECEIPTS);
    tb_db_ask(node->db, sql, "bii", incident, (int64_t)facts->world,
              (int64_t)TB_CLOCK_RECEIPTS_MAX);
    while (tb_db_next(node->db, sql)) {
        struct tb_clock_receipt *receipt = &facts->receipt[facts->receipts++];
        *receipt = (struct tb_clock_receipt){.office = (uint32_t)tb_db_int(sql, 1),
                                             .stored_ms = tb_db_int(sql, 2),
                                             .version = (uint64_t)tb_db_int(sql, 3)};
        (void)tb_db_id(sql, 0, &receipt->notice);
    }
}

/* Disclosures or deeds; both queries have the same columns. */
static size_t read_acts(struct tb_node *node, struct sqlite3_stmt *sql, struct tb_bytes incident,
                        enum tb_world world, struct tb_clock_act acts[TB_CLOCK_ACTS_MAX])
{
    size_t count = 0;
    tb_db_ask(node->db, sql, "bii", incident, (int64_t)world, (int64_t)TB_CLOCK_ACTS_MAX);
    while (tb_db_next(node->db, sql)) {
        struct tb_clock_act *act = &acts[count++];
        int64_t what = tb_db_int(sql, 2);
        *act = (struct tb_clock_act){.office = (uint32_t)tb_db_int(sql, 1),
                                     .counts = tb_db_int(sql, 3) != 0,
                                     .said_ms = tb_db_int(sql, 4),
                                     .entered_ms = tb_db_int(sql, 5),
                                     .version = (uint64_t)tb_db_int(sql, 6)};
        /* A word of a newer program meets nothing here, and is no shift. */
        act->what = what > 0 && what < TB_CLOCK_WORDS_MAX ? (unsigned)what : 0;
        (void)tb_db_id(sql, 0, &act->id);
    }
    return count;
}

static void read_answers(struct tb_node *node, struct tb_clock_facts *facts,
                         struct tb_bytes incident)
{
    struct sqlite3_stmt *sql = TB_SQL(node, CLOCK_ANSWERS);
    tb_db_ask(node->db, sql, "bii", incident, (int64_t)facts->world, (int64_t)TB_CLOCK_ACTS_MAX);
    while (tb_db_next(node->db, sql)) {
        facts->answer[facts->answers++] = (struct tb_clock_answer){
            .office = (uint32_t)tb_db_int(sql, 0), .given_ms = tb_db_int(sql, 1)};
    }
}

void tb_query_facts(struct tb_node *node, const uint8_t incident[TB_INCIDENT_BYTES],
                    enum tb_world world, struct tb_clock_facts *facts)
{
    struct tb_bytes name = tb_bytes_of(incident, TB_INCIDENT_BYTES);
    facts->world = world;
    memcpy(facts->incident, incident, TB_INCIDENT_BYTES);
    facts->notices = 0;
    facts->receipts = 0;
    facts->answers = 0;
    read_notices(node, facts, name);
    read_receipts(node, facts, name);
    facts->disclosures =
        read_acts(node, TB_SQL(node, CLOCK_DISCLOSURES), name, world, facts->disclosure);
    facts->deeds = read_acts(node, TB_SQL(node, CLOCK_DEEDS), name, world, facts->deed);
    read_answers(node, facts, name);
}

/* ------------------------------------------------------------------ clocks */

/* Room for one incident at a time, used for all of a call. */
struct room {
    struct tb_clock_facts *facts;
    struct tb_clock *clocks;
};

static void take_room(struct room *room)
{
    room->facts = malloc(sizeof *room->facts);
    room->clocks = malloc(TB_CLOCKS_MAX * sizeof *room->clocks);
    tb_assert(room->facts != NULL);
    tb_assert(room->clocks != NULL);
}

static void give_room(struct room *room)
{
    free(room->clocks);
    free(room->facts);
}

/* Put ${clock} among the worst; what falls off the end is counted. */
static void insert(struct tb_clock_list *list, const struct tb_clock *clock)
{
    size_t at = list->count;
    while (at > 0 && tb_clocks_worse(clock, &list->rows[at - 1]) < 0) {
        at--;
    }
    if (at == list->rows_max) {
        list->left_off++;
        return;
    }
    size_t tail = list->count - at;
    if (list->count == list->rows_max) {
        list->left_off++;
        tail--;
    } else {
        list->count++;
    }
    memmove(&list->rows[at + 1], &list->rows[at], tail * sizeof list->rows[0]);
    list->rows[at] = *clock;
}

static bool over(const struct tb_clock *clock)
{
    return clock->state == TB_CLOCK_MET || clock->state == TB_CLOCK_MET_LATE ||
           clock->state == TB_CLOCK_NOT_COUNTED;
}

static void add_incident(struct tb_node *node, const struct tb_clock_ask *ask, struct room *room,
                         const uint8_t incident[TB_INCIDENT_BYTES], enum tb_world world,
                         struct tb_clock_list *list)
{
    struct tb_clock_law law = tb_law_of(node);
    tb_query_facts(node, incident, world, room->facts);
    size_t count = tb_clocks_compute(room->facts, &law, ask->now, room->clocks, TB_CLOCKS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct tb_clock *clock = &room->clocks[i];
        bool wanted =
            (ask->owner == 0 || ask->owner == clock->owner) && (!ask->unmet || !over(clock));
        if (wanted && tb_clocks_judged(clock, node->config.office)) {
            insert(list, clock);
        }
    }
}

void tb_query_incident_clocks(struct tb_node *node, const uint8_t incident[TB_INCIDENT_BYTES],
                              enum tb_world world, const struct tb_clock_ask *ask,
                              struct tb_clock_list *list)
{
    struct room room;
    take_room(&room);
    add_incident(node, ask, &room, incident, world, list);
    give_room(&room);
}

void tb_query_clocks(struct tb_node *node, const struct tb_clock_ask *ask,
                     struct tb_clock_list *list)
{
    struct sqlite3_stmt *sql = TB_SQL(node, CLOCK_INCIDENTS);
    struct room room;
    size_t incidents = 0;
    size_t incidents_max = ask->incidents_max == 0 ? TB_CLOCK_INCIDENTS_MAX : ask->incidents_max;
    tb_assert(incidents_max <= TB_CLOCK_INCIDENTS_MAX);
    take_room(&room);
    tb_db_ask(node->db, sql, "ii", (int64_t)ask->world, (int64_t)incidents_max + 1);
    while (tb_db_next(node->db, sql)) {
        struct tb_bytes name = tb_db_bytes(sql, 0);
        uint8_t incident[TB_INCIDENT_BYTES];
        if (incidents == incidents_max) {
            list->more_incidents = true;
            break;
        }
        incidents++;
        tb_assert(name.size == TB_INCIDENT_BYTES);
        memcpy(incident, name.data, TB_INCIDENT_BYTES);
        add_incident(node, ask, &room, incident, (enum tb_world)tb_db_int(sql, 1), list);
    }
    tb_db_done(sql);
    give_room(&room);
}

/* ------------------------------------------------------- disclosures, deeds */

size_t tb_query_statements(struct tb_node *node, const struct tb_id *notice, enum tb_kind kind,
                           int64_t *rows, size_t rows_max)
{
    struct sqlite3_stmt *sql = kind == TB_KIND_DISCLOSURE    ? TB_SQL(node, QUERY_DISCLOSURES)
                               : kind == TB_KIND_DESTRUCTION ? TB_SQL(node, QUERY_DESTRUCTIONS)
                                                             : TB_SQL(node, QUERY_DEEDS);
    size_t count = 0;
    tb_db_ask(node->db, sql, "di", notice, (int64_t)rows_max);
    while (tb_db_next(node->db, sql)) {
        rows[count++] = tb_db_int(sql, 0);
    }
    return count;
}

bool tb_query_statement(struct tb_node *node, int64_t n, struct tb_arena *arena,
                        struct tb_statement_row *row, const Tongbao__Body **body)
{
    struct sqlite3_stmt *sql = TB_SQL(node, QUERY_STATEMENT);
    struct tb_envelope envelope;
    bool here = tb_db_one(node->db, sql, "i", n);
    if (here) {
        *row = (struct tb_statement_row){.n = n, .office = (uint32_t)tb_db_int(sql, 1)};
        (void)tb_db_id(sql, 0, &row->id);
        row->received_ms = tb_db_int(sql, 2) != 0 ? 0 : tb_db_int(sql, 3);
        tb_query_name(node, row->office, row->name);
    }
    tb_db_done(sql);
    return here && tb_envelope_read(&envelope, tb_ledger_bytes(node, n)) == TB_OK &&
           tb_envelope_body(&envelope, arena, body) == TB_OK;
}
