#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io/clock.h"
#include "node/io/http.h"

/*
 * The door to the API with real sockets: calls that are answered at once, calls
 * that wait for their turn, and the limits (I10).
 */
enum { ANSWER_BYTES_MAX = 4096, PATIENCE_MS = 10000 };

struct world {
    struct tb_loop *loop;
    struct tb_http *http;
    char folder[32];
    char socket[64];
    uint64_t waiting; /* the number of the call that waits */
    unsigned calls;
    size_t body_bytes;
    bool local;
    char request_id[64];
    char token[64];
    char query[64];
};

static void keep(char *out, size_t out_bytes, const char *text)
{
    snprintf(out, out_bytes, "%s", text == NULL ? "-" : text);
}

static void handle(void *context, struct tb_http_call *call)
{
    struct world *w = context;
    w->calls++;
    w->body_bytes = call->body.size;
    keep(w->request_id, sizeof w->request_id, call->request_id);
    keep(w->token, sizeof w->token, call->token);
    keep(w->query, sizeof w->query, tb_http_query(call, "q"));
    w->local = call->local;
    if (strcmp(call->path, "/wait") == 0) {
        w->waiting = call->number;
        return;
    }
    tb_http_reply(call, 200, json_pack("{s:s}", "path", call->path));
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct tb_diag diag = {0};
    assert_non_null(w);
    snprintf(w->folder, sizeof w->folder, "/tmp/tb_test_http_XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->socket, sizeof w->socket, "%s/api.sock", w->folder);
    assert_int_equal(tb_loop_open(&w->loop, &diag), TB_OK);
    const struct tb_http_settings settings = {w->socket, "", handle, w};
    assert_int_equal(tb_http_open(&settings, w->loop, &w->http, &diag), TB_OK);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    tb_http_close(w->http);
    tb_loop_close(w->loop);
    assert_int_equal(access(w->socket, F_OK), -1);
    assert_int_equal(rmdir(w->folder), 0);
    free(w);
    return 0;
}

static int reach(const struct world *w)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    memcpy(address.sun_path, w->socket, strlen(w->socket) + 1);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void turn(struct world *w)
{
    assert_int_equal(tb_loop_wait(w->loop, 5, NULL), TB_OK);
    tb_http_run(w->http);
}

/* Send all of ${bytes} while the loop turns. */
static void send_all(struct world *w, int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        }
        turn(w);
    }
}

/* Turn the loop until an answer with ${words} has come; "" in ${answer} when the line was cut. */
static void receive(struct world *w, int fd, const char *words, char answer[ANSWER_BYTES_MAX])
{
    size_t size = 0;
    uint64_t until_ms = tb_clock_read().mono_ms + PATIENCE_MS;
    answer[0] = '\0';
    while (strstr(answer, words) == NULL) {
        turn(w);
        ssize_t got = recv(fd, answer + size, ANSWER_BYTES_MAX - 1 - size, 0);
        if (got == 0) {
            fail_msg("cut off after \"%s\"", answer);
        }
        size += got > 0 ? (size_t)got : 0;
        answer[size] = '\0';
        assert_true(tb_clock_read().mono_ms < until_ms);
    }
}

static void ask(struct world *w, int fd, const char *head, const char *body)
{
    char text[1024];
    int length = snprintf(text, sizeof text, "%s\r\nHost: n\r\nContent-Length: %zu\r\n\r\n%s", head,
                          strlen(body), body);
    send_all(w, fd, text, (size_t)length);
}

