#include "base/io/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <zmq.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/io/random.h"
#include "base/io/sock_settings.h"
#include "base/io/keyfile.h"
#include "base/text.h"

enum {
    ROUTING_ID_BYTES = 5,   /* of the automatic form: a zero and 32 bits */
    MONITOR_PART_BYTES = 6, /* event and value, as libzmq packs them */
};

/* What a client wants to be told of its link. */
enum {
    LINK_EVENTS = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                  ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
};

/* Makes every handle different from 0, which names no peer. */
static const uint64_t PEER_MARK = UINT64_C(1) << 32;

struct tb_sock_context {
    void *zmq;
    uint64_t admitted; /* handshakes that the door let through */
};

struct tb_sock {
    void *zmq;
    void *monitor; /* a client's link changes */
    bool server;
    /* A server's: the automatic id before the first that it gave out, and the
     * handshakes before it. */
    uint32_t route_base;
    uint64_t admitted_before;
    struct tb_sock_context *context;
    bool up;
    bool cut; /* told as down: libzmq may still take a frame for the dead line, and lose it */
    bool refused;
    uint64_t due_ms;   /* a new connection is made then, unless libzmq makes it */
    uint64_t pause_ms; /* after the next refusal */
    uint64_t jitter_ms;
    bool holding; /* `payload` is initialised and lent to the caller */
    zmq_msg_t payload;
    size_t frame_bytes_max;
    struct tb_sock_counts counts;
    char endpoint[TB_SOCK_ENDPOINT_BYTES_MAX];
};

struct tb_sock_context *tb_sock_context_open(void)
{
    /* Before libzmq does it, as libsodium asks of the program itself. */
    tb_assert(sodium_init() >= 0);
    struct tb_sock_context *context = calloc(1, sizeof *context);
    tb_assert(context != NULL);
    context->zmq = zmq_ctx_new();
    tb_assert(context->zmq != NULL);
    return context;
}

void tb_sock_context_close(struct tb_sock_context *context)
{
    if (context == NULL) {
        return;
    }
    while (zmq_ctx_term(context->zmq) != 0 && errno == EINTR) {
    }
    free(context);
}

void *tb_sock_context_raw(struct tb_sock_context *context)
{
    return context->zmq;
}

void tb_sock_context_admit(struct tb_sock_context *context)
{
    context->admitted++;
}

static enum tb_status refused(struct tb_diag *diag, const char *what, const char *where)
{
    tb_diag_set(diag, 0, "%s %s: %s", what, where, zmq_strerror(errno));
    return errno == EINVAL || errno == EPROTONOSUPPORT ? TB_INPUT : TB_IO;
}

/* CURVE and the door stand only before tcp; inproc and ipc would go round them.
 * libzmq takes port 70000 for 4464, so the port is looked at here. */
static bool endpoint_good(const char *endpoint)
{
    const char *port = strrchr(endpoint, ':');
    uint64_t number;
    return strncmp(endpoint, "tcp://", 6) == 0 && strlen(endpoint) < TB_SOCK_ENDPOINT_BYTES_MAX &&
           tb_text_u64(port + 1, UINT16_MAX, &number);
}

/*
 * libzmq draws a ROUTER's first automatic id from libc's generator when it makes the
 * socket, and never seeds it: without this every start would give out the same ids,
 * and whoever knows the next can stop the process by choosing it.
 */
static void *open_zmq(struct tb_sock_context *context, int type)
{
    unsigned seed;
    tb_random_fill(&seed, sizeof seed);
    srand(seed);
    return zmq_socket(context->zmq, type);
}

/* A socket of ${type} with nothing set yet; NULL with ${status} and ${diag}. */
static struct tb_sock *make(struct tb_sock_context *context, int type, const char *endpoint,
                            size_t frame_bytes_max, enum tb_status *status, struct tb_diag *diag)
{
    if (!endpoint_good(endpoint)) {
        tb_diag_set(diag, 0, "endpoint \"%s\" is not of the form tcp://address:port", endpoint);
        *status = TB_INPUT;
        return NULL;
    }
    struct tb_sock *sock = calloc(1, sizeof *sock);
    tb_assert(sock != NULL);
    sock->context = context;
    sock->zmq = open_zmq(context, type);
    if (sock->zmq == NULL) {
        *status = refused(diag, "cannot make a socket for", endpoint);
        free(sock);
        return NULL;
    }
    sock->frame_bytes_max = frame_bytes_max;
    snprintf(sock->endpoint, sizeof sock->endpoint, "%s", endpoint);
    *status = TB_OK;
    return sock;
}

