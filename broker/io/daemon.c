#include "broker/io/daemon.h"

#include <string.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/io/crowd.h"
#include "base/io/engine.h"
#include "base/io/journal.h"
#include "base/io/keyring.h"
#include "base/io/later.h"
#include "base/io/loop.h"
#include "base/io/random.h"
#include "base/io/say.h"
#include "base/io/service.h"
#include "base/io/zap.h"
#include "broker/core/broker.h"
#include "broker/core/store.h"
#include "broker/io/shut.h"

struct daemon {
    struct tb_settings settings;
    const char *path; /* of the configuration */
    struct tb_keyring keyring;
    struct tb_keep keep;
    struct tb_broker *broker;
    struct tb_engine engine;
    struct tb_loop *loop;
    struct tb_sock_context *context;
    struct tb_zap *zap;
    struct tb_sock *sock;
    struct tb_now now;
    /* What came in and waits for the next turn, at most a turn's worth. */
    struct tb_event events[TB_TURN_EVENTS_MAX];
    struct tb_buf frames[TB_TURN_EVENTS_MAX];
    size_t count;
    struct tb_shut shut; /* peers to skip in this flush */
    struct tb_later later;
    struct tb_crowd crowd;
    uint64_t limited; /* knocks at the door that were told of */
    bool tidy_more;
    enum tb_exit exit_status;
};

/* ---------------------------------------------------------------- flush */

static void send_one(void *context, uint64_t to, struct tb_bytes frame)
{
    struct daemon *d = context;
    enum tb_shut_state state = tb_shut_state(&d->shut, to);
    if (state == TB_SHUT_OPEN) {
        enum tb_status status = tb_sock_send_frame(d->sock, to, frame);
        if (status == TB_OK) {
            return;
        }
        state = status == TB_FULL ? TB_SHUT_FULL : TB_SHUT_GONE;
        tb_shut_add(&d->shut, to, state == TB_SHUT_GONE);
    }
    if (state == TB_SHUT_FULL) {
        tb_broker_choked(d->broker, &d->now, to, frame);
    } else {
        tb_broker_gone(d->broker, to);
    }
}

static void send_frame(struct daemon *d, const struct tb_effect *effect)
{
    if (effect->kind == TB_EFFECT_LATER &&
        tb_later_put(&d->later, effect->to, effect->data, d->now.mono_ms)) {
        return;
    }
    tb_later_take(&d->later, effect->to, send_one, d);
    send_one(d, effect->to, effect->data);
}

static void add_key(void *context, const uint8_t link[TB_KEY_BYTES])
{
    struct tb_buf *keys = context;
    enum tb_status status = tb_buf_add(keys, tb_bytes_of(link, TB_KEY_BYTES));
    (void)status; /* past TB_ZAP_KEYS_MAX nobody more is let in */
}

/* The door's table from the directories in force. */
static void allow_keys(struct daemon *d)
{
    struct tb_buf keys;
    tb_buf_init(&keys, (size_t)TB_ZAP_KEYS_MAX * TB_KEY_BYTES);
    tb_directories_links(tb_broker_directories(d->broker), d->now.wall, add_key, &keys);
    enum tb_status status = tb_zap_allow(d->zap, tb_buf_bytes(&keys));
    tb_assert(status == TB_OK);
    tb_buf_fini(&keys);
}

static void flush(struct daemon *d)
{
    struct tb_effect effect;
    size_t at = 0;
    tb_shut_clear(&d->shut);
    while (tb_outbox_next(&d->engine.out, &at, &effect)) {
        switch (effect.kind) {
        case TB_EFFECT_FRAME:
        case TB_EFFECT_LATER:
            send_frame(d, &effect);
            break;
        case TB_EFFECT_NOTE:
            tb_say_effect(&effect);
            break;
        case TB_EFFECT_KEYS:
            allow_keys(d);
            break;
        case TB_EFFECT_ANSWER:
            if (effect.code != TB_OK) {
                tb_say_text(TB_NOTE_WARN, "a directory file was not taken: %s",
                            tb_status_text((enum tb_status)effect.code));
            }
            break;
        case TB_EFFECT_SCRUB:
            tb_keep_scrub(&d->keep);
            break;
        case TB_EFFECT_LINKS:
        case TB_EFFECT_STREAM:
        case TB_EFFECT_ALARM:
            tb_assert(effect.kind == TB_EFFECT_FRAME); /* a node's */
            break;
        }
    }
    tb_outbox_clear(&d->engine.out);
    tb_later_take_due(&d->later, d->now.mono_ms, send_one, d);
}

