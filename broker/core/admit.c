#include "broker/core/admit.h"

#include <string.h>

#include "base/fault.h"
#include "broker/core/exchange.h"
#include "broker/core/widen.h"
#include "proto/wire.h"

enum { ID_HEX_NOTE_CHARS = TB_ID_HEX_CHARS + 1 };

/* One envelope on its way in, and what will be answered. */
struct entry {
    struct tb_envelope envelope;
    const Tongbao__Body *body;
    enum tb_kind kind;
    uint32_t back; /* the office that gets it back; 0: it is on its way */
    bool held;
    struct tb_envelopes_row row;
    uint32_t filed[2 * TB_RECIPIENTS_MAX];
    size_t filed_count;
    uint32_t full[TB_RECIPIENTS_MAX];
    size_t full_count;
    uint32_t route[2 * TB_RECIPIENTS_MAX]; /* who reads here and must have it */
    size_t route_count;
};

static bool answer_with(struct tb_broker *broker, struct tb_outbox *out, uint64_t to,
                        Tongbao__Answer *answer)
{
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    frame.kind_case = TONGBAO__FRAME__KIND_ANSWER;
    frame.answer = answer;
    /* What was taken is safe; that it was is news for a list, and for the receipt's
     * sender a commit that would stand in the way of the receipts themselves. */
    return answer->status == TB_OK && answer->n_full == 0
               ? tb_house_send_later(broker, out, to, &frame)
               : tb_house_send(broker, out, to, &frame);
}

static enum tb_status answer(struct tb_broker *broker, const struct tb_speaker *speaker,
                             const Tongbao__Offer *offer, struct entry *entry,
                             enum tb_status status)
{
    Tongbao__Answer reply = TONGBAO__ANSWER__INIT;
    reply.tag = offer->tag;
    reply.status = (uint32_t)status;
    if (!tb_id_zero(&entry->envelope.id)) {
        reply.id = tb_wire_id(&entry->envelope.id);
    }
    if (status == TB_OK) {
        reply.position = (uint64_t)entry->row.n;
        reply.duplicate = entry->held;
        reply.n_filed =
            entry->filed_count < TB_RECIPIENTS_MAX ? entry->filed_count : (size_t)TB_RECIPIENTS_MAX;
        reply.filed = entry->filed;
    }
    reply.n_full = entry->full_count;
    reply.full = entry->full;
    return answer_with(broker, speaker->out, speaker->event->from, &reply) ? TB_OK : TB_FULL;
}

void tb_admit_undone(struct tb_broker *broker, const struct tb_event *event,
                     const Tongbao__Offer *offer, enum tb_status status, struct tb_outbox *out)
{
    Tongbao__Answer reply = TONGBAO__ANSWER__INIT;
    struct tb_envelope envelope;
    reply.tag = offer->tag;
    reply.status = (uint32_t)status;
    if (tb_envelope_read(&envelope, tb_wire_bytes(offer->envelope)) == TB_OK) {
        reply.id = tb_wire_id(&envelope.id);
    }
    (void)answer_with(broker, out, event->from, &reply);
}

/* "Only the origin of the notice that they continue, same world": judged with
 * the notice if it is held, and by what can be judged without it if not. */
static enum tb_status authority(struct tb_broker *broker, const struct entry *entry)
{
    struct tb_id subject;
    struct tb_envelopes_row about = {0};
    bool held = tb_statement_subject(entry->body, &subject) &&
                tb_envelopes_find(broker->envelopes, &subject, &about) &&
                about.kind == TB_KIND_NOTICE;
    return tb_statement_authority(&entry->envelope, entry->body, held ? about.origin : 0,
                                  held ? about.world : TB_WORLD_NONE,
                                  entry->envelope.world == TB_WORLD_NONE);
}

