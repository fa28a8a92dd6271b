#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/limits.h"
#include "bench.h"
#include "broker/core/exchange.h"
#include "proto/wire.h"

/* Directories in parts, repair by Listing and Want, Fetch, Aside; I1, I3. */

static const struct fix_say usual = {
    .origin = 140925, .directory_version = 1, .to = {140926, 140900}};

static struct tb_buf published(struct bench *bench, uint64_t version)
{
    struct tb_buf bytes;
    tb_buf_init(&bytes, TB_DIRECTORY_BYTES_MAX);
    fix_publish(&bench->fix, version, &bytes);
    return bytes;
}

static void have(struct bench *bench, uint64_t peer, uint32_t prefix, uint64_t version)
{
    Tongbao__DirectoryVersion named = TONGBAO__DIRECTORY_VERSION__INIT;
    Tongbao__DirectoryVersion *list[] = {&named};
    Tongbao__Have having = TONGBAO__HAVE__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    static const struct tb_id digest = {{1}};
    named.prefix = prefix;
    named.version = version;
    named.digest = tb_wire_id(&digest);
    having.n_directories = 1;
    having.directories = list;
    frame.kind_case = TONGBAO__FRAME__KIND_HAVE;
    frame.have = &having;
    bench_frame(bench, peer, &frame);
}

static const Tongbao__Ask *asked(struct bench *bench, uint64_t peer)
{
    const Tongbao__Frame *frame = bench_sent(bench, peer, TONGBAO__FRAME__KIND_ASK, 0);
    return frame == NULL ? NULL : frame->ask;
}

static void give_part(struct bench *bench, uint64_t peer, uint64_t version, struct tb_bytes whole,
                      size_t offset)
{
    Tongbao__Part part = TONGBAO__PART__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    size_t left = whole.size - offset;
    size_t size = left < TB_DIRECTORY_PART_BYTES_MAX ? left : (size_t)TB_DIRECTORY_PART_BYTES_MAX;
    part.prefix = 14;
    part.version = version;
    part.total_bytes = whole.size;
    part.offset = offset;
    part.content = tb_wire_data(tb_bytes_of(whole.data + offset, size));
    frame.kind_case = TONGBAO__FRAME__KIND_PART;
    frame.part = &part;
    bench_frame(bench, peer, &frame);
}

/* Answer the broker's questions to ${peer} until it has no more; how many. */
static size_t give(struct bench *bench, uint64_t peer, uint64_t version, struct tb_bytes whole)
{
    size_t parts = 0;
    for (const Tongbao__Ask *ask = asked(bench, peer); ask != NULL; ask = asked(bench, peer)) {
        assert_int_equal(ask->prefix, 14);
        assert_int_equal(ask->version, version);
        give_part(bench, peer, version, whole, (size_t)ask->offset);
        parts++;
    }
    return parts;
}

static uint64_t in_force(struct bench *bench)
{
    return tb_directory_version(tb_directories_prefix(tb_broker_directories(bench->broker), 14));
}

static void a_newer_directory_is_asked_for_taken_in_parts_and_announced(void **state)
{
    struct bench *bench = *state;
    bench->fix.filler_bytes = 150000; /* larger than two parts */
    struct tb_buf bytes = published(bench, 2);
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    have(bench, 1, 14, 2);
    size_t parts = give(bench, 1, 2, tb_buf_bytes(&bytes));
    assert_int_equal(parts,
                     (bytes.size + TB_DIRECTORY_PART_BYTES_MAX - 1) / TB_DIRECTORY_PART_BYTES_MAX);
    assert_true(parts > 2);
    assert_int_equal(in_force(bench), 2);
    assert_true(bench_noted(bench, TB_NOTE_DIRECTORY_TAKEN));
    assert_int_equal(bench_effects(bench, TB_EFFECT_KEYS), 1);
    const Tongbao__Frame *told = bench_sent(bench, 2, TONGBAO__FRAME__KIND_HAVE, 0);
    assert_non_null(told);
    assert_int_equal(told->have->directories[0]->version, 2);
    assert_null(bench_sent(bench, 1, TONGBAO__FRAME__KIND_HAVE, 0));
    /* All versions are kept. */
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM directory"), 2);
    tb_buf_fini(&bytes);
}

