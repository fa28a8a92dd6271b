#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "node/core/state.h"
#include "proto/wire.h"

/* 宁武 (140925) and its brokers: greeting, offers, repair, directories. */

static struct fixture fix;
static struct desk desk;

static void begin(uint32_t office)
{
    desk_begin(&desk, &fix, office, true);
    desk_on_duty(&desk);
}

static int start(void **state)
{
    (void)state;
    begin(140925);
    return 0;
}

static int start_province(void **state)
{
    (void)state;
    begin(140000);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    desk_close(&desk);
    return 0;
}

static struct tb_id id_of(const Tongbao__Offer *offer)
{
    struct tb_envelope envelope;
    assert_int_equal(tb_envelope_read(&envelope, tb_wire_bytes(offer->envelope)), TB_OK);
    return envelope.id;
}

static void links_are_those_of_own_brokers_and_of_all_that_the_river_reaches(void **state)
{
    (void)state;
    struct tb_node_link links[TB_LINKS_MAX];
    assert_int_equal(tb_node_links(desk.node, links), 2);
    assert_string_equal(links[0].broker->name, "sx-1");
    assert_true(links[0].reads);
    assert_int_equal(links[0].handle, desk_handle(&desk, 0));
    assert_string_equal(links[1].broker->name, "sx-2");
    assert_false(links[1].reads);
}

/* "A sender offers an envelope to all brokers of all its recipients." */
static void an_envelope_is_offered_to_every_broker_of_its_recipients(void **state)
{
    (void)state;
    desk_greet(&desk, 0, 1);
    desk_greet(&desk, 1, 2);
    struct tb_id id = desk_issue(&desk, "汾河").id;
    assert_int_equal(desk_offers(&desk, 0), 1);
    assert_int_equal(desk_offers(&desk, 1), 1);
    struct tb_id sent = id_of(desk_offered(&desk, 0, 0));
    assert_true(tb_id_equal(&sent, &id));
    assert_false(desk_offered(&desk, 0, 0)->repair);
    static const uint32_t at_1[] = {140926, 140900, 140000};
    desk_answer(&desk, 0, desk_offered(&desk, 0, 0), TB_OK, 7, at_1, 3, NULL, 0);
    assert_int_equal(desk_delivery(&desk, &id, 140926).state, TB_DELIVERY_ACCEPTED);
    struct tb_link_row rows[TB_LINKS_MAX];
    assert_int_equal(tb_query_links(desk.node, rows, TB_LINKS_MAX), 2);
    assert_true(rows[0].up);
    assert_int_equal(rows[0].waiting, 0);
    assert_int_equal(rows[1].waiting, 1);
    assert_int_equal(rows[1].oldest_ms, FIX_AT_MS);
}

/* The truth about what was read is the cursor; accepted is the last position. */
static void a_greeting_names_epoch_cursors_and_the_last_accepted(void **state)
{
    (void)state;
    struct tb_id notice;
    desk_greet(&desk, 0, 1);
    struct tb_id own = desk_issue(&desk, "汾河").id;
    static const uint32_t at_1[] = {140926, 140900, 140000};
    desk_answer(&desk, 0, desk_offered(&desk, 0, 0), TB_OK, 7, at_1, 3, NULL, 0);
    struct fix_say say = {.origin = 140926, .to = {140925}};
    fix_notice(&fix, &say, &desk.bytes, &notice);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    desk_reopen(&desk);
    desk_link(&desk, 0);
    const Tongbao__Hello *hello = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_HELLO, 0)->hello;
    assert_int_equal(hello->office, 140925);
    assert_int_equal(hello->epoch.len, TB_EPOCH_BYTES);
    assert_int_equal(hello->epoch.data[0], 1);
    assert_int_equal(hello->n_cursors, 1);
    assert_int_equal(hello->cursors[0]->lane, 1);
    assert_int_equal(hello->cursors[0]->seq, 1);
    assert_memory_equal(hello->cursors[0]->id.data, notice.byte, TB_ID_BYTES);
    assert_int_equal(hello->accepted->position, 7);
    assert_memory_equal(hello->accepted->id.data, own.byte, TB_ID_BYTES);
    assert_int_equal(hello->n_directories, 1);
    assert_int_equal(hello->directories[0]->version, 1);
    /* A new store: a new epoch, and what was read of the old one is forgotten. */
    Tongbao__Welcome welcome;
    tongbao__welcome__init(&welcome);
    welcome.repair = true;
    desk_welcome(&desk, 0, &welcome, 9);
    desk_unlink(&desk, 0);
    desk_link(&desk, 0);
    hello = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_HELLO, 0)->hello;
    assert_int_equal(hello->epoch.data[0], 9);
    assert_int_equal(hello->n_cursors, 0);
    assert_null(hello->accepted);
}

