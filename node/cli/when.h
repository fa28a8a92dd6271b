#ifndef TB_WHEN_H
#define TB_WHEN_H

#include <stddef.h>

#include "base/wall.h"

/*
 * when - times as people write and read them, always in Beijing time.
 */
enum { TB_WHEN_TEXT_BYTES = 64 };

/*
 * Read what a person wrote: "now", "03:10" (the last time that the clock showed
 * it, today or yesterday; ten minutes ahead count as today), or a date and time as tb_wall_parse
 * takes it. TB_INPUT otherwise.
 */
enum tb_status tb_when_parse(const char *text, struct tb_wall now, struct tb_wall *out) TB_MUST_USE;

/* The RFC 3339 text ${json} of an answer as "2025-01-17 03:12:44 +08:00"; as it
 * is when it cannot be read, "" when it is "" or NULL. */
void tb_when_show(char out[TB_WHEN_TEXT_BYTES], const char *json);
/* The same without the day when it is that of ${now}: "03:12:44". Used in
 * columns; the heading of such a table names the offset. */
void tb_when_short(char out[TB_WHEN_TEXT_BYTES], const char *json, struct tb_wall now);
/* Its milliseconds; 0 when there is none. */
int64_t tb_when_ms(const char *json);
/* "3 min", "2 h 5 min", "4 days" in the language in force; "0 s" below zero. */
void tb_when_span(char out[TB_WHEN_TEXT_BYTES], int64_t ms);

#endif
