#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "node/cli/cli.h"
#include "node/cli/deliveries.h"
#include "node/cli/form.h"
#include "node/cli/pick.h"
#include "node/cli/questions.h"
#include "node/cli/recipients.h"
#include "node/cli/terminal.h"
#include "node/cli/words.h"

enum { SETTLE_MS = 2000, SETTLE_STEP_MS = 200, TEXT_BYTES_MAX = 1024 };

/* What is about to be issued. */
struct draft {
    struct tb_buf text; /* the body as it is sent */
    json_t *json;       /* the same, parsed */
    const char *file;   /* NULL: not from a file */
};

static enum tb_status set_text(struct draft *draft)
{
    char *text = json_dumps(draft->json, JSON_COMPACT);
    tb_assert(text != NULL);
    enum tb_status status = tb_buf_add(&draft->text, tb_bytes_text(text));
    free(text);
    return status;
}

/* What continues a notice is about the same river, unless someone says otherwise. */
static void same_river(struct tb_cli *cli, json_t *notice)
{
    char path[TB_CLIENT_PATH_BYTES_MAX] = "/v1/notices/";
    const char *regards = tb_pick_text(notice, "regards");
    struct tb_answer answer = {.json = NULL};
    if (regards[0] == '\0' || tb_client_path_add(path, regards) != TB_OK) {
        return;
    }
    tb_client_get(&cli->client, path, &answer);
    const char *river = tb_pick_text(answer.json, "river");
    if (river[0] != '\0') {
        json_object_set_new(notice, "river", json_string(river));
    }
    tb_answer_fini(&answer);
}

/* Ask for the rest where a person sits and has described nothing yet. */
static int ask(struct tb_cli *cli, struct draft *draft)
{
    struct tb_answer rivers = {.json = NULL};
    int status = tb_cli_get(cli, "/v1/rivers", &rivers);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const char *world = tb_pick_text(draft->json, "world");
    fprintf(stderr, strcmp(world, "actual") == 0 ? _("An ACTUAL notice.\n")
                    : strcmp(world, "exercise") == 0
                        ? _("An EXERCISE notice: nothing has happened.\n")
                        : _("A TEST notice: nothing has happened.\n"));
    if (tb_questions_ask(draft->json, tb_pick_list(rivers.json, "rivers"), tb_cli_now()) != TB_OK) {
        status = tb_tell_refused("%s", _("input ended; nothing was issued"));
    }
    tb_answer_fini(&rivers);
    return status;
}

static int prepare(struct tb_cli *cli, const struct tb_args *args, struct draft *draft)
{
    struct tb_diag diag = {.file = NULL};
    enum tb_status status;
    draft->file = tb_args_value(args, "file");
    if (draft->file != NULL) {
        status = tb_form_file(args, draft->file, &draft->text, &draft->json, &diag);
        return status == TB_OK ? TB_EXIT_OK : tb_tell_diag(&diag);
    }
    status = tb_form_make(args, tb_cli_now(), &draft->json, &diag);
    if (status != TB_OK) {
        return tb_tell_usage("issue", "%s", diag.text);
    }
    if (!tb_args_has(args, "river")) {
        same_river(cli, json_object_get(draft->json, "notice"));
    }
    int exit = tb_form_described(args) ? TB_EXIT_OK : ask(cli, draft);
    if (exit == TB_EXIT_OK && set_text(draft) != TB_OK) {
        exit = tb_tell_refused("%s", _("the notice is too long"));
    }
    return exit;
}

/* The last question names the world and the count, and differs by world. */
static bool agreed(const json_t *json, size_t count)
{
    const char *world = tb_pick_text(json, "world");
    const char *word = tb_form_world(world);
    char question[TEXT_BYTES_MAX];
    bool actual = word == NULL || strcmp(word, "actual") == 0;
    snprintf(question, sizeof question,
             actual ? ngettext("\nIssue an ACTUAL notice to %zu office? [y/N] ",
                               "\nIssue an ACTUAL notice to %zu offices? [y/N] ", count)
             : strcmp(word, "exercise") == 0
                 ? ngettext("\nExercise: issue an exercise notice to %zu office? [y/N] ",
                            "\nExercise: issue an exercise notice to %zu offices? [y/N] ", count)
                 : ngettext("\nTest: issue a test notice to %zu office? [y/N] ",
                            "\nTest: issue a test notice to %zu offices? [y/N] ", count),
             count);
    return tb_terminal_yes(question);
}

