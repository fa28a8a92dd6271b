#include "tests/system/tree.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_BYTES_MAX = 1024, FILE_BYTES_MAX = 64 * 1024 * 1024 };

static void join(char out[PATH_BYTES_MAX], const char *folder, const char *name)
{
    int size = snprintf(out, PATH_BYTES_MAX, "%s/%s", folder, name);
    assert_true(size > 0 && size < PATH_BYTES_MAX);
}

static bool dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void copy_file(const char *from, const char *to, mode_t mode)
{
    static char block[64 * 1024];
    FILE *in = fopen(from, "r");
    FILE *out = fopen(to, "w");
    size_t size;
    assert_non_null(in);
    assert_non_null(out);
    while ((size = fread(block, 1, sizeof block, in)) > 0) {
        assert_int_equal(fwrite(block, 1, size, out), size);
    }
    assert_int_equal(ferror(in), 0);
    fclose(in);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(to, mode), 0);
}

void tb_tree_copy(const char *from, const char *to)
{
    struct stat look;
    assert_int_equal(lstat(from, &look), 0);
    if (S_ISREG(look.st_mode)) {
        copy_file(from, to, look.st_mode & 07777);
        return;
    }
    if (!S_ISDIR(look.st_mode)) {
        return; /* a socket is made anew by whoever owns it */
    }
    assert_int_equal(mkdir(to, look.st_mode & 07777), 0);
    DIR *folder = opendir(from);
    const struct dirent *entry;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        char source[PATH_BYTES_MAX];
        char target[PATH_BYTES_MAX];
        if (!dots(entry->d_name)) {
            join(source, from, entry->d_name);
            join(target, to, entry->d_name);
            tb_tree_copy(source, target);
        }
    }
    closedir(folder);
}

void tb_tree_remove(const char *path)
{
    struct stat look;
    if (lstat(path, &look) != 0) {
        assert_int_equal(errno, ENOENT);
        return;
    }
    if (!S_ISDIR(look.st_mode)) {
        assert_int_equal(unlink(path), 0);
        return;
    }
    DIR *folder = opendir(path);
    const struct dirent *entry;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        char below[PATH_BYTES_MAX];
        if (!dots(entry->d_name)) {
            join(below, path, entry->d_name);
            tb_tree_remove(below);
        }
    }
    closedir(folder);
    assert_int_equal(rmdir(path), 0);
}

static void put(const char *path, const char *mode, const char *text)
{
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void tb_tree_write(const char *path, const char *text)
{
    put(path, "w", text);
}

void tb_tree_append(const char *path, const char *text)
{
    put(path, "a", text);
}

char *tb_tree_read(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size >= 0 && size <= FILE_BYTES_MAX);
    rewind(file);
    char *text = malloc((size_t)size + 1);
    assert_non_null(text);
    size_t got = fread(text, 1, (size_t)size, file);
    text[got] = '\0';
    fclose(file);
    return text;
}

int tb_tree_drop_lines(const char *path, const char *a, const char *b)
{
    char *text = tb_tree_read(path);
    FILE *file = fopen(path, "w");
    int dropped = 0;
    assert_non_null(file);
    for (char *line = text; *line != '\0';) {
        char *end = strchr(line, '\n');
        char *next = end == NULL ? line + strlen(line) : end + 1;
        if (end != NULL) {
            *end = '\0';
        }
        if (strstr(line, a) != NULL && strstr(line, b) != NULL) {
            dropped++;
        } else {
            fprintf(file, "%s\n", line);
        }
        line = next;
    }
    assert_int_equal(fclose(file), 0);
    free(text);
    return dropped;
}

void tb_tree_show_end(const char *path, int lines)
{
    FILE *file = fopen(path, "r");
    fprintf(stderr, "--- %s\n", path);
    if (file == NULL) {
        fprintf(stderr, "(no such file)\n");
        return;
    }
    char line[512];
    int total = 0;
    while (fgets(line, (int)sizeof line, file) != NULL) {
        total++;
    }
    rewind(file);
    for (int i = 0; fgets(line, (int)sizeof line, file) != NULL; i++) {
        if (i >= total - lines) {
            fputs(line, stderr);
        }
    }
    fclose(file);
}
