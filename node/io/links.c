#include "node/io/links.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/io/random.h"
#include "base/io/say.h"
#include "base/text.h"
#include "proto/frame.h"
#include "proto/statement.h"

/* What a Beat takes when it is unpacked; longer ones are no beats of ours. */
enum { BEAT_ARENA_BYTES = 4096, BEAT_ARENA_COUNT = 32, BEAT_BYTES_MAX = 64 };
enum { RECONNECT_MIN_MS = 100, RECONNECT_SPREAD_MS = 400 };

struct link {
    struct tb_links *owner;
    uint64_t handle;
    char broker[TB_NAME_BYTES_MAX];
    uint8_t key[TB_KEY_BYTES];
    char endpoints[TB_LINKS_ENDPOINTS_MAX][TB_SOCK_ENDPOINT_BYTES_MAX];
    size_t endpoints_count;
    size_t endpoint_at;
    struct tb_sock *sock; /* NULL: the last try failed; tried again */
    struct tb_loop_source frames;
    struct tb_loop_source changes;
    bool up;
    uint64_t tried_ms; /* when this socket was made */
    uint64_t heard_ms;
    uint64_t beat_ms; /* when the next is due */
    bool clock_known; /* the core was told how far the broker's clock is from ours: */
    int64_t skew_ms;
};

struct tb_links {
    struct tb_sock_context *context;
    struct tb_loop *loop;
    const struct tb_link_secret *secret;
    struct tb_queue *queue;
    struct tb_arena arena;
    struct link *links[TB_LINKS_MAX];
    size_t count;
};

struct tb_links *tb_links_new(struct tb_sock_context *context, struct tb_loop *loop,
                              const struct tb_link_secret *secret, struct tb_queue *queue)
{
    struct tb_links *links = calloc(1, sizeof *links);
    tb_assert(links != NULL);
    *links = (struct tb_links){.context = context, .loop = loop, .secret = secret, .queue = queue};
    tb_arena_init(&links->arena, BEAT_ARENA_BYTES, BEAT_ARENA_COUNT);
    return links;
}

/* ---------------------------------------------------------- one socket */

/* Tell the core of the line; it does not see beats, so how long it was silent is told too. */
static void tell(struct link *link, bool up, uint64_t now_ms)
{
    struct tb_event *event =
        tb_queue_add(link->owner->queue, up ? TB_EVENT_LINK_UP : TB_EVENT_LINK_DOWN, link->handle);
    memcpy(event->key, link->key, sizeof event->key);
    event->silent_ms = up || now_ms < link->heard_ms ? 0 : now_ms - link->heard_ms;
}

/* Take the changes of the line that there is room for in the queue. */
static void take_changes(struct link *link)
{
    struct tb_queue *queue = link->owner->queue;
    bool up;
    while (link->sock != NULL && !tb_queue_full(queue) && tb_sock_link_changed(link->sock, &up)) {
        if (up == link->up) {
            continue;
        }
        struct tb_now now = tb_clock_read();
        tell(link, up, now.mono_ms);
        link->up = up;
        link->heard_ms = now.mono_ms;
        link->beat_ms = now.mono_ms + TB_LINKS_BEAT_MS;
        link->tried_ms = now.mono_ms;
        link->clock_known = false;
    }
}

static void send_beat(struct link *link, bool answer)
{
    struct tb_buf out;
    Tongbao__Beat beat = TONGBAO__BEAT__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    beat.wall_ms = tb_clock_read().wall.ms;
    beat.answer = answer;
    frame.kind_case = TONGBAO__FRAME__KIND_BEAT;
    frame.beat = &beat;
    tb_buf_init(&out, TB_FRAME_BYTES_MAX);
    if (tb_frame_pack(&out, &frame) == TB_OK) {
        /* A full socket is busy enough to show that it lives. */
        enum tb_status sent = tb_sock_send_frame(link->sock, 0, tb_buf_bytes(&out));
        (void)sent;
    }
    tb_buf_fini(&out);
}

/* A clock that was set while the line was up: the core is to hear of it. What the
 * Welcome told is the core's alone, so the first beat is told too. */
static bool clock_moved(struct link *link, const Tongbao__Beat *beat)
{
    bool told = beat->wall_ms > 0 && beat->wall_ms <= TB_TIME_MS_MAX;
    int64_t skew_ms = told ? beat->wall_ms - tb_clock_read().wall.ms : link->skew_ms;
    int64_t moved_ms = skew_ms - link->skew_ms;
    bool far = !link->clock_known || moved_ms > TB_LINKS_SKEW_MS || moved_ms < -TB_LINKS_SKEW_MS;
    link->skew_ms = far ? skew_ms : link->skew_ms;
    link->clock_known = true;
    return far;
}

