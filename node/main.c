#include <getopt.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>
#include <sodium.h>

#include "base/fault.h"
#include "base/memory.h"
#include "node/io/commands.h"
#include "node/io/config.h"
#include "node/io/daemon.h"

/*
 * tongbao-node - the bureau's desk as a daemon.
 */
enum action { SERVE, CHECK_CONFIG, CHECK, REBUILD, BACKUP, NOTES };

/* Freed memory is given back to the system: idle, a node is small. */
enum { TRIM_BYTES = 256 * 1024 };

struct arguments {
    enum action action;
    const char *config;
    const char *backup;
};

static const char USAGE[] =
    "usage: tongbao-node --config FILE [--check-config | --check | --rebuild | --backup FILE]\n"
    "       tongbao-node --notes | --version | --help\n"
    "\n"
    "  --config FILE    the configuration, see tongbao-node(8)\n"
    "  --check-config   read it, say what is wrong with it, and end\n"
    "  --check          check the whole store, beside a running node too\n"
    "  --rebuild        make all views anew from the ledger; the node must be stopped\n"
    "  --backup FILE    copy the store, beside a running node too, and check the copy\n"
    "  --notes          print the table of everything that can be logged\n";

static int usage(FILE *to, int exit_status)
{
    fputs(USAGE, to);
    return exit_status;
}

/* Fill ${out}; -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct arguments *out)
{
    enum {
        OPT_CONFIG = 1,
        OPT_CHECK_CONFIG,
        OPT_CHECK,
        OPT_REBUILD,
        OPT_BACKUP,
        OPT_NOTES,
        OPT_VERSION,
        OPT_HELP
    };
    static const struct option options[] = {
        {"config", required_argument, NULL, OPT_CONFIG},
        {"check-config", no_argument, NULL, OPT_CHECK_CONFIG},
        {"check", no_argument, NULL, OPT_CHECK},
        {"rebuild", no_argument, NULL, OPT_REBUILD},
        {"backup", required_argument, NULL, OPT_BACKUP},
        {"notes", no_argument, NULL, OPT_NOTES},
        {"version", no_argument, NULL, OPT_VERSION},
        {"help", no_argument, NULL, OPT_HELP},
        {NULL, 0, NULL, 0},
    };
    static const enum action actions[] = {[OPT_CHECK_CONFIG] = CHECK_CONFIG,
                                          [OPT_CHECK] = CHECK,
                                          [OPT_REBUILD] = REBUILD,
                                          [OPT_BACKUP] = BACKUP,
                                          [OPT_NOTES] = NOTES};
    size_t chosen = 0;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_HELP) {
            return usage(stdout, TB_EXIT_OK);
        }
        if (option == OPT_VERSION) {
            printf("tongbao-node %s\n", TB_VERSION_TEXT);
            return TB_EXIT_OK;
        }
        if (option == '?') {
            return usage(stderr, TB_EXIT_USAGE);
        }
        if (option == OPT_CONFIG) {
            out->config = optarg;
            continue;
        }
        out->backup = option == OPT_BACKUP ? optarg : out->backup;
        out->action = actions[option];
        chosen++;
    }
    bool needs_config = out->action != NOTES;
    bool good = optind == argc && chosen <= 1 && (out->config != NULL || !needs_config);
    return good ? -1 : usage(stderr, TB_EXIT_USAGE);
}

static int act(const struct arguments *arguments, const struct tb_config *config)
{
    switch (arguments->action) {
    case CHECK_CONFIG:
        printf("%s: good\n", arguments->config);
        return TB_EXIT_OK;
    case CHECK:
        return (int)tb_command_check(config);
    case REBUILD:
        return (int)tb_command_rebuild(config);
    case BACKUP:
        return (int)tb_command_backup(config, arguments->backup);
    case SERVE:
    case NOTES:
        break;
    }
    return (int)tb_daemon_run(config, arguments->config);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct tb_diag diag = {0};
    int done = parse(argc, argv, &arguments);
    if (done >= 0) {
        return done;
    }
    if (arguments.action == NOTES) {
        return (int)tb_command_notes();
    }
    json_set_alloc_funcs(tb_memory_take, free);
    tb_assert(sodium_init() >= 0);
    /* What a node writes is nobody else's; the socket gets its own mode. */
    (void)umask(0077);
    (void)mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
    (void)mallopt(M_MMAP_THRESHOLD, TRIM_BYTES);
    struct tb_config *config = calloc(1, sizeof *config);
    tb_assert(config != NULL);
    enum tb_status status = tb_config_read(arguments.config, config, &diag);
    if (status != TB_OK) {
        char text[TB_DIAG_TEXT_BYTES_MAX + TB_FILES_PATH_BYTES_MAX];
        tb_diag_print(&diag, text, sizeof text);
        fprintf(stderr, "tongbao-node: %s\n", diag.text[0] != '\0' ? text : tb_status_text(status));
        free(config);
        return TB_EXIT_MISTAKE;
    }
    done = act(&arguments, config);
    free(config);
    return done;
}
