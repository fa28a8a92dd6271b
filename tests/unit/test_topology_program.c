#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "topology/data.h"

/* The program tongbao-topology as people call it. TB_PROGRAM is its path. */
enum { OUT_BYTES_MAX = 1024 * 1024, WORDS_MAX = 20 };

extern char **environ;

static char dir[] = "/tmp/tongbao-topology-XXXXXX";
static char out[OUT_BYTES_MAX];
static char err[OUT_BYTES_MAX];

static void path_of(char path[128], const char *name)
{
    snprintf(path, 128, "%s/%s", dir, name);
}

static void slurp(const char *name, char *text)
{
    char path[128];
    path_of(path, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    text[fread(text, 1, OUT_BYTES_MAX - 1, file)] = '\0';
    fclose(file);
}

/* Run the program with ${words}, up to a NULL; its exit status. */
static int run(const char *const words[])
{
    char *argv[WORDS_MAX] = {(char *)(uintptr_t)TB_PROGRAM};
    for (size_t i = 0; words[i] != NULL; i++) {
        assert_true(i + 2 < WORDS_MAX);
        argv[i + 1] = (char *)(uintptr_t)words[i];
    }
    char out_path[128], err_path[128];
    path_of(out_path, "out");
    path_of(err_path, "err");
    posix_spawn_file_actions_t actions;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    int flags = O_WRONLY | O_CREAT | O_TRUNC;
    assert_int_equal(posix_spawn_file_actions_addopen(&actions, 1, out_path, flags, 0600), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&actions, 2, err_path, flags, 0600), 0);
    pid_t pid;
    assert_int_equal(posix_spawn(&pid, TB_PROGRAM, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    slurp("out", out);
    slurp("err", err);
    return WEXITSTATUS(status);
}
#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

/* The product's tables as files, with ${extra} at the end of ${name}. */
static void write_tables(const char *name, const char *extra)
{
    size_t count;
    const struct tb_rivers_file *files = tb_data_files(&count);
    for (size_t i = 0; i < count; i++) {
        char path[128];
        path_of(path, files[i].name);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(files[i].bytes.data, 1, files[i].bytes.size, file),
                         files[i].bytes.size);
        if (strcmp(files[i].name, name) == 0) {
            fputs(extra, file);
        }
        assert_int_equal(fclose(file), 0);
    }
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    size_t count;
    char path[128];
    const struct tb_rivers_file *files = tb_data_files(&count);
    for (size_t i = 0; i < count; i++) {
        path_of(path, files[i].name);
        unlink(path);
    }
    path_of(path, "out");
    unlink(path);
    path_of(path, "err");
    unlink(path);
    return rmdir(dir);
}

static void check_accepts_the_data_inside_and_the_same_data_in_files(void **state)
{
    (void)state;
    assert_int_equal(RUN("check"), 0);
    assert_string_equal(out, "ok: 159 divisions, 167 reaches\n");
    write_tables("", "");
    assert_int_equal(RUN("check", dir), 0);
    assert_int_equal(RUN("--data", dir, "check"), 0);
    assert_int_equal(RUN("--data", dir, "rivers", "140925"), 0);
    assert_string_equal(out, "汾河\n恢河\n");
}

static void check_names_file_and_line_of_a_mistake_and_exits_1(void **state)
{
    (void)state;
    write_tables("ends.csv", "140121,清徐县,汾河,\n");
    assert_int_equal(RUN("check", dir), 1);
    assert_non_null(strstr(err, "/ends.csv:4: 140121 清徐县 on 汾河 has a way on"));
    assert_int_equal(RUN("--data", dir, "who", "140121"), 1);
    assert_int_equal(RUN("check", "/nowhere/at/all"), 1);
}

static void who_gives_json_rows_with_exactly_the_agreed_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {"code", "name",   "level",   "river",
                                       "hops", "clause", "required"};
    assert_int_equal(RUN("who", "140121", "--river", "汾河", "--json"), 0);
    json_error_t error;
    json_t *list = json_loads(out, 0, &error);
    assert_non_null(list);
    assert_int_equal(json_array_size(list), 6);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *row = json_array_get(list, i);
        assert_int_equal(json_object_size(row), 7);
        for (size_t k = 0; k < 7; k++) {
            assert_non_null(json_object_get(row, keys[k]));
        }
        assert_int_equal(strlen(json_string_value(json_object_get(row, "code"))), 6);
        assert_true(json_is_integer(json_object_get(row, "hops")));
        assert_true(json_is_true(json_object_get(row, "required")));
        assert_string_equal(json_string_value(json_object_get(row, "river")), "汾河");
    }
    json_t *last = json_array_get(list, 5);
    assert_string_equal(json_string_value(json_object_get(last, "code")), "141100");
    assert_string_equal(json_string_value(json_object_get(last, "level")), "city");
    json_decref(list);
    assert_int_equal(RUN("who", "141121", "--up", "--river", "汾河"), 0);
    assert_non_null(strstr(out, "   1  county    140121  清徐县"));
}

