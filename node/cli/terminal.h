#ifndef TB_TERMINAL_H
#define TB_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/status.h"

/*
 * terminal - asking a person.
 *
 * Questions go to stderr, so that stdout holds results alone.
 */
enum { TB_TERMINAL_LINE_BYTES_MAX = 1024 };

/* A person sits there: stdin and stderr are terminals. */
bool tb_terminal_present(void);

/* Ask ${prompt} and read one line into ${out} without its end and without
 * blanks around it. TB_UNKNOWN at the end of input; TB_TOOBIG when it does not
 * fit. */
enum tb_status tb_terminal_line(const char *prompt, char *out, size_t out_bytes) TB_MUST_USE;

/* Ask ${question}; true for y, yes, 是 and 好, false for all else. */
bool tb_terminal_yes(const char *question);

/*
 * A secret: the first line of ${file} when it is not NULL; else asked for
 * without echo where a person sits, ${twice} for a new one; else the first line
 * of stdin. TB_INPUT with ${diag} when it is empty, too long, or the two differ;
 * TB_IO and TB_UNKNOWN for the file.
 */
enum tb_status tb_terminal_secret(const char *prompt, const char *file, bool twice, char *out,
                                  size_t out_bytes, struct tb_diag *diag) TB_MUST_USE;

#endif
