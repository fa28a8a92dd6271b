#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "proto/statement.h"
#include "proto/wire.h"
#include "sample.h"

static struct sample sample;

/* One filler for each kind, in the order of enum tb_kind. */
static void first_notice(struct sample *s)
{
    sample_notice(s, TONGBAO__NOTICE__KIND__FIRST);
}

static void (*const fill[])(struct sample *) = {
    [TB_KIND_UNKNOWN] = sample_unknown,
    [TB_KIND_NOTICE] = first_notice,
    [TB_KIND_RECEIPT] = sample_receipt,
    [TB_KIND_ACKNOWLEDGEMENT] = sample_acknowledgement,
    [TB_KIND_CALL] = sample_call,
    [TB_KIND_OBJECTION] = sample_objection,
    [TB_KIND_WIDENING] = sample_widening,
    [TB_KIND_DISCLOSURE] = sample_disclosure,
    [TB_KIND_DEED] = sample_deed,
    [TB_KIND_RECALL] = sample_recall,
    [TB_KIND_DESTRUCTION] = sample_destruction,
};

enum { KINDS = sizeof fill / sizeof fill[0] };

static enum tb_status check(void)
{
    return tb_statement_check(&sample.body);
}

static void every_kind_is_recognised_and_whole(void **state)
{
    (void)state;
    static const char *const names[KINDS] = {
        "unknown",  "notice",     "receipt", "acknowledgement", "call",       "objection",
        "widening", "disclosure", "deed",    "recall",          "destruction"};
    for (int kind = 0; kind < KINDS; kind++) {
        fill[kind](&sample);
        assert_int_equal(tb_statement_kind(&sample.body), kind);
        assert_string_equal(tb_kind_text((enum tb_kind)kind), names[kind]);
        assert_int_equal(check(), TB_OK);
    }
}

static void actual_notices_alone_have_the_first_lane(void **state)
{
    (void)state;
    for (int world = TB_WORLD_NONE; world <= TB_WORLD_TEST; world++) {
        for (int kind = 0; kind < KINDS; kind++) {
            bool first = world == TB_WORLD_ACTUAL && kind == TB_KIND_NOTICE;
            assert_int_equal(tb_statement_lane((enum tb_world)world, (enum tb_kind)kind),
                             first ? TB_LANE_FIRST : TB_LANE_REST);
        }
    }
}

static void chain_fields_stand_exactly_where_the_kind_is_chained(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        bool unknown = kind == TB_KIND_UNKNOWN;
        fill[kind](&sample);
        assert_int_equal(tb_statement_chained(&sample.body),
                         unknown || tb_kind_chained((enum tb_kind)kind));
        /* All of them away, then all of them there. */
        sample.body.chain.len = sample.body.previous.len = 0;
        sample.body.chain_seq = 0;
        assert_int_equal(check(), tb_kind_chained((enum tb_kind)kind) ? TB_MALFORMED : TB_OK);
        sample.body.chain = tb_wire_data(tb_bytes_of(sample.chain, TB_CHAIN_BYTES));
        sample.body.previous = tb_wire_data(tb_bytes_of(sample.previous, TB_ID_BYTES));
        sample.body.chain_seq = 2;
        assert_int_equal(check(),
                         unknown || tb_kind_chained((enum tb_kind)kind) ? TB_OK : TB_MALFORMED);
    }
}

static void I8_a_chain_begins_once_and_every_other_link_names_the_one_before(void **state)
{
    (void)state;
    first_notice(&sample);
    sample.body.chain_seq = 1;
    assert_int_equal(check(), TB_MALFORMED);
    sample.body.previous.len = 0;
    assert_int_equal(check(), TB_OK);
    sample.body.continues = tb_wire_data(tb_bytes_of(sample.previous, TB_ID_BYTES));
    assert_int_equal(check(), TB_OK);
    sample.body.continues.len = 31;
    assert_int_equal(check(), TB_MALFORMED);
    first_notice(&sample);
    sample.body.continues = tb_wire_data(tb_bytes_of(sample.previous, TB_ID_BYTES));
    assert_int_equal(check(), TB_MALFORMED);
    first_notice(&sample);
    sample.body.previous.len = 0;
    assert_int_equal(check(), TB_MALFORMED);
    first_notice(&sample);
    sample.body.chain.len = 15;
    assert_int_equal(check(), TB_MALFORMED);
    first_notice(&sample);
    sample.body.chain_seq = (uint64_t)INT64_MAX + 1;
    assert_int_equal(check(), TB_MALFORMED);
    first_notice(&sample);
    sample.body.chain_seq = 0;
    assert_int_equal(check(), TB_MALFORMED);
}

