#include "node/core/offer.h"

#include <string.h>

#include "node/core/giving.h"
#include "node/core/ledger.h"
#include "node/core/link.h"
#include "node/core/reach.h"
#include "node/core/views.h"
#include "proto/wire.h"

/* "A refusal is final only for what later knowledge cannot cure (bad signature,
 * malformed, over a limit, revoked key)", and what is out of authority. */
bool tb_offer_final(enum tb_status status)
{
    return status == TB_MALFORMED || status == TB_TOOBIG || status == TB_SIGNATURE ||
           status == TB_REVOKED || status == TB_AUTHORITY;
}

/* Row ${n} is pending at ${link} again: the pump goes back to it. */
static void rewind_to(struct tb_link *link, enum tb_lane lane, int64_t n)
{
    if (link != NULL && link->offered_n[lane - 1] >= n) {
        link->offered_n[lane - 1] = n - 1;
    }
}

/* A broker beyond the rivers' reach is linked to as soon as something is for it. */
static void reach(struct tb_node *node, const struct tb_at *at, const char *broker)
{
    if (tb_reach_extend(node, broker)) {
        (void)tb_outbox_add(at->out, TB_EFFECT_LINKS, 0, 0, tb_bytes_of(NULL, 0));
    }
}

void tb_offer_open(struct tb_node *node, const struct tb_at *at, int64_t n,
                   const Tongbao__Body *body, enum tb_lane lane)
{
    for (size_t i = 0; i < body->n_recipients; i++) {
        const Tongbao__Office *office =
            tb_directories_office(node->set, body->recipients[i]->office);
        for (size_t j = 0; office != NULL && j < office->n_brokers; j++) {
            tb_db_do(node->db, TB_SQL(node, OFFER_ADD), "itii", n, office->brokers[j],
                     (int64_t)lane, at->now->wall.ms);
            rewind_to(tb_link_to(node, office->brokers[j]), lane, n);
            reach(node, at, office->brokers[j]);
        }
    }
}

void tb_offer_repair(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                     const struct tb_id *id)
{
    struct tb_found found;
    if (!tb_ledger_find(node, id, &found)) {
        return;
    }
    enum tb_lane lane = tb_statement_lane(found.world, found.kind);
    tb_db_do(node->db, TB_SQL(node, OFFER_AGAIN), "itiii", found.n, link->broker, (int64_t)lane,
             (int64_t)1, at->now->wall.ms);
    rewind_to(link, lane, found.n);
}

void tb_offer_restart(struct tb_node *node, struct tb_link *link)
{
    link->inflight = 0;
    tb_offer_retry(node, link);
}

void tb_offer_retry(struct tb_node *node, struct tb_link *link)
{
    memset(link->offered_n, 0, sizeof link->offered_n);
    link->later_ms = UINT64_MAX;
    tb_db_do(node->db, TB_SQL(node, OFFER_RETRY), "t", link->broker);
}

/* ------------------------------------------------------------------- answer */

static void file(struct tb_node *node, int64_t n, const char *broker, const uint32_t *offices,
                 size_t count, bool full)
{
    for (size_t i = 0; i < count; i++) {
        tb_db_do(node->db, TB_SQL(node, FILED_PUT), "iiti", n, (int64_t)offices[i], broker,
                 (int64_t)full);
    }
}

static bool reads_at(const Tongbao__Office *office, const char *broker)
{
    for (size_t i = 0; office != NULL && i < office->n_brokers; i++) {
        if (strcmp(office->brokers[i], broker) == 0) {
            return true;
        }
    }
    return false;
}

/* 1 in a mailbox there, 0 not, -1 its mailbox was full. */
static int filed_at(struct tb_node *node, int64_t n, uint32_t office, const char *broker)
{
    struct sqlite3_stmt *sql = TB_SQL(node, FILED_AT);
    int where = 0;
    if (tb_db_one(node->db, sql, "iit", n, (int64_t)office, broker)) {
        where = tb_db_int(sql, 0) != 0 ? -1 : 1;
    }
    tb_db_done(sql);
    return where;
}

static bool held_by(struct tb_node *node, const struct tb_id *id, enum tb_world world,
                    uint32_t office)
{
    struct sqlite3_stmt *sql = TB_SQL(node, RECEIPT_HAS);
    bool held = tb_db_one(node->db, sql, "dii", id, (int64_t)office, (int64_t)world);
    tb_db_done(sql);
    return held;
}

