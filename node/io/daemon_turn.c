#include "node/io/daemon_inner.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/io/journal.h"
#include "node/io/say.h"

static bool reserve_path(const struct tb_daemon *d, char path[TB_FILES_PATH_BYTES_MAX])
{
    return tb_config_path(&d->config, TB_API_RESERVE_NAME, path) == TB_OK;
}

/* "A small reserve file is given up so that own notices, acknowledgements and receipts still
 * commit." */
static bool relieve(void *self)
{
    struct tb_daemon *d = self;
    char path[TB_FILES_PATH_BYTES_MAX];
    d->room_ms = d->now.mono_ms + TB_DAEMON_ROOM_MS;
    bool given_up = reserve_path(d, path) && tb_files_release(path, NULL) == TB_OK;
    if (given_up) {
        tb_say(TB_NOTE_STORE_FULL, d->config.data);
    }
    return given_up;
}

static void note_disk(struct tb_daemon *d, bool full)
{
    if (full && !d->disk_full) {
        tb_say(TB_NOTE_STORE_FULL, d->config.data);
    }
    d->disk_full = full;
    tb_api_disk_full(d->api, full);
}

/* Take the reserve again when there is room for it. */
void tb_daemon_room(struct tb_daemon *d)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    uint64_t free_bytes = 0;
    if (d->now.mono_ms < d->room_ms) {
        return;
    }
    d->room_ms = d->now.mono_ms + TB_DAEMON_ROOM_MS;
    if (!reserve_path(d, path) || tb_files_free_bytes(d->config.data, &free_bytes, NULL) != TB_OK ||
        free_bytes < TB_DAEMON_ROOM_BYTES) {
        return;
    }
    if (tb_files_reserve(path, TB_DAEMON_RESERVE_BYTES, NULL) == TB_OK) {
        d->room_ms = UINT64_MAX; /* until it is given up */
        note_disk(d, false);
    }
}

/* ------------------------------------------------------------- the core */

/* The turn's callbacks go to the node; only relief on a full disk is ours. */
static enum tb_status handle(void *self, const struct tb_now *now, const struct tb_event *event,
                             struct tb_outbox *out)
{
    struct tb_daemon *d = self;
    return d->inner.handle(d->inner.self, now, event, out);
}

static void undone(void *self, const struct tb_now *now, const struct tb_event *event,
                   enum tb_status status, struct tb_outbox *out)
{
    struct tb_daemon *d = self;
    d->inner.undone(d->inner.self, now, event, status, out);
}

static void finish(void *self, const struct tb_now *now, struct tb_outbox *out)
{
    struct tb_daemon *d = self;
    d->inner.finish(d->inner.self, now, out);
}

static void rolled_back(void *self)
{
    struct tb_daemon *d = self;
    d->inner.rolled_back(d->inner.self);
}

static void committed(void *self, const struct tb_now *now, struct tb_outbox *out)
{
    struct tb_daemon *d = self;
    d->inner.committed(d->inner.self, now, out);
}

static bool spent(void *context)
{
    const struct tb_daemon *d = context;
    return tb_clock_read().mono_ms >= d->turn_end_ms;
}

void tb_daemon_core(struct tb_daemon *d)
{
    tb_node_turn(d->store.node, &d->inner);
    d->core = (struct tb_turn_core){d,           d->inner.db, handle,  undone, finish,
                                    rolled_back, committed,   relieve, spent,  d};
}

/* -------------------------------------------------------------- effects */

static void send_frame(struct tb_daemon *d, const struct tb_effect *effect)
{
    /* A frame that cannot be sent now is lost here and kept in the store: the core offers it
     * again. A link that is gone was told, or will be, by LINK_DOWN. */
    if (tb_links_send(d->links, effect->to, effect->data) == TB_FULL) {
        tb_node_choked(d->store.node, effect->to);
    }
}

static void answer(struct tb_daemon *d, const struct tb_effect *effect)
{
    struct tb_result result;
    tb_assert(effect->data.size == sizeof result);
    memcpy(&result, effect->data.data, sizeof result);
    result.status = (enum tb_status)effect->code;
    if (effect->to == 0 && result.status != TB_OK && result.verb == TB_VERB_DIRECTORY_TAKE) {
        tb_say_text(TB_NOTE_WARN, "a directory file was not taken: %s",
                    result.text[0] != '\0' ? result.text : tb_status_text(result.status));
    }
    tb_api_answer(d->api, effect->to, &result);
}

