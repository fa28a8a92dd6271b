#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "node/cli/cli.h"
#include "node/cli/program.h"
#include "node/cli/restore.h"
#include "node/cli/when.h"

/* The copying itself is the node's: it knows its store. */
int tb_command_backup(struct tb_cli *cli, int argc, char **argv)
{
    struct tb_args args;
    int status = tb_cli_args(&args, NULL, 0, argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    if (tb_args_words(&args) != 1) {
        return tb_tell_usage("backup", "%s", _("backup FILE: where to?"));
    }
    if (cli->home_status != TB_OK) {
        return tb_tell_diag(&cli->home_diag);
    }
    char backup[] = "--backup";
    char config[] = "--config";
    char *file = strdup(tb_args_word(&args, 0));
    tb_assert(file != NULL);
    if (access(file, F_OK) == 0) {
        status = tb_tell_refused(_("%s is there already; a backup overwrites nothing"), file);
        free(file);
        return status;
    }
    char *words[] = {NULL, config, cli->home.config, backup, file, NULL};
    int exit_status = 0;
    enum tb_status ran = tb_program_node(words, &exit_status);
    if (ran != TB_OK) {
        status =
            tb_tell_refused("%s", ran == TB_UNKNOWN ? _("the program tongbao-node is not found")
                                                    : _("tongbao-node cannot be run"));
    } else if (exit_status != 0) {
        status = tb_tell_refused(_("no backup was made: tongbao-node ended with status %d"),
                                 exit_status);
    } else {
        printf(_("Backup written and checked: %s\n"), file);
    }
    free(file);
    return status;
}

static void report(const struct tb_restored *restored, const char *folder)
{
    char json[TB_WALL_TEXT_CHARS];
    char at[TB_WHEN_TEXT_BYTES];
    tb_wall_text(json, restored->newest);
    tb_when_show(at, json);
    printf(_("The backup is in place in %s.\n"), folder);
    if (restored->kept[0] != '\0') {
        printf(_("The store that was there is kept as %s.\n"), restored->kept);
    }
    if (restored->newest.ms == 0) {
        puts(_("It held no notices; the brokers fill in what they still have."));
    } else {
        printf(_("Its newest row is of %s: from that day on the brokers fill the gap, as far back "
                 "as they keep mail.\n"),
               at);
    }
    puts(
        _("A new chain is open: what this office issues from now on continues the old one in it."));
    puts(_("Duty sessions opened after the backup are to be opened again."));
}

int tb_command_restore(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {{"dir", TB_ARGS_VALUE}};
    struct tb_args args;
    struct tb_diag diag = {.file = NULL};
    struct tb_restored restored;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const char *folder = tb_args_value(&args, "dir");
    if (tb_args_words(&args) != 1 || folder == NULL) {
        return tb_tell_usage("restore", "%s", _("restore FILE --dir FOLDER"));
    }
    if (tb_home_find(&cli->home, folder, NULL, &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    if (tb_restore_put(&cli->home, tb_args_word(&args, 0), tb_cli_now(), &restored, &diag) !=
        TB_OK) {
        return tb_tell_diag(&diag);
    }
    report(&restored, folder);
    return TB_EXIT_OK;
}
