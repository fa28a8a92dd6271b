#include "life_broker.h"

#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "broker/core/store.h"
#include "proto/wire.h"

enum { ORIGIN = 1, READER = 2, CITY = 3, PROVINCE = 4, AGAIN = 5, ROWS_MAX = 10 };

static const struct fix_say usual = {
    .origin = 140925, .directory_version = 1, .to = {140926, 140900}};
/* By directory 1, 宁武 did not know that 静乐 is next down on the 汾河. */
static const struct fix_say narrow = {
    .origin = 140925, .directory_version = 1, .river = "汾河", .to = {140900, 140000}};

static void say(struct bench *bench, const struct fix_say *what, struct tb_id *id,
                enum tb_status expected)
{
    const Tongbao__Answer *answer = bench_say(bench, ORIGIN, what, id);
    tb_assert(answer->status == (uint32_t)expected);
}

static void tidy(struct bench *bench)
{
    while (tb_broker_tidy(bench->broker, &bench->now)) {
    }
    tb_assert(bench->db.status == TB_OK);
}

static void pause(struct bench *bench)
{
    tb_assert(tb_db_checkpoint(&bench->db) == 0);
}

/* ${peer} has the last of lane 1 that it was sent in the last turn. */
static void store_last(struct bench *bench, uint64_t peer)
{
    const Tongbao__Frame *next;
    struct tb_envelope envelope;
    uint64_t seq = 0;
    for (size_t i = 0; (next = bench_sent(bench, peer, TONGBAO__FRAME__KIND_DELIVER, i)) != NULL;
         i++) {
        if (next->deliver->lane == TB_LANE_FIRST) {
            enum tb_status status =
                tb_envelope_read(&envelope, tb_wire_bytes(next->deliver->envelope));
            tb_assert(status == TB_OK);
            seq = next->deliver->seq;
        }
    }
    tb_assert(seq > 0);
    bench_stored(bench, peer, TB_LANE_FIRST, seq, &envelope.id);
}

/* ----------------------------------------------------------------------- offers */

static void offers(struct bench *bench, struct tb_id *first)
{
    struct fix_say bare = usual;
    struct tb_buf bytes;
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    bench_hello(bench, ORIGIN, 140925);
    bench_hello(bench, READER, 140926);
    say(bench, &usual, first, TB_OK);
    bench_stored(bench, READER, TB_LANE_FIRST, 1, first);
    /* The personal part comes later. */
    bare.personal = tb_bytes_text("salt-salt-salt-1受害人电话 13800000000");
    bare.personal_left_out = true;
    struct fix_chain before = fix_office(&bench->fix, 140925)->chain[TB_WORLD_ACTUAL];
    say(bench, &bare, NULL, TB_OK);
    fix_office(&bench->fix, 140925)->chain[TB_WORLD_ACTUAL] = before;
    bare.personal_left_out = false;
    say(bench, &bare, NULL, TB_OK);
    struct fix_say plain = usual;
    struct tb_id told;
    plain.personal = bare.personal;
    say(bench, &plain, &told, TB_OK);
    fix_destruction(&bench->fix, &usual, &told, &bytes, NULL);
    tb_assert(bench_offer(bench, ORIGIN, tb_buf_bytes(&bytes), false)->status == TB_OK);
    tb_buf_cut(&bytes, 0);
    fix_notice(&bench->fix, &usual, &bytes, NULL);
    bytes.data[bytes.size - 1] ^= 1;
    tb_assert(bench_offer(bench, ORIGIN, tb_buf_bytes(&bytes), false)->status == TB_SIGNATURE);
    tb_buf_fini(&bytes);
}

/* Half full, whole, and read again. */
static void full_mailboxes(struct bench *bench)
{
    struct fix_say exercise = usual;
    struct fix_say one = usual;
    struct tb_buf bytes;
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    exercise.world = TB_WORLD_EXERCISE;
    memset(exercise.to, 0, sizeof exercise.to);
    exercise.to[0] = 140926;
    one.to[1] = 0;
    say(bench, &exercise, NULL, TB_OK);
    while (bench_say(bench, ORIGIN, &one, NULL)->status == TB_OK) {
    }
    say(bench, &exercise, NULL, TB_FULL);
    /* The city gets it alone and has stored it; then there is room for the other. */
    fix_notice(&bench->fix, &usual, &bytes, NULL);
    tb_assert(bench_offer(bench, ORIGIN, tb_buf_bytes(&bytes), false)->n_full == 1);
    bench_hello(bench, CITY, 140900);
    store_last(bench, CITY);
    bench_hello(bench, READER, 140926);
    store_last(bench, READER);
    tb_assert(bench_offer(bench, ORIGIN, tb_buf_bytes(&bytes), false)->n_filed == 2);
    tb_buf_fini(&bytes);
}

/* ------------------------------------------------------------------- directories */

static void directories(struct bench *bench)
{
    Tongbao__Ask ask = TONGBAO__ASK__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    bench->fix.rivers = true;
    tb_assert(bench_publish(bench, 2) == TB_OK);
    ask.prefix = 14;
    ask.version = 1;
    frame.kind_case = TONGBAO__FRAME__KIND_ASK;
    frame.ask = &ask;
    bench_frame(bench, ORIGIN, &frame);
    tb_assert(bench_count(bench, ORIGIN, TONGBAO__FRAME__KIND_PART) == 1);
}

