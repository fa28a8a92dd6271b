/* The command line: every command once, in both languages, without locales. */
#include "tests/system/test.h"

static const struct tb_world_broker brokers[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office offices[] = {TB_TEST_OFFICES("sx-1"),
                                                 {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan plan = {brokers, offices, {NULL, NULL}};

enum { AT_ONCE_MS = 1000 };

/* No locale is installed where LOCPATH points: nothing need be generated. What
 * glibc makes of LOCPATH it never gives back, which is no leak of ours. */
#define BARE                                                                                       \
    "LOCPATH=/nonexistent", "ASAN_OPTIONS=detect_leaks=0", "LC_ALL", "LC_MESSAGES",                \
        "TONGBAO_NODE", "XDG_RUNTIME_DIR"
static const char *const bare_chinese[] = {BARE, "LANGUAGE", "LANG", NULL};
static const char *const bare_english[] = {BARE, "LANGUAGE=en", "LANG", NULL};
static const char *const bare_lang[] = {BARE, "LANGUAGE", "LANG=en_GB.UTF-8", NULL};

/* One run at ${office} that must end with ${exit_status}; what it printed. */
static char *say(struct tb_world *world, const char *office, const char *const environment[],
                 const char *input, int exit_status, const char *const words[])
{
    struct tb_told told = tb_world_tongbao(world, office, environment, input, words);
    if (told.exit_status != exit_status) {
        fail_msg("tongbao %s: exit %d, not %d: %s%s", words[0], told.exit_status, exit_status,
                 told.out, told.err);
    }
    char *text = malloc(strlen(told.out) + strlen(told.err) + 1);
    assert_non_null(text);
    memcpy(text, told.out, strlen(told.out));
    memcpy(text + strlen(told.out), told.err, strlen(told.err) + 1);
    tb_child_told_free(&told);
    return text;
}

static void must_have(char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("no \"%s\" in: %s", part, text);
    }
    free(text);
}

/* The printed JSON is one valid value; the value. */
static json_t *json_of(struct tb_world *world, const char *office, const char *const words[])
{
    struct tb_told told = tb_world_tongbao(world, office, NULL, NULL, words);
    json_error_t error;
    if (told.exit_status != 0) {
        fail_msg("tongbao %s: exit %d: %s", words[0], told.exit_status, told.err);
    }
    json_t *value = json_loads(told.out, 0, &error);
    if (value == NULL) {
        fail_msg("tongbao %s: line %d: %s in: %s", words[0], error.line, error.text, told.out);
    }
    tb_child_told_free(&told);
    return value;
}

static void a_night_on_duty(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    char number[64];
    char id[TB_DESK_ID_CHARS];
    (void)state;
    must_have(say(world, TB_TEST_UP, NULL, "well-water-18\n", 0,
                  tb_words("officers", "add", "王值班", "--number", "0350")),
              "王值班");
    must_have(say(world, TB_TEST_UP, NULL, NULL, 0, tb_words("officers", "list")), "0350");
    must_have(say(world, TB_TEST_UP, NULL, "well-water-18\n", 0,
                  tb_words("duty", "open", "--officer", "王值班", "--hours", "2")),
              "王值班");
    must_have(say(world, TB_TEST_UP, NULL, NULL, 0, tb_words("duty")), "王值班");

    json_t *issued =
        json_of(world, TB_TEST_UP,
                tb_words("issue", "--kind", "first", "--river", TB_TEST_RIVER, "--place",
                         "川胡屯断面", "--substance", "氨氮", "--amount", "不明", "--grade", "不明",
                         "--signed-by", "李签发", "--yes", "--json"));
    snprintf(number, sizeof number, "%s", json_string_value(json_object_get(issued, "number")));
    snprintf(id, sizeof id, "%s", json_string_value(json_object_get(issued, "id")));
    json_decref(issued);
    assert_int_equal(strncmp(number, TB_TEST_UP "-", 7), 0);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, TB_TEST_UP, id));
    must_have(say(world, TB_TEST_DOWN, NULL, NULL, 0, tb_words("list")), number);
    must_have(say(world, TB_TEST_DOWN, NULL, NULL, 0, tb_words("list", "--waiting")), number);
    must_have(say(world, TB_TEST_DOWN, NULL, NULL, 0, tb_words("show", number)), "川胡屯断面");

    /* Without a session nobody acknowledges (I4); with one, a bare `ack` is
     * enough when exactly one notice waits. */
    free(say(world, TB_TEST_DOWN, NULL, NULL, 1, tb_words("ack")));
    free(say(world, TB_TEST_DOWN, NULL, "well-water-18\n", 0,
             tb_words("officers", "add", "刘值班", "--number", "0351")));
    free(say(world, TB_TEST_DOWN, NULL, "well-water-18\n", 0,
             tb_words("duty", "open", "--officer", "刘值班")));
    free(say(world, TB_TEST_DOWN, NULL, NULL, 0, tb_words("ack", "--note", "已收到")));
    tb_world_until(TB_TEST_SOON_MS,
                   tb_desk_state_is(world, TB_TEST_UP, id, TB_TEST_DOWN, "acknowledged"));
    must_have(say(world, TB_TEST_UP, NULL, NULL, 0, tb_words("show", id)), "刘值班");

    free(say(world, TB_TEST_UP, NULL, NULL, 0,
             tb_words("call", number, "--office", TB_TEST_DOWN, "--person", "刘值班", "--phone",
                      "0350-1", "--at", "03:10", "--read-back", "yes", "--result", "已知悉")));
    must_have(say(world, TB_TEST_UP, NULL, NULL, 0, tb_words("show", number)), "已知悉");
    tb_world_until(TB_TEST_SOON_MS, tb_desk_shown(world, TB_TEST_PROVINCE, "call", NULL) == 1);
    must_have(
        say(world, TB_TEST_UP, NULL, NULL, 0, tb_words("watch", "--after", "0", "--count", "2")),
        number);
    free(say(world, TB_TEST_UP, NULL, NULL, 0, tb_words("duty", "close")));
    free(say(world, TB_TEST_UP, NULL, NULL, 1,
             tb_words("issue", "--river", TB_TEST_RIVER, "--place", "无人值班", "--yes")));
    tb_world_pass(world);
}

