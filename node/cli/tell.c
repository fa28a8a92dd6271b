#include "node/cli/tell.h"

#include <stdarg.h>
#include <stdio.h>

#include "node/cli/sentences.h"

enum { LINE_BYTES_MAX = 1024 };

int tb_tell_refused(const char *format, ...)
{
    fflush(stdout);
    va_list list;
    va_start(list, format);
    fputs("tongbao: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    return TB_EXIT_REFUSED;
}

int tb_tell_diag(const struct tb_diag *diag)
{
    struct tb_diag translated = *diag;
    char line[LINE_BYTES_MAX];
    tb_sentences_translate(translated.text, sizeof translated.text, diag->text);
    tb_diag_print(&translated, line, sizeof line);
    return tb_tell_refused("%s", line);
}

int tb_tell_usage(const char *command, const char *format, ...)
{
    fflush(stdout);
    va_list list;
    va_start(list, format);
    fputs("tongbao: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    fprintf(stderr, _("See: tongbao help %s\n"), command);
    return TB_EXIT_USAGE;
}
