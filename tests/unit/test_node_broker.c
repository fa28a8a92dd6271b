#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "desk.h"

/*
 * Three desks and a broker, the real cores of both, with nothing but the test's
 * hands between them: what one sends is the other's next frame.
 */
enum { DESKS = 3, NINGWU = 0, JINGLE = 1, PROVINCE = 2, POST_MAX = 4096 };

struct letter {
    bool to_broker;
    int desk;
    uint8_t *data;
    size_t size;
};

static struct bench bench;
static struct desk desks[DESKS];
static const uint32_t offices[DESKS] = {140925, 140926, 140000};
static struct letter post[POST_MAX];
static size_t post_head;
static size_t post_tail;
static bool cut[DESKS];

static void put(bool to_broker, int desk, struct tb_bytes bytes)
{
    assert_true(post_tail < POST_MAX);
    uint8_t *copy = malloc(bytes.size);
    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.size);
    post[post_tail++] = (struct letter){to_broker, desk, copy, bytes.size};
}

static void collect_desk(int which)
{
    struct tb_effect effect;
    size_t at = 0;
    while (tb_outbox_next(&desks[which].out, &at, &effect)) {
        if (tb_effect_sends(effect.kind) && effect.to == desk_handle(&desks[which], 0) &&
            !cut[which]) {
            put(true, which, effect.data);
        }
    }
}

static void collect_broker(void)
{
    struct tb_effect effect;
    size_t at = 0;
    while (tb_outbox_next(&bench.out, &at, &effect)) {
        if (tb_effect_sends(effect.kind) && effect.to >= 1 && effect.to <= DESKS &&
            !cut[effect.to - 1]) {
            put(false, (int)effect.to - 1, effect.data);
        }
    }
}

/* Carry every frame there and back until nobody has anything to say. */
static void carry(void)
{
    while (post_head < post_tail) {
        struct letter letter = post[post_head++];
        struct tb_event event = {.kind = TB_EVENT_FRAME,
                                 .data = tb_bytes_of(letter.data, letter.size)};
        if (letter.to_broker) {
            event.from = (uint64_t)letter.desk + 1;
            memcpy(event.key, bench.key[event.from], TB_KEY_BYTES);
            bench_turn(&bench, &event, 1);
            assert_int_equal(bench.turned, TB_OK);
            collect_broker();
        } else {
            event.from = desk_handle(&desks[letter.desk], 0);
            event.seed[0] = (uint8_t)post_head;
            event.seed[1] = (uint8_t)(post_head >> 8);
            desk_turn(&desks[letter.desk], &event, 1);
            assert_int_equal(desks[letter.desk].turned, TB_OK);
            collect_desk(letter.desk);
            while (tb_node_deadline_ms(desks[letter.desk].node) <= desks[letter.desk].now.mono_ms) {
                desk_due(&desks[letter.desk]);
                collect_desk(letter.desk);
            }
        }
        free(letter.data);
    }
    post_head = post_tail = 0;
}

static void join(int which)
{
    bench_link(&bench, (uint64_t)which + 1, offices[which]);
    cut[which] = false;
    desk_link(&desks[which], 0);
    collect_desk(which);
    carry();
}

static void leave(int which)
{
    cut[which] = true;
    desk_unlink(&desks[which], 0);
    tb_broker_gone(bench.broker, (uint64_t)which + 1);
}

static void open_all(bool rivers)
{
    memset(&bench, 0, sizeof bench);
    fix_init(&bench.fix);
    bench.fix.rivers = rivers;
    bench.now = (struct tb_now){1000, {FIX_AT_MS}};
    memset(bench.config.seed, 7, sizeof bench.config.seed);
    bench_open(&bench, ":memory:", true);
    for (int i = 0; i < DESKS; i++) {
        desk_start(&desks[i], &bench.fix, offices[i], (struct desk_make){.on_disk = true});
        desk_on_duty(&desks[i]);
        join(i);
    }
}

static int start(void **state)
{
    (void)state;
    open_all(true);
    return 0;
}

static int start_without_rivers(void **state)
{
    (void)state;
    open_all(false);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (int i = 0; i < DESKS; i++) {
        desk_close(&desks[i]);
    }
    bench_close(&bench);
    return 0;
}

static struct tb_result issue(int which, const char *river)
{
    struct tb_result result = desk_issue(&desks[which], river);
    assert_int_equal(result.status, TB_OK);
    collect_desk(which);
    carry();
    return result;
}

