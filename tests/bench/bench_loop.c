/*
 * bench_loop - how long one notice takes, and how many go through at once.
 *
 * Real processes: one broker, the origin's node, the nodes of all recipients.
 * First the quiet system, one notice at a time with a rest between two; the
 * floor is measured in the same run, half before and half after it. Then many
 * in flight. README.md says which points in time are taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/bench/courier.h"
#include "tests/bench/figures.h"
#include "tests/bench/floor.h"
#include "tests/system/child.h"
#include "tests/system/desk.h"
#include "tests/system/world.h"

enum {
    RECIPIENTS_MAX = 8,
    INFLIGHT_MAX = 64,
    LOOP_MS_MAX = 10000, /* one notice that takes longer ends the run */
    WARM_NOTICES = 20,
    WARM_MS = 2000,
    EARLY_MAX = 1024,
    BODY_BYTES_MAX = 8192,
};

/* 古交 140181 on the Fen has five recipients, 宁武 140925 three. */
static const struct tb_world_broker brokers[] = {{.name = "sx-1", .prefix = 14}, {.name = NULL}};
static const struct tb_world_office quiet_offices[] = {
    {"140181", "太原市生态环境局古交分局", "sx-1", false, false},
    {"140108", "太原市生态环境局尖草坪分局", "sx-1", false, false},
    {"140109", "太原市生态环境局万柏林分局", "sx-1", false, false},
    {"140122", "太原市生态环境局阳曲分局", "sx-1", false, false},
    {"140100", "太原市生态环境局", "sx-1", false, false},
    {"140000", "山西省生态环境厅", "sx-1", false, false},
    {.name = NULL},
};
static const struct tb_world_office flight_offices[] = {
    {"140925", "忻州市生态环境局宁武分局", "sx-1", false, false},
    {"140926", "忻州市生态环境局静乐分局", "sx-1", false, false},
    {"140900", "忻州市生态环境局", "sx-1", false, false},
    {"140000", "山西省生态环境厅", "sx-1", false, false},
    {.name = NULL},
};

static struct tb_option options[] = {
    {"floor", "times through the floor", 400, 10, 10000},
    {"notices", "on the quiet system", 300, 1, 10000},
    {"gap", "milliseconds between two of them", 20, 0, 1000},
    {"seconds", "with many in flight; 0: not at all", 10, 0, 600},
    {"inflight", "notices at once", INFLIGHT_MAX, 1, INFLIGHT_MAX},
    {"settle", "milliseconds of rest after a start", 2000, 0, 60000},
    {NULL, NULL, 0, 0, 0},
};

/* The origin is the first office of the plan, the others are its recipients. */
struct scene {
    struct tb_world *world;
    const struct tb_world_office *offices;
    size_t recipients;
    char *body; /* of POST /v1/notices */
};

static void open_scene(struct scene *scene, const struct tb_world_office *offices)
{
    const struct tb_world_plan plan = {brokers, offices, {NULL, NULL}};
    *scene = (struct scene){.offices = offices};
    while (offices[scene->recipients + 1].name != NULL) {
        scene->recipients++;
    }
    assert_true(scene->recipients <= RECIPIENTS_MAX);
    scene->world = tb_world_open(&plan);
    tb_desk_duty(scene->world, offices[0].code);
    json_t *body = tb_desk_first("actual", "汾河", "汾河水面死鱼");
    json_t *notice = json_object_get(body, "notice");
    json_object_set_new(notice, "course",
                        json_string("02:40 巡河员发现汾河水面有死鱼，氨氮快速检测超出量程，"
                                    "已封堵上游排口并通知下游取水口，正在加密监测。"));
    json_object_set_new(notice, "contact", json_string("王强"));
    json_object_set_new(notice, "contact_phone", json_string("0351-6048821"));
    scene->body = json_dumps(body, JSON_COMPACT);
    assert_non_null(scene->body);
    json_decref(body);
    tb_child_rest((int)tb_option_value(options, "settle"));
}

static void close_scene(struct scene *scene)
{
    free(scene->body);
    tb_world_close(scene->world);
}

static struct tb_place *place_at(const struct scene *scene, size_t index)
{
    return tb_world_place(scene->world, scene->offices[index].code);
}

/* Processor time of the broker, the origin and all recipients together. */
enum { CPU_BROKER, CPU_ORIGIN, CPU_RECIPIENTS, CPU_ALL };

static void read_cpu(const struct scene *scene, double cpu_ms[CPU_ALL])
{
    cpu_ms[CPU_BROKER] = tb_figures_cpu_ms(tb_world_place(scene->world, "sx-1")->child.pid);
    cpu_ms[CPU_ORIGIN] = tb_figures_cpu_ms(place_at(scene, 0)->child.pid);
    cpu_ms[CPU_RECIPIENTS] = 0.0;
    for (size_t i = 1; i <= scene->recipients; i++) {
        cpu_ms[CPU_RECIPIENTS] += tb_figures_cpu_ms(place_at(scene, i)->child.pid);
    }
}