/* I1: a broker restored from an old copy counts again from where the copy ended; the
 * cursor goes back with it, or every greeting would ask for a repair. */
static void i1_a_cursor_goes_back_with_a_broker_that_lost_its_tail(void **state)
{
    (void)state;
    Tongbao__Welcome welcome;
    tongbao__welcome__init(&welcome);
    desk_greet(&desk, 0, 1);
    for (int i = 0; i < 3; i++) {
        struct fix_say say = {.origin = 140926, .to = {140925}};
        tb_buf_cut(&desk.bytes, 0);
        fix_notice(&fix, &say, &desk.bytes, NULL);
        desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    }
    desk_unlink(&desk, 0);
    desk_link(&desk, 0);
    welcome.repair = true;
    desk_welcome(&desk, 0, &welcome, 1);
    desk_unlink(&desk, 0);
    desk_link(&desk, 0);
    const Tongbao__Hello *hello = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_HELLO, 0)->hello;
    assert_int_equal(hello->cursors[0]->seq, 3); /* nothing new was heard yet */
    desk_welcome(&desk, 0, &welcome, 1);
    desk.seq[0][1] = 1;
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    desk_unlink(&desk, 0);
    desk_link(&desk, 0);
    hello = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_HELLO, 0)->hello;
    assert_int_equal(hello->cursors[0]->seq, 2);
}

/* A repair that was cut short is begun anew, though the broker asks no more. */
static void i1_a_repair_that_was_cut_short_is_listed_again(void **state)
{
    (void)state;
    Tongbao__Welcome welcome;
    tongbao__welcome__init(&welcome);
    desk_issue(&desk, "汾河");
    desk_link(&desk, 0);
    welcome.repair = true;
    desk_welcome(&desk, 0, &welcome, 1);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_LISTING), 1);
    desk_reopen(&desk);
    tongbao__welcome__init(&welcome);
    desk_link(&desk, 0);
    desk_welcome(&desk, 0, &welcome, 1);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_LISTING), 1);
    Tongbao__Want nothing = TONGBAO__WANT__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    frame.kind_case = TONGBAO__FRAME__KIND_WANT;
    frame.want = &nothing;
    desk_frame(&desk, 0, &frame);
    desk_unlink(&desk, 0);
    desk_link(&desk, 0);
    desk_welcome(&desk, 0, &welcome, 1);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_LISTING), 0);
}

/* I1: offered again until it is accepted: at every link-up … */
static void i1_what_is_not_accepted_is_offered_at_every_greeting(void **state)
{
    (void)state;
    struct tb_id id = desk_issue(&desk, "汾河").id;
    assert_int_equal(desk_offers(&desk, 0), 0);
    desk_greet(&desk, 0, 1);
    assert_int_equal(desk_offers(&desk, 0), 1);
    desk_unlink(&desk, 0);
    desk_greet(&desk, 0, 1);
    assert_int_equal(desk_offers(&desk, 0), 1);
    static const uint32_t at_1[] = {140926, 140900, 140000};
    desk_answer(&desk, 0, desk_offered(&desk, 0, 0), TB_OK, 1, at_1, 3, NULL, 0);
    desk_unlink(&desk, 0);
    desk_greet(&desk, 0, 1);
    assert_int_equal(desk_offers(&desk, 0), 0);
    assert_int_equal(desk_delivery(&desk, &id, 140926).state, TB_DELIVERY_ACCEPTED);
}

