#ifndef TB_SAY_H
#define TB_SAY_H

#include "base/notes.h"

/*
 * say - a note of the daemon itself, outside any turn, to the journal.
 *
 * What a core has to say goes through the outbox, after its COMMIT (I4); what
 * the daemon says about itself needs no transaction.
 */

/* Log ${note} of the table; the arguments are those of its format. */
void tb_say(enum tb_note note, ...);
/* A line that is in no table, for the start alone (a mistake in the configuration): one
 * sentence at ${level}. */
void tb_say_text(enum tb_note_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
