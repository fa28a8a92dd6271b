#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "desk.h"
#include "proto/wire.h"

/* Views are made from the ledger alone, and what people see is made from them. */

static struct fixture fix;
static struct desk desk;

static int start(void **state)
{
    (void)state;
    desk_begin(&desk, &fix, 140925, true);
    desk_on_duty(&desk);
    desk_greet(&desk, 0, 1);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    desk_close(&desk);
    return 0;
}

/* ------------------------------------------------------------------ rebuild */

static const char *const views[] = {
    "notice", "recipient", "receipt", "acknowledgement", "call",     "objection",  "widening",
    "chain",  "stream",    "owed",    "grading",         "incident", "disclosure", "deed",
};
enum { VIEWS = sizeof views / sizeof views[0] };

/* Every value of every row of ${view}, ordered by all columns, as text. */
static char *dump(const char *view, int *rows)
{
    char sql[64];
    sqlite3_stmt *stmt = NULL;
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);
    snprintf(sql, sizeof sql, "SELECT *, 0 FROM %s ORDER BY 1, 2, 3", view);
    tb_assert(sqlite3_prepare_v2(desk.db.handle, sql, -1, &stmt, NULL) == SQLITE_OK);
    *rows = 0;
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const unsigned char *value = sqlite3_column_blob(stmt, i);
            int length = sqlite3_column_bytes(stmt, i);
            fprintf(file, "%d:", sqlite3_column_type(stmt, i));
            for (int j = 0; j < length; j++) {
                fprintf(file, "%02x", value[j]);
            }
            fputc('|', file);
        }
        fputc('\n', file);
        (*rows)++;
    }
    sqlite3_finalize(stmt);
    fclose(file);
    return out;
}

static void widening_of(const struct tb_id *notice, uint32_t office, struct tb_id *id)
{
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Widening widening;
    tongbao__widening__init(&widening);
    char clause[] = "部令第17号第八条：下游相邻县";
    struct tb_seal seal = {.world = TB_WORLD_NONE,
                           .origin = 140000,
                           .directory_version = 1,
                           .secret = &fix.broker[0].key.secret};
    widening.envelope = tb_wire_id(notice);
    widening.office = office;
    widening.clause = clause;
    widening.hops = 1;
    widening.topology_version = 2;
    body.issued_at_ms = FIX_AT_MS;
    body.statement_case = TONGBAO__BODY__STATEMENT_WIDENING;
    body.widening = &widening;
    tb_buf_cut(&desk.bytes, 0);
    assert_int_equal(tb_envelope_seal(&desk.bytes, &seal, &body, id), TB_OK);
}

static void objection_of(uint32_t office, const struct tb_id *notice,
                         Tongbao__Objection__Outcome outcome, enum tb_status reason)
{
    struct tb_id id;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Objection objection = TONGBAO__OBJECTION__INIT;
    objection.envelope = tb_wire_id(notice);
    objection.outcome = outcome;
    objection.reason = (uint32_t)reason;
    body.issued_at_ms = FIX_AT_MS;
    body.statement_case = TONGBAO__BODY__STATEMENT_OBJECTION;
    body.objection = &objection;
    tb_buf_cut(&desk.bytes, 0);
    desk_seal(&desk, office, TB_WORLD_ACTUAL, &body, &desk.bytes, &id);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
}

static void acknowledged_by(uint32_t office, const struct tb_id *notice)
{
    struct fix_say say = {.origin = office, .to = {140925, 140000}};
    tb_buf_cut(&desk.bytes, 0);
    fix_acknowledgement(&fix, &say, notice, &desk.bytes, NULL);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
}

static void held_by(uint32_t office, const struct tb_id *notice)
{
    struct fix_say say = {.origin = office, .to = {140925, 140000}};
    tb_buf_cut(&desk.bytes, 0);
    fix_receipt(&fix, &say, notice, &desk.bytes, NULL);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
}

/* What time limits go by, and one that passes meanwhile. */
static void acts_about(const struct tb_id *notice)
{
    char to[] = "县人民政府值班室";
    Tongbao__Disclosure disclosure;
    Tongbao__Deed deed;
    struct tb_request said = {.verb = TB_VERB_DISCLOSE, .id = "said", .token = desk.token};
    struct tb_request done = {.verb = TB_VERB_DEED, .id = "done", .token = desk.token};
    tongbao__disclosure__init(&disclosure);
    tongbao__deed__init(&deed);
    disclosure.measure = TONGBAO__DISCLOSURE__MEASURE__PRESS_CONFERENCE;
    disclosure.state = TONGBAO__DISCLOSURE__STATE__PROPOSED;
    said.disclose = (struct tb_disclose){.notice = *notice, .said = &disclosure};
    assert_int_equal(desk_ask(&desk, &said).status, TB_OK);
    deed.duty = TONGBAO__DEED__DUTY__REPORT_MINISTRY;
    deed.to = to;
    done.deed = (struct tb_deed){.notice = *notice, .said = &deed};
    assert_int_equal(desk_ask(&desk, &done).status, TB_OK);
    desk_later(&desk, (uint64_t)4 * 60 * 60 * 1000);
    desk_settle(&desk);
    assert_true(desk_sql(&desk, "SELECT count(*) FROM happening WHERE text LIKE '% overdue %'") >
                0);
}