static void the_socket_lets_owner_and_group_in(void **state)
{
    struct world *w = *state;
    struct stat about;
    assert_int_equal(stat(w->socket, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0660);
}

static void a_call_is_answered_at_once_with_its_headers_and_query(void **state)
{
    struct world *w = *state;
    char answer[ANSWER_BYTES_MAX];
    int fd = reach(w);
    ask(w, fd,
        "GET /v1/%E6%BC%94?q=%E6%B1%BE HTTP/1.1\r\nRequest-Id: r7\r\n"
        "Authorization: Bearer t9",
        "");
    receive(w, fd, "}", answer);
    assert_non_null(strstr(answer, "HTTP/1.1 200"));
    assert_non_null(strstr(answer, "application/json"));
    assert_non_null(strstr(answer, "/v1/演"));
    assert_string_equal(w->request_id, "r7");
    assert_string_equal(w->token, "t9");
    assert_string_equal(w->query, "汾");
    /* The connection goes on; without headers there are none. */
    ask(w, fd, "POST /v1/x HTTP/1.1\r\nAuthorization: Basic eA==", "hello");
    receive(w, fd, "/v1/x", answer);
    assert_int_equal(w->body_bytes, 5);
    assert_string_equal(w->request_id, "-");
    assert_string_equal(w->token, "-");
    close(fd);
}

/* I4: what waits for its turn hears nothing before it. */
static void a_call_that_waits_is_answered_when_it_is_replied_to_and_not_before(void **state)
{
    struct world *w = *state;
    char answer[ANSWER_BYTES_MAX];
    int fd = reach(w);
    int other = reach(w);
    ask(w, fd, "POST /wait HTTP/1.1", "x");
    for (int i = 0; i < 5; i++) {
        turn(w);
        assert_int_equal(recv(fd, answer, sizeof answer, 0), -1);
    }
    /* It keeps nobody else waiting. */
    ask(w, other, "GET /v1/y HTTP/1.1", "");
    receive(w, other, "/v1/y", answer);
    assert_null(tb_http_find(w->http, w->waiting + 100));
    struct tb_http_call *call = tb_http_find(w->http, w->waiting);
    assert_non_null(call);
    tb_http_reply(call, 201, json_pack("{s:b}", "done", 1));
    assert_null(tb_http_find(w->http, w->waiting));
    receive(w, fd, "done", answer);
    assert_non_null(strstr(answer, "HTTP/1.1 201"));
    assert_int_equal(w->calls, 2);
    close(fd);
    close(other);
}

static void a_client_that_leaves_while_it_waits_does_no_harm(void **state)
{
    struct world *w = *state;
    int fd = reach(w);
    ask(w, fd, "POST /wait HTTP/1.1", "x");
    turn(w);
    close(fd);
    turn(w);
    struct tb_http_call *call = tb_http_find(w->http, w->waiting);
    assert_non_null(call);
    tb_http_reply(call, 200, json_object());
    turn(w);
    turn(w);
    assert_null(tb_http_find(w->http, w->waiting));
}

/* I10 */
static void a_body_over_the_limit_is_refused_and_not_handled(void **state)
{
    struct world *w = *state;
    char answer[ANSWER_BYTES_MAX];
    static char body[TB_HTTP_BODY_BYTES_MAX + 1];
    char head[128];
    memset(body, 'x', sizeof body);
    for (size_t over = 0; over < 2; over++) {
        int fd = reach(w);
        size_t size = TB_HTTP_BODY_BYTES_MAX + over;
        int length =
            snprintf(head, sizeof head,
                     "POST /v1/x HTTP/1.1\r\nHost: n\r\nContent-Length: %zu\r\n\r\n", size);
        send_all(w, fd, head, (size_t)length);
        send_all(w, fd, body, size);
        receive(w, fd, "}", answer);
        assert_non_null(strstr(answer, over ? "HTTP/1.1 413" : "HTTP/1.1 200"));
        close(fd);
    }
    assert_int_equal(w->calls, 1);
    int fd = reach(w);
    ask(w, fd, "POST /v1/x HTTP/1.1\r\nX: 1", "");
    receive(w, fd, "/v1/x", answer);
    close(fd);
    fd = reach(w);
    const char huge[] = "POST /v1/x HTTP/1.1\r\nHost: n\r\nContent-Length: 99999999999\r\n\r\n";
    send_all(w, fd, huge, sizeof huge - 1);
    receive(w, fd, "toobig", answer);
    assert_non_null(strstr(answer, "HTTP/1.1 413"));
    close(fd);
}

/* I10 */
static void connections_over_the_limit_do_not_keep_out_those_that_were_there(void **state)
{
    struct world *w = *state;
    char answer[ANSWER_BYTES_MAX];
    static int many[TB_HTTP_CONNECTIONS_MAX + 8];
    int first = reach(w);
    ask(w, first, "GET /v1/a HTTP/1.1", "");
    receive(w, first, "/v1/a", answer);
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
        many[i] = reach(w);
        turn(w);
    }
    assert_true(tb_http_connections(w->http) <= TB_HTTP_CONNECTIONS_MAX);
    ask(w, first, "GET /v1/b HTTP/1.1", "");
    receive(w, first, "/v1/b", answer);
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
        close(many[i]);
    }
    for (int i = 0; i < 20; i++) {
        turn(w);
    }
    int last = reach(w);
    ask(w, last, "GET /v1/c HTTP/1.1", "");
    receive(w, last, "/v1/c", answer);
    close(first);
    close(last);
}