/* … and 60 seconds after `full`, by the monotonic clock. */
static void i1_a_full_mailbox_is_tried_again_after_60_seconds(void **state)
{
    (void)state;
    static const uint32_t filed[] = {140900, 140000};
    static const uint32_t full[] = {140926};
    static const uint32_t all[] = {140926, 140900, 140000};
    desk_greet(&desk, 0, 1);
    struct tb_id id = desk_issue(&desk, "汾河").id;
    desk_answer(&desk, 0, desk_offered(&desk, 0, 0), TB_OK, 1, filed, 2, full, 1);
    struct tb_delivery_row row = desk_delivery(&desk, &id, 140926);
    assert_int_equal(row.state, TB_DELIVERY_FULL);
    assert_int_equal(row.reason, TB_FULL);
    assert_int_equal(desk_delivery(&desk, &id, 140900).state, TB_DELIVERY_ACCEPTED);
    assert_int_equal(tb_node_deadline_ms(desk.node), desk.now.mono_ms + TB_LATER_MS);
    desk.now.wall.ms += (int64_t)10 * TB_DAY_MS;
    desk_later(&desk, TB_LATER_MS - 1);
    desk_due(&desk);
    assert_int_equal(desk_offers(&desk, 0), 0);
    desk_later(&desk, 1);
    desk_due(&desk);
    assert_int_equal(desk_offers(&desk, 0), 1);
    desk_answer(&desk, 0, desk_offered(&desk, 0, 0), TB_OK, 1, all, 3, NULL, 0);
    assert_int_equal(desk_delivery(&desk, &id, 140926).state, TB_DELIVERY_ACCEPTED);
    desk_settle(&desk);
    assert_true(desk_idle(&desk));
}

static void a_refusal_is_final_only_for_what_later_knowledge_cannot_cure(void **state)
{
    (void)state;
    desk_greet(&desk, 0, 1);
    desk_issue(&desk, "汾河");
    desk_answer(&desk, 0, desk_offered(&desk, 0, 0), TB_SIGNER, 0, NULL, 0, NULL, 0);
    desk_later(&desk, TB_LATER_MS);
    desk_due(&desk);
    assert_int_equal(desk_offers(&desk, 0), 1);
    desk_answer(&desk, 0, desk_offered(&desk, 0, 0), TB_REVOKED, 0, NULL, 0, NULL, 0);
    assert_true(desk_noted(&desk, TB_NOTE_REFUSED));
    /* To be issued anew, with another key. */
    assert_int_equal(desk_shown(&desk, TB_STREAM_OBJECTION, NULL), 1);
    desk_later(&desk, TB_LATER_MS);
    desk_due(&desk);
    assert_int_equal(desk_offers(&desk, 0), 0);
    desk_unlink(&desk, 0);
    desk_greet(&desk, 0, 1);
    assert_int_equal(desk_offers(&desk, 0), 0);
}

/* I10: a window of offers not answered; the first lane goes first. */
static void i10_at_most_64_offers_are_in_flight_and_actual_notices_go_first(void **state)
{
    (void)state;
    static const uint32_t all[] = {140926, 140900, 140000};
    enum { MANY = 70 };
    for (int i = 0; i < MANY; i++) {
        desk_issue_as(&desk, TB_WORLD_EXERCISE, TONGBAO__NOTICE__KIND__FIRST, "汾河", NULL);
    }
    struct tb_id actual = desk_issue(&desk, "汾河").id;
    desk_greet(&desk, 0, 1);
    assert_int_equal(desk_offers(&desk, 0), TB_OFFERS_INFLIGHT_MAX);
    struct tb_id first = id_of(desk_offered(&desk, 0, 0));
    assert_true(tb_id_equal(&first, &actual));
    desk_answer(&desk, 0, desk_offered(&desk, 0, 0), TB_OK, 1, all, 3, NULL, 0);
    assert_int_equal(desk_offers(&desk, 0), 1);
}

static void a_socket_that_chokes_is_greeted_again_after_a_second(void **state)
{
    (void)state;
    desk_greet(&desk, 0, 1);
    desk_issue(&desk, "汾河");
    tb_node_choked(desk.node, desk_handle(&desk, 0));
    assert_int_equal(tb_node_deadline_ms(desk.node), desk.now.mono_ms + TB_CHOKED_MS);
    desk_issue(&desk, "恢河");
    assert_int_equal(desk_offers(&desk, 0), 0);
    desk_later(&desk, TB_CHOKED_MS);
    desk_due(&desk);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_HELLO), 1);
    Tongbao__Welcome welcome;
    tongbao__welcome__init(&welcome);
    desk_welcome(&desk, 0, &welcome, 1);
    assert_int_equal(desk_offers(&desk, 0), 2);
}

/* Collect the ids of all listings until the last. */
static size_t listed(struct tb_id *ids, size_t ids_max)
{
    size_t count = 0;
    for (int turns = 0; turns < 100; turns++) {
        const Tongbao__Frame *frame = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_LISTING, 0);
        for (size_t i = 0; frame != NULL && i < frame->listing->n_ids; i++) {
            assert_true(count < ids_max);
            assert_true(tb_id_take(&ids[count++], tb_wire_bytes(frame->listing->ids[i])));
        }
        if (frame != NULL && frame->listing->last) {
            return count;
        }
        desk_due(&desk);
    }
    fail();
    return 0;
}

