#include "life_node.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "node/core/personal.h"
#include "node/core/query_clock.h"
#include "node/core/state.h"
#include "proto/wire.h"
#include "voice.h"

enum { SPOILT_MAX = 4 };
static struct tb_id spoilt[SPOILT_MAX];
static size_t spoilt_count;

bool life_node_spoilt(const struct tb_id *id)
{
    for (size_t i = 0; i < spoilt_count; i++) {
        if (tb_id_equal(&spoilt[i], id)) {
            return true;
        }
    }
    return false;
}

/* What the scenes hand on. */
struct life {
    struct desk *desk;
    struct fixture *fix;
    struct tb_id own;     /* a notice of this office */
    struct tb_id foreign; /* one of 宁武's */
    struct tb_id destroyed;
    uint64_t version; /* of the directory */
};

static void publish(struct life *life)
{
    tb_assert(desk_publish(life->desk, ++life->version).status == TB_OK);
    desk_settle(life->desk);
}

/* ---------------------------------------------------------------------- people */

static void people(struct life *life)
{
    struct desk *desk = life->desk;
    desk_on_duty(desk);
    struct tb_request close = {.verb = TB_VERB_DUTY_CLOSE, .id = "close", .token = desk->token};
    tb_assert(desk_ask(desk, &close).status == TB_OK);
    tb_assert(desk_ask(desk, &close).repeated);
    struct tb_request open = {.verb = TB_VERB_DUTY_OPEN, .id = "open"};
    open.duty = (struct tb_duty_open){.officer = "王强"};
    struct tb_result opened = desk_ask(desk, &open);
    tb_assert(opened.status == TB_OK);
    tb_assert(desk_ask(desk, &open).repeated);
    memcpy(desk->token, opened.token, sizeof desk->token);
    /* Undone alone: nobody is on duty by this token. */
    struct tb_request none = {.verb = TB_VERB_DUTY_CLOSE, .id = "none", .token = "00"};
    tb_assert(desk_ask(desk, &none).status != TB_OK);
    struct tb_request leave = {.verb = TB_VERB_OFFICER_SET, .id = "leave"};
    leave.officer = (struct tb_officer_set){
        .name = "李四", .number = "2", .password_hash = "$argon2id$x", .active = true};
    tb_assert(desk_ask(desk, &leave).status == TB_OK);
    leave.id = "left";
    leave.officer.active = false;
    tb_assert(desk_ask(desk, &leave).status == TB_OK);
}

/* ----------------------------------------------------------------- own notices */

static void welcome(struct desk *desk, int broker, uint8_t epoch, bool repair, int64_t skew_ms)
{
    Tongbao__Welcome said;
    tongbao__welcome__init(&said);
    said.repair = repair;
    said.wall_ms = desk->now.wall.ms + skew_ms;
    desk_link(desk, broker);
    desk_welcome(desk, broker, &said, epoch);
}

/* A broker names the ${seq}th of a chain of this office. */
static void welcome_naming(struct desk *desk, uint8_t mark, uint64_t seq, const struct tb_id *head,
                           uint8_t epoch)
{
    uint8_t chain[TB_CHAIN_BYTES] = {mark};
    Tongbao__ChainHead named = TONGBAO__CHAIN_HEAD__INIT;
    Tongbao__ChainHead *list[] = {&named};
    Tongbao__Welcome said;
    tongbao__welcome__init(&said);
    named.world = TONGBAO__WORLD__ACTUAL;
    named.chain = tb_wire_data(tb_bytes_of(chain, sizeof chain));
    named.seq = seq;
    named.id = tb_wire_id(head);
    said.chains = list;
    said.n_chains = 1;
    desk_link(desk, 0);
    desk_welcome(desk, 0, &said, epoch);
}

