#define _GNU_SOURCE /* the operations of flock */
#include "base/io/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fault.h"

enum { READ_AT_ONCE_BYTES = 16 * 1024, FOLDER_MODE = 0700 };

/* The status of errno ${failed}, with a sentence in ${diag}. */
static enum tb_status failed_with(int failed, const char *what, const char *path,
                                  struct tb_diag *diag)
{
    tb_diag_set(diag, 0, "cannot %s %s: %s", what, path, strerror(failed));
    switch (failed) {
    case ENOENT:
    case ENOTDIR:
        return TB_UNKNOWN;
    case EEXIST:
        return TB_CONFLICT;
    case ENOSPC:
    case EDQUOT:
        return TB_DISKFULL;
    case EFBIG:
    case ENAMETOOLONG:
        return TB_TOOBIG;
    default:
        return TB_IO;
    }
}

/* Read ${fd} to its end; 0, EFBIG past the buffer's limit, or errno. */
static int read_all(int fd, struct tb_buf *out)
{
    uint8_t chunk[READ_AT_ONCE_BYTES];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno;
        }
        if (got == 0) {
            return 0;
        }
        if (tb_buf_add(out, tb_bytes_of(chunk, (size_t)got)) != TB_OK) {
            return EFBIG;
        }
    }
}

enum tb_status tb_files_read(const char *path, struct tb_buf *out, struct tb_diag *diag)
{
    /* NONBLOCK: opening somebody's named pipe must not hold the daemon. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return failed_with(errno, "read", path, diag);
    }
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        tb_diag_set(diag, 0, "%s is not a file", path);
        close(fd);
        return TB_IO;
    }
    size_t before = out->size;
    int failed = read_all(fd, out);
    close(fd);
    if (failed != 0) {
        tb_buf_cut(out, before);
        return failed_with(failed, "read", path, diag);
    }
    return TB_OK;
}

static int write_all(int fd, struct tb_bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t done = write(fd, bytes.data, bytes.size);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return done == 0 ? EIO : errno;
        }
        bytes.data += done;
        bytes.size -= (size_t)done;
    }
    return 0;
}

enum tb_status tb_files_parent(const char *path, char out[TB_FILES_PATH_BYTES_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 1 : (size_t)(slash - path);
    if (size >= TB_FILES_PATH_BYTES_MAX) {
        return TB_TOOBIG;
    }
    if (slash == NULL || slash == path) {
        snprintf(out, TB_FILES_PATH_BYTES_MAX, "%s", slash == NULL ? "." : "/");
    } else {
        memcpy(out, path, size);
        out[size] = '\0';
    }
    return TB_OK;
}

/* A new name is on disk only when its folder is. 0 or errno. */
static int sync_parent(const char *path)
{
    char folder[TB_FILES_PATH_BYTES_MAX];
    if (tb_files_parent(path, folder) != TB_OK) {
        return ENAMETOOLONG;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    int failed = fsync(fd) != 0 ? errno : 0;
    close(fd);
    return failed;
}

/* Make ${path}, which must not exist, with ${bytes} and ${mode}, and bring it
 * to the disk. 0 or errno; after an error other than EEXIST nothing is left. */
static int make_file(const char *path, struct tb_bytes bytes, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, TB_FILES_PRIVATE);
    if (fd < 0) {
        return errno;
    }
    int failed = write_all(fd, bytes);
    /* Exactly this mode, whatever the umask; and only once the bytes are in. */
    if (failed == 0 && fchmod(fd, (mode_t)mode) != 0) {
        failed = errno;
    }
    if (failed == 0 && fsync(fd) != 0) {
        failed = errno;
    }
    if (close(fd) != 0 && failed == 0) {
        failed = errno;
    }
    if (failed != 0) {
        (void)unlink(path);
    }
    return failed;
}

enum tb_status tb_files_create(const char *path, struct tb_bytes bytes, unsigned mode,
                               struct tb_diag *diag)
{
    int failed = make_file(path, bytes, mode);
    if (failed == 0) {
        failed = sync_parent(path);
        if (failed != 0) {
            (void)unlink(path);
        }
    }
    return failed == 0 ? TB_OK : failed_with(failed, "create", path, diag);
}

enum tb_status tb_files_write(const char *path, struct tb_bytes bytes, unsigned mode,
                              struct tb_diag *diag)
{
    char temp[TB_FILES_PATH_BYTES_MAX];
    int length = snprintf(temp, sizeof temp, "%s.new", path);
    if (length < 0 || (size_t)length >= sizeof temp) {
        return failed_with(ENAMETOOLONG, "write", path, diag);
    }
    /* What an interrupted write left behind was never the file. */
    if (unlink(temp) != 0 && errno != ENOENT) {
        return failed_with(errno, "replace", temp, diag);
    }
    int failed = make_file(temp, bytes, mode);
    if (failed == 0 && rename(temp, path) != 0) {
        failed = errno;
        (void)unlink(temp);
    }
    if (failed == 0) {
        failed = sync_parent(path);
    }
    return failed == 0 ? TB_OK : failed_with(failed, "write", path, diag);
}

bool tb_files_reserved(const char *path, uint64_t bytes)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size >= bytes &&
           (uint64_t)st.st_blocks * 512u >= bytes;
}

