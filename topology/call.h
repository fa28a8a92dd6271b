#ifndef TB_CALL_H
#define TB_CALL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * call - what the commands of tongbao-topology share: how they end, how they read
 * a number and tell a mistake, how wide a word stands.
 */
enum { TB_CALL_OK = 0, TB_CALL_MISTAKE = 1, TB_CALL_USAGE = 2 };

/* The first ${size} bytes of ${text} as a plain decimal number, nothing before it and
 * nothing behind: no unit, no 0x, no inf. */
bool tb_call_number(const char *text, size_t size, double *out);

/* Tell a mistake in ${option}, written as ${value}: what to write ${instead}. The
 * value is TB_CALL_MISTAKE. */
int tb_call_mistake(const char *option, const char *value, const char *instead);

/* How wide ${text} stands on a terminal: a character of three bytes or more takes two
 * places, any other one. */
int tb_call_width(const char *text);
/* Print ${text}, and blanks up to ${places}; at least one. */
void tb_call_cell(const char *text, int places);

#endif
