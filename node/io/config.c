#include "node/io/config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { OFFICE_MIN = 110000, OFFICE_MAX = 829999, PORT_MAX = 65535 };

/* The prefixes of GB/T 2260: a province each. */
static const uint32_t prefixes[] = {
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42,
    43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82,
};
enum { PREFIX_COUNT = sizeof prefixes / sizeof prefixes[0] };

/* As the table of keys fills it. */
struct raw {
    struct tb_config config;
    char roots[PREFIX_COUNT][TB_CONFIG_ROOT_BYTES_MAX];
};

/* A fingerprint, with or without blanks, colons and hyphens between its groups, as it is read
 * over the telephone. */
static bool read_fingerprint(const char *text, struct tb_id *out)
{
    char hex[TB_ID_HEX_CHARS + 1];
    size_t length = 0;
    for (; *text != '\0'; text++) {
        if (strchr(" :-", *text) != NULL) {
            continue;
        }
        if (length == TB_ID_HEX_CHARS) {
            return false;
        }
        hex[length++] = *text >= 'A' && *text <= 'F' ? (char)(*text - 'A' + 'a') : *text;
    }
    hex[length] = '\0';
    return length == TB_ID_HEX_CHARS && tb_unhex(out->byte, sizeof out->byte, hex);
}

static const char *check_root(const char *value)
{
    struct tb_id id;
    return read_fingerprint(value, &id) ? NULL : "is not a fingerprint of 64 hex digits";
}

bool tb_config_split(const char *listen, char *host, size_t host_bytes, uint16_t *port)
{
    const char *colon = strrchr(listen, ':');
    uint64_t number = 0;
    if (colon == NULL || colon == listen || !tb_text_u64(colon + 1, PORT_MAX, &number) ||
        number == 0) {
        return false;
    }
    size_t length = (size_t)(colon - listen);
    bool bracket = listen[0] == '[';
    if (bracket && (length < 3 || listen[length - 1] != ']')) {
        return false;
    }
    listen += bracket;
    length -= bracket ? 2 : 0;
    if (length >= host_bytes || (!bracket && memchr(listen, ':', length) != NULL)) {
        return false;
    }
    memcpy(host, listen, length);
    host[length] = '\0';
    *port = (uint16_t)number;
    return true;
}

static const char *check_listen(const char *value)
{
    char host[TB_CONFIG_TEXT_BYTES_MAX];
    uint16_t port;
    return tb_config_split(value, host, sizeof host, &port) ? NULL : "is not address:port";
}

static const char *check_language(const char *value)
{
    return strcmp(value, "zh") == 0 || strcmp(value, "en") == 0 ? NULL : "is neither zh nor en";
}

#define AT(field)   offsetof(struct raw, config.field)
#define ROOM(field) sizeof(((struct raw *)0)->config.field)

static const struct tb_conf_key fixed_keys[] = {
    {.section = "node",
     .name = "office",
     .kind = TB_CONF_NUMBER,
     .offset = AT(office),
     .required = true,
     .number_min = OFFICE_MIN,
     .number_max = OFFICE_MAX,
     .example = "140926"},
    {.section = "node",
     .name = "data",
     .kind = TB_CONF_PATH,
     .offset = AT(data),
     .room = ROOM(data),
     .required = true,
     .example = "data"},
    {.section = "node",
     .name = "sign_key",
     .kind = TB_CONF_PATH,
     .offset = AT(sign_key),
     .room = ROOM(sign_key),
     .required = true,
     .example = "sign.key"},
    {.section = "node",
     .name = "link_key",
     .kind = TB_CONF_PATH,
     .offset = AT(link_key),
     .room = ROOM(link_key),
     .required = true,
     .example = "link.key"},
    {.section = "node",
     .name = "language",
     .kind = TB_CONF_TEXT,
     .offset = AT(language),
     .room = ROOM(language),
     .example = "zh",
     .check = check_language},
    {.section = "directories",
     .name = "file",
     .kind = TB_CONF_LIST,
     .offset = AT(directories),
     .example = "14.directory"},
    {.section = "http",
     .name = "socket",
     .kind = TB_CONF_PATH,
     .offset = AT(socket),
     .room = ROOM(socket),
     .example = "data/tongbao.sock"},
    {.section = "http",
     .name = "listen",
     .kind = TB_CONF_TEXT,
     .offset = AT(listen),
     .room = ROOM(listen),
     .example = "127.0.0.1:8080",
     .check = check_listen},
    {.section = "alarm",
     .name = "command",
     .kind = TB_CONF_TEXT,
     .offset = AT(alarm),
     .room = ROOM(alarm),
     .example = "/usr/local/bin/wake-duty"},
};
enum { FIXED_COUNT = sizeof fixed_keys / sizeof fixed_keys[0] };

