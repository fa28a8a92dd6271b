#ifndef TB_PEERS_H
#define TB_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/event.h"
#include "base/limits.h"
#include "proto/statement.h"

/*
 * peers - the connections that have said Hello, in memory only.
 *
 *   (Hello) --> greeted --> hungry --pump--> fed --Stored, new mail--> hungry
 *                  |           |\--socket full--> choked --1 s--> hungry
 *                  |           \--its disk is full--> held --Hello--> hungry
 *                  \--silent 45 s, revoked, an answer lost--> gone
 *
 * Nothing of the mail itself is queued here: per lane a peer has the seq up to
 * which it was sent, and the few rows in flight beyond its last Stored. Lost
 * with the process, found again by the next Hello. Two connections of one key
 * are two peers, and both are served.
 */
enum {
    TB_PEERS_MAX = 16 * 1024,
    TB_PEERS_OF_KEY_MAX = 8, /* the one that was silent longest goes */
    TB_PEER_SILENT_MS = 45 * 1000,
    TB_PEER_CHOKED_MS = 1000,
    /* Rows in flight that get no Stored are sent again after this time and what
     * their bytes take on the slowest line, 9600 baud. */
    TB_PEER_STALLED_MS = 60 * 1000,
    TB_LINE_BYTES_PER_S = 1000,
    /* In flight to one peer; lane 2 leaves half of it to lane 1. */
    TB_WINDOW_ROWS = 64,
    TB_WINDOW_REST_ROWS = 32,
    TB_WINDOW_BYTES = 512 * 1024,
    TB_WINDOW_REST_BYTES = 256 * 1024,
};

struct tb_flight {
    uint64_t seq;
    enum tb_lane lane;
    uint32_t bytes;
};

struct tb_peer {
    uint64_t handle;
    uint8_t key[TB_KEY_BYTES];
    uint32_t office;
    uint64_t turn; /* in which it was greeted */
    uint64_t heard_ms;
    uint64_t retry_ms;    /* choked until then */
    uint64_t progress_ms; /* last Stored, or when the flight began */
    uint64_t sent[TB_LANES + 1];
    uint64_t claim[TB_LANES + 1]; /* by its Hello; settled between turns */
    struct tb_flight flight[TB_WINDOW_ROWS];
    size_t flight_count;
    size_t flight_rest; /* of them in lane 2 */
    size_t flight_bytes;
    size_t flight_rest_bytes;
    bool hungry;
    bool held;                    /* its disk is full: nothing goes there until it greets again */
    uint64_t named[TB_ROOTS_MAX]; /* the newest directory of each root that it said it has */
    uint32_t listed;              /* of the repair that goes on */
    uint32_t lacking;
};

struct tb_peers; /* ordered by handle */

struct tb_peers *tb_peers_new(void);
void tb_peers_free(struct tb_peers *peers);

size_t tb_peers_count(const struct tb_peers *peers);
struct tb_peer *tb_peers_at(struct tb_peers *peers, size_t index);
struct tb_peer *tb_peers_find(struct tb_peers *peers, uint64_t handle); /* or NULL */

/* The peer of ${handle}, made if it is new; its flight and cursors are empty
 * then. NULL at TB_PEERS_MAX. At TB_PEERS_OF_KEY_MAX another of the key goes. */
struct tb_peer *tb_peers_greet(struct tb_peers *peers, uint64_t handle,
                               const uint8_t key[TB_KEY_BYTES]);
void tb_peers_drop(struct tb_peers *peers, uint64_t handle);

/* Rows of ${lane} up to ${seq} are stored: they are in flight no more. */
void tb_peer_landed(struct tb_peer *peer, enum tb_lane lane, uint64_t seq);
/* The row ${seq} of ${lane} did not leave: back to before it. */
void tb_peer_back(struct tb_peer *peer, enum tb_lane lane, uint64_t seq);
/* Take all rows in flight back. */
void tb_peer_rewind(struct tb_peer *peer);
/* A row of ${bytes} left. */
void tb_peer_sent(struct tb_peer *peer, enum tb_lane lane, uint64_t seq, size_t bytes);
/* How many more rows of ${lane} may leave; and may one of ${bytes}? */
size_t tb_peer_room(const struct tb_peer *peer, enum tb_lane lane);
bool tb_peer_fits(const struct tb_peer *peer, enum tb_lane lane, size_t bytes);
/* How long after its last progress what is in flight counts as lost. */
uint64_t tb_peer_patience_ms(const struct tb_peer *peer);

/* New mail for ${office}: its peers are hungry from tb_peers_wake on. */
void tb_peers_touch(struct tb_peers *peers, uint32_t office);
void tb_peers_wake(struct tb_peers *peers);

#endif
