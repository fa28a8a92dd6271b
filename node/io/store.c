#define _GNU_SOURCE /* flock's declarations, O_CLOEXEC */
#include "node/io/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/io/random.h"
#include "node/io/api.h"

enum { LOCK_MODE = 0600 };

static enum tb_status take_lock(struct tb_store *store, const struct tb_config *config,
                                struct tb_diag *diag)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    if (tb_config_path(config, "lock", path) != TB_OK) {
        tb_diag_set(diag, 0, "the path of the data folder is too long");
        return TB_TOOBIG;
    }
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, LOCK_MODE);
    if (store->lock_fd < 0) {
        tb_diag_set(diag, 0, "cannot open %s: %s", path, strerror(errno));
        return TB_IO;
    }
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        tb_diag_set(diag, 0, "another tongbao-node is using %s: stop it first", config->data);
        return TB_STATE;
    }
    return TB_OK;
}

static enum tb_status trust(struct tb_store *store, const struct tb_config *config,
                            struct tb_diag *diag)
{
    store->directories = tb_directories_new();
    for (size_t i = 0; i < config->roots_count; i++) {
        enum tb_status status = tb_directories_trust(store->directories, config->roots[i].prefix,
                                                     &config->roots[i].fingerprint);
        if (status != TB_OK) {
            tb_diag_set(diag, 0, "the root of %02u cannot be pinned: %s", config->roots[i].prefix,
                        tb_status_text(status));
            return status;
        }
    }
    return TB_OK;
}

static enum tb_status open_node(struct tb_store *store, const struct tb_config *config,
                                struct tb_diag *diag)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    enum tb_status status = tb_config_path(config, TB_API_STORE_NAME, path);
    if (status == TB_OK) {
        status = tb_db_open(&store->db, path, tb_node_schema(), diag);
    }
    if (status != TB_OK) {
        return status;
    }
    uint8_t seed[TB_SEED_BYTES];
    /* The two forms of a signing secret are the same 64 bytes (keys.h). */
    struct tb_node_config node = {
        .office = (uint32_t)config->office,
        .secret = (const struct tb_sign_secret *)(const void *)store->keys.sign,
        .alarm = config->alarm[0] != '\0',
    };
    memcpy(node.sign_key, store->keys.sign_public, TB_KEY_BYTES);
    tb_random_fill(seed, sizeof seed);
    store->node = tb_node_new(&store->db, &node, store->directories, seed);
    if (store->node == NULL || store->db.status != TB_OK) {
        tb_diag_set(diag, 0, "the store %s cannot be read", path);
        return TB_IO;
    }
    return TB_OK;
}

enum tb_status tb_store_open(struct tb_store *store, const struct tb_config *config,
                             struct tb_diag *diag)
{
    *store = (struct tb_store){.lock_fd = -1};
    enum tb_status status = tb_keys_load(&store->keys, config->sign_key, config->link_key, diag);
    if (status == TB_OK) {
        status = tb_files_folder(config->data, diag);
    }
    if (status == TB_OK) {
        status = take_lock(store, config, diag);
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
    if (store->db.handle != NULL) {
        tb_db_close(&store->db);
    }
    if (store->directories != NULL) {
        tb_directories_free(store->directories);
    }
    if (store->lock_fd >= 0) {
        (void)close(store->lock_fd);
    }
    tb_keys_free(&store->keys);
    *store = (struct tb_store){.lock_fd = -1};
}

enum tb_status tb_store_open_reader(struct tb_db *db, const struct tb_config *config,
                                    struct tb_diag *diag)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    enum tb_status status = tb_config_path(config, TB_API_STORE_NAME, path);
    return status == TB_OK ? tb_db_open_reader(db, path, tb_node_schema(), diag) : status;
}