static bool among(const struct tb_id *ids, size_t count, const struct tb_id *id)
{
    for (size_t i = 0; i < count; i++) {
        if (tb_id_equal(&ids[i], id)) {
            return true;
        }
    }
    return false;
}

static void receipt_from(uint32_t office, const struct tb_id *notice)
{
    struct fix_say say = {.origin = office, .to = {desk.office, 140000}};
    tb_buf_cut(&desk.bytes, 0);
    fix_receipt(&fix, &say, notice, &desk.bytes, NULL);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
}

/* The only repair: the last 30 days, and older ones that are still owed. */
static void a_repair_lists_the_last_30_days_and_what_is_owed(void **state)
{
    (void)state;
    struct tb_id ids[64];
    struct tb_id foreign;
    desk_greet(&desk, 0, 1);
    struct tb_id done = desk_issue(&desk, "汾河").id;
    struct tb_id owed = desk_issue(&desk, "汾河").id;
    receipt_from(140926, &done);
    receipt_from(140900, &done);
    receipt_from(140000, &done);
    receipt_from(140926, &owed);
    struct fix_say say = {.origin = 140926, .to = {140925, 140900}};
    tb_buf_cut(&desk.bytes, 0);
    fix_notice(&fix, &say, &desk.bytes, &foreign);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    desk_later(&desk, (uint64_t)31 * TB_DAY_MS);
    desk_on_duty(&desk);
    struct tb_id recent = desk_issue(&desk, "汾河").id;
    desk_unlink(&desk, 0);
    Tongbao__Welcome welcome;
    tongbao__welcome__init(&welcome);
    desk_link(&desk, 0);
    welcome.repair = true;
    desk_welcome(&desk, 0, &welcome, 3);
    assert_true(desk_noted(&desk, TB_NOTE_LINK_REPAIR));
    size_t count = listed(ids, 64);
    assert_int_equal(count, 2);
    assert_true(among(ids, count, &owed));
    assert_true(among(ids, count, &recent));
    assert_false(among(ids, count, &done));
    assert_false(among(ids, count, &foreign));
}

static void a_province_lists_what_its_offices_owe_and_gives_what_is_wanted(void **state)
{
    (void)state;
    struct tb_id ids[64];
    struct tb_id owed;
    desk_greet(&desk, 0, 1);
    struct fix_say say = {.origin = 140925, .to = {140926, 140000}};
    fix_notice(&fix, &say, &desk.bytes, &owed);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    desk_later(&desk, (uint64_t)31 * TB_DAY_MS);
    desk_unlink(&desk, 0);
    Tongbao__Welcome welcome;
    tongbao__welcome__init(&welcome);
    desk_link(&desk, 0);
    welcome.repair = true;
    desk_welcome(&desk, 0, &welcome, 3);
    size_t count = listed(ids, 64);
    assert_int_equal(count, 1);
    assert_true(among(ids, count, &owed));
    Tongbao__Want want = TONGBAO__WANT__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    struct tb_id strange = {{3}};
    ProtobufCBinaryData wanted[] = {tb_wire_id(&owed), tb_wire_id(&strange)};
    want.ids = wanted;
    want.n_ids = 2;
    frame.kind_case = TONGBAO__FRAME__KIND_WANT;
    frame.want = &want;
    desk_frame(&desk, 0, &frame);
    const Tongbao__Offer *offer = NULL;
    for (size_t i = 0; i < desk_offers(&desk, 0); i++) {
        offer = desk_offered(&desk, 0, i)->repair ? desk_offered(&desk, 0, i) : offer;
    }
    assert_non_null(offer);
    assert_true(tb_bytes_equal(tb_wire_bytes(offer->envelope), tb_buf_bytes(&desk.bytes)));
    desk_answer(&desk, 0, offer, TB_OK, 4, NULL, 0, NULL, 0);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM offer WHERE repair = 1 AND state = 1"),
                     1);
}

