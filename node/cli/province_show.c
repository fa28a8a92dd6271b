#include <stdio.h>
#include <string.h>

#include "base/io/files.h"
#include "base/limits.h"
#include "node/cli/draft.h"
#include "node/cli/fingerprint.h"
#include "node/cli/pick.h"
#include "node/cli/province.h"
#include "node/cli/sentences.h"
#include "node/cli/table.h"
#include "node/cli/when.h"
#include "node/cli/words.h"
#include "proto/directory.h"
#include "proto/wire.h"

enum { TEXT_BYTES_MAX = 512 };

/* The fingerprint of the root that ${bytes} carry; that alone proves nothing. */
static enum tb_status carried_root(struct tb_bytes bytes, struct tb_id *out)
{
    struct tb_bytes rest = bytes;
    struct tb_wire_field field;
    while (rest.size > 0) {
        enum tb_status status = tb_wire_next(&rest, &field);
        if (status != TB_OK) {
            return status;
        }
        if (field.number == 5 && field.type == TB_WIRE_BYTES && field.bytes.size == TB_KEY_BYTES) {
            tb_root_fingerprint(out, field.bytes.data);
            return TB_OK;
        }
    }
    return TB_MALFORMED;
}

static void cell_list(struct tb_table *table, const json_t *list, const char *label,
                      const char *value)
{
    char text[TEXT_BYTES_MAX] = "";
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        size_t used = strlen(text);
        if (json_is_string(item)) {
            snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? _(", ") : "",
                     json_string_value(item));
        } else {
            snprintf(text + used, sizeof text - used, "%s%s %s", i > 0 ? _(", ") : "",
                     tb_pick_text(item, label), tb_pick_text(item, value));
        }
    }
    tb_table_add(table, text);
}

static void print_offices(const json_t *draft)
{
    const json_t *list = tb_pick_list(draft, "offices");
    struct tb_table table;
    tb_table_init(&table, 6);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *office = json_array_get(list, i);
        const json_t *key = json_array_get(tb_pick_list(office, "keys"), 0);
        char id[TB_DRAFT_KEY_ID_BYTES];
        char at[TB_WHEN_TEXT_BYTES];
        tb_table_addf(&table, "%06lld", (long long)tb_pick_int(office, "code"));
        tb_table_add(&table, tb_pick_text(office, "name"));
        tb_draft_key_id(id, key);
        tb_table_addf(&table, "%s %s", id, tb_words_key(tb_pick_text(key, "state")));
        cell_list(&table, tb_pick_list(office, "brokers"), "", "");
        cell_list(&table, tb_pick_list(office, "phones"), "label", "number");
        tb_when_show(at, tb_pick_text(office, "valid_until"));
        tb_table_addf(&table, at[0] != '\0' ? _("valid until %.10s") : "%s", at);
    }
    tb_table_print(&table, stdout, 2);
    tb_table_fini(&table);
}

static void print_rest(const json_t *draft)
{
    const json_t *brokers = tb_pick_list(draft, "brokers");
    const json_t *files = tb_pick_list(draft, "files");
    struct tb_table table;
    tb_table_init(&table, 3);
    for (size_t i = 0; i < json_array_size(brokers); i++) {
        const json_t *broker = json_array_get(brokers, i);
        tb_table_addf(&table, _("broker %s"), tb_pick_text(broker, "name"));
        tb_table_add(&table, tb_words_key(tb_pick_text(broker, "state")));
        cell_list(&table, tb_pick_list(broker, "endpoints"), "", "");
    }
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        tb_table_addf(&table, _("file %s"), tb_pick_text(file, "name"));
        const json_t *lines = tb_pick_list(file, "lines");
        size_t count = json_array_size(lines);
        /* The line feed that ends the last line begins no further one. */
        bool ended = count > 0 && json_string_length(json_array_get(lines, count - 1)) == 0;
        tb_table_addf(&table, _("%zu lines"), count - (ended ? 1 : 0));
        tb_table_add(&table, "");
    }
    tb_table_print(&table, stdout, 2);
    tb_table_fini(&table);
}

static int print_file(const struct tb_directory *directory, const struct tb_id *root, bool json)
{
    char groups[TB_FINGERPRINT_TEXT_BYTES];
    char at[TB_WALL_TEXT_CHARS];
    const Tongbao__DirectoryBody *body = tb_directory_body(directory);
    json_t *draft =
        tb_draft_of_body(tb_directory_prefix(directory), tb_directory_version(directory), body);
    if (draft == NULL) {
        return tb_tell_refused("%s", _("the directory carries text that is not UTF-8"));
    }
    if (json) {
        char hex[TB_ID_HEX_CHARS + 1];
        tb_hex(hex, tb_bytes_of(root->byte, sizeof root->byte));
        json_object_set_new(draft, "root", json_string(hex));
        tb_cli_json(draft);
    } else {
        tb_fingerprint_show(groups, root);
        tb_wall_text(at, (struct tb_wall){.ms = body->issued_at_ms});
        printf(_("Directory of province %02u, version %llu, of %s\n"),
               tb_directory_prefix(directory), (unsigned long long)tb_directory_version(directory),
               at);
        printf(_("Signed by the root with the fingerprint\n  %s\n"), groups);
        print_offices(draft);
        print_rest(draft);
    }
    json_decref(draft);
    return TB_EXIT_OK;
}