/* What one of ${loops} notices took of it since ${before}. */
static void print_cpu(const struct scene *scene, const char *run, const double before[CPU_ALL],
                      double loops)
{
    static const char *const names[CPU_ALL] = {"broker", "origin", "recipients"};
    double now[CPU_ALL];
    read_cpu(scene, now);
    for (int i = 0; i < CPU_ALL; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s_%s_cpu_ms", run, names[i]);
        tb_figures_beside(name, (now[i] - before[i]) / loops);
    }
}

/* --------------------------------------------------------------- quiet */

/* The origin's caller and stream, then one stream of each recipient. */
enum { CALLER, HELD, FIRST_RECIPIENT };

struct quiet {
    struct scene *scene;
    struct tb_courier couriers[FIRST_RECIPIENT + RECIPIENTS_MAX];
    struct tb_courier *list[FIRST_RECIPIENT + RECIPIENTS_MAX];
    size_t count;
    struct tb_samples answer_ms;
    struct tb_samples one_way_ms;
    struct tb_samples first_held_ms;
    struct tb_samples loop_ms;
};

static void open_quiet(struct quiet *quiet, struct scene *scene)
{
    *quiet = (struct quiet){.scene = scene, .count = FIRST_RECIPIENT + scene->recipients};
    for (size_t i = 0; i < quiet->count; i++) {
        size_t at = i < FIRST_RECIPIENT ? 0 : i - FIRST_RECIPIENT + 1;
        tb_courier_open(&quiet->couriers[i], place_at(scene, at));
        if (i != CALLER) {
            tb_courier_listen(&quiet->couriers[i], false);
        }
        quiet->list[i] = &quiet->couriers[i];
    }
}

static void close_quiet(struct quiet *quiet)
{
    for (size_t i = 0; i < quiet->count; i++) {
        tb_courier_close(&quiet->couriers[i]);
    }
    tb_samples_free(&quiet->answer_ms);
    tb_samples_free(&quiet->one_way_ms);
    tb_samples_free(&quiet->first_held_ms);
    tb_samples_free(&quiet->loop_ms);
}

/* What one notice came to; all but `sent_us` are the latest of their kind. */
struct walk {
    uint64_t sent_us;
    uint64_t answer_us;
    uint64_t shown_us;
    uint64_t first_held_us;
    uint64_t held_us;
    size_t shown;
    size_t held;
    char id[TB_DESK_ID_CHARS];
    char seen[TB_DESK_ID_CHARS];
};

/* Every event must be about the one notice that is on its way. */
static void same_notice(struct walk *walk, const char *id)
{
    if (walk->seen[0] == '\0') {
        snprintf(walk->seen, sizeof walk->seen, "%s", id);
    }
    assert_string_equal(walk->seen, id);
}

static void take_events(struct quiet *quiet, struct walk *walk)
{
    struct tb_shown shown;
    while (tb_courier_shown(&quiet->couriers[HELD], &shown)) {
        if (strcmp(shown.kind, "held") == 0) {
            same_notice(walk, shown.subject);
            walk->first_held_us = walk->held == 0 ? shown.at_us : walk->first_held_us;
            walk->held_us = shown.at_us;
            walk->held++;
        }
    }
    for (size_t i = FIRST_RECIPIENT; i < quiet->count; i++) {
        while (tb_courier_shown(&quiet->couriers[i], &shown)) {
            if (strcmp(shown.kind, "notice") == 0) {
                same_notice(walk, shown.id);
                walk->shown_us = shown.at_us;
                walk->shown++;
            }
        }
    }
}

static void walk_once(struct quiet *quiet, struct walk *walk)
{
    size_t recipients = quiet->scene->recipients;
    struct tb_answered answered;
    unsigned long long until = tb_child_now_ms() + LOOP_MS_MAX;
    *walk = (struct walk){0};
    walk->sent_us =
        tb_courier_issue(&quiet->couriers[CALLER], place_at(quiet->scene, 0), quiet->scene->body);
    while (walk->answer_us == 0 || walk->shown < recipients || walk->held < recipients) {
        if (tb_child_now_ms() > until) {
            fail_msg("a notice was shown to %zu and held by %zu of %zu after %d ms", walk->shown,
                     walk->held, recipients, LOOP_MS_MAX);
        }
        tb_courier_wait(quiet->list, quiet->count, LOOP_MS_MAX);
        take_events(quiet, walk);
        if (walk->answer_us == 0 && tb_courier_answer(&quiet->couriers[CALLER], &answered)) {
            walk->answer_us = answered.at_us;
            snprintf(walk->id, sizeof walk->id, "%s", answered.id);
        }
    }
    assert_string_equal(walk->seen, walk->id);
}

