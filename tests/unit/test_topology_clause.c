#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "topology/clause.h"
#include "topology/data.h"
#include "topology/rule.h"

enum { KEYS_MAX = 256 };

static const struct {
    const char *chinese;
    const char *english;
} phrases[] = {
#define PHRASE(name, chinese, english) {chinese, english},
#include "topology/phrases.def"
#undef PHRASE
};

static struct tb_rivers *rivers;

static int load(void **state)
{
    (void)state;
    size_t files;
    const struct tb_rivers_file *file = tb_data_files(&files);
    return tb_rivers_load(&rivers, file, files, NULL) == TB_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    tb_rivers_free(rivers);
    return 0;
}

static bool has_letters(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z')) {
            return true;
        }
    }
    return false;
}

/* Fail unless ${clause} is Chinese and its English has nothing of the table left. */
static void is_well_said(const char *clause)
{
    static const char *const marks[] = {"、", "：", "，", "；"};
    char english[TB_CLAUSE_BYTES_MAX];
    tb_clause_english(english, sizeof english, clause);
    if (*clause == '\0' || has_letters(clause) || !has_letters(english)) {
        fail_msg("'%s' is '%s'", clause, english);
    }
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (strstr(english, phrases[i].chinese) != NULL) {
            fail_msg("'%s' is left in '%s'", phrases[i].chinese, english);
        }
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (strstr(english, marks[i]) != NULL) {
            fail_msg("'%s' is left in '%s'", marks[i], english);
        }
    }
    /* Whole, not cut: neither text comes near its bound. */
    assert_true(strlen(clause) < sizeof english - 4);
    assert_true(strlen(english) < sizeof english - 4);
}

/* The number of rows of one answer, each of them well said. */
static size_t answer(uint32_t origin, const char *river, enum tb_direction direction)
{
    static struct tb_rule_row rows[TB_RULE_ROWS_MAX];
    size_t count;
    assert_int_equal(
        tb_rule_who(rivers, origin, river, direction, rows, TB_RULE_ROWS_MAX, &count, NULL), TB_OK);
    for (size_t i = 0; i < count; i++) {
        is_well_said(rows[i].clause);
    }
    return count;
}

static void every_clause_of_the_rule_is_chinese_and_has_an_english_rendering(void **state)
{
    (void)state;
    size_t divisions;
    size_t said[2] = {0, 0};
    const struct tb_division *d = tb_rivers_divisions(rivers, &divisions);
    for (size_t i = 0; i < divisions; i++) {
        const char *keys[KEYS_MAX];
        size_t key_count;
        if (!d[i].office) {
            continue;
        }
        assert_int_equal(tb_rivers_of(rivers, d[i].code, keys, KEYS_MAX, &key_count), TB_OK);
        for (enum tb_direction direction = TB_DOWN; direction <= TB_UP; direction++) {
            size_t *count = &said[direction == TB_UP];
            *count += answer(d[i].code, NULL, direction);
            for (size_t k = 0; k < key_count; k++) {
                *count += answer(d[i].code, keys[k], direction);
            }
        }
    }
    assert_true(said[0] > 1000 && said[1] > 1000);
    print_message("%zu clauses down, %zu up\n", said[0], said[1]);
}

static void every_phrase_is_chinese_alone_and_rendered_as_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < TB_PHRASE_COUNT; i++) {
        char english[TB_CLAUSE_BYTES_MAX];
        assert_string_equal(tb_clause_phrase((enum tb_phrase)i), phrases[i].chinese);
        tb_clause_english(english, sizeof english, phrases[i].chinese);
        assert_string_equal(english, phrases[i].english);
        is_well_said(phrases[i].chinese);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(phrases[i].chinese, phrases[j].chinese);
            assert_string_not_equal(phrases[i].english, phrases[j].english);
        }
    }
    assert_int_equal(sizeof phrases / sizeof phrases[0], TB_PHRASE_COUNT);
}

