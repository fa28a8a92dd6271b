#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "facts.h"

/* The pure function of I9: evidence, changed grades, opinion, receivers, and the same anywhere. */

/* ---------------------------------------------------------------- the evidence */

/* "建议已报" and "政府已定" publish nothing, nor does what lacks evidence. */
static void only_what_counts_meets_a_clock(void **state)
{
    (void)state;
    facts_usual(TONGBAO__NOTICE__GRADE__I);
    facts_publish(ORIGIN, TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION, AT(3, 0));
    facts.disclosure[0].counts = false;
    facts_deed(ORIGIN, TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT, AT(3, 0));
    facts.deed[0].counts = false;
    facts_compute(AT(3, 30));
    assert_int_equal(facts_the(ORIGIN, "information-5h")->state, TB_CLOCK_RUNNING);
    assert_int_equal(facts_the(ORIGIN, "report-2h-government")->state, TB_CLOCK_RUNNING);
    facts.disclosure[0].counts = true;
    facts.deed[0].counts = true;
    facts_compute(AT(3, 30));
    assert_int_equal(facts_the(ORIGIN, "information-5h")->state, TB_CLOCK_MET);
    assert_int_equal(facts_the(ORIGIN, "report-2h-government")->state, TB_CLOCK_MET);
    assert_int_equal(facts_the(ORIGIN, "report-2h-ministry")->state, TB_CLOCK_RUNNING);
    assert_int_equal(facts_the(ORIGIN, "conference-24h")->state, TB_CLOCK_RUNNING);
}

/* A claim of a time to come is worth its entry; the earliest of several stands. */
static void a_claimed_time_after_its_entry_is_the_entry(void **state)
{
    (void)state;
    facts_usual(TONGBAO__NOTICE__GRADE__I);
    facts_publish(ORIGIN, TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION, AT(5, 0));
    facts.disclosure[0].entered_ms = AT(4, 0);
    facts_compute(AT(6, 0));
    assert_int_equal(facts_the(ORIGIN, "information-5h")->met_ms, AT(4, 0));
    facts_publish(CITY, TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION, AT(3, 0));
    facts_compute(AT(6, 0));
    assert_int_equal(facts_the(ORIGIN, "information-5h")->met_ms, AT(3, 0));
    /* Another office's word is not to be counted, and its deeds are its own. */
    facts_publish(NEXT, TONGBAO__DISCLOSURE__MEASURE__PRESS_CONFERENCE, AT(3, 0));
    facts_deed(CITY, TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT, AT(3, 0));
    facts_compute(AT(3, 0));
    assert_int_equal(facts_the(ORIGIN, "conference-24h")->state, TB_CLOCK_RUNNING);
    assert_int_equal(facts_the(ORIGIN, "report-2h-government")->state, TB_CLOCK_RUNNING);
}

/* Order 17 Art. 14: at a bureau in the net the held notice meets it, but only one that
 * names 报告单位, 签发人, 联系人 and a telephone; at the boundary second of the receipt. */
static void a_held_notice_is_a_report_only_with_all_that_article_14_asks(void **state)
{
    (void)state;
    struct tb_clock_notice *notice = facts_usual(TONGBAO__NOTICE__GRADE__IV);
    facts_receive(notice, CITY, AT(6, 0));
    facts_compute(AT(7, 0));
    assert_int_equal(facts_the(ORIGIN, "report-4h-superior")->state, TB_CLOCK_OVERDUE);
    notice->written = true;
    facts_compute(AT(7, 0));
    const struct tb_clock *clock = facts_the(ORIGIN, "report-4h-superior");
    assert_int_equal(clock->state, TB_CLOCK_MET);
    assert_int_equal(clock->addressee_office, CITY);
    assert_memory_equal(clock->evidence.byte, notice->id.byte, TB_ID_BYTES);
    assert_int_equal(facts_the(ORIGIN, "report-4h-government")->state, TB_CLOCK_OVERDUE);
    facts.receipt[0].stored_ms++;
    facts_compute(AT(7, 0));
    assert_int_equal(facts_the(ORIGIN, "report-4h-superior")->state, TB_CLOCK_MET_LATE);
    /* The province's receipt is not the city's. */
    facts.receipt[0].office = PROVINCE;
    facts_compute(AT(7, 0));
    assert_int_equal(facts_the(ORIGIN, "report-4h-superior")->state, TB_CLOCK_OVERDUE);
}

