#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "proto/envelope.h"
#include "proto/frame.h"
#include "proto/statement.h"
#include "proto/wire.h"
#include "sample.h"

static struct tb_buf buf;
static struct tb_arena arena;
static uint8_t id_bytes[64];
static ProtobufCBinaryData id;

static int set_up(void **state)
{
    (void)state;
    tb_buf_init(&buf, 4 * TB_FRAME_BYTES_MAX);
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    sample_id(id_bytes, "an envelope");
    id = tb_wire_data(tb_bytes_of(id_bytes, TB_ID_BYTES));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tb_arena_fini(&arena);
    tb_buf_fini(&buf);
    return 0;
}

static ProtobufCBinaryData some(size_t size)
{
    return tb_wire_data(tb_bytes_of(id_bytes, size));
}

/* How ${frame} is read after packing. */
static enum tb_status passed(const Tongbao__Frame *frame)
{
    const Tongbao__Frame *read;
    assert_int_equal(tb_frame_pack(&buf, frame), TB_OK);
    tb_arena_reset(&arena);
    enum tb_status status = tb_frame_read(tb_buf_bytes(&buf), &arena, &read);
    if (status == TB_OK) {
        assert_int_equal(read->kind_case, frame->kind_case);
    } else {
        assert_null(read);
    }
    return status;
}

#define FRAME(member, kind)                                                                        \
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;                                                   \
    frame.kind_case = TONGBAO__FRAME__KIND_##kind;                                                 \
    frame.member = &member

static void a_hello_is_whole(void **state)
{
    (void)state;
    static Tongbao__Cursor cursors[3];
    static Tongbao__Cursor *cursor_list[3] = {&cursors[0], &cursors[1], &cursors[2]};
    Tongbao__Position accepted = TONGBAO__POSITION__INIT;
    Tongbao__Hello hello;
    FRAME(hello, HELLO);
    tongbao__hello__init(&hello);
    assert_int_equal(passed(&frame), TB_MALFORMED);
    hello.version = TB_LINK_VERSION;
    hello.office = 140926;
    assert_int_equal(passed(&frame), TB_OK);
    hello.office = 14;
    assert_int_equal(passed(&frame), TB_MALFORMED);
    hello.office = 140926;
    hello.epoch = some(15);
    assert_int_equal(passed(&frame), TB_MALFORMED);
    hello.epoch = some(TB_EPOCH_BYTES);
    for (size_t i = 0; i < 3; i++) {
        tongbao__cursor__init(&cursors[i]);
        cursors[i].lane = (uint32_t)i + 1;
    }
    hello.cursors = cursor_list;
    hello.n_cursors = TB_LANES;
    assert_int_equal(passed(&frame), TB_OK);
    hello.n_cursors = 3;
    assert_int_equal(passed(&frame), TB_MALFORMED);
    hello.n_cursors = 2;
    cursors[1].lane = 1;
    assert_int_equal(passed(&frame), TB_MALFORMED);
    cursors[1].lane = 2;
    cursors[1].seq = 7;
    assert_int_equal(passed(&frame), TB_MALFORMED);
    cursors[1].id = id;
    assert_int_equal(passed(&frame), TB_OK);
    cursors[1].seq = 0;
    assert_int_equal(passed(&frame), TB_MALFORMED);
    cursors[1].seq = (uint64_t)INT64_MAX + 1;
    assert_int_equal(passed(&frame), TB_MALFORMED);
    hello.n_cursors = 0;
    hello.accepted = &accepted;
    assert_int_equal(passed(&frame), TB_OK);
    accepted.position = 3;
    assert_int_equal(passed(&frame), TB_MALFORMED);
    accepted.id = id;
    assert_int_equal(passed(&frame), TB_OK);
}

