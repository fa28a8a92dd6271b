#include "node/core/views.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "node/core/views_clock.h"
#include "proto/wire.h"

/* What the views know of a notice that a statement is about. */
struct subject {
    int64_t n;
    enum tb_world world;
    uint32_t origin;
};

/* Show a statement once (I2); ${row} is what made it show now. */
static void show(struct tb_node *node, const struct tb_view_row *row, enum tb_stream_kind kind,
                 const struct tb_id *id, const struct tb_id *subject, uint32_t office,
                 const char *text)
{
    int added = tb_db_do(node->db, TB_SQL(node, STREAM_ADD), "iddiiit", (int64_t)kind, id, subject,
                         (int64_t)office, (int64_t)row->world, row->at_ms, text);
    node->desk.streamed = node->desk.streamed || added > 0;
}

static bool notice_here(struct tb_node *node, const struct tb_id *id, struct subject *subject)
{
    struct sqlite3_stmt *sql = TB_SQL(node, NOTICE_FIND);
    bool here = tb_db_one(node->db, sql, "d", id);
    if (here) {
        subject->n = tb_db_int(sql, 0);
        subject->origin = (uint32_t)tb_db_int(sql, 1);
        subject->world = (enum tb_world)tb_db_int(sql, 2);
    }
    tb_db_done(sql);
    return here;
}

/* The place in the chain; two envelopes at one place are both kept and shown. */
static void add_chain(struct tb_node *node, const struct tb_view_row *row,
                      struct tb_view_news *news)
{
    const Tongbao__Body *body = row->body;
    struct tb_bytes chain = tb_wire_bytes(body->chain);
    struct sqlite3_stmt *sql = TB_SQL(node, CHAIN_PLACE);
    bool whole =
        row->origin == node->config.office || tb_province_of(row->origin) == node->config.office;
    uint64_t nth = 0;
    for (size_t i = 0; i < body->n_recipients; i++) {
        if (body->recipients[i]->office == node->config.office) {
            nth = body->recipients[i]->nth;
        }
    }
    tb_db_do(node->db, TB_SQL(node, CHAIN_ADD), "iiibidi", row->n, (int64_t)row->origin,
             (int64_t)row->world, chain, (int64_t)body->chain_seq, &row->id, (int64_t)nth);
    if (tb_db_one(node->db, sql, "iibi", (int64_t)row->origin, (int64_t)row->world, chain,
                  (int64_t)body->chain_seq)) {
        news->fork = tb_db_int(sql, 0) == 2;
    }
    tb_db_done(sql);
    /* "A recipient sees its own gap"; the office itself and its province see
     * the whole chain. */
    struct sqlite3_stmt *before = whole ? sql : TB_SQL(node, CHAIN_NTH);
    int64_t place = whole ? (int64_t)body->chain_seq : (int64_t)nth;
    if (place > 1 && tb_db_one(node->db, before, "iibi", (int64_t)row->origin, (int64_t)row->world,
                               chain, place - 1)) {
        news->gap = tb_db_int(before, 0) == 0;
    }
    tb_db_done(before);
    if (news->fork) {
        char text[96];
        char hex[2 * TB_CHAIN_BYTES + 1];
        tb_hex(hex, chain);
        snprintf(text, sizeof text, "%s:%llu", hex, (unsigned long long)body->chain_seq);
        show(node, row, TB_STREAM_FORK, &row->id, &row->id, row->origin, text);
    }
}

/* Row ${n} is owed while the receipts of its recipients are not all here. */
static void owe(struct tb_node *node, int64_t n)
{
    tb_db_do(node->db, TB_SQL(node, OWED_ADD), "ii", n, (int64_t)node->config.office);
}

static void add_recipients(struct tb_node *node, const struct tb_view_row *row)
{
    for (size_t i = 0; i < row->body->n_recipients; i++) {
        const Tongbao__Recipient *to = row->body->recipients[i];
        tb_db_do(node->db, TB_SQL(node, RECIPIENT_ADD), "iiititiii", row->n, (int64_t)to->office,
                 (int64_t)(to->required ? 1 : 0), to->clause, (int64_t)to->hops, to->river,
                 (int64_t)to->nth, (int64_t)(to->outside ? 1 : 0), (int64_t)0);
    }
    owe(node, row->n);
}

/* Deliveries of a notice grow by what brokers widened. The signed entry of an
 * office, if there is one, stays. */