/* --------------------------------------------------------- a grade that changes */

/* "应当按照变化后的级别报告信息" (Art. 3): new clocks from the change, and the old ones keep
 * their result. */
static void a_raised_grade_makes_new_clocks_and_the_old_keep_their_result(void **state)
{
    (void)state;
    facts_usual(TONGBAO__NOTICE__GRADE__IV);
    facts_deed(ORIGIN, TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT, AT(2, 30));
    facts_say(ORIGIN, TONGBAO__NOTICE__GRADE__II, AT(5, 0))->graded_ms = AT(4, 50);
    facts_compute(AT(6, 30));
    assert_int_equal(facts_the(ORIGIN, "report-4h-government")->state, TB_CLOCK_MET);
    assert_int_equal(facts_the(ORIGIN, "report-4h-superior")->state, TB_CLOCK_OVERDUE);
    const struct tb_clock *changed = facts_the(ORIGIN, "changed-2h-government");
    assert_int_equal(changed->start_ms, AT(4, 50));
    assert_int_equal(changed->basis, TB_CLOCK_GRADED);
    assert_int_equal(changed->graded_ms, AT(4, 50));
    assert_int_equal(changed->due_ms, AT(6, 50));
    /* The report of the lower grade is none of the higher. */
    assert_int_equal(changed->state, TB_CLOCK_RUNNING);
    assert_null(facts_seek(ORIGIN, "report-2h-government"));
    /* 5 h count from the event all the same. */
    assert_int_equal(facts_the(ORIGIN, "information-5h")->due_ms, AT(6, 0));
    assert_int_equal(facts_the(ORIGIN, "information-5h")->state, TB_CLOCK_OVERDUE);
    facts_deed(ORIGIN, TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT, AT(6, 50));
    facts_compute(AT(9, 0));
    assert_int_equal(facts_the(ORIGIN, "changed-2h-government")->state, TB_CLOCK_MET);
    assert_int_equal(facts_the(ORIGIN, "changed-2h-ministry")->state, TB_CLOCK_OVERDUE);
}

static void a_lowered_grade_stops_counting_what_was_not_due(void **state)
{
    (void)state;
    facts_usual(TONGBAO__NOTICE__GRADE__II);
    facts_say(ORIGIN, TONGBAO__NOTICE__GRADE__III, AT(3, 0));
    facts_compute(AT(9, 0));
    assert_int_equal(facts_the(ORIGIN, "report-2h-government")->state, TB_CLOCK_NOT_COUNTED);
    assert_int_equal(facts_the(ORIGIN, "report-2h-ministry")->state, TB_CLOCK_NOT_COUNTED);
    assert_int_equal(facts_the(ORIGIN, "information-5h")->state, TB_CLOCK_NOT_COUNTED);
    assert_int_equal(facts_the(ORIGIN, "changed-4h-government")->due_ms, AT(7, 0));
    assert_int_equal(facts_the(ORIGIN, "changed-4h-government")->state, TB_CLOCK_OVERDUE);
    /* Lowered after it was due: the result stays. */
    facts.notice[1].issued_ms = AT(4, 0) + 1;
    facts_compute(AT(9, 0));
    assert_int_equal(facts_the(ORIGIN, "report-2h-government")->state, TB_CLOCK_OVERDUE);
    /* Met in time before it was lowered: met. */
    facts.notice[1].issued_ms = AT(3, 0);
    facts_deed(ORIGIN, TONGBAO__DEED__DUTY__REPORT_MINISTRY, AT(2, 30));
    facts_compute(AT(9, 0));
    assert_int_equal(facts_the(ORIGIN, "report-2h-ministry")->state, TB_CLOCK_MET);
    /* Raised again, the information is owed again. */
    facts_say(ORIGIN, TONGBAO__NOTICE__GRADE__I, AT(4, 0));
    facts_compute(AT(9, 0));
    assert_int_equal(facts_the(ORIGIN, "information-5h")->state, TB_CLOCK_OVERDUE);
    assert_int_equal(facts_the(ORIGIN, "information-5h")->due_ms, AT(6, 0));
}

