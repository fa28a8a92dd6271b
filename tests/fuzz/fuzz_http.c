#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/io/keyfile.h"
#include "desk.h"
#include "node/io/api.h"
#include "tests/fuzz/fuzz.h"

/*
 * The API of one node, called through its real socket: http, api and core are the
 * product's own. An input is a few calls, apart by a line "%%":
 *
 *     ?METHOD TARGET          ? is '+' with a session and a request id of its own, '='
 *     body …                  with the request id of the call before, '-' bare; '~' and
 *                             '!' are '+' and '-' as if they came by the network
 *
 * Every call that is one is answered, in JSON and never with "our fault"; a refusal says why; no
 * turn fails; and what the calls made can all be read again.
 */
enum {
    CALLS_MAX = 6,
    ROUNDS_MAX = 64, /* of the server, until a stream is given up */
    TARGET_BYTES_MAX = 2048,
    BODY_BYTES_MAX = 48 * 1024, /* goes through a socket's buffer at once */
    ANSWER_BYTES_MAX = 4 * 1024 * 1024,
};

/* The server lives as long as the process, the node for one input. */
struct server {
    struct tb_loop *loop;
    struct tb_http *http;
    struct tb_sock_context *context;
    struct tb_link_secret *link;
    char folder[32];
    struct sockaddr_un address;
    struct tb_api *api; /* of the present node */
    bool remote;        /* the present call is to be taken for one by the network */
};

struct place {
    struct fixture fix;
    struct desk desk;
    struct tb_queue queue;
    struct tb_links *links;
    struct tb_siren siren;
    struct tb_sse *sse;
    struct tb_config config;
    struct tb_keep keep;
    struct tb_buf answer;
};

static struct server server;

static void handle(void *context, struct tb_http_call *call)
{
    struct server *s = context;
    call->local = !s->remote;
    tb_api_handle(s->api, call);
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
    snprintf(server.folder, sizeof server.folder, "/tmp/tb_fuzz_http_XXXXXX");
    tb_assert(mkdtemp(server.folder) != NULL);
    server.address.sun_family = AF_UNIX;
    snprintf(server.address.sun_path, sizeof server.address.sun_path, "%s/api.sock", server.folder);
    tb_assert(tb_loop_open(&server.loop, &diag) == TB_OK);
    const struct tb_http_settings settings = {server.address.sun_path, "", handle, &server};
    tb_assert(tb_http_open(&settings, server.loop, &server.http, &diag) == TB_OK);
    server.context = tb_sock_context_open();
    server.link = tb_keyfile_draw_link();
    tb_assert(atexit(close_server) == 0);
}

static void open_place(struct place *place)
{
    memset(place, 0, sizeof *place);
    fix_init(&place->fix);
    desk_start(&place->desk, &place->fix, 140925, (struct desk_make){.on_disk = false});
    desk_on_duty(&place->desk);
    place->config.office = 140925;
    place->keep.settings = (struct tb_keep_settings){.folder = server.folder, .store = "node.db"};
    tb_siren_init(&place->siren, place->config.alarm);
    place->links = tb_links_new(server.context, server.loop, server.link, &place->queue);
    place->sse = tb_sse_new(place->desk.node);
    tb_buf_init(&place->answer, ANSWER_BYTES_MAX);
    const struct tb_api_parts parts = {.node = place->desk.node,
                                       .links = place->links,
                                       .siren = &place->siren,
                                       .config = &place->config,
                                       .sse = place->sse,
                                       .keep = &place->keep,
                                       .sign_key = fix_office(&place->fix, 140925)->key.sign};
    server.api = tb_api_new(&parts);
    tb_api_serve(server.api, server.http);
}

static void close_place(struct place *place)
{
    tb_api_stop(server.api);
    tb_sse_end(place->sse);
    tb_http_run(server.http);
    tb_queue_clear(&place->queue);
    tb_api_free(server.api);
    tb_sse_free(place->sse);
    tb_links_free(place->links);
    tb_buf_fini(&place->answer);
    desk_close(&place->desk);
}

/* What waits goes through one turn, as in the daemon; answers leave after it. */
static void turn(struct place *place)
{
    struct tb_effect effect;
    size_t at = 0;
    tb_api_take(server.api, &place->queue);
    if (place->queue.count == 0) {
        return;
    }
    desk_later(&place->desk, 1000);
    desk_turn(&place->desk, place->queue.events, place->queue.count);
    tb_assert(place->desk.turned == TB_OK);
    while (tb_outbox_next(&place->desk.out, &at, &effect)) {
        struct tb_result result;
        if (effect.kind == TB_EFFECT_ANSWER) {
            tb_assert(effect.data.size == sizeof result);
            memcpy(&result, effect.data.data, sizeof result);
            result.status = (enum tb_status)effect.code;
            tb_api_answer(server.api, effect.to, &result);
        }
    }
    tb_queue_clear(&place->queue);
    desk_settle(&place->desk);
}

