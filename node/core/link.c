#include "node/core/link.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "node/core/chain.h"
#include "node/core/catalogue.h"
#include "node/core/giving.h"
#include "node/core/offer.h"
#include "node/core/park.h"
#include "node/core/repair.h"
#include "proto/wire.h"

enum { SECOND_MS = 1000 };

static const char *const software = "tongbao-node 0.1.0";

struct tb_link *tb_link_find(struct tb_node *node, uint64_t handle)
{
    for (size_t i = 0; handle != 0 && i < TB_LINKS_MAX; i++) {
        if (node->desk.links[i].handle == handle) {
            return &node->desk.links[i];
        }
    }
    return NULL;
}

struct tb_link *tb_link_to(struct tb_node *node, const char *broker)
{
    struct tb_link *found = NULL;
    for (size_t i = 0; i < TB_LINKS_MAX; i++) {
        struct tb_link *link = &node->desk.links[i];
        bool named = link->handle != 0 && strcmp(link->broker, broker) == 0;
        if (named && (found == NULL || link->up)) {
            found = link;
        }
    }
    return found;
}

static bool send_as(struct tb_node *node, struct tb_outbox *out, enum tb_effect_kind kind,
                    struct tb_link *link, const Tongbao__Frame *frame)
{
    enum tb_status status = tb_frame_pack(&node->frame, frame);
    tb_assert(status == TB_OK);
    if (tb_outbox_add(out, kind, link->handle, (uint32_t)frame->kind_case,
                      tb_buf_bytes(&node->frame))) {
        if (kind == TB_EFFECT_FRAME) {
            link->unsaid_rows = 0;
            link->unsaid_bytes = 0;
        }
        return true;
    }
    tb_link_again(node, link, TB_CHOKED_MS);
    return false;
}

bool tb_link_send(struct tb_node *node, struct tb_outbox *out, struct tb_link *link,
                  const Tongbao__Frame *frame)
{
    return send_as(node, out, TB_EFFECT_FRAME, link, frame);
}

void tb_link_fetch(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                   const struct tb_id *ids, size_t count)
{
    ProtobufCBinaryData list[TB_LISTING_IDS_MAX];
    Tongbao__Fetch fetch = TONGBAO__FETCH__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    tb_assert(count <= TB_LISTING_IDS_MAX);
    for (size_t i = 0; i < count; i++) {
        list[i] = tb_wire_id(&ids[i]);
    }
    fetch.ids = list;
    fetch.n_ids = count;
    frame.kind_case = TONGBAO__FRAME__KIND_FETCH;
    frame.fetch = &fetch;
    if (count > 0) {
        (void)tb_link_send(node, at->out, link, &frame);
    }
}

void tb_link_again(struct tb_node *node, struct tb_link *link, uint64_t delay_ms)
{
    uint64_t at_ms = node->desk.mono_ms + delay_ms;
    tb_repair_forget(link); /* what was listed may be what was lost */
    if (link->up && at_ms < link->hello_ms) {
        link->hello_ms = at_ms;
    }
}

void tb_link_hold(struct tb_node *node, struct tb_outbox *out, struct tb_link *link)
{
    Tongbao__Refusal refusal;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    bool told = link->held;
    link->held = true;
    tb_link_again(node, link, TB_DISKFULL_MS);
    if (told) {
        return;
    }
    tongbao__refusal__init(&refusal);
    refusal.status = (uint32_t)TB_DISKFULL;
    refusal.text = (char *)(uintptr_t)tb_status_text(TB_DISKFULL);
    frame.kind_case = TONGBAO__FRAME__KIND_REFUSAL;
    frame.refusal = &refusal;
    (void)tb_link_send(node, out, link, &frame);
}

/* ----------------------------------------------------------------- greeting */

/* The parts of a Hello that point somewhere, in one place. */
struct greeting {
    Tongbao__Hello hello;
    Tongbao__Position accepted;
    Tongbao__Cursor cursor[TB_LANES];
    Tongbao__Cursor *cursors[TB_LANES];
    struct tb_id cursor_id[TB_LANES];
    uint8_t epoch[TB_EPOCH_BYTES];
    struct tb_id accepted_id;
    struct tb_versions versions;
};

