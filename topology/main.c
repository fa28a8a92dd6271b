/*
 * tongbao-topology - check the river data, ask who must hear it, draw it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/text.h"
#include "topology/arrival_call.h"
#include "topology/call.h"
#include "topology/csv.h"
#include "topology/data.h"
#include "topology/draw.h"
#include "topology/rule.h"
#include "topology/travel_call.h"

enum { FILES_MAX = 64, DIAG_LINE_BYTES_MAX = 1024, RIVERS_SHOWN_MAX = 1024, CODE_MAX = 999999 };

static const char usage_text[] =
    "usage: tongbao-topology [--data DIR] COMMAND\n"
    "\n"
    "  check [DIR | FILE…]   check the tables; without either, the data inside the program\n"
    "  rivers CODE           the rivers of a county, or of all counties of a city or province\n"
    "  who CODE [--river NAME] [--up] [--json]\n"
    "                        the offices that CODE must tell, and by which clause; --up: must "
    "ask;\n"
    "                        without --river, on any of its rivers\n"
    "  draw [--dot | --geojson]\n"
    "                        the graph for Graphviz, or a map\n"
    "  arrival --river NAME (--km KM | --county CODE | --section NAME)\n"
    "          [--regime low|normal|flood | --discharge M3_PER_S] [--open GATE]… [--dry RIVER]…\n"
    "          [--ice RIVER]… [--seen SECTION=HOURS]… [--json]\n"
    "                        when it comes to every county, border, section, gate and intake "
    "below;\n"
    "                        --seen: the peak was seen there, HOURS after the release\n"
    "  draw --incident [--strip | --time] …\n"
    "                        the same, drawn as SVG: the river as a strip, time over distance, or\n"
    "                        both\n"
    "  trace   the same without --seen, and [--then SECTION=HOURS]\n"
    "                        where what was seen there may come from; --then: seen at SECTION on\n"
    "                        the same river too, so many HOURS later\n"
    "  travel --length-km L --discharge Q …\n"
    "                        when it comes to a place L km below; travel --help\n"
    "\n"
    "  --data DIR            use the tables in DIR and not those inside the program\n"
    "  --help                this text\n"
    "\n"
    "CODE is a division of GB/T 2260, e.g. 140926. Exit status: 0 well, 1 a mistake in the data\n"
    "or the question, 2 a wrong call.\n";

/* What the call says. */
struct call {
    const char *command;
    const char *data;
    const char *river;
    bool up, json, geojson, dot, incident, strip, time;
    const char *word[FILES_MAX];
    size_t words;
    struct tb_arrival_call arrival;
};

/* The tables of a call, and the memory of those that were read. */
struct tables {
    struct tb_rivers_file file[FILES_MAX];
    char *owned_name[FILES_MAX];
    size_t count;
};

static int usage(const char *why)
{
    if (why != NULL) {
        fprintf(stderr, "tongbao-topology: %s\n\n", why);
    }
    fputs(usage_text, stderr);
    return TB_CALL_USAGE;
}

static int mistake(const struct tb_diag *diag)
{
    char line[DIAG_LINE_BYTES_MAX];
    tb_diag_print(diag, line, sizeof line);
    fprintf(stderr, "tongbao-topology: %s\n", line);
    return TB_CALL_MISTAKE;
}

/* Read the file ${name} whole; false, with a line to the user, if it cannot be
 * read. A file over the limit is read one byte beyond it, and refused there. */
static bool add_file(struct tables *tables, const char *name)
{
    if (tables->count == FILES_MAX) {
        fprintf(stderr, "tongbao-topology: more than %d files\n", (int)FILES_MAX);
        return false;
    }
    FILE *file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        return false;
    }
    size_t room = TB_CSV_FILE_BYTES_MAX + 1;
    uint8_t *data = malloc(room);
    char *copy = malloc(strlen(name) + 1);
    tb_assert(data != NULL);
    tb_assert(copy != NULL);
    memcpy(copy, name, strlen(name) + 1);
    size_t size = fread(data, 1, room, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    tables->owned_name[tables->count] = copy;
    tables->file[tables->count++] = (struct tb_rivers_file){copy, {data, size}};
    if (failed) {
        perror(name);
    }
    return !failed;
}

static bool add_directory(struct tables *tables, const char *name)
{
    DIR *dir = opendir(name);
    if (dir == NULL) {
        perror(name);
        return false;
    }
    bool ok = true;
    for (struct dirent *entry = readdir(dir); ok && entry != NULL; entry = readdir(dir)) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || dot == entry->d_name || strcmp(dot, ".csv") != 0) {
            continue;
        }
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s", name, entry->d_name);
        ok = length > 0 && (size_t)length < sizeof path && add_file(tables, path);
    }
    closedir(dir);
    return ok;
}

static void drop(struct tables *tables)
{
    for (size_t i = 0; i < tables->count; i++) {
        if (tables->owned_name[i] != NULL) {
            free(tables->owned_name[i]);
            free((void *)(uintptr_t)tables->file[i].bytes.data);
        }
    }
}

