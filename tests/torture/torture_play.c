#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "bench.h"
#include "desk.h"
#include "tests/torture/hunger.h"

/*
 * The n-th allocation fails somewhere in one whole play: 宁武 issues a notice, a broker
 * files and delivers it, 静乐 receives, receipts and acknowledges it, all three are
 * closed and opened again. Real cores over real stores on disk.
 *
 *     torture_play TRIES        so many n: two thirds of them before the stores are
 *                               opened again, where every statement is prepared anew
 *
 * A first process plays under hunger and writes down what left it. It must come to the
 * right end, or stop by the product's own assertion or with a failed turn. A second one
 * opens the same stores, finds all that had left in the store of its sender (I4) and the
 * stores whole, and plays on to the end with the same request ids: the notice is there
 * once (I1, I2).
 */
enum { NINGWU, JINGLE, DESKS, BROKER = DESKS, PLACES };
enum { LETTERS_MAX = 256, FACTS_MAX = 512, PATH_BYTES_MAX = 300, STEPS_MAX = 1000 };
enum ending { RIGHT = 0, STOPPED = 10, WRONG = 20 };
enum { UNDER_HUNGER = 1, AFTERWARDS = 2 }; /* what makes the two processes' seeds differ */

/* An envelope that a place spoke of to another. */
struct fact {
    int place;
    struct tb_id id;
};

struct shared {
    size_t count;
    size_t played;      /* allocations until all is acknowledged */
    size_t allocations; /* until the end */
    struct fact fact[FACTS_MAX];
};

struct letter {
    bool to_broker;
    int desk;
    size_t size;
    uint8_t data[TB_FRAME_BYTES_MAX];
};

static struct shared *shared;
static struct letter post[LETTERS_MAX];
static size_t post_head;
static size_t post_tail;
static struct tb_arena arena; /* for the test's own look into frames */
static struct bench bench;
static struct desk desks[DESKS];
static const uint32_t offices[DESKS] = {140925, 140926};
static char folder[] = "/tmp/tb_torture_XXXXXX";
static char paths[PLACES][PATH_BYTES_MAX];
static char kept[PLACES][PATH_BYTES_MAX];

/* A promise of the product. */
static void promise(bool held, const char *what)
{
    if (!held) {
        hunger_end();
        fprintf(stderr, "broken: %s\n", what);
        _exit(WRONG);
    }
}

/* In place of the product's: under hunger it is a clean stop. */
_Noreturn void tb_assert_failed(const char *condition, const char *file, int line)
{
    bool clean = hunger_failed();
    hunger_end();
    if (!clean) {
        fprintf(stderr, "error fault %s:%d: %s\n", file, line, condition);
    }
    _exit(clean ? STOPPED : WRONG);
}

/* A turn that failed: a daemon sends nothing and stops. */
static void must_turn(enum tb_status turned)
{
    if (turned != TB_OK) {
        promise(hunger_failed(), "a turn fails without hunger");
        _exit(STOPPED);
    }
}

/* ------------------------------------------------------------------ post */

static void note(int place, struct tb_bytes envelope)
{
    struct tb_envelope read;
    if (tb_envelope_read(&read, envelope) == TB_OK && shared->count < FACTS_MAX) {
        shared->fact[shared->count++] = (struct fact){place, read.id};
    }
}

static void note_id(int place, ProtobufCBinaryData id)
{
    if (id.len == TB_ID_BYTES && shared->count < FACTS_MAX) {
        struct fact *fact = &shared->fact[shared->count++];
        fact->place = place;
        memcpy(fact->id.byte, id.data, TB_ID_BYTES);
    }
}

/* ${frame} has left ${place}: what does it say that the place has? */
static void look(int place, struct tb_bytes bytes)
{
    const Tongbao__Frame *frame;
    tb_arena_reset(&arena);
    promise(tb_frame_read(bytes, &arena, &frame) == TB_OK, "a frame that can be read");
    if (frame->kind_case == TONGBAO__FRAME__KIND_OFFER) {
        note(place, tb_bytes_of(frame->offer->envelope.data, frame->offer->envelope.len));
    } else if (frame->kind_case == TONGBAO__FRAME__KIND_DELIVER) {
        note(place, tb_bytes_of(frame->deliver->envelope.data, frame->deliver->envelope.len));
    } else if (frame->kind_case == TONGBAO__FRAME__KIND_STORED) {
        note_id(place, frame->stored->id);
    } else if (frame->kind_case == TONGBAO__FRAME__KIND_ANSWER && frame->answer->status == TB_OK) {
        note_id(place, frame->answer->id);
    }
}

static void put(int place, int desk, struct tb_bytes bytes)
{
    hunger_rest();
    promise(post_tail < LETTERS_MAX && bytes.size <= TB_FRAME_BYTES_MAX, "room for the post");
    look(place, bytes);
    struct letter *letter = &post[post_tail++];
    letter->to_broker = place != BROKER;
    letter->desk = desk;
    letter->size = bytes.size;
    memcpy(letter->data, bytes.data, bytes.size);
    hunger_resume();
}

