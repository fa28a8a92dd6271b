#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io/child.h"
#include "base/io/clock.h"
#include "node/io/config.h"
#include "node/io/password.h"
#include "node/io/path.h"
#include "node/io/queue.h"
#include "node/io/siren.h"

/*
 * What of the daemon stands without sockets: the table of paths and its
 * documents, the configuration and its mistakes, passwords, programs, the queue.
 */

/* ---------------------------------------------------------------- paths */

static void expect_path(enum tb_http_method method, const char *path, enum tb_path wanted,
                        const char *wanted_name)
{
    enum tb_path found = TB_PATH_COUNT;
    char name[TB_PATH_NAME_BYTES_MAX];
    assert_int_equal(tb_path_find(method, path, &found, name), TB_OK);
    assert_int_equal(found, wanted);
    assert_string_equal(name, wanted_name);
}

static void expect_no_path(enum tb_http_method method, const char *path, enum tb_status wanted)
{
    enum tb_path found = TB_PATH_COUNT;
    char name[TB_PATH_NAME_BYTES_MAX];
    assert_int_equal(tb_path_find(method, path, &found, name), wanted);
    assert_int_equal(found, TB_PATH_COUNT);
}

static void every_path_is_found_with_the_name_in_it(void **state)
{
    (void)state;
    expect_path(TB_HTTP_GET, "/v1/notices", TB_PATH_NOTICES, "");
    expect_path(TB_HTTP_POST, "/v1/notices", TB_PATH_ISSUE, "");
    expect_path(TB_HTTP_GET, "/v1/notices/140926-20250117-01", TB_PATH_NOTICE,
                "140926-20250117-01");
    expect_path(TB_HTTP_GET, "/v1/notices/演140926-20250117-01", TB_PATH_NOTICE,
                "演140926-20250117-01");
    expect_path(TB_HTTP_POST, "/v1/notices/ab12/acknowledgements", TB_PATH_ACKNOWLEDGE, "ab12");
    expect_path(TB_HTTP_POST, "/v1/notices/ab12/calls", TB_PATH_CALL, "ab12");
    expect_path(TB_HTTP_DELETE, "/v1/duty", TB_PATH_DUTY_CLOSE, "");
    for (int i = 0; i < TB_PATH_COUNT; i++) {
        enum tb_path found = TB_PATH_COUNT;
        char name[TB_PATH_NAME_BYTES_MAX];
        enum tb_path at = (enum tb_path)i;
        assert_int_equal(tb_path_find(tb_path_method(at), tb_path_text(at), &found, name), TB_OK);
        assert_int_equal(found, at);
    }
}

static void a_path_that_is_not_in_the_table_is_not_found(void **state)
{
    (void)state;
    char longest[TB_PATH_NAME_BYTES_MAX + 32] = "/v1/notices/";
    memset(longest + 12, 'a', TB_PATH_NAME_BYTES_MAX);
    expect_no_path(TB_HTTP_GET, "", TB_UNKNOWN);
    expect_no_path(TB_HTTP_GET, "/", TB_UNKNOWN);
    expect_no_path(TB_HTTP_GET, "/v1", TB_UNKNOWN);
    expect_no_path(TB_HTTP_GET, "/v1/notices/", TB_UNKNOWN);
    expect_no_path(TB_HTTP_GET, "/v1/notices/a/b", TB_UNKNOWN);
    expect_no_path(TB_HTTP_POST, "/v1/notices//calls", TB_UNKNOWN);
    expect_no_path(TB_HTTP_GET, "/v2/status", TB_UNKNOWN);
    expect_no_path(TB_HTTP_GET, "/v1/status/", TB_UNKNOWN);
    expect_no_path(TB_HTTP_GET, longest, TB_UNKNOWN);
    expect_no_path(TB_HTTP_DELETE, "/v1/notices", TB_STATE);
    expect_no_path(TB_HTTP_OTHER, "/v1/status", TB_STATE);
}

/* ------------------------------------------------------------ documents */

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    rewind(file);
    char *text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    return text;
}

static const char *method_word(enum tb_http_method method, bool upper)
{
    switch (method) {
    case TB_HTTP_GET:
        return upper ? "GET" : "get";
    case TB_HTTP_POST:
        return upper ? "POST" : "post";
    case TB_HTTP_DELETE:
        return upper ? "DELETE" : "delete";
    case TB_HTTP_OTHER:
        break;
    }
    return "?";
}