static void greet_position(struct tb_node *node, const struct tb_link *link, struct greeting *said)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LINK_GET);
    if (tb_db_one(node->db, sql, "t", link->broker)) {
        struct tb_bytes epoch = tb_db_bytes(sql, 0);
        if (epoch.size == TB_EPOCH_BYTES) {
            memcpy(said->epoch, epoch.data, TB_EPOCH_BYTES);
            said->hello.epoch = tb_wire_data(tb_bytes_of(said->epoch, TB_EPOCH_BYTES));
        }
        if (tb_db_id(sql, 2, &said->accepted_id)) {
            said->accepted.position = (uint64_t)tb_db_int(sql, 1);
            said->accepted.id = tb_wire_id(&said->accepted_id);
            said->hello.accepted = &said->accepted;
        }
    }
    tb_db_done(sql);
}

static void greet_cursors(struct tb_node *node, const struct tb_link *link, struct greeting *said)
{
    struct sqlite3_stmt *sql = TB_SQL(node, CURSOR_GET);
    size_t count = 0;
    tb_db_ask(node->db, sql, "t", link->broker);
    while (tb_db_next(node->db, sql)) {
        if (count == TB_LANES || !tb_db_id(sql, 2, &said->cursor_id[count])) {
            continue;
        }
        Tongbao__Cursor *cursor = &said->cursor[count];
        tongbao__cursor__init(cursor);
        cursor->lane = (uint32_t)tb_db_int(sql, 0);
        cursor->seq = (uint64_t)tb_db_int(sql, 1);
        cursor->id = tb_wire_id(&said->cursor_id[count]);
        said->cursors[count] = cursor;
        count++;
    }
    said->hello.cursors = said->cursors;
    said->hello.n_cursors = count;
}

static void greet(struct tb_node *node, const struct tb_at *at, struct tb_link *link)
{
    struct greeting said;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    tongbao__hello__init(&said.hello);
    tongbao__position__init(&said.accepted);
    link->greeted = false;
    link->held = false;
    link->hello_ms = UINT64_MAX;
    tb_repair_forget(link); /* not ended: begun anew at the Welcome */
    tb_giving_forget(node, link->handle);
    said.hello.version = TB_LINK_VERSION;
    said.hello.office = node->config.office;
    said.hello.software = (char *)(uintptr_t)software;
    said.hello.wall_ms = at->now->wall.ms;
    greet_position(node, link, &said);
    greet_cursors(node, link, &said);
    tb_catalogue_versions(node, &said.versions);
    said.hello.directories = said.versions.list;
    said.hello.n_directories = said.versions.count;
    frame.kind_case = TONGBAO__FRAME__KIND_HELLO;
    frame.hello = &said.hello;
    (void)tb_link_send(node, at->out, link, &frame);
}

static bool reached(const struct tb_node *node, uint64_t handle, const char **broker)
{
    for (size_t i = 0; i < node->reach_count; i++) {
        if (node->reach[i].handle == handle) {
            *broker = node->reach[i].broker->name;
            return true;
        }
    }
    return false;
}

static struct tb_link *place_for(struct tb_node *node, uint64_t handle)
{
    struct tb_link *link = tb_link_find(node, handle);
    for (size_t i = 0; link == NULL && i < TB_LINKS_MAX; i++) {
        if (node->desk.links[i].handle == 0) {
            link = &node->desk.links[i];
        }
    }
    return link;
}

/* What is kept beside the store when a socket comes up. */
static struct tb_link *mark_up(struct tb_node *node, uint64_t handle)
{
    const char *broker;
    struct tb_link *link = place_for(node, handle);
    if (link == NULL || !reached(node, handle, &broker)) {
        return NULL;
    }
    *link = (struct tb_link){
        .handle = handle,
        .up = true,
        .later_ms = UINT64_MAX,
        .hello_ms = UINT64_MAX,
        .fetch_ms = UINT64_MAX,
    };
    tb_text_copy(link->broker, sizeof link->broker, broker);
    return link;
}

