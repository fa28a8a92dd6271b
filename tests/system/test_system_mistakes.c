/*
 * A notice file with a mistake, through the command line: told by line and key, with
 * what to write instead, and nothing issued. What only looks odd goes (I6).
 */
#include "tests/system/test.h"

enum { FILE_BYTES_MAX = 2048 };

static const struct tb_world_broker brokers[] = {{"sx-1", 14, false, NULL}, {NULL, 0, false, NULL}};
static const struct tb_world_office offices[] = {TB_TEST_OFFICES("sx-1"),
                                                 {NULL, NULL, NULL, false, false}};
static const struct tb_world_plan plan = {brokers, offices, {NULL, NULL}};

/* What stands in the file, and what the person must be told of it. */
struct mistake {
    const char *what;
    const char *file;
    const char *line; /* ":3", as it stands behind the name of the file */
    const char *key;  /* where; "" when the file cannot be read as far as a key */
    const char *advice;
};

#define TOP    "{\n\"kind\": \"first\",\n"
#define END    "\n}\n"
#define AMOUNT "a decimal number such as \"3.5\""
#define TIME   "write a time such as"

static const struct mistake mistakes[] = {
    {"a key that is nearly one", TOP "\"rivr\": \"汾河\"" END, ":3", "rivr", "did you mean"},
    {"a key in Chinese", TOP "\"河流\": \"汾河\"" END, ":3", "河流", "the keys are"},
    {"a nested key that is nearly one",
     TOP "\"substances\": [\n{\"name\": \"氨氮\", \"unti\": \"kg\"}]" END, ":4",
     "substances[0].unti", "did you mean \"unit\""},
    {"a key that the program fills in", TOP "\"number\": \"140925-20250117-01\"" END, ":3",
     "number", "filled in by the program"},
    {"a key that stands twice", TOP "\"river\": \"汾河\",\n\"river\": \"恢河\"" END, ":4", "river",
     "duplicate"},
    {"a kind that is none", "{\n\"kind\": \"frist\"" END, ":2", "kind", "write one of"},
    {"a kind in another script", "{\n\"kind\": \"初報\"" END, ":2", "kind", "write one of"},
    {"a grade that is none", TOP "\"grade\": \"五级\"" END, ":3", "grade", "write one of"},
    {"a grade as a number", TOP "\"grade\": 5" END, ":3", "grade", "write one of"},
    {"a day that does not exist", TOP "\"occurred_at\": \"2025-02-30T03:00:00+08:00\"" END, ":3",
     "occurred_at", TIME},
    {"an hour that does not exist", TOP "\"occurred_at\": \"2025-01-17T25:00:00+08:00\"" END, ":3",
     "occurred_at", TIME},
    {"a time in words", TOP "\"occurred_at\": \"昨天凌晨\"" END, ":3", "occurred_at", TIME},
    {"a time as a number", TOP "\"occurred_at\": 1737054764" END, ":3", "occurred_at", TIME},
    {"a month before the year", TOP "\"occurred_at\": \"01/17/2025 03:00\"" END, ":3",
     "occurred_at", TIME},
    {"an amount with its unit in it", TOP "\"substances\": [\n{\"amount\": \"3吨\"}]" END, ":4",
     "substances[0].amount", AMOUNT},
    {"an amount in full-width digits", TOP "\"substances\": [\n{\"amount\": \"３．５\"}]" END, ":4",
     "substances[0].amount", AMOUNT},
    {"an amount with a comma", TOP "\"substances\": [\n{\"amount\": \"3,5\"}]" END, ":4",
     "substances[0].amount", AMOUNT},
    {"an amount that is about so much", TOP "\"substances\": [\n{\"amount\": \"约3\"}]" END, ":4",
     "substances[0].amount", AMOUNT},
    {"an amount below nothing", TOP "\"substances\": [\n{\"amount\": \"-1\"}]" END, ":4",
     "substances[0].amount", AMOUNT},
    {"a bare number as an amount", TOP "\"substances\": [\n{\"amount\": 3.5}]" END, ":4",
     "substances[0].amount", "quotation marks"},
    {"a unit that is no text", TOP "\"substances\": [\n{\"unit\": 7}]" END, ":4",
     "substances[0].unit", "quotation marks"},
    {"one substance where a list stands", TOP "\"substances\": {\"name\": \"氨氮\"}" END, ":3",
     "substances", "write a list"},
    {"yes in words", TOP "\"sensitive\": \"是\"" END, ":3", "sensitive", "true or false"},
    {"a place that is a number", TOP "\"place\": 7" END, ":3", "place", "quotation marks"},
    {"a bell in a place", TOP "\"place\": \"韩武村\\u0007\"" END, ":3", "place",
     "control character"},
    {"a world that is none", "{\n\"world\": \"真的\",\n\"notice\": {\"kind\": \"first\"}" END, ":2",
     "world", "write one of"},
    {"a division of five digits", "{\n\"add\": [\"14092\"],\n\"notice\": {\"kind\": \"first\"}" END,
     ":2", "add", "six digits"},
    {"a comma too many", TOP "\"river\": \"汾河\"," END, ":4", "", "'}'"},
    {"a comma too few", "{\n\"kind\": \"first\"\n\"river\": \"汾河\"" END, ":3", "", "river"},
    {"Chinese quotation marks", "{\n“kind”: “first”" END, ":2", "", "“"},
    {"a Chinese colon", "{\n\"kind\"：\"first\"" END, ":2", "", "："},
    {"a tab in a text", TOP "\"place\": \"韩武村\t断面\"" END, ":3", "", "0x9"},
    {"text in another encoding", TOP "\"river\": \"\xb7\xda\xba\xd3\"" END, ":3", "", "UTF-8"},
    {"NUL in a text", TOP "\"place\": \"韩\\u0000武\"" END, ":3", "", "\\u0000"},
    {"a list instead of a notice", "[{\"kind\": \"first\"}]\n", ":1", "", "{ … }"},
    {"nothing at all", "", ":1", "", "{"},
};

