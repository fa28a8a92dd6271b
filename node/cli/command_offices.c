#include <stdio.h>
#include <string.h>

#include "node/cli/cli.h"
#include "node/cli/pick.h"
#include "node/cli/table.h"
#include "node/cli/when.h"
#include "node/cli/words.h"

enum { PAGES_MAX = 100, TEXT_BYTES_MAX = 512 };

static void append(char out[TEXT_BYTES_MAX], const char *text)
{
    size_t used = strlen(out);
    snprintf(out + used, TEXT_BYTES_MAX - used, "%s%s", used > 0 ? _(", ") : "", text);
}

static void add_row(struct tb_table *table, const json_t *office)
{
    char phones[TEXT_BYTES_MAX] = "";
    char brokers[TEXT_BYTES_MAX] = "";
    char keys[TEXT_BYTES_MAX] = "";
    char piece[TEXT_BYTES_MAX];
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(office, "phones"), i, item)
    {
        snprintf(piece, sizeof piece, "%s %s", tb_pick_text(item, "label"),
                 tb_pick_text(item, "number"));
        append(phones, piece);
    }
    json_array_foreach(json_object_get(office, "brokers"), i, item)
    {
        append(brokers, json_string_value(item) != NULL ? json_string_value(item) : "?");
    }
    json_array_foreach(json_object_get(office, "keys"), i, item)
    {
        snprintf(piece, sizeof piece, "%.8s %s", tb_pick_text(item, "key_id"),
                 tb_words_key(tb_pick_text(item, "state")));
        append(keys, piece);
    }
    tb_table_add(table, tb_pick_text(office, "code"));
    tb_table_add(table, tb_pick_text(office, "name"));
    tb_table_add(table, phones[0] != '\0' ? phones : _("no number"));
    tb_table_add(table, brokers);
    tb_table_add(table, keys);
    tb_table_add(table, tb_pick_bool(office, "expired") ? _("ENTRY EXPIRED: have it renewed") : "");
}

/* All offices, page by page, into ${out}; 0 or the exit status. */
static int collect(struct tb_cli *cli, json_t *out)
{
    char path[TB_CLIENT_PATH_BYTES_MAX] = "/v1/offices?limit=200";
    for (int page = 0; page < PAGES_MAX && path[0] != '\0'; page++) {
        struct tb_answer answer = {.json = NULL};
        int status = tb_cli_get(cli, path, &answer);
        if (status != TB_EXIT_OK) {
            return status;
        }
        json_array_extend(out, json_object_get(answer.json, "offices"));
        const json_t *next = json_object_get(answer.json, "next_after");
        path[0] = '\0';
        if (json_is_string(next)) {
            snprintf(path, sizeof path, "/v1/offices?limit=200&after=%s", json_string_value(next));
        } else if (json_is_integer(next)) {
            snprintf(path, sizeof path, "/v1/offices?limit=200&after=%lld",
                     (long long)json_integer_value(next));
        }
        tb_answer_fini(&answer);
    }
    return TB_EXIT_OK;
}

static int one(struct tb_cli *cli, const char *code, json_t *out)
{
    char path[TB_CLIENT_PATH_BYTES_MAX];
    struct tb_answer answer = {.json = NULL};
    snprintf(path, sizeof path, "/v1/offices?code=%s", code);
    int status = tb_cli_get(cli, path, &answer);
    if (status == TB_EXIT_OK) {
        json_array_extend(out, json_object_get(answer.json, "offices"));
    }
    tb_answer_fini(&answer);
    return status;
}

static void print(const json_t *offices)
{
    struct tb_table table;
    tb_table_init(&table, 6);
    tb_table_add(&table, _("Code"));
    tb_table_add(&table, _("Office"));
    tb_table_add(&table, _("Telephone"));
    tb_table_add(&table, _("Reads at"));
    tb_table_add(&table, _("Keys"));
    tb_table_add(&table, _("Remark"));
    for (size_t i = 0; i < json_array_size(offices); i++) {
        add_row(&table, json_array_get(offices, i));
    }
    tb_table_print(&table, stdout, 0);
    tb_table_fini(&table);
}

int tb_command_offices(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {{"json", TB_ARGS_FLAG}};
    struct tb_args args;
    uint32_t code;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    const char *word = status == TB_EXIT_OK ? tb_args_word(&args, 0) : NULL;
    if (word != NULL && (!tb_cli_office(word, &code) || tb_args_words(&args) > 1)) {
        return tb_tell_usage("offices", "%s", _("at most one six-digit code"));
    }
    status = status != TB_EXIT_OK ? status : tb_cli_connect(cli, false);
    if (status != TB_EXIT_OK) {
        return status;
    }
    json_t *offices = json_array();
    status = word != NULL ? one(cli, word, offices) : collect(cli, offices);
    if (status == TB_EXIT_OK && tb_args_has(&args, "json")) {
        json_t *all = json_pack("{s:O}", "offices", offices);
        tb_cli_json(all);
        json_decref(all);
    } else if (status == TB_EXIT_OK && json_array_size(offices) == 0) {
        puts(_("No directory is here yet: tongbao directory take FILE"));
    } else if (status == TB_EXIT_OK) {
        print(offices);
    }
    json_decref(offices);
    return status;
}
