#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "node/cli/cli.h"
#include "node/cli/pick.h"
#include "node/cli/table.h"
#include "node/cli/terminal.h"
#include "node/cli/when.h"

enum { PASSWORD_BYTES = 256, PROMPT_BYTES = 256 };

static int set(struct tb_cli *cli, const struct tb_args *args, const json_t *body)
{
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_change(cli, "POST", "/v1/officers", body, NULL, &answer);
    if (status == TB_EXIT_OK && tb_args_has(args, "json")) {
        tb_cli_json(answer.json);
    }
    tb_answer_fini(&answer);
    return status;
}

static int add(struct tb_cli *cli, const struct tb_args *args)
{
    const char *name = tb_args_word(args, 1);
    const char *number = tb_args_value(args, "number");
    char password[PASSWORD_BYTES];
    char prompt[PROMPT_BYTES];
    struct tb_diag diag = {.file = NULL};
    if (name == NULL || number == NULL || tb_args_words(args) > 2) {
        return tb_tell_usage("officers", "%s", _("officers add NAME --number N"));
    }
    int status = tb_cli_connect(cli, false);
    if (status != TB_EXIT_OK) {
        return status;
    }
    snprintf(prompt, sizeof prompt, _("New password of %s (8 to 128 bytes): "), name);
    if (tb_terminal_secret(prompt, tb_args_value(args, "password-file"), true, password,
                           sizeof password, &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    json_t *body = json_pack("{s:s, s:s, s:s, s:b}", "name", name, "number", number, "password",
                             password, "active", 1);
    sodium_memzero(password, sizeof password);
    if (body == NULL) {
        return tb_tell_usage("officers", "%s", _("name, number and password must be UTF-8 text"));
    }
    status = set(cli, args, body);
    json_decref(body);
    if (status == TB_EXIT_OK && !tb_args_has(args, "json")) {
        printf(_("%s (%s) can now open a duty session.\n"), name, number);
    }
    return status;
}

/* The duty number of ${name} as the node has it; "" when there is no such
 * officer. */
static int number_of(struct tb_cli *cli, const char *name, char *out, size_t out_bytes)
{
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_get(cli, "/v1/officers", &answer);
    const json_t *list = tb_pick_list(answer.json, "officers");
    out[0] = '\0';
    bool found = false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *officer = json_array_get(list, i);
        if (strcmp(tb_pick_text(officer, "name"), name) == 0) {
            snprintf(out, out_bytes, "%s", tb_pick_text(officer, "number"));
            found = true;
        }
    }
    tb_answer_fini(&answer);
    if (status == TB_EXIT_OK && !found) {
        status = tb_tell_refused(_("there is no officer %s here; see: tongbao officers"), name);
    }
    return status;
}

static int disable(struct tb_cli *cli, const struct tb_args *args)
{
    const char *name = tb_args_word(args, 1);
    char number[PROMPT_BYTES];
    if (name == NULL || tb_args_words(args) > 2) {
        return tb_tell_usage("officers", "%s", _("officers disable NAME"));
    }
    int status = tb_cli_connect(cli, false);
    status = status != TB_EXIT_OK ? status : number_of(cli, name, number, sizeof number);
    if (status != TB_EXIT_OK) {
        return status;
    }
    json_t *body = json_pack("{s:s, s:s, s:b}", "name", name, "number", number, "active", 0);
    status = set(cli, args, body);
    json_decref(body);
    if (status == TB_EXIT_OK && !tb_args_has(args, "json")) {
        printf(_("%s can open no more duty sessions. What he signed stays.\n"), name);
    }
    return status;
}

static int list(struct tb_cli *cli, const struct tb_args *args)
{
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_connect(cli, false);
    status = status != TB_EXIT_OK ? status : tb_cli_get(cli, "/v1/officers", &answer);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const json_t *officers = tb_pick_list(answer.json, "officers");
    if (tb_args_has(args, "json")) {
        tb_cli_json(answer.json);
    } else if (json_array_size(officers) == 0) {
        puts(_("No officer is entered yet: tongbao officers add NAME --number N"));
    } else {
        struct tb_table table;
        char at[TB_WHEN_TEXT_BYTES];
        tb_table_init(&table, 4);
        for (size_t i = 0; i < json_array_size(officers); i++) {
            const json_t *officer = json_array_get(officers, i);
            bool duty = tb_pick_bool(officer, "on_duty");
            tb_when_short(at, tb_pick_text(officer, "duty_until"), tb_cli_now());
            tb_table_add(&table, tb_pick_text(officer, "name"));
            tb_table_add(&table, tb_pick_text(officer, "number"));
            tb_table_add(&table, tb_pick_bool(officer, "active") ? _("active") : _("disabled"));
            tb_table_addf(&table, duty ? _("on duty until %s") : "%s", duty ? at : "");
        }
        tb_table_print(&table, stdout, 0);
        tb_table_fini(&table);
    }
    tb_answer_fini(&answer);
    return TB_EXIT_OK;
}

int tb_command_officers(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {
        {"number", TB_ARGS_VALUE}, {"password-file", TB_ARGS_VALUE}, {"json", TB_ARGS_FLAG}};
    struct tb_args args;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const char *verb = tb_args_word(&args, 0);
    if (verb == NULL || strcmp(verb, "list") == 0) {
        return list(cli, &args);
    }
    if (strcmp(verb, "add") == 0) {
        return add(cli, &args);
    }
    if (strcmp(verb, "disable") == 0) {
        return disable(cli, &args);
    }
    return tb_tell_usage("officers", "%s", _("officers list, officers add or officers disable"));
}