static enum tb_status hand_out(struct tb_sock *sock, enum tb_status status, struct tb_sock **out)
{
    if (status != TB_OK) {
        tb_sock_close(sock, 0);
        return status;
    }
    *out = sock;
    return TB_OK;
}

/* One part of a parcel; false when none is waiting. */
static bool take_part(void *zmq, zmq_msg_t *part)
{
    int size;
    do {
        size = zmq_msg_recv(part, zmq, ZMQ_DONTWAIT);
    } while (size < 0 && errno == EINTR);
    tb_assert(size >= 0 || errno == EAGAIN);
    return size >= 0;
}

/* Take and forget the rest of a parcel that begins with ${part}. */
static void skip_rest(void *zmq, zmq_msg_t *part)
{
    while (zmq_msg_more(part)) {
        tb_assert(take_part(zmq, part));
    }
}

/* Read the routing id into ${peer}; false when it is not of the automatic form. */
static bool read_route(zmq_msg_t *part, uint64_t *peer)
{
    const uint8_t *id = zmq_msg_data(part);
    if (zmq_msg_size(part) != ROUTING_ID_BYTES || id[0] != 0) {
        return false;
    }
    *peer = PEER_MARK | (uint64_t)id[1] << 24 | (uint64_t)id[2] << 16 | (uint64_t)id[3] << 8 |
            (uint64_t)id[4];
    return true;
}

/*
 * Link once to the own ROUTER, inside the process and before it listens, to see which
 * automatic id it gives out first.
 */
