#ifndef TB_SOCK_H
#define TB_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/event.h"
#include "base/status.h"

struct tb_link_secret; /* keyfile.h */

/*
 * sock - a link's socket with all its safe settings, one function per role.
 *
 * Server: ROUTER, the broker's side; many peers, each connection named by a
 * handle `peer`. Client: DEALER, the office's side; one server.
 *
 *   client:  tb_sock_client -> connecting <-> up -> tb_sock_close
 *                                  |   ^
 *                          refused +---+ after a pause
 *            (sending while not up is TB_FULL)
 *
 * "Identity comes from the ZAP User-Id of the last frame, never from a routing
 * id or a client's own metadata": a frame says which CURVE key sent it, and
 * nothing else about its sender is believed. "Only automatic routing ids": libzmq
 * counts them up from one that is drawn at chance, which the server learns from a
 * first connection of its own; whoever has another chose it himself and is not
 * served. Nothing here waits: receiving and
 * sending return at once, and one stuck peer delays nobody.
 */
enum {
    TB_SOCK_ENDPOINT_BYTES_MAX = 128,
    TB_SOCK_LIMIT_BYTES_MIN = 512, /* frame_bytes_max: CURVE's handshake must fit */
    TB_SOCK_DROPS_A_CALL_MAX = 16, /* bad parcels skipped by one receive */
    TB_SOCK_CURVE_BYTES = 33,      /* what CURVE adds to a frame, counted by libzmq */
    TB_SOCK_SLACK_BYTES = 64,      /* a little too big is dropped and counted; more cuts the line */
    TB_SOCK_LINGER_MS = 2000,
    /* Queued by a server of what one connection sent, however many frames_max allows:
     * nothing is lost by a small one, TCP holds the rest back. */
    TB_SOCK_HEARD_FRAMES_MAX = 32,
};

/* Why a parcel (one libzmq multipart) was dropped. */
enum tb_sock_drop {
    TB_SOCK_DROP_SHAPE,    /* not exactly one payload */
    TB_SOCK_DROP_IDENTITY, /* no User-Id, or not a key in hex */
    TB_SOCK_DROP_ROUTE,    /* a routing id that is none of those given out here */
    TB_SOCK_DROP_SIZE,     /* empty or over the limit */
    TB_SOCK_DROPS,
};

struct tb_sock_counts {
    uint64_t received;
    uint64_t sent;
    uint64_t full; /* refused by a full pipe or while not linked */
    uint64_t gone; /* refused because the peer is gone */
    uint64_t dropped[TB_SOCK_DROPS];
};

struct tb_sock_frame {
    uint64_t peer;             /* the connection; 0 at a client */
    uint8_t key[TB_KEY_BYTES]; /* the CURVE key that sent it */
    struct tb_bytes payload;   /* borrowed until the next receive or close */
};

struct tb_sock_server_settings {
    const char *endpoint; /* "tcp://0.0.0.0:5570"; port 0 picks a free one */
    const struct tb_link_secret *secret;
    size_t frame_bytes_max;
    int frames_max; /* queued per peer to be sent (the high-water mark) */
};

struct tb_sock_client_settings {
    const char *endpoint; /* "tcp://broker.example:5570" */
    const struct tb_link_secret *secret;
    uint8_t server_key[TB_KEY_BYTES];
    size_t frame_bytes_max;
    int frames_max;
    /* First pause between reconnects, 100…500, drawn by the caller so that
     * offices do not come back in step; it grows to 5 s. */
    int reconnect_ms;
};

struct tb_sock_context;
struct tb_sock;

/* The process's one libzmq context, opened first and closed last, after the
 * signals have been blocked (loop.h). Exits on lack of memory. Closing waits
 * for the sockets' linger, at most TB_SOCK_LINGER_MS. */
