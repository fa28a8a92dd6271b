#ifndef TB_CROWD_H
#define TB_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/event.h"
#include "base/io/keyfile.h"
#include "base/secret.h"

/*
 * crowd - provinces full of offices with real keys in really signed directories.
 *
 * The world of the system tests makes every office with the product's programs,
 * which is right for a handful. A crowd draws its keys in memory; only its
 * broker, and an office that shall be a real node, become processes (crowd_place.h).
 * Office 0 of each province is the province itself, and hears every receipt.
 *
 *   make --> broker, nodes: places of a world --> publish: directories on disk
 */
enum {
    TB_CROWD_PROVINCES_MAX = 8,
    TB_CROWD_OFFICES_EACH_MAX = 400, /* TB_OFFICES_MAX */
    TB_CROWD_WORLDS = 2,             /* actual, exercise */
    TB_CROWD_ENDPOINT_BYTES_MAX = 64,
};

#define TB_CROWD_BROKER "sx-1"

struct tb_crowd_office {
    uint32_t code;
    size_t province;
    uint8_t sign_key[TB_KEY_BYTES];
    struct tb_sign_secret secret;
    struct tb_link_secret link;
    /* Where its chain of each world stands. */
    uint64_t seq[TB_CROWD_WORLDS];
    struct tb_id head[TB_CROWD_WORLDS];
};

struct tb_crowd {
    size_t provinces;
    size_t offices_each;
    size_t count;
    struct tb_crowd_office *offices;
    uint8_t root_key[TB_CROWD_PROVINCES_MAX][TB_KEY_BYTES];
    struct tb_sign_secret root[TB_CROWD_PROVINCES_MAX];
    uint8_t broker_sign[TB_KEY_BYTES];
    uint8_t broker_link[TB_KEY_BYTES];
    char endpoint[TB_CROWD_ENDPOINT_BYTES_MAX];
};

struct tb_crowd *tb_crowd_make(size_t provinces, size_t offices_each);
void tb_crowd_free(struct tb_crowd *crowd);

/* The two digits of a province; what people compare of its root, in hex. */
unsigned tb_crowd_prefix(size_t province);
void tb_crowd_fingerprint(const struct tb_crowd *crowd, size_t province,
                          char out[TB_ID_HEX_CHARS + 1]);
/* Sign and write the directory of every province as ${folder}/PREFIX.directory. */
void tb_crowd_publish(const struct tb_crowd *crowd, const char *folder);

/*
 * What an office says, sealed into ${out}, which is emptied first; ${id} receives
 * its id. A first notice to ${count} offices, the next of its chain; the
 * acknowledgement of ${notice}, the next of its chain, to office ${to}; a receipt
 * for ${notice} of office ${to}, to it and its province, not chained.
 */
void tb_crowd_notice(struct tb_crowd *crowd, size_t from, bool exercise, const size_t *to,
                     size_t count, struct tb_buf *out, struct tb_id *id);
void tb_crowd_acknowledge(struct tb_crowd *crowd, size_t from, bool exercise, size_t to,
                          const struct tb_id *notice, struct tb_buf *out, struct tb_id *id);
void tb_crowd_receipt(struct tb_crowd *crowd, size_t from, bool exercise, size_t to,
                      const struct tb_id *notice, struct tb_buf *out, struct tb_id *id);

/* How many envelopes the receipt in ${envelope} names, 0 for anything else; it is
 * not verified. */
size_t tb_crowd_receipted(struct tb_bytes envelope);

#endif