/* I1, I2, I4: the whole way of one notice. */
static void i1_a_notice_is_held_receipted_and_acknowledged(void **state)
{
    (void)state;
    struct tb_id id = issue(NINGWU, "汾河").id;
    assert_int_equal(desk_shown(&desks[JINGLE], TB_STREAM_NOTICE, &id), 1);
    assert_int_equal(desk_shown(&desks[PROVINCE], TB_STREAM_NOTICE, &id), 1);
    struct tb_delivery_row row = desk_delivery(&desks[NINGWU], &id, 140926);
    assert_int_equal(row.state, TB_DELIVERY_HELD);
    assert_int_equal(row.held_ms, desks[JINGLE].now.wall.ms);
    assert_int_equal(desk_delivery(&desks[NINGWU], &id, 140000).state, TB_DELIVERY_HELD);
    /* The city has no machine running: its mail lies in its mailbox. */
    assert_int_equal(desk_delivery(&desks[NINGWU], &id, 140900).state, TB_DELIVERY_ACCEPTED);
    /* The province sees who has it. */
    assert_int_equal(desk_delivery(&desks[PROVINCE], &id, 140926).state, TB_DELIVERY_HELD);
    assert_int_equal(desk_acknowledge(&desks[JINGLE], &id).status, TB_OK);
    collect_desk(JINGLE);
    carry();
    row = desk_delivery(&desks[NINGWU], &id, 140926);
    assert_int_equal(row.state, TB_DELIVERY_ACKNOWLEDGED);
    assert_string_equal(row.officer, "王强");
    assert_int_equal(row.level, TONGBAO__ACKNOWLEDGEMENT__LEVEL__RECEIVED);
    assert_int_equal(desk_delivery(&desks[PROVINCE], &id, 140926).state, TB_DELIVERY_ACKNOWLEDGED);
    struct tb_notice_row shown;
    assert_true(tb_query_notice(desks[NINGWU].node, &id, NULL, &shown, NULL));
    assert_int_equal(shown.acknowledged, 1);
    assert_int_equal(shown.held, 2);
    struct tb_status_row status;
    tb_query_status(desks[JINGLE].node, &status);
    assert_int_equal(status.waiting, 0);
    assert_int_equal(status.gaps, 0);
    assert_int_equal(status.forks, 0);
}

/* I1: away for the whole send, restarted, and served when back. */
static void i1_an_office_that_was_away_gets_its_mail_once(void **state)
{
    (void)state;
    leave(JINGLE);
    struct tb_id first = issue(NINGWU, "汾河").id;
    struct tb_id second = issue(NINGWU, "汾河").id;
    assert_int_equal(desk_delivery(&desks[NINGWU], &first, 140926).state, TB_DELIVERY_ACCEPTED);
    desk_reopen(&desks[JINGLE]);
    join(JINGLE);
    assert_int_equal(desk_shown(&desks[JINGLE], TB_STREAM_NOTICE, &first), 1);
    assert_int_equal(desk_shown(&desks[JINGLE], TB_STREAM_NOTICE, &second), 1);
    assert_int_equal(desk_delivery(&desks[NINGWU], &first, 140926).state, TB_DELIVERY_HELD);
    leave(JINGLE);
    join(JINGLE);
    assert_int_equal(desk_shown(&desks[JINGLE], TB_STREAM_NOTICE, NULL), 2);
}

/* I1: cut lines on the origin's side. */
static void i1_a_notice_issued_with_the_line_cut_goes_when_it_is_mended(void **state)
{
    (void)state;
    leave(NINGWU);
    struct tb_result result = desk_issue(&desks[NINGWU], "汾河");
    assert_int_equal(result.status, TB_OK);
    assert_int_equal(desk_delivery(&desks[NINGWU], &result.id, 140926).state, TB_DELIVERY_QUEUED);
    desk_reopen(&desks[NINGWU]);
    join(NINGWU);
    assert_int_equal(desk_delivery(&desks[NINGWU], &result.id, 140926).state, TB_DELIVERY_HELD);
}

/* I1: total loss of the broker's store. The origin is away, so what was still owed
 * comes back from the province that holds it. */
static void i1_a_broker_that_lost_its_store_is_filled_again(void **state)
{
    (void)state;
    leave(JINGLE);
    struct tb_id id = issue(NINGWU, "汾河").id;
    leave(NINGWU);
    leave(PROVINCE);
    bench_close(&bench);
    memset(bench.config.seed, 11, sizeof bench.config.seed);
    bench_open(&bench, ":memory:", true);
    join(PROVINCE);
    join(JINGLE);
    assert_int_equal(desk_shown(&desks[JINGLE], TB_STREAM_NOTICE, &id), 1);
    join(NINGWU);
    assert_int_equal(desk_delivery(&desks[NINGWU], &id, 140926).state, TB_DELIVERY_HELD);
    assert_int_equal(desk_shown(&desks[JINGLE], TB_STREAM_NOTICE, NULL), 1);
    assert_int_equal(desk_shown(&desks[PROVINCE], TB_STREAM_NOTICE, NULL), 1);
}

