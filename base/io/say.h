#ifndef TB_SAY_H
#define TB_SAY_H

#include "base/diag.h"
#include "base/notes.h"
#include "base/outbox.h"

/*
 * say - what a daemon has to say, on its way to the journal.
 *
 * What a core has to say goes through the outbox, after its COMMIT (I4); what
 * the daemon says about itself needs no transaction.
 */

/* Log ${note} of the table; the arguments are those of its format. */
void tb_say(enum tb_note note, ...);
/* A line that is in no table, for start and configuration: one sentence. */
void tb_say_text(enum tb_note_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "${what}: file:line: sentence", a mistake of the operator's. */
void tb_say_diag(enum tb_note_level level, const char *what, const struct tb_diag *diag);
/* The line that a core left in the outbox as a TB_EFFECT_NOTE. */
void tb_say_effect(const struct tb_effect *effect);

#endif
