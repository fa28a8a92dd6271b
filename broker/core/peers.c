#include "broker/core/peers.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum { OFFICE_CODES = 1000000, TOUCHED_MAX = 64 * 1024, ROOM_FIRST = 16 };

struct tb_peers {
    struct tb_peer **at;
    size_t count;
    size_t room;
    /* Offices with new mail since the last wake: a bit each, and the list of
     * the bits that are set. When the list is full every peer is woken. */
    uint8_t *bits;
    uint32_t *touched;
    size_t touched_count;
};

struct tb_peers *tb_peers_new(void)
{
    struct tb_peers *peers = calloc(1, sizeof *peers);
    tb_assert(peers != NULL);
    peers->bits = calloc(OFFICE_CODES / 8 + 1, 1);
    peers->touched = calloc(TOUCHED_MAX, sizeof *peers->touched);
    tb_assert(peers->bits != NULL);
    tb_assert(peers->touched != NULL);
    return peers;
}

void tb_peers_free(struct tb_peers *peers)
{
    if (peers == NULL) {
        return;
    }
    for (size_t i = 0; i < peers->count; i++) {
        free(peers->at[i]);
    }
    free(peers->at);
    free(peers->bits);
    free(peers->touched);
    free(peers);
}

size_t tb_peers_count(const struct tb_peers *peers)
{
    return peers->count;
}

struct tb_peer *tb_peers_at(struct tb_peers *peers, size_t index)
{
    tb_assert(index < peers->count);
    return peers->at[index];
}

