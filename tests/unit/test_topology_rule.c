#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/csv.h"
#include "topology/data.h"
#include "topology/rule.h"

static struct tb_rivers *rivers;
static struct tb_rule_row rows[TB_RULE_ROWS_MAX];
static size_t count;
static struct tb_diag diag;

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

static void ask(uint32_t origin, const char *river, enum tb_direction direction)
{
    assert_int_equal(
        tb_rule_who(rivers, origin, river, direction, rows, TB_RULE_ROWS_MAX, &count, &diag),
        TB_OK);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].required);
        assert_int_not_equal(rows[i].code, origin);
        assert_string_equal(rows[i].name, tb_rivers_name(rivers, rows[i].code));
    }
}

static const struct tb_rule_row *row(uint32_t code)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].code == code) {
            return &rows[i];
        }
    }
    return NULL;
}

/* The row of ${code}, which must be there. */
static const struct tb_rule_row *must(uint32_t code)
{
    const struct tb_rule_row *found = row(code);
    if (found == NULL) {
        fail_msg("no row of %u", code);
        abort();
    }
    return found;
}

/* The answer is exactly these codes with these hops, in this order. */
struct expected {
    uint32_t hops;
    uint32_t code;
};

static void is_exactly(const struct expected *expected, size_t expected_count)
{
    for (size_t i = 0; i < count; i++) {
        if (i >= expected_count || rows[i].code != expected[i].code) {
            print_error("row %zu is %u %s\n", i, rows[i].code, rows[i].name);
        }
    }
    assert_int_equal(count, expected_count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].code, expected[i].code);
        assert_int_equal(rows[i].hops, expected[i].hops);
    }
}
#define IS_EXACTLY(...)                                                                            \
    is_exactly((const struct expected[]){__VA_ARGS__},                                             \
               sizeof((const struct expected[]){__VA_ARGS__}) / sizeof(struct expected))

static void clause_says(uint32_t code, const char *text)
{
    const char *clause = must(code)->clause;
    if (strstr(clause, text) == NULL) {
        print_error("the clause of %u: %s\n", code, clause);
    }
    assert_non_null(strstr(clause, text));
}

static void next_counties_superiors_and_the_cities_across_the_border_hear_it(void **state)
{
    (void)state;
    ask(140121, "汾河", TB_DOWN);
    IS_EXACTLY({0, 140100}, {0, 140000}, {1, 140727}, {1, 141121}, {1, 140700}, {1, 141100});
    clause_says(140100, "部令第17号第三条：本市，同时报告");
    clause_says(140000, "晋环发〔2019〕48号二：本省");
    assert_string_equal(must(141121)->clause,
                        "部令第17号第八条、晋环发〔2019〕48号二：下游相邻县，亦为对岸");
    clause_says(141100, "下游相邻县及对岸县所属市");
    assert_string_equal(must(141121)->river, "汾河");
    assert_int_equal(must(141121)->level, TB_LEVEL_COUNTY);
    assert_int_equal(must(141100)->level, TB_LEVEL_CITY);
    assert_int_equal(must(140000)->level, TB_LEVEL_PROVINCE);
}

static void a_spill_does_not_warn_the_other_basin_I5(void **state)
{
    (void)state;
    ask(140925, "汾河", TB_DOWN);
    IS_EXACTLY({0, 140900}, {0, 140000}, {1, 140926});
    ask(140925, "恢河", TB_DOWN);
    IS_EXACTLY({0, 140900}, {0, 140000}, {1, 140602}, {1, 140600});
}

static void without_a_river_the_union_is_told_and_each_row_says_its_rivers(void **state)
{
    (void)state;
    ask(140925, NULL, TB_DOWN);
    IS_EXACTLY({0, 140900}, {0, 140000}, {1, 140602}, {1, 140926}, {1, 140600});
    assert_string_equal(must(140926)->river, "汾河");
    assert_string_equal(must(140602)->river, "恢河");
    assert_string_equal(must(140000)->river, "汾河、恢河");
}

