#include <string.h>

#include "actor.h"
#include "bench.h"
#include "broker/core/store.h"

enum { ORIGIN = 1, READER = 2 };

static struct bench bench;
static struct tb_id notice;

static const struct fix_say usual = {
    .origin = 140925, .directory_version = 1, .to = {140926, 140900}};

static void greet(void)
{
    bench_hello(&bench, ORIGIN, 140925);
    bench_hello(&bench, READER, 140926);
}

static void begin(void)
{
    memset(&bench, 0, sizeof bench);
    fix_init(&bench.fix);
    bench.starts = 1; /* the same epoch each time */
    bench.now = (struct tb_now){1000, {FIX_AT_MS}};
    bench_open(&bench, "/broker/store.db", true);
    greet();
}

static void offer(void)
{
    struct tb_buf bytes;
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench.fix, &usual, &bytes, &notice);
    (void)bench_offer(&bench, ORIGIN, tb_buf_bytes(&bytes), false);
    tb_buf_fini(&bytes);
}

enum { OFFER, STORED, MOVE, OFFER_MORE, MOVE_AGAIN, OFFER_LAST, ACTS };

static enum tb_status act(size_t nth)
{
    switch (nth) {
    case STORED:
        bench_stored(&bench, READER, TB_LANE_FIRST, 1, &notice);
        break;
    case MOVE:
    case MOVE_AGAIN:
        tb_outbox_clear(&bench.out);
        (void)tb_db_checkpoint(&bench.db);
        return bench.db.status;
    default:
        offer();
    }
    return bench.turned;
}

static bool told(size_t nth)
{
    if (nth == STORED) {
        const Tongbao__Frame *refusal = bench_sent(&bench, READER, TONGBAO__FRAME__KIND_REFUSAL, 0);
        return refusal != NULL && refusal->refusal->status == TB_DISKFULL;
    }
    const Tongbao__Frame *answer = bench_sent(&bench, ORIGIN, TONGBAO__FRAME__KIND_ANSWER, 0);
    return answer != NULL && answer->answer->status == TB_DISKFULL &&
           bench_count(&bench, READER, TONGBAO__FRAME__KIND_DELIVER) == 0;
}

static void close_bench(void)
{
    bench_close(&bench);
}

static void reopen(void)
{
    bench_open(&bench, "/broker/store.db", false);
}

static struct tb_db *db(void)
{
    return &bench.db;
}

static const struct tb_outbox *out(void)
{
    return &bench.out;
}

const struct actor actor_broker = {
    .name = "broker",
    .path = "/broker/store.db",
    .schema = tb_broker_store_schema,
    .begin = begin,
    .act = act,
    .acts = ACTS,
    .told = told,
    .resume = greet,
    .close = close_bench,
    .reopen = reopen,
    .db = db,
    .out = out,
};
