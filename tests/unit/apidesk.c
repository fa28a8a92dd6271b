#include "apidesk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/io/keyfile.h"

enum {
    ROUNDS_MAX = 64,     /* of the server, until a stream or a held call is left */
    PATIENCE_MS = 10000, /* for a program of the operator's */
    ANSWER_BYTES_MAX = 4 * 1024 * 1024,
    OFFICE = 140925,
};

static struct {
    struct tb_loop *loop;
    struct tb_http *http;
    struct tb_sock_context *context;
    struct tb_link_secret *link;
    char folder[32];
    struct sockaddr_un address;
    struct tb_api *api; /* of the present desk */
    bool far;           /* the present call */
} server;

static void handle(void *context, struct tb_http_call *call)
{
    (void)context;
    call->local = !server.far;
    tb_api_handle(server.api, call);
}

static void close_server(void)
{
    tb_http_close(server.http);
    tb_loop_close(server.loop);
    tb_keyfile_free_link(server.link);
    tb_sock_context_close(server.context);
    (void)rmdir(server.folder);
}

static void open_server(void)
{
    struct tb_diag diag = {0};
    if (server.http != NULL) {
        return;
    }
    snprintf(server.folder, sizeof server.folder, "/tmp/tb_apidesk_XXXXXX");
    tb_assert(mkdtemp(server.folder) != NULL);
    server.address.sun_family = AF_UNIX;
    snprintf(server.address.sun_path, sizeof server.address.sun_path, "%s/api.sock", server.folder);
    tb_assert(tb_loop_open(&server.loop, &diag) == TB_OK);
    const struct tb_http_settings settings = {server.address.sun_path, "", handle, NULL};
    tb_assert(tb_http_open(&settings, server.loop, &server.http, &diag) == TB_OK);
    server.context = tb_sock_context_open();
    server.link = tb_keyfile_draw_link();
    tb_assert(atexit(close_server) == 0);
}

void apidesk_open(struct apidesk *desk, const char *alarm)
{
    open_server();
    memset(desk, 0, sizeof *desk);
    fix_init(&desk->fix);
    desk_start(&desk->desk, &desk->fix, OFFICE, (struct desk_make){.on_disk = false});
    desk_on_duty(&desk->desk);
    desk->http = server.http;
    desk->config.office = OFFICE;
    snprintf(desk->config.alarm, sizeof desk->config.alarm, "%s", alarm);
    desk->keep.settings = (struct tb_keep_settings){.folder = server.folder, .store = "node.db"};
    tb_siren_init(&desk->siren, desk->config.alarm);
    desk->links = tb_links_new(server.context, server.loop, server.link, &desk->queue);
    desk->sse = tb_sse_new(desk->desk.node);
    tb_buf_init(&desk->answer, ANSWER_BYTES_MAX);
    const struct tb_api_parts parts = {.node = desk->desk.node,
                                       .links = desk->links,
                                       .siren = &desk->siren,
                                       .config = &desk->config,
                                       .sse = desk->sse,
                                       .keep = &desk->keep,
                                       .sign_key = fix_office(&desk->fix, OFFICE)->key.sign};
    desk->api = tb_api_new(&parts);
    server.api = desk->api;
    tb_api_serve(desk->api, server.http);
}

void apidesk_close(struct apidesk *desk)
{
    tb_api_stop(desk->api);
    tb_sse_end(desk->sse);
    tb_http_run(server.http);
    tb_siren_stop(&desk->siren);
    tb_queue_clear(&desk->queue);
    tb_api_free(desk->api);
    tb_sse_free(desk->sse);
    tb_links_free(desk->links);
    tb_buf_fini(&desk->answer);
    desk_close(&desk->desk);
}

/* What waits goes through one turn, as in the daemon; answers leave after it. */
static void turn(struct apidesk *desk)
{
    struct tb_effect effect;
    uint64_t number;
    int exit_status;
    size_t at = 0;
    if (tb_siren_tested(&desk->siren, tb_clock_read().mono_ms, &number, &exit_status)) {
        tb_api_tested(desk->api, number, exit_status);
    }
    if (desk->hold) {
        return;
    }
    tb_api_take(desk->api, &desk->queue);
    if (desk->queue.count == 0) {
        return;
    }
    desk_later(&desk->desk, 1000);
    desk_turn(&desk->desk, desk->queue.events, desk->queue.count);
    tb_assert(desk->desk.turned == TB_OK || desk->desk.turned == TB_DISKFULL);
    while (tb_outbox_next(&desk->desk.out, &at, &effect)) {
        struct tb_result result;
        if (effect.kind == TB_EFFECT_ANSWER) {
            tb_assert(effect.data.size == sizeof result);
            memcpy(&result, effect.data.data, sizeof result);
            result.status = (enum tb_status)effect.code;
            tb_api_answer(desk->api, effect.to, &result);
        }
    }
    tb_queue_clear(&desk->queue);
    desk_settle(&desk->desk);
}

