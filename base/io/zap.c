#include "base/io/zap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/io/keyfile.h"

static const char ZAP_ADDRESS[] = "inproc://zeromq.zap.01";

enum {
    /* ROUTER adds the way back and an empty part before ZAP's seven. */
    PART_ROUTE,
    PART_EMPTY,
    PART_VERSION,
    PART_REQUEST,
    PART_DOMAIN,
    PART_ADDRESS,
    PART_IDENTITY,
    PART_MECHANISM,
    PART_CREDENTIALS,
    PARTS,
};

enum { USER_ID_CHARS = 2 * TB_KEY_BYTES };

/* A key that is let in, and how far its knocks have used up the time: each takes
 * TB_ZAP_KNOCK_MS of it. */
struct guest {
    uint8_t key[TB_KEY_BYTES];
    uint64_t used_ms;
};

struct tb_zap {
    struct tb_sock_context *context;
    void *zmq;
    struct guest *guests; /* sorted by key */
    size_t count;
    struct tb_zap_counts counts;
};

enum tb_status tb_zap_open(struct tb_sock_context *context, struct tb_zap **out,
                           struct tb_diag *diag)
{
    *out = NULL;
    struct tb_zap *zap = calloc(1, sizeof *zap);
    tb_assert(zap != NULL);
    int linger = 0;
    zap->context = context;
    zap->zmq = zmq_socket(tb_sock_context_raw(context), ZMQ_ROUTER);
    if (zap->zmq == NULL || zmq_setsockopt(zap->zmq, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_bind(zap->zmq, ZAP_ADDRESS) != 0) {
        int failed = errno;
        tb_diag_set(diag, 0, "cannot bind the door at %s: %s", ZAP_ADDRESS, zmq_strerror(failed));
        tb_zap_close(zap);
        return failed == EADDRINUSE ? TB_CONFLICT : TB_IO;
    }
    *out = zap;
    return TB_OK;
}

void tb_zap_close(struct tb_zap *zap)
{
    if (zap == NULL) {
        return;
    }
    if (zap->zmq != NULL) {
        /* Closing is finished by another thread; unbinding is done at once. */
        (void)zmq_unbind(zap->zmq, ZAP_ADDRESS);
        (void)zmq_close(zap->zmq);
    }
    free(zap->guests);
    free(zap);
}

/* The key stands first in a guest. */
static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, TB_KEY_BYTES);
}

static struct guest *find(const struct tb_zap *zap, const uint8_t key[TB_KEY_BYTES])
{
    return zap->count == 0
               ? NULL
               : bsearch(key, zap->guests, zap->count, sizeof *zap->guests, compare_keys);
}

enum tb_status tb_zap_allow(struct tb_zap *zap, struct tb_bytes keys)
{
    tb_assert(keys.size % TB_KEY_BYTES == 0);
    size_t count = keys.size / TB_KEY_BYTES;
    if (count > TB_ZAP_KEYS_MAX) {
        return TB_TOOBIG;
    }
    struct guest *guests = NULL;
    if (count > 0) {
        guests = calloc(count, sizeof *guests);
        tb_assert(guests != NULL);
        for (size_t i = 0; i < count; i++) {
            memcpy(guests[i].key, keys.data + i * TB_KEY_BYTES, TB_KEY_BYTES);
            const struct guest *before = find(zap, guests[i].key);
            guests[i].used_ms = before == NULL ? 0 : before->used_ms;
        }
        qsort(guests, count, sizeof *guests, compare_keys);
    }
    free(zap->guests);
    zap->guests = guests;
    zap->count = count;
    return TB_OK;
}

bool tb_zap_allowed(const struct tb_zap *zap, const uint8_t key[TB_KEY_BYTES])
{
    return find(zap, key) != NULL;
}

/* May ${guest} knock once more now? It has then. */
static bool in_time(struct guest *guest)
{
    uint64_t now_ms = tb_clock_read().mono_ms;
    uint64_t used_ms = (guest->used_ms > now_ms ? guest->used_ms : now_ms) + TB_ZAP_KNOCK_MS;
    if (used_ms > now_ms + (uint64_t)TB_ZAP_KNOCKS_MAX * TB_ZAP_KNOCK_MS) {
        return false;
    }
    guest->used_ms = used_ms;
    return true;
}