static void own_notices(struct life *life)
{
    static const uint32_t filed[] = {140000};
    static const uint32_t full[] = {140900};
    struct tb_id before = {{8}};
    struct desk *desk = life->desk;
    welcome_naming(desk, 8, 1, &before, 1); /* of a store that was here before this one */
    desk_unlink(desk, 0);
    welcome(desk, 0, 1, false, 3600000);
    welcome(desk, 1, 1, false, 0);
    life->own = desk_issue(desk, "汾河").id;
    const Tongbao__Offer *offer = desk_offered(desk, 0, 0);
    desk_answer(desk, 0, offer, TB_OK, 1, filed, 1, full, 1);
    desk_later(desk, TB_LATER_MS);
    desk_due(desk);
    offer = desk_offered(desk, 0, 0);
    tb_assert(offer != NULL);
    desk_answer(desk, 0, offer, TB_OK, 1, filed, 1, NULL, 0);
    tb_assert(
        desk_issue_as(desk, TB_WORLD_EXERCISE, TONGBAO__NOTICE__KIND__FIRST, "汾河", NULL).status ==
        TB_OK);
    offer = desk_offered(desk, 0, 0);
    desk_answer(desk, 0, offer, TB_MALFORMED, 0, NULL, 0, NULL, 0);
    tb_assert(
        desk_issue_as(desk, TB_WORLD_ACTUAL, TONGBAO__NOTICE__KIND__FOLLOW_UP, "汾河", &life->own)
            .status == TB_OK);
    voice_receipt(desk, 140900, &life->own);
    voice_receipt(desk, 140000, &life->own);
    voice_acknowledge(desk, 140900, &life->own);
    voice_object(desk, 140000, &life->own);
    voice_widen(desk, 140123, &life->own);
    tb_assert(voice_own_call(desk, &life->own).status == TB_OK);
    tb_assert(voice_own_disclosure(desk, &life->own).status == TB_OK);
    tb_assert(voice_own_deed(desk, &life->own).status == TB_OK);
}

/* -------------------------------------------------------------- others' notices */

static const struct fix_say theirs = {.origin = 140925, .to = {LIFE_OFFICE, 140900, 140000}};

static void the_alarm_ends(struct desk *desk)
{
    struct tb_alarm_run run;
    struct tb_bytes data = desk_effect(desk, TB_EFFECT_ALARM);
    struct tb_request ended = {.verb = TB_VERB_ALARM_ENDED, .id = "alarm"};
    tb_assert(data.size == sizeof run);
    memcpy(&run, data.data, sizeof run);
    ended.alarm = (struct tb_alarm_ended){.run = run.run, .exit_status = 3};
    tb_assert(desk_ask(desk, &ended).status == TB_OK);
}

static void others_notices(struct life *life)
{
    struct desk *desk = life->desk;
    struct tb_buf later;
    struct tb_id late;
    life->foreign = desk_deliver_notice(desk, &theirs);
    the_alarm_ends(desk);
    desk_deliver(desk, 1, 1, tb_buf_bytes(&desk->bytes)); /* the same by sx-2 */
    tb_assert(desk_acknowledge(desk, &life->foreign).status == TB_OK);
    /* What is said about a notice before it is here. */
    tb_buf_init(&later, TB_ENVELOPE_BYTES_MAX);
    fix_notice(life->fix, &theirs, &later, &late);
    voice_acknowledge(desk, 140900, &late);
    voice_receipt(desk, 140000, &late);
    voice_call(desk, 140900, &late);
    voice_object(desk, 140900, &late);
    voice_disclose(desk, 140925, &late);
    voice_deed(desk, 140900, &late);
    voice_widen(desk, 140123, &late);
    struct fix_say follow = {.origin = 140900,
                             .kind = TONGBAO__NOTICE__KIND__FOLLOW_UP,
                             .regards = &late,
                             .to = {LIFE_OFFICE}};
    desk_deliver_notice(desk, &follow);
    desk_deliver(desk, 0, 1, tb_buf_bytes(&later));
    tb_buf_fini(&later);
}

/* The last byte of an envelope is its signature's. */
static void deliver_spoilt(struct desk *desk, const struct fix_say *say)
{
    tb_assert(spoilt_count < SPOILT_MAX);
    spoilt[spoilt_count++] = desk_make_notice(desk, say);
    desk->bytes.data[desk->bytes.size - 1] ^= 1;
    desk_deliver(desk, 0, 1, tb_buf_bytes(&desk->bytes));
}

