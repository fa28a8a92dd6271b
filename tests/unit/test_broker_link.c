#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "bench.h"
#include "broker/core/deliver.h"
#include "broker/core/peers.h"
#include "proto/wire.h"

/* A link to a broker: Hello, cursors, the pump, windows, revocation; I1, I4, I10. */

#define DELIVER TONGBAO__FRAME__KIND_DELIVER
#define REFUSAL TONGBAO__FRAME__KIND_REFUSAL

static const struct fix_say usual = {.origin = 140925, .directory_version = 1, .to = {140926}};

static void say(struct bench *bench, struct tb_id *id)
{
    assert_int_equal(bench_say(bench, 1, &usual, id)->status, TB_OK);
}

static const Tongbao__Deliver *delivered(struct bench *bench, uint64_t peer, size_t nth)
{
    const Tongbao__Frame *frame = bench_sent(bench, peer, TONGBAO__FRAME__KIND_DELIVER, nth);
    return frame == NULL ? NULL : frame->deliver;
}

static void assert_carries(const Tongbao__Deliver *deliver, const struct tb_id *id)
{
    struct tb_envelope envelope;
    assert_non_null(deliver);
    assert_int_equal(tb_envelope_read(&envelope, tb_wire_bytes(deliver->envelope)), TB_OK);
    assert_true(tb_id_equal(&envelope.id, id));
}

static void a_hello_is_answered_with_epoch_and_directories(void **state)
{
    struct bench *bench = *state;
    const Tongbao__Welcome *welcome = bench_hello(bench, 1, 140926);
    assert_non_null(welcome);
    assert_string_equal(welcome->broker, "sx-1");
    assert_int_equal(welcome->epoch.len, 16);
    assert_false(welcome->repair);
    assert_int_equal(welcome->n_directories, 1);
    assert_int_equal(welcome->directories[0]->prefix, 14);
    assert_int_equal(welcome->directories[0]->version, 1);
    assert_int_equal(welcome->wall_ms, bench->now.wall.ms);
    assert_true(bench_noted(bench, TB_NOTE_PEER_UP));
}

static void a_peer_must_say_hello_first_and_only_for_itself(void **state)
{
    struct bench *bench = *state;
    bench_link(bench, 1, 140926);
    struct tb_id id = {{1}};
    bench_stored(bench, 1, TB_LANE_FIRST, 1, &id);
    assert_int_equal(bench_sent(bench, 1, REFUSAL, 0)->refusal->status, TB_STATE);
    Tongbao__Hello hello;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    tongbao__hello__init(&hello);
    hello.version = 1;
    hello.office = 140900;
    frame.kind_case = TONGBAO__FRAME__KIND_HELLO;
    frame.hello = &hello;
    bench_frame(bench, 1, &frame);
    assert_int_equal(bench_sent(bench, 1, REFUSAL, 0)->refusal->status, TB_PEER);
    assert_int_equal(tb_broker_peers(bench->broker), 0);
}

static void an_unknown_key_and_a_brokers_key_are_no_peers(void **state)
{
    struct bench *bench = *state;
    Tongbao__Hello hello;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    tongbao__hello__init(&hello);
    hello.version = 1;
    hello.office = 140926;
    frame.kind_case = TONGBAO__FRAME__KIND_HELLO;
    frame.hello = &hello;
    memset(bench->key[1], 0x55, TB_KEY_BYTES);
    bench_frame(bench, 1, &frame);
    assert_int_equal(bench_sent(bench, 1, REFUSAL, 0)->refusal->status, TB_PEER);
    memcpy(bench->key[2], bench->fix.broker[1].key.link, TB_KEY_BYTES);
    bench_frame(bench, 2, &frame);
    assert_int_equal(bench_sent(bench, 2, REFUSAL, 0)->refusal->status, TB_PEER);
}

