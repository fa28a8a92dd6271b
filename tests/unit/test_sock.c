/*
 * "What must hold at the socket": the safe settings and the door, with real
 * sockets on loopback.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "base/io/clock.h"
#include "base/io/keyfile.h"
#include "base/io/sock.h"
#include "base/io/zap.h"
#include "rawpeer.h"

enum { FRAME_BYTES = 1000, FRAMES = 8, CLIENTS = 4, WAIT_MS = 3000, QUIET_MS = 400 };

struct world {
    struct tb_sock_context *context;
    struct tb_zap *zap;
    struct tb_sock *server;
    struct tb_link_secret *server_secret;
    struct tb_link_secret *known;
    struct tb_link_secret *other;
    struct tb_link_secret *stranger;
    /* Closed by teardown, also when an assertion left the test early. */
    struct tb_sock *clients[CLIENTS];
    void *wild[CLIENTS];
    size_t client_count;
    size_t wild_count;
};

static void allow_both(struct world *w)
{
    uint8_t keys[2 * TB_KEY_BYTES];
    memcpy(keys, w->known->public_key, TB_KEY_BYTES);
    memcpy(keys + TB_KEY_BYTES, w->other->public_key, TB_KEY_BYTES);
    assert_int_equal(tb_zap_allow(w->zap, tb_bytes_of(keys, sizeof keys)), TB_OK);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    w->context = tb_sock_context_open();
    w->server_secret = tb_keyfile_draw_link();
    w->known = tb_keyfile_draw_link();
    w->other = tb_keyfile_draw_link();
    w->stranger = tb_keyfile_draw_link();
    assert_int_equal(tb_zap_open(w->context, &w->zap, NULL), TB_OK);
    allow_both(w);
    const struct tb_sock_server_settings settings = {.endpoint = "tcp://127.0.0.1:0",
                                                     .secret = w->server_secret,
                                                     .frame_bytes_max = FRAME_BYTES,
                                                     .frames_max = FRAMES};
    struct tb_diag diag = {.text = ""};
    enum tb_status status = tb_sock_server(w->context, &settings, &w->server, &diag);
    assert_string_equal(diag.text, "");
    assert_int_equal(status, TB_OK);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < w->client_count; i++) {
        tb_sock_close(w->clients[i], 0);
    }
    for (size_t i = 0; i < w->wild_count; i++) {
        zmq_close(w->wild[i]);
    }
    tb_sock_close(w->server, 0);
    tb_zap_close(w->zap);
    tb_sock_context_close(w->context);
    tb_keyfile_free_link(w->server_secret);
    tb_keyfile_free_link(w->known);
    tb_keyfile_free_link(w->other);
    tb_keyfile_free_link(w->stranger);
    free(w);
    return 0;
}

static struct tb_sock *client(struct world *w, const struct tb_link_secret *secret, size_t limit)
{
    struct tb_sock_client_settings settings = {.endpoint = tb_sock_endpoint(w->server),
                                               .secret = secret,
                                               .frame_bytes_max = limit,
                                               .frames_max = FRAMES,
                                               .reconnect_ms = 100};
    memcpy(settings.server_key, w->server_secret->public_key, TB_KEY_BYTES);
    struct tb_sock *sock;
    assert_int_equal(tb_sock_client(w->context, &settings, &sock, NULL), TB_OK);
    assert_true(w->client_count < CLIENTS);
    w->clients[w->client_count++] = sock;
    return sock;
}

static void close_client(struct world *w, struct tb_sock *sock)
{
    for (size_t i = 0; i < w->client_count; i++) {
        if (w->clients[i] == sock) {
            w->clients[i] = NULL;
        }
    }
    tb_sock_close(sock, 0);
}

