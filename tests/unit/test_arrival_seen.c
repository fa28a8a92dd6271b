#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "toyriver.h"

/* Windows after a sighting, real cases, the way back, and what nobody can mean. */

static struct tb_trace_row sources[TB_ARRIVAL_ROWS_MAX];

/* ---------------------------------------------------------------- sighted */

static void a_sighting_below_a_gate_lifts_the_refusal_and_refits(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_km("汾河", 55);
    struct tb_water_sighting seen = {610581, "汾河", NULL, 30};
    question.sightings = &seen;
    question.sighting_count = 1;
    toy_ask(toy, &question);
    const struct tb_travel_window *entry = &toy_the(TB_ARRIVAL_COUNTY, "韩城市")->window;
    assert_int_equal(entry->method, TB_TRAVEL_OBSERVED);
    assert_true(fabs(entry->peak_h - 30) < 1e-9 && fabs(entry->peak_latest_h - 30) < 1e-9);
    assert_int_equal(toy_the(TB_ARRIVAL_SECTION, "坝下")->refusal, TB_ARRIVAL_GATED);
    assert_true(toy_the(TB_ARRIVAL_COUNTY, "合阳县")->window.peak_earliest_h > 30);
    /* At a section within a county: what lies above stays refused. */
    seen = (struct tb_water_sighting){610581, "汾河", "韩城桥", 40};
    toy_ask(toy, &question);
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "韩城市")->refusal, TB_ARRIVAL_GATED);
    assert_true(fabs(toy_the(TB_ARRIVAL_SECTION, "韩城桥")->window.peak_h - 40) < 1e-9);
    assert_int_equal(toy_the(TB_ARRIVAL_INTAKE, "取水口")->window.method, TB_TRAVEL_OBSERVED);
    assert_int_equal(toy_the(TB_ARRIVAL_COUNTY, "合阳县")->refusal, TB_ARRIVAL_GIVEN);
}

static void a_sighting_in_a_county_narrows_what_lies_below_in_it_and_beyond(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_km("汾河", 611);
    struct tb_water_sighting seen = {140824, "汾河", "翟店", 20};
    question.discharge_m3_s = 20;
    toy_ask(product, &question);
    struct tb_travel_window before = toy_the(TB_ARRIVAL_COUNTY, "河津市")->window;
    question.sightings = &seen;
    question.sighting_count = 1;
    toy_ask(product, &question);
    struct tb_travel_window after = toy_the(TB_ARRIVAL_COUNTY, "河津市")->window;
    assert_true(fabs(toy_the(TB_ARRIVAL_SECTION, "翟店")->window.peak_h - 20) < 1e-9);
    assert_int_equal(after.method, TB_TRAVEL_OBSERVED);
    assert_true(after.latest_h / after.earliest_h < before.latest_h / before.earliest_h / 3);
}

static void a_sighting_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_km("汾河", 611);
    struct tb_water_sighting seen[] = {{140824, "汾河", "翟店", 0.1}, {140824, "汾河", "翟店", 20}};
    question.sightings = seen;
    question.sighting_count = 1;
    toy_refused(&question, "faster than 12 m/s");
    seen[0] = (struct tb_water_sighting){140181, "汾河", "寨上", 20};
    toy_refused(&question, "does not lie on the water below");
    seen[0] = seen[1];
    question.sighting_count = 2;
    toy_refused(&question, "stands twice");
    question.sighting_count = 1;
    seen[0].hours = NAN;
    toy_refused(&question, "hours since the release");
}

/* ------------------------------------------------------------------ cases */

static void the_spill_of_2017_01_18_was_seen_inside_its_window(void **state)
{
    (void)state;
    /* Km 611 at about 20 m3/s on 01-18 09:00; benzene at 庙前村 on 01-20 09:00. */
    struct tb_arrival_question question = toy_at_km("汾河", 611);
    question.discharge_m3_s = 20;
    toy_ask(product, &question);
    const struct tb_travel_window *w = &toy_the(TB_ARRIVAL_SECTION, "庙前村")->window;
    assert_true(w->earliest_h < 48 && 48 < w->latest_h);
    assert_true(w->earliest_h > 6);
}

static const struct tb_trace_row *source_of(uint32_t county, const char *river)
{
    for (size_t i = 0; i < count; i++) {
        if (sources[i].county == county && strcmp(sources[i].river, river) == 0) {
            return &sources[i];
        }
    }
    return NULL;
}

static void trace(const struct tb_rivers *rivers, const struct tb_arrival_question *question,
                  const struct tb_arrival_place *other, double other_h)
{
    diag = (struct tb_diag){0};
    enum tb_status status = tb_arrival_trace(rivers, question, other, other_h, sources,
                                             TB_ARRIVAL_ROWS_MAX, &count, &diag);
    if (status != TB_OK) {
        fail_msg("%s: %s", tb_status_text(status), diag.text);
    }
}