static void an_unknown_grade_is_provisional_until_it_is_known(void **state)
{
    (void)state;
    facts_usual(TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN);
    facts_compute(AT(3, 0));
    assert_true(facts_the(ORIGIN, "unknown-2h-government")->provisional);
    facts_say(ORIGIN, TONGBAO__NOTICE__GRADE__III, AT(3, 0));
    facts_compute(AT(5, 0));
    assert_int_equal(facts_the(ORIGIN, "unknown-2h-government")->state, TB_CLOCK_NOT_COUNTED);
    assert_false(facts_the(ORIGIN, "changed-4h-government")->provisional);
    /* A condition of Article 4 brings the 2 h track, and a grade that is not said
     * again is not forgotten. */
    facts.notice[1].grade = TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN;
    facts.notice[1].article4 = true;
    facts_say(ORIGIN, TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN, AT(3, 30));
    facts_compute(AT(5, 1));
    assert_int_equal(facts_the(ORIGIN, "changed-2h-ministry")->due_ms, AT(5, 0));
    assert_int_equal(facts_the(ORIGIN, "changed-2h-ministry")->state, TB_CLOCK_OVERDUE);
}

/* A draft carries the old time of grading on: it is no time of this change. */
static void the_time_of_a_change_lies_between_two_notices(void **state)
{
    (void)state;
    facts_usual(TONGBAO__NOTICE__GRADE__IV)->graded_ms = AT(2, 5);
    struct tb_clock_notice *second = facts_say(ORIGIN, TONGBAO__NOTICE__GRADE__III, AT(5, 0));
    second->graded_ms = AT(2, 5);
    facts_compute(AT(6, 0));
    assert_int_equal(facts_the(ORIGIN, "report-4h-government")->graded_ms, AT(2, 5));
    assert_int_equal(facts_the(ORIGIN, "changed-4h-government")->start_ms, AT(5, 0));
    second->graded_ms = AT(8, 0);
    facts_compute(AT(6, 0));
    assert_int_equal(facts_the(ORIGIN, "changed-4h-government")->start_ms, AT(5, 0));
}

/* ------------------------------------------------------------------- opinion */

static void other_opinion_is_answered_within_48_hours_of_its_becoming_known(void **state)
{
    (void)state;
    facts_usual(TONGBAO__NOTICE__GRADE__III);
    facts_compute(AT(3, 0));
    assert_null(facts_seek(ORIGIN, "response-48h"));
    facts_deed(NEXT, TONGBAO__DEED__DUTY__OPINION_KNOWN, AT(3, 0));
    facts_compute(AT(3, 0));
    assert_null(facts_seek(ORIGIN, "response-48h"));
    facts_deed(ORIGIN, TONGBAO__DEED__DUTY__OPINION_KNOWN, AT(4, 0));
    facts.deed[1].counts = false; /* knowing needs no evidence */
    facts_compute(AT(52, 0));
    const struct tb_clock *clock = facts_the(ORIGIN, "response-48h");
    assert_int_equal(clock->start_ms, AT(4, 0));
    assert_int_equal(clock->basis, TB_CLOCK_OPINION);
    assert_int_equal(clock->state, TB_CLOCK_RUNNING);
    facts_compute(AT(52, 0) + 1);
    assert_int_equal(facts_the(ORIGIN, "response-48h")->state, TB_CLOCK_OVERDUE);
    facts_publish(ORIGIN, TONGBAO__DISCLOSURE__MEASURE__RESPONSE, AT(52, 0));
    facts_compute(AT(60, 0));
    assert_int_equal(facts_the(ORIGIN, "response-48h")->state, TB_CLOCK_MET);
    /* I, II and sensitive go by 80号. */
    facts.notice[0].grade = TONGBAO__NOTICE__GRADE__II;
    facts_compute(AT(60, 0));
    assert_null(facts_seek(ORIGIN, "response-48h"));
}