static void mail_is_delivered_in_the_turn_that_filed_it_and_lane_1_first(void **state)
{
    struct bench *bench = *state;
    struct tb_id id[3];
    struct fix_say exercise = usual;
    exercise.world = TB_WORLD_EXERCISE;
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_say(bench, 1, &exercise, &id[0])->status, TB_OK);
    say(bench, &id[1]);
    bench_hello(bench, 2, 140926);
    assert_int_equal(bench_count(bench, 2, DELIVER), 2);
    assert_int_equal(delivered(bench, 2, 0)->lane, 1);
    assert_carries(delivered(bench, 2, 0), &id[1]);
    assert_int_equal(delivered(bench, 2, 1)->lane, 2);
    assert_carries(delivered(bench, 2, 1), &id[0]);
    say(bench, &id[2]);
    assert_int_equal(bench_count(bench, 2, DELIVER), 1);
    assert_carries(delivered(bench, 2, 0), &id[2]);
    assert_int_equal(delivered(bench, 2, 0)->seq, 2);
    assert_int_equal(delivered(bench, 2, 0)->admitted_at_ms, bench->now.wall.ms);
    assert_false(delivered(bench, 2, 0)->revoked);
}

static void i1_a_cursor_resumes_after_it_across_a_restart(void **state)
{
    struct bench *bench = *state;
    struct bench_cursor cursor = {.seq = {0}};
    uint8_t epoch[16];
    struct tb_id id[3];
    char path[] = "/tmp/tongbao-broker-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    bench_close(bench);
    bench_open(bench, path, true);
    memcpy(epoch, bench_hello(bench, 1, 140925)->epoch.data, sizeof epoch);
    for (size_t i = 0; i < 3; i++) {
        say(bench, &id[i]);
    }
    bench_restart(bench);
    cursor.seq[1] = 2;
    cursor.id[1] = id[1];
    const Tongbao__Welcome *welcome = bench_resume(bench, 2, 140926, epoch, &cursor);
    assert_non_null(welcome);
    /* Another start, another epoch; the one before is known. */
    assert_memory_not_equal(welcome->epoch.data, epoch, sizeof epoch);
    assert_false(welcome->repair);
    assert_int_equal(bench_count(bench, 2, DELIVER), 1);
    assert_int_equal(delivered(bench, 2, 0)->seq, 3);
    assert_carries(delivered(bench, 2, 0), &id[2]);
    /* The cursor is the truth: what it passed is stored. */
    while (tb_broker_tidy(bench->broker, &bench->now)) {
    }
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox WHERE stored = 1"), 2);
    /* The same Hello again has the same effect. */
    assert_non_null(bench_resume(bench, 2, 140926, epoch, &cursor));
    assert_int_equal(bench_count(bench, 2, DELIVER), 1);
    assert_int_equal(tb_broker_peers(bench->broker), 1);
    (void)close(fd);
    bench_close(bench); /* takes its log along */
    assert_int_equal(unlink(path), 0);
    bench_open(bench, ":memory:", true);
}

static void i1_a_new_epoch_asks_for_repair_and_starts_from_the_beginning(void **state)
{
    struct bench *bench = *state;
    struct bench_cursor cursor = {.seq = {0, 7, 3}, .id = {{{0}}, {{1}}, {{2}}}};
    static const uint8_t other[16] = {9, 9, 9};
    struct tb_id id;
    bench_hello(bench, 1, 140925);
    say(bench, &id);
    const Tongbao__Welcome *welcome = bench_resume(bench, 2, 140926, other, &cursor);
    assert_true(welcome->repair);
    assert_true(welcome->repair_reason[0] != '\0');
    assert_true(bench_noted(bench, TB_NOTE_REPAIR_ASKED));
    assert_int_equal(bench_count(bench, 2, DELIVER), 1);
    assert_carries(delivered(bench, 2, 0), &id);
}

