#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/cli/clause.h"
#include "node/cli/deliveries.h"
#include "node/cli/language.h"
#include "node/cli/sentences.h"
#include "node/cli/table.h"
#include "node/cli/when.h"
#include "node/cli/words.h"
#include "node/core/query.h"

static char environment[4][32]; /* LANGUAGE, LC_ALL, LC_MESSAGES, LANG */
static bool present[4];

static char *from_environment(const char *name)
{
    static const char *const names[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(names[i], name) == 0) {
            return present[i] ? environment[i] : NULL;
        }
    }
    return NULL;
}

static enum tb_language chosen(enum tb_language configured, const char *language, const char *all,
                               const char *messages, const char *lang)
{
    const char *const values[] = {language, all, messages, lang};
    for (size_t i = 0; i < 4; i++) {
        present[i] = values[i] != NULL;
        snprintf(environment[i], sizeof environment[i], "%s", present[i] ? values[i] : "");
    }
    return tb_language_choose(configured, from_environment);
}

static void the_language_is_chosen_in_the_documented_order(void **state)
{
    (void)state;
    const enum tb_language none = TB_LANGUAGE_NONE;
    assert_int_equal(chosen(none, NULL, NULL, NULL, NULL), TB_LANGUAGE_ZH);
    assert_int_equal(chosen(none, NULL, NULL, NULL, "en_GB.UTF-8"), TB_LANGUAGE_EN);
    assert_int_equal(chosen(none, NULL, NULL, "zh_CN", "en_GB"), TB_LANGUAGE_ZH);
    assert_int_equal(chosen(none, NULL, "en", "zh_CN", "zh_CN"), TB_LANGUAGE_EN);
    assert_int_equal(chosen(none, "zh_CN:en", "en", "en", "en"), TB_LANGUAGE_ZH);
    assert_int_equal(chosen(TB_LANGUAGE_EN, "zh_CN", "zh_CN", "zh_CN", "zh_CN"), TB_LANGUAGE_EN);
    assert_int_equal(chosen(TB_LANGUAGE_ZH, "en", NULL, NULL, NULL), TB_LANGUAGE_ZH);
}

static void a_place_that_names_no_known_language_is_passed_over(void **state)
{
    (void)state;
    const enum tb_language none = TB_LANGUAGE_NONE;
    assert_int_equal(chosen(none, "", "", "", "en_US.UTF-8"), TB_LANGUAGE_EN);
    assert_int_equal(chosen(none, "fr:en", NULL, NULL, NULL), TB_LANGUAGE_EN);
    assert_int_equal(chosen(none, NULL, "C.UTF-8", NULL, "en_US"), TB_LANGUAGE_EN);
    assert_int_equal(chosen(none, NULL, "C.UTF-8", NULL, NULL), TB_LANGUAGE_ZH);
    assert_int_equal(chosen(none, NULL, "C", NULL, "zh_CN.UTF-8"), TB_LANGUAGE_EN);
    assert_int_equal(chosen(none, NULL, "POSIX", NULL, NULL), TB_LANGUAGE_EN);
    assert_int_equal(tb_language_of("english"), TB_LANGUAGE_NONE);
    assert_int_equal(tb_language_of("zh-Hans"), TB_LANGUAGE_ZH);
}

static void chinese_characters_are_two_columns_wide(void **state)
{
    (void)state;
    assert_int_equal(tb_table_width(""), 0);
    assert_int_equal(tb_table_width("abc"), 3);
    assert_int_equal(tb_table_width("清徐"), 4);
    assert_int_equal(tb_table_width("（8）"), 5);
    assert_int_equal(tb_table_width("〔2019〕48号"), 12);
    assert_int_equal(tb_table_width("e\xcc\x81"), 1); /* a combining accent */
    assert_int_equal(tb_table_width("𠮷"), 2);
}

/* What ${table} prints, into ${out}. */
static void printed(const struct tb_table *table, char *out, size_t out_bytes)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    tb_table_print(table, file, 1);
    rewind(file);
    out[fread(out, 1, out_bytes - 1, file)] = '\0';
    fclose(file);
}

