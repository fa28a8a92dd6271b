#include "broker/core/repair.h"

#include "proto/wire.h"

enum tb_status tb_broker_repair_listing(struct tb_broker *broker, const struct tb_speaker *speaker,
                                        const Tongbao__Listing *listing)
{
    ProtobufCBinaryData lacking[TB_LISTING_IDS_MAX];
    Tongbao__Want want = TONGBAO__WANT__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    struct tb_peer *peer = speaker->peer;
    struct tb_envelopes_row row;
    struct tb_id id;
    want.ids = lacking;
    for (size_t i = 0; i < listing->n_ids && i < TB_LISTING_IDS_MAX; i++) {
        if (tb_id_take(&id, tb_wire_bytes(listing->ids[i])) &&
            !tb_envelopes_find(broker->envelopes, &id, &row)) {
            lacking[want.n_ids++] = listing->ids[i];
        }
    }
    frame.kind_case = TONGBAO__FRAME__KIND_WANT;
    frame.want = &want;
    /* An empty one too: by it the office knows that the page was read. */
    if (!tb_house_send(broker, speaker->out, speaker->event->from, &frame)) {
        return TB_FULL;
    }
    peer->listed += (uint32_t)listing->n_ids;
    peer->lacking += (uint32_t)want.n_ids;
    if (listing->last) {
        tb_outbox_note(speaker->out, TB_NOTE_REPAIR_FILED, peer->office, peer->listed,
                       peer->lacking);
        peer->listed = 0;
        peer->lacking = 0;
    }
    return TB_OK;
}

enum tb_status tb_broker_repair_aside(struct tb_broker *broker, const struct tb_speaker *speaker,
                                      const Tongbao__Aside *aside)
{
    struct tb_envelopes_row row;
    struct tb_id id;
    uint32_t office = speaker->peer->office;
    if (tb_id_take(&id, tb_wire_bytes(aside->id)) &&
        tb_envelopes_find(broker->envelopes, &id, &row) &&
        tb_mailbox_holds(broker->mailbox, row.n, office)) {
        tb_envelopes_aside(broker->envelopes, row.n, office, aside->outcome, aside->reason,
                           speaker->now->wall);
    }
    return TB_OK;
}
