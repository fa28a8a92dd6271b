#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/core/query_clock.h"
#include "proto/wire.h"
#include "relay.h"

/* Clocks over real ledgers: the same wherever the facts are, and whatever became of
 * the store since. */
enum { ROWS = 128 };

/* ---------------------------------------------------------------- the clocks */

struct seen {
    struct tb_clock rows[ROWS];
    struct tb_clock_list list;
};

static void look_at(int who, int64_t now_ms, struct seen *seen)
{
    struct tb_clock_ask how = {.now = {now_ms}};
    memset(seen, 0, sizeof *seen);
    seen->list = (struct tb_clock_list){.rows = seen->rows, .rows_max = ROWS};
    tb_query_clocks(desks[who].node, &how, &seen->list);
}

static void look(int who, struct seen *seen)
{
    look_at(who, desks[who].now.wall.ms, seen);
}

static const struct tb_clock *seek(const struct seen *seen, uint32_t owner, const char *rule)
{
    for (size_t i = 0; i < seen->list.count; i++) {
        if (seen->rows[i].owner == owner && strcmp(seen->rows[i].rule, rule) == 0) {
            return &seen->rows[i];
        }
    }
    return NULL;
}

static const struct tb_clock *the(const struct seen *seen, uint32_t owner, const char *rule)
{
    const struct tb_clock *clock = seek(seen, owner, rule);
    if (clock == NULL) {
        fail_msg("no clock %s of %u", rule, owner);
    }
    return clock;
}

/* An incident with everything in it: a raised grade, reports in and outside the net,
 * opinion, information by the county and a conference by the city. */
static struct tb_id live(void)
{
    struct tb_id id = relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__IV);
    relay_later(HOUR / 2);
    assert_int_equal(desk_acknowledge(&desks[NEXT], &id).status, TB_OK);
    relay_carry();
    assert_int_equal(
        relay_deed(ORIGIN, &id, TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT, true).status, TB_OK);
    assert_int_equal(relay_deed(CITY, &id, TONGBAO__DEED__DUTY__OPINION_KNOWN, false).status,
                     TB_OK);
    relay_later(HOUR);
    assert_int_equal(relay_issue_as(ORIGIN, TB_WORLD_ACTUAL, TONGBAO__NOTICE__KIND__FOLLOW_UP,
                                    TONGBAO__NOTICE__GRADE__II, &id)
                         .status,
                     TB_OK);
    relay_carry();
    relay_later(HOUR);
    assert_int_equal(relay_deed(NEXT, &id, TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT, true).status,
                     TB_OK);
    assert_int_equal(relay_deed(PROVINCE, &id, TONGBAO__DEED__DUTY__REPORT_MINISTRY, true).status,
                     TB_OK);
    assert_int_equal(relay_disclose(ORIGIN, &id,
                                    TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION,
                                    TONGBAO__DISCLOSURE__STATE__PUBLISHED, true)
                         .status,
                     TB_OK);
    assert_int_equal(relay_disclose(CITY, &id, TONGBAO__DISCLOSURE__MEASURE__PRESS_CONFERENCE,
                                    TONGBAO__DISCLOSURE__STATE__PUBLISHED, true)
                         .status,
                     TB_OK);
    relay_later(HOUR / 2);
    return id;
}