static void a_county_without_a_river_tells_its_superiors_I6(void **state)
{
    (void)state;
    ask(140224, NULL, TB_DOWN);
    IS_EXACTLY({0, 140200}, {0, 140000});
    assert_string_equal(must(140200)->river, "");
    assert_int_equal(
        tb_rule_who(rivers, 140224, "汾河", TB_DOWN, rows, TB_RULE_ROWS_MAX, &count, &diag),
        TB_INPUT);
    assert_non_null(strstr(diag.text, "its rivers: none in this data"));
}

static void the_adjacent_city_of_the_next_province_gets_an_advance_copy(void **state)
{
    (void)state;
    /* At the border: the next county brings its city in. */
    ask(140221, "桑干河", TB_DOWN);
    IS_EXACTLY({0, 140215}, {0, 140200}, {0, 140000}, {1, 130727}, {1, 130700});
    clause_says(130700, "晋环发〔2019〕48号二：下游省相邻市，提前抄送，"
                        "以市级名义通报的责任在 140200 大同市");
    clause_says(140215, "对岸县");
    /* Further up in the same city: only the river's way through it does. */
    ask(140226, "十里河", TB_DOWN);
    IS_EXACTLY({0, 140200}, {0, 140000}, {1, 140214}, {1, 130700});
    clause_says(130700, "提前抄送");
    assert_null(strstr(must(130700)->clause, "下游相邻县"));
    /* And not from another city, though the water comes to 张家口 in the end. */
    ask(140681, "桑干河", TB_DOWN);
    assert_null(row(130700));
    assert_non_null(row(140215));
}

static void a_code_without_a_bureau_is_never_a_row(void **state)
{
    (void)state;
    ask(110109, "永定河", TB_DOWN);
    IS_EXACTLY({0, 110000});
    clause_says(110000, "本市（兼省级），同时报告");
    ask(110109, "永定河", TB_UP);
    IS_EXACTLY({0, 110000}, {1, 110119}, {1, 130730}, {1, 130700});
    ask(130730, "永定河", TB_DOWN);
    IS_EXACTLY({0, 130700}, {0, 130000}, {1, 110109}, {1, 110119}, {1, 110000});
    clause_says(110000, "环应急〔2020〕5号四：下游省相邻市（兼省级），提前抄送");
    clause_says(110119, "部令第17号第八条：下游相邻县，亦为对岸");
    assert_int_equal(
        tb_rule_who(rivers, 110100, NULL, TB_DOWN, rows, TB_RULE_ROWS_MAX, &count, &diag),
        TB_UNKNOWN);
    assert_non_null(strstr(diag.text, "110100 市辖区 has no bureau of its own; write 110000"));
}

static void a_circular_binds_its_own_province_only(void **state)
{
    (void)state;
    ask(130727, "桑干河", TB_DOWN);
    for (size_t i = 0; i < count; i++) {
        assert_null(strstr(rows[i].clause, "晋环发"));
    }
    clause_says(130705, "部令第17号第八条：下游相邻县");
}

static void facing_banks_are_told_both_ways(void **state)
{
    (void)state;
    /* 万荣 and 河津 share the Fen; 河津 is upstream of 万荣. */
    ask(140822, "汾河", TB_DOWN);
    assert_int_equal(must(140882)->hops, 0);
    clause_says(140882, "对岸县");
    ask(140882, "汾河", TB_DOWN);
    assert_int_equal(must(140822)->hops, 1);
    clause_says(140822, "下游相邻县，亦为对岸");
    /* Known on the 黄河 by its facing bank alone, which brings its city in. */
    ask(140882, "黄河", TB_DOWN);
    IS_EXACTLY({0, 610581}, {0, 140800}, {0, 610500}, {0, 140000});
}