static void widen(struct tb_node *node, int64_t n, uint32_t office, const char *clause,
                  int64_t hops, const char *river)
{
    tb_db_do(node->db, TB_SQL(node, RECIPIENT_ADD), "iiititiii", n, (int64_t)office, (int64_t)1,
             clause, hops, river, (int64_t)0, (int64_t)0, (int64_t)1);
    owe(node, n);
}

/* Disclosures or deeds that were stored before the notice ${row}; ${sql} finds them. */
static void show_early_acts(struct tb_node *node, const struct tb_view_row *row,
                            struct sqlite3_stmt *sql, enum tb_stream_kind kind)
{
    tb_db_ask(node->db, sql, "dii", &row->id, (int64_t)row->world, row->n);
    while (tb_db_next(node->db, sql)) {
        struct tb_id id;
        if (tb_db_id(sql, 0, &id)) {
            show(node, row, kind, &id, &row->id, (uint32_t)tb_db_int(sql, 1), tb_db_text(sql, 2));
        }
    }
}

/* What was stored before the notice ${row} and is about it shows now. */
static void show_early(struct tb_node *node, const struct tb_view_row *row)
{
    struct sqlite3_stmt *sql = TB_SQL(node, EARLY);
    struct tb_id id;
    tb_db_ask(node->db, sql, "dii", &row->id, (int64_t)row->world, row->n);
    while (tb_db_next(node->db, sql)) {
        if (tb_db_id(sql, 4, &id)) {
            show(node, row, (enum tb_stream_kind)tb_db_int(sql, 1), &id, &row->id,
                 (uint32_t)tb_db_int(sql, 2), tb_db_text(sql, 3));
        }
    }
    show_early_acts(node, row, TB_SQL(node, EARLY_DISCLOSURE), TB_STREAM_DISCLOSURE);
    show_early_acts(node, row, TB_SQL(node, EARLY_DEED), TB_STREAM_DEED);
    show_early_acts(node, row, TB_SQL(node, EARLY_DESTRUCTION), TB_STREAM_DESTRUCTION);
    sql = TB_SQL(node, RECEIPT_OF);
    tb_db_ask(node->db, sql, "di", &row->id, (int64_t)row->world);
    while (tb_db_next(node->db, sql)) {
        if (tb_db_id(sql, 1, &id)) {
            show(node, row, TB_STREAM_HELD, &id, &row->id, (uint32_t)tb_db_int(sql, 0),
                 row->body->notice->number);
        }
    }
    if (row->world != TB_WORLD_ACTUAL) {
        return; /* "actual world only" */
    }
    sql = TB_SQL(node, WIDENING_OF);
    tb_db_ask(node->db, sql, "di", &row->id, row->n);
    while (tb_db_next(node->db, sql)) {
        if (tb_db_id(sql, 4, &id)) {
            widen(node, row->n, (uint32_t)tb_db_int(sql, 0), tb_db_text(sql, 1), tb_db_int(sql, 2),
                  tb_db_text(sql, 3));
            show(node, row, TB_STREAM_WIDENED, &id, &row->id, (uint32_t)tb_db_int(sql, 0),
                 row->body->notice->number);
        }
    }
}

/* A notice is shown when it is stored, whatever it continues has come or not
 * (I6); whose it continues is judged as soon as that is here (I3). */
static void add_notice(struct tb_node *node, const struct tb_view_row *row,
                       struct tb_view_news *news)
{
    const Tongbao__Notice *notice = row->body->notice;
    struct tb_id regards;
    struct subject subject;
    bool out_of_authority = false;
    char title[TB_TITLE_BYTES_MAX];
    if (tb_id_take(&regards, tb_wire_bytes(notice->regards)) &&
        notice_here(node, &regards, &subject)) {
        bool strange = tb_notice_continues(notice->kind) && subject.origin != row->origin;
        out_of_authority = strange || subject.world != row->world;
    }
    tb_text_copy(title, sizeof title, notice->title);
    tb_db_do(node->db, TB_SQL(node, NOTICE_ADD), "idiiiiibbtttiiii", row->n, &row->id,
             (int64_t)row->world, (int64_t)notice->kind, (int64_t)notice->grade,
             (int64_t)row->origin, (int64_t)row->own, tb_wire_bytes(row->body->incident),
             tb_wire_bytes(notice->regards), notice->number, title, notice->river, row->issued_ms,
             row->at_ms, (int64_t)out_of_authority, (int64_t)node->config.office);
    tb_views_grade(node, row);
    tb_db_do(node->db, TB_SQL(node, NOTICE_VOID), "dii", &row->id, (int64_t)row->origin,
             (int64_t)row->world);
    if (!out_of_authority) {
        show(node, row, TB_STREAM_NOTICE, &row->id, &row->id, row->origin, notice->number);
        news->to_acknowledge = row->world == TB_WORLD_ACTUAL && !row->own;
    }
    show_early(node, row);
}

