#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io/files.h"
#include "node/cli/fingerprint.h"
#include "tests/unit/cli_run.h"
#include "tests/unit/scratch.h"

/* A tree without locales. glibc does not give back its copy of LOCPATH, which is
 * nobody else's leak. */
#define NO_LOCALES "LOCPATH=/nonexistent", "ASAN_OPTIONS=detect_leaks=0"

/* The program itself, as a person starts it. */
static struct cli_run run;

/* Run it with ${words} (NULL-terminated, without its own name) in ${envp}. */
static void tongbao(const char *const envp[], const char *const words[])
{
    const char *argv[32] = {TB_PROGRAM};
    for (size_t i = 0; words[i] != NULL && i < 30; i++) {
        argv[i + 1] = words[i];
    }
    cli_run(&run, argv, envp);
}

static const char *const english[] = {"LANGUAGE=en", NULL};

static void it_speaks_chinese_without_any_locale_and_english_when_asked(void **state)
{
    (void)state;
    const char *words[] = {"help", NULL};
    const char *bare[] = {NO_LOCALES, NULL};
    const char *asked[] = {NO_LOCALES, "LANG=en_GB.UTF-8", NULL};
    const char *ungenerated[] = {NO_LOCALES, "LC_ALL=zh_CN.UTF-8", "LANG=en", NULL};
    tongbao(bare, words);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.output, "跨区域水污染信息通报"));
    tongbao(asked, words);
    assert_non_null(strstr(run.output, "water pollution notices"));
    tongbao(ungenerated, words);
    assert_non_null(strstr(run.output, "跨区域水污染信息通报"));
}

static void the_configuration_decides_the_language(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    const char *words[] = {"--node", *state, "list", NULL};
    const char *chinese[] = {"LANGUAGE=zh_CN", NULL};
    scratch_path(path, *state, "node.conf");
    const char *text = "[node]\noffice = 140926\nlanguage = en\n";
    assert_int_equal(tb_files_write(path, tb_bytes_text(text), TB_FILES_PRIVATE, NULL), TB_OK);
    tongbao(chinese, words);
    assert_int_equal(run.status, 3);
    assert_non_null(strstr(run.output, "no node answers on"));
}

static void the_exit_status_tells_usage_from_mistake_from_no_node(void **state)
{
    char folder[SCRATCH_PATH_BYTES];
    const char *unknown[] = {"lst", NULL};
    const char *option[] = {"list", "--wating", NULL};
    const char *nowhere[] = {"list", "--node", folder, NULL};
    const char *mistake[] = {"directory", "show", folder, NULL};
    const char *destroy[] = {"destroy", "140925-20250117-01", "--reson", "x", NULL};
    const char *nothing[] = {NULL};
    scratch_path(folder, *state, "none");
    tongbao(english, unknown);
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.output, "did you mean list?"));
    tongbao(english, option);
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.output, "--waiting"));
    /* One mistake, one complaint. */
    tongbao(english, destroy);
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.output, "--reason"));
    assert_null(strstr(run.output, "UTF-8"));
    tongbao(english, nowhere);
    assert_int_equal(run.status, 3);
    tongbao(english, mistake);
    assert_int_equal(run.status, 1);
    tongbao(english, nothing);
    assert_int_equal(run.status, 2);
}