/* I9: every clock that two offices can judge is the same at both, byte by byte. */
static void i9_origin_receiver_city_and_province_compute_the_same_clocks(void **state)
{
    (void)state;
    static struct seen seen[DESKS];
    size_t shared = 0;
    live();
    for (int i = 0; i < DESKS; i++) {
        look(i, &seen[i]);
        assert_true(seen[i].list.count > 0);
    }
    for (int a = 0; a < DESKS; a++) {
        for (size_t i = 0; i < seen[a].list.count; i++) {
            const struct tb_clock *clock = &seen[a].rows[i];
            for (int b = 0; b < DESKS; b++) {
                if (b == a || !tb_clocks_judged(clock, offices[b])) {
                    continue;
                }
                const struct tb_clock *other = the(&seen[b], clock->owner, clock->rule);
                assert_memory_equal(other, clock, sizeof *clock);
                shared++;
            }
        }
    }
    assert_true(shared > 40);
    const struct seen *at = &seen[PROVINCE];
    assert_int_equal(the(at, 140925, "report-4h-government")->state, TB_CLOCK_MET);
    assert_int_equal(the(at, 140925, "report-4h-superior")->state, TB_CLOCK_MET);
    assert_int_equal(the(at, 140925, "changed-2h-province")->state, TB_CLOCK_MET);
    assert_int_equal(the(at, 140925, "changed-2h-ministry")->state, TB_CLOCK_RUNNING);
    assert_int_equal(the(at, 140925, "information-5h")->state, TB_CLOCK_MET);
    assert_int_equal(the(at, 140925, "conference-24h")->state, TB_CLOCK_MET);
    assert_int_equal(the(at, 140925, "response-48h")->state, TB_CLOCK_RUNNING);
    assert_int_equal(the(at, 140926, "receiver-4h-government")->state, TB_CLOCK_MET);
    assert_true(the(at, 140926, "receiver-4h-government")->acknowledged_ms >
                the(at, 140926, "receiver-4h-government")->start_ms);
    assert_int_equal(the(at, 140000, "province-1h-ministry")->state, TB_CLOCK_MET);
}

/* Every row of the views that clocks go by, as one text. */
static char *dump(struct desk *desk)
{
    static const char *const views[] = {"grading", "incident", "disclosure",
                                        "deed",    "receipt",  "stream"};
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);
    assert_non_null(file);
    for (size_t v = 0; v < sizeof views / sizeof views[0]; v++) {
        sqlite3_stmt *stmt = NULL;
        char sql[64];
        int rows = 0;
        snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1, 2, 3", views[v]);
        assert_int_equal(sqlite3_prepare_v2(desk->db.handle, sql, -1, &stmt, NULL), SQLITE_OK);
        for (; sqlite3_step(stmt) == SQLITE_ROW; rows++) {
            for (int i = 0; i < sqlite3_column_count(stmt); i++) {
                const unsigned char *value = sqlite3_column_blob(stmt, i);
                int length = sqlite3_column_bytes(stmt, i);
                for (int j = 0; j < length; j++) {
                    fprintf(file, "%02x", value[j]);
                }
                fputc('|', file);
            }
            fputc('\n', file);
        }
        (void)sqlite3_finalize(stmt);
        assert_true(rows > 0);
    }
    assert_int_equal(fclose(file), 0);
    return out;
}

/* I9, and nothing is stored: thrown away and made again, closed and opened, stepped a
 * day either way, the clocks stand where they stood. */
static void i9_a_rebuild_a_restart_and_a_stepped_clock_change_no_clock(void **state)
{
    (void)state;
    static struct seen before;
    static struct seen after;
    live();
    for (int who = 0; who < DESKS; who++) {
        int64_t now = desks[who].now.wall.ms;
        look_at(who, now, &before);
        char *was_stored = who == NEXT ? NULL : dump(&desks[who]); /* it is sent no disclosure */
        tb_db_begin(&desks[who].db);
        assert_int_equal(tb_node_rebuild(desks[who].node), TB_OK);
        tb_db_commit(&desks[who].db);
        char *is_stored = who == NEXT ? NULL : dump(&desks[who]);
        if (was_stored != NULL) {
            assert_string_equal(is_stored, was_stored);
        }
        free(was_stored);
        free(is_stored);
        look_at(who, now, &after);
        assert_memory_equal(after.rows, before.rows, sizeof before.rows);
        desk_reopen(&desks[who]);
        look_at(who, now, &after);
        assert_memory_equal(after.rows, before.rows, sizeof before.rows);
        for (int day = -1; day <= 1; day += 2) {
            desks[who].now.wall.ms += day * (int64_t)TB_DAY_MS;
            desk_settle(&desks[who]);
            look(who, &after);
            assert_int_equal(after.list.count, before.list.count);
            for (size_t i = 0; i < before.list.count; i++) {
                const struct tb_clock *was = &before.rows[i];
                const struct tb_clock *is = NULL;
                for (size_t j = 0; j < after.list.count; j++) {
                    bool same = after.rows[j].owner == was->owner &&
                                strcmp(after.rows[j].rule, was->rule) == 0;
                    is = same ? &after.rows[j] : is;
                }
                assert_non_null(is);
                assert_int_equal(is->start_ms, was->start_ms);
                assert_int_equal(is->due_ms, was->due_ms);
                assert_int_equal(is->met_ms, was->met_ms);
            }
            desks[who].now.wall.ms = now;
        }
        look_at(who, now, &after);
        assert_memory_equal(after.rows, before.rows, sizeof before.rows);
    }
}

