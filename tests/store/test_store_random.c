#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "content.h"
#include "desk.h"
#include "proof.h"
#include "voice.h"

/*
 * Long lives drawn from a seed: 静乐's desk does and hears what comes, moves its log,
 * is stopped and started; then the power is cut somewhere, and it goes on from what
 * was left.
 *
 *   test_store_random [--seeds N] [--from SEED]
 */
enum { SEEDS_DEFAULT = 6, CUTS = 4, ACTS = 40, NOTICES_MAX = 64, OFFICE = 140926 };

static uint64_t seeds = SEEDS_DEFAULT;
static uint64_t from = 1;

struct life {
    struct fixture fix;
    struct desk desk;
    struct tb_disk *disk;
    struct tb_id notice[NOTICES_MAX];
    size_t notices;
    uint64_t luck;
};

#define STORE "/node/store.db"

static void come_up(struct life *life)
{
    desk_start(&life->desk, &life->fix, OFFICE, (struct desk_make){.path = STORE, .alarm = true});
    life->desk.draws = tb_disk_draw(&life->luck);
    desk_on_duty(&life->desk);
    desk_greet(&life->desk, 0, 1);
    life->desk.seq[0][1] = (uint64_t)desk_sql(
        &life->desk, "SELECT coalesce(max(seq), 0) FROM cursor WHERE broker = 'sx-1' AND lane = 1");
    life->desk.seq[0][2] = (uint64_t)desk_sql(
        &life->desk, "SELECT coalesce(max(seq), 0) FROM cursor WHERE broker = 'sx-1' AND lane = 2");
}

static size_t draw(struct life *life, size_t below)
{
    return (size_t)(tb_disk_draw(&life->luck) % below);
}

static const struct tb_id *some_notice(struct life *life)
{
    return &life->notice[draw(life, life->notices)];
}

static void keep_notice(struct life *life, const struct tb_id *id)
{
    size_t at = life->notices < NOTICES_MAX ? life->notices++ : draw(life, NOTICES_MAX);
    life->notice[at] = *id;
}

static void hear_a_notice(struct life *life)
{
    static const uint32_t origins[] = {140925, 140123, 140900};
    struct fix_say say = {.origin = origins[draw(life, 3)], .to = {OFFICE, 140000}};
    say.course_bytes = draw(life, 4) == 0 ? 2000 + draw(life, 2000) : 0;
    struct tb_id id = desk_deliver_notice(&life->desk, &say);
    keep_notice(life, &id);
}

static void act(struct life *life)
{
    struct desk *desk = &life->desk;
    switch (draw(life, 14)) {
    case 0:
    case 1:
    case 2:
        hear_a_notice(life);
        break;
    case 3:
    case 4: {
        struct tb_result result = desk_issue(desk, "汾河");
        if (result.status == TB_OK) {
            keep_notice(life, &result.id);
        }
        break;
    }
    case 5:
        (void)desk_acknowledge(desk, some_notice(life));
        break;
    case 6:
        voice_receipt(desk, 140900, some_notice(life));
        break;
    case 7:
        voice_call(desk, 140900, some_notice(life));
        break;
    case 8:
        voice_disclose(desk, 140925, some_notice(life));
        break;
    case 9:
        (void)voice_own_deed(desk, some_notice(life));
        break;
    case 10:
        (void)tb_db_checkpoint(&desk->db);
        break;
    case 11:
        desk_later(desk, 60000 + draw(life, 3600000));
        desk_due(desk);
        break;
    case 12:
        desk_unlink(desk, 0);
        desk_greet(desk, 0, 1);
        break;
    default:
        if (draw(life, 2) == 0) {
            tb_disk_kill(life->disk); /* and not the power */
        }
        desk_close(desk);
        come_up(life);
    }
    assert_int_equal(desk->turned, TB_OK);
}

/* Between two power cuts; ${next} is what the second leaves. */
static void one_stretch(struct life *life, struct tb_disk *next, struct proof *sum)
{
    struct past past;
    struct proof proof;
    struct tb_id first;
    struct tb_db db;
    const struct subject subject = {.file = "store.db",
                                    .schema = tb_node_schema(),
                                    .seed = tb_disk_draw(&life->luck),
                                    .draws = 2,
                                    .sample = 60,
                                    .next = next};
    assert_int_equal(tb_db_open(&db, STORE, tb_node_schema(), NULL), TB_OK);
    content_digest(db.handle, &first);
    tb_db_close(&db);
    tb_disk_settle(life->disk);
    tb_disk_copy(next, life->disk);
    past_begin(&past, life->disk, &first);
    come_up(life);
    hear_a_notice(life);
    for (int i = 0; i < ACTS; i++) {
        act(life);
    }
    desk_close(&life->desk);
    past_end(&past);
    assert_true(proof_run(&proof, &past, &subject));
    past_free(&past);
    sum->points += proof.points;
    sum->images += proof.images;
    sum->moments += past.count;
}

static void live(uint64_t seed)
{
    static struct life life;
    struct proof sum = {0};
    struct tb_disk *next = tb_disk_new("next");
    memset(&life, 0, sizeof life);
    life.luck = seed;
    life.disk = tb_disk_new("node");
    fix_init(&life.fix);
    tb_disk_chance(tb_disk_draw(&life.luck));
    desk_start(&life.desk, &life.fix, OFFICE, (struct desk_make){.path = STORE, .alarm = true});
    desk_close(&life.desk);
    for (int i = 0; i < CUTS; i++) {
        one_stretch(&life, next, &sum);
        tb_disk_copy(life.disk, next);
    }
    print_message("seed %llu: %zu points, %zu images opened\n", (unsigned long long)seed,
                  sum.points, sum.images);
    tb_disk_free(life.disk);
    tb_disk_free(next);
}

static void i1_i4_a_life_drawn_by_chance_outlives_its_power_cuts(void **state)
{
    (void)state;
    for (uint64_t seed = from; seed < from + seeds; seed++) {
        print_message("replay: test_store_random --from %llu --seeds 1\n",
                      (unsigned long long)seed);
        live(seed);
    }
}

static int usage(void)
{
    fprintf(stderr, "usage: test_store_random [--seeds N] [--from SEED]\n");
    return 2;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i1_i4_a_life_drawn_by_chance_outlives_its_power_cuts),
    };
    for (int i = 1; i < argc; i += 2) {
        uint64_t *value = strcmp(argv[i], "--seeds") == 0  ? &seeds
                          : strcmp(argv[i], "--from") == 0 ? &from
                                                           : NULL;
        if (value == NULL || i + 1 == argc || !tb_text_u64(argv[i + 1], UINT32_MAX, value)) {
            return usage();
        }
    }
    tb_disk_install();
    return cmocka_run_group_tests_name("store: random", tests, NULL, NULL);
}
