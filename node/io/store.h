#ifndef TB_STORE_H
#define TB_STORE_H

#include "base/io/keep.h"
#include "base/io/keyring.h"
#include "node/core/node.h"
#include "node/io/config.h"

/*
 * store - the open store of one node and the core over it; what the daemon and
 * the commands that change it share. The lock of the keep lets only one of them
 * in.
 */
#define TB_STORE_NAME "node.db"

enum {
    TB_STORE_RESERVE_BYTES = 4 * 1024 * 1024, /* given up when the disk is full */
    TB_STORE_ROOM_BYTES = 8 * 1024 * 1024,    /* when so much is free it is taken again */
};

struct tb_store {
    struct tb_keyring keyring;
    struct tb_keep keep;
    struct tb_directories *directories;
    struct tb_node *node;
};

/* Open keys, keep and core; ${store} must not move until it is closed. TB_STATE: another process
 * has it; TB_VERSION: it is newer, or another program's; others as the parts say, with ${diag}.
 * Nothing is held on failure. */
enum tb_status tb_store_open(struct tb_store *store, const struct tb_config *config,
                             struct tb_diag *diag) TB_MUST_USE;
void tb_store_close(struct tb_store *store);

/* A reader's connection alone, without lock and keys; statuses of tb_keep_reader. */
enum tb_status tb_store_open_reader(struct tb_db *db, const struct tb_config *config,
                                    struct tb_diag *diag) TB_MUST_USE;

#endif
