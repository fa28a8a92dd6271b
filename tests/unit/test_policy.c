#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/tongbao.pb-c.h"
#include "topology/policy.h"

/* The rules of time as a table: what is in the product's own, and every mistake that
 * a province can make in its own, told with file and line. */

#define HEAD                                                                                       \
    "id,owner,applies,starts,hours,addressee,meets,in_net,reminder_minutes,provisional,clause,"    \
    "source\n"
#define GOOD                                                                                       \
    "report-4h,origin,iii;iv,known,4,next_superior,report_superior,yes,60,no,第三条,第17号\n"

static struct tb_policy policy;
static struct tb_diag diag;

static enum tb_status load(const char *text)
{
    memset(&diag, 0, sizeof diag);
    return tb_policy_load(&policy, "policy.csv", tb_bytes_text(text), &diag);
}

static const struct tb_policy_rule *rule(const char *id)
{
    for (size_t i = 0; i < policy.count; i++) {
        if (strcmp(policy.rule[i].id, id) == 0) {
            return &policy.rule[i];
        }
    }
    fail_msg("no rule %s", id);
    return NULL;
}

static void a_row_is_read_as_it_stands(void **state)
{
    (void)state;
    assert_int_equal(load(HEAD GOOD), TB_OK);
    assert_int_equal(policy.count, 1);
    const struct tb_policy_rule *read = &policy.rule[0];
    assert_string_equal(read->id, "report-4h");
    assert_int_equal(read->owner, TB_POLICY_ORIGIN);
    assert_int_equal(read->applies, TB_POLICY_III | TB_POLICY_IV);
    assert_int_equal(read->start, TB_POLICY_KNOWN);
    assert_int_equal(read->hours, 4);
    assert_int_equal(read->addressee, TB_POLICY_NEXT_SUPERIOR);
    assert_int_equal(read->measures, 0);
    assert_int_equal(read->duties, 1u << TONGBAO__DEED__DUTY__REPORT_SUPERIOR);
    assert_true(read->in_net);
    assert_false(read->provisional);
    assert_int_equal(read->reminder_minutes, 60);
    assert_string_equal(read->clause, "第三条");
    assert_string_equal(read->source, "第17号");
}

/* The table is the law: hours, owner, start and addressee of every rule, as in
 * 国办发〔2016〕80号 and 61号, 晋环发〔2019〕48号 一 and Order 17 Art. 3, 4 and 8. */
