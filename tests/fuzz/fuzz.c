#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

struct tb_bytes fuzz_until(struct tb_bytes *rest, const char *mark)
{
    struct tb_bytes all = *rest;
    size_t length = strlen(mark);
    for (size_t at = 0; length <= all.size && at <= all.size - length; at++) {
        if (memcmp(all.data + at, mark, length) == 0) {
            *rest = tb_bytes_of(all.data + at + length, all.size - at - length);
            return tb_bytes_of(all.data, at);
        }
    }
    *rest = tb_bytes_of(NULL, 0);
    return all;
}

struct tb_bytes fuzz_line(struct tb_bytes *rest)
{
    return fuzz_until(rest, "\n");
}

char *fuzz_text(struct tb_bytes bytes)
{
    char *text = malloc(bytes.size + 1);
    tb_assert(text != NULL);
    if (bytes.size > 0) {
        memcpy(text, bytes.data, bytes.size);
    }
    text[bytes.size] = '\0';
    return text;
}

static char file_path[64];

static void remove_file(void)
{
    (void)unlink(file_path);
}

const char *fuzz_file(struct tb_bytes bytes)
{
    static int fd = -1;
    if (fd < 0) {
        snprintf(file_path, sizeof file_path, "/tmp/tb_fuzz_%ld_XXXXXX", (long)getpid());
        fd = mkstemp(file_path);
        tb_assert(fd >= 0);
        tb_assert(atexit(remove_file) == 0);
    }
    tb_assert(ftruncate(fd, 0) == 0);
    size_t put = 0;
    while (put < bytes.size) {
        ssize_t wrote = pwrite(fd, bytes.data + put, bytes.size - put, (off_t)put);
        tb_assert(wrote > 0);
        put += (size_t)wrote;
    }
    return file_path;
}

struct tb_arena *fuzz_arena(int which)
{
    static struct tb_arena arena[2];
    tb_assert(which == 0 || which == 1);
    if (arena[which].block == NULL) {
        tb_arena_init(&arena[which], TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    }
    tb_arena_reset(&arena[which]);
    return &arena[which];
}

size_t fuzz_lines(struct tb_bytes bytes)
{
    size_t lines = 1;
    for (size_t i = 0; i < bytes.size; i++) {
        lines += bytes.data[i] == '\n';
    }
    return lines;
}

void fuzz_told(enum tb_status status, const struct tb_diag *diag, size_t lines)
{
    char whole[2 * TB_DIAG_TEXT_BYTES_MAX];
    if (status == TB_OK || (fuzz_starved && status != TB_INPUT)) {
        return;
    }
    tb_assert(diag->text[0] != '\0');
    tb_assert(memchr(diag->text, '\0', sizeof diag->text) != NULL);
    tb_assert(diag->line >= 0);
    tb_assert(lines == 0 || (size_t)diag->line <= lines);
    tb_diag_print(diag, whole, sizeof whole);
    tb_assert(strlen(whole) >= strlen(diag->text));
}

static void go_on(void)
{
}

bool fuzz_starved;
void (*fuzz_prepared)(void) = go_on;

static uint64_t said[FUZZ_SAID_MAX];
static size_t said_count;

/* Times and ids differ from run to run, the words around them do not: hex digits are
 * left out. */
void fuzz_said(struct tb_bytes words)
{
    uint64_t sum = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < words.size; i++) {
        uint8_t byte = words.data[i];
        if ((byte < '0' || byte > '9') && (byte < 'a' || byte > 'f')) {
            sum = (sum ^ byte) * UINT64_C(1099511628211);
        }
    }
    if (said_count < FUZZ_SAID_MAX) {
        said[said_count++] = sum;
    }
}

void fuzz_ended(enum tb_status status)
{
    if (!fuzz_starved || (status != TB_MEMORY && status != TB_IO)) {
        fuzz_said(tb_bytes_text(tb_status_name(status)));
    }
}

size_t fuzz_sums(uint64_t sums[FUZZ_SAID_MAX])
{
    memcpy(sums, said, sizeof said);
    return said_count;
}

void fuzz_forget(void)
{
    said_count = 0;
}
