#include "base/io/check.h"

#include <signal.h>
#include <sys/prctl.h>

#include "base/io/keep.h"
#include "base/io/say.h"

enum tb_status tb_check_store(const char *folder, const char *name,
                              const struct tb_db_schema *schema, struct tb_diag *diag)
{
    struct tb_db db;
    /* A daemon that is killed takes its check with it: nothing else may have the
     * store open when it comes back. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    enum tb_status status = tb_keep_reader(&db, folder, name, schema, diag);
    if (status != TB_OK) {
        return status;
    }
    bool sound = tb_db_sound(&db, diag);
    tb_db_close(&db);
    return sound ? TB_OK : TB_CONFLICT;
}

enum tb_exit tb_check_exit(enum tb_status status)
{
    if (status == TB_OK) {
        return TB_EXIT_OK;
    }
    return status == TB_CONFLICT || status == TB_IO ? TB_EXIT_STORE : TB_EXIT_MISTAKE;
}

void tb_check_start(struct tb_child *child, const char *config, const char *word, uint64_t now_ms)
{
    const char *argv[] = {"/proc/self/exe", "--config", config, word, NULL};
    const char *envp[] = {"LANG=C.UTF-8", NULL};
    if (tb_child_start(child, argv, envp, now_ms, 0) != TB_OK) {
        tb_say_text(TB_NOTE_WARN, "the check of the store could not be started");
    }
}

enum tb_check tb_check_ended(struct tb_child *child, uint64_t now_ms)
{
    int exit_status = 0;
    if (!tb_child_ended(child, now_ms, &exit_status)) {
        return TB_CHECK_RUNS;
    }
    switch (exit_status) {
    case TB_EXIT_OK:
        return TB_CHECK_SOUND;
    case TB_EXIT_STORE:
        return TB_CHECK_DAMAGED;
    default:
        tb_say_text(TB_NOTE_WARN, "the check of the store did not end: exit=%d", exit_status);
        return TB_CHECK_FAILED;
    }
}
