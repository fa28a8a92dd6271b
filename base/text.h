#ifndef TB_TEXT_H
#define TB_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/*
 * text - what counts as text from outside: UTF-8 in shortest form, no NUL, no
 * surrogates, no control characters but newline and tab.
 */
bool tb_text_valid(struct tb_bytes bytes);

/* The whole of ${text} as a decimal number in 0…${max}; false otherwise. */
bool tb_text_u64(const char *text, uint64_t max, uint64_t *out);

/* Copy ${text} to ${out} with a NUL; if it does not fit, cut it at a whole
 * character. */
void tb_text_copy(char *out, size_t out_bytes, const char *text);

#endif
