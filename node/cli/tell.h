#ifndef TB_TELL_H
#define TB_TELL_H

#include <libintl.h>

#include "base/diag.h"

/*
 * tell - sentences for people, and how the program ends.
 *
 * Every sentence is an English msgid that gettext turns into the language in
 * force (language.h). Results go to stdout, mistakes to stderr.
 */
#define _(text)  gettext(text)
#define N_(text) text /* marked for the catalogue, translated where it is used */

/* Exit statuses of tongbao(1). */
enum tb_exit {
    TB_EXIT_OK = 0,
    TB_EXIT_REFUSED = 1,     /* a mistake in what was given, or a refusal */
    TB_EXIT_USAGE = 2,       /* the command line itself is wrong */
    TB_EXIT_UNREACHABLE = 3, /* no node answers */
};

/* "tongbao: sentence" to stderr; gives back TB_EXIT_REFUSED. */
int tb_tell_refused(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for a diag, with its file and line. */
int tb_tell_diag(const struct tb_diag *diag);
/* The same for a wrong command line, naming the help of ${command}; gives back
 * TB_EXIT_USAGE. */
int tb_tell_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
