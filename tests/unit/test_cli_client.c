#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/cli/client.h"
#include "node/cli/pick.h"
#include "node/cli/tell.h"
#include "tests/unit/scratch.h"

/*
 * The other end: a process that answers each connection with the next of a list
 * of texts ("" hangs up without a word) and writes what it was asked into a
 * file, one connection after the other.
 */
struct peer {
    pid_t child;
    char log[SCRATCH_PATH_BYTES];
    struct tb_home home;
};

#define ANSWER(status, body) "HTTP/1.1 " status "\r\nContent-Length: " body

static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(strlen(path) < sizeof address.sun_path);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

/* Read one request to its end: short ones come in one piece or few. */
static void read_request(int fd, FILE *log)
{
    char text[4096];
    size_t used = 0;
    while (used < sizeof text - 1) {
        ssize_t got = read(fd, text + used, sizeof text - 1 - used);
        if (got <= 0) {
            break;
        }
        used += (size_t)got;
        text[used] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        const char *length = strstr(text, "Content-Length: ");
        if (end != NULL &&
            (length == NULL || strlen(end + 4) >= (size_t)strtoul(length + 16, NULL, 10))) {
            break;
        }
    }
    fwrite(text, 1, used, log);
    fflush(log);
}

static void serve(int fd, const char *log_path, const char *const answers[])
{
    FILE *log = fopen(log_path, "w");
    for (size_t i = 0; answers[i] != NULL; i++) {
        int peer = accept(fd, NULL, NULL);
        read_request(peer, log);
        if (answers[i][0] != '\0' && write(peer, answers[i], strlen(answers[i])) < 0) {
            _exit(1);
        }
        close(peer);
    }
    _exit(0);
}

static void start(struct peer *peer, const char *folder, const char *const answers[])
{
    *peer = (struct peer){.child = -1};
    scratch_path(peer->log, folder, "log");
    snprintf(peer->home.socket, sizeof peer->home.socket, "%s/s", folder);
    int fd = listen_on(peer->home.socket);
    peer->child = fork();
    assert_true(peer->child >= 0);
    if (peer->child == 0) {
        serve(fd, peer->log, answers);
    }
    close(fd);
}

/* Wait for the peer's end; what it was asked into ${text}. */
static void finish(struct peer *peer, char *text, size_t text_bytes)
{
    int state = 0;
    assert_int_equal(waitpid(peer->child, &state, 0), peer->child);
    FILE *log = fopen(peer->log, "r");
    assert_non_null(log);
    text[fread(text, 1, text_bytes - 1, log)] = '\0';
    fclose(log);
}

static size_t times(const char *text, const char *word)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) {
        count++;
    }
    return count;
}

/* I1: an officer who pressed once issues once, however the connection fares. */
static void a_broken_call_is_made_again_with_the_same_request_id(void **state)
{
    static const char *const answers[] = {
        "", "HTTP/1.1 2", ANSWER("201 Created", "16\r\n\r\n{\"number\":\"one\"}"), NULL};
    struct peer peer;
    struct tb_client client;
    struct tb_answer answer;
    char asked[16384];
    char line[128];
    start(&peer, *state, answers);
    assert_true(tb_client_open(&client, &peer.home));
    snprintf(client.token, sizeof client.token, "00ff");
    tb_client_change(&client, "POST", "/v1/notices", "application/json", tb_bytes_text("{\"a\":1}"),
                     &answer);
    assert_true(tb_answer_good(&answer));
    assert_true(answer.broke);
    assert_string_equal(tb_pick_text(answer.json, "number"), "one");
    finish(&peer, asked, sizeof asked);
    assert_int_equal(strlen(client.request_id), TB_CLIENT_REQUEST_ID_CHARS);
    snprintf(line, sizeof line, "Request-Id: %s\r\n", client.request_id);
    assert_int_equal(times(asked, "Request-Id: "), 3);
    assert_int_equal(times(asked, line), 3);
    assert_int_equal(times(asked, "Authorization: Bearer 00ff\r\n"), 3);
    assert_int_equal(times(asked, "{\"a\":1}"), 3);
    tb_answer_fini(&answer);
    tb_client_close(&client);
}