static void mark_down(struct tb_node *node, struct tb_link *link)
{
    link->up = false;
    link->greeted = false;
    link->inflight = 0;
    tb_repair_forget(link);
    tb_giving_forget(node, link->handle);
    link->later_ms = UINT64_MAX;
    link->hello_ms = UINT64_MAX;
    link->fetch_ms = UINT64_MAX;
    link->fetching = 0;
    memset(link->stored_due, 0, sizeof link->stored_due);
    tb_catalogue_link_down(node, link->handle);
}

void tb_link_up(struct tb_node *node, const struct tb_at *at, uint64_t handle)
{
    struct tb_link *link = mark_up(node, handle);
    if (link == NULL) {
        return;
    }
    tb_db_do(node->db, TB_SQL(node, LINK_ADD), "ti", link->broker, at->now->wall.ms);
    tb_db_do(node->db, TB_SQL(node, LINK_SINCE), "it", at->now->wall.ms, link->broker);
    greet(node, at, link);
}

void tb_link_up_undone(struct tb_node *node, uint64_t handle)
{
    struct tb_link *link = mark_up(node, handle);
    if (link != NULL) {
        tb_link_again(node, link, TB_DISKFULL_MS);
    }
}

void tb_link_down_undone(struct tb_node *node, uint64_t handle)
{
    struct tb_link *link = tb_link_find(node, handle);
    if (link != NULL) {
        mark_down(node, link);
    }
}

void tb_link_down(struct tb_node *node, const struct tb_at *at, uint64_t handle, uint64_t silent_ms)
{
    struct tb_link *link = tb_link_find(node, handle);
    if (link == NULL || !link->up) {
        return;
    }
    tb_outbox_note(at->out, TB_NOTE_LINK_DOWN, link->broker,
                   (unsigned long long)(silent_ms / SECOND_MS));
    mark_down(node, link);
    tb_db_do(node->db, TB_SQL(node, LINK_SINCE), "it", at->now->wall.ms, link->broker);
    tb_link_reach_changed(node);
}

/* ------------------------------------------------------------------ welcome */

/* Every start of a broker draws an epoch. If it asks for no repair it knows the one
 * before it, and what was read and accepted then still stands; else cursors and
 * positions of another past mean nothing there. */
static void take_epoch(struct tb_node *node, const struct tb_link *link, struct tb_bytes epoch,
                       bool strange)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LINK_GET);
    bool same =
        tb_db_one(node->db, sql, "t", link->broker) && tb_bytes_equal(tb_db_bytes(sql, 0), epoch);
    tb_db_done(sql);
    if (same) {
        return;
    }
    tb_db_do(node->db, TB_SQL(node, LINK_EPOCH), "bt", epoch, link->broker);
    if (strange) {
        tb_db_do(node->db, TB_SQL(node, CURSOR_FORGET), "t", link->broker);
        tb_db_do(node->db, TB_SQL(node, LINK_POSITION_ANEW), "t", link->broker);
    }
}

static int64_t skew_of(const struct tb_at *at, int64_t wall_ms)
{
    bool told = wall_ms > 0 && wall_ms <= TB_TIME_MS_MAX;
    return told ? wall_ms - at->now->wall.ms : 0;
}

static void take_clock(struct tb_node *node, const struct tb_at *at, const struct tb_link *link,
                       int64_t skew_ms)
{
    tb_db_do(node->db, TB_SQL(node, LINK_SKEW), "it", skew_ms, link->broker);
    if (skew_ms > TB_SKEW_MS || skew_ms < -TB_SKEW_MS) {
        tb_outbox_note(at->out, TB_NOTE_PEER_SKEW, link->broker, (long long)skew_ms / SECOND_MS);
    }
}

