#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/io/clock.h"
#include "base/io/loop.h"
#include "base/io/sock.h"
#include "base/io/zap.h"
#include "desk.h"
#include "linkkey.h"
#include "node/io/links.h"

/*
 * An office's links with real sockets: what is told to the core, and when a
 * silent or cut line is up again. The broker is a bare server socket.
 */
enum { PATIENCE_MS = 15000, FRAMES_MAX = 16, STILL_MS = 2000, BEAT_AWAY_MS = 1000 };

struct world {
    struct tb_loop *loop;
    struct tb_sock_context *context;
    struct tb_zap *zap;
    struct tb_sock *server;
    struct tb_link_secret *server_key;
    struct tb_link_secret *office_key;
    struct fixture fix;
    struct desk desk;
    struct tb_queue queue;
    struct tb_links *links;
    uint64_t peer;   /* the connection that spoke last */
    uint64_t handle; /* of sx-1 */
    char endpoint[TB_SOCK_ENDPOINT_BYTES_MAX];
    struct tb_buf heard; /* the server's last frame */
};

static struct tb_sock *serve(struct world *w, const char *endpoint)
{
    struct tb_sock *server = NULL;
    struct tb_diag diag = {0};
    const struct tb_sock_server_settings settings = {.endpoint = endpoint,
                                                     .secret = w->server_key,
                                                     .frame_bytes_max = TB_FRAME_BYTES_MAX,
                                                     .frames_max = 256};
    if (tb_sock_server(w->context, &settings, &server, &diag) != TB_OK) {
        fail_msg("%s", diag.text);
    }
    return server;
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct tb_diag diag = {0};
    assert_non_null(w);
    fix_init(&w->fix);
    const struct fix_key *office = &w->fix.office[FIX_NINGWU].key;
    const struct fix_key *broker = &w->fix.broker[0].key;
    assert_int_equal(tb_loop_open(&w->loop, &diag), TB_OK);
    w->context = tb_sock_context_open();
    assert_int_equal(tb_zap_open(w->context, &w->zap, &diag), TB_OK);
    assert_int_equal(tb_zap_allow(w->zap, tb_bytes_of(office->link, TB_KEY_BYTES)), TB_OK);
    w->server_key = linkkey_make(broker->link, broker->link_secret);
    w->office_key = linkkey_make(office->link, office->link_secret);
    w->server = serve(w, "tcp://127.0.0.1:0");
    snprintf(w->endpoint, sizeof w->endpoint, "%s", tb_sock_endpoint(w->server));
    w->fix.broker[0].endpoint = w->endpoint;
    w->fix.broker[1].endpoint = "tcp://127.0.0.1:9";
    w->fix.rivers = true;
    desk_start(&w->desk, &w->fix, 140925, (struct desk_make){0});
    w->handle = desk_handle(&w->desk, 0);
    tb_buf_init(&w->heard, TB_FRAME_BYTES_MAX);
    w->links = tb_links_new(w->context, w->loop, w->office_key, &w->queue);
    tb_links_sync(w->links, w->desk.node, tb_clock_read().mono_ms);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    tb_links_free(w->links);
    tb_queue_clear(&w->queue);
    tb_sock_close(w->server, 0);
    tb_zap_close(w->zap);
    tb_sock_context_close(w->context);
    tb_loop_close(w->loop);
    desk_close(&w->desk);
    linkkey_free(w->server_key);
    linkkey_free(w->office_key);
    tb_buf_fini(&w->heard);
    free(w);
    return 0;
}

/* Let both ends do what is ready; true when the server heard a frame. */
static bool turn(struct world *w)
{
    struct tb_sock_frame frame;
    tb_zap_step(w->zap);
    assert_int_equal(tb_loop_wait(w->loop, 5, NULL), TB_OK);
    if (w->server == NULL || !tb_sock_recv_frame(w->server, &frame)) {
        return false;
    }
    assert_memory_equal(frame.key, w->fix.office[FIX_NINGWU].key.link, TB_KEY_BYTES);
    w->peer = frame.peer;
    tb_buf_cut(&w->heard, 0);
    assert_int_equal(tb_buf_add(&w->heard, frame.payload), TB_OK);
    return true;
}

/* Turn until the core would be told ${kind} about sx-1, and forget what was queued;
 * gives for how long that event says that nothing was heard. */
static uint64_t expect_event(struct world *w, enum tb_event_kind kind)
{
    uint64_t until_ms = tb_clock_read().mono_ms + PATIENCE_MS;
    for (;;) {
        for (size_t i = 0; i < w->queue.count; i++) {
            const struct tb_event *event = &w->queue.events[i];
            if (event->from == w->handle && event->kind == kind) {
                assert_memory_equal(event->key, w->fix.broker[0].key.link, TB_KEY_BYTES);
                uint64_t silent_ms = event->silent_ms;
                tb_queue_clear(&w->queue);
                return silent_ms;
            }
        }
        assert_true(tb_clock_read().mono_ms < until_ms);
        (void)turn(w);
    }
}

