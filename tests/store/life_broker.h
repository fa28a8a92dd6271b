#ifndef TB_STORE_LIFE_BROKER_H
#define TB_STORE_LIFE_BROKER_H

#include "bench.h"
#include "disk.h"

/*
 * life_broker - a fixed history of the broker sx-1, in which every statement of its
 * core is run: offers good and bad, full mailboxes, widenings, cursors over restarts,
 * a repair, a full disk, and all that is pruned at the end.
 */
#define LIFE_BROKER_STORE "/broker/store.db"

/* Live it on a new store on ${disk}, which must be called "broker". */
void life_broker(struct bench *bench, struct tb_disk *disk);

#endif
