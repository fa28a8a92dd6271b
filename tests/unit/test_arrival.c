#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "toyriver.h"
#include "topology/rule.h"

/* When the water gets there, for any river; what bars its way; what is not known. */

/* ------------------------------------------------------------- any river */

static void in_order(const struct tb_arrival_row *row)
{
    const struct tb_travel_window *w = &row->window;
    assert_true(w->earliest_h >= 0 && w->earliest_h <= w->likely_h);
    assert_true(w->likely_h <= w->latest_h && isfinite(w->latest_h));
    assert_true(w->peak_earliest_h <= w->peak_h && w->peak_h <= w->peak_latest_h);
    assert_true(w->likely_h <= w->peak_h && w->peak_h <= w->tail_h);
    assert_true(row->km >= 0);
}

/* Call ${check} for every county of the product's rivers on each of its rivers. */
static void everywhere(void (*check)(struct tb_arrival_question *question))
{
    size_t divisions, seen = 0;
    const struct tb_division *division = tb_rivers_divisions(product, &divisions);
    for (size_t d = 0; d < divisions; d++) {
        const char *river[TB_RIVERS_OF_COUNTY_MAX];
        size_t of = 0;
        if (division[d].level != TB_LEVEL_COUNTY ||
            tb_rivers_of(product, division[d].code, river, TB_RIVERS_OF_COUNTY_MAX, &of) != TB_OK) {
            continue;
        }
        for (size_t r = 0; r < of; r++) {
            struct tb_arrival_question question = toy_in_county(river[r], division[d].code);
            check(&question);
            seen++;
        }
    }
    assert_true(seen > 150);
}

static void check_order(struct tb_arrival_question *question)
{
    static const double discharge[] = {0, 0.5, 20, 900};
    for (int regime = 0; regime <= TB_TRAVEL_REGIME_FLOOD; regime++) {
        for (size_t i = 0; i < sizeof discharge / sizeof *discharge; i++) {
            question->regime = (enum tb_travel_regime)regime;
            question->discharge_m3_s = discharge[i];
            toy_ask(product, question);
            for (size_t k = 0; k < count; k++) {
                in_order(&rows[k]);
                assert_true(k == 0 || rows[k - 1].refusal == TB_ARRIVAL_GIVEN ||
                            rows[k].refusal != TB_ARRIVAL_GIVEN);
            }
        }
    }
}

static void earliest_likely_latest_stand_in_order_at_every_place(void **state)
{
    (void)state;
    everywhere(check_order);
}

/* Every county that the rule names one hop down stands among the rows. */
static void check_recipients(struct tb_arrival_question *question)
{
    static struct tb_rule_row who[TB_RULE_ROWS_MAX];
    size_t recipients;
    const char *river = question->place.river;
    uint32_t origin = question->place.county;
    assert_int_equal(
        tb_rule_who(product, origin, river, TB_DOWN, who, TB_RULE_ROWS_MAX, &recipients, NULL),
        TB_OK);
    const struct tb_water_fact facts[] = {
        {.kind = TB_WATER_DRY, .name = river, .valid_h = 24},
        {.kind = TB_WATER_ICE, .name = "汾河", .valid_h = 24},
    };
    for (size_t told = 0; told <= 2; told++) {
        question->facts = facts;
        question->fact_count = told;
        toy_ask(product, question);
        for (size_t i = 0; i < recipients; i++) {
            bool found = who[i].level != TB_LEVEL_COUNTY || who[i].hops != 1;
            for (size_t k = 0; k < count && !found; k++) {
                found = rows[k].kind == TB_ARRIVAL_COUNTY && rows[k].code == who[i].code;
            }
            if (!found) {
                fail_msg("%06u on %s: no row of %06u", origin, river, who[i].code);
            }
        }
    }
}

static void i5_no_refusal_takes_a_recipient_away(void **state)
{
    (void)state;
    everywhere(check_recipients);
}

/* ------------------------------------------------------------------ gates */

static void nothing_given_lies_below_a_gate_that_is_not_known_to_be_open(void **state)
{
    (void)state;
    static const double gates[] = {139.4, 209, 286.3, 328.7};
    for (double km = 0; km < 700; km += 7) {
        struct tb_arrival_question question = toy_at_km("汾河", km);
        double next = INFINITY;
        for (size_t i = sizeof gates / sizeof *gates; i-- > 0;) {
            next = gates[i] > km + 1.5 ? gates[i] : next;
        }
        toy_ask(product, &question);
        for (size_t i = 0; i < count; i++) {
            if (strcmp(rows[i].river, "汾河") == 0 && rows[i].refusal == TB_ARRIVAL_GIVEN &&
                km + rows[i].km > next + 0.2) {
                fail_msg("from %.0f: %s at %.1f is given", km, rows[i].place, km + rows[i].km);
            }
        }
    }
}