static void the_products_own_table_says_what_the_clauses_say(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        enum tb_policy_owner owner;
        unsigned applies;
        enum tb_policy_start start;
        uint32_t hours;
        enum tb_policy_addressee addressee;
        bool in_net;
        const char *clause;
    } rows[] = {
        {"information-5h", TB_POLICY_ORIGIN, TB_POLICY_I | TB_POLICY_II | TB_POLICY_SENSITIVE,
         TB_POLICY_EARLIEST, 5, TB_POLICY_PUBLIC, false, "80号"},
        {"conference-24h", TB_POLICY_ORIGIN, TB_POLICY_I | TB_POLICY_II | TB_POLICY_SENSITIVE,
         TB_POLICY_EARLIEST, 24, TB_POLICY_PUBLIC, false, "80号"},
        {"response-48h", TB_POLICY_ORIGIN, TB_POLICY_OPINION, TB_POLICY_OPINION_KNOWN, 48,
         TB_POLICY_PUBLIC, false, "61号"},
        {"report-4h-government", TB_POLICY_ORIGIN, TB_POLICY_III | TB_POLICY_IV, TB_POLICY_KNOWN, 4,
         TB_POLICY_OWN_GOVERNMENT, false, "第三条"},
        {"report-4h-superior", TB_POLICY_ORIGIN, TB_POLICY_III | TB_POLICY_IV, TB_POLICY_KNOWN, 4,
         TB_POLICY_NEXT_SUPERIOR, true, "第三条"},
        {"report-2h-government", TB_POLICY_ORIGIN, TB_POLICY_I | TB_POLICY_II | TB_POLICY_ARTICLE4,
         TB_POLICY_KNOWN, 2, TB_POLICY_OWN_GOVERNMENT, false, "第四条"},
        {"report-2h-province", TB_POLICY_ORIGIN, TB_POLICY_I | TB_POLICY_II | TB_POLICY_ARTICLE4,
         TB_POLICY_KNOWN, 2, TB_POLICY_PROVINCE_BUREAU, true, "第四条"},
        {"report-2h-ministry", TB_POLICY_ORIGIN, TB_POLICY_I | TB_POLICY_II | TB_POLICY_ARTICLE4,
         TB_POLICY_KNOWN, 2, TB_POLICY_MINISTRY, false, "同时上报"},
        {"changed-4h-superior", TB_POLICY_ORIGIN, TB_POLICY_III | TB_POLICY_IV,
         TB_POLICY_GRADED_CHANGE, 4, TB_POLICY_NEXT_SUPERIOR, true, "变化后的级别"},
        {"changed-2h-ministry", TB_POLICY_ORIGIN, TB_POLICY_I | TB_POLICY_II | TB_POLICY_ARTICLE4,
         TB_POLICY_GRADED_CHANGE, 2, TB_POLICY_MINISTRY, false, "变化后的级别"},
        {"propose-neighbour", TB_POLICY_ORIGIN,
         TB_POLICY_I | TB_POLICY_II | TB_POLICY_III | TB_POLICY_IV | TB_POLICY_UNKNOWN |
             TB_POLICY_ARTICLE4,
         TB_POLICY_KNOWN, 0, TB_POLICY_OWN_GOVERNMENT, false, "第八条"},
        {"receiver-4h-superior", TB_POLICY_RECEIVER, TB_POLICY_III | TB_POLICY_IV,
         TB_POLICY_RECEIPT, 4, TB_POLICY_NEXT_SUPERIOR, true, "第八条"},
        {"receiver-2h-province", TB_POLICY_RECEIVER,
         TB_POLICY_I | TB_POLICY_II | TB_POLICY_ARTICLE4, TB_POLICY_RECEIPT, 2,
         TB_POLICY_PROVINCE_BUREAU, true, "第八条"},
        {"province-1h-ministry", TB_POLICY_PROVINCE,
         TB_POLICY_I | TB_POLICY_II | TB_POLICY_ARTICLE4, TB_POLICY_RECEIPT, 1, TB_POLICY_MINISTRY,
         false, "1小时"},
    };
    assert_int_equal(tb_policy_load(&policy, "policy.csv", tb_policy_default(), &diag), TB_OK);
    assert_int_equal(policy.count, 24);
    assert_int_equal(strlen(policy.digest), TB_POLICY_DIGEST_CHARS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct tb_policy_rule *read = rule(rows[i].id);
        assert_int_equal(read->owner, rows[i].owner);
        assert_int_equal(read->applies, rows[i].applies);
        assert_int_equal(read->start, rows[i].start);
        assert_int_equal(read->hours, rows[i].hours);
        assert_int_equal(read->addressee, rows[i].addressee);
        assert_int_equal(read->in_net, rows[i].in_net);
        assert_non_null(strstr(read->clause, rows[i].clause));
        assert_false(read->provisional);
    }
    assert_true(rule("unknown-2h-government")->provisional);
    assert_true(rule("unknown-4h-superior")->provisional);
}

