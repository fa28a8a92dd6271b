#include "node/core/inbox.h"

#include <string.h>

#include "node/core/catalogue.h"
#include "node/core/ledger.h"
#include "node/core/link.h"
#include "node/core/offer.h"
#include "node/core/park.h"
#include "node/core/recall.h"
#include "node/core/recipients.h"
#include "node/core/views.h"
#include "proto/wire.h"
#include "topology/clause.h"

/* Tell the broker that the cursor moved past an envelope that was not taken. */
static void aside(struct tb_node *node, const struct tb_at *at, const struct tb_arrival *arrival,
                  const struct tb_id *id, Tongbao__Objection__Outcome outcome,
                  enum tb_status reason)
{
    Tongbao__Aside said = TONGBAO__ASIDE__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    if (arrival->link == NULL || tb_id_zero(id)) {
        return;
    }
    said.id = tb_wire_id(id);
    said.outcome = (uint32_t)outcome;
    said.reason = (uint32_t)reason;
    frame.kind_case = TONGBAO__FRAME__KIND_ASIDE;
    frame.aside = &said;
    (void)tb_link_send(node, at->out, arrival->link, &frame);
}

static void park(struct tb_node *node, const struct tb_at *at, const struct tb_arrival *arrival,
                 const struct tb_envelope *envelope, enum tb_status reason)
{
    char hex[TB_ID_HEX_CHARS + 1];
    struct tb_parking parking = {
        .id = &envelope->id,
        .broker = arrival->broker,
        .origin = envelope->origin,
        .reason = reason,
        .bytes = arrival->bytes,
        .admitted_ms = arrival->admitted_ms,
        .revoked = arrival->revoked,
    };
    aside(node, at, arrival, &envelope->id, TONGBAO__OBJECTION__OUTCOME__PARKED, reason);
    if (!tb_park_add(node, at, &parking)) {
        return;
    }
    tb_hex(hex, tb_bytes_of(envelope->id.byte, TB_ID_BYTES));
    tb_outbox_note(at->out, TB_NOTE_PARKED, hex, envelope->origin);
    if (reason == TB_VERSION) {
        /* "Shows at once that one came and from whom (请升级，并电话联系), unverified
         * and marked so". */
        struct tb_happening happening = {
            .kind = TB_STREAM_PARKED,
            .id = &envelope->id,
            .office = envelope->origin,
            .world = envelope->world,
            .text = tb_status_name(reason),
        };
        tb_views_happen(node, at, &happening);
    }
}

/* Object to the origin, once for each envelope; the signature held. */
static void object(struct tb_node *node, const struct tb_at *at, const struct tb_envelope *envelope,
                   enum tb_status reason)
{
    Tongbao__Objection objection = TONGBAO__OBJECTION__INIT;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    struct tb_id id;
    int added = tb_db_do(node->db, TB_SQL(node, REFUSED_ADD), "dii", &envelope->id, (int64_t)reason,
                         at->now->wall.ms);
    tb_db_do(node->db, TB_SQL(node, REFUSED_TRIM), "i", (int64_t)TB_REFUSED_ROWS_MAX);
    if (added == 0 || envelope->world == TB_WORLD_NONE || envelope->origin == node->config.office) {
        return;
    }
    objection.envelope = tb_wire_id(&envelope->id);
    objection.outcome = TONGBAO__OBJECTION__OUTCOME__REFUSED;
    objection.reason = (uint32_t)reason;
    body.statement_case = TONGBAO__BODY__STATEMENT_OBJECTION;
    body.objection = &objection;
    tb_recipients_clear(&node->route);
    tb_recipients_add(node, &node->route, envelope->origin, false, 0,
                      tb_clause_phrase(TB_PHRASE_OBJECTION), "");
    enum tb_status status =
        tb_ledger_say(node, at, envelope->world, &body, &node->route, &id, NULL);
    tb_assert(status == TB_OK);
}

static void refuse(struct tb_node *node, const struct tb_at *at, const struct tb_arrival *arrival,
                   const struct tb_envelope *envelope, enum tb_status reason, bool held)
{
    char hex[TB_ID_HEX_CHARS + 1];
    tb_hex(hex, tb_bytes_of(envelope->id.byte, TB_ID_BYTES));
    tb_outbox_note(at->out, TB_NOTE_REFUSED, hex, envelope->origin, tb_status_name(reason));
    aside(node, at, arrival, &envelope->id, TONGBAO__OBJECTION__OUTCOME__REFUSED, reason);
    if (held) {
        object(node, at, envelope, reason);
        tb_park_drop(node, &envelope->id);
    } else if (arrival->link == NULL) {
        /* These bytes alone are bad: another broker may have brought good ones. */
        tb_park_drop_from(node, &envelope->id, arrival->broker);
    }
}