static double since_ms(const struct walk *walk, uint64_t at_us)
{
    return (double)(at_us - walk->sent_us) / 1000.0;
}

static void run_quiet(struct quiet *quiet, long notices, int gap_ms)
{
    struct walk walk;
    for (long i = -WARM_NOTICES; i < notices; i++) {
        walk_once(quiet, &walk);
        if (i >= 0) {
            tb_samples_add(&quiet->answer_ms, since_ms(&walk, walk.answer_us));
            tb_samples_add(&quiet->one_way_ms, since_ms(&walk, walk.shown_us));
            tb_samples_add(&quiet->first_held_ms, since_ms(&walk, walk.first_held_us));
            tb_samples_add(&quiet->loop_ms, since_ms(&walk, walk.held_us));
        }
        tb_child_rest(gap_ms);
    }
}

static void print_quiet(struct quiet *quiet)
{
    tb_figures_print("one_way_p50_ms", tb_samples_at(&quiet->one_way_ms, 50));
    tb_figures_print("loop_p50_ms", tb_samples_at(&quiet->loop_ms, 50));
    tb_figures_print("loop_p99_ms", tb_samples_at(&quiet->loop_ms, 99));
    tb_figures_beside("one_way_p99_ms", tb_samples_at(&quiet->one_way_ms, 99));
    tb_figures_beside("answer_p50_ms", tb_samples_at(&quiet->answer_ms, 50));
    tb_figures_beside("first_held_p50_ms", tb_samples_at(&quiet->first_held_ms, 50));
    tb_figures_beside("quiet_notices", (double)quiet->loop_ms.count);
}

/* The largest node of the scene, at rest. */
static double rss_mib(const struct scene *scene)
{
    long largest = 0;
    for (size_t i = 0; i <= scene->recipients; i++) {
        long kib = tb_figures_rss_kib(place_at(scene, i)->child.pid);
        largest = kib > largest ? kib : largest;
    }
    return (double)largest / 1024.0;
}

static void measure_quiet(void)
{
    struct scene scene;
    struct quiet quiet;
    double before[CPU_ALL];
    open_scene(&scene, quiet_offices);
    tb_figures_beside("node_rss_fresh_mib", rss_mib(&scene));
    struct tb_floor *floor = tb_floor_open(scene.world->folder);
    int half = (int)tb_option_value(options, "floor") / 2;
    tb_floor_run(floor, half);
    open_quiet(&quiet, &scene);
    read_cpu(&scene, before);
    run_quiet(&quiet, tb_option_value(options, "notices"), (int)tb_option_value(options, "gap"));
    print_cpu(&scene, "quiet", before, (double)quiet.loop_ms.count + WARM_NOTICES);
    tb_floor_run(floor, half);
    tb_floor_run_rested(floor, half / 2, (int)tb_option_value(options, "gap"));
    tb_floor_print(floor);
    print_quiet(&quiet);
    tb_figures_beside("load_quiet", tb_figures_load());
    tb_floor_close(floor);
    close_quiet(&quiet);
    tb_child_rest((int)tb_option_value(options, "settle"));
    tb_figures_print("node_rss_mib", rss_mib(&scene));
    close_scene(&scene);
}

/* -------------------------------------------------------------- flight */

struct slot {
    struct tb_courier courier;
    uint64_t sent_us;
    size_t held;
    char id[TB_DESK_ID_CHARS]; /* "" until the answer is here */
};

/* A receipt may be shown before the answer that names its notice was read. */
struct early {
    char id[TB_DESK_ID_CHARS];
    size_t held;
};

struct flight {
    struct scene *scene;
    struct slot slots[INFLIGHT_MAX];
    size_t count;
    struct tb_courier held;
    struct tb_courier *list[INFLIGHT_MAX + 1];
    struct early early[EARLY_MAX];
    size_t early_count;
    bool issuing;
    size_t busy;
    size_t done;
    struct tb_samples loop_ms;
};

static void issue(struct flight *flight, struct slot *slot)
{
    slot->id[0] = '\0';
    slot->held = 0;
    slot->sent_us =
        tb_courier_issue(&slot->courier, place_at(flight->scene, 0), flight->scene->body);
    flight->busy++;
}

static void finish_full(struct flight *flight, struct slot *slot)
{
    if (slot->id[0] == '\0' || slot->held < flight->scene->recipients) {
        return;
    }
    flight->busy--;
    flight->done++;
    tb_samples_add(&flight->loop_ms, (double)(tb_figures_now_us() - slot->sent_us) / 1000.0);
    slot->id[0] = '\0';
    if (flight->issuing) {
        issue(flight, slot);
    }
}