static void a_question_that_cannot_be_answered_exits_1(void **state)
{
    (void)state;
    assert_int_equal(RUN("who", "140121", "--river", "恢河"), 1);
    assert_non_null(strstr(err, "its rivers: 汾河、潇河、象峪河、乌马河"));
    assert_string_equal(out, "");
    assert_int_equal(RUN("who", "999999"), 1);
    assert_int_equal(RUN("rivers", "999999"), 1);
}

static void a_wrong_call_shows_the_usage_and_exits_2(void **state)
{
    (void)state;
    assert_int_equal(run((const char *const[]){NULL}), 2);
    assert_non_null(strstr(err, "usage: tongbao-topology"));
    assert_int_equal(RUN("guess"), 2);
    assert_int_equal(RUN("who"), 2);
    assert_int_equal(RUN("who", "1401"), 2);
    assert_int_equal(RUN("who", "140121", "--down"), 2);
    assert_int_equal(RUN("who", "140121", "--river"), 2);
    assert_int_equal(RUN("draw", "--dot", "--geojson"), 2);
    assert_int_equal(RUN("--help"), 0);
    assert_non_null(strstr(out, "usage: tongbao-topology"));
}

static void draw_gives_a_graph_and_a_map(void **state)
{
    (void)state;
    assert_int_equal(RUN("draw"), 0);
    assert_int_equal(strncmp(out, "digraph rivers {\n  rankdir=LR;\n", 31), 0);
    assert_non_null(strstr(out, "subgraph cluster_140100 {\n      label=\"太原市\";"));
    assert_non_null(strstr(out, "  c140925 -> c140926 [label=\"汾河\"];"));
    assert_int_equal(RUN("draw", "--geojson"), 0);
    json_error_t error;
    json_t *map = json_loads(out, 0, &error);
    assert_non_null(map);
    assert_string_equal(json_string_value(json_object_get(map, "type")), "FeatureCollection");
    /* 89 counties in the graph and 167 reaches. */
    assert_int_equal(json_array_size(json_object_get(map, "features")), 89 + 167);
    json_decref(map);
}

/* --------------------------------------------------------------- travel */

#define REACH "travel", "--length-km", "60", "--discharge", "10"

static double json_number(const char *name)
{
    json_t *root = json_loads(out, 0, NULL);
    assert_non_null(root);
    json_t *value = json_object_get(root, name);
    assert_true(json_is_number(value));
    double number = json_number_value(value);
    json_decref(root);
    return number;
}

static void travel_tells_the_windows_of_a_reach(void **state)
{
    (void)state;
    assert_int_equal(
        RUN(REACH, "--mean-discharge", "30", "--area-km2", "38728", "--slope", "0.0005", "--json"),
        0);
    assert_true(json_number("likely_h") > 34.3 && json_number("likely_h") < 34.5);
    assert_true(json_number("fastest_first_h") > 20.5 && json_number("fastest_first_h") < 20.7);
    assert_true(json_number("earliest_h") < json_number("likely_h"));
    assert_true(json_number("peak_h") < json_number("tail_h"));
    assert_non_null(strstr(out, "\"method\": \"jobson_slope\""));
    assert_int_equal(RUN(REACH), 0);
    assert_non_null(strstr(out, "give --mean-discharge"));
    assert_int_equal(RUN(REACH, "--seen", "40=30", "--seen", "20=10.5", "--json"), 0);
    assert_non_null(strstr(out, "\"method\": \"observed\""));
    assert_true(json_number("peak_earliest_h") > 30);
}

