#include "node/io/store.h"

#include <string.h>

#include "base/io/random.h"

static enum tb_status trust(struct tb_store *store, const struct tb_config *config,
                            struct tb_diag *diag)
{
    store->directories = tb_directories_new();
    for (size_t i = 0; i < config->roots.count; i++) {
        const struct tb_root *root = &config->roots.pinned[i];
        enum tb_status status =
            tb_directories_trust(store->directories, root->prefix, &root->fingerprint);
        if (status != TB_OK) {
            tb_diag_set(diag, 0, "the root of %02u cannot be pinned: %s", root->prefix,
                        tb_status_text(status));
            return status;
        }
    }
    return TB_OK;
}

static enum tb_status open_node(struct tb_store *store, const struct tb_config *config,
                                struct tb_diag *diag)
{
    uint8_t seed[TB_SEED_BYTES];
    struct tb_node_config node = {.office = (uint32_t)config->office,
                                  .secret = &store->keyring.sign->secret,
                                  .alarm = config->alarm[0] != '\0'};
    memcpy(node.sign_key, store->keyring.sign->public_key, TB_KEY_BYTES);
    tb_random_fill(seed, sizeof seed);
    store->node = tb_node_new(&store->keep.db, &node, store->directories, seed);
    if (store->node == NULL || store->keep.db.status != TB_OK) {
        tb_diag_set(diag, 0, "the store %s/%s cannot be read", config->data, TB_STORE_NAME);
        return TB_IO;
    }
    return TB_OK;
}

enum tb_status tb_store_open(struct tb_store *store, const struct tb_config *config,
                             struct tb_diag *diag)
{
    const struct tb_keep_settings keep = {.program = "tongbao-node",
                                          .folder = config->data,
                                          .store = TB_STORE_NAME,
                                          .reserve_bytes = TB_STORE_RESERVE_BYTES,
                                          .room_bytes = TB_STORE_ROOM_BYTES};
    *store = (struct tb_store){0};
    enum tb_status status =
        tb_keyring_load(&store->keyring, config->sign_key, config->link_key, diag);
    if (status == TB_OK) {
        status = tb_keep_open(&store->keep, &keep, tb_node_schema(), diag);
    }
    if (status == TB_OK) {
        status = trust(store, config, diag);
    }
    if (status == TB_OK) {
        status = open_node(store, config, diag);
    }
    if (status != TB_OK) {
        tb_store_close(store);
    }
    return status;
}

void tb_store_close(struct tb_store *store)
{
    if (store->node != NULL) {
        tb_node_free(store->node);
    }
    tb_keep_close(&store->keep);
    if (store->directories != NULL) {
        tb_directories_free(store->directories);
    }
    tb_keyring_free(&store->keyring);
    *store = (struct tb_store){0};
}

enum tb_status tb_store_open_reader(struct tb_db *db, const struct tb_config *config,
                                    struct tb_diag *diag)
{
    return tb_keep_reader(db, config->data, TB_STORE_NAME, tb_node_schema(), diag);
}
