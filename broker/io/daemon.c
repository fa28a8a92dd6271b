#include "broker/io/daemon.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/io/journal.h"
#include "base/io/loop.h"
#include "base/io/random.h"
#include "base/io/service.h"
#include "base/io/zap.h"
#include "broker/io/check.h"
#include "broker/io/keep.h"
#include "broker/io/say.h"

struct daemon {
    struct tb_settings settings;
    const char *path; /* of the configuration */
    struct tb_keep keep;
    struct tb_turn_core core;
    struct tb_loop *loop;
    struct tb_sock_context *context;
    struct tb_zap *zap;
    struct tb_sock *sock;
    struct tb_now now;
    /* What came in and waits for the next turn, at most a turn's worth. */
    struct tb_event events[TB_TURN_EVENTS_MAX];
    struct tb_buf frames[TB_TURN_EVENTS_MAX];
    size_t count;
    struct tb_outbox out;
    uint64_t choked[TB_DAEMON_CHOKED_MAX]; /* peers to skip in this flush */
    size_t choked_count;
    int wal_pages;
    uint64_t busy_ms;     /* the last turn with events */
    uint64_t turn_end_ms; /* when this turn has worked long enough */
    uint64_t tidy_ms;     /* the last slice */
    uint64_t room_ms;     /* the reserve is looked for next */
    uint64_t ping_ms;
    pid_t check; /* the full check of the store, beside us; 0: ended */
    bool tidy_more;
    bool disk_full;
    enum tb_exit exit_status;
};

/* ---------------------------------------------------------------- flush */

static bool is_choked(const struct daemon *d, uint64_t peer)
{
    for (size_t i = 0; i < d->choked_count; i++) {
        if (d->choked[i] == peer) {
            return true;
        }
    }
    return false;
}

/* After one frame that a socket would not take no other of that peer may leave
 * in this flush, or it would be taken for all that stood before it. */
static void send_frame(struct daemon *d, const struct tb_effect *effect)
{
    if (is_choked(d, effect->to)) {
        tb_broker_choked(d->keep.broker, &d->now, effect->to, effect->data);
        return;
    }
    enum tb_status status = tb_sock_send_frame(d->sock, effect->to, effect->data);
    if (status == TB_OK) {
        return;
    }
    if (status == TB_FULL && d->choked_count < TB_DAEMON_CHOKED_MAX) {
        d->choked[d->choked_count++] = effect->to;
        tb_broker_choked(d->keep.broker, &d->now, effect->to, effect->data);
    } else {
        tb_broker_gone(d->keep.broker, effect->to);
    }
}

static void write_note(const struct tb_effect *effect)
{
    char text[TB_JOURNAL_LINE_BYTES_MAX];
    snprintf(text, sizeof text, "%.*s", (int)effect->data.size, (const char *)effect->data.data);
    tb_journal_write((int)tb_note_row((enum tb_note)effect->code)->level, text);
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
    tb_directories_links(tb_broker_directories(d->keep.broker), d->now.wall, add_key, &keys);
    enum tb_status status = tb_zap_allow(d->zap, tb_buf_bytes(&keys));
    tb_assert(status == TB_OK);
    tb_buf_fini(&keys);
}

static void flush(struct daemon *d)
{
    struct tb_effect effect;
    size_t at = 0;
    d->choked_count = 0;
    while (tb_outbox_next(&d->out, &at, &effect)) {
        switch (effect.kind) {
        case TB_EFFECT_FRAME:
            send_frame(d, &effect);
            break;
        case TB_EFFECT_NOTE:
            write_note(&effect);
            break;
        case TB_EFFECT_KEYS:
            allow_keys(d);
            break;
        case TB_EFFECT_ANSWER:
            if (effect.code != TB_OK) {
                tb_broker_say_text(TB_NOTE_WARN, "a directory file was not taken: %s",
                                   tb_status_text((enum tb_status)effect.code));
            }
            break;
        case TB_EFFECT_LINKS:
        case TB_EFFECT_STREAM:
        case TB_EFFECT_ALARM:
            tb_assert(effect.kind == TB_EFFECT_FRAME); /* a node's */
            break;
        }
    }
    tb_outbox_clear(&d->out);
}

/* ---------------------------------------------------------------- turns */

/* "Any other failed write, COMMIT or fsync sends nothing and stops the process." */
static void stop_broken(struct daemon *d)
{
    tb_broker_say(TB_NOTE_STORE_BROKEN, d->settings.data, d->keep.db.code);
    d->exit_status = TB_EXIT_STORE;
    tb_loop_stop(d->loop);
}

