#include <string.h>

#include "node/cli/province.h"

static const struct {
    const char *word;
    int (*run)(struct tb_cli *cli, const struct tb_args *args);
} words[] = {
    {"show", tb_province_show},     {"take", tb_province_take},     {"root", tb_province_root},
    {"admit", tb_province_admit},   {"broker", tb_province_broker}, {"rivers", tb_province_rivers},
    {"retire", tb_province_retire}, {"revoke", tb_province_revoke}, {"sign", tb_province_sign},
};

int tb_command_directory(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {
        {"prefix", TB_ARGS_VALUE},
        {"key", TB_ARGS_VALUE},
        {"passphrase-file", TB_ARGS_VALUE},
        {"unprotected", TB_ARGS_FLAG},
        {"draft", TB_ARGS_VALUE},
        {"yes", TB_ARGS_FLAG},
        {"valid-until", TB_ARGS_VALUE},
        {"name", TB_ARGS_VALUE},
        {"sign", TB_ARGS_VALUE},
        {"link", TB_ARGS_VALUE},
        {"endpoint", TB_ARGS_VALUE},
        {"from", TB_ARGS_VALUE},
        {"office", TB_ARGS_VALUE},
        {"broker", TB_ARGS_VALUE},
        {"out", TB_ARGS_VALUE},
        {"root", TB_ARGS_VALUE},
        {"json", TB_ARGS_FLAG},
    };
    struct tb_args args;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const char *word = tb_args_word(&args, 0);
    if (word == NULL) {
        return tb_province_show(cli, &args);
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].word, word) == 0) {
            return words[i].run(cli, &args);
        }
    }
    return tb_tell_usage("directory", _("directory %s is no command"), word);
}
