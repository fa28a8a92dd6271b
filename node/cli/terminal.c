#include "node/cli/terminal.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/io/files.h"
#include "node/cli/tell.h"

bool tb_terminal_present(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* Cut the line's end and blanks at both sides. */
static void trim(char *text)
{
    size_t start = strspn(text, " \t\r\n");
    size_t size = strlen(text + start);
    memmove(text, text + start, size + 1);
    while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL) {
        text[--size] = '\0';
    }
}

static enum tb_status read_line(char *out, size_t out_bytes)
{
    if (fgets(out, (int)out_bytes, stdin) == NULL) {
        out[0] = '\0';
        return TB_UNKNOWN;
    }
    if (strchr(out, '\n') == NULL && strlen(out) == out_bytes - 1) {
        return TB_TOOBIG;
    }
    return TB_OK;
}

enum tb_status tb_terminal_line(const char *prompt, char *out, size_t out_bytes)
{
    fputs(prompt, stderr);
    fflush(stderr);
    enum tb_status status = read_line(out, out_bytes);
    if (status == TB_OK) {
        trim(out);
    }
    return status;
}

bool tb_terminal_yes(const char *question)
{
    static const char *const yes[] = {"y", "Y", "yes", "YES", "ｙ", "是", "好"};
    char answer[TB_TERMINAL_LINE_BYTES_MAX];
    if (tb_terminal_line(question, answer, sizeof answer) != TB_OK) {
        return false;
    }
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (strcmp(answer, yes[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* One line without echo; the terminal is as it was afterwards. */
static enum tb_status hidden_line(const char *prompt, char *out, size_t out_bytes)
{
    struct termios before;
    bool quiet = tcgetattr(STDIN_FILENO, &before) == 0;
    fputs(prompt, stderr);
    fflush(stderr);
    if (quiet) {
        struct termios hidden = before;
        hidden.c_lflag &= (tcflag_t)~ECHO;
        quiet = tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
    }
    enum tb_status status = read_line(out, out_bytes);
    if (quiet) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    out[strcspn(out, "\r\n")] = '\0';
    return status;
}

static enum tb_status from_file(const char *file, char *out, size_t out_bytes, struct tb_diag *diag)
{
    struct tb_buf buf;
    tb_buf_init(&buf, out_bytes - 1);
    enum tb_status status = tb_files_read(file, &buf, diag);
    out[0] = '\0';
    if (status == TB_OK) {
        memcpy(out, buf.size > 0 ? buf.data : (const uint8_t *)"", buf.size);
        out[buf.size] = '\0';
        out[strcspn(out, "\r\n")] = '\0';
        sodium_memzero(buf.size > 0 ? buf.data : NULL, buf.size);
    }
    tb_buf_fini(&buf);
    return status;
}

static enum tb_status asked_twice(const char *prompt, char *out, size_t out_bytes,
                                  struct tb_diag *diag)
{
    char again[TB_TERMINAL_LINE_BYTES_MAX];
    enum tb_status status = hidden_line(prompt, out, out_bytes);
    if (status == TB_OK) {
        status = hidden_line(_("The same once more: "), again, sizeof again);
    }
    if (status == TB_OK && strcmp(again, out) != 0) {
        tb_diag_set(diag, 0, "%s", _("the two were not the same; nothing was changed"));
        status = TB_INPUT;
    }
    sodium_memzero(again, sizeof again);
    return status;
}

enum tb_status tb_terminal_secret(const char *prompt, const char *file, bool twice, char *out,
                                  size_t out_bytes, struct tb_diag *diag)
{
    enum tb_status status;
    if (file != NULL) {
        status = from_file(file, out, out_bytes, diag);
    } else if (!tb_terminal_present()) {
        status = read_line(out, out_bytes);
        out[strcspn(out, "\r\n")] = '\0';
    } else if (twice) {
        status = asked_twice(prompt, out, out_bytes, diag);
    } else {
        status = hidden_line(prompt, out, out_bytes);
    }
    if (status == TB_TOOBIG) {
        tb_diag_set(diag, 0, _("too long: at most %zu bytes"), out_bytes - 2);
        status = TB_INPUT;
    }
    if ((status == TB_OK || status == TB_UNKNOWN) && out[0] == '\0' && file == NULL) {
        tb_diag_set(diag, 0, "%s", _("nothing was entered"));
        status = TB_INPUT;
    }
    if (status == TB_OK && out[0] == '\0') {
        tb_diag_set(diag, 0, _("the first line of %s is empty"), file);
        status = TB_INPUT;
    }
    return status;
}
