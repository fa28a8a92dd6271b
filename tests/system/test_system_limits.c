/* What strangers and greedy neighbours can do to a broker: little, and not for long. */
#include "tests/system/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wall.h"

static const struct tb_world_broker brokers[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
/* 清徐 tells 文水 of the same river far below; only the province hears both. */
#define OTHER      "140121"
#define OTHER_DOWN "141121"
static const struct tb_world_office offices[] = {
    TB_TEST_OFFICES("sx-1"),
    {OTHER, "太原市生态环境局清徐分局", "sx-1", false, false},
    {OTHER_DOWN, "吕梁市生态环境局文水分局", "sx-1", false, false},
    {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan plan = {brokers, offices, {NULL, NULL}};

enum {
    SILENT_MAX = 2000,
    /* A silent stranger is cut by the handshake's own time, 10 s. */
    HANDSHAKE_MS = 25000,
    KIB_OF_A_STRANGER_MAX = 24,
};

static int silent[SILENT_MAX];

/* ${count} connections that never say a word. */
static void connect_silently(struct tb_world *world, size_t count)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)tb_world_place(world, "sx-1")->port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t i = 0; i < count; i++) {
        silent[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_true(silent[i] >= 0);
        assert_int_equal(connect(silent[i], (struct sockaddr *)&to, sizeof to), 0);
    }
}

static void hang_up(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        close(silent[i]);
    }
}

/* A line of /proc/PID/status of the broker, as a number. */
static long status_of(struct tb_world *world, const char *key)
{
    char path[64];
    char line[256];
    long value = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)tb_world_place(world, "sx-1")->child.pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            value = strtol(line + strlen(key), NULL, 10);
        }
    }
    fclose(file);
    return value;
}

/* Processor time of the broker so far in milliseconds. */
static long cpu_ms(struct tb_world *world)
{
    char path[64];
    unsigned long user;
    unsigned long system;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)tb_world_place(world, "sx-1")->child.pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    int read =
        fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    fclose(file);
    assert_int_equal(read, 2);
    return (long)((user + system) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
}

static void limit_descriptors(struct tb_world *world, const char *count)
{
    char pid[16];
    char option[32];
    snprintf(pid, sizeof pid, "%d", (int)tb_world_place(world, "sx-1")->child.pid);
    snprintf(option, sizeof option, "--nofile=%s", count);
    const char *const words[] = {"/usr/bin/prlimit", "--pid", pid, option, NULL};
    struct tb_told told = tb_child_run(words, NULL, NULL, world->folder, TB_TEST_SOON_MS);
    assert_int_equal(told.exit_status, 0);
    tb_child_told_free(&told);
}

static void i10_without_descriptors_the_linked_go_on_and_the_door_opens_again(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    char id[TB_DESK_ID_CHARS];
    (void)state;
    limit_descriptors(world, "200");
    connect_silently(world, 400);
    tb_world_until(TB_TEST_SOON_MS, tb_world_log_has(world, "sx-1", "no new connection", 0));
    /* It does not go round on what it cannot take. */
    tb_child_rest(1000);
    long before = cpu_ms(world);
    tb_child_rest(2000);
    assert_in_range(cpu_ms(world) - before, 0, 600);
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, id);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, TB_TEST_UP, id));
    hang_up(400);
    tb_world_until(HANDSHAKE_MS, tb_world_log_has(world, "sx-1", "are taken again", 0));
    tb_world_kill(world, TB_TEST_DOWN);
    tb_world_start(world, TB_TEST_DOWN);
    tb_world_until(TB_TEST_LATE_MS, tb_desk_linked(tb_world_place(world, TB_TEST_DOWN)));
    tb_world_close(world);
}

static void i10_thousands_of_silent_strangers_cost_little_and_fall_off(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    char id[TB_DESK_ID_CHARS];
    (void)state;
    limit_descriptors(world, "4096");
    long kib = status_of(world, "VmRSS:");
    long slots = status_of(world, "FDSize:");
    connect_silently(world, SILENT_MAX);
    tb_child_rest(2000);
    assert_true(status_of(world, "FDSize:") > slots); /* they did get in, as far as anybody does */
    long grown = status_of(world, "VmRSS:") - kib;
    assert_in_range(grown, 0, SILENT_MAX * KIB_OF_A_STRANGER_MAX);
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, id);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, TB_TEST_UP, id));
    /* Cut without a word of theirs: reading gives the end. */
    size_t cut = 0;
    unsigned long long until = tb_child_now_ms() + HANDSHAKE_MS;
    while (cut < SILENT_MAX && tb_child_now_ms() < until) {
        cut = 0;
        for (size_t i = 0; i < SILENT_MAX; i++) {
            char bytes[256];
            ssize_t size = recv(silent[i], bytes, sizeof bytes, MSG_DONTWAIT);
            while (size > 0) {
                size = recv(silent[i], bytes, sizeof bytes, MSG_DONTWAIT);
            }
            cut += size == 0;
        }
        tb_child_rest(200);
    }
    assert_int_equal(cut, SILENT_MAX);
    hang_up(SILENT_MAX);
    tb_world_close(world);
}