static void note_disk(struct daemon *d, bool full)
{
    if (full && !d->disk_full) {
        tb_broker_say(TB_NOTE_STORE_FULL, d->settings.data);
    }
    d->disk_full = full;
}

static bool spent(void *context)
{
    const struct daemon *d = context;
    return tb_clock_read().mono_ms >= d->turn_end_ms;
}

/* As many turns as ${count} events need. */
static void run_turn(struct daemon *d, const struct tb_event *events, size_t count)
{
    size_t taken = 0;
    do {
        size_t some = count - taken;
        d->turn_end_ms = tb_clock_read().mono_ms + TB_TURN_WORK_MS;
        enum tb_status status = tb_turn_run(&d->core, &d->now, events + taken, &some, &d->out);
        if (status == TB_IO) {
            stop_broken(d);
            return;
        }
        if (some > 0) {
            d->busy_ms = d->now.mono_ms;
            note_disk(d, status == TB_DISKFULL);
        }
        flush(d);
        taken += some;
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
    if (tb_broker_beat(d->keep.broker, &d->now, event, &d->out)) {
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
}

/* ----------------------------------------------------------- directories */

static bool read_directory(struct daemon *d, size_t index, struct tb_buf *bytes)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    struct tb_diag diag = {0};
    if (tb_settings_directory(&d->settings, index, path) == TB_OK &&
        tb_files_read(path, bytes, &diag) == TB_OK) {
        return true;
    }
    tb_broker_say_text(TB_NOTE_WARN, "a directory file is left out: %s", diag.text);
    return false;
}

/* Give the files to the core, each in a turn of its own: it takes what is newer
 * than it has. One that is missing yet is no reason not to serve. */
static void take_directories(struct daemon *d)
{
    for (size_t i = 0; i < d->settings.directories.count && !tb_loop_stopping(d->loop); i++) {
        struct tb_buf bytes;
        struct tb_event event = {.kind = TB_EVENT_REQUEST};
        tb_buf_init(&bytes, TB_DIRECTORY_BYTES_MAX);
        if (read_directory(d, i, &bytes)) {
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
    char text[TB_DIAG_TEXT_BYTES_MAX + TB_FILES_PATH_BYTES_MAX];
    tb_service_reloading();
    if (tb_settings_read(d->path, &fresh, &diag) == TB_OK) {
        d->settings.directories = fresh.directories;
        take_directories(d);
        tb_broker_say(TB_NOTE_CONFIG_CHANGED, d->path);
    } else {
        tb_diag_print(&diag, text, sizeof text);
        tb_broker_say_text(TB_NOTE_ERROR, "the configuration was not read again: %s", text);
    }
    tb_service_ready();
}

/* ------------------------------------------------------------------ loop */

static int count_wal(void *context, sqlite3 *handle, const char *name, int pages)
{
    struct daemon *d = context;
    (void)handle;
    (void)name;
    d->wal_pages = pages;
    return SQLITE_OK;
}

static bool is_idle(const struct daemon *d)
{
    return d->count == 0 && d->now.mono_ms >= d->busy_ms + TB_DAEMON_IDLE_MS;
}

/* "Its failure stops the node": a damaged store is not written any further. */
static void collect_check(struct daemon *d)
{
    int exit_status = 0;
    if (!tb_broker_check_ended(&d->check, &exit_status)) {
        return;
    }
    if (exit_status == TB_EXIT_STORE) {
        stop_broken(d);
    } else if (exit_status != TB_EXIT_OK) {
        tb_broker_say_text(TB_NOTE_WARN, "the check of the store did not end: exit=%d",
                           exit_status);
    }
}

/* Between turns: the log is moved into the database, old mail is pruned in slices. */
static void housekeep(struct daemon *d)
{
    if (d->wal_pages > TB_DAEMON_WAL_PAGES_MAX || (d->wal_pages > 0 && is_idle(d))) {
        d->wal_pages = tb_db_checkpoint(&d->keep.db);
    }
    if (d->count == 0 || d->now.mono_ms >= d->tidy_ms + TB_DAEMON_IDLE_MS) {
        d->tidy_ms = d->now.mono_ms;
        d->tidy_more = tb_broker_tidy(d->keep.broker, &d->now);
    }
    if (d->now.mono_ms >= d->room_ms) {
        d->room_ms = d->now.mono_ms + TB_DAEMON_ROOM_MS;
        if (tb_keep_reserve(&d->keep)) {
            note_disk(d, false);
        }
    }
    uint64_t every_ms = tb_service_watchdog_ms();
    if (every_ms != 0 && d->now.mono_ms >= d->ping_ms) {
        d->ping_ms = d->now.mono_ms + every_ms;
        tb_service_ping();
    }
    tb_journal_settle();
    collect_check(d);
    if (d->keep.db.status != TB_OK) {
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
    at = d->check != 0 ? sooner(at, now_ms + TB_DAEMON_IDLE_MS) : at;
    at = sooner(at, tb_broker_deadline_ms(d->keep.broker));
    at = sooner(at, d->room_ms);
    at = d->ping_ms != 0 ? sooner(at, d->ping_ms) : at;
    at = d->wal_pages > 0 ? sooner(at, d->busy_ms + TB_DAEMON_IDLE_MS) : at;
    return at > now_ms ? (int)(at - now_ms) : 0;
}

static void once(struct daemon *d)
{
    if (tb_loop_wait(d->loop, wait_ms(d), NULL) != TB_OK) {
        tb_broker_say_text(TB_NOTE_ERROR, "waiting for sockets failed: stopping");
        d->exit_status = TB_EXIT_START;
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
                                                   .secret = d->keep.secrets.link,
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
    enum tb_status status = tb_settings_data(&d->settings, "endpoint", path, diag);
    if (status == TB_OK) {
        status =
            tb_files_write(path, tb_bytes_text(tb_sock_endpoint(d->sock)), TB_FILES_PUBLIC, diag);
    }
    return status;
}

static enum tb_status start(struct daemon *d, struct tb_diag *diag)
{
    enum tb_status status = tb_keep_open(&d->keep, &d->settings, diag);
    if (status == TB_OK) {
        status = tb_loop_open(&d->loop, diag);
    }
    if (status != TB_OK) {
        return status;
    }
    d->core = tb_broker_core(d->keep.broker);
    d->core.spent = spent;
    d->core.spent_context = d;
    sqlite3_wal_hook(d->keep.db.handle, count_wal, d);
    d->wal_pages = 1; /* whatever the last run left */
    status = open_sockets(d, diag);
    if (status == TB_OK) {
        take_directories(d);
        status = d->exit_status == TB_EXIT_OK ? write_endpoint(d, diag) : TB_IO;
    }
    if (status == TB_OK && !d->keep.secrets.locked) {
        tb_broker_say_text(TB_NOTE_WARN, "keys may be swapped to disk: raise LimitMEMLOCK");
    }
    return status;
}

static void stop(struct daemon *d)
{
    tb_broker_check_stop(&d->check);
    tb_sock_close(d->sock, TB_SOCK_LINGER_MS);
    tb_zap_close(d->zap);
    if (d->context != NULL) {
        tb_sock_context_close(d->context);
    }
    tb_loop_close(d->loop);
    tb_keep_close(&d->keep);
    for (size_t i = 0; i < TB_TURN_EVENTS_MAX; i++) {
        tb_buf_fini(&d->frames[i]);
    }
    tb_outbox_fini(&d->out);
    tb_journal_flush();
}

enum tb_exit tb_broker_daemon_run(const struct tb_settings *settings, const char *path)
{
    static struct daemon d; /* 10 KiB of events; one daemon a process */
    struct tb_diag diag = {0};
    d.settings = *settings;
    d.path = path;
    d.now = tb_clock_read();
    d.keep.lock_fd = -1;
    tb_outbox_init(&d.out);
    for (size_t i = 0; i < TB_TURN_EVENTS_MAX; i++) {
        tb_buf_init(&d.frames[i], TB_FRAME_BYTES_MAX);
    }
    if (start(&d, &diag) != TB_OK) {
        tb_broker_say_text(TB_NOTE_ERROR, "cannot start: %s", diag.text);
        stop(&d);
        return d.exit_status == TB_EXIT_OK ? TB_EXIT_START : d.exit_status;
    }
    tb_broker_say(TB_NOTE_STARTED, "tongbao-broker", TB_BROKER_VERSION, settings->data);
    tb_service_ready();
    d.check = tb_broker_check_start(path);
    while (!tb_loop_stopping(d.loop)) {
        once(&d);
    }
    tb_service_stopping();
    if (d.exit_status == TB_EXIT_OK) {
        tb_broker_say(TB_NOTE_STOPPED, "tongbao-broker");
    }
    stop(&d);
    return d.exit_status;
}
