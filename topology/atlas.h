#ifndef TB_ATLAS_H
#define TB_ATLAS_H

#include "proto/directory.h"
#include "topology/rivers.h"

/*
 * atlas - the rivers as each directory in force draws them.
 *
 * A province's rivers travel in its directory, so a newer directory is a newer
 * topology. Recipients are computed from the origin's province's (design: The
 * river graph). Loaded at first use, kept until the directory's version moves.
 */
struct tb_atlas;

struct tb_atlas *tb_atlas_new(void);
void tb_atlas_free(struct tb_atlas *atlas);

/* The rivers in the directory in force for ${code}'s province; NULL when there
 * is none or it carries no rivers that pass their checks. Borrowed until the
 * next call. */
const struct tb_rivers *tb_atlas_for(struct tb_atlas *atlas, const struct tb_directories *set,
                                     uint32_t code);

#endif
