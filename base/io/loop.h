#ifndef TB_LOOP_H
#define TB_LOOP_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/status.h"

/*
 * loop - the reactor: one thread sleeping until a source is ready.
 *
 * Sources are libzmq sockets and descriptors, both level-triggered: a source
 * that has more than its callback took is ready again in the next wait. Each
 * ready source is called once per wait, beginning one further each time, so
 * that none is always last. A callback takes a bounded amount, never waits,
 * and may add and remove sources, its own included.
 *
 * The loop owns the process's signals: SIGTERM and SIGINT ask for an orderly
 * stop, SIGHUP for a reload, SIGPIPE is ignored. It is opened before the socket
 * context, so that libzmq's threads are born with these signals blocked; a
 * program that is spawned must be given an empty mask (posix_spawnattr_setsigmask).
 */
enum { TB_LOOP_SOURCES_MAX = 256 };

enum tb_loop_want {
    TB_LOOP_READ = 1,
    TB_LOOP_WRITE = 2,
};

struct tb_loop;
/* Names one source; never 0, never reused in the life of a loop. */
struct tb_loop_source {
    unsigned long number;
};

/* One loop per process. TB_IO with ${diag} when the system refuses. */
enum tb_status tb_loop_open(struct tb_loop **out, struct tb_diag *diag) TB_MUST_USE;
/* Restores the signal mask; closes none of the sources. NULL is allowed. */
void tb_loop_close(struct tb_loop *loop);

/* Watch a libzmq socket (tb_sock_raw, tb_zap_raw) for frames to read, or the
 * descriptor ${fd} for ${want}, enum tb_loop_want bits. ${ready} is called with
 * ${context}; both are borrowed until removed. TB_FULL at TB_LOOP_SOURCES_MAX.
 * ${out} may be NULL for a source that is never removed. */
enum tb_status tb_loop_add_zmq(struct tb_loop *loop, void *socket, void (*ready)(void *context),
                               void *context, struct tb_loop_source *out) TB_MUST_USE;
enum tb_status tb_loop_add_fd(struct tb_loop *loop, int fd, unsigned want,
                              void (*ready)(void *context), void *context,
                              struct tb_loop_source *out) TB_MUST_USE;
/* Change what a descriptor is watched for; 0 watches for errors only. */
void tb_loop_want(struct tb_loop *loop, struct tb_loop_source source, unsigned want);
/* Before the socket or descriptor is closed. Unknown sources are ignored. */
void tb_loop_remove(struct tb_loop *loop, struct tb_loop_source source);

/* Sleep at most ${timeout_ms} (0 does not sleep, -1 has no end) until a source
 * is ready or a signal came, then call the ready ones. The count of sources
 * called goes to ${called} (may be NULL). TB_IO: polling itself failed. */
enum tb_status tb_loop_wait(struct tb_loop *loop, int timeout_ms, int *called) TB_MUST_USE;

/* True from the first SIGTERM or SIGINT (or tb_loop_stop) on. */
bool tb_loop_stopping(const struct tb_loop *loop);
/* Ask for the stop from inside. */
void tb_loop_stop(struct tb_loop *loop);
/* True once after each SIGHUP (several that came together count as one). */
bool tb_loop_take_reload(struct tb_loop *loop);

#endif