static void init_makes_a_whole_node_once_and_never_overwrites(void **state)
{
    char folder[SCRATCH_PATH_BYTES];
    char path[SCRATCH_PATH_BYTES];
    struct stat st;
    char root[] = "14=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const char *words[] = {"init",  "--office", "140926", "--name",   "静乐分局",
                           "--dir", folder,     "--root", root,       "--broker",
                           "sx-1",  "--phone",  "值班=1", "--listen", NULL};
    scratch_path(folder, *state, "n");
    tongbao(english, words);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.output, "140926.request"));
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    const char *const keys[] = {"n/sign.key", "n/link.key"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(stat(scratch_path(path, *state, keys[i]), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    struct tb_buf before;
    struct tb_buf after;
    tb_buf_init(&before, 4096);
    tb_buf_init(&after, 4096);
    assert_int_equal(tb_files_read(path, &before, NULL), TB_OK);
    tongbao(english, words);
    assert_int_equal(run.status, 1);
    assert_int_equal(tb_files_read(path, &after, NULL), TB_OK);
    assert_true(tb_bytes_equal(tb_buf_bytes(&before), tb_buf_bytes(&after)));
    tb_buf_fini(&before);
    tb_buf_fini(&after);
}

static void init_makes_nothing_when_an_option_is_wrong(void **state)
{
    char folder[SCRATCH_PATH_BYTES];
    const char *root[] = {"init",  "--office", "140926", "--name", "x",
                          "--dir", folder,     "--root", "14=12",  NULL};
    const char *phone[] = {"init",  "--office", "140926",  "--name", "x",
                           "--dir", folder,     "--phone", "110",    NULL};
    const char *office[] = {"init", "--office", "1409", "--name", "x", "--dir", folder, NULL};
    scratch_path(folder, *state, "n");
    tongbao(english, root);
    assert_int_equal(run.status, 2);
    tongbao(english, phone);
    assert_int_equal(run.status, 2);
    tongbao(english, office);
    assert_int_equal(run.status, 2);
    assert_int_not_equal(access(folder, F_OK), 0);
}

/* From two requests to a signed directory, as a province does it. */
static void a_province_makes_its_directory_of_requests(void **state)
{
    char one[SCRATCH_PATH_BYTES];
    char request[SCRATCH_PATH_BYTES];
    char key[SCRATCH_PATH_BYTES];
    char draft[SCRATCH_PATH_BYTES];
    char out[SCRATCH_PATH_BYTES];
    char hex[] = "1111111111111111111111111111111111111111111111111111111111111111";
    scratch_path(one, *state, "n");
    scratch_path(request, *state, "n/140926.request");
    scratch_path(key, *state, "root.key");
    scratch_path(draft, *state, "draft.json");
    scratch_path(out, *state, "14.directory");
    const char *root[] = {"directory", "root", "--prefix",      "14",
                          "--key",     key,    "--unprotected", NULL};
    const char *init[] = {"init",  "--office", "140926",   "--name", "静乐分局",
                          "--dir", one,        "--broker", "sx-1",   NULL};
    const char *admit[] = {"directory", "admit", "--draft", draft, request, NULL};
    const char *broker[] = {"directory", "broker", "--draft",    draft,
                            "--name",    "sx-1",   "--sign",     hex,
                            "--link",    hex,      "--endpoint", "tcp://127.0.0.1:1",
                            NULL};
    const char *rivers[] = {"directory", "rivers", "--draft", draft, NULL};
    const char *sign[] = {"directory", "sign", "--draft", draft, "--key", key, "--out", out, NULL};
    const char *retire[] = {"directory", "retire", "--draft", draft, "--office", "140926", NULL};
    const char *show[] = {"directory", "show", out, "--json", NULL};
    const char **const steps[] = {root, init, admit, broker, rivers, sign, retire, sign};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        tongbao(english, steps[i]);
        if (run.status != 0) {
            print_error("%s %s: %s", steps[i][0], steps[i][1], run.output);
        }
        assert_int_equal(run.status, 0);
    }
    assert_non_null(strstr(run.output, "version 2"));
    assert_non_null(strstr(run.output, "* 140926"));
    assert_null(strstr(run.output, "reaches.csv")); /* unchanged */
    tongbao(english, show);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.output, "\"state\": \"retired\""));
    assert_non_null(strstr(run.output, "\"name\": \"reaches.csv\""));
    /* Kilometres and works: without them every office would reckon otherwise. */
    assert_non_null(strstr(run.output, "\"name\": \"chainage.csv\""));
    assert_non_null(strstr(run.output, "\"name\": \"works.csv\""));
}

/* I3: a request that was altered on its way does not enter the draft. */
static void an_altered_request_is_not_admitted(void **state)
{
    char one[SCRATCH_PATH_BYTES];
    char request[SCRATCH_PATH_BYTES];
    char draft[SCRATCH_PATH_BYTES];
    struct tb_buf bytes;
    scratch_path(one, *state, "n");
    scratch_path(request, *state, "n/140926.request");
    scratch_path(draft, *state, "draft.json");
    const char *init[] = {"init", "--office", "140926", "--name", "AAAA", "--dir", one, NULL};
    const char *admit[] = {"directory", "admit", "--draft", draft, request, NULL};
    tongbao(english, init);
    assert_int_equal(run.status, 0);
    tb_buf_init(&bytes, 4096);
    assert_int_equal(tb_files_read(request, &bytes, NULL), TB_OK);
    for (size_t i = 0; i + 4 <= bytes.size; i++) {
        if (memcmp(bytes.data + i, "AAAA", 4) == 0) {
            bytes.data[i] = 'B';
            break;
        }
    }
    assert_int_equal(tb_files_write(request, tb_buf_bytes(&bytes), TB_FILES_PUBLIC, NULL), TB_OK);
    tb_buf_fini(&bytes);
    tongbao(english, admit);
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.output, "not signed by the key"));
    assert_int_not_equal(access(draft, F_OK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_speaks_chinese_without_any_locale_and_english_when_asked),
        TEST(the_configuration_decides_the_language),
        TEST(the_exit_status_tells_usage_from_mistake_from_no_node),
        TEST(init_makes_a_whole_node_once_and_never_overwrites),
        TEST(init_makes_nothing_when_an_option_is_wrong),
        TEST(a_province_makes_its_directory_of_requests),
        TEST(an_altered_request_is_not_admitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
