#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "facts.h"

/* The pure function of I9, one grading: start, due, and what meets it. */

/* ------------------------------------------------------- start, due, met, late */

/* Every rule of the origin's first grading: when it starts, when it is due, what
 * meets it, and what it is at the boundary second, a millisecond on either side. */
static void i9_every_rule_of_the_origin_holds_at_the_boundary_second(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        Tongbao__Notice__Grade grade;
        bool sensitive;
        bool article4;
        enum tb_clock_basis basis;
        int64_t start_ms;
        int64_t hours;
        int measure; /* that meets it; 0: a duty */
        int duty;
    } rows[] = {
        {"information-5h", TONGBAO__NOTICE__GRADE__I, 0, 0, TB_CLOCK_OCCURRED, AT(1, 0), 5, 1, 0},
        {"information-5h", TONGBAO__NOTICE__GRADE__II, 0, 0, TB_CLOCK_OCCURRED, AT(1, 0), 5, 1, 0},
        {"information-5h", TONGBAO__NOTICE__GRADE__IV, 1, 0, TB_CLOCK_OCCURRED, AT(1, 0), 5, 1, 0},
        {"conference-24h", TONGBAO__NOTICE__GRADE__I, 0, 0, TB_CLOCK_OCCURRED, AT(1, 0), 24, 2, 0},
        {"conference-24h", 0, 1, 0, TB_CLOCK_OCCURRED, AT(1, 0), 24, 2, 0},
        {"report-4h-government", TONGBAO__NOTICE__GRADE__III, 0, 0, TB_CLOCK_KNOWN, AT(2, 0), 4, 0,
         1},
        {"report-4h-government", TONGBAO__NOTICE__GRADE__IV, 0, 0, TB_CLOCK_KNOWN, AT(2, 0), 4, 0,
         1},
        {"report-4h-superior", TONGBAO__NOTICE__GRADE__IV, 0, 0, TB_CLOCK_KNOWN, AT(2, 0), 4, 0, 2},
        {"report-2h-government", TONGBAO__NOTICE__GRADE__II, 0, 0, TB_CLOCK_KNOWN, AT(2, 0), 2, 0,
         1},
        {"report-2h-province", TONGBAO__NOTICE__GRADE__I, 0, 0, TB_CLOCK_KNOWN, AT(2, 0), 2, 0, 3},
        {"report-2h-ministry", TONGBAO__NOTICE__GRADE__I, 0, 0, TB_CLOCK_KNOWN, AT(2, 0), 2, 0, 4},
        {"report-2h-government", 0, 0, 1, TB_CLOCK_KNOWN, AT(2, 0), 2, 0, 1},
        {"report-2h-province", 0, 0, 1, TB_CLOCK_KNOWN, AT(2, 0), 2, 0, 3},
        {"report-2h-ministry", 0, 0, 1, TB_CLOCK_KNOWN, AT(2, 0), 2, 0, 4},
        {"unknown-2h-government", 0, 0, 0, TB_CLOCK_KNOWN, AT(2, 0), 2, 0, 1},
        {"unknown-4h-superior", 0, 0, 0, TB_CLOCK_KNOWN, AT(2, 0), 4, 0, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t due_ms = rows[i].start_ms + rows[i].hours * 3600000;
        facts_start(NULL);
        struct tb_clock_notice *notice = facts_usual(rows[i].grade);
        notice->sensitive = rows[i].sensitive;
        notice->article4 = rows[i].article4;
        facts_compute(due_ms);
        const struct tb_clock *clock = facts_the(ORIGIN, rows[i].rule);
        assert_int_equal(clock->start_ms, rows[i].start_ms);
        assert_int_equal(clock->due_ms, due_ms);
        assert_int_equal(clock->basis, rows[i].basis);
        assert_int_equal(clock->state, TB_CLOCK_RUNNING);
        assert_int_equal(clock->occurred_ms, AT(1, 0));
        assert_int_equal(clock->known_ms, AT(2, 0));
        assert_true(clock->reminder_ms > clock->start_ms && clock->reminder_ms < due_ms);
        facts_compute(due_ms + 1);
        assert_int_equal(facts_the(ORIGIN, rows[i].rule)->state, TB_CLOCK_OVERDUE);
        assert_int_equal(facts_the(ORIGIN, rows[i].rule)->late_ms, 1);
        for (int late = 0; late < 2; late++) {
            facts.deeds = 0;
            facts.disclosures = 0;
            if (rows[i].measure != 0) {
                facts_publish(ORIGIN, (Tongbao__Disclosure__Measure)rows[i].measure, due_ms + late);
            } else {
                facts_deed(ORIGIN, (Tongbao__Deed__Duty)rows[i].duty, due_ms + late);
            }
            facts_compute(due_ms + 999);
            clock = facts_the(ORIGIN, rows[i].rule);
            assert_int_equal(clock->state, late ? TB_CLOCK_MET_LATE : TB_CLOCK_MET);
            assert_int_equal(clock->late_ms, late);
            assert_int_equal(clock->met_ms, due_ms + late);
            assert_int_equal(clock->met_entered_ms, due_ms + late + 60000);
            assert_int_equal(clock->evidence.byte[0], rows[i].measure != 0 ? 200 : 100);
        }
    }
}