static struct tb_bytes part_bytes(zmq_msg_t *part)
{
    return tb_bytes_of(zmq_msg_data(part), zmq_msg_size(part));
}

static bool part_is(zmq_msg_t *part, const char *text)
{
    return tb_bytes_equal(part_bytes(part), tb_bytes_text(text));
}

/* Take one parcel: its first PARTS parts into ${parts}, the rest forgotten.
 * The count of all of them, 0 when none is waiting. */
static size_t take_request(struct tb_zap *zap, zmq_msg_t parts[PARTS])
{
    size_t count = 0;
    bool more = true;
    while (more) {
        zmq_msg_t extra;
        zmq_msg_init(&extra);
        zmq_msg_t *part = count < PARTS ? &parts[count] : &extra;
        if (zmq_msg_recv(part, zap->zmq, ZMQ_DONTWAIT) < 0) {
            tb_assert(errno == EAGAIN || errno == EINTR);
            return count;
        }
        more = zmq_msg_more(part);
        zmq_msg_close(&extra);
        count++;
    }
    return count;
}

/* Queue one part of an answer. The pipe to libzmq's thread has no limit, and an
 * answer to a connection that is gone vanishes: nothing here waits or fails. */
static void answer_part(struct tb_zap *zap, const void *data, size_t size, bool last)
{
    (void)zmq_send(zap->zmq, data, size, ZMQ_DONTWAIT | (last ? 0 : ZMQ_SNDMORE));
}

/* ZAP's codes: 300 cuts the line without a word, and the other end tries again; 400
 * tells it to give up. */
static void answer(struct tb_zap *zap, zmq_msg_t parts[PARTS], const char *code,
                   const char *user_id)
{
    const char *text = code[0] == '2' ? "OK" : code[0] == '3' ? "later" : "unknown key";
    const zmq_msg_t *route = &parts[PART_ROUTE];
    answer_part(zap, zmq_msg_data(&parts[PART_ROUTE]), zmq_msg_size(route), false);
    answer_part(zap, "", 0, false);
    answer_part(zap, "1.0", 3, false);
    answer_part(zap, zmq_msg_data(&parts[PART_REQUEST]), zmq_msg_size(&parts[PART_REQUEST]), false);
    answer_part(zap, code, 3, false);
    answer_part(zap, text, strlen(text), false);
    answer_part(zap, user_id, strlen(user_id), false);
    answer_part(zap, "", 0, true);
}

/* Judge one request. What is not ZAP 1.0 is dropped: the other end is libzmq
 * itself, whose handshake then runs into its time limit. */
static void judge(struct tb_zap *zap, zmq_msg_t parts[PARTS], size_t count)
{
    if (count != PARTS || !part_is(&parts[PART_EMPTY], "") ||
        !part_is(&parts[PART_VERSION], "1.0")) {
        zap->counts.malformed++;
        return;
    }
    bool curve = part_is(&parts[PART_MECHANISM], "CURVE");
    struct tb_bytes key = part_bytes(&parts[PART_CREDENTIALS]);
    if (curve && key.size != TB_KEY_BYTES) {
        zap->counts.malformed++;
        return;
    }
    char user_id[USER_ID_CHARS + 1] = "";
    struct guest *guest = curve ? find(zap, key.data) : NULL;
    if (guest == NULL) {
        zap->counts.refused++;
        answer(zap, parts, "400", user_id);
    } else if (!in_time(guest)) {
        zap->counts.limited++;
        memcpy(zap->counts.limited_key, guest->key, TB_KEY_BYTES);
        answer(zap, parts, "300", user_id);
    } else {
        tb_hex(user_id, key);
        zap->counts.accepted++;
        tb_sock_context_admit(zap->context);
        answer(zap, parts, "200", user_id);
    }
}