static bool learn_base(struct tb_sock_context *context, struct tb_sock *sock)
{
    /* Never used twice: libzmq frees an old address only some time after close. */
    static unsigned long number;
    char address[64];
    int linger = 0;
    uint64_t first = 0;
    snprintf(address, sizeof address, "inproc://tongbao.first.%lu", ++number);
    void *dealer = zmq_socket(context->zmq, ZMQ_DEALER);
    zmq_msg_t part;
    zmq_msg_init(&part);
    bool learnt = dealer != NULL &&
                  zmq_setsockopt(dealer, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
                  zmq_bind(sock->zmq, address) == 0 && zmq_connect(dealer, address) == 0 &&
                  zmq_send(dealer, "", 0, ZMQ_DONTWAIT) == 0 && take_part(sock->zmq, &part) &&
                  read_route(&part, &first);
    if (learnt) {
        skip_rest(sock->zmq, &part);
        sock->route_base = (uint32_t)first;
    }
    zmq_msg_close(&part);
    (void)zmq_unbind(sock->zmq, address);
    if (dealer != NULL) {
        (void)zmq_close(dealer);
    }
    return learnt;
}

enum tb_status tb_sock_server(struct tb_sock_context *context,
                              const struct tb_sock_server_settings *settings, struct tb_sock **out,
                              struct tb_diag *diag)
{
    tb_assert(settings->frame_bytes_max >= TB_SOCK_LIMIT_BYTES_MIN);
    tb_assert(settings->frames_max > 0);
    *out = NULL;
    enum tb_status status;
    struct tb_sock *sock =
        make(context, ZMQ_ROUTER, settings->endpoint, settings->frame_bytes_max, &status, diag);
    if (sock == NULL) {
        return status;
    }
    sock->server = true;
    status = tb_sock_settings_server(sock->zmq, settings, diag);
    sock->admitted_before = context->admitted;
    if (status == TB_OK && !learn_base(context, sock)) {
        status = refused(diag, "cannot learn the routing ids of", settings->endpoint);
    }
    if (status == TB_OK && zmq_bind(sock->zmq, settings->endpoint) != 0) {
        status = refused(diag, "cannot listen at", settings->endpoint);
    }
    size_t room = sizeof sock->endpoint;
    if (status == TB_OK &&
        zmq_getsockopt(sock->zmq, ZMQ_LAST_ENDPOINT, sock->endpoint, &room) != 0) {
        status = refused(diag, "cannot read the port of", settings->endpoint);
    }
    return hand_out(sock, status, out);
}

enum tb_status tb_sock_shut(struct tb_sock *sock)
{
    tb_assert(sock->server);
    return zmq_unbind(sock->zmq, sock->endpoint) == 0 ? TB_OK : TB_IO;
}

enum tb_status tb_sock_open(struct tb_sock *sock)
{
    tb_assert(sock->server);
    return zmq_bind(sock->zmq, sock->endpoint) == 0 ? TB_OK : TB_IO;
}

/* Watch the client's own link. libzmq reports through a PAIR inside the process. */
static enum tb_status open_monitor(struct tb_sock_context *context, struct tb_sock *sock,
                                   struct tb_diag *diag)
{
    /* Never used twice: libzmq frees an old address only some time after close. */
    static unsigned long number;
    char address[64];
    snprintf(address, sizeof address, "inproc://tongbao.link.%lu", ++number);
    int linger = 0;
    sock->monitor = zmq_socket(context->zmq, ZMQ_PAIR);
    if (sock->monitor == NULL ||
        zmq_setsockopt(sock->monitor, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_socket_monitor(sock->zmq, address, LINK_EVENTS) != 0 ||
        zmq_connect(sock->monitor, address) != 0) {
        return refused(diag, "cannot watch the link to", sock->endpoint);
    }
    return TB_OK;
}

enum tb_status tb_sock_client(struct tb_sock_context *context,
                              const struct tb_sock_client_settings *settings, struct tb_sock **out,
                              struct tb_diag *diag)
{
    tb_assert(settings->frame_bytes_max >= TB_SOCK_LIMIT_BYTES_MIN);
    tb_assert(settings->frames_max > 0);
    tb_assert(settings->reconnect_ms >= TB_SOCK_RECONNECT_MIN_MS);
    tb_assert(settings->reconnect_ms <= TB_SOCK_RECONNECT_FIRST_MAX_MS);
    *out = NULL;
    enum tb_status status;
    struct tb_sock *sock =
        make(context, ZMQ_DEALER, settings->endpoint, settings->frame_bytes_max, &status, diag);
    if (sock == NULL) {
        return status;
    }
    sock->due_ms = UINT64_MAX;
    sock->jitter_ms = (uint64_t)settings->reconnect_ms;
    sock->pause_ms = sock->jitter_ms;
    status = tb_sock_settings_client(sock->zmq, settings, diag);
    if (status == TB_OK) {
        status = open_monitor(context, sock, diag);
    }
    if (status == TB_OK && zmq_connect(sock->zmq, settings->endpoint) != 0) {
        status = refused(diag, "cannot link to", settings->endpoint);
    }
    return hand_out(sock, status, out);
}

static void let_go(struct tb_sock *sock)
{
    if (sock->holding) {
        zmq_msg_close(&sock->payload);
        sock->holding = false;
    }
}

void tb_sock_close(struct tb_sock *sock, int linger_ms)
{
    if (sock == NULL) {
        return;
    }
    let_go(sock);
    if (sock->monitor != NULL) {
        (void)zmq_socket_monitor(sock->zmq, NULL, 0);
        (void)zmq_close(sock->monitor);
    }
    (void)zmq_setsockopt(sock->zmq, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    (void)zmq_close(sock->zmq);
    free(sock);
}

enum tb_status tb_sock_reconnect(struct tb_sock *sock)
{
    tb_assert(!sock->server);
    sock->up = false;
    sock->due_ms = UINT64_MAX;
    /* ENOENT: there is no connection just now, which is what is wanted. */
    if (zmq_disconnect(sock->zmq, sock->endpoint) != 0 && errno != ENOENT) {
        return TB_IO;
    }
    return zmq_connect(sock->zmq, sock->endpoint) == 0 ? TB_OK : TB_IO;
}

/* The server has given out one id, counting up, for each handshake that the door let
 * through, at most. */
static bool given_out(const struct tb_sock *sock, uint64_t peer)
{
    uint32_t nth = (uint32_t)peer - sock->route_base;
    return nth > 0 && nth <= sock->context->admitted - sock->admitted_before;
}

/* "Identity comes from the ZAP User-Id of the message's last frame": libzmq
 * 4.3.4 loses it on the first frame after a poll, and only our handler sets
 * it; every other property may be the peer's own invention. */
static bool read_identity(zmq_msg_t *last, uint8_t key[TB_KEY_BYTES])
{
    const char *user_id = zmq_msg_gets(last, "User-Id");
    return user_id != NULL && tb_unhex(key, TB_KEY_BYTES, user_id);
}

/*
 * Judge one parcel whose first part is in sock->payload, and leave its last
 * part there. A client's parcel is the payload alone.
 */
static bool judge(struct tb_sock *sock, struct tb_sock_frame *frame, enum tb_sock_drop *why)
{
    zmq_msg_t *part = &sock->payload;
    bool routed = true;
    frame->peer = 0;
    if (sock->server) {
        routed = read_route(part, &frame->peer) && given_out(sock, frame->peer);
        if (!zmq_msg_more(part)) {
            *why = TB_SOCK_DROP_SHAPE;
            return false;
        }
        tb_assert(take_part(sock->zmq, part));
    }
    if (zmq_msg_more(part)) {
        skip_rest(sock->zmq, part);
        *why = TB_SOCK_DROP_SHAPE;
        return false;
    }
    if (!routed) {
        *why = TB_SOCK_DROP_ROUTE;
        return false;
    }
    memset(frame->key, 0, sizeof frame->key);
    if (sock->server && !read_identity(part, frame->key)) {
        *why = TB_SOCK_DROP_IDENTITY;
        return false;
    }
    frame->payload = tb_bytes_of(zmq_msg_data(part), zmq_msg_size(part));
    *why = TB_SOCK_DROP_SIZE;
    return frame->payload.size > 0 && frame->payload.size <= sock->frame_bytes_max;
}

bool tb_sock_recv_frame(struct tb_sock *sock, struct tb_sock_frame *frame)
{
    for (int i = 0; i < TB_SOCK_DROPS_A_CALL_MAX; i++) {
        let_go(sock);
        zmq_msg_init(&sock->payload);
        sock->holding = true;
        enum tb_sock_drop why = TB_SOCK_DROP_SHAPE;
        if (!take_part(sock->zmq, &sock->payload)) {
            return false;
        }
        if (judge(sock, frame, &why)) {
            sock->counts.received++;
            return true;
        }
        sock->counts.dropped[why]++;
    }
    return false;
}

/* Queue one part without waiting: 0, EAGAIN or EHOSTUNREACH. */
static int put_part(void *zmq, const void *data, size_t size, int flags)
{
    int sent;
    do {
        sent = zmq_send(zmq, data, size, flags | ZMQ_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        return 0;
    }
    int failed = errno;
    tb_assert(failed == EAGAIN || failed == EHOSTUNREACH);
    return failed;
}

/* The first part of a parcel decides whether it can be queued. */
static int put_first(struct tb_sock *sock, uint64_t peer, struct tb_bytes payload)
{
    if (!sock->server) {
        return put_part(sock->zmq, payload.data, payload.size, 0);
    }
    const uint8_t id[ROUTING_ID_BYTES] = {0, (uint8_t)(peer >> 24), (uint8_t)(peer >> 16),
                                          (uint8_t)(peer >> 8), (uint8_t)peer};
    int failed = put_part(sock->zmq, id, sizeof id, ZMQ_SNDMORE);
    if (failed == 0) {
        /* The pipe was found open and with room; libzmq takes the rest whole. */
        failed = put_part(sock->zmq, payload.data, payload.size, 0);
        tb_assert(failed == 0);
    }
    return failed;
}

enum tb_status tb_sock_send_frame(struct tb_sock *sock, uint64_t peer, struct tb_bytes payload)
{
    tb_assert(sock->server ? peer != 0 : peer == 0);
    if (payload.size == 0 || payload.size > sock->frame_bytes_max) {
        return TB_TOOBIG;
    }
    int failed = sock->cut ? EAGAIN : put_first(sock, peer, payload);
    if (failed == EAGAIN && !sock->cut) {
        /* libzmq looks for "there is room again" and "linked" only now and
         * then; asking for its state makes it look at once. */
        int events;
        size_t size = sizeof events;
        (void)zmq_getsockopt(sock->zmq, ZMQ_EVENTS, &events, &size);
        failed = put_first(sock, peer, payload);
    }
    if (failed == 0) {
        sock->counts.sent++;
        return TB_OK;
    }
    if (failed == EAGAIN) {
        sock->counts.full++;
        return TB_FULL;
    }
    sock->counts.gone++;
    return TB_PEER;
}

/* The next thing that libzmq tells of the link; 0 when there is none. */
static uint16_t next_link_event(struct tb_sock *sock)
{
    uint16_t event = 0;
    zmq_msg_t part;
    zmq_msg_init(&part);
    if (take_part(sock->monitor, &part)) {
        if (zmq_msg_size(&part) == MONITOR_PART_BYTES) {
            memcpy(&event, zmq_msg_data(&part), sizeof event);
        }
        skip_rest(sock->monitor, &part);
    }
    zmq_msg_close(&part);
    return event;
}

/* The pause before the next own attempt, each longer than the one before, and
 * different from office to office at its longest too. */
static uint64_t next_pause_ms(struct tb_sock *sock)
{
    uint64_t pause_ms = sock->pause_ms;
    uint64_t longest_ms =
        TB_SOCK_RECONNECT_MAX_MS - TB_SOCK_RECONNECT_FIRST_MAX_MS + sock->jitter_ms;
    sock->pause_ms = 2 * pause_ms < longest_ms ? 2 * pause_ms : longest_ms;
    return pause_ms;
}

static void take_link_event(struct tb_sock *sock, uint16_t event, uint64_t now_ms)
{
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        sock->up = true;
        sock->cut = false;
        sock->refused = false;
        sock->due_ms = UINT64_MAX;
        sock->pause_ms = sock->jitter_ms;
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        sock->refused = true;
        break;
    case ZMQ_EVENT_DISCONNECTED:
        sock->up = false;
        sock->cut = true;
        sock->due_ms = now_ms + next_pause_ms(sock);
        break;
    case ZMQ_EVENT_CONNECT_RETRIED:
        /* libzmq has not given up: it goes on by itself. */
        sock->due_ms = UINT64_MAX;
        break;
    default:
        break;
    }
}

bool tb_sock_link_changed(struct tb_sock *sock, bool *up)
{
    tb_assert(sock->monitor != NULL);
    uint64_t now_ms = tb_clock_read().mono_ms;
    bool before = sock->up;
    uint16_t event = 1;
    while (event != 0 && sock->up == before) {
        event = next_link_event(sock);
        take_link_event(sock, event, now_ms);
    }
    if (event == 0 && now_ms >= sock->due_ms) {
        /* Cannot fail with an endpoint that was taken before; if it does, the
         * next pause ends in another attempt. */
        enum tb_status status = tb_sock_reconnect(sock);
        if (status != TB_OK) {
            sock->due_ms = now_ms + next_pause_ms(sock);
        }
    }
    *up = sock->up;
    return sock->up != before;
}

uint64_t tb_sock_link_due_ms(const struct tb_sock *sock)
{
    return sock->due_ms;
}

bool tb_sock_link_refused(const struct tb_sock *sock)
{
    return sock->refused;
}

void *tb_sock_link_raw(struct tb_sock *sock)
{
    return sock->monitor;
}

const char *tb_sock_endpoint(const struct tb_sock *sock)
{
    return sock->endpoint;
}

const struct tb_sock_counts *tb_sock_counts(const struct tb_sock *sock)
{
    return &sock->counts;
}

void *tb_sock_raw(struct tb_sock *sock)
{
    return sock->zmq;
}