static int show_file(const struct tb_args *args, const char *path)
{
    const char *wanted = tb_args_value(args, "root");
    struct tb_diag diag = {.file = NULL};
    struct tb_directory *directory = NULL;
    struct tb_id root;
    struct tb_buf buf;
    if (wanted != NULL && !tb_fingerprint_read(&root, wanted)) {
        return tb_tell_usage("directory", "%s", _("--root: a fingerprint of 64 hex digits"));
    }
    tb_buf_init(&buf, TB_DIRECTORY_BYTES_MAX);
    enum tb_status status = tb_files_read(path, &buf, &diag);
    int exit = TB_EXIT_OK;
    if (status != TB_OK) {
        tb_buf_fini(&buf);
        return tb_tell_diag(&diag);
    }
    if (wanted == NULL) {
        status = carried_root(tb_buf_bytes(&buf), &root);
    }
    if (status == TB_OK) {
        status = tb_directory_open(&directory, tb_buf_bytes(&buf), &root, &diag);
    }
    if (status == TB_OK) {
        exit = print_file(directory, &root, tb_args_has(args, "json"));
        if (wanted == NULL && !tb_args_has(args, "json")) {
            puts(_("Compare the fingerprint with the province over the telephone: whoever made the "
                   "file chose it."));
        }
    } else if (status == TB_SIGNER) {
        exit = tb_tell_refused("%s", _("this directory was signed by ANOTHER root than --root"));
    } else {
        if (diag.text[0] == '\0') {
            tb_diag_set(&diag, 0, "%s", tb_status_text(status));
        }
        diag.file = path;
        exit = tb_tell_diag(&diag);
    }
    tb_directory_free(directory);
    tb_buf_fini(&buf);
    return exit;
}

static void print_held(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        char at[TB_WHEN_TEXT_BYTES];
        char groups[TB_FINGERPRINT_TEXT_BYTES] = "?";
        struct tb_id root;
        const json_t *offices = json_object_get(row, "offices");
        tb_when_show(at, tb_pick_text(row, "issued_at"));
        if (tb_fingerprint_read(&root, tb_pick_text(row, "root"))) {
            tb_fingerprint_show(groups, &root);
        }
        printf(_("Province %lld %s, version %lld, of %s, %lld offices\n"),
               (long long)tb_pick_int(row, "prefix"), tb_pick_text(row, "name"),
               (long long)tb_pick_int(row, "version"), at,
               (long long)(json_is_array(offices) ? (json_int_t)json_array_size(offices)
                                                  : json_integer_value(offices)));
        printf("  %s\n", groups);
    }
}

int tb_province_show(struct tb_cli *cli, const struct tb_args *args)
{
    const char *path = tb_args_word(args, 1);
    if (path != NULL) {
        return show_file(args, path);
    }
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_connect(cli, false);
    status = status != TB_EXIT_OK ? status : tb_cli_get(cli, "/v1/directories", &answer);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const json_t *list = tb_pick_list(answer.json, "directories");
    if (tb_args_has(args, "json")) {
        tb_cli_json(answer.json);
    } else if (json_array_size(list) == 0) {
        puts(_("No directory is here yet: tongbao directory take FILE"));
    } else {
        print_held(list);
        puts(_("The offices in them: tongbao offices"));
    }
    tb_answer_fini(&answer);
    return TB_EXIT_OK;
}

int tb_province_take(struct tb_cli *cli, const struct tb_args *args)
{
    const char *path = tb_args_word(args, 1);
    struct tb_diag diag = {.file = NULL};
    struct tb_buf buf;
    if (path == NULL) {
        return tb_tell_usage("directory", "%s", _("directory take FILE"));
    }
    int status = tb_cli_connect(cli, false);
    if (status != TB_EXIT_OK) {
        return status;
    }
    tb_buf_init(&buf, TB_DIRECTORY_BYTES_MAX);
    if (tb_files_read(path, &buf, &diag) != TB_OK) {
        status = tb_tell_diag(&diag);
    } else {
        struct tb_answer answer;
        tb_client_change(&cli->client, "POST", "/v1/directories", "application/octet-stream",
                         tb_buf_bytes(&buf), &answer);
        if (!tb_answer_good(&answer)) {
            status = tb_answer_refused(&cli->client, &answer, NULL);
        } else if (tb_args_has(args, "json")) {
            tb_cli_json(answer.json);
        } else {
            const char *text = tb_pick_text(answer.json, "text");
            char sentence[TEXT_BYTES_MAX];
            tb_sentences_translate(sentence, sizeof sentence, text);
            puts(sentence[0] != '\0' ? sentence : _("The directory was taken."));
        }
        tb_answer_fini(&answer);
    }
    tb_buf_fini(&buf);
    return status;
}
