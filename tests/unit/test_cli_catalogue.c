#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/io/files.h"
#include "tests/unit/cli_run.h"
#include "tests/unit/scratch.h"

/* ctest starts this program in the folder of the sources. */
extern char **environ;

static struct cli_run run;

/* The messages that the sources use now, in ${path}. */
static void extract(const char *path)
{
    const char *words[] = {"xgettext",
                           "--files-from=po/POTFILES",
                           "--directory=.",
                           "--language=C",
                           "--from-code=UTF-8",
                           "--keyword=_",
                           "--keyword=N_",
                           "--keyword=ngettext:1,2",
                           "-o",
                           path,
                           NULL};
    cli_run(&run, words, (const char *const *)environ);
    assert_int_equal(run.status, 0);
}

static void compare(const char *translated, const char *used)
{
    const char *words[] = {"msgcmp", translated, used, NULL};
    cli_run(&run, words, (const char *const *)environ);
    if (run.status != 0) {
        print_error("%s", run.output);
    }
    assert_int_equal(run.status, 0);
}

static void every_sentence_that_is_used_is_translated(void **state)
{
    char used[SCRATCH_PATH_BYTES];
    scratch_path(used, *state, "used.pot");
    extract(used);
    compare("po/zh_CN.po", used);
}

static void the_template_holds_what_the_sources_use(void **state)
{
    char used[SCRATCH_PATH_BYTES];
    scratch_path(used, *state, "used.pot");
    extract(used);
    const char *forward[] = {"msgcmp", "--use-untranslated", "po/tongbao.pot", used, NULL};
    const char *back[] = {"msgcmp", "--use-untranslated", used, "po/tongbao.pot", NULL};
    cli_run(&run, forward, (const char *const *)environ);
    assert_int_equal(run.status, 0);
    cli_run(&run, back, (const char *const *)environ);
    assert_int_equal(run.status, 0);
    /* msgcmp tells what stands only in the first as a warning. */
    assert_null(strstr(run.output, "warning: this message is not used"));
}

static void the_catalogue_is_whole_and_none_of_it_is_fuzzy(void **state)
{
    char out[SCRATCH_PATH_BYTES];
    scratch_path(out, *state, "tongbao.mo");
    const char *words[] = {"msgfmt", "--check", "--statistics", "-o", out, "po/zh_CN.po", NULL};
    const char *english[] = {"LC_ALL=C", "PATH=/usr/local/bin:/usr/bin:/bin", NULL};
    cli_run(&run, words, english);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.output, "translated message"));
    assert_null(strstr(run.output, "untranslated"));
    assert_null(strstr(run.output, "fuzzy"));
}

static void every_source_of_the_command_line_is_listed_for_translation(void **state)
{
    (void)state;
    struct tb_buf list;
    tb_buf_init(&list, 64 * 1024);
    assert_int_equal(tb_files_read("po/POTFILES", &list, NULL), TB_OK);
    assert_int_equal(tb_buf_add(&list, tb_bytes_of("", 1)), TB_OK);
    DIR *folder = opendir("node/cli");
    assert_non_null(folder);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        size_t size = strlen(entry->d_name);
        char line[300];
        if (size > 2 && strcmp(entry->d_name + size - 2, ".c") == 0) {
            snprintf(line, sizeof line, "node/cli/%s\n", entry->d_name);
            assert_non_null(strstr((const char *)list.data, line));
            count++;
        }
    }
    assert_true(count > 0);
    closedir(folder);
    tb_buf_fini(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_sentence_that_is_used_is_translated, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(the_template_holds_what_the_sources_use, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(the_catalogue_is_whole_and_none_of_it_is_fuzzy,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test(every_source_of_the_command_line_is_listed_for_translation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