static void i1_a_lost_tail_asks_that_office_alone_for_repair(void **state)
{
    struct bench *bench = *state;
    struct bench_cursor cursor = {.seq = {0}};
    uint8_t epoch[16];
    struct tb_id id;
    memcpy(epoch, bench_hello(bench, 1, 140925)->epoch.data, sizeof epoch);
    const Tongbao__Answer *answer = bench_say(bench, 1, &usual, &id);
    uint64_t position = answer->position;
    /* A cursor beyond what this store gave out. */
    cursor.seq[1] = 2;
    cursor.id[1] = id;
    assert_true(bench_resume(bench, 2, 140926, epoch, &cursor)->repair);
    assert_int_equal(delivered(bench, 2, 0)->seq, 1);
    /* Another envelope at that seq. */
    cursor.seq[1] = 1;
    memset(&cursor.id[1], 0x77, sizeof id);
    assert_true(bench_resume(bench, 2, 140926, epoch, &cursor)->repair);
    /* The right one. */
    cursor.id[1] = id;
    assert_false(bench_resume(bench, 2, 140926, epoch, &cursor)->repair);
    /* The sender: what it was last accepted is known, or it is not. */
    struct bench_cursor sender = {.position = position, .accepted = id};
    assert_false(bench_resume(bench, 1, 140925, epoch, &sender)->repair);
    sender.position = position + 1;
    assert_true(bench_resume(bench, 1, 140925, epoch, &sender)->repair);
}

static void i1_what_was_pruned_leaves_a_gap_note_and_the_counter_goes_on(void **state)
{
    struct bench *bench = *state;
    struct bench_cursor cursor = {.seq = {0}};
    uint8_t epoch[16];
    struct tb_id id[3];
    memcpy(epoch, bench_hello(bench, 1, 140925)->epoch.data, sizeof epoch);
    bench_hello(bench, 2, 140926);
    say(bench, &id[0]);
    const Tongbao__Answer *answer = bench_say(bench, 1, &usual, &id[1]);
    uint64_t position = answer->position;
    bench_stored(bench, 2, TB_LANE_FIRST, 2, &id[1]);
    assert_false(tb_broker_tidy(bench->broker, &bench->now));
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope"), 2);
    bench_later(bench, UINT64_C(31) * TB_DAY_MS);
    while (tb_broker_tidy(bench->broker, &bench->now)) {
    }
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM envelope"), 0);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox"), 0);
    /* What was last accepted outlives pruning. */
    struct bench_cursor sender = {.position = position, .accepted = id[1]};
    assert_false(bench_resume(bench, 1, 140925, epoch, &sender)->repair);
    say(bench, &id[2]);
    /* An old cursor: what is left, and a note of what is not. */
    cursor.seq[1] = 1;
    cursor.id[1] = id[0];
    assert_false(bench_resume(bench, 2, 140926, epoch, &cursor)->repair);
    const Tongbao__Frame *gap = bench_sent(bench, 2, TONGBAO__FRAME__KIND_GAP, 0);
    assert_non_null(gap);
    assert_int_equal(gap->gap->lane, 1);
    assert_int_equal(gap->gap->before_seq, 3);
    assert_int_equal(delivered(bench, 2, 0)->seq, 3);
    assert_carries(delivered(bench, 2, 0), &id[2]);
    /* The last of the lane outlives pruning: no gap, no repair. */
    cursor.seq[1] = 2;
    cursor.id[1] = id[1];
    assert_false(bench_resume(bench, 2, 140926, epoch, &cursor)->repair);
    assert_null(bench_sent(bench, 2, TONGBAO__FRAME__KIND_GAP, 0));
    /* A position is never given twice. */
    assert_true(bench_sql(bench, "SELECT min(n) FROM envelope") > (int64_t)position);
}

