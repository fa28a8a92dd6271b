#ifndef TB_LATER_H
#define TB_LATER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/*
 * later - frames for which nobody waits.
 *
 *     put --> waits --the next frame to the same peer--> sent before it
 *               \----TB_LATER_MS--> sent
 *
 * A Stored only tells a broker what it may prune, and an offer that was accepted is
 * answered for the record: each would cost the other side a turn and a commit of its
 * own just while the receipts are on their way. They have committed like all else
 * that leaves (I4), and are lost with the process, as frames on a line are; both are
 * said again at the next greeting.
 */
enum {
    TB_LATER_MS = 30,
    TB_LATER_FRAMES_MAX = 64,        /* of all peers; who has many peers is not quiet */
    TB_LATER_FRAMES_OF_PEER_MAX = 4, /* bulk is not quiet either */
    TB_LATER_BYTES_MAX = 64 * 1024,
};

struct tb_later_frame {
    uint64_t to;
    uint64_t due_ms;
    size_t size;
};

struct tb_later {
    struct tb_later_frame frame[TB_LATER_FRAMES_MAX]; /* in the order of their coming */
    size_t count;
    struct tb_buf bytes; /* of all, one after another */
};

void tb_later_init(struct tb_later *later);
void tb_later_fini(struct tb_later *later);

/* Keep a copy of ${frame}. False when a limit is reached: what waits for ${to} is to
 * be taken, and ${frame} to be sent after it at once. */
bool tb_later_put(struct tb_later *later, uint64_t to, struct tb_bytes frame, uint64_t now_ms);

/* Hand over all that waits for ${to}, in order. ${send} must not put or take. */
typedef void tb_later_send(void *context, uint64_t to, struct tb_bytes frame);
void tb_later_take(struct tb_later *later, uint64_t to, tb_later_send *send, void *context);
/* Hand over, for each peer of which something is due, all that waits. */
void tb_later_take_due(struct tb_later *later, uint64_t now_ms, tb_later_send *send, void *context);
/* The connection of ${to} is another: what waits for it means nothing there. */
void tb_later_drop(struct tb_later *later, uint64_t to);

/* When the first is due; UINT64_MAX when nothing waits. */
uint64_t tb_later_due_ms(const struct tb_later *later);

#endif
