#include "node/core/giving.h"

#include <string.h>

#include "node/core/ledger.h"
#include "node/core/link.h"
#include "node/core/offer.h"
#include "node/core/recipients.h"
#include "proto/wire.h"
#include "topology/clause.h"

/*
 * The tag of an offer: this bit, the number of its batch, the row. So an answer to a batch
 * that was given up is known as such.
 */
static const uint64_t TAG_BACK = UINT64_C(1) << 63;
enum { TAG_BATCH_SHIFT = 40, TAG_BATCHES = 1 << 20 };
static const uint64_t TAG_ROW_MASK = (UINT64_C(1) << TAG_BATCH_SHIFT) - 1;

enum { GIVING_INFLIGHT_MAX = TB_OFFERS_INFLIGHT_MAX / 2 };

/* A row of the table. */
struct giving {
    struct tb_id recall;
    int64_t done_n;
    int64_t upto_n;
    int64_t own;
    int64_t addressed;
    int64_t refused;
    int64_t tries; /* of the present batch */
    bool again;    /* it asked once more meanwhile */
    struct tb_id next;
};

void tb_giving_open(struct tb_node *node, uint32_t office, const struct tb_id *id)
{
    tb_db_do(node->db, TB_SQL(node, GIVING_OPEN), "idi", (int64_t)office, id, tb_ledger_last(node));
    tb_giving_wake(node);
}

/* To how many offices something is being given back. */
static int64_t open_count(struct tb_node *node)
{
    struct sqlite3_stmt *sql = TB_SQL(node, GIVING_COUNT);
    int64_t count = tb_db_one(node->db, sql, "") ? tb_db_int(sql, 0) : 0;
    tb_db_done(sql);
    return count;
}

static bool load(struct tb_node *node, uint32_t office, struct giving *row)
{
    struct sqlite3_stmt *sql = TB_SQL(node, GIVING_GET);
    bool found = tb_db_one(node->db, sql, "i", (int64_t)office);
    if (found) {
        bool named = tb_db_id(sql, 0, &row->recall);
        tb_assert(named);
        row->done_n = tb_db_int(sql, 1);
        row->upto_n = tb_db_int(sql, 2);
        row->own = tb_db_int(sql, 3);
        row->addressed = tb_db_int(sql, 4);
        row->refused = tb_db_int(sql, 5);
        row->tries = tb_db_int(sql, 6);
        row->again = tb_db_id(sql, 7, &row->next);
    }
    tb_db_done(sql);
    return found;
}

/* A greeted link to a broker where ${code} reads; NULL when there is none now. */
static struct tb_link *way_to(struct tb_node *node, uint32_t code)
{
    const Tongbao__Office *office = tb_directories_office(node->set, code);
    for (size_t i = 0; office != NULL && i < office->n_brokers; i++) {
        struct tb_link *link = tb_link_to(node, office->brokers[i]);
        if (link != NULL && link->up && link->greeted) {
            return link;
        }
    }
    return NULL;
}

/* The office whose turn it is, of those that can be reached; 0: none. */
static uint32_t next_office(struct tb_node *node, struct tb_link **link)
{
    struct sqlite3_stmt *sql = TB_SQL(node, GIVING_LIST);
    uint32_t found = 0;
    tb_db_ask(node->db, sql, "i", (int64_t)TB_OFFICES_MAX);
    while (tb_db_next(node->db, sql)) {
        uint32_t code = (uint32_t)tb_db_int(sql, 0);
        if (found == 0) {
            *link = way_to(node, code);
            found = *link != NULL ? code : 0;
        }
    }
    return found;
}

/* ------------------------------------------------------------------- batch */

/* Receipts have no recipients in the views: their bodies are asked. */
static bool receipt_names(struct tb_node *node, int64_t n, uint32_t office)
{
    struct tb_envelope envelope;
    const Tongbao__Body *body = NULL;
    tb_arena_reset(&node->body_arena);
    return tb_envelope_read(&envelope, tb_ledger_bytes(node, n)) == TB_OK &&
           tb_envelope_body(&envelope, &node->body_arena, &body) == TB_OK &&
           tb_statement_names(body, office);
}

static bool addressed(struct tb_node *node, int64_t n, enum tb_kind kind, uint32_t office)
{
    struct sqlite3_stmt *sql = TB_SQL(node, RECIPIENT_HAS);
    if (kind == TB_KIND_RECEIPT) {
        return receipt_names(node, n, office);
    }
    bool named = tb_db_one(node->db, sql, "ii", n, (int64_t)office);
    tb_db_done(sql);
    return named;
}

struct seen {
    int64_t n;
    uint32_t origin;
    enum tb_world world;
    enum tb_kind kind;
};