static void reading_commands_print_json(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    char id[TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, id);
    json_t *shown = json_of(world, TB_TEST_UP, tb_words("show", id, "--json"));
    static const char *const keys[] = {"office", "name", "required", "clause", "state"};
    const json_t *deliveries = json_object_get(shown, "deliveries");
    assert_int_equal(json_array_size(deliveries), 3);
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        assert_non_null(json_object_get(json_array_get(deliveries, 0), keys[k]));
    }
    json_decref(shown);
    json_decref(json_of(world, TB_TEST_UP, tb_words("list", "--json")));
    json_decref(json_of(world, TB_TEST_UP, tb_words("list", "--waiting", "--json")));
    json_decref(json_of(world, TB_TEST_UP, tb_words("status", "--json")));
    json_decref(json_of(world, TB_TEST_UP, tb_words("offices", "--json")));
    json_decref(json_of(world, TB_TEST_UP, tb_words("officers", "--json")));
    json_decref(json_of(world, TB_TEST_UP, tb_words("duty", "--json")));
    json_decref(json_of(world, TB_TEST_UP, tb_words("alarm", "--json")));
    json_decref(json_of(world, TB_TEST_UP, tb_words("directory", "show", "--json")));
    json_decref(
        json_of(world, TB_TEST_UP,
                tb_words("directory", "show", tb_world_path(world, "14.directory"), "--json")));
    json_decref(
        json_of(world, TB_TEST_UP, tb_words("watch", "--after", "0", "--count", "1", "--json")));
    tb_world_pass(world);
}

static bool has_chinese(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)text[0] >= 0xE4 && (unsigned char)text[0] <= 0xE9) {
            return true;
        }
    }
    return false;
}

static void speaks_both_languages(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    char id[TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, id);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_has(world, TB_TEST_CITY, id));
    const char *const commands[][3] = {
        {"help", NULL},     {"status", NULL},       {"list", NULL},  {"list", "--waiting", NULL},
        {"duty", NULL},     {"officers", NULL},     {"alarm", NULL}, {"offices", NULL},
        {"show", id, NULL}, {"help", "issue", NULL}};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char *chinese = say(world, TB_TEST_CITY, bare_chinese, NULL, 0, commands[i]);
        char *english = say(world, TB_TEST_CITY, bare_english, NULL, 0, commands[i]);
        char *by_lang = say(world, TB_TEST_CITY, bare_lang, NULL, 0, commands[i]);
        /* Names of officers and offices are Chinese in both. */
        assert_true(has_chinese(chinese));
        assert_string_not_equal(chinese, english);
        assert_int_equal(has_chinese(by_lang), has_chinese(english));
        free(chinese);
        free(english);
        free(by_lang);
    }
    must_have(say(world, TB_TEST_CITY, bare_chinese, NULL, 0, tb_words("duty")), "值班");
    must_have(say(world, TB_TEST_CITY, bare_english, NULL, 0, tb_words("duty")),
              "Nobody is on duty");
    must_have(say(world, TB_TEST_CITY, bare_lang, NULL, 0, tb_words("duty")), "Nobody is on duty");
    tb_world_pass(world);
}

