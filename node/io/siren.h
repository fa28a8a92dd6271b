#ifndef TB_SIREN_H
#define TB_SIREN_H

#include "node/core/node.h"
#include "base/io/child.h"

/*
 * siren - wakes the officer on duty by the operator's own command.
 *
 *   idle --tb_siren_run--> running --ended or 50 s--> idle, result to be taken
 *
 * The command is run by sh -c with TONGBAO_COUNT (how many wait),
 * TONGBAO_NUMBER and TONGBAO_ID (the newest) in its environment; a test has
 * TONGBAO_TEST=1. Alarm and test are apart, so that a test never stands in the
 * way of an alarm. A run that is due while the last one still runs is told as
 * ended with TB_CHILD_NOT_RUN, so that the failure shows.
 */
enum { TB_SIREN_LIMIT_MS = 50000, TB_SIREN_MISSED_MAX = 8 };

struct tb_siren {
    const char *command; /* borrowed; "" is none */
    struct tb_child run;
    struct tb_child test;
    int64_t run_number;
    uint64_t test_for; /* the request that asked for the test */
    int64_t missed[TB_SIREN_MISSED_MAX];
    size_t missed_count;
};

/* A siren with ${command}, which is borrowed. */
void tb_siren_init(struct tb_siren *siren, const char *command);

/* Run the command for the notices of ${run}. */
void tb_siren_run(struct tb_siren *siren, const struct tb_alarm_run *run, uint64_t now_ms);
/* Run it as a test asked for by ${request}. TB_STATE without a command or while a test runs. */
enum tb_status tb_siren_test(struct tb_siren *siren, uint64_t request, uint64_t now_ms) TB_MUST_USE;

/* True once for each run that ended, to be told to the core. Logs its result. */
bool tb_siren_ended(struct tb_siren *siren, uint64_t now_ms, struct tb_alarm_ended *ended);
/* True once when the test ended. */
bool tb_siren_tested(struct tb_siren *siren, uint64_t now_ms, uint64_t *request, int *exit_status);

/* A program is running whose end has to be looked for. */
bool tb_siren_busy(const struct tb_siren *siren);
void tb_siren_stop(struct tb_siren *siren);

#endif
