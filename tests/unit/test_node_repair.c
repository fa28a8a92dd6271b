#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "node/core/state.h"
#include "proto/wire.h"

/* What must survive a repair that is disturbed, and a store that was rolled back:
 * 宁武 (140925) and the brokers sx-1 and sx-2. */

static struct fixture fix;
static struct desk desk;
static struct tb_buf bytes;

static int start(void **state)
{
    (void)state;
    fix_init(&fix);
    fix.rivers = true;
    desk_start(&desk, &fix, 140925, (struct desk_make){.on_disk = true});
    desk_on_duty(&desk);
    tb_buf_init(&bytes, TB_DIRECTORY_BYTES_MAX);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tb_buf_fini(&bytes);
    desk_close(&desk);
    return 0;
}

static void welcome(int broker, bool repair)
{
    Tongbao__Welcome said;
    tongbao__welcome__init(&said);
    said.repair = repair;
    desk_welcome(&desk, broker, &said, 1);
}

static size_t listings(void)
{
    return desk_count(&desk, 0, TONGBAO__FRAME__KIND_LISTING);
}

static void refuse(int broker, enum tb_status status)
{
    Tongbao__Refusal refusal;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    tongbao__refusal__init(&refusal);
    refusal.status = (uint32_t)status;
    frame.kind_case = TONGBAO__FRAME__KIND_REFUSAL;
    frame.refusal = &refusal;
    desk_frame(&desk, broker, &frame);
}

static struct tb_id deliver_notice(void)
{
    struct tb_id id;
    struct fix_say say = {.origin = 140926, .to = {140925}};
    tb_buf_cut(&bytes, 0);
    fix_notice(&fix, &say, &bytes, &id);
    desk_deliver(&desk, 0, 1, tb_buf_bytes(&bytes));
    return id;
}

/* I1: what the broker sends says nothing about whether it has read the list yet: a
 * Deliver that crossed it on the way does not end the repair. */
static void i1_a_frame_that_crosses_the_listing_does_not_end_the_repair(void **state)
{
    (void)state;
    desk_issue(&desk, "汾河");
    desk_link(&desk, 0);
    welcome(0, true);
    assert_int_equal(listings(), 1);
    deliver_notice();
    desk_unlink(&desk, 0); /* and the list was lost on the way */
    desk_link(&desk, 0);
    welcome(0, false);
    assert_int_equal(listings(), 1);
}

/* I1: a broker whose Want was lost, or whose disk was full, refuses the next frame; it
 * does not ask for the repair again, since the epoch is known by now. */
static void i1_a_refusal_after_the_listing_does_not_end_the_repair(void **state)
{
    (void)state;
    desk_issue(&desk, "汾河");
    desk_link(&desk, 0);
    welcome(0, true);
    refuse(0, TB_STATE);
    desk_later(&desk, TB_CHOKED_MS);
    desk_due(&desk);
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_HELLO), 1);
    welcome(0, false);
    assert_int_equal(listings(), 1);
}

static void want_by(int broker, const struct tb_id *id)
{
    Tongbao__Want said = TONGBAO__WANT__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    ProtobufCBinaryData wanted[] = {tb_wire_id(id)};
    said.ids = wanted;
    said.n_ids = 1;
    frame.kind_case = TONGBAO__FRAME__KIND_WANT;
    frame.want = &said;
    desk_frame(&desk, broker, &frame);
}

static void want(const struct tb_id *id)
{
    want_by(0, id);
}

/* Nothing of a page is lacking. */
static void want_nothing(void)
{
    Tongbao__Want said = TONGBAO__WANT__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    frame.kind_case = TONGBAO__FRAME__KIND_WANT;
    frame.want = &said;
    desk_frame(&desk, 0, &frame);
}

static void a_repair_ends_when_its_listing_is_answered(void **state)
{
    (void)state;
    desk_issue(&desk, "汾河");
    desk_link(&desk, 0);
    welcome(0, true);
    assert_int_equal(listings(), 1);
    want_nothing();
    desk_unlink(&desk, 0);
    desk_link(&desk, 0);
    welcome(0, false);
    assert_int_equal(listings(), 0);
}

/* I1: the answer to a page that came before something was refused is no answer to what
 * was listed then. */
static void i1_a_want_after_a_refusal_does_not_end_the_repair(void **state)
{
    (void)state;
    desk_issue(&desk, "汾河");
    desk_link(&desk, 0);
    welcome(0, true);
    refuse(0, TB_STATE);
    want_nothing();
    desk_unlink(&desk, 0);
    desk_link(&desk, 0);
    welcome(0, false);
    assert_int_equal(listings(), 1);
}