/* ---------------------------------------------------------------- flood */

enum {
    FLOODERS = 4,
    MEASURED = 25,
    FLOOD_MS = 1500,
    STAMPS_MS = 2, /* a difference of two stamps of whole milliseconds is good to this */
};

/* One of those that let 宁武 issue exercise notices as fast as it answers, for ever. */
static void flood(void *context)
{
    struct tb_world *world = context;
    for (;;) {
        char id[TB_DESK_ID_CHARS];
        tb_desk_issue(world, TB_TEST_UP, tb_desk_first("exercise", TB_TEST_RIVER, "演练"), id);
    }
}

static int by_size(const void *a, const void *b)
{
    long x = *(const long *)a;
    long y = *(const long *)b;
    return (x > y) - (x < y);
}

/* From issued at 清徐 to held at 文水, by their own stamps, the middle of ${MEASURED}. */
static long delay_ms(struct tb_world *world)
{
    long delay[MEASURED];
    for (size_t i = 0; i < MEASURED; i++) {
        char id[TB_DESK_ID_CHARS];
        struct tb_wall issued;
        struct tb_wall held;
        tb_desk_issue_first(world, OTHER, TB_TEST_RIVER, id);
        tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, OTHER, id));
        json_t *notice = tb_desk_notice(world, OTHER, id);
        const char *at = json_string_value(json_object_get(notice, "issued_at"));
        assert_int_equal(tb_wall_parse(at, &issued), TB_OK);
        const char *there = tb_desk_time(world, OTHER, id, OTHER_DOWN, "held_at");
        assert_int_equal(tb_wall_parse(there, &held), TB_OK);
        delay[i] = (long)(held.ms - issued.ms);
        json_decref(notice);
    }
    qsort(delay, MEASURED, sizeof delay[0], by_size);
    return delay[MEASURED / 2];
}

/* The ledger row of the newest notice at the city. */
static json_int_t newest(struct tb_world *world)
{
    json_t *answer = tb_desk_get(world, TB_TEST_CITY, "/v1/notices?limit=1");
    json_t *row = json_array_get(json_object_get(answer, "notices"), 0);
    json_int_t n = json_integer_value(json_object_get(row, "n"));
    json_decref(answer);
    return n;
}

static void i10_a_flood_by_one_office_leaves_anothers_delay_within_twice(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    struct tb_child flooder[FLOODERS] = {{0}};
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_duty(world, OTHER);
    (void)delay_ms(world); /* everything is warm */
    long quiet = delay_ms(world);
    /* The flooding office is a machine of its own elsewhere; here it gets what the
     * others leave of this one. */
    int rc = setpriority(PRIO_PROCESS, (id_t)tb_world_place(world, TB_TEST_UP)->child.pid, 19);
    assert_int_equal(rc, 0);
    for (size_t i = 0; i < FLOODERS; i++) {
        tb_child_fork(&flooder[i], flood, world);
        assert_int_equal(setpriority(PRIO_PROCESS, (id_t)flooder[i].pid, 19), 0);
    }
    tb_child_rest(FLOOD_MS);
    json_int_t before = newest(world);
    unsigned long long from = tb_child_now_ms();
    long flooded = delay_ms(world);
    double seconds = (double)(tb_child_now_ms() - from) / 1000.0;
    json_int_t came = newest(world) - before;
    for (size_t i = 0; i < FLOODERS; i++) {
        tb_child_end(&flooder[i], SIGKILL, TB_TEST_SOON_MS);
    }
    /* What else this machine does now counts for both. */
    tb_child_rest(FLOOD_MS);
    long after = delay_ms(world);
    quiet = after > quiet ? after : quiet;
    print_message("quiet %ld ms, under a flood (%.0f rows a second at the city) %ld ms\n", quiet,
                  (double)came / seconds, flooded);
    assert_true(flooded <= 2 * quiet + STAMPS_MS);
    tb_world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        tb_world_test("a broker without descriptors keeps its offices, lets nobody new in, does "
                      "not go round for ever, and opens its door again (I10)",
                      i10_without_descriptors_the_linked_go_on_and_the_door_opens_again),
        tb_world_test("thousands of silent strangers cost little memory and fall off (I10)",
                      i10_thousands_of_silent_strangers_cost_little_and_fall_off),
        tb_world_test(
            "a flood by one office leaves the delay of another's notice within twice (I10)",
            i10_a_flood_by_one_office_leaves_anothers_delay_within_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
