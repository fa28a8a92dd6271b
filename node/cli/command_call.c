#include <stdio.h>
#include <string.h>

#include "node/cli/cli.h"
#include "node/cli/pick.h"
#include "node/cli/when.h"

/* Put ${key} into ${body} when the option ${name} was written; false when it is
 * not UTF-8. */
static bool put(json_t *body, const char *key, const struct tb_args *args, const char *name)
{
    const char *value = tb_args_value(args, name);
    return value == NULL || json_object_set_new(body, key, json_string(value)) == 0;
}

static int fill(json_t *body, const struct tb_args *args)
{
    const char *at = tb_args_value(args, "at");
    const char *read_back = tb_args_value(args, "read-back");
    struct tb_wall claimed;
    char text[TB_WALL_TEXT_CHARS];
    if (!put(body, "office", args, "office") || !put(body, "person", args, "person") ||
        !put(body, "phone", args, "phone") || !put(body, "result", args, "result")) {
        return tb_tell_usage("call", "%s", _("an option is not UTF-8 text"));
    }
    if (at != NULL) {
        if (tb_when_parse(at, tb_cli_now(), &claimed) != TB_OK) {
            return tb_tell_usage("call", "%s",
                                 _("--at: a time such as 03:10 or \"2025-01-17 03:10\""));
        }
        tb_wall_text(text, claimed);
        json_object_set_new(body, "claimed_at", json_string(text));
    }
    if (read_back != NULL) {
        bool yes = strcmp(read_back, "yes") == 0 || strcmp(read_back, "是") == 0;
        bool no = strcmp(read_back, "no") == 0 || strcmp(read_back, "否") == 0;
        if (!yes && !no) {
            return tb_tell_usage("call", "%s", _("--read-back: yes or no"));
        }
        json_object_set_new(body, "read_back", json_string(yes ? "read_back" : "not_read_back"));
    }
    return TB_EXIT_OK;
}

static int enter(struct tb_cli *cli, const struct tb_args *args, const json_t *body)
{
    char path[TB_CLIENT_PATH_BYTES_MAX] = "/v1/notices/";
    struct tb_answer answer = {.json = NULL};
    if (tb_client_path_add(path, tb_args_word(args, 0)) != TB_OK ||
        strlen(path) + strlen("/calls") >= sizeof path) {
        return tb_tell_usage("call", "%s", _("that name is too long for a notice"));
    }
    strncat(path, "/calls", sizeof path - strlen(path) - 1);
    int status = tb_cli_connect(cli, true);
    status = status != TB_EXIT_OK ? status
                                  : tb_cli_change(cli, "POST", path, body,
                                                  tb_args_value(args, "request-id"), &answer);
    if (status == TB_EXIT_OK && tb_args_has(args, "json")) {
        tb_cli_json(answer.json);
    } else if (status == TB_EXIT_OK) {
        printf(_("Entered: call to %s about %s.\n"), tb_args_value(args, "office"),
               tb_args_word(args, 0));
    }
    tb_answer_fini(&answer);
    return status;
}

int tb_command_call(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {
        {"office", TB_ARGS_VALUE},    {"person", TB_ARGS_VALUE},    {"phone", TB_ARGS_VALUE},
        {"at", TB_ARGS_VALUE},        {"result", TB_ARGS_VALUE},    {"json", TB_ARGS_FLAG},
        {"read-back", TB_ARGS_VALUE}, {"request-id", TB_ARGS_VALUE}};
    struct tb_args args;
    uint32_t office;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    if (tb_args_words(&args) != 1) {
        return tb_tell_usage("call", "%s", _("name the notice that the call was about"));
    }
    if (!tb_cli_office(tb_args_value(&args, "office"), &office)) {
        return tb_tell_usage("call", "%s", _("--office: the six-digit code of whom you called"));
    }
    json_t *body = json_object();
    status = fill(body, &args);
    status = status != TB_EXIT_OK ? status : enter(cli, &args, body);
    json_decref(body);
    return status;
}
