#include "node/cli/record.h"

#include <stdio.h>
#include <string.h>

#include "base/io/files.h"
#include "node/cli/pick.h"
#include "node/cli/sentences.h"
#include "node/cli/when.h"
#include "proto/envelope.h"
#include "proto/statement.h"

enum { KEY_BYTES_MAX = 64 };

static int put_text(json_t *body, const struct tb_args *args, const char *command, const char *name)
{
    char key[KEY_BYTES_MAX];
    const char *value = tb_args_value(args, name);
    if (value == NULL) {
        return TB_EXIT_OK;
    }
    snprintf(key, sizeof key, "%s", name);
    for (char *c = key; *c != '\0'; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    json_t *text = json_string(value);
    if (text == NULL) {
        return tb_tell_usage(command, "%s", _("an option is not UTF-8 text"));
    }
    json_object_set_new(body, key, text);
    return TB_EXIT_OK;
}

static int put_time(json_t *body, const struct tb_args *args, const char *command)
{
    struct tb_wall at;
    char text[TB_WALL_TEXT_CHARS];
    const char *value = tb_args_value(args, "at");
    if (value == NULL) {
        return TB_EXIT_OK;
    }
    if (tb_when_parse(value, tb_cli_now(), &at) != TB_OK) {
        return tb_tell_usage(command, "%s",
                             _("--at: a time such as 03:10 or \"2025-01-17 03:10\""));
    }
    tb_wall_text(text, at);
    json_object_set_new(body, "at", json_string(text));
    return TB_EXIT_OK;
}

/* The type that a name's ending tells; only people go by it. */
static const char *type_of(const char *name)
{
    static const struct {
        const char *end;
        const char *type;
    } types[] = {{".pdf", "application/pdf"}, {".png", "image/png"},  {".jpg", "image/jpeg"},
                 {".jpeg", "image/jpeg"},     {".txt", "text/plain"}, {".html", "text/html"}};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(dot, types[i].end) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

/* A file as evidence: its name, its size and the digest that binds it. The file itself
 * stays where it is, and is to be kept. */
static int add_evidence(json_t *list, const char *path)
{
    struct tb_buf bytes;
    struct tb_diag diag = {.file = NULL};
    struct tb_id digest;
    char hex[TB_ID_HEX_CHARS + 1];
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    tb_buf_init(&bytes, TB_ATTACHMENT_BYTES_MAX);
    enum tb_status status = tb_files_read(path, &bytes, &diag);
    if (status != TB_OK) {
        tb_buf_fini(&bytes);
        return tb_tell_diag(&diag);
    }
    tb_digest(&digest, tb_buf_bytes(&bytes));
    tb_hex(hex, tb_bytes_of(digest.byte, TB_ID_BYTES));
    json_t *piece = json_pack("{s:s, s:s, s:I, s:s}", "name", name, "type", type_of(name),
                              "size_bytes", (json_int_t)bytes.size, "digest", hex);
    tb_buf_fini(&bytes);
    if (piece == NULL) {
        return tb_tell_refused(_("the name of %s is not UTF-8 text"), path);
    }
    json_array_append_new(list, piece);
    return TB_EXIT_OK;
}

int tb_record_fill(json_t *body, const struct tb_args *args, const char *command,
                   const char *const *names)
{
    json_t *evidence = json_array();
    size_t at = 0;
    int status = put_time(body, args, command);
    for (size_t i = 0; status == TB_EXIT_OK && names[i] != NULL; i++) {
        status = put_text(body, args, command, names[i]);
    }
    const char *path = tb_args_each(args, "evidence", &at);
    while (status == TB_EXIT_OK && path != NULL) {
        status = add_evidence(evidence, path);
        path = tb_args_each(args, "evidence", &at);
    }
    json_object_set_new(body, "evidence", evidence);
    return status;
}

int tb_record_send(struct tb_cli *cli, const struct tb_args *args, const char *command,
                   const char *tail, const json_t *body, bool deed)
{
    char path[TB_CLIENT_PATH_BYTES_MAX] = "/v1/notices/";
    struct tb_answer answer = {.json = NULL};
    const char *name = tb_args_word(args, 0);
    if (tb_client_path_add(path, name) != TB_OK || strlen(path) + strlen(tail) >= sizeof path) {
        return tb_tell_usage(command, "%s", _("that name is too long for a notice"));
    }
    strncat(path, tail, sizeof path - strlen(path) - 1);
    int status = tb_cli_connect(cli, true);
    status = status != TB_EXIT_OK ? status
                                  : tb_cli_change(cli, "POST", path, body,
                                                  tb_args_value(args, "request-id"), &answer);
    if (status == TB_EXIT_OK && tb_args_has(args, "json")) {
        tb_cli_json(answer.json);
    } else if (status == TB_EXIT_OK) {
        char remark[TB_DIAG_TEXT_BYTES_MAX * 2];
        tb_sentences_translate(remark, sizeof remark, tb_pick_text(answer.json, "text"));
        printf(deed ? _("Entered: deed about %s.\n") : _("Entered: disclosure about %s.\n"), name);
        if (remark[0] != '\0') {
            printf("%s\n", remark);
        }
        if (json_array_size(json_object_get(body, "evidence")) > 0) {
            puts(_("Keep the files: their digests are signed, and only the files show what they "
                   "say."));
        }
    }
    tb_answer_fini(&answer);
    return status;
}