/* A life with everything that a view can hold, much of it out of order. */
static void live(void)
{
    struct tb_id id;
    struct tb_id foreign;
    struct tb_buf later;
    struct tb_id own = desk_issue(&desk, "汾河").id;
    struct tb_request call = {.verb = TB_VERB_CALL, .id = "call", .token = desk.token};
    call.call = (struct tb_call){.notice = own, .office = 140926, .person = "赵六"};
    assert_int_equal(desk_ask(&desk, &call).status, TB_OK);
    held_by(140926, &own);
    held_by(140926, &own);
    acknowledged_by(140926, &own);
    acts_about(&own);
    widening_of(&own, 140123, &id);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    objection_of(140900, &own, TONGBAO__OBJECTION__OUTCOME__PARKED, TB_SIGNER);
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    /* A foreign notice, after much of what is about it. */
    struct fix_say say = {.origin = 140926, .to = {140925, 140900}};
    tb_buf_init(&later, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&fix, &say, &later, &foreign);
    acknowledged_by(140900, &foreign);
    held_by(140000, &foreign);
    widening_of(&foreign, 140123, &id);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    struct fix_say follow = {.origin = 140123,
                             .kind = TONGBAO__NOTICE__KIND__FOLLOW_UP,
                             .regards = &foreign,
                             .to = {140925}};
    tb_buf_cut(&desk.bytes, 0);
    fix_notice(&fix, &follow, &desk.bytes, NULL);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&later));
    assert_int_equal(desk_acknowledge(&desk, &foreign).status, TB_OK);
    /* Two at one place. */
    fix_office(&fix, 140926)->chain[TB_WORLD_ACTUAL].seq = 0;
    say.course = "another";
    tb_buf_cut(&desk.bytes, 0);
    fix_notice(&fix, &say, &desk.bytes, NULL);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    /* A version that cannot be read is a happening between two ledger rows. */
    struct tb_envelope envelope;
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&desk.bytes)), TB_OK);
    desk.bytes.data[(size_t)(envelope.head.data - desk.bytes.data) + 1] = TB_ENVELOPE_VERSION + 1;
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_publish(&desk, 3).status, TB_OK);
    assert_int_equal(
        desk_issue_as(&desk, TB_WORLD_EXERCISE, TONGBAO__NOTICE__KIND__FIRST, "", NULL).status,
        TB_OK);
    tb_buf_fini(&later);
}

static void a_rebuild_gives_identical_views(void **state)
{
    (void)state;
    char *before[VIEWS];
    int rows;
    live();
    for (int i = 0; i < VIEWS; i++) {
        before[i] = dump(views[i], &rows);
        assert_true(rows > 0);
    }
    tb_db_begin(&desk.db);
    assert_int_equal(tb_node_rebuild(desk.node), TB_OK);
    tb_db_commit(&desk.db);
    for (int i = 0; i < VIEWS; i++) {
        char *after = dump(views[i], &rows);
        assert_string_equal(before[i], after);
        free(before[i]);
        free(after);
    }
}

/* What is owed is kept row by row; it is what a look through the whole ledger finds. */
static void what_is_owed_is_what_lacks_a_receipt(void **state)
{
    (void)state;
    live();
    assert_true(desk_sql(&desk, "SELECT count(*) FROM owed") > 0);
    assert_int_equal(
        desk_sql(&desk, "SELECT count(*) FROM (SELECT n FROM owed UNION ALL SELECT l.n FROM"
                        " ledger l WHERE l.own = 1 AND EXISTS (SELECT 1 FROM recipient r WHERE"
                        " r.n = l.n AND NOT EXISTS (SELECT 1 FROM receipt t WHERE t.id = l.id"
                        " AND t.office = r.office AND t.world = l.world)))"),
        2 * desk_sql(&desk, "SELECT count(*) FROM owed"));
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM notice e WHERE answered <> (EXISTS"
                                     " (SELECT 1 FROM acknowledgement a WHERE a.notice = e.id"
                                     " AND a.world = e.world AND a.office = 140925))"),
                     0);
}