/* Show who will hear it and ask, where a person sits and did not say --yes. */
static int confirm(struct tb_cli *cli, const struct tb_args *args, const struct draft *draft)
{
    if (!tb_terminal_present() || tb_args_has(args, "yes")) {
        return TB_EXIT_OK;
    }
    size_t count = 0;
    int status = tb_recipients_show(cli, draft->json, &count);
    if (status != TB_EXIT_OK) {
        return status;
    }
    if (!agreed(draft->json, count)) {
        return tb_tell_refused("%s", _("nothing was issued"));
    }
    return TB_EXIT_OK;
}

static void pause_ms(long ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* Look again until every office that can be reached holds it, or two seconds
 * have passed: most arrive within one. ${shown} gets the last look. */
static void settle(struct tb_cli *cli, const char *id, struct tb_answer *shown)
{
    char path[TB_CLIENT_PATH_BYTES_MAX];
    snprintf(path, sizeof path, "/v1/notices/%s", id);
    *shown = (struct tb_answer){.json = NULL};
    for (int waited_ms = 0; waited_ms <= SETTLE_MS; waited_ms += SETTLE_STEP_MS) {
        struct tb_answer look = {.json = NULL};
        tb_client_get(&cli->client, path, &look);
        if (!tb_answer_good(&look)) {
            tb_answer_fini(&look);
            return;
        }
        tb_answer_fini(shown);
        *shown = look;
        struct tb_deliveries_count count =
            tb_deliveries_count_of(tb_pick_list(look.json, "deliveries"));
        if (count.rank[TB_DELIVERIES_NOT_HELD] == 0) {
            return;
        }
        pause_ms(SETTLE_STEP_MS);
    }
}

/* The numbers of all whom it is for, from the directory: owned by the caller. */
static json_t *numbers_of(struct tb_cli *cli, const json_t *deliveries)
{
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(deliveries); i++) {
        const json_t *delivery = json_array_get(deliveries, i);
        char path[TB_CLIENT_PATH_BYTES_MAX];
        struct tb_answer answer = {.json = NULL};
        json_t *row = json_object();
        snprintf(path, sizeof path, "/v1/offices?code=%.6s", tb_pick_text(delivery, "office"));
        tb_client_get(&cli->client, path, &answer);
        const json_t *entry = json_array_get(tb_pick_list(answer.json, "offices"), 0);
        json_object_set(row, "office", json_object_get(delivery, "office"));
        json_object_set(row, "name", json_object_get(delivery, "name"));
        json_object_set(row, "phones", json_object_get(entry, "phones"));
        json_array_append_new(list, row);
        tb_answer_fini(&answer);
    }
    return list;
}

/* Whom to telephone, and why: the only way while nothing leaves the building (I6). A
 * broker that has just stopped answering still counted as a way out when the node
 * answered; what stands after the look decides. */
static void telephone(struct tb_cli *cli, const json_t *answer, const json_t *deliveries,
                      const struct tb_deliveries_count *count)
{
    const json_t *list = tb_pick_list(answer, "telephone");
    json_t *all = NULL;
    if (count->left == 0 && count->total > 0) {
        all = tb_pick_bool(answer, "left_building") ? numbers_of(cli, deliveries) : NULL;
        list = all != NULL ? all : list;
        putchar('\n');
        puts(_("!! IT HAS NOT LEFT THIS BUILDING. It is safe on this disk and goes out by itself "
               "as soon as a line is there. Until then, TELEPHONE:"));
    } else if (json_array_size(list) > 0) {
        putchar('\n');
        puts(_("To be told by telephone:"));
    } else {
        return;
    }
    tb_deliveries_phones(list);
    printf(_("Enter each call: tongbao call %s --office CODE --person NAME --read-back yes\n"),
           tb_pick_text(answer, "number"));
    json_decref(all);
}

/* It went out of what the reserve freed: whoever sits here sees nothing of others. */
static void warn_of_disk(const json_t *answer)
{
    if (tb_pick_bool(answer, "disk_full")) {
        putchar('\n');
        puts(_("! THE DISK OF THIS NODE IS FULL: what others send waits at the brokers and is not "
               "shown here. Make room now"));
    }
}