/* The text of one call as it goes over the line. */
static void compose(struct tb_buf *out, const struct apidesk *desk, struct apidesk_how how,
                    struct tb_bytes line, struct tb_bytes body)
{
    tb_assert(tb_buf_add(out, line) == TB_OK);
    tb_assert(tb_buf_print(out, " HTTP/1.1\r\nHost: n\r\nConnection: close\r\n") == TB_OK);
    if (how.session) {
        tb_assert(tb_buf_print(out, "Request-Id: r%u\r\nAuthorization: Bearer %s\r\n", how.number,
                               desk->desk.token) == TB_OK);
    }
    tb_assert(tb_buf_print(out, "Content-Length: %zu\r\n\r\n", body.size) == TB_OK);
    tb_assert(tb_buf_add(out, body) == TB_OK);
}

/* Send one call; the descriptor of its connection. */
static int begin(struct apidesk *desk, struct apidesk_how how, struct tb_bytes line,
                 struct tb_bytes body)
{
    struct tb_buf text;
    tb_buf_init(&text, APIDESK_LINE_BYTES_MAX + APIDESK_BODY_BYTES_MAX + 1024);
    compose(&text, desk, how, line, body);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    tb_assert(fd >= 0);
    tb_assert(connect(fd, (const struct sockaddr *)&server.address, sizeof server.address) == 0);
    ssize_t sent = send(fd, text.data, text.size, MSG_NOSIGNAL);
    tb_assert(sent == (ssize_t)text.size);
    tb_buf_cut(&desk->answer, 0);
    tb_buf_fini(&text);
    server.far = how.far;
    return fd;
}

/* Receive what is there; false at the end. */
static bool receive(struct apidesk *desk, int fd)
{
    uint8_t piece[16 * 1024];
    ssize_t got = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
    if (got > 0) {
        tb_assert(tb_buf_add(&desk->answer, tb_bytes_of(piece, (size_t)got)) == TB_OK);
    }
    return got != 0;
}

/* Serve until the answer is whole, or enough was waited. */
static void serve(struct apidesk *desk, int fd)
{
    uint64_t until_ms = tb_clock_read().mono_ms + PATIENCE_MS;
    bool open = true;
    for (int i = 0; open && (i < ROUNDS_MAX ||
                             (tb_siren_busy(&desk->siren) && tb_clock_read().mono_ms < until_ms));
         i++) {
        tb_http_run(server.http);
        turn(desk);
        tb_http_run(server.http);
        open = receive(desk, fd);
    }
}

void apidesk_call(struct apidesk *desk, struct apidesk_how how, struct tb_bytes line,
                  struct tb_bytes body)
{
    int fd = begin(desk, how, line, body);
    serve(desk, fd);
    close(fd);
    /* A stream goes on until the client leaves. */
    tb_sse_end(desk->sse);
    tb_http_run(server.http);
}

void apidesk_rest(const struct apidesk *desk)
{
    tb_assert(desk->desk.db.status == TB_OK);
}

void apidesk_stop_during(struct apidesk *desk, const char *line, const char *body)
{
    desk->hold = true;
    int fd = begin(desk, (struct apidesk_how){.session = true, .number = 900}, tb_bytes_text(line),
                   tb_bytes_text(body));
    serve(desk, fd);
    tb_assert(desk->answer.size == 0);
    tb_assert(tb_api_waiting(desk->api));
    tb_api_stop(desk->api);
    tb_assert(!tb_api_waiting(desk->api));
    serve(desk, fd);
    close(fd);
}

/* The end of the head in the answer; its size when there is none. */
static size_t head_bytes(const struct apidesk *desk)
{
    static const char end[] = "\r\n\r\n";
    size_t length = sizeof end - 1;
    for (size_t at = 0; at + length <= desk->answer.size; at++) {
        if (memcmp(desk->answer.data + at, end, length) == 0) {
            return at + length;
        }
    }
    return desk->answer.size;
}

unsigned apidesk_code(const struct apidesk *desk)
{
    static const char start[] = "HTTP/1.1 ";
    size_t length = sizeof start - 1;
    if (desk->answer.size < length + 3 || memcmp(desk->answer.data, start, length) != 0) {
        return 0;
    }
    unsigned code = 0;
    for (size_t i = length; i < length + 3; i++) {
        code = code * 10 + (unsigned)(desk->answer.data[i] - '0');
    }
    return code;
}

struct tb_bytes apidesk_body(const struct apidesk *desk)
{
    size_t head = head_bytes(desk);
    return tb_bytes_of(desk->answer.data + head, desk->answer.size - head);
}

bool apidesk_head_has(const struct apidesk *desk, const char *words)
{
    size_t head = head_bytes(desk);
    size_t length = strlen(words);
    for (size_t at = 0; at + length <= head; at++) {
        if (memcmp(desk->answer.data + at, words, length) == 0) {
            return true;
        }
    }
    return false;
}