/* Room for the roots' names in the table of keys. */
struct table {
    struct tb_conf_key keys[FIXED_COUNT + PREFIX_COUNT];
    char names[PREFIX_COUNT][4];
};

static void make_table(struct table *table)
{
    memcpy(table->keys, fixed_keys, sizeof fixed_keys);
    for (size_t i = 0; i < PREFIX_COUNT; i++) {
        snprintf(table->names[i], sizeof table->names[i], "%02u", prefixes[i] % 100u);
        table->keys[FIXED_COUNT + i] = (struct tb_conf_key){
            .section = "roots",
            .name = table->names[i],
            .kind = TB_CONF_TEXT,
            .offset = offsetof(struct raw, roots) + sizeof(char[TB_CONFIG_ROOT_BYTES_MAX]) * i,
            .room = TB_CONFIG_ROOT_BYTES_MAX,
            .example = "the 64 hex digits that the province reads to you",
            .check = check_root};
    }
}

static enum tb_status join(char out[TB_FILES_PATH_BYTES_MAX], const char *folder, const char *name)
{
    int length = name[0] == '/' ? snprintf(out, TB_FILES_PATH_BYTES_MAX, "%s", name)
                                : snprintf(out, TB_FILES_PATH_BYTES_MAX, "%s/%s", folder, name);
    return length < TB_FILES_PATH_BYTES_MAX ? TB_OK : TB_TOOBIG;
}

enum tb_status tb_config_directory(const struct tb_config *config, size_t index,
                                   char out[TB_FILES_PATH_BYTES_MAX])
{
    return join(out, config->folder, config->directories.item[index]);
}

enum tb_status tb_config_path(const struct tb_config *config, const char *name,
                              char out[TB_FILES_PATH_BYTES_MAX])
{
    return join(out, config->data, name);
}

static enum tb_status complete(const char *path, struct raw *raw, struct tb_diag *diag)
{
    struct tb_config *config = &raw->config;
    for (size_t i = 0; i < PREFIX_COUNT; i++) {
        if (raw->roots[i][0] != '\0') {
            struct tb_config_root *root = &config->roots[config->roots_count++];
            root->prefix = prefixes[i];
            if (!read_fingerprint(raw->roots[i], &root->fingerprint)) {
                return TB_INPUT;
            }
        }
    }
    enum tb_status status = tb_files_parent(path, config->folder);
    if (status == TB_OK && config->socket[0] == '\0') {
        status = tb_config_path(config, "tongbao.sock", config->socket);
    }
    if (status != TB_OK) {
        tb_diag_set(diag, 0, "the path of the data folder is too long");
    }
    return status;
}

enum tb_status tb_config_read(const char *path, struct tb_config *config, struct tb_diag *diag)
{
    struct raw raw;
    struct table table;
    make_table(&table);
    enum tb_status status =
        tb_conf_read(path, table.keys, FIXED_COUNT + PREFIX_COUNT, &raw, sizeof raw, diag);
    if (status == TB_OK) {
        status = complete(path, &raw, diag);
    }
    if (status == TB_OK) {
        *config = raw.config;
    }
    return status;
}