static void directories_are_named_by_prefix_version_and_digest(void **state)
{
    (void)state;
    static Tongbao__DirectoryVersion version;
    static Tongbao__DirectoryVersion *versions[TB_ROOTS_MAX + 1];
    Tongbao__Hello hello;
    FRAME(hello, HELLO);
    tongbao__hello__init(&hello);
    hello.version = TB_LINK_VERSION;
    hello.office = 140926;
    tongbao__directory_version__init(&version);
    version.prefix = 14;
    version.version = 3;
    version.digest = id;
    for (size_t i = 0; i <= TB_ROOTS_MAX; i++) {
        versions[i] = &version;
    }
    hello.directories = versions;
    hello.n_directories = TB_ROOTS_MAX;
    assert_int_equal(passed(&frame), TB_OK);
    hello.n_directories++;
    assert_int_equal(passed(&frame), TB_TOOBIG);
    hello.n_directories = 1;
    version.digest = some(31);
    assert_int_equal(passed(&frame), TB_MALFORMED);
    version.digest = id;
    version.prefix = 140000;
    assert_int_equal(passed(&frame), TB_MALFORMED);
}

static void a_welcome_is_whole(void **state)
{
    (void)state;
    static char name[TB_NAME_BYTES_MAX + 2];
    static Tongbao__ChainHead *heads[TB_CHAIN_HEADS_MAX + 1];
    Tongbao__ChainHead head = TONGBAO__CHAIN_HEAD__INIT;
    Tongbao__Welcome welcome;
    FRAME(welcome, WELCOME);
    tongbao__welcome__init(&welcome);
    welcome.version = TB_LINK_VERSION;
    welcome.broker = sample_text("sx-1");
    assert_int_equal(passed(&frame), TB_MALFORMED);
    welcome.epoch = some(TB_EPOCH_BYTES);
    assert_int_equal(passed(&frame), TB_OK);
    memset(name, 'n', sizeof name - 1);
    welcome.broker = name;
    assert_int_equal(passed(&frame), TB_TOOBIG);
    welcome.broker = sample_text("");
    assert_int_equal(passed(&frame), TB_MALFORMED);
    welcome.broker = sample_text("sx-1");
    head.world = TONGBAO__WORLD__ACTUAL;
    head.chain = some(TB_CHAIN_BYTES);
    head.seq = 9;
    head.id = id;
    for (size_t i = 0; i <= TB_CHAIN_HEADS_MAX; i++) {
        heads[i] = &head;
    }
    welcome.chains = heads;
    welcome.n_chains = TB_CHAIN_HEADS_MAX;
    assert_int_equal(passed(&frame), TB_OK);
    welcome.n_chains++;
    assert_int_equal(passed(&frame), TB_TOOBIG);
    welcome.n_chains = 1;
    head.seq = 0;
    assert_int_equal(passed(&frame), TB_MALFORMED);
    head.seq = 9;
    head.chain = some(15);
    assert_int_equal(passed(&frame), TB_MALFORMED);
}

static void offer_and_answer_are_whole(void **state)
{
    (void)state;
    static uint32_t offices[TB_RECIPIENTS_MAX + 1];
    Tongbao__Answer answer = TONGBAO__ANSWER__INIT;
    FRAME(answer, ANSWER);
    assert_int_equal(passed(&frame), TB_MALFORMED);
    /* What could not be read has no id. */
    answer.status = TB_MALFORMED;
    assert_int_equal(passed(&frame), TB_OK);
    answer.status = TB_OK;
    answer.id = id;
    assert_int_equal(passed(&frame), TB_OK);
    for (size_t i = 0; i <= TB_RECIPIENTS_MAX; i++) {
        offices[i] = 140000 + (uint32_t)i;
    }
    answer.filed = offices;
    answer.full = offices;
    answer.n_filed = answer.n_full = TB_RECIPIENTS_MAX;
    assert_int_equal(passed(&frame), TB_OK);
    answer.n_full++;
    assert_int_equal(passed(&frame), TB_TOOBIG);
    answer.n_full = 1;
    offices[0] = 3;
    assert_int_equal(passed(&frame), TB_MALFORMED);
    /* An offered envelope is judged by itself, and answered by its tag. */
    Tongbao__Offer offer = TONGBAO__OFFER__INIT;
    frame = (Tongbao__Frame)TONGBAO__FRAME__INIT;
    frame.kind_case = TONGBAO__FRAME__KIND_OFFER;
    frame.offer = &offer;
    assert_int_equal(passed(&frame), TB_OK);
}

