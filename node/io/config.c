#include "node/io/config.h"

#include <stddef.h>
#include <string.h>

#include "base/io/keep.h"
#include "base/text.h"

enum { OFFICE_MIN = 110000, OFFICE_MAX = 829999, PORT_MAX = 65535 };

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

#define AT(field)   offsetof(struct tb_config, field)
#define ROOM(field) sizeof(((struct tb_config *)0)->field)

static const struct tb_conf_key keys[] = {
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

enum tb_status tb_config_read(const char *path, struct tb_config *config, struct tb_diag *diag)
{
    enum tb_status status = tb_roots_read(path, keys, sizeof keys / sizeof keys[0], config,
                                          sizeof *config, &config->roots, diag);
    if (status == TB_OK && config->socket[0] == '\0') {
        status = tb_keep_path(config->socket, config->data, "tongbao.sock", diag);
    }
    return status;
}
