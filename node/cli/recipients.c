#include "node/cli/recipients.h"

#include <stdio.h>
#include <string.h>

#include "node/cli/clause.h"
#include "node/cli/pick.h"
#include "node/cli/table.h"

enum { CLAUSE_BYTES_MAX = 512 };

/* Append ${row} under its office's code unless that office is there already. */
static void add_once(json_t *list, const char *code, const char *name, bool required,
                     const char *clause, bool outside)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(tb_pick_text(json_array_get(list, i), "code"), code) == 0) {
            return;
        }
    }
    json_array_append_new(list,
                          json_pack("{s:s, s:s, s:b, s:s, s:b}", "code", code, "name", name,
                                    "required", required, "clause", clause, "outside", outside));
}

static int by_rule(struct tb_cli *cli, const json_t *notice, json_t *list)
{
    const char *river = tb_pick_text(notice, "river");
    const char *kind = tb_pick_text(notice, "kind");
    bool up = strcmp(kind, "inquiry") == 0 || strcmp(kind, "溯源协查") == 0;
    char path[TB_CLIENT_PATH_BYTES_MAX];
    snprintf(path, sizeof path, "/v1/who?up=%s", up ? "true" : "false");
    if (river[0] != '\0') {
        strncat(path, "&river=", sizeof path - strlen(path) - 1);
        if (tb_client_path_add(path, river) != TB_OK) {
            return tb_tell_refused("%s", _("that name is too long for a river"));
        }
    }
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_get(cli, path, &answer);
    const json_t *rows = tb_pick_list(answer.json, "recipients");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        add_once(list, tb_pick_text(row, "code"), tb_pick_text(row, "name"),
                 tb_pick_bool(row, "required"), tb_pick_text(row, "clause"),
                 tb_pick_bool(row, "outside"));
    }
    tb_answer_fini(&answer);
    return status;
}

/* "Nobody who was told is left out of the correction or the all-clear." */
static int told_before(struct tb_cli *cli, const char *regards, json_t *list)
{
    char path[TB_CLIENT_PATH_BYTES_MAX] = "/v1/notices/";
    if (tb_client_path_add(path, regards) != TB_OK) {
        return tb_tell_refused("%s", _("that name is too long for a notice"));
    }
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_get(cli, path, &answer);
    const json_t *rows = tb_pick_list(answer.json, "deliveries");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        add_once(list, tb_pick_text(row, "office"), tb_pick_text(row, "name"),
                 tb_pick_bool(row, "required"), tb_pick_text(row, "clause"),
                 strcmp(tb_pick_text(row, "state"), "outside") == 0);
    }
    tb_answer_fini(&answer);
    return status;
}

static void print(const json_t *list)
{
    struct tb_table table;
    tb_table_init(&table, 5);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        char clause[CLAUSE_BYTES_MAX];
        tb_table_add(&table, tb_pick_bool(row, "required") ? _("required") : _("added"));
        tb_table_add(&table, tb_pick_text(row, "code"));
        tb_table_add(&table, tb_pick_text(row, "name"));
        tb_table_add(&table, tb_pick_bool(row, "outside") ? _("outside: TELEPHONE") : "");
        tb_clause_shown(clause, sizeof clause, tb_pick_text(row, "clause"));
        tb_table_add(&table, clause);
    }
    fprintf(stderr, "\n%s\n", _("It will go to:"));
    tb_table_print(&table, stderr, 2);
    tb_table_fini(&table);
}

int tb_recipients_show(struct tb_cli *cli, const json_t *body, size_t *count)
{
    const json_t *notice = tb_pick_object(body, "notice");
    const json_t *added = tb_pick_list(body, "add");
    const char *regards = tb_pick_text(notice, "regards");
    json_t *list = json_array();
    int status = by_rule(cli, notice, list);
    if (status == TB_EXIT_OK && regards[0] != '\0') {
        status = told_before(cli, regards, list);
    }
    for (size_t i = 0; i < json_array_size(added); i++) {
        const char *code = json_string_value(json_array_get(added, i));
        add_once(list, code != NULL ? code : "?", "", false, _("added by this office"), false);
    }
    if (status == TB_EXIT_OK) {
        print(list);
    }
    *count = json_array_size(list);
    json_decref(list);
    return status;
}