/* The text of one call as it goes over the line. */
static void compose(struct tb_buf *out, const struct place *place, char how, struct tb_bytes line,
                    struct tb_bytes body, unsigned number)
{
    tb_assert(tb_buf_add(out, line) == TB_OK);
    tb_assert(tb_buf_print(out, " HTTP/1.1\r\nHost: n\r\nConnection: close\r\n") == TB_OK);
    if (how != '-' && how != '!') {
        tb_assert(tb_buf_print(out, "Request-Id: r%u\r\nAuthorization: Bearer %s\r\n",
                               how == '=' && number > 0 ? number - 1 : number,
                               place->desk.token) == TB_OK);
    }
    tb_assert(tb_buf_print(out, "Content-Length: %zu\r\n\r\n", body.size) == TB_OK);
    tb_assert(tb_buf_add(out, body) == TB_OK);
}

/* Receive what is there; false at the end. */
static bool receive(struct place *place, int fd)
{
    uint8_t piece[16 * 1024];
    ssize_t got = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
    if (got > 0) {
        tb_assert(tb_buf_add(&place->answer, tb_bytes_of(piece, (size_t)got)) == TB_OK);
    }
    return got != 0;
}

/* A line that libmicrohttpd takes for the beginning of a call; it hangs up on others. */
static bool well_formed(struct tb_bytes line)
{
    size_t method = 0;
    while (method < line.size && line.data[method] >= 'A' && line.data[method] <= 'Z') {
        method++;
    }
    bool good = method > 0 && method + 1 < line.size && line.data[method] == ' ' &&
                line.data[method + 1] == '/';
    for (size_t i = method + 1; good && i < line.size; i++) {
        good = line.data[i] > ' ' && line.data[i] < 0x7f;
    }
    return good;
}

static void check_answer(struct tb_bytes answer)
{
    static const char start[] = "HTTP/1.1 ";
    struct tb_bytes rest = answer;
    struct tb_bytes head = fuzz_until(&rest, "\r\n\r\n");
    char *text = fuzz_text(head);
    tb_assert(strncmp(text, start, sizeof start - 1) == 0);
    unsigned long code = strtoul(text + sizeof start - 1, NULL, 10);
    tb_assert(code != 500);
    /* What libmicrohttpd itself refuses is HTML; a stream is text. */
    if (strstr(text, "application/json") != NULL) {
        json_t *body = json_loadb((const char *)rest.data, rest.size, 0, NULL);
        tb_assert(body != NULL);
        if (code >= 400) {
            const json_t *error = json_object_get(body, "error");
            tb_assert(json_string_length(json_object_get(error, "status")) > 0);
            tb_assert(json_string_length(json_object_get(error, "text")) > 0);
        }
        json_decref(body);
    } else {
        tb_assert(code >= 400 || strstr(text, "text/event-stream") != NULL);
    }
    free(text);
}

static void call(struct place *place, char how, struct tb_bytes line, struct tb_bytes body,
                 unsigned number)
{
    struct tb_buf text;
    tb_buf_init(&text, TARGET_BYTES_MAX + BODY_BYTES_MAX + 1024);
    compose(&text, place, how, line, body, number);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    tb_assert(fd >= 0);
    tb_assert(connect(fd, (const struct sockaddr *)&server.address, sizeof server.address) == 0);
    ssize_t sent = send(fd, text.data, text.size, MSG_NOSIGNAL);
    tb_assert(sent == (ssize_t)text.size);
    tb_buf_cut(&place->answer, 0);
    server.remote = how == '~' || how == '!';
    bool open = true;
    for (int i = 0; i < ROUNDS_MAX && open; i++) {
        tb_http_run(server.http);
        turn(place);
        open = receive(place, fd);
    }
    close(fd);
    /* A stream goes on until the client leaves. */
    tb_sse_end(place->sse);
    tb_http_run(server.http);
    tb_assert(place->answer.size > 0 || !well_formed(line));
    if (place->answer.size > 0) {
        check_answer(tb_buf_bytes(&place->answer));
    }
    tb_buf_fini(&text);
}

static void call_text(struct place *place, const char *line, unsigned number)
{
    call(place, '+', tb_bytes_text(line), tb_bytes_of(NULL, 0), number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct place place;
    struct tb_bytes rest = {data, size};
    unsigned number = 0;
    if (size < 4 || size > BODY_BYTES_MAX) {
        return 0;
    }
    open_server();
    open_place(&place);
    while (rest.size > 0 && number < CALLS_MAX) {
        struct tb_bytes body = fuzz_until(&rest, "\n%%\n");
        struct tb_bytes line = fuzz_line(&body);
        /* An end of line within would begin headers of the fuzzer's own. */
        if (line.size < 2 || line.size > TARGET_BYTES_MAX ||
            memchr(line.data, '\r', line.size) != NULL) {
            break;
        }
        call(&place, (char)line.data[0], tb_bytes_of(line.data + 1, line.size - 1), body, number);
        number++;
    }
    call_text(&place, "GET /v1/notices", CALLS_MAX);
    call_text(&place, "GET /v1/waiting", CALLS_MAX + 1);
    call_text(&place, "GET /v1/status", CALLS_MAX + 2);
    close_place(&place);
    return 0;
}
