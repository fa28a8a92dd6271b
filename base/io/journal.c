#include "base/io/journal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/text.h"

/* One note that was written and is watched for repetition. */
struct repeat {
    bool used;
    int level;
    uint64_t since_ms;
    uint64_t count; /* of the repetitions that were not written */
    char text[TB_JOURNAL_LINE_BYTES_MAX];
};

static struct repeat repeats[TB_JOURNAL_REPEATS_MAX];
static int level_max = TB_JOURNAL_INFO;

static const struct {
    const char *word;
    int priority; /* of syslog(3) */
} levels[] = {
    [TB_JOURNAL_ERROR] = {"error", 3},
    [TB_JOURNAL_WARN] = {"warn", 4},
    [TB_JOURNAL_INFO] = {"info", 6},
    [TB_JOURNAL_DEBUG] = {"debug", 7},
};

/* The whole line in one write, so that lines of several processes do not mix. */
static void put_line(int level, const char *text)
{
    char line[TB_JOURNAL_LINE_BYTES_MAX + 64];
    char prefix[8] = "";
    if (getenv("JOURNAL_STREAM") != NULL) {
        snprintf(prefix, sizeof prefix, "<%d>", levels[level].priority);
    }
    int length = snprintf(line, sizeof line, "%s%s %s\n", prefix, levels[level].word, text);
    size_t left = (size_t)length;
    const char *from = line;
    while (left > 0) {
        ssize_t done = write(STDERR_FILENO, from, left);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return; /* there is nobody left who could be told */
        }
        from += done;
        left -= (size_t)done;
    }
}

/* Tell how often ${repeat} came again, and stop watching it. */
static void settle(struct repeat *repeat)
{
    if (repeat->used && repeat->count > 0) {
        char text[TB_JOURNAL_LINE_BYTES_MAX];
        char shortened[TB_JOURNAL_LINE_BYTES_MAX - 48];
        tb_text_copy(shortened, sizeof shortened, repeat->text);
        snprintf(text, sizeof text, "%s (repeated %llu times)", shortened,
                 (unsigned long long)repeat->count);
        put_line(repeat->level, text);
    }
    repeat->used = false;
}

static void settle_older(uint64_t now_ms, uint64_t age_ms)
{
    for (size_t i = 0; i < TB_JOURNAL_REPEATS_MAX; i++) {
        if (repeats[i].used && now_ms - repeats[i].since_ms >= age_ms) {
            settle(&repeats[i]);
        }
    }
}

/* The watched note with this text; or else a place to watch it, the oldest
 * note giving way. */
static struct repeat *watch(int level, const char *text)
{
    struct repeat *oldest = &repeats[0];
    for (size_t i = 0; i < TB_JOURNAL_REPEATS_MAX; i++) {
        struct repeat *r = &repeats[i];
        if (r->used && r->level == level && strcmp(r->text, text) == 0) {
            return r;
        }
        if (oldest->used && (!r->used || r->since_ms < oldest->since_ms)) {
            oldest = r;
        }
    }
    settle(oldest);
    return oldest;
}

void tb_journal_write(int level, const char *text)
{
    tb_assert(level >= TB_JOURNAL_ERROR);
    tb_assert(level <= TB_JOURNAL_DEBUG);
    if (level > level_max) {
        return;
    }
    char clean[TB_JOURNAL_LINE_BYTES_MAX];
    tb_text_copy(clean, sizeof clean, text);
    for (char *c = clean; *c != '\0'; c++) {
        /* One note is one line: nobody writes a second one into it. */
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = ' ';
        }
    }
    uint64_t now_ms = tb_clock_read().mono_ms;
    settle_older(now_ms, TB_JOURNAL_REPEAT_MS);
    struct repeat *repeat = watch(level, clean);
    if (repeat->used) {
        repeat->count++;
        return;
    }
    *repeat = (struct repeat){.used = true, .level = level, .since_ms = now_ms};
    tb_text_copy(repeat->text, sizeof repeat->text, clean);
    put_line(level, clean);
}

void tb_journal_limit(int level)
{
    tb_assert(level >= TB_JOURNAL_ERROR);
    tb_assert(level <= TB_JOURNAL_DEBUG);
    level_max = level;
}

void tb_journal_settle(void)
{
    settle_older(tb_clock_read().mono_ms, TB_JOURNAL_REPEAT_MS);
}

void tb_journal_flush(void)
{
    settle_older(tb_clock_read().mono_ms, 0);
}