/* Under the line "  PATH:" of the OpenAPI file, before the next such line, stands "    METHOD:". */
static bool openapi_has(const char *text, const char *path, const char *method)
{
    char head[128];
    char line[32];
    snprintf(head, sizeof head, "\n  %s:\n", path);
    snprintf(line, sizeof line, "\n    %s:\n", method);
    const char *from = strstr(text, head);
    if (from == NULL) {
        return false;
    }
    const char *end = strstr(from + strlen(head), "\n  /");
    const char *found = strstr(from + strlen(head) - 1, line);
    return found != NULL && (end == NULL || found < end);
}

static void every_path_stands_in_the_openapi_file_and_no_other(void **state)
{
    (void)state;
    char *text = read_whole("node/openapi.yaml");
    size_t methods = 0;
    for (int i = 0; i < TB_PATH_COUNT; i++) {
        enum tb_path at = (enum tb_path)i;
        if (!openapi_has(text, tb_path_text(at), method_word(tb_path_method(at), false))) {
            fail_msg("openapi.yaml lacks %s %s", method_word(tb_path_method(at), true),
                     tb_path_text(at));
        }
    }
    for (const char *at = text; (at = strstr(at, "operationId:")) != NULL; at++) {
        methods++;
    }
    assert_int_equal(methods, TB_PATH_COUNT);
    free(text);
}

/* API.md writes NAME and HEX for {name}. */
static void every_path_stands_in_the_document(void **state)
{
    (void)state;
    char *text = read_whole("node/API.md");
    for (int i = 0; i < TB_PATH_COUNT; i++) {
        enum tb_path at = (enum tb_path)i;
        char head[160];
        const char *path = tb_path_text(at);
        const char *hole = strstr(path, "{name}");
        const char *rest = hole == NULL ? "" : hole + strlen("{name}");
        const char *word = strncmp(path, "/v1/incidents", 13) == 0 ? "HEX" : "NAME";
        size_t before = hole == NULL ? strlen(path) : (size_t)(hole - path);
        snprintf(head, sizeof head, "\n### %s %.*s%s%s", method_word(tb_path_method(at), true),
                 (int)before, path, hole == NULL ? "" : word, rest);
        if (strstr(text, head) == NULL) {
            fail_msg("API.md lacks a section \"%s\"", head + 1);
        }
    }
    free(text);
}

/* -------------------------------------------------------- configuration */

#define ROOT_14   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define GOOD_NODE "[node]\noffice = 140926\ndata = data\nsign_key = sign.key\nlink_key = link.key\n"

/* Read ${text} as a configuration file in a folder of its own. */
static enum tb_status read_config(const char *text, struct tb_config *config, struct tb_diag *diag)
{
    char folder[] = "/tmp/tb_test_api_XXXXXX";
    static char path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/node.conf", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
    enum tb_status status = tb_config_read(path, config, diag);
    unlink(path);
    rmdir(folder);
    return status;
}

static void a_configuration_is_read_whole(void **state)
{
    (void)state;
    static struct tb_config config;
    struct tb_diag diag = {0};
    char path[TB_FILES_PATH_BYTES_MAX];
    enum tb_status status = read_config(
        GOOD_NODE "language = en\n[roots]\n14 = " ROOT_14 "\n13 = 00112233 44556677 8899aabb "
                  "ccddeeff:00112233-44556677 8899AABB CCDDEEFF\n[directories]\nfile = "
                  "14.directory, /etc/13.directory\n[http]\nlisten = 127.0.0.1:8080\n[alarm]\n"
                  "command = wake\n",
        &config, &diag);
    if (status != TB_OK) {
        fail_msg("%s", diag.text);
    }
    assert_int_equal(config.office, 140926);
    assert_string_equal(config.language, "en");
    assert_string_equal(config.listen, "127.0.0.1:8080");
    assert_string_equal(config.alarm, "wake");
    assert_int_equal(config.roots.count, 2);
    assert_int_equal(config.roots.pinned[0].prefix, 13);
    assert_int_equal(config.roots.pinned[1].prefix, 14);
    assert_true(
        tb_id_equal(&config.roots.pinned[0].fingerprint, &config.roots.pinned[1].fingerprint));
    assert_int_equal(tb_roots_path(&config.roots, 0, path), TB_OK);
    assert_non_null(strstr(path, "/tb_test_api_"));
    assert_non_null(strstr(path, "/14.directory"));
    assert_int_equal(tb_roots_path(&config.roots, 1, path), TB_OK);
    assert_string_equal(path, "/etc/13.directory");
    /* Without [http] socket it lies in the data folder. */
    assert_non_null(strstr(config.socket, "/data/tongbao.sock"));
}

