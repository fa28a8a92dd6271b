#include <string.h>

#include "node/cli/cli.h"
#include "node/cli/record.h"

/* Enter what the public was told of an incident, or is to be. */
int tb_command_disclose(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {
        {"measure", TB_ARGS_VALUE},   {"state", TB_ARGS_VALUE},   {"evidence", TB_ARGS_VALUE},
        {"by", TB_ARGS_VALUE},        {"channel", TB_ARGS_VALUE}, {"reference", TB_ARGS_VALUE},
        {"at", TB_ARGS_VALUE},        {"note", TB_ARGS_VALUE},    {"json", TB_ARGS_FLAG},
        {"request-id", TB_ARGS_VALUE}};
    static const char *const names[] = {"measure",   "state", "by", "channel",
                                        "reference", "note",  NULL};
    struct tb_args args;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    if (tb_args_words(&args) != 1) {
        return tb_tell_usage("disclose", "%s",
                             _("name one notice: its number, or the first digits of its id"));
    }
    if (!tb_args_has(&args, "measure") || !tb_args_has(&args, "state")) {
        return tb_tell_usage("disclose", "%s",
                             _("--measure: authoritative_information, press_conference or "
                               "response; --state: proposed, decided, published or updated"));
    }
    json_t *body = json_object();
    status = tb_record_fill(body, &args, "disclose", names);
    status = status != TB_EXIT_OK
                 ? status
                 : tb_record_send(cli, &args, "disclose", "/disclosures", body, false);
    json_decref(body);
    return status;
}
