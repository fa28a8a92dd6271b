#include <stdio.h>
#include <string.h>

#include "node/cli/cli.h"
#include "node/cli/clockrows.h"
#include "node/cli/deliveries.h"
#include "node/cli/pick.h"
#include "node/cli/rows.h"
#include "node/cli/table.h"
#include "node/cli/when.h"
#include "node/cli/words.h"
#include "proto/envelope.h"

enum { VALUE_BYTES_MAX = 1024 };

/* A label and what stands under it, where anything does. */
static void line(const char *label, const char *value)
{
    if (value[0] != '\0') {
        printf("%s%s", label, _(": "));
        tb_table_text(stdout, value, false);
        putchar('\n');
    }
}

static void line_time(const char *label, const char *json)
{
    char at[TB_WHEN_TEXT_BYTES];
    tb_when_show(at, json);
    line(label, at);
}

/* The heading carries the world first: an exercise can never look real (I7). */
static void heading(const json_t *row)
{
    const char *world = tb_pick_text(row, "world");
    const char *short_id = tb_pick_text(row, "short_id");
    const char *kind = tb_words_of(row, "kind", tb_words_kind);
    printf(strcmp(world, "actual") == 0     ? _("[ACTUAL] notice %s%s%s, %s\n")
           : strcmp(world, "exercise") == 0 ? _("[EXERCISE] exercise notice %s%s%s, %s\n")
                                            : _("[TEST] test notice %s%s%s, %s\n"),
           tb_pick_text(row, "number"), short_id[0] != '\0' ? "/" : "", short_id, kind);
    char marks[VALUE_BYTES_MAX];
    tb_words_join(marks, sizeof marks, tb_pick_list(row, "marks"), tb_words_mark);
    line(_("Mark"), marks);
}

static void substances(const json_t *notice)
{
    const json_t *list = tb_pick_list(notice, "substances");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *substance = json_array_get(list, i);
        const char *amount = tb_pick_text(substance, "amount");
        char text[VALUE_BYTES_MAX];
        bool known = amount[0] != '\0' && strcmp(amount, "不明") != 0;
        snprintf(text, sizeof text, "%s %s%s%s%s", tb_pick_text(substance, "name"),
                 known ? amount : _("amount not known"), known ? " " : "",
                 known ? tb_pick_text(substance, "unit") : "", "");
        line(_("Pollutant"), text);
    }
}

static void measurements(const json_t *notice)
{
    const json_t *list = tb_pick_list(notice, "measurements");
    struct tb_table table;
    tb_table_init(&table, 5);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        char at[TB_WHEN_TEXT_BYTES];
        tb_when_show(at, tb_pick_text(row, "sampled_at"));
        tb_table_add(&table, at);
        tb_table_add(&table, tb_pick_text(row, "section"));
        tb_table_add(&table, tb_pick_text(row, "item"));
        tb_table_addf(&table, "%s %s", tb_pick_text(row, "value"), tb_pick_text(row, "unit"));
        const char *exceeded = tb_pick_text(row, "exceeded");
        tb_table_addf(&table, exceeded[0] != '\0' ? _("%s times over the limit") : "%s", exceeded);
    }
    if (table.count > 0) {
        printf("%s%s\n", _("Monitoring data"), _(": "));
        tb_table_print(&table, stdout, 2);
    }
    tb_table_fini(&table);
}

/* What was said, in the order of the form (Order 17 Art. 13 and 14). */
static void statement(const json_t *row, const json_t *notice)
{
    static const struct {
        const char *key;
        const char *label;
    } texts[] = {
        {"place", N_("Place")},
        {"section", N_("Section")},
        {"bank", N_("Bank")},
        {"source", N_("Source of information")},
        {"cause", N_("Cause and nature")},
        {"course", N_("Course of events")},
        {"casualties", N_("Persons harmed")},
        {"sensitive_points", N_("Sensitive points")},
        {"trend", N_("Trend")},
        {"actions", N_("Action taken")},
        {"planned", N_("Measures planned")},
        {"advice", N_("Advice for the next step")},
    };
    const char *river = tb_pick_text(row, "river");
    line(_("Title"), tb_pick_text(row, "title"));
    line(_("River"), river[0] != '\0' ? river : _("not known: all rivers of the county are told"));
    line_time(_("Occurred"), tb_pick_text(notice, "occurred_at"));
    line(_("Grade"), tb_words_of(row, "grade", tb_words_grade));
    substances(notice);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        line(_(texts[i].label), tb_pick_text(notice, texts[i].key));
    }
    measurements(notice);
    line_time(_("Next report promised"), tb_pick_text(notice, "next_report_at"));
}

