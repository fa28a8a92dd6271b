#include "broker/core/house.h"

#include <string.h>

#include "base/fault.h"

static bool send_as(struct tb_broker *broker, struct tb_outbox *out, enum tb_effect_kind kind,
                    uint64_t peer, const Tongbao__Frame *frame)
{
    enum tb_status status = tb_frame_pack(&broker->packed, frame);
    tb_assert(status == TB_OK);
    return tb_outbox_add(out, kind, peer, (uint32_t)frame->kind_case,
                         tb_buf_bytes(&broker->packed));
}

bool tb_house_send(struct tb_broker *broker, struct tb_outbox *out, uint64_t peer,
                   const Tongbao__Frame *frame)
{
    return send_as(broker, out, TB_EFFECT_FRAME, peer, frame);
}

bool tb_house_send_later(struct tb_broker *broker, struct tb_outbox *out, uint64_t peer,
                         const Tongbao__Frame *frame)
{
    return send_as(broker, out, TB_EFFECT_LATER, peer, frame);
}

enum tb_status tb_house_holder(const struct tb_broker *broker, const uint8_t key[TB_KEY_BYTES],
                               struct tb_wall wall, struct tb_holder *holder)
{
    if (!tb_directories_holder(broker->directories, key, holder) || holder->office == NULL) {
        return TB_PEER;
    }
    return tb_directories_admits(holder->key, wall) ? TB_OK : TB_REVOKED;
}

bool tb_house_reads(const struct tb_broker *broker, const Tongbao__Office *office)
{
    for (size_t i = 0; office != NULL && i < office->n_brokers; i++) {
        if (strcmp(office->brokers[i], broker->config.name) == 0) {
            return true;
        }
    }
    return false;
}

void tb_house_begin(struct tb_broker *broker)
{
    if (broker->epoch.unwritten) {
        tb_epochs_begin(broker->epochs, &broker->epoch);
    }
}

static enum tb_status file(struct tb_broker *broker, const struct tb_envelopes_row *row,
                           uint32_t office, enum tb_lane lane, bool urgent, struct tb_outbox *out)
{
    uint64_t seq;
    enum tb_status status =
        tb_mailbox_append(broker->mailbox, office, lane, row->n, &row->id, urgent, &seq);
    if (status == TB_OK) {
        tb_envelopes_waits(broker->envelopes, row->n);
        tb_peers_touch(broker->peers, office);
    } else if (status == TB_FULL && out != NULL) {
        tb_outbox_note(out, TB_NOTE_MAILBOX_FULL, office, (unsigned)lane);
    }
    return status;
}

enum tb_status tb_house_file(struct tb_broker *broker, const struct tb_envelopes_row *row,
                             uint32_t office, struct tb_outbox *out)
{
    enum tb_lane lane = tb_statement_lane(row->world, row->kind);
    bool urgent = row->world == TB_WORLD_ACTUAL || row->world == TB_WORLD_NONE;
    return file(broker, row, office, lane, urgent, out);
}

enum tb_status tb_house_file_back(struct tb_broker *broker, const struct tb_envelopes_row *row,
                                  uint32_t office, struct tb_outbox *out)
{
    return file(broker, row, office, TB_LANE_REST, false, out);
}