static void a_city_has_the_hops_of_the_county_that_brings_it_in(void **state)
{
    (void)state;
    /* 太谷 (晋中) faces 清徐 on the 象峪河; 祁县 (晋中) is next: the smaller holds. */
    ask(140121, "象峪河", TB_DOWN);
    assert_int_equal(must(140703)->hops, 0);
    assert_int_equal(must(140727)->hops, 1);
    assert_int_equal(must(140700)->hops, 0);
    assert_int_equal(must(141100)->hops, 1);
}

static void an_inquiry_goes_up_the_same_graph(void **state)
{
    (void)state;
    ask(141121, "汾河", TB_UP);
    clause_says(140121, "环应急〔2020〕5号四：溯源协查，上游相邻县，亦为对岸");
    assert_int_equal(must(140121)->hops, 1);
    assert_int_equal(must(140100)->hops, 1);
    assert_int_equal(must(141100)->hops, 0);
    assert_int_equal(must(140000)->hops, 0);
    /* 平遥 lies below 文水: asked as a facing bank only. */
    assert_int_equal(must(140728)->hops, 0);
    ask(130727, "桑干河", TB_UP);
    assert_int_equal(must(140221)->hops, 1);
    clause_says(140200, "溯源协查，上游省相邻市，提前抄送，以市级名义协查的责任在 130700 张家口市");
    /* Further down in 张家口 only the way through the city leads there. */
    ask(130731, "桑干河", TB_UP);
    assert_null(row(140221));
    assert_int_equal(must(140200)->hops, 1);
}

static void a_city_tells_cities_and_its_province(void **state)
{
    (void)state;
    ask(140200, "桑干河", TB_DOWN);
    IS_EXACTLY({0, 140000}, {1, 130700});
    clause_says(130700, "下游相邻县所属市；晋环发〔2019〕48号二：下游省相邻市");
    assert_null(strstr(must(130700)->clause, "提前抄送"));
    /* Its river is followed through its counties: 十里河, 御河, 桑干河. */
    ask(140200, "十里河", TB_DOWN);
    IS_EXACTLY({0, 140000}, {1, 130700});
    ask(140100, "汾河", TB_DOWN);
    IS_EXACTLY({0, 140000}, {1, 140700}, {1, 141100});
}

static void a_province_tells_provinces_and_beijing_is_a_city_too(void **state)
{
    (void)state;
    ask(140000, "恢河", TB_DOWN);
    IS_EXACTLY({1, 130000});
    ask(140000, "汾河", TB_DOWN);
    IS_EXACTLY({1, 410000}, {1, 610000});
    ask(110000, NULL, TB_UP);
    IS_EXACTLY({1, 130700}, {1, 130000});
    ask(130000, "永定河", TB_DOWN);
    IS_EXACTLY({1, 110000});
}

static void what_cannot_be_asked_is_said(void **state)
{
    (void)state;
    assert_int_equal(
        tb_rule_who(rivers, 999999, NULL, TB_DOWN, rows, TB_RULE_ROWS_MAX, &count, &diag),
        TB_UNKNOWN);
    assert_non_null(strstr(diag.text, "999999 is no code of this data"));
    assert_int_equal(
        tb_rule_who(rivers, 140121, "恢河", TB_DOWN, rows, TB_RULE_ROWS_MAX, &count, &diag),
        TB_INPUT);
    assert_non_null(strstr(diag.text, "'恢河' is no river of 140121 清徐县; its rivers: "
                                      "汾河、潇河、象峪河、乌马河"));
    assert_int_equal(tb_rule_who(rivers, 140121, "汾河", TB_DOWN, rows, 5, &count, &diag),
                     TB_TOOBIG);
    assert_int_equal(count, 0);
    assert_int_equal(tb_rule_who(rivers, 140121, "汾河", TB_DOWN, rows, 6, &count, NULL), TB_OK);
    assert_int_equal(tb_rule_check(rivers, &diag), TB_OK);
}

