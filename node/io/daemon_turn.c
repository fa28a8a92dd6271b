#include "node/io/daemon_inner.h"

#include <string.h>

#include "base/fault.h"
#include "base/io/say.h"
#include "proto/tongbao.pb-c.h"

/* -------------------------------------------------------------- effects */

static void send_one(void *context, uint64_t to, struct tb_bytes frame)
{
    struct tb_daemon *d = context;
    /* A frame that cannot be sent now is lost here and kept in the store: the core offers it
     * again. A link that is gone was told, or will be, by LINK_DOWN. */
    if (tb_links_send(d->links, to, frame) == TB_FULL) {
        tb_node_choked(d->store.node, to);
    }
}

static void send_frame(struct tb_daemon *d, const struct tb_effect *effect)
{
    if (effect->kind == TB_EFFECT_LATER &&
        tb_later_put(&d->later, effect->to, effect->data, d->now.mono_ms)) {
        return;
    }
    if (effect->code == TONGBAO__FRAME__KIND_HELLO) {
        tb_later_drop(&d->later, effect->to); /* nothing goes before the first Hello */
    }
    tb_later_take(&d->later, effect->to, send_one, d);
    send_one(d, effect->to, effect->data);
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
    case TB_EFFECT_LATER:
        send_frame(d, effect);
        break;
    case TB_EFFECT_ANSWER:
        answer(d, effect);
        break;
    case TB_EFFECT_NOTE:
        tb_say_effect(effect);
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
    case TB_EFFECT_SCRUB:
        tb_keep_scrub(&d->store.keep);
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
        while (tb_outbox_next(&d->engine.out, &at, &effect)) {
            if (tb_effect_sends(effect.kind) == (frames == 1)) {
                act(d, &effect);
            }
        }
    }
    tb_outbox_clear(&d->engine.out);
    tb_later_take_due(&d->later, d->now.mono_ms, send_one, d);
}

void tb_daemon_send_later(struct tb_daemon *d)
{
    tb_later_take_due(&d->later, UINT64_MAX, send_one, d);
}

/* ---------------------------------------------------------------- turns */

void tb_daemon_broken(struct tb_daemon *d)
{
    d->exit_status = TB_EXIT_STORE;
    tb_loop_stop(d->loop);
}

void tb_daemon_turn(struct tb_daemon *d)
{
    size_t taken = 0;
    do {
        if (tb_engine_turn(&d->engine, &d->now, d->queue.events, d->queue.count, &taken) != TB_OK) {
            tb_daemon_broken(d);
            return;
        }
        flush(d);
    } while (taken < d->queue.count);
    tb_queue_clear(&d->queue);
    if (d->links_changed) {
        d->links_changed = false;
        tb_links_sync(d->links, d->store.node, d->now.mono_ms);
    }
    tb_http_run(d->http);
}