/* ---------------------------------------------------------------- turns */

/* "Any other failed write, COMMIT or fsync sends nothing and stops the process." */
static void stop_broken(struct daemon *d)
{
    d->exit_status = TB_EXIT_STORE;
    tb_loop_stop(d->loop);
}

/* As many turns as ${count} events need. */
static void run_turn(struct daemon *d, const struct tb_event *events, size_t count)
{
    size_t taken = 0;
    do {
        if (tb_engine_turn(&d->engine, &d->now, events, count, &taken) != TB_OK) {
            stop_broken(d);
            return;
        }
        flush(d);
    } while (taken < count);
}

/* A frame waits for the turn, but a beat, which changes no row, is answered at
 * once. */
static void take_frame(struct daemon *d, const struct tb_sock_frame *frame)
{
    struct tb_event *event = &d->events[d->count];
    struct tb_buf *copy = &d->frames[d->count];
    *event = (struct tb_event){.kind = TB_EVENT_FRAME, .from = frame->peer};
    memcpy(event->key, frame->key, TB_KEY_BYTES);
    event->data = frame->payload;
    if (tb_broker_beat(d->broker, &d->now, event, &d->engine.out)) {
        return;
    }
    tb_random_fill(event->seed, sizeof event->seed);
    tb_buf_cut(copy, 0);
    if (tb_buf_add(copy, frame->payload) == TB_OK) {
        event->data = tb_buf_bytes(copy);
        d->count++;
    }
}

/* "Take what is ready, at most 64 events and 5 ms of work, never waiting for
 * more." */
static void ready_frames(void *context)
{
    struct daemon *d = context;
    struct tb_sock_frame frame;
    d->now = tb_clock_read();
    uint64_t until_ms = d->now.mono_ms + TB_TURN_WORK_MS;
    for (int i = 0; i < TB_TURN_EVENTS_MAX && d->count < TB_TURN_EVENTS_MAX &&
                    d->now.mono_ms < until_ms && tb_sock_recv_frame(d->sock, &frame);
         i++) {
        take_frame(d, &frame);
        d->now = tb_clock_read();
    }
    flush(d); /* beats alone */
}

static void ready_door(void *context)
{
    struct daemon *d = context;
    tb_zap_step(d->zap);
    uint64_t limited = tb_zap_counts(d->zap)->limited;
    if (limited != d->limited) {
        char hex[2 * TB_KEY_BYTES + 1];
        tb_hex(hex, tb_bytes_of(tb_zap_counts(d->zap)->limited_key, TB_KEY_BYTES));
        d->limited = limited;
        tb_say_text(TB_NOTE_WARN, "key=%s links anew too often and has to wait", hex);
    }
}

/* ----------------------------------------------------------- directories */

/* Give the files to the core, each in a turn of its own: it takes what is newer
 * than it has. */
static void take_directories(struct daemon *d)
{
    for (size_t i = 0; i < d->settings.roots.files.count && !tb_loop_stopping(d->loop); i++) {
        struct tb_buf bytes;
        struct tb_event event = {.kind = TB_EVENT_REQUEST};
        tb_buf_init(&bytes, TB_DIRECTORY_BYTES_MAX);
        if (tb_roots_directory(&d->settings.roots, i, &bytes)) {
            event.data = tb_buf_bytes(&bytes);
            tb_random_fill(event.seed, sizeof event.seed);
            run_turn(d, &event, 1);
        }
        tb_buf_fini(&bytes);
    }
}

