/* The configuration file: what is right is taken, what is wrong is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/io/conf.h"
#include "base/io/files.h"
#include "scratch.h"

struct settings {
    char name[16];
    char store[256];
    uint64_t port;
    int mode;
    bool http;
    struct tb_conf_list roots;
};

static const char *const modes[] = {"quiet", "loud", NULL};

static const char *six_digits(const char *value)
{
    return strlen(value) == 6 ? NULL : "is not a six-digit code";
}

static const struct tb_conf_key keys[] = {
    {.section = "node",
     .name = "office",
     .kind = TB_CONF_TEXT,
     .offset = offsetof(struct settings, name),
     .room = sizeof(((struct settings *)0)->name),
     .required = true,
     .example = "140926",
     .check = six_digits},
    {.section = "node",
     .name = "store",
     .kind = TB_CONF_PATH,
     .offset = offsetof(struct settings, store),
     .room = sizeof(((struct settings *)0)->store),
     .fallback = "node.db"},
    {.section = "link",
     .name = "port",
     .kind = TB_CONF_NUMBER,
     .offset = offsetof(struct settings, port),
     .number_min = 1,
     .number_max = 65535,
     .fallback = "5570",
     .example = "5570"},
    {.section = "link",
     .name = "mode",
     .kind = TB_CONF_CHOICE,
     .offset = offsetof(struct settings, mode),
     .choices = modes},
    {.section = "link",
     .name = "http",
     .kind = TB_CONF_BOOL,
     .offset = offsetof(struct settings, http)},
    {.section = "link",
     .name = "roots",
     .kind = TB_CONF_LIST,
     .offset = offsetof(struct settings, roots),
     .check = six_digits},
};

static char path[SCRATCH_PATH_BYTES];

static enum tb_status read_text(void **state, struct tb_bytes text, struct settings *out,
                                struct tb_diag *diag)
{
    scratch_path(path, *state, "node.conf");
    assert_int_equal(tb_files_write(path, text, TB_FILES_PUBLIC, NULL), TB_OK);
    *diag = (struct tb_diag){.line = -1};
    return tb_conf_read(path, keys, sizeof keys / sizeof keys[0], out, sizeof *out, diag);
}

static void a_right_file_fills_the_struct(void **state)
{
    struct settings s;
    struct tb_diag diag;
    enum tb_status status = read_text(
        state,
        tb_bytes_text("\xef\xbb\xbf; 注释\n[node]\noffice = 140926 ; 繁峙县\nstore=/var/x.db\r\n\n"
                      "[link]\n# comment\nport = 65535\nmode = loud\nhttp = yes\n"
                      "roots = 140000, 130000 ,\n  150000\n"),
        &s, &diag);
    assert_string_equal(diag.text, "");
    assert_int_equal(status, TB_OK);
    assert_string_equal(s.name, "140926");
    assert_string_equal(s.store, "/var/x.db");
    assert_int_equal(s.port, 65535);
    assert_int_equal(s.mode, 1);
    assert_true(s.http);
    assert_int_equal(s.roots.count, 3);
    assert_string_equal(s.roots.item[0], "140000");
    assert_string_equal(s.roots.item[1], "130000");
    assert_string_equal(s.roots.item[2], "150000");
}

static void what_is_left_out_has_its_default_and_paths_start_at_the_file(void **state)
{
    struct settings s;
    struct tb_diag diag;
    char wanted[SCRATCH_PATH_BYTES];
    assert_int_equal(read_text(state, tb_bytes_text("[node]\noffice=140926"), &s, &diag), TB_OK);
    assert_string_equal(s.store, scratch_path(wanted, *state, "node.db"));
    assert_int_equal(s.port, 5570);
    assert_int_equal(s.mode, 0);
    assert_false(s.http);
    assert_int_equal(s.roots.count, 0);
}

static void every_mistake_is_told_with_its_line_and_what_to_write(void **state)
{
    static const struct {
        const char *text;
        int line;
        const char *told;
    } bad[] = {
        {"[node]\noffice = 140926\ncolour = red\n", 3, "write one of: office, store"},
        {"[node]\noffice = 140926\n[broker]\n", 3, "write one of: node, link"},
        {"[node]\noffice = 140926\n\noffice = 140927\n", 4, "a second time"},
        {"[node]\noffice = 14\n", 2, "is not a six-digit code; write for example: office = 140926"},
        {"[node]\noffice =\n", 2, "has no value"},
        {"[node]\nstore = x\n", 0, "\"office\" is missing; write in section [node]"},
        {"office = 140926\n", 1, "before the first [section]"},
        {"[node]\noffice = 140926\nnonsense\n", 3, "neither"},
        {"[node\noffice = 140926\n", 1, "a section is written [name]"},
        {"[node]\noffice = 140926 # 繁峙\n", 2, "a comment behind a value"},
        {"[node]\n office = 140926\n", 2, "without a blank"},
        {"[node]\noffice = 140926\n  140927\n", 3, "only a list goes on"},
        {"[node]\noffice = 140926\n[link]\nport = 0\n", 4, "from 1 to 65535"},
        {"[node]\noffice = 140926\n[link]\nport = 65536\n", 4, "from 1 to 65535"},
        {"[node]\noffice = 140926\n[link]\nport = 0x10\n", 4, "port = 5570"},
        {"[node]\noffice = 140926\n[link]\nmode = silent\n", 4, "write one of: quiet, loud"},
        {"[node]\noffice = 140926\n[link]\nhttp = true\n", 4, "write yes or no"},
        {"[node]\noffice = 140926\n[link]\nroots = 140000,\n  13\n", 5, "six-digit"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct settings s;
        struct tb_diag diag;
        assert_int_equal(read_text(state, tb_bytes_text(bad[i].text), &s, &diag), TB_INPUT);
        if (strstr(diag.text, bad[i].told) == NULL || diag.line != bad[i].line) {
            fail_msg("for \"%s\": line %d: %s", bad[i].text, diag.line, diag.text);
        }
        assert_string_equal(diag.file, path);
    }
}

/* I10. */
static void lines_values_and_lists_have_limits(void **state)
{
    struct settings s;
    struct tb_diag diag;
    char text[4096];
    snprintf(text, sizeof text, "[node]\noffice = 140926\nstore = %0190d\n", 1);
    assert_int_equal(read_text(state, tb_bytes_text(text), &s, &diag), TB_INPUT);
    assert_int_equal(diag.line, 3);
    assert_non_null(strstr(diag.text, "longer than"));
    int used = snprintf(text, sizeof text, "[node]\noffice = 140926\n[link]\nroots =\n");
    for (int i = 0; i < TB_CONF_ITEMS_MAX + 1; i++) {
        used += snprintf(text + used, sizeof text - (size_t)used, " 140926,\n");
    }
    assert_int_equal(read_text(state, tb_bytes_text(text), &s, &diag), TB_INPUT);
    assert_int_equal(diag.line, 4 + TB_CONF_ITEMS_MAX + 1);
    assert_non_null(strstr(diag.text, "more than 64 items"));
}