/* The field ${column} of the row of cases.csv whose id is ${id}. */
static void field_of_case(const char *id, const char *column, char *out, size_t out_bytes)
{
    size_t files, place[2];
    static struct tb_csv csv;
    const char *const names[] = {"id", column};
    const struct tb_rivers_file *file = tb_data_files(&files);
    while (strcmp(file->name, "cases.csv") != 0) {
        file++;
    }
    assert_int_equal(tb_csv_open(&csv, file->name, file->bytes, NULL), TB_OK);
    assert_int_equal(tb_csv_columns(&csv, names, 2, place), TB_OK);
    bool more;
    do {
        assert_int_equal(tb_csv_next(&csv, &more), TB_OK);
        assert_true(more);
    } while (strcmp(tb_csv_field(&csv, place[0]), id) != 0);
    snprintf(out, out_bytes, "%s", tb_csv_field(&csv, place[1]));
}

/* A set of counties, as "code code …" in ascending order. */
enum { SET_MAX = 128 };

struct set {
    uint32_t code[SET_MAX];
    size_t count;
};

static void set_add(struct set *set, uint32_t code)
{
    size_t i = 0;
    while (i < set->count && set->code[i] < code) {
        i++;
    }
    if (i < set->count && set->code[i] == code) {
        return;
    }
    assert_true(set->count < SET_MAX);
    memmove(set->code + i + 1, set->code + i, (set->count - i) * sizeof *set->code);
    set->code[i] = code;
    set->count++;
}

static void set_of_case(const char *id, const char *column, struct set *set)
{
    char text[512];
    field_of_case(id, column, text, sizeof text);
    set->count = 0;
    for (const char *at = text; *at != '\0'; at += *at == ' ') {
        char *end;
        set_add(set, (uint32_t)strtoul(at, &end, 10));
        assert_ptr_not_equal(end, at);
        at = end;
    }
}

static void set_equal(const struct set *a, const struct set *b)
{
    for (size_t i = 0; i < a->count; i++) {
        if (i >= b->count || a->code[i] != b->code[i]) {
            print_error("%u of the one is not in the other\n", a->code[i]);
        }
    }
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->code, b->code, a->count * sizeof *a->code);
}

static bool set_has(const struct set *set, uint32_t code)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->code[i] == code) {
            return true;
        }
    }
    return false;
}

/* Who relays on a river that he does not know. */
typedef bool ignorant(uint32_t county, int hop);

static bool nobody(uint32_t county, int hop)
{
    (void)county;
    (void)hop;
    return false;
}

static bool everybody_below(uint32_t county, int hop)
{
    (void)county;
    return hop > 1;
}

static bool those_told_first(uint32_t county, int hop)
{
    (void)county;
    return hop == 2;
}

static bool wenshui(uint32_t county, int hop)
{
    (void)hop;
    return county == 141121;
}

/* One county's application of the rule: the states it names one hop down. That
 * the rule and the graph name the same counties is asserted on the way. */
static size_t apply(uint32_t county, const char *river, struct tb_river_state *out)
{
    size_t states = 0;
    const char *keys[TB_RIVERS_OF_COUNTY_MAX] = {river};
    size_t key_count = 1;
    if (river == NULL) {
        assert_int_equal(tb_rivers_of(rivers, county, keys, TB_RIVERS_OF_COUNTY_MAX, &key_count),
                         TB_OK);
    }
    struct set by_graph = {.count = 0};
    struct set by_rule = {.count = 0};
    for (size_t i = 0; i < key_count; i++) {
        size_t found;
        assert_int_equal(tb_rivers_step(rivers, county, keys[i], TB_DOWN, out + states, 64, &found),
                         TB_OK);
        states += found;
    }
    for (size_t i = 0; i < states; i++) {
        set_add(&by_graph, out[i].county);
    }
    ask(county, river, TB_DOWN);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].level == TB_LEVEL_COUNTY && rows[i].hops == 1) {
            set_add(&by_rule, rows[i].code);
        }
    }
    set_equal(&by_rule, &by_graph);
    return states;
}

/* The counties named when the rule is applied three times: each county that is
 * named tells the next ones, on the river by which the water comes to it, or on
 * all of its own where it does not know (${ignorant}). */