static void travel_tells_what_to_write_instead_of_a_mistake(void **state)
{
    (void)state;
    const struct {
        const char *words[8];
        const char *said;
        int status;
    } wrong[] = {
        {{"travel", "--length-km", "60"}, "--discharge are needed", 2},
        {{"travel", "--length-km", "60", "--discharge"}, "without its value", 2},
        {{"travel", "--length-km", "60", "--speed", "3"}, "does not know", 2},
        {{"travel", "--length-km", "60", "--discharge", "-3"}, "over 0", 1},
        {{"travel", "--length-km", "60", "--discharge", "0"}, "over 0", 1},
        {{"travel", "--length-km", "60", "--discharge", "10m3/s"}, "without the unit", 1},
        {{"travel", "--length-km", "60", "--discharge", "1e9"}, "at most 300000", 1},
        {{"travel", "--length-km", "60", "--discharge", "nan"}, "plain number", 1},
        {{"travel", "--length-km", "60", "--discharge", "0x10"}, "plain number", 1},
        {{"travel", "--length-km", "60000", "--discharge", "10"}, "no river is that long", 1},
        {{REACH, "--slope", "0.5"}, "0.5 per mille is 0.0005", 1},
        {{REACH, "--seen", "20"}, "write KM=HOURS", 1},
        {{REACH, "--seen", "70=10"}, "at most at kilometre 60", 1},
        {{REACH, "--seen", "0=10"}, "below the release", 1},
        {{REACH, "--seen", "20=0.1"}, "hours since the release", 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(run(wrong[i].words), wrong[i].status);
        if (strstr(err, wrong[i].said) == NULL || out[0] != '\0') {
            fail_msg("%zu: %s%s", i, out, err);
        }
    }
    assert_int_equal(RUN(REACH, "--seen", "20=10", "--seen", "20=11"), 1);
    assert_non_null(strstr(err, "each place once"));
}

static void travel_tells_how_much_of_it_there_is_or_what_is_missing(void **state)
{
    (void)state;
    /* At the likely speed of 0.3 m/s it would be 2.443 mg/L 10 km below. */
    assert_int_equal(RUN("travel", "--length-km", "10", "--discharge", "6", "--seen", "10=9.259",
                         "--mass-kg", "100", "--dispersion", "10", "--area-m2", "20", "--json"),
                     0);
    assert_true(json_number("peak_mg_l") > 2.442 && json_number("peak_mg_l") < 2.46);
    assert_int_equal(RUN(REACH, "--mass-kg", "100", "--dispersion", "10", "--area-m2", "20",
                         "--limit-mg-l", "0.5"),
                     0);
    assert_non_null(strstr(out, "mg/L at its peak"));
    assert_non_null(strstr(out, "above 0.5 mg/L from"));
    assert_int_equal(RUN(REACH, "--mass-kg", "100", "--area-m2", "20"), 0);
    assert_non_null(strstr(out, "不可估算: --dispersion is not known"));
    assert_int_equal(RUN(REACH, "--limit-mg-l", "0.5", "--json"), 0);
    assert_non_null(strstr(out, "\"concentration\": \"不可估算\""));
    assert_int_equal(
        RUN(REACH, "--mass-kg", "9", "--width-m", "40", "--depth-m", "1", "--slope", "0.0005"), 0);
    assert_non_null(strstr(out, "by Fischer, off by up to four times"));
    assert_int_equal(RUN(REACH, "--mass-kg", "1e12"), 1);
    assert_non_null(strstr(err, "in kilograms"));
    assert_int_equal(RUN(REACH, "--limit-mg-l", "5mg/L"), 1);
    assert_non_null(strstr(err, "without the unit"));
    assert_int_equal(RUN(REACH, "--depth-m", "4000"), 1);
    assert_non_null(strstr(err, "at most 20000 and 200"));
}

/* -------------------------------------------------------- arrival, trace */

#define SPILL "arrival", "--river", "汾河", "--km", "611"

static void arrival_gives_json_rows_with_exactly_the_agreed_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {"place",    "kind",     "code",   "km",     "earliest_h",
                                       "likely_h", "latest_h", "peak_h", "tail_h", "method",
                                       "refusal",  "river",    "sample"};
    assert_int_equal(RUN(SPILL, "--discharge", "20", "--json"), 0);
    json_t *list = json_loads(out, 0, NULL);
    assert_true(json_array_size(list) > 20);
    bool refusal = false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *row = json_array_get(list, i);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            assert_non_null(json_object_get(row, keys[k]));
        }
        bool given = json_is_null(json_object_get(row, "refusal"));
        assert_int_equal(json_is_number(json_object_get(row, "likely_h")), given);
        assert_int_equal(json_is_string(json_object_get(row, "method")), given);
        assert_int_equal(json_object_size(row), given ? 13 : 15);
        refusal = refusal || !given;
    }
    assert_true(refusal); /* 三门峡水库 bars the way */
    json_decref(list);
}

