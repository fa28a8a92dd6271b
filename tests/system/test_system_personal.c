/* Personal data beside a notice (I11): carried, read by name, destroyed everywhere. */
#include "tests/system/test.h"

#include <dirent.h>
#include <string.h>

static const struct tb_world_broker brokers[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office offices[] = {TB_TEST_OFFICES("sx-1"),
                                                 {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan plan = {brokers, offices, {NULL, NULL}};

/* Nothing else in any store looks like it. */
#define WITNESS "赵目击 13900001234"

/* How many of the files in ${folder} hold ${text}. */
static size_t files_with(const char *folder, const char *text)
{
    static char bytes[16 * 1024 * 1024];
    size_t count = 0;
    size_t length = strlen(text);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[TB_WORLD_PATH_BYTES_MAX * 2];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = fopen(path, "rb");
        size_t size = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
        if (file != NULL) {
            fclose(file);
        }
        bool found = false;
        for (size_t i = 0; !found && size >= length && i <= size - length; i++) {
            found = bytes[i] == text[0] && memcmp(bytes + i, text, length) == 0;
        }
        count += found;
    }
    closedir(dir);
    return count;
}

static size_t kept_at(struct tb_world *world, const char *name)
{
    char folder[TB_WORLD_PATH_BYTES_MAX * 2];
    snprintf(folder, sizeof folder, "%s/data", tb_world_place(world, name)->folder);
    return files_with(folder, WITNESS);
}

static bool state_is(struct tb_world *world, const char *office, const char *id, const char *state)
{
    json_t *notice = tb_desk_notice(world, office, id);
    const char *said =
        notice == NULL ? NULL : json_string_value(json_object_get(notice, "personal"));
    bool same = said != NULL && strcmp(said, state) == 0;
    json_decref(notice);
    return same;
}

/* POST …/personal at ${office}; the status, and whether the text came. */
static long read_at(struct tb_world *world, const char *office, const char *id, bool *came)
{
    char path[TB_WORLD_PATH_BYTES_MAX];
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/v1/notices/%s/personal", id);
    long status = tb_desk_call(world, office, "POST", path, NULL, tb_desk_request(), &answer);
    const char *text = json_string_value(json_object_get(answer, "personal"));
    *came = text != NULL && strcmp(text, WITNESS) == 0;
    json_decref(answer);
    return status;
}

static void issue(struct tb_world *world, char id[TB_DESK_ID_CHARS])
{
    json_t *body = tb_desk_first("exercise", TB_TEST_RIVER, "死鱼");
    json_object_set_new(body, "personal", json_string(WITNESS));
    tb_desk_issue(world, TB_TEST_UP, body, id);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, TB_TEST_UP, id));
}

static long destroy_at(struct tb_world *world, const char *office, const char *id,
                       const char *reason)
{
    char path[TB_WORLD_PATH_BYTES_MAX];
    json_t *body = json_pack("{s:s}", "reason", reason);
    snprintf(path, sizeof path, "/v1/notices/%s/destructions", id);
    long status = tb_desk_call(world, office, "POST", path, body, tb_desk_request(), NULL);
    json_decref(body);
    return status;
}