/* ------------------------------------------------------------------ storing */

static void note_stored(const struct tb_at *at, const struct tb_envelope *envelope,
                        const Tongbao__Body *body)
{
    char hex[TB_ID_HEX_CHARS + 1];
    char other[TB_ID_HEX_CHARS + 1] = "";
    struct tb_id subject;
    tb_hex(hex, tb_bytes_of(envelope->id.byte, TB_ID_BYTES));
    switch (tb_statement_kind(body)) {
    case TB_KIND_NOTICE:
        tb_outbox_note(at->out, TB_NOTE_NOTICE_SHOWN, body->notice->number, hex, envelope->origin,
                       tb_world_text(envelope->world));
        break;
    case TB_KIND_RECEIPT:
        tb_outbox_note(at->out, TB_NOTE_RECEIPT_STORED, hex, envelope->origin,
                       (unsigned)body->receipt->n_ids);
        break;
    case TB_KIND_ACKNOWLEDGEMENT:
        if (tb_statement_subject(body, &subject)) {
            tb_hex(other, tb_bytes_of(subject.byte, TB_ID_BYTES));
        }
        tb_outbox_note(at->out, TB_NOTE_ACK_STORED, hex, other, envelope->origin);
        break;
    case TB_KIND_CALL:
    case TB_KIND_OBJECTION:
    case TB_KIND_WIDENING:
    case TB_KIND_DISCLOSURE:
    case TB_KIND_DEED:
    case TB_KIND_RECALL:
    case TB_KIND_DESTRUCTION:
    case TB_KIND_UNKNOWN:
        break;
    }
}

/* A notice came whose followers, stored before it, turn out to be another
 * office's: they are no longer shown, and their origin is told. */
static void object_to_followers(struct tb_node *node, const struct tb_at *at,
                                const struct tb_id *id)
{
    enum { FOLLOWERS_MAX = 64 };
    struct sqlite3_stmt *sql = TB_SQL(node, NOTICE_VOIDED);
    struct tb_envelope follower[FOLLOWERS_MAX];
    size_t count = 0;
    tb_db_ask(node->db, sql, "d", id);
    while (tb_db_next(node->db, sql)) {
        tb_assert(count < FOLLOWERS_MAX);
        if (tb_db_id(sql, 1, &follower[count].id)) {
            follower[count].origin = (uint32_t)tb_db_int(sql, 2);
            follower[count].world = (enum tb_world)tb_db_int(sql, 3);
            count++;
        }
    }
    for (size_t i = 0; i < count; i++) {
        object(node, at, &follower[i], TB_AUTHORITY);
    }
}

/* Own row ${n} was lost by this store: it may still be owed, and so may the one before
 * it, which is asked for now and, should that fail, at every greeting and in between. Own mail in a
 * lane is what the province gave back: it holds it, and how much of it is owed is seen when it has
 * given all. */
static void recover(struct tb_node *node, const struct tb_at *at, const struct tb_arrival *arrival,
                    const struct tb_id *id, const Tongbao__Body *body, int64_t n, enum tb_lane lane)
{
    struct tb_id before;
    struct tb_found found;
    if (arrival->lane == 0) {
        tb_offer_open(node, at, n, body, lane);
    }
    struct tb_bytes previous =
        tb_wire_bytes(body->previous.len > 0 ? body->previous : body->continues);
    tb_db_do(node->db, TB_SQL(node, LACKING_DROP), "d", id);
    if (!tb_id_take(&before, previous) || tb_ledger_find(node, &before, &found)) {
        return;
    }
    tb_db_do(node->db, TB_SQL(node, LACKING_ADD), "dii", &before, at->now->wall.ms,
             body->issued_at_ms);
    tb_link_lacking(node);
    if (arrival->link != NULL) {
        tb_link_fetch(node, at, arrival->link, &before, 1);
    }
}