static void arrival_says_by_what_it_reckoned_and_whom_to_ask(void **state)
{
    (void)state;
    assert_int_equal(RUN(SPILL, "--discharge", "20"), 0);
    assert_non_null(strstr(out, "20 m3/s; hours since the release"));
    assert_non_null(strstr(out, "闸控 三门峡水库: there from "));
    assert_int_equal(RUN(SPILL), 0);
    assert_non_null(strstr(out, "any regime from low to flood"));
    assert_int_equal(RUN(SPILL, "--discharge", "20", "--open", "三门峡水库"), 0);
    assert_null(strstr(out, "闸控 三门峡水库"));
    assert_int_equal(RUN(SPILL, "--dry", "汾河"), 0);
    assert_non_null(strstr(out, "断流"));
    assert_int_equal(RUN(SPILL, "--ice", "黄河"), 0);
    assert_non_null(strstr(out, "冰封"));
    assert_int_equal(RUN(SPILL, "--discharge", "20", "--seen", "翟店=14"), 0);
    assert_non_null(strstr(out, "observed"));
}

static void draw_incident_gives_a_strip_and_time_over_distance(void **state)
{
    (void)state;
#define DRAW "draw", "--incident", "--river", "汾河", "--km", "260", "--regime", "normal"
    assert_int_equal(RUN(DRAW), 0);
    assert_int_equal(strncmp(out, "<svg ", 5), 0);
    assert_string_equal(out + strlen(out) - 7, "</svg>\n");
    assert_non_null(strstr(out, "汾河 km 260: normal water"));
    assert_non_null(strstr(out, "闸控 汾河二坝"));
    assert_non_null(strstr(out, "hours since the release"));
    assert_non_null(strstr(out, "清徐县  4.1–45 h"));
    assert_int_equal(RUN(DRAW, "--strip"), 0);
    assert_null(strstr(out, "hours since the release"));
    assert_int_equal(RUN(DRAW, "--time"), 0);
    assert_null(strstr(out, "清徐县"));
    assert_int_equal(RUN(DRAW, "--time", "--strip"), 2);
    assert_int_equal(RUN(DRAW, "--json"), 2);
    assert_int_equal(RUN("draw", "--strip"), 2);
    assert_int_equal(RUN("draw", "--incident", "--river", "汾河", "--km", "2000"), 1);
    assert_non_null(strstr(err, "is not on 汾河"));
}

static void trace_tells_when_it_was_released_and_narrows(void **state)
{
    (void)state;
    assert_int_equal(RUN("trace", "--river", "汾河", "--section", "韩武村", "--json"), 0);
    json_t *list = json_loads(out, 0, NULL);
    size_t all = json_array_size(list);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "code")),
                        "140121");
    json_decref(list);
    assert_int_equal(
        RUN("trace", "--river", "汾河", "--section", "韩武村", "--then", "小店桥=-20", "--json"),
        0);
    list = json_loads(out, 0, NULL);
    assert_true(json_array_size(list) > 0 && json_array_size(list) < all);
    json_decref(list);
    assert_int_equal(RUN("trace", "--river", "汾河", "--county", "140121"), 0);
    assert_non_null(strstr(out, "hours before the sighting"));
}

