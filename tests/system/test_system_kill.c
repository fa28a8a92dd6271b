/*
 * kill -9 of a random process at a random moment, while notices are being
 * issued and acknowledged, again and again; then the books are compared. Once
 * with one broker, once with two that lose their stores as well, and once of
 * every process in the same moment.
 */
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/system/test.h"

enum {
    ROUNDS = 36,
    ROUNDS_AT_ONCE = 12,
    ROUND_NOTICES = 4,
    NOTICES_MAX = ROUNDS * ROUND_NOTICES,
    KILL_US_MAX = 60000,
    EVERYONE_ONE_IN = 8, /* rounds in which all are killed at once */
    ROUND_MS_MAX = 30000,
    VICTIMS_MAX = 8,
};

static const struct tb_world_broker one[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_broker two[] = {
    {"sx-1", 14, false, NULL}, {"sx-2", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office at_one[] = {TB_TEST_OFFICES("sx-1"),
                                                {NULL, NULL, NULL, false, false}};
static const struct tb_world_office at_two[] = {TB_TEST_OFFICES("sx-1,sx-2"),
                                                {NULL, NULL, NULL, false, false}};
static const char *const victims_one[] = {TB_TEST_UP, TB_TEST_DOWN, "sx-1", TB_TEST_PROVINCE};
static const char *const victims_two[] = {TB_TEST_UP, TB_TEST_DOWN, TB_TEST_PROVINCE, "sx-1",
                                          "sx-2"};
static const char *const everybody[] = {TB_TEST_UP,       TB_TEST_DOWN, TB_TEST_CITY,
                                        TB_TEST_PROVINCE, "sx-1",       "sx-2"};
static const char *const readers[] = {TB_TEST_UP, TB_TEST_DOWN, TB_TEST_CITY, TB_TEST_PROVINCE};

struct issued {
    char request[48];
    char id[TB_DESK_ID_CHARS];
    bool answered;
    bool acknowledged; /* the neighbour's acknowledgement was answered */
};

struct run {
    struct tb_world *world;
    uint64_t random;
    struct issued notices[NOTICES_MAX];
    size_t count;
    const char *const *victims;
    size_t victims_count;
    bool at_once; /* all victims die in the same moment */
    bool disks;   /* a broker that is killed may lose its store, or its tail */
    size_t rounds;
    size_t everyone; /* rounds in which all were killed at once */
    size_t killed[VICTIMS_MAX];
    size_t forgotten;
    size_t restored;
};

/* splitmix64: the same seed gives the same moments and victims. */
static uint64_t draw(struct run *run, uint64_t below)
{
    uint64_t x = run->random += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return (x ^ (x >> 31)) % below;
}

static uint64_t seed(void)
{
    const char *given = getenv("TB_SYSTEM_SEED");
    if (given != NULL) {
        return strtoull(given, NULL, 10);
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_nsec ^ ((uint64_t)now.tv_sec << 20) ^ (uint64_t)getpid();
}

/* The processes that the timer kills: kill() may be called in a signal handler. */
static volatile sig_atomic_t kill_pids[VICTIMS_MAX];
static volatile sig_atomic_t kill_count;
static volatile sig_atomic_t kill_done;

static void on_timer(int signal)
{
    (void)signal;
    for (sig_atomic_t i = 0; i < kill_count; i++) {
        kill((pid_t)kill_pids[i], SIGKILL);
    }
    kill_done = 1;
}

/* Whom the next timer kills: one, or all. */
static void aim(struct run *run, size_t which)
{
    kill_count = 0;
    for (size_t v = 0; v < run->victims_count; v++) {
        if (run->at_once || v == which) {
            struct tb_place *victim = tb_world_place(run->world, run->victims[v]);
            kill_pids[kill_count] = (sig_atomic_t)victim->child.pid;
            kill_count = kill_count + 1;
        }
    }
}

static timer_t arm(uint64_t after_us)
{
    struct sigaction action;
    timer_t timer;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_timer;
    action.sa_flags = SA_RESTART;
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    kill_done = 0;
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGALRM;
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    struct itimerspec when = {{0, 0}, {0, (long)(after_us + 1) * 1000}};
    assert_int_equal(timer_settime(timer, 0, &when, NULL), 0);
    return timer;
}

/* Ask for one notice; the answer, if there is one, must be a notice or the
 * same as before. */
static void issue(struct run *run, struct issued *notice)
{
    json_t *body = tb_desk_first("actual", TB_TEST_RIVER, "死鱼");
    json_t *answer = NULL;
    long status =
        tb_desk_call(run->world, TB_TEST_UP, "POST", "/v1/notices", body, notice->request, &answer);
    json_decref(body);
    if (status == 0) {
        return; /* it died: nobody knows yet */
    }
    if (status != 201 && status != 200) {
        fail_msg("issue was answered with %ld", status);
    }
    const char *id = json_string_value(json_object_get(answer, "id"));
    assert_non_null(id);
    if (notice->answered) {
        assert_string_equal(notice->id, id);
        assert_int_equal(status, 200);
    }
    snprintf(notice->id, sizeof notice->id, "%s", id);
    notice->answered = true;
    json_decref(answer);
}

/* The neighbour's officer acknowledges what has come by now. */
static void acknowledge(struct run *run, struct issued *notice)
{
    if (notice->answered && !notice->acknowledged) {
        long status = tb_desk_acknowledge(run->world, TB_TEST_DOWN, notice->id);
        if (status != 0 && status != 201 && status != 404) {
            fail_msg("an acknowledgement was answered with %ld", status);
        }
        notice->acknowledged = status == 201;
    }
}

/* A broker's disk is not always as the broker left it: it may be new, or an old
 * copy. Offices' disks live, so nothing may be lost (I1). */
static void spoil_disk(struct run *run, const char *broker)
{
    char copy[TB_WORLD_TEXT_BYTES_MAX];
    struct stat look;
    snprintf(copy, sizeof copy, "%s.old", broker);
    switch (draw(run, 4)) {
    case 0:
        tb_world_forget(run->world, broker);
        run->forgotten++;
        break;
    case 1:
        if (stat(tb_world_path(run->world, copy), &look) == 0) {
            tb_world_restore(run->world, broker, copy);
            run->restored++;
        }
        break;
    default:
        tb_tree_remove(tb_world_path(run->world, copy));
        tb_world_save(run->world, broker, copy);
        break;
    }
}

/* All at once, as when the room loses its power. */
static void kill_the_others(struct run *run, size_t which)
{
    for (size_t v = 0; v < run->victims_count; v++) {
        if (v != which) {
            tb_world_kill(run->world, run->victims[v]);
        }
    }
    for (size_t v = 0; v < run->victims_count; v++) {
        if (v != which) {
            tb_world_start(run->world, run->victims[v]);
        }
    }
    run->everyone++;
}

static void play_round(struct run *run)
{
    size_t which = (size_t)draw(run, run->victims_count);
    struct tb_place *victim = tb_world_place(run->world, run->victims[which]);
    size_t first = run->count;
    aim(run, which);
    timer_t timer = arm(draw(run, KILL_US_MAX));
    for (size_t i = 0; i < ROUND_NOTICES; i++) {
        struct issued *notice = &run->notices[run->count++];
        snprintf(notice->request, sizeof notice->request, "%s", tb_desk_request());
        issue(run, notice);
        if (first > i) {
            acknowledge(run, &run->notices[first - 1 - i]);
        }
    }
    tb_world_until(1000, kill_done);
    timer_delete(timer);
    run->killed[which]++;
    tb_world_kill(run->world, run->victims[which]);
    if (run->disks && !victim->office) {
        spoil_disk(run, victim->name);
    }
    if (run->at_once || draw(run, EVERYONE_ONE_IN) == 0) {
        kill_the_others(run, which);
    }
    tb_world_start(run->world, run->victims[which]);
    for (size_t i = first; i < run->count; i++) {
        issue(run, &run->notices[i]); /* unanswered: now; answered: the same again */
        assert_true(run->notices[i].answered);
    }
}

static bool is_issued(const struct run *run, const char *id)
{
    for (size_t i = 0; i < run->count; i++) {
        if (strcmp(run->notices[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* Every notice that was answered "issued" is shown once here, and no other. */
static void compare_stream(struct run *run, const char *office)
{
    json_t *stream = tb_desk_stream(run->world, office);
    json_t *seen = json_object();
    size_t i;
    const json_t *event;
    json_array_foreach(stream, i, event)
    {
        if (strcmp(json_string_value(json_object_get(event, "kind")), "notice") == 0) {
            const char *id = json_string_value(json_object_get(event, "id"));
            if (!is_issued(run, id)) {
                fail_msg("%s shows %s, which nobody issued", office, id);
            }
            if (json_object_get(seen, id) != NULL) {
                fail_msg("%s shows %s twice", office, id);
            }
            json_object_set_new(seen, id, json_true());
        }
    }
    if (json_object_size(seen) != run->count) {
        fail_msg("%s shows %zu of %zu notices", office, json_object_size(seen), run->count);
    }
    json_decref(seen);
    json_decref(stream);
}

struct claim {
    struct run *run;
    const char *office;
    size_t count;
};

/* The office of this receipt has the envelope that the receipt names. */
static void check_claim(void *context, const char *hex)
{
    struct claim *claim = context;
    int64_t rows = tb_store_number(claim->run->world, claim->office,
                                   "SELECT count(*) FROM ledger WHERE id = ?1", hex);
    if (rows != 1) {
        fail_msg("a receipt says that %s holds %s; its ledger has %lld", claim->office, hex,
                 (long long)rows);
    }
    claim->count++;
}

static void compare_receipts(struct run *run)
{
    for (size_t r = 0; r < sizeof readers / sizeof readers[0]; r++) {
        tb_world_stop(run->world, readers[r]);
    }
    for (size_t at = 0; at < sizeof readers / sizeof readers[0]; at++) {
        for (size_t of = 0; of < sizeof readers / sizeof readers[0]; of++) {
            struct claim claim = {run, readers[of], 0};
            char sql[128];
            snprintf(sql, sizeof sql, "SELECT id FROM receipt WHERE office = %s ORDER BY id, world",
                     readers[of]);
            tb_store_each(run->world, readers[at], sql, check_claim, &claim);
            if (at == 0 && of > 0) {
                assert_true(claim.count >= run->count);
            }
        }
    }
}

static void say_books(const struct run *run, size_t acknowledged)
{
    print_message("%zu kills:", run->rounds);
    for (size_t v = 0; v < run->victims_count; v++) {
        print_message(" %zu of %s,", run->killed[v], run->victims[v]);
    }
    print_message(" %zu times all at once; stores of brokers: %zu new, %zu old copies; %zu notices "
                  "and %zu acknowledgements, lost 0, twice 0, invented 0\n",
                  run->everyone, run->forgotten, run->restored, run->count, acknowledged);
}

static void play(struct run *run, const struct tb_world_plan *plan)
{
    size_t acknowledged = 0;
    run->random = seed();
    print_message("TB_SYSTEM_SEED=%llu\n", (unsigned long long)run->random);
    run->world = tb_world_open(plan);
    tb_desk_duty(run->world, TB_TEST_UP);
    tb_desk_duty(run->world, TB_TEST_DOWN);
    for (size_t round = 0; round < run->rounds; round++) {
        play_round(run);
    }
    for (size_t i = 0; i < run->count; i++) {
        tb_world_until(ROUND_MS_MAX,
                       tb_desk_held_by_all(run->world, TB_TEST_UP, run->notices[i].id));
    }
    for (size_t i = 0; i < run->count; i++) {
        if (run->notices[i].acknowledged) {
            acknowledged++;
            tb_world_until(ROUND_MS_MAX,
                           tb_desk_state_is(run->world, TB_TEST_UP, run->notices[i].id,
                                            TB_TEST_DOWN, "acknowledged"));
        }
    }
    for (size_t r = 0; r < sizeof readers / sizeof readers[0]; r++) {
        compare_stream(run, readers[r]);
    }
    compare_receipts(run);
    say_books(run, acknowledged);
    tb_world_close(run->world);
}

static void killed_at_any_moment(void **state)
{
    static const struct tb_world_plan plan = {one, at_one, {NULL, NULL}};
    static struct run run;
    (void)state;
    run.victims = victims_one;
    run.victims_count = sizeof victims_one / sizeof victims_one[0];
    run.rounds = ROUNDS;
    play(&run, &plan);
}

static void brokers_lose_their_disks(void **state)
{
    static const struct tb_world_plan plan = {two, at_two, {NULL, NULL}};
    static struct run run;
    (void)state;
    run.victims = victims_two;
    run.victims_count = sizeof victims_two / sizeof victims_two[0];
    run.rounds = ROUNDS;
    run.disks = true;
    play(&run, &plan);
}

static void all_die_in_the_same_moment(void **state)
{
    static const struct tb_world_plan plan = {two, at_two, {NULL, NULL}};
    static struct run run;
    (void)state;
    run.victims = everybody;
    run.victims_count = sizeof everybody / sizeof everybody[0];
    run.rounds = ROUNDS_AT_ONCE;
    run.at_once = true;
    play(&run, &plan);
    assert_int_equal(run.everyone, ROUNDS_AT_ONCE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        tb_world_test("with kill -9 of origin, broker, recipient or province at any moment every "
                      "issued notice is held by all and shown once (I1, I2), nothing else is shown "
                      "(I3), and no receipt lacks its ledger row (I4)",
                      killed_at_any_moment),
        tb_world_test("the same holds with two brokers whose stores are lost, or put back from old "
                      "copies, while offices keep theirs (I1, I2, I3, I4)",
                      brokers_lose_their_disks),
        tb_world_test("the same holds when every process is killed in the same moment, in the "
                      "middle of a load (I1, I2, I3, I4)",
                      all_die_in_the_same_moment),
    };
    return cmocka_run_group_tests_name("system.kill", tests, NULL, NULL);
}
