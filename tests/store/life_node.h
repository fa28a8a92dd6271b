#ifndef TB_STORE_LIFE_NODE_H
#define TB_STORE_LIFE_NODE_H

#include "desk.h"

/*
 * life - what a node's store goes through in a fixed history: everything that any
 * statement of node/core/sql.def is there for.
 */
void life_node(struct desk *desk, struct fixture *fix, const char *path);

#endif