/* Were the views not cleared or not replayed, this would not notice; so spoil them. */
static void a_rebuild_mends_spoilt_views(void **state)
{
    (void)state;
    int rows;
    live();
    char *before = dump("recipient", &rows);
    char *sql = NULL;
    assert_int_equal(sqlite3_exec(desk.db.handle,
                                  "DELETE FROM recipient WHERE office = 140926;"
                                  "UPDATE notice SET void = 1; DELETE FROM stream WHERE k = 2",
                                  NULL, NULL, &sql),
                     SQLITE_OK);
    tb_db_begin(&desk.db);
    assert_int_equal(tb_node_rebuild(desk.node), TB_OK);
    tb_db_commit(&desk.db);
    char *after = dump("recipient", &rows);
    assert_string_equal(before, after);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM notice WHERE void = 1"), 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM stream WHERE k = 2"), 1);
    free(before);
    free(after);
}

/* The same for what time limits go by. */
static void a_rebuild_mends_spoilt_clock_views(void **state)
{
    static const char *const spoilt[] = {"grading", "incident", "disclosure", "deed"};
    enum { SPOILT = sizeof spoilt / sizeof spoilt[0] };
    char *before[SPOILT];
    int rows;
    (void)state;
    live();
    for (int i = 0; i < SPOILT; i++) {
        before[i] = dump(spoilt[i], &rows);
    }
    assert_int_equal(sqlite3_exec(desk.db.handle,
                                  "UPDATE deed SET counts = 1; UPDATE disclosure SET counts = 1;"
                                  "DELETE FROM grading; UPDATE incident SET last_n = -last_n",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    tb_db_begin(&desk.db);
    assert_int_equal(tb_node_rebuild(desk.node), TB_OK);
    tb_db_commit(&desk.db);
    for (int i = 0; i < SPOILT; i++) {
        char *after = dump(spoilt[i], &rows);
        assert_string_equal(before[i], after);
        free(before[i]);
        free(after);
    }
}

/* ---------------------------------------------------------------- deliveries */

/* acknowledged > held > refused, parked > accepted. */
static void a_delivery_stands_by_the_strongest_evidence(void **state)
{
    (void)state;
    static const uint32_t filed[] = {140926, 140900, 140000};
    struct tb_id id = desk_issue(&desk, "汾河").id;
    const Tongbao__Frame *offer = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_OFFER, 0);
    desk_answer(&desk, 0, offer->offer, TB_OK, 1, filed, 3, NULL, 0);
    assert_int_equal(desk_delivery(&desk, &id, 140926).state, TB_DELIVERY_ACCEPTED);
    objection_of(140926, &id, TONGBAO__OBJECTION__OUTCOME__PARKED, TB_SIGNER);
    struct tb_delivery_row row = desk_delivery(&desk, &id, 140926);
    assert_int_equal(row.state, TB_DELIVERY_PARKED);
    assert_int_equal(row.reason, TB_SIGNER);
    objection_of(140926, &id, TONGBAO__OBJECTION__OUTCOME__REFUSED, TB_AUTHORITY);
    row = desk_delivery(&desk, &id, 140926);
    assert_int_equal(row.state, TB_DELIVERY_REFUSED);
    assert_int_equal(row.reason, TB_AUTHORITY);
    assert_int_equal(desk_shown(&desk, TB_STREAM_OBJECTION, NULL), 2);
    held_by(140926, &id);
    row = desk_delivery(&desk, &id, 140926);
    assert_int_equal(row.state, TB_DELIVERY_HELD);
    assert_int_equal(row.held_ms, FIX_AT_MS);
    assert_int_equal(row.reason, TB_OK);
    acknowledged_by(140926, &id);
    row = desk_delivery(&desk, &id, 140926);
    assert_int_equal(row.state, TB_DELIVERY_ACKNOWLEDGED);
    assert_string_equal(row.officer, "王强");
    assert_int_equal(desk_delivery(&desk, &id, 140900).state, TB_DELIVERY_ACCEPTED);
    struct tb_acknowledgement_row answers[4];
    assert_int_equal(tb_query_acknowledgements(desk.node, &id, answers, 4), 1);
    assert_int_equal(answers[0].office, 140926);
    assert_int_equal(answers[0].received_ms, desk.now.wall.ms);
}

/* I5, I3: only a broker of a directory widens, and only actual notices. */
static void i5_a_widening_needs_a_brokers_key_and_an_actual_notice(void **state)
{
    (void)state;
    struct tb_id id;
    struct tb_id own = desk_issue(&desk, "汾河").id;
    struct tb_id exercise =
        desk_issue_as(&desk, TB_WORLD_EXERCISE, TONGBAO__NOTICE__KIND__FIRST, "汾河", NULL).id;
    struct fix_key saved = fix.broker[0].key;
    fix.broker[0].key = fix_office(&fix, 140926)->key;
    widening_of(&own, 140123, &id);
    fix.broker[0].key = saved;
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    widening_of(&exercise, 140123, &id);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM widening"), 0);
    widening_of(&own, 140123, &id);
    desk_greet(&desk, 1, 1);
    size_t before = (size_t)desk_sql(&desk, "SELECT count(*) FROM recipient WHERE n = 1");
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM recipient WHERE n = 1"), before + 1);
    assert_int_equal(desk_shown(&desk, TB_STREAM_WIDENED, &id), 1);
    /* 娄烦 reads at sx-2 only: the origin offers it there, and no receipt goes to a
     * broker. */
    assert_true(desk_sql(&desk, "SELECT count(*) FROM offer WHERE n = 1 AND broker = 'sx-2'") == 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM ledger WHERE kind = 2"), 0);
}

/* "Receipts witness times": the first stands. I7: one of another world says nothing. */
static void i8_the_first_receipt_of_an_office_stands(void **state)
{
    (void)state;
    struct tb_id id = desk_issue(&desk, "汾河").id;
    struct fix_say exercise = {.origin = 140926, .world = TB_WORLD_EXERCISE, .to = {140925}};
    tb_buf_cut(&desk.bytes, 0);
    fix_receipt(&fix, &exercise, &id, &desk.bytes, NULL);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_delivery(&desk, &id, 140926).state, TB_DELIVERY_QUEUED);
    held_by(140926, &id);
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Receipt receipt = TONGBAO__RECEIPT__INIT;
    ProtobufCBinaryData ids[] = {tb_wire_id(&id)};
    struct tb_id later;
    receipt.ids = ids;
    receipt.n_ids = 1;
    receipt.stored_at_ms = FIX_AT_MS + 5000;
    body.issued_at_ms = FIX_AT_MS + 5000;
    body.statement_case = TONGBAO__BODY__STATEMENT_RECEIPT;
    body.receipt = &receipt;
    tb_buf_cut(&desk.bytes, 0);
    desk_seal(&desk, 140926, TB_WORLD_ACTUAL, &body, &desk.bytes, &later);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&desk.bytes));
    assert_int_equal(desk_delivery(&desk, &id, 140926).held_ms, FIX_AT_MS);
    assert_int_equal(desk_shown(&desk, TB_STREAM_HELD, NULL), 1);
}