static void three_times(uint32_t origin, const char *river, ignorant *unknown, struct set *named)
{
    static struct tb_river_state now[1024], next[1024];
    size_t now_count = 1;
    now[0] = (struct tb_river_state){origin, river};
    named->count = 0;
    for (int hop = 1; hop <= 3; hop++) {
        size_t next_count = 0;
        for (size_t i = 0; i < now_count; i++) {
            assert_true(next_count + 512 < 1024);
            bool knows = !unknown(now[i].county, hop);
            next_count += apply(now[i].county, knows ? now[i].river : NULL, next + next_count);
        }
        for (size_t i = 0; i < next_count; i++) {
            set_add(named, next[i].county);
        }
        memcpy(now, next, next_count * sizeof *now);
        now_count = next_count;
    }
}

static void hops_of_case(const char *id, struct set *named)
{
    char code[8], river[64];
    field_of_case(id, "county", code, sizeof code);
    field_of_case(id, "river", river, sizeof river);
    ask((uint32_t)strtoul(code, NULL, 10), river, TB_DOWN);
    named->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].level == TB_LEVEL_COUNTY && rows[i].hops == 1) {
            set_add(named, rows[i].code);
        }
    }
}

static void the_next_counties_of_cases_A3_and_A4_are_those_of_the_cases(void **state)
{
    (void)state;
    static const char *const ids[] = {"A3", "A4"};
    for (size_t i = 0; i < 2; i++) {
        struct set expected, named;
        set_of_case(ids[i], "expected_next_by_graph", &expected);
        hops_of_case(ids[i], &named);
        set_equal(&named, &expected);
    }
}

/*
 * A3 expects 汾阳 (141182) within three hops of a spill on the 汾河 in 清徐. No
 * water of the 汾河 comes to 汾阳: it has no bank on it, and is reached from 文水
 * by the 文峪河 and the 磁窑河 only. So it is named when 文水, told of a river by
 * somebody else or, as in the real case, by its residents, does not know on
 * which river it is and tells the union of its rivers; whoever hears it from
 * 文水 knows by which river it may come and tells on from there. Exactly that
 * reading gives the expected list:
 *
 *   - everybody knows the river: 汾阳 is missing, all else is there;
 *   - 文水, or both counties that 清徐 tells, do not know it: the list;
 *   - nobody below 清徐 knows it: 武乡 (140429) comes in as well, by the 昌源河
 *     from 平遥. The list of the case was made by walking counties over those
 *     reaches that need no river to be free of circles, where 平遥 → 武乡 is not.
 */
static void case_A3_within_three_hops_needs_one_county_that_does_not_know_the_river(void **state)
{
    (void)state;
    struct set expected, named;
    set_of_case("A3", "expected_within_3_hops", &expected);
    assert_int_equal(expected.count, 6);

    three_times(140121, "汾河", wenshui, &named);
    set_equal(&named, &expected);
    three_times(140121, "汾河", those_told_first, &named);
    set_equal(&named, &expected);

    three_times(140121, "汾河", nobody, &named);
    assert_false(set_has(&named, 141182));
    set_add(&named, 141182);
    set_equal(&named, &expected);

    three_times(140121, "汾河", everybody_below, &named);
    set_add(&expected, 140429);
    set_equal(&named, &expected);
}

static void case_A4_within_three_hops_is_as_expected(void **state)
{
    (void)state;
    struct set expected, named;
    set_of_case("A4", "expected_within_3_hops", &expected);
    assert_int_equal(expected.count, 4);
    three_times(141181, "文峪河", nobody, &named);
    set_equal(&named, &expected);
}