/* The rows of one page after ${after}. */
static size_t look(struct tb_node *node, int64_t after, int64_t upto,
                   struct seen rows[TB_GIVING_SCAN_MAX])
{
    struct sqlite3_stmt *sql = TB_SQL(node, GIVING_SCAN);
    size_t count = 0;
    tb_db_ask(node->db, sql, "iii", after, upto, (int64_t)TB_GIVING_SCAN_MAX);
    while (tb_db_next(node->db, sql)) {
        tb_assert(count < TB_GIVING_SCAN_MAX);
        rows[count++] =
            (struct seen){tb_db_int(sql, 0), (uint32_t)tb_db_int(sql, 1),
                          (enum tb_world)tb_db_int(sql, 2), (enum tb_kind)tb_db_int(sql, 3)};
    }
    return count;
}

/* Fill the batch with what comes after ${row}->done_n. Recalls are spared: they were for
 * the province, or are answered. */
static void gather(struct tb_node *node, uint32_t office, const struct giving *row)
{
    struct tb_giving *giving = &node->desk.giving;
    struct seen rows[TB_GIVING_SCAN_MAX];
    size_t count = look(node, row->done_n, row->upto_n, rows);
    giving->count = 0;
    giving->scanned_n = count < TB_GIVING_SCAN_MAX ? row->upto_n : rows[count - 1].n;
    for (size_t i = 0; i < count; i++) {
        bool its_own = rows[i].origin == office && rows[i].world != TB_WORLD_NONE;
        if (rows[i].kind == TB_KIND_RECALL ||
            !(its_own || addressed(node, rows[i].n, rows[i].kind, office))) {
            continue;
        }
        giving->row[giving->count++] =
            (struct tb_giving_row){.n = rows[i].n, .own = its_own, .state = TB_GIVING_OPEN};
        if (giving->count == TB_GIVING_ROWS_MAX) {
            giving->scanned_n = rows[i].n;
            return;
        }
    }
}

/* ------------------------------------------------------------------ its end */

/* Say to ${office} that this was all. */
static void finish(struct tb_node *node, const struct tb_at *at, uint32_t office,
                   const struct giving *row)
{
    Tongbao__Recall recall = TONGBAO__RECALL__INIT;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    struct tb_id id;
    recall.answers = tb_wire_id(&row->recall);
    recall.own = (uint64_t)row->own;
    recall.addressed = (uint64_t)row->addressed;
    recall.refused = (uint64_t)row->refused;
    body.statement_case = TONGBAO__BODY__STATEMENT_RECALL;
    body.recall = &recall;
    tb_recipients_clear(&node->route);
    (void)tb_recipients_add(node, &node->route, office, false, 0,
                            tb_clause_phrase(TB_PHRASE_RECALL_ANSWER), "");
    enum tb_status status =
        tb_ledger_say(node, at, TB_WORLD_ACTUAL, &body, &node->route, &id, NULL);
    tb_assert(status == TB_OK);
    tb_outbox_note(at->out, TB_NOTE_RECALL_ANSWERED, office, (unsigned long long)row->own,
                   (unsigned long long)row->addressed, (unsigned long long)row->refused);
    tb_db_do(node->db, TB_SQL(node, GIVING_CLOSE), "i", (int64_t)office);
    node->desk.giving.looked_office = 0;
    if (row->again) {
        tb_giving_open(node, office, &row->next);
    }
}

/* Commit the batch, all of which is answered. */
static void pass(struct tb_node *node, uint32_t office)
{
    struct tb_giving *giving = &node->desk.giving;
    int64_t own = 0;
    int64_t others = 0;
    int64_t refused = 0;
    for (size_t i = 0; i < giving->count; i++) {
        const struct tb_giving_row *row = &giving->row[i];
        own += row->state == TB_GIVING_TAKEN && row->own;
        others += row->state == TB_GIVING_TAKEN && !row->own;
        refused += row->state == TB_GIVING_REFUSED;
    }
    tb_db_do(node->db, TB_SQL(node, GIVING_PASS), "iiiii", giving->scanned_n, own, others, refused,
             (int64_t)office);
}

/* Somebody's mailbox has no room: the others come first, he again in a while. */
static void postpone(struct tb_node *node, uint32_t office)
{
    int64_t count = open_count(node);
    tb_db_do(node->db, TB_SQL(node, GIVING_LATER), "i", (int64_t)office);
    node->desk.giving.due_ms =
        node->desk.mono_ms + (uint64_t)TB_LATER_MS / (count > 0 ? (uint64_t)count : 1);
}

