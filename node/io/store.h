#ifndef TB_STORE_H
#define TB_STORE_H

#include "base/db.h"
#include "node/core/node.h"
#include "node/io/config.h"
#include "node/io/keys.h"

/*
 * store - the open store of one node and the core over it; what the daemon and
 * the commands share.
 *
 * "Exactly one connection writes": a lock on the file `lock` in the data folder
 * keeps a second process out, whichever of the two it is.
 */
struct tb_store {
    struct tb_keys keys;
    struct tb_db db;
    struct tb_directories *directories;
    struct tb_node *node;
    int lock_fd;
};

/* Open keys, folder, lock, store and core. TB_STATE: another process has it; TB_VERSION: it is
 * newer, or another program's; others as the parts say, with ${diag}. Nothing is held on
 * failure. */
enum tb_status tb_store_open(struct tb_store *store, const struct tb_config *config,
                             struct tb_diag *diag) TB_MUST_USE;
void tb_store_close(struct tb_store *store);

/* A reader's connection alone, without lock and keys. */
enum tb_status tb_store_open_reader(struct tb_db *db, const struct tb_config *config,
                                    struct tb_diag *diag) TB_MUST_USE;

#endif
