#include "broker/core/broker.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "broker/core/admit.h"
#include "broker/core/deliver.h"
#include "broker/core/exchange.h"
#include "broker/core/greet.h"
#include "broker/core/house.h"
#include "broker/core/repair.h"
#include "broker/core/widen.h"
#include "proto/wire.h"

enum {
    KEYS_AGAIN_MS = 60 * 60 * 1000, /* retired keys run out with the time */
    TIDY_AGAIN_MS = 60 * 1000,      /* looked for old envelopes when idle */
    REFUSAL_BYTES_MAX = 64,
};

/* The roots pinned anew, and what the rows say is in force. */
static enum tb_status fill_directories(struct tb_broker *broker)
{
    tb_directories_free(broker->directories);
    broker->directories = tb_directories_new();
    for (size_t i = 0; i < broker->config.roots_count; i++) {
        const struct tb_root *root = &broker->config.roots[i];
        enum tb_status status =
            tb_directories_trust(broker->directories, root->prefix, &root->fingerprint);
        if (status != TB_OK) {
            return status;
        }
    }
    tb_exchange_load(broker->exchange, broker->directories);
    return TB_OK;
}

static struct tb_broker *make(struct tb_db *db, const struct tb_broker_config *config,
                              const struct tb_broker_epoch *epoch, const struct tb_now *now)
{
    struct tb_broker *broker = calloc(1, sizeof *broker);
    tb_assert(broker != NULL);
    broker->db = db;
    broker->config = *config;
    uint64_t rows_max = config->mailbox_rows_max;
    broker->epoch = *epoch;
    broker->epochs = tb_epochs_new(db);
    broker->mailbox =
        tb_mailbox_new(db, rows_max == 0 ? TB_MAILBOX_ROWS_DEFAULT : rows_max, epoch->k);
    broker->envelopes = tb_envelopes_new(db, now);
    broker->dossier = tb_dossier_new(db);
    broker->exchange = tb_exchange_new(db);
    broker->atlas = tb_atlas_new();
    broker->peers = tb_peers_new();
    broker->widened = calloc(TB_RULE_ROWS_MAX, sizeof *broker->widened);
    tb_assert(broker->widened != NULL);
    tb_arena_init(&broker->frames, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    tb_arena_init(&broker->bodies, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    tb_buf_init(&broker->packed, TB_FRAME_BYTES_MAX);
    tb_buf_init(&broker->loaded, TB_ENVELOPES_BYTES_MAX);
    broker->sweep_ms = now->mono_ms + TB_PUMP_SWEEP_MS;
    broker->keys_ms = now->mono_ms + KEYS_AGAIN_MS;
    broker->tidy_more = true;
    return broker;
}

enum tb_status tb_broker_new(struct tb_broker **out, struct tb_db *db,
                             const struct tb_broker_config *config, const struct tb_now *now,
                             struct tb_diag *diag)
{
    struct tb_broker_epoch epoch;
    *out = NULL;
    enum tb_status status = tb_broker_store_own(db, config->name, config->seed, &epoch, diag);
    if (status != TB_OK) {
        return status;
    }
    struct tb_broker *broker = make(db, config, &epoch, now);
    if (fill_directories(broker) != TB_OK) {
        tb_diag_set(diag, 0,
                    "two roots are given for one prefix, or more than %d: "
                    "pin one root for each province",
                    (int)TB_ROOTS_MAX);
        tb_broker_free(broker);
        return TB_INPUT;
    }
    if (db->status != TB_OK) {
        tb_broker_free(broker);
        return db->status;
    }
    *out = broker;
    return TB_OK;
}

void tb_broker_free(struct tb_broker *broker)
{
    if (broker == NULL) {
        return;
    }
    tb_epochs_free(broker->epochs);
    tb_mailbox_free(broker->mailbox);
    tb_envelopes_free(broker->envelopes);
    tb_dossier_free(broker->dossier);
    tb_exchange_free(broker->exchange);
    tb_directories_free(broker->directories);
    tb_atlas_free(broker->atlas);
    tb_peers_free(broker->peers);
    free(broker->widened);
    tb_arena_fini(&broker->frames);
    tb_arena_fini(&broker->bodies);
    tb_buf_fini(&broker->packed);
    tb_buf_fini(&broker->loaded);
    free(broker);
}

/* What fills the disk. Stored makes room, and a Hello or a Listing changes no row. */
static bool is_mail(const Tongbao__Frame *frame)
{
    return frame->kind_case == TONGBAO__FRAME__KIND_OFFER ||
           frame->kind_case == TONGBAO__FRAME__KIND_PART;
}

static enum tb_status dispatch(struct tb_broker *broker, const struct tb_speaker *speaker,
                               const Tongbao__Frame *frame)
{
    switch ((int)frame->kind_case) {
    case TONGBAO__FRAME__KIND_OFFER:
        return tb_admit_offer(broker, speaker, frame->offer);
    case TONGBAO__FRAME__KIND_STORED:
        return tb_deliver_stored(broker, speaker, frame->stored);
    case TONGBAO__FRAME__KIND_HAVE:
        return tb_exchange_have(broker, speaker, frame->have);
    case TONGBAO__FRAME__KIND_ASK:
        return tb_exchange_ask(broker, speaker, frame->ask);
    case TONGBAO__FRAME__KIND_PART:
        return tb_exchange_part(broker, speaker, frame->part);
    case TONGBAO__FRAME__KIND_LISTING:
        return tb_broker_repair_listing(broker, speaker, frame->listing);
    case TONGBAO__FRAME__KIND_FETCH:
        return tb_deliver_fetch(broker, speaker, frame->fetch);
    case TONGBAO__FRAME__KIND_ASIDE:
        return tb_broker_repair_aside(broker, speaker, frame->aside);
    case TONGBAO__FRAME__KIND_REFUSAL:
        if (frame->refusal->status == (uint32_t)TB_DISKFULL) {
            tb_deliver_hold(speaker);
        }
        return TB_OK;
    case TONGBAO__FRAME__KIND__NOT_SET:
        return TB_OK; /* "one with an unknown kind is passed over" */
    default:
        return TB_STATE; /* a broker's frame has no business here */
    }
}

static bool answer_beat(struct tb_broker *broker, const struct tb_now *now, uint64_t to,
                        const Tongbao__Beat *beat, struct tb_outbox *out)
{
    Tongbao__Beat reply = TONGBAO__BEAT__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    reply.wall_ms = now->wall.ms;
    frame.kind_case = TONGBAO__FRAME__KIND_BEAT;
    frame.beat = &reply;
    return !beat->answer || tb_house_send(broker, out, to, &frame);
}

static enum tb_status on_frame(struct tb_broker *broker, const struct tb_now *now,
                               const struct tb_event *event, struct tb_outbox *out)
{
    struct tb_speaker speaker = {.now = now, .event = event, .out = out};
    const Tongbao__Frame *frame;
    /* By key, "identity comes from the ZAP User-Id", on every frame. */
    enum tb_status status = tb_house_holder(broker, event->key, now->wall, &speaker.holder);
    if (status != TB_OK) {
        return status;
    }
    tb_arena_reset(&broker->frames);
    status = tb_frame_read(event->data, &broker->frames, &frame);
    if (status != TB_OK) {
        return status;
    }
    if (frame->kind_case == TONGBAO__FRAME__KIND_HELLO) {
        return tb_greet_hello(broker, &speaker, frame->hello);
    }
    speaker.peer = tb_peers_find(broker->peers, event->from);
    if (speaker.peer == NULL || memcmp(speaker.peer->key, event->key, TB_KEY_BYTES) != 0) {
        return TB_STATE;
    }
    speaker.peer->heard_ms = now->mono_ms;
    if (frame->kind_case == TONGBAO__FRAME__KIND_BEAT) {
        return answer_beat(broker, now, event->from, frame->beat, out) ? TB_OK : TB_FULL;
    }
    if (broker->scarce && is_mail(frame)) {
        return TB_DISKFULL;
    }
    return dispatch(broker, &speaker, frame);
}

static enum tb_status handle(void *self, const struct tb_now *now, const struct tb_event *event,
                             struct tb_outbox *out)
{
    struct tb_broker *broker = self;
    enum tb_status status = TB_OK;
    switch (event->kind) {
    case TB_EVENT_FRAME:
        status = on_frame(broker, now, event, out);
        break;
    case TB_EVENT_REQUEST:
        status = tb_exchange_take(broker, now, event->data, 0, out);
        if (status == TB_OK) {
            (void)tb_outbox_add(out, TB_EFFECT_ANSWER, event->from, TB_OK, tb_bytes_of(NULL, 0));
        }
        break;
    case TB_EVENT_DUE:
        break;
    case TB_EVENT_LINK_UP:
    case TB_EVENT_LINK_DOWN:
        tb_assert(event->kind == TB_EVENT_DUE);
        break;
    }
    return status == TB_OK ? broker->db->status : status;
}

static void refuse(struct tb_broker *broker, uint64_t to, enum tb_status status,
                   struct tb_outbox *out)
{
    Tongbao__Refusal refusal;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    char text[REFUSAL_BYTES_MAX];
    tongbao__refusal__init(&refusal);
    tb_text_copy(text, sizeof text, tb_status_text(status));
    refusal.status = (uint32_t)status;
    refusal.text = text;
    frame.kind_case = TONGBAO__FRAME__KIND_REFUSAL;
    frame.refusal = &refusal;
    (void)tb_house_send(broker, out, to, &frame);
}

/* The frame's key, short, for a note. */
static void note_refused(struct tb_broker *broker, const struct tb_event *event,
                         enum tb_status status, struct tb_outbox *out)
{
    char hex[2 * TB_KEY_BYTES + 1];
    struct tb_holder holder;
    tb_hex(hex, tb_bytes_of(event->key, TB_KEY_BYTES));
    if (status == TB_REVOKED && tb_directories_holder(broker->directories, event->key, &holder) &&
        holder.office != NULL) {
        tb_outbox_note(out, TB_NOTE_PEER_REVOKED, holder.office->code, hex);
    } else {
        tb_outbox_note(out, TB_NOTE_PEER_REFUSED, hex, tb_status_text(status));
    }
}

static void undone(void *self, const struct tb_now *now, const struct tb_event *event,
                   enum tb_status status, struct tb_outbox *out)
{
    struct tb_broker *broker = self;
    const Tongbao__Frame *frame;
    (void)now;
    if (event->kind == TB_EVENT_REQUEST) {
        (void)tb_outbox_add(out, TB_EFFECT_ANSWER, event->from, (uint32_t)status,
                            tb_bytes_of(NULL, 0));
        return;
    }
    if (event->kind != TB_EVENT_FRAME) {
        return;
    }
    if (status == TB_REVOKED || status == TB_PEER) {
        tb_peers_drop(broker->peers, event->from);
    }
    if (status != TB_DISKFULL) { /* the daemon says so, once */
        note_refused(broker, event, status, out);
    }
    tb_arena_reset(&broker->frames);
    if (status == TB_DISKFULL && tb_frame_read(event->data, &broker->frames, &frame) == TB_OK &&
        frame->kind_case == TONGBAO__FRAME__KIND_OFFER) {
        tb_admit_undone(broker, event, frame->offer, status, out);
        return;
    }
    refuse(broker, event->from, status, out);
}

static void finish(void *self, const struct tb_now *now, struct tb_outbox *out)
{
    (void)self;
    (void)now;
    (void)out;
}

/* Greetings of the turn that was rolled back did not take place; directories are
 * what the rows say. Cursors of older peers stand: they are what was sent. */
static void rolled_back(void *self)
{
    struct tb_broker *broker = self;
    for (size_t i = tb_peers_count(broker->peers); i-- > 0;) {
        struct tb_peer *peer = tb_peers_at(broker->peers, i);
        if (peer->turn == broker->turn) {
            tb_peers_drop(broker->peers, peer->handle);
        }
    }
    tb_exchange_reset(broker->exchange);
    enum tb_status status = fill_directories(broker);
    tb_assert(status == TB_OK);
}

static void committed(void *self, const struct tb_now *now, struct tb_outbox *out)
{
    struct tb_broker *broker = self;
    tb_exchange_complain(broker->exchange, out);
    if (now->mono_ms >= broker->sweep_ms) {
        broker->sweep_ms = now->mono_ms + TB_PUMP_SWEEP_MS;
        tb_deliver_sweep(broker, now, out);
        tb_exchange_step(broker, now, out);
    }
    if (now->mono_ms >= broker->keys_ms) {
        broker->keys_ms = now->mono_ms + KEYS_AGAIN_MS;
        (void)tb_outbox_add(out, TB_EFFECT_KEYS, 0, 0, tb_bytes_of(NULL, 0));
    }
    tb_deliver_pump(broker, now, out);
    broker->turn++;
}

static void spare(void *self, bool scarce)
{
    struct tb_broker *broker = self;
    broker->scarce = scarce;
}

struct tb_turn_core tb_broker_core(struct tb_broker *broker)
{
    return (struct tb_turn_core){.self = broker,
                                 .db = broker->db,
                                 .handle = handle,
                                 .undone = undone,
                                 .finish = finish,
                                 .rolled_back = rolled_back,
                                 .committed = committed,
                                 .spare = spare};
}

uint64_t tb_broker_deadline_ms(const struct tb_broker *broker)
{
    uint64_t deadline = broker->keys_ms;
    if (broker->pump_more) {
        return 0;
    }
    if (tb_peers_count(broker->peers) > 0 && broker->sweep_ms < deadline) {
        deadline = broker->sweep_ms;
    }
    return deadline;
}

bool tb_broker_beat(struct tb_broker *broker, const struct tb_now *now,
                    const struct tb_event *event, struct tb_outbox *out)
{
    /* The tag of field 16; no other kind of frame begins so. */
    static const uint8_t tag[] = {0x82, 0x01};
    if (event->kind != TB_EVENT_FRAME || event->data.size < sizeof tag ||
        memcmp(event->data.data, tag, sizeof tag) != 0) {
        return false;
    }
    struct tb_outbox_mark mark = tb_outbox_here(out);
    enum tb_status status = on_frame(broker, now, event, out);
    if (status != TB_OK) {
        tb_outbox_cut(out, mark);
        undone(broker, now, event, status, out);
    }
    return true;
}

void tb_broker_choked(struct tb_broker *broker, const struct tb_now *now, uint64_t peer,
                      struct tb_bytes frame)
{
    struct tb_peer *choked = tb_peers_find(broker->peers, peer);
    const Tongbao__Frame *lost;
    if (choked == NULL) {
        return;
    }
    tb_arena_reset(&broker->frames);
    enum tb_status status = tb_frame_read(frame, &broker->frames, &lost);
    tb_assert(status == TB_OK);
    switch ((int)lost->kind_case) {
    case TONGBAO__FRAME__KIND_DELIVER:
        if (lost->deliver->lane != 0) {
            tb_peer_back(choked, (enum tb_lane)lost->deliver->lane, lost->deliver->seq);
        }
        choked->hungry = true;
        choked->retry_ms = now->mono_ms + TB_PEER_CHOKED_MS;
        break;
    case TONGBAO__FRAME__KIND_ANSWER:
    case TONGBAO__FRAME__KIND_WELCOME:
    case TONGBAO__FRAME__KIND_GAP:
    case TONGBAO__FRAME__KIND_WANT:
        tb_peers_drop(broker->peers, peer);
        break;
    default:
        break; /* asked again by the one who needs it */
    }
}

void tb_broker_gone(struct tb_broker *broker, uint64_t peer)
{
    tb_peers_drop(broker->peers, peer);
}

/* What a Hello said its office has; true when there was such a thing. */
static bool tidy_claims(struct tb_broker *broker, const struct tb_now *now)
{
    for (size_t i = 0; i < tb_peers_count(broker->peers); i++) {
        struct tb_peer *peer = tb_peers_at(broker->peers, i);
        for (enum tb_lane lane = TB_LANE_FIRST; lane <= TB_LANE_REST; lane++) {
            uint64_t seq = peer->claim[lane];
            peer->claim[lane] = 0;
            if (seq > 0 && tb_mailbox_waiting(broker->mailbox, peer->office) > 0) {
                tb_deliver_settle(broker, peer->office, lane, seq, now);
                return true;
            }
        }
    }
    return false;
}

/* One slice of what is owed to the past; true when there is more. */
static bool tidy_slice(struct tb_broker *broker, const struct tb_now *now)
{
    size_t rows = TB_BROKER_TIDY_ROWS_MAX;
    uint32_t office;
    enum tb_lane lane;
    int64_t n;
    if (tidy_claims(broker, now)) {
        return true;
    }
    tb_envelopes_tally(broker->envelopes, now);
    tb_widen_tell(broker);
    if (tb_mailbox_unsettled(broker->mailbox, &office, &lane)) {
        tb_deliver_settle(broker, office, lane, 0, now);
        return true;
    }
    while (rows > 0 && tb_envelopes_prunable(broker->envelopes, now, &n)) {
        rows -= tb_mailbox_drop(broker->mailbox, n, rows);
        if (rows > 0) {
            tb_envelopes_drop(broker->envelopes, n);
            rows--;
        }
    }
    return rows == 0;
}

bool tb_broker_tidy(struct tb_broker *broker, const struct tb_now *now)
{
    if (!broker->tidy_more && now->mono_ms < broker->tidy_ms) {
        return false;
    }
    tb_db_begin(broker->db);
    broker->tidy_more = tidy_slice(broker, now);
    tb_db_commit(broker->db);
    broker->tidy_ms = now->mono_ms + TIDY_AGAIN_MS;
    if (broker->db->status != TB_OK) {
        broker->tidy_more = false;
        if (broker->db->status == TB_DISKFULL) {
            tb_db_rollback(broker->db);
        }
    }
    return broker->tidy_more;
}

const struct tb_directories *tb_broker_directories(const struct tb_broker *broker)
{
    return broker->directories;
}

size_t tb_broker_peers(const struct tb_broker *broker)
{
    return tb_peers_count(broker->peers);
}
