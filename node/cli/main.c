#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/fault.h"
#include "base/memory.h"
#include "node/cli/cli.h"
#include "node/cli/language.h"

/*
 * tongbao - the command line of a node.
 *
 * --node and --session may stand anywhere; everything else belongs to the
 * command that it follows.
 */
struct global {
    const char *name;
    const char **value;
};

/* The value of ${global} when it stands at ${argv}[${i}]; ${words} gets how many
 * words it took. */
static bool global_at(const struct global *global, int argc, char **argv, int i, int *words)
{
    size_t size = strlen(global->name);
    if (strncmp(argv[i], global->name, size) != 0) {
        return false;
    }
    if (argv[i][size] == '=') {
        *global->value = argv[i] + size + 1;
        *words = 1;
        return true;
    }
    if (argv[i][size] == '\0' && i + 1 < argc) {
        *global->value = argv[i + 1];
        *words = 2;
        return true;
    }
    return false;
}

/* Take the global options out of ${argv}; how many words are left. */
static int take_globals(int argc, char **argv, const struct global *globals, size_t count)
{
    int kept = 1;
    bool ended = false;
    for (int i = 1; i < argc;) {
        int words = 0;
        ended = ended || strcmp(argv[i], "--") == 0;
        for (size_t g = 0; !ended && words == 0 && g < count; g++) {
            if (!global_at(&globals[g], argc, argv, i, &words)) {
                words = 0;
            }
        }
        if (words == 0) {
            argv[kept++] = argv[i];
            words = 1;
        }
        i += words;
    }
    argv[kept] = NULL;
    return kept;
}

static const struct tb_command *find_command(const char *name)
{
    size_t count = 0;
    const struct tb_command *table = tb_command_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

static const char *nearest_command(const char *name)
{
    size_t count = 0;
    const struct tb_command *table = tb_command_table(&count);
    const struct tb_command *best = &table[0];
    for (size_t i = 1; i < count; i++) {
        if (tb_args_distance(name, table[i].name) < tb_args_distance(name, best->name)) {
            best = &table[i];
        }
    }
    return best->name;
}

static int run(struct tb_cli *cli, int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        int status = tb_command_help(cli, 1, argv);
        return argc < 2 ? TB_EXIT_USAGE : status;
    }
    if (strcmp(argv[1], "--version") == 0) {
        return tb_command_version(cli, argc - 1, argv + 1);
    }
    const struct tb_command *command = find_command(argv[1]);
    if (command == NULL) {
        (void)tb_tell_refused(_("there is no command %s; did you mean %s?"), argv[1],
                              nearest_command(argv[1]));
        fputs(_("See: tongbao help\n"), stderr);
        return TB_EXIT_USAGE;
    }
    if (argc == 3 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0)) {
        char *words[] = {argv[0], argv[1], NULL};
        return tb_command_help(cli, 2, words);
    }
    return command->run(cli, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    static struct tb_cli cli;
    const char *node = NULL;
    const struct global globals[] = {{"--node", &node}, {"--session", &cli.session_option}};
    json_set_alloc_funcs(tb_memory_take, free);
    argc = take_globals(argc, argv, globals, sizeof globals / sizeof globals[0]);
    /* Twice: what is wrong with the configuration is itself told in the language
     * that the environment names. */
    tb_language_use(tb_language_choose(TB_LANGUAGE_NONE, getenv));
    enum tb_language environment = tb_language_used();
    cli.home_status = tb_home_find(&cli.home, node, getenv("TONGBAO_NODE"), &cli.home_diag);
    if (cli.home.language != TB_LANGUAGE_NONE && cli.home.language != environment) {
        tb_language_use(cli.home.language);
    }
    int status = run(&cli, argc, argv);
    tb_cli_close(&cli);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return TB_EXIT_REFUSED;
    }
    return status;
}