static void ids_have_their_lengths(void **state)
{
    (void)state;
    for (int kind = TB_KIND_NOTICE; kind < KINDS; kind++) {
        struct tb_id subject;
        if (kind == TB_KIND_NOTICE) {
            sample_notice(&sample, TONGBAO__NOTICE__KIND__ALL_CLEAR);
        } else {
            fill[kind](&sample);
        }
        bool has = tb_statement_subject(&sample.body, &subject);
        assert_int_equal(has, kind != TB_KIND_RECEIPT && kind != TB_KIND_RECALL);
        if (has) {
            assert_memory_equal(subject.byte, sample.subject, TB_ID_BYTES);
        }
        sample.notice.regards.len = 31;
        sample.ids[1].len = 33;
        sample.acknowledgement.notice.len = 0;
        sample.call.notice.len = 31;
        sample.objection.envelope.len = 0;
        sample.widening.envelope.len = 31;
        sample.disclosure.notice.len = 31;
        sample.deed.notice.len = 0;
        sample.destruction.notice.len = 31;
        sample.recall.answers = tb_wire_data(tb_bytes_of(sample.second, 31));
        assert_int_equal(check(), TB_MALFORMED);
        assert_false(tb_statement_subject(&sample.body, &subject));
    }
    first_notice(&sample);
    sample.attachment.digest.len = 31;
    assert_int_equal(check(), TB_MALFORMED);
    first_notice(&sample);
    sample.body.personal_digest = tb_wire_data(tb_bytes_of(sample.digest, 31));
    assert_int_equal(check(), TB_MALFORMED);
    first_notice(&sample);
    sample.body.incident.len = 0;
    assert_int_equal(check(), TB_MALFORMED);
    sample_acknowledgement(&sample);
    sample.body.incident.len = 0;
    assert_int_equal(check(), TB_OK);
    sample.body.incident.len = 15;
    assert_int_equal(check(), TB_MALFORMED);
}

static void a_notice_that_continues_names_what(void **state)
{
    (void)state;
    for (int kind = 0; kind < 12; kind++) {
        bool continues = tb_notice_continues((Tongbao__Notice__Kind)kind);
        bool expected =
            kind == TONGBAO__NOTICE__KIND__FOLLOW_UP || kind == TONGBAO__NOTICE__KIND__CORRECTION ||
            kind == TONGBAO__NOTICE__KIND__ALL_CLEAR || kind == TONGBAO__NOTICE__KIND__FINAL;
        assert_int_equal(continues, expected);
        sample_notice(&sample, (Tongbao__Notice__Kind)kind);
        sample.notice.regards.len = 0;
        assert_int_equal(check(), continues ? TB_MALFORMED : TB_OK);
    }
    assert_string_equal(tb_notice_kind_text(TONGBAO__NOTICE__KIND__FIRST), "first");
    assert_string_equal(tb_notice_kind_text(TONGBAO__NOTICE__KIND__FOLLOW_UP), "follow_up");
    assert_string_equal(tb_notice_kind_text(TONGBAO__NOTICE__KIND__RELEASE), "release");
    assert_string_equal(tb_notice_kind_text((Tongbao__Notice__Kind)99), "unknown");
    assert_string_equal(tb_notice_kind_text((Tongbao__Notice__Kind)-1), "unknown");
}

static void I6_a_notice_with_nothing_but_its_place_in_the_chain_goes(void **state)
{
    (void)state;
    first_notice(&sample);
    tongbao__notice__init(&sample.notice);
    sample.body.n_recipients = 0;
    sample.body.issued_at_ms = 0;
    assert_int_equal(check(), TB_OK);
    sample.notice.kind = (Tongbao__Notice__Kind)77;
    sample.notice.grade = (Tongbao__Notice__Grade)77;
    sample.notice.flow = (Tongbao__Notice__Flow)77;
    sample.notice.occurred_precision = (Tongbao__Notice__Precision)77;
    assert_int_equal(check(), TB_OK);
}

