#include "tests/system/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { TOLD_BYTES_MAX = 4 * 1024 * 1024 };

/* Every process that runs, for the atexit function. */
static pid_t running[TB_CHILD_MAX];

unsigned long long tb_child_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
}

void tb_child_rest(int ms)
{
    struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};
    while (nanosleep(&pause, &pause) == -1 && errno == EINTR) {
    }
}

static void end_all(void)
{
    for (size_t i = 0; i < TB_CHILD_MAX; i++) {
        if (running[i] > 0) {
            kill(running[i], SIGKILL);
            waitpid(running[i], NULL, 0);
            running[i] = 0;
        }
    }
}

static void remember(pid_t pid)
{
    static bool registered = false;
    if (!registered) {
        atexit(end_all);
        registered = true;
    }
    for (size_t i = 0; i < TB_CHILD_MAX; i++) {
        if (running[i] == 0) {
            running[i] = pid;
            return;
        }
    }
    kill(pid, SIGKILL);
    fail_msg("more than %d processes at once", TB_CHILD_MAX);
}

static void forget(pid_t pid)
{
    for (size_t i = 0; i < TB_CHILD_MAX; i++) {
        if (running[i] == pid) {
            running[i] = 0;
        }
    }
}

/* In the new process: put the three standard files in place; only calls that
 * are safe after a fork. */
static void redirect(const char *in, const char *out, const char *err)
{
    int from = open(in, O_RDONLY);
    int to = open(out, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int bad = strcmp(out, err) == 0 ? to : open(err, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (from < 0 || to < 0 || bad < 0) {
        _exit(126);
    }
    dup2(from, STDIN_FILENO);
    dup2(to, STDOUT_FILENO);
    dup2(bad, STDERR_FILENO);
}

static void change_environment(const char *const environment[])
{
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        const char *equals = strchr(environment[i], '=');
        char name[64];
        size_t size = equals == NULL ? strlen(environment[i]) : (size_t)(equals - environment[i]);
        if (size >= sizeof name) {
            _exit(126);
        }
        memcpy(name, environment[i], size);
        name[size] = '\0';
        if (equals == NULL) {
            unsetenv(name);
        } else {
            setenv(name, equals + 1, 1);
        }
    }
}

static pid_t start(const char *const arguments[], const char *const environment[], const char *in,
                   const char *out, const char *err)
{
    char *copies[TB_CHILD_ARGUMENTS_MAX + 1];
    size_t count = 0;
    while (arguments[count] != NULL) {
        assert_true(count < TB_CHILD_ARGUMENTS_MAX);
        copies[count] = strdup(arguments[count]);
        assert_non_null(copies[count]);
        count++;
    }
    copies[count] = NULL;
    fflush(NULL);
    pid_t parent = getpid();
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(126); /* the test died before the line above */
        }
        redirect(in, out, err);
        change_environment(environment);
        execv(copies[0], copies);
        _exit(127);
    }
    for (size_t i = 0; i < count; i++) {
        free(copies[i]);
    }
    remember(pid);
    return pid;
}

void tb_child_start(struct tb_child *child, const char *const arguments[], const char *log)
{
    assert_int_equal(child->pid, 0);
    child->pid = start(arguments, NULL, "/dev/null", log, log);
    child->paused = false;
}

void tb_child_fork(struct tb_child *child, void (*work)(void *context), void *context)
{
    pid_t parent = getpid();
    assert_int_equal(child->pid, 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent) {
            work(context);
        }
        _exit(0);
    }
    remember(pid);
    child->pid = pid;
    child->paused = false;
}

static int status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* Wait for the end of ${pid}; false when it still runs after ${wait_ms}. */
static bool wait_end(pid_t pid, int wait_ms, int *status)
{
    unsigned long long until = tb_child_now_ms() + (unsigned long long)wait_ms;
    for (;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid) {
            forget(pid);
            return true;
        }
        if (ended == -1 && errno != EINTR) {
            fail_msg("waitpid: %s", strerror(errno));
        }
        if (tb_child_now_ms() >= until) {
            return false;
        }
        tb_child_rest(1);
    }
}

bool tb_child_alive(struct tb_child *child)
{
    int status = 0;
    if (child->pid != 0 && wait_end(child->pid, 0, &status)) {
        child->pid = 0;
    }
    return child->pid != 0;
}

int tb_child_end(struct tb_child *child, int signal, int wait_ms)
{
    int status = 0;
    if (child->pid == 0) {
        return 0;
    }
    kill(child->pid, signal);
    if (child->paused) {
        kill(child->pid, SIGCONT);
    }
    if (!wait_end(child->pid, wait_ms, &status)) {
        kill(child->pid, SIGKILL);
        assert_true(wait_end(child->pid, 5000, &status));
    }
    child->pid = 0;
    child->paused = false;
    return status_of(status);
}

void tb_child_pause(struct tb_child *child)
{
    assert_true(child->pid != 0);
    assert_int_equal(kill(child->pid, SIGSTOP), 0);
    child->paused = true;
}

void tb_child_go_on(struct tb_child *child)
{
    assert_true(child->pid != 0);
    assert_int_equal(kill(child->pid, SIGCONT), 0);
    child->paused = false;
}

static char *read_and_remove(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = malloc(TOLD_BYTES_MAX + 1);
    size_t size = 0;
    assert_non_null(text);
    if (file != NULL) {
        size = fread(text, 1, TOLD_BYTES_MAX, file);
        fclose(file);
        unlink(path);
    }
    text[size] = '\0';
    char *fitted = realloc(text, size + 1);
    return fitted == NULL ? text : fitted;
}

struct tb_told tb_child_run(const char *const arguments[], const char *const environment[],
                            const char *input, const char *folder, int wait_ms)
{
    static unsigned counter = 0;
    char in[TB_CHILD_PATH_BYTES_MAX];
    char out[TB_CHILD_PATH_BYTES_MAX];
    char err[TB_CHILD_PATH_BYTES_MAX];
    struct tb_told told = {0, NULL, NULL};
    int status = 0;

    counter++;
    snprintf(in, sizeof in, "%s/run-%u.in", folder, counter);
    snprintf(out, sizeof out, "%s/run-%u.out", folder, counter);
    snprintf(err, sizeof err, "%s/run-%u.err", folder, counter);
    FILE *file = fopen(in, "w");
    assert_non_null(file);
    fputs(input == NULL ? "" : input, file);
    fclose(file);

    pid_t pid = start(arguments, environment, in, out, err);
    bool ended = wait_end(pid, wait_ms, &status);
    if (!ended) {
        kill(pid, SIGKILL);
        wait_end(pid, 5000, &status);
    }
    unlink(in);
    told.exit_status = status_of(status);
    told.out = read_and_remove(out);
    told.err = read_and_remove(err);
    if (!ended) {
        fail_msg("%s did not end within %d ms: %s%s", arguments[0], wait_ms, told.out, told.err);
    }
    return told;
}

void tb_child_told_free(struct tb_told *told)
{
    free(told->out);
    free(told->err);
    told->out = NULL;
    told->err = NULL;
}