static void people(const json_t *row, const json_t *notice)
{
    char text[VALUE_BYTES_MAX];
    const json_t *officer = tb_pick_object(notice, "duty_officer");
    const char *signatory = tb_pick_text(notice, "signed_by");
    const char *received = tb_pick_text(row, "received_at");
    snprintf(text, sizeof text, "%s %s", tb_pick_text(row, "origin"),
             tb_pick_text(row, "origin_name"));
    line(_("From"), text);
    line_time(_("Issued"), tb_pick_text(row, "issued_at"));
    line_time(_("On this disk"), received);
    snprintf(text, sizeof text, "%s %s", tb_pick_text(officer, "name"),
             tb_pick_text(officer, "number"));
    line(_("Duty officer"), text);
    line(_("Signatory"), signatory[0] != '\0' ? signatory : _("missing, to be chased"));
    snprintf(text, sizeof text, "%s %s", tb_pick_text(notice, "contact"),
             tb_pick_text(notice, "contact_phone"));
    line(_("Contact"), text[0] == ' ' && text[1] == '\0' ? "" : text);
}

static void acknowledgements(const json_t *list)
{
    struct tb_table table;
    tb_table_init(&table, 4);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        char at[TB_WHEN_TEXT_BYTES];
        tb_when_show(at, tb_pick_text(row, "given_at"));
        tb_table_add(&table, at);
        tb_table_addf(&table, "%s %s", tb_pick_text(row, "office"), tb_pick_text(row, "name"));
        tb_table_addf(&table, "%s %s %s", tb_words_of(row, "level", tb_words_level),
                      tb_pick_text(row, "officer"), tb_pick_text(row, "officer_number"));
        tb_table_add(&table, tb_pick_text(row, "note"));
    }
    if (table.count > 0) {
        printf("\n%s\n", _("Acknowledgements:"));
        tb_table_print(&table, stdout, 2);
    }
    tb_table_fini(&table);
}

static void calls(const json_t *list)
{
    struct tb_table table;
    tb_table_init(&table, 5);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        const char *read_back = tb_pick_text(row, "read_back");
        char at[TB_WHEN_TEXT_BYTES];
        tb_when_show(at, tb_pick_text(row, "claimed_at"));
        tb_table_add(&table, at);
        tb_table_addf(&table, _("%s called %s %s"), tb_pick_text(row, "caller"),
                      tb_pick_text(row, "office"), tb_pick_text(row, "person"));
        tb_table_add(&table, tb_pick_text(row, "phone"));
        tb_table_add(&table, strcmp(read_back, "read_back") == 0       ? _("read back")
                             : strcmp(read_back, "not_read_back") == 0 ? _("not read back")
                                                                       : "");
        tb_table_add(&table, tb_pick_text(row, "result"));
    }
    if (table.count > 0) {
        printf("\n%s\n", _("Telephone calls (times as the caller gave them):"));
        tb_table_print(&table, stdout, 2);
    }
    tb_table_fini(&table);
}

/* True when ${office} is the province of ${origin}, to which receipts go too. */
static bool province_of(uint32_t office, const char *origin)
{
    uint32_t code;
    return tb_cli_office(origin, &code) && office == tb_province_of(code);
}

/* Disclosures and deeds about the notice: what, who, when, with how much evidence. */
static void acts(const json_t *list, bool deeds)
{
    struct tb_table table;
    tb_table_init(&table, 5);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        const json_t *officer = tb_pick_object(row, "officer");
        const char *said = tb_pick_text(row, "at");
        char at[TB_WHEN_TEXT_BYTES];
        tb_when_show(at, said[0] != '\0' ? said : tb_pick_text(row, "entered_at"));
        tb_table_add(&table, at);
        tb_table_addf(&table, "%s%s%s", tb_words_of(row, deeds ? "duty" : "measure", tb_words_task),
                      deeds ? "" : _(", "),
                      deeds ? "" : tb_words_of(row, "state", tb_words_public));
        tb_table_addf(&table, "%s %s", tb_pick_text(row, deeds ? "to" : "by"),
                      tb_pick_text(row, deeds ? "document_number" : "reference"));
        tb_table_addf(&table, "%s %s", tb_pick_text(row, "office"), tb_pick_text(officer, "name"));
        tb_table_addf(&table, _("%zu pieces of evidence"),
                      json_array_size(tb_pick_list(row, "evidence")));
    }
    if (table.count > 0) {
        printf("\n%s\n", deeds ? _("Deeds:") : _("Disclosures:"));
        tb_table_print(&table, stdout, 2);
    }
    tb_table_fini(&table);
}