/* A libzmq DEALER that does what it likes: a chosen routing id, many parts. */
static void *wild_dealer(struct world *w, const struct tb_link_secret *secret, const void *id,
                         size_t id_bytes)
{
    void *dealer = zmq_socket(tb_sock_context_raw(w->context), ZMQ_DEALER);
    int linger = 0;
    assert_true(w->wild_count < CLIENTS);
    w->wild[w->wild_count++] = dealer;
    assert_int_equal(zmq_setsockopt(dealer, ZMQ_LINGER, &linger, sizeof linger), 0);
    zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, w->server_secret->public_key, TB_KEY_BYTES);
    zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, secret->public_key, TB_KEY_BYTES);
    zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, secret->secret_key, TB_KEY_BYTES);
    if (id_bytes > 0) {
        assert_int_equal(zmq_setsockopt(dealer, ZMQ_ROUTING_ID, id, id_bytes), 0);
    }
    assert_int_equal(zmq_connect(dealer, tb_sock_endpoint(w->server)), 0);
    return dealer;
}

/* Turn door and server for at most ${ms}; true when a frame came. */
static bool pump(struct world *w, int ms, struct tb_sock_frame *frame)
{
    uint64_t end_ms = tb_clock_read().mono_ms + (uint64_t)ms;
    while (tb_clock_read().mono_ms < end_ms) {
        zmq_pollitem_t items[] = {
            {.socket = tb_sock_raw(w->server), .events = ZMQ_POLLIN},
            {.socket = w->zap == NULL ? NULL : tb_zap_raw(w->zap), .events = ZMQ_POLLIN},
        };
        zmq_poll(items, w->zap == NULL ? 1 : 2, 5);
        if (w->zap != NULL) {
            tb_zap_step(w->zap);
        }
        if (tb_sock_recv_frame(w->server, frame)) {
            return true;
        }
    }
    return false;
}

/* Try to send ${text} until the client is linked, for at most ${ms}. */
static enum tb_status send_text(struct world *w, struct tb_sock *sock, const char *text, int ms)
{
    uint64_t end_ms = tb_clock_read().mono_ms + (uint64_t)ms;
    enum tb_status status = TB_FULL;
    while (status == TB_FULL && tb_clock_read().mono_ms < end_ms) {
        zmq_pollitem_t items[] = {{.socket = tb_zap_raw(w->zap), .events = ZMQ_POLLIN}};
        zmq_poll(items, 1, 5);
        tb_zap_step(w->zap);
        bool up;
        (void)tb_sock_link_changed(sock, &up);
        status = tb_sock_send_frame(sock, 0, tb_bytes_text(text));
    }
    return status;
}

/* Ask ${sock} about its link for at most ${ms} until something changed. */
static bool link_changed_within(struct world *w, struct tb_sock *sock, int ms, bool *up)
{
    uint64_t end_ms = tb_clock_read().mono_ms + (uint64_t)ms;
    while (tb_clock_read().mono_ms < end_ms) {
        if (tb_sock_link_changed(sock, up)) {
            return true;
        }
        zmq_poll(NULL, 0, 5);
        if (w->zap != NULL) {
            tb_zap_step(w->zap);
        }
    }
    return false;
}

static bool frame_is(const struct tb_sock_frame *frame, const char *text)
{
    return tb_bytes_equal(frame->payload, tb_bytes_text(text));
}

static int server_port(const struct world *w)
{
    const char *colon = strrchr(tb_sock_endpoint(w->server), ':');
    return (int)strtol(colon + 1, NULL, 10);
}

static void an_allowed_key_is_known_by_its_key_after_polling(void **state)
{
    struct world *w = *state;
    struct tb_sock *c = client(w, w->known, FRAME_BYTES);
    struct tb_sock_frame frame;
    assert_int_equal(send_text(w, c, "hello", WAIT_MS), TB_OK);
    for (int i = 0; i < 3; i++) {
        assert_true(pump(w, WAIT_MS, &frame));
        assert_true(frame_is(&frame, "hello"));
        assert_memory_equal(frame.key, w->known->public_key, TB_KEY_BYTES);
        assert_int_equal(tb_sock_send_frame(c, 0, tb_bytes_text("hello")), TB_OK);
    }
    assert_true(pump(w, WAIT_MS, &frame));
    assert_int_equal(tb_sock_counts(w->server)->received, 4);
    assert_int_equal(tb_zap_counts(w->zap)->accepted, 1);
}

