/* What an operator does while notices go out as fast as the office can. */
#include "tests/system/test.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static const struct tb_world_broker brokers[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office offices[] = {TB_TEST_OFFICES("sx-1"),
                                                 {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan plan = {brokers, offices, {NULL, NULL}};

enum { ISSUERS = 3, ROUNDS = 5, ROUND_MS = 700, IDS_MAX = 4000, WARM_MS = 500 };

/* What one of those that issue has: it writes every id that was answered, at once. */
struct issuer {
    struct tb_world *world;
    struct tb_child child;
    char path[TB_WORLD_PATH_BYTES_MAX];
};

/* Issue until the office does not answer any more. */
static void issue_on(void *context)
{
    struct issuer *issuer = context;
    int file = open(issuer->path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(file >= 0);
    for (;;) {
        json_t *body = tb_desk_first("exercise", TB_TEST_RIVER, "演练");
        json_t *answer = NULL;
        long status = tb_desk_call(issuer->world, TB_TEST_UP, "POST", "/v1/notices", body,
                                   tb_desk_request(), &answer);
        const char *id = json_string_value(json_object_get(answer, "id"));
        if (status == 201 && id != NULL) {
            char line[TB_DESK_ID_CHARS + 1];
            int size = snprintf(line, sizeof line, "%s\n", id);
            assert_int_equal(write(file, line, (size_t)size), size);
        }
        json_decref(answer);
        json_decref(body);
        if (status == 0) {
            tb_child_rest(20);
        }
    }
}

static void begin(struct tb_world *world, struct issuer issuers[ISSUERS])
{
    for (size_t i = 0; i < ISSUERS; i++) {
        issuers[i] = (struct issuer){.world = world};
        snprintf(issuers[i].path, sizeof issuers[i].path, "%s/answered-%zu", world->folder, i);
        tb_child_fork(&issuers[i].child, issue_on, &issuers[i]);
    }
}

static void end(struct issuer issuers[ISSUERS])
{
    for (size_t i = 0; i < ISSUERS; i++) {
        tb_child_end(&issuers[i].child, SIGKILL, TB_TEST_SOON_MS);
    }
}

/* Every id that was answered is in the office's list of notices; how many there are. */
static size_t all_there(struct tb_world *world, const struct issuer issuers[ISSUERS])
{
    size_t count = 0;
    for (size_t i = 0; i < ISSUERS; i++) {
        char line[TB_DESK_ID_CHARS + 1];
        FILE *file = fopen(issuers[i].path, "r");
        assert_non_null(file);
        while (fgets(line, sizeof line, file) != NULL && count < IDS_MAX) {
            line[strcspn(line, "\n")] = '\0';
            assert_true(tb_desk_has(world, TB_TEST_UP, line));
            count++;
        }
        fclose(file);
    }
    return count;
}

static void i1_sigterm_in_the_middle_leaves_what_was_answered(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    struct issuer issuers[ISSUERS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    begin(world, issuers);
    for (int i = 0; i < ROUNDS; i++) {
        tb_child_rest(ROUND_MS);
        tb_world_stop(world, TB_TEST_UP); /* fails the test unless it ends in order */
        tb_world_start(world, TB_TEST_UP);
    }
    end(issuers);
    assert_in_range(all_there(world, issuers), ROUNDS, IDS_MAX);
    tb_world_close(world);
}

static void a_backup_under_load_is_whole(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    struct issuer issuers[ISSUERS];
    char backup[TB_WORLD_PATH_BYTES_MAX];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    begin(world, issuers);
    tb_child_rest(WARM_MS);
    for (int i = 0; i < ROUNDS; i++) {
        char name[32];
        snprintf(name, sizeof name, "backup-%d.db", i);
        snprintf(backup, sizeof backup, "%s", tb_world_path(world, name));
        free(tb_world_must(world, TB_TEST_UP, tb_words("backup", backup)));
        const char *const check[] = {"/usr/bin/sqlite3", backup, "PRAGMA integrity_check",
                                     "SELECT count(*) > 0 FROM ledger", NULL};
        struct tb_told told = tb_child_run(check, NULL, NULL, world->folder, TB_TEST_LATE_MS);
        assert_int_equal(told.exit_status, 0);
        assert_string_equal(told.out, "ok\n1\n");
        tb_child_told_free(&told);
    }
    end(issuers);
    assert_true(all_there(world, issuers) > 0);
    tb_world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        tb_world_test("a node that is told to stop in the middle of its work has all that it "
                      "answered (I1, I4)",
                      i1_sigterm_in_the_middle_leaves_what_was_answered),
        tb_world_test("a backup that is taken under load is whole (I1)",
                      a_backup_under_load_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
