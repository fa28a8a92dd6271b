#include <stdio.h>
#include <string.h>

#include "node/cli/cli.h"
#include "node/cli/clockrows.h"
#include "node/cli/pick.h"
#include "node/cli/when.h"

/* The three times that the clocks count from, and the policy; of the first row. */
static void times(const json_t *row)
{
    char at[TB_WHEN_TEXT_BYTES];
    static const struct {
        const char *key;
        const char *label;
    } rows[] = {
        {"occurred_at", N_("Occurred")}, {"known_at", N_("Known")}, {"graded_at", N_("Graded")}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *text = tb_pick_text(row, rows[i].key);
        tb_when_show(at, text);
        printf("%s%s%s\n", _(rows[i].label), _(": "), text[0] != '\0' ? at : _("not said"));
    }
}

/* Policies that stand in for those that were named. */
static void missing_policies(const json_t *rows)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (!tb_pick_bool(row, "policy_held")) {
            printf(_("! The rules that %s named are not here; the nearest stand in: %s\n"),
                   tb_pick_text(row, "owner_name"), tb_pick_text(row, "policy"));
            return;
        }
    }
}

static int of_notice(struct tb_cli *cli, const char *name, bool json)
{
    char path[TB_CLIENT_PATH_BYTES_MAX] = "/v1/notices/";
    struct tb_answer answer = {.json = NULL};
    if (tb_client_path_add(path, name) != TB_OK) {
        return tb_tell_usage("clocks", "%s", _("that name is too long for a notice"));
    }
    int status = tb_cli_get(cli, path, &answer);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const json_t *rows = tb_pick_list(answer.json, "clocks");
    if (json) {
        tb_cli_json(rows);
    } else if (json_array_size(rows) == 0) {
        puts(_("no time limits"));
    } else {
        times(json_array_get(rows, 0));
        tb_clockrows_print(rows, tb_cli_now(), 0);
        missing_policies(rows);
    }
    tb_answer_fini(&answer);
    return TB_EXIT_OK;
}

static int of_all(struct tb_cli *cli, bool all, bool json)
{
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_get(cli, all ? "/v1/clocks" : "/v1/clocks?unmet=true", &answer);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const json_t *rows = tb_pick_list(answer.json, "clocks");
    if (json) {
        tb_cli_json(answer.json);
    } else {
        if (json_array_size(rows) == 0) {
            puts(all ? _("no time limits") : _("no time limit is open"));
        }
        tb_clockrows_print(rows, tb_cli_now(), 0);
        missing_policies(rows);
        if (tb_pick_int(answer.json, "left_off") > 0 ||
            tb_pick_bool(answer.json, "more_incidents")) {
            puts(_("(more than fit here: name a notice to see its own)"));
        }
    }
    tb_answer_fini(&answer);
    return TB_EXIT_OK;
}

int tb_command_clocks(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {{"all", TB_ARGS_FLAG}, {"json", TB_ARGS_FLAG}};
    struct tb_args args;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status == TB_EXIT_OK && tb_args_words(&args) > 1) {
        return tb_tell_usage("clocks", "%s", _("name one notice only"));
    }
    status = status != TB_EXIT_OK ? status : tb_cli_connect(cli, false);
    if (status != TB_EXIT_OK) {
        return status;
    }
    bool json = tb_args_has(&args, "json");
    return tb_args_words(&args) == 1 ? of_notice(cli, tb_args_word(&args, 0), json)
                                     : of_all(cli, tb_args_has(&args, "all"), json);
}
