#ifndef TB_DIRECTORY_H
#define TB_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/event.h"
#include "base/wall.h"
#include "proto/envelope.h"
#include "proto/tongbao.pb-c.h"

/*
 * directory - a province's signed list of its offices, their keys, the brokers
 * where each reads, telephone numbers, rivers and policy.
 *
 *   signed bytes = L‖"tongbao/1/directory"‖L‖head‖L‖body
 *   head         = prefix (4 bytes) ‖ version (8 bytes), least significant first
 *
 * One object per code prefix (14 Shanxi, 13 Hebei …), signed by the province's
 * offline root key. All versions are kept; the newest is in force; an older
 * one is never taken; two different ones of one version keep the first.
 */
struct tb_directory; /* one verified version, decoded and indexed */

/* Bounds that only directories know (I10). */
enum {
    TB_PREFIX_MIN = 10, /* the first two digits of a province's codes */
    TB_PREFIX_MAX = 99,
    TB_DIRECTORY_FILES_MAX = 32,
    TB_BROKER_ENDPOINTS_MAX = 4,
    TB_LINK_RETIRED_DAYS = 30, /* a retired key's link closes after them */
};

/* Whose a link key is. Exactly one of office and broker is not NULL. */
struct tb_holder {
    const Tongbao__Office *office;
    const Tongbao__Broker *broker;
    const Tongbao__Key *key;
    const struct tb_directory *directory;
};

/*
 * Verify ${bytes} against the root with the fingerprint ${root}, decode and index.
 * ${out} owns a copy of everything; it is NULL on failure. Fails: TB_TOOBIG (its
 * bytes), TB_MALFORMED (a code outside the prefix, a code, key or broker name
 * twice, a key length, more of something than a limit: ${diag}, which may be
 * NULL, says which), TB_SIGNER (it carries another root), TB_SIGNATURE (that
 * root did not sign it).
 */
enum tb_status tb_directory_open(struct tb_directory **out, struct tb_bytes bytes,
                                 const struct tb_id *root, struct tb_diag *diag) TB_MUST_USE;
void tb_directory_free(struct tb_directory *directory);

uint32_t tb_directory_prefix(const struct tb_directory *directory);
uint64_t tb_directory_version(const struct tb_directory *directory);
/* BLAKE2b-256 of its bytes; they have exactly one encoding. */
const struct tb_id *tb_directory_digest(const struct tb_directory *directory);
struct tb_bytes tb_directory_bytes(const struct tb_directory *directory);
const Tongbao__DirectoryBody *tb_directory_body(const struct tb_directory *directory);
const Tongbao__Office *tb_directory_office(const struct tb_directory *directory, uint32_t code);
const Tongbao__Broker *tb_directory_broker(const struct tb_directory *directory, const char *name);
/* The key of the office ${code}, or for 0 of any of the brokers, that has the
 * key id ${key_id}; NULL when none has. */
const Tongbao__Key *tb_directory_signer(const struct tb_directory *directory, uint32_t code,
                                        const uint8_t key_id[TB_KEY_ID_BYTES]);
/* All link keys with their holders, *${count} of them, in no meaningful order. */
const struct tb_holder *tb_directory_holders(const struct tb_directory *directory, size_t *count);
/* The bytes of the file ${name}; empty when there is none. */
struct tb_bytes tb_directory_file(const struct tb_directory *directory, const char *name);

/* Read prefix and version of ${bytes} without verifying anything. */
enum tb_status tb_directory_peek(struct tb_bytes bytes, uint32_t *prefix,
                                 uint64_t *version) TB_MUST_USE;

/* Sign ${body} as ${version} of ${prefix} with the root's secret; append to
 * ${out}. Fails: TB_TOOBIG, with ${out} as it was. Look at it with
 * tb_directory_open before it is published: that tells a person's mistakes. */
enum tb_status tb_directory_seal(struct tb_buf *out, uint32_t prefix, uint64_t version,
                                 const Tongbao__DirectoryBody *body,
                                 const struct tb_sign_secret *root) TB_MUST_USE;

/* What people compare over the telephone and pin: BLAKE2b-256 of the root's
 * public key. */
void tb_root_fingerprint(struct tb_id *out, const uint8_t root[TB_KEY_BYTES]);

/*
 * directories - the trusted roots and the newest directory of each.
 *
 * Owned by a daemon, filled from its store at start. Lookups cross provinces and
 * are binary searches: the signer's stands on the path of every envelope, the
 * holder's on that of every frame. What they return is borrowed until the next
 * tb_directories_take that returns TB_TAKEN_NEW. Should two provinces name one
 * link key or one broker name, the root that was pinned first has it.
 */
struct tb_directories;

enum tb_taken {
    TB_TAKEN_NEW,   /* newer than what was held: now in force */
    TB_TAKEN_SAME,  /* already held */
    TB_TAKEN_OLD,   /* older than what is in force */
    TB_TAKEN_CLASH, /* another one of this version is held: the first stays */
};

struct tb_directories *tb_directories_new(void);
void tb_directories_free(struct tb_directories *set);

/* Pin the root with fingerprint ${root} for ${prefix}; TB_CONFLICT if another is
 * pinned there, TB_TOOBIG past TB_ROOTS_MAX, TB_INPUT for no prefix. */
enum tb_status tb_directories_trust(struct tb_directories *set, uint32_t prefix,
                                    const struct tb_id *root) TB_MUST_USE;
/* Verify ${bytes} and put it in force if it is newer. TB_SIGNER when no root is
 * pinned for its prefix; else as tb_directory_open. */
enum tb_status tb_directories_take(struct tb_directories *set, struct tb_bytes bytes,
                                   enum tb_taken *taken, struct tb_diag *diag) TB_MUST_USE;

size_t tb_directories_count(const struct tb_directories *set);
const struct tb_directory *tb_directories_at(const struct tb_directories *set, size_t index);
/* The directory in force for a prefix, or for an office's or province's code; NULL. */
const struct tb_directory *tb_directories_prefix(const struct tb_directories *set, uint32_t prefix);
const struct tb_directory *tb_directories_for(const struct tb_directories *set, uint32_t code);
bool tb_directories_trusted(const struct tb_directories *set, uint32_t prefix);
const Tongbao__Office *tb_directories_office(const struct tb_directories *set, uint32_t code);
const Tongbao__Broker *tb_directories_broker(const struct tb_directories *set, const char *name);

/*
 * The key that signed: looked up by the head's origin, world and key id; for
 * TB_WORLD_NONE among the brokers of the origin's directory. NULL when no
 * trusted directory knows it (the envelope is then parked).
 */
const Tongbao__Key *tb_directories_signer(const struct tb_directories *set,
                                          const struct tb_envelope *envelope);

/* True when a link key in this state may open a link at ${wall}. */
bool tb_directories_admits(const Tongbao__Key *key, struct tb_wall wall);

/* Whose link key this is; false if nobody's. A revoked key is found too. */
bool tb_directories_holder(const struct tb_directories *set, const uint8_t link[TB_KEY_BYTES],
                           struct tb_holder *holder);

/* Call ${each} for every link key that may open a link now: active ones, and
 * retired ones for TB_LINK_RETIRED_DAYS after Key.since_ms. */
void tb_directories_links(const struct tb_directories *set, struct tb_wall wall,
                          void (*each)(void *context, const uint8_t link[TB_KEY_BYTES]),
                          void *context);

#endif