static void mistakes_have_their_exit_status(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    (void)state;
    free(say(world, TB_TEST_UP, NULL, NULL, 2, tb_words("no-such-command")));
    free(say(world, TB_TEST_UP, NULL, NULL, 2, tb_words("list", "--no-such-option")));
    free(say(world, TB_TEST_UP, NULL, NULL, 1, tb_words("show", "140925-19700101-77")));
    free(say(world, TB_TEST_UP, NULL, "wrong-password\n", 1,
             tb_words("duty", "open", "--officer", "王值班")));
    must_have(say(world, TB_TEST_UP, NULL, NULL, 0, tb_words("version")), "tongbao");
    must_have(say(world, TB_TEST_UP, NULL, NULL, 0, tb_words("offices", TB_TEST_DOWN)), "静乐");
    tb_world_stop(world, TB_TEST_CITY);
    must_have(say(world, TB_TEST_CITY, NULL, NULL, 3, tb_words("list")), "tongbao.sock");
    tb_world_start(world, TB_TEST_CITY);
    tb_world_pass(world);
}

static void alarm_can_be_tried(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    char line[TB_WORLD_PATH_BYTES_MAX + 64];
    (void)state;
    free(say(world, TB_TEST_CITY, NULL, NULL, 1, tb_words("alarm", "--test")));
    tb_world_stop(world, TB_TEST_CITY);
    snprintf(line, sizeof line, "\n[alarm]\ncommand = echo $TONGBAO_TEST >> %s\n",
             tb_world_path(world, "alarm.txt"));
    tb_world_configure(world, TB_TEST_CITY, line);
    tb_world_start(world, TB_TEST_CITY);
    free(say(world, TB_TEST_CITY, NULL, NULL, 0, tb_words("alarm", "--test")));
    must_have(tb_tree_read(tb_world_path(world, "alarm.txt")), "1");
    tb_world_pass(world);
}

static void backup_comes_back(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    struct tb_place *up = tb_world_place(world, TB_TEST_UP);
    char backup[TB_WORLD_PATH_BYTES_MAX];
    char ids[2][TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    snprintf(backup, sizeof backup, "%s", tb_world_path(world, "backup.db"));
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, ids[0]);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, TB_TEST_UP, ids[0]));
    free(say(world, TB_TEST_UP, NULL, NULL, 0, tb_words("backup", backup)));
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, ids[1]);
    tb_world_until(TB_TEST_SOON_MS, tb_desk_held_by_all(world, TB_TEST_UP, ids[1]));
    /* Never into a running node. */
    free(say(world, TB_TEST_UP, NULL, NULL, 1, tb_words("restore", backup, "--dir", up->folder)));
    size_t chains = tb_desk_shown(world, TB_TEST_UP, "chain", NULL);
    tb_world_stop(world, TB_TEST_UP);
    tb_world_forget(world, TB_TEST_UP);
    must_have(
        say(world, TB_TEST_UP, NULL, NULL, 0, tb_words("restore", backup, "--dir", up->folder)),
        "20"); /* the day from which the brokers can fill the gap */
    tb_world_start(world, TB_TEST_UP);
    assert_true(tb_desk_has(world, TB_TEST_UP, ids[0]));
    tb_world_until(TB_TEST_LATE_MS, tb_desk_has(world, TB_TEST_UP, ids[1]));
    assert_true(tb_desk_shown(world, TB_TEST_UP, "chain", NULL) > 0 || chains > 0);
    tb_world_pass(world);
}

static void must_run(struct tb_world *world, const char *const words[], const char *part)
{
    struct tb_told told = tb_child_run(words, NULL, NULL, world->folder, TB_TEST_LATE_MS);
    if (told.exit_status != 0 || strstr(told.out, part) == NULL) {
        fail_msg("%s: exit %d: %s%s", words[0], told.exit_status, told.out, told.err);
    }
    tb_child_told_free(&told);
}

static void daemons_answer_an_operator(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    const char *node = tb_world_place(world, TB_TEST_CITY)->conf;
    const char *broker = tb_world_place(world, "sx-1")->conf;
    (void)state;
    must_run(world, tb_words(TB_SYSTEM_NODE, "--config", node, "--check-config"), "");
    must_run(world, tb_words(TB_SYSTEM_NODE, "--config", node, "--check"), "");
    must_run(world, tb_words(TB_SYSTEM_NODE, "--notes"), "telephone the office");
    must_run(world, tb_words(TB_SYSTEM_BROKER, "--config", broker, "--check-config"), "");
    must_run(world, tb_words(TB_SYSTEM_BROKER, "--config", broker, "--status"), TB_TEST_CITY);
    struct tb_told told =
        tb_child_run(tb_words(TB_SYSTEM_BROKER, "--config", broker, "--status", "--json"), NULL,
                     NULL, world->folder, TB_TEST_LATE_MS);
    json_t *status = json_loads(told.out, 0, NULL);
    assert_non_null(status);
    json_decref(status);
    tb_child_told_free(&told);
    /* A configuration with a mistake names the line. */
    tb_tree_write(tb_world_path(world, "bad.conf"), "[node]\noffice = 140926\ndatta = x\n");
    told = tb_child_run(
        tb_words(TB_SYSTEM_NODE, "--config", tb_world_path(world, "bad.conf"), "--check-config"),
        NULL, NULL, world->folder, TB_TEST_LATE_MS);
    assert_int_not_equal(told.exit_status, 0);
    assert_non_null(strstr(told.err, "bad.conf:3"));
    tb_child_told_free(&told);
    tb_world_pass(world);
}

