#ifndef TB_DAEMON_H
#define TB_DAEMON_H

#include "node/io/config.h"

/*
 * daemon - the life of tongbao-node: start, turns, stop.
 *
 *   config → keys → store → directories → links → http → READY
 *
 *   read both clocks → take what is ready → turn → COMMIT → flush → sleep
 *
 * Only here do effects become actions, and only after the turn that they belong
 * to has committed (I4). One thread; nothing waits but the sleep.
 */
enum {
    TB_DAEMON_RESERVE_BYTES = 4 * 1024 * 1024, /* given up when the disk is full */
    TB_DAEMON_ROOM_BYTES = 8 * 1024 * 1024,    /* when so much is free it is taken again */
    TB_DAEMON_ROOM_MS = 10000,                 /* how often that is looked at */
    TB_DAEMON_CHECKPOINT_TURNS = 64,           /* at the latest after so many */
    TB_DAEMON_CHECKPOINT_MS = 1000,            /* and when it has been idle for so long */
    TB_DAEMON_CHILD_MS = 100,                  /* how often a running program is looked at */
    TB_DAEMON_WAIT_MS_MAX = 60000,
};

/* Exit statuses of tongbao-node. */
enum tb_exit {
    TB_EXIT_OK = 0,
    TB_EXIT_MISTAKE = 1, /* in the configuration or its files; the operator mends it */
    TB_EXIT_USAGE = 2,
    TB_EXIT_STORE = 3, /* the store failed: nothing was sent; start again */
};

/* Run until SIGTERM, or until the store fails. ${config_path} is read again at SIGHUP. Returns
 * the exit status; what was wrong has been logged. */
enum tb_exit tb_daemon_run(const struct tb_config *config, const char *config_path);

#endif
