/* The sections of a configuration that both daemons have: roots and directories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/io/roots.h"
#include "scratch.h"

#define ROOT    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define GROUPED "00112233 44556677:8899AABB-CCDDEEFF 00112233 44556677 8899aabb ccddeeff"

struct settings {
    char name[15]; /* an odd size, so that what follows must be put right */
    struct tb_roots roots;
};

static const struct tb_conf_key keys[] = {{.section = "node",
                                           .name = "name",
                                           .kind = TB_CONF_TEXT,
                                           .offset = offsetof(struct settings, name),
                                           .room = sizeof(((struct settings *)0)->name),
                                           .required = true,
                                           .example = "a"}};

static enum tb_status read_text(const char *folder, const char *text, struct settings *settings,
                                struct tb_diag *diag)
{
    static char path[SCRATCH_PATH_BYTES];
    scratch_path(path, folder, "x.conf");
    assert_int_equal(tb_files_write(path, tb_bytes_text(text), TB_FILES_PUBLIC, NULL), TB_OK);
    return tb_roots_read(path, keys, 1, settings, sizeof *settings, &settings->roots, diag);
}

static void roots_stand_beside_the_daemons_own_keys_in_order_of_prefix(void **state)
{
    struct settings settings;
    struct tb_diag diag = {.text = ""};
    const char *text = "[node]\nname = here\n[roots]\n61 = " ROOT "\n14 = " GROUPED "\n";
    assert_int_equal(read_text(*state, text, &settings, &diag), TB_OK);
    assert_string_equal(settings.name, "here");
    assert_int_equal(settings.roots.count, 2);
    assert_int_equal(settings.roots.pinned[0].prefix, 14);
    assert_int_equal(settings.roots.pinned[1].prefix, 61);
    assert_true(
        tb_id_equal(&settings.roots.pinned[0].fingerprint, &settings.roots.pinned[1].fingerprint));
    assert_int_equal(settings.roots.files.count, 0);
}

static void a_wrong_root_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text;
        int line;
        const char *words;
    } bad[] = {
        {"[node]\nname = a\n[roots]\n14 = 0011\n", 4, "is not a fingerprint of 64 hex digits"},
        {"[node]\nname = a\n[roots]\n14 = " ROOT "00\n", 4, "is not a fingerprint"},
        {"[node]\nname = a\n[roots]\n10 = " ROOT "\n", 4, "10"},
        {"[roots]\n14 = " ROOT "\n", 0, "name"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct settings settings;
        struct tb_diag diag = {.text = ""};
        assert_int_equal(read_text(*state, bad[i].text, &settings, &diag), TB_INPUT);
        assert_true(bad[i].line == 0 || diag.line == bad[i].line);
        assert_non_null(strstr(diag.text, bad[i].words));
    }
}

static void a_directory_file_is_sought_beside_the_configuration(void **state)
{
    struct settings settings;
    struct tb_diag diag = {.text = ""};
    struct tb_buf bytes;
    char path[TB_FILES_PATH_BYTES_MAX];
    char file[SCRATCH_PATH_BYTES];
    const char *text =
        "[node]\nname = a\n[directories]\nfile = 14.directory, /nowhere/13.directory\n";
    assert_int_equal(read_text(*state, text, &settings, &diag), TB_OK);
    assert_int_equal(settings.roots.files.count, 2);
    assert_int_equal(tb_roots_path(&settings.roots, 0, path), TB_OK);
    assert_string_equal(path, scratch_path(file, *state, "14.directory"));
    assert_int_equal(tb_files_write(file, tb_bytes_text("x"), TB_FILES_PUBLIC, NULL), TB_OK);
    tb_buf_init(&bytes, 16);
    assert_true(tb_roots_directory(&settings.roots, 0, &bytes));
    assert_int_equal(bytes.size, 1);
    /* One that is missing is left out. */
    assert_false(tb_roots_directory(&settings.roots, 1, &bytes));
    assert_int_equal(bytes.size, 1);
    tb_buf_fini(&bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        TEST(roots_stand_beside_the_daemons_own_keys_in_order_of_prefix),
        TEST(a_wrong_root_is_told_with_its_line),
        TEST(a_directory_file_is_sought_beside_the_configuration),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
