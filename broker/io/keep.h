#ifndef TB_KEEP_H
#define TB_KEEP_H

#include "base/db.h"
#include "broker/core/broker.h"
#include "broker/io/secrets.h"
#include "broker/io/settings.h"

/*
 * keep - the broker's store on the disk, with the core over it.
 *
 * "Exactly one connection writes": a lock on the file `lock` in the data folder
 * keeps a second process out. `reserve` holds a little of the disk back: it is
 * given up when the disk is full, so that what offices have stored can still be
 * marked and mail still goes out.
 */
struct tb_keep {
    const struct tb_settings *settings; /* borrowed */
    struct tb_secrets secrets;
    struct tb_db db;
    struct tb_broker *broker;
    int lock_fd;
};

/* Open keys, folder, lock, store and core; ${keep} must not move afterwards. TB_STATE:
 * another process has it; TB_VERSION: it is newer, or another program's; others
 * as the parts say, with ${diag}. Nothing is held on failure. */
enum tb_status tb_keep_open(struct tb_keep *keep, const struct tb_settings *settings,
                            struct tb_diag *diag) TB_MUST_USE;
void tb_keep_close(struct tb_keep *keep);

/* Make the reserve (again) if there is room for it; true when it is there. */
bool tb_keep_reserve(struct tb_keep *keep);

#endif