struct tb_sock_context *tb_sock_context_open(void);
void tb_sock_context_close(struct tb_sock_context *context);
/* For base/io only: the libzmq context; the door let one more handshake through. */
void *tb_sock_context_raw(struct tb_sock_context *context);
void tb_sock_context_admit(struct tb_sock_context *context);

/* Open and bind / connect. Borrow the settings for the call only; ${context}
 * for the life of the socket. TB_INPUT: the endpoint is not a tcp one that
 * libzmq takes. TB_IO: cannot bind, or an option was refused; ${diag} says
 * which. On failure *${out} is NULL. A server must not be opened before its
 * handler (zap.h); if it is, nobody gets in. */
enum tb_status tb_sock_server(struct tb_sock_context *context,
                              const struct tb_sock_server_settings *settings, struct tb_sock **out,
                              struct tb_diag *diag) TB_MUST_USE;
enum tb_status tb_sock_client(struct tb_sock_context *context,
                              const struct tb_sock_client_settings *settings, struct tb_sock **out,
                              struct tb_diag *diag) TB_MUST_USE;
/* A server only: listen no more, or again at the same endpoint; connections that stand
 * go on. TB_IO when that is not possible now: try again. */
enum tb_status tb_sock_shut(struct tb_sock *sock) TB_MUST_USE;
enum tb_status tb_sock_open(struct tb_sock *sock) TB_MUST_USE;

/* Unbind or disconnect and close; what is still queued is sent for at most
 * ${linger_ms}. NULL is allowed. */
void tb_sock_close(struct tb_sock *sock, int linger_ms);

/* A client only: give this connection up and make a new one, when the link has
 * been silent for too long. Queued frames of the old one are lost, and the
 * link counts as down without a change being told. */
enum tb_status tb_sock_reconnect(struct tb_sock *sock) TB_MUST_USE;

/* True when a good parcel was waiting and is now in ${frame}. Bad ones are
 * dropped and counted, at most TB_SOCK_DROPS_A_CALL_MAX a call: false means
 * "go on with something else", not "nothing is there"; poll again. */
bool tb_sock_recv_frame(struct tb_sock *sock, struct tb_sock_frame *frame);

/* Queue ${payload} (copied) to ${peer}, 0 at a client. TB_FULL: the pipe is
 * full, or a client is not linked; try later. TB_PEER: that connection is
 * gone. TB_TOOBIG: empty or over frame_bytes_max. TB_OK promises nothing about
 * the other end. */
enum tb_status tb_sock_send_frame(struct tb_sock *sock, uint64_t peer,
                                  struct tb_bytes payload) TB_MUST_USE;

/*
 * A client's link, change by change in order: false when there is no change to
 * tell, else *${up} says which. Call it when tb_sock_link_raw is ready, when
 * tb_sock_link_due_ms has come, and until it answers false. "Up" means that the
 * handshake is done; whether the broker really listens only its frames can say.
 *
 * libzmq gives a connection up for good when the other end broke the protocol
 * or refused the key. The broker may learn this office's key from the next
 * directory, so a new connection is made from here, after a pause that grows to
 * 5 s as well. A client must be asked: libzmq's own thread waits for the reader
 * when some thousand changes lie unread.
 */
bool tb_sock_link_changed(struct tb_sock *sock, bool *up);
/* When to ask again (monotonic milliseconds); UINT64_MAX when nothing is due. */
uint64_t tb_sock_link_due_ms(const struct tb_sock *sock);
/* True while the last handshake was refused: the server does not know the key. */
bool tb_sock_link_refused(const struct tb_sock *sock);
/* The libzmq socket to poll for changes. */
void *tb_sock_link_raw(struct tb_sock *sock);

/* The endpoint with its real port; borrowed, valid until close. */
const char *tb_sock_endpoint(const struct tb_sock *sock);
const struct tb_sock_counts *tb_sock_counts(const struct tb_sock *sock);
/* The libzmq socket, to be polled by the loop and by nothing else. */
void *tb_sock_raw(struct tb_sock *sock);

#endif