static void deliver_stored_and_gap_name_a_lane(void **state)
{
    (void)state;
    Tongbao__Deliver deliver = TONGBAO__DELIVER__INIT;
    Tongbao__Stored stored = TONGBAO__STORED__INIT;
    Tongbao__Gap gap = TONGBAO__GAP__INIT;
    FRAME(deliver, DELIVER);
    deliver.envelope = some(40);
    for (uint32_t lane = 0; lane < 4; lane++) {
        deliver.lane = stored.lane = gap.lane = lane;
        deliver.seq = stored.seq = gap.before_seq = 1;
        stored.id = id;
        frame.kind_case = TONGBAO__FRAME__KIND_DELIVER;
        frame.deliver = &deliver;
        assert_int_equal(passed(&frame), lane <= TB_LANES ? TB_OK : TB_MALFORMED);
        bool inside = lane >= 1 && lane <= TB_LANES;
        frame.kind_case = TONGBAO__FRAME__KIND_STORED;
        frame.stored = &stored;
        assert_int_equal(passed(&frame), inside ? TB_OK : TB_MALFORMED);
        stored.id = some(31);
        assert_int_equal(passed(&frame), TB_MALFORMED);
        frame.kind_case = TONGBAO__FRAME__KIND_GAP;
        frame.gap = &gap;
        assert_int_equal(passed(&frame), inside ? TB_OK : TB_MALFORMED);
    }
    frame.kind_case = TONGBAO__FRAME__KIND_DELIVER;
    frame.deliver = &deliver;
    deliver.lane = 1;
    deliver.seq = 0;
    assert_int_equal(passed(&frame), TB_MALFORMED);
}

static void a_part_lies_inside_its_directory(void **state)
{
    (void)state;
    static uint8_t content[TB_DIRECTORY_PART_BYTES_MAX + 1];
    Tongbao__Part part = TONGBAO__PART__INIT;
    FRAME(part, PART);
    part.prefix = 14;
    part.version = 3;
    part.total_bytes = TB_DIRECTORY_BYTES_MAX;
    part.content = tb_wire_data(tb_bytes_of(content, TB_DIRECTORY_PART_BYTES_MAX));
    assert_int_equal(passed(&frame), TB_OK);
    part.offset = TB_DIRECTORY_BYTES_MAX - TB_DIRECTORY_PART_BYTES_MAX;
    assert_int_equal(passed(&frame), TB_OK);
    part.offset++;
    assert_int_equal(passed(&frame), TB_MALFORMED);
    part.offset = UINT64_MAX;
    assert_int_equal(passed(&frame), TB_MALFORMED);
    part.offset = 0;
    part.total_bytes++;
    assert_int_equal(passed(&frame), TB_TOOBIG);
    part.total_bytes--;
    part.content.len++;
    assert_int_equal(passed(&frame), TB_TOOBIG);
    Tongbao__Ask ask = TONGBAO__ASK__INIT;
    frame.kind_case = TONGBAO__FRAME__KIND_ASK;
    frame.ask = &ask;
    assert_int_equal(passed(&frame), TB_MALFORMED);
    ask.prefix = 14;
    assert_int_equal(passed(&frame), TB_OK);
    ask.offset = TB_DIRECTORY_BYTES_MAX + 1;
    assert_int_equal(passed(&frame), TB_TOOBIG);
}

static void I10_a_list_of_ids_has_a_limit(void **state)
{
    (void)state;
    static ProtobufCBinaryData ids[TB_LISTING_IDS_MAX + 1];
    Tongbao__Listing listing = TONGBAO__LISTING__INIT;
    Tongbao__Want want = TONGBAO__WANT__INIT;
    Tongbao__Fetch fetch = TONGBAO__FETCH__INIT;
    FRAME(listing, LISTING);
    for (size_t i = 0; i <= TB_LISTING_IDS_MAX; i++) {
        ids[i] = id;
    }
    listing.ids = want.ids = fetch.ids = ids;
    for (size_t extra = 0; extra < 2; extra++) {
        listing.n_ids = want.n_ids = fetch.n_ids = TB_LISTING_IDS_MAX + extra;
        enum tb_status expected = extra == 0 ? TB_OK : TB_TOOBIG;
        frame.kind_case = TONGBAO__FRAME__KIND_LISTING;
        frame.listing = &listing;
        assert_int_equal(passed(&frame), expected);
        frame.kind_case = TONGBAO__FRAME__KIND_WANT;
        frame.want = &want;
        assert_int_equal(passed(&frame), expected);
        frame.kind_case = TONGBAO__FRAME__KIND_FETCH;
        frame.fetch = &fetch;
        assert_int_equal(passed(&frame), expected);
    }
    fetch.n_ids = 2;
    ids[1] = some(33);
    assert_int_equal(passed(&frame), TB_MALFORMED);
}