/* ----------------------------------------------------------------- receivers */

/* "接到通报" (Art. 8) is the signed receipt: not acknowledging gains no time. */
static void a_receivers_clocks_run_from_its_receipt(void **state)
{
    (void)state;
    struct tb_clock_notice *notice = facts_usual(TONGBAO__NOTICE__GRADE__IV);
    facts_receive(notice, NEXT, AT(2, 11));
    facts.answer[facts.answers++] = (struct tb_clock_answer){NEXT, AT(5, 0)};
    facts_compute(AT(6, 11));
    const struct tb_clock *clock = facts_the(NEXT, "receiver-4h-government");
    assert_int_equal(clock->start_ms, AT(2, 11));
    assert_int_equal(clock->basis, TB_CLOCK_RECEIPT);
    assert_int_equal(clock->due_ms, AT(6, 11));
    assert_int_equal(clock->state, TB_CLOCK_RUNNING);
    assert_int_equal(clock->acknowledged_ms, AT(5, 0));
    assert_int_equal(facts_the(NEXT, "receiver-4h-superior")->addressee_office, NEXT_CITY);
    assert_int_equal(facts_owned(NEXT), 2);
    facts_compute(AT(6, 11) + 1);
    assert_int_equal(facts_the(NEXT, "receiver-4h-government")->state, TB_CLOCK_OVERDUE);
    /* Its own notice, held above it, is its report; the origin's is not. */
    struct tb_clock_notice *own = facts_say(NEXT, TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN, AT(3, 0));
    own->regards = true;
    own->written = true;
    facts_receive(own, NEXT_CITY, AT(3, 1));
    notice->written = true;
    facts_receive(notice, NEXT_CITY, AT(2, 11));
    facts_compute(AT(7, 0));
    assert_int_equal(facts_the(NEXT, "receiver-4h-superior")->met_ms, AT(3, 1));
    assert_memory_equal(facts_the(NEXT, "receiver-4h-superior")->evidence.byte, own->id.byte,
                        TB_ID_BYTES);
    assert_int_equal(facts_the(NEXT, "receiver-4h-government")->state, TB_CLOCK_OVERDUE);
    facts_deed(NEXT, TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT, AT(6, 11));
    facts_compute(AT(7, 0));
    assert_int_equal(facts_the(NEXT, "receiver-4h-government")->state, TB_CLOCK_MET);
}

static void every_rule_of_receiver_and_province_is_due_after_its_receipt(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        uint32_t owner;
        Tongbao__Notice__Grade grade;
        bool article4;
        int64_t hours;
        Tongbao__Deed__Duty duty;
    } rows[] = {
        {"receiver-4h-government", NEXT, TONGBAO__NOTICE__GRADE__III, false, 4, 1},
        {"receiver-4h-superior", NEXT, TONGBAO__NOTICE__GRADE__IV, false, 4, 2},
        {"receiver-2h-government", NEXT, TONGBAO__NOTICE__GRADE__II, false, 2, 1},
        {"receiver-2h-province", NEXT, TONGBAO__NOTICE__GRADE__I, false, 2, 3},
        {"receiver-2h-ministry", NEXT, TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN, true, 2, 4},
        {"receiver-unknown-2h-government", NEXT, TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN, false, 2,
         1},
        {"receiver-unknown-4h-superior", NEXT, TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN, false, 4, 2},
        {"province-1h-ministry", PROVINCE, TONGBAO__NOTICE__GRADE__I, false, 1, 4},
        {"province-1h-ministry", PROVINCE, TONGBAO__NOTICE__GRADE__II, false, 1, 4},
        {"province-1h-ministry", PROVINCE, TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN, true, 1, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t due_ms = AT(2, 11) + rows[i].hours * 3600000;
        facts_start(NULL);
        struct tb_clock_notice *notice = facts_usual(rows[i].grade);
        notice->article4 = rows[i].article4;
        facts_receive(notice, rows[i].owner, AT(2, 11));
        facts_compute(due_ms);
        assert_int_equal(facts_the(rows[i].owner, rows[i].rule)->due_ms, due_ms);
        assert_int_equal(facts_the(rows[i].owner, rows[i].rule)->state, TB_CLOCK_RUNNING);
        facts_compute(due_ms + 1);
        assert_int_equal(facts_the(rows[i].owner, rows[i].rule)->state, TB_CLOCK_OVERDUE);
        facts_deed(rows[i].owner, rows[i].duty, due_ms);
        facts_compute(due_ms + 1);
        assert_int_equal(facts_the(rows[i].owner, rows[i].rule)->state, TB_CLOCK_MET);
        facts.deed[0].said_ms++;
        facts_compute(due_ms + 1);
        assert_int_equal(facts_the(rows[i].owner, rows[i].rule)->state, TB_CLOCK_MET_LATE);
    }
}