static bool reach_has(uint32_t office, uint32_t code)
{
    static uint32_t codes[TB_RULE_ROWS_MAX];
    size_t codes_count;
    assert_int_equal(tb_rule_reach(rivers, office, codes, TB_RULE_ROWS_MAX, &codes_count, &diag),
                     TB_OK);
    bool found = false;
    for (size_t i = 0; i < codes_count; i++) {
        assert_int_not_equal(codes[i], office);
        assert_true(i == 0 || codes[i - 1] < codes[i]);
        found |= codes[i] == code;
    }
    return found;
}

static void an_office_is_linked_before_with_all_that_it_can_write_to(void **state)
{
    (void)state;
    assert_true(reach_has(140121, 141121)); /* its next county */
    assert_true(reach_has(140121, 140105)); /* whom it asks upstream */
    assert_true(reach_has(140121, 140100)); /* its superiors */
    assert_true(reach_has(140121, 140000));
    assert_true(reach_has(130727, 140221));  /* whose notice it acknowledges */
    assert_true(reach_has(130727, 140200));  /* with its city */
    assert_true(reach_has(130727, 140000));  /* and province */
    assert_true(reach_has(140000, 130727));  /* who so hears from it */
    assert_true(reach_has(130700, 140226));  /* an advance copy from far up */
    assert_false(reach_has(140121, 140882)); /* and nobody else */
    assert_false(reach_has(140121, 110100));
    assert_false(reach_has(140224, 130727));
}

static void links_go_both_ways(void **state)
{
    (void)state;
    size_t divisions;
    const struct tb_division *d = tb_rivers_divisions(rivers, &divisions);
    static bool reach[256][256];
    assert_true(divisions <= 256);
    for (size_t i = 0; i < divisions; i++) {
        uint32_t codes[256];
        size_t codes_count;
        if (!d[i].office) {
            continue;
        }
        assert_int_equal(tb_rule_reach(rivers, d[i].code, codes, 256, &codes_count, &diag), TB_OK);
        for (size_t j = 0; j < codes_count; j++) {
            reach[i][tb_rivers_division(rivers, codes[j]) - d] = true;
        }
    }
    for (size_t i = 0; i < divisions; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_int_equal(reach[i][j], reach[j][i]);
        }
    }
}

static void a_reach_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    uint32_t codes[4];
    size_t codes_count;
    assert_int_equal(tb_rule_reach(rivers, 140121, codes, 4, &codes_count, &diag), TB_TOOBIG);
    assert_int_equal(codes_count, 0);
    assert_int_equal(tb_rule_reach(rivers, 999999, codes, 4, &codes_count, &diag), TB_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_counties_superiors_and_the_cities_across_the_border_hear_it),
        cmocka_unit_test(a_spill_does_not_warn_the_other_basin_I5),
        cmocka_unit_test(without_a_river_the_union_is_told_and_each_row_says_its_rivers),
        cmocka_unit_test(a_county_without_a_river_tells_its_superiors_I6),
        cmocka_unit_test(the_adjacent_city_of_the_next_province_gets_an_advance_copy),
        cmocka_unit_test(a_code_without_a_bureau_is_never_a_row),
        cmocka_unit_test(a_circular_binds_its_own_province_only),
        cmocka_unit_test(facing_banks_are_told_both_ways),
        cmocka_unit_test(a_city_has_the_hops_of_the_county_that_brings_it_in),
        cmocka_unit_test(an_inquiry_goes_up_the_same_graph),
        cmocka_unit_test(a_city_tells_cities_and_its_province),
        cmocka_unit_test(a_province_tells_provinces_and_beijing_is_a_city_too),
        cmocka_unit_test(what_cannot_be_asked_is_said),
        cmocka_unit_test(the_next_counties_of_cases_A3_and_A4_are_those_of_the_cases),
        cmocka_unit_test(case_A3_within_three_hops_needs_one_county_that_does_not_know_the_river),
        cmocka_unit_test(case_A4_within_three_hops_is_as_expected),
        cmocka_unit_test(an_office_is_linked_before_with_all_that_it_can_write_to),
        cmocka_unit_test(links_go_both_ways),
        cmocka_unit_test(a_reach_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests_name("topology_rule", tests, load, unload);
}