static void write_note(const struct tb_effect *effect)
{
    char text[TB_JOURNAL_LINE_BYTES_MAX];
    snprintf(text, sizeof text, "%.*s", (int)effect->data.size, (const char *)effect->data.data);
    tb_journal_write((int)tb_note_row((enum tb_note)effect->code)->level, text);
}

static void run_alarm(struct tb_daemon *d, const struct tb_effect *effect)
{
    struct tb_alarm_run run;
    tb_assert(effect->data.size == sizeof run);
    memcpy(&run, effect->data.data, sizeof run);
    tb_siren_run(&d->siren, &run, d->now.mono_ms);
}

static void act(struct tb_daemon *d, const struct tb_effect *effect)
{
    switch (effect->kind) {
    case TB_EFFECT_FRAME:
        send_frame(d, effect);
        break;
    case TB_EFFECT_ANSWER:
        answer(d, effect);
        break;
    case TB_EFFECT_NOTE:
        write_note(effect);
        break;
    case TB_EFFECT_LINKS:
        d->links_changed = true;
        break;
    case TB_EFFECT_STREAM:
        tb_sse_wake(d->sse);
        break;
    case TB_EFFECT_ALARM:
        run_alarm(d, effect);
        break;
    case TB_EFFECT_KEYS: /* a node admits nobody: it only calls */
        break;
    }
}

/* Frames go first: the neighbour is to hear before the answer is written out here. Among frames,
 * and among the rest, the order stands. */
static void flush(struct tb_daemon *d)
{
    struct tb_effect effect;
    for (int frames = 1; frames >= 0; frames--) {
        size_t at = 0;
        while (tb_outbox_next(&d->out, &at, &effect)) {
            if ((effect.kind == TB_EFFECT_FRAME) == (frames == 1)) {
                act(d, &effect);
            }
        }
    }
    tb_outbox_clear(&d->out);
}

/* ---------------------------------------------------------------- turns */

/* Stop at once, with nothing sent: "any other failed write, COMMIT or fsync sends nothing and
 * stops the process". */
void tb_daemon_broken(struct tb_daemon *d)
{
    tb_say(TB_NOTE_STORE_BROKEN, d->config.data, d->store.db.code);
    d->exit_status = TB_EXIT_STORE;
    tb_loop_stop(d->loop);
}

/* Between turns: at the latest after so many, and when there is nothing else to do. */
void tb_daemon_checkpoint(struct tb_daemon *d)
{
    bool idle = d->now.mono_ms >= d->busy_ms + TB_DAEMON_CHECKPOINT_MS;
    if (d->turns_unchecked == 0 || (!idle && d->turns_unchecked < TB_DAEMON_CHECKPOINT_TURNS)) {
        return;
    }
    d->turns_unchecked = 0;
    (void)tb_db_checkpoint(&d->store.db);
    if (d->store.db.status == TB_DISKFULL) {
        /* The WAL keeps what could not be moved; reading goes on. */
        tb_db_rollback(&d->store.db);
        note_disk(d, true);
    } else if (d->store.db.status != TB_OK) {
        tb_daemon_broken(d);
    }
}

/* One turn over what is left of the queue from ${from} on; how many it took. */
static size_t run(struct tb_daemon *d, size_t from)
{
    size_t count = d->queue.count - from;
    d->turn_end_ms = tb_clock_read().mono_ms + TB_TURN_WORK_MS;
    enum tb_status status = tb_turn_run(&d->core, &d->now, d->queue.events + from, &count, &d->out);
    if (status == TB_IO) {
        tb_daemon_broken(d);
        return count;
    }
    if (count > 0) {
        d->turns_unchecked++;
        d->busy_ms = d->now.mono_ms;
    }
    if (status == TB_DISKFULL || (count > 0 && d->disk_full)) {
        note_disk(d, status == TB_DISKFULL);
    }
    flush(d);
    return count;
}

void tb_daemon_turn(struct tb_daemon *d)
{
    size_t taken = 0;
    do {
        taken += run(d, taken);
        if (d->exit_status == TB_EXIT_STORE) {
            return;
        }
    } while (taken < d->queue.count);
    tb_queue_clear(&d->queue);
    if (d->links_changed) {
        d->links_changed = false;
        tb_links_sync(d->links, d->store.node, d->now.mono_ms);
    }
    tb_http_run(d->http);
}