static void an_older_directory_is_never_taken(void **state)
{
    struct bench *bench = *state;
    struct tb_buf old = published(bench, 1);
    assert_int_equal(bench_publish(bench, 3), TB_OK);
    bench_hello(bench, 1, 140925);
    have(bench, 1, 14, 2);
    assert_null(asked(bench, 1));
    /* The peer lacks version 3: it is told. */
    assert_non_null(bench_sent(bench, 1, TONGBAO__FRAME__KIND_HAVE, 0));
    give_part(bench, 1, 2, tb_buf_bytes(&old), 0);
    assert_int_equal(in_force(bench), 3);
    tb_buf_fini(&old);
}

static void
i3_a_directory_that_its_root_did_not_sign_is_refused_and_not_asked_for_again(void **state)
{
    struct bench *bench = *state;
    struct tb_buf bytes = published(bench, 2);
    bytes.data[bytes.size / 2] ^= 1;
    bench_hello(bench, 1, 140925);
    have(bench, 1, 14, 2);
    assert_int_equal(give(bench, 1, 2, tb_buf_bytes(&bytes)), 1);
    assert_true(bench_noted(bench, TB_NOTE_DIRECTORY_REFUSED));
    assert_int_equal(in_force(bench), 1);
    have(bench, 1, 14, 2);
    assert_null(asked(bench, 1));
    /* Another peer is. */
    bench_hello(bench, 2, 140926);
    have(bench, 2, 14, 2);
    assert_non_null(asked(bench, 2));
    tb_buf_fini(&bytes);
}

static void a_directory_without_a_pinned_root_is_not_asked_for(void **state)
{
    struct bench *bench = *state;
    bench_hello(bench, 1, 140925);
    have(bench, 1, 13, 5);
    assert_null(asked(bench, 1));
}

static void a_stale_fetch_is_asked_of_another_peer(void **state)
{
    struct bench *bench = *state;
    bench_hello(bench, 1, 140925);
    bench_hello(bench, 2, 140926);
    have(bench, 1, 14, 2);
    assert_non_null(asked(bench, 1));
    have(bench, 2, 14, 2);
    assert_null(asked(bench, 2));
    bench_later(bench, TB_EXCHANGE_STALE_MS);
    have(bench, 2, 14, 2);
    assert_non_null(asked(bench, 2));
}

static void a_clash_of_one_version_keeps_the_first_and_is_noted(void **state)
{
    struct bench *bench = *state;
    bench_hello(bench, 1, 140925);
    have(bench, 1, 14, 1); /* with another digest */
    assert_true(bench_noted(bench, TB_NOTE_DIRECTORY_CLASH));
    bench->fix.rivers = true;
    assert_int_equal(bench_publish(bench, 1), TB_OK);
    assert_true(bench_noted(bench, TB_NOTE_DIRECTORY_CLASH));
    assert_int_equal(bench_effects(bench, TB_EFFECT_KEYS), 0);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM directory"), 1);
}

static void
a_known_signer_that_names_a_newer_directory_is_taken_at_once_and_it_is_fetched(void **state)
{
    struct bench *bench = *state;
    struct fix_say say = usual;
    say.directory_version = 2;
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_say(bench, 1, &say, NULL)->status, TB_OK);
    const Tongbao__Ask *ask = asked(bench, 1);
    assert_non_null(ask);
    assert_int_equal(ask->version, 2);
}