static void take_held(struct flight *flight, const char *id)
{
    for (size_t i = 0; i < flight->count; i++) {
        if (strcmp(flight->slots[i].id, id) == 0) {
            flight->slots[i].held++;
            finish_full(flight, &flight->slots[i]);
            return;
        }
    }
    for (size_t i = 0; i < flight->early_count; i++) {
        if (strcmp(flight->early[i].id, id) == 0) {
            flight->early[i].held++;
            return;
        }
    }
    assert_true(flight->early_count < EARLY_MAX);
    struct early *early = &flight->early[flight->early_count++];
    snprintf(early->id, sizeof early->id, "%s", id);
    early->held = 1;
}

static void take_answer(struct flight *flight, struct slot *slot)
{
    struct tb_answered answered;
    if (slot->id[0] != '\0' || !tb_courier_answer(&slot->courier, &answered)) {
        return;
    }
    snprintf(slot->id, sizeof slot->id, "%s", answered.id);
    for (size_t i = 0; i < flight->early_count; i++) {
        if (strcmp(flight->early[i].id, slot->id) == 0) {
            slot->held += flight->early[i].held;
            flight->early[i] = flight->early[--flight->early_count];
            break;
        }
    }
    finish_full(flight, slot);
}

/* Go on until ${until_ms}, or until nothing is on its way. */
static void fly(struct flight *flight, unsigned long long until_ms)
{
    struct tb_shown shown;
    while (flight->busy > 0 && tb_child_now_ms() < until_ms) {
        tb_courier_wait(flight->list, flight->count + 1, 100);
        for (size_t i = 0; i < flight->count; i++) {
            take_answer(flight, &flight->slots[i]);
        }
        while (tb_courier_shown(&flight->held, &shown)) {
            if (strcmp(shown.kind, "held") == 0) {
                take_held(flight, shown.subject);
            }
        }
    }
}

static void open_flight(struct flight *flight, struct scene *scene, size_t count)
{
    *flight = (struct flight){.scene = scene, .count = count, .issuing = true};
    for (size_t i = 0; i < count; i++) {
        tb_courier_open(&flight->slots[i].courier, place_at(scene, 0));
        flight->list[i] = &flight->slots[i].courier;
    }
    tb_courier_open(&flight->held, place_at(scene, 0));
    tb_courier_listen(&flight->held, false);
    flight->list[count] = &flight->held;
}

static void close_flight(struct flight *flight)
{
    for (size_t i = 0; i < flight->count; i++) {
        tb_courier_close(&flight->slots[i].courier);
    }
    tb_courier_close(&flight->held);
    tb_samples_free(&flight->loop_ms);
}

static void measure_flight(void)
{
    struct scene scene;
    double before[CPU_ALL];
    struct flight *flight = calloc(1, sizeof *flight);
    assert_non_null(flight);
    open_scene(&scene, flight_offices);
    open_flight(flight, &scene, (size_t)tb_option_value(options, "inflight"));
    for (size_t i = 0; i < flight->count; i++) {
        issue(flight, &flight->slots[i]);
    }
    fly(flight, tb_child_now_ms() + WARM_MS);
    read_cpu(&scene, before);
    size_t from = flight->done;
    uint64_t start_us = tb_figures_now_us();
    fly(flight,
        tb_child_now_ms() + 1000ull * (unsigned long long)tb_option_value(options, "seconds"));
    double seconds = (double)(tb_figures_now_us() - start_us) / 1e6;
    double loops = (double)(flight->done - from);
    assert_true(loops > 0);
    print_cpu(&scene, "flight", before, loops);
    flight->issuing = false;
    fly(flight, tb_child_now_ms() + LOOP_MS_MAX);
    assert_int_equal(flight->busy, 0); /* each one came to its end */
    tb_figures_print("loops_per_s", loops / seconds);
    tb_figures_beside("flight_loop_p50_ms", tb_samples_at(&flight->loop_ms, 50));
    tb_figures_beside("flight_loop_p99_ms", tb_samples_at(&flight->loop_ms, 99));
    tb_figures_beside("load_flight", tb_figures_load());
    close_flight(flight);
    free(flight);
    close_scene(&scene);
}

static void run_one(void **state)
{
    (void)state;
    measure_quiet();
}

static void run_many(void **state)
{
    (void)state;
    if (tb_option_value(options, "seconds") > 0) {
        measure_flight();
    }
}

/* As tests, because the worlds of the system tests report and clean up so. */
int main(int argc, char *argv[])
{
    const struct CMUnitTest parts[] = {
        tb_world_test("one notice at a time comes to its end on a quiet system", run_one),
        tb_world_test("many notices at once come to their ends", run_many),
    };
    tb_option_read(options, argc, argv);
    return cmocka_run_group_tests_name("bench_loop", parts, NULL, NULL);
}
