#include "broker/core/deliver.h"

#include "base/fault.h"
#include "proto/wire.h"

#include <string.h>

/* "What a broker admitted before is still delivered … marked." */
static bool signer_revoked(const struct tb_broker *broker, const struct tb_envelopes_row *row)
{
    struct tb_envelope head = {.world = row->world, .origin = row->origin};
    memcpy(head.key_id, row->key_id, TB_KEY_ID_BYTES);
    const Tongbao__Key *key = tb_directories_signer(broker->directories, &head);
    return key != NULL && key->state == TONGBAO__KEY_STATE__REVOKED;
}

/* A province watches: its copy of a receipt is for the record, and would cost it a
 * commit while the origin waits for the very same receipts. */
static bool for_the_record(const struct tb_envelopes_row *row, uint32_t office)
{
    return row->kind == TB_KIND_RECEIPT && office == tb_province_of(office);
}

/* Append one Deliver of the envelope that is loaded for ${office} at ${to}; ${lane} 0
 * is outside the lanes. False when the outbox is full. */
static bool send_row(struct tb_broker *broker, struct tb_outbox *out, uint32_t office, uint64_t to,
                     const struct tb_envelopes_row *row, uint32_t lane, uint64_t seq)
{
    Tongbao__Deliver deliver = TONGBAO__DELIVER__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    deliver.lane = lane;
    deliver.seq = seq;
    deliver.envelope = tb_wire_data(tb_buf_bytes(&broker->loaded));
    deliver.admitted_at_ms = row->admitted.ms;
    deliver.revoked = signer_revoked(broker, row);
    frame.kind_case = TONGBAO__FRAME__KIND_DELIVER;
    frame.deliver = &deliver;
    return for_the_record(row, office) ? tb_house_send_later(broker, out, to, &frame)
                                       : tb_house_send(broker, out, to, &frame);
}

/* Load an envelope with its row; false when the store failed. */
static bool load(struct tb_broker *broker, int64_t n, struct tb_envelopes_row *row)
{
    tb_buf_cut(&broker->loaded, 0);
    return tb_envelopes_at(broker->envelopes, n, row) &&
           tb_envelopes_load(broker->envelopes, n, &broker->loaded);
}

enum fed { FED_ALL, FED_WINDOW, FED_BUDGET };

/* Send what stands in one lane beyond what was sent. */
static enum fed feed_lane(struct tb_broker *broker, struct tb_peer *peer, enum tb_lane lane,
                          const struct tb_now *now, size_t *budget, struct tb_outbox *out)
{
    struct tb_mailbox_row rows[TB_WINDOW_ROWS];
    struct tb_envelopes_row row;
    size_t room = tb_peer_room(peer, lane);
    if (room == 0) {
        return FED_WINDOW;
    }
    size_t count =
        tb_mailbox_read(broker->mailbox, peer->office, lane, peer->sent[lane], rows, room);
    for (size_t i = 0; i < count; i++) {
        if (*budget == 0) {
            return FED_BUDGET;
        }
        if (!load(broker, rows[i].n, &row)) {
            if (broker->db->status != TB_OK) {
                return FED_BUDGET;
            }
            /* A row without its envelope must not stop what stands behind it. */
            peer->sent[lane] = rows[i].seq;
            continue;
        }
        size_t size = broker->loaded.size;
        if (!tb_peer_fits(peer, lane, size)) {
            return FED_WINDOW;
        }
        if (!send_row(broker, out, peer->office, peer->handle, &row, lane, rows[i].seq)) {
            return FED_BUDGET;
        }
        if (peer->flight_count == 0) {
            peer->progress_ms = now->mono_ms;
        }
        tb_peer_sent(peer, lane, rows[i].seq, size);
        *budget = *budget > size ? *budget - size : 0;
    }
    return count == room ? FED_WINDOW : FED_ALL;
}

/* "Actual notices, inquiries and corrections" before everything else: lane 2
 * only when lane 1 has nothing that could go. */
static bool feed(struct tb_broker *broker, struct tb_peer *peer, const struct tb_now *now,
                 size_t *budget, struct tb_outbox *out)
{
    enum fed fed = feed_lane(broker, peer, TB_LANE_FIRST, now, budget, out);
    if (fed == FED_ALL) {
        fed = feed_lane(broker, peer, TB_LANE_REST, now, budget, out);
    }
    /* With the window full the next Stored makes it hungry again. */
    peer->hungry = fed == FED_BUDGET;
    return fed != FED_BUDGET;
}

void tb_deliver_pump(struct tb_broker *broker, const struct tb_now *now, struct tb_outbox *out)
{
    size_t budget = TB_PUMP_BYTES_MAX;
    size_t count = tb_peers_count(broker->peers);
    struct tb_holder holder;
    tb_peers_wake(broker->peers);
    broker->pump_more = false;
    for (size_t i = 0; i < count; i++) {
        size_t index = (broker->pump_from + i) % count;
        struct tb_peer *peer = tb_peers_at(broker->peers, index);
        if (peer->held || !peer->hungry || now->mono_ms < peer->retry_ms) {
            continue;
        }
        /* "A revoked key … gets no more mail." */
        if (tb_house_holder(broker, peer->key, now->wall, &holder) != TB_OK) {
            continue;
        }
        if (!feed(broker, peer, now, &budget, out)) {
            broker->pump_from = index;
            broker->pump_more = true;
            break;
        }
    }
}