/* True when ${broker} accepted row ${n} but not for everybody who, by the
 * directories here, reads there: it knows an older one, or a mailbox is full. */
static bool falls_short(struct tb_node *node, int64_t n, const struct tb_id *id,
                        enum tb_world world, const char *broker)
{
    struct sqlite3_stmt *sql = TB_SQL(node, RECIPIENT_OF);
    bool missing = false;
    tb_db_ask(node->db, sql, "i", n);
    while (tb_db_next(node->db, sql)) {
        uint32_t code = (uint32_t)tb_db_int(sql, 0);
        missing =
            missing || (reads_at(tb_directories_office(node->set, code), broker) &&
                        filed_at(node, n, code, broker) != 1 && !held_by(node, id, world, code));
    }
    return missing;
}

static void set_state(struct tb_node *node, const struct tb_at *at, const struct tb_link *link,
                      int64_t n, enum tb_offer_state state, enum tb_status status)
{
    tb_db_do(node->db, TB_SQL(node, OFFER_SET), "iiiit", (int64_t)state, (int64_t)status,
             at->now->wall.ms, n, link->broker);
}

static void postpone(struct tb_node *node, struct tb_link *link)
{
    uint64_t later_ms = node->desk.mono_ms + TB_LATER_MS;
    link->later_ms = later_ms < link->later_ms ? later_ms : link->later_ms;
}

static void accepted(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                     const struct tb_found *found, const struct tb_id *id,
                     const Tongbao__Answer *answer)
{
    if (found->own) {
        if (link->anew_position) {
            link->anew_position = false;
            tb_db_do(node->db, TB_SQL(node, LINK_POSITION_ANEW), "t", link->broker);
        }
        tb_db_do(node->db, TB_SQL(node, LINK_POSITION), "idt", (int64_t)answer->position, id,
                 link->broker);
    }
    /* A full mailbox at the end of a repair is waited for too: the origin may be gone. */
    bool again = answer->n_full > 0 ||
                 (found->own && falls_short(node, found->n, id, found->world, link->broker));
    if (again) {
        set_state(node, at, link, found->n, TB_OFFER_LATER,
                  answer->n_full > 0 ? TB_FULL : TB_UNKNOWN);
        postpone(node, link);
    } else {
        set_state(node, at, link, found->n, TB_OFFER_ACCEPTED, TB_OK);
    }
}

/* "In a repair a revoked key's envelope is not taken and is shown to origin and
 * province as to be issued anew." */
static void show_revoked(struct tb_node *node, const struct tb_at *at, const struct tb_found *found,
                         const struct tb_id *id)
{
    struct sqlite3_stmt *sql = TB_SQL(node, HAPPENING_HAS);
    bool ours = found->own || tb_province_of(found->origin) == node->config.office;
    bool shown = tb_db_one(node->db, sql, "id", (int64_t)TB_STREAM_OBJECTION, id);
    tb_db_done(sql);
    if (ours && !shown) {
        struct tb_happening happening = {
            .kind = TB_STREAM_OBJECTION,
            .id = id,
            .office = found->origin,
            .world = found->world,
            .text = tb_status_name(TB_REVOKED),
        };
        tb_views_happen(node, at, &happening);
    }
}

/* A broker that lost its store lost its directories too, and knows a signer only when
 * they have come again; the origin may be gone for good. False when it was tried often
 * enough: the signer may be in no directory any more. */
static bool again_in_repair(struct tb_node *node, const struct tb_at *at,
                            const struct tb_link *link, const struct tb_found *found,
                            enum tb_status status)
{
    return tb_db_do(node->db, TB_SQL(node, OFFER_LATER_REPAIR), "iiiti", (int64_t)status,
                    at->now->wall.ms, found->n, link->broker, (int64_t)TB_REPAIR_TRIES_MAX) > 0;
}