/* A fork, a gap, a personal part that comes later, a bad signature. */
static void strange_notices(struct life *life)
{
    struct desk *desk = life->desk;
    struct fix_chain *chain = &fix_office(life->fix, 140925)->chain[TB_WORLD_ACTUAL];
    struct fix_say say = theirs;
    say.course = "another at the same place";
    chain->seq--;
    desk_deliver_notice(desk, &say);
    chain->seq += 3;
    say.course = "after a gap";
    say.nth = 3;
    say.personal = tb_bytes_text("张三 13900000000");
    say.personal_left_out = true;
    struct fix_chain before = *chain;
    desk_deliver_notice(desk, &say);
    *chain = before;
    say.personal_left_out = false;
    desk_deliver_notice(desk, &say);
    deliver_spoilt(desk, &theirs);
}

/* --------------------------------------------------------------------- the park */

/* So many that the next finds no room for its bytes. */
static void fill_the_park(struct desk *desk)
{
    char sql[320];
    snprintf(sql, sizeof sql,
             "INSERT INTO parked (id, broker, origin, reason, bytes, admitted_ms, revoked, at_ms)"
             " WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i WHERE x < %d)"
             " SELECT CAST(x AS BLOB), 'sx-9', 140123, 4, x'00', 0, 0, 0 FROM i",
             (int)TB_PARK_ROWS_MAX);
    desk_sql(desk, sql);
}

static void the_park(struct life *life)
{
    struct desk *desk = life->desk;
    struct fix_say say = {.origin = 140123, .to = {LIFE_OFFICE, 140000}};
    fix_office(life->fix, 140123)->listed = false;
    publish(life);
    desk_deliver_notice(desk, &say);
    desk_deliver(desk, 1, 1, tb_buf_bytes(&desk->bytes));
    fill_the_park(desk);
    say.course = "no room for this";
    desk_deliver_notice(desk, &say);
    desk_sql(desk, "DELETE FROM parked WHERE broker = 'sx-9'");
    desk_deliver(desk, 1, 1, tb_buf_bytes(&desk->bytes)); /* there is room again */
    /* Bytes that turn out bad drop nothing but themselves. */
    say.course = "damaged";
    deliver_spoilt(desk, &say);
    fix_office(life->fix, 140123)->listed = true;
    publish(life);
}

/* A directory that was taken in a turn that was rolled back. */
static void a_full_disk(struct life *life, struct tb_disk *disk)
{
    struct desk *desk = life->desk;
    tb_disk_limit(disk, tb_disk_used(disk));
    tb_assert(desk_publish(desk, ++life->version).status == TB_DISKFULL);
    tb_disk_limit(disk, UINT64_MAX);
    desk_later(desk, TB_DISKFULL_MS);
    desk_settle(desk);
}

/* A serious incident, and nobody informs the public in time. */
static void a_time_limit(struct life *life)
{
    enum { HOUR_MS = 3600000 };
    struct desk *desk = life->desk;
    char river[] = "汾河";
    Tongbao__Notice notice;
    struct tb_request issue = {.verb = TB_VERB_ISSUE, .id = "serious", .token = desk->token};
    tongbao__notice__init(&notice);
    notice.kind = TONGBAO__NOTICE__KIND__FIRST;
    notice.river = river;
    notice.grade = TONGBAO__NOTICE__GRADE__II;
    notice.known_at_ms = desk->now.wall.ms - HOUR_MS;
    notice.occurred_at_ms = desk->now.wall.ms - 2 * HOUR_MS;
    issue.issue.world = TB_WORLD_ACTUAL;
    issue.issue.notice = &notice;
    tb_assert(desk_ask(desk, &issue).status == TB_OK);
    desk_later(desk, 4 * HOUR_MS);
    desk_settle(desk);
}

/* --------------------------------------------------------- repairs and rollbacks */

/* The offer of ${id} in the last turn; NULL. */
static const Tongbao__Offer *offer_of(struct desk *desk, const struct tb_id *id)
{
    for (size_t i = 0; i < desk_offers(desk, 0); i++) {
        struct tb_envelope envelope;
        const Tongbao__Offer *offer = desk_offered(desk, 0, i);
        enum tb_status status = tb_envelope_read(&envelope, tb_wire_bytes(offer->envelope));
        tb_assert(status == TB_OK);
        if (tb_id_equal(&envelope.id, id)) {
            return offer;
        }
    }
    return NULL;
}