static void what_is_not_text_is_refused(void **state)
{
    struct settings s;
    struct tb_diag diag;
    static const char nul[] = "[node]\noffice = 1409\0\n";
    assert_int_equal(read_text(state, tb_bytes_of(nul, sizeof nul - 1), &s, &diag), TB_INPUT);
    assert_int_equal(diag.line, 2);
    assert_int_equal(read_text(state, tb_bytes_text("[node]\noffice = \xb7\xb1\n"), &s, &diag),
                     TB_INPUT);
    assert_non_null(strstr(diag.text, "UTF-8"));
}

static void a_file_that_is_not_there_is_told(void **state)
{
    struct settings s;
    struct tb_diag diag = {.line = 0};
    char none[SCRATCH_PATH_BYTES];
    assert_int_equal(tb_conf_read(scratch_path(none, *state, "none"), keys, 1, &s, sizeof s, &diag),
                     TB_UNKNOWN);
    assert_non_null(strstr(diag.text, none));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_right_file_fills_the_struct),
        TEST(what_is_left_out_has_its_default_and_paths_start_at_the_file),
        TEST(every_mistake_is_told_with_its_line_and_what_to_write),
        TEST(lines_values_and_lists_have_limits),
        TEST(what_is_not_text_is_refused),
        TEST(a_file_that_is_not_there_is_told),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