static void the_status_counts_what_is_owed(void **state)
{
    (void)state;
    struct tb_status_row status;
    struct tb_id id = desk_issue(&desk, "汾河").id;
    tb_query_status(desk.node, &status);
    assert_int_equal(status.ledger_rows, 1);
    assert_int_equal(status.owed, 1);
    assert_int_equal(status.owed_oldest_ms, FIX_AT_MS);
    assert_int_equal(status.chain_seq, 1);
    assert_int_equal(status.alarm_last_exit, -1);
    held_by(140926, &id);
    held_by(140900, &id);
    tb_query_status(desk.node, &status);
    assert_int_equal(status.owed, 1);
    held_by(140000, &id);
    tb_query_status(desk.node, &status);
    assert_int_equal(status.owed, 0);
}

/* I10: lists come in pages, by key. */
static void i10_lists_are_paged_from_the_newest_and_the_stream_from_the_oldest(void **state)
{
    (void)state;
    struct tb_notice_row rows[2];
    struct tb_stream_row shown[2];
    for (int i = 0; i < 3; i++) {
        desk_issue(&desk, "汾河");
    }
    assert_int_equal(tb_query_notices(desk.node, 0, rows, 2), 2);
    assert_string_equal(rows[0].number, "140925-20250117-03");
    assert_string_equal(rows[0].origin_name, "忻州市生态环境局宁武分局");
    assert_true(rows[0].own);
    assert_int_equal(rows[0].received_ms, 0);
    assert_int_equal(tb_query_notices(desk.node, rows[1].n, rows, 2), 1);
    assert_string_equal(rows[0].number, "140925-20250117-01");
    assert_int_equal(tb_query_stream(desk.node, 0, shown, 2), 2);
    assert_string_equal(shown[0].text, "140925-20250117-01");
    assert_int_equal(tb_query_stream(desk.node, shown[1].n, shown, 2), 1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_rebuild_gives_identical_views),
        WITH(what_is_owed_is_what_lacks_a_receipt),
        WITH(a_rebuild_mends_spoilt_views),
        WITH(a_rebuild_mends_spoilt_clock_views),
        WITH(a_delivery_stands_by_the_strongest_evidence),
        WITH(i5_a_widening_needs_a_brokers_key_and_an_actual_notice),
        WITH(i8_the_first_receipt_of_an_office_stands),
        WITH(the_status_counts_what_is_owed),
        WITH(i10_lists_are_paged_from_the_newest_and_the_stream_from_the_oldest),
    };
    return cmocka_run_group_tests_name("node: views", tests, NULL, NULL);
}