static void columns_line_up_and_lines_have_no_trailing_blanks(void **state)
{
    (void)state;
    char text[256];
    struct tb_table table;
    tb_table_init(&table, 3);
    const char *const cells[] = {"清徐", "a", "x", "ab", "祁县", "y", "c", "d", ""};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        tb_table_add(&table, cells[i]);
    }
    printed(&table, text, sizeof text);
    assert_string_equal(text, " 清徐  a     x\n ab    祁县  y\n c     d\n");
    tb_table_fini(&table);
}

static void what_moves_a_terminal_is_printed_as_blanks(void **state)
{
    (void)state;
    char text[256];
    struct tb_table table;
    tb_table_init(&table, 1);
    tb_table_add(&table, "a\033[2Jb\nc\td\xc2\x9b"
                         "e\xe2\x80\xae"
                         "f");
    printed(&table, text, sizeof text);
    assert_string_equal(text, " a [2Jb c d e f\n");
    tb_table_fini(&table);
}

static void a_clock_time_is_the_last_one_that_showed(void **state)
{
    (void)state;
    struct tb_wall now;
    struct tb_wall at;
    struct tb_wall wanted;
    assert_int_equal(tb_wall_parse("2025-01-17T03:20:00+08:00", &now), TB_OK);
    assert_int_equal(tb_when_parse("03:10", now, &at), TB_OK);
    assert_int_equal(tb_wall_parse("2025-01-17T03:10:00+08:00", &wanted), TB_OK);
    assert_int_equal(at.ms, wanted.ms);
    assert_int_equal(tb_when_parse("3:25", now, &at), TB_OK); /* a clock that is a little ahead */
    assert_int_equal(at.ms, wanted.ms + 15 * 60000);
    assert_int_equal(tb_when_parse("23:50", now, &at), TB_OK);
    assert_int_equal(tb_wall_parse("2025-01-16T23:50:00+08:00", &wanted), TB_OK);
    assert_int_equal(at.ms, wanted.ms);
    assert_int_equal(tb_when_parse("now", now, &at), TB_OK);
    assert_int_equal(at.ms, now.ms);
    assert_int_equal(tb_when_parse("24:00", now, &at), TB_INPUT);
    assert_int_equal(tb_when_parse("yesterday", now, &at), TB_INPUT);
}

static void times_are_shown_in_beijing_time_with_the_offset(void **state)
{
    (void)state;
    char text[TB_WHEN_TEXT_BYTES];
    struct tb_wall now;
    assert_int_equal(tb_wall_parse("2025-01-17T03:20:00+08:00", &now), TB_OK);
    tb_when_show(text, "2025-01-16T19:12:44Z");
    assert_string_equal(text, "2025-01-17 03:12:44 +08:00");
    tb_when_short(text, "2025-01-16T19:12:44Z", now);
    assert_string_equal(text, "03:12:44");
    tb_when_short(text, "2025-01-15T19:12:44Z", now);
    assert_string_equal(text, "01-16 03:12:44");
    tb_when_show(text, "");
    assert_string_equal(text, "");
    assert_int_equal(tb_when_ms("nonsense"), 0);
}

static void a_known_sentence_is_found_whatever_stands_in_it(void **state)
{
    (void)state;
    char text[256];
    tb_language_use(TB_LANGUAGE_EN);
    tb_sentences_translate(text, sizeof text, "no notice here is called \"140926-1\"");
    assert_string_equal(text, "no notice here is called \"140926-1\"");
    tb_sentences_translate(text, sizeof text, "a password has 8 to 128 bytes");
    assert_string_equal(text, "a password has 8 to 128 bytes");
    tb_sentences_translate(text, sizeof text, "what nobody wrote down");
    assert_string_equal(text, "what nobody wrote down");
    tb_sentences_translate(text, 8, "what nobody wrote down");
    assert_string_equal(text, "what no");
}

static void a_clause_is_shown_as_it_is_signed_and_in_english_when_asked(void **state)
{
    (void)state;
    char text[256];
    const char *clause = "部令第17号第八条、晋环发〔2019〕48号二：下游相邻县，亦为对岸";
    tb_language_use(TB_LANGUAGE_ZH);
    tb_clause_shown(text, sizeof text, clause);
    assert_string_equal(text, clause);
    tb_language_use(TB_LANGUAGE_EN);
    tb_clause_shown(text, sizeof text, clause);
    assert_string_equal(
        text, "Order 17 Art. 8 / 晋环发〔2019〕48号二: next county down, also facing bank");
    tb_clause_shown(text, 10, clause);
    assert_string_equal(text, "Order 17 ");
}