static void I4_an_acknowledgement_names_its_officer(void **state)
{
    (void)state;
    sample_acknowledgement(&sample);
    sample.officer.name = sample_text("");
    assert_int_equal(check(), TB_MALFORMED);
    sample.acknowledgement.officer = NULL;
    assert_int_equal(check(), TB_MALFORMED);
    sample_acknowledgement(&sample);
    sample.officer.number = sample_text("");
    assert_int_equal(check(), TB_OK);
}

/* "Evidence without which nothing is published". */
static void what_is_published_names_its_evidence(void **state)
{
    (void)state;
    for (int at = 0; at <= TONGBAO__DISCLOSURE__STATE__UPDATED + 1; at++) {
        bool public = at == TONGBAO__DISCLOSURE__STATE__PUBLISHED ||
                      at == TONGBAO__DISCLOSURE__STATE__UPDATED;
        sample_disclosure(&sample);
        sample.disclosure.state = (Tongbao__Disclosure__State)at;
        assert_int_equal(check(), TB_OK);
        sample.disclosure.n_evidence = 0;
        assert_int_equal(check(), public ? TB_MALFORMED : TB_OK);
    }
    /* A deed goes without (I6); it meets no clock. */
    sample_deed(&sample);
    sample.deed.n_evidence = 0;
    assert_int_equal(check(), TB_OK);
}

static void I4_disclosures_deeds_and_destructions_name_their_officer(void **state)
{
    (void)state;
    sample_destruction(&sample);
    sample.officer.name = sample_text("");
    assert_int_equal(check(), TB_MALFORMED);
    sample.destruction.officer = NULL;
    assert_int_equal(check(), TB_MALFORMED);
    sample_destruction(&sample);
    sample.destruction.at_ms = -1;
    assert_int_equal(check(), TB_MALFORMED);
    sample_disclosure(&sample);
    sample.officer.name = sample_text("");
    assert_int_equal(check(), TB_MALFORMED);
    sample.disclosure.officer = NULL;
    assert_int_equal(check(), TB_MALFORMED);
    sample_deed(&sample);
    sample.officer.name = sample_text("");
    assert_int_equal(check(), TB_MALFORMED);
    sample.deed.officer = NULL;
    assert_int_equal(check(), TB_MALFORMED);
}