/* Every mistake: its line, and what to write instead. */
static void a_mistake_is_told_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        const char *said;
    } rows[] = {
        {",origin,iv,known,4,next_superior,report_superior,yes,60,no,c,s\n", "id needs"},
        {"report-4h,origin,iv,known,4,next_superior,report_superior,yes,60,no,c,s\n",
         "the id report-4h stands twice"},
        {"a,nobody,iv,known,4,next_superior,report_superior,yes,60,no,c,s\n",
         "owner is 'nobody'; write one of origin, receiver, province"},
        {"a,origin,iv;v,known,4,next_superior,report_superior,yes,60,no,c,s\n",
         "applies is 'v'; write one of i, ii, iii, iv, unknown, article4, sensitive, opinion"},
        {"a,origin,,known,4,next_superior,report_superior,yes,60,no,c,s\n", "applies is empty"},
        {"a,origin,iv,soon,4,next_superior,report_superior,yes,60,no,c,s\n",
         "starts is 'soon'; write one of known, earliest, receipt, graded_change, opinion"},
        {"a,origin,iv,known,0,next_superior,report_superior,yes,60,no,c,s\n", "hours is '0'"},
        {"a,origin,iv,known,2.5,next_superior,report_superior,yes,60,no,c,s\n", "hours is '2.5'"},
        {"a,origin,iv,known,8785,next_superior,report_superior,yes,60,no,c,s\n",
         "hours is '8785'; write 1 to 8784"},
        {"a,origin,iv,known,4,mayor,report_superior,yes,60,no,c,s\n", "addressee is 'mayor'"},
        {"a,origin,iv,known,4,next_superior,smoke,yes,60,no,c,s\n", "meets is 'smoke'"},
        {"a,origin,iv,known,4,next_superior,,yes,60,no,c,s\n", "nothing could ever meet"},
        {"a,origin,iv,known,4,next_superior,response,yes,60,no,c,s\n", "told by measures"},
        {"a,origin,iv,known,4,public,report_superior,no,60,no,c,s\n", "told by measures"},
        {"a,origin,iv,known,4,ministry,report_ministry,yes,60,no,c,s\n", "no bureau in the net"},
        {"a,origin,iv,known,4,next_superior,report_superior,maybe,60,no,c,s\n",
         "in_net is 'maybe'; write one of yes, no"},
        {"a,origin,iv,known,4,next_superior,report_superior,yes,240,no,c,s\n",
         "comes before the start"},
        {"a,origin,iv,known,,next_superior,report_superior,yes,10,no,c,s\n",
         "comes before the start"},
        {"a,origin,iv,known,4,next_superior,report_superior,yes,60,no,,s\n", "clause needs"},
        {"a,origin,iv,known,4,next_superior,report_superior,yes,60,no,c,\n", "source needs"},
        {"a,origin,iv,receipt,4,next_superior,report_superior,yes,60,no,c,s\n",
         "a receipt starts the clocks of receiver and province"},
        {"a,receiver,iv,known,4,next_superior,report_superior,yes,60,no,c,s\n",
         "a receipt starts the clocks of receiver and province"},
        {"a,origin,iv,opinion,4,public,response,no,60,no,c,s\n", "opinion together"},
        {"a,origin,i;opinion,opinion,4,public,response,no,60,no,c,s\n", "opinion together"},
        {"a,origin,i;opinion,known,4,public,response,no,60,no,c,s\n", "opinion together"},
        {"a,origin,iv\n", ""},
    };
    char text[1024];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, "%s%s%s", HEAD, GOOD, rows[i].row);
        assert_int_equal(load(text), TB_INPUT);
        assert_int_equal(diag.line, 3);
        assert_string_equal(diag.file, "policy.csv");
        if (strstr(diag.text, rows[i].said) == NULL) {
            fail_msg("row %zu says: %s", i, diag.text);
        }
    }
}

static void a_table_without_a_column_or_a_rule_is_none(void **state)
{
    (void)state;
    assert_int_equal(load("id,owner\n"), TB_INPUT);
    assert_non_null(strstr(diag.text, "applies"));
    assert_int_equal(load(HEAD), TB_INPUT);
    assert_non_null(strstr(diag.text, "no rules"));
    assert_int_equal(load(""), TB_INPUT);
}

static void i10_a_table_has_at_most_so_many_rules(void **state)
{
    (void)state;
    static char text[TB_POLICY_RULES_MAX * 160];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", HEAD);
    for (int i = 0; i <= TB_POLICY_RULES_MAX; i++) {
        if (i == TB_POLICY_RULES_MAX) {
            assert_int_equal(load(text), TB_OK);
        }
        used += (size_t)snprintf(
            text + used, sizeof text - used,
            "r%d,origin,iv,known,4,next_superior,report_superior,yes,60,no,c,s\n", i);
    }
    assert_int_equal(load(text), TB_INPUT);
    assert_int_equal(diag.line, TB_POLICY_RULES_MAX + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_read_as_it_stands),
        cmocka_unit_test(the_products_own_table_says_what_the_clauses_say),
        cmocka_unit_test(a_mistake_is_told_with_its_line),
        cmocka_unit_test(a_table_without_a_column_or_a_rule_is_none),
        cmocka_unit_test(i10_a_table_has_at_most_so_many_rules),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