/* True when ${frame} was a beat that nobody else needs. */
static bool take_beat(struct link *link, struct tb_bytes frame)
{
    /* Field 16 of Frame, a length-delimited one, in protobuf's encoding. */
    static const uint8_t mark[] = {0x82, 0x01};
    const Tongbao__Frame *read = NULL;
    if (frame.size < sizeof mark || frame.size > BEAT_BYTES_MAX ||
        memcmp(frame.data, mark, sizeof mark) != 0) {
        return false;
    }
    struct tb_arena *arena = &link->owner->arena;
    tb_arena_reset(arena);
    if (tb_frame_read(frame, arena, &read) != TB_OK ||
        read->kind_case != TONGBAO__FRAME__KIND_BEAT) {
        return false;
    }
    if (read->beat->answer) {
        send_beat(link, false);
    }
    return !clock_moved(link, read->beat);
}

static void ready_changes(void *context)
{
    take_changes(context);
}

static void ready_frames(void *context)
{
    struct link *link = context;
    struct tb_sock_frame frame;
    /* A change comes before the frames of the connection that it tells of. */
    take_changes(link);
    for (int i = 0; i < TB_LINKS_FRAMES_A_CALL_MAX && !tb_queue_full(link->owner->queue) &&
                    tb_sock_recv_frame(link->sock, &frame);
         i++) {
        link->heard_ms = tb_clock_read().mono_ms;
        if (!take_beat(link, frame.payload)) {
            tb_queue_frame(link->owner->queue, link->handle, link->key, frame.payload);
        }
    }
}

static void shut(struct link *link, int linger_ms)
{
    if (link->sock != NULL) {
        tb_loop_remove(link->owner->loop, link->frames);
        tb_loop_remove(link->owner->loop, link->changes);
        tb_sock_close(link->sock, linger_ms);
        link->sock = NULL;
    }
    link->up = false;
}

static void open_socket(struct link *link, uint64_t now_ms)
{
    struct tb_links *links = link->owner;
    struct tb_diag diag = {0};
    uint16_t jitter;
    tb_random_fill(&jitter, sizeof jitter);
    struct tb_sock_client_settings settings = {
        .endpoint = link->endpoints[link->endpoint_at],
        .secret = links->secret,
        .frame_bytes_max = TB_FRAME_BYTES_MAX,
        .frames_max = TB_LINKS_FRAMES_MAX,
        .reconnect_ms = RECONNECT_MIN_MS + jitter % RECONNECT_SPREAD_MS,
    };
    memcpy(settings.server_key, link->key, sizeof settings.server_key);
    link->tried_ms = now_ms;
    if (tb_sock_client(links->context, &settings, &link->sock, &diag) != TB_OK) {
        tb_say_text(TB_NOTE_ERROR, "broker=%s cannot be linked: %s", link->broker, diag.text);
        return;
    }
    enum tb_status frames =
        tb_loop_add_zmq(links->loop, tb_sock_raw(link->sock), ready_frames, link, &link->frames);
    enum tb_status changes = tb_loop_add_zmq(links->loop, tb_sock_link_raw(link->sock),
                                             ready_changes, link, &link->changes);
    /* TB_LINKS_MAX × 2 sources and those of HTTP are fewer than TB_LOOP_SOURCES_MAX. */
    tb_assert(frames == TB_OK);
    tb_assert(changes == TB_OK);
}

/* ------------------------------------------------------------ all links */

static struct link *find(const struct tb_links *links, uint64_t handle)
{
    for (size_t i = 0; i < links->count; i++) {
        if (links->links[i]->handle == handle) {
            return links->links[i];
        }
    }
    return NULL;
}

static struct link *find_broker(const struct tb_links *links, const char *broker)
{
    for (size_t i = 0; i < links->count; i++) {
        if (strcmp(links->links[i]->broker, broker) == 0) {
            return links->links[i];
        }
    }
    return NULL;
}

/* True when ${link} is still what the directory says about ${broker}. */
static bool same(const struct link *link, const Tongbao__Broker *broker)
{
    size_t count =
        broker->n_endpoints < TB_LINKS_ENDPOINTS_MAX ? broker->n_endpoints : TB_LINKS_ENDPOINTS_MAX;
    bool equal = strcmp(link->broker, broker->name) == 0 && link->endpoints_count == count;
    for (size_t i = 0; equal && i < count; i++) {
        equal = strcmp(link->endpoints[i], broker->endpoints[i]) == 0;
    }
    return equal && tb_bytes_equal(tb_bytes_of(link->key, TB_KEY_BYTES),
                                   tb_bytes_of(broker->key->link.data, broker->key->link.len));
}

static void add(struct tb_links *links, const struct tb_node_link *wanted, uint64_t now_ms)
{
    const Tongbao__Broker *broker = wanted->broker;
    if (broker->key == NULL || broker->key->link.len != TB_KEY_BYTES || broker->n_endpoints == 0) {
        tb_say_text(TB_NOTE_ERROR, "broker=%s has no key or no endpoint in its directory",
                    broker->name);
        return;
    }
    struct link *link = calloc(1, sizeof *link);
    tb_assert(link != NULL);
    link->owner = links;
    link->handle = wanted->handle;
    tb_text_copy(link->broker, sizeof link->broker, broker->name);
    memcpy(link->key, broker->key->link.data, TB_KEY_BYTES);
    for (size_t i = 0; i < broker->n_endpoints && i < TB_LINKS_ENDPOINTS_MAX; i++) {
        tb_text_copy(link->endpoints[i], sizeof link->endpoints[i], broker->endpoints[i]);
        link->endpoints_count++;
    }
    links->links[links->count++] = link;
    open_socket(link, now_ms);
}