static void arrival_and_trace_tell_what_to_write_instead_of_a_mistake(void **state)
{
    (void)state;
    const struct {
        const char *words[10];
        const char *said;
        int status;
    } wrong[] = {
        {{"arrival"}, "write --river NAME, and where", 2},
        {{"arrival", "--river", "汾河"}, "--km KM, --county CODE or --section NAME", 2},
        {{SPILL, "--county", "140825"}, "and where", 2},
        {{SPILL, "--regime", "low", "--discharge", "3"}, "a discharge says more", 2},
        {{SPILL, "--then", "翟店=3"}, "--then is for trace", 2},
        {{SPILL, "--speed", "3"}, "does not know", 2},
        {{SPILL, "--regime", "wet"}, "write low, normal or flood", 1},
        {{SPILL, "--discharge", "-3"}, "over 0", 1},
        {{SPILL, "--discharge", "0"}, "a dry river is --dry NAME", 1},
        {{SPILL, "--discharge", "20m3/s"}, "without the unit", 1},
        {{SPILL, "--discharge", "1e6"}, "at most 300000", 1},
        {{SPILL, "--seen", "翟店"}, "write SECTION=HOURS", 1},
        {{SPILL, "--seen", "无此=3"}, "a section below the incident", 1},
        {{SPILL, "--seen", "寨上=3"}, "does not lie on the water below", 1},
        {{SPILL, "--seen", "翟店=0.2"}, "faster than 12 m/s", 1},
        {{SPILL, "--seen", "翟店=3h"}, "write SECTION=HOURS", 1},
        {{"arrival", "--river", "汾河", "--km", "-5"}, "0 or more, without the unit", 1},
        {{"arrival", "--river", "汾河", "--km", "61km"}, "without the unit", 1},
        {{"arrival", "--river", "汾河", "--km", "2000"}, "is not on 汾河; write 0 to", 1},
        {{"arrival", "--river", "长江", "--km", "5"}, "unknown river", 1},
        {{"arrival", "--river", "桑干河", "--section", "韩武村"}, "is not on 桑干河", 1},
        {{"arrival", "--river", "汾河", "--county", "14092"}, "six digits", 1},
        {{"arrival", "--river", "汾河", "--county", "140221"}, "does not run through", 1},
        {{"trace", "--river", "汾河", "--km", "300", "--then", "3"}, "how much later", 1},
        {{"trace", "--river", "汾河", "--km", "300", "--seen", "翟店=3"}, "write --then", 2},
        {{"trace", "--river", "汾河", "--km", "300", "--then", "石匣里=3"}, "is not on 汾河", 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int status = run(wrong[i].words);
        if (status != wrong[i].status || strstr(err, wrong[i].said) == NULL || out[0] != '\0') {
            fail_msg("%zu: %d %s%s", i, status, out, err);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_accepts_the_data_inside_and_the_same_data_in_files),
        cmocka_unit_test(check_names_file_and_line_of_a_mistake_and_exits_1),
        cmocka_unit_test(who_gives_json_rows_with_exactly_the_agreed_keys),
        cmocka_unit_test(a_question_that_cannot_be_answered_exits_1),
        cmocka_unit_test(a_wrong_call_shows_the_usage_and_exits_2),
        cmocka_unit_test(draw_gives_a_graph_and_a_map),
        cmocka_unit_test(travel_tells_the_windows_of_a_reach),
        cmocka_unit_test(travel_tells_what_to_write_instead_of_a_mistake),
        cmocka_unit_test(travel_tells_how_much_of_it_there_is_or_what_is_missing),
        cmocka_unit_test(arrival_gives_json_rows_with_exactly_the_agreed_keys),
        cmocka_unit_test(arrival_says_by_what_it_reckoned_and_whom_to_ask),
        cmocka_unit_test(draw_incident_gives_a_strip_and_time_over_distance),
        cmocka_unit_test(trace_tells_when_it_was_released_and_narrows),
        cmocka_unit_test(arrival_and_trace_tell_what_to_write_instead_of_a_mistake),
    };
    return cmocka_run_group_tests_name("topology_program", tests, begin, end);
}