static void want(struct desk *desk, const struct tb_id *id)
{
    Tongbao__Want said = TONGBAO__WANT__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    ProtobufCBinaryData wanted[1];
    if (id != NULL) {
        wanted[0] = tb_wire_id(id);
        said.ids = wanted;
        said.n_ids = 1;
    }
    frame.kind_case = TONGBAO__FRAME__KIND_WANT;
    frame.want = &said;
    desk_frame(desk, 0, &frame);
}

static void a_repair(struct life *life)
{
    static const uint32_t filed[] = {140900, 140000};
    struct desk *desk = life->desk;
    desk_unlink(desk, 0);
    welcome(desk, 0, 2, true, 0);
    want(desk, &life->foreign);
    const Tongbao__Offer *offer = offer_of(desk, &life->foreign);
    tb_assert(offer != NULL);
    desk_answer(desk, 0, offer, TB_SIGNER, 0, NULL, 0, NULL, 0);
    desk_later(desk, TB_LATER_MS);
    desk_due(desk);
    offer = offer_of(desk, &life->foreign);
    tb_assert(offer != NULL);
    desk_answer(desk, 0, offer, TB_OK, 1, filed, 2, NULL, 0);
    want(desk, &life->foreign);
    offer = offer_of(desk, &life->foreign);
    tb_assert(offer != NULL);
    desk_answer(desk, 0, offer, TB_MALFORMED, 0, NULL, 0, NULL, 0);
    struct tb_id other = desk_deliver_notice(desk, &theirs);
    want(desk, &other);
    offer = offer_of(desk, &other);
    tb_assert(offer != NULL);
    desk_answer(desk, 0, offer, TB_UNKNOWN, 0, NULL, 0, NULL, 0);
    want(desk, &life->own);
    offer = offer_of(desk, &life->own);
    tb_assert(offer != NULL);
    desk_answer(desk, 0, offer, TB_REVOKED, 0, NULL, 0, NULL, 0);
    want(desk, NULL);
    desk->seq[0][1] = 0;
    desk_deliver_notice(desk, &theirs); /* the cursor begins anew */
    struct tb_id own = desk_issue(desk, "汾河").id;
    offer = offer_of(desk, &own);
    tb_assert(offer != NULL);
    desk_answer(desk, 0, offer, TB_OK, 2, filed, 2, NULL, 0);
}

/* A broker knows more of this office's chain than the store does. */
static void a_rollback(struct life *life)
{
    static const uint8_t seed[TB_SEED_BYTES] = {77};
    struct desk *desk = life->desk;
    struct fix_say say = {.origin = LIFE_OFFICE, .to = {140900}, .course = "lost"};
    struct tb_buf earlier;
    fix_office(life->fix, LIFE_OFFICE)->chain[TB_WORLD_ACTUAL] = (struct fix_chain){0};
    desk_make_notice(desk, &say);
    tb_buf_init(&earlier, TB_ENVELOPE_BYTES_MAX);
    tb_assert(tb_buf_add(&earlier, tb_buf_bytes(&desk->bytes)) == TB_OK);
    struct tb_id second = desk_make_notice(desk, &say);
    desk_unlink(desk, 0);
    welcome_naming(desk, 9, 2, &second, 2);
    desk_deliver_lane0(desk, 0, tb_buf_bytes(&desk->bytes));
    desk_unlink(desk, 0);
    welcome(desk, 0, 2, false, 0); /* what lacks is asked for again */
    desk_deliver_lane0(desk, 0, tb_buf_bytes(&earlier));
    tb_buf_fini(&earlier);
    tb_db_begin(&desk->db);
    tb_node_restored(desk->node, &desk->now, seed);
    tb_db_commit(&desk->db);
    tb_db_begin(&desk->db);
    tb_assert(tb_node_rebuild(desk->node) == TB_OK);
    tb_db_commit(&desk->db);
    tb_assert(desk->db.status == TB_OK);
}

/* ------------------------------------------------------- what is destroyed, what lost */

