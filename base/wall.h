#ifndef TB_WALL_H
#define TB_WALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/*
 * wall - the time of law and people.
 *
 * Milliseconds since 1970-01-01T00:00:00Z. Retries use the monotonic clock, a
 * plain uint64_t now_ms; the two are different types, so that the compiler
 * refuses the mix. People see Beijing time with its offset, whatever TZ says.
 * Pure arithmetic: nothing here reads a clock or a time zone file.
 */
struct tb_wall {
    int64_t ms;
};

/* Both clocks, read once at the head of a turn. */
struct tb_now {
    uint64_t mono_ms;
    struct tb_wall wall;
};

enum { TB_WALL_TEXT_CHARS = 32 };
enum { TB_DAY_MS = 86400000 };

/* "2025-01-17T03:12:44+08:00", the form of JSON and of files. */
void tb_wall_text(char out[TB_WALL_TEXT_CHARS], struct tb_wall at);
/* "2025-01-17 03:12:44.123 +08:00", the form of logs. */
void tb_wall_text_ms(char out[TB_WALL_TEXT_CHARS], struct tb_wall at);
/* "20250117", the Beijing day of ${at}: the middle of a notice's number. */
void tb_wall_day(char out[9], struct tb_wall at);
/* Midnight, Beijing time, of the day of ${at}. */
struct tb_wall tb_wall_midnight(struct tb_wall at);

/*
 * Read "2025-01-17T03:12:44+08:00"; the 'T' may be a blank, seconds may be
 * left out, fractions to milliseconds are taken; "Z" or a missing offset:
 * "Z" is UTC, missing is Beijing time. TB_INPUT for anything else, a day that
 * does not exist and a time outside the years 0001 to 9999 of Beijing included.
 */
enum tb_status tb_wall_parse(const char *text, struct tb_wall *out) TB_MUST_USE;

#endif