/* ------------------------------------------------------------------- evidence */

static void without_evidence_nothing_is_published_and_no_deed_counts(void **state)
{
    (void)state;
    static struct seen seen;
    struct tb_id id = relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__II);
    struct tb_result result =
        relay_disclose(ORIGIN, &id, TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION,
                       TONGBAO__DISCLOSURE__STATE__PUBLISHED, false);
    assert_int_equal(result.status, TB_INPUT);
    assert_non_null(strstr(result.text, "--evidence FILE"));
    assert_int_equal(desk_sql(&desks[ORIGIN], "SELECT count(*) FROM disclosure"), 0);
    result = relay_disclose(ORIGIN, &id, TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION,
                            TONGBAO__DISCLOSURE__STATE__PROPOSED, false);
    assert_int_equal(result.status, TB_OK);
    assert_int_equal(desk_shown(&desks[PROVINCE], TB_STREAM_DISCLOSURE, &result.id), 1);
    result = relay_deed(ORIGIN, &id, TONGBAO__DEED__DUTY__REPORT_MINISTRY, false);
    assert_int_equal(result.status, TB_OK);
    assert_non_null(strstr(result.text, "without evidence"));
    look(ORIGIN, &seen);
    assert_int_equal(the(&seen, 140925, "information-5h")->state, TB_CLOCK_RUNNING);
    assert_int_equal(the(&seen, 140925, "report-2h-ministry")->state, TB_CLOCK_RUNNING);
    result = relay_deed(ORIGIN, &id, TONGBAO__DEED__DUTY__REPORT_MINISTRY, true);
    assert_string_equal(result.text, "");
    look(ORIGIN, &seen);
    const struct tb_clock *clock = the(&seen, 140925, "report-2h-ministry");
    assert_int_equal(clock->state, TB_CLOCK_MET);
    assert_memory_equal(clock->evidence.byte, result.id.byte, TB_ID_BYTES);
}

/* Overdue stays overdue until it is met, and then says by how much. */
static void what_is_overdue_stays_so_until_it_is_met(void **state)
{
    (void)state;
    static struct seen seen;
    struct tb_id id = relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__IV);
    relay_later(40 * (int64_t)TB_DAY_MS);
    look(ORIGIN, &seen);
    assert_int_equal(seen.rows[0].state, TB_CLOCK_OVERDUE);
    assert_string_equal(seen.rows[0].rule, "report-4h-government");
    desk_on_duty(&desks[ORIGIN]);
    assert_int_equal(
        relay_deed(ORIGIN, &id, TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT, true).status, TB_OK);
    look(ORIGIN, &seen);
    const struct tb_clock *clock = the(&seen, 140925, "report-4h-government");
    assert_int_equal(clock->state, TB_CLOCK_MET_LATE);
    assert_int_equal(clock->late_ms, 40 * (int64_t)TB_DAY_MS - 3 * HOUR);
}

/* ------------------------------------------------------------------ authority */

