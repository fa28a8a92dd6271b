#ifndef TB_DAEMON_H
#define TB_DAEMON_H

#include "base/io/exit.h"
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
    TB_DAEMON_CHILD_MS = 100, /* how often a running alarm is looked at */
    TB_DAEMON_WAIT_MS_MAX = 60000,
};

/* Run until SIGTERM, or until the store fails. ${config_path} is read again at SIGHUP. Returns
 * the exit status; what was wrong has been logged. */
enum tb_exit tb_daemon_run(const struct tb_config *config, const char *config_path);

#endif
