#include "broker/io/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/io/clock.h"
#include "base/io/random.h"
#include "broker/core/store.h"
#include "broker/io/daemon.h"

enum { LOCK_MODE = 0600 };

/* "A small reserve file is given up." */
static bool relieve(void *context)
{
    struct tb_keep *keep = context;
    char path[TB_FILES_PATH_BYTES_MAX];
    return tb_settings_data(keep->settings, "reserve", path, NULL) == TB_OK &&
           tb_files_release(path, NULL) == TB_OK;
}

bool tb_keep_reserve(struct tb_keep *keep)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    uint64_t free_bytes = 0;
    return tb_settings_data(keep->settings, "reserve", path, NULL) == TB_OK &&
           tb_files_free_bytes(keep->settings->data, &free_bytes, NULL) == TB_OK &&
           free_bytes >= TB_DAEMON_ROOM_BYTES &&
           tb_files_reserve(path, TB_DAEMON_RESERVE_BYTES, NULL) == TB_OK;
}

static enum tb_status take_lock(struct tb_keep *keep, struct tb_diag *diag)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    enum tb_status status = tb_settings_data(keep->settings, "lock", path, diag);
    if (status != TB_OK) {
        return status;
    }
    keep->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, LOCK_MODE);
    if (keep->lock_fd < 0) {
        tb_diag_set(diag, 0, "cannot open %s: %s", path, strerror(errno));
        return TB_IO;
    }
    if (fcntl(keep->lock_fd, F_SETLK, &whole) != 0) {
        tb_diag_set(diag, 0, "another tongbao-broker is using %s: stop it first",
                    keep->settings->data);
        return TB_STATE;
    }
    return TB_OK;
}

static enum tb_status open_core(struct tb_keep *keep, struct tb_diag *diag)
{
    const struct tb_settings *settings = keep->settings;
    struct tb_broker_config config = {.mailbox_rows_max = settings->mailbox_rows,
                                      .roots_count = settings->roots_count,
                                      .relieve = relieve,
                                      .relieve_context = keep};
    struct tb_now now = tb_clock_read();
    /* The 64 bytes of libsodium are all there is in the core's form of it. */
    config.secret = (const struct tb_sign_secret *)(const void *)keep->secrets.sign;
    memcpy(config.name, settings->name, sizeof config.name);
    memcpy(config.roots, settings->roots, sizeof config.roots);
    tb_random_fill(config.seed, sizeof config.seed);
    return tb_broker_new(&keep->broker, &keep->db, &config, &now, diag);
}

enum tb_status tb_keep_open(struct tb_keep *keep, const struct tb_settings *settings,
                            struct tb_diag *diag)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    *keep = (struct tb_keep){.settings = settings, .lock_fd = -1};
    enum tb_status status =
        tb_secrets_load(&keep->secrets, settings->sign_key, settings->link_key, diag);
    if (status == TB_OK) {
        status = tb_files_folder(settings->data, diag);
    }
    if (status == TB_OK) {
        status = take_lock(keep, diag);
    }
    if (status == TB_OK) {
        status = tb_settings_data(settings, TB_DAEMON_STORE_NAME, path, diag);
    }
    if (status == TB_OK) {
        status = tb_db_open(&keep->db, path, tb_broker_store_schema(), diag);
    }
    if (status == TB_OK) {
        status = open_core(keep, diag);
    }
    if (status != TB_OK) {
        tb_keep_close(keep);
    }
    return status;
}

void tb_keep_close(struct tb_keep *keep)
{
    tb_broker_free(keep->broker);
    if (keep->db.handle != NULL) {
        tb_db_close(&keep->db);
    }
    if (keep->lock_fd >= 0) {
        (void)close(keep->lock_fd);
    }
    tb_secrets_free(&keep->secrets);
    *keep = (struct tb_keep){.lock_fd = -1};
}