void tb_zap_step(struct tb_zap *zap)
{
    for (int i = 0; i < TB_ZAP_ANSWERS_A_STEP_MAX; i++) {
        zmq_msg_t parts[PARTS];
        for (size_t k = 0; k < PARTS; k++) {
            zmq_msg_init(&parts[k]);
        }
        size_t count = take_request(zap, parts);
        if (count > 0) {
            judge(zap, parts, count);
        }
        for (size_t k = 0; k < PARTS; k++) {
            zmq_msg_close(&parts[k]);
        }
        if (count == 0) {
            return;
        }
    }
}

const struct tb_zap_counts *tb_zap_counts(const struct tb_zap *zap)
{
    return &zap->counts;
}

void *tb_zap_raw(struct tb_zap *zap)
{
    return zap->zmq;
}

/* What became of a key that knocked. */
enum outcome {
    OUTCOME_NOTHING, /* neither was seen within the time */
    OUTCOME_REFUSED, /* the handshake failed at the server */
    OUTCOME_IN,      /* a frame arrived, known by the right key */
    OUTCOME_WRONG,   /* a frame arrived under another identity, or the link stood */
};

enum { SELFTEST_FRAME_BYTES = TB_SOCK_LIMIT_BYTES_MIN, SELFTEST_FRAMES = 8, SELFTEST_POLL_MS = 10 };
enum { HANDSHAKE_FAILED = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH };

/* A server with the settings of the real one, on a free port of loopback. */
struct trial {
    struct tb_sock_context *context;
    struct tb_sock *server;
    void *monitor; /* tells of handshakes that failed */
    struct tb_link_secret *server_secret;
    struct tb_link_secret *known;
    struct tb_link_secret *unknown;
};