/* The city above the origin is reported to, not notified: it has no clocks as a
 * receiver; the province has its hour, and only for I and II. */
static void superiors_are_no_receivers(void **state)
{
    (void)state;
    struct tb_clock_notice *notice = facts_usual(TONGBAO__NOTICE__GRADE__IV);
    facts_receive(notice, CITY, AT(2, 11));
    facts_receive(notice, PROVINCE, AT(2, 11));
    facts_compute(AT(3, 0));
    assert_int_equal(facts_owned(CITY), 0);
    assert_int_equal(facts_owned(PROVINCE), 0);
    facts_say(ORIGIN, TONGBAO__NOTICE__GRADE__II, AT(4, 0));
    facts_receive(&facts.notice[1], PROVINCE, AT(4, 1));
    facts_compute(AT(4, 30));
    assert_int_equal(facts_owned(CITY), 0);
    assert_int_equal(facts_the(PROVINCE, "province-1h-ministry")->start_ms, AT(4, 1));
    assert_int_equal(facts_owned(PROVINCE), 1);
}

/* A raised grade begins the receiver's clocks anew, from its receipt of the notice
 * that says so. */
static void a_receiver_reports_anew_when_it_hears_of_another_grade(void **state)
{
    (void)state;
    struct tb_clock_notice *notice = facts_usual(TONGBAO__NOTICE__GRADE__II);
    facts_receive(notice, NEXT, AT(2, 11));
    facts_deed(NEXT, TONGBAO__DEED__DUTY__REPORT_MINISTRY, AT(2, 30));
    facts_say(ORIGIN, TONGBAO__NOTICE__GRADE__III, AT(3, 0));
    facts_compute(AT(3, 20));
    assert_int_equal(facts_the(NEXT, "receiver-2h-government")->state, TB_CLOCK_RUNNING);
    facts_receive(&facts.notice[1], NEXT, AT(3, 10));
    facts_compute(AT(3, 20));
    assert_int_equal(facts_the(NEXT, "receiver-2h-government")->state, TB_CLOCK_NOT_COUNTED);
    assert_int_equal(facts_the(NEXT, "receiver-2h-ministry")->state, TB_CLOCK_MET);
    assert_int_equal(facts_the(NEXT, "receiver-4h-government")->start_ms, AT(3, 10));
}

/* -------------------------------------------------------- what is no incident */

static void a_planned_release_has_no_clocks(void **state)
{
    (void)state;
    facts_usual(TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN)->kind = TONGBAO__NOTICE__KIND__RELEASE;
    facts_say(ORIGIN, TONGBAO__NOTICE__GRADE__GRADE_UNKNOWN, AT(3, 0));
    facts_receive(&facts.notice[0], NEXT, AT(2, 11));
    facts_compute(AT(9, 0));
    assert_int_equal(count, 0);
    facts_start(NULL);
    facts_compute(AT(9, 0));
    assert_int_equal(count, 0);
}

static void a_province_reports_to_no_bureau_above_it(void **state)
{
    (void)state;
    facts_say(PROVINCE, TONGBAO__NOTICE__GRADE__IV, AT(2, 0));
    facts_compute(AT(3, 0));
    assert_null(facts_seek(PROVINCE, "report-4h-superior"));
    facts_the(PROVINCE, "report-4h-government");
    assert_int_equal(tb_clocks_superior(140926), 140900);
    assert_int_equal(tb_clocks_superior(140900), 140000);
    assert_int_equal(tb_clocks_superior(140000), 0);
    assert_int_equal(tb_clocks_superior(110109), 110000);
    assert_int_equal(tb_clocks_superior(429004), 420000);
}

