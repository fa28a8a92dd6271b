#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/cli/args.h"

static const struct tb_args_option options[] = {
    {"river", TB_ARGS_VALUE}, {"add", TB_ARGS_VALUE},       {"yes", TB_ARGS_FLAG},
    {"json", TB_ARGS_FLAG},   {"listen", TB_ARGS_ATTACHED}, {"amount", TB_ARGS_VALUE},
};

enum { OPTIONS = sizeof options / sizeof options[0] };

static enum tb_status parse(struct tb_args *args, struct tb_diag *diag, const char *const *argv)
{
    int argc = 0;
    while (argv[argc] != NULL) {
        argc++;
    }
    *diag = (struct tb_diag){.file = NULL};
    return tb_args_parse(args, options, OPTIONS, argc, argv, diag);
}

static void options_and_words_may_be_mixed(void **state)
{
    (void)state;
    struct tb_args args;
    struct tb_diag diag;
    const char *argv[] = {"issue",     "one",   "--river", "汾河", "--yes",  "two",
                          "--add=140", "--add", "150",     "--",   "--json", NULL};
    assert_int_equal(parse(&args, &diag, argv), TB_OK);
    assert_string_equal(tb_args_value(&args, "river"), "汾河");
    assert_true(tb_args_has(&args, "yes"));
    assert_false(tb_args_has(&args, "json"));
    assert_int_equal(tb_args_words(&args), 3);
    assert_string_equal(tb_args_word(&args, 0), "one");
    assert_string_equal(tb_args_word(&args, 1), "two");
    assert_string_equal(tb_args_word(&args, 2), "--json");
    assert_null(tb_args_word(&args, 3));
    size_t at = 0;
    assert_string_equal(tb_args_each(&args, "add", &at), "140");
    assert_string_equal(tb_args_each(&args, "add", &at), "150");
    assert_null(tb_args_each(&args, "add", &at));
    assert_string_equal(tb_args_value(&args, "add"), "150");
}

static void an_unknown_option_is_refused_with_the_nearest_name(void **state)
{
    (void)state;
    struct tb_args args;
    struct tb_diag diag;
    const char *near[] = {"issue", "--rivr", "汾河", NULL};
    assert_int_equal(parse(&args, &diag, near), TB_INPUT);
    assert_non_null(strstr(diag.text, "--rivr"));
    assert_non_null(strstr(diag.text, "--river"));
    const char *far[] = {"issue", "--zzzzzzzzzz", NULL};
    assert_int_equal(parse(&args, &diag, far), TB_INPUT);
    assert_non_null(strstr(diag.text, "--zzzzzzzzzz"));
    assert_null(strstr(diag.text, "river"));
}

static void a_missing_or_unwanted_value_is_refused(void **state)
{
    (void)state;
    struct tb_args args;
    struct tb_diag diag;
    const char *missing[] = {"issue", "--river", NULL};
    const char *eaten[] = {"issue", "--river", "--yes", NULL};
    const char *unwanted[] = {"issue", "--yes=1", NULL};
    assert_int_equal(parse(&args, &diag, missing), TB_INPUT);
    assert_int_equal(parse(&args, &diag, eaten), TB_INPUT);
    assert_int_equal(parse(&args, &diag, unwanted), TB_INPUT);
}

static void an_attached_value_is_optional_and_never_eats_the_next_word(void **state)
{
    (void)state;
    struct tb_args args;
    struct tb_diag diag;
    const char *bare[] = {"init", "--listen", "word", NULL};
    const char *given[] = {"init", "--listen=127.0.0.1:1", NULL};
    assert_int_equal(parse(&args, &diag, bare), TB_OK);
    assert_string_equal(tb_args_value(&args, "listen"), "");
    assert_string_equal(tb_args_word(&args, 0), "word");
    assert_int_equal(parse(&args, &diag, given), TB_OK);
    assert_string_equal(tb_args_value(&args, "listen"), "127.0.0.1:1");
}

/* I10: the words of one command line are bounded. */
static void more_words_than_the_limit_are_refused(void **state)
{
    (void)state;
    static const char *argv[TB_ARGS_ITEMS_MAX + 3];
    struct tb_args args;
    struct tb_diag diag;
    for (size_t i = 0; i < TB_ARGS_ITEMS_MAX + 1; i++) {
        argv[i] = "word";
    }
    assert_int_equal(parse(&args, &diag, argv), TB_OK);
    argv[TB_ARGS_ITEMS_MAX + 1] = "word";
    assert_int_equal(parse(&args, &diag, argv), TB_INPUT);
}

static void the_distance_of_two_names_counts_single_letters(void **state)
{
    (void)state;
    assert_int_equal(tb_args_distance("river", "river"), 0);
    assert_int_equal(tb_args_distance("rivr", "river"), 1);
    assert_int_equal(tb_args_distance("", "abc"), 3);
    assert_int_equal(tb_args_distance("kitten", "sitting"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words_may_be_mixed),
        cmocka_unit_test(an_unknown_option_is_refused_with_the_nearest_name),
        cmocka_unit_test(a_missing_or_unwanted_value_is_refused),
        cmocka_unit_test(an_attached_value_is_optional_and_never_eats_the_next_word),
        cmocka_unit_test(more_words_than_the_limit_are_refused),
        cmocka_unit_test(the_distance_of_two_names_counts_single_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
