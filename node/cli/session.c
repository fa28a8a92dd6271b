#include "node/cli/session.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/cli/tell.h"

enum tb_status tb_session_path(char out[TB_FILES_PATH_BYTES_MAX], const struct tb_home *home,
                               const char *option, const char *runtime)
{
    int size;
    if (option != NULL) {
        size = snprintf(out, TB_FILES_PATH_BYTES_MAX, "%s", option);
    } else {
        const char *folder = runtime != NULL && runtime[0] != '\0' ? runtime : home->data;
        size =
            snprintf(out, TB_FILES_PATH_BYTES_MAX, "%s/tongbao-%06u.session", folder, home->office);
    }
    return size >= 0 && size < TB_FILES_PATH_BYTES_MAX ? TB_OK : TB_TOOBIG;
}

enum tb_status tb_session_keep(const char *path, const char *token, struct tb_diag *diag)
{
    char line[TB_SESSION_TOKEN_BYTES_MAX + 1];
    int size = snprintf(line, sizeof line, "%s\n", token);
    if (size < 2 || (size_t)size >= sizeof line) {
        tb_diag_set(diag, 0, "%s", _("the node gave no token that can be kept"));
        return TB_MALFORMED;
    }
    return tb_files_write(path, tb_bytes_text(line), TB_FILES_PRIVATE, diag);
}

enum tb_status tb_session_load(const char *path, char out[TB_SESSION_TOKEN_BYTES_MAX],
                               struct tb_diag *diag)
{
    struct stat st;
    out[0] = '\0';
    if (stat(path, &st) == 0 && (st.st_mode & 077) != 0) {
        tb_diag_set(diag, 0, _("the session file %s can be read by others: chmod 600 %s"), path,
                    path);
        return TB_INPUT;
    }
    struct tb_buf buf;
    tb_buf_init(&buf, TB_SESSION_TOKEN_BYTES_MAX - 1);
    enum tb_status status = tb_files_read(path, &buf, diag);
    if (status == TB_OK && buf.size > 0) {
        memcpy(out, buf.data, buf.size);
        out[buf.size] = '\0';
        out[strcspn(out, "\r\n")] = '\0';
    }
    tb_buf_fini(&buf);
    bool plain = out[strspn(out, "0123456789abcdefABCDEF")] == '\0' && out[0] != '\0';
    if (status == TB_TOOBIG || (status == TB_OK && !plain)) {
        tb_diag_set(diag, 0, _("%s holds no session; open one with: tongbao duty open"), path);
        out[0] = '\0';
        return TB_INPUT;
    }
    return status;
}

void tb_session_drop(const char *path)
{
    (void)unlink(path);
}
