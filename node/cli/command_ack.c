#include <stdio.h>
#include <string.h>

#include "node/cli/cli.h"
#include "node/cli/pick.h"
#include "node/cli/rows.h"
#include "node/cli/words.h"

enum { NAME_BYTES_MAX = 256 };

/* Without a name: the one notice that waits. With none or several waiting it
 * says so, for an officer must know what he puts his name to. */
static int only_waiting(struct tb_cli *cli, char name[NAME_BYTES_MAX])
{
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_get(cli, "/v1/waiting", &answer);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const json_t *rows = tb_pick_list(answer.json, "notices");
    if (json_array_size(rows) == 1) {
        snprintf(name, NAME_BYTES_MAX, "%s", tb_pick_text(json_array_get(rows, 0), "id"));
    } else if (json_array_size(rows) == 0) {
        status = tb_tell_refused("%s", _("nothing waits to be acknowledged"));
    } else {
        tb_rows_print(rows, tb_cli_now());
        status =
            tb_tell_refused("%s", _("several notices wait; name the one that you acknowledge"));
    }
    tb_answer_fini(&answer);
    return status;
}

/* Whose word was given, and to what: looked up, so that the officer reads what
 * is on the disk and not what he typed. */
static void report(struct tb_cli *cli, const char *notice, const char *level)
{
    char path[TB_CLIENT_PATH_BYTES_MAX] = "/v1/notices/";
    struct tb_answer duty = {.json = NULL};
    struct tb_answer shown = {.json = NULL};
    tb_client_get(&cli->client, "/v1/duty", &duty);
    if (tb_client_path_add(path, notice) == TB_OK) {
        tb_client_get(&cli->client, path, &shown);
    }
    const json_t *officer = tb_pick_object(duty.json, "session");
    const char *number = tb_pick_text(shown.json, "number");
    printf(_("Acknowledged: %s, %s, by %s.\n"), number[0] != '\0' ? number : notice,
           tb_words_level(level), tb_pick_text(officer, "name"));
    if (strcmp(level, "received") == 0) {
        fputs(_("Later: tongbao ack NAME --level assessed, and --level acted.\n"), stdout);
    }
    tb_answer_fini(&duty);
    tb_answer_fini(&shown);
}

/* The API's word for what the officer wrote. */
static const char *level_word(const char *text)
{
    static const char *const words[][2] = {
        {"received", "收到"}, {"assessed", "研判"}, {"acted", "处置"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i][0]) == 0 || strcmp(text, words[i][1]) == 0) {
            return words[i][0];
        }
    }
    return NULL;
}

static int acknowledge(struct tb_cli *cli, const struct tb_args *args, const char *name,
                       const char *level)
{
    char path[TB_CLIENT_PATH_BYTES_MAX] = "/v1/notices/";
    if (tb_client_path_add(path, name) != TB_OK ||
        strlen(path) + strlen("/acknowledgements") >= sizeof path) {
        return tb_tell_usage("ack", "%s", _("that name is too long for a notice"));
    }
    strncat(path, "/acknowledgements", sizeof path - strlen(path) - 1);
    const char *note = tb_args_value(args, "note");
    json_t *body = json_pack("{s:s, s:s}", "level", level, "note", note != NULL ? note : "");
    if (body == NULL) {
        return tb_tell_usage("ack", "%s", _("--note is not UTF-8 text"));
    }
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_change(cli, "POST", path, body, tb_args_value(args, "request-id"), &answer);
    json_decref(body);
    if (status == TB_EXIT_OK && tb_args_has(args, "json")) {
        tb_cli_json(answer.json);
    } else if (status == TB_EXIT_OK) {
        const char *notice = tb_pick_text(answer.json, "notice");
        report(cli, notice[0] != '\0' ? notice : name, level);
    }
    tb_answer_fini(&answer);
    return status;
}

int tb_command_ack(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {{"level", TB_ARGS_VALUE},
                                                    {"note", TB_ARGS_VALUE},
                                                    {"json", TB_ARGS_FLAG},
                                                    {"request-id", TB_ARGS_VALUE}};
    struct tb_args args;
    char name[NAME_BYTES_MAX] = "";
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const char *level = tb_args_value(&args, "level");
    level = level_word(level != NULL ? level : "received");
    if (level == NULL || tb_args_words(&args) > 1) {
        return tb_tell_usage("ack", "%s",
                             level == NULL ? _("--level: received, assessed or acted")
                                           : _("name one notice only"));
    }
    status = tb_cli_connect(cli, true);
    if (status == TB_EXIT_OK && tb_args_words(&args) == 1) {
        snprintf(name, sizeof name, "%s", tb_args_word(&args, 0));
    } else if (status == TB_EXIT_OK) {
        status = only_waiting(cli, name);
    }
    return status != TB_EXIT_OK ? status : acknowledge(cli, &args, name, level);
}
