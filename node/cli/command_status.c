#include <stdio.h>
#include <string.h>

#include "node/cli/cli.h"
#include "node/cli/clockrows.h"
#include "node/cli/pick.h"
#include "node/cli/table.h"
#include "node/cli/when.h"
#include "node/cli/words.h"

enum { SKEW_SHOWN_MS = 30000, MIB = 1024 * 1024, FREE_LOW_MIB = 512 };

static void identity(const json_t *json)
{
    char at[TB_WHEN_TEXT_BYTES];
    const char *key = tb_pick_text(json, "key_state");
    printf("%s %s, tongbao-node %s\n", tb_pick_text(json, "office"), tb_pick_text(json, "name"),
           tb_pick_text(json, "version"));
    tb_when_show(at, tb_pick_text(json, "started_at"));
    printf(_("Running since %s\n"), at);
    if (!tb_pick_bool(json, "in_directory")) {
        puts(_("! This office is in no trusted directory: nobody can verify what it signs yet"));
    } else if (strcmp(key, "active") != 0) {
        printf(_("! The key of this machine is %s in the directory\n"), tb_words_key(key));
    }
    if (tb_pick_bool(json, "entry_expired")) {
        puts(
            _("! The directory entry has expired: have it renewed; everything goes on until then"));
    }
    printf(_("Directory version %lld%s\n"), (long long)tb_pick_int(json, "directory_version"),
           tb_pick_bool(json, "rivers_known") ? "" : _("; it carries no rivers"));
}

static void add_link(struct tb_table *table, const json_t *link, struct tb_wall now)
{
    char since[TB_WHEN_TEXT_BYTES];
    char oldest[TB_WHEN_TEXT_BYTES];
    int64_t skew_ms = tb_pick_int(link, "skew_ms");
    tb_when_short(since, tb_pick_text(link, "since"), now);
    tb_when_short(oldest, tb_pick_text(link, "oldest_at"), now);
    tb_table_add(table, tb_pick_text(link, "broker"));
    tb_table_add(table, tb_pick_bool(link, "up") ? _("up") : _("DOWN"));
    tb_table_add(table, since);
    tb_table_add(table, tb_pick_bool(link, "reads") ? _("mail is read here") : "");
    tb_table_addf(table, _("waiting %lld"), (long long)tb_pick_int(link, "waiting"));
    tb_table_addf(table, oldest[0] != '\0' ? _("oldest %s") : "%s", oldest);
    if (skew_ms > SKEW_SHOWN_MS || skew_ms < -SKEW_SHOWN_MS) {
        tb_table_addf(table, _("its clock differs by %lld s"), (long long)(skew_ms / 1000));
    } else {
        tb_table_add(table, "");
    }
}

static void links(const json_t *json, struct tb_wall now)
{
    const json_t *list = tb_pick_list(json, "links");
    if (json_array_size(list) == 0) {
        puts(_("! No broker is known: nothing can leave this building"));
        return;
    }
    if (tb_pick_int(json, "links_up") == 0) {
        puts(_("! No link is up: nothing leaves this building now; use the telephone"));
    }
    printf("%s\n", _("Links:"));
    struct tb_table table;
    tb_table_init(&table, 7);
    for (size_t i = 0; i < json_array_size(list); i++) {
        add_link(&table, json_array_get(list, i), now);
    }
    tb_table_print(&table, stdout, 2);
    tb_table_fini(&table);
}

static void desk(const json_t *json, struct tb_wall now)
{
    char at[TB_WHEN_TEXT_BYTES];
    char span[TB_WHEN_TEXT_BYTES];
    const char *oldest = tb_pick_text(json, "owed_oldest_at");
    const json_t *duty = tb_pick_list(json, "on_duty");
    printf(_("To be acknowledged here: %lld\n"), (long long)tb_pick_int(json, "waiting"));
    printf(_("Own statements whose receipts are not all in: %lld"),
           (long long)tb_pick_int(json, "owed"));
    if (oldest[0] != '\0') {
        tb_when_show(at, oldest);
        tb_when_span(span, now.ms - tb_when_ms(oldest));
        printf(_(", the oldest of %s (%s)"), at, span);
    }
    putchar('\n');
    printf(_("Set aside until the signer is known: %lld; forks: %lld; gaps: %lld\n"),
           (long long)tb_pick_int(json, "parked"), (long long)tb_pick_int(json, "forks"),
           (long long)tb_pick_int(json, "gaps"));
    printf("%s", _("On duty:"));
    for (size_t i = 0; i < json_array_size(duty); i++) {
        const json_t *officer = json_array_get(duty, i);
        tb_when_short(at, tb_pick_text(officer, "duty_until"), now);
        printf(_(" %s (until %s)"), tb_pick_text(officer, "name"), at);
    }
    puts(json_array_size(duty) == 0 ? _(" nobody") : "");
}

static void machine(const json_t *json)
{
    const json_t *disk = tb_pick_object(json, "disk");
    const json_t *alarm = tb_pick_object(json, "alarm");
    const json_t *exit = json_object_get(alarm, "last_exit");
    long long free_mib = (long long)(tb_pick_int(disk, "free_bytes") / MIB);
    char at[TB_WHEN_TEXT_BYTES];
    printf(_("Disk: %lld MiB free, store %lld MiB, WAL %lld MiB\n"), free_mib,
           (long long)(tb_pick_int(disk, "store_bytes") / MIB),
           (long long)(tb_pick_int(disk, "wal_bytes") / MIB));
    if (tb_pick_bool(disk, "full")) {
        puts(_("! THE DISK IS FULL: what others send waits at the brokers and is not shown here. "
               "Make room now"));
    } else if (free_mib < FREE_LOW_MIB) {
        puts(_("! Little room on the disk"));
    }
    if (!tb_pick_bool(alarm, "configured")) {
        puts(_("! No alarm command is configured: nothing rings here"));
        return;
    }
    tb_when_show(at, tb_pick_text(alarm, "last_at"));
    if (!json_is_integer(exit)) {
        puts(_("Alarm command: never ran; try it with: tongbao alarm --test"));
    } else if (json_integer_value(exit) != 0) {
        printf(_("! The alarm command FAILED at %s with exit status %lld\n"), at,
               (long long)json_integer_value(exit));
    } else {
        printf(_("Alarm command: last ran well at %s\n"), at);
    }
}

int tb_command_status(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {{"json", TB_ARGS_FLAG}};
    struct tb_args args;
    struct tb_answer answer = {.json = NULL};
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    status = status != TB_EXIT_OK ? status : tb_cli_connect(cli, false);
    status = status != TB_EXIT_OK ? status : tb_cli_get(cli, "/v1/status", &answer);
    if (status != TB_EXIT_OK) {
        return status;
    }
    if (tb_args_has(&args, "json")) {
        tb_cli_json(answer.json);
    } else {
        struct tb_wall now = tb_cli_now();
        identity(answer.json);
        links(answer.json, now);
        desk(answer.json, now);
        tb_clockrows_worst(tb_pick_object(answer.json, "clock"), now);
        machine(answer.json);
    }
    tb_answer_fini(&answer);
    return TB_EXIT_OK;
}