/* Where ${handle} is or would stand. */
static size_t place_of(const struct tb_peers *peers, uint64_t handle)
{
    size_t low = 0;
    size_t high = peers->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (peers->at[middle]->handle < handle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct tb_peer *tb_peers_find(struct tb_peers *peers, uint64_t handle)
{
    size_t place = place_of(peers, handle);
    bool found = place < peers->count && peers->at[place]->handle == handle;
    return found ? peers->at[place] : NULL;
}

void tb_peers_drop(struct tb_peers *peers, uint64_t handle)
{
    size_t place = place_of(peers, handle);
    if (place == peers->count || peers->at[place]->handle != handle) {
        return;
    }
    free(peers->at[place]);
    peers->count--;
    memmove(&peers->at[place], &peers->at[place + 1], (peers->count - place) * sizeof peers->at[0]);
}

/* One key may not take the table for itself (I10). */
static void limit_key(struct tb_peers *peers, const uint8_t key[TB_KEY_BYTES])
{
    const struct tb_peer *silent = NULL;
    size_t count = 0;
    for (size_t i = 0; i < peers->count; i++) {
        const struct tb_peer *peer = peers->at[i];
        if (memcmp(peer->key, key, TB_KEY_BYTES) == 0) {
            count++;
            if (silent == NULL || peer->heard_ms < silent->heard_ms) {
                silent = peer;
            }
        }
    }
    if (count >= TB_PEERS_OF_KEY_MAX) {
        tb_peers_drop(peers, silent->handle);
    }
}

static void make_room(struct tb_peers *peers)
{
    if (peers->count < peers->room) {
        return;
    }
    size_t room = peers->room == 0 ? ROOM_FIRST : 2 * peers->room;
    struct tb_peer **at = realloc(peers->at, room * sizeof *at);
    tb_assert(at != NULL);
    peers->at = at;
    peers->room = room;
}

struct tb_peer *tb_peers_greet(struct tb_peers *peers, uint64_t handle,
                               const uint8_t key[TB_KEY_BYTES])
{
    struct tb_peer *peer = tb_peers_find(peers, handle);
    if (peer == NULL) {
        limit_key(peers, key);
        if (peers->count == TB_PEERS_MAX) {
            return NULL;
        }
        make_room(peers);
        peer = calloc(1, sizeof *peer);
        tb_assert(peer != NULL);
        size_t place = place_of(peers, handle);
        memmove(&peers->at[place + 1], &peers->at[place],
                (peers->count - place) * sizeof peers->at[0]);
        peers->at[place] = peer;
        peers->count++;
    }
    *peer = (struct tb_peer){.handle = handle};
    memcpy(peer->key, key, TB_KEY_BYTES);
    return peer;
}

static void count(struct tb_peer *peer, enum tb_lane lane, size_t bytes)
{
    bool rest = lane == TB_LANE_REST;
    peer->flight_bytes += bytes;
    peer->flight_rest += rest;
    peer->flight_rest_bytes += rest ? bytes : 0;
}

/* Keep of the flight what ${lane} has beyond ${low} and up to ${high}, and all
 * of the other lane. */
static void keep(struct tb_peer *peer, enum tb_lane lane, uint64_t low, uint64_t high)
{
    size_t kept = 0;
    peer->flight_rest = 0;
    peer->flight_bytes = 0;
    peer->flight_rest_bytes = 0;
    for (size_t i = 0; i < peer->flight_count; i++) {
        struct tb_flight flight = peer->flight[i];
        if (flight.lane != lane || (flight.seq > low && flight.seq <= high)) {
            peer->flight[kept++] = flight;
            count(peer, flight.lane, flight.bytes);
        }
    }
    peer->flight_count = kept;
}

void tb_peer_landed(struct tb_peer *peer, enum tb_lane lane, uint64_t seq)
{
    keep(peer, lane, seq, UINT64_MAX);
    /* The office may be further than what went by this link. */
    if (peer->sent[lane] < seq) {
        peer->sent[lane] = seq;
    }
}

void tb_peer_back(struct tb_peer *peer, enum tb_lane lane, uint64_t seq)
{
    tb_assert(seq > 0);
    if (peer->sent[lane] >= seq) {
        peer->sent[lane] = seq - 1;
    }
    keep(peer, lane, 0, seq - 1);
}

void tb_peer_rewind(struct tb_peer *peer)
{
    for (size_t i = 0; i < peer->flight_count; i++) {
        struct tb_flight flight = peer->flight[i];
        if (peer->sent[flight.lane] >= flight.seq) {
            peer->sent[flight.lane] = flight.seq - 1;
        }
    }
    peer->flight_count = 0;
    peer->flight_rest = 0;
    peer->flight_bytes = 0;
    peer->flight_rest_bytes = 0;
}

void tb_peer_sent(struct tb_peer *peer, enum tb_lane lane, uint64_t seq, size_t bytes)
{
    tb_assert(peer->flight_count < TB_WINDOW_ROWS);
    peer->flight[peer->flight_count++] = (struct tb_flight){seq, lane, (uint32_t)bytes};
    count(peer, lane, bytes);
    peer->sent[lane] = seq;
}

size_t tb_peer_room(const struct tb_peer *peer, enum tb_lane lane)
{
    size_t room = TB_WINDOW_ROWS - peer->flight_count;
    if (lane == TB_LANE_REST) {
        size_t rest = TB_WINDOW_REST_ROWS - peer->flight_rest;
        room = room < rest ? room : rest;
    }
    return room;
}

bool tb_peer_fits(const struct tb_peer *peer, enum tb_lane lane, size_t bytes)
{
    bool share = lane != TB_LANE_REST || peer->flight_rest == 0 ||
                 peer->flight_rest_bytes + bytes <= TB_WINDOW_REST_BYTES;
    return share && (peer->flight_count == 0 || peer->flight_bytes + bytes <= TB_WINDOW_BYTES);
}

uint64_t tb_peer_patience_ms(const struct tb_peer *peer)
{
    return TB_PEER_STALLED_MS + (uint64_t)peer->flight_bytes * 1000 / TB_LINE_BYTES_PER_S;
}

void tb_peers_touch(struct tb_peers *peers, uint32_t office)
{
    tb_assert(office < OFFICE_CODES);
    uint8_t bit = (uint8_t)(1u << (office % 8));
    if ((peers->bits[office / 8] & bit) == 0 && peers->touched_count < TOUCHED_MAX) {
        peers->bits[office / 8] |= bit;
        peers->touched[peers->touched_count++] = office;
    }
}

void tb_peers_wake(struct tb_peers *peers)
{
    if (peers->touched_count == 0) {
        return;
    }
    bool all = peers->touched_count == TOUCHED_MAX;
    for (size_t i = 0; i < peers->count; i++) {
        struct tb_peer *peer = peers->at[i];
        bool touched = (peers->bits[peer->office / 8] & 1u << peer->office % 8) != 0;
        peer->hungry = peer->hungry || touched || all;
    }
    for (size_t i = 0; i < peers->touched_count; i++) {
        peers->bits[peers->touched[i] / 8] = 0;
    }
    peers->touched_count = 0;
}
