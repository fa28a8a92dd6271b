#ifndef TB_DAEMON_INNER_H
#define TB_DAEMON_INNER_H

#include "base/io/engine.h"
#include "base/io/later.h"
#include "base/io/loop.h"
#include "node/io/api.h"
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
    struct tb_engine engine;
    struct tb_queue queue;
    struct tb_later later;
    struct tb_now now;
    bool links_changed;
    enum tb_exit exit_status;
};

/* One turn over what is in the queue: run, flush, clear. */
void tb_daemon_turn(struct tb_daemon *d);
/* Send what was to go out soon, now. */
void tb_daemon_send_later(struct tb_daemon *d);
/* Stop at once, with nothing sent: "any other failed write, COMMIT or fsync sends
 * nothing and stops the process". */
void tb_daemon_broken(struct tb_daemon *d);

#endif