static enum tb_status trial_open(struct trial *trial, struct tb_diag *diag)
{
    const struct tb_sock_server_settings settings = {
        .endpoint = "tcp://127.0.0.1:0",
        .secret = trial->server_secret,
        .frame_bytes_max = SELFTEST_FRAME_BYTES,
        .frames_max = SELFTEST_FRAMES,
    };
    enum tb_status status = tb_sock_server(trial->context, &settings, &trial->server, diag);
    if (status != TB_OK) {
        return status;
    }
    /* Never used twice: libzmq frees an old address only some time after close. */
    static unsigned long number;
    char address[64];
    snprintf(address, sizeof address, "inproc://tongbao.selftest.%lu", ++number);
    int linger = 0;
    trial->monitor = zmq_socket(tb_sock_context_raw(trial->context), ZMQ_PAIR);
    if (trial->monitor == NULL ||
        zmq_setsockopt(trial->monitor, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_socket_monitor(tb_sock_raw(trial->server), address, HANDSHAKE_FAILED) != 0 ||
        zmq_connect(trial->monitor, address) != 0) {
        tb_diag_set(diag, 0, "cannot watch the self-test: %s", zmq_strerror(errno));
        return TB_IO;
    }
    return TB_OK;
}

static void trial_close(struct trial *trial)
{
    if (trial->monitor != NULL) {
        (void)zmq_socket_monitor(tb_sock_raw(trial->server), NULL, 0);
        (void)zmq_close(trial->monitor);
    }
    tb_sock_close(trial->server, 0);
    trial->monitor = NULL;
    trial->server = NULL;
}

/* True when the server has told of a failed handshake; all it told is taken. */
static bool failure_told(struct trial *trial)
{
    bool told = false;
    zmq_msg_t part;
    zmq_msg_init(&part);
    while (zmq_msg_recv(&part, trial->monitor, ZMQ_DONTWAIT) >= 0) {
        told = true;
    }
    zmq_msg_close(&part);
    return told;
}

/* One look at all ends, after waiting for one of them for a moment. */
static enum outcome look(struct trial *trial, struct tb_zap *zap, struct tb_sock *client,
                         const struct tb_link_secret *secret, bool *sent)
{
    zmq_pollitem_t items[] = {
        {.socket = tb_sock_raw(trial->server), .events = ZMQ_POLLIN},
        {.socket = trial->monitor, .events = ZMQ_POLLIN},
        {.socket = zap == NULL ? NULL : tb_zap_raw(zap), .events = ZMQ_POLLIN},
    };
    (void)zmq_poll(items, zap == NULL ? 2 : 3, SELFTEST_POLL_MS);
    if (zap != NULL) {
        tb_zap_step(zap);
    }
    struct tb_sock_frame frame;
    if (tb_sock_recv_frame(trial->server, &frame)) {
        bool right = memcmp(frame.key, secret->public_key, TB_KEY_BYTES) == 0;
        return right ? OUTCOME_IN : OUTCOME_WRONG;
    }
    /* Until it is linked a client says TB_FULL; the next look tries again. One
     * frame only: a second would be found by the next trial. */
    if (!*sent) {
        *sent = tb_sock_send_frame(client, 0, tb_bytes_text("?")) == TB_OK;
    }
    bool up;
    (void)tb_sock_link_changed(client, &up);
    if (failure_told(trial)) {
        return *sent || up ? OUTCOME_WRONG : OUTCOME_REFUSED;
    }
    return OUTCOME_NOTHING;
}

/* Each knock at a server of its own: what an earlier client, reconnecting to the
 * last, makes the server tell must not be taken for this one's. */
static enum outcome knock(struct trial *trial, struct tb_zap *zap,
                          const struct tb_link_secret *secret, struct tb_diag *diag)
{
    if (trial_open(trial, diag) != TB_OK) {
        trial_close(trial);
        return OUTCOME_NOTHING;
    }
    struct tb_sock_client_settings settings = {
        .endpoint = tb_sock_endpoint(trial->server),
        .secret = secret,
        .frame_bytes_max = SELFTEST_FRAME_BYTES,
        .frames_max = SELFTEST_FRAMES,
        .reconnect_ms = 100,
    };
    memcpy(settings.server_key, trial->server_secret->public_key, TB_KEY_BYTES);
    struct tb_sock *client;
    if (tb_sock_client(trial->context, &settings, &client, diag) != TB_OK) {
        trial_close(trial);
        return OUTCOME_NOTHING;
    }
    uint64_t end_ms = tb_clock_read().mono_ms + TB_ZAP_SELFTEST_MS_MAX;
    enum outcome outcome = OUTCOME_NOTHING;
    bool sent = false;
    while (outcome == OUTCOME_NOTHING && tb_clock_read().mono_ms < end_ms) {
        outcome = look(trial, zap, client, secret, &sent);
    }
    tb_sock_close(client, 0);
    trial_close(trial);
    return outcome;
}

static enum tb_status trial_run(struct trial *trial, struct tb_diag *diag)
{
    struct tb_zap *zap;
    enum tb_status status = tb_zap_open(trial->context, &zap, diag);
    if (status != TB_OK) {
        return status;
    }
    status = tb_zap_allow(zap, tb_bytes_of(trial->known->public_key, TB_KEY_BYTES));
    tb_assert(status == TB_OK);
    enum outcome known = knock(trial, zap, trial->known, diag);
    enum outcome unknown = knock(trial, zap, trial->unknown, diag);
    tb_zap_close(zap);
    enum outcome unbound = knock(trial, NULL, trial->known, diag);
    if (known != OUTCOME_IN) {
        tb_diag_set(diag, 0, "self-test of the door: an allowed key does not get in");
    } else if (unknown != OUTCOME_REFUSED) {
        tb_diag_set(diag, 0, "self-test of the door: an unknown key is not refused");
    } else if (unbound != OUTCOME_REFUSED) {
        tb_diag_set(diag, 0, "self-test of the door: without its handler the door is open");
    } else {
        return TB_OK;
    }
    return TB_STATE;
}

enum tb_status tb_zap_selftest(struct tb_sock_context *context, struct tb_diag *diag)
{
    struct trial trial = {
        .context = context,
        .server_secret = tb_keyfile_draw_link(),
        .known = tb_keyfile_draw_link(),
        .unknown = tb_keyfile_draw_link(),
    };
    enum tb_status status = trial_run(&trial, diag);
    tb_keyfile_free_link(trial.server_secret);
    tb_keyfile_free_link(trial.known);
    tb_keyfile_free_link(trial.unknown);
    return status == TB_OK || status == TB_CONFLICT ? status : TB_STATE;
}