/* SIGHUP: only what can change while running is taken, the directory files. */
static void reload(struct daemon *d)
{
    struct tb_settings fresh;
    struct tb_diag diag = {0};
    tb_service_reloading();
    if (tb_settings_read(d->path, &fresh, &diag) == TB_OK) {
        d->settings.roots.files = fresh.roots.files;
        take_directories(d);
        tb_say(TB_NOTE_CONFIG_CHANGED, d->path);
    } else {
        tb_say_diag(TB_NOTE_ERROR, "the configuration was not read again", &diag);
    }
    tb_service_ready();
}

/* ------------------------------------------------------------------ loop */

/* Between turns: old mail is pruned in slices, and what every daemon has to do. */
static void housekeep(struct daemon *d)
{
    d->tidy_more = tb_broker_tidy(d->broker, &d->now);
    tb_crowd_tick(&d->crowd, d->now.mono_ms);
    if (tb_engine_rest(&d->engine, d->now.mono_ms) != TB_OK) {
        stop_broken(d);
    }
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How long nothing has to be done unless something comes in. */
static int wait_ms(const struct daemon *d)
{
    uint64_t now_ms = d->now.mono_ms;
    uint64_t at = now_ms + TB_DAEMON_WAIT_MS_MAX;
    if (d->tidy_more) {
        return 0;
    }
    at = sooner(at, tb_broker_deadline_ms(d->broker));
    at = sooner(at, tb_engine_due_ms(&d->engine, now_ms));
    at = sooner(at, tb_later_due_ms(&d->later));
    at = sooner(at, tb_crowd_due_ms(&d->crowd));
    return at > now_ms ? (int)(at - now_ms) : 0;
}

static void once(struct daemon *d)
{
    if (tb_loop_wait(d->loop, wait_ms(d), NULL) != TB_OK) {
        tb_say_text(TB_NOTE_ERROR, "waiting for sockets failed: stopping");
        d->exit_status = TB_EXIT_MISTAKE;
        tb_loop_stop(d->loop);
        return;
    }
    d->now = tb_clock_read();
    if (tb_loop_take_reload(d->loop)) {
        reload(d);
    }
    if (d->exit_status == TB_EXIT_OK) {
        size_t count = d->count;
        d->count = 0;
        run_turn(d, d->events, count);
    }
    if (d->exit_status == TB_EXIT_OK) {
        housekeep(d);
    }
}

/* ----------------------------------------------------------- start, stop */

/* "No ZAP handler, no service (fail closed, proven at start by a self-test with
 * an unknown key)": the door is proven, then opened, then the socket is bound. */
static enum tb_status open_sockets(struct daemon *d, struct tb_diag *diag)
{
    const struct tb_sock_server_settings server = {.endpoint = d->settings.listen,
                                                   .secret = d->keyring.link,
                                                   .frame_bytes_max = TB_FRAME_BYTES_MAX,
                                                   .frames_max = TB_DAEMON_FRAMES_MAX};
    d->context = tb_sock_context_open();
    enum tb_status status = tb_zap_selftest(d->context, diag);
    if (status == TB_OK) {
        status = tb_zap_open(d->context, &d->zap, diag);
    }
    if (status == TB_OK) {
        allow_keys(d);
        status = tb_sock_server(d->context, &server, &d->sock, diag);
    }
    tb_crowd_init(&d->crowd, d->sock);
    if (status == TB_OK) {
        status = tb_loop_add_zmq(d->loop, tb_zap_raw(d->zap), ready_door, d, NULL);
    }
    if (status == TB_OK) {
        status = tb_loop_add_zmq(d->loop, tb_sock_raw(d->sock), ready_frames, d, NULL);
    }
    return status;
}

/* Where it really listens, for whoever asked for port 0. */
static enum tb_status write_endpoint(struct daemon *d, struct tb_diag *diag)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    enum tb_status status = tb_keep_path(path, d->settings.data, "endpoint", diag);
    if (status == TB_OK) {
        status =
            tb_files_write(path, tb_bytes_text(tb_sock_endpoint(d->sock)), TB_FILES_PUBLIC, diag);
    }
    return status;
}

