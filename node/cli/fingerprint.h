#ifndef TB_FINGERPRINT_H
#define TB_FINGERPRINT_H

#include "base/bytes.h"

/*
 * fingerprint - 32 bytes as two people read them to each other over the
 * telephone: sixteen groups of four hex digits.
 */
enum { TB_FINGERPRINT_TEXT_BYTES = 80 };

/* "3f2a 90c1 …", with a NUL. */
void tb_fingerprint_show(char out[TB_FINGERPRINT_TEXT_BYTES], const struct tb_id *id);

/* Read 64 hex digits, with blanks, '-' or ':' anywhere between; false when
 * ${text} is not that. */
bool tb_fingerprint_read(struct tb_id *id, const char *text);

#endif