static void a_gate_ends_the_windows_and_an_open_one_lets_through(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_km("汾河", 55);
    toy_ask(toy, &question);
    const struct tb_arrival_row *gate = toy_the(TB_ARRIVAL_GATE, "双坝");
    assert_int_equal(gate->refusal, TB_ARRIVAL_GIVEN);
    assert_true(fabs(gate->km - 15) < 0.01 && gate->window.likely_h > 0);
    const struct tb_arrival_row *below = toy_the(TB_ARRIVAL_COUNTY, "韩城市");
    assert_int_equal(below->refusal, TB_ARRIVAL_GATED);
    assert_string_equal(below->gate, "双坝");
    assert_true(fabs(below->km - 35) < 0.01);
    assert_true(fabs(below->window.earliest_h - gate->window.earliest_h) < 1e-9);
    assert_int_equal(toy_the(TB_ARRIVAL_SECTION, "坝下")->refusal, TB_ARRIVAL_GATED);
    assert_int_equal(toy_the(TB_ARRIVAL_INTAKE, "取水口")->refusal, TB_ARRIVAL_GATED);
    const struct tb_water_fact open = {TB_WATER_GATE_OPEN, "双坝", 0, 2, 24};
    question.facts = &open;
    question.fact_count = 1;
    toy_ask(toy, &question);
    assert_null(toy_row_of(TB_ARRIVAL_GATE, "双坝"));
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "韩城市")->refusal, TB_ARRIVAL_GIVEN);
    assert_int_equal(toy_the(TB_ARRIVAL_SECTION, "坝下")->refusal, TB_ARRIVAL_GIVEN);
    assert_int_equal(toy_the(TB_ARRIVAL_INTAKE, "取水口")->refusal, TB_ARRIVAL_GIVEN);
}

static void the_newest_word_of_a_gate_counts_and_a_stale_one_does_not(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_km("汾河", 55);
    struct tb_water_fact facts[] = {{TB_WATER_GATE_OPEN, "双坝", 0, 25, 24},
                                    {TB_WATER_GATE_CLOSED, "双坝", 0, 1, 24}};
    question.facts = facts;
    question.fact_count = 1;
    toy_ask(toy, &question);
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "韩城市")->refusal, TB_ARRIVAL_GATED);
    facts[0].age_h = 3;
    toy_ask(toy, &question);
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "韩城市")->refusal, TB_ARRIVAL_GIVEN);
    question.fact_count = 2;
    toy_ask(toy, &question);
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "韩城市")->refusal, TB_ARRIVAL_GATED);
    facts[0].age_h = 0.5;
    toy_ask(toy, &question);
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "韩城市")->refusal, TB_ARRIVAL_GIVEN);
}

static void a_stale_discharge_is_as_good_as_none(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_km("汾河", 0);
    struct tb_water_fact fact = {TB_WATER_DISCHARGE, "汾河", 30, 5, 6};
    question.facts = &fact;
    question.fact_count = 1;
    toy_ask(toy, &question);
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "清徐县")->window.method, TB_TRAVEL_JOBSON_SLOPE);
    fact.age_h = 7;
    toy_ask(toy, &question);
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "清徐县")->window.method, TB_TRAVEL_CLASS);
}

static void a_dry_or_frozen_river_refuses_with_its_word_and_so_do_its_sections(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_km("汾河", 55);
    struct tb_water_fact fact = {TB_WATER_DRY, "汾河", 0, 1, 24};
    question.facts = &fact;
    question.fact_count = 1;
    toy_ask(toy, &question);
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "韩城市")->refusal, TB_ARRIVAL_DRY);
    assert_int_equal(toy_the(TB_ARRIVAL_SECTION, "左岸")->refusal, TB_ARRIVAL_DRY);
    assert_string_equal(tb_arrival_refusal_text(TB_ARRIVAL_DRY), "断流");
    fact.kind = TB_WATER_ICE;
    toy_ask(toy, &question);
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "合阳县")->refusal, TB_ARRIVAL_ICE);
    assert_string_equal(tb_arrival_refusal_text(TB_ARRIVAL_ICE), "冰封");
    fact.age_h = 25;
    toy_ask(toy, &question);
    assert_int_equal(toy_the(TB_ARRIVAL_SECTION, "左岸")->refusal, TB_ARRIVAL_GIVEN);
}