static void a_socket_that_is_served_is_not_taken_over(void **state)
{
    struct world *w = *state;
    struct tb_http *second = NULL;
    struct tb_diag diag = {0};
    char answer[ANSWER_BYTES_MAX];
    const struct tb_http_settings settings = {w->socket, "", handle, w};
    assert_int_equal(tb_http_open(&settings, w->loop, &second, &diag), TB_CONFLICT);
    assert_null(second);
    assert_non_null(strstr(diag.text, "another program"));
    int fd = reach(w);
    ask(w, fd, "GET /v1/still HTTP/1.1", "");
    receive(w, fd, "/v1/still", answer);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* A port of this machine that nobody serves: it was bound a moment ago. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void a_call_by_the_network_is_told_from_one_by_the_socket(void **state)
{
    struct world *w = *state;
    char listen_text[32];
    char socket_text[80];
    char answer[ANSWER_BYTES_MAX];
    struct tb_http *second = NULL;
    struct tb_http *third = NULL;
    struct tb_diag diag = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(free_port())};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(listen_text, sizeof listen_text, "127.0.0.1:%u", ntohs(address.sin_port));
    snprintf(socket_text, sizeof socket_text, "%s.2", w->socket);
    const struct tb_http_settings settings = {socket_text, listen_text, handle, w};
    assert_int_equal(tb_http_open(&settings, w->loop, &second, &diag), TB_OK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    w->local = true;
    ask(w, fd, "GET /v1/far HTTP/1.1", "");
    receive(w, fd, "/v1/far", answer);
    assert_false(w->local);
    assert_true(tb_http_wait_ms(second) <= TB_HTTP_TIMEOUT_S * 1000u);
    close(fd);
    fd = reach(w);
    ask(w, fd, "GET /v1/near HTTP/1.1", "");
    receive(w, fd, "/v1/near", answer);
    assert_true(w->local);
    close(fd);
    /* An address that is taken is told, and nothing of the attempt stays. */
    snprintf(socket_text, sizeof socket_text, "%s.3", w->socket);
    const struct tb_http_settings again = {socket_text, listen_text, handle, w};
    assert_int_equal(tb_http_open(&again, w->loop, &third, &diag), TB_IO);
    assert_null(third);
    assert_non_null(strstr(diag.text, listen_text));
    assert_int_equal(access(socket_text, F_OK), -1);
    tb_http_close(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_socket_lets_owner_and_group_in),
        TEST(a_call_is_answered_at_once_with_its_headers_and_query),
        TEST(a_call_that_waits_is_answered_when_it_is_replied_to_and_not_before),
        TEST(a_client_that_leaves_while_it_waits_does_no_harm),
        TEST(a_body_over_the_limit_is_refused_and_not_handled),
        TEST(connections_over_the_limit_do_not_keep_out_those_that_were_there),
        TEST(a_socket_that_is_served_is_not_taken_over),
        TEST(a_call_by_the_network_is_told_from_one_by_the_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
