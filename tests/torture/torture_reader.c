#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "base/memory.h"
#include "tests/fuzz/fuzz.h"
#include "tests/torture/hunger.h"

/*
 * The n-th allocation fails while a reader works: "sends nothing and stops". A fuzz
 * target is given inputs of its corpus, each again and again in a process of its own,
 * with n = 1, 2, 3 … or, where there are many allocations, with n spread over them:
 *
 *     torture_NAME CORPUS INPUTS TRIES      tries for each of so many inputs
 *
 * Each run ends in one of three ways: the right answer, the same as without hunger; a
 * stop by the product's own tb_assert; anything else, a signal or another answer, is
 * a failure.
 */
enum { PATH_BYTES_MAX = 512, INPUT_BYTES_MAX = 1024 * 1024 };
enum ending { RIGHT = 0, STOPPED = 10, WRONG = 20 };

struct said {
    size_t count;
    size_t allocations;
    uint64_t sums[FUZZ_SAID_MAX];
};

static struct said *shared; /* what a run without hunger said, for all children */
static size_t rights;
static size_t stops;

/* Has a starved run said what the other said? It may have said less: it stopped, or a
 * reader gave up and told so. */
static bool agrees(void)
{
    uint64_t sums[FUZZ_SAID_MAX];
    size_t count = fuzz_sums(sums);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        while (at < shared->count && shared->sums[at] != sums[i]) {
            at++;
        }
        if (at == shared->count) {
            return false;
        }
        at++;
    }
    return true;
}

/* In place of the product's: how a child ends says which kind of fault it was. A
 * promise of the target that is broken is no clean stop. */
_Noreturn void tb_assert_failed(const char *condition, const char *file, int line)
{
    bool promise = strstr(file, "tests/fuzz/fuzz_") != NULL;
    bool clean = hunger_failed() && !promise;
    hunger_end();
    if (!clean || !agrees()) {
        fprintf(stderr, "error fault %s:%d: %s\n", file, line, condition);
        _exit(WRONG);
    }
    _exit(STOPPED);
}

static size_t nth_to_fail;

static void begin(void)
{
    hunger_begin(nth_to_fail);
}

/* One run in this process; never returns. */
static void run(struct tb_bytes bytes, size_t nth)
{
    fuzz_starved = nth > 0;
    nth_to_fail = nth;
    fuzz_prepared = begin;
    begin();
    (void)LLVMFuzzerTestOneInput(bytes.data, bytes.size);
    hunger_end();
    if (nth == 0) {
        shared->allocations = hunger_count();
        shared->count = fuzz_sums(shared->sums);
        _exit(RIGHT);
    }
    if (!agrees()) {
        fputs("another answer than without hunger\n", stderr);
        _exit(WRONG);
    }
    _exit(RIGHT);
}

static int child(struct tb_bytes bytes, size_t nth)
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    tb_assert(pid >= 0);
    if (pid == 0) {
        run(bytes, nth);
    }
    tb_assert(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static bool starve(const char *name, struct tb_bytes bytes, size_t tries)
{
    bool good = true;
    if (child(bytes, 0) != RIGHT) {
        fprintf(stderr, "%s: fails without hunger\n", name);
        return false;
    }
    size_t all = shared->allocations;
    size_t step = all > tries ? all / tries : 1;
    for (size_t nth = 1; nth <= all; nth += step) {
        int ending = child(bytes, nth);
        rights += ending == RIGHT;
        stops += ending == STOPPED;
        if (ending != RIGHT && ending != STOPPED) {
            fprintf(stderr, "%s: ends with %d when allocation %zu of %zu fails\n", name, ending,
                    nth, all);
            good = false;
        }
    }
    return good;
}

static bool starve_file(const char *folder, const char *name, size_t tries)
{
    static uint8_t bytes[INPUT_BYTES_MAX];
    static bool warm;
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    tb_assert(file != NULL);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (!warm) {
        /* What a target makes once for its process stands before the children do. */
        (void)LLVMFuzzerTestOneInput(bytes, size);
        fuzz_forget();
        warm = true;
    }
    return starve(path, tb_bytes_of(bytes, size), tries);
}

int main(int argc, char **argv)
{
    bool good = true;
    if (argc != 4) {
        fprintf(stderr, "usage: %s CORPUS INPUTS TRIES\n", argv[0]);
        return 2;
    }
    size_t inputs = (size_t)strtoul(argv[2], NULL, 10);
    size_t tries = (size_t)strtoul(argv[3], NULL, 10);
    json_set_alloc_funcs(tb_memory_take, free);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    tb_assert(shared != MAP_FAILED);
    struct dirent **entries;
    int found = scandir(argv[1], &entries, NULL, alphasort);
    tb_assert(found > 2);
    size_t step = (size_t)found > inputs ? (size_t)found / inputs : 1;
    for (size_t i = 0; i < (size_t)found; i++) {
        if (entries[i]->d_name[0] != '.' && i % step == 0) {
            good = starve_file(argv[1], entries[i]->d_name, tries) && good;
        }
        free(entries[i]);
    }
    free(entries);
    printf("%s: %zu right, %zu stopped\n", argv[0], rights, stops);
    return good && rights + stops > 0 ? 0 : 1;
}
