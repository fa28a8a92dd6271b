#ifndef TB_NOTES_H
#define TB_NOTES_H

#include <stddef.h>

/*
 * notes - every line that a daemon can log, in one table (notes.def).
 *
 * One line, one fact, the object first, then key=value. Never keys, tokens or
 * notice text. The operator's list is generated from the table by
 * `tongbao-node --notes`.
 */
enum tb_note_level { TB_NOTE_ERROR, TB_NOTE_WARN, TB_NOTE_INFO, TB_NOTE_DEBUG };

enum tb_note {
#define NOTE(name, level, format, meaning) TB_NOTE_##name,
#include "base/notes.def"
#undef NOTE
    TB_NOTE_COUNT
};

struct tb_note_row {
    const char *name;
    enum tb_note_level level;
    const char *format;  /* printf, filled by tb_outbox_note */
    const char *meaning; /* what the operator should do, or that it is nothing */
};

const struct tb_note_row *tb_note_row(enum tb_note note);
const char *tb_note_level_text(enum tb_note_level level);

#endif