static void without_class_and_discharge_every_place_is_told_and_none_reckoned(void **state)
{
    (void)state;
    struct tb_rivers_file few[9];
    size_t files = 0;
    struct tb_rivers *bare;
    for (size_t i = 0; i < TOY_TABLES; i++) {
        if (strstr(toy_tables[i].name, "velocity") == NULL) {
            few[files++] = toy_tables[i];
        }
    }
    assert_int_equal(tb_rivers_load(&bare, few, files, NULL), TB_OK);
    struct tb_arrival_question question = toy_at_km("汾河", 55);
    toy_ask(bare, &question);
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "韩城市")->refusal, TB_ARRIVAL_NO_BASIS);
    assert_int_equal(toy_the(TB_ARRIVAL_SECTION, "左岸")->refusal, TB_ARRIVAL_NO_BASIS);
    assert_int_equal(toy_the(TB_ARRIVAL_INTAKE, "取水口")->refusal, TB_ARRIVAL_NO_BASIS);
    tb_rivers_free(bare);
}

/* ----------------------------------------------------------------- places */

static void facing_banks_of_a_kilometre_both_start(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_km("汾河", 55);
    toy_ask(toy, &question);
    assert_true(toy_the(TB_ARRIVAL_SECTION, "左岸")->window.likely_h > 0);
    assert_true(fabs(toy_the(TB_ARRIVAL_SECTION, "左岸")->window.likely_h -
                     toy_the(TB_ARRIVAL_SECTION, "右岸")->window.likely_h) < 1e-9);
    assert_null(toy_row_of(TB_ARRIVAL_COUNTY, "文水县"));
    assert_null(toy_row_of(TB_ARRIVAL_COUNTY, "交城县"));
    assert_string_equal(toy_the(TB_ARRIVAL_BORDER, "陕西省")->place, "陕西省");
}

static void a_tributary_carries_it_into_the_river_below(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_section("潇河", "潇河口");
    toy_ask(toy, &question);
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "文水县")->refusal, TB_ARRIVAL_GIVEN);
    assert_string_equal(toy_the(TB_ARRIVAL_COUNTY, "文水县")->river, "汾河");
    assert_true(toy_the(TB_ARRIVAL_COUNTY, "文水县")->window.earliest_h <= 0);
}

/* The table of the small river with ${put} for every ${old} in its reaches. */
static double ratio_with(const char *old, const char *put)
{
    static char text[4096];
    struct tb_rivers_file changed[TOY_TABLES];
    struct tb_rivers *rivers;
    memcpy(changed, toy_tables, sizeof changed);
    size_t used = 0;
    const char *from = (const char *)toy_tables[TOY_REACHES].bytes.data;
    const char *end = from + toy_tables[TOY_REACHES].bytes.size;
    while (from < end) {
        bool here = (size_t)(end - from) >= strlen(old) && memcmp(from, old, strlen(old)) == 0;
        size_t take = here ? strlen(put) : 1;
        memcpy(text + used, here ? put : from, take);
        used += take;
        from += here ? strlen(old) : 1;
    }
    changed[TOY_REACHES].bytes = (struct tb_bytes){(const uint8_t *)text, used};
    assert_int_equal(tb_rivers_load(&rivers, changed, TOY_TABLES, NULL), TB_OK);
    struct tb_arrival_question question = toy_at_km("汾河", 0);
    question.discharge_m3_s = 20;
    toy_ask(rivers, &question);
    const struct tb_travel_window *w = &toy_the(TB_ARRIVAL_COUNTY, "文水县")->window;
    double ratio = w->latest_h / w->earliest_h;
    tb_rivers_free(rivers);
    return ratio;
}

static void a_reach_with_missing_data_widens_the_window(void **state)
{
    (void)state;
    double whole = ratio_with("nothing of the kind", "");
    assert_true(ratio_with(",9000,0.001\n", ",9000,\n") > whole * 1.005);
    assert_true(ratio_with(",20,9000,0.001\n", ",,,\n") > whole * 1.5);
    assert_true(ratio_with(",5,20,", ",,20,") > whole * 1.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(earliest_likely_latest_stand_in_order_at_every_place),
        cmocka_unit_test(i5_no_refusal_takes_a_recipient_away),
        cmocka_unit_test(nothing_given_lies_below_a_gate_that_is_not_known_to_be_open),
        cmocka_unit_test(a_gate_ends_the_windows_and_an_open_one_lets_through),
        cmocka_unit_test(the_newest_word_of_a_gate_counts_and_a_stale_one_does_not),
        cmocka_unit_test(a_stale_discharge_is_as_good_as_none),
        cmocka_unit_test(a_dry_or_frozen_river_refuses_with_its_word_and_so_do_its_sections),
        cmocka_unit_test(without_class_and_discharge_every_place_is_told_and_none_reckoned),
        cmocka_unit_test(facing_banks_of_a_kilometre_both_start),
        cmocka_unit_test(a_tributary_carries_it_into_the_river_below),
        cmocka_unit_test(a_reach_with_missing_data_widens_the_window),
    };
    return cmocka_run_group_tests_name("arrival", tests, toy_load, toy_unload);
}
