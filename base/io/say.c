#include "base/io/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/fault.h"
#include "base/io/files.h"
#include "base/io/journal.h"

/* A line with a path in it; the journal cuts at its own limit. */
enum { LINE_BYTES_MAX = TB_JOURNAL_LINE_BYTES_MAX };

static void write_line(enum tb_note_level level, const char *format, va_list args)
{
    char text[LINE_BYTES_MAX];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(text, sizeof text, format, args);
#pragma GCC diagnostic pop
    tb_journal_write((int)level, text);
}

void tb_say(enum tb_note note, ...)
{
    const struct tb_note_row *row = tb_note_row(note);
    va_list args;
    va_start(args, note);
    write_line(row->level, row->format, args);
    va_end(args);
}

void tb_say_text(enum tb_note_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(level, format, args);
    va_end(args);
}

void tb_say_diag(enum tb_note_level level, const char *what, const struct tb_diag *diag)
{
    char text[TB_DIAG_TEXT_BYTES_MAX + TB_FILES_PATH_BYTES_MAX];
    tb_diag_print(diag, text, sizeof text);
    tb_say_text(level, "%s: %s", what, text);
}

void tb_say_effect(const struct tb_effect *effect)
{
    tb_assert(effect->kind == TB_EFFECT_NOTE);
    tb_say_text(tb_note_row((enum tb_note)effect->code)->level, "%.*s", (int)effect->data.size,
                (const char *)effect->data.data);
}