static void collect_desk(int which)
{
    struct tb_effect effect;
    size_t at = 0;
    must_turn(desks[which].turned);
    while (tb_outbox_next(&desks[which].out, &at, &effect)) {
        if (effect.kind == TB_EFFECT_FRAME && effect.to == desk_handle(&desks[which], 0)) {
            put(which, which, effect.data);
        }
    }
}

static void collect_broker(void)
{
    struct tb_effect effect;
    size_t at = 0;
    must_turn(bench.turned);
    while (tb_outbox_next(&bench.out, &at, &effect)) {
        if (effect.kind == TB_EFFECT_FRAME && effect.to >= 1 && effect.to <= DESKS) {
            put(BROKER, (int)effect.to - 1, effect.data);
        }
    }
}

static void settle(int which)
{
    for (int i = 0; i < STEPS_MAX; i++) {
        if (tb_node_deadline_ms(desks[which].node) > desks[which].now.mono_ms) {
            return;
        }
        desk_due(&desks[which]);
        collect_desk(which);
    }
    promise(false, "a desk comes to rest");
}

/* Carry every frame there and back until nobody has anything to say. */
static void carry(void)
{
    for (; post_head < post_tail; post_head++) {
        const struct letter *letter = &post[post_head];
        struct tb_event event = {.kind = TB_EVENT_FRAME,
                                 .data = tb_bytes_of(letter->data, letter->size)};
        if (letter->to_broker) {
            event.from = (uint64_t)letter->desk + 1;
            memcpy(event.key, bench.key[event.from], TB_KEY_BYTES);
            bench_turn(&bench, &event, 1);
            collect_broker();
        } else {
            event.from = desk_handle(&desks[letter->desk], 0);
            memcpy(event.seed, &desks[letter->desk].draws, sizeof desks[letter->desk].draws);
            desks[letter->desk].draws++;
            desk_turn(&desks[letter->desk], &event, 1);
            collect_desk(letter->desk);
            settle(letter->desk);
        }
    }
    post_head = 0;
    post_tail = 0;
}

/* ---------------------------------------------------------------- places */

static void open_all(uint8_t who)
{
    memset(&bench, 0, sizeof bench);
    fix_init(&bench.fix);
    bench.now = (struct tb_now){1000, {FIX_AT_MS}};
    memset(bench.config.seed, who, sizeof bench.config.seed);
    bench_open(&bench, paths[BROKER], true);
    for (int i = 0; i < DESKS; i++) {
        desk_start(&desks[i], &bench.fix, offices[i],
                   (struct desk_make){.on_disk = true, .path = paths[i]});
        desks[i].draws = (uint64_t)who * 1000000;
    }
}

static void join_all(void)
{
    for (int i = 0; i < DESKS; i++) {
        bench_link(&bench, (uint64_t)i + 1, offices[i]);
        desk_link(&desks[i], 0);
        collect_desk(i);
        settle(i);
        carry();
    }
}

static struct tb_result ask(int which, struct tb_request *request)
{
    request->token = desks[which].token;
    struct tb_result result = desk_ask(&desks[which], request);
    must_turn(desks[which].turned);
    promise(result.status == TB_OK, "what an officer asks is done");
    hunger_rest();
    note_id(which, (ProtobufCBinaryData){TB_ID_BYTES, result.id.byte});
    hunger_resume();
    collect_desk(which);
    settle(which);
    return result;
}

static struct tb_id issue(void)
{
    char river[] = "汾河";
    Tongbao__Notice notice;
    tongbao__notice__init(&notice);
    notice.kind = TONGBAO__NOTICE__KIND__FIRST;
    notice.river = river;
    struct tb_request request = {.verb = TB_VERB_ISSUE, .id = "play issue"};
    request.issue.world = TB_WORLD_ACTUAL;
    request.issue.notice = &notice;
    request.issue.added[0] = offices[JINGLE];
    request.issue.added_count = 1;
    struct tb_id id = ask(NINGWU, &request).id;
    carry();
    return id;
}

static void acknowledge(const struct tb_id *notice)
{
    struct tb_request request = {.verb = TB_VERB_ACKNOWLEDGE, .id = "play ack"};
    request.acknowledge = (struct tb_acknowledge){
        .notice = *notice, .level = TONGBAO__ACKNOWLEDGEMENT__LEVEL__RECEIVED};
    (void)ask(JINGLE, &request);
    carry();
}

static void on_duty(void)
{
    for (int i = 0; i < DESKS; i++) {
        desk_on_duty(&desks[i]);
    }
}

static int64_t number(int place, const char *sql)
{
    return place == BROKER ? bench_sql(&bench, sql) : desk_sql(&desks[place], sql);
}

static void check_end(void)
{
    promise(number(NINGWU, "SELECT count(*) FROM notice") == 1, "one notice where it was issued");
    promise(number(JINGLE, "SELECT count(*) FROM notice") == 1, "shown once where it came (I2)");
    promise(number(NINGWU, "SELECT count(*) FROM receipt WHERE office = 140926") >= 1,
            "its receipt came back");
    promise(number(NINGWU, "SELECT count(*) FROM acknowledgement WHERE office = 140926") == 1,
            "its acknowledgement came back");
}