/* I10: a page is one frame of at most 1,024 ids, and the next turn goes on. */
static void i10_a_long_repair_is_listed_in_pages(void **state)
{
    (void)state;
    enum { MANY = 1500 };
    struct tb_id *ids = calloc(2 * MANY, sizeof *ids);
    struct tb_event events[TB_TURN_EVENTS_MAX];
    struct tb_buf frames[TB_TURN_EVENTS_MAX];
    desk_greet(&desk, 0, 1);
    for (int done = 0; done < MANY; done += TB_TURN_EVENTS_MAX) {
        for (int i = 0; i < TB_TURN_EVENTS_MAX; i++) {
            struct fix_say say = {.origin = 140926, .to = {140925}};
            Tongbao__Deliver deliver = TONGBAO__DELIVER__INIT;
            Tongbao__Frame frame = TONGBAO__FRAME__INIT;
            tb_buf_cut(&desk.bytes, 0);
            fix_notice(&fix, &say, &desk.bytes, NULL);
            deliver.lane = 1;
            deliver.seq = (uint64_t)(done + i + 1);
            deliver.envelope = tb_wire_data(tb_buf_bytes(&desk.bytes));
            frame.kind_case = TONGBAO__FRAME__KIND_DELIVER;
            frame.deliver = &deliver;
            events[i] = desk_event(&desk, 0, &frame, &frames[i]);
        }
        desk_turn(&desk, events, TB_TURN_EVENTS_MAX);
        for (int i = 0; i < TB_TURN_EVENTS_MAX; i++) {
            tb_buf_fini(&frames[i]);
        }
    }
    desk_unlink(&desk, 0);
    Tongbao__Welcome welcome;
    tongbao__welcome__init(&welcome);
    desk_link(&desk, 0);
    welcome.repair = true;
    desk_welcome(&desk, 0, &welcome, 3);
    const Tongbao__Frame *page = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_LISTING, 0);
    assert_int_equal(page->listing->n_ids, TB_LISTING_IDS_MAX);
    assert_false(page->listing->last);
    size_t count = listed(ids, 2 * MANY);
    assert_int_equal(count, desk_sql(&desk, "SELECT count(*) FROM ledger"));
    free(ids);
}

static void a_gap_and_a_skewed_clock_of_a_broker_are_noted(void **state)
{
    (void)state;
    Tongbao__Gap gap = TONGBAO__GAP__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    Tongbao__Welcome welcome;
    tongbao__welcome__init(&welcome);
    struct tb_link_row rows[TB_LINKS_MAX];
    desk_link(&desk, 0);
    welcome.wall_ms = desk.now.wall.ms + 2 * TB_SKEW_MS;
    desk_welcome(&desk, 0, &welcome, 1);
    assert_true(desk_noted(&desk, TB_NOTE_PEER_SKEW));
    tb_query_links(desk.node, rows, TB_LINKS_MAX);
    assert_int_equal(rows[0].skew_ms, 2 * TB_SKEW_MS);
    /* A beat tells of a clock that was set since, once. */
    Tongbao__Beat beat = TONGBAO__BEAT__INIT;
    static const int64_t skews_ms[] = {2 * TB_SKEW_MS, TB_DAY_MS, TB_DAY_MS + TB_SKEW_MS, 0};
    static const bool noted[] = {false, true, false, false};
    static const int64_t shown_ms[] = {2 * TB_SKEW_MS, TB_DAY_MS, TB_DAY_MS, 0};
    for (size_t i = 0; i < sizeof skews_ms / sizeof skews_ms[0]; i++) {
        beat.wall_ms = desk.now.wall.ms + skews_ms[i];
        frame.kind_case = TONGBAO__FRAME__KIND_BEAT;
        frame.beat = &beat;
        desk_frame(&desk, 0, &frame);
        assert_int_equal(desk_noted(&desk, TB_NOTE_PEER_SKEW), noted[i]);
        tb_query_links(desk.node, rows, TB_LINKS_MAX);
        assert_int_equal(rows[0].skew_ms, shown_ms[i]);
    }
    gap.lane = 1;
    gap.before_seq = 5;
    frame.kind_case = TONGBAO__FRAME__KIND_GAP;
    frame.gap = &gap;
    desk_frame(&desk, 0, &frame);
    assert_true(desk_noted(&desk, TB_NOTE_LINK_GAP));
    desk_unlink(&desk, 0);
    assert_true(desk_noted(&desk, TB_NOTE_LINK_DOWN));
    tb_query_links(desk.node, rows, TB_LINKS_MAX);
    assert_false(rows[0].up);
}

