#include <string.h>

#include "node/cli/cli.h"
#include "node/cli/record.h"

/* Enter a duty that was done outside the net. */
int tb_command_deed(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {
        {"duty", TB_ARGS_VALUE},   {"to", TB_ARGS_VALUE},
        {"person", TB_ARGS_VALUE}, {"channel", TB_ARGS_VALUE},
        {"at", TB_ARGS_VALUE},     {"document-number", TB_ARGS_VALUE},
        {"note", TB_ARGS_VALUE},   {"evidence", TB_ARGS_VALUE},
        {"json", TB_ARGS_FLAG},    {"request-id", TB_ARGS_VALUE}};
    static const char *const names[] = {"duty", "to", "person", "channel", "document-number",
                                        "note", NULL};
    struct tb_args args;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    if (tb_args_words(&args) != 1) {
        return tb_tell_usage("deed", "%s",
                             _("name one notice: its number, or the first digits of its id"));
    }
    if (!tb_args_has(&args, "duty")) {
        return tb_tell_usage("deed", "%s",
                             _("--duty: report_own_government, report_superior, report_province, "
                               "report_ministry, propose_neighbour_government or opinion_known"));
    }
    json_t *body = json_object();
    status = tb_record_fill(body, &args, "deed", names);
    status =
        status != TB_EXIT_OK ? status : tb_record_send(cli, &args, "deed", "/deeds", body, true);
    json_decref(body);
    return status;
}