static void store(struct tb_node *node, const struct tb_at *at, const struct tb_arrival *arrival,
                  const struct tb_envelope *envelope, const Tongbao__Body *body,
                  const Tongbao__Key *key)
{
    enum tb_kind kind = tb_statement_kind(body);
    bool own = envelope->world != TB_WORLD_NONE && envelope->origin == node->config.office;
    bool revoked = arrival->revoked || key->state == TONGBAO__KEY_STATE__REVOKED;
    bool retired = key->state == TONGBAO__KEY_STATE__RETIRED;
    /* An actual notice has the first lane; in the other it was given back. */
    bool wakes = tb_statement_lane(envelope->world, kind) == TB_LANE_FIRST;
    bool old =
        wakes && (arrival->lane == TB_LANE_REST || tb_recall_old(node, arrival->admitted_ms));
    struct tb_found found;
    struct tb_id subject;
    struct tb_entry entry = {
        .envelope = envelope,
        .body = body,
        .own = own,
        .broker = arrival->broker,
        .admitted_ms = arrival->admitted_ms,
        .old = old,
        .mark = (retired ? TB_MARK_RETIRED : 0u) | (revoked ? TB_MARK_REVOKED : 0u),
    };
    int64_t n = tb_ledger_append(node, at, &entry);
    note_stored(at, envelope, body);
    tb_park_drop(node, &envelope->id);
    if (own) {
        recover(node, at, arrival, &envelope->id, body, n,
                tb_statement_lane(envelope->world, kind));
    }
    if (kind == TB_KIND_NOTICE) {
        object_to_followers(node, at, &envelope->id);
    }
    if (kind == TB_KIND_RECALL) {
        tb_recall_take(node, at, envelope, body);
    }
    if (kind == TB_KIND_WIDENING && tb_statement_subject(body, &subject) &&
        tb_ledger_find(node, &subject, &found) && found.own) {
        /* "If that office reads elsewhere only the origin acts on it". */
        tb_offer_refresh_one(node, at, found.n);
    }
}

/* ------------------------------------------------------------------ judging */

/* Who may say what, as far as it can be judged now. */
static enum tb_status authority(struct tb_node *node, const struct tb_envelope *envelope,
                                const Tongbao__Body *body)
{
    struct tb_found found = {0};
    struct tb_id subject;
    bool broker = envelope->world == TB_WORLD_NONE;
    bool here = tb_statement_subject(body, &subject) && tb_ledger_find(node, &subject, &found);
    return tb_statement_authority(envelope, body, here ? found.origin : 0,
                                  here ? found.world : TB_WORLD_NONE, broker);
}

static void judge_signed(struct tb_node *node, const struct tb_at *at,
                         const struct tb_arrival *arrival, const struct tb_envelope *envelope,
                         const Tongbao__Key *key)
{
    const Tongbao__Body *body = NULL;
    tb_arena_reset(&node->body_arena);
    enum tb_status status = tb_envelope_body(envelope, &node->body_arena, &body);
    if (status == TB_OK) {
        status = authority(node, envelope, body);
    }
    if (status == TB_OK) {
        store(node, at, arrival, envelope, body, key);
    } else {
        refuse(node, at, arrival, envelope, status == TB_MEMORY ? TB_TOOBIG : status, true);
    }
}

/* Already stored or already refused: nothing but the cursor moves. */
static bool seen(struct tb_node *node, const struct tb_at *at, const struct tb_arrival *arrival,
                 const struct tb_envelope *envelope)
{
    struct sqlite3_stmt *sql = TB_SQL(node, REFUSED_HAS);
    struct tb_found found;
    if (tb_ledger_find(node, &envelope->id, &found)) {
        const Tongbao__Key *key = tb_directories_signer(node->set, envelope);
        if (envelope->personal.size > 0 && key != NULL &&
            tb_envelope_verify(envelope, key->sign.data) == TB_OK) {
            tb_ledger_fill(node, &found, envelope);
        }
        tb_park_drop(node, &envelope->id);
        return true;
    }
    bool refused = tb_db_one(node->db, sql, "d", &envelope->id);
    enum tb_status reason = refused ? (enum tb_status)tb_db_int(sql, 0) : TB_OK;
    tb_db_done(sql);
    if (refused) {
        aside(node, at, arrival, &envelope->id, TONGBAO__OBJECTION__OUTCOME__REFUSED, reason);
    }
    return refused;
}

