#ifndef TB_CLI_H
#define TB_CLI_H

#include "node/cli/args.h"
#include "node/cli/client.h"
#include "node/cli/home.h"
#include "node/cli/tell.h"
#include "node/cli/session.h"

/*
 * cli - what every command of tongbao(1) is handed, and the steps they share.
 *
 * A command returns its exit status; whatever went wrong it has said itself.
 */
struct tb_cli {
    const char *session_option; /* --session; NULL */
    struct tb_home home;
    enum tb_status home_status; /* how finding the node ended */
    struct tb_diag home_diag;
    struct tb_client client;
    bool connected;
    char session[TB_FILES_PATH_BYTES_MAX]; /* its file, once connected */
};

/* One command: its name, what runs it, how it is written, what it does. */
struct tb_command {
    const char *name;
    int (*run)(struct tb_cli *cli, int argc, char **argv);
    const char *usage; /* after the name; not translated */
    const char *brief; /* a msgid */
};

/* All commands, in the order of `tongbao help`; ${count} gets how many. */
const struct tb_command *tb_command_table(size_t *count);

/* Sort the words of a command; 0, or the exit status with the mistake said. */
int tb_cli_args(struct tb_args *args, const struct tb_args_option *options, size_t count, int argc,
                char **argv);

/* Find the node and get ready to speak to it, with the officer's session when
 * there is one; ${session}: it is needed. 0, or the exit status. */
int tb_cli_connect(struct tb_cli *cli, bool session);
void tb_cli_close(struct tb_cli *cli);

/* GET ${path}; 0 with the JSON in ${answer}, or the exit status with the reason
 * said and ${answer} empty. */
int tb_cli_get(struct tb_cli *cli, const char *path, struct tb_answer *answer);

/* A changing call with the JSON ${body} (not taken over; NULL: none); as tb_cli_get.
 * ${request_id} is the value of --request-id, or NULL. */
int tb_cli_change(struct tb_cli *cli, const char *method, const char *path, const json_t *body,
                  const char *request_id, struct tb_answer *answer);

/* Print ${json} to stdout for programs. */
void tb_cli_json(const json_t *json);

/* The present time. */
struct tb_wall tb_cli_now(void);

/* "140121" from ${text}; false when it is no six-digit code. */
bool tb_cli_office(const char *text, uint32_t *code);

int tb_command_init(struct tb_cli *cli, int argc, char **argv);
int tb_command_directory(struct tb_cli *cli, int argc, char **argv);
int tb_command_officers(struct tb_cli *cli, int argc, char **argv);
int tb_command_duty(struct tb_cli *cli, int argc, char **argv);
int tb_command_issue(struct tb_cli *cli, int argc, char **argv);
int tb_command_list(struct tb_cli *cli, int argc, char **argv);
int tb_command_show(struct tb_cli *cli, int argc, char **argv);
int tb_command_ack(struct tb_cli *cli, int argc, char **argv);
int tb_command_call(struct tb_cli *cli, int argc, char **argv);
int tb_command_clocks(struct tb_cli *cli, int argc, char **argv);
int tb_command_disclose(struct tb_cli *cli, int argc, char **argv);
int tb_command_deed(struct tb_cli *cli, int argc, char **argv);
int tb_command_personal(struct tb_cli *cli, int argc, char **argv);
int tb_command_destroy(struct tb_cli *cli, int argc, char **argv);
int tb_command_offices(struct tb_cli *cli, int argc, char **argv);
int tb_command_status(struct tb_cli *cli, int argc, char **argv);
int tb_command_watch(struct tb_cli *cli, int argc, char **argv);
int tb_command_alarm(struct tb_cli *cli, int argc, char **argv);
int tb_command_backup(struct tb_cli *cli, int argc, char **argv);
int tb_command_restore(struct tb_cli *cli, int argc, char **argv);
int tb_command_recover(struct tb_cli *cli, int argc, char **argv);
int tb_command_version(struct tb_cli *cli, int argc, char **argv);
int tb_command_help(struct tb_cli *cli, int argc, char **argv);

#endif
