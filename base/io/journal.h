#ifndef TB_JOURNAL_H
#define TB_JOURNAL_H

#include <stddef.h>

/*
 * journal - notes (log lines) on their way to standard error.
 *
 * One line a note: "LEVEL text". Where standard error is the system's journal
 * (JOURNAL_STREAM is set) the line begins with "<N>", the syslog priority, as
 * sd-daemon(3) defines it. A note that is repeated within TB_JOURNAL_REPEAT_MS
 * is counted and not written again; the count is written when that time is
 * over (I10: a peer must not be able to fill a disk with one complaint).
 *
 * One process, one journal: the state is static, and only the thread of the
 * loop calls it.
 */
enum tb_journal_level {
    TB_JOURNAL_ERROR = 0,
    TB_JOURNAL_WARN = 1,
    TB_JOURNAL_INFO = 2,
    TB_JOURNAL_DEBUG = 3,
};

enum {
    TB_JOURNAL_LINE_BYTES_MAX = 1024, /* longer text is cut at a whole character */
    TB_JOURNAL_REPEAT_MS = 10000,
    TB_JOURNAL_REPEATS_MAX = 64, /* different notes watched for repetition */
};

/* Write the note ${text} (no newline; control characters become blanks) at
 * ${level}, one of enum tb_journal_level. Never fails and never waits for
 * anything but standard error itself. */
void tb_journal_write(int level, const char *text);

/* Notes above ${level} are left out from now on; TB_JOURNAL_INFO at start. */
void tb_journal_limit(int level);

/* Write the counts of repeated notes whose time is over; once a turn. */
void tb_journal_settle(void);
/* Write all counts; at an orderly stop. */
void tb_journal_flush(void);

#endif
