#include "bench.h"

#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "broker/core/store.h"
#include "proto/frame.h"
#include "proto/wire.h"

void bench_open(struct bench *bench, const char *path, bool publish)
{
    struct tb_diag diag = {.file = path};
    bench->path = path;
    tb_assert(tb_db_open(&bench->db, path, tb_broker_store_schema(), &diag) == TB_OK);
    memcpy(bench->config.name, "sx-1", sizeof "sx-1");
    bench->config.secret = &bench->fix.broker[0].key.secret;
    bench->config.roots[0] = (struct tb_root){14, bench->fix.fingerprint};
    bench->config.roots_count = 1;
    /* "Fresh": no two starts draw the same. */
    static uint8_t starts;
    bench->config.seed[TB_SEED_BYTES - 1] = bench->starts == 0 ? ++starts : ++bench->starts;
    tb_outbox_init(&bench->out);
    tb_arena_init(&bench->arena, 64 * 1024 * 1024, 1024 * 1024);
    enum tb_status status =
        tb_broker_new(&bench->broker, &bench->db, &bench->config, &bench->now, &diag);
    tb_assert(status == TB_OK);
    if (publish) {
        tb_assert(bench_publish(bench, 1) == TB_OK);
    }
}

void bench_start(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    fix_init(&bench->fix);
    bench->now = (struct tb_now){1000, {FIX_AT_MS}};
    memset(bench->config.seed, 7, sizeof bench->config.seed);
    bench_open(bench, ":memory:", true);
}

void bench_close(struct bench *bench)
{
    tb_broker_free(bench->broker);
    tb_db_close(&bench->db);
    tb_outbox_fini(&bench->out);
    tb_arena_fini(&bench->arena);
}

int bench_setup(void **state)
{
    static struct bench bench;
    bench_start(&bench);
    *state = &bench;
    return 0;
}

int bench_teardown(void **state)
{
    bench_close(*state);
    return 0;
}

void bench_restart(struct bench *bench)
{
    bench_close(bench);
    memset(bench->config.seed, 9, sizeof bench->config.seed);
    bench_open(bench, bench->path, false);
}

static bool scarce(void *context)
{
    return ((const struct bench *)context)->scarce;
}

void bench_turn(struct bench *bench, const struct tb_event *events, size_t count)
{
    struct tb_turn_core core = tb_broker_core(bench->broker);
    core.scarce = scarce;
    core.context = bench;
    tb_outbox_clear(&bench->out);
    tb_arena_reset(&bench->arena);
    bench->turned = tb_turn_run(&core, &bench->now, events, &count, &bench->out);
}

void bench_idle(struct bench *bench)
{
    bench_turn(bench, NULL, 0);
}

struct tb_event bench_event(struct bench *bench, uint64_t peer, const Tongbao__Frame *frame,
                            struct tb_buf *buf)
{
    struct tb_event event = {.kind = TB_EVENT_FRAME, .from = peer};
    tb_buf_init(buf, TB_FRAME_BYTES_MAX);
    tb_assert(tb_frame_pack(buf, frame) == TB_OK);
    memcpy(event.key, bench->key[peer], TB_KEY_BYTES);
    event.data = tb_buf_bytes(buf);
    return event;
}

void bench_frame(struct bench *bench, uint64_t peer, const Tongbao__Frame *frame)
{
    struct tb_buf buf;
    struct tb_event event = bench_event(bench, peer, frame, &buf);
    bench_turn(bench, &event, 1);
    tb_buf_fini(&buf);
}

enum tb_status bench_publish(struct bench *bench, uint64_t version)
{
    struct tb_buf bytes;
    struct tb_effect effect;
    size_t at = 0;
    enum tb_status status = TB_STATE;
    tb_buf_init(&bytes, TB_DIRECTORY_BYTES_MAX);
    fix_publish(&bench->fix, version, &bytes);
    struct tb_event event = {.kind = TB_EVENT_REQUEST, .from = 99, .data = tb_buf_bytes(&bytes)};
    bench_turn(bench, &event, 1);
    tb_buf_fini(&bytes);
    while (tb_outbox_next(&bench->out, &at, &effect)) {
        if (effect.kind == TB_EFFECT_ANSWER && effect.to == 99) {
            status = (enum tb_status)effect.code;
        }
    }
    return status;
}

const Tongbao__Frame *bench_sent(struct bench *bench, uint64_t peer, Tongbao__Frame__KindCase kind,
                                 size_t nth)
{
    struct tb_effect effect;
    size_t at = 0;
    while (tb_outbox_next(&bench->out, &at, &effect)) {
        const Tongbao__Frame *frame;
        if (tb_effect_sends(effect.kind) && effect.to == peer && effect.code == (uint32_t)kind &&
            nth-- == 0) {
            tb_assert(tb_frame_read(effect.data, &bench->arena, &frame) == TB_OK);
            tb_assert(frame->kind_case == kind);
            return frame;
        }
    }
    return NULL;
}