static void judge(struct tb_node *node, const struct tb_at *at, const struct tb_arrival *arrival,
                  struct tb_envelope *envelope)
{
    enum tb_status status = tb_envelope_read(envelope, arrival->bytes);
    if (status == TB_VERSION) {
        park(node, at, arrival, envelope, TB_VERSION);
        return;
    }
    if (status != TB_OK) {
        refuse(node, at, arrival, envelope, status, false);
        return;
    }
    if (seen(node, at, arrival, envelope)) {
        return;
    }
    /* "A known signer that names a newer directory version is taken at once and the
     * directory fetched." */
    tb_catalogue_named(node, at, arrival->link, envelope->origin, envelope->directory_version);
    const Tongbao__Key *key = tb_directories_signer(node->set, envelope);
    if (key == NULL) {
        park(node, at, arrival, envelope, TB_SIGNER);
    } else if (tb_envelope_verify(envelope, key->sign.data) != TB_OK) {
        refuse(node, at, arrival, envelope, TB_SIGNATURE, false);
    } else {
        judge_signed(node, at, arrival, envelope, key);
    }
}

void tb_inbox_judge(struct tb_node *node, const struct tb_at *at, const struct tb_arrival *arrival)
{
    struct tb_envelope envelope = {0};
    judge(node, at, arrival, &envelope);
}

void tb_inbox_deliver(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                      const Tongbao__Deliver *deliver)
{
    struct tb_envelope envelope = {0};
    struct tb_arrival arrival = {
        .bytes = tb_wire_bytes(deliver->envelope),
        .link = link,
        .broker = link->broker,
        .lane = deliver->lane,
        .admitted_ms = deliver->admitted_at_ms,
        .revoked = deliver->revoked,
    };
    judge(node, at, &arrival, &envelope);
    tb_recall_delivered(node, link, deliver->lane, deliver->seq, deliver->admitted_at_ms);
    /* "The cursor moves past both", and with what was stored, in one transaction. */
    tb_link_passed(node, link, deliver->lane, deliver->seq, &envelope.id, deliver->envelope.len);
    if (deliver->lane == 0) {
        tb_park_fetched(node, at, link);
    }
}

/* ----------------------------------------------------------------- receipts */

/* One receipt for the next envelopes of (origin, world) after row ${after}; returns
 * the last row it names, -1 when there is none. */
static int64_t receipt(struct tb_node *node, const struct tb_at *at, uint32_t origin,
                       enum tb_world world, int64_t after)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LEDGER_FRESH);
    struct tb_id ids[TB_RECEIPT_IDS_MAX];
    ProtobufCBinaryData list[TB_RECEIPT_IDS_MAX];
    Tongbao__Receipt said = TONGBAO__RECEIPT__INIT;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    struct tb_superiors above;
    struct tb_id id;
    tb_db_ask(node->db, sql, "iii", after, (int64_t)origin, (int64_t)world);
    while (tb_db_next(node->db, sql)) {
        bool taken = tb_db_id(sql, 1, &ids[said.n_ids]);
        tb_assert(taken);
        after = tb_db_int(sql, 0);
        list[said.n_ids] = tb_wire_id(&ids[said.n_ids]);
        said.n_ids++;
    }
    if (said.n_ids == 0) {
        return -1;
    }
    said.ids = list;
    said.stored_at_ms = at->now->wall.ms;
    body.statement_case = TONGBAO__BODY__STATEMENT_RECEIPT;
    body.receipt = &said;
    tb_recipients_superiors(node, origin, &above);
    tb_recipients_clear(&node->route);
    tb_recipients_add(node, &node->route, origin, false, 0, tb_clause_phrase(TB_PHRASE_RECEIPT),
                      "");
    tb_recipients_add(node, &node->route, above.province, false, 0,
                      tb_clause_phrase(TB_PHRASE_RECEIPT_PROVINCE), "");
    enum tb_status status = tb_ledger_say(node, at, world, &body, &node->route, &id, NULL);
    tb_assert(status == TB_OK);
    return after;
}

void tb_inbox_receipts(struct tb_node *node, const struct tb_at *at)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LEDGER_FRESH_NEXT);
    int64_t origin = 0;
    int64_t world = 0;
    for (;;) {
        bool more = tb_db_one(node->db, sql, "iii", node->desk.first_n, origin, world);
        if (more) {
            origin = tb_db_int(sql, 0);
            world = tb_db_int(sql, 1);
        }
        tb_db_done(sql);
        if (!more) {
            return;
        }
        int64_t after = node->desk.first_n;
        while (after >= 0) {
            after = receipt(node, at, (uint32_t)origin, (enum tb_world)world, after);
        }
    }
}
