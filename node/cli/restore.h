#ifndef TB_RESTORE_H
#define TB_RESTORE_H

#include "base/diag.h"
#include "base/wall.h"
#include "node/cli/home.h"

/*
 * restore - a backup put in the place of a node's store, while the node is
 * stopped.
 *
 *   backup --copy--> node.db.restoring --check, open new chains--> node.db
 *                                 old node.db --> node.db.before-…
 *
 * "A restore opens a new chain and says from which day on the brokers can fill
 * the gap." A store that is there is never deleted.
 */
struct tb_restored {
    struct tb_wall newest;              /* when the backup's newest row was stored; 0: none */
    char kept[TB_FILES_PATH_BYTES_MAX]; /* where the old store lies; "" if there was none */
};

/*
 * Put the backup ${file} in place for the node ${home}; ${now} names the old
 * store. TB_STATE: the node runs. TB_INPUT: no sound backup of a store of this
 * office. TB_DISKFULL, TB_IO, TB_TOOBIG. ${diag} says which and what to do; the
 * old store then stands as it stood.
 */
enum tb_status tb_restore_put(const struct tb_home *home, const char *file, struct tb_wall now,
                              struct tb_restored *restored, struct tb_diag *diag) TB_MUST_USE;

#endif
