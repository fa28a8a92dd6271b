#include <stdio.h>
#include <string.h>

#include "node/cli/cli.h"
#include "node/cli/pick.h"
#include "node/cli/when.h"

static int test(struct tb_cli *cli, const struct tb_args *args)
{
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_change(cli, "POST", "/v1/alarm/test", NULL, NULL, &answer);
    if (status != TB_EXIT_OK) {
        return status;
    }
    bool ok = tb_pick_bool(answer.json, "ok");
    if (tb_args_has(args, "json")) {
        tb_cli_json(answer.json);
        status = ok ? TB_EXIT_OK : TB_EXIT_REFUSED;
    } else if (ok) {
        puts(_("The alarm command ran and ended well. Did you hear it?"));
    } else {
        status = tb_tell_refused(_("the alarm command FAILED with exit status %lld: nothing rings "
                                   "here until it is mended"),
                                 (long long)tb_pick_int(answer.json, "exit_status"));
    }
    tb_answer_fini(&answer);
    return status;
}

static void print(const json_t *json)
{
    char at[TB_WHEN_TEXT_BYTES];
    const json_t *exit = json_object_get(json, "last_exit");
    if (!tb_pick_bool(json, "configured")) {
        puts(_("! No alarm command is configured: nothing rings here"));
        return;
    }
    printf(_("Alarm command: %s\n"), tb_pick_text(json, "command"));
    printf(_("To be acknowledged here: %lld\n"), (long long)tb_pick_int(json, "waiting"));
    tb_when_show(at, tb_pick_text(json, "last_at"));
    if (!json_is_integer(exit)) {
        puts(_("It never ran; try it with: tongbao alarm --test"));
    } else {
        printf(_("It last ran at %s with exit status %lld\n"), at,
               (long long)json_integer_value(exit));
    }
}

int tb_command_alarm(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {{"test", TB_ARGS_FLAG}, {"json", TB_ARGS_FLAG}};
    struct tb_args args;
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    status = status != TB_EXIT_OK ? status : tb_cli_connect(cli, false);
    if (status == TB_EXIT_OK && tb_args_has(&args, "test")) {
        return test(cli, &args);
    }
    status = status != TB_EXIT_OK ? status : tb_cli_get(cli, "/v1/alarms", &answer);
    if (status != TB_EXIT_OK) {
        return status;
    }
    if (tb_args_has(&args, "json")) {
        tb_cli_json(answer.json);
    } else {
        print(answer.json);
    }
    tb_answer_fini(&answer);
    return TB_EXIT_OK;
}
