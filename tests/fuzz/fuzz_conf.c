#include <string.h>

#include "broker/io/settings.h"
#include "node/io/config.h"
#include "tests/fuzz/fuzz.h"

/*
 * The operator's files: the node's, where the first byte is 'n', else the broker's.
 * Both have the roots and the directories. What is taken is whole and in range.
 */
static void check_roots(const struct tb_roots *roots)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    tb_assert(roots->count <= TB_ROOTS_MAX);
    tb_assert(roots->files.count <= TB_CONF_ITEMS_MAX);
    for (size_t i = 0; i < roots->count; i++) {
        tb_assert(roots->pinned[i].prefix >= 11);
        tb_assert(roots->pinned[i].prefix <= 82);
        tb_assert(i == 0 || roots->pinned[i - 1].prefix < roots->pinned[i].prefix);
    }
    for (size_t i = 0; i < roots->files.count; i++) {
        tb_assert(roots->files.item[i][0] != '\0');
        tb_assert(tb_roots_path(roots, i, path) == TB_OK);
    }
}

static enum tb_status node(const char *path, struct tb_diag *diag)
{
    static struct tb_config config;
    char host[TB_CONFIG_TEXT_BYTES_MAX];
    uint16_t port;
    enum tb_status status = tb_config_read(path, &config, diag);
    if (status == TB_OK) {
        check_roots(&config.roots);
        tb_assert(config.office >= 110000);
        tb_assert(config.office <= 829999);
        tb_assert(config.data[0] == '/');
        tb_assert(config.socket[0] == '/');
        tb_assert(config.sign_key[0] == '/');
        tb_assert(config.listen[0] == '\0' ||
                  tb_config_split(config.listen, host, sizeof host, &port));
    }
    return status;
}

static enum tb_status broker(const char *path, struct tb_diag *diag)
{
    static struct tb_settings settings;
    enum tb_status status = tb_settings_read(path, &settings, diag);
    if (status == TB_OK) {
        check_roots(&settings.roots);
        tb_assert(settings.name[0] != '\0');
        tb_assert(strncmp(settings.listen, "tcp://", 6) == 0);
        tb_assert(settings.mailbox_rows >= 2);
        tb_assert(settings.link_key[0] == '/');
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tb_diag diag = {0};
    if (size < 1) {
        return 0;
    }
    struct tb_bytes bytes = {data + 1, size - 1};
    const char *path = fuzz_file(bytes);
    enum tb_status status = data[0] == 'n' ? node(path, &diag) : broker(path, &diag);
    fuzz_ended(status);
    tb_assert(status == TB_OK || status == TB_INPUT || status == TB_TOOBIG ||
              (fuzz_starved && status == TB_MEMORY));
    fuzz_told(status, &diag, fuzz_lines(bytes));
    return 0;
}
