#include "proto/directory.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "proto/index.h"

enum { CODES_PER_PREFIX = 10000 };

struct root {
    uint32_t prefix;
    struct tb_id fingerprint;
    struct tb_directory *directory; /* in force, owned; NULL before the first */
};

struct tb_directories {
    struct root roots[TB_ROOTS_MAX]; /* in the order of pinning */
    size_t count;
    struct tb_index links; /* link key -> holder, of all directories in force */
};

struct tb_directories *tb_directories_new(void)
{
    struct tb_directories *set = calloc(1, sizeof *set);
    tb_assert(set != NULL);
    tb_index_init(&set->links, 0);
    return set;
}

void tb_directories_free(struct tb_directories *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        tb_directory_free(set->roots[i].directory);
    }
    tb_index_fini(&set->links);
    free(set);
}

static const struct root *root_of(const struct tb_directories *set, uint32_t prefix)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->roots[i].prefix == prefix) {
            return &set->roots[i];
        }
    }
    return NULL;
}

enum tb_status tb_directories_trust(struct tb_directories *set, uint32_t prefix,
                                    const struct tb_id *root)
{
    if (prefix < TB_PREFIX_MIN || prefix > TB_PREFIX_MAX) {
        return TB_INPUT;
    }
    const struct root *pinned = root_of(set, prefix);
    if (pinned != NULL) {
        return tb_id_equal(&pinned->fingerprint, root) ? TB_OK : TB_CONFLICT;
    }
    if (set->count == TB_ROOTS_MAX) {
        return TB_TOOBIG;
    }
    set->roots[set->count++] = (struct root){.prefix = prefix, .fingerprint = *root};
    return TB_OK;
}

/* Make the table of link keys anew. Roots stand in the order of pinning and the
 * table keeps the order of equal keys, so the root pinned first has a key that
 * two of them name, whatever came first over the network. */
static void index_links(struct tb_directories *set)
{
    size_t room = 0;
    for (size_t i = 0; i < set->count; i++) {
        size_t count = 0;
        if (set->roots[i].directory != NULL) {
            (void)tb_directory_holders(set->roots[i].directory, &count);
        }
        room += count;
    }
    tb_index_fini(&set->links);
    tb_index_init(&set->links, room);
    for (size_t i = 0; i < set->count; i++) {
        if (set->roots[i].directory == NULL) {
            continue;
        }
        size_t count;
        const struct tb_holder *holders = tb_directory_holders(set->roots[i].directory, &count);
        for (size_t j = 0; j < count; j++) {
            tb_index_add(&set->links, holders[j].key->link.data, TB_KEY_BYTES, &holders[j], NULL);
        }
    }
    tb_index_sort(&set->links);
}

/* Where ${directory} stands to the one in force. */
static enum tb_taken compare(const struct tb_directory *directory, const struct tb_directory *held)
{
    uint64_t version = tb_directory_version(directory);
    if (held == NULL || version > tb_directory_version(held)) {
        return TB_TAKEN_NEW;
    }
    if (version < tb_directory_version(held)) {
        return TB_TAKEN_OLD;
    }
    bool same = tb_id_equal(tb_directory_digest(directory), tb_directory_digest(held));
    return same ? TB_TAKEN_SAME : TB_TAKEN_CLASH;
}

enum tb_status tb_directories_take(struct tb_directories *set, struct tb_bytes bytes,
                                   enum tb_taken *taken, struct tb_diag *diag)
{
    uint32_t prefix;
    uint64_t version;
    enum tb_status status = tb_directory_peek(bytes, &prefix, &version);
    if (status != TB_OK) {
        tb_diag_set(diag, 0, "this is no directory: %s", tb_status_text(status));
        return status;
    }
    struct root *root = NULL;
    for (size_t i = 0; i < set->count; i++) {
        root = set->roots[i].prefix == prefix ? &set->roots[i] : root;
    }
    if (root == NULL) {
        tb_diag_set(diag, 0, "no root is pinned for prefix %u", prefix);
        return TB_SIGNER;
    }
    /* Verified whatever its version: only what the root signed is a clash. */
    struct tb_directory *directory;
    status = tb_directory_open(&directory, bytes, &root->fingerprint, diag);
    if (status != TB_OK) {
        return status;
    }
    *taken = compare(directory, root->directory);
    if (*taken != TB_TAKEN_NEW) {
        tb_directory_free(directory);
        return TB_OK;
    }
    tb_directory_free(root->directory);
    root->directory = directory;
    index_links(set);
    return TB_OK;
}