static void i1_unstored_mail_is_kept_400_days(void **state)
{
    struct bench *bench = *state;
    struct tb_id id;
    bench_hello(bench, 1, 140925);
    say(bench, &id);
    bench_later(bench, UINT64_C(399) * TB_DAY_MS);
    while (tb_broker_tidy(bench->broker, &bench->now)) {
    }
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox"), 1);
    bench_later(bench, UINT64_C(2) * TB_DAY_MS);
    while (tb_broker_tidy(bench->broker, &bench->now)) {
    }
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox"), 0);
    assert_int_equal(bench_sql(bench, "SELECT sum(waiting) FROM lane"), 0);
    assert_int_equal(bench_sql(bench, "SELECT max(last_seq) FROM lane"), 1);
}

static void i10_no_more_than_a_window_is_in_flight_and_lane_1_keeps_half(void **state)
{
    struct bench *bench = *state;
    struct fix_say exercise = usual;
    struct tb_id id;
    struct tb_id first_of_32;
    exercise.world = TB_WORLD_EXERCISE;
    bench_hello(bench, 1, 140925);
    for (size_t i = 0; i < TB_WINDOW_ROWS + 10; i++) {
        assert_int_equal(bench_say(bench, 1, &exercise, &id)->status, TB_OK);
        if (i == TB_WINDOW_REST_ROWS - 1) {
            first_of_32 = id;
        }
    }
    bench_hello(bench, 2, 140926);
    assert_int_equal(bench_count(bench, 2, DELIVER), TB_WINDOW_REST_ROWS);
    bench_idle(bench);
    assert_int_equal(bench_count(bench, 2, DELIVER), 0);
    /* The real notice does not wait for the exercises. */
    say(bench, &id);
    assert_int_equal(bench_count(bench, 2, DELIVER), 1);
    assert_carries(delivered(bench, 2, 0), &id);
    /* Stored opens the window again. */
    bench_stored(bench, 2, TB_LANE_REST, TB_WINDOW_REST_ROWS, &first_of_32);
    assert_int_equal(bench_count(bench, 2, DELIVER), TB_WINDOW_REST_ROWS);
    assert_int_equal(delivered(bench, 2, 0)->seq, TB_WINDOW_REST_ROWS + 1);
    bench_later(bench, TB_PUMP_SWEEP_MS);
}

static void i10_no_more_than_the_windows_bytes_are_in_flight_and_lane_2_waits(void **state)
{
    struct bench *bench = *state;
    struct fix_say large = usual;
    struct fix_say exercise = usual;
    large.course_bytes = 8000; /* 32 KB a notice */
    exercise.world = TB_WORLD_EXERCISE;
    bench_hello(bench, 1, 140925);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(bench_say(bench, 1, &large, NULL)->status, TB_OK);
        assert_int_equal(bench_say(bench, 1, &exercise, NULL)->status, TB_OK);
    }
    bench_hello(bench, 2, 140926);
    assert_int_equal(bench_count(bench, 2, DELIVER), TB_WINDOW_BYTES / 32200);
    for (size_t i = 0; i < bench_count(bench, 2, DELIVER); i++) {
        assert_int_equal(delivered(bench, 2, i)->lane, TB_LANE_FIRST);
    }
}

static void a_connection_is_one_keys_alone(void **state)
{
    struct bench *bench = *state;
    struct tb_id id = {{1}};
    bench_hello(bench, 1, 140925);
    bench_link(bench, 1, 140926);
    bench_stored(bench, 1, TB_LANE_FIRST, 1, &id);
    assert_int_equal(bench_sent(bench, 1, REFUSAL, 0)->refusal->status, TB_STATE);
}

