#ifndef TB_BROKER_DAEMON_H
#define TB_BROKER_DAEMON_H

#include "base/io/exit.h"
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
#define TB_DAEMON_CHECK_WORD "--check-store" /* what its own program is spawned with */

enum {
    TB_DAEMON_RESERVE_BYTES = 8 * 1024 * 1024,
    TB_DAEMON_ROOM_BYTES = 4 * TB_DAEMON_RESERVE_BYTES, /* free again: a new reserve */
    TB_DAEMON_WAIT_MS_MAX = 10 * 1000,
    TB_DAEMON_FRAMES_MAX = 256, /* queued per peer in the socket, to be sent */
};

/* Run until SIGTERM, SIGINT or a broken store; SIGHUP reads the directory files
 * of ${path} again. What goes wrong is in the journal. */
enum tb_exit tb_broker_daemon_run(const struct tb_settings *settings, const char *path);

#endif
