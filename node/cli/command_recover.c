#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "node/cli/cli.h"
#include "node/cli/pick.h"
#include "node/cli/table.h"
#include "node/cli/when.h"

/*
 * recover - what an office does that lost its disk: it asks its province, waits while
 * province and brokers give back, and is told from which day on nothing is missing.
 *
 * All of it is done by the node; this only looks on. Ended early and called again it
 * goes on where it was.
 */
enum {
    WAIT_DEFAULT_S = 600,
    WAIT_MAX_S = 24 * 3600,
    LOOK_MS = 1000,
    QUIET_MS = 3000,          /* nothing more has come for so long: mail of the brokers is in too */
    QUIET_MISSING_MS = 12000, /* … while something is known to be missing */
};

/* What is looked at between two looks. */
struct progress {
    int64_t own;
    int64_t received;
    int64_t changed_ms; /* when either last changed */
};

static int64_t monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void rest(void)
{
    const struct timespec pause = {.tv_sec = LOOK_MS / 1000, .tv_nsec = LOOK_MS % 1000 * 1000000L};
    (void)nanosleep(&pause, NULL);
}

/* The first telephone of an office, or what to do without one. */
static const char *phone_of(const json_t *office)
{
    const char *number = tb_pick_text(json_array_get(tb_pick_list(office, "phones"), 0), "number");
    return number[0] != '\0' ? number : _("no telephone is known");
}

/* The province has given all that it holds, and all of it has come. */
static bool all_back(const json_t *json)
{
    const json_t *province = tb_pick_object(json, "province");
    bool met = tb_pick_int(json, "brokers_met") > 0;
    if (province == NULL) {
        return met;
    }
    return met && tb_pick_bool(province, "answered") &&
           tb_pick_int(tb_pick_object(json, "own"), "here") >= tb_pick_int(province, "own") &&
           tb_pick_int(tb_pick_object(json, "received"), "here") >=
               tb_pick_int(province, "addressed");
}

/* True when nothing has changed for long enough; says so when something has. A line may be
 * down for seconds: what is still missing gets more time to come. */
static bool quiet(struct progress *last, const json_t *json, bool told)
{
    int64_t own = tb_pick_int(tb_pick_object(json, "own"), "back");
    int64_t received = tb_pick_int(tb_pick_object(json, "received"), "here");
    if (own != last->own || received != last->received) {
        *last = (struct progress){own, received, monotonic_ms()};
        if (told) {
            printf(_("Back so far: %lld of our own, %lld of others\n"), (long long)own,
                   (long long)received);
            (void)fflush(stdout);
        }
    }
    bool missing = tb_pick_int(tb_pick_object(json, "own"), "missing") > 0 ||
                   tb_pick_int(tb_pick_object(json, "received"), "gaps") > 0;
    return monotonic_ms() - last->changed_ms >= (missing ? QUIET_MISSING_MS : QUIET_MS);
}

/* Look on until all is back or ${wait_ms} are over; the last look is in ${answer}. */
static int look_on(struct tb_cli *cli, int64_t wait_ms, bool told, struct tb_answer *answer,
                   bool *ended)
{
    struct progress last = {-1, -1, 0};
    int64_t until_ms = monotonic_ms() + wait_ms;
    for (;;) {
        int status = tb_cli_get(cli, "/v1/recover", answer);
        if (status != TB_EXIT_OK) {
            return status;
        }
        bool still = quiet(&last, answer->json, told);
        *ended = still && all_back(answer->json);
        if (*ended || monotonic_ms() >= until_ms) {
            return TB_EXIT_OK;
        }
        tb_answer_fini(answer);
        rest();
    }
}

/* ------------------------------------------------------------------ report */

static void report_province(const json_t *province)
{
    char at[TB_WHEN_TEXT_BYTES];
    if (province == NULL) {
        puts(_("No office stands above this one; its brokers alone give back."));
        return;
    }
    const char *name = tb_pick_text(province, "name");
    if (!tb_pick_bool(province, "answered")) {
        tb_when_show(at, tb_pick_text(province, "asked_at"));
        printf(_("! %s was asked at %s and has not given everything yet: telephone %s\n"), name, at,
               phone_of(province));
        return;
    }
    printf(_("%s gave back all that it holds: %lld of our own, %lld of others.\n"), name,
           (long long)tb_pick_int(province, "own"), (long long)tb_pick_int(province, "addressed"));
    if (tb_pick_int(province, "refused") > 0) {
        printf(_("! %lld could not be given back: no broker takes what a revoked key signed. Ask "
                 "%s for them on paper and issue anew what still counts.\n"),
               (long long)tb_pick_int(province, "refused"), name);
    }
}

