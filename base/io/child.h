#ifndef TB_CHILD_H
#define TB_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

/*
 * child - one program that the daemon runs beside itself.
 *
 *   idle --start--> running --it ends, or the time limit kills it--> ended
 *
 * Spawned, never forked by hand: a fork would carry the open store and its
 * locks along. The program gets an empty signal mask, a process group of its
 * own, so that the limit reaches its children too, no input, and exactly the
 * environment that is given.
 */
enum {
    TB_CHILD_TIMED_OUT = 124,
    TB_CHILD_NOT_RUN = 127,
    TB_CHILD_SIGNALLED = 128, /* plus the signal's number */
};

struct tb_child {
    pid_t pid; /* 0: idle */
    uint64_t kill_at_ms;
    bool killed;
};

/* Start ${argv} with ${envp}; it is killed at ${limit_ms} from ${now_ms} on; 0: never. TB_IO
 * when it cannot be started, and the child is then idle. */
enum tb_status tb_child_start(struct tb_child *child, const char *const *argv,
                              const char *const *envp, uint64_t now_ms,
                              uint64_t limit_ms) TB_MUST_USE;

/* Look, without waiting: true once when the program has ended, with its exit status (or one of
 * the numbers above); the child is then idle. Also keeps the time limit. */
bool tb_child_ended(struct tb_child *child, uint64_t now_ms, int *exit_status);

/* End it now and wait for it; at an orderly stop. */
void tb_child_kill(struct tb_child *child);

#endif
