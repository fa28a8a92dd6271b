#include "node/io/siren.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/say.h"

enum { VARIABLE_BYTES_MAX = 128, PATH_BYTES_MAX = 1024 };

void tb_siren_init(struct tb_siren *siren, const char *command)
{
    *siren = (struct tb_siren){.command = command};
}

/* Start the command with what it is to know about ${run}; a test has no run. */
static enum tb_status start(struct tb_child *child, const char *command,
                            const struct tb_alarm_run *run, uint64_t now_ms)
{
    char path[PATH_BYTES_MAX];
    char home[PATH_BYTES_MAX];
    char count[VARIABLE_BYTES_MAX];
    char number[VARIABLE_BYTES_MAX];
    char id[VARIABLE_BYTES_MAX];
    char hex[TB_ID_HEX_CHARS + 1] = "";
    const char *ours = getenv("PATH");
    const char *our_home = getenv("HOME");
    snprintf(path, sizeof path, "PATH=%s", ours != NULL ? ours : "/usr/local/bin:/usr/bin:/bin");
    snprintf(home, sizeof home, "HOME=%s", our_home != NULL ? our_home : "/");
    snprintf(count, sizeof count, "TONGBAO_COUNT=%u", run == NULL ? 0 : run->waiting);
    snprintf(number, sizeof number, "TONGBAO_NUMBER=%s", run == NULL ? "" : run->number);
    if (run != NULL) {
        tb_hex(hex, tb_bytes_of(run->id.byte, sizeof run->id.byte));
    }
    snprintf(id, sizeof id, "TONGBAO_ID=%s", hex);
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    const char *envp[] = {
        path, home, "LANG=C.UTF-8", count, number, id, run == NULL ? "TONGBAO_TEST=1" : NULL, NULL};
    return tb_child_start(child, argv, envp, now_ms, TB_SIREN_LIMIT_MS);
}

/* Remember a run that could not be made; when too many are, the oldest give way, for the core
 * shows the last result only. */
static void miss(struct tb_siren *siren, int64_t run)
{
    if (siren->missed_count == TB_SIREN_MISSED_MAX) {
        memmove(siren->missed, siren->missed + 1,
                (TB_SIREN_MISSED_MAX - 1) * sizeof siren->missed[0]);
        siren->missed_count--;
    }
    siren->missed[siren->missed_count++] = run;
}

void tb_siren_run(struct tb_siren *siren, const struct tb_alarm_run *run, uint64_t now_ms)
{
    if (siren->command[0] == '\0') {
        return;
    }
    if (siren->run.pid != 0 || start(&siren->run, siren->command, run, now_ms) != TB_OK) {
        miss(siren, run->run);
        return;
    }
    siren->run_number = run->run;
}

enum tb_status tb_siren_test(struct tb_siren *siren, uint64_t request, uint64_t now_ms)
{
    if (siren->command[0] == '\0' || siren->test.pid != 0) {
        return TB_STATE;
    }
    siren->test_for = request;
    return start(&siren->test, siren->command, NULL, now_ms);
}

/* The run itself is noted by the core, which keeps it. */
static void tell(const struct tb_siren *siren, int exit_status)
{
    if (exit_status != 0) {
        tb_say(TB_NOTE_ALARM_FAILED, exit_status, siren->command);
    }
}

bool tb_siren_ended(struct tb_siren *siren, uint64_t now_ms, struct tb_alarm_ended *ended)
{
    if (siren->missed_count > 0) {
        *ended = (struct tb_alarm_ended){siren->missed[0], TB_CHILD_NOT_RUN};
        siren->missed_count--;
        memmove(siren->missed, siren->missed + 1, siren->missed_count * sizeof siren->missed[0]);
        tell(siren, TB_CHILD_NOT_RUN);
        return true;
    }
    int exit_status = 0;
    if (!tb_child_ended(&siren->run, now_ms, &exit_status)) {
        return false;
    }
    *ended = (struct tb_alarm_ended){siren->run_number, exit_status};
    tell(siren, exit_status);
    return true;
}

bool tb_siren_tested(struct tb_siren *siren, uint64_t now_ms, uint64_t *request, int *exit_status)
{
    if (!tb_child_ended(&siren->test, now_ms, exit_status)) {
        return false;
    }
    *request = siren->test_for;
    tell(siren, *exit_status);
    return true;
}

bool tb_siren_busy(const struct tb_siren *siren)
{
    return siren->run.pid != 0 || siren->test.pid != 0 || siren->missed_count > 0;
}

void tb_siren_stop(struct tb_siren *siren)
{
    tb_child_kill(&siren->run);
    tb_child_kill(&siren->test);
}