/* Whether personal data came beside it, and who destroyed it. */
static void personal(const json_t *json)
{
    const char *state = tb_pick_text(json, "personal");
    const json_t *list = tb_pick_list(json, "destructions");
    if (strcmp(state, "here") == 0) {
        line(_("Personal data"), _("here: tongbao personal shows it, tongbao destroy destroys it"));
    } else if (strcmp(state, "absent") == 0) {
        line(_("Personal data"), _("did not come with it"));
    } else if (strcmp(state, "destroyed") == 0) {
        line(_("Personal data"), _("destroyed"));
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        char at[TB_WHEN_TEXT_BYTES];
        char text[VALUE_BYTES_MAX];
        tb_when_show(at, tb_pick_text(row, "at"));
        snprintf(text, sizeof text, "%s %s %s: %s", at, tb_pick_text(row, "office"),
                 tb_pick_text(tb_pick_object(row, "officer"), "name"), tb_pick_text(row, "reason"));
        line(_("Destroyed by"), text);
    }
}

static void show(const json_t *json, uint32_t office, bool clauses)
{
    struct tb_wall now = tb_cli_now();
    const json_t *notice = tb_pick_object(json, "notice");
    const json_t *incident = tb_pick_list(json, "incident");
    char missing[VALUE_BYTES_MAX];
    heading(json);
    statement(json, notice);
    people(json, notice);
    personal(json);
    tb_words_join(missing, sizeof missing, tb_pick_list(json, "missing"), tb_words_missing);
    line(_("Still missing, to be chased"), missing);
    putchar('\n');
    if (!tb_pick_bool(json, "own") && !province_of(office, tb_pick_text(json, "origin"))) {
        puts(_("(Receipts go to the office that issued it and to its province; below is only what "
               "is known here.)"));
    }
    tb_deliveries_print(tb_pick_list(json, "deliveries"), tb_pick_text(json, "issued_at"), now,
                        clauses);
    acknowledgements(tb_pick_list(json, "acknowledgements"));
    calls(tb_pick_list(json, "calls"));
    acts(tb_pick_list(json, "disclosures"), false);
    acts(tb_pick_list(json, "deeds"), true);
    if (json_array_size(tb_pick_list(json, "clocks")) > 0) {
        printf("\n%s\n", _("Time limits:"));
        tb_clockrows_print(tb_pick_list(json, "clocks"), now, 2);
    }
    if (json_array_size(incident) > 1) {
        printf("\n%s\n", _("All notices of this incident:"));
        tb_rows_print(incident, now);
    }
    putchar('\n');
    line(_("Id"), tb_pick_text(json, "id"));
}

int tb_command_show(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {{"json", TB_ARGS_FLAG},
                                                    {"clauses", TB_ARGS_FLAG}};
    struct tb_args args;
    char path[TB_CLIENT_PATH_BYTES_MAX] = "/v1/notices/";
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status == TB_EXIT_OK && tb_args_words(&args) != 1) {
        return tb_tell_usage("show", "%s",
                             _("name one notice: its number, or the first digits of its id"));
    }
    if (status == TB_EXIT_OK && tb_client_path_add(path, tb_args_word(&args, 0)) != TB_OK) {
        return tb_tell_usage("show", "%s", _("that name is too long for a notice"));
    }
    status = status != TB_EXIT_OK ? status : tb_cli_connect(cli, false);
    status = status != TB_EXIT_OK ? status : tb_cli_get(cli, path, &answer);
    if (status != TB_EXIT_OK) {
        return status;
    }
    if (tb_args_has(&args, "json")) {
        tb_cli_json(answer.json);
    } else {
        show(answer.json, cli->home.office, tb_args_has(&args, "clauses"));
    }
    tb_answer_fini(&answer);
    return TB_EXIT_OK;
}
