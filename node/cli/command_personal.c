#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "node/cli/cli.h"
#include "node/cli/pick.h"

/* The part of a notice that can be destroyed: to read it, to destroy it. */

/* POST ${body} (NULL: none) to ${tail} of the notice ${name}. */
static int post(struct tb_cli *cli, const struct tb_args *args, const char *command,
                const char *tail, const json_t *body, struct tb_answer *answer)
{
    char path[TB_CLIENT_PATH_BYTES_MAX] = "/v1/notices/";
    if (tb_client_path_add(path, tb_args_word(args, 0)) != TB_OK ||
        strlen(path) + strlen(tail) >= sizeof path) {
        return tb_tell_usage(command, "%s", _("that name is too long for a notice"));
    }
    strncat(path, tail, sizeof path - strlen(path) - 1);
    int status = tb_cli_connect(cli, true);
    return status != TB_EXIT_OK
               ? status
               : tb_cli_change(cli, "POST", path, body, tb_args_value(args, "request-id"), answer);
}

int tb_command_personal(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {{"json", TB_ARGS_FLAG},
                                                    {"request-id", TB_ARGS_VALUE}};
    struct tb_answer answer = {.json = NULL};
    struct tb_args args;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status == TB_EXIT_OK && tb_args_words(&args) != 1) {
        return tb_tell_usage("personal", "%s",
                             _("name one notice: its number, or the first digits of its id"));
    }
    status =
        status != TB_EXIT_OK ? status : post(cli, &args, "personal", "/personal", NULL, &answer);
    if (status == TB_EXIT_OK && tb_args_has(&args, "json")) {
        tb_cli_json(answer.json);
    } else if (status == TB_EXIT_OK) {
        printf(_("Personal data of %s. That you read it is kept; use it for this incident "
                 "alone.\n\n%s\n"),
               tb_args_word(&args, 0), tb_pick_text(answer.json, "personal"));
    }
    tb_answer_fini(&answer);
    return status;
}

/* It cannot be undone: the number is written once more, or --yes. */
static bool sure(const struct tb_args *args)
{
    char line[TB_NAME_BYTES_MAX];
    if (tb_args_has(args, "yes")) {
        return true;
    }
    printf(_("The personal data of %s is destroyed for good, here and, if this office issued it, "
             "at every office and broker that holds it. Write the same name again: "),
           tb_args_word(args, 0));
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL) {
        return false;
    }
    line[strcspn(line, "\n")] = '\0';
    return strcmp(line, tb_args_word(args, 0)) == 0;
}

int tb_command_destroy(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {{"reason", TB_ARGS_VALUE},
                                                    {"yes", TB_ARGS_FLAG},
                                                    {"json", TB_ARGS_FLAG},
                                                    {"request-id", TB_ARGS_VALUE}};
    struct tb_answer answer = {.json = NULL};
    struct tb_args args;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    if (tb_args_words(&args) != 1) {
        return tb_tell_usage("destroy", "%s",
                             _("name one notice: its number, or the first digits of its id"));
    }
    if (!tb_args_has(&args, "reason")) {
        return tb_tell_usage("destroy", "%s", _("--reason: why; it is kept for good"));
    }
    if (!sure(&args)) {
        return tb_tell_refused("%s", _("not destroyed: that was not the same name"));
    }
    json_t *body = json_object();
    if (json_object_set_new(body, "reason", json_string(tb_args_value(&args, "reason"))) != 0) {
        json_decref(body);
        return tb_tell_usage("destroy", "%s", _("an option is not UTF-8 text"));
    }
    status = post(cli, &args, "destroy", "/destructions", body, &answer);
    if (status == TB_EXIT_OK && tb_args_has(&args, "json")) {
        tb_cli_json(answer.json);
    } else if (status == TB_EXIT_OK) {
        printf(_("Destroyed: the personal data of %s. The notice itself stands, and still "
                 "verifies. Backups made before still hold it: destroy those too.\n"),
               tb_args_word(&args, 0));
    }
    tb_answer_fini(&answer);
    json_decref(body);
    return status;
}