static void what_is_seen_in_wenshui_may_come_from_qingxu(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_in_county("汾河", 141121); /* case A3 */
    trace(product, &question, NULL, 0);
    const struct tb_trace_row *source = source_of(140121, "汾河");
    assert_non_null(source);
    assert_true(source->latest_h <= source->earliest_h && source->nearest_km > 0);
    assert_null(source_of(140728, "汾河")); /* 平遥 lies below */
    assert_non_null(source_of(141122, "文峪河"));
}

static void a_trace_names_the_risk_sources_on_the_way(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_section("汾河", "左岸");
    trace(toy, &question, NULL, 0);
    const struct tb_trace_row *source = source_of(140121, "汾河");
    assert_non_null(source);
    assert_int_equal(source->risks, 1);
    assert_string_equal(source->risk[0].name, "某厂");
}

static void a_second_sighting_narrows_a_trace(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_section("汾河", "韩武村");
    trace(product, &question, NULL, 0);
    size_t before = count;
    struct tb_trace_row wide = *source_of(140110, "汾河");
    const struct tb_arrival_place above = {.river = "汾河", .section = "小店桥", .river_km = -1};
    trace(product, &question, &above, -20);
    assert_true(count > 0 && count < before);
    assert_null(source_of(140121, "汾河")); /* below the second sighting */
    const struct tb_trace_row *narrow = source_of(140105, "汾河");
    assert_non_null(narrow);
    assert_true(narrow->latest_h >= 20); /* released before it was seen there */
    assert_true(wide.latest_h < 20);
}

/* What a trace names is what an arrival reaches: each the reverse of the other. */
static void a_trace_is_the_reverse_of_an_arrival(void **state)
{
    (void)state;
    struct tb_arrival_question up = toy_in_county("汾河", 610581);
    trace(toy, &up, NULL, 0);
    size_t found = count;
    struct tb_trace_row from[16];
    assert_true(found > 4 && found <= 16);
    memcpy(from, sources, found * sizeof *from);
    for (size_t i = 0; i < found; i++) {
        if (from[i].county != 610581) {
            struct tb_arrival_question down = toy_in_county(from[i].river, from[i].county);
            toy_ask(toy, &down);
            assert_non_null(toy_row_of(TB_ARRIVAL_COUNTY, "韩城市"));
        }
    }
}

/* -------------------------------------------------------------- bad input */

static void a_place_that_is_none_is_refused_with_what_to_write(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_km("长江", 5);
    toy_refused(&question, "unknown river '长江'");
    question = toy_at_km("汾河", 800);
    toy_refused(&question, "kilometre 800 is not on 汾河; write 0 to ");
    question = toy_at_section("桑干河", "韩武村");
    toy_refused(&question, "'韩武村' is not on 桑干河");
    question = toy_at_section("汾河", "无此断面");
    toy_refused(&question, "unknown section");
    question = toy_in_county("汾河", 140221);
    toy_refused(&question, "汾河 does not run through 140221");
}

static void a_number_that_no_river_has_is_refused(void **state)
{
    (void)state;
    struct tb_arrival_question question = toy_at_km("汾河", 611);
    question.discharge_m3_s = -3;
    toy_refused(&question, "discharge: write a number over 0");
    question.discharge_m3_s = 4e5;
    toy_refused(&question, "at most 300000, in cubic metres a second");
    question.discharge_m3_s = 0;
    struct tb_water_fact fact = {TB_WATER_DISCHARGE, "汾河", 20, -1, 24};
    question.facts = &fact;
    question.fact_count = 1;
    toy_refused(&question, "what is reported of 汾河 lies in the future");
    fact = (struct tb_water_fact){TB_WATER_DISCHARGE, "汾河", -20, 1, 24};
    toy_refused(&question, "discharge");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sighting_below_a_gate_lifts_the_refusal_and_refits),
        cmocka_unit_test(a_sighting_in_a_county_narrows_what_lies_below_in_it_and_beyond),
        cmocka_unit_test(a_sighting_that_cannot_be_is_refused),
        cmocka_unit_test(the_spill_of_2017_01_18_was_seen_inside_its_window),
        cmocka_unit_test(what_is_seen_in_wenshui_may_come_from_qingxu),
        cmocka_unit_test(a_trace_names_the_risk_sources_on_the_way),
        cmocka_unit_test(a_second_sighting_narrows_a_trace),
        cmocka_unit_test(a_trace_is_the_reverse_of_an_arrival),
        cmocka_unit_test(a_place_that_is_none_is_refused_with_what_to_write),
        cmocka_unit_test(a_number_that_no_river_has_is_refused),
    };
    return cmocka_run_group_tests_name("arrival_seen", tests, toy_load, toy_unload);
}