/* The number of each office that must hear it stands on the line of its name. */
static void must_name_all(const char *text)
{
    static const char *const lines[][2] = {{"忻州市生态环境局静乐分局", "值班 0351-" TB_TEST_DOWN},
                                           {"忻州市生态环境局", "值班 0351-" TB_TEST_CITY},
                                           {"山西省生态环境厅", "值班 0351-" TB_TEST_PROVINCE}};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *number = strstr(text, lines[i][1]);
        if (number == NULL) {
            fail_msg("no \"%s\" in: %s", lines[i][1], text);
        }
        const char *line = number;
        while (line > text && line[-1] != '\n') {
            line--;
        }
        const char *name = strstr(line, lines[i][0]);
        assert_non_null(name);
        assert_true(name < number);
    }
}

static void no_broker_answers(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    char id[TB_DESK_ID_CHARS];
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    free(say(world, TB_TEST_UP, NULL, TB_DESK_PASSWORD "\n", 0,
             tb_words("duty", "open", "--officer", TB_DESK_OFFICER)));
    /* One that hangs looks like a way out for some seconds. */
    tb_child_pause(&tb_world_place(world, "sx-1")->child);
    char *hanging = say(world, TB_TEST_UP, NULL, NULL, 0,
                        tb_words("issue", "--river", TB_TEST_RIVER, "--title", "死鱼", "--yes"));
    must_name_all(hanging);
    must_have(hanging, "!! IT HAS NOT LEFT THIS BUILDING. It is safe on this disk");
    tb_world_kill(world, "sx-1");
    tb_world_until(TB_TEST_LATE_MS, !tb_desk_linked(tb_world_place(world, TB_TEST_UP)));
    unsigned long long from_ms = tb_child_now_ms();
    tb_desk_issue_first(world, TB_TEST_UP, TB_TEST_RIVER, id);
    assert_true(tb_child_now_ms() - from_ms < AT_ONCE_MS);
    assert_true(tb_desk_state_is(world, TB_TEST_UP, id, TB_TEST_DOWN, "queued"));
    char *english = say(world, TB_TEST_UP, NULL, NULL, 0,
                        tb_words("issue", "--river", TB_TEST_RIVER, "--title", "死鱼", "--yes"));
    must_name_all(english);
    must_have(english, "!! IT HAS NOT LEFT THIS BUILDING. It is safe on this disk");
    char *chinese = say(world, TB_TEST_UP, bare_chinese, NULL, 0,
                        tb_words("issue", "--river", TB_TEST_RIVER, "--title", "死鱼", "--yes"));
    must_name_all(chinese);
    must_have(chinese, "通报还没有离开本单位");
    must_have(say(world, TB_TEST_UP, NULL, NULL, 0, tb_words("status")), "use the telephone");
    /* It goes out by itself as soon as a line is there. */
    tb_world_start(world, "sx-1");
    tb_world_until(TB_TEST_LATE_MS, tb_desk_held_by_all(world, TB_TEST_UP, id));
    tb_world_until(TB_TEST_LATE_MS, tb_desk_status(world, TB_TEST_UP, "owed") == 0);
    tb_world_pass(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        tb_world_test("an officer's night, from the first password to the telephone call, goes "
                      "through the command line (I4)",
                      a_night_on_duty),
        tb_world_test("every reading command prints valid JSON", reading_commands_print_json),
        tb_world_test("on a machine with no locales people are spoken to in Chinese, or in English "
                      "where they ask for it",
                      speaks_both_languages),
        tb_world_test("a mistake, a wrong word and a node that is not there have their own exit "
                      "status",
                      mistakes_have_their_exit_status),
        tb_world_test("the alarm command can be tried, and says when there is none",
                      alarm_can_be_tried),
        tb_world_test("a backup of a running node comes back, in a new chain, with what the broker "
                      "had since (I1, I8)",
                      backup_comes_back),
        tb_world_test("node and broker check configuration and store and tell what waits, beside "
                      "the running daemon",
                      daemons_answer_an_operator),
        tb_world_test(
            "with no broker there a notice is issued at once, and the officer is told that "
            "it has not left the building and whom to telephone (I1, I6)",
            no_broker_answers),
    };
    return cmocka_run_group_tests_name("system.tongbao", tests, NULL, tb_world_teardown_shared);
}