/* I8: a store restored from an old copy fetches what it lost and opens a new chain
 * that continues the old one. */
static void i8_a_restored_store_fetches_its_own_and_opens_a_new_chain(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    struct tb_id kept = issue(NINGWU, "汾河").id;
    desk_copy(&desks[NINGWU]);
    struct tb_id lost = issue(NINGWU, "汾河").id;
    struct tb_id head = issue(NINGWU, "恢河").id;
    leave(NINGWU);
    desk_restore(&desks[NINGWU]);
    assert_int_equal(desk_sql(&desks[NINGWU], "SELECT count(*) FROM notice"), 1);
    join(NINGWU);
    assert_int_equal(desk_sql(&desks[NINGWU], "SELECT count(*) FROM notice WHERE own = 1"), 3);
    assert_int_equal(desk_shown(&desks[NINGWU], TB_STREAM_CHAIN, NULL), 1);
    assert_int_equal(desk_shown(&desks[NINGWU], TB_STREAM_NOTICE, &lost), 1);
    desk_on_duty(&desks[NINGWU]);
    struct tb_result next = issue(NINGWU, "汾河");
    assert_string_equal(next.number, "140925-20250117-04");
    const Tongbao__Body *body = desk_body(&desks[NINGWU], &next.id, &envelope);
    assert_int_equal(body->chain_seq, 1);
    assert_memory_equal(body->continues.data, head.byte, TB_ID_BYTES);
    assert_int_equal(desk_sql(&desks[PROVINCE], "SELECT count(*) FROM notice"), 4);
    struct tb_status_row status;
    tb_query_status(desks[PROVINCE].node, &status);
    assert_int_equal(status.forks, 0);
    assert_int_equal(status.gaps, 0);
    /* And once more: nothing new, no further chain. */
    leave(NINGWU);
    join(NINGWU);
    assert_int_equal(desk_shown(&desks[NINGWU], TB_STREAM_CHAIN, NULL), 1);
    (void)kept;
}

/* I5: a broker with newer knowledge widens the route; the origin's deliveries grow,
 * and the office that was missing takes the notice as any other. */
static void i5_a_brokers_widening_grows_the_deliveries_of_the_origin(void **state)
{
    (void)state;
    bench.fix.rivers = true;
    assert_int_equal(bench_publish(&bench, 2), TB_OK);
    /* The announcement is lost: the desks still go by version 1, without rivers. */
    struct tb_result result = issue(NINGWU, "汾河");
    assert_int_equal(desk_shown(&desks[JINGLE], TB_STREAM_NOTICE, &result.id), 1);
    assert_int_equal(desk_shown(&desks[NINGWU], TB_STREAM_WIDENED, NULL), 1);
    struct tb_delivery_row row = desk_delivery(&desks[NINGWU], &result.id, 140926);
    assert_true(row.widened);
    assert_true(row.required);
    assert_int_equal(row.hops, 1);
    assert_int_equal(row.state, TB_DELIVERY_HELD);
    assert_false(desk_delivery(&desks[NINGWU], &result.id, 140900).widened);
    assert_true(desk_delivery(&desks[PROVINCE], &result.id, 140926).widened);
    assert_int_equal(desk_acknowledge(&desks[JINGLE], &result.id).status, TB_OK);
    collect_desk(JINGLE);
    carry();
    assert_int_equal(desk_delivery(&desks[NINGWU], &result.id, 140926).state,
                     TB_DELIVERY_ACKNOWLEDGED);
}

/* A new directory reaches the offices by announcement and parts. */
static void a_new_directory_of_the_broker_is_taken_by_its_offices(void **state)
{
    (void)state;
    bench.fix.filler_bytes = 200 * 1024;
    assert_int_equal(bench_publish(&bench, 2), TB_OK);
    collect_broker();
    carry();
    for (int i = 0; i < DESKS; i++) {
        assert_int_equal(tb_directory_version(tb_directories_prefix(desks[i].set, 14)), 2);
    }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(i1_a_notice_is_held_receipted_and_acknowledged),
        WITH(i1_an_office_that_was_away_gets_its_mail_once),
        WITH(i1_a_notice_issued_with_the_line_cut_goes_when_it_is_mended),
        WITH(i1_a_broker_that_lost_its_store_is_filled_again),
        WITH(i8_a_restored_store_fetches_its_own_and_opens_a_new_chain),
        cmocka_unit_test_setup_teardown(i5_a_brokers_widening_grows_the_deliveries_of_the_origin,
                                        start_without_rivers, stop),
        WITH(a_new_directory_of_the_broker_is_taken_by_its_offices),
    };
    return cmocka_run_group_tests_name("node and broker", tests, NULL, NULL);
}
