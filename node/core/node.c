#include "node/core/node.h"

#include <stdlib.h>
#include <string.h>

#include "node/core/waking.h"
#include "node/core/chain.h"
#include "node/core/catalogue.h"
#include "node/core/giving.h"
#include "node/core/inbox.h"
#include "node/core/law.h"
#include "node/core/ledger.h"
#include "node/core/link.h"
#include "node/core/offer.h"
#include "node/core/park.h"
#include "node/core/reach.h"
#include "node/core/recall.h"
#include "node/core/reminder.h"
#include "node/core/repair.h"
#include "node/core/asked.h"

enum { APPLICATION_ID = 0x54426e64 }; /* 'TBnd' */

extern const unsigned char tb_node_schema_sql[];
extern const unsigned char tb_node_schema_2_sql[];

static const char *const sql_texts[TB_SQL_COUNT] = {
#define SQL(name, text) [TB_SQL_##name] = text,
#include "node/core/sql.def"
#undef SQL
};

const struct tb_db_schema *tb_node_schema(void)
{
    static const char *const steps[] = {(const char *)tb_node_schema_sql,
                                        (const char *)tb_node_schema_2_sql};
    static const struct tb_db_schema schema = {APPLICATION_ID, steps, sizeof steps / sizeof *steps};
    return &schema;
}

/* -------------------------------------------------------------------- start */

/* Whose store this is; 0: it is new. */
static int64_t made_for(struct tb_node *node)
{
    struct sqlite3_stmt *sql = TB_SQL(node, META_GET);
    int64_t office = tb_db_one(node->db, sql, "t", "office") ? tb_db_int(sql, 0) : 0;
    tb_db_done(sql);
    return office;
}

/* The store is made for one office and stays its own; false if it is another's. */
static bool start_store(struct tb_node *node, const uint8_t seed[TB_SEED_BYTES])
{
    int64_t office = made_for(node);
    if (office != 0 && office != (int64_t)node->config.office) {
        return false;
    }
    tb_db_begin(node->db);
    if (office == 0) {
        tb_db_do(node->db, TB_SQL(node, META_PUT), "ti", "office", (int64_t)node->config.office);
        tb_chain_open_all(node, seed);
    }
    tb_catalogue_load(node, 0);
    tb_db_commit(node->db);
    return true;
}

