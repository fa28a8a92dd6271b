#ifndef TB_ROSTER_H
#define TB_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "proto/tongbao.pb-c.h"

/*
 * roster - what a directory's body must look like, entry by entry.
 *
 * Used inside proto alone. What concerns entries together - a code or a key that
 * stands twice - directory.c sees by its indexes.
 */

/* True when every office, broker and file of ${body} is whole and within limits
 * and every office lies inside ${prefix}; else ${diag}, which may be NULL, names
 * the first that is not. */
bool tb_roster_check(uint32_t prefix, const Tongbao__DirectoryBody *body, struct tb_diag *diag);

#endif
