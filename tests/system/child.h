#ifndef TB_CHILD_H
#define TB_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * child - one real process that a test started.
 *
 *   not started --start--> running --stop signal--> paused --go on--> running
 *                             |                        |
 *                             +----- ended by us, or dead by itself -----> not started
 *
 * A test ends only processes that it started, by their number. A child dies
 * with the test program: PR_SET_PDEATHSIG for a test that is killed, an atexit
 * function for one that fails.
 */
enum { TB_CHILD_MAX = 128, TB_CHILD_PATH_BYTES_MAX = 512, TB_CHILD_ARGUMENTS_MAX = 64 };

struct tb_child {
    pid_t pid; /* 0: not running */
    bool paused;
};

/* Run ${arguments} (NULL-terminated, the program's path first) with standard
 * output and error appended to the file ${log}. Fails the test if it cannot. */
void tb_child_start(struct tb_child *child, const char *const arguments[], const char *log);

/* A process that runs ${work} of this program and ends; for the wires. */
void tb_child_fork(struct tb_child *child, void (*work)(void *context), void *context);

/* True while the process runs; reaps it when it has died by itself. */
bool tb_child_alive(struct tb_child *child);

/* Send ${signal} and wait for the end, at most ${wait_ms}, then SIGKILL. Returns
 * the exit status, 256 + signal for a death by signal; 0 when it did not run. */
int tb_child_end(struct tb_child *child, int signal, int wait_ms);

/* SIGSTOP and SIGCONT. */
void tb_child_pause(struct tb_child *child);
void tb_child_go_on(struct tb_child *child);

/* What a program that ran to its end had to say. */
struct tb_told {
    int exit_status; /* 256 + signal for a death by signal */
    char *out;       /* standard output, NUL-terminated, owned */
    char *err;
};

/*
 * Run a program to its end: ${environment} (NULL-terminated "NAME=value", may be
 * NULL) is added to this one's, an entry "NAME" without '=' takes a name away;
 * ${input} (NULL: empty) is its standard input; ${folder} takes the files that
 * carry its output. Fails the test when it takes longer than ${wait_ms}. The
 * caller gives the answer back with tb_child_told_free.
 */
struct tb_told tb_child_run(const char *const arguments[], const char *const environment[],
                            const char *input, const char *folder, int wait_ms);
void tb_child_told_free(struct tb_told *told);

/* The monotonic clock, in milliseconds, and a short rest between two looks. */
unsigned long long tb_child_now_ms(void);
void tb_child_rest(int ms);

#endif
