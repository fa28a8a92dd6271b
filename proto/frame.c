#include "proto/frame.h"

#include <string.h>

#include "base/limits.h"
#include "proto/directory.h"
#include "proto/envelope.h"
#include "proto/statement.h"
#include "proto/wire.h"

static bool is_id(ProtobufCBinaryData data)
{
    return data.len == TB_ID_BYTES;
}

static bool is_id_or_none(ProtobufCBinaryData data)
{
    return data.len == TB_ID_BYTES || data.len == 0;
}

static bool is_code(uint32_t code)
{
    return code >= TB_OFFICE_CODE_MIN && code <= TB_OFFICE_CODE_MAX;
}

static bool is_prefix(uint32_t prefix)
{
    return prefix >= TB_PREFIX_MIN && prefix <= TB_PREFIX_MAX;
}

static bool is_count(uint64_t count)
{
    return count <= INT64_MAX;
}

static bool is_name(const char *text)
{
    return strlen(text) <= TB_NAME_BYTES_MAX;
}

/* A mailbox's lane; 0 is only for what was fetched outside the lanes. */
static bool is_lane(uint32_t lane)
{
    return lane >= TB_LANE_FIRST && lane <= TB_LANES;
}

/* TB_OK, or the first of two complaints. */
static enum tb_status judge(bool shaped, bool within)
{
    if (!shaped) {
        return TB_MALFORMED;
    }
    return within ? TB_OK : TB_TOOBIG;
}

static enum tb_status check_ids(const ProtobufCBinaryData *ids, size_t count)
{
    if (count > TB_LISTING_IDS_MAX) {
        return TB_TOOBIG;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_id(ids[i])) {
            return TB_MALFORMED;
        }
    }
    return TB_OK;
}

static enum tb_status check_directories(Tongbao__DirectoryVersion *const *versions, size_t count)
{
    if (count > TB_ROOTS_MAX) {
        return TB_TOOBIG;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_prefix(versions[i]->prefix) || !is_count(versions[i]->version) ||
            !is_id(versions[i]->digest)) {
            return TB_MALFORMED;
        }
    }
    return TB_OK;
}

static enum tb_status check_cursors(const Tongbao__Hello *hello)
{
    uint32_t seen = 0;
    for (size_t i = 0; i < hello->n_cursors; i++) {
        const Tongbao__Cursor *cursor = hello->cursors[i];
        bool place = cursor->seq == 0 ? cursor->id.len == 0 : is_id(cursor->id);
        if (!is_lane(cursor->lane) || !is_count(cursor->seq) || !place ||
            (seen & 1u << cursor->lane) != 0) {
            return TB_MALFORMED;
        }
        seen |= 1u << cursor->lane;
    }
    return TB_OK;
}

static enum tb_status check_hello(const Tongbao__Hello *hello)
{
    const Tongbao__Position *accepted = hello->accepted;
    bool place = accepted == NULL ||
                 (is_count(accepted->position) &&
                  (accepted->position == 0 ? accepted->id.len == 0 : is_id(accepted->id)));
    bool epoch = hello->epoch.len == 0 || hello->epoch.len == TB_EPOCH_BYTES;
    enum tb_status status = judge(epoch && place && is_code(hello->office) && hello->version != 0,
                                  is_name(hello->software));
    if (status == TB_OK) {
        status = check_cursors(hello);
    }
    return status == TB_OK ? check_directories(hello->directories, hello->n_directories) : status;
}

static enum tb_status check_welcome(const Tongbao__Welcome *welcome)
{
    enum tb_status status = judge(welcome->epoch.len == TB_EPOCH_BYTES && welcome->version != 0 &&
                                      welcome->broker[0] != '\0',
                                  is_name(welcome->broker) && is_name(welcome->software) &&
                                      welcome->n_chains <= TB_CHAIN_HEADS_MAX);
    for (size_t i = 0; status == TB_OK && i < welcome->n_chains; i++) {
        const Tongbao__ChainHead *head = welcome->chains[i];
        bool whole = head->chain.len == TB_CHAIN_BYTES && head->seq > 0 && is_count(head->seq) &&
                     is_id(head->id);
        status = whole ? TB_OK : TB_MALFORMED;
    }
    return status == TB_OK ? check_directories(welcome->directories, welcome->n_directories)
                           : status;
}

static enum tb_status check_answer(const Tongbao__Answer *answer)
{
    bool codes = true;
    for (size_t i = 0; i < answer->n_filed; i++) {
        codes = codes && is_code(answer->filed[i]);
    }
    for (size_t i = 0; i < answer->n_full; i++) {
        codes = codes && is_code(answer->full[i]);
    }
    /* What could not be read has no id. */
    bool named = is_id(answer->id) || (answer->id.len == 0 && answer->status != TB_OK);
    return judge(named && codes && is_count(answer->position),
                 answer->n_filed <= TB_RECIPIENTS_MAX && answer->n_full <= TB_RECIPIENTS_MAX);
}

