#include "node/core/ledger.h"

#include <string.h>

#include "node/core/chain.h"
#include "node/core/offer.h"
#include "node/core/views.h"
#include "node/core/waking.h"
#include "proto/wire.h"

enum { PERSONAL_FIELD = 4 };

bool tb_ledger_find(struct tb_node *node, const struct tb_id *id, struct tb_found *found)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LEDGER_FIND);
    bool here = tb_db_one(node->db, sql, "d", id);
    if (here) {
        found->n = tb_db_int(sql, 0);
        found->origin = (uint32_t)tb_db_int(sql, 1);
        found->world = (enum tb_world)tb_db_int(sql, 2);
        found->kind = (enum tb_kind)tb_db_int(sql, 3);
        found->own = tb_db_int(sql, 4) != 0;
        found->destroyed = tb_db_int(sql, 5) != 0;
        found->personal_empty = tb_db_int(sql, 6) != 0;
    }
    tb_db_done(sql);
    return here;
}

int64_t tb_ledger_last(struct tb_node *node)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LEDGER_LAST);
    int64_t last = tb_db_one(node->db, sql, "") ? tb_db_int(sql, 0) : 0;
    tb_db_done(sql);
    return last;
}

/* The outer form is fixed and its last field is the personal part, so the bytes
 * before it are an envelope too, and stay as they came. */
static struct tb_bytes without_personal(const struct tb_envelope *envelope)
{
    size_t cut = tb_wire_size(envelope->personal);
    tb_assert(cut <= envelope->bytes.size);
    return tb_bytes_of(envelope->bytes.data, envelope->bytes.size - cut);
}

/* What the operator reads about an envelope that came. */
static void note_place(const struct tb_at *at, const struct tb_entry *entry,
                       const struct tb_view_news *news)
{
    char chain[2 * TB_CHAIN_BYTES + 1];
    const Tongbao__Body *body = entry->body;
    if (!news->fork && !news->gap) {
        return;
    }
    tb_hex(chain, tb_wire_bytes(body->chain));
    if (news->fork) {
        tb_outbox_note(at->out, TB_NOTE_CHAIN_FORK, entry->envelope->origin, chain,
                       (unsigned long long)body->chain_seq);
    } else {
        tb_outbox_note(at->out, TB_NOTE_CHAIN_GAP, entry->envelope->origin, chain,
                       (unsigned long long)body->chain_seq);
    }
}

/* True when a destruction came before the envelope: what is destroyed never fills. */
static bool destroyed_before(struct tb_node *node, const struct tb_envelope *envelope)
{
    struct sqlite3_stmt *sql = TB_SQL(node, DESTRUCTION_OF);
    bool destroyed = tb_db_one(node->db, sql, "diii", &envelope->id, (int64_t)envelope->world,
                               (int64_t)envelope->origin, (int64_t)node->config.office);
    tb_db_done(sql);
    return destroyed;
}

static void keep_personal(struct tb_node *node, int64_t n, const struct tb_entry *entry)
{
    const struct tb_envelope *envelope = entry->envelope;
    if (entry->body->personal_digest.len == 0) {
        return;
    }
    if (destroyed_before(node, envelope)) {
        tb_db_do(node->db, TB_SQL(node, LEDGER_DESTROY), "diii", &envelope->id,
                 (int64_t)envelope->world, (int64_t)envelope->origin, (int64_t)envelope->origin);
    } else if (envelope->personal.size > 0) {
        tb_db_do(node->db, TB_SQL(node, LEDGER_PERSONAL), "bi", envelope->personal, n);
    }
}

/* A destruction by the notice's origin, or by this office, is done where it is
 * stored, in the same transaction; the log is emptied after it. */
static void destroy(struct tb_node *node, const struct tb_at *at, const struct tb_view_row *row)
{
    struct tb_id subject;
    if (tb_statement_kind(row->body) == TB_KIND_DESTRUCTION &&
        tb_statement_subject(row->body, &subject) &&
        tb_db_do(node->db, TB_SQL(node, LEDGER_DESTROY), "diii", &subject, (int64_t)row->world,
                 (int64_t)row->origin, (int64_t)node->config.office) > 0) {
        char hex[TB_ID_HEX_CHARS + 1];
        tb_hex(hex, tb_bytes_of(subject.byte, TB_ID_BYTES));
        tb_outbox_note(at->out, TB_NOTE_PERSONAL_DESTROYED, hex, row->origin);
        (void)tb_outbox_add(at->out, TB_EFFECT_SCRUB, 0, 0, tb_bytes_of(NULL, 0));
    }
}

int64_t tb_ledger_append(struct tb_node *node, const struct tb_at *at, const struct tb_entry *entry)
{
    const struct tb_envelope *envelope = entry->envelope;
    struct tb_view_row row = {
        .n = tb_ledger_last(node) + 1,
        .id = envelope->id,
        .origin = envelope->origin,
        .world = envelope->world,
        .own = entry->own,
        .issued_ms = entry->body->issued_at_ms,
        .at_ms = at->now->wall.ms,
        .directory_version = envelope->directory_version,
        .body = entry->body,
    };
    tb_db_do(node->db, TB_SQL(node, LEDGER_ADD), "idbiiiiiitii", row.n, &row.id,
             without_personal(envelope), (int64_t)row.origin, (int64_t)row.world,
             (int64_t)tb_statement_kind(entry->body), (int64_t)row.own, row.issued_ms, row.at_ms,
             entry->broker, entry->admitted_ms, (int64_t)entry->mark);
    keep_personal(node, row.n, entry);
    struct tb_view_news news = tb_views_add(node, &row);
    destroy(node, at, &row);
    note_place(at, entry, &news);
    if (news.to_acknowledge) {
        tb_waking_call(node, entry->old);
    }
    return row.n;
}