static void expect_config_mistake(const char *text, int line, const char *words)
{
    static struct tb_config config;
    struct tb_diag diag = {0};
    assert_int_equal(read_config(text, &config, &diag), TB_INPUT);
    assert_int_equal(diag.line, line);
    if (strstr(diag.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", diag.text, words);
    }
}

static void a_mistake_in_the_configuration_is_told_with_its_line(void **state)
{
    (void)state;
    expect_config_mistake(GOOD_NODE "[roots]\n14 = 1234\n", 7, "64 hex digits");
    expect_config_mistake(GOOD_NODE "[roots]\n14 = " ROOT_14 "00\n", 7, "64 hex digits");
    expect_config_mistake(GOOD_NODE "[roots]\n99 = " ROOT_14 "\n", 7, "99");
    expect_config_mistake(GOOD_NODE "language = fr\n", 6, "zh nor en");
    expect_config_mistake(GOOD_NODE "[http]\nlisten = 8080\n", 7, "address:port");
    expect_config_mistake(GOOD_NODE "[http]\nlisten = ::1:8080\n", 7, "address:port");
    expect_config_mistake(GOOD_NODE "[http]\nport = 8080\n", 7, "port");
    expect_config_mistake("[node]\noffice = 926\n", 2, "140926");
    expect_config_mistake("[node]\noffice = 140926\n", 0, "data");
}

static void an_address_is_split_from_its_port(void **state)
{
    (void)state;
    char host[64];
    uint16_t port = 0;
    assert_true(tb_config_split("127.0.0.1:8080", host, sizeof host, &port));
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(port, 8080);
    assert_true(tb_config_split("[::1]:1", host, sizeof host, &port));
    assert_string_equal(host, "::1");
    static const char *const wrong[] = {"",        ":80",    "host",    "host:", "host:0",
                                        "h:65536", "::1:80", "[::1:80", "[]:80", "h:80x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(tb_config_split(wrong[i], host, sizeof host, &port));
    }
}

/* ------------------------------------------------------------ passwords */

static void a_password_is_known_by_its_hash_alone(void **state)
{
    (void)state;
    char hash[TB_PASSWORD_HASH_BYTES_MAX];
    char again[TB_PASSWORD_HASH_BYTES_MAX];
    static struct tb_password_guard guard;
    guard = (struct tb_password_guard){0};
    assert_int_equal(tb_password_hash("seven77", hash), TB_INPUT);
    assert_int_equal(tb_password_hash("correct horse", hash), TB_OK);
    assert_int_equal(tb_password_hash("correct horse", again), TB_OK);
    assert_string_not_equal(hash, again);
    assert_null(strstr(hash, "horse"));
    assert_int_equal(tb_password_check(&guard, "张三", hash, "correct horse", 0), TB_OK);
    assert_int_equal(tb_password_check(&guard, "张三", hash, "correct house", 0), TB_SESSION);
    assert_int_equal(tb_password_check(&guard, "张三", hash, "", 0), TB_SESSION);
}

/* I10: guessing is bounded, for the officer who is guessed at and for no other. */
static void the_sixth_wrong_password_within_a_minute_is_not_looked_at(void **state)
{
    (void)state;
    char hash[TB_PASSWORD_HASH_BYTES_MAX];
    static struct tb_password_guard guard;
    guard = (struct tb_password_guard){0};
    assert_int_equal(tb_password_hash("correct horse", hash), TB_OK);
    for (uint64_t i = 0; i < TB_PASSWORD_TRIES_MAX; i++) {
        assert_int_equal(tb_password_check(&guard, "a", hash, "wrong", 1000 + i), TB_SESSION);
    }
    assert_int_equal(tb_password_check(&guard, "a", hash, "correct horse", 2000), TB_FULL);
    assert_int_equal(tb_password_check(&guard, "b", hash, "correct horse", 2000), TB_OK);
    assert_int_equal(
        tb_password_check(&guard, "a", hash, "correct horse", 999 + TB_PASSWORD_WINDOW_MS),
        TB_FULL);
    assert_int_equal(
        tb_password_check(&guard, "a", hash, "correct horse", 1000 + TB_PASSWORD_WINDOW_MS), TB_OK);
    assert_int_equal(tb_password_check(&guard, "a", hash, "wrong", 70000), TB_SESSION);
}

/* ------------------------------------------------------------- programs */

static void nap(void)
{
    const struct timespec moment = {.tv_nsec = 2000000};
    nanosleep(&moment, NULL);
}

static int run_to_end(const char *script, const char *const *envp, uint64_t limit_ms)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    struct tb_child child = {0};
    int exit_status = -1;
    assert_int_equal(tb_child_start(&child, argv, envp, tb_clock_read().mono_ms, limit_ms), TB_OK);
    while (!tb_child_ended(&child, tb_clock_read().mono_ms, &exit_status)) {
        nap();
    }
    assert_int_equal(child.pid, 0);
    return exit_status;
}

