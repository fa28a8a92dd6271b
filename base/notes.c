#include "base/notes.h"

static const struct tb_note_row rows[] = {
#define ERROR                              TB_NOTE_ERROR
#define WARN                               TB_NOTE_WARN
#define INFO                               TB_NOTE_INFO
#define DEBUG                              TB_NOTE_DEBUG
#define NOTE(name, level, format, meaning) {#name, level, format, meaning},
#include "base/notes.def"
#undef NOTE
};

const struct tb_note_row *tb_note_row(enum tb_note note)
{
    return &rows[note];
}

const char *tb_note_level_text(enum tb_note_level level)
{
    static const char *const texts[] = {"error", "warn", "info", "debug"};
    return texts[level];
}