/* "A machine's signed promise"; our own says nothing new to us. */
static void add_receipt(struct tb_node *node, const struct tb_view_row *row)
{
    const Tongbao__Receipt *receipt = row->body->receipt;
    struct sqlite3_stmt *find = TB_SQL(node, NOTICE_FIND);
    for (size_t i = 0; i < receipt->n_ids; i++) {
        char number[TB_NUMBER_BYTES_MAX + 1] = "";
        struct tb_id id;
        if (!tb_id_take(&id, tb_wire_bytes(receipt->ids[i]))) {
            continue;
        }
        int added = tb_db_do(node->db, TB_SQL(node, RECEIPT_ADD), "diiiii", &id,
                             (int64_t)row->origin, (int64_t)row->world, receipt->stored_at_ms,
                             row->n, (int64_t)row->directory_version);
        tb_db_do(node->db, TB_SQL(node, OWED_DROP), "di", &id, (int64_t)row->world);
        bool told =
            tb_db_one(node->db, find, "d", &id) && (enum tb_world)tb_db_int(find, 2) == row->world;
        if (told) {
            tb_text_copy(number, sizeof number, tb_db_text(find, 4));
        }
        tb_db_done(find);
        if (told && added > 0 && !row->own) {
            show(node, row, TB_STREAM_HELD, &row->id, &id, row->origin, number);
        }
    }
}

static void add_acknowledgement(struct tb_node *node, const struct tb_view_row *row)
{
    const Tongbao__Acknowledgement *said = row->body->acknowledgement;
    struct subject subject;
    struct tb_id notice;
    if (!tb_id_take(&notice, tb_wire_bytes(said->notice))) {
        return;
    }
    tb_db_do(node->db, TB_SQL(node, ACKNOWLEDGEMENT_ADD), "idiiitttii", row->n, &notice,
             (int64_t)row->origin, (int64_t)row->world, (int64_t)said->level, said->officer->name,
             said->officer->number, said->note, said->given_at_ms, row->at_ms);
    if (row->origin == node->config.office) {
        tb_db_do(node->db, TB_SQL(node, NOTICE_ANSWERED), "di", &notice, (int64_t)row->world);
    }
    if (notice_here(node, &notice, &subject) && subject.world == row->world) {
        show(node, row, TB_STREAM_ACKNOWLEDGEMENT, &row->id, &notice, row->origin,
             said->officer->name);
    }
}

static void add_call(struct tb_node *node, const struct tb_view_row *row)
{
    const Tongbao__Call *call = row->body->call;
    const char *caller = call->caller == NULL ? "" : call->caller->name;
    struct subject subject;
    struct tb_id notice;
    if (!tb_id_take(&notice, tb_wire_bytes(call->notice))) {
        return;
    }
    tb_db_do(node->db, TB_SQL(node, CALL_ADD), "idiiitttiiit", row->n, &notice,
             (int64_t)row->origin, (int64_t)row->world, (int64_t)call->office, call->person,
             call->phone, caller, call->claimed_at_ms, call->entered_at_ms,
             (int64_t)call->read_back, call->result);
    if (notice_here(node, &notice, &subject) && subject.world == row->world) {
        show(node, row, TB_STREAM_CALL, &row->id, &notice, row->origin, caller);
    }
}

static void add_objection(struct tb_node *node, const struct tb_view_row *row)
{
    const Tongbao__Objection *objection = row->body->objection;
    struct subject subject;
    struct tb_id id;
    if (!tb_id_take(&id, tb_wire_bytes(objection->envelope))) {
        return;
    }
    tb_db_do(node->db, TB_SQL(node, OBJECTION_ADD), "idiiii", row->n, &id, (int64_t)row->origin,
             (int64_t)row->world, (int64_t)objection->outcome, (int64_t)objection->reason);
    if (notice_here(node, &id, &subject) && subject.world == row->world) {
        show(node, row, TB_STREAM_OBJECTION, &row->id, &id, row->origin,
             tb_status_name((enum tb_status)objection->reason));
    }
}

/* What clocks go by; shown once the notice is here, and only what was its signer's
 * to say (I3). */
static void add_disclosure(struct tb_node *node, const struct tb_view_row *row)
{
    struct subject subject;
    struct tb_id notice;
    char text[TB_NAME_BYTES_MAX];
    tb_views_disclosure(node, row, &notice, text);
    if (notice_here(node, &notice, &subject) && subject.world == row->world &&
        tb_statement_discloses(row->origin, subject.origin)) {
        show(node, row, TB_STREAM_DISCLOSURE, &row->id, &notice, row->origin, text);
    }
}

