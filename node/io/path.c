#include "node/io/path.h"

#include <string.h>

static const struct {
    enum tb_http_method method;
    const char *path;
} paths[TB_PATH_COUNT] = {
#define ROW(name, method, path) {TB_HTTP_##method, path},
    TB_PATH_TABLE(ROW)
#undef ROW
};

static const char HOLE[] = "{name}";

/* True when ${path} is of the form ${pattern}; ${name} then holds what fills its hole. */
static bool match(const char *pattern, const char *path, char name[TB_PATH_NAME_BYTES_MAX])
{
    const char *hole = strstr(pattern, HOLE);
    name[0] = '\0';
    if (hole == NULL) {
        return strcmp(pattern, path) == 0;
    }
    size_t before = (size_t)(hole - pattern);
    if (strncmp(pattern, path, before) != 0) {
        return false;
    }
    size_t length = strcspn(path + before, "/");
    bool good = length > 0 && length < TB_PATH_NAME_BYTES_MAX &&
                strcmp(hole + sizeof HOLE - 1, path + before + length) == 0;
    if (good) {
        memcpy(name, path + before, length);
        name[length] = '\0';
    }
    return good;
}

enum tb_status tb_path_find(enum tb_http_method method, const char *path, enum tb_path *out,
                            char name[TB_PATH_NAME_BYTES_MAX])
{
    enum tb_status status = TB_UNKNOWN;
    for (size_t i = 0; i < TB_PATH_COUNT; i++) {
        if (!match(paths[i].path, path, name)) {
            continue;
        }
        if (paths[i].method == method) {
            *out = (enum tb_path)i;
            return TB_OK;
        }
        status = TB_STATE;
    }
    return status;
}

enum tb_http_method tb_path_method(enum tb_path at)
{
    return paths[at].method;
}

const char *tb_path_text(enum tb_path at)
{
    return paths[at].path;
}
