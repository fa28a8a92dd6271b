#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/io/files.h"
#include "base/limits.h"
#include "node/cli/form.h"
#include "node/cli/pick.h"
#include "tests/unit/scratch.h"

static struct tb_wall now(void)
{
    struct tb_wall at;
    assert_int_equal(tb_wall_parse("2025-01-17T03:20:00+08:00", &at), TB_OK);
    return at;
}

static void parse(struct tb_args *args, const char *const *argv)
{
    struct tb_diag diag = {.file = NULL};
    size_t count;
    const struct tb_args_option *options = tb_form_options(&count);
    int argc = 0;
    while (argv[argc] != NULL) {
        argc++;
    }
    assert_int_equal(tb_args_parse(args, options, count, argc, argv, &diag), TB_OK);
}

static json_t *made(const char *const *argv, enum tb_status wanted)
{
    struct tb_args args;
    struct tb_diag diag = {.file = NULL};
    json_t *json = NULL;
    parse(&args, argv);
    assert_int_equal(tb_form_make(&args, now(), &json, &diag), wanted);
    assert_int_equal(wanted == TB_OK, json != NULL);
    assert_int_equal(wanted == TB_OK, diag.text[0] == '\0');
    return json;
}

static void options_become_the_bodys_keys(void **state)
{
    (void)state;
    const char *argv[] = {"issue",  "--river",     "汾河",  "--substance", "氨氮",     "--amount",
                          "不明",   "--substance", "铊",    "--amount",    "1.5",      "--unit",
                          "kg",     "--occurred",  "03:10", "--world",     "exercise", "--add",
                          "140727", "--article4",  "1,3",   "--sensitive", NULL};
    json_t *json = made(argv, TB_OK);
    const json_t *notice = tb_pick_object(json, "notice");
    const json_t *substances = tb_pick_list(notice, "substances");
    assert_string_equal(tb_pick_text(json, "world"), "exercise");
    assert_string_equal(json_string_value(json_array_get(tb_pick_list(json, "add"), 0)), "140727");
    assert_string_equal(tb_pick_text(notice, "kind"), "first");
    assert_string_equal(tb_pick_text(notice, "river"), "汾河");
    assert_string_equal(tb_pick_text(notice, "occurred_at"), "2025-01-17T03:10:00+08:00");
    assert_string_equal(tb_pick_text(notice, "occurred_precision"), "exact");
    assert_true(tb_pick_bool(notice, "sensitive"));
    assert_int_equal(json_array_size(tb_pick_list(notice, "article4")), 2);
    assert_int_equal(json_array_size(substances), 2);
    assert_string_equal(tb_pick_text(json_array_get(substances, 0), "amount"), "不明");
    assert_string_equal(tb_pick_text(json_array_get(substances, 1), "unit"), "kg");
    json_decref(json);
}

/* I6: nothing that is left out or not known is a mistake. */
static void a_notice_that_says_almost_nothing_is_made(void **state)
{
    (void)state;
    const char *bare[] = {"issue", "--grade", "不明", NULL};
    const char *unknown[] = {"issue", "--occurred", "不明", "--river", "不明", NULL};
    const char *continued[] = {"issue", "--regards", "140926-20250117-01", NULL};
    json_t *json = made(bare, TB_OK);
    assert_string_equal(tb_pick_text(json, "world"), "actual");
    json_decref(json);
    json = made(unknown, TB_OK);
    assert_null(json_object_get(tb_pick_object(json, "notice"), "occurred_at"));
    assert_null(json_object_get(tb_pick_object(json, "notice"), "river"));
    json_decref(json);
    json = made(continued, TB_OK);
    assert_string_equal(tb_pick_text(tb_pick_object(json, "notice"), "kind"), "follow_up");
    json_decref(json);
}

static void what_cannot_be_is_refused_with_a_sentence(void **state)
{
    (void)state;
    const char *no_time[] = {"issue", "--occurred", "soon", NULL};
    const char *no_world[] = {"issue", "--world", "drill", NULL};
    const char *no_owner[] = {"issue", "--amount", "3", NULL};
    const char *no_code[] = {"issue", "--add", "14072", NULL};
    const char *no_condition[] = {"issue", "--article4", "7", NULL};
    const char *no_utf8[] = {"issue", "--place", "\xff\xfe", NULL};
    assert_null(made(no_time, TB_INPUT));
    assert_null(made(no_world, TB_INPUT));
    assert_null(made(no_owner, TB_INPUT));
    assert_null(made(no_code, TB_INPUT));
    assert_null(made(no_condition, TB_INPUT));
    assert_null(made(no_utf8, TB_INPUT));
}

static void only_options_about_what_happened_describe_it(void **state)
{
    (void)state;
    struct tb_args args;
    const char *around[] = {"issue", "--world", "test", "--regards", "x", "--kind", "final", NULL};
    const char *about[] = {"issue", "--trend", "x", NULL};
    parse(&args, around);
    assert_false(tb_form_described(&args));
    parse(&args, about);
    assert_true(tb_form_described(&args));
}

/* The body made of a file with ${content}. */
static enum tb_status from_file(const char *folder, const char *content, const char *const *argv,
                                struct tb_buf *text, json_t **json, struct tb_diag *diag)
{
    static char path[SCRATCH_PATH_BYTES];
    struct tb_args args;
    parse(&args, argv);
    scratch_path(path, folder, "notice.json");
    assert_int_equal(tb_files_write(path, tb_bytes_text(content), TB_FILES_PUBLIC, NULL), TB_OK);
    *diag = (struct tb_diag){.file = NULL};
    tb_buf_init(text, 2 * TB_FORM_FILE_BYTES_MAX);
    return tb_form_file(&args, path, text, json, diag);
}

