#include "node/cli/home.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "node/cli/tell.h"

enum { OFFICE_MAX = 999999 };

/* ${path} as seen from ${folder}. */
static enum tb_status join(char out[TB_FILES_PATH_BYTES_MAX], const char *folder, const char *path)
{
    int size = path[0] == '/' ? snprintf(out, TB_FILES_PATH_BYTES_MAX, "%s", path)
                              : snprintf(out, TB_FILES_PATH_BYTES_MAX, "%s/%s", folder, path);
    return size >= 0 && size < TB_FILES_PATH_BYTES_MAX ? TB_OK : TB_TOOBIG;
}

/* One "name = value" of the file; inih wants 1 for "go on". */
static int keep(void *context, const char *section, const char *name, const char *value)
{
    struct tb_home *home = context;
    uint64_t office = 0;
    enum tb_status status = TB_OK;
    if (strcmp(section, "node") == 0 && strcmp(name, "office") == 0) {
        home->office = tb_text_u64(value, OFFICE_MAX, &office) ? (uint32_t)office : 0;
    } else if (strcmp(section, "node") == 0 && strcmp(name, "data") == 0) {
        status = join(home->data, home->folder, value);
    } else if (strcmp(section, "node") == 0 && strcmp(name, "language") == 0) {
        home->language = tb_language_of(value);
    } else if (strcmp(section, "http") == 0 && strcmp(name, "socket") == 0) {
        status = join(home->socket, home->folder, value);
    }
    return status == TB_OK ? 1 : 0;
}

static enum tb_status config_path(struct tb_home *home, const char *named, struct tb_diag *diag)
{
    struct stat st;
    bool folder = stat(named, &st) == 0 && S_ISDIR(st.st_mode);
    int size =
        snprintf(home->config, sizeof home->config, "%s%s", named, folder ? "/node.conf" : "");
    if (size < 0 || (size_t)size >= sizeof home->config) {
        tb_diag_set(diag, 0, _("the path is too long: %s"), named);
        return TB_TOOBIG;
    }
    return tb_files_parent(home->config, home->folder);
}

enum tb_status tb_home_find(struct tb_home *home, const char *option, const char *variable,
                            struct tb_diag *diag)
{
    *home = (struct tb_home){.language = TB_LANGUAGE_NONE};
    const char *named = option != NULL                            ? option
                        : variable != NULL && variable[0] != '\0' ? variable
                                                                  : TB_HOME_CONFIG_DEFAULT;
    enum tb_status status = config_path(home, named, diag);
    if (status != TB_OK) {
        return status;
    }
    FILE *file = fopen(home->config, "re");
    if (file == NULL) {
        bool missing = errno == ENOENT || errno == ENOTDIR;
        tb_diag_set(diag, 0,
                    missing ? _("there is no node at %s; name one with --node FOLDER or "
                                "TONGBAO_NODE, or make one with: tongbao init")
                            : _("cannot read %s"),
                    home->config);
        return missing ? TB_UNKNOWN : TB_IO;
    }
    int line = ini_parse_file(file, keep, home);
    fclose(file);
    if (line == 0 && home->data[0] == '\0') {
        line = join(home->data, home->folder, "data") == TB_OK ? 0 : 1;
    }
    if (line == 0 && home->socket[0] == '\0') {
        line = join(home->socket, home->data, "tongbao.sock") == TB_OK ? 0 : 1;
    }
    diag->file = home->config;
    if (line != 0 || home->office == 0) {
        tb_diag_set(diag, line > 0 ? line : 0, "%s",
                    line != 0 ? _("this line cannot be understood; see tongbao-node --check-config")
                              : _("the section [node] names no office, e.g. office = 140926"));
        return TB_INPUT;
    }
    diag->file = NULL;
    return TB_OK;
}
