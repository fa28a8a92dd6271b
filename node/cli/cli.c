#include "node/cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "base/text.h"

enum { OFFICE_MIN = 110000, OFFICE_MAX = 999999 };

int tb_cli_args(struct tb_args *args, const struct tb_args_option *options, size_t count, int argc,
                char **argv)
{
    struct tb_diag diag = {.file = NULL};
    if (tb_args_parse(args, options, count, argc, (const char *const *)argv, &diag) != TB_OK) {
        return tb_tell_usage(argv[0], "%s", diag.text);
    }
    return TB_EXIT_OK;
}

static int take_session(struct tb_cli *cli, bool needed)
{
    struct tb_diag diag = {.file = NULL};
    enum tb_status status =
        tb_session_path(cli->session, &cli->home, cli->session_option, getenv("XDG_RUNTIME_DIR"));
    if (status == TB_OK) {
        status = tb_session_load(cli->session, cli->client.token, &diag);
    }
    if (status == TB_OK || (!needed && status != TB_INPUT)) {
        return TB_EXIT_OK;
    }
    if (status == TB_UNKNOWN) {
        return tb_tell_refused(
            "%s",
            _("no duty session is open here; open one with: tongbao duty open --officer NAME"));
    }
    return needed ? tb_tell_diag(&diag) : TB_EXIT_OK;
}

int tb_cli_connect(struct tb_cli *cli, bool session)
{
    if (cli->connected) {
        return TB_EXIT_OK;
    }
    if (cli->home_status != TB_OK) {
        (void)tb_tell_diag(&cli->home_diag);
        return cli->home_status == TB_INPUT ? TB_EXIT_REFUSED : TB_EXIT_UNREACHABLE;
    }
    if (!tb_client_open(&cli->client, &cli->home)) {
        return tb_tell_refused("%s", _("libcurl cannot be started"));
    }
    cli->connected = true;
    return take_session(cli, session);
}

void tb_cli_close(struct tb_cli *cli)
{
    if (cli->connected) {
        tb_client_close(&cli->client);
        cli->connected = false;
    }
}

/* The end of every call: nothing of a refused answer is left to the caller. */
static int judge(struct tb_cli *cli, struct tb_answer *answer)
{
    if (tb_answer_good(answer)) {
        return TB_EXIT_OK;
    }
    int status = tb_answer_refused(&cli->client, answer, NULL);
    tb_answer_fini(answer);
    return status;
}

int tb_cli_get(struct tb_cli *cli, const char *path, struct tb_answer *answer)
{
    tb_client_get(&cli->client, path, answer);
    return judge(cli, answer);
}

int tb_cli_change(struct tb_cli *cli, const char *method, const char *path, const json_t *body,
                  const char *request_id, struct tb_answer *answer)
{
    *answer = (struct tb_answer){.json = NULL};
    if (request_id != NULL) {
        if (strlen(request_id) >= sizeof cli->client.request_id || request_id[0] == '\0') {
            return tb_tell_refused(_("--request-id: 1 to %zu characters"),
                                   sizeof cli->client.request_id - 1);
        }
        tb_text_copy(cli->client.request_id, sizeof cli->client.request_id, request_id);
    }
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    tb_assert(body == NULL || text != NULL);
    tb_client_change(&cli->client, method, path, "application/json",
                     tb_bytes_text(text != NULL ? text : ""), answer);
    free(text);
    return judge(cli, answer);
}

void tb_cli_json(const json_t *json)
{
    if (json_dumpf(json, stdout, JSON_INDENT(2)) == 0) {
        fputc('\n', stdout);
    }
}

struct tb_wall tb_cli_now(void)
{
    return tb_clock_read().wall;
}

bool tb_cli_office(const char *text, uint32_t *code)
{
    uint64_t value = 0;
    if (text == NULL || strlen(text) != 6 || !tb_text_u64(text, OFFICE_MAX, &value) ||
        value < OFFICE_MIN) {
        return false;
    }
    *code = (uint32_t)value;
    return true;
}
