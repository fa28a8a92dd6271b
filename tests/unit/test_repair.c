#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "desk.h"
#include "tests/unit/scratch.h"

/*
 * I1: a repair whose Listing the broker never read. 宁武's node and a broker with a
 * new store, the real cores of both; what travels between them is in the test's
 * hands, so that a crash can fall between two frames.
 */
enum { PEER = 1, READER = 2, CITY = 3, LETTERS_MAX = 64 };

struct letters {
    struct tb_buf bytes[LETTERS_MAX];
    size_t count;
};

static struct bench bench;
static struct desk desk;

static void gather(struct letters *letters, const struct tb_outbox *out, uint64_t to)
{
    struct tb_effect effect;
    size_t at = 0;
    letters->count = 0;
    while (tb_outbox_next(out, &at, &effect)) {
        if (tb_effect_sends(effect.kind) && effect.to == to) {
            assert_true(letters->count < LETTERS_MAX);
            struct tb_buf *copy = &letters->bytes[letters->count++];
            tb_buf_init(copy, TB_FRAME_BYTES_MAX);
            assert_int_equal(tb_buf_add(copy, effect.data), TB_OK);
        }
    }
}

/* Give the letters to the broker one by one; what it last said is in its outbox. */
static void to_broker(struct letters *letters)
{
    for (size_t i = 0; i < letters->count; i++) {
        struct tb_event event = {.kind = TB_EVENT_FRAME, .from = PEER};
        memcpy(event.key, bench.key[PEER], TB_KEY_BYTES);
        event.data = tb_buf_bytes(&letters->bytes[i]);
        bench_turn(&bench, &event, 1);
        tb_buf_fini(&letters->bytes[i]);
    }
}

static void to_desk(struct letters *letters)
{
    for (size_t i = 0; i < letters->count; i++) {
        struct tb_event event = {.kind = TB_EVENT_FRAME, .from = desk_handle(&desk, 0)};
        event.data = tb_buf_bytes(&letters->bytes[i]);
        event.seed[0] = (uint8_t)(++desk.draws);
        desk_turn(&desk, &event, 1);
        tb_buf_fini(&letters->bytes[i]);
    }
}

/* Link, and carry everything there and back until nobody says more. */
static void talk(void)
{
    struct letters letters;
    desk_link(&desk, 0);
    gather(&letters, &desk.out, desk_handle(&desk, 0));
    while (letters.count > 0) {
        struct letters said = {.count = 0};
        for (size_t i = 0; i < letters.count; i++) {
            struct letters one = {.count = 1, .bytes = {letters.bytes[i]}};
            struct letters answers;
            to_broker(&one);
            gather(&answers, &bench.out, PEER);
            for (size_t k = 0; k < answers.count; k++) {
                struct letters part = {.count = 1, .bytes = {answers.bytes[k]}};
                struct letters more;
                to_desk(&part);
                gather(&more, &desk.out, desk_handle(&desk, 0));
                for (size_t m = 0; m < more.count; m++) {
                    assert_true(said.count < LETTERS_MAX);
                    said.bytes[said.count++] = more.bytes[m];
                }
            }
        }
        letters = said;
    }
}

static void open_broker(const char *path, uint8_t seed)
{
    memset(bench.config.seed, seed, sizeof bench.config.seed);
    bench_open(&bench, path, true);
    bench_link(&bench, PEER, 140925);
}

static void i1_a_repair_that_the_broker_did_not_read_is_listed_again(void **state)
{
    char first[SCRATCH_PATH_BYTES];
    char second[SCRATCH_PATH_BYTES];
    struct letters letters;
    const struct fix_say mail = {.origin = 140900, .directory_version = 1, .to = {140925}};
    memset(&bench, 0, sizeof bench);
    fix_init(&bench.fix);
    bench.fix.rivers = true;
    bench.now = (struct tb_now){1000, {FIX_AT_MS}};
    open_broker(scratch_path(first, *state, "first.db"), 7);
    desk_start(&desk, &bench.fix, 140925, (struct desk_make){.on_disk = true});
    desk_on_duty(&desk);
    talk();
    struct tb_id id = desk_issue(&desk, "汾河").id;
    gather(&letters, &desk.out, desk_handle(&desk, 0));
    to_broker(&letters);
    gather(&letters, &bench.out, PEER);
    to_desk(&letters);
    assert_int_equal(desk_delivery(&desk, &id, 140926).state, TB_DELIVERY_ACCEPTED);
    desk_unlink(&desk, 0);
    /* The broker loses its store, and something waits for 宁武 in the new one. */
    bench_close(&bench);
    open_broker(scratch_path(second, *state, "second.db"), 11);
    bench_hello(&bench, CITY, 140900);
    assert_int_equal(bench_say(&bench, CITY, &mail, NULL)->status, TB_OK);
    desk_link(&desk, 0);
    gather(&letters, &desk.out, desk_handle(&desk, 0));
    to_broker(&letters);
    gather(&letters, &bench.out, PEER);
    assert_true(letters.count >= 2); /* Welcome, and the Deliver behind it */
    to_desk(&letters);
    /* It crashes before it reads what the desk has said: Listing and Stored. */
    desk_unlink(&desk, 0);
    bench_restart(&bench);
    assert_int_equal(bench_sql(&bench, "SELECT count(*) FROM mailbox WHERE office = 140926"), 0);
    talk();
    bench_hello(&bench, READER, 140926);
    assert_int_equal(bench_sql(&bench, "SELECT count(*) FROM mailbox WHERE office = 140926"), 1);
    desk_close(&desk);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(i1_a_repair_that_the_broker_did_not_read_is_listed_again,
                                        scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests_name("repair", tests, NULL, NULL);
}
