#define _GNU_SOURCE /* SOCK_CLOEXEC, SOCK_NONBLOCK */
#include "node/io/http_listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/io/config.h"
#include "node/io/http.h"

static enum tb_status failed(int *fd, struct tb_diag *diag, const char *what, const char *where)
{
    tb_diag_set(diag, 0, "cannot %s %s: %s", what, where, strerror(errno));
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
    return TB_IO;
}

/* True when somebody answers at ${address}. */
static bool served(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return answers;
}

enum tb_status tb_http_listen_unix(const char *path, int *fd, struct tb_diag *diag)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *fd = -1;
    if (strlen(path) >= sizeof address.sun_path) {
        tb_diag_set(diag, 0,
                    "the socket's path is longer than %zu bytes: set [http] socket to a "
                    "shorter one (%s)",
                    sizeof address.sun_path - 1, path);
        return TB_INPUT;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (served(&address)) {
        tb_diag_set(diag, 0, "another program serves on %s", path);
        return TB_CONFLICT;
    }
    (void)unlink(path);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0) {
        return failed(fd, diag, "make a socket for", path);
    }
    /* Narrow from its first moment; then exactly the mode, whatever the umask. */
    mode_t before = umask(0177);
    int bound = bind(*fd, (const struct sockaddr *)&address, sizeof address);
    (void)umask(before);
    if (bound != 0 || chmod(path, TB_HTTP_SOCKET_MODE) != 0 || listen(*fd, TB_HTTP_BACKLOG) != 0) {
        return failed(fd, diag, "serve on", path);
    }
    return TB_OK;
}

enum tb_status tb_http_listen_tcp(const char *where, int *fd, struct tb_diag *diag)
{
    char host[TB_CONFIG_TEXT_BYTES_MAX];
    char port_text[8];
    uint16_t port = 0;
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
    *fd = -1;
    bool good = tb_config_split(where, host, sizeof host, &port);
    snprintf(port_text, sizeof port_text, "%u", port);
    if (!good || getaddrinfo(host, port_text, &hints, &found) != 0) {
        tb_diag_set(diag, 0, "[http] listen: \"%s\" is not address:port, such as 127.0.0.1:8080",
                    where);
        return TB_INPUT;
    }
    int one = 1;
    *fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool bound = *fd >= 0 && setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
                 bind(*fd, found->ai_addr, found->ai_addrlen) == 0 &&
                 listen(*fd, TB_HTTP_BACKLOG) == 0;
    freeaddrinfo(found);
    return bound ? TB_OK : failed(fd, diag, "serve on", where);
}
