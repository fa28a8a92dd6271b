#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/text.h"
#include "node/cli/cli.h"
#include "node/cli/clockrows.h"
#include "node/cli/pick.h"
#include "node/cli/sentences.h"
#include "node/cli/table.h"
#include "node/cli/when.h"
#include "node/cli/words.h"

enum { PAUSE_FIRST_MS = 500, PAUSE_MAX_MS = 5000, EVENT_ID_BYTES = 32, TEXT_BYTES_MAX = 1024 };

struct watch {
    const json_t *names; /* code → name */
    uint64_t left;       /* events to show yet */
    bool json;
    uint64_t shown;
};

/* "press_conference overdue 2025-01-17T05:24:00+08:00 conference-24h": what is to be done
 * comes first, the rule is for programs. */
static void about_clock(char *out, size_t out_bytes, const char *text)
{
    char task[TB_NAME_BYTES_MAX];
    char step[TB_NAME_BYTES_MAX];
    char due[TB_NAME_BYTES_MAX];
    char at[TB_WHEN_TEXT_BYTES];
    if (sscanf(text, "%127s %127s %127s", task, step, due) != 3) {
        tb_text_copy(out, out_bytes, text);
        return;
    }
    tb_when_show(at, due);
    snprintf(out, out_bytes, _("%s, %s (%s)"), tb_words_step(step), tb_words_task(task), at);
}

/* The words of a disclosure ("press_conference published") and a deed; of a time limit;
 * the text of anything else. */
static void about_act(char *out, size_t out_bytes, const json_t *data)
{
    const char *kind = tb_pick_text(data, "kind");
    const char *text = tb_pick_text(data, "text");
    bool act = strcmp(kind, "disclosure") == 0 || strcmp(kind, "deed") == 0;
    const char *blank = strchr(text, ' ');
    char first[TEXT_BYTES_MAX];
    if (strcmp(kind, "clock") == 0) {
        about_clock(out, out_bytes, text);
        return;
    }
    if (!act) {
        tb_sentences_translate(out, out_bytes, text);
        return;
    }
    snprintf(first, sizeof first, "%.*s",
             (int)(blank == NULL ? strlen(text) : (size_t)(blank - text)), text);
    snprintf(out, out_bytes, "%s%s%s", tb_words_task(first), blank == NULL ? "" : _(", "),
             blank == NULL ? "" : tb_words_public(blank + 1));
}

static void print_line(const struct watch *watch, const json_t *data)
{
    char at[TB_WHEN_TEXT_BYTES];
    const char *office = tb_pick_text(data, "office");
    const char *world = tb_pick_text(data, "world");
    const char *kind = tb_words_stream(tb_pick_text(data, "kind"));
    tb_when_show(at, tb_pick_text(data, "at"));
    /* What is not actual says so first, on every line (I7). */
    bool plain = world[0] == '\0' || strcmp(world, "actual") == 0 || strcmp(world, "none") == 0;
    printf("%s  ", at);
    if (!plain) {
        printf(_("[%s] "), tb_words_world(world));
    }
    printf("%s  %s %s  ", kind, office, tb_pick_text(watch->names, office));
    char text[TEXT_BYTES_MAX];
    about_act(text, sizeof text, data);
    tb_table_text(stdout, text, false);
    const char *subject = tb_pick_text(data, "subject");
    bool about = subject[strspn(subject, "0")] != '\0';
    if (about) {
        printf("  %.8s", subject);
    }
    putchar('\n');
}

static bool each(void *context, const struct tb_stream_event *event)
{
    struct watch *watch = context;
    if (watch->json) {
        json_dumpf(event->data, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        print_line(watch, event->data);
    }
    fflush(stdout);
    watch->shown++;
    watch->left -= watch->left == UINT64_MAX ? 0 : 1;
    return watch->left > 0;
}

static void pause_ms(long ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* Names of the offices, for the lines; a watch goes on without them. */
static json_t *names_of(struct tb_cli *cli)
{
    json_t *names = json_object();
    char path[TB_CLIENT_PATH_BYTES_MAX] = "/v1/offices?limit=200";
    while (path[0] != '\0') {
        struct tb_answer answer = {.json = NULL};
        size_t i;
        json_t *office;
        tb_client_get(&cli->client, path, &answer);
        json_array_foreach(json_object_get(answer.json, "offices"), i, office)
        {
            json_object_set(names, tb_pick_text(office, "code"), json_object_get(office, "name"));
        }
        const char *next = tb_pick_text(answer.json, "next_after");
        path[0] = '\0';
        if (next[0] != '\0' && json_array_size(json_object_get(answer.json, "offices")) > 0) {
            snprintf(path, sizeof path, "/v1/offices?limit=200&after=%.6s", next);
        }
        tb_answer_fini(&answer);
    }
    return names;
}

/* The worst clock, before the line goes on: at the start and after every break. */
static void print_worst(struct tb_cli *cli)
{
    struct tb_answer answer = {.json = NULL};
    tb_client_get(&cli->client, "/v1/status", &answer);
    tb_clockrows_worst(tb_pick_object(answer.json, "clock"), tb_cli_now());
    fflush(stdout);
    tb_answer_fini(&answer);
}

/* Follow the stream over breaks; a first call that reaches nobody ends it. */
static int follow(struct tb_cli *cli, struct watch *watch, const char *after)
{
    char last_id[EVENT_ID_BYTES];
    bool ended = false;
    bool met = false;
    long pause = PAUSE_FIRST_MS;
    tb_text_copy(last_id, sizeof last_id, after);
    while (!ended) {
        if (!watch->json) {
            print_worst(cli);
        }
        uint64_t before = watch->shown;
        bool answered = tb_client_stream(&cli->client, "/v1/stream", last_id, each, watch, &ended);
        if (ended) {
            break;
        }
        if (!answered && !met) {
            const struct tb_answer none = {.reached = false};
            return tb_answer_refused(&cli->client, &none, NULL);
        }
        met = true;
        pause = answered || watch->shown > before ? PAUSE_FIRST_MS : pause * 2;
        pause = pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
        fputs(_("(the line to the node broke; trying again)\n"), stderr);
        pause_ms(pause);
    }
    return TB_EXIT_OK;
}

int tb_command_watch(struct tb_cli *cli, int argc, char **argv)
{
    static const struct tb_args_option options[] = {
        {"after", TB_ARGS_VALUE}, {"count", TB_ARGS_VALUE}, {"json", TB_ARGS_FLAG}};
    struct tb_args args;
    struct watch watch = {.left = UINT64_MAX};
    uint64_t after = 0;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    const char *after_text = tb_args_value(&args, "after");
    const char *count_text = tb_args_value(&args, "count");
    if ((after_text != NULL && !tb_text_u64(after_text, INT64_MAX, &after)) ||
        (count_text != NULL &&
         (!tb_text_u64(count_text, UINT64_MAX - 1, &watch.left) || watch.left == 0))) {
        return tb_tell_usage("watch", "%s", _("--after and --count: a number"));
    }
    status = tb_cli_connect(cli, false);
    if (status != TB_EXIT_OK) {
        return status;
    }
    json_t *names = names_of(cli);
    watch.names = names;
    watch.json = tb_args_has(&args, "json");
    status = follow(cli, &watch, after_text != NULL ? after_text : "");
    json_decref(names);
    return status;
}
