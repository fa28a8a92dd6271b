#include "broker/io/check.h"

#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/db.h"
#include "base/fault.h"
#include "broker/core/store.h"
#include "broker/io/daemon.h"

enum tb_status tb_broker_check_store(const struct tb_settings *settings, struct tb_diag *diag)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    struct tb_db db;
    /* A broker that is killed takes its check with it: nothing else may have the
     * store open when it comes back. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    enum tb_status status = tb_settings_data(settings, TB_DAEMON_STORE_NAME, path, diag);
    if (status == TB_OK) {
        status = tb_db_open_reader(&db, path, tb_broker_store_schema(), diag);
    }
    if (status != TB_OK) {
        return status;
    }
    bool sound = tb_db_sound(&db, diag);
    tb_db_close(&db);
    return sound ? TB_OK : TB_CONFLICT;
}

/* posix_spawn takes words without const and does not write to them. */
static char *word(const char *text)
{
    union {
        const char *in;
        char *out;
    } same = {.in = text};
    return same.out;
}

pid_t tb_broker_check_start(const char *path)
{
    char *argv[] = {word("tongbao-broker"), word("--config"), word(path), word("--check-store"),
                    NULL};
    char *envp[] = {word("LANG=C.UTF-8"), NULL};
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid = 0;
    /* The loop has blocked signals; its child must not be born deaf. */
    int rc = posix_spawnattr_init(&attributes);
    tb_assert(rc == 0);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    rc = posix_spawn(&pid, "/proc/self/exe", NULL, &attributes, argv, envp);
    posix_spawnattr_destroy(&attributes);
    return rc == 0 ? pid : 0;
}

void tb_broker_check_stop(pid_t *pid)
{
    if (*pid != 0 && kill(*pid, SIGKILL) == 0) {
        (void)waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

bool tb_broker_check_ended(pid_t *pid, int *exit_status)
{
    int status = 0;
    if (*pid == 0 || waitpid(*pid, &status, WNOHANG) != *pid) {
        return false;
    }
    *pid = 0;
    *exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return true;
}