/* Everything that is judged before a row changes. */
static enum tb_status judge(struct tb_broker *broker, const struct tb_speaker *speaker,
                            struct tb_bytes bytes, struct entry *entry)
{
    enum tb_status status = tb_envelope_read(&entry->envelope, bytes);
    if (status != TB_OK) {
        return status;
    }
    const Tongbao__Key *key = tb_directories_signer(broker->directories, &entry->envelope);
    if (key == NULL) {
        return TB_SIGNER;
    }
    entry->held = tb_envelopes_find(broker->envelopes, &entry->envelope.id, &entry->row);
    /* "Brokers take nothing more of it; what a broker admitted before is still
     * delivered", and so still answered as the first time. */
    if (key->state == TONGBAO__KEY_STATE__REVOKED && !entry->held) {
        return TB_REVOKED;
    }
    if (key->sign.len != TB_KEY_BYTES) {
        return TB_SIGNER;
    }
    status = tb_envelope_verify(&entry->envelope, key->sign.data);
    if (status != TB_OK) {
        return status;
    }
    /* "A known signer that names a newer directory version is taken at once and
     * the directory fetched"; of any other the head is anybody's word. */
    tb_exchange_want(broker, speaker, entry->envelope.origin / 10000,
                     entry->envelope.directory_version);
    status = tb_envelope_body(&entry->envelope, &broker->bodies, &entry->body);
    if (status != TB_OK) {
        return status;
    }
    entry->kind = tb_statement_kind(entry->body);
    return entry->held ? TB_OK : authority(broker, entry);
}

/* By newer rivers ${office} must hear it, though its origin did not know. */
static bool widened_to(struct tb_broker *broker, struct entry *entry, uint32_t office)
{
    size_t count =
        tb_widen_find(broker, &entry->envelope, entry->body, entry->route, TB_RECIPIENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (entry->route[i] == office) {
            return true;
        }
    }
    return false;
}

/* "The province gives back": it alone, to an office of its own, what that office said
 * or what was addressed to it. */
static enum tb_status may_give_back(struct tb_broker *broker, const struct tb_speaker *speaker,
                                    struct entry *entry)
{
    uint32_t office = entry->back;
    bool superior = speaker->holder.office->code == tb_province_of(office) &&
                    speaker->holder.office->code != office;
    bool its_own = entry->envelope.origin == office && entry->envelope.world != TB_WORLD_NONE;
    if (superior && (its_own || tb_statement_names(entry->body, office))) {
        return TB_OK;
    }
    return superior && widened_to(broker, entry, office) ? TB_OK : TB_AUTHORITY;
}

/* Recipients that read here, and by a newer topology those that must hear too. Who
 * has lost nothing gets nothing again. */
static void find_route(struct tb_broker *broker, struct entry *entry)
{
    entry->route_count = 0;
    if (entry->back != 0) {
        const Tongbao__Office *office = tb_directories_office(broker->directories, entry->back);
        if (tb_house_reads(broker, office)) {
            entry->route[entry->route_count++] = entry->back;
        }
        return;
    }
    for (size_t i = 0; i < entry->body->n_recipients; i++) {
        uint32_t code = entry->body->recipients[i]->office;
        if (tb_house_reads(broker, tb_directories_office(broker->directories, code))) {
            entry->route[entry->route_count++] = code;
        }
    }
    entry->route_count += tb_widen_find(broker, &entry->envelope, entry->body,
                                        entry->route + entry->route_count, TB_RECIPIENTS_MAX);
}

/* Full for every one of them: then it is not stored, and its origin offers it
 * again. */
static bool nobody_has_room(struct tb_broker *broker, const struct entry *entry)
{
    bool urgent = entry->back == 0 && (entry->envelope.world == TB_WORLD_ACTUAL ||
                                       entry->envelope.world == TB_WORLD_NONE);
    for (size_t i = 0; i < entry->route_count; i++) {
        if (!tb_mailbox_full(broker->mailbox, entry->route[i], urgent)) {
            return false;
        }
    }
    return true;
}

static void keep_chain(struct tb_broker *broker, const struct entry *entry)
{
    struct tb_dossier_head head = {
        .world = entry->envelope.world, .seq = entry->body->chain_seq, .id = entry->envelope.id};
    if (entry->body->chain.len == TB_CHAIN_BYTES) {
        memcpy(head.chain, entry->body->chain.data, TB_CHAIN_BYTES);
        tb_dossier_chain(broker->dossier, entry->envelope.origin, &head, entry->row.n);
    }
}

