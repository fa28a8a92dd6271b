#ifndef TB_DIAG_H
#define TB_DIAG_H

#include <stddef.h>

/*
 * diag - one sentence for a person about a mistake in what he wrote.
 *
 * "file:line: what is wrong, and what to write instead". The caller owns the
 * struct; a callee that fails with TB_INPUT has filled it.
 */
enum { TB_DIAG_TEXT_BYTES_MAX = 320 };

struct tb_diag {
    const char *file; /* borrowed from the caller; NULL where there is none */
    int line;         /* 1 is the first; 0 where there is none */
    char text[TB_DIAG_TEXT_BYTES_MAX];
};

/* Fill ${diag} for ${line} of its file; a NULL ${diag} is allowed. */
void tb_diag_set(struct tb_diag *diag, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Write "file:line: text" (or what of it there is) into ${out}, cut to fit. */
void tb_diag_print(const struct tb_diag *diag, char *out, size_t out_bytes);

#endif