/* "Nothing leaves a process before the transaction that justifies it has committed." */
static void check_facts(void)
{
    for (size_t i = 0; i < shared->count; i++) {
        char hex[TB_ID_HEX_CHARS + 1];
        char sql[160];
        const struct fact *fact = &shared->fact[i];
        tb_hex(hex, tb_bytes_of(fact->id.byte, TB_ID_BYTES));
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE id = x'%s'",
                 fact->place == BROKER ? "envelope" : "ledger", hex);
        promise(number(fact->place, sql) == 1, "what left is in the store (I4)");
    }
}

static void check_stores(void)
{
    struct tb_diag diag = {0};
    promise(tb_db_sound(&bench.db, &diag), "the broker's store is whole");
    for (int i = 0; i < DESKS; i++) {
        promise(tb_db_sound(&desks[i].db, &diag), "a desk's store is whole");
    }
}

/* ------------------------------------------------------------- processes */

/* The play; the stores are there and the officers known. */
static void play(size_t nth)
{
    open_all(UNDER_HUNGER);
    on_duty();
    hunger_begin(nth);
    join_all();
    struct tb_id id = issue();
    acknowledge(&id);
    shared->played = hunger_count();
    for (int i = 0; i < DESKS; i++) {
        desk_reopen(&desks[i]);
    }
    bench_restart(&bench);
    join_all();
    hunger_end();
    shared->allocations = hunger_count();
    check_end();
    _exit(RIGHT);
}

static void play_on(size_t nth)
{
    (void)nth;
    open_all(AFTERWARDS);
    check_facts();
    check_stores();
    on_duty();
    join_all();
    struct tb_id id = issue();
    acknowledge(&id);
    check_end();
    _exit(RIGHT);
}

static int in_process(void (*what)(size_t nth), size_t nth)
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    tb_assert(pid >= 0);
    if (pid == 0) {
        what(nth);
    }
    tb_assert(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void copy_file(const char *from, const char *to)
{
    static uint8_t block[64 * 1024];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    tb_assert(in != NULL);
    tb_assert(out != NULL);
    for (size_t got; (got = fread(block, 1, sizeof block, in)) > 0;) {
        tb_assert(fwrite(block, 1, got, out) == got);
    }
    fclose(in);
    tb_assert(fclose(out) == 0);
}

static void remove_stores(char (*which)[PATH_BYTES_MAX])
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (int i = 0; i < PLACES; i++) {
        for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++) {
            char name[PATH_BYTES_MAX + 8];
            snprintf(name, sizeof name, "%s%s", which[i], ends[k]);
            (void)unlink(name);
        }
    }
}

/* New stores, closed, put aside: every play begins with a copy of them. */
static void prepare(void)
{
    tb_assert(mkdtemp(folder) != NULL);
    for (int i = 0; i < PLACES; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%d.db", folder, i);
        snprintf(kept[i], sizeof kept[i], "%s/%d.kept", folder, i);
    }
    open_all(0);
    for (int i = 0; i < DESKS; i++) {
        tb_assert(tb_db_checkpoint(&desks[i].db) == 0);
        copy_file(paths[i], kept[i]);
    }
    tb_assert(tb_db_checkpoint(&bench.db) == 0);
    copy_file(paths[BROKER], kept[BROKER]);
    for (int i = 0; i < DESKS; i++) {
        desk_close(&desks[i]);
    }
    bench_close(&bench);
}

static int try(size_t nth)
{
    remove_stores(paths);
    for (int i = 0; i < PLACES; i++) {
        copy_file(kept[i], paths[i]);
    }
    shared->count = 0;
    int ending = in_process(play, nth);
    if (ending == RIGHT || ending == STOPPED) {
        int after = in_process(play_on, 0);
        return after == RIGHT ? ending : after;
    }
    return ending;
}

static size_t rights;
static size_t stops;

/* Let about ${tries} of the allocations ${from}…${to} fail, one at a time. */
static bool starve(size_t from, size_t to, size_t tries)
{
    size_t all = to - from + 1;
    size_t step = all > tries ? all / tries : 1;
    for (size_t nth = from; nth <= to; nth += step) {
        int ending = try(nth);
        rights += ending == RIGHT;
        stops += ending == STOPPED;
        if (ending != RIGHT && ending != STOPPED) {
            fprintf(stderr, "ends with %d when allocation %zu fails\n", ending, nth);
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s TRIES\n", argv[0]);
        return 2;
    }
    size_t tries = (size_t)strtoul(argv[1], NULL, 10);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    tb_assert(shared != MAP_FAILED);
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    prepare();
    bool good = try(0) == RIGHT;
    size_t played = shared->played;
    size_t all = shared->allocations;
    good = good && starve(1, played, tries - tries / 3) && starve(played + 1, all, tries / 3);
    printf("play: %zu and %zu allocations, %zu right, %zu stopped\n", played, all - played, rights,
           stops);
    remove_stores(paths);
    remove_stores(kept);
    (void)rmdir(folder);
    tb_arena_fini(&arena);
    return good && rights + stops > 0 ? 0 : 1;
}