static enum tb_status check_deliver(const Tongbao__Deliver *deliver)
{
    bool outside = deliver->lane == 0;
    bool inside = is_lane(deliver->lane) && deliver->seq > 0;
    return (outside || inside) && is_count(deliver->seq) ? TB_OK : TB_MALFORMED;
}

static enum tb_status check_stored(const Tongbao__Stored *stored)
{
    bool whole =
        is_lane(stored->lane) && stored->seq > 0 && is_count(stored->seq) && is_id(stored->id);
    return whole ? TB_OK : TB_MALFORMED;
}

static enum tb_status check_ask(const Tongbao__Ask *ask)
{
    return judge(is_prefix(ask->prefix) && is_count(ask->version),
                 ask->offset <= TB_DIRECTORY_BYTES_MAX);
}

static enum tb_status check_part(const Tongbao__Part *part)
{
    if (!is_prefix(part->prefix) || !is_count(part->version)) {
        return TB_MALFORMED;
    }
    if (part->total_bytes > TB_DIRECTORY_BYTES_MAX ||
        part->content.len > TB_DIRECTORY_PART_BYTES_MAX) {
        return TB_TOOBIG;
    }
    bool inside =
        part->offset <= part->total_bytes && part->content.len <= part->total_bytes - part->offset;
    return inside ? TB_OK : TB_MALFORMED;
}

static enum tb_status check_kind(const Tongbao__Frame *frame)
{
    switch (frame->kind_case) {
    case TONGBAO__FRAME__KIND_HELLO:
        return check_hello(frame->hello);
    case TONGBAO__FRAME__KIND_WELCOME:
        return check_welcome(frame->welcome);
    case TONGBAO__FRAME__KIND_ANSWER:
        return check_answer(frame->answer);
    case TONGBAO__FRAME__KIND_DELIVER:
        return check_deliver(frame->deliver);
    case TONGBAO__FRAME__KIND_STORED:
        return check_stored(frame->stored);
    case TONGBAO__FRAME__KIND_GAP:
        return is_lane(frame->gap->lane) && is_count(frame->gap->before_seq) ? TB_OK : TB_MALFORMED;
    case TONGBAO__FRAME__KIND_HAVE:
        return check_directories(frame->have->directories, frame->have->n_directories);
    case TONGBAO__FRAME__KIND_ASK:
        return check_ask(frame->ask);
    case TONGBAO__FRAME__KIND_PART:
        return check_part(frame->part);
    case TONGBAO__FRAME__KIND_LISTING:
        return check_ids(frame->listing->ids, frame->listing->n_ids);
    case TONGBAO__FRAME__KIND_WANT:
        return check_ids(frame->want->ids, frame->want->n_ids);
    case TONGBAO__FRAME__KIND_FETCH:
        return check_ids(frame->fetch->ids, frame->fetch->n_ids);
    case TONGBAO__FRAME__KIND_ASIDE:
        return is_id_or_none(frame->aside->id) ? TB_OK : TB_MALFORMED;
    case TONGBAO__FRAME__KIND_OFFER: /* its envelope is answered by itself */
    case TONGBAO__FRAME__KIND_REFUSAL:
    case TONGBAO__FRAME__KIND_BEAT:
    case TONGBAO__FRAME__KIND__NOT_SET:
    case _TONGBAO__FRAME__KIND__CASE_IS_INT_SIZE:
        break;
    }
    return TB_OK;
}

enum tb_status tb_frame_read(struct tb_bytes bytes, struct tb_arena *arena,
                             const Tongbao__Frame **frame)
{
    const ProtobufCMessage *base;
    *frame = NULL;
    if (bytes.size > TB_FRAME_BYTES_MAX) {
        return TB_TOOBIG;
    }
    if (bytes.size == 0) {
        return TB_MALFORMED;
    }
    enum tb_status status = tb_wire_unpack(&tongbao__frame__descriptor, bytes, arena, &base);
    if (status != TB_OK) {
        return status;
    }
    const Tongbao__Frame *unpacked = (const Tongbao__Frame *)base;
    status = check_kind(unpacked);
    if (status == TB_OK) {
        *frame = unpacked;
    }
    return status;
}

enum tb_status tb_frame_pack(struct tb_buf *out, const Tongbao__Frame *frame)
{
    tb_buf_cut(out, 0);
    if (protobuf_c_message_get_packed_size(&frame->base) > TB_FRAME_BYTES_MAX) {
        return TB_TOOBIG;
    }
    return tb_wire_pack(out, &frame->base);
}