static void an_office_gets_any_kept_version_in_parts(void **state)
{
    struct bench *bench = *state;
    struct tb_buf whole;
    bench->fix.filler_bytes = 150000;
    struct tb_buf second = published(bench, 2);
    assert_int_equal(bench_publish(bench, 2), TB_OK);
    bench->fix.filler_bytes = 0;
    assert_int_equal(bench_publish(bench, 3), TB_OK);
    bench_hello(bench, 1, 140925);
    tb_buf_init(&whole, TB_DIRECTORY_BYTES_MAX);
    do {
        Tongbao__Ask ask = TONGBAO__ASK__INIT;
        Tongbao__Frame frame = TONGBAO__FRAME__INIT;
        ask.prefix = 14;
        ask.version = 2;
        ask.offset = whole.size;
        frame.kind_case = TONGBAO__FRAME__KIND_ASK;
        frame.ask = &ask;
        bench_frame(bench, 1, &frame);
        const Tongbao__Frame *reply = bench_sent(bench, 1, TONGBAO__FRAME__KIND_PART, 0);
        assert_non_null(reply);
        assert_int_equal(reply->part->total_bytes, second.size);
        assert_int_equal(reply->part->offset, whole.size);
        assert_int_equal(tb_buf_add(&whole, tb_wire_bytes(reply->part->content)), TB_OK);
    } while (whole.size < second.size);
    assert_true(tb_bytes_equal(tb_buf_bytes(&whole), tb_buf_bytes(&second)));
    tb_buf_fini(&whole);
    tb_buf_fini(&second);
}

static void i1_the_broker_wants_what_it_lacks_of_a_listing_and_files_it(void **state)
{
    struct bench *bench = *state;
    struct tb_buf held;
    struct tb_buf lost;
    struct tb_id id[2];
    ProtobufCBinaryData ids[2];
    Tongbao__Listing listing = TONGBAO__LISTING__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    tb_buf_init(&held, TB_ENVELOPE_BYTES_MAX);
    tb_buf_init(&lost, TB_ENVELOPE_BYTES_MAX);
    fix_notice(&bench->fix, &usual, &held, &id[0]);
    fix_notice(&bench->fix, &usual, &lost, &id[1]);
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_offer(bench, 1, tb_buf_bytes(&held), false)->status, TB_OK);
    /* Listed by a recipient: repair "does not need the origin". */
    bench_hello(bench, 2, 140900);
    ids[0] = tb_wire_id(&id[0]);
    ids[1] = tb_wire_id(&id[1]);
    listing.n_ids = 2;
    listing.ids = ids;
    listing.last = true;
    frame.kind_case = TONGBAO__FRAME__KIND_LISTING;
    frame.listing = &listing;
    bench_frame(bench, 2, &frame);
    const Tongbao__Frame *want = bench_sent(bench, 2, TONGBAO__FRAME__KIND_WANT, 0);
    assert_non_null(want);
    assert_int_equal(want->want->n_ids, 1);
    assert_memory_equal(want->want->ids[0].data, id[1].byte, TB_ID_BYTES);
    assert_true(bench_noted(bench, TB_NOTE_REPAIR_FILED));
    assert_int_equal(bench_offer(bench, 2, tb_buf_bytes(&lost), true)->n_filed, 2);
    bench_frame(bench, 2, &frame);
    /* Nothing is lacking: that is said too, and ends the repair at the office. */
    want = bench_sent(bench, 2, TONGBAO__FRAME__KIND_WANT, 0);
    assert_non_null(want);
    assert_int_equal(want->want->n_ids, 0);
    tb_buf_fini(&held);
    tb_buf_fini(&lost);
}

static size_t fetched(struct bench *bench, uint64_t peer, const struct tb_id *id, size_t count)
{
    ProtobufCBinaryData ids[4];
    Tongbao__Fetch fetch = TONGBAO__FETCH__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    for (size_t i = 0; i < count; i++) {
        ids[i] = tb_wire_id(&id[i]);
    }
    fetch.n_ids = count;
    fetch.ids = ids;
    frame.kind_case = TONGBAO__FRAME__KIND_FETCH;
    frame.fetch = &fetch;
    bench_frame(bench, peer, &frame);
    return bench_count(bench, peer, TONGBAO__FRAME__KIND_DELIVER);
}