static void i4_an_act_needs_a_session_and_a_word(void **state)
{
    (void)state;
    struct tb_id id = relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__II);
    Tongbao__Deed said;
    tongbao__deed__init(&said);
    said.duty = TONGBAO__DEED__DUTY__OPINION_KNOWN;
    struct tb_request request = {.verb = TB_VERB_DEED, .id = "none"};
    request.deed = (struct tb_deed){.notice = id, .said = &said};
    assert_int_equal(desk_ask(&desks[ORIGIN], &request).status, TB_SESSION);
    said.duty = TONGBAO__DEED__DUTY__REPORT_MINISTRY;
    struct tb_result result = relay_ask(ORIGIN, &request);
    assert_int_equal(result.status, TB_INPUT);
    assert_non_null(strstr(result.text, "to whom"));
    said.duty = TONGBAO__DEED__DUTY__DUTY_UNKNOWN;
    assert_int_equal(relay_ask(ORIGIN, &request).status, TB_INPUT);
    request.deed.notice.byte[0] ^= 1;
    assert_int_equal(relay_ask(ORIGIN, &request).status, TB_UNKNOWN);
    assert_int_equal(relay_disclose(ORIGIN, &id, 0, 1, true).status, TB_INPUT);
    assert_int_equal(relay_disclose(ORIGIN, &id, 1, 0, true).status, TB_INPUT);
    assert_int_equal(desk_sql(&desks[ORIGIN], "SELECT count(*) FROM deed"), 0);
}

/* Asked again with its id, an act is the act of then. */
static void an_act_that_is_asked_again_is_done_once(void **state)
{
    (void)state;
    struct tb_id id = relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__II);
    Tongbao__Deed said;
    tongbao__deed__init(&said);
    said.duty = TONGBAO__DEED__DUTY__OPINION_KNOWN;
    struct tb_request request = {.verb = TB_VERB_DEED, .id = "twice", .token = desks[ORIGIN].token};
    request.deed = (struct tb_deed){.notice = id, .said = &said};
    struct tb_id first = desk_ask(&desks[ORIGIN], &request).id;
    struct tb_result again = desk_ask(&desks[ORIGIN], &request);
    assert_true(again.repeated);
    assert_memory_equal(again.id.byte, first.byte, TB_ID_BYTES);
    assert_int_equal(desk_sql(&desks[ORIGIN], "SELECT count(*) FROM deed"), 1);
}

/* A disclosure of ${office} about ${notice} as it stands on the wire. */
static struct tb_id wire_disclosure(uint32_t office, enum tb_world world,
                                    const struct tb_id *notice, struct tb_buf *out)
{
    struct tb_id id;
    struct relay_evidence evidence;
    uint8_t chain[TB_CHAIN_BYTES];
    char name[] = "李四";
    Tongbao__Officer officer;
    Tongbao__Disclosure said;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    tongbao__officer__init(&officer);
    tongbao__disclosure__init(&said);
    relay_evidence(&evidence);
    memset(chain, (int)world, sizeof chain);
    officer.name = name;
    said.notice = tb_wire_id(notice);
    said.measure = TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION;
    said.state = TONGBAO__DISCLOSURE__STATE__PUBLISHED;
    said.officer = &officer;
    said.at_ms = FIX_AT_MS;
    said.entered_at_ms = FIX_AT_MS;
    said.evidence = evidence.list;
    said.n_evidence = 1;
    body.issued_at_ms = FIX_AT_MS;
    body.chain = tb_wire_data(tb_bytes_of(chain, sizeof chain));
    body.chain_seq = 1;
    body.statement_case = TONGBAO__BODY__STATEMENT_DISCLOSURE;
    body.disclosure = &said;
    desk_seal(&desks[ORIGIN], office, world, &body, out, &id);
    return id;
}

/* I3: only the origin, its city and its province; at the desk, on the wire, and when
 * the disclosure was there before the notice that it is about. */