static void i11_what_the_origin_destroys_is_in_no_file_of_any_office_or_broker(void **state)
{
    static const char *const places[] = {TB_TEST_UP, TB_TEST_DOWN, "sx-1"};
    struct tb_world *world = tb_world_open(&plan);
    char id[TB_DESK_ID_CHARS];
    bool came;
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_duty(world, TB_TEST_DOWN);
    issue(world, id);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        assert_true(kept_at(world, places[i]) > 0);
    }
    assert_true(state_is(world, TB_TEST_DOWN, id, "here"));
    assert_int_equal(read_at(world, TB_TEST_DOWN, id, &came), 201);
    assert_true(came);
    assert_true(tb_world_log_has(world, TB_TEST_DOWN, "personal data read", 0));
    assert_false(tb_world_log_has(world, TB_TEST_DOWN, WITNESS, 0));

    assert_int_equal(destroy_at(world, TB_TEST_UP, id, ""), 400);
    assert_int_equal(destroy_at(world, TB_TEST_UP, id, "应急响应终止"), 201);
    tb_world_until(TB_TEST_SOON_MS, state_is(world, TB_TEST_DOWN, id, "destroyed"));
    assert_true(state_is(world, TB_TEST_UP, id, "destroyed"));
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        tb_world_until(TB_TEST_SOON_MS, kept_at(world, places[i]) == 0);
    }
    assert_int_equal(read_at(world, TB_TEST_DOWN, id, &came), 409);
    assert_false(came);

    /* The notice itself stands, verifies, and its views are what the ledger says. */
    tb_world_kill(world, TB_TEST_DOWN);
    tb_world_start(world, TB_TEST_DOWN);
    assert_true(state_is(world, TB_TEST_DOWN, id, "destroyed"));
    assert_true(tb_desk_has(world, TB_TEST_DOWN, id));
    assert_int_equal(kept_at(world, TB_TEST_DOWN), 0);
    assert_int_equal(tb_desk_shown(world, TB_TEST_DOWN, "destruction", NULL), 1);
    tb_world_close(world);
}

static void i11_an_office_destroys_its_own_copy_and_nobody_elses(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    char id[TB_DESK_ID_CHARS];
    bool came;
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_duty(world, TB_TEST_DOWN);
    issue(world, id);
    assert_int_equal(destroy_at(world, TB_TEST_DOWN, id, "不再需要"), 201);
    tb_world_until(TB_TEST_SOON_MS, kept_at(world, TB_TEST_DOWN) == 0);
    assert_true(state_is(world, TB_TEST_DOWN, id, "destroyed"));
    assert_int_equal(destroy_at(world, TB_TEST_DOWN, id, "再一次"), 409);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_shown(world, TB_TEST_UP, "destruction", NULL) == 1);
    assert_true(state_is(world, TB_TEST_UP, id, "here"));
    assert_int_equal(read_at(world, TB_TEST_UP, id, &came), 201);
    assert_true(came);
    tb_world_close(world);
}

static void the_command_line_reads_and_destroys_by_name(void **state)
{
    struct tb_world *world = tb_world_open(&plan);
    char id[TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    struct tb_told told = tb_world_tongbao(world, TB_TEST_UP, NULL, TB_DESK_PASSWORD "\n",
                                           tb_words("duty", "open", "--officer", TB_DESK_OFFICER));
    assert_int_equal(told.exit_status, 0);
    tb_child_told_free(&told);
    issue(world, id);
    told = tb_world_tongbao(world, TB_TEST_UP, NULL, NULL, tb_words("personal", id));
    assert_int_equal(told.exit_status, 0);
    assert_non_null(strstr(told.out, WITNESS));
    tb_child_told_free(&told);
    told = tb_world_tongbao(world, TB_TEST_UP, NULL, "another\n",
                            tb_words("destroy", id, "--reason", "no longer needed"));
    assert_int_not_equal(told.exit_status, 0);
    tb_child_told_free(&told);
    assert_true(state_is(world, TB_TEST_UP, id, "here"));
    told = tb_world_tongbao(world, TB_TEST_UP, NULL, NULL,
                            tb_words("destroy", id, "--reason", "no longer needed", "--yes"));
    assert_int_equal(told.exit_status, 0);
    assert_non_null(strstr(told.out, "Backups made before"));
    tb_child_told_free(&told);
    char *shown = tb_world_must(world, TB_TEST_UP, tb_words("show", id));
    assert_non_null(strstr(shown, "no longer needed"));
    assert_null(strstr(shown, WITNESS));
    free(shown);
    tb_world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        tb_world_test("what the origin destroys is in no file of any office or broker (I11)",
                      i11_what_the_origin_destroys_is_in_no_file_of_any_office_or_broker),
        tb_world_test("an office destroys its own copy and nobody else's (I11)",
                      i11_an_office_destroys_its_own_copy_and_nobody_elses),
        tb_world_test("the command line reads and destroys by name",
                      the_command_line_reads_and_destroys_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