/* Beats never come as far as the core: the line alone knows when it was last heard. */
static void a_lost_link_is_noted_with_the_time_the_line_was_silent(void **state)
{
    (void)state;
    struct tb_event down = {
        .kind = TB_EVENT_LINK_DOWN, .from = desk_handle(&desk, 0), .silent_ms = 7999};
    desk_greet(&desk, 0, 1);
    desk.now.mono_ms += 3600 * 1000;
    desk_turn(&desk, &down, 1);
    struct tb_bytes note = desk_effect(&desk, TB_EFFECT_NOTE);
    assert_int_equal(note.size, strlen("broker=sx-1 silent for 7s"));
    assert_memory_equal(note.data, "broker=sx-1 silent for 7s", note.size);
}

/* A bad frame undoes itself alone. */
static void a_frame_that_cannot_be_read_changes_nothing(void **state)
{
    (void)state;
    static const uint8_t junk[] = {0xff, 0xff, 0xff};
    desk_greet(&desk, 0, 1);
    struct tb_event event = {.kind = TB_EVENT_FRAME,
                             .from = desk_handle(&desk, 0),
                             .data = tb_bytes_of(junk, sizeof junk)};
    desk_turn(&desk, &event, 1);
    assert_int_equal(desk.turned, TB_OK);
    assert_true(desk_noted(&desk, TB_NOTE_PEER_REFUSED));
    event.from = 12345; /* no link of this node */
    desk_turn(&desk, &event, 1);
    assert_int_equal(desk.turned, TB_OK);
    struct tb_id id = desk_issue(&desk, "汾河").id;
    assert_int_equal(desk_offers(&desk, 0), 1);
    (void)id;
}

/* An officer adds an office that reads at a broker beyond the rivers' reach. */
static void a_broker_of_an_added_office_is_linked_to_until_it_has_accepted(void **state)
{
    (void)state;
    struct tb_node_link links[TB_LINKS_MAX];
    Tongbao__Notice notice;
    struct tb_request request = {.verb = TB_VERB_ISSUE, .id = "added"};
    fix_office(&fix, 140000)->reads[1] = NULL;
    fix_office(&fix, 140900)->reads[1] = NULL;
    fix.rivers = false;
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    assert_int_equal(tb_node_links(desk.node, links), 1);
    tongbao__notice__init(&notice);
    notice.kind = TONGBAO__NOTICE__KIND__FIRST;
    request.token = desk.token;
    request.issue.world = TB_WORLD_ACTUAL;
    request.issue.notice = &notice;
    request.issue.added[0] = 140123;
    request.issue.added_count = 1;
    struct tb_result result = desk_ask(&desk, &request);
    assert_int_equal(result.status, TB_OK);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_LINKS), 1);
    assert_int_equal(tb_node_links(desk.node, links), 2);
    desk_reopen(&desk);
    assert_int_equal(tb_node_links(desk.node, links), 2);
    desk_greet(&desk, 1, 1);
    assert_int_equal(desk_offers(&desk, 1), 1);
    static const uint32_t filed[] = {140123};
    desk_answer(&desk, 1, desk_offered(&desk, 1, 0), TB_OK, 1, filed, 1, NULL, 0);
    desk_reopen(&desk);
    assert_int_equal(tb_node_links(desk.node, links), 1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(links_are_those_of_own_brokers_and_of_all_that_the_river_reaches),
        WITH(a_broker_of_an_added_office_is_linked_to_until_it_has_accepted),
        WITH(an_envelope_is_offered_to_every_broker_of_its_recipients),
        WITH(a_greeting_names_epoch_cursors_and_the_last_accepted),
        WITH(i1_a_cursor_goes_back_with_a_broker_that_lost_its_tail),
        WITH(i1_a_repair_that_was_cut_short_is_listed_again),
        WITH(i1_what_is_not_accepted_is_offered_at_every_greeting),
        WITH(i1_a_full_mailbox_is_tried_again_after_60_seconds),
        WITH(a_refusal_is_final_only_for_what_later_knowledge_cannot_cure),
        WITH(i10_at_most_64_offers_are_in_flight_and_actual_notices_go_first),
        WITH(a_socket_that_chokes_is_greeted_again_after_a_second),
        WITH(a_repair_lists_the_last_30_days_and_what_is_owed),
        cmocka_unit_test_setup_teardown(
            a_province_lists_what_its_offices_owe_and_gives_what_is_wanted, start_province, stop),
        WITH(i10_a_long_repair_is_listed_in_pages),
        WITH(a_gap_and_a_skewed_clock_of_a_broker_are_noted),
        WITH(a_lost_link_is_noted_with_the_time_the_line_was_silent),
        WITH(a_frame_that_cannot_be_read_changes_nothing),
    };
    return cmocka_run_group_tests_name("node: link", tests, NULL, NULL);
}