/* These are no mistakes: what an editor on Windows leaves, what nobody knows yet, a
 * river that the county has not (then the union of its rivers is told), an office that
 * no directory knows (then it is to be telephoned). */
static const char *const odd[] = {
    "{\r\n\"kind\": \"first\",\r\n\"river\": \"汾河\"\r\n}\r\n",
    "\xef\xbb\xbf{\n\"kind\": \"first\",\n\"river\": \"汾河\"\n}\n",
    "\t{\n\t\t\"kind\":\t\"first\",\n\t\t\"grade\":\t\"不明\"\t}\n",
    "{\"kind\": \"first\", \"occurred_at\": \"1970-01-01T08:00:00+08:00\"}",
    "{\"kind\": \"first\", \"substances\": [{\"name\": \"不明\", \"amount\": \"不明\"}]}",
    "{\"kind\": \"first\", \"river\": \"长江\"}",
    "{\"add\": [\"149999\"], \"notice\": {\"kind\": \"first\"}}",
};

static void on_duty(struct tb_world *world)
{
    struct tb_told told =
        tb_world_tongbao(world, TB_TEST_UP, NULL, TB_DESK_PASSWORD "\n",
                         tb_words("duty", "open", "--officer", TB_DESK_OFFICER, "--hours", "2"));
    assert_int_equal(told.exit_status, 0);
    tb_child_told_free(&told);
}

static struct tb_told issue(struct tb_world *world, const char *content)
{
    tb_tree_write(tb_world_path(world, "notice.json"), content);
    return tb_world_tongbao(
        world, TB_TEST_UP, NULL, NULL,
        tb_words("issue", "--file", tb_world_path(world, "notice.json"), "--yes"));
}

/* Prints what was said when it is not what a person needs; all rows are looked at. */
static bool told_well(const struct mistake *mistake, const struct tb_told *told)
{
    char place[FILE_BYTES_MAX];
    snprintf(place, sizeof place, "notice.json%s", mistake->line);
    bool well = told->exit_status == 1 && strstr(told->err, place) != NULL &&
                strstr(told->err, mistake->key) != NULL &&
                strstr(told->err, mistake->advice) != NULL;
    if (!well) {
        print_error("%s: exit %d: %s\n", mistake->what, told->exit_status, told->err);
    }
    return well;
}

static void every_mistake_is_told(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    size_t bad = 0;
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    on_duty(world);
    size_t before = tb_desk_shown(world, TB_TEST_UP, "notice", NULL);
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct tb_told told = issue(world, mistakes[i].file);
        bad += !told_well(&mistakes[i], &told);
        tb_child_told_free(&told);
    }
    assert_int_equal(bad, 0);
    assert_int_equal(tb_desk_shown(world, TB_TEST_UP, "notice", NULL), before);
    tb_world_pass(world);
}

static void what_only_looks_odd_goes(void **state)
{
    struct tb_world *world = tb_world_share(&plan);
    const size_t count = sizeof odd / sizeof odd[0];
    size_t bad = 0;
    (void)state;
    tb_desk_duty(world, TB_TEST_UP);
    on_duty(world);
    size_t before = tb_desk_shown(world, TB_TEST_UP, "notice", NULL);
    for (size_t i = 0; i < count; i++) {
        struct tb_told told = issue(world, odd[i]);
        if (told.exit_status != 0) {
            bad++;
            print_error("odd[%zu]: exit %d: %s\n", i, told.exit_status, told.err);
        }
        tb_child_told_free(&told);
    }
    assert_int_equal(bad, 0);
    assert_int_equal(tb_desk_shown(world, TB_TEST_UP, "notice", NULL), before + count);
    tb_world_pass(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        tb_world_test("each mistake in a notice file is told by line and key, with what to write "
                      "instead, and nothing is issued",
                      every_mistake_is_told),
        tb_world_test("a notice file that only looks odd goes (I6)", what_only_looks_odd_goes),
    };
    return cmocka_run_group_tests_name("system.mistakes", tests, NULL, tb_world_teardown_shared);
}