static bool is_directory(const char *name)
{
    DIR *dir = opendir(name);
    if (dir != NULL) {
        closedir(dir);
    }
    return dir != NULL;
}

/* The tables that the call means: files, a directory, or those inside. */
static bool gather(const struct call *call, struct tables *tables)
{
    bool check = strcmp(call->command, "check") == 0;
    if (check && call->words > 0 && !is_directory(call->word[0])) {
        for (size_t i = 0; i < call->words; i++) {
            if (!add_file(tables, call->word[i])) {
                return false;
            }
        }
        return true;
    }
    const char *dir = check && call->words > 0 ? call->word[0] : call->data;
    if (dir != NULL) {
        return add_directory(tables, dir);
    }
    const struct tb_rivers_file *inside = tb_data_files(&tables->count);
    memcpy(tables->file, inside, tables->count * sizeof *inside);
    return true;
}

static int check(const struct tb_rivers *rivers)
{
    struct tb_diag diag = {0};
    if (tb_rule_check(rivers, &diag) != TB_OK) {
        return mistake(&diag);
    }
    size_t divisions, reaches;
    tb_rivers_divisions(rivers, &divisions);
    tb_rivers_reaches(rivers, &reaches);
    printf("ok: %zu divisions, %zu reaches\n", divisions, reaches);
    return TB_CALL_OK;
}

static bool code_of(const struct call *call, uint32_t *code)
{
    uint64_t value;
    if (call->words != 1 || strlen(call->word[0]) != 6 ||
        !tb_text_u64(call->word[0], CODE_MAX, &value)) {
        return false;
    }
    *code = (uint32_t)value;
    return true;
}

static int show_rivers(const struct tb_rivers *rivers, uint32_t code)
{
    static const char *keys[RIVERS_SHOWN_MAX];
    size_t count;
    enum tb_status status = tb_rivers_of(rivers, code, keys, RIVERS_SHOWN_MAX, &count);
    if (status != TB_OK) {
        fprintf(stderr, "tongbao-topology: %06u: %s\n", code, tb_status_text(status));
        return TB_CALL_MISTAKE;
    }
    for (size_t i = 0; i < count; i++) {
        puts(keys[i]);
    }
    return TB_CALL_OK;
}

static const char *level_word(enum tb_level level)
{
    static const char *const words[] = {"county", "city", "province"};
    return words[level];
}

static int print_json(json_t *json)
{
    tb_assert(json != NULL);
    int failed = json_dumpf(json, stdout, JSON_INDENT(2));
    json_decref(json);
    putchar('\n');
    return failed == 0 ? TB_CALL_OK : TB_CALL_MISTAKE;
}

static int who_json(const struct tb_rule_row *rows, size_t count)
{
    json_t *list = json_array();
    tb_assert(list != NULL);
    for (size_t i = 0; i < count; i++) {
        const struct tb_rule_row *row = &rows[i];
        char code[8];
        snprintf(code, sizeof code, "%06u", row->code);
        json_t *object =
            json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:b}", "code", code, "name", row->name,
                      "level", level_word(row->level), "river", row->river, "hops", (int)row->hops,
                      "clause", row->clause, "required", (int)row->required);
        tb_assert(object != NULL);
        int failed = json_array_append_new(list, object);
        tb_assert(failed == 0);
    }
    return print_json(list);
}

static void who_table(const struct tb_rule_row *rows, size_t count)
{
    int name = tb_call_width("name");
    int river = tb_call_width("river");
    for (size_t i = 0; i < count; i++) {
        name = tb_call_width(rows[i].name) > name ? tb_call_width(rows[i].name) : name;
        river = tb_call_width(rows[i].river) > river ? tb_call_width(rows[i].river) : river;
    }
    printf("hops  level     code    ");
    tb_call_cell("name", name + 2);
    tb_call_cell("river", river + 2);
    puts("required  clause");
    for (size_t i = 0; i < count; i++) {
        printf("%4u  %-8s  %06u  ", rows[i].hops, level_word(rows[i].level), rows[i].code);
        tb_call_cell(rows[i].name, name + 2);
        tb_call_cell(rows[i].river, river + 2);
        printf("%-8s  %s\n", rows[i].required ? "yes" : "no", rows[i].clause);
    }
}

static int show_who(const struct tb_rivers *rivers, const struct call *call, uint32_t code)
{
    static struct tb_rule_row rows[TB_RULE_ROWS_MAX];
    struct tb_diag diag = {0};
    size_t count;
    enum tb_status status = tb_rule_who(rivers, code, call->river, call->up ? TB_UP : TB_DOWN, rows,
                                        TB_RULE_ROWS_MAX, &count, &diag);
    if (status != TB_OK) {
        return mistake(&diag);
    }
    if (call->json) {
        return who_json(rows, count);
    }
    who_table(rows, count);
    return TB_CALL_OK;
}

static int draw(const struct tb_rivers *rivers, bool geojson)
{
    if (geojson) {
        return print_json(tb_draw_geojson(rivers));
    }
    struct tb_buf buf;
    tb_buf_init(&buf, TB_DRAW_BYTES_MAX);
    enum tb_status status = tb_draw_dot(rivers, &buf);
    if (status == TB_OK) {
        fwrite(buf.data, 1, buf.size, stdout);
    } else {
        fprintf(stderr, "tongbao-topology: the graph: %s\n", tb_status_text(status));
    }
    tb_buf_fini(&buf);
    return status == TB_OK ? TB_CALL_OK : TB_CALL_MISTAKE;
}

