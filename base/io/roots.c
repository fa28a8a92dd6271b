#include "base/io/roots.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/io/say.h"

enum {
    FINGERPRINT_BYTES_MAX = 96, /* groups may be kept apart */
    PREFIX_BYTES = 3,
};

/* The prefixes of GB/T 2260: a province each. */
static const uint32_t prefixes[] = {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34,
                                    35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52,
                                    53, 54, 61, 62, 63, 64, 65, 71, 81, 82};
enum { PREFIX_COUNT = sizeof prefixes / sizeof prefixes[0] };
_Static_assert((int)PREFIX_COUNT <= (int)TB_ROOTS_MAX, "every province has room");

/* The two sections as the table of keys fills them. */
struct written {
    struct tb_conf_list files;
    char fingerprint[PREFIX_COUNT][FINGERPRINT_BYTES_MAX];
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

/* All keys of a configuration, with room for the names of the roots. */
struct table {
    struct tb_conf_key keys[TB_CONF_KEYS_MAX];
    char names[PREFIX_COUNT][PREFIX_BYTES];
    size_t count;
};

/* The daemon's ${keys}, then those of the two sections, whose struct written
 * stands at ${offset}. */
static void make_table(struct table *table, const struct tb_conf_key *keys, size_t count,
                       size_t offset)
{
    tb_assert(count + 1 + PREFIX_COUNT <= TB_CONF_KEYS_MAX);
    memcpy(table->keys, keys, count * sizeof keys[0]);
    table->count = count;
    table->keys[table->count++] =
        (struct tb_conf_key){.section = "directories",
                             .name = "file",
                             .kind = TB_CONF_LIST,
                             .offset = offset + offsetof(struct written, files),
                             .example = "14.directory"};
    for (size_t i = 0; i < PREFIX_COUNT; i++) {
        snprintf(table->names[i], PREFIX_BYTES, "%02u", prefixes[i] % 100u);
        table->keys[table->count++] = (struct tb_conf_key){
            .section = "roots",
            .name = table->names[i],
            .kind = TB_CONF_TEXT,
            .offset = offset + offsetof(struct written, fingerprint) + i * FINGERPRINT_BYTES_MAX,
            .room = FINGERPRINT_BYTES_MAX,
            .example = "the 64 hex digits that the province reads to you",
            .check = check_root};
    }
}

static void take(struct tb_roots *roots, const struct written *written, const char *folder)
{
    memset(roots, 0, sizeof *roots);
    roots->files = written->files;
    memcpy(roots->folder, folder, sizeof roots->folder);
    for (size_t i = 0; i < PREFIX_COUNT; i++) {
        struct tb_root *root = &roots->pinned[roots->count];
        if (read_fingerprint(written->fingerprint[i], &root->fingerprint)) {
            root->prefix = prefixes[i];
            roots->count++;
        }
    }
}

enum tb_status tb_roots_read(const char *path, const struct tb_conf_key *keys, size_t count,
                             void *out, size_t out_bytes, struct tb_roots *roots,
                             struct tb_diag *diag)
{
    /* One struct for the reader: the daemon's, and behind it ours. */
    size_t align = alignof(max_align_t);
    size_t offset = (out_bytes + align - 1) / align * align;
    size_t bytes = offset + sizeof(struct written);
    char folder[TB_FILES_PATH_BYTES_MAX];
    struct table table;
    uint8_t *all = calloc(1, bytes);
    tb_assert(all != NULL);
    make_table(&table, keys, count, offset);
    enum tb_status status = tb_conf_read(path, table.keys, table.count, all, bytes, diag);
    if (status == TB_OK) {
        status = tb_files_parent(path, folder);
    }
    if (status == TB_OK) {
        memcpy(out, all, out_bytes);
        take(roots, (const struct written *)(const void *)(all + offset), folder);
    }
    free(all);
    return status;
}

enum tb_status tb_roots_path(const struct tb_roots *roots, size_t index,
                             char out[TB_FILES_PATH_BYTES_MAX])
{
    tb_assert(index < roots->files.count);
    return tb_files_join(out, roots->folder, roots->files.item[index]);
}

bool tb_roots_directory(const struct tb_roots *roots, size_t index, struct tb_buf *bytes)
{
    char path[TB_FILES_PATH_BYTES_MAX];
    struct tb_diag diag = {0};
    enum tb_status status = tb_roots_path(roots, index, path);
    if (status == TB_OK) {
        status = tb_files_read(path, bytes, &diag);
    }
    if (status != TB_OK) {
        tb_say_text(TB_NOTE_WARN, "a directory file is left out: %s",
                    diag.text[0] != '\0' ? diag.text : tb_status_text(status));
    }
    return status == TB_OK;
}
