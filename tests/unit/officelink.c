#include "officelink.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/io/keyfile.h"
#include "base/io/sock.h"
#include "base/limits.h"

enum { POLL_MS = 2, FRAMES_MAX = 256, RECONNECT_MS = 100 };

struct officelink {
    struct tb_sock_context *context;
    struct tb_sock *sock;
};

struct officelink *officelink_open(const char *endpoint, const uint8_t server[TB_KEY_BYTES],
                                   const uint8_t key[TB_KEY_BYTES],
                                   const uint8_t secret[TB_KEY_BYTES])
{
    struct officelink *link = calloc(1, sizeof *link);
    struct tb_link_secret own;
    struct tb_sock_client_settings settings = {.endpoint = endpoint,
                                               .secret = &own,
                                               .frame_bytes_max = TB_FRAME_BYTES_MAX,
                                               .frames_max = FRAMES_MAX,
                                               .reconnect_ms = RECONNECT_MS};
    tb_assert(link != NULL);
    memset(&own, 0, sizeof own);
    memcpy(own.public_key, key, TB_KEY_BYTES);
    memcpy(own.secret_key, secret, TB_KEY_BYTES);
    memcpy(settings.server_key, server, TB_KEY_BYTES);
    link->context = tb_sock_context_open();
    enum tb_status status = tb_sock_client(link->context, &settings, &link->sock, NULL);
    tb_assert(status == TB_OK);
    return link;
}

void officelink_close(struct officelink *link)
{
    tb_sock_close(link->sock, 0);
    tb_sock_context_close(link->context);
    free(link);
}

static bool wait_on(uint64_t until_ms)
{
    struct timespec pause = {0, POLL_MS * 1000000L};
    nanosleep(&pause, NULL);
    return tb_clock_read().mono_ms < until_ms;
}

bool officelink_send(struct officelink *link, struct tb_bytes frame, int wait_ms)
{
    uint64_t until_ms = tb_clock_read().mono_ms + (uint64_t)wait_ms;
    do {
        if (tb_sock_send_frame(link->sock, 0, frame) == TB_OK) {
            return true;
        }
    } while (wait_on(until_ms));
    return false;
}

bool officelink_recv(struct officelink *link, struct tb_buf *out, int wait_ms)
{
    uint64_t until_ms = tb_clock_read().mono_ms + (uint64_t)wait_ms;
    struct tb_sock_frame frame;
    tb_buf_cut(out, 0);
    do {
        if (tb_sock_recv_frame(link->sock, &frame)) {
            return tb_buf_add(out, frame.payload) == TB_OK;
        }
    } while (wait_on(until_ms));
    return false;
}