void tb_link_beat(struct tb_node *node, const struct tb_at *at, const struct tb_link *link,
                  const Tongbao__Beat *beat)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LINK_GET);
    int64_t skew_ms = skew_of(at, beat->wall_ms);
    int64_t known_ms = tb_db_one(node->db, sql, "t", link->broker) ? tb_db_int(sql, 4) : 0;
    tb_db_done(sql);
    if (skew_ms - known_ms > TB_SKEW_MS || known_ms - skew_ms > TB_SKEW_MS) {
        take_clock(node, at, link, skew_ms);
    }
}

/*
 * A broker that lost its tail counts again from where its copy ended, so cursor and
 * position must be able to go back; but only with what it says next, so that, should
 * this process end before, the broker finds its loss again. A repair that was not
 * listed to the end is begun anew at the next greeting.
 */
static void take_repair(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                        bool asked)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LINK_GET);
    bool unfinished = tb_db_one(node->db, sql, "t", link->broker) && tb_db_int(sql, 5) != 0;
    tb_db_done(sql);
    if (asked) {
        tb_outbox_note(at->out, TB_NOTE_LINK_REPAIR, link->broker);
        tb_db_do(node->db, TB_SQL(node, LINK_REPAIRING), "it", (int64_t)1, link->broker);
        memset(link->anew, 1, sizeof link->anew);
        link->anew_position = true;
    }
    if (asked || unfinished) {
        link->listing = true;
        link->listed_n = 0;
    }
}

/* What of its own is lacking, a slice at a time, round and round: a broker may be given
 * by others what it did not have at the greeting. */
static void ask_lacking(struct tb_node *node, const struct tb_at *at, struct tb_link *link)
{
    struct tb_id lacking[TB_CHAIN_HEADS_MAX];
    bool round = tb_id_zero(&link->lacked);
    size_t count = tb_chain_lacking(node, &link->lacked, lacking, TB_CHAIN_HEADS_MAX);
    tb_link_fetch(node, at, link, lacking, count);
    bool more = count == TB_CHAIN_HEADS_MAX;
    bool none = count == 0 && round;
    link->lacked = more ? lacking[count - 1] : (struct tb_id){0};
    link->lacking_ms = none ? UINT64_MAX : at->now->mono_ms + TB_LACKING_MS;
}

void tb_link_lacking(struct tb_node *node)
{
    for (size_t i = 0; i < TB_LINKS_MAX; i++) {
        struct tb_link *link = &node->desk.links[i];
        if (link->greeted && link->lacking_ms == UINT64_MAX) {
            link->lacking_ms = node->desk.mono_ms + TB_LACKING_MS;
        }
    }
}

/* Own heads that the broker has and this office does not are there to be fetched. */
static void ask_named(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                      const Tongbao__Welcome *welcome)
{
    struct tb_id named[TB_CHAIN_HEADS_MAX];
    size_t count =
        tb_chain_compare(node, at, welcome->chains, welcome->n_chains, named, TB_CHAIN_HEADS_MAX);
    tb_link_fetch(node, at, link, named, count);
    if (count > 0) {
        tb_link_lacking(node);
    }
}

void tb_link_welcome(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                     const Tongbao__Welcome *welcome)
{
    bool first = !link->greeted;
    link->greeted = true;
    tb_db_do(node->db, TB_SQL(node, LINK_ADD), "ti", link->broker, at->now->wall.ms);
    take_epoch(node, link, tb_wire_bytes(welcome->epoch), welcome->repair);
    take_clock(node, at, link, skew_of(at, welcome->wall_ms));
    tb_offer_restart(node, link);
    if (first) {
        tb_outbox_note(at->out, TB_NOTE_LINK_UP, link->broker);
    }
    take_repair(node, at, link, welcome->repair);
    link->lacked = (struct tb_id){0};
    ask_lacking(node, at, link);
    ask_named(node, at, link, welcome);
    tb_park_fetch(node, at, link);
    tb_giving_wake(node);
    tb_catalogue_compare(node, at, link, welcome->directories, welcome->n_directories);
}

/* ------------------------------------------------------------------ cursors */