/* Drop the link at ${index}; the core is told if it was up. */
static void drop(struct tb_links *links, size_t index)
{
    struct link *link = links->links[index];
    if (link->up && !tb_queue_full(links->queue)) {
        tell(link, false, tb_clock_read().mono_ms);
    }
    shut(link, TB_SOCK_LINGER_MS);
    free(link);
    links->links[index] = links->links[--links->count];
}

void tb_links_sync(struct tb_links *links, const struct tb_node *node, uint64_t now_ms)
{
    struct tb_node_link wanted[TB_LINKS_MAX];
    size_t count = tb_node_links(node, wanted);
    for (size_t i = links->count; i-- > 0;) {
        bool kept = false;
        for (size_t j = 0; j < count && !kept; j++) {
            kept = wanted[j].handle == links->links[i]->handle &&
                   same(links->links[i], wanted[j].broker);
        }
        if (!kept) {
            drop(links, i);
        }
    }
    for (size_t j = 0; j < count; j++) {
        if (find(links, wanted[j].handle) == NULL) {
            add(links, &wanted[j], now_ms);
        }
    }
}

enum tb_status tb_links_send(struct tb_links *links, uint64_t handle, struct tb_bytes frame)
{
    struct link *link = find(links, handle);
    if (link == NULL || link->sock == NULL) {
        return TB_PEER;
    }
    /* libzmq may keep the pipe of a lost connection for a moment and would take
     * the frame; once the core was told "down" nothing goes until it is told "up". */
    return link->up ? tb_sock_send_frame(link->sock, 0, frame) : TB_FULL;
}

/* A new socket, at the next endpoint when the present one does not answer. */
static void renew(struct link *link, bool next, uint64_t now_ms)
{
    shut(link, 0);
    if (next) {
        link->endpoint_at = (link->endpoint_at + 1) % link->endpoints_count;
    }
    open_socket(link, now_ms);
}

void tb_links_tick(struct tb_links *links, uint64_t now_ms)
{
    for (size_t i = 0; i < links->count; i++) {
        struct link *link = links->links[i];
        /* A refused line is tried again from there. */
        take_changes(link);
        if (!link->up) {
            bool late = now_ms >= link->tried_ms + TB_LINKS_SILENT_MS;
            if (late && (link->sock == NULL || link->endpoints_count > 1)) {
                renew(link, true, now_ms);
            }
            continue;
        }
        if (now_ms >= link->heard_ms + TB_LINKS_SILENT_MS && !tb_queue_full(links->queue)) {
            tell(link, false, now_ms);
            renew(link, true, now_ms);
        } else if (now_ms >= link->beat_ms) {
            send_beat(link, true);
            link->beat_ms = now_ms + TB_LINKS_BEAT_MS;
        }
    }
}

uint64_t tb_links_deadline_ms(const struct tb_links *links)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < links->count; i++) {
        const struct link *link = links->links[i];
        uint64_t due = link->tried_ms + TB_LINKS_SILENT_MS;
        if (link->sock != NULL && tb_sock_link_due_ms(link->sock) < next) {
            next = tb_sock_link_due_ms(link->sock);
        }
        if (link->up) {
            uint64_t silent = link->heard_ms + TB_LINKS_SILENT_MS;
            due = link->beat_ms < silent ? link->beat_ms : silent;
        } else if (link->sock != NULL && link->endpoints_count == 1) {
            continue;
        }
        next = due < next ? due : next;
    }
    return next;
}

bool tb_links_up(const struct tb_links *links, const char *broker)
{
    const struct link *link = find_broker(links, broker);
    return link != NULL && link->up;
}

bool tb_links_refused(const struct tb_links *links, const char *broker)
{
    const struct link *link = find_broker(links, broker);
    return link != NULL && link->sock != NULL && tb_sock_link_refused(link->sock);
}

size_t tb_links_up_count(const struct tb_links *links)
{
    size_t up = 0;
    for (size_t i = 0; i < links->count; i++) {
        up += links->links[i]->up;
    }
    return up;
}

const char *tb_links_endpoint(const struct tb_links *links, const char *broker)
{
    const struct link *link = find_broker(links, broker);
    return link == NULL ? "" : link->endpoints[link->endpoint_at];
}

void tb_links_free(struct tb_links *links)
{
    if (links == NULL) {
        return;
    }
    for (size_t i = 0; i < links->count; i++) {
        shut(links->links[i], TB_SOCK_LINGER_MS);
        free(links->links[i]);
    }
    tb_arena_fini(&links->arena);
    free(links);
}
