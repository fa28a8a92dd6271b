#include "tests/bench/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/bench/figures.h"
#include "tests/system/child.h"

enum { COURIERS_MAX = 160, FIRST_LINE_MS = 5000 };

void tb_courier_open(struct tb_courier *courier, const struct tb_place *place)
{
    struct sockaddr_un address;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    assert_true(strlen(place->socket) < sizeof address.sun_path);
    memcpy(address.sun_path, place->socket, strlen(place->socket));
    *courier = (struct tb_courier){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(courier->fd >= 0);
    if (connect(courier->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        fail_msg("%s cannot be reached: %s", place->socket, strerror(errno));
    }
    courier->bytes = malloc(TB_COURIER_BYTES_MAX + 1);
    assert_non_null(courier->bytes);
    courier->bytes[0] = '\0';
}

void tb_courier_close(struct tb_courier *courier)
{
    if (courier->bytes != NULL) {
        close(courier->fd);
        free(courier->bytes);
    }
    *courier = (struct tb_courier){.fd = -1};
}

static void put(struct tb_courier *courier, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t put = send(courier->fd, text, size, MSG_NOSIGNAL);
        assert_true(put > 0);
        text += put;
        size -= (size_t)put;
    }
}

uint64_t tb_courier_issue(struct tb_courier *courier, const struct tb_place *place,
                          const char *body)
{
    char text[TB_COURIER_REQUEST_BYTES_MAX];
    int size = snprintf(text, sizeof text,
                        "POST /v1/notices HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer %s\r\n"
                        "Request-Id: %s\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        place->token, tb_desk_request(), strlen(body), body);
    assert_true(size > 0 && (size_t)size < sizeof text);
    uint64_t now_us = tb_figures_now_us();
    put(courier, text, (size_t)size);
    return now_us;
}

/* ------------------------------------------------------------- reading */

static void get(struct tb_courier *courier)
{
    size_t room = TB_COURIER_BYTES_MAX - courier->size;
    assert_true(room > 0);
    ssize_t got = read(courier->fd, courier->bytes + courier->size, room);
    if (got <= 0) {
        fail_msg("the office ended a connection: %s", got < 0 ? strerror(errno) : "closed");
    }
    courier->size += (size_t)got;
    courier->bytes[courier->size] = '\0';
}

static void drop(struct tb_courier *courier, size_t size)
{
    memmove(courier->bytes, courier->bytes + size, courier->size - size);
    courier->size -= size;
    courier->bytes[courier->size] = '\0';
}

void tb_courier_wait(struct tb_courier *const list[], size_t count, int wait_ms)
{
    struct pollfd polled[COURIERS_MAX];
    assert_true(count <= COURIERS_MAX);
    for (size_t i = 0; i < count; i++) {
        polled[i] = (struct pollfd){.fd = list[i] == NULL ? -1 : list[i]->fd, .events = POLLIN};
    }
    int ready = poll(polled, (nfds_t)count, wait_ms);
    assert_true(ready >= 0 || errno == EINTR);
    for (size_t i = 0; ready > 0 && i < count; i++) {
        if (polled[i].revents != 0) {
            get(list[i]);
        }
    }
}

/* The first text of ${key} in the JSON text ${json}; "" when it is not there. */
static void take_text(char *out, size_t out_bytes, const char *json, const char *key)
{
    char mark[32];
    snprintf(mark, sizeof mark, "\"%s\":", key);
    const char *at = strstr(json, mark);
    out[0] = '\0';
    if (at != NULL) {
        at += strlen(mark);
        at += strspn(at, " \"");
        snprintf(out, out_bytes, "%.*s", (int)strcspn(at, "\""), at);
    }
}

bool tb_courier_answer(struct tb_courier *courier, struct tb_answered *out)
{
    static const char length_mark[] = "Content-Length: ";
    const char *end = courier->size == 0 ? NULL : strstr(courier->bytes, "\r\n\r\n");
    const char *length = end == NULL ? NULL : strstr(courier->bytes, length_mark);
    if (length == NULL) {
        return false;
    }
    size_t head = (size_t)(end - courier->bytes) + 4;
    size_t whole = head + strtoul(length + sizeof length_mark - 1, NULL, 10);
    if (courier->size < whole) {
        return false;
    }
    out->at_us = tb_figures_now_us();
    out->status = strtol(courier->bytes + strlen("HTTP/1.1 "), NULL, 10);
    take_text(out->id, sizeof out->id, courier->bytes + head, "id");
    if (out->status != 201) {
        fail_msg("the office answered: %s", courier->bytes);
    }
    drop(courier, whole);
    return true;
}

bool tb_courier_shown(struct tb_courier *courier, struct tb_shown *out)
{
    for (;;) {
        char *end = courier->size == 0 ? NULL : memchr(courier->bytes, '\n', courier->size);
        if (end == NULL) {
            return false;
        }
        *end = '\0';
        bool data = strncmp(courier->bytes, "data: ", 6) == 0;
        if (data) {
            out->at_us = tb_figures_now_us();
            take_text(out->kind, sizeof out->kind, courier->bytes, "kind");
            take_text(out->id, sizeof out->id, courier->bytes, "id");
            take_text(out->subject, sizeof out->subject, courier->bytes, "subject");
        }
        drop(courier, (size_t)(end - courier->bytes) + 1);
        if (data) {
            return true;
        }
    }
}

void tb_courier_listen(struct tb_courier *courier, bool all)
{
    /* As HTTP/1.0 the stream comes as it is, not cut into chunks. */
    char text[128];
    int size = snprintf(text, sizeof text, "GET /v1/stream%s HTTP/1.0\r\nHost: node\r\n\r\n",
                        all ? "?after=0" : "");
    struct tb_courier *one[] = {courier};
    unsigned long long until = tb_child_now_ms() + FIRST_LINE_MS;
    put(courier, text, (size_t)size);
    while (strstr(courier->bytes, "\r\n\r\n") == NULL) {
        assert_true(tb_child_now_ms() < until);
        tb_courier_wait(one, 1, FIRST_LINE_MS);
    }
    courier->listening = true;
}
