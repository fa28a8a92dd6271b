#include "topology/atlas.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/limits.h"

enum { FILES_MAX = 32 }; /* of one directory; the rest are not rivers */

/* The rivers of one prefix, and the version they were drawn from. A version
 * whose files fail their checks is remembered too, so that it is read once. */
struct sheet {
    uint32_t prefix;
    uint64_t version;
    struct tb_rivers *rivers;
};

struct tb_atlas {
    struct sheet sheets[TB_ROOTS_MAX];
    size_t count;
};

struct tb_atlas *tb_atlas_new(void)
{
    struct tb_atlas *atlas = calloc(1, sizeof *atlas);
    tb_assert(atlas != NULL);
    return atlas;
}

void tb_atlas_free(struct tb_atlas *atlas)
{
    if (atlas == NULL) {
        return;
    }
    for (size_t i = 0; i < atlas->count; i++) {
        tb_rivers_free(atlas->sheets[i].rivers);
    }
    free(atlas);
}

static struct sheet *sheet_of(struct tb_atlas *atlas, uint32_t prefix)
{
    for (size_t i = 0; i < atlas->count; i++) {
        if (atlas->sheets[i].prefix == prefix) {
            return &atlas->sheets[i];
        }
    }
    /* Trusted prefixes are at most TB_ROOTS_MAX, and only they come here. */
    tb_assert(atlas->count < TB_ROOTS_MAX);
    struct sheet *sheet = &atlas->sheets[atlas->count++];
    sheet->prefix = prefix;
    return sheet;
}

static struct tb_rivers *draw(const struct tb_directory *directory)
{
    const Tongbao__DirectoryBody *body = tb_directory_body(directory);
    struct tb_rivers_file files[FILES_MAX];
    size_t count = body->n_files < FILES_MAX ? body->n_files : FILES_MAX;
    for (size_t i = 0; i < count; i++) {
        files[i].name = body->files[i]->name;
        files[i].bytes = tb_bytes_of(body->files[i]->content.data, body->files[i]->content.len);
    }
    struct tb_rivers *rivers = NULL;
    enum tb_status status = tb_rivers_load(&rivers, files, count, NULL);
    return status == TB_OK ? rivers : NULL;
}

const struct tb_rivers *tb_atlas_for(struct tb_atlas *atlas, const struct tb_directories *set,
                                     uint32_t code)
{
    const struct tb_directory *directory = tb_directories_for(set, code);
    if (directory == NULL) {
        return NULL;
    }
    struct sheet *sheet = sheet_of(atlas, tb_directory_prefix(directory));
    if (sheet->version != tb_directory_version(directory)) {
        tb_rivers_free(sheet->rivers);
        sheet->rivers = draw(directory);
        sheet->version = tb_directory_version(directory);
    }
    return sheet->rivers;
}