static void i3_nobody_else_discloses(void **state)
{
    (void)state;
    static struct seen seen;
    struct tb_buf early;
    struct tb_buf notice;
    struct tb_id foreign;
    struct tb_id id = relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__II);
    struct tb_result result =
        relay_disclose(NEXT, &id, TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION,
                       TONGBAO__DISCLOSURE__STATE__PUBLISHED, true);
    assert_int_equal(result.status, TB_AUTHORITY);
    tb_buf_init(&early, TB_ENVELOPE_BYTES_MAX);
    tb_buf_init(&notice, TB_ENVELOPE_BYTES_MAX);
    wire_disclosure(140926, TB_WORLD_ACTUAL, &id, &early);
    desk_deliver(&desks[PROVINCE], 0, 2, tb_buf_bytes(&early));
    assert_int_equal(desk_sql(&desks[PROVINCE], "SELECT count(*) FROM disclosure"), 0);
    assert_true(desk_noted(&desks[PROVINCE], TB_NOTE_REFUSED));
    look(PROVINCE, &seen);
    assert_int_equal(the(&seen, 140925, "information-5h")->state, TB_CLOCK_RUNNING);
    /* Early: stored, receipted, and never shown nor counted. */
    struct fix_say say = {.origin = 140123, .to = {140000}};
    fix_notice(&fix, &say, &notice, &foreign);
    tb_buf_cut(&early, 0);
    struct tb_id strange = wire_disclosure(140926, TB_WORLD_ACTUAL, &foreign, &early);
    desk_deliver(&desks[PROVINCE], 0, 2, tb_buf_bytes(&early));
    tb_buf_cut(&early, 0);
    struct tb_id own = wire_disclosure(140123, TB_WORLD_ACTUAL, &foreign, &early);
    desk_deliver(&desks[PROVINCE], 0, 2, tb_buf_bytes(&early));
    assert_int_equal(desk_sql(&desks[PROVINCE], "SELECT count(*) FROM disclosure"), 2);
    desk_deliver(&desks[PROVINCE], 0, 1, tb_buf_bytes(&notice));
    assert_int_equal(desk_shown(&desks[PROVINCE], TB_STREAM_DISCLOSURE, &strange), 0);
    assert_int_equal(desk_shown(&desks[PROVINCE], TB_STREAM_DISCLOSURE, &own), 1);
    int64_t rows[4];
    assert_int_equal(
        tb_query_statements(desks[PROVINCE].node, &foreign, TB_KIND_DISCLOSURE, rows, 4), 1);
    tb_buf_fini(&notice);
    tb_buf_fini(&early);
}

/* --------------------------------------------------------------------- worlds */

/* I7: an exercise has clocks of its own, says so on each, and meets no actual one; nor
 * can an exercise's word be about an actual notice. */
static void i7_an_exercise_never_counts_for_the_actual_world(void **state)
{
    (void)state;
    static struct seen seen;
    struct tb_buf bytes;
    struct tb_id actual = relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__II);
    struct tb_result exercise = relay_issue_as(
        ORIGIN, TB_WORLD_EXERCISE, TONGBAO__NOTICE__KIND__FIRST, TONGBAO__NOTICE__GRADE__II, NULL);
    relay_carry();
    assert_int_equal(relay_disclose(ORIGIN, &exercise.id,
                                    TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION,
                                    TONGBAO__DISCLOSURE__STATE__PUBLISHED, true)
                         .status,
                     TB_OK);
    assert_int_equal(
        relay_deed(ORIGIN, &exercise.id, TONGBAO__DEED__DUTY__REPORT_MINISTRY, true).status, TB_OK);
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    wire_disclosure(140900, TB_WORLD_EXERCISE, &actual, &bytes);
    desk_deliver(&desks[ORIGIN], 0, 2, tb_buf_bytes(&bytes));
    assert_true(desk_noted(&desks[ORIGIN], TB_NOTE_REFUSED));
    look(ORIGIN, &seen);
    size_t of_exercise = 0;
    for (size_t i = 0; i < seen.list.count; i++) {
        const struct tb_clock *clock = &seen.rows[i];
        bool met = strcmp(clock->rule, "information-5h") == 0 ||
                   strcmp(clock->rule, "report-2h-ministry") == 0;
        if (clock->world == TB_WORLD_EXERCISE && clock->owner == 140925) {
            of_exercise++;
            assert_true(!met || clock->state == TB_CLOCK_MET);
        } else if (clock->owner == 140925) {
            assert_int_equal(clock->world, TB_WORLD_ACTUAL);
            assert_true(!met || clock->state == TB_CLOCK_RUNNING);
        }
    }
    assert_int_equal(of_exercise, 6);
    /* Asked for one world, nothing of another comes. */
    struct tb_clock_ask how = {.now = desks[ORIGIN].now.wall, .world = TB_WORLD_TEST};
    seen.list = (struct tb_clock_list){.rows = seen.rows, .rows_max = ROWS};
    tb_query_clocks(desks[ORIGIN].node, &how, &seen.list);
    assert_int_equal(seen.list.count, 0);
    tb_buf_fini(&bytes);
}