static void add_deed(struct tb_node *node, const struct tb_view_row *row)
{
    struct subject subject;
    struct tb_id notice;
    char text[TB_NAME_BYTES_MAX];
    tb_views_deed(node, row, &notice, text);
    if (notice_here(node, &notice, &subject) && subject.world == row->world) {
        show(node, row, TB_STREAM_DEED, &row->id, &notice, row->origin, text);
    }
}

static void add_destruction(struct tb_node *node, const struct tb_view_row *row)
{
    const Tongbao__Destruction *said = row->body->destruction;
    struct subject subject;
    struct tb_id notice;
    bool taken = tb_id_take(&notice, tb_wire_bytes(said->notice));
    tb_assert(taken); /* by tb_statement_check */
    tb_db_do(node->db, TB_SQL(node, DESTRUCTION_ADD), "iddiit", row->n, &row->id, &notice,
             (int64_t)row->origin, (int64_t)row->world, said->reason);
    if (notice_here(node, &notice, &subject) && subject.world == row->world) {
        show(node, row, TB_STREAM_DESTRUCTION, &row->id, &notice, row->origin, said->reason);
    }
}

static void add_widening(struct tb_node *node, const struct tb_view_row *row)
{
    const Tongbao__Widening *widening = row->body->widening;
    struct sqlite3_stmt *find = TB_SQL(node, NOTICE_FIND);
    struct tb_id id;
    if (!tb_id_take(&id, tb_wire_bytes(widening->envelope))) {
        return;
    }
    tb_db_do(node->db, TB_SQL(node, WIDENING_ADD), "iditit", row->n, &id, (int64_t)widening->office,
             widening->clause, (int64_t)widening->hops, widening->river);
    if (tb_db_one(node->db, find, "d", &id) && tb_db_int(find, 2) == TB_WORLD_ACTUAL) {
        char number[TB_NUMBER_BYTES_MAX + 1];
        int64_t n = tb_db_int(find, 0);
        tb_text_copy(number, sizeof number, tb_db_text(find, 4));
        tb_db_done(find);
        widen(node, n, widening->office, widening->clause, (int64_t)widening->hops,
              widening->river);
        show(node, row, TB_STREAM_WIDENED, &row->id, &id, widening->office, number);
    }
    tb_db_done(find);
}

/* Asked or answered; nobody is shown it. */
static void add_recall(struct tb_node *node, const struct tb_view_row *row)
{
    const Tongbao__Recall *recall = row->body->recall;
    tb_db_do(node->db, TB_SQL(node, RECALL_ADD), "idiiibiii", row->n, &row->id,
             (int64_t)row->origin, (int64_t)row->own, row->issued_ms,
             tb_wire_bytes(recall->answers), (int64_t)recall->own, (int64_t)recall->addressed,
             (int64_t)recall->refused);
}

struct tb_view_news tb_views_add(struct tb_node *node, const struct tb_view_row *row)
{
    struct tb_view_news news = {0};
    enum tb_kind kind = tb_statement_kind(row->body);
    if (kind != TB_KIND_RECEIPT) {
        add_recipients(node, row);
    }
    if (tb_statement_chained(row->body)) {
        add_chain(node, row, &news);
    }
    switch (kind) {
    case TB_KIND_NOTICE:
        add_notice(node, row, &news);
        break;
    case TB_KIND_RECEIPT:
        add_receipt(node, row);
        break;
    case TB_KIND_ACKNOWLEDGEMENT:
        add_acknowledgement(node, row);
        break;
    case TB_KIND_CALL:
        add_call(node, row);
        break;
    case TB_KIND_OBJECTION:
        add_objection(node, row);
        break;
    case TB_KIND_WIDENING:
        add_widening(node, row);
        break;
    case TB_KIND_DISCLOSURE:
        add_disclosure(node, row);
        break;
    case TB_KIND_DEED:
        add_deed(node, row);
        break;
    case TB_KIND_RECALL:
        add_recall(node, row);
        break;
    case TB_KIND_DESTRUCTION:
        add_destruction(node, row);
        break;
    case TB_KIND_UNKNOWN:
        show(node, row, TB_STREAM_UNKNOWN, &row->id, &row->id, row->origin, "");
        break;
    }
    return news;
}

