#include "node/io/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/io/journal.h"

enum { LINE_BYTES_MAX = 512 };

void tb_say(enum tb_note note, ...)
{
    char text[LINE_BYTES_MAX];
    const struct tb_note_row *row = tb_note_row(note);
    va_list args;
    va_start(args, note);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(text, sizeof text, row->format, args);
#pragma GCC diagnostic pop
    va_end(args);
    tb_journal_write((int)row->level, text);
}

void tb_say_text(enum tb_note_level level, const char *format, ...)
{
    char text[LINE_BYTES_MAX];
    va_list args;
    va_start(args, format);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(text, sizeof text, format, args);
#pragma GCC diagnostic pop
    va_end(args);
    tb_journal_write((int)level, text);
}
