#include <stdio.h>
#include <string.h>

#include "node/cli/cli.h"
#include "node/cli/table.h"

static const struct tb_command commands[] = {
    {"issue", tb_command_issue,
     "[--file NOTICE.json] [--world WORLD] [--kind KIND] [--regards NAME]\n"
     "    [--river NAME] [--place TEXT] [--substance NAME [--amount N --unit U --basis B]]...\n"
     "    [--grade GRADE] [--occurred TIME] [--source TEXT] [--signed-by NAME] [--add CODE]...\n"
     "    [--personal-file FILE]\n"
     "    [--yes] [--json] [--request-id ID]   (all options: man tongbao)",
     N_("issue a notice; without options it asks")},
    {"list", tb_command_list, "[--waiting] [--limit N] [--before N] [--json]",
     N_("the notices here, newest first")},
    {"show", tb_command_show, "NAME [--clauses] [--json]",
     N_("one notice: who has it, who has not")},
    {"ack", tb_command_ack,
     "[NAME] [--level received|assessed|acted] [--note TEXT] [--json] [--request-id ID]",
     N_("acknowledge a notice in your own name")},
    {"call", tb_command_call,
     "NAME --office CODE [--person P] [--phone N] [--at TIME] [--read-back yes|no]\n"
     "    [--result TEXT] [--json] [--request-id ID]",
     N_("enter a telephone call about a notice")},
    {"clocks", tb_command_clocks, "[NAME] [--all] [--json]",
     N_("the time limits: what is due when, by which clause, and by whom")},
    {"disclose", tb_command_disclose,
     "NAME --measure authoritative_information|press_conference|response\n"
     "    --state proposed|decided|published|updated [--evidence FILE]... [--by TEXT]\n"
     "    [--channel TEXT] [--reference TEXT] [--at TIME] [--note TEXT] [--json]\n"
     "    [--request-id ID]",
     N_("enter what the public was told, or is to be")},
    {"deed", tb_command_deed,
     "NAME --duty report_own_government|report_superior|report_province|report_ministry|\n"
     "    propose_neighbour_government|opinion_known --to TEXT [--person P] [--channel TEXT]\n"
     "    [--document-number TEXT] [--at TIME] [--evidence FILE]... [--note TEXT] [--json]\n"
     "    [--request-id ID]",
     N_("enter a duty that was done outside the net")},
    {"personal", tb_command_personal, "NAME [--json] [--request-id ID]",
     N_("the personal data that came beside a notice; that you read it is kept")},
    {"destroy", tb_command_destroy, "NAME --reason TEXT [--yes] [--json] [--request-id ID]",
     N_("destroy the personal data beside a notice, for good")},
    {"watch", tb_command_watch, "[--after N] [--count N] [--json]",
     N_("what comes in, live, one line each")},
    {"status", tb_command_status, "[--json]", N_("links, directory, clock, disk, what is owed")},
    {"offices", tb_command_offices, "[CODE] [--json]",
     N_("the offices of the directories, with telephones")},
    {"duty", tb_command_duty,
     "[--json]\n"
     "  duty open --officer NAME [--hours N] [--password-file FILE]\n"
     "  duty close",
     N_("who is on duty; open and close your session")},
    {"officers", tb_command_officers,
     "[list] [--json]\n"
     "  officers add NAME --number N [--password-file FILE]\n"
     "  officers disable NAME",
     N_("the officers of this office")},
    {"alarm", tb_command_alarm, "[--test] [--json]", N_("the alarm command: its state, a test")},
    {"directory", tb_command_directory,
     "[show [FILE] [--root FINGERPRINT]] [--json]\n"
     "  directory take FILE\n"
     "  directory root --prefix NN --key FILE [--passphrase-file FILE | --unprotected]\n"
     "  directory admit --draft FILE [--yes] REQUEST...\n"
     "  directory broker --draft FILE --name N --sign HEX --link HEX --endpoint tcp://H:P...\n"
     "  directory rivers --draft FILE --from FOLDER\n"
     "  directory retire|revoke --draft FILE (--office CODE | --broker NAME) [--key KEYID]\n"
     "  directory sign --draft FILE --key ROOTKEY --out FILE [--passphrase-file FILE]",
     N_("the province's directory: make, sign, show, take")},
    {"init", tb_command_init,
     "--office CODE --name NAME --dir FOLDER [--root [NN=]FINGERPRINT]... [--broker NAME]...\n"
     "    [--phone LABEL=NUMBER]... [--directory FILE]... [--listen[=HOST:PORT]]",
     N_("make a node: keys, configuration, request to the province")},
    {"backup", tb_command_backup, "FILE", N_("copy the store while the node runs")},
    {"restore", tb_command_restore, "FILE --dir FOLDER", N_("put a backup in place")},
    {"recover", tb_command_recover, "[--wait SECONDS] [--json] [--request-id ID]",
     N_("a disk was lost altogether: get back what province and brokers hold")},
    {"version", tb_command_version, "", N_("the version of this program")},
    {"help", tb_command_help, "[COMMAND]", N_("this list, or how a command is written")},
};

const struct tb_command *tb_command_table(size_t *count)
{
    *count = sizeof commands / sizeof commands[0];
    return commands;
}

static void help_all(void)
{
    printf("%s\n\n", _("tongbao: water pollution notices between bureaus"));
    printf("%s\n\n", _("Usage: tongbao [--node FOLDER] [--session FILE] COMMAND [OPTIONS]"));
    struct tb_table table;
    tb_table_init(&table, 2);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        tb_table_add(&table, commands[i].name);
        tb_table_add(&table, _(commands[i].brief));
    }
    tb_table_print(&table, stdout, 2);
    tb_table_fini(&table);
    printf("\n%s\n", _("How a command is written: tongbao help COMMAND. Everything: man tongbao"));
}

int tb_command_help(struct tb_cli *cli, int argc, char **argv)
{
    (void)cli;
    if (argc < 2) {
        help_all();
        return TB_EXIT_OK;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, argv[1]) == 0) {
            printf("%s\n\n  %s %s\n", _(commands[i].brief), commands[i].name, commands[i].usage);
            return TB_EXIT_OK;
        }
    }
    return tb_tell_usage("", _("there is no command %s"), argv[1]);
}

int tb_command_version(struct tb_cli *cli, int argc, char **argv)
{
    (void)cli;
    (void)argc;
    (void)argv;
    printf("tongbao %s\n", TB_VERSION_TEXT);
    return TB_EXIT_OK;
}