static void a_greeting_that_was_rolled_back_did_not_take_place(void **state)
{
    struct bench *bench = *state;
    struct tb_buf envelope;
    struct tb_buf buf[2];
    struct tb_event events[2];
    struct fix_say large = usual;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    Tongbao__Offer offer = TONGBAO__OFFER__INIT;
    Tongbao__Hello hello;
    struct tb_id id = {{1}};
    char pragma[64];
    bench_hello(bench, 1, 140925);
    bench_link(bench, 2, 140926);
    tongbao__hello__init(&hello);
    hello.version = 1;
    hello.office = 140926;
    frame.kind_case = TONGBAO__FRAME__KIND_HELLO;
    frame.hello = &hello;
    events[0] = bench_event(bench, 2, &frame, &buf[0]);
    large.course_bytes = 8000;
    tb_buf_init(&envelope, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, &large, &envelope, NULL);
    offer.envelope = tb_wire_data(tb_buf_bytes(&envelope));
    frame.kind_case = TONGBAO__FRAME__KIND_OFFER;
    frame.offer = &offer;
    events[1] = bench_event(bench, 1, &frame, &buf[1]);
    snprintf(pragma, sizeof pragma, "PRAGMA max_page_count = %d",
             (int)bench_sql(bench, "PRAGMA page_count"));
    assert_true(bench_sql(bench, pragma) > 0);
    bench_turn(bench, events, 2);
    assert_int_equal(bench->turned, TB_DISKFULL);
    assert_int_equal(bench_count(bench, 2, TONGBAO__FRAME__KIND_WELCOME), 0);
    assert_int_equal(bench_sent(bench, 2, REFUSAL, 0)->refusal->status, TB_DISKFULL);
    bench_stored(bench, 2, TB_LANE_FIRST, 1, &id);
    assert_int_equal(bench_sent(bench, 2, REFUSAL, 0)->refusal->status, TB_STATE);
    /* The older peer's link stands, and so do the directories. */
    assert_int_equal(tb_broker_peers(bench->broker), 1);
    assert_int_equal(tb_directories_count(tb_broker_directories(bench->broker)), 1);
    tb_buf_fini(&envelope);
    tb_buf_fini(&buf[0]);
    tb_buf_fini(&buf[1]);
}

static void a_stored_that_names_no_row_is_ignored(void **state)
{
    struct bench *bench = *state;
    struct tb_id id;
    struct tb_id other = {{3}};
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    say(bench, &id);
    bench_stored(bench, 2, TB_LANE_FIRST, 1, &other);
    assert_true(bench_noted(bench, TB_NOTE_PEER_REFUSED));
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox WHERE stored = 1"), 0);
    bench_stored(bench, 2, TB_LANE_FIRST, 1, &id);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM mailbox WHERE stored = 1"), 1);
    assert_int_equal(bench_sql(bench, "SELECT stored_ran_ms FROM envelope"),
                     bench_sql(bench, "SELECT admitted_ran_ms FROM envelope"));
}

static void mail_still_goes_out_on_a_full_disk(void **state)
{
    struct bench *bench = *state;
    struct bench_cursor cursor = {.seq = {0, 1}};
    struct tb_id id;
    uint8_t epoch[16];
    char pragma[64];
    memcpy(epoch, bench_hello(bench, 1, 140925)->epoch.data, sizeof epoch);
    say(bench, &cursor.id[1]);
    say(bench, &id);
    snprintf(pragma, sizeof pragma, "PRAGMA max_page_count = %d",
             (int)bench_sql(bench, "PRAGMA page_count"));
    assert_true(bench_sql(bench, pragma) > 0);
    struct fix_say large = usual;
    large.course_bytes = 8000;
    assert_int_equal(bench_say(bench, 1, &large, NULL)->status, TB_DISKFULL);
    assert_non_null(bench_resume(bench, 2, 140926, epoch, &cursor));
    assert_carries(delivered(bench, 2, 0), &id);
}

static void two_connections_of_one_key_are_both_served(void **state)
{
    struct bench *bench = *state;
    struct tb_id id;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    bench_hello(bench, 3, 140926);
    say(bench, &id);
    assert_carries(delivered(bench, 2, 0), &id);
    assert_carries(delivered(bench, 3, 0), &id);
}