/* A broker that only started again knows its epoch before, and what was read in it. */
static void a_new_epoch_without_a_repair_leaves_the_cursor_where_it_is(void **state)
{
    (void)state;
    Tongbao__Welcome said;
    desk_greet(&desk, 0, 1);
    deliver_notice();
    desk_unlink(&desk, 0);
    for (int repair = 0; repair <= 1; repair++) {
        tongbao__welcome__init(&said);
        said.repair = repair != 0;
        desk_link(&desk, 0);
        desk_welcome(&desk, 0, &said, (uint8_t)(2 + repair));
        desk_unlink(&desk, 0);
        desk_link(&desk, 0);
        const Tongbao__Hello *hello = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_HELLO, 0)->hello;
        assert_int_equal(hello->epoch.data[0], 2 + repair);
        assert_int_equal(hello->n_cursors, repair ? 0 : 1);
        desk_unlink(&desk, 0);
    }
}

/* The offer of ${id} in the last turn; NULL. */
static const Tongbao__Offer *offer_of(int broker, const struct tb_id *id)
{
    for (size_t i = 0; i < desk_count(&desk, broker, TONGBAO__FRAME__KIND_OFFER); i++) {
        struct tb_envelope envelope;
        const Tongbao__Offer *offer =
            desk_sent(&desk, broker, TONGBAO__FRAME__KIND_OFFER, i)->offer;
        assert_int_equal(tb_envelope_read(&envelope, tb_wire_bytes(offer->envelope)), TB_OK);
        if (tb_id_equal(&envelope.id, id)) {
            return offer;
        }
    }
    return NULL;
}

/* I1: "this is the only repair, and it does not need the origin". A broker that lost its
 * store lost its directories too and knows no signer until they have come again. */
static void i1_a_repair_offers_again_what_the_broker_could_not_verify_yet(void **state)
{
    (void)state;
    desk_greet(&desk, 0, 1);
    struct tb_id foreign = deliver_notice();
    desk_unlink(&desk, 0);
    desk_link(&desk, 0);
    welcome(0, true);
    want(&foreign);
    const Tongbao__Offer *offer = offer_of(0, &foreign);
    assert_non_null(offer);
    desk_answer(&desk, 0, offer, TB_SIGNER, 0, NULL, 0, NULL, 0);
    desk_later(&desk, TB_LATER_MS);
    desk_due(&desk);
    offer = offer_of(0, &foreign);
    assert_non_null(offer);
    assert_true(offer->repair);
    /* But not for ever: a signer may be in no directory any more (I10). */
    for (int i = 0; offer != NULL && i < 2 * TB_REPAIR_TRIES_MAX; i++) {
        desk_answer(&desk, 0, offer, TB_SIGNER, 0, NULL, 0, NULL, 0);
        desk_later(&desk, TB_LATER_MS);
        desk_due(&desk);
        offer = offer_of(0, &foreign);
    }
    assert_null(offer);
}

/* I1: nor is the mailbox of somebody who must still hear left full. */
static void i1_a_repair_waits_for_a_full_mailbox(void **state)
{
    (void)state;
    static const uint32_t filed[] = {140900};
    static const uint32_t full[] = {140925};
    desk_greet(&desk, 0, 1);
    struct tb_id foreign = deliver_notice();
    desk_unlink(&desk, 0);
    desk_link(&desk, 0);
    welcome(0, true);
    want(&foreign);
    desk_answer(&desk, 0, offer_of(0, &foreign), TB_OK, 1, filed, 1, full, 1);
    desk_later(&desk, TB_LATER_MS);
    desk_due(&desk);
    assert_non_null(offer_of(0, &foreign));
}

/* The envelope ${id} as the store has it now, copied. */
static void copy_of(const struct tb_id *id, struct tb_buf *out)
{
    struct tb_ledger_row row = {0};
    while (tb_query_ledger(desk.node, row.n, &row)) {
        if (tb_id_equal(&row.id, id)) {
            tb_buf_init(out, TB_ENVELOPE_BYTES_MAX);
            assert_int_equal(tb_buf_add(out, row.bytes), TB_OK);
            return;
        }
    }
    fail();
}

/* Welcome at ${broker} that names ${head}, the ${seq}th of ${chain}. */
static void welcome_naming(int broker, const uint8_t chain[TB_CHAIN_BYTES], uint64_t seq,
                           const struct tb_id *head)
{
    Tongbao__Welcome said;
    tongbao__welcome__init(&said);
    Tongbao__ChainHead named = TONGBAO__CHAIN_HEAD__INIT;
    Tongbao__ChainHead *list[] = {&named};
    named.world = TONGBAO__WORLD__ACTUAL;
    named.chain = tb_wire_data(tb_bytes_of(chain, TB_CHAIN_BYTES));
    named.seq = seq;
    named.id = tb_wire_id(head);
    said.chains = list;
    said.n_chains = 1;
    desk_link(&desk, broker);
    desk_welcome(&desk, broker, &said, 1);
}