static void I10_disclosures_and_deeds_have_limits(void **state)
{
    (void)state;
    static char name[TB_NAME_BYTES_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    char **const of_disclosure[] = {&sample.disclosure.by, &sample.disclosure.channel};
    char **const of_deed[] = {&sample.deed.to, &sample.deed.person, &sample.deed.channel,
                              &sample.deed.document_number};
    for (size_t i = 0; i < sizeof of_disclosure / sizeof of_disclosure[0]; i++) {
        sample_disclosure(&sample);
        *of_disclosure[i] = name;
        assert_int_equal(check(), TB_TOOBIG);
    }
    for (size_t i = 0; i < sizeof of_deed / sizeof of_deed[0]; i++) {
        sample_deed(&sample);
        *of_deed[i] = name;
        assert_int_equal(check(), TB_TOOBIG);
    }
    sample_disclosure(&sample);
    sample.disclosure.n_evidence = TB_ATTACHMENTS_MAX + 1;
    assert_int_equal(check(), TB_TOOBIG);
    sample_deed(&sample);
    sample.deed.n_evidence = TB_ATTACHMENTS_MAX + 1;
    assert_int_equal(check(), TB_TOOBIG);
    sample_deed(&sample);
    sample.attachment.size_bytes = TB_ATTACHMENT_BYTES_MAX + 1;
    assert_int_equal(check(), TB_TOOBIG);
    sample_disclosure(&sample);
    sample.attachment.digest.len = 31;
    assert_int_equal(check(), TB_MALFORMED);
    sample_disclosure(&sample);
    sample.disclosure.at_ms = -1;
    assert_int_equal(check(), TB_MALFORMED);
    sample_deed(&sample);
    sample.deed.entered_at_ms = TB_TIME_MS_MAX + 1;
    assert_int_equal(check(), TB_MALFORMED);
}

/* "Disclosure: the incident's origin, its city, its province." */
static void I3_origin_city_and_province_disclose_and_nobody_else(void **state)
{
    (void)state;
    static const struct {
        uint32_t office;
        bool may;
    } rows[] = {{140926, true},  {140900, true},  {140000, true}, {140925, false},
                {140100, false}, {130000, false}, {140123, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tb_envelope envelope = {.origin = rows[i].office, .world = TB_WORLD_ACTUAL};
        sample_disclosure(&sample);
        assert_int_equal(
            tb_statement_authority(&envelope, &sample.body, 140926, TB_WORLD_ACTUAL, false),
            rows[i].may ? TB_OK : TB_AUTHORITY);
        /* Not judged before the notice is here. */
        assert_int_equal(tb_statement_authority(&envelope, &sample.body, 0, TB_WORLD_NONE, false),
                         TB_OK);
        sample_deed(&sample);
        assert_int_equal(
            tb_statement_authority(&envelope, &sample.body, 140926, TB_WORLD_ACTUAL, false), TB_OK);
    }
}

static void a_recall_that_asks_counts_nothing(void **state)
{
    (void)state;
    uint64_t *const counts[] = {&sample.recall.own, &sample.recall.addressed,
                                &sample.recall.refused};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        sample_recall(&sample);
        assert_true(tb_recall_asks(&sample.recall));
        *counts[i] = 1;
        assert_int_equal(check(), TB_MALFORMED);
        sample_recall_answer(&sample);
        assert_false(tb_recall_asks(&sample.recall));
        assert_int_equal(check(), TB_OK);
        *counts[i] = UINT64_MAX;
        assert_int_equal(check(), TB_MALFORMED);
    }
}

/* "An office about itself, addressed to its own province", in the actual world; only a
 * province answers. */
static void I3_only_a_province_answers_a_recall(void **state)
{
    (void)state;
    static const struct {
        uint32_t office;
        enum tb_world world;
        bool asks;
        bool answers;
    } rows[] = {{140926, TB_WORLD_ACTUAL, true, false},
                {140900, TB_WORLD_ACTUAL, true, false},
                {140000, TB_WORLD_ACTUAL, true, true},
                {140926, TB_WORLD_EXERCISE, false, false},
                {140000, TB_WORLD_TEST, false, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tb_envelope envelope = {.origin = rows[i].office, .world = rows[i].world};
        sample_recall(&sample);
        assert_int_equal(tb_statement_authority(&envelope, &sample.body, 0, TB_WORLD_NONE, false),
                         rows[i].asks ? TB_OK : TB_AUTHORITY);
        sample_recall_answer(&sample);
        assert_int_equal(tb_statement_authority(&envelope, &sample.body, 0, TB_WORLD_NONE, false),
                         rows[i].answers ? TB_OK : TB_AUTHORITY);
    }
}

static void I10_counts_have_limits(void **state)
{
    (void)state;
    static ProtobufCBinaryData ids[TB_RECEIPT_IDS_MAX + 1];
    first_notice(&sample);
    sample.body.n_recipients = TB_RECIPIENTS_MAX + 1;
    assert_int_equal(check(), TB_TOOBIG);
    first_notice(&sample);
    sample.notice.n_substances = TB_SUBSTANCES_MAX + 1;
    assert_int_equal(check(), TB_TOOBIG);
    first_notice(&sample);
    sample.notice.n_measurements = TB_MEASUREMENTS_MAX + 1;
    assert_int_equal(check(), TB_TOOBIG);
    first_notice(&sample);
    sample.notice.n_attachments = TB_ATTACHMENTS_MAX + 1;
    assert_int_equal(check(), TB_TOOBIG);
    first_notice(&sample);
    sample.notice.n_article4 = TB_ARTICLE4_MAX + 1;
    assert_int_equal(check(), TB_TOOBIG);
    first_notice(&sample);
    sample.attachment.size_bytes = TB_ATTACHMENT_BYTES_MAX;
    assert_int_equal(check(), TB_OK);
    sample.attachment.size_bytes++;
    assert_int_equal(check(), TB_TOOBIG);
    sample_receipt(&sample);
    sample.receipt.ids = ids;
    for (size_t i = 0; i <= TB_RECEIPT_IDS_MAX; i++) {
        ids[i] = sample.ids[0];
    }
    sample.receipt.n_ids = TB_RECEIPT_IDS_MAX;
    assert_int_equal(check(), TB_OK);
    sample.receipt.n_ids++;
    assert_int_equal(check(), TB_TOOBIG);
    sample.receipt.n_ids = 0;
    assert_int_equal(check(), TB_MALFORMED);
}

static void I10_names_have_limits(void **state)
{
    (void)state;
    static char name[TB_NAME_BYTES_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    char **const of_notice[] = {&sample.notice.river,        &sample.notice.number,
                                &sample.notice.signed_by,    &sample.notice.contact,
                                &sample.officer.name,        &sample.officer.number,
                                &sample.recipient[1].river,  &sample.notice.reporting_office,
                                &sample.notice.contact_phone};
    for (size_t i = 0; i < sizeof of_notice / sizeof of_notice[0]; i++) {
        first_notice(&sample);
        *of_notice[i] = name;
        assert_int_equal(check(), TB_TOOBIG);
    }
    sample_call(&sample);
    sample.call.person = name;
    assert_int_equal(check(), TB_TOOBIG);
    sample_widening(&sample);
    sample.widening.river = name;
    assert_int_equal(check(), TB_TOOBIG);
    first_notice(&sample);
    name[TB_NAME_BYTES_MAX] = '\0';
    sample.notice.river = name;
    assert_int_equal(check(), TB_OK);
    name[TB_NUMBER_BYTES_MAX] = '\0';
    sample.notice.number = name;
    assert_int_equal(check(), TB_OK);
}

static void a_time_outside_1970_to_9999_is_none(void **state)
{
    (void)state;
    int64_t *const times[] = {&sample.notice.occurred_at_ms, &sample.notice.known_at_ms,
                              &sample.notice.graded_at_ms,   &sample.notice.next_report_at_ms,
                              &sample.body.issued_at_ms,     &sample.measurement.sampled_at_ms};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        first_notice(&sample);
        *times[i] = TB_TIME_MS_MAX;
        assert_int_equal(check(), TB_OK);
        *times[i] = TB_TIME_MS_MAX + 1;
        assert_int_equal(check(), TB_MALFORMED);
        *times[i] = -1;
        assert_int_equal(check(), TB_MALFORMED);
    }
    sample_receipt(&sample);
    sample.receipt.stored_at_ms = INT64_MIN;
    assert_int_equal(check(), TB_MALFORMED);
    sample_acknowledgement(&sample);
    sample.acknowledgement.given_at_ms = INT64_MAX;
    assert_int_equal(check(), TB_MALFORMED);
    sample_call(&sample);
    sample.call.entered_at_ms = -1;
    assert_int_equal(check(), TB_MALFORMED);
}

static void a_recipient_is_a_code_and_stands_once(void **state)
{
    (void)state;
    static Tongbao__Recipient many[TB_RECIPIENTS_MAX];
    static Tongbao__Recipient *list[TB_RECIPIENTS_MAX];
    static const uint32_t none[] = {0, 99999, 1000000, UINT32_MAX};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        first_notice(&sample);
        sample.recipient[1].office = none[i];
        assert_int_equal(check(), TB_MALFORMED);
    }
    for (size_t i = 0; i < TB_RECIPIENTS_MAX; i++) {
        tongbao__recipient__init(&many[i]);
        many[i].office = 140000 + 1024 * (uint32_t)i % 859999;
        list[i] = &many[i];
    }
    first_notice(&sample);
    sample.body.recipients = list;
    sample.body.n_recipients = TB_RECIPIENTS_MAX;
    assert_int_equal(check(), TB_OK);
    many[TB_RECIPIENTS_MAX - 1].office = many[3].office;
    assert_int_equal(check(), TB_MALFORMED);
    first_notice(&sample);
    assert_true(tb_statement_names(&sample.body, 140900));
    assert_false(tb_statement_names(&sample.body, 140901));
    sample.recipient[0].nth = UINT64_MAX;
    assert_int_equal(check(), TB_MALFORMED);
    sample_call(&sample);
    sample.call.office = 7;
    assert_int_equal(check(), TB_MALFORMED);
    sample_widening(&sample);
    sample.widening.office = 0;
    assert_int_equal(check(), TB_MALFORMED);
}

/* What the design says, written down once more as a table of its own. */
static bool may(int kind, bool continues, enum tb_world world, bool broker, uint32_t subject_origin,
                enum tb_world subject_world)
{
    bool arrived = subject_origin != 0;
    if (kind == TB_KIND_UNKNOWN) {
        return broker == (world == TB_WORLD_NONE);
    }
    if (kind == TB_KIND_WIDENING) {
        return broker && world == TB_WORLD_NONE && (!arrived || subject_world == TB_WORLD_ACTUAL);
    }
    if (broker || world == TB_WORLD_NONE) {
        return false;
    }
    if (kind == TB_KIND_RECALL && world != TB_WORLD_ACTUAL) {
        return false;
    }
    if (arrived && subject_world != world) {
        return false;
    }
    bool needs_origin = continues || kind == TB_KIND_DISCLOSURE;
    return !needs_origin || !arrived || subject_origin == 140926;
}

static void I3_authority_is_exactly_the_table(void **state)
{
    (void)state;
    static const uint32_t origins[] = {0, 140926, 140925};
    struct tb_envelope envelope = {.origin = 140926};
    size_t allowed = 0;
    size_t refused = 0;
    for (int row = 0; row < KINDS + TONGBAO__NOTICE__KIND__RELEASE + 2; row++) {
        int kind = row < KINDS ? row : TB_KIND_NOTICE;
        Tongbao__Notice__Kind notice = (Tongbao__Notice__Kind)(row < KINDS ? 1 : row - KINDS);
        fill[kind](&sample);
        if (kind == TB_KIND_NOTICE) {
            sample_notice(&sample, notice);
        }
        bool continues = kind == TB_KIND_NOTICE && tb_notice_continues(notice);
        for (unsigned at = 0; at < 4u * 4 * 3 * 2; at++) {
            enum tb_world subject = (enum tb_world)(at / 4 % 4);
            uint32_t origin = origins[at / 16 % 3];
            bool broker = at / 48 == 1;
            envelope.world = (enum tb_world)(at % 4);
            if ((origin == 0) != (subject == TB_WORLD_NONE)) {
                continue; /* a subject has arrived with both or with neither */
            }
            enum tb_status status =
                tb_statement_authority(&envelope, &sample.body, origin, subject, broker);
            bool expected = may(kind, continues, envelope.world, broker, origin, subject);
            assert_int_equal(status, expected ? TB_OK : TB_AUTHORITY);
            allowed += expected;
            refused += !expected;
        }
    }
    /* 20 statements, 4 worlds, 2 signers, 7 states of the subject. */
    assert_int_equal(allowed + refused, 20 * 4 * 2 * 7);
    assert_true(allowed > 100);
}

static void I7_an_exercise_answers_no_real_notice(void **state)
{
    (void)state;
    struct tb_envelope envelope = {.origin = 140925, .world = TB_WORLD_EXERCISE};
    sample_acknowledgement(&sample);
    assert_int_equal(
        tb_statement_authority(&envelope, &sample.body, 140926, TB_WORLD_ACTUAL, false),
        TB_AUTHORITY);
    assert_int_equal(
        tb_statement_authority(&envelope, &sample.body, 140926, TB_WORLD_EXERCISE, false), TB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_recognised_and_whole),
        cmocka_unit_test(actual_notices_alone_have_the_first_lane),
        cmocka_unit_test(chain_fields_stand_exactly_where_the_kind_is_chained),
        cmocka_unit_test(I8_a_chain_begins_once_and_every_other_link_names_the_one_before),
        cmocka_unit_test(ids_have_their_lengths),
        cmocka_unit_test(a_notice_that_continues_names_what),
        cmocka_unit_test(I6_a_notice_with_nothing_but_its_place_in_the_chain_goes),
        cmocka_unit_test(I4_an_acknowledgement_names_its_officer),
        cmocka_unit_test(what_is_published_names_its_evidence),
        cmocka_unit_test(I4_disclosures_deeds_and_destructions_name_their_officer),
        cmocka_unit_test(I10_disclosures_and_deeds_have_limits),
        cmocka_unit_test(a_recall_that_asks_counts_nothing),
        cmocka_unit_test(I3_only_a_province_answers_a_recall),
        cmocka_unit_test(I3_origin_city_and_province_disclose_and_nobody_else),
        cmocka_unit_test(I10_counts_have_limits),
        cmocka_unit_test(I10_names_have_limits),
        cmocka_unit_test(a_time_outside_1970_to_9999_is_none),
        cmocka_unit_test(a_recipient_is_a_code_and_stands_once),
        cmocka_unit_test(I3_authority_is_exactly_the_table),
        cmocka_unit_test(I7_an_exercise_answers_no_real_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