static void report_own(const json_t *own)
{
    char at[TB_WHEN_TEXT_BYTES];
    printf(_("Our own: %lld envelopes back.\n"), (long long)tb_pick_int(own, "back"));
    if (tb_pick_bool(own, "whole")) {
        puts(_("The chains are whole: nothing of our own is missing."));
        return;
    }
    if (tb_pick_int(own, "missing") == 0) {
        puts(_("Whether more of our own is missing is not known yet."));
        return;
    }
    tb_when_show(at, tb_pick_text(own, "whole_from"));
    printf(_("! %lld places of our chains are missing.\n"), (long long)tb_pick_int(own, "missing"));
    if (tb_pick_bool(own, "newest_missing")) {
        puts(_("! The newest of a chain is among them: a broker knows of it and has it no more."));
    } else {
        printf(_("From %s on nothing of our own is missing.\n"), at);
    }
}

static void report_gaps(const json_t *list)
{
    struct tb_table table;
    char at[TB_WHEN_TEXT_BYTES];
    tb_table_init(&table, 4);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        tb_when_show(at, tb_pick_text(row, "before"));
        tb_table_addf(&table, "%s %s", tb_pick_text(row, "office"), tb_pick_text(row, "name"));
        tb_table_addf(&table, _("its numbers %lld to %lld for us"),
                      (long long)tb_pick_int(row, "first"), (long long)tb_pick_int(row, "last"));
        tb_table_addf(&table, _("before %s"), at);
        tb_table_add(&table, phone_of(row));
    }
    tb_table_print(&table, stdout, 2);
    tb_table_fini(&table);
}

static void report_received(const json_t *received)
{
    char at[TB_WHEN_TEXT_BYTES];
    const json_t *ask = tb_pick_list(received, "ask");
    printf(_("Received: %lld envelopes here.\n"), (long long)tb_pick_int(received, "here"));
    tb_when_show(at, tb_pick_text(received, "whole_from"));
    printf(_("From %s on nothing that we received is missing.\n"), at);
    if (tb_pick_int(received, "gaps") == 0) {
        puts(_("Of the time before, no gap is known; offices of other provinces of which nothing "
               "at all came back may have told us more: ask them."));
    } else {
        printf(_("! Of the time before, gaps are known: %lld. Ask these offices for what is "
                 "missing:\n"),
               (long long)tb_pick_int(received, "gaps"));
        report_gaps(ask);
    }
}

static void report(const json_t *json, bool ended)
{
    if (tb_pick_int(json, "brokers_met") == 0) {
        puts(_("! No broker where our mail is read has been reached: see tongbao status"));
    }
    report_province(tb_pick_object(json, "province"));
    report_own(tb_pick_object(json, "own"));
    report_received(tb_pick_object(json, "received"));
    puts(ended ? _("Recovered.")
               : _("Not everything is back yet. The node goes on by itself; look again with: "
                   "tongbao recover"));
}

/* Ask the province; a province itself has nobody to ask. */
static int ask(struct tb_cli *cli, const char *request_id)
{
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_get(cli, "/v1/recover", &answer);
    bool province = status == TB_EXIT_OK && tb_pick_object(answer.json, "province") != NULL;
    tb_answer_fini(&answer);
    if (status == TB_EXIT_OK && province) {
        status = tb_cli_change(cli, "POST", "/v1/recover", NULL, request_id, &answer);
        tb_answer_fini(&answer);
    }
    return status;
}

int tb_command_recover(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {
        {"wait", TB_ARGS_VALUE}, {"json", TB_ARGS_FLAG}, {"request-id", TB_ARGS_VALUE}};
    struct tb_args args;
    struct tb_answer answer = {.json = NULL};
    uint64_t wait_s = WAIT_DEFAULT_S;
    bool ended = false;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const char *wait = tb_args_value(&args, "wait");
    if (tb_args_words(&args) > 0 || (wait != NULL && !tb_text_u64(wait, WAIT_MAX_S, &wait_s))) {
        return tb_tell_usage("recover", "%s", _("recover [--wait SECONDS], at most 86400"));
    }
    bool json = tb_args_has(&args, "json");
    status = tb_cli_connect(cli, false);
    status = status != TB_EXIT_OK ? status : ask(cli, tb_args_value(&args, "request-id"));
    status = status != TB_EXIT_OK ? status
                                  : look_on(cli, (int64_t)wait_s * 1000, !json, &answer, &ended);
    if (status == TB_EXIT_OK && json) {
        tb_cli_json(answer.json);
    } else if (status == TB_EXIT_OK) {
        report(answer.json, ended);
    }
    tb_answer_fini(&answer);
    return status == TB_EXIT_OK && !ended ? TB_EXIT_REFUSED : status;
}
