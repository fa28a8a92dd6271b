#ifndef TB_CATALOGUE_H
#define TB_CATALOGUE_H

#include "node/core/state.h"

/*
 * catalogue - directories: kept, taken, announced, fetched in parts.
 *
 *   heard of (Hello, Welcome, Have) --> wanted --Ask--> part … part --> taken
 *                                          |                             |
 *                                          +-- the link goes: forgotten  +-- refused
 *
 * "Opening a link exchanges versions, a new version is also announced on open
 * links, and the newer is taken, never an older; two different ones of one version
 * keep the first and alarm; all versions are kept."
 */

/* The versions in force here, as frames carry them. */
struct tb_versions {
    size_t count;
    Tongbao__DirectoryVersion at[TB_ROOTS_MAX];
    Tongbao__DirectoryVersion *list[TB_ROOTS_MAX];
};
void tb_catalogue_versions(const struct tb_node *node, struct tb_versions *versions);

/* At start: put the newest of the store in force, and store what the daemon put
 * in force from files. In a transaction of the caller's. */
void tb_catalogue_load(struct tb_node *node, int64_t wall_ms);

/* Take a directory's bytes, whoever brought them. Fails as tb_directories_take,
 * told in ${diag}; nothing is then changed. */
enum tb_status tb_catalogue_take(struct tb_node *node, const struct tb_at *at,
                                 struct tb_bytes bytes, enum tb_taken *taken,
                                 struct tb_diag *diag) TB_MUST_USE;

/* A full disk undid a turn: true when a directory is in force and not in the store. Then
 * settle: it is kept, and what depends on it is begun. */
bool tb_catalogue_unsettled(struct tb_node *node);
void tb_catalogue_settle(struct tb_node *node, const struct tb_at *at);

/* ${link}'s broker has these: ask for what is newer, or another of one version. */
void tb_catalogue_compare(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                          Tongbao__DirectoryVersion *const *versions, size_t count);
/* An envelope names ${version} of the directory of ${origin}'s province. */
void tb_catalogue_named(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                        uint32_t origin, uint64_t version);
void tb_catalogue_part(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                       const Tongbao__Part *part);
/* One Part answers one Ask; nothing answers for what is not here. */
void tb_catalogue_ask(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                      const Tongbao__Ask *ask);
void tb_catalogue_link_down(struct tb_node *node, uint64_t handle);

/* The broker of ${link} does not have what it was asked for. */
void tb_catalogue_refused(struct tb_node *node, const struct tb_at *at, const struct tb_link *link);

/* A part that does not come is given up, so that the next wanted is asked for. */
void tb_catalogue_due(struct tb_node *node, const struct tb_at *at);
uint64_t tb_catalogue_deadline_ms(const struct tb_node *node);

#endif
