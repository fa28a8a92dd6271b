#include "tests/sim/flush.h"

#include <string.h>

#include "broker/core/broker.h"
#include "broker/io/shut.h"
#include "proto/envelope.h"
#include "proto/tongbao.pb-c.h"
#include "tests/sim/books.h"
#include "tests/sim/machine.h"
#include "tests/sim/wire.h"

static struct tb_result *waiting;
static bool answered;

void sim_flush_expect(struct tb_result *result)
{
    waiting = result;
    answered = false;
}

bool sim_flush_answered(void)
{
    waiting = NULL;
    return answered;
}

/* Who is flushing, for tb_later. */
struct flush {
    struct sim *sim;
    struct sim_machine *m;
    struct tb_shut *shut;
};

static void trace_frame(const struct flush *f, uint64_t to, struct tb_bytes frame,
                        enum tb_status status)
{
    struct tb_id digest;
    tb_digest(&digest, frame);
    sim_trace(f->sim->now_ms, "send %s to=%llx %zu bytes %02x%02x%02x%02x %s",
              sim_machine_name(f->sim, f->m), (unsigned long long)to, frame.size, digest.byte[0],
              digest.byte[1], digest.byte[2], digest.byte[3], tb_status_name(status));
}

static void node_one(void *context, uint64_t to, struct tb_bytes frame)
{
    const struct flush *f = context;
    enum tb_status status = sim_wire_from_node(f->sim, f->m, to, frame);
    trace_frame(f, to, frame, status);
    if (status == TB_FULL) {
        tb_node_choked(f->m->node, to);
    }
}

static void broker_one(void *context, uint64_t to, struct tb_bytes frame)
{
    const struct flush *f = context;
    enum tb_shut_state state = tb_shut_state(f->shut, to);
    if (state == TB_SHUT_OPEN) {
        enum tb_status status = sim_wire_from_broker(f->sim, f->m, to, frame);
        trace_frame(f, to, frame, status);
        if (status == TB_OK) {
            sim_books_sent(f->sim, f->m, frame);
            return;
        }
        state = status == TB_FULL ? TB_SHUT_FULL : TB_SHUT_GONE;
        tb_shut_add(f->shut, to, state == TB_SHUT_GONE);
    }
    if (state == TB_SHUT_FULL) {
        struct tb_now now = sim_machine_now(f->sim, f->m);
        tb_broker_choked(f->m->broker, &now, to, frame);
    } else {
        tb_broker_gone(f->m->broker, to);
    }
}

/* As both daemons: what nobody waits for goes with the next frame to the same peer. */
static void send_frame(struct flush *f, const struct tb_effect *effect)
{
    tb_later_send *one = f->m->is_broker ? broker_one : node_one;
    if (f->m->is_broker && effect->code == TONGBAO__FRAME__KIND_BEAT) {
        return; /* the link module's; its answer shows life, as the line does */
    }
    uint64_t now_ms = sim_machine_now(f->sim, f->m).mono_ms;
    if (effect->kind == TB_EFFECT_LATER &&
        tb_later_put(&f->m->later, effect->to, effect->data, now_ms)) {
        return;
    }
    if (!f->m->is_broker && effect->code == TONGBAO__FRAME__KIND_HELLO) {
        tb_later_drop(&f->m->later, effect->to);
    }
    tb_later_take(&f->m->later, effect->to, one, f);
    one(f, effect->to, effect->data);
}

static void act(struct flush *f, const struct tb_effect *effect)
{
    struct sim *sim = f->sim;
    struct sim_machine *m = f->m;
    switch (effect->kind) {
    case TB_EFFECT_FRAME:
    case TB_EFFECT_LATER:
        send_frame(f, effect);
        break;
    case TB_EFFECT_ANSWER:
        if (!m->is_broker && waiting != NULL && effect->data.size == sizeof *waiting) {
            memcpy(waiting, effect->data.data, sizeof *waiting);
            answered = true;
        }
        break;
    case TB_EFFECT_NOTE:
        sim_trace(sim->now_ms, "note %s %.*s", sim_machine_name(sim, m), (int)effect->data.size,
                  (const char *)effect->data.data);
        break;
    case TB_EFFECT_KEYS:
        sim_wire_door(sim, m);
        break;
    case TB_EFFECT_LINKS:
        m->seen_links = true;
        break;
    case TB_EFFECT_STREAM:
        sim_books_stream(sim, m);
        break;
    case TB_EFFECT_SCRUB:
        m->scrub = true;
        break;
    case TB_EFFECT_ALARM:
        break;
    }
}

void sim_flush(struct sim *sim, struct sim_machine *m, size_t effects)
{
    static struct tb_shut shut;
    struct flush f = {sim, m, &shut};
    struct tb_effect effect;
    tb_shut_clear(&shut);
    /* A node's frames go before all else; a broker's effects in the order they stand. */
    for (int pass = m->is_broker ? 1 : 0; pass < 2; pass++) {
        size_t at = 0;
        while (effects > 0 && tb_outbox_next(&m->out, &at, &effect)) {
            bool frame = tb_effect_sends(effect.kind);
            if (m->is_broker || frame == (pass == 0)) {
                act(&f, &effect);
                effects--;
            }
        }
    }
    tb_outbox_clear(&m->out);
    if (effects > 0) {
        tb_later_take_due(&m->later, sim_machine_now(sim, m).mono_ms,
                          m->is_broker ? broker_one : node_one, &f);
    }
}