/* --------------------------------------------------------------------- policy */

#define HEAD                                                                                       \
    "id,owner,applies,starts,hours,addressee,meets,in_net,reminder_minutes,provisional,clause,"    \
    "source\n"

/* "In the version named by the owner's own envelope that starts the clock": an old
 * incident keeps its rules when the province writes new ones. */
static void i9_a_clock_goes_by_the_policy_of_the_version_that_its_owner_named(void **state)
{
    (void)state;
    static struct seen seen;
    relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__IV);
    fix.policy = HEAD "short,origin,iv,known,3,own_government,report_own_government,no,30,no,"
                      "省规定,2026\n";
    for (int i = 0; i < DESKS; i++) {
        assert_int_equal(desk_publish(&desks[i], 2).status, TB_OK);
    }
    relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__IV);
    fix.policy = "no table at all";
    for (int i = 0; i < DESKS; i++) {
        assert_int_equal(desk_publish(&desks[i], 3).status, TB_OK);
    }
    relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__III);
    for (int who = ORIGIN; who < DESKS; who += PROVINCE) {
        look(who, &seen);
        const struct tb_clock *clock = the(&seen, 140925, "short");
        assert_string_equal(clock->policy, "14/2");
        assert_int_equal(clock->due_ms - clock->start_ms, 3 * HOUR);
        assert_string_equal(clock->clause, "省规定");
        assert_true(clock->policy_held);
        size_t by_default = 0;
        for (size_t i = 0; i < seen.list.count; i++) {
            bool government = strcmp(seen.rows[i].rule, "report-4h-government") == 0;
            by_default += government ? 1 : 0;
            assert_true(!government || strncmp(seen.rows[i].policy, "default/", 8) == 0);
        }
        assert_int_equal(by_default, 2);
    }
    /* A table that cannot be read stands in by the default, and says so. */
    bool unsound = false;
    for (size_t i = 0; i < seen.list.count; i++) {
        unsound = unsound || !seen.rows[i].policy_held;
    }
    assert_true(unsound);
}

/* ---------------------------------------------------------------------- limits */

/* I10: the worst stand, and what found no room is counted. */
static void i10_the_list_keeps_the_worst(void **state)
{
    (void)state;
    static struct seen seen;
    struct tb_clock worst;
    struct tb_clock_ask how = {.owner = 140925, .unmet = true};
    struct tb_clock_list list = {.rows = &worst, .rows_max = 1};
    relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__IV);
    relay_later(HOUR);
    relay_issue(ORIGIN, TONGBAO__NOTICE__GRADE__II);
    look(ORIGIN, &seen);
    how.now = desks[ORIGIN].now.wall;
    tb_query_clocks(desks[ORIGIN].node, &how, &list);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.left_off, 6);
    assert_string_equal(worst.rule, "report-2h-government");
    assert_false(list.more_incidents);
    for (size_t i = 0; i + 1 < seen.list.count; i++) {
        assert_true(tb_clocks_worse(&seen.rows[i], &seen.rows[i + 1]) < 0);
    }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, relay_start, relay_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(i9_origin_receiver_city_and_province_compute_the_same_clocks),
        WITH(i9_a_rebuild_a_restart_and_a_stepped_clock_change_no_clock),
        WITH(without_evidence_nothing_is_published_and_no_deed_counts),
        WITH(what_is_overdue_stays_so_until_it_is_met),
        WITH(i4_an_act_needs_a_session_and_a_word),
        WITH(an_act_that_is_asked_again_is_done_once),
        WITH(i3_nobody_else_discloses),
        WITH(i7_an_exercise_never_counts_for_the_actual_world),
        WITH(i9_a_clock_goes_by_the_policy_of_the_version_that_its_owner_named),
        WITH(i10_the_list_keeps_the_worst),
    };
    return cmocka_run_group_tests_name("node: clocks", tests, NULL, NULL);
}