static void destroyed_parts(struct life *life)
{
    struct desk *desk = life->desk;
    struct fix_say say = theirs;
    struct tb_buf later;
    say.personal = tb_bytes_text("0123456789abcdef李四 13800000000");
    struct tb_id id = desk_deliver_notice(desk, &say);
    struct tb_request ask = {.verb = TB_VERB_PERSONAL_READ, .id = "read", .token = desk->token};
    ask.destroy.notice = id;
    tb_assert(desk_ask(desk, &ask).status == TB_OK);
    tb_assert(tb_personal_get(desk->node, &id, NULL) == TB_PERSONAL_HERE);
    ask.verb = TB_VERB_DESTROY;
    ask.id = "destroy";
    ask.destroy.reason = "不再需要";
    tb_assert(desk_ask(desk, &ask).status == TB_OK);
    tb_assert(tb_db_scrub(&desk->db));
    /* The origin's word comes before what it is about. */
    tb_buf_init(&later, TB_ENVELOPE_BYTES_MAX);
    fix_notice(life->fix, &say, &later, &id);
    voice_destroy(desk, 140925, &id);
    desk_deliver(desk, 0, 1, tb_buf_bytes(&later));
    tb_assert(tb_personal_get(desk->node, &id, NULL) == TB_PERSONAL_DESTROYED);
    tb_buf_fini(&later);
    life->destroyed = id;
}

static void a_lost_disk(struct life *life)
{
    struct desk *desk = life->desk;
    Tongbao__Gap gap = TONGBAO__GAP__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    struct tb_request ask = {.verb = TB_VERB_RECOVER, .id = "recover", .token = desk->token};
    struct tb_result result = desk_ask(desk, &ask);
    tb_assert(result.status == TB_OK);
    voice_recall(desk, 140000, &result.id);
    gap.lane = 1;
    gap.before_seq = desk->seq[0][1];
    frame.kind_case = TONGBAO__FRAME__KIND_GAP;
    frame.gap = &gap;
    desk_frame(desk, 0, &frame);
    desk_deliver_notice(desk, &theirs);
}

/* ------------------------------------------------------------------ the questions */

static void questions_of_a_notice(struct desk *desk, const struct tb_id *id)
{
    static struct tb_delivery_row deliveries[TB_RECIPIENTS_MAX];
    struct tb_notice_row rows[4];
    struct tb_acknowledgement_row answers[4];
    struct tb_call_row calls[4];
    struct tb_statement_row row;
    const Tongbao__Body *body;
    struct tb_id found;
    int64_t places[4];
    tb_assert(tb_query_notice(desk->node, id, &desk->arena, &rows[0], &body));
    (void)tb_query_deliveries(desk->node, id, deliveries, TB_RECIPIENTS_MAX);
    (void)tb_query_acknowledgements(desk->node, id, answers, 4);
    (void)tb_query_calls(desk->node, id, calls, 4);
    (void)tb_query_find(desk->node, rows[0].number, &found);
    char prefix[9];
    tb_hex(prefix, tb_bytes_of(id->byte, 4));
    (void)tb_query_find(desk->node, prefix, &found);
    (void)tb_query_incident(desk->node, body->incident.data, TB_WORLD_ACTUAL, rows, 4);
    (void)tb_query_statements(desk->node, id, TB_KIND_DEED, places, 4);
    (void)tb_query_statements(desk->node, id, TB_KIND_DESTRUCTION, places, 4);
    size_t count = tb_query_statements(desk->node, id, TB_KIND_DISCLOSURE, places, 4);
    for (size_t i = 0; i < count; i++) {
        tb_assert(tb_query_statement(desk->node, places[i], &desk->arena, &row, &body));
    }
}

void life_node_questions(struct desk *desk, const struct tb_id *of)
{
    static struct tb_clock clocks[64];
    struct tb_clock_ask ask = {.now = desk->now.wall};
    struct tb_clock_list list = {.rows = clocks, .rows_max = 64};
    struct tb_notice_row notices[4];
    struct tb_stream_row shown[4];
    struct tb_link_row links[4];
    struct tb_officer_row officers[4];
    struct tb_status_row status;
    struct tb_ledger_row row;
    struct tb_recover_row recover;
    struct tb_recover_gap gaps[4];
    tb_query_recover(desk->node, desk->now.wall, &recover);
    (void)tb_query_recover_gaps(desk->node, gaps, 4);
    questions_of_a_notice(desk, of);
    (void)tb_query_notices(desk->node, 0, notices, 4);
    (void)tb_query_waiting(desk->node, notices, 4);
    (void)tb_query_stream(desk->node, 0, shown, 4);
    (void)tb_query_links(desk->node, links, 4);
    tb_query_status(desk->node, &status);
    (void)tb_query_officers(desk->node, desk->now.wall, officers, 4);
    (void)tb_query_password(desk->node, "王强");
    (void)tb_query_session(desk->node, desk->token, desk->now.wall, &officers[0]);
    (void)tb_query_ledger(desk->node, 0, &row);
    tb_query_clocks(desk->node, &ask, &list);
}