/* True when the last turn asked ${broker} for ${id}. */
static bool fetched(int broker, const struct tb_id *id)
{
    const Tongbao__Frame *frame = desk_sent(&desk, broker, TONGBAO__FRAME__KIND_FETCH, 0);
    for (size_t i = 0; frame != NULL && i < frame->fetch->n_ids; i++) {
        if (memcmp(frame->fetch->ids[i].data, id->byte, TB_ID_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* I1, I8: a store that was rolled back gets its chain back link by link, and a link that
 * drops on the way does not end that: another broker may lack what is still missing. */
static void i1_a_hole_in_the_own_chain_is_asked_for_at_every_greeting(void **state)
{
    (void)state;
    struct tb_envelope envelope;
    struct tb_buf middle;
    struct tb_buf last;
    uint8_t chain[TB_CHAIN_BYTES];
    desk_issue(&desk, "汾河");
    desk_copy(&desk);
    struct tb_id second = desk_issue(&desk, "汾河").id;
    struct tb_id third = desk_issue(&desk, "汾河").id;
    memcpy(chain, desk_body(&desk, &third, &envelope)->chain.data, sizeof chain);
    copy_of(&second, &middle);
    copy_of(&third, &last);
    desk_restore(&desk);
    welcome_naming(0, chain, 3, &third);
    assert_true(fetched(0, &third));
    desk_deliver_lane0(&desk, 0, tb_buf_bytes(&last));
    assert_true(fetched(0, &second));
    desk_unlink(&desk, 0); /* before it came */
    desk_reopen(&desk);
    welcome_naming(1, chain, 3, &third);
    assert_true(fetched(1, &second));
    desk_deliver_lane0(&desk, 1, tb_buf_bytes(&middle));
    assert_non_null(offer_of(1, &second));
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM lacking"), 0);
    desk_unlink(&desk, 1);
    welcome_naming(1, chain, 3, &third);
    assert_int_equal(desk_count(&desk, 1, TONGBAO__FRAME__KIND_FETCH), 0);
    tb_buf_fini(&middle);
    tb_buf_fini(&last);
}

/* I1: a broker may be given later what it did not have at the greeting. */
static void i1_what_is_lacking_is_asked_for_again_on_a_line_that_stands(void **state)
{
    (void)state;
    uint8_t chain[TB_CHAIN_BYTES] = {7};
    const struct tb_id head = {.byte = {1, 2, 3}};
    welcome_naming(0, chain, 3, &head);
    desk_greet(&desk, 1, 1);
    desk_settle(&desk);
    for (int round = 0; round < 3; round++) {
        desk_later(&desk, TB_LACKING_MS - 1);
        desk_due(&desk);
        assert_false(fetched(0, &head));
        desk_later(&desk, 1);
        desk_due(&desk);
        assert_true(fetched(0, &head));
        assert_true(fetched(1, &head));
    }
}

/* I1: what never comes does not keep the rest from being asked for. */
static void i1_more_lacking_than_one_slice_goes_round(void **state)
{
    (void)state;
    (void)desk_sql(&desk, "INSERT INTO lacking (id, at_ms, named_ms) WITH RECURSIVE i (n) AS"
                          " (SELECT 0 UNION ALL SELECT n + 1 FROM i WHERE n < 299)"
                          " SELECT CAST(printf('%032d', n) AS BLOB), 0, 1 FROM i");
    desk_greet(&desk, 0, 1);
    assert_int_equal(desk_sent(&desk, 0, TONGBAO__FRAME__KIND_FETCH, 0)->fetch->n_ids,
                     TB_CHAIN_HEADS_MAX);
    desk_later(&desk, TB_LACKING_MS);
    desk_due(&desk);
    assert_int_equal(desk_sent(&desk, 0, TONGBAO__FRAME__KIND_FETCH, 0)->fetch->n_ids,
                     300 - TB_CHAIN_HEADS_MAX);
    desk_later(&desk, TB_LACKING_MS);
    desk_due(&desk);
    assert_int_equal(desk_sent(&desk, 0, TONGBAO__FRAME__KIND_FETCH, 0)->fetch->n_ids,
                     TB_CHAIN_HEADS_MAX);
}

/* I1: a receipt that no broker has taken yet follows its recipient to another one. */
static void i1_a_receipt_not_accepted_goes_where_its_recipient_reads_now(void **state)
{
    (void)state;
    fix_office(&fix, 140000)->reads[1] = NULL;
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    desk_greet(&desk, 0, 1);
    deliver_notice();
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_OFFER), 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM offer WHERE broker = 'sx-2'"), 0);
    fix_office(&fix, 140926)->reads[0] = "sx-2";
    assert_int_equal(desk_publish(&desk, 3).status, TB_OK);
    desk_settle(&desk);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM offer WHERE broker = 'sx-2'"), 1);
}

/* I10: a broker that lost its store wants all that it lacks, also what nobody reads
 * there; it says so once, and is not told again each minute for ever. */
static void a_repair_does_not_offer_again_what_nobody_reads_there(void **state)
{
    (void)state;
    struct tb_envelope receipt;
    fix_office(&fix, 140000)->reads[1] = NULL;
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    desk_greet(&desk, 0, 1);
    deliver_notice();
    const Tongbao__Offer *offer = desk_offered(&desk, 0, 0);
    assert_non_null(offer);
    assert_int_equal(tb_envelope_read(&receipt, tb_wire_bytes(offer->envelope)), TB_OK);
    struct tb_id id = receipt.id;
    desk_link(&desk, 1);
    welcome(1, true);
    want_by(1, &id);
    offer = offer_of(1, &id);
    assert_non_null(offer);
    desk_answer(&desk, 1, offer, TB_UNKNOWN, 0, NULL, 0, NULL, 0);
    desk_later(&desk, TB_LATER_MS);
    desk_due(&desk);
    assert_null(offer_of(1, &id));
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM offer WHERE broker = 'sx-2'"), 0);
}

/* The statement of a broker that ${notice} is for ${office} too. */
static void widen(const struct tb_id *notice, uint32_t office)
{
    struct tb_id id;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Widening widening;
    tongbao__widening__init(&widening);
    struct tb_seal seal = {
        .world = TB_WORLD_NONE, .origin = 140000, .secret = &fix.broker[0].key.secret};
    widening.envelope = tb_wire_id(notice);
    widening.office = office;
    body.issued_at_ms = FIX_AT_MS;
    body.statement_case = TONGBAO__BODY__STATEMENT_WIDENING;
    body.widening = &widening;
    tb_buf_cut(&bytes, 0);
    assert_int_equal(tb_envelope_seal(&bytes, &seal, &body, &id), TB_OK);
    desk_deliver(&desk, 0, 2, tb_buf_bytes(&bytes));
}

/* I1: a broker with a new key has two links for a while; what is offered again goes by the
 * one that is up. */
static void i1_a_broker_with_a_new_key_is_offered_to_by_its_new_link(void **state)
{
    (void)state;
    static const uint32_t filed[] = {140926, 140900, 140000};
    desk_greet(&desk, 0, 1);
    struct tb_event down = {.kind = TB_EVENT_LINK_DOWN, .from = desk_handle(&desk, 0)};
    fix_key(&fix.broker[0].key, "sx-1 anew");
    fix_office(&fix, 140123)->reads[0] = "sx-1";
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    desk_settle(&desk);
    desk_turn(&desk, &down, 1);
    desk_greet(&desk, 0, 1);
    struct tb_id id = desk_issue(&desk, "汾河").id;
    desk_answer(&desk, 0, offer_of(0, &id), TB_OK, 1, filed, 3, NULL, 0);
    widen(&id, 140123);
    assert_non_null(offer_of(0, &id));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(i1_a_frame_that_crosses_the_listing_does_not_end_the_repair),
        WITH(i1_a_refusal_after_the_listing_does_not_end_the_repair),
        WITH(a_repair_ends_when_its_listing_is_answered),
        WITH(i1_a_want_after_a_refusal_does_not_end_the_repair),
        WITH(a_new_epoch_without_a_repair_leaves_the_cursor_where_it_is),
        WITH(i1_a_repair_offers_again_what_the_broker_could_not_verify_yet),
        WITH(i1_a_repair_waits_for_a_full_mailbox),
        WITH(i1_a_hole_in_the_own_chain_is_asked_for_at_every_greeting),
        WITH(i1_what_is_lacking_is_asked_for_again_on_a_line_that_stands),
        WITH(i1_more_lacking_than_one_slice_goes_round),
        WITH(i1_a_receipt_not_accepted_goes_where_its_recipient_reads_now),
        WITH(a_repair_does_not_offer_again_what_nobody_reads_there),
        WITH(i1_a_broker_with_a_new_key_is_offered_to_by_its_new_link),
    };
    return cmocka_run_group_tests_name("node: repair", tests, NULL, NULL);
}
