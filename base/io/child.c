#define _GNU_SOURCE /* posix_spawn_file_actions_addclosefrom_np */
#include "base/io/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/fault.h"

enum tb_status tb_child_start(struct tb_child *child, const char *const *argv,
                              const char *const *envp, uint64_t now_ms, uint64_t limit_ms)
{
    tb_assert(child->pid == 0);
    posix_spawnattr_t how;
    posix_spawn_file_actions_t files;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    tb_assert(posix_spawnattr_init(&how) == 0);
    tb_assert(posix_spawn_file_actions_init(&files) == 0);
    (void)posix_spawnattr_setsigmask(&how, &none);
    (void)posix_spawnattr_setsigdefault(&how, &all);
    (void)posix_spawnattr_setpgroup(&how, 0);
    (void)posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                             POSIX_SPAWN_SETPGROUP);
    (void)posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    /* What it prints goes to the journal; nothing else of ours is open in it. */
    (void)posix_spawn_file_actions_adddup2(&files, 2, 1);
    (void)posix_spawn_file_actions_addclosefrom_np(&files, 3);
    /* posix_spawn takes pointers that are not const and changes nothing. */
    int failed = posix_spawn(&child->pid, argv[0], &files, &how, (char *const *)(uintptr_t)argv,
                             (char *const *)(uintptr_t)envp);
    (void)posix_spawnattr_destroy(&how);
    (void)posix_spawn_file_actions_destroy(&files);
    if (failed != 0) {
        child->pid = 0;
        return TB_IO;
    }
    child->killed = false;
    child->kill_at_ms = limit_ms == 0 ? UINT64_MAX : now_ms + limit_ms;
    return TB_OK;
}

/* The exit status of a program that ended with ${how}. */
static int exit_status_of(const struct tb_child *child, int how)
{
    if (child->killed) {
        return TB_CHILD_TIMED_OUT;
    }
    return WIFEXITED(how) ? WEXITSTATUS(how) : TB_CHILD_SIGNALLED + WTERMSIG(how);
}

bool tb_child_ended(struct tb_child *child, uint64_t now_ms, int *exit_status)
{
    if (child->pid == 0) {
        return false;
    }
    int how = 0;
    pid_t ended = waitpid(child->pid, &how, WNOHANG);
    if (ended == 0) {
        if (now_ms >= child->kill_at_ms && !child->killed) {
            (void)kill(-child->pid, SIGKILL);
            child->killed = true;
        }
        return false;
    }
    *exit_status = ended < 0 ? TB_CHILD_NOT_RUN : exit_status_of(child, how);
    child->pid = 0;
    return true;
}

void tb_child_kill(struct tb_child *child)
{
    if (child->pid == 0) {
        return;
    }
    (void)kill(-child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    child->pid = 0;
}
