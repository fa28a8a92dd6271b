#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "tests/fuzz/fuzz.h"

/*
 * replay - give a target every file of its corpus once, without libFuzzer:
 *
 *     fuzz_envelope tests/fuzz/corpus/envelope
 *
 * So every test run, with every compiler and under every sanitizer, has seen again
 * whatever was found once. An empty corpus is a failure: it would prove nothing.
 */
enum { PATH_BYTES_MAX = 512, INPUT_BYTES_MAX = 8 * 1024 * 1024 };

static char present[PATH_BYTES_MAX]; /* named when it ends the process */

static void name_it(void)
{
    if (present[0] != '\0') {
        fprintf(stderr, "replay: ended within %s\n", present);
    }
}

static void replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    tb_assert(file != NULL);
    tb_assert(fseek(file, 0, SEEK_END) == 0);
    long size = ftell(file);
    tb_assert(size >= 0);
    tb_assert(size <= INPUT_BYTES_MAX);
    rewind(file);
    uint8_t *bytes = malloc((size_t)size);
    tb_assert(bytes != NULL || size == 0);
    tb_assert(fread(bytes, 1, (size_t)size, file) == (size_t)size);
    fclose(file);
    snprintf(present, sizeof present, "%s", path);
    (void)LLVMFuzzerTestOneInput(bytes, (size_t)size);
    present[0] = '\0';
    free(bytes);
}

int main(int argc, char **argv)
{
    size_t count = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    tb_assert(atexit(name_it) == 0);
    struct dirent **entries;
    int found = scandir(argv[1], &entries, NULL, alphasort);
    tb_assert(found >= 0);
    for (int i = 0; i < found; i++) {
        char path[PATH_BYTES_MAX];
        if (entries[i]->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
            replay(path);
            count++;
        }
        free(entries[i]);
    }
    free(entries);
    printf("%s: %zu inputs\n", argv[0], count);
    return count > 0 ? 0 : 1;
}