/* Mail for ${office} until there is no room. */
static void fill(struct bench *bench, uint32_t office)
{
    struct fix_say mail = {.origin = 140925, .directory_version = 2, .to = {office}};
    while (bench_say(bench, ORIGIN, &mail, NULL)->status == TB_OK) {
    }
}

/* A widening of which the province cannot be told at first. */
static void widenings(struct bench *bench)
{
    struct tb_id id;
    say(bench, &narrow, &id, TB_OK);
    fill(bench, 140000);
    say(bench, &narrow, &id, TB_OK);
    tb_assert(bench_sql(bench, "SELECT count(*) FROM widened WHERE told = 0") > 0);
    bench_hello(bench, PROVINCE, 140000);
    store_last(bench, PROVINCE);
    bench_later(bench, 60000);
    tidy(bench);
    bench_idle(bench);
}

/* ------------------------------------------------------------ repairs and cursors */

static void exchange(struct bench *bench, const struct tb_id *first)
{
    struct tb_id lost = {{7}};
    ProtobufCBinaryData ids[2] = {tb_wire_id(first), tb_wire_id(&lost)};
    Tongbao__Listing listing = TONGBAO__LISTING__INIT;
    Tongbao__Fetch fetch = TONGBAO__FETCH__INIT;
    Tongbao__Aside aside = TONGBAO__ASIDE__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    struct fix_say follow = usual;
    listing.n_ids = 2;
    listing.ids = ids;
    listing.last = true;
    frame.kind_case = TONGBAO__FRAME__KIND_LISTING;
    frame.listing = &listing;
    bench_frame(bench, READER, &frame);
    fetch.n_ids = 2;
    fetch.ids = ids;
    frame.kind_case = TONGBAO__FRAME__KIND_FETCH;
    frame.fetch = &fetch;
    bench_frame(bench, READER, &frame);
    aside.id = tb_wire_id(first);
    aside.outcome = TONGBAO__OBJECTION__OUTCOME__PARKED;
    aside.reason = TB_SIGNER;
    frame.kind_case = TONGBAO__FRAME__KIND_ASIDE;
    frame.aside = &aside;
    bench_frame(bench, READER, &frame);
    follow.kind = TONGBAO__NOTICE__KIND__FOLLOW_UP;
    follow.regards = first;
    say(bench, &follow, NULL, TB_OK);
}

static void restarts(struct bench *bench, struct tb_disk *disk, const struct tb_id *first)
{
    struct bench_cursor cursor = {.seq = {0}};
    uint8_t epoch[TB_BROKER_EPOCH_BYTES];
    memcpy(epoch, bench_hello(bench, ORIGIN, 140925)->epoch.data, sizeof epoch);
    bench_restart(bench);
    cursor.seq[1] = 1;
    cursor.id[1] = *first;
    tb_assert(!bench_resume(bench, READER, 140926, epoch, &cursor)->repair);
    bench_hello(bench, ORIGIN, 140925);
    say(bench, &usual, NULL, TB_OK); /* the lane goes on in another epoch */
    bench_restart(bench);
    tb_assert(!bench_resume(bench, READER, 140926, epoch, &cursor)->repair);
    bench_hello(bench, ORIGIN, 140925);
    say(bench, &usual, NULL, TB_OK);
    tb_assert(!bench_resume(bench, AGAIN, 140926, epoch, &cursor)->repair);
    /* A full disk in a turn. */
    tb_disk_limit(disk, tb_disk_used(disk));
    say(bench, &usual, NULL, TB_DISKFULL);
    tb_disk_limit(disk, UINT64_MAX);
    bench_hello(bench, ORIGIN, 140925);
    say(bench, &usual, NULL, TB_OK);
}

/* All goes that is old; what was accepted last is remembered. */
static void pruning(struct bench *bench)
{
    struct bench_cursor cursor = {.seq = {0}};
    uint8_t epoch[TB_BROKER_EPOCH_BYTES];
    memcpy(epoch, bench_hello(bench, ORIGIN, 140925)->epoch.data, sizeof epoch);
    const Tongbao__Answer *answer = bench_say(bench, ORIGIN, &usual, &cursor.accepted);
    tb_assert(answer->status == TB_OK);
    cursor.position = answer->position;
    bench_later(bench, UINT64_C(31) * TB_DAY_MS);
    tidy(bench);
    bench_later(bench, UINT64_C(400) * TB_DAY_MS);
    tidy(bench);
    tb_assert(bench_sql(bench, "SELECT count(*) FROM envelope") == 0);
    tb_assert(!bench_resume(bench, ORIGIN, 140925, epoch, &cursor)->repair);
}

/* ----------------------------------------------------------------------- the whole */

void life_broker(struct bench *bench, struct tb_disk *disk)
{
    struct tb_id first;
    memset(bench, 0, sizeof *bench);
    fix_init(&bench->fix);
    bench->now = (struct tb_now){1000, {FIX_AT_MS}};
    bench->config.mailbox_rows_max = ROWS_MAX;
    bench_open(bench, LIFE_BROKER_STORE, true);
    offers(bench, &first);
    full_mailboxes(bench);
    pause(bench);
    exchange(bench, &first);
    restarts(bench, disk, &first);
    directories(bench);
    pause(bench);
    widenings(bench);
    pruning(bench);
    pause(bench);
    bench_close(bench);
}
