#ifndef TB_FUZZ_H
#define TB_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/diag.h"
#include "base/fault.h"
#include "base/status.h"

/*
 * fuzz - what every target shares.
 *
 *     libFuzzer, or replay.c over a corpus --> LLVMFuzzerTestOneInput
 *
 * A target is one file, fuzz_NAME.c, with one function. It hands its bytes to the
 * product's own reader and then asks more of it than that it does not crash: what
 * was taken lies within the limits and reads the same again, what was refused
 * leaves nothing behind and says why. Such a property is a tb_assert.
 *
 * Bytes come in a block of exactly their size, so that a read past their end is
 * seen by the address sanitizer. A target keeps nothing from one input to the next.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first line of ${rest} without its line feed, which is taken off too. */
struct tb_bytes fuzz_line(struct tb_bytes *rest);
/* What stands before the first ${mark} in ${rest}; it and the mark are taken off. */
struct tb_bytes fuzz_until(struct tb_bytes *rest, const char *mark);
/* ${bytes} as text with a NUL, cut at a NUL within; the caller frees it. */
char *fuzz_text(struct tb_bytes bytes);

/* A file of this process that holds ${bytes}, readable by its owner alone; its path
 * is the same each time. */
const char *fuzz_file(struct tb_bytes bytes);

/* Room for one parse, empty, as the product has it: made once, since a mapping for each
 * input would take most of the time. There are two, ${which} 0 and 1. */
struct tb_arena *fuzz_arena(int which);

/* What a reader that ended with ${status} must have told: a sentence that is text,
 * and where it read lines, one of the ${lines} (0: it reads none). */
void fuzz_told(enum tb_status status, const struct tb_diag *diag, size_t lines);
/*
 * What the reader said, in the words of the target: tests/torture compares it with what
 * is said when an allocation fails. Then fuzz_starved is true, and a reader may also
 * give up; another answer it must not give.
 */
extern bool fuzz_starved;
void fuzz_said(struct tb_bytes words);
/* The same for a status, which when starved may be TB_MEMORY or TB_IO instead. */
void fuzz_ended(enum tb_status status);

/* What went before was the target's own preparation: hunger begins anew here. */
extern void (*fuzz_prepared)(void);

/* What was said since the start: a sum for each, at most FUZZ_SAID_MAX of them. */
enum { FUZZ_SAID_MAX = 32 };
size_t fuzz_sums(uint64_t sums[FUZZ_SAID_MAX]);
void fuzz_forget(void); /* and begin anew */

/* How many lines ${bytes} have. */
size_t fuzz_lines(struct tb_bytes bytes);

#endif
