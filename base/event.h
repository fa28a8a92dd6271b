#ifndef TB_EVENT_H
#define TB_EVENT_H

#include <stdint.h>

#include "base/bytes.h"

/*
 * event - one thing that came in, as a core is told of it.
 *
 * Borrowed for the call. Whatever a core needs from the world comes in here:
 * time in struct tb_now, randomness in `seed` (32 fresh bytes; a core draws
 * chain ids, incident ids, salts and tokens from it by keyed hashing), the
 * identity of the peer as the transport proved it.
 */
enum tb_event_kind {
    TB_EVENT_FRAME,     /* `data` is one frame from the peer `from` with `key` */
    TB_EVENT_REQUEST,   /* `request` is the core's own request struct */
    TB_EVENT_LINK_UP,   /* a node: the socket to broker link `from` is connected */
    TB_EVENT_LINK_DOWN, /* a node: it is not */
    TB_EVENT_DUE,       /* a deadline of the core's own has come */
};

enum { TB_SEED_BYTES = 32, TB_KEY_BYTES = 32 };

struct tb_event {
    enum tb_event_kind kind;
    uint64_t from; /* peer, link or request handle; where an answer goes */
    uint8_t key[TB_KEY_BYTES];
    struct tb_bytes data;
    const void *request;
    uint64_t silent_ms; /* LINK_DOWN: since when nothing was heard, beats counted */
    uint8_t seed[TB_SEED_BYTES];
};

#endif