static void i10_one_key_cannot_fill_the_table_of_peers(void **state)
{
    struct bench *bench = *state;
    for (uint64_t peer = 1; peer <= TB_PEERS_OF_KEY_MAX + 3; peer++) {
        bench_later(bench, 10);
        assert_non_null(bench_hello(bench, peer, 140926));
    }
    bench_hello(bench, 20, 140925);
    assert_int_equal(tb_broker_peers(bench->broker), TB_PEERS_OF_KEY_MAX + 1);
}

static void a_revoked_key_is_refused_at_its_next_frame_and_gets_no_more_mail(void **state)
{
    struct bench *bench = *state;
    struct tb_id id;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    fix_office(&bench->fix, 140926)->key.state = TONGBAO__KEY_STATE__REVOKED;
    assert_int_equal(bench_publish(bench, 2), TB_OK);
    assert_int_equal(bench_effects(bench, TB_EFFECT_KEYS), 1);
    say(bench, &id);
    assert_int_equal(bench_count(bench, 2, DELIVER), 0);
    /* A beat is a frame too. */
    Tongbao__Beat beat = TONGBAO__BEAT__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    struct tb_buf buf;
    beat.answer = true;
    frame.kind_case = TONGBAO__FRAME__KIND_BEAT;
    frame.beat = &beat;
    struct tb_event event = bench_event(bench, 2, &frame, &buf);
    tb_outbox_clear(&bench->out);
    assert_true(tb_broker_beat(bench->broker, &bench->now, &event, &bench->out));
    assert_int_equal(bench_sent(bench, 2, REFUSAL, 0)->refusal->status, TB_REVOKED);
    assert_true(bench_noted(bench, TB_NOTE_PEER_REVOKED));
    assert_int_equal(tb_broker_peers(bench->broker), 1);
    assert_null(bench_hello(bench, 2, 140926));
    assert_int_equal(bench_sent(bench, 2, REFUSAL, 0)->refusal->status, TB_REVOKED);
    tb_buf_fini(&buf);
}

static void a_retired_key_is_refused_after_30_days(void **state)
{
    struct bench *bench = *state;
    fix_office(&bench->fix, 140926)->key.state = TONGBAO__KEY_STATE__RETIRED;
    assert_int_equal(bench_publish(bench, 2), TB_OK);
    assert_non_null(bench_hello(bench, 2, 140926));
    bench_later(bench, UINT64_C(30) * TB_DAY_MS);
    assert_null(bench_hello(bench, 2, 140926));
    assert_int_equal(bench_sent(bench, 2, REFUSAL, 0)->refusal->status, TB_REVOKED);
}

static void beats_are_answered_without_a_turn_and_silence_ends_a_peer(void **state)
{
    struct bench *bench = *state;
    Tongbao__Beat beat = TONGBAO__BEAT__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    struct tb_buf buf;
    bench_hello(bench, 2, 140926);
    beat.answer = true;
    frame.kind_case = TONGBAO__FRAME__KIND_BEAT;
    frame.beat = &beat;
    struct tb_event event = bench_event(bench, 2, &frame, &buf);
    bench_later(bench, TB_PEER_SILENT_MS - 1000);
    tb_outbox_clear(&bench->out);
    assert_true(tb_broker_beat(bench->broker, &bench->now, &event, &bench->out));
    assert_false(bench_sent(bench, 2, TONGBAO__FRAME__KIND_BEAT, 0)->beat->answer);
    bench_later(bench, TB_PEER_SILENT_MS - 1000);
    bench_idle(bench);
    assert_int_equal(tb_broker_peers(bench->broker), 1);
    assert_true(tb_broker_deadline_ms(bench->broker) <= bench->now.mono_ms + TB_PUMP_SWEEP_MS);
    bench_later(bench, TB_PEER_SILENT_MS);
    bench_idle(bench);
    assert_int_equal(tb_broker_peers(bench->broker), 0);
    assert_true(bench_noted(bench, TB_NOTE_PEER_DOWN));
    tb_buf_fini(&buf);
}