void tb_ledger_fill(struct tb_node *node, const struct tb_found *found,
                    const struct tb_envelope *envelope)
{
    if (found->personal_empty && !found->destroyed && envelope->personal.size > 0) {
        tb_db_do(node->db, TB_SQL(node, LEDGER_PERSONAL), "bi", envelope->personal, found->n);
    }
}

/* The recipients of ${body}, each with its count within the chain; ${list} and
 * ${entry} are the caller's memory. */
static void address(struct tb_node *node, Tongbao__Body *body, const struct tb_recipients *route,
                    Tongbao__Recipient **list, Tongbao__Recipient *entry)
{
    for (size_t i = 0; i < route->count; i++) {
        const struct tb_addressee *to = &route->at[i];
        tongbao__recipient__init(&entry[i]);
        entry[i].office = to->office;
        entry[i].clause = (char *)(uintptr_t)to->clause;
        entry[i].required = to->required;
        entry[i].hops = to->hops;
        entry[i].river = (char *)(uintptr_t)to->river;
        entry[i].outside = to->outside;
        if (body->chain.len > 0) {
            entry[i].nth = tb_chain_nth(node, body->chain, to->office);
        }
        list[i] = &entry[i];
    }
    body->recipients = list;
    body->n_recipients = route->count;
}

/* Seal ${body} into the node's envelope room and take it apart again. */
static enum tb_status seal(struct tb_node *node, enum tb_world world, const Tongbao__Body *body,
                           struct tb_bytes personal, struct tb_envelope *envelope)
{
    const struct tb_directory *directory = tb_directories_for(node->set, node->config.office);
    struct tb_seal seal = {
        .world = world,
        .origin = node->config.office,
        .directory_version = directory == NULL ? 0 : tb_directory_version(directory),
        .secret = node->config.secret,
        .personal = personal,
    };
    struct tb_id id;
    tb_buf_cut(&node->envelope, 0);
    enum tb_status status = tb_envelope_seal(&node->envelope, &seal, body, &id);
    if (status != TB_OK) {
        return status;
    }
    status = tb_envelope_read(envelope, tb_buf_bytes(&node->envelope));
    tb_assert(status == TB_OK);
    tb_assert(tb_id_equal(&id, &envelope->id));
    return TB_OK;
}

enum tb_status tb_ledger_say(struct tb_node *node, const struct tb_at *at, enum tb_world world,
                             Tongbao__Body *body, const struct tb_recipients *route,
                             struct tb_id *id, int64_t *n)
{
    return tb_ledger_say_with(node, at, world, body, tb_bytes_of(NULL, 0), route, id, n);
}

enum tb_status tb_ledger_say_with(struct tb_node *node, const struct tb_at *at, enum tb_world world,
                                  Tongbao__Body *body, struct tb_bytes personal,
                                  const struct tb_recipients *route, struct tb_id *id, int64_t *n)
{
    Tongbao__Recipient entry[TB_RECIPIENTS_MAX];
    Tongbao__Recipient *list[TB_RECIPIENTS_MAX];
    struct tb_chain_place place;
    struct tb_envelope envelope;
    bool chained = tb_kind_chained(tb_statement_kind(body));
    body->issued_at_ms = at->now->wall.ms;
    if (chained) {
        tb_chain_place(node, world, &place);
        tb_chain_fill(&place, body);
    }
    address(node, body, route, list, entry);
    enum tb_status status = seal(node, world, body, personal, &envelope);
    if (status == TB_OK) {
        struct tb_entry made = {.envelope = &envelope, .body = body, .own = true};
        int64_t row = tb_ledger_append(node, at, &made);
        *id = envelope.id;
        if (n != NULL) {
            *n = row;
        }
        if (chained) {
            tb_chain_step(node, &place, &envelope.id);
        }
        tb_offer_open(node, at, row, body, tb_statement_lane(world, tb_statement_kind(body)));
    }
    body->recipients = NULL;
    body->n_recipients = 0;
    return status;
}

struct tb_bytes tb_ledger_bytes(struct tb_node *node, int64_t n)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LEDGER_BYTES);
    tb_buf_cut(&node->envelope, 0);
    if (tb_db_one(node->db, sql, "i", n)) {
        enum tb_status status = tb_buf_add(&node->envelope, tb_db_bytes(sql, 0));
        struct tb_bytes personal = tb_db_bytes(sql, 1);
        if (status == TB_OK && personal.size > 0) {
            status = tb_wire_put(&node->envelope, PERSONAL_FIELD, personal);
        }
        tb_assert(status == TB_OK);
    }
    tb_db_done(sql);
    return tb_buf_bytes(&node->envelope);
}