/* --------------------------------------------------------------- the same anywhere */

/* I9: the order in which facts are held says nothing, and neither does a clock that
 * stepped: what is met stays met, what is due stays due. */
static void i9_neither_the_order_of_facts_nor_a_stepped_clock_changes_a_clock(void **state)
{
    (void)state;
    static struct tb_clock before[FACTS_SEEN_MAX];
    struct tb_clock_notice *notice = facts_usual(TONGBAO__NOTICE__GRADE__IV);
    notice->written = true;
    facts_receive(notice, NEXT, AT(2, 11));
    facts_receive(notice, CITY, AT(2, 12));
    facts_receive(notice, PROVINCE, AT(2, 13));
    facts_say(ORIGIN, TONGBAO__NOTICE__GRADE__II, AT(5, 0))->written = true;
    facts_receive(&facts.notice[1], PROVINCE, AT(5, 1));
    facts_receive(&facts.notice[1], NEXT, AT(5, 2));
    facts_deed(ORIGIN, TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT, AT(5, 30));
    facts_deed(NEXT, TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT, AT(6, 0));
    facts_publish(ORIGIN, TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION, AT(5, 40));
    facts_publish(CITY, TONGBAO__DISCLOSURE__MEASURE__PRESS_CONFERENCE, AT(5, 50));
    facts_compute(AT(8, 0));
    size_t clocks_before = count;
    assert_int_equal(clocks_before, 14);
    memcpy(before, clocks, sizeof before);
    /* Turned round. */
    for (size_t i = 0; i < facts.receipts / 2; i++) {
        struct tb_clock_receipt swap = facts.receipt[i];
        facts.receipt[i] = facts.receipt[facts.receipts - 1 - i];
        facts.receipt[facts.receipts - 1 - i] = swap;
    }
    struct tb_clock_notice swap = facts.notice[0];
    facts.notice[0] = facts.notice[1];
    facts.notice[1] = swap;
    struct tb_clock_act act = facts.deed[0];
    facts.deed[0] = facts.deed[1];
    facts.deed[1] = act;
    facts_compute(AT(8, 0));
    assert_int_equal(count, clocks_before);
    assert_memory_equal(before, clocks, count * sizeof clocks[0]);
    /* Stepped a day either way, and back. */
    for (int day = -1; day <= 1; day += 2) {
        facts_compute(AT(8, 0) + day * INT64_C(86400000));
        assert_int_equal(count, clocks_before);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(clocks[i].due_ms, before[i].due_ms);
            assert_int_equal(clocks[i].start_ms, before[i].start_ms);
            bool open = before[i].state == TB_CLOCK_RUNNING || before[i].state == TB_CLOCK_OVERDUE;
            assert_true(open || clocks[i].state == before[i].state);
        }
        facts_compute(AT(8, 0));
        assert_memory_equal(before, clocks, count * sizeof clocks[0]);
    }
}

/* The order of a chain is that of its numbers, though its office's clock stepped back
 * between two notices. */
static void a_chain_orders_its_notices_whatever_its_clock_said(void **state)
{
    (void)state;
    facts_usual(TONGBAO__NOTICE__GRADE__IV);
    facts_say(ORIGIN, TONGBAO__NOTICE__GRADE__II, AT(1, 30)); /* stepped back by an hour */
    facts_compute(AT(9, 0));
    facts_the(ORIGIN, "report-4h-government");
    assert_int_equal(facts_the(ORIGIN, "changed-2h-government")->start_ms, AT(1, 30));
    assert_null(facts_seek(ORIGIN, "report-2h-government"));
}

static void i10_more_clocks_than_there_is_room_for_are_left_off(void **state)
{
    (void)state;
    facts_usual(TONGBAO__NOTICE__GRADE__I);
    facts_compute(AT(3, 0));
    assert_int_equal(count, 6);
    assert_int_equal(facts_compute_some(AT(3, 0), 4), 4);
}