struct tb_node *tb_node_new(struct tb_db *db, const struct tb_node_config *config,
                            struct tb_directories *set, const uint8_t seed[TB_SEED_BYTES])
{
    struct tb_node *node = calloc(1, sizeof *node);
    tb_assert(node != NULL);
    node->db = db;
    node->config = *config;
    node->set = set;
    node->atlas = tb_atlas_new();
    node->law = tb_law_new();
    tb_arena_init(&node->frame_arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    tb_arena_init(&node->body_arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    tb_buf_init(&node->envelope, TB_ENVELOPE_BYTES_MAX);
    tb_buf_init(&node->parked, TB_FRAME_BYTES_MAX);
    tb_buf_init(&node->frame, TB_FRAME_BYTES_MAX);
    tb_buf_init(&node->download, TB_DIRECTORY_BYTES_MAX);
    tb_db_prepare(db, sql_texts, node->sql, TB_SQL_COUNT);
    if (!start_store(node, seed)) {
        tb_node_free(node);
        return NULL;
    }
    tb_reach_compute(node);
    /* What was under way when the process ended is begun again. */
    tb_park_retry(node);
    tb_offer_refresh(node);
    tb_waking_start(node);
    tb_reminder_start(node);
    tb_giving_wake(node);
    return node;
}

void tb_node_free(struct tb_node *node)
{
    if (node == NULL) {
        return;
    }
    tb_db_unprepare(node->sql, TB_SQL_COUNT);
    tb_buf_fini(&node->download);
    tb_buf_fini(&node->frame);
    tb_buf_fini(&node->parked);
    tb_buf_fini(&node->envelope);
    tb_arena_fini(&node->body_arena);
    tb_arena_fini(&node->frame_arena);
    tb_law_free(node->law);
    tb_atlas_free(node->atlas);
    free(node);
}

const struct tb_directories *tb_node_directories(const struct tb_node *node)
{
    return node->set;
}

struct tb_atlas *tb_node_atlas(struct tb_node *node)
{
    return node->atlas;
}

uint32_t tb_node_office(const struct tb_node *node)
{
    return node->config.office;
}

struct tb_db *tb_node_db(struct tb_node *node)
{
    return node->db;
}

/* ------------------------------------------------------------------- frames */

/* A frame of ours was refused. What was asked for is elsewhere or nowhere; a broker
 * that does not know this office any more is greeted again, but not at once. */
static void take_refusal(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                         const Tongbao__Refusal *refusal)
{
    enum tb_status status = (enum tb_status)refusal->status;
    bool stranger = status == TB_STATE || status == TB_PEER;
    bool busy = status == TB_DISKFULL || status == TB_FULL;
    tb_outbox_note(at->out, TB_NOTE_PEER_REFUSED, link->broker, tb_status_name(status));
    if (status == TB_UNKNOWN) {
        tb_catalogue_refused(node, at, link);
    } else if (stranger) {
        link->greeted = false;
        tb_link_again(node, link, TB_CHOKED_MS);
    } else if (busy) {
        tb_link_again(node, link, TB_DISKFULL_MS);
    } else if (!link->greeted || status == TB_REVOKED) {
        link->greeted = false;
        tb_link_again(node, link, TB_LATER_MS);
    }
}

static void take_frame(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                       const Tongbao__Frame *frame)
{
    switch (frame->kind_case) {
    case TONGBAO__FRAME__KIND_WELCOME:
        tb_link_welcome(node, at, link, frame->welcome);
        break;
    case TONGBAO__FRAME__KIND_ANSWER:
        tb_offer_answer(node, at, link, frame->answer);
        break;
    case TONGBAO__FRAME__KIND_DELIVER:
        tb_inbox_deliver(node, at, link, frame->deliver);
        break;
    case TONGBAO__FRAME__KIND_GAP:
        tb_outbox_note(at->out, TB_NOTE_LINK_GAP, link->broker, frame->gap->lane,
                       (unsigned long long)frame->gap->before_seq);
        tb_recall_gap(node, link, frame->gap->lane, frame->gap->before_seq);
        break;
    case TONGBAO__FRAME__KIND_HAVE:
        tb_catalogue_compare(node, at, link, frame->have->directories, frame->have->n_directories);
        break;
    case TONGBAO__FRAME__KIND_ASK:
        tb_catalogue_ask(node, at, link, frame->ask);
        break;
    case TONGBAO__FRAME__KIND_PART:
        tb_catalogue_part(node, at, link, frame->part);
        break;
    case TONGBAO__FRAME__KIND_WANT:
        tb_repair_want(node, at, link, frame->want);
        break;
    case TONGBAO__FRAME__KIND_REFUSAL:
        take_refusal(node, at, link, frame->refusal);
        break;
    case TONGBAO__FRAME__KIND_BEAT:
        tb_link_beat(node, at, link, frame->beat);
        break;
    /* An office's own frames mean nothing to it. */
    case TONGBAO__FRAME__KIND_HELLO:
    case TONGBAO__FRAME__KIND_OFFER:
    case TONGBAO__FRAME__KIND_STORED:
    case TONGBAO__FRAME__KIND_LISTING:
    case TONGBAO__FRAME__KIND_FETCH:
    case TONGBAO__FRAME__KIND_ASIDE:
    case TONGBAO__FRAME__KIND__NOT_SET:
    case _TONGBAO__FRAME__KIND__CASE_IS_INT_SIZE:
        break;
    }
}

/* What others send, and what may wait where it is while the disk is full: "own notices,
 * acknowledgements and receipts still commit". Answers and greetings are about our own. */
static bool is_mail(const Tongbao__Frame *frame)
{
    return frame->kind_case == TONGBAO__FRAME__KIND_DELIVER ||
           frame->kind_case == TONGBAO__FRAME__KIND_PART ||
           frame->kind_case == TONGBAO__FRAME__KIND_WANT;
}

static enum tb_status handle_frame(struct tb_node *node, const struct tb_at *at,
                                   const struct tb_event *event)
{
    const Tongbao__Frame *frame = NULL;
    struct tb_link *link = tb_link_find(node, event->from);
    if (link == NULL || !link->up) {
        return TB_OK;
    }
    tb_arena_reset(&node->frame_arena);
    enum tb_status status = tb_frame_read(event->data, &node->frame_arena, &frame);
    if (status != TB_OK) {
        return status;
    }
    if (node->scarce && is_mail(frame)) {
        return TB_DISKFULL;
    }
    take_frame(node, at, link, frame);
    return TB_OK;
}

static void handle_due(struct tb_node *node, const struct tb_at *at)
{
    if (node->unsettled && !node->scarce) {
        node->unsettled = false;
        tb_catalogue_settle(node, at);
    }
    tb_link_due(node, at);
    tb_catalogue_due(node, at);
    tb_giving_due(node, at);
    tb_reminder_due(node, at);
    if (node->desk.park_k >= 0 && !node->scarce) {
        (void)tb_park_step(node, at);
    }
    if (node->desk.refresh_n >= 0) {
        (void)tb_offer_refresh_step(node, at);
    }
}

/* ---------------------------------------------------------------- the turn */

static enum tb_status dispatch(struct tb_node *node, const struct tb_at *at,
                               const struct tb_event *event)
{
    switch (event->kind) {
    case TB_EVENT_FRAME:
        return handle_frame(node, at, event);
    case TB_EVENT_REQUEST:
        return tb_asked_handle(node, at, event->from, event->request);
    case TB_EVENT_LINK_UP:
        tb_link_up(node, at, event->from);
        return TB_OK;
    case TB_EVENT_LINK_DOWN:
        tb_link_down(node, at, event->from, event->silent_ms);
        return TB_OK;
    case TB_EVENT_DUE:
        handle_due(node, at);
        return TB_OK;
    }
    return TB_OK;
}

static enum tb_status on_event(void *self, const struct tb_now *now, const struct tb_event *event,
                               struct tb_outbox *out)
{
    struct tb_node *node = self;
    struct tb_at at = {now, event->seed, out};
    if (!node->inside_turn) {
        node->inside_turn = true;
        node->before_turn = node->desk;
        node->desk.first_n = tb_ledger_last(node);
    }
    node->before_event = node->desk;
    node->desk.mono_ms = now->mono_ms;
    enum tb_status status = dispatch(node, &at, event);
    if (status == TB_OK && node->db->status != TB_OK) {
        status = node->db->status;
    }
    if (status != TB_OK) {
        node->desk = node->before_event;
    }
    return status;
}

/* Nothing of this frame was taken. What it brought is still the broker's: it is greeted
 * again, after a while; where mail waits for room, only when there is some. */
static void frame_undone(struct tb_node *node, struct tb_link *link, const struct tb_event *event,
                         enum tb_status status, struct tb_outbox *out)
{
    const Tongbao__Frame *frame = NULL;
    if (status != TB_DISKFULL) {
        tb_outbox_note(out, TB_NOTE_PEER_REFUSED, link->broker, tb_status_name(status));
        return;
    }
    tb_arena_reset(&node->frame_arena);
    if (node->scarce && tb_frame_read(event->data, &node->frame_arena, &frame) == TB_OK &&
        is_mail(frame)) {
        tb_link_hold(node, out, link);
    } else {
        link->held = false;
        tb_link_again(node, link, TB_DISKFULL_MS);
    }
}

/* A frame that cannot be read, or a disk that is full: nothing was changed. */
static void on_undone(void *self, const struct tb_now *now, const struct tb_event *event,
                      enum tb_status status, struct tb_outbox *out)
{
    struct tb_node *node = self;
    struct tb_at at = {now, NULL, out};
    struct tb_link *link = tb_link_find(node, event->from);
    node->desk.mono_ms = now->mono_ms;
    switch (event->kind) {
    case TB_EVENT_REQUEST:
        tb_asked_undone(node, event->from, event->request, status, out);
        break;
    case TB_EVENT_FRAME:
        if (link != NULL) {
            frame_undone(node, link, event, status, out);
        }
        break;
    case TB_EVENT_LINK_UP:
        tb_link_up_undone(node, event->from);
        break;
    case TB_EVENT_LINK_DOWN:
        tb_link_down_undone(node, event->from);
        break;
    case TB_EVENT_DUE:
        node->desk.pause_ms = now->mono_ms + TB_DISKFULL_MS;
        tb_waking_undone(node, &at);
        break;
    }
}

static void on_finish(void *self, const struct tb_now *now, struct tb_outbox *out)
{
    struct tb_node *node = self;
    struct tb_at at = {now, NULL, out};
    tb_inbox_receipts(node, &at);
    tb_link_finish(node, out);
    tb_waking_finish(node, &at);
    if (node->desk.streamed) {
        (void)tb_outbox_add(out, TB_EFFECT_STREAM, 0, 0, tb_bytes_of(NULL, 0));
    }
    node->desk.streamed = false;
    node->desk.alarm_fresh = false;
}

static void on_rolled_back(void *self)
{
    struct tb_node *node = self;
    if (node->inside_turn) {
        node->desk = node->before_turn;
    }
    node->inside_turn = false;
    node->unsettled = tb_catalogue_unsettled(node);
    /* Brokers that the turn brought within reach are to be found anew, and told. */
    tb_reach_compute(node);
    /* A directory that arrives in parts begins anew: its bytes may be another's. */
    tb_buf_cut(&node->download, 0);
    node->desk.asked_ms = 0;
}

static void on_committed(void *self, const struct tb_now *now, struct tb_outbox *out)
{
    struct tb_node *node = self;
    node->inside_turn = false;
    node->desk.mono_ms = now->mono_ms;
    tb_offer_pump(node, out);
    tb_giving_pump(node, out);
    tb_repair_pump(node, now, out);
}

static void on_spare(void *self, bool scarce)
{
    struct tb_node *node = self;
    node->scarce = scarce;
}

void tb_node_turn(struct tb_node *node, struct tb_turn_core *core)
{
    core->self = node;
    core->db = node->db;
    core->handle = on_event;
    core->undone = on_undone;
    core->finish = on_finish;
    core->rolled_back = on_rolled_back;
    core->committed = on_committed;
    core->spare = on_spare;
}

void tb_node_restored(struct tb_node *node, const struct tb_now *now,
                      const uint8_t seed[TB_SEED_BYTES])
{
    struct tb_outbox out;
    struct tb_at at = {now, seed, &out};
    tb_outbox_init(&out);
    tb_chain_renew(node, &at, "store restored");
    tb_outbox_fini(&out);
}

uint64_t tb_node_deadline_ms(const struct tb_node *node)
{
    uint64_t link = tb_link_deadline_ms(node);
    uint64_t part = tb_catalogue_deadline_ms(node);
    uint64_t next = link < part ? link : part;
    next = node->desk.giving.due_ms < next ? node->desk.giving.due_ms : next;
    next = node->desk.alarm_ms < next ? node->desk.alarm_ms : next;
    uint64_t reminder_ms = node->desk.reminder.due_ms;
    next = reminder_ms < next ? reminder_ms : next;
    bool taking = !node->scarce && (node->desk.park_k >= 0 || node->unsettled);
    bool chore = taking || node->desk.refresh_n >= 0;
    next = chore ? 0 : next;
    return next < node->desk.pause_ms ? node->desk.pause_ms : next;
}

void tb_node_choked(struct tb_node *node, uint64_t handle)
{
    struct tb_link *link = tb_link_find(node, handle);
    if (link != NULL && link->up) {
        link->greeted = false;
        link->inflight = 0;
        tb_link_again(node, link, TB_CHOKED_MS);
    }
}
