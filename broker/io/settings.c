#include "broker/io/settings.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "broker/core/mailbox.h"

enum {
    ROOT_TEXT_BYTES_MAX = 96, /* groups may be kept apart, as they are read out */
    PREFIX_TEXT_BYTES = 3,
    MAILBOX_ROWS_MIN = 2,
    MAILBOX_ROWS_MAX = 10 * 1000 * 1000,
};

/* The prefixes of GB/T 2260: a province each. */
static const uint32_t prefixes[] = {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34,
                                    35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52,
                                    53, 54, 61, 62, 63, 64, 65, 71, 81, 82};
enum { PREFIX_COUNT = sizeof prefixes / sizeof prefixes[0] };

/* As the table of keys fills it. */
struct raw {
    struct tb_settings settings;
    char roots[PREFIX_COUNT][ROOT_TEXT_BYTES_MAX];
};

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

static const char *check_listen(const char *value)
{
    return strncmp(value, "tcp://", 6) == 0 && strrchr(value + 6, ':') != NULL
               ? NULL
               : "is not tcp://address:port";
}

#define AT(field)   offsetof(struct raw, settings.field)
#define ROOM(field) sizeof(((struct raw *)0)->settings.field)

static const struct tb_conf_key fixed_keys[] = {
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
    {.section = "directories",
     .name = "file",
     .kind = TB_CONF_LIST,
     .offset = AT(directories),
     .example = "14.directory"},
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
enum { FIXED_COUNT = sizeof fixed_keys / sizeof fixed_keys[0] };

/* The table of keys, with room for the roots' names. */
struct table {
    struct tb_conf_key keys[FIXED_COUNT + PREFIX_COUNT];
    char names[PREFIX_COUNT][PREFIX_TEXT_BYTES];
};

static void make_table(struct table *table)
{
    memcpy(table->keys, fixed_keys, sizeof fixed_keys);
    for (size_t i = 0; i < PREFIX_COUNT; i++) {
        snprintf(table->names[i], PREFIX_TEXT_BYTES, "%02u", prefixes[i] % 100u);
        table->keys[FIXED_COUNT + i] =
            (struct tb_conf_key){.section = "roots",
                                 .name = table->names[i],
                                 .kind = TB_CONF_TEXT,
                                 .offset = offsetof(struct raw, roots) + i * ROOT_TEXT_BYTES_MAX,
                                 .room = ROOT_TEXT_BYTES_MAX,
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

enum tb_status tb_settings_directory(const struct tb_settings *settings, size_t index,
                                     char out[TB_FILES_PATH_BYTES_MAX])
{
    return join(out, settings->folder, settings->directories.item[index]);
}

enum tb_status tb_settings_data(const struct tb_settings *settings, const char *name,
                                char out[TB_FILES_PATH_BYTES_MAX], struct tb_diag *diag)
{
    enum tb_status status = join(out, settings->data, name);
    if (status != TB_OK) {
        tb_diag_set(diag, 0, "the path of the data folder is too long: choose a shorter one");
    }
    return status;
}

enum tb_status tb_settings_read(const char *path, struct tb_settings *settings,
                                struct tb_diag *diag)
{
    struct raw raw;
    struct table table;
    make_table(&table);
    enum tb_status status =
        tb_conf_read(path, table.keys, FIXED_COUNT + PREFIX_COUNT, &raw, sizeof raw, diag);
    if (status == TB_OK) {
        status = tb_files_parent(path, raw.settings.folder);
    }
    for (size_t i = 0; status == TB_OK && i < PREFIX_COUNT; i++) {
        struct tb_broker_root *root = &raw.settings.roots[raw.settings.roots_count];
        if (raw.roots[i][0] != '\0' && read_fingerprint(raw.roots[i], &root->fingerprint)) {
            root->prefix = prefixes[i];
            raw.settings.roots_count++;
        }
    }
    if (status == TB_OK) {
        *settings = raw.settings;
    }
    return status;
}