/* The frame as it stood in the outbox. */
static struct tb_bytes raw(struct bench *bench, uint64_t peer, uint32_t kind)
{
    struct tb_effect effect;
    size_t at = 0;
    while (tb_outbox_next(&bench->out, &at, &effect)) {
        if (tb_effect_sends(effect.kind) && effect.to == peer && effect.code == kind) {
            return effect.data;
        }
    }
    return tb_bytes_of(NULL, 0);
}

/* The peers 1 to 3 are heard of, and the pump runs. */
static void keep_alive(struct bench *bench)
{
    Tongbao__Beat beat = TONGBAO__BEAT__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    frame.kind_case = TONGBAO__FRAME__KIND_BEAT;
    frame.beat = &beat;
    for (uint64_t peer = 1; peer <= 3; peer++) {
        struct tb_buf buf;
        struct tb_event event = bench_event(bench, peer, &frame, &buf);
        assert_true(tb_broker_beat(bench->broker, &bench->now, &event, &bench->out));
        tb_buf_fini(&buf);
    }
    bench_idle(bench);
}

static void a_choked_peer_is_tried_again_after_a_second_and_delays_nobody(void **state)
{
    struct bench *bench = *state;
    struct fix_say both = usual;
    struct tb_id id[2];
    both.to[1] = 140900;
    both.course_bytes = 8000;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    bench_hello(bench, 3, 140900);
    assert_int_equal(bench_say(bench, 1, &both, &id[0])->status, TB_OK);
    const size_t chokes = TB_WINDOW_BYTES / 32000 + 4;
    /* However often: what did not leave is not in flight. */
    for (size_t i = 0; i < chokes; i++) {
        assert_int_equal(bench_count(bench, 2, DELIVER), 1);
        tb_broker_choked(bench->broker, &bench->now, 2, raw(bench, 2, DELIVER));
        if (i + 1 < chokes) {
            bench_later(bench, TB_PEER_CHOKED_MS);
            keep_alive(bench);
        }
    }
    assert_int_equal(bench_say(bench, 1, &both, &id[1])->status, TB_OK);
    assert_int_equal(bench_count(bench, 2, DELIVER), 0);
    assert_carries(delivered(bench, 3, 0), &id[1]);
    bench_later(bench, TB_PEER_CHOKED_MS);
    assert_true(tb_broker_deadline_ms(bench->broker) <= bench->now.mono_ms);
    bench_idle(bench);
    assert_int_equal(bench_count(bench, 2, DELIVER), 2);
    assert_carries(delivered(bench, 2, 0), &id[0]);
    assert_carries(delivered(bench, 2, 1), &id[1]);
    assert_int_equal(bench_count(bench, 3, DELIVER), 0);
}

static void i4_a_peer_that_lost_an_answer_must_say_hello_again(void **state)
{
    struct bench *bench = *state;
    struct tb_id id;
    bench_hello(bench, 1, 140925);
    say(bench, &id);
    tb_broker_choked(bench->broker, &bench->now, 1, raw(bench, 1, TONGBAO__FRAME__KIND_ANSWER));
    bench_stored(bench, 1, TB_LANE_FIRST, 1, &id);
    assert_int_equal(bench_sent(bench, 1, REFUSAL, 0)->refusal->status, TB_STATE);
    assert_non_null(bench_hello(bench, 1, 140925));
}

static void rows_without_a_stored_are_sent_again_after_a_minute(void **state)
{
    struct bench *bench = *state;
    struct tb_id id;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    say(bench, &id);
    assert_int_equal(bench_count(bench, 2, DELIVER), 1);
    for (uint64_t ms = 0; ms <= TB_PEER_STALLED_MS; ms += 20000) {
        Tongbao__Have have = TONGBAO__HAVE__INIT;
        Tongbao__Frame frame = TONGBAO__FRAME__INIT;
        frame.kind_case = TONGBAO__FRAME__KIND_HAVE;
        frame.have = &have;
        bench_later(bench, 20000);
        bench_frame(bench, 2, &frame); /* alive, but it does not store */
    }
    assert_int_equal(bench_count(bench, 2, DELIVER), 1);
    assert_carries(delivered(bench, 2, 0), &id);
}