size_t bench_count(struct bench *bench, uint64_t peer, Tongbao__Frame__KindCase kind)
{
    struct tb_effect effect;
    size_t at = 0;
    size_t count = 0;
    while (tb_outbox_next(&bench->out, &at, &effect)) {
        count += tb_effect_sends(effect.kind) && effect.to == peer && effect.code == (uint32_t)kind;
    }
    return count;
}

bool bench_noted(struct bench *bench, enum tb_note note)
{
    return fix_noted(&bench->out, note);
}

size_t bench_effects(struct bench *bench, enum tb_effect_kind kind)
{
    return fix_effects(&bench->out, kind);
}

void bench_link(struct bench *bench, uint64_t peer, uint32_t code)
{
    tb_assert(peer < BENCH_PEERS);
    memcpy(bench->key[peer], fix_office(&bench->fix, code)->key.link, TB_KEY_BYTES);
}

static const Tongbao__Welcome *greet(struct bench *bench, uint64_t peer, Tongbao__Hello *hello)
{
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    frame.kind_case = TONGBAO__FRAME__KIND_HELLO;
    frame.hello = hello;
    hello->version = TB_LINK_VERSION;
    hello->wall_ms = bench->now.wall.ms;
    bench_frame(bench, peer, &frame);
    const Tongbao__Frame *reply = bench_sent(bench, peer, TONGBAO__FRAME__KIND_WELCOME, 0);
    return reply == NULL ? NULL : reply->welcome;
}

const Tongbao__Welcome *bench_hello(struct bench *bench, uint64_t peer, uint32_t code)
{
    Tongbao__Hello hello;
    tongbao__hello__init(&hello);
    hello.office = code;
    bench_link(bench, peer, code);
    return greet(bench, peer, &hello);
}

const Tongbao__Welcome *bench_resume(struct bench *bench, uint64_t peer, uint32_t code,
                                     const uint8_t *epoch, const struct bench_cursor *cursor)
{
    Tongbao__Hello hello;
    Tongbao__Cursor cursors[TB_LANES];
    Tongbao__Cursor *list[TB_LANES];
    Tongbao__Position accepted = TONGBAO__POSITION__INIT;
    tongbao__hello__init(&hello);
    hello.office = code;
    hello.epoch = tb_wire_data(tb_bytes_of(epoch, TB_BROKER_EPOCH_BYTES));
    hello.cursors = list;
    for (uint32_t lane = 1; lane <= TB_LANES; lane++) {
        Tongbao__Cursor *out = &cursors[hello.n_cursors];
        tongbao__cursor__init(out);
        out->lane = lane;
        out->seq = cursor->seq[lane];
        if (out->seq > 0) {
            out->id = tb_wire_id(&cursor->id[lane]);
        }
        list[hello.n_cursors++] = out;
    }
    if (cursor->position > 0) {
        accepted.position = cursor->position;
        accepted.id = tb_wire_id(&cursor->accepted);
        hello.accepted = &accepted;
    }
    bench_link(bench, peer, code);
    return greet(bench, peer, &hello);
}

const Tongbao__Answer *bench_offer(struct bench *bench, uint64_t peer, struct tb_bytes bytes,
                                   bool repair)
{
    Tongbao__Offer offer = TONGBAO__OFFER__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    offer.tag = ++bench->tag;
    offer.envelope = tb_wire_data(bytes);
    offer.repair = repair;
    frame.kind_case = TONGBAO__FRAME__KIND_OFFER;
    frame.offer = &offer;
    bench_frame(bench, peer, &frame);
    const Tongbao__Frame *reply = bench_sent(bench, peer, TONGBAO__FRAME__KIND_ANSWER, 0);
    if (reply == NULL) {
        return NULL;
    }
    tb_assert(reply->answer->tag == offer.tag);
    return reply->answer;
}

const Tongbao__Answer *bench_say(struct bench *bench, uint64_t peer, const struct fix_say *say,
                                 struct tb_id *id)
{
    struct tb_buf bytes;
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, say, &bytes, id);
    const Tongbao__Answer *answer = bench_offer(bench, peer, tb_buf_bytes(&bytes), false);
    tb_buf_fini(&bytes);
    tb_assert(answer != NULL);
    return answer;
}

void bench_stored(struct bench *bench, uint64_t peer, enum tb_lane lane, uint64_t seq,
                  const struct tb_id *id)
{
    Tongbao__Stored stored = TONGBAO__STORED__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    stored.lane = (uint32_t)lane;
    stored.seq = seq;
    stored.id = tb_wire_id(id);
    frame.kind_case = TONGBAO__FRAME__KIND_STORED;
    frame.stored = &stored;
    bench_frame(bench, peer, &frame);
}

void bench_later(struct bench *bench, uint64_t ms)
{
    bench->now.mono_ms += ms;
    bench->now.wall.ms += (int64_t)ms;
}

int64_t bench_sql(struct bench *bench, const char *sql)
{
    return fix_sql(&bench->db, sql);
}
