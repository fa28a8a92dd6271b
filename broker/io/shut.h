#ifndef TB_SHUT_H
#define TB_SHUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "broker/core/peers.h"

/*
 * shut - the peers to whom nothing more may leave in the present flush.
 *
 * After one frame that a socket would not take, no later one of that peer may
 * leave, though its socket should have room again: it would be taken for all that
 * stood before it, and an office's cursor would pass what it never got (I1). The
 * same holds when the connection is gone.
 */
enum { TB_SHUT_MAX = TB_PEERS_MAX + TB_TURN_EVENTS_MAX }; /* all to whom a turn can speak */

struct tb_shut {
    uint64_t handle[TB_SHUT_MAX]; /* ascending */
    bool gone[TB_SHUT_MAX];
    size_t count;
};

enum tb_shut_state { TB_SHUT_OPEN, TB_SHUT_FULL, TB_SHUT_GONE };

/* What is known of ${peer} in this flush. */
enum tb_shut_state tb_shut_state(const struct tb_shut *shut, uint64_t peer);
/* ${peer}, which was open, is full or ${gone}. */
void tb_shut_add(struct tb_shut *shut, uint64_t peer, bool gone);
/* A new flush. */
void tb_shut_clear(struct tb_shut *shut);

#endif