enum tb_status tb_files_reserve(const char *path, uint64_t bytes, struct tb_diag *diag)
{
    tb_assert(bytes > 0);
    tb_assert(bytes <= INT64_MAX);
    if (tb_files_reserved(path, bytes)) {
        return TB_OK;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, TB_FILES_PRIVATE);
    if (fd < 0) {
        return failed_with(errno, "reserve", path, diag);
    }
    int failed;
    do {
        failed = posix_fallocate(fd, 0, (off_t)bytes);
    } while (failed == EINTR);
    if (failed == 0 && fsync(fd) != 0) {
        failed = errno;
    }
    close(fd);
    if (failed == 0) {
        failed = sync_parent(path);
    }
    if (failed != 0) {
        (void)unlink(path);
        return failed_with(failed, "reserve", path, diag);
    }
    return TB_OK;
}

enum tb_status tb_files_release(const char *path, struct tb_diag *diag)
{
    return unlink(path) == 0 ? TB_OK : failed_with(errno, "release", path, diag);
}

enum tb_status tb_files_free_bytes(const char *path, uint64_t *out, struct tb_diag *diag)
{
    struct statvfs fs;
    if (statvfs(path, &fs) != 0) {
        return failed_with(errno, "measure", path, diag);
    }
    *out = (uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize;
    return TB_OK;
}

enum tb_status tb_files_folder(const char *path, struct tb_diag *diag)
{
    if (mkdir(path, FOLDER_MODE) == 0) {
        /* The umask may only have taken bits away; give the owner his back. */
        int failed = chmod(path, FOLDER_MODE) != 0 ? errno : sync_parent(path);
        return failed == 0 ? TB_OK : failed_with(failed, "make", path, diag);
    }
    if (errno != EEXIST) {
        return failed_with(errno, "make", path, diag);
    }
    struct stat st;
    if (stat(path, &st) != 0) {
        return failed_with(errno, "look at", path, diag);
    }
    if (!S_ISDIR(st.st_mode)) {
        tb_diag_set(diag, 0, "%s is not a folder: name another or move it away", path);
        return TB_INPUT;
    }
    if (st.st_uid != geteuid()) {
        tb_diag_set(diag, 0, "%s belongs to another user: chown it to the one that runs this",
                    path);
        return TB_INPUT;
    }
    if ((st.st_mode & 077) != 0) {
        tb_diag_set(diag, 0, "%s is open to others: chmod 700 %s", path, path);
        return TB_INPUT;
    }
    return TB_OK;
}

enum tb_status tb_files_lock(const char *path, int *fd, struct tb_diag *diag)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, TB_FILES_PRIVATE);
    if (*fd < 0) {
        return failed_with(errno, "open", path, diag);
    }
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0) {
        return TB_OK;
    }
    enum tb_status status =
        errno == EWOULDBLOCK ? TB_STATE : failed_with(errno, "lock", path, diag);
    (void)close(*fd);
    *fd = -1;
    return status;
}

enum tb_status tb_files_join(char out[TB_FILES_PATH_BYTES_MAX], const char *folder,
                             const char *name)
{
    int length = name[0] == '/' ? snprintf(out, TB_FILES_PATH_BYTES_MAX, "%s", name)
                                : snprintf(out, TB_FILES_PATH_BYTES_MAX, "%s/%s", folder, name);
    return length < TB_FILES_PATH_BYTES_MAX ? TB_OK : TB_TOOBIG;
}