static void a_program_ends_with_its_exit_status(void **state)
{
    (void)state;
    const char *envp[] = {"WORD=seven", NULL};
    assert_int_equal(run_to_end("exit 0", envp, 0), 0);
    assert_int_equal(run_to_end("exit 3", envp, 0), 3);
    assert_int_equal(run_to_end("[ \"$WORD\" = seven ] && [ -z \"$LOGNAME\" ]", envp, 0), 0);
    assert_int_equal(run_to_end("kill -KILL $$", envp, 0), TB_CHILD_SIGNALLED + 9);
    assert_int_equal(run_to_end("/nonexistent/program", envp, 0), TB_CHILD_NOT_RUN);
}

/* I10 */
static void a_program_over_its_time_limit_is_killed_with_its_children(void **state)
{
    (void)state;
    const char *envp[] = {NULL};
    uint64_t from_ms = tb_clock_read().mono_ms;
    assert_int_equal(run_to_end("sleep 60 & sleep 60", envp, 50), TB_CHILD_TIMED_OUT);
    assert_true(tb_clock_read().mono_ms - from_ms < 20000);
}

static void an_alarm_that_cannot_run_is_told_as_failed(void **state)
{
    (void)state;
    struct tb_siren siren;
    struct tb_alarm_ended ended = {0};
    const struct tb_alarm_run first = {.run = 1, .waiting = 1, .number = "140926-20250117-01"};
    const struct tb_alarm_run second = {.run = 2, .waiting = 2};
    uint64_t request = 0;
    int exit_status = 0;
    tb_siren_init(&siren, "[ \"$TONGBAO_COUNT\" = 1 ] && [ \"$TONGBAO_NUMBER\" = "
                          "140926-20250117-01 ] && [ -z \"$TONGBAO_TEST\" ] && sleep 0.2");
    tb_siren_run(&siren, &first, 0);
    tb_siren_run(&siren, &second, 0);
    assert_true(tb_siren_ended(&siren, 0, &ended));
    assert_int_equal(ended.run, 2);
    assert_int_equal(ended.exit_status, TB_CHILD_NOT_RUN);
    while (!tb_siren_ended(&siren, 0, &ended)) {
        nap();
    }
    assert_int_equal(ended.run, 1);
    assert_int_equal(ended.exit_status, 0);
    assert_int_equal(tb_siren_test(&siren, 7, 0), TB_OK);
    assert_int_equal(tb_siren_test(&siren, 8, 0), TB_STATE);
    while (!tb_siren_tested(&siren, 0, &request, &exit_status)) {
        nap();
    }
    assert_int_equal(request, 7);
    assert_int_not_equal(exit_status, 0);
    assert_false(tb_siren_busy(&siren));
    tb_siren_init(&siren, "");
    assert_int_equal(tb_siren_test(&siren, 7, 0), TB_STATE);
}

/* ---------------------------------------------------------------- queue */

/* I10 */
static void the_queue_holds_one_turns_events_and_their_bytes(void **state)
{
    (void)state;
    static struct tb_queue queue;
    const uint8_t key[TB_KEY_BYTES] = {7};
    char frame[] = "frame";
    for (size_t i = 0; i < TB_TURN_EVENTS_MAX; i++) {
        assert_false(tb_queue_full(&queue));
        tb_queue_frame(&queue, i, key, tb_bytes_text(frame));
    }
    assert_true(tb_queue_full(&queue));
    frame[0] = 'x';
    assert_memory_equal(queue.events[3].data.data, "frame", 5);
    assert_int_equal(queue.events[3].from, 3);
    assert_memory_not_equal(queue.events[3].seed, queue.events[4].seed, TB_SEED_BYTES);
    tb_queue_clear(&queue);
    assert_int_equal(queue.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_is_found_with_the_name_in_it),
        cmocka_unit_test(a_path_that_is_not_in_the_table_is_not_found),
        cmocka_unit_test(every_path_stands_in_the_openapi_file_and_no_other),
        cmocka_unit_test(every_path_stands_in_the_document),
        cmocka_unit_test(a_configuration_is_read_whole),
        cmocka_unit_test(a_mistake_in_the_configuration_is_told_with_its_line),
        cmocka_unit_test(an_address_is_split_from_its_port),
        cmocka_unit_test(a_password_is_known_by_its_hash_alone),
        cmocka_unit_test(the_sixth_wrong_password_within_a_minute_is_not_looked_at),
        cmocka_unit_test(a_program_ends_with_its_exit_status),
        cmocka_unit_test(a_program_over_its_time_limit_is_killed_with_its_children),
        cmocka_unit_test(an_alarm_that_cannot_run_is_told_as_failed),
        cmocka_unit_test(the_queue_holds_one_turns_events_and_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
