#ifndef TB_BROKER_EXCHANGE_H
#define TB_BROKER_EXCHANGE_H

#include "base/db.h"
#include "base/outbox.h"
#include "base/wall.h"
#include "proto/directory.h"

/*
 * exchange - directories between a broker and its offices.
 *
 *   Have, Hello: the peer names newer --> Ask --> Part … Part --> take, store
 *   the peer names older or none     --> Have
 *   Ask                              --> Part
 *
 * "Opening a link exchanges versions, a new version is also announced on open
 * links, and the newer is taken, never an older; all versions are kept."
 *
 * Any peer may boast of a version that does not exist. So what a peer names is
 * remembered with the peer, one directory at a time is fetched from each, several
 * from several, and when one does not come the next peer that named it is asked.
 */
enum {
    TB_EXCHANGE_FETCHES_MAX = 4, /* directories being fetched at one time */
    TB_EXCHANGE_STALE_MS = 30 * 1000,
    /* Peers that are not asked for a while, by their key: one that did not answer,
     * one that sent what its root did not sign. Past the limit the oldest is asked. */
    TB_EXCHANGE_SHUNNED_MAX = 256,
    TB_EXCHANGE_SHUN_SILENT_MS = 60 * 1000,
    TB_EXCHANGE_SHUN_FALSE_MS = 10 * 60 * 1000,
};

struct tb_exchange; /* statements, and what is half fetched */
struct tb_broker;
struct tb_speaker;

struct tb_exchange *tb_exchange_new(struct tb_db *db);
void tb_exchange_free(struct tb_exchange *exchange);

/* Put the newest stored directory of each prefix in force. One that the pinned
 * root did not sign (the pin was changed) is passed over and noted by the next
 * tb_exchange_complain. */
void tb_exchange_load(struct tb_exchange *exchange, struct tb_directories *set);
void tb_exchange_complain(struct tb_exchange *exchange, struct tb_outbox *out);
/* Keep a version that was taken. */
void tb_exchange_store(struct tb_exchange *exchange, const struct tb_directory *directory,
                       struct tb_wall now);
/* Give up what is half fetched. */
void tb_exchange_reset(struct tb_exchange *exchange);

/* Verify ${bytes}, take them if newer, store them, announce them to all peers but
 * ${from}, have the table of admitted keys made anew. The status is that of
 * tb_directories_take; an old or the same one is TB_OK. */
enum tb_status tb_exchange_take(struct tb_broker *broker, const struct tb_now *now,
                                struct tb_bytes bytes, uint64_t from,
                                struct tb_outbox *out) TB_MUST_USE;

/* The speaker has ${version} of ${prefix}: ask for it, now or in a later step, if
 * it is newer than what is in force and its root is pinned. */
void tb_exchange_want(struct tb_broker *broker, const struct tb_speaker *speaker, uint32_t prefix,
                      uint64_t version);
/* Give up fetches that are stale or whose peer is gone, and ask whoever else named
 * what is still wanted; every second and after a directory was taken. */
void tb_exchange_step(struct tb_broker *broker, const struct tb_now *now, struct tb_outbox *out);
/* The versions that a peer named, in Hello or Have: ask for the newer. Returns
 * true when the peer lacks one that is in force here. */
bool tb_exchange_compare(struct tb_broker *broker, const struct tb_speaker *speaker,
                         Tongbao__DirectoryVersion *const *versions, size_t count);

enum tb_status tb_exchange_have(struct tb_broker *broker, const struct tb_speaker *speaker,
                                const Tongbao__Have *have);
enum tb_status tb_exchange_ask(struct tb_broker *broker, const struct tb_speaker *speaker,
                               const Tongbao__Ask *ask);
enum tb_status tb_exchange_part(struct tb_broker *broker, const struct tb_speaker *speaker,
                                const Tongbao__Part *part);

/* Fill ${versions}, with pointers to them in ${list} (both TB_ROOTS_MAX), from
 * what is in force; returns how many. Borrowed from ${set}. */
size_t tb_exchange_versions(const struct tb_directories *set, Tongbao__DirectoryVersion *versions,
                            Tongbao__DirectoryVersion **list);

#endif
