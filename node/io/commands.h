#ifndef TB_COMMANDS_H
#define TB_COMMANDS_H

#include "node/io/config.h"
#include "node/io/daemon.h"

/*
 * commands - what tongbao-node does beside serving: each opens the store, does
 * one thing, says what it did, and ends.
 */

/* "--check": the whole store with quick_check, as a reader, beside a running daemon.
 * TB_EXIT_STORE when it is not sound. */
enum tb_exit tb_command_check(const struct tb_config *config);
/* "--rebuild": all views anew from the ledger, in one transaction. Not while a daemon runs. */
enum tb_exit tb_command_rebuild(const struct tb_config *config);
/* "--backup FILE": a whole copy beside a running daemon, checked with integrity_check; ${file}
 * must not exist. On failure no file is left. */
enum tb_exit tb_command_backup(const struct tb_config *config, const char *file);
/* "--notes": the operator's list of notes, as a table in Markdown. */
enum tb_exit tb_command_notes(void);

#endif