static enum tb_status open_core(struct daemon *d, struct tb_diag *diag)
{
    const struct tb_settings *settings = &d->settings;
    struct tb_broker_config config = {.secret = &d->keyring.sign->secret,
                                      .mailbox_rows_max = settings->mailbox_rows,
                                      .roots_count = settings->roots.count};
    memcpy(config.name, settings->name, sizeof config.name);
    memcpy(config.roots, settings->roots.pinned, sizeof config.roots);
    tb_random_fill(config.seed, sizeof config.seed);
    enum tb_status status = tb_broker_new(&d->broker, &d->keep.db, &config, &d->now, diag);
    if (status == TB_OK) {
        tb_engine_drive(&d->engine, tb_broker_core(d->broker), &d->keep);
    }
    return status;
}

/* Keys, store and core. */
static enum tb_status open_store(struct daemon *d, struct tb_diag *diag)
{
    const struct tb_settings *settings = &d->settings;
    const struct tb_keep_settings keep = {.program = "tongbao-broker",
                                          .folder = settings->data,
                                          .store = TB_DAEMON_STORE_NAME,
                                          .reserve_bytes = TB_DAEMON_RESERVE_BYTES,
                                          .room_bytes = TB_DAEMON_ROOM_BYTES};
    enum tb_status status =
        tb_keyring_load(&d->keyring, settings->sign_key, settings->link_key, diag);
    if (status == TB_OK) {
        status = tb_keep_open(&d->keep, &keep, tb_broker_store_schema(), diag);
    }
    return status == TB_OK ? open_core(d, diag) : status;
}

static enum tb_status start(struct daemon *d, struct tb_diag *diag)
{
    enum tb_status status = open_store(d, diag);
    if (status == TB_OK) {
        status = tb_loop_open(&d->loop, diag);
    }
    if (status == TB_OK) {
        status = open_sockets(d, diag);
    }
    if (status == TB_OK) {
        take_directories(d);
        status = d->exit_status == TB_EXIT_OK ? write_endpoint(d, diag) : TB_IO;
    }
    if (status == TB_OK && !d->keyring.locked) {
        tb_say_text(TB_NOTE_WARN, "keys may be swapped to disk: raise LimitMEMLOCK");
    }
    return status;
}

static void stop(struct daemon *d)
{
    if (d->sock != NULL && d->exit_status == TB_EXIT_OK) {
        tb_later_take_due(&d->later, UINT64_MAX, send_one, d);
    }
    tb_later_fini(&d->later);
    tb_engine_close(&d->engine);
    tb_sock_close(d->sock, TB_SOCK_LINGER_MS);
    tb_zap_close(d->zap);
    if (d->context != NULL) {
        tb_sock_context_close(d->context);
    }
    tb_loop_close(d->loop);
    tb_broker_free(d->broker);
    tb_keep_close(&d->keep);
    tb_keyring_free(&d->keyring);
    for (size_t i = 0; i < TB_TURN_EVENTS_MAX; i++) {
        tb_buf_fini(&d->frames[i]);
    }
    tb_journal_flush();
}

enum tb_exit tb_broker_daemon_run(const struct tb_settings *settings, const char *path)
{
    static struct daemon d; /* 160 KiB of events and peers; one daemon a process */
    struct tb_diag diag = {0};
    d.settings = *settings;
    d.path = path;
    d.now = tb_clock_read();
    tb_engine_open(&d.engine);
    tb_later_init(&d.later);
    for (size_t i = 0; i < TB_TURN_EVENTS_MAX; i++) {
        tb_buf_init(&d.frames[i], TB_FRAME_BYTES_MAX);
    }
    if (start(&d, &diag) != TB_OK) {
        tb_say_text(TB_NOTE_ERROR, "cannot start: %s", diag.text);
        stop(&d);
        return d.exit_status == TB_EXIT_OK ? TB_EXIT_MISTAKE : d.exit_status;
    }
    tb_say(TB_NOTE_STARTED, "tongbao-broker", TB_BROKER_VERSION, settings->data);
    tb_service_ready();
    tb_engine_check(&d.engine, path, TB_DAEMON_CHECK_WORD, d.now.mono_ms);
    while (!tb_loop_stopping(d.loop)) {
        once(&d);
    }
    tb_service_stopping();
    if (d.exit_status == TB_EXIT_OK) {
        tb_say(TB_NOTE_STOPPED, "tongbao-broker");
    }
    stop(&d);
    return d.exit_status;
}