static void clauses_are_rendered_in_whole_sentences(void **state)
{
    (void)state;
    static const char *const said[][2] = {
        {"部令第17号第三条、晋环发〔2019〕48号二：本省，同时报告",
         "Order 17 Art. 3 / 晋环发〔2019〕48号二: own province, in the same act"},
        {"部令第17号第八条、晋环发〔2019〕48号二：下游相邻县所属市；晋环发〔2019〕48号二：下游省相"
         "邻市，"
         "提前抄送，以市级名义通报的责任在 140200 大同市",
         "Order 17 Art. 8 / 晋环发〔2019〕48号二: city of a next county down; "
         "晋环发〔2019〕48号二: "
         "adjacent city of the next province, an advance copy: the duty to issue at its level is "
         "on "
         "140200 大同市"},
        {"环应急〔2020〕5号四：溯源协查，上游相邻县及对岸县所属市（兼省级）",
         "环应急〔2020〕5号 item 4: inquiry, city (and province in one) of a next county up and "
         "facing bank"},
    };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        char english[TB_CLAUSE_BYTES_MAX];
        tb_clause_english(english, sizeof english, said[i][0]);
        assert_string_equal(english, said[i][1]);
    }
}

static void what_is_no_phrase_passes_unchanged(void **state)
{
    (void)state;
    static const char *const foreign[] = {
        "",
        "Order 17 Art. 8: next county down",
        "晋环发〔2019〕48号 二 下游相邻",
        "《汾河流域协议》第五条、第六条：上游各县，均应通报；见附件",
        /* Phrases within longer words are none. */
        "本省各市",
        "协议之对岸县",
        "下游相邻县级市、各乡镇",
        "\xe6\x9c",
    };
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        char english[TB_CLAUSE_BYTES_MAX];
        tb_clause_english(english, sizeof english, foreign[i]);
        assert_string_equal(english, foreign[i]);
    }
}

/* A statement with half a character would be no statement (I6). */
static void a_text_that_does_not_fit_ends_behind_a_whole_character(void **state)
{
    (void)state;
    char whole[TB_CLAUSE_BYTES_MAX];
    char cut[TB_CLAUSE_BYTES_MAX];
    const struct tb_division *origin = tb_rivers_division(rivers, 140221);
    const struct tb_division *office = tb_rivers_division(rivers, 130700);
    unsigned basis = TB_CLAUSE_NEXT | TB_CLAUSE_FOR_COUNTY | TB_CLAUSE_CROSSING;
    tb_clause_text(whole, sizeof whole, rivers, origin, TB_DOWN, office, basis);
    for (size_t bytes = 1; bytes <= strlen(whole); bytes++) {
        tb_clause_text(cut, bytes, rivers, origin, TB_DOWN, office, basis);
        assert_true(strlen(cut) < bytes && strlen(cut) + 4 >= bytes);
        assert_memory_equal(cut, whole, strlen(cut));
        assert_true(tb_text_valid(tb_bytes_of(cut, strlen(cut))));
        tb_clause_english(cut, bytes, whole);
        assert_true(strlen(cut) < bytes);
        assert_true(tb_text_valid(tb_bytes_of(cut, strlen(cut))));
    }
    tb_clause_text(cut, strlen(whole) + 1, rivers, origin, TB_DOWN, office, basis);
    assert_string_equal(cut, whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_clause_of_the_rule_is_chinese_and_has_an_english_rendering),
        cmocka_unit_test(every_phrase_is_chinese_alone_and_rendered_as_itself),
        cmocka_unit_test(clauses_are_rendered_in_whole_sentences),
        cmocka_unit_test(what_is_no_phrase_passes_unchanged),
        cmocka_unit_test(a_text_that_does_not_fit_ends_behind_a_whole_character),
    };
    return cmocka_run_group_tests_name("topology_clause", tests, load, unload);
}
