#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "node/cli/cli.h"
#include "node/cli/pick.h"
#include "node/cli/rows.h"

enum { PAGE_ROWS_MAX = 200 };

static int list_path(char path[TB_CLIENT_PATH_BYTES_MAX], const struct tb_args *args)
{
    const char *limit = tb_args_value(args, "limit");
    const char *before = tb_args_value(args, "before");
    uint64_t limit_rows = 50;
    uint64_t before_n = 0;
    if (limit != NULL && (!tb_text_u64(limit, PAGE_ROWS_MAX, &limit_rows) || limit_rows == 0)) {
        return tb_tell_usage("list", _("--limit: a number from 1 to %d"), PAGE_ROWS_MAX);
    }
    if (before != NULL && !tb_text_u64(before, INT64_MAX, &before_n)) {
        return tb_tell_usage("list", "%s", _("--before: a number, as the last page named it"));
    }
    if (tb_args_has(args, "waiting")) {
        snprintf(path, TB_CLIENT_PATH_BYTES_MAX, "/v1/waiting");
    } else if (before != NULL) {
        snprintf(path, TB_CLIENT_PATH_BYTES_MAX, "/v1/notices?limit=%llu&before=%llu",
                 (unsigned long long)limit_rows, (unsigned long long)before_n);
    } else {
        snprintf(path, TB_CLIENT_PATH_BYTES_MAX, "/v1/notices?limit=%llu",
                 (unsigned long long)limit_rows);
    }
    return TB_EXIT_OK;
}

int tb_command_list(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {{"waiting", TB_ARGS_FLAG},
                                                    {"limit", TB_ARGS_VALUE},
                                                    {"before", TB_ARGS_VALUE},
                                                    {"json", TB_ARGS_FLAG}};
    struct tb_args args;
    char path[TB_CLIENT_PATH_BYTES_MAX];
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status == TB_EXIT_OK && tb_args_words(&args) > 0) {
        status = tb_tell_usage("list", _("list takes no names; see one with: tongbao show %s"),
                               tb_args_word(&args, 0));
    }
    status = status != TB_EXIT_OK ? status : list_path(path, &args);
    status = status != TB_EXIT_OK ? status : tb_cli_connect(cli, false);
    status = status != TB_EXIT_OK ? status : tb_cli_get(cli, path, &answer);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const json_t *rows = tb_pick_list(answer.json, "notices");
    int64_t before = tb_pick_int(answer.json, "next_before");
    if (tb_args_has(&args, "json")) {
        tb_cli_json(answer.json);
    } else if (json_array_size(rows) == 0) {
        puts(tb_args_has(&args, "waiting") ? _("Nothing waits to be acknowledged.")
                                           : _("There are no notices here."));
    } else {
        tb_rows_print(rows, tb_cli_now());
        if (before > 0) {
            printf(_("Older ones: tongbao list --before %lld\n"), (long long)before);
        }
    }
    tb_answer_fini(&answer);
    return TB_EXIT_OK;
}