static void expect_heard(struct world *w)
{
    uint64_t until_ms = tb_clock_read().mono_ms + PATIENCE_MS;
    while (!turn(w)) {
        assert_true(tb_clock_read().mono_ms < until_ms);
    }
}

/* A beat of a broker whose clock is ${skew_ms} ahead of ours. */
static void pack_beat(struct tb_buf *out, bool answer, int64_t skew_ms)
{
    Tongbao__Beat beat;
    Tongbao__Frame frame;
    tongbao__beat__init(&beat);
    tongbao__frame__init(&frame);
    beat.wall_ms = tb_clock_read().wall.ms + skew_ms;
    beat.answer = answer;
    frame.kind_case = TONGBAO__FRAME__KIND_BEAT;
    frame.beat = &beat;
    tb_buf_init(out, TB_FRAME_BYTES_MAX);
    assert_int_equal(tb_frame_pack(out, &frame), TB_OK);
}

/* What the server heard last is a beat; whether it asks for an answer. */
static bool heard_beat_asks(struct world *w)
{
    struct tb_arena arena;
    const Tongbao__Frame *frame = NULL;
    tb_arena_init(&arena, 4096, 32);
    assert_int_equal(tb_frame_read(tb_buf_bytes(&w->heard), &arena, &frame), TB_OK);
    assert_int_equal(frame->kind_case, TONGBAO__FRAME__KIND_BEAT);
    bool asks = frame->beat->answer;
    tb_arena_fini(&arena);
    return asks;
}

/* The office speaks first, as with its Hello; from then on the server knows the connection. */
static void greet(struct world *w)
{
    (void)expect_event(w, TB_EVENT_LINK_UP);
    assert_int_equal(tb_links_send(w->links, w->handle, tb_bytes_text("hello")), TB_OK);
    expect_heard(w);
    assert_int_equal(w->heard.size, 5);
}

static void a_link_is_told_as_up_and_carries_frames_both_ways(void **state)
{
    struct world *w = *state;
    assert_false(tb_links_up(w->links, "sx-1"));
    greet(w);
    assert_true(tb_links_up(w->links, "sx-1"));
    assert_int_equal(tb_links_up_count(w->links), 1);
    assert_string_equal(tb_links_endpoint(w->links, "sx-1"), w->endpoint);
    assert_int_equal(tb_sock_send_frame(w->server, w->peer, tb_bytes_text("welcome")), TB_OK);
    (void)expect_event(w, TB_EVENT_FRAME);
    assert_int_equal(tb_links_send(w->links, 77, tb_bytes_text("x")), TB_PEER);
}

static void a_broker_that_is_not_there_is_full_and_never_up(void **state)
{
    struct world *w = *state;
    uint64_t other = desk_handle(&w->desk, 1);
    greet(w);
    assert_int_equal(tb_links_send(w->links, other, tb_bytes_text("x")), TB_FULL);
    assert_false(tb_links_up(w->links, "sx-2"));
    assert_false(tb_links_up(w->links, "no-such"));
}

/* "Heartbeats are link frames, neither signed nor stored." */
static void beats_are_asked_for_and_answered_and_the_core_is_told_of_the_first_alone(void **state)
{
    struct world *w = *state;
    struct tb_buf beat;
    greet(w);
    pack_beat(&beat, true, 0);
    assert_int_equal(tb_sock_send_frame(w->server, w->peer, tb_buf_bytes(&beat)), TB_OK);
    expect_event(w, TB_EVENT_FRAME);
    while (turn(w)) {
    }
    assert_int_equal(tb_sock_send_frame(w->server, w->peer, tb_buf_bytes(&beat)), TB_OK);
    expect_heard(w);
    assert_false(heard_beat_asks(w));
    tb_links_tick(w->links, tb_clock_read().mono_ms + TB_LINKS_BEAT_MS);
    expect_heard(w);
    assert_true(heard_beat_asks(w));
    assert_int_equal(w->queue.count, 0);
    tb_buf_fini(&beat);
}

/* "A difference of wall_ms beyond 30 s is shown", also when a clock is set while the line
 * is up: once when it moves, and once when it is right again. */
static void a_beat_of_a_clock_that_moved_is_told_to_the_core_once(void **state)
{
    struct world *w = *state;
    static const int64_t skews_ms[] = {-86400000, -86400000, 0};
    struct tb_buf beat;
    greet(w);
    for (size_t i = 0; i < sizeof skews_ms / sizeof skews_ms[0]; i++) {
        pack_beat(&beat, true, skews_ms[i]);
        assert_int_equal(tb_sock_send_frame(w->server, w->peer, tb_buf_bytes(&beat)), TB_OK);
        if (i == 1) {
            expect_heard(w);
            assert_int_equal(w->queue.count, 0);
        } else {
            expect_event(w, TB_EVENT_FRAME);
        }
        tb_buf_fini(&beat);
        while (turn(w)) {
        }
    }
}