static void declined(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                     const struct tb_found *found, const struct tb_id *id, enum tb_status status)
{
    char hex[TB_ID_HEX_CHARS + 1];
    bool busy = status == TB_FULL || status == TB_DISKFULL;
    tb_hex(hex, tb_bytes_of(id->byte, TB_ID_BYTES));
    if (tb_offer_final(status)) {
        tb_outbox_note(at->out, TB_NOTE_REFUSED, hex, found->origin, tb_status_name(status));
        set_state(node, at, link, found->n, TB_OFFER_REFUSED, status);
        if (status == TB_REVOKED) {
            show_revoked(node, at, found, id);
        }
    } else if (found->own && status == TB_UNKNOWN &&
               !falls_short(node, found->n, id, found->world, link->broker)) {
        /* In a repair a broker wants whatever it lacks, and learns only then that nobody
         * reads this one there; a directory that changes that opens the offer anew. */
        tb_db_do(node->db, TB_SQL(node, OFFER_DROP), "it", found->n, link->broker);
    } else if (found->own || busy) {
        set_state(node, at, link, found->n, TB_OFFER_LATER, status);
        postpone(node, link);
    } else if (status == TB_SIGNER && again_in_repair(node, at, link, found, status)) {
        postpone(node, link);
    } else {
        /* Another office's, in a repair: its own origin offers it too. */
        tb_db_do(node->db, TB_SQL(node, OFFER_DROP), "it", found->n, link->broker);
    }
}

void tb_offer_declined_back(struct tb_node *node, const struct tb_at *at, int64_t n,
                            enum tb_status status)
{
    struct tb_envelope envelope;
    struct tb_found found;
    char hex[TB_ID_HEX_CHARS + 1];
    if (tb_envelope_read(&envelope, tb_ledger_bytes(node, n)) != TB_OK ||
        !tb_ledger_find(node, &envelope.id, &found)) {
        return;
    }
    tb_hex(hex, tb_bytes_of(envelope.id.byte, TB_ID_BYTES));
    tb_outbox_note(at->out, TB_NOTE_REFUSED, hex, found.origin, tb_status_name(status));
    if (status == TB_REVOKED) {
        show_revoked(node, at, &found, &envelope.id);
    }
}

void tb_offer_answer(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                     const Tongbao__Answer *answer)
{
    struct sqlite3_stmt *sql = TB_SQL(node, OFFER_GET);
    struct tb_found found;
    struct tb_id id;
    link->inflight -= link->inflight > 0 ? 1 : 0;
    if (tb_giving_made(answer->tag)) {
        tb_giving_answer(node, at, answer);
        return;
    }
    if (!tb_id_take(&id, tb_wire_bytes(answer->id)) || !tb_ledger_find(node, &id, &found)) {
        return;
    }
    bool offered = tb_db_one(node->db, sql, "it", found.n, link->broker);
    tb_db_done(sql);
    if (!offered) {
        return;
    }
    file(node, found.n, link->broker, answer->full, answer->n_full, true);
    file(node, found.n, link->broker, answer->filed, answer->n_filed, false);
    if (answer->status == TB_OK) {
        accepted(node, at, link, &found, &id, answer);
    } else {
        declined(node, at, link, &found, &id, (enum tb_status)answer->status);
    }
}

/* --------------------------------------------------------------------- pump */

/* The next row to offer on ${lane}; false when there is none. */
static bool next_offer(struct tb_node *node, const struct tb_link *link, enum tb_lane lane,
                       int64_t *n, bool *repair)
{
    struct sqlite3_stmt *sql = TB_SQL(node, OFFER_NEXT);
    bool more =
        tb_db_one(node->db, sql, "tii", link->broker, (int64_t)lane, link->offered_n[lane - 1]);
    if (more) {
        *n = tb_db_int(sql, 0);
        *repair = tb_db_int(sql, 1) != 0;
    }
    tb_db_done(sql);
    return more;
}

static bool send_offer(struct tb_node *node, struct tb_outbox *out, struct tb_link *link, int64_t n,
                       bool repair)
{
    Tongbao__Offer offer = TONGBAO__OFFER__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    offer.tag = (uint64_t)n;
    offer.envelope = tb_wire_data(tb_ledger_bytes(node, n));
    offer.repair = repair;
    frame.kind_case = TONGBAO__FRAME__KIND_OFFER;
    frame.offer = &offer;
    return tb_link_send(node, out, link, &frame);
}

