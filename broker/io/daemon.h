#ifndef TB_BROKER_DAEMON_H
#define TB_BROKER_DAEMON_H

#include "broker/io/settings.h"

/*
 * daemon - tongbao-broker at work: the core, its store and its socket in one
 * loop and one thread.
 *
 *   keys --> store --> directories --> door self-test --> door, socket --> READY
 *     --> [ wait --> take ready frames --> turn --> COMMIT --> flush
 *           --> checkpoint, tidy ] --> SIGTERM: flush, close
 *
 * In the data folder: `broker.db` (the store), `lock`, `reserve` (given up on a
 * full disk) and `endpoint` (where it really listens, for port 0).
 */
#define TB_DAEMON_STORE_NAME "broker.db"

enum {
    TB_DAEMON_RESERVE_BYTES = 8 * 1024 * 1024,
    TB_DAEMON_ROOM_BYTES = 4 * TB_DAEMON_RESERVE_BYTES, /* free again: a new reserve */
    TB_DAEMON_ROOM_MS = 10 * 1000,
    TB_DAEMON_WAL_PAGES_MAX = 1000,
    TB_DAEMON_IDLE_MS = 1000, /* without events: checkpoint and tidy */
    TB_DAEMON_WAIT_MS_MAX = 10 * 1000,
    TB_DAEMON_FRAMES_MAX = 256, /* queued per peer in the socket */
    TB_DAEMON_CHOKED_MAX = 256, /* peers with a full socket in one flush */
};

enum tb_exit {
    TB_EXIT_OK = 0,
    TB_EXIT_START = 1, /* it could not start; standard error says why */
    TB_EXIT_USAGE = 2,
    TB_EXIT_STORE = 3, /* the store failed while at work: nothing was sent */
};

/* Run until SIGTERM, SIGINT or a broken store; SIGHUP reads the directory files
 * of ${path} again. What goes wrong is in the journal. */
enum tb_exit tb_broker_daemon_run(const struct tb_settings *settings, const char *path);

#endif
