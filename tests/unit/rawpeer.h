#ifndef TB_RAWPEER_H
#define TB_RAWPEER_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/io/keyfile.h"

/*
 * rawpeer - a ZMTP 3.0 CURVE client of our own making, over a plain descriptor.
 *
 * libzmq does not let a program lie; a hostile peer does. This one may claim
 * any metadata in its INITIATE. Each step does not wait for the server's door,
 * so the test can answer it between two steps:
 *
 *     open -> hello -> welcome -> initiate -> [send]*
 */
struct rawpeer {
    int fd;
    const struct tb_link_secret *secret;
    uint8_t server_key[32];
    uint8_t short_public[32];
    uint8_t short_secret[32];
    uint8_t server_short[32];
    uint8_t cookie[96];
    uint64_t nonce;
};

/* Connect to 127.0.0.1:${port} and exchange greetings; false on failure. */
bool rawpeer_open(struct rawpeer *peer, int port);
void rawpeer_close(struct rawpeer *peer);
/* HELLO and WELCOME; ${secret} is borrowed. */
bool rawpeer_hello(struct rawpeer *peer, const struct tb_link_secret *secret,
                   const uint8_t server_key[32]);
/* INITIATE with ${metadata} as it stands. */
bool rawpeer_initiate(struct rawpeer *peer, struct tb_bytes metadata);
/* One MESSAGE command with one whole frame. */
bool rawpeer_send(struct rawpeer *peer, struct tb_bytes payload);
/* Append one ZMTP property to ${metadata}. */
void rawpeer_property(struct tb_buf *metadata, const char *name, struct tb_bytes value);
/* Send bytes as they are; read exactly ${size} within two seconds. */
bool rawpeer_put(struct rawpeer *peer, struct tb_bytes bytes);
bool rawpeer_get(struct rawpeer *peer, uint8_t *out, size_t size);
/* True when the server has closed the connection, within ${ms}. */
bool rawpeer_closed(struct rawpeer *peer, int ms);

#endif