size_t tb_directories_count(const struct tb_directories *set)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        count += set->roots[i].directory != NULL;
    }
    return count;
}

const struct tb_directory *tb_directories_at(const struct tb_directories *set, size_t index)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->roots[i].directory != NULL && index-- == 0) {
            return set->roots[i].directory;
        }
    }
    tb_assert(false);
    return NULL;
}

const struct tb_directory *tb_directories_prefix(const struct tb_directories *set, uint32_t prefix)
{
    const struct root *root = root_of(set, prefix);
    return root != NULL ? root->directory : NULL;
}

const struct tb_directory *tb_directories_for(const struct tb_directories *set, uint32_t code)
{
    return tb_directories_prefix(set, code / CODES_PER_PREFIX);
}

bool tb_directories_trusted(const struct tb_directories *set, uint32_t prefix)
{
    return root_of(set, prefix) != NULL;
}

const Tongbao__Office *tb_directories_office(const struct tb_directories *set, uint32_t code)
{
    const struct tb_directory *directory = tb_directories_for(set, code);
    return directory != NULL ? tb_directory_office(directory, code) : NULL;
}

const Tongbao__Broker *tb_directories_broker(const struct tb_directories *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct tb_directory *directory = set->roots[i].directory;
        const Tongbao__Broker *broker =
            directory != NULL ? tb_directory_broker(directory, name) : NULL;
        if (broker != NULL) {
            return broker;
        }
    }
    return NULL;
}

const Tongbao__Key *tb_directories_signer(const struct tb_directories *set,
                                          const struct tb_envelope *envelope)
{
    const struct tb_directory *directory = tb_directories_for(set, envelope->origin);
    if (directory == NULL) {
        return NULL;
    }
    if (envelope->world != TB_WORLD_NONE) {
        return tb_directory_signer(directory, envelope->origin, envelope->key_id);
    }
    /* A broker names its province, and no other code. */
    bool province = envelope->origin % CODES_PER_PREFIX == 0;
    return province ? tb_directory_signer(directory, 0, envelope->key_id) : NULL;
}

bool tb_directories_holder(const struct tb_directories *set, const uint8_t link[TB_KEY_BYTES],
                           struct tb_holder *holder)
{
    const struct tb_index_row *row = tb_index_find(&set->links, link, TB_KEY_BYTES);
    if (row == NULL) {
        return false;
    }
    *holder = *(const struct tb_holder *)row->what;
    return true;
}

bool tb_directories_admits(const Tongbao__Key *key, struct tb_wall wall)
{
    if (key->state == TONGBAO__KEY_STATE__ACTIVE) {
        return true;
    }
    /* "Its link closes 30 days after the directory that retired it was taken."
     * A state of a newer program admits nobody. */
    return key->state == TONGBAO__KEY_STATE__RETIRED &&
           wall.ms < (int64_t)TB_LINK_RETIRED_DAYS * TB_DAY_MS + key->since_ms;
}

void tb_directories_links(const struct tb_directories *set, struct tb_wall wall,
                          void (*each)(void *context, const uint8_t link[TB_KEY_BYTES]),
                          void *context)
{
    for (size_t i = 0; i < set->links.count; i++) {
        const struct tb_index_row *row = &set->links.rows[i];
        const struct tb_holder *holder = row->what;
        bool first = i == 0 || memcmp(row[-1].key, row->key, TB_KEY_BYTES) != 0;
        if (first && tb_directories_admits(holder->key, wall)) {
            each(context, row->key);
        }
    }
}