/* ${id} is empty for a happening that names no envelope. */
static void show_happening(struct tb_node *node, const struct tb_happening *happening,
                           struct tb_bytes id, int64_t at_ms)
{
    tb_db_do(node->db, TB_SQL(node, STREAM_ADD_HAPPENING), "ibiiit", (int64_t)happening->kind, id,
             (int64_t)happening->office, (int64_t)happening->world, at_ms, happening->text);
    node->desk.streamed = true;
}

void tb_views_happen(struct tb_node *node, const struct tb_at *at,
                     const struct tb_happening *happening)
{
    struct tb_bytes id = happening->id == NULL ? tb_bytes_of(NULL, 0)
                                               : tb_bytes_of(happening->id->byte, TB_ID_BYTES);
    struct sqlite3_stmt *last = TB_SQL(node, LEDGER_LAST);
    int64_t after = tb_db_one(node->db, last, "") ? tb_db_int(last, 0) : 0;
    tb_db_done(last);
    tb_db_do(node->db, TB_SQL(node, HAPPENING_ADD), "iibiiit", after, (int64_t)happening->kind, id,
             (int64_t)happening->office, (int64_t)happening->world, at->now->wall.ms,
             happening->text);
    show_happening(node, happening, id, at->now->wall.ms);
}

/* ------------------------------------------------------------------ rebuild */

/* Show what happened before the ledger row ${before}; returns the last h. */
static int64_t replay_happenings(struct tb_node *node, int64_t after_h, int64_t before)
{
    struct sqlite3_stmt *sql = TB_SQL(node, HAPPENING_NEXT);
    for (;;) {
        bool more = tb_db_one(node->db, sql, "i", after_h) && tb_db_int(sql, 1) < before;
        if (!more) {
            tb_db_done(sql);
            return after_h;
        }
        after_h = tb_db_int(sql, 0);
        struct tb_happening happening = {
            .kind = (enum tb_stream_kind)tb_db_int(sql, 2),
            .office = (uint32_t)tb_db_int(sql, 4),
            .world = (enum tb_world)tb_db_int(sql, 5),
            .text = tb_db_text(sql, 7),
        };
        show_happening(node, &happening, tb_db_bytes(sql, 3), tb_db_int(sql, 6));
        tb_db_done(sql);
    }
}

/* The next ledger row after ${row}->n, unpacked; false at the end. */
static bool replay_row(struct tb_node *node, struct tb_view_row *row, enum tb_status *status)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LEDGER_NEXT);
    struct tb_envelope envelope;
    bool more = tb_db_one(node->db, sql, "i", row->n);
    if (more) {
        row->n = tb_db_int(sql, 0);
        row->own = tb_db_int(sql, 7) != 0;
        row->at_ms = tb_db_int(sql, 9);
        tb_arena_reset(&node->body_arena);
        *status = tb_envelope_read(&envelope, tb_db_bytes(sql, 2));
        if (*status == TB_OK) {
            *status = tb_envelope_body(&envelope, &node->body_arena, &row->body);
        }
    }
    if (more && *status == TB_OK) {
        row->id = envelope.id;
        row->origin = envelope.origin;
        row->world = envelope.world;
        row->issued_ms = row->body->issued_at_ms;
        row->directory_version = envelope.directory_version;
    }
    tb_db_done(sql);
    return more && *status == TB_OK;
}

enum tb_status tb_node_rebuild(struct tb_node *node)
{
    static const char *const views[] = {
        "DELETE FROM notice",          "DELETE FROM recipient",  "DELETE FROM receipt",
        "DELETE FROM acknowledgement", "DELETE FROM call",       "DELETE FROM objection",
        "DELETE FROM widening",        "DELETE FROM chain",      "DELETE FROM grading",
        "DELETE FROM incident",        "DELETE FROM disclosure", "DELETE FROM deed",
        "DELETE FROM stream",          "DELETE FROM owed",       "DELETE FROM recall",
        "DELETE FROM destruction",
    };
    enum { VIEWS = sizeof views / sizeof views[0] };
    struct sqlite3_stmt *clear[VIEWS];
    struct tb_view_row row = {0};
    enum tb_status status = TB_OK;
    int64_t h = 0;
    tb_db_prepare(node->db, views, clear, VIEWS);
    for (size_t i = 0; i < VIEWS; i++) {
        tb_db_do(node->db, clear[i], "");
    }
    tb_db_unprepare(clear, VIEWS);
    while (replay_row(node, &row, &status)) {
        h = replay_happenings(node, h, row.n);
        (void)tb_views_add(node, &row);
    }
    if (status == TB_OK) {
        replay_happenings(node, h, INT64_MAX);
    }
    return status != TB_OK ? status : node->db->status;
}