static void i9_each_grade_has_its_rules_and_no_others(void **state)
{
    (void)state;
    static const struct {
        Tongbao__Notice__Grade grade;
        bool sensitive;
        bool article4;
        size_t clocks;
    } rows[] = {
        /* 5 h, 24 h, three reports, the proposal */
        {TONGBAO__NOTICE__GRADE__I, 0, 0, 6},
        {TONGBAO__NOTICE__GRADE__II, 0, 1, 6},
        /* two reports, the proposal; and 5 h, 24 h when it is sensitive */
        {TONGBAO__NOTICE__GRADE__III, 0, 0, 3},
        {TONGBAO__NOTICE__GRADE__IV, 0, 1, 3},
        {TONGBAO__NOTICE__GRADE__IV, 1, 0, 5},
        {TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN, 0, 0, 3},
        {TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN, 0, 1, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        facts_start(NULL);
        struct tb_clock_notice *notice = facts_usual(rows[i].grade);
        notice->sensitive = rows[i].sensitive;
        notice->article4 = rows[i].article4;
        facts_compute(AT(3, 0));
        assert_int_equal(count, rows[i].clocks);
        assert_true(facts_the(ORIGIN, "propose-neighbour")->due_ms == 0);
        assert_string_equal(facts_the(ORIGIN, "propose-neighbour")->policy, "14/7");
    }
}

/* Art. 8 names no hours: it runs until the proposal was made, and is never late. */
static void the_proposal_to_the_own_government_has_no_hours_and_is_tracked(void **state)
{
    (void)state;
    facts_usual(TONGBAO__NOTICE__GRADE__IV);
    facts_compute(AT(2000, 0));
    assert_int_equal(facts_the(ORIGIN, "propose-neighbour")->state, TB_CLOCK_RUNNING);
    assert_int_equal(facts_the(ORIGIN, "propose-neighbour")->reminder_ms, 0);
    facts_deed(ORIGIN, TONGBAO__DEED__DUTY__PROPOSE_NEIGHBOUR_GOVERNMENT, AT(900, 0));
    facts_compute(AT(2000, 0));
    assert_int_equal(facts_the(ORIGIN, "propose-neighbour")->state, TB_CLOCK_MET);
}

/* "From the earliest of occurred and known", and what stands in where one is not said. */
static void the_start_is_the_earliest_that_was_said(void **state)
{
    (void)state;
    struct tb_clock_notice *notice = facts_usual(TONGBAO__NOTICE__GRADE__I);
    notice->occurred_ms = 0;
    facts_compute(AT(3, 0));
    assert_int_equal(facts_the(ORIGIN, "information-5h")->start_ms, AT(2, 0));
    assert_int_equal(facts_the(ORIGIN, "information-5h")->basis, TB_CLOCK_KNOWN);
    notice->occurred_ms = AT(2, 5);
    facts_compute(AT(3, 0));
    assert_int_equal(facts_the(ORIGIN, "information-5h")->start_ms, AT(2, 0));
    notice->known_ms = 0;
    notice->occurred_ms = 0;
    facts_compute(AT(3, 0));
    assert_int_equal(facts_the(ORIGIN, "information-5h")->start_ms, AT(2, 10));
    assert_int_equal(facts_the(ORIGIN, "information-5h")->basis, TB_CLOCK_ISSUED);
    assert_int_equal(facts_the(ORIGIN, "report-2h-ministry")->start_ms, AT(2, 10));
    /* Who told it knew it: a later claim gains no time. */
    notice->known_ms = AT(9, 0);
    facts_compute(AT(3, 0));
    assert_int_equal(facts_the(ORIGIN, "report-2h-ministry")->start_ms, AT(2, 10));
}

static void only_a_correction_states_a_later_time(void **state)
{
    (void)state;
    facts_usual(TONGBAO__NOTICE__GRADE__IV);
    struct tb_clock_notice *second = facts_say(ORIGIN, TONGBAO__NOTICE__GRADE__IV, AT(3, 0));
    second->known_ms = AT(2, 8);
    facts_compute(AT(3, 0));
    assert_int_equal(facts_the(ORIGIN, "report-4h-government")->start_ms, AT(2, 0));
    second->known_ms = AT(1, 30);
    facts_compute(AT(3, 0));
    assert_int_equal(facts_the(ORIGIN, "report-4h-government")->start_ms, AT(1, 30));
    second->kind = TONGBAO__NOTICE__KIND__CORRECTION;
    second->known_ms = AT(2, 8);
    facts_compute(AT(3, 0));
    assert_int_equal(facts_the(ORIGIN, "report-4h-government")->start_ms, AT(2, 8));
}

#define WITH(test) cmocka_unit_test_setup(test, facts_start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(i9_every_rule_of_the_origin_holds_at_the_boundary_second),
        WITH(i9_each_grade_has_its_rules_and_no_others),
        WITH(the_proposal_to_the_own_government_has_no_hours_and_is_tracked),
        WITH(the_start_is_the_earliest_that_was_said),
        WITH(only_a_correction_states_a_later_time),
    };
    return cmocka_run_group_tests_name("clocks", tests, NULL, NULL);
}