static void deliveries_are_ranked_by_what_is_still_to_be_done(void **state)
{
    (void)state;
    static const char *const words[] = {"outside", "queued",  "full", "accepted",
                                        "parked",  "refused", "held", "acknowledged"};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        json_array_append_new(list, json_pack("{s:s}", "state", words[i]));
    }
    struct tb_deliveries_count count = tb_deliveries_count_of(list);
    assert_int_equal(count.total, 8);
    assert_int_equal(count.rank[TB_DELIVERIES_OUTSIDE], 1);
    assert_int_equal(count.rank[TB_DELIVERIES_NOT_HELD], 5);
    assert_int_equal(count.rank[TB_DELIVERIES_HELD], 1);
    assert_int_equal(count.rank[TB_DELIVERIES_ACKNOWLEDGED], 1);
    assert_int_equal(count.left, 5);
    assert_int_equal(tb_deliveries_rank_of("from_a_newer_node"), TB_DELIVERIES_NOT_HELD);
    json_decref(list);
}

/* ${word} has a text for people: what is known is not given back as it came. */
static void assert_said(const char *word, const char *(*say)(const char *word))
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s", word);
    if (say(copy) == copy) {
        fail_msg("no words for %s", word);
    }
}

static void every_word_of_the_node_has_its_words_for_people(void **state)
{
    (void)state;
    for (int kind = TB_STREAM_NOTICE; kind <= TB_STREAM_CLOCK; kind++) {
        assert_said(tb_stream_kind_text((enum tb_stream_kind)kind), tb_words_stream);
    }
    for (int one = TB_DELIVERY_OUTSIDE; one <= TB_DELIVERY_ACKNOWLEDGED; one++) {
        assert_said(tb_delivery_state_text((enum tb_delivery_state)one), tb_words_state);
    }
}

/* What came from a newer program says what to do; nothing is dropped or guessed. */
static void i6_what_is_not_understood_says_to_upgrade_and_telephone(void **state)
{
    (void)state;
    tb_language_use(TB_LANGUAGE_EN);
    assert_string_equal(tb_words_stream(tb_stream_kind_text(TB_STREAM_UNKNOWN)),
                        "content not understood (upgrade, and telephone)");
    assert_string_equal(tb_words_stream(tb_stream_kind_text(TB_STREAM_PARKED)),
                        "one came that cannot be verified: telephone the sender");
    assert_string_equal(tb_words_kind("unknown"),
                        "content not understood (upgrade, and telephone)");
    /* A kind, grade or level of a newer program comes as its number. */
    json_t *row = json_pack("{s:i, s:i, s:s}", "kind", 29, "grade", 9, "level", "received");
    assert_string_equal(tb_words_of(row, "kind", tb_words_kind), tb_words_kind("unknown"));
    assert_string_equal(tb_words_of(row, "grade", tb_words_grade), tb_words_kind("unknown"));
    assert_string_equal(tb_words_of(row, "level", tb_words_level), "received");
    assert_string_equal(tb_words_of(row, "none", tb_words_grade), "not known");
    json_decref(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_language_is_chosen_in_the_documented_order),
        cmocka_unit_test(a_place_that_names_no_known_language_is_passed_over),
        cmocka_unit_test(chinese_characters_are_two_columns_wide),
        cmocka_unit_test(columns_line_up_and_lines_have_no_trailing_blanks),
        cmocka_unit_test(what_moves_a_terminal_is_printed_as_blanks),
        cmocka_unit_test(a_clock_time_is_the_last_one_that_showed),
        cmocka_unit_test(times_are_shown_in_beijing_time_with_the_offset),
        cmocka_unit_test(a_known_sentence_is_found_whatever_stands_in_it),
        cmocka_unit_test(a_clause_is_shown_as_it_is_signed_and_in_english_when_asked),
        cmocka_unit_test(deliveries_are_ranked_by_what_is_still_to_be_done),
        cmocka_unit_test(every_word_of_the_node_has_its_words_for_people),
        cmocka_unit_test(i6_what_is_not_understood_says_to_upgrade_and_telephone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