/* On which line of ${text} the word ${word} stands, from 1. */
static int line_of(const struct tb_buf *text, const char *word)
{
    int line = 1;
    for (size_t i = 0; i + strlen(word) <= text->size; i++) {
        line += text->data[i] == '\n' ? 1 : 0;
        if (memcmp(text->data + i, word, strlen(word)) == 0) {
            return line;
        }
    }
    return 0;
}

static void lines_of_a_file_are_not_moved_by_what_is_put_around_it(void **state)
{
    struct tb_buf text;
    struct tb_diag diag;
    json_t *json = NULL;
    const char *argv[] = {"issue", "--world", "exercise", "--add", "140727", NULL};
    const char *const contents[] = {
        "{\n \"kind\": \"first\",\n \"place\": \"x\"\n}\n",
        "\n{\n\"notice\": {\"kind\": \"first\",\n \"place\": \"x\"}\n}\n",
    };
    const int lines[] = {3, 4};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(from_file(*state, contents[i], argv, &text, &json, &diag), TB_OK);
        json_t *sent = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(sent);
        assert_true(json_equal(sent, json));
        assert_string_equal(tb_pick_text(sent, "world"), "exercise");
        assert_string_equal(tb_pick_text(tb_pick_object(sent, "notice"), "place"), "x");
        assert_int_equal(json_array_size(tb_pick_list(sent, "add")), 1);
        assert_int_equal(line_of(&text, "\"place\""), lines[i]);
        json_decref(sent);
        json_decref(json);
        tb_buf_fini(&text);
    }
}

/* I7: what the file and the command line say of the world must agree. */
static void a_world_that_contradicts_the_file_is_refused(void **state)
{
    struct tb_buf text;
    struct tb_diag diag;
    json_t *json = NULL;
    const char *exercise[] = {"issue", "--world", "exercise", NULL};
    const char *none[] = {"issue", NULL};
    const char *actual = "{\"world\": \"actual\", \"notice\": {\"kind\": \"first\"}}";
    const char *chinese = "{\"world\": \"演练\", \"notice\": {\"kind\": \"first\"}}";
    assert_int_equal(from_file(*state, actual, exercise, &text, &json, &diag), TB_INPUT);
    assert_null(json);
    tb_buf_fini(&text);
    assert_int_equal(from_file(*state, chinese, exercise, &text, &json, &diag), TB_OK);
    json_decref(json);
    tb_buf_fini(&text);
    assert_int_equal(from_file(*state, actual, none, &text, &json, &diag), TB_OK);
    assert_string_equal(tb_pick_text(json, "world"), "actual");
    json_decref(json);
    tb_buf_fini(&text);
}

static void a_file_that_is_no_notice_is_refused_with_its_line(void **state)
{
    struct tb_buf text;
    struct tb_diag diag;
    json_t *json = NULL;
    const char *none[] = {"issue", NULL};
    assert_int_equal(from_file(*state, "{\n\"a\": 1,\n oops}\n", none, &text, &json, &diag),
                     TB_INPUT);
    assert_int_equal(diag.line, 3);
    tb_buf_fini(&text);
    assert_int_equal(from_file(*state, "[]", none, &text, &json, &diag), TB_INPUT);
    tb_buf_fini(&text);
    assert_int_equal(from_file(*state, "", none, &text, &json, &diag), TB_INPUT);
    tb_buf_fini(&text);
}

/* What is told of ${bytes} as the file of --personal-file. */
static enum tb_status personal_of(void **state, struct tb_bytes bytes, json_t **json,
                                  struct tb_diag *diag)
{
    char path[SCRATCH_PATH_BYTES];
    struct tb_args args;
    const char *argv[] = {"issue", "--personal-file", path, NULL};
    scratch_path(path, *state, "people.txt");
    *diag = (struct tb_diag){.file = NULL};
    assert_int_equal(tb_files_write(path, bytes, TB_FILES_PRIVATE, diag), TB_OK);
    parse(&args, argv);
    return tb_form_make(&args, now(), json, diag);
}

static void personal_data_comes_out_of_a_file_of_text(void **state)
{
    static char big[TB_PERSONAL_BYTES_MAX + 1];
    struct tb_diag diag;
    json_t *json = NULL;
    assert_int_equal(personal_of(state, tb_bytes_text("王某\n1380"), &json, &diag), TB_OK);
    assert_string_equal(tb_pick_text(json, "personal"), "王某\n1380");
    json_decref(json);
    assert_int_equal(personal_of(state, tb_bytes_of("\xff\xfe", 2), &json, &diag), TB_INPUT);
    assert_null(json);
    assert_non_null(strstr(diag.text, "UTF-8"));
    memset(big, 'x', sizeof big);
    assert_int_equal(personal_of(state, tb_bytes_of(big, sizeof big), &json, &diag), TB_TOOBIG);
    assert_null(json);
    const char *missing[] = {"issue", "--personal-file", "/nowhere/at/all", NULL};
    struct tb_args args;
    parse(&args, missing);
    assert_int_equal(tb_form_make(&args, now(), &json, &diag), TB_UNKNOWN);
    assert_null(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_become_the_bodys_keys),
        cmocka_unit_test(a_notice_that_says_almost_nothing_is_made),
        cmocka_unit_test(what_cannot_be_is_refused_with_a_sentence),
        cmocka_unit_test(only_options_about_what_happened_describe_it),
        cmocka_unit_test_setup_teardown(lines_of_a_file_are_not_moved_by_what_is_put_around_it,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(personal_data_comes_out_of_a_file_of_text, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_world_that_contradicts_the_file_is_refused, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_notice_is_refused_with_its_line,
                                        scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
