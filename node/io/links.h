#ifndef TB_LINKS_H
#define TB_LINKS_H

#include "base/io/loop.h"
#include "base/io/sock.h"
#include "node/core/node.h"
#include "node/io/queue.h"

/*
 * links - the sockets to the brokers of tb_node_links.
 *
 *   connecting --handshake done--> up --line cut, or silent 15 s--> connecting
 *                     LINK_UP                     LINK_DOWN
 *
 * "Up" is libzmq's own word that the CURVE handshake is done; each new
 * connection tells it again, so that each begins with a Hello of the core. A
 * line that is up is asked for a sign of life every TB_LINKS_BEAT_MS; when
 * nothing at all is heard for TB_LINKS_SILENT_MS it is down, its socket is
 * thrown away and a new one is made: a peer that hangs, and a path that
 * swallows everything, look the same as a cut line. Beats are frames of this
 * module: answered here, and an event only where the broker's clock is to be
 * looked at: the first of a line, and when it has moved against ours. A broker with several
 * endpoints is tried at the next one when the present one gives no handshake in that time.
 */
enum {
    TB_LINKS_BEAT_MS = 5000,
    TB_LINKS_SILENT_MS = 15000,
    TB_LINKS_SKEW_MS = 30000,  /* "a difference of wall_ms beyond 30 s is shown" */
    TB_LINKS_FRAMES_MAX = 128, /* high-water mark of each socket and direction */
    /* A turn's worth: what came together is committed together. The loop begins one
     * source further each time, so that no link is always last. */
    TB_LINKS_FRAMES_A_CALL_MAX = 64,
    TB_LINKS_ENDPOINTS_MAX = 4, /* of one broker */
};

struct tb_links;

/* Links of the office whose link key is ${secret}. Frames and changes go into ${queue}. All are
 * borrowed for the life of the links. */
struct tb_links *tb_links_new(struct tb_sock_context *context, struct tb_loop *loop,
                              const struct tb_link_secret *secret, struct tb_queue *queue);
/* Close all; what is still queued is sent for at most TB_SOCK_LINGER_MS. */
void tb_links_free(struct tb_links *links);

/* Open and close sockets until they are those of tb_node_links. Only while the queue is empty. */
void tb_links_sync(struct tb_links *links, const struct tb_node *node, uint64_t now_ms);

/* Send one frame: as tb_sock_send_frame; TB_PEER when there is no such link. */
enum tb_status tb_links_send(struct tb_links *links, uint64_t handle,
                             struct tb_bytes frame) TB_MUST_USE;

/* Beats and silence; once each time round the loop, after the sockets were read. */
void tb_links_tick(struct tb_links *links, uint64_t now_ms);
uint64_t tb_links_deadline_ms(const struct tb_links *links);

bool tb_links_up(const struct tb_links *links, const char *broker);
/* The broker does not know this office's key (yet). */
bool tb_links_refused(const struct tb_links *links, const char *broker);
size_t tb_links_up_count(const struct tb_links *links);
/* The endpoint that is used or tried; "" for an unknown broker. Borrowed. */
const char *tb_links_endpoint(const struct tb_links *links, const char *broker);

#endif