/* By the origin of an envelope alone is its personal part destroyed here. */
static void destroy(struct tb_broker *broker, const struct entry *entry, struct tb_outbox *out)
{
    struct tb_id subject;
    if (entry->kind == TB_KIND_DESTRUCTION && tb_statement_subject(entry->body, &subject) &&
        tb_envelopes_destroy(broker->envelopes, &subject, entry->envelope.origin, entry->row.n)) {
        (void)tb_outbox_add(out, TB_EFFECT_SCRUB, 0, 0, tb_bytes_of(NULL, 0));
    }
}

/* Store it if it is new, file it for all of the route that lack it. */
static void store(struct tb_broker *broker, const struct tb_speaker *speaker, struct entry *entry)
{
    tb_house_begin(broker);
    if (entry->held) {
        tb_envelopes_fill(broker->envelopes, entry->row.n, &entry->envelope);
    } else {
        int64_t n =
            tb_envelopes_add(broker->envelopes, &entry->envelope, entry->kind, speaker->now);
        entry->row = (struct tb_envelopes_row){.n = n,
                                               .id = entry->envelope.id,
                                               .origin = entry->envelope.origin,
                                               .world = entry->envelope.world,
                                               .kind = entry->kind,
                                               .admitted = speaker->now->wall};
        keep_chain(broker, entry);
        destroy(broker, entry, speaker->out);
    }
    for (size_t i = 0; i < entry->route_count; i++) {
        uint32_t office = entry->route[i];
        enum tb_status status = entry->back != 0
                                    ? tb_house_file_back(broker, &entry->row, office, speaker->out)
                                    : tb_house_file(broker, &entry->row, office, speaker->out);
        if (status == TB_FULL && entry->full_count < TB_RECIPIENTS_MAX) {
            entry->full[entry->full_count++] = office;
        }
    }
    if (entry->back == 0) {
        tb_widen_state(broker, speaker->now, &entry->row, &entry->envelope, entry->body,
                       speaker->out);
        entry->filed_count =
            tb_mailbox_offices(broker->mailbox, entry->row.n, entry->filed, 2 * TB_RECIPIENTS_MAX);
    } else if (tb_mailbox_holds(broker->mailbox, entry->row.n, entry->back)) {
        entry->filed[entry->filed_count++] = entry->back;
    }
    uint32_t from = speaker->holder.office->code;
    tb_dossier_accept(broker->dossier, from, from == entry->envelope.origin, entry->row.n,
                      &entry->row.id);
}

static void note(const struct tb_speaker *speaker, const struct entry *entry, enum tb_status status)
{
    char hex[ID_HEX_NOTE_CHARS];
    uint32_t from = speaker->holder.office->code;
    tb_hex(hex, tb_bytes_of(entry->envelope.id.byte, TB_ID_BYTES));
    if (status != TB_OK) {
        tb_outbox_note(speaker->out, TB_NOTE_ENVELOPE_REFUSED, hex, from, tb_status_text(status));
    } else if (entry->held) {
        tb_outbox_note(speaker->out, TB_NOTE_ENVELOPE_DUPLICATE, hex, from);
    } else {
        tb_outbox_note(speaker->out, TB_NOTE_ENVELOPE_ADMITTED, hex, entry->envelope.origin,
                       tb_kind_text(entry->kind), (unsigned)entry->filed_count);
    }
}

enum tb_status tb_admit_offer(struct tb_broker *broker, const struct tb_speaker *speaker,
                              const Tongbao__Offer *offer)
{
    struct entry entry;
    memset(&entry, 0, sizeof entry);
    tb_arena_reset(&broker->bodies);
    entry.back = offer->back;
    enum tb_status status = judge(broker, speaker, tb_wire_bytes(offer->envelope), &entry);
    if (status == TB_OK && entry.back != 0) {
        status = may_give_back(broker, speaker, &entry);
    }
    if (status == TB_OK) {
        find_route(broker, &entry);
        if (!entry.held && entry.route_count == 0) {
            status = TB_UNKNOWN;
        } else if (!entry.held && nobody_has_room(broker, &entry)) {
            memcpy(entry.full, entry.route, sizeof entry.full);
            entry.full_count = entry.route_count < TB_RECIPIENTS_MAX ? entry.route_count
                                                                     : (size_t)TB_RECIPIENTS_MAX;
            status = TB_FULL;
        }
    }
    if (status == TB_OK) {
        store(broker, speaker, &entry);
    }
    note(speaker, &entry, status);
    return answer(broker, speaker, offer, &entry, status);
}
