#ifndef TB_DAEMON_INNER_H
#define TB_DAEMON_INNER_H

#include "base/io/loop.h"
#include "node/io/api.h"
#include "node/io/child.h"
#include "node/io/daemon.h"
#include "node/io/store.h"

/*
 * daemon_inner - what daemon.c (start, sleep, stop) and daemon_turn.c (turns and
 * what they do to the world) share.
 */
struct tb_daemon {
    struct tb_config config;
    const char *config_path;
    struct tb_store store;
    struct tb_loop *loop;
    struct tb_sock_context *context;
    struct tb_links *links;
    struct tb_siren siren;
    struct tb_sse *sse;
    struct tb_api *api;
    struct tb_http *http;
    struct tb_turn_core core;  /* of the turn: ours, which passes on to */
    struct tb_turn_core inner; /* the node's */
    struct tb_outbox out;
    struct tb_queue queue;
    struct tb_child check; /* the full check of the store, beside us */
    struct tb_now now;
    bool links_changed;
    bool disk_full;
    unsigned turns_unchecked; /* turns since the last checkpoint */
    uint64_t busy_ms;         /* when the last turn with events was */
    uint64_t turn_end_ms;     /* when this turn has worked long enough */
    uint64_t room_ms;         /* when room for the reserve is looked for next */
    uint64_t ping_ms;         /* when the service manager is told next */
    enum tb_exit exit_status;
};

/* Make the core of the turn over the open store. */
void tb_daemon_core(struct tb_daemon *d);
/* One turn over what is in the queue: run, flush, clear. */
void tb_daemon_turn(struct tb_daemon *d);
/* Stop at once, with nothing sent. */
void tb_daemon_broken(struct tb_daemon *d);
/* Move the WAL into the store when it is time. */
void tb_daemon_checkpoint(struct tb_daemon *d);
/* Take the reserve (again) when there is room for it. */
void tb_daemon_room(struct tb_daemon *d);

#endif