static void pump_link(struct tb_node *node, struct tb_outbox *out, struct tb_link *link)
{
    for (int lane = TB_LANE_FIRST; lane <= TB_LANE_REST; lane++) {
        int64_t n;
        bool repair;
        while (link->inflight < TB_OFFERS_INFLIGHT_MAX &&
               next_offer(node, link, (enum tb_lane)lane, &n, &repair)) {
            if (!send_offer(node, out, link, n, repair)) {
                return;
            }
            link->offered_n[lane - 1] = n;
            link->inflight++;
        }
    }
}

void tb_offer_pump(struct tb_node *node, struct tb_outbox *out)
{
    for (size_t i = 0; i < TB_LINKS_MAX; i++) {
        struct tb_link *link = &node->desk.links[i];
        if (link->up && link->greeted) {
            pump_link(node, out, link);
        }
    }
}

/* ------------------------------------------------------------------ refresh */

void tb_offer_refresh(struct tb_node *node)
{
    node->desk.refresh_n = 0;
}

/* Offer row ${n} for ${code} at ${broker}, unless it has it or will not. */
static void renew(struct tb_node *node, const struct tb_at *at, int64_t n, enum tb_lane lane,
                  uint32_t code, const char *broker)
{
    struct sqlite3_stmt *sql = TB_SQL(node, OFFER_GET);
    if (filed_at(node, n, code, broker) == 1) {
        return;
    }
    bool under_way =
        tb_db_one(node->db, sql, "it", n, broker) && tb_db_int(sql, 0) != TB_OFFER_ACCEPTED;
    tb_db_done(sql);
    if (!under_way) {
        tb_db_do(node->db, TB_SQL(node, OFFER_AGAIN), "itiii", n, broker, (int64_t)lane, (int64_t)0,
                 at->now->wall.ms);
        rewind_to(tb_link_to(node, broker), lane, n);
        reach(node, at, broker);
    }
}

/* A receipt is owed to nobody, but goes where its recipients read now. */
static void refresh_receipt(struct tb_node *node, const struct tb_at *at,
                            const struct tb_envelope *envelope, int64_t n)
{
    const Tongbao__Body *body = NULL;
    tb_arena_reset(&node->body_arena);
    if (tb_envelope_body(envelope, &node->body_arena, &body) == TB_OK) {
        tb_offer_open(node, at, n, body, tb_statement_lane(envelope->world, TB_KIND_RECEIPT));
    }
}

void tb_offer_refresh_one(struct tb_node *node, const struct tb_at *at, int64_t n)
{
    struct sqlite3_stmt *sql = TB_SQL(node, RECIPIENT_OF);
    struct tb_envelope envelope;
    struct tb_found found;
    if (tb_envelope_read(&envelope, tb_ledger_bytes(node, n)) != TB_OK ||
        !tb_ledger_find(node, &envelope.id, &found) || !found.own) {
        return;
    }
    if (found.kind == TB_KIND_RECEIPT) {
        refresh_receipt(node, at, &envelope, n);
        return;
    }
    enum tb_lane lane = tb_statement_lane(found.world, found.kind);
    tb_db_ask(node->db, sql, "i", n);
    while (tb_db_next(node->db, sql)) {
        uint32_t code = (uint32_t)tb_db_int(sql, 0);
        const Tongbao__Office *office = tb_directories_office(node->set, code);
        if (office == NULL || held_by(node, &envelope.id, found.world, code)) {
            continue;
        }
        for (size_t i = 0; i < office->n_brokers; i++) {
            renew(node, at, n, lane, code, office->brokers[i]);
        }
    }
}

bool tb_offer_refresh_step(struct tb_node *node, const struct tb_at *at)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LEDGER_OPEN);
    int64_t rows[TB_CHORE_ROWS_MAX];
    size_t count = 0;
    tb_db_ask(node->db, sql, "ii", node->desk.refresh_n, (int64_t)TB_CHORE_ROWS_MAX);
    while (tb_db_next(node->db, sql)) {
        tb_assert(count < TB_CHORE_ROWS_MAX);
        rows[count++] = tb_db_int(sql, 0);
    }
    for (size_t i = 0; i < count; i++) {
        tb_offer_refresh_one(node, at, rows[i]);
    }
    node->desk.refresh_n = count < TB_CHORE_ROWS_MAX ? -1 : rows[count - 1];
    return node->desk.refresh_n >= 0;
}