/* -------------------------------------------------------------------- the whole */

static void pause(struct desk *desk)
{
    tb_assert(tb_db_checkpoint(&desk->db) == 0);
}

void life_node(struct desk *desk, struct fixture *fix, struct tb_disk *disk)
{
    struct life life = {.desk = desk, .fix = fix, .version = 1};
    spoilt_count = 0;
    fix_init(fix);
    desk_start(desk, fix, LIFE_OFFICE, (struct desk_make){.path = "/node/store.db", .alarm = true});
    people(&life);
    own_notices(&life);
    pause(desk);
    others_notices(&life);
    strange_notices(&life);
    pause(desk);
    the_park(&life);
    pause(desk);
    desk_reopen(desk);
    desk_on_duty(desk);
    a_full_disk(&life, disk); /* the log is short now, and has to grow */
    a_time_limit(&life);
    welcome(desk, 0, 1, false, 0);
    a_repair(&life);
    destroyed_parts(&life);
    pause(desk);
    a_rollback(&life);
    a_lost_disk(&life);
    life_node_questions(desk, &life.own);
    desk_later(desk, (uint64_t)TB_KEPT_DAYS * 25 * 3600 * 1000);
    desk_on_duty(desk); /* old requests go */
    desk_close(desk);
}

/* ----------------------------------------------------------------- the province's */

static void answer_back(struct desk *desk, enum tb_status status)
{
    static const uint32_t filed[] = {140926};
    struct tb_buf bytes[TB_OFFERS_INFLIGHT_MAX];
    uint64_t tag[TB_OFFERS_INFLIGHT_MAX];
    size_t count = desk_offers(desk, 0);
    tb_assert(count > 0);
    tb_assert(count <= TB_OFFERS_INFLIGHT_MAX);
    for (size_t i = 0; i < count; i++) {
        const Tongbao__Offer *offer = desk_offered(desk, 0, i);
        tb_buf_init(&bytes[i], TB_ENVELOPE_BYTES_MAX);
        tb_assert(tb_buf_add(&bytes[i], tb_wire_bytes(offer->envelope)) == TB_OK);
        tag[i] = offer->tag;
    }
    for (size_t i = 0; i < count; i++) {
        Tongbao__Offer offer = TONGBAO__OFFER__INIT;
        offer.tag = tag[i];
        offer.envelope = tb_wire_data(tb_buf_bytes(&bytes[i]));
        desk_answer(desk, 0, &offer, status, i + 1, filed, 1, NULL, 0);
        tb_buf_fini(&bytes[i]);
    }
}

void life_province(struct desk *desk, struct fixture *fix, struct tb_disk *disk)
{
    struct fix_say say = {.origin = 140926, .to = {140000, 140900}};
    struct fix_say to = {.origin = 140925, .to = {140000, 140926}};
    (void)disk;
    spoilt_count = 0;
    fix_init(fix);
    desk_start(desk, fix, LIFE_PROVINCE, (struct desk_make){.path = "/node/store.db"});
    desk_on_duty(desk);
    welcome(desk, 0, 1, false, 0);
    (void)desk_deliver_notice(desk, &say);
    (void)desk_deliver_notice(desk, &to);
    answer_back(desk, TB_OK); /* its receipts */
    voice_recall(desk, 140926, NULL);
    desk_settle(desk);
    for (int tries = 0; tries < 8; tries++) {
        if (desk_offers(desk, 0) > 0) {
            answer_back(desk, tries == 0 ? TB_FULL : TB_OK);
        }
        desk_later(desk, TB_LATER_MS);
        desk_due(desk);
    }
    pause(desk);
    desk_close(desk);
}
