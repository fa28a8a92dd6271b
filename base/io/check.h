#ifndef TB_CHECK_H
#define TB_CHECK_H

#include "base/db.h"
#include "base/io/child.h"
#include "base/io/exit.h"

/*
 * check - the whole store looked through beside the running daemon.
 *
 * "A full quick_check follows in a spawned (not forked) read-only process, and
 * its failure stops the node": the daemon spawns its own program, which does
 * nothing but tb_check_store and ends with tb_check_exit.
 *
 *   tb_check_start --> TB_CHECK_RUNS --> sound, damaged or failed, told once
 */
enum tb_check {
    TB_CHECK_RUNS, /* or none was started */
    TB_CHECK_SOUND,
    TB_CHECK_DAMAGED,
    TB_CHECK_FAILED, /* it ended without a result */
};

/* Look through the store ${name} of ${folder} as a reader. TB_CONFLICT with
 * ${diag} when it is damaged; else as tb_keep_reader. */
enum tb_status tb_check_store(const char *folder, const char *name,
                              const struct tb_db_schema *schema, struct tb_diag *diag) TB_MUST_USE;
/* With what a program that only checked ends: TB_EXIT_STORE when the store is
 * damaged or cannot be read, TB_EXIT_MISTAKE for what the operator mends. */
enum tb_exit tb_check_exit(enum tb_status status);

/* Spawn this program with --config ${config} and ${word}; noted when it cannot be,
 * for the daemon serves all the same. */
void tb_check_start(struct tb_child *child, const char *config, const char *word, uint64_t now_ms);
/* How it ended, once; never waits. A failed check is noted. */
enum tb_check tb_check_ended(struct tb_child *child, uint64_t now_ms);

#endif
