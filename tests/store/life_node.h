#ifndef TB_STORE_LIFE_NODE_H
#define TB_STORE_LIFE_NODE_H

#include "desk.h"
#include "disk.h"

/*
 * life_node - a fixed history of 静乐's desk (140926), in which, with
 * that of a province below, every statement of node/core/sql.def is run: people, notices of its own
 * and of others, what is said about them before and after they came, the park, a repair, a store
 * that was rolled back, a full disk, a rebuild.
 */
enum { LIFE_OFFICE = 140926, LIFE_PROVINCE = 140000 };

/* Live it on a new store on ${disk}. */
void life_node(struct desk *desk, struct fixture *fix, struct tb_disk *disk);

/* A province's, which gives back to 静乐 what it lost. */
void life_province(struct desk *desk, struct fixture *fix, struct tb_disk *disk);

/* Is it one whose signature was spoilt on the way? */
bool life_node_spoilt(const struct tb_id *id);

/* Ask all that the API asks, about notices ${of}: no row changes. */
void life_node_questions(struct desk *desk, const struct tb_id *of);

#endif