/* ----------------------------------------------------------------- who may judge */

/* An office shows no clock whose meeting it is not sent. */
static void a_clock_is_judged_where_everything_that_meets_it_comes(void **state)
{
    (void)state;
    struct tb_clock_notice *notice = facts_usual(TONGBAO__NOTICE__GRADE__II);
    facts_receive(notice, NEXT, AT(2, 11));
    facts_compute(AT(3, 0));
    static const struct {
        uint32_t owner;
        const char *rule;
        bool origin, city, province, next, next_city;
    } rows[] = {
        {ORIGIN, "report-2h-province", true, false, true, false, false},
        {ORIGIN, "report-2h-government", true, true, true, false, false},
        {ORIGIN, "information-5h", true, true, true, false, false},
        {NEXT, "receiver-2h-province", false, false, true, true, false},
        {NEXT, "receiver-2h-ministry", true, false, true, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct tb_clock *clock = facts_the(rows[i].owner, rows[i].rule);
        assert_int_equal(tb_clocks_judged(clock, ORIGIN), rows[i].origin);
        assert_int_equal(tb_clocks_judged(clock, CITY), rows[i].city);
        assert_int_equal(tb_clocks_judged(clock, PROVINCE), rows[i].province);
        assert_int_equal(tb_clocks_judged(clock, NEXT), rows[i].next);
        assert_int_equal(tb_clocks_judged(clock, NEXT_CITY), rows[i].next_city);
    }
}

static void the_worst_clock_stands_first(void **state)
{
    (void)state;
    struct tb_clock rows[] = {
        {.state = TB_CLOCK_OVERDUE, .due_ms = AT(1, 0)},
        {.state = TB_CLOCK_OVERDUE, .due_ms = AT(2, 0)},
        {.state = TB_CLOCK_RUNNING, .due_ms = AT(3, 0)},
        {.state = TB_CLOCK_RUNNING, .due_ms = AT(4, 0)},
        {.state = TB_CLOCK_RUNNING, .due_ms = 0},
        {.state = TB_CLOCK_MET_LATE, .due_ms = AT(1, 0)},
        {.state = TB_CLOCK_MET, .due_ms = AT(1, 0)},
        {.state = TB_CLOCK_NOT_COUNTED},
    };
    for (size_t i = 0; i + 1 < sizeof rows / sizeof rows[0]; i++) {
        assert_true(tb_clocks_worse(&rows[i], &rows[i + 1]) < 0);
        assert_true(tb_clocks_worse(&rows[i + 1], &rows[i]) > 0);
    }
}

#define WITH(test) cmocka_unit_test_setup(test, facts_start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(only_what_counts_meets_a_clock),
        WITH(a_claimed_time_after_its_entry_is_the_entry),
        WITH(a_held_notice_is_a_report_only_with_all_that_article_14_asks),
        WITH(a_raised_grade_makes_new_clocks_and_the_old_keep_their_result),
        WITH(a_lowered_grade_stops_counting_what_was_not_due),
        WITH(an_unknown_grade_is_provisional_until_it_is_known),
        WITH(the_time_of_a_change_lies_between_two_notices),
        WITH(other_opinion_is_answered_within_48_hours_of_its_becoming_known),
        WITH(a_receivers_clocks_run_from_its_receipt),
        WITH(every_rule_of_receiver_and_province_is_due_after_its_receipt),
        WITH(superiors_are_no_receivers),
        WITH(a_receiver_reports_anew_when_it_hears_of_another_grade),
        WITH(a_planned_release_has_no_clocks),
        WITH(a_province_reports_to_no_bureau_above_it),
        WITH(i9_neither_the_order_of_facts_nor_a_stepped_clock_changes_a_clock),
        WITH(a_chain_orders_its_notices_whatever_its_clock_said),
        WITH(i10_more_clocks_than_there_is_room_for_are_left_off),
        WITH(a_clock_is_judged_where_everything_that_meets_it_comes),
        WITH(the_worst_clock_stands_first),
    };
    return cmocka_run_group_tests_name("clocks: change", tests, NULL, NULL);
}