void tb_link_passed(struct tb_node *node, struct tb_link *link, uint32_t lane, uint64_t seq,
                    const struct tb_id *id, size_t bytes)
{
    if (lane == 0 || lane > TB_LANES || tb_id_zero(id)) {
        return;
    }
    if (link->anew[lane - 1]) {
        link->anew[lane - 1] = false;
        tb_db_do(node->db, TB_SQL(node, CURSOR_ANEW), "ti", link->broker, (int64_t)lane);
    }
    tb_db_do(node->db, TB_SQL(node, CURSOR_PUT), "tiid", link->broker, (int64_t)lane, (int64_t)seq,
             id);
    size_t at = lane - 1;
    link->unsaid_rows++;
    link->unsaid_bytes += bytes;
    if (!link->stored_due[at] || seq > link->stored_seq[at]) {
        link->stored_due[at] = true;
        link->stored_seq[at] = seq;
        link->stored_id[at] = *id;
    }
}

/* With less than half of its window unsaid a broker does not wait for a Stored. */
static enum tb_effect_kind stored_when(const struct tb_link *link)
{
    bool half =
        link->unsaid_rows >= TB_STORED_SOON_ROWS || link->unsaid_bytes >= TB_STORED_SOON_BYTES;
    return half ? TB_EFFECT_FRAME : TB_EFFECT_LATER;
}

void tb_link_finish(struct tb_node *node, struct tb_outbox *out)
{
    for (size_t i = 0; i < TB_LINKS_MAX; i++) {
        struct tb_link *link = &node->desk.links[i];
        enum tb_effect_kind kind = stored_when(link);
        for (uint32_t lane = 1; link->handle != 0 && lane <= TB_LANES; lane++) {
            if (!link->stored_due[lane - 1]) {
                continue;
            }
            Tongbao__Stored stored = TONGBAO__STORED__INIT;
            Tongbao__Frame frame = TONGBAO__FRAME__INIT;
            link->stored_due[lane - 1] = false;
            stored.lane = lane;
            stored.seq = link->stored_seq[lane - 1];
            stored.id = tb_wire_id(&link->stored_id[lane - 1]);
            frame.kind_case = TONGBAO__FRAME__KIND_STORED;
            frame.stored = &stored;
            (void)send_as(node, out, kind, link, &frame);
        }
    }
}

/* ---------------------------------------------------------------- deadlines */

void tb_link_due(struct tb_node *node, const struct tb_at *at)
{
    for (size_t i = 0; i < TB_LINKS_MAX; i++) {
        struct tb_link *link = &node->desk.links[i];
        if (!link->up) {
            continue;
        }
        if (link->hello_ms <= at->now->mono_ms && link->held && link->greeted && node->scarce) {
            /* Still no room for what waits there; our own goes out meanwhile. */
            link->hello_ms = at->now->mono_ms + TB_DISKFULL_MS;
        } else if (link->hello_ms <= at->now->mono_ms) {
            greet(node, at, link);
        }
        if (link->later_ms <= at->now->mono_ms) {
            tb_offer_retry(node, link);
        }
        if (link->fetch_ms <= at->now->mono_ms) {
            tb_park_fetch_due(node, at, link);
        }
        if (link->greeted && link->lacking_ms <= at->now->mono_ms) {
            ask_lacking(node, at, link);
        }
    }
}

uint64_t tb_link_deadline_ms(const struct tb_node *node)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < TB_LINKS_MAX; i++) {
        const struct tb_link *link = &node->desk.links[i];
        if (!link->up) {
            continue;
        }
        next = link->hello_ms < next ? link->hello_ms : next;
        next = link->later_ms < next ? link->later_ms : next;
        next = link->fetch_ms < next ? link->fetch_ms : next;
        next = link->greeted && link->lacking_ms < next ? link->lacking_ms : next;
        if (link->listing && link->greeted) {
            next = 0;
        }
    }
    return next;
}

void tb_link_reach_changed(struct tb_node *node)
{
    const char *broker;
    for (size_t i = 0; i < TB_LINKS_MAX; i++) {
        struct tb_link *link = &node->desk.links[i];
        if (link->handle != 0 && !link->up && !reached(node, link->handle, &broker)) {
            *link = (struct tb_link){0};
        }
    }
}
