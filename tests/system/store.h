#ifndef TB_STORE_H
#define TB_STORE_H

#include <stdint.h>

#include "tests/system/world.h"

/*
 * store - a look into the SQLite store of a place that has stopped.
 *
 * The process must not run. Read-only, but for tb_store_change. ${id} (hex, or NULL) is bound to ?1
 * as bytes. Fails the test when the store cannot be read.
 */
int64_t tb_store_number(struct tb_world *world, const char *name, const char *sql, const char *id);

/* Call ${each} with the hex of the first column, a blob, of every row. */
void tb_store_each(struct tb_world *world, const char *name, const char *sql,
                   void (*each)(void *context, const char *hex), void *context);

/* Run ${sql} in the store: what no test can wait for, as that a month has passed. */
void tb_store_change(struct tb_world *world, const char *name, const char *sql);

#endif