static void report(struct tb_cli *cli, const json_t *answer)
{
    struct tb_answer shown;
    char missing[TEXT_BYTES_MAX];
    settle(cli, tb_pick_text(answer, "id"), &shown);
    const char *world = tb_pick_text(shown.json, "world");
    const json_t *deliveries = tb_pick_list(shown.json, "deliveries");
    deliveries = deliveries != NULL ? deliveries : tb_pick_list(answer, "deliveries");
    struct tb_deliveries_count count = tb_deliveries_count_of(deliveries);
    printf(_("Issued: %s (%s, %s)\n"), tb_pick_text(answer, "number"), tb_words_world(world),
           tb_words_of(shown.json, "kind", tb_words_kind));
    printf(_("Id: %s\n"), tb_pick_text(answer, "id"));
    if (tb_pick_bool(answer, "repeated")) {
        puts(_("(This request was answered before: it was issued then, and once.)"));
    }
    tb_deliveries_print(deliveries, tb_pick_text(shown.json, "issued_at"), tb_cli_now(), false);
    tb_words_join(missing, sizeof missing, tb_pick_list(answer, "missing"), tb_words_missing);
    if (missing[0] != '\0') {
        printf(_("Still missing, to be chased (it has gone out all the same): %s\n"), missing);
    }
    telephone(cli, answer, deliveries, &count);
    warn_of_disk(answer);
    tb_answer_fini(&shown);
}

/* Nothing was issued, and not for a mistake that could be mended on the line: say what
 * remains to be done. */
static void say_telephone(const struct tb_answer *answer)
{
    const char *status = tb_pick_text(tb_pick_object(answer->json, "error"), "status");
    if (!answer->reached && !answer->broke) {
        fputs(_("NOTHING WAS ISSUED. Until the node runs, TELEPHONE the next counties down the "
                "river, the city and the province.\n"),
              stderr);
    } else if (answer->reached && strcmp(status, "diskfull") == 0) {
        fputs(_("NOTHING WAS ISSUED. Make room on the disk of the node; until then TELEPHONE the "
                "next counties down the river, the city and the province.\n"),
              stderr);
    }
}

static int issue(struct tb_cli *cli, const struct tb_args *args, const struct draft *draft)
{
    struct tb_answer answer = {.json = NULL};
    const char *request_id = tb_args_value(args, "request-id");
    if (request_id != NULL) {
        if (strlen(request_id) >= sizeof cli->client.request_id) {
            return tb_tell_usage("issue", _("--request-id: 1 to %zu characters"),
                                 sizeof cli->client.request_id - 1);
        }
        snprintf(cli->client.request_id, sizeof cli->client.request_id, "%s", request_id);
    }
    tb_client_change(&cli->client, "POST", "/v1/notices", "application/json",
                     tb_buf_bytes(&draft->text), &answer);
    int status = TB_EXIT_OK;
    if (!tb_answer_good(&answer)) {
        status = tb_answer_refused(&cli->client, &answer, draft->file);
        say_telephone(&answer);
    } else if (tb_args_has(args, "json")) {
        tb_cli_json(answer.json);
    } else {
        report(cli, answer.json);
    }
    tb_answer_fini(&answer);
    return status;
}

int tb_command_issue(struct tb_cli *cli, int argc, char **argv)
{
    size_t count = 0;
    const struct tb_args_option *options = tb_form_options(&count);
    struct tb_args args;
    int status = tb_cli_args(&args, options, count, argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    bool described = tb_form_described(&args);
    if (tb_args_words(&args) > 0) {
        return tb_tell_usage("issue", _("%s belongs to no option"), tb_args_word(&args, 0));
    }
    if (tb_args_has(&args, "file") &&
        (described || tb_args_has(&args, "kind") || tb_args_has(&args, "regards"))) {
        return tb_tell_usage("issue", "%s",
                             _("with --file only --world, --incident and --add go on the line"));
    }
    if (!tb_args_has(&args, "file") && !described && !tb_terminal_present()) {
        return tb_tell_usage("issue", "%s",
                             _("say what happened: as options, with --file, or at a terminal"));
    }
    status = tb_cli_connect(cli, true);
    if (status != TB_EXIT_OK) {
        return status;
    }
    struct draft draft = {.json = NULL};
    tb_buf_init(&draft.text, TB_FORM_FILE_BYTES_MAX + TEXT_BYTES_MAX);
    status = prepare(cli, &args, &draft);
    status = status != TB_EXIT_OK ? status : confirm(cli, &args, &draft);
    status = status != TB_EXIT_OK ? status : issue(cli, &args, &draft);
    json_decref(draft.json);
    tb_buf_fini(&draft.text);
    return status;
}
