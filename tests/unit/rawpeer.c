#include "rawpeer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include "base/fault.h"

enum { GREETING_BYTES = 64, WAIT_MS = 2000, FLAG_COMMAND = 4, FLAG_LONG = 2 };

bool rawpeer_put(struct rawpeer *peer, struct tb_bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t done = send(peer->fd, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (done <= 0) {
            return false;
        }
        bytes.data += done;
        bytes.size -= (size_t)done;
    }
    return true;
}

bool rawpeer_get(struct rawpeer *peer, uint8_t *out, size_t size)
{
    while (size > 0) {
        struct pollfd item = {.fd = peer->fd, .events = POLLIN};
        if (poll(&item, 1, WAIT_MS) <= 0) {
            return false;
        }
        ssize_t got = recv(peer->fd, out, size, 0);
        if (got <= 0) {
            return false;
        }
        out += got;
        size -= (size_t)got;
    }
    return true;
}

bool rawpeer_closed(struct rawpeer *peer, int ms)
{
    uint8_t rest[512];
    struct pollfd item = {.fd = peer->fd, .events = POLLIN};
    while (poll(&item, 1, ms) > 0) {
        if (recv(peer->fd, rest, sizeof rest, 0) <= 0) {
            return true;
        }
    }
    return false;
}

bool rawpeer_open(struct rawpeer *peer, int port)
{
    *peer = (struct rawpeer){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (peer->fd < 0 || connect(peer->fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        return false;
    }
    uint8_t greeting[GREETING_BYTES] = {[0] = 0xff, [9] = 0x7f, [10] = 3};
    memcpy(greeting + 12, "CURVE", 5);
    uint8_t theirs[GREETING_BYTES];
    return rawpeer_put(peer, tb_bytes_of(greeting, sizeof greeting)) &&
           rawpeer_get(peer, theirs, sizeof theirs);
}

void rawpeer_close(struct rawpeer *peer)
{
    if (peer->fd >= 0) {
        close(peer->fd);
    }
    peer->fd = -1;
}

/* A frame: its flags, its length and ${body}. */
static bool put_frame(struct rawpeer *peer, uint8_t flags, struct tb_bytes body)
{
    uint8_t header[9] = {flags};
    size_t size = 2;
    if (body.size > 255) {
        header[0] |= FLAG_LONG;
        for (size_t i = 0; i < 8; i++) {
            header[1 + i] = (uint8_t)((uint64_t)body.size >> (8 * (7 - i)));
        }
        size = 9;
    } else {
        header[1] = (uint8_t)body.size;
    }
    return rawpeer_put(peer, tb_bytes_of(header, size)) && rawpeer_put(peer, body);
}

/* ${prefix} and the next short number, most significant byte first. */
static void next_nonce(struct rawpeer *peer, const char *prefix, uint8_t nonce[24])
{
    peer->nonce++;
    memcpy(nonce, prefix, 16);
    for (size_t i = 0; i < 8; i++) {
        nonce[16 + i] = (uint8_t)(peer->nonce >> (8 * (7 - i)));
    }
}

bool rawpeer_hello(struct rawpeer *peer, const struct tb_link_secret *secret,
                   const uint8_t server_key[32])
{
    peer->secret = secret;
    memcpy(peer->server_key, server_key, 32);
    crypto_box_keypair(peer->short_public, peer->short_secret);
    uint8_t hello[200] = "\5HELLO\1";
    uint8_t nonce[24];
    static const uint8_t zeros[64];
    next_nonce(peer, "CurveZMQHELLO---", nonce);
    memcpy(hello + 80, peer->short_public, 32);
    memcpy(hello + 112, nonce + 16, 8);
    if (crypto_box_easy(hello + 120, zeros, 64, nonce, server_key, peer->short_secret) != 0 ||
        !put_frame(peer, FLAG_COMMAND, tb_bytes_of(hello, sizeof hello))) {
        return false;
    }
    uint8_t welcome[2 + 168];
    uint8_t opened[128];
    if (!rawpeer_get(peer, welcome, sizeof welcome) || memcmp(welcome + 2, "\7WELCOME", 8) != 0) {
        return false;
    }
    memcpy(nonce, "WELCOME-", 8);
    memcpy(nonce + 8, welcome + 10, 16);
    if (crypto_box_open_easy(opened, welcome + 26, 144, nonce, server_key, peer->short_secret) !=
        0) {
        return false;
    }
    memcpy(peer->server_short, opened, 32);
    memcpy(peer->cookie, opened + 32, 96);
    return true;
}

bool rawpeer_initiate(struct rawpeer *peer, struct tb_bytes metadata)
{
    uint8_t plain[128 + 512];
    uint8_t vouch[64];
    uint8_t nonce[24];
    tb_assert(metadata.size <= 512);
    memcpy(plain, peer->secret->public_key, 32);
    memcpy(nonce, "VOUCH---", 8);
    randombytes_buf(nonce + 8, 16);
    memcpy(plain + 32, nonce + 8, 16);
    memcpy(vouch, peer->short_public, 32);
    memcpy(vouch + 32, peer->server_key, 32);
    if (crypto_box_easy(plain + 48, vouch, 64, nonce, peer->server_short,
                        peer->secret->secret_key) != 0) {
        return false;
    }
    memcpy(plain + 128, metadata.data, metadata.size);
    uint8_t initiate[113 + 16 + sizeof plain] = "\10INITIATE";
    memcpy(initiate + 9, peer->cookie, 96);
    next_nonce(peer, "CurveZMQINITIATE", nonce);
    memcpy(initiate + 105, nonce + 16, 8);
    size_t size = 128 + metadata.size;
    return crypto_box_easy(initiate + 113, plain, size, nonce, peer->server_short,
                           peer->short_secret) == 0 &&
           put_frame(peer, FLAG_COMMAND, tb_bytes_of(initiate, 113 + 16 + size));
}

bool rawpeer_send(struct rawpeer *peer, struct tb_bytes payload)
{
    uint8_t plain[256] = {0};
    uint8_t out[16 + 16 + sizeof plain] = "\7MESSAGE";
    uint8_t nonce[24];
    tb_assert(payload.size < sizeof plain);
    memcpy(plain + 1, payload.data, payload.size);
    next_nonce(peer, "CurveZMQMESSAGEC", nonce);
    memcpy(out + 8, nonce + 16, 8);
    return crypto_box_easy(out + 16, plain, 1 + payload.size, nonce, peer->server_short,
                           peer->short_secret) == 0 &&
           put_frame(peer, 0, tb_bytes_of(out, 32 + 1 + payload.size));
}

void rawpeer_property(struct tb_buf *metadata, const char *name, struct tb_bytes value)
{
    size_t length = strlen(name);
    uint8_t *place = tb_buf_grow(metadata, 1 + length + 4 + value.size);
    tb_assert(place != NULL);
    place[0] = (uint8_t)length;
    memcpy(place + 1, name, length);
    for (size_t i = 0; i < 4; i++) {
        place[1 + length + i] = (uint8_t)(value.size >> (8 * (3 - i)));
    }
    if (value.size > 0) {
        memcpy(place + 5 + length, value.data, value.size);
    }
}
