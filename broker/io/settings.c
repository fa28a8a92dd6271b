#include "broker/io/settings.h"

#include <stddef.h>
#include <string.h>

#include "broker/core/mailbox.h"

enum {
    MAILBOX_ROWS_MIN = 2,
    MAILBOX_ROWS_MAX = 10 * 1000 * 1000,
};

static const char *check_listen(const char *value)
{
    return strncmp(value, "tcp://", 6) == 0 && strrchr(value + 6, ':') != NULL
               ? NULL
               : "is not tcp://address:port";
}

#define AT(field)   offsetof(struct tb_settings, field)
#define ROOM(field) sizeof(((struct tb_settings *)0)->field)

static const struct tb_conf_key keys[] = {
    {.section = "broker",
     .name = "name",
     .kind = TB_CONF_TEXT,
     .offset = AT(name),
     .room = ROOM(name),
     .required = true,
     .example = "sx-1"},
    {.section = "broker",
     .name = "listen",
     .kind = TB_CONF_TEXT,
     .offset = AT(listen),
     .room = ROOM(listen),
     .required = true,
     .example = "tcp://0.0.0.0:5570",
     .check = check_listen},
    {.section = "broker",
     .name = "data",
     .kind = TB_CONF_PATH,
     .offset = AT(data),
     .room = ROOM(data),
     .required = true,
     .example = "data"},
    {.section = "broker",
     .name = "sign_key",
     .kind = TB_CONF_PATH,
     .offset = AT(sign_key),
     .room = ROOM(sign_key),
     .required = true,
     .example = "sign.key"},
    {.section = "broker",
     .name = "link_key",
     .kind = TB_CONF_PATH,
     .offset = AT(link_key),
     .room = ROOM(link_key),
     .required = true,
     .example = "link.key"},
    {.section = "limits",
     .name = "mailbox_rows",
     .kind = TB_CONF_NUMBER,
     .offset = AT(mailbox_rows),
     .fallback = "100000",
     .number_min = MAILBOX_ROWS_MIN,
     .number_max = MAILBOX_ROWS_MAX,
     .example = "100000"},
};
_Static_assert((int)TB_MAILBOX_ROWS_DEFAULT == 100000, "the fallback above says the same");

enum tb_status tb_settings_read(const char *path, struct tb_settings *settings,
                                struct tb_diag *diag)
{
    return tb_roots_read(path, keys, sizeof keys / sizeof keys[0], settings, sizeof *settings,
                         &settings->roots, diag);
}