static void a_silent_line_is_down_and_a_new_one_is_made(void **state)
{
    struct world *w = *state;
    greet(w);
    uint64_t now_ms = tb_clock_read().mono_ms;
    tb_links_tick(w->links, now_ms + TB_LINKS_SILENT_MS / 2);
    assert_int_equal(w->queue.count, 0);
    tb_links_tick(w->links, now_ms + TB_LINKS_SILENT_MS);
    assert_false(tb_links_up(w->links, "sx-1"));
    assert_true(expect_event(w, TB_EVENT_LINK_DOWN) >= TB_LINKS_SILENT_MS);
    greet(w);
}

/* Whoever is cut off while beats still came was not silent for as long as nothing else
 * had been said. */
static void a_line_that_beats_is_not_told_as_silent(void **state)
{
    struct world *w = *state;
    struct tb_buf beat;
    greet(w);
    uint64_t start_ms = tb_clock_read().mono_ms;
    while (tb_clock_read().mono_ms < start_ms + STILL_MS) {
        (void)turn(w);
    }
    pack_beat(&beat, true, 0);
    assert_int_equal(tb_sock_send_frame(w->server, w->peer, tb_buf_bytes(&beat)), TB_OK);
    expect_heard(w);
    uint64_t beat_ms = tb_clock_read().mono_ms;
    tb_sock_close(w->server, 0);
    w->server = NULL;
    uint64_t silent_ms = expect_event(w, TB_EVENT_LINK_DOWN);
    assert_true(silent_ms <= tb_clock_read().mono_ms - beat_ms + BEAT_AWAY_MS);
    tb_buf_fini(&beat);
}

/* I1: each new connection is told, so that each begins with a Hello and its cursors. */
static void a_cut_line_is_told_as_down_and_as_up_when_the_broker_is_back(void **state)
{
    struct world *w = *state;
    greet(w);
    tb_sock_close(w->server, 0);
    w->server = NULL;
    (void)expect_event(w, TB_EVENT_LINK_DOWN);
    assert_int_equal(tb_links_send(w->links, w->handle, tb_bytes_text("x")), TB_FULL);
    w->server = serve(w, w->endpoint);
    greet(w);
}

/* I10: what the queue has no room for waits in the socket, and nothing of it is lost. */
static void a_full_queue_leaves_frames_in_the_socket(void **state)
{
    struct world *w = *state;
    greet(w);
    while (!tb_queue_full(&w->queue)) {
        (void)tb_queue_add(&w->queue, TB_EVENT_DUE, 0);
    }
    for (char c = 'a'; c < 'a' + FRAMES_MAX; c++) {
        const char text[] = {'f', 'r', c, '\0'};
        assert_int_equal(tb_sock_send_frame(w->server, w->peer, tb_bytes_text(text)), TB_OK);
    }
    for (int i = 0; i < 20; i++) {
        (void)turn(w);
    }
    assert_int_equal(w->queue.count, TB_TURN_EVENTS_MAX);
    tb_queue_clear(&w->queue);
    uint64_t until_ms = tb_clock_read().mono_ms + PATIENCE_MS;
    while (w->queue.count < FRAMES_MAX) {
        assert_true(tb_clock_read().mono_ms < until_ms);
        (void)turn(w);
    }
    for (size_t i = 0; i < FRAMES_MAX; i++) {
        assert_int_equal(w->queue.events[i].kind, TB_EVENT_FRAME);
        assert_int_equal(w->queue.events[i].data.data[2], 'a' + i);
    }
}

static void a_broker_that_moved_is_linked_at_its_new_endpoint(void **state)
{
    struct world *w = *state;
    greet(w);
    struct tb_sock *moved = serve(w, "tcp://127.0.0.1:0");
    tb_sock_close(w->server, 0);
    w->server = moved;
    snprintf(w->endpoint, sizeof w->endpoint, "%s", tb_sock_endpoint(moved));
    assert_int_equal(desk_publish(&w->desk, 2).status, TB_OK);
    tb_links_sync(w->links, w->desk.node, tb_clock_read().mono_ms);
    (void)expect_event(w, TB_EVENT_LINK_DOWN);
    greet(w);
    assert_string_equal(tb_links_endpoint(w->links, "sx-1"), w->endpoint);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_link_is_told_as_up_and_carries_frames_both_ways),
        TEST(a_broker_that_is_not_there_is_full_and_never_up),
        TEST(beats_are_asked_for_and_answered_and_the_core_is_told_of_the_first_alone),
        TEST(a_beat_of_a_clock_that_moved_is_told_to_the_core_once),
        TEST(a_silent_line_is_down_and_a_new_one_is_made),
        TEST(a_line_that_beats_is_not_told_as_silent),
        TEST(a_cut_line_is_told_as_down_and_as_up_when_the_broker_is_back),
        TEST(a_full_queue_leaves_frames_in_the_socket),
        TEST(a_broker_that_moved_is_linked_at_its_new_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
