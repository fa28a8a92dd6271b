#define _GNU_SOURCE /* unshare */
#include "tests/system/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILLERS_MAX = 16, BLOCK_BYTES = 64 * 1024, PATH_BYTES = 512 };

static void must(bool good, const char *what)
{
    if (!good) {
        fail_msg("%s: %s. This test fills a small file system of its own and needs the right to "
                 "mount one: run it as root with CAP_SYS_ADMIN, or allow user namespaces",
                 what, strerror(errno));
    }
}

static void write_map(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    must(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text), path);
    close(file);
}

/* An ordinary user is root in a user namespace of his own, and may mount there. */
static void become_root(void)
{
    char map[64];
    unsigned user = (unsigned)getuid();
    unsigned group = (unsigned)getgid();
    must(unshare(CLONE_NEWUSER) == 0, "unshare(CLONE_NEWUSER)");
    write_map("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %u 1", user);
    write_map("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "0 %u 1", group);
    write_map("/proc/self/gid_map", map);
}

/* Once for this process and all that it starts. */
static void leave_common_mounts(void)
{
    static bool left;
    if (left) {
        return;
    }
    if (geteuid() != 0) {
        become_root();
    }
    must(unshare(CLONE_NEWNS) == 0, "unshare(CLONE_NEWNS)");
    must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount --make-rprivate /");
    left = true;
}

void tb_disk_mount(const char *folder, size_t bytes)
{
    char options[64];
    leave_common_mounts();
    if (rmdir(folder) != 0 && errno != ENOENT) { /* what it holds would be hidden */
        fail_msg("%s: %s", folder, strerror(errno));
    }
    assert_int_equal(mkdir(folder, 0700), 0);
    snprintf(options, sizeof options, "size=%zu,mode=0700", bytes);
    must(mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0, "mount tmpfs");
}

static const char *filler(const char *folder, int n)
{
    static char path[PATH_BYTES];
    int size = snprintf(path, sizeof path, "%s/filler-%d", folder, n);
    assert_true(size > 0 && (size_t)size < sizeof path);
    return path;
}

void tb_disk_fill(const char *folder)
{
    static const char block[BLOCK_BYTES] = {'x'};
    int n = 0;
    while (access(filler(folder, n), F_OK) == 0) {
        n++;
    }
    assert_true(n < FILLERS_MAX);
    int file = open(filler(folder, n), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    /* Large pieces first, then what is left, byte for byte. */
    for (size_t size = sizeof block; size > 0;) {
        ssize_t done = write(file, block, size);
        size = done > 0 ? size : size / 2;
    }
    assert_int_equal(errno, ENOSPC);
    close(file);
}

void tb_disk_room(const char *folder)
{
    for (int n = 0; n < FILLERS_MAX; n++) {
        if (unlink(filler(folder, n)) != 0) {
            assert_int_equal(errno, ENOENT);
        }
    }
}

void tb_disk_unmount(const char *folder)
{
    must(umount(folder) == 0, "umount");
}