static void an_answer_goes_to_the_connection_that_asked(void **state)
{
    struct world *w = *state;
    struct tb_sock *a = client(w, w->known, FRAME_BYTES);
    struct tb_sock *b = client(w, w->other, FRAME_BYTES);
    struct tb_sock_frame frame;
    assert_int_equal(send_text(w, a, "from a", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    uint64_t peer_a = frame.peer;
    assert_int_equal(send_text(w, b, "from b", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    assert_int_not_equal(frame.peer, peer_a);
    assert_int_equal(tb_sock_send_frame(w->server, peer_a, tb_bytes_text("to a")), TB_OK);
    assert_int_equal(tb_sock_send_frame(w->server, frame.peer, tb_bytes_text("to b")), TB_OK);
    zmq_pollitem_t items[] = {{.socket = tb_sock_raw(a), .events = ZMQ_POLLIN},
                              {.socket = tb_sock_raw(b), .events = ZMQ_POLLIN}};
    assert_true(zmq_poll(items, 1, WAIT_MS) > 0);
    assert_true(zmq_poll(items + 1, 1, WAIT_MS) > 0);
    assert_true(tb_sock_recv_frame(a, &frame));
    assert_true(frame_is(&frame, "to a"));
    assert_true(tb_sock_recv_frame(b, &frame));
    assert_true(frame_is(&frame, "to b"));
    assert_false(tb_sock_recv_frame(b, &frame));
}

static void an_unknown_key_does_not_get_past_the_handshake(void **state)
{
    struct world *w = *state;
    struct tb_sock *c = client(w, w->stranger, FRAME_BYTES);
    struct tb_sock_frame frame;
    assert_int_equal(send_text(w, c, "let me in", QUIET_MS), TB_FULL);
    assert_false(pump(w, QUIET_MS, &frame));
    assert_int_equal(tb_zap_counts(w->zap)->accepted, 0);
    assert_true(tb_sock_link_refused(c));
    /* It keeps knocking, but with pauses: 100, 200, 400 ms. */
    assert_int_equal(send_text(w, c, "let me in", 2 * QUIET_MS), TB_FULL);
    assert_in_range(tb_zap_counts(w->zap)->refused, 2, 5);
}

static void without_the_door_nobody_gets_in(void **state)
{
    struct world *w = *state;
    tb_zap_close(w->zap);
    w->zap = NULL;
    void *d = wild_dealer(w, w->known, NULL, 0);
    struct tb_sock_frame frame;
    zmq_send(d, "x", 1, ZMQ_DONTWAIT);
    assert_false(pump(w, QUIET_MS, &frame));
}

static void a_door_that_answers_late_still_lets_in(void **state)
{
    struct world *w = *state;
    struct tb_sock *c = client(w, w->known, FRAME_BYTES);
    zmq_poll(NULL, 0, 300);
    struct tb_sock_frame frame;
    assert_int_equal(send_text(w, c, "late", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
}

/* Until the door has turned ${c} away: before, libzmq may still take a frame into the
 * pipe of the connection that is gone. */
static bool turned_away(struct world *w, struct tb_sock *c)
{
    uint64_t end_ms = tb_clock_read().mono_ms + WAIT_MS;
    struct tb_sock_frame frame;
    while (!tb_sock_link_refused(c) && tb_clock_read().mono_ms < end_ms) {
        bool up;
        assert_false(pump(w, 5, &frame));
        while (tb_sock_link_changed(c, &up)) {
        }
    }
    return tb_sock_link_refused(c);
}

static void a_key_taken_off_the_table_is_refused_at_the_next_handshake(void **state)
{
    struct world *w = *state;
    struct tb_sock_frame frame;
    struct tb_sock *c = client(w, w->known, FRAME_BYTES);
    assert_int_equal(send_text(w, c, "before", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    assert_int_equal(tb_zap_allow(w->zap, tb_bytes_of(w->other->public_key, TB_KEY_BYTES)), TB_OK);
    assert_int_equal(tb_sock_reconnect(c), TB_OK);
    assert_true(turned_away(w, c));
    assert_int_equal(send_text(w, c, "after", QUIET_MS), TB_FULL);
    assert_false(pump(w, QUIET_MS, &frame));
    assert_true(tb_zap_counts(w->zap)->refused >= 1);
    assert_true(tb_sock_link_refused(c));
    /* A new directory brings the key back: the client knocks again by itself. */
    allow_both(w);
    assert_int_equal(send_text(w, c, "again", WAIT_MS), TB_OK);
    assert_false(tb_sock_link_refused(c));
    assert_true(pump(w, WAIT_MS, &frame));
    assert_true(frame_is(&frame, "again"));
}

static void two_connections_of_one_key_are_both_served(void **state)
{
    struct world *w = *state;
    struct tb_sock *a = client(w, w->known, FRAME_BYTES);
    struct tb_sock *b = client(w, w->known, FRAME_BYTES);
    struct tb_sock_frame first;
    struct tb_sock_frame second;
    assert_int_equal(send_text(w, a, "a", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &first));
    assert_int_equal(send_text(w, b, "b", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &second));
    assert_memory_equal(first.key, second.key, TB_KEY_BYTES);
    assert_int_not_equal(first.peer, second.peer);
    assert_int_equal(tb_sock_send_frame(w->server, first.peer, tb_bytes_text("1")), TB_OK);
    assert_int_equal(tb_sock_send_frame(w->server, second.peer, tb_bytes_text("2")), TB_OK);
}

static void a_chosen_routing_id_is_dropped(void **state)
{
    struct world *w = *state;
    void *d = wild_dealer(w, w->known, "office-140926", 13);
    struct tb_sock_frame frame;
    zmq_send(d, "x", 1, ZMQ_DONTWAIT);
    assert_false(pump(w, QUIET_MS, &frame));
    assert_int_equal(tb_sock_counts(w->server)->dropped[TB_SOCK_DROP_ROUTE], 1);
}

static void a_routing_id_cannot_be_stolen(void **state)
{
    struct world *w = *state;
    void *a = wild_dealer(w, w->known, "same", 4);
    struct tb_sock_frame frame;
    zmq_send(a, "x", 1, ZMQ_DONTWAIT);
    assert_false(pump(w, QUIET_MS, &frame));
    void *b = wild_dealer(w, w->other, "same", 4);
    zmq_send(b, "y", 1, ZMQ_DONTWAIT);
    assert_false(pump(w, QUIET_MS, &frame));
    /* Were the second to take the first's place, its frame would be counted. */
    assert_int_equal(tb_sock_counts(w->server)->dropped[TB_SOCK_DROP_ROUTE], 1);
    assert_int_equal(tb_zap_counts(w->zap)->accepted, 2);
}

static void a_parcel_of_another_shape_is_dropped_whole(void **state)
{
    struct world *w = *state;
    void *d = wild_dealer(w, w->known, NULL, 0);
    struct tb_sock_frame frame;
    zmq_send(d, "1", 1, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(d, "2", 1, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(d, "3", 1, ZMQ_DONTWAIT);
    zmq_send(d, "", 0, ZMQ_DONTWAIT);
    zmq_send(d, "good", 4, ZMQ_DONTWAIT);
    assert_true(pump(w, WAIT_MS, &frame));
    assert_true(frame_is(&frame, "good"));
    assert_int_equal(tb_sock_counts(w->server)->dropped[TB_SOCK_DROP_SHAPE], 1);
    assert_int_equal(tb_sock_counts(w->server)->dropped[TB_SOCK_DROP_SIZE], 1);
}

/* I10. */
static void a_frame_over_the_limit_is_dropped_and_the_next_one_taken(void **state)
{
    struct world *w = *state;
    struct tb_sock *c = client(w, w->known, 2 * FRAME_BYTES);
    struct tb_sock_frame frame;
    static uint8_t big[FRAME_BYTES + 1];
    assert_int_equal(send_text(w, c, "first", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    assert_int_equal(tb_sock_send_frame(c, 0, tb_bytes_of(big, FRAME_BYTES)), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    assert_int_equal(frame.payload.size, FRAME_BYTES);
    assert_int_equal(tb_sock_send_frame(c, 0, tb_bytes_of(big, FRAME_BYTES + 1)), TB_OK);
    assert_int_equal(tb_sock_send_frame(c, 0, tb_bytes_text("next")), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    assert_true(frame_is(&frame, "next"));
    assert_int_equal(tb_sock_counts(w->server)->dropped[TB_SOCK_DROP_SIZE], 1);
}

/* I10. */
static void a_frame_far_over_the_limit_cuts_only_its_own_line(void **state)
{
    struct world *w = *state;
    struct tb_sock *bad = client(w, w->known, 4 * FRAME_BYTES);
    struct tb_sock *good = client(w, w->other, FRAME_BYTES);
    struct tb_sock_frame frame;
    static uint8_t big[3 * FRAME_BYTES];
    bool up = false;
    assert_int_equal(send_text(w, bad, "bad", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    assert_int_equal(send_text(w, good, "good", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    (void)tb_sock_link_changed(bad, &up);
    assert_true(up);
    (void)tb_sock_link_changed(good, &up);
    assert_true(up);
    assert_int_equal(tb_sock_send_frame(bad, 0, tb_bytes_of(big, sizeof big)), TB_OK);
    assert_false(pump(w, QUIET_MS, &frame));
    assert_true(tb_sock_link_changed(bad, &up));
    assert_false(up);
    assert_false(tb_sock_link_changed(good, &up));
    assert_true(up);
    assert_int_equal(tb_sock_send_frame(good, 0, tb_bytes_text("still here")), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    assert_true(frame_is(&frame, "still here"));
}

static void a_sender_is_told_before_a_frame_is_too_big(void **state)
{
    struct world *w = *state;
    struct tb_sock *c = client(w, w->known, FRAME_BYTES);
    static uint8_t big[FRAME_BYTES + 1];
    assert_int_equal(tb_sock_send_frame(c, 0, tb_bytes_of(big, sizeof big)), TB_TOOBIG);
    assert_int_equal(tb_sock_send_frame(c, 0, tb_bytes_of(big, 0)), TB_TOOBIG);
}

static void sending_to_a_connection_that_is_gone_says_so(void **state)
{
    struct world *w = *state;
    struct tb_sock_frame frame;
    struct tb_sock *c = client(w, w->known, FRAME_BYTES);
    assert_int_equal(send_text(w, c, "bye", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    uint64_t peer = frame.peer;
    close_client(w, c);
    assert_false(pump(w, QUIET_MS, &frame));
    assert_int_equal(tb_sock_send_frame(w->server, peer, tb_bytes_text("?")), TB_PEER);
    assert_int_equal(tb_sock_send_frame(w->server, peer + 77, tb_bytes_text("?")), TB_PEER);
    assert_int_equal(tb_sock_counts(w->server)->gone, 2);
}

/* I10: "one stuck peer delays nobody". */
static void one_stuck_peer_delays_nobody(void **state)
{
    struct world *w = *state;
    struct tb_sock *stuck = client(w, w->known, FRAME_BYTES);
    struct tb_sock *quick = client(w, w->other, FRAME_BYTES);
    struct tb_sock_frame frame;
    static uint8_t big[FRAME_BYTES];
    assert_int_equal(send_text(w, stuck, "s", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    uint64_t stuck_peer = frame.peer;
    assert_int_equal(send_text(w, quick, "q", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    uint64_t quick_peer = frame.peer;
    /* It never receives: its pipes and the kernel's buffers fill, then TB_FULL. */
    enum tb_status status = TB_OK;
    uint64_t start_ms = tb_clock_read().mono_ms;
    for (int full = 0, i = 0; i < 200000 && full < 20; i++) {
        status = tb_sock_send_frame(w->server, stuck_peer, tb_bytes_of(big, sizeof big));
        full = status == TB_FULL ? full + 1 : 0;
        if (status == TB_FULL) {
            zmq_poll(NULL, 0, 5);
        }
    }
    assert_int_equal(status, TB_FULL);
    assert_true(tb_clock_read().mono_ms - start_ms < 20000);
    for (int i = 0; i < 50; i++) {
        start_ms = tb_clock_read().mono_ms;
        assert_int_equal(tb_sock_send_frame(w->server, quick_peer, tb_bytes_text("go")), TB_OK);
        zmq_pollitem_t item = {.socket = tb_sock_raw(quick), .events = ZMQ_POLLIN};
        assert_true(zmq_poll(&item, 1, WAIT_MS) > 0);
        assert_true(tb_sock_recv_frame(quick, &frame));
        assert_true(tb_clock_read().mono_ms - start_ms < 500);
    }
    assert_true(tb_sock_counts(w->server)->full >= 20);
}

static void a_client_without_a_server_is_full_and_tells_of_the_link(void **state)
{
    struct world *w = *state;
    char endpoint[TB_SOCK_ENDPOINT_BYTES_MAX];
    snprintf(endpoint, sizeof endpoint, "%s", tb_sock_endpoint(w->server));
    struct tb_sock *c = client(w, w->known, FRAME_BYTES);
    bool up;
    struct tb_sock_frame frame;
    assert_int_equal(send_text(w, c, "1", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    (void)tb_sock_link_changed(c, &up);
    assert_true(up);
    tb_sock_close(w->server, 0);
    w->server = NULL;
    assert_true(link_changed_within(w, c, WAIT_MS, &up));
    assert_false(up);
    assert_int_equal(tb_sock_send_frame(c, 0, tb_bytes_text("2")), TB_FULL);
    const struct tb_sock_server_settings settings = {.endpoint = endpoint,
                                                     .secret = w->server_secret,
                                                     .frame_bytes_max = FRAME_BYTES,
                                                     .frames_max = FRAMES};
    enum tb_status status = TB_IO;
    for (int i = 0; i < 100 && status != TB_OK; i++) {
        status = tb_sock_server(w->context, &settings, &w->server, NULL);
        zmq_poll(NULL, 0, status == TB_OK ? 0 : 20);
    }
    assert_int_equal(status, TB_OK);
    assert_true(link_changed_within(w, c, 8000, &up));
    assert_true(up);
    assert_int_equal(send_text(w, c, "3", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    assert_true(frame_is(&frame, "3"));
}

static void a_link_can_be_closed_and_made_anew_at_once(void **state)
{
    struct world *w = *state;
    struct tb_sock_frame frame;
    for (int i = 0; i < 50; i++) {
        struct tb_sock *c = client(w, w->known, FRAME_BYTES);
        close_client(w, c);
        w->client_count--;
    }
    struct tb_sock *c = client(w, w->known, FRAME_BYTES);
    assert_int_equal(send_text(w, c, "here", WAIT_MS), TB_OK);
    assert_true(pump(w, WAIT_MS, &frame));
    assert_int_equal(tb_sock_link_due_ms(c), UINT64_MAX);
}

/* Let the raw peer's handshake through the door and take its frame. */
static bool raw_frame(struct world *w, struct rawpeer *peer, struct tb_bytes metadata,
                      struct tb_sock_frame *frame)
{
    return rawpeer_open(peer, server_port(w)) &&
           rawpeer_hello(peer, w->known, w->server_secret->public_key) &&
           rawpeer_initiate(peer, metadata) && !pump(w, 100, frame) &&
           rawpeer_send(peer, tb_bytes_text("raw")) && pump(w, WAIT_MS, frame);
}

/* I3: a client's own metadata is not believed. */
static void a_forged_user_id_does_not_become_the_identity(void **state)
{
    struct world *w = *state;
    struct tb_buf metadata;
    struct rawpeer peer;
    struct tb_sock_frame frame;
    char victim[2 * TB_KEY_BYTES + 1];
    tb_buf_init(&metadata, 512);
    tb_hex(victim, tb_bytes_of(w->other->public_key, TB_KEY_BYTES));
    rawpeer_property(&metadata, "User-Id", tb_bytes_text(victim));
    rawpeer_property(&metadata, "Socket-Type", tb_bytes_text("DEALER"));
    rawpeer_property(&metadata, "User-Id", tb_bytes_text(victim));
    assert_true(raw_frame(w, &peer, tb_buf_bytes(&metadata), &frame));
    assert_true(frame_is(&frame, "raw"));
    assert_memory_equal(frame.key, w->known->public_key, TB_KEY_BYTES);
    rawpeer_close(&peer);
    tb_buf_fini(&metadata);
}

static void a_key_that_is_not_the_peers_own_cannot_be_claimed(void **state)
{
    struct world *w = *state;
    struct tb_buf metadata;
    struct rawpeer peer;
    struct tb_sock_frame frame;
    /* The known public key, vouched for with the stranger's secret. */
    struct tb_link_secret mixed = *w->stranger;
    memcpy(mixed.public_key, w->known->public_key, TB_KEY_BYTES);
    tb_buf_init(&metadata, 512);
    rawpeer_property(&metadata, "Socket-Type", tb_bytes_text("DEALER"));
    assert_true(rawpeer_open(&peer, server_port(w)));
    assert_true(rawpeer_hello(&peer, &mixed, w->server_secret->public_key));
    assert_true(rawpeer_initiate(&peer, tb_buf_bytes(&metadata)));
    assert_false(pump(w, QUIET_MS, &frame));
    assert_true(rawpeer_closed(&peer, WAIT_MS));
    assert_int_equal(tb_zap_counts(w->zap)->accepted, 0);
    rawpeer_close(&peer);
    tb_buf_fini(&metadata);
}

/* I10: the header of a frame of 2 GiB, before any authentication. */
static void a_stranger_cannot_announce_a_huge_frame(void **state)
{
    struct world *w = *state;
    struct rawpeer peer;
    static const uint8_t header[9] = {6, 0, 0, 0, 0, 0x80, 0, 0, 0};
    assert_true(rawpeer_open(&peer, server_port(w)));
    assert_true(rawpeer_put(&peer, tb_bytes_of(header, sizeof header)));
    assert_true(rawpeer_closed(&peer, WAIT_MS));
    rawpeer_close(&peer);
}

static void endpoints_other_than_tcp_are_refused(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {"inproc://x",
                                      "ipc:///tmp/x",
                                      "127.0.0.1:5570",
                                      "tcp://127.0.0.1:notaport",
                                      "tcp://127.0.0.1:70000",
                                      ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct tb_sock_server_settings settings = {.endpoint = bad[i],
                                                         .secret = w->server_secret,
                                                         .frame_bytes_max = FRAME_BYTES,
                                                         .frames_max = FRAMES};
        struct tb_sock *sock;
        struct tb_diag diag = {.text = ""};
        assert_int_equal(tb_sock_server(w->context, &settings, &sock, &diag), TB_INPUT);
        assert_null(sock);
        assert_true(strlen(diag.text) > 10);
    }
}

static void a_port_in_use_is_told(void **state)
{
    struct world *w = *state;
    const struct tb_sock_server_settings settings = {.endpoint = tb_sock_endpoint(w->server),
                                                     .secret = w->server_secret,
                                                     .frame_bytes_max = FRAME_BYTES,
                                                     .frames_max = FRAMES};
    struct tb_sock *sock;
    struct tb_diag diag = {.text = ""};
    assert_int_equal(tb_sock_server(w->context, &settings, &sock, &diag), TB_IO);
    assert_non_null(strstr(diag.text, tb_sock_endpoint(w->server)));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_allowed_key_is_known_by_its_key_after_polling),
        TEST(an_answer_goes_to_the_connection_that_asked),
        TEST(an_unknown_key_does_not_get_past_the_handshake),
        TEST(without_the_door_nobody_gets_in),
        TEST(a_door_that_answers_late_still_lets_in),
        TEST(a_key_taken_off_the_table_is_refused_at_the_next_handshake),
        TEST(two_connections_of_one_key_are_both_served),
        TEST(a_chosen_routing_id_is_dropped),
        TEST(a_routing_id_cannot_be_stolen),
        TEST(a_parcel_of_another_shape_is_dropped_whole),
        TEST(a_frame_over_the_limit_is_dropped_and_the_next_one_taken),
        TEST(a_frame_far_over_the_limit_cuts_only_its_own_line),
        TEST(a_sender_is_told_before_a_frame_is_too_big),
        TEST(sending_to_a_connection_that_is_gone_says_so),
        TEST(one_stuck_peer_delays_nobody),
        TEST(a_client_without_a_server_is_full_and_tells_of_the_link),
        TEST(a_link_can_be_closed_and_made_anew_at_once),
        TEST(a_forged_user_id_does_not_become_the_identity),
        TEST(a_key_that_is_not_the_peers_own_cannot_be_claimed),
        TEST(a_stranger_cannot_announce_a_huge_frame),
        TEST(endpoints_other_than_tcp_are_refused),
        TEST(a_port_in_use_is_told),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
