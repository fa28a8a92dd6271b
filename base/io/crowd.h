#ifndef TB_CROWD_H
#define TB_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/io/sock.h"

/*
 * crowd - a server's door is shut to new connections before the process runs out of
 * descriptors, and opened again when they have gone.
 *
 *     open --fewer than the reserve are free--> shut --twice the reserve is free--> open
 *
 * libzmq's thread goes round for ever on a connection that it cannot accept, and a
 * store that cannot open a file is a broken store. Those who are linked go on; who
 * comes meanwhile is not answered and tries again. Silent strangers fall off by the
 * handshake's own time, so the door opens again by itself.
 */
enum {
    TB_CROWD_LOOK_MS = 500,
    TB_CROWD_RESERVE_MIN = 32,  /* for the store, the check, the journal, the directories */
    TB_CROWD_RESERVE_PART = 16, /* or this part of the limit, if it is more */
};

struct tb_crowd {
    struct tb_sock *door;
    bool shut;
    uint64_t look_ms;
};

void tb_crowd_init(struct tb_crowd *crowd, struct tb_sock *door);
/* Look if it is time; shut or open the door, and note it. */
void tb_crowd_tick(struct tb_crowd *crowd, uint64_t now_ms);
uint64_t tb_crowd_due_ms(const struct tb_crowd *crowd);

/* Descriptors that this process holds, -1 if that cannot be known; and how many it
 * may hold. */
long tb_crowd_held(void);
long tb_crowd_limit(void);

#endif
