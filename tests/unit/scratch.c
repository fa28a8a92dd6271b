#include "scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"

int scratch_setup(void **state)
{
    const char *base = getenv("TMPDIR");
    char *path = malloc(SCRATCH_PATH_BYTES);
    tb_assert(path != NULL);
    snprintf(path, SCRATCH_PATH_BYTES, "%s/tongbao-test-XXXXXX", base == NULL ? "/tmp" : base);
    tb_assert(mkdtemp(path) != NULL);
    *state = path;
    return 0;
}

const char *scratch_path(char out[SCRATCH_PATH_BYTES], const char *folder, const char *name)
{
    int length = snprintf(out, SCRATCH_PATH_BYTES, "%s/%s", folder, name);
    tb_assert(length < SCRATCH_PATH_BYTES);
    return out;
}

int scratch_teardown(void **state)
{
    char *folder = *state;
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir == NULL ? NULL : readdir(dir); e != NULL; e = readdir(dir)) {
        char path[SCRATCH_PATH_BYTES];
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            (void)remove(scratch_path(path, folder, e->d_name));
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    (void)rmdir(folder);
    free(folder);
    return 0;
}
