#include "node/cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool tb_program_folder(char out[TB_PROGRAM_PATH_BYTES_MAX])
{
    ssize_t size = readlink("/proc/self/exe", out, TB_PROGRAM_PATH_BYTES_MAX - 1);
    if (size <= 0 || size >= TB_PROGRAM_PATH_BYTES_MAX - 1) {
        return false;
    }
    out[size] = '\0';
    char *slash = strrchr(out, '/');
    if (slash == NULL) {
        return false;
    }
    *slash = '\0';
    return true;
}

/* The program to run: a path that can be executed, or the name for PATH. */
static void find_node(char *out, size_t out_bytes)
{
    static const char *const places[] = {"tongbao-node", "../tongbao-node", "../sbin/tongbao-node"};
    char folder[TB_PROGRAM_PATH_BYTES_MAX];
    if (tb_program_folder(folder)) {
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            snprintf(out, out_bytes, "%s/%s", folder, places[i]);
            if (access(out, X_OK) == 0) {
                return;
            }
        }
    }
    snprintf(out, out_bytes, "tongbao-node");
}

enum tb_status tb_program_node(char *argv[], int *exit_status)
{
    char path[TB_PROGRAM_PATH_BYTES_MAX + 32];
    find_node(path, sizeof path);
    argv[0] = path;
    pid_t child = -1;
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return TB_IO;
    }
    /* What it says on stdout this program says itself, in the person's language. */
    int error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    error = error != 0 ? error : posix_spawnp(&child, path, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return error == ENOENT ? TB_UNKNOWN : TB_IO;
    }
    int state = 0;
    while (waitpid(child, &state, 0) < 0) {
        if (errno != EINTR) {
            return TB_IO;
        }
    }
    *exit_status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    /* posix_spawnp reports a program that is not there by 127 on some systems. */
    return *exit_status == 127 ? TB_UNKNOWN : TB_OK;
}