static void nobody_at_the_socket_is_told_by_its_own_exit_status(void **state)
{
    struct tb_home home = {.office = 140926};
    struct tb_client client;
    struct tb_answer answer;
    snprintf(home.socket, sizeof home.socket, "%s/none", (const char *)*state);
    assert_true(tb_client_open(&client, &home));
    tb_client_get(&client, "/v1/status", &answer);
    assert_false(answer.reached);
    assert_false(answer.broke);
    assert_int_equal(tb_answer_refused(&client, &answer, NULL), TB_EXIT_UNREACHABLE);
    tb_client_close(&client);
}

static void a_refusal_is_given_back_with_its_reason(void **state)
{
    static const char *const answers[] = {
        ANSWER("400 Bad Request",
               "71\r\n\r\n{\"error\":{\"status\":\"input\",\"text\":\"write true or "
               "false\",\"line\":2}}      "),
        NULL};
    struct peer peer;
    struct tb_client client;
    struct tb_answer answer;
    char asked[16384];
    start(&peer, *state, answers);
    assert_true(tb_client_open(&client, &peer.home));
    tb_client_get(&client, "/v1/status", &answer);
    assert_true(answer.reached);
    assert_false(tb_answer_good(&answer));
    assert_int_equal(answer.http, 400);
    assert_int_equal(tb_pick_int(tb_pick_object(answer.json, "error"), "line"), 2);
    assert_int_equal(tb_answer_refused(&client, &answer, "notice.json"), TB_EXIT_REFUSED);
    finish(&peer, asked, sizeof asked);
    assert_null(strstr(asked, "Request-Id"));
    tb_answer_fini(&answer);
    tb_client_close(&client);
}

struct seen {
    size_t count;
    char texts[256];
};

static bool each(void *context, const struct tb_stream_event *event)
{
    struct seen *seen = context;
    strncat(seen->texts, tb_pick_text(event->data, "text"), 64);
    seen->count++;
    return seen->count < 3;
}

static void a_stream_is_followed_and_resumed_by_its_last_id(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: ping\n\n"
        "id: 7\nevent: notice\ndata: {\"text\":\"a\"}\n\nid: 8\r\ndata: {\"text\":\ndata: "
        "\"b\"}\r\n\r\nid: 9\ndata: {\"tex",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: 9\ndata: "
        "{\"text\":\"c\"}\n\nid: 10\ndata: {\"text\":\"d\"}\n\n",
        NULL};
    struct peer peer;
    struct tb_client client;
    struct seen seen = {.count = 0};
    char last_id[32] = "6";
    char asked[16384];
    bool ended = false;
    start(&peer, *state, answers);
    assert_true(tb_client_open(&client, &peer.home));
    assert_true(tb_client_stream(&client, "/v1/stream", last_id, each, &seen, &ended));
    assert_false(ended);
    assert_int_equal(seen.count, 2);
    /* I2: what was cut off is asked for again, what was shown is not. */
    snprintf(last_id, sizeof last_id, "8");
    assert_true(tb_client_stream(&client, "/v1/stream", last_id, each, &seen, &ended));
    assert_true(ended);
    assert_string_equal(seen.texts, "abc");
    assert_string_equal(last_id, "9");
    finish(&peer, asked, sizeof asked);
    assert_non_null(strstr(asked, "Last-Event-ID: 6\r\n"));
    assert_non_null(strstr(asked, "Last-Event-ID: 8\r\n"));
    tb_client_close(&client);
}

static void names_are_escaped_in_a_path_and_bounded(void **state)
{
    (void)state;
    char path[TB_CLIENT_PATH_BYTES_MAX] = "/v1/notices/";
    char *longest = malloc(TB_CLIENT_PATH_BYTES_MAX + 1);
    assert_non_null(longest);
    assert_int_equal(tb_client_path_add(path, "演1/ ?"), TB_OK);
    assert_string_equal(path, "/v1/notices/%E6%BC%941%2F%20%3F");
    memset(longest, 'a', TB_CLIENT_PATH_BYTES_MAX);
    longest[TB_CLIENT_PATH_BYTES_MAX] = '\0';
    assert_int_equal(tb_client_path_add(path, longest), TB_TOOBIG);
    free(longest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_broken_call_is_made_again_with_the_same_request_id,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(nobody_at_the_socket_is_told_by_its_own_exit_status,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_refusal_is_given_back_with_its_reason, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_stream_is_followed_and_resumed_by_its_last_id,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test(names_are_escaped_in_a_path_and_bounded),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