void tb_deliver_sweep(struct tb_broker *broker, const struct tb_now *now, struct tb_outbox *out)
{
    for (size_t i = tb_peers_count(broker->peers); i-- > 0;) {
        struct tb_peer *peer = tb_peers_at(broker->peers, i);
        uint64_t silent_ms = now->mono_ms - peer->heard_ms;
        if (silent_ms >= TB_PEER_SILENT_MS) {
            tb_outbox_note(out, TB_NOTE_PEER_DOWN, peer->office,
                           (unsigned long long)(silent_ms / 1000));
            tb_peers_drop(broker->peers, peer->handle);
        } else if (peer->flight_count > 0 &&
                   now->mono_ms - peer->progress_ms >= tb_peer_patience_ms(peer)) {
            tb_peer_rewind(peer);
            peer->hungry = true;
        }
    }
}

void tb_deliver_settle(struct tb_broker *broker, uint32_t office, enum tb_lane lane, uint64_t seq,
                       const struct tb_now *now)
{
    int64_t done[TB_MAILBOX_SETTLE_ROWS_MAX];
    bool more;
    tb_mailbox_claim(broker->mailbox, office, lane, seq);
    size_t count = tb_mailbox_settle(broker->mailbox, office, lane, done, &more);
    for (size_t i = 0; i < count; i++) {
        tb_envelopes_stored(broker->envelopes, done[i], now);
    }
    broker->tidy_more = broker->tidy_more || more;
}

enum tb_status tb_deliver_stored(struct tb_broker *broker, const struct tb_speaker *speaker,
                                 const Tongbao__Stored *stored)
{
    struct tb_peer *peer = speaker->peer;
    enum tb_lane lane = (enum tb_lane)stored->lane;
    struct tb_id id;
    if (!tb_id_take(&id, tb_wire_bytes(stored->id)) ||
        tb_mailbox_place(broker->mailbox, peer->office, lane, broker->epoch.k, stored->seq, &id) !=
            TB_PLACE_HELD) {
        char hex[2 * TB_KEY_BYTES + 1];
        tb_hex(hex, tb_bytes_of(peer->key, TB_KEY_BYTES));
        tb_outbox_note(speaker->out, TB_NOTE_PEER_REFUSED, hex, "stored names no row");
        return TB_OK;
    }
    tb_deliver_settle(broker, peer->office, lane, stored->seq, speaker->now);
    tb_peer_landed(peer, lane, stored->seq);
    peer->progress_ms = speaker->now->mono_ms;
    peer->retry_ms = 0;
    peer->hungry = true;
    return TB_OK;
}

void tb_deliver_hold(const struct tb_speaker *speaker)
{
    struct tb_peer *peer = speaker->peer;
    if (!peer->held) {
        tb_outbox_note(speaker->out, TB_NOTE_PEER_FULL, peer->office);
    }
    peer->held = true;
    tb_peer_rewind(peer);
}

/* In its mailbox, among the recipients, or its own. */
static bool entitled(struct tb_broker *broker, const struct tb_envelopes_row *row, uint32_t office)
{
    struct tb_envelope envelope;
    const Tongbao__Body *body;
    if (row->origin == office || tb_mailbox_holds(broker->mailbox, row->n, office)) {
        return true;
    }
    tb_arena_reset(&broker->bodies);
    return tb_envelope_read(&envelope, tb_buf_bytes(&broker->loaded)) == TB_OK &&
           tb_envelope_body(&envelope, &broker->bodies, &body) == TB_OK &&
           tb_statement_names(body, office);
}

enum tb_status tb_deliver_fetch(struct tb_broker *broker, const struct tb_speaker *speaker,
                                const Tongbao__Fetch *fetch)
{
    size_t sent_bytes = 0;
    for (size_t i = 0; i < fetch->n_ids && i < TB_FETCH_IDS_MAX; i++) {
        struct tb_envelopes_row row;
        struct tb_id id;
        if (!tb_id_take(&id, tb_wire_bytes(fetch->ids[i])) ||
            !tb_envelopes_find(broker->envelopes, &id, &row) || !load(broker, row.n, &row) ||
            !entitled(broker, &row, speaker->peer->office)) {
            continue;
        }
        if (sent_bytes > 0 && sent_bytes + broker->loaded.size > TB_WINDOW_BYTES) {
            break;
        }
        if (!send_row(broker, speaker->out, speaker->peer->office, speaker->event->from, &row, 0,
                      0)) {
            return TB_FULL;
        }
        sent_bytes += broker->loaded.size;
    }
    return TB_OK;
}
