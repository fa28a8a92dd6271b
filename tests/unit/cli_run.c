#include "tests/unit/cli_run.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static void collect(struct cli_run *run, int fd)
{
    char rest[1024];
    size_t used = 0;
    ssize_t got;
    do {
        size_t room = sizeof run->output - 1 - used;
        got = room > 0 ? read(fd, run->output + used, room) : read(fd, rest, sizeof rest);
        used += got > 0 && room > 0 ? (size_t)got : 0;
    } while (got > 0 || (got < 0 && errno == EINTR));
    run->output[used] = '\0';
}

void cli_run(struct cli_run *run, const char *const argv[], const char *const envp[])
{
    int ends[2];
    pid_t child = -1;
    posix_spawn_file_actions_t actions;
    run->status = -1;
    run->output[0] = '\0';
    if (pipe(ends) != 0 || posix_spawn_file_actions_init(&actions) != 0) {
        return;
    }
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    (void)posix_spawn_file_actions_addclose(&actions, ends[0]);
    (void)posix_spawn_file_actions_addclose(&actions, ends[1]);
    /* posix_spawn changes neither; its type is older than const. */
    int error = posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
                             (char *const *)(uintptr_t)envp);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (error == 0) {
        int state = 0;
        collect(run, ends[0]);
        while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
        }
        run->status = WIFEXITED(state) ? WEXITSTATUS(state) : -1;
    }
    close(ends[0]);
}