static void the_rest_passes(void **state)
{
    (void)state;
    Tongbao__Aside aside = TONGBAO__ASIDE__INIT;
    Tongbao__Refusal refusal;
    Tongbao__Beat beat = TONGBAO__BEAT__INIT;
    Tongbao__Have have = TONGBAO__HAVE__INIT;
    FRAME(aside, ASIDE);
    assert_int_equal(passed(&frame), TB_OK);
    aside.id = some(5);
    assert_int_equal(passed(&frame), TB_MALFORMED);
    frame.kind_case = TONGBAO__FRAME__KIND_REFUSAL;
    frame.refusal = &refusal;
    tongbao__refusal__init(&refusal);
    refusal.status = TB_FULL;
    refusal.text = sample_text("满");
    assert_int_equal(passed(&frame), TB_OK);
    frame.kind_case = TONGBAO__FRAME__KIND_BEAT;
    frame.beat = &beat;
    assert_int_equal(passed(&frame), TB_OK);
    frame.kind_case = TONGBAO__FRAME__KIND_HAVE;
    frame.have = &have;
    assert_int_equal(passed(&frame), TB_OK);
}

static void an_unknown_kind_is_passed_over_and_nothing_at_all_is_refused(void **state)
{
    (void)state;
    const Tongbao__Frame *frame;
    static const uint8_t newer[] = {0xa2, 0x06, 0x01, 'x'};
    static const uint8_t two[] = {0x1a, 0x00, 0x1a, 0x00};
    assert_int_equal(tb_frame_read(tb_bytes_of(newer, sizeof newer), &arena, &frame), TB_OK);
    assert_int_equal(frame->kind_case, TONGBAO__FRAME__KIND__NOT_SET);
    assert_int_equal(tb_frame_read(tb_bytes_of(NULL, 0), &arena, &frame), TB_MALFORMED);
    assert_null(frame);
    assert_int_equal(tb_frame_read(tb_bytes_of(two, sizeof two), &arena, &frame), TB_MALFORMED);
    assert_int_equal(tb_frame_read(tb_bytes_text("hello"), &arena, &frame), TB_MALFORMED);
}

static void I10_a_frame_carries_the_largest_envelope_and_no_more_than_its_limit(void **state)
{
    (void)state;
    uint8_t *large = calloc(1, 2 * TB_FRAME_BYTES_MAX);
    const Tongbao__Frame *read;
    Tongbao__Offer offer = TONGBAO__OFFER__INIT;
    FRAME(offer, OFFER);
    assert_non_null(large);
    offer.envelope = tb_wire_data(tb_bytes_of(large, TB_ENVELOPE_BYTES_MAX));
    assert_int_equal(passed(&frame), TB_OK);
    offer.envelope.len = TB_FRAME_BYTES_MAX;
    assert_int_equal(tb_frame_pack(&buf, &frame), TB_TOOBIG);
    assert_int_equal(buf.size, 0);
    assert_int_equal(tb_frame_read(tb_bytes_of(large, TB_FRAME_BYTES_MAX + 1), &arena, &read),
                     TB_TOOBIG);
    free(large);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_hello_is_whole),
        TEST(directories_are_named_by_prefix_version_and_digest),
        TEST(a_welcome_is_whole),
        TEST(offer_and_answer_are_whole),
        TEST(deliver_stored_and_gap_name_a_lane),
        TEST(a_part_lies_inside_its_directory),
        TEST(I10_a_list_of_ids_has_a_limit),
        TEST(the_rest_passes),
        TEST(an_unknown_kind_is_passed_over_and_nothing_at_all_is_refused),
        TEST(I10_a_frame_carries_the_largest_envelope_and_no_more_than_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