void tb_giving_due(struct tb_node *node, const struct tb_at *at)
{
    struct tb_giving *giving = &node->desk.giving;
    struct giving row;
    struct tb_link *link = NULL;
    if (giving->office != 0 || giving->due_ms > at->now->mono_ms) {
        return;
    }
    giving->due_ms = UINT64_MAX;
    uint32_t office = next_office(node, &link);
    if (office == 0 || !load(node, office, &row)) {
        return;
    }
    if (giving->looked_office == office && giving->looked_n > row.done_n) {
        row.done_n = giving->looked_n;
    }
    if (row.done_n >= row.upto_n) {
        finish(node, at, office, &row);
        giving->due_ms = 0;
        return;
    }
    gather(node, office, &row);
    if (giving->count == 0) {
        /* A ledger is long and mostly others': no commit for finding nothing. */
        giving->looked_office = office;
        giving->looked_n = giving->scanned_n;
        giving->due_ms = 0;
        return;
    }
    giving->office = office;
    giving->handle = link->handle;
    giving->batch = (giving->batch + 1) % TAG_BATCHES;
    giving->tries = row.tries;
    giving->sent = 0;
    giving->answered = 0;
    giving->later = false;
}

/* --------------------------------------------------------------------- pump */

static bool send_back(struct tb_node *node, struct tb_outbox *out, struct tb_link *link, int64_t n)
{
    const struct tb_giving *giving = &node->desk.giving;
    Tongbao__Offer offer = TONGBAO__OFFER__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    offer.tag = TAG_BACK | giving->batch << TAG_BATCH_SHIFT | ((uint64_t)n & TAG_ROW_MASK);
    offer.envelope = tb_wire_data(tb_ledger_bytes(node, n));
    offer.repair = true;
    offer.back = giving->office;
    frame.kind_case = TONGBAO__FRAME__KIND_OFFER;
    frame.offer = &offer;
    return tb_link_send(node, out, link, &frame);
}

void tb_giving_pump(struct tb_node *node, struct tb_outbox *out)
{
    struct tb_giving *giving = &node->desk.giving;
    struct tb_link *link = giving->office == 0 ? NULL : tb_link_find(node, giving->handle);
    if (link == NULL || !link->up || !link->greeted) {
        return;
    }
    /* Called when all other offers have gone: those that wait now filled the window. */
    while (giving->sent < giving->count && link->inflight < GIVING_INFLIGHT_MAX) {
        if (!send_back(node, out, link, giving->row[giving->sent].n)) {
            return;
        }
        giving->sent++;
        link->inflight++;
    }
}

/* ------------------------------------------------------------------- answer */

bool tb_giving_made(uint64_t tag)
{
    return (tag & TAG_BACK) != 0;
}

static bool lists(const uint32_t *offices, size_t count, uint32_t office)
{
    for (size_t i = 0; i < count; i++) {
        if (offices[i] == office) {
            return true;
        }
    }
    return false;
}

/* What the answer means for one row. A broker that does not know the field takes the
 * envelope for its listed recipients alone: not for its origin. */
static enum tb_giving_state judge(const struct tb_giving *giving, const Tongbao__Answer *answer)
{
    enum tb_status status = (enum tb_status)answer->status;
    bool full = lists(answer->full, answer->n_full, giving->office);
    if (status == TB_OK && lists(answer->filed, answer->n_filed, giving->office)) {
        return TB_GIVING_TAKEN;
    }
    bool busy = full || status == TB_FULL || status == TB_DISKFULL;
    if (busy) {
        return TB_GIVING_OPEN;
    }
    bool cured_later = status != TB_OK && !tb_offer_final(status);
    return cured_later && giving->tries < TB_REPAIR_TRIES_MAX ? TB_GIVING_OPEN : TB_GIVING_REFUSED;
}

void tb_giving_answer(struct tb_node *node, const struct tb_at *at, const Tongbao__Answer *answer)
{
    struct tb_giving *giving = &node->desk.giving;
    uint64_t batch = (answer->tag & ~TAG_BACK) >> TAG_BATCH_SHIFT;
    if (giving->office == 0 || batch != giving->batch) {
        return;
    }
    for (size_t i = 0; i < giving->sent; i++) {
        struct tb_giving_row *row = &giving->row[i];
        if ((uint64_t)row->n != (answer->tag & TAG_ROW_MASK) || row->answered) {
            continue;
        }
        row->answered = true;
        row->state = judge(giving, answer);
        giving->later = giving->later || row->state == TB_GIVING_OPEN;
        giving->answered++;
        if (row->state == TB_GIVING_REFUSED) {
            tb_offer_declined_back(node, at, row->n, (enum tb_status)answer->status);
        }
    }
    if (giving->answered == giving->count) {
        uint32_t office = giving->office;
        giving->office = 0;
        giving->due_ms = 0;
        if (giving->later) {
            postpone(node, office);
        } else {
            pass(node, office);
        }
    }
}

void tb_giving_wake(struct tb_node *node)
{
    /* What is under way goes on with its answers. */
    bool due = node->desk.giving.office == 0 && open_count(node) > 0;
    node->desk.giving.due_ms = due ? 0 : UINT64_MAX;
}

void tb_giving_forget(struct tb_node *node, uint64_t handle)
{
    struct tb_giving *giving = &node->desk.giving;
    if (giving->office != 0 && giving->handle == handle) {
        giving->office = 0;
        giving->due_ms = 0;
    }
}
