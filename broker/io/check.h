#ifndef TB_BROKER_CHECK_H
#define TB_BROKER_CHECK_H

#include <sys/types.h>

#include "broker/io/settings.h"

/*
 * check - the whole store looked through beside the running broker.
 *
 * "A full quick_check follows in a spawned (not forked) read-only process, and
 * its failure stops the node": the daemon spawns its own program with
 * --check-store, which only reads.
 *
 *   tb_broker_check_start --> running --> tb_broker_check_ended, once
 */

/* Look through the store: TB_OK, TB_CONFLICT with ${diag} when it is damaged;
 * else as tb_db_open_reader. */
enum tb_status tb_broker_check_store(const struct tb_settings *settings,
                                     struct tb_diag *diag) TB_MUST_USE;

/* Spawn `tongbao-broker --config ${path} --check-store`; 0 when it cannot be. */
pid_t tb_broker_check_start(const char *path);

/* True once, when *${pid} has ended: its exit status, or -1 when a signal ended
 * it; *${pid} is then 0. Never waits. */
bool tb_broker_check_ended(pid_t *pid, int *exit_status);

/* End a check that is still running, and wait for that; at an orderly stop. */
void tb_broker_check_stop(pid_t *pid);

#endif
