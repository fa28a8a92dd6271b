#ifndef TB_CROWD_PLACE_H
#define TB_CROWD_PLACE_H

#include "tests/bench/crowd.h"
#include "tests/system/world.h"

/*
 * crowd_place - the processes of a crowd, as places of a world.
 *
 * Apart from crowd.h, because the world of the system tests and a world of proto
 * have one name.
 */

/* Make the broker TB_CROWD_BROKER a place of ${world}, with room for
 * ${mailbox_rows} in each mailbox; it reads the directories at its start. */
void tb_crowd_broker(struct tb_crowd *crowd, struct tb_world *world, unsigned long mailbox_rows);
/* Make the office ${index} a node of ${world}, with keys of its own on disk; the
 * place is named by its code. */
struct tb_place *tb_crowd_node(struct tb_crowd *crowd, struct tb_world *world, size_t index);

#endif