static void the_welcome_names_the_heads_of_the_offices_chains_newest_first(void **state)
{
    struct bench *bench = *state;
    struct fix_say exercise = usual;
    struct tb_id id[3];
    exercise.world = TB_WORLD_EXERCISE;
    bench_hello(bench, 1, 140925);
    say(bench, &id[0]);
    assert_int_equal(bench_say(bench, 1, &exercise, &id[1])->status, TB_OK);
    say(bench, &id[2]);
    const Tongbao__Welcome *welcome = bench_hello(bench, 1, 140925);
    assert_int_equal(welcome->n_chains, 2);
    assert_int_equal(welcome->chains[0]->world, TB_WORLD_ACTUAL);
    assert_int_equal(welcome->chains[0]->seq, 2);
    assert_memory_equal(welcome->chains[0]->id.data, id[2].byte, TB_ID_BYTES);
    assert_int_equal(welcome->chains[1]->world, TB_WORLD_EXERCISE);
    assert_int_equal(welcome->chains[1]->seq, 1);
    assert_int_equal(bench_hello(bench, 2, 140926)->n_chains, 0);
}

static void i8_a_late_older_envelope_does_not_lower_the_head_of_its_chain(void **state)
{
    struct bench *bench = *state;
    struct tb_buf first;
    struct tb_id id;
    tb_buf_init(&first, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, &usual, &first, NULL);
    bench_hello(bench, 1, 140925);
    say(bench, &id);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&first), false)->status, TB_OK);
    const Tongbao__Welcome *welcome = bench_hello(bench, 1, 140925);
    assert_int_equal(welcome->n_chains, 1);
    assert_int_equal(welcome->chains[0]->seq, 2);
    assert_memory_equal(welcome->chains[0]->id.data, id.byte, TB_ID_BYTES);
    tb_buf_fini(&first);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_hello_is_answered_with_epoch_and_directories),
        TEST(a_peer_must_say_hello_first_and_only_for_itself),
        TEST(an_unknown_key_and_a_brokers_key_are_no_peers),
        TEST(mail_is_delivered_in_the_turn_that_filed_it_and_lane_1_first),
        TEST(i1_a_cursor_resumes_after_it_across_a_restart),
        TEST(i1_a_new_epoch_asks_for_repair_and_starts_from_the_beginning),
        TEST(i1_a_lost_tail_asks_that_office_alone_for_repair),
        TEST(i1_what_was_pruned_leaves_a_gap_note_and_the_counter_goes_on),
        TEST(i1_unstored_mail_is_kept_400_days),
        TEST(i10_no_more_than_a_window_is_in_flight_and_lane_1_keeps_half),
        TEST(i10_no_more_than_the_windows_bytes_are_in_flight_and_lane_2_waits),
        TEST(a_connection_is_one_keys_alone),
        TEST(a_greeting_that_was_rolled_back_did_not_take_place),
        TEST(i8_a_late_older_envelope_does_not_lower_the_head_of_its_chain),
        TEST(a_stored_that_names_no_row_is_ignored),
        TEST(mail_still_goes_out_on_a_full_disk),
        TEST(two_connections_of_one_key_are_both_served),
        TEST(i10_one_key_cannot_fill_the_table_of_peers),
        TEST(a_revoked_key_is_refused_at_its_next_frame_and_gets_no_more_mail),
        TEST(a_retired_key_is_refused_after_30_days),
        TEST(beats_are_answered_without_a_turn_and_silence_ends_a_peer),
        TEST(a_choked_peer_is_tried_again_after_a_second_and_delays_nobody),
        TEST(i4_a_peer_that_lost_an_answer_must_say_hello_again),
        TEST(rows_without_a_stored_are_sent_again_after_a_minute),
        TEST(the_welcome_names_the_heads_of_the_offices_chains_newest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