static int run(const struct call *call)
{
    uint32_t code = 0;
    bool asks = strcmp(call->command, "who") == 0 || strcmp(call->command, "rivers") == 0;
    if (asks && !code_of(call, &code)) {
        return usage("the command needs one CODE of six digits");
    }
    struct tables tables = {0};
    struct tb_rivers *rivers = NULL;
    struct tb_diag diag = {0};
    int status = TB_CALL_MISTAKE;
    if (!gather(call, &tables)) {
        status = TB_CALL_MISTAKE;
    } else if (tb_rivers_load(&rivers, tables.file, tables.count, &diag) != TB_OK) {
        status = mistake(&diag);
    } else if (strcmp(call->command, "check") == 0) {
        status = check(rivers);
    } else if (strcmp(call->command, "rivers") == 0) {
        status = show_rivers(rivers, code);
    } else if (strcmp(call->command, "who") == 0) {
        status = show_who(rivers, call, code);
    } else if (strcmp(call->command, "arrival") == 0) {
        status = tb_arrival_call_down(rivers, &call->arrival);
    } else if (strcmp(call->command, "trace") == 0) {
        status = tb_arrival_call_trace(rivers, &call->arrival);
    } else if (call->incident) {
        status = tb_arrival_call_draw(rivers, &call->arrival, !call->time, !call->strip);
    } else {
        status = draw(rivers, call->geojson);
    }
    tb_rivers_free(rivers);
    drop(&tables);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        perror("tongbao-topology: output");
        return TB_CALL_MISTAKE;
    }
    return status;
}

/* Take the option at ${at}; how many words it used, 0 for none of ours. */
static int take_option(struct call *call, int argc, char **argv, int at)
{
    const char *option = argv[at];
    bool who = call->command != NULL && strcmp(call->command, "who") == 0;
    bool drawing = call->command != NULL && strcmp(call->command, "draw") == 0;
    if (strcmp(option, "--data") == 0 && at + 1 < argc) {
        call->data = argv[at + 1];
        return 2;
    }
    bool when = call->command != NULL &&
                (strcmp(call->command, "arrival") == 0 || strcmp(call->command, "trace") == 0);
    if (when) {
        return tb_arrival_call_option(&call->arrival, argc, argv, at);
    }
    if (who && strcmp(option, "--river") == 0 && at + 1 < argc) {
        call->river = argv[at + 1];
        return 2;
    }
    bool *flag = NULL;
    if (who && strcmp(option, "--up") == 0) {
        flag = &call->up;
    } else if (who && strcmp(option, "--json") == 0) {
        flag = &call->json;
    } else if (drawing && strcmp(option, "--dot") == 0) {
        flag = &call->dot;
    } else if (drawing && strcmp(option, "--geojson") == 0) {
        flag = &call->geojson;
    } else if (drawing && strcmp(option, "--incident") == 0) {
        flag = &call->incident;
    } else if (drawing && call->incident && strcmp(option, "--strip") == 0) {
        flag = &call->strip;
    } else if (drawing && call->incident && strcmp(option, "--time") == 0) {
        flag = &call->time;
    } else if (drawing && call->incident) {
        return tb_arrival_call_option(&call->arrival, argc, argv, at);
    }
    if (flag != NULL) {
        *flag = true;
    }
    return flag != NULL ? 1 : 0;
}

int main(int argc, char **argv)
{
    static const char *const commands[] = {"check", "rivers", "who", "draw", "arrival", "trace"};
    struct call call = {0};
    json_set_alloc_funcs(tb_memory_take, free);
    if (argc > 1 && strcmp(argv[1], "travel") == 0) {
        return tb_travel_call(argc - 2, argv + 2);
    }
    for (int i = 1; i < argc;) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage_text, stdout);
            return TB_CALL_OK;
        }
        if (strncmp(argv[i], "--", 2) == 0) {
            int used = take_option(&call, argc, argv, i);
            if (used == 0) {
                return usage("an option that the command does not know, or without its value");
            }
            i += used;
            continue;
        }
        if (call.command == NULL) {
            call.command = argv[i];
        } else if (call.words == FILES_MAX) {
            return usage("too many words");
        } else {
            call.word[call.words++] = argv[i];
        }
        i++;
    }
    bool known = false;
    for (size_t i = 0; i < sizeof commands / sizeof *commands && call.command != NULL; i++) {
        known |= strcmp(call.command, commands[i]) == 0;
    }
    if (!known) {
        return usage(call.command != NULL ? "no such command" : NULL);
    }
    int ways = call.dot + call.geojson + call.incident;
    if ((strcmp(call.command, "draw") == 0 && call.words > 0) || ways > 1 ||
        (call.strip && call.time)) {
        return usage("draw takes --dot, --geojson, or --incident with --strip or --time");
    }
    return run(&call);
}
