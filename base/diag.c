#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>

void tb_diag_set(struct tb_diag *diag, int line, const char *format, ...)
{
    if (diag == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(diag->text, sizeof diag->text, format, args);
    va_end(args);
    diag->line = line;
}

void tb_diag_print(const struct tb_diag *diag, char *out, size_t out_bytes)
{
    if (diag->file != NULL && diag->line > 0) {
        snprintf(out, out_bytes, "%s:%d: %s", diag->file, diag->line, diag->text);
    } else if (diag->file != NULL) {
        snprintf(out, out_bytes, "%s: %s", diag->file, diag->text);
    } else {
        snprintf(out, out_bytes, "%s", diag->text);
    }
}
