#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "node/cli/cli.h"
#include "node/cli/pick.h"
#include "node/cli/table.h"
#include "node/cli/terminal.h"
#include "node/cli/when.h"

enum { HOURS_MAX = 24, HOURS_USUAL = 12, PASSWORD_BYTES = 256, PROMPT_BYTES = 256 };

/* The file must be writable before the node opens a session for nobody. */
static int keep_token(struct tb_cli *cli, const struct tb_args *args, const json_t *json)
{
    struct tb_diag diag = {.file = NULL};
    if (tb_session_keep(cli->session, tb_pick_text(json, "token"), &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    if (tb_args_has(args, "json")) {
        tb_cli_json(json);
    } else {
        printf(_("%s is on duty for %lld hours.\n"), tb_pick_text(json, "officer"),
               (long long)tb_pick_int(json, "hours"));
    }
    return TB_EXIT_OK;
}

static int open_duty(struct tb_cli *cli, const struct tb_args *args)
{
    const char *officer = tb_args_value(args, "officer");
    const char *hours_text = tb_args_value(args, "hours");
    uint64_t hours = HOURS_USUAL;
    char password[PASSWORD_BYTES];
    char prompt[PROMPT_BYTES];
    struct tb_diag diag = {.file = NULL};
    if (officer == NULL) {
        return tb_tell_usage("duty", "%s", _("duty open --officer NAME: whose session is it?"));
    }
    if (hours_text != NULL && (!tb_text_u64(hours_text, HOURS_MAX, &hours) || hours == 0)) {
        return tb_tell_usage("duty", _("--hours: a number from 1 to %d"), HOURS_MAX);
    }
    int status = tb_cli_connect(cli, false);
    if (status != TB_EXIT_OK) {
        return status;
    }
    snprintf(prompt, sizeof prompt, _("Password of %s: "), officer);
    if (tb_terminal_secret(prompt, tb_args_value(args, "password-file"), false, password,
                           sizeof password, &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    json_t *body = json_pack("{s:s, s:s, s:I}", "officer", officer, "password", password, "hours",
                             (json_int_t)hours);
    sodium_memzero(password, sizeof password);
    if (body == NULL) {
        return tb_tell_usage("duty", "%s", _("name and password must be UTF-8 text"));
    }
    struct tb_answer answer = {.json = NULL};
    /* An older session of this file has no say in opening a new one. */
    cli->client.token[0] = '\0';
    status = tb_cli_change(cli, "POST", "/v1/duty", body, NULL, &answer);
    json_decref(body);
    status = status != TB_EXIT_OK ? status : keep_token(cli, args, answer.json);
    tb_answer_fini(&answer);
    return status;
}

static int close_duty(struct tb_cli *cli)
{
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_connect(cli, true);
    if (status != TB_EXIT_OK) {
        return status;
    }
    tb_client_change(&cli->client, "DELETE", "/v1/duty", "application/json", tb_bytes_text(""),
                     &answer);
    /* A token that the node no longer knows is of no use to keep. */
    if (tb_answer_good(&answer) || answer.http == 401) {
        tb_session_drop(cli->session);
        puts(_("The duty session is closed."));
        status = TB_EXIT_OK;
    } else {
        status = tb_answer_refused(&cli->client, &answer, NULL);
    }
    tb_answer_fini(&answer);
    return status;
}

static void print(const json_t *json)
{
    struct tb_wall now = tb_cli_now();
    const json_t *list = tb_pick_list(json, "on_duty");
    const json_t *own = tb_pick_object(json, "session");
    char at[TB_WHEN_TEXT_BYTES];
    struct tb_table table;
    if (json_array_size(list) == 0) {
        puts(_("Nobody is on duty."));
    }
    tb_table_init(&table, 3);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *officer = json_array_get(list, i);
        tb_when_short(at, tb_pick_text(officer, "duty_until"), now);
        tb_table_add(&table, tb_pick_text(officer, "name"));
        tb_table_add(&table, tb_pick_text(officer, "number"));
        tb_table_addf(&table, _("until %s"), at);
    }
    tb_table_print(&table, stdout, 0);
    tb_table_fini(&table);
    if (own != NULL) {
        printf(_("The session at this terminal is that of %s.\n"), tb_pick_text(own, "name"));
    }
}

int tb_command_duty(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {{"officer", TB_ARGS_VALUE},
                                                    {"hours", TB_ARGS_VALUE},
                                                    {"password-file", TB_ARGS_VALUE},
                                                    {"json", TB_ARGS_FLAG}};
    struct tb_args args;
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const char *verb = tb_args_word(&args, 0);
    if (tb_args_words(&args) > 1) {
        return tb_tell_usage("duty", "%s", _("duty, duty open or duty close"));
    }
    if (verb != NULL && strcmp(verb, "open") == 0) {
        return open_duty(cli, &args);
    }
    if (verb != NULL && strcmp(verb, "close") == 0) {
        return close_duty(cli);
    }
    if (verb != NULL) {
        return tb_tell_usage("duty", "%s", _("duty, duty open or duty close"));
    }
    status = tb_cli_connect(cli, false);
    status = status != TB_EXIT_OK ? status : tb_cli_get(cli, "/v1/duty", &answer);
    if (status == TB_EXIT_OK && tb_args_has(&args, "json")) {
        tb_cli_json(answer.json);
    } else if (status == TB_EXIT_OK) {
        print(answer.json);
    }
    tb_answer_fini(&answer);
    return status;
}