static void a_fetch_gives_an_office_its_own_and_its_mail_and_nobody_elses(void **state)
{
    struct bench *bench = *state;
    struct tb_id id[2] = {{{0}}, {{7, 7}}};
    struct fix_say say = usual;
    say.to[1] = 140123; /* a recipient that reads elsewhere, but asks here */
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_say(bench, 1, &say, &id[0])->status, TB_OK);
    assert_int_equal(fetched(bench, 1, id, 2), 1);
    const Tongbao__Frame *frame = bench_sent(bench, 1, TONGBAO__FRAME__KIND_DELIVER, 0);
    assert_int_equal(frame->deliver->lane, 0);
    assert_int_equal(frame->deliver->seq, 0);
    bench_hello(bench, 2, 140926);
    assert_int_equal(fetched(bench, 2, id, 2), 1);
    bench_hello(bench, 3, 140123);
    assert_int_equal(fetched(bench, 3, id, 2), 1);
    bench_hello(bench, 4, 140900);
    assert_int_equal(fetched(bench, 4, id, 2), 0);
}

static void an_aside_is_kept_for_the_offices_own_mail_alone(void **state)
{
    struct bench *bench = *state;
    struct tb_id id;
    Tongbao__Aside aside = TONGBAO__ASIDE__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    bench_hello(bench, 1, 140925);
    assert_int_equal(bench_say(bench, 1, &usual, &id)->status, TB_OK);
    aside.id = tb_wire_id(&id);
    aside.outcome = TONGBAO__OBJECTION__OUTCOME__PARKED;
    aside.reason = TB_SIGNER;
    frame.kind_case = TONGBAO__FRAME__KIND_ASIDE;
    frame.aside = &aside;
    bench_frame(bench, 1, &frame);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM aside"), 0);
    bench_hello(bench, 2, 140926);
    bench_frame(bench, 2, &frame);
    aside.outcome = TONGBAO__OBJECTION__OUTCOME__REFUSED;
    bench_frame(bench, 2, &frame);
    assert_int_equal(bench_sql(bench, "SELECT count(*) FROM aside"), 1);
    assert_int_equal(bench_sql(bench, "SELECT outcome FROM aside"),
                     TONGBAO__OBJECTION__OUTCOME__REFUSED);
    assert_int_equal(bench_sql(bench, "SELECT office FROM aside"), 140926);
}

static void a_store_belongs_to_one_broker(void **state)
{
    struct bench *bench = *state;
    struct tb_broker *other;
    struct tb_broker_config config = bench->config;
    struct tb_diag diag = {0};
    memcpy(config.name, "sx-2", sizeof "sx-2");
    assert_int_equal(tb_broker_new(&other, &bench->db, &config, &bench->now, &diag), TB_CONFLICT);
    assert_null(other);
    assert_non_null(strstr(diag.text, "sx-1"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_newer_directory_is_asked_for_taken_in_parts_and_announced),
        TEST(an_older_directory_is_never_taken),
        TEST(i3_a_directory_that_its_root_did_not_sign_is_refused_and_not_asked_for_again),
        TEST(a_directory_without_a_pinned_root_is_not_asked_for),
        TEST(a_stale_fetch_is_asked_of_another_peer),
        TEST(a_clash_of_one_version_keeps_the_first_and_is_noted),
        TEST(a_known_signer_that_names_a_newer_directory_is_taken_at_once_and_it_is_fetched),
        TEST(an_office_gets_any_kept_version_in_parts),
        TEST(i1_the_broker_wants_what_it_lacks_of_a_listing_and_files_it),
        TEST(a_fetch_gives_an_office_its_own_and_its_mail_and_nobody_elses),
        TEST(an_aside_is_kept_for_the_offices_own_mail_alone),
        TEST(a_store_belongs_to_one_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
