#include <getopt.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>
#include <sodium.h>

#include "base/io/check.h"
#include "base/memory.h"
#include "broker/core/store.h"
#include "broker/io/birth.h"
#include "broker/io/daemon.h"
#include "broker/io/shape.h"

static const char usage_text[] =
    "tongbao-broker --config FILE              serve until SIGTERM; SIGHUP reads directories\n"
    "tongbao-broker --config FILE --init       make data folder and keys, print the public ones\n"
    "tongbao-broker --config FILE --check-config\n"
    "tongbao-broker --config FILE --check-store       look through the whole store: 3 if damaged\n"
    "tongbao-broker --config FILE --status [--json]   what waits for whom, for how long\n"
    "tongbao-broker --version\n";

enum act { ACT_SERVE, ACT_INIT, ACT_CHECK, ACT_STORE, ACT_STATUS, ACT_VERSION };

struct command {
    const char *config;
    enum act act;
    bool json;
};

static int usage(FILE *out, int status)
{
    fputs(usage_text, out);
    return status;
}

/* False when the words make no command. */
static bool parse(int argc, char **argv, struct command *command)
{
    enum {
        CONFIG = 'c',
        INIT = 'i',
        CHECK = 'k',
        STORE = 'o',
        STATUS = 's',
        JSON = 'j',
        VERSION = 'v'
    };
    static const struct option options[] = {
        {"config", required_argument, NULL, CONFIG}, {"init", no_argument, NULL, INIT},
        {"check-config", no_argument, NULL, CHECK},  {"check-store", no_argument, NULL, STORE},
        {"status", no_argument, NULL, STATUS},       {"json", no_argument, NULL, JSON},
        {"version", no_argument, NULL, VERSION},     {NULL, 0, NULL, 0}};
    for (int c = 0; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case CONFIG:
            command->config = optarg;
            break;
        case INIT:
            command->act = ACT_INIT;
            break;
        case CHECK:
            command->act = ACT_CHECK;
            break;
        case STORE:
            command->act = ACT_STORE;
            break;
        case STATUS:
            command->act = ACT_STATUS;
            break;
        case VERSION:
            command->act = ACT_VERSION;
            break;
        case JSON:
            command->json = true;
            break;
        default:
            return false;
        }
    }
    return optind == argc && (command->config != NULL || command->act == ACT_VERSION);
}

static int complain(const struct tb_diag *diag, enum tb_status status)
{
    char text[TB_DIAG_TEXT_BYTES_MAX + TB_FILES_PATH_BYTES_MAX];
    tb_diag_print(diag, text, sizeof text);
    fprintf(stderr, "tongbao-broker: %s\n", text[0] == '\0' ? tb_status_text(status) : text);
    return TB_EXIT_MISTAKE;
}

int main(int argc, char **argv)
{
    static struct tb_settings settings;
    struct command command = {0};
    struct tb_diag diag = {0};
    json_set_alloc_funcs(tb_memory_take, free);
    if (!parse(argc, argv, &command)) {
        return usage(stderr, TB_EXIT_USAGE);
    }
    if (command.act == ACT_VERSION) {
        printf("tongbao-broker %s\n", TB_BROKER_VERSION);
        return TB_EXIT_OK;
    }
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    if (sodium_init() < 0) {
        fputs("tongbao-broker: libsodium cannot be used\n", stderr);
        return TB_EXIT_MISTAKE;
    }
    enum tb_status status = tb_settings_read(command.config, &settings, &diag);
    diag.file = status == TB_OK ? NULL : diag.file; /* from here it is not about the file */
    if (status == TB_OK && command.act == ACT_INIT) {
        status = tb_birth(&settings, &diag);
    } else if (status == TB_OK && command.act == ACT_STORE) {
        status =
            tb_check_store(settings.data, TB_DAEMON_STORE_NAME, tb_broker_store_schema(), &diag);
        if (status != TB_OK) {
            (void)complain(&diag, status);
            return (int)tb_check_exit(status);
        }
    } else if (status == TB_OK && command.act == ACT_STATUS) {
        status = tb_shape_print(&settings, command.json, &diag);
    } else if (status == TB_OK && command.act == ACT_SERVE) {
        return (int)tb_broker_daemon_run(&settings, command.config);
    }
    return status == TB_OK ? TB_EXIT_OK : complain(&diag, status);
}
