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

/* Directories at 宁武 (140925): taken, announced, fetched in parts, given on. */

static struct fixture fix;
static struct desk desk;

static int start(void **state)
{
    (void)state;
    desk_begin(&desk, &fix, 140925, true);
    desk_on_duty(&desk);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    desk_close(&desk);
    return 0;
}

/* Version 4 as a broker has it; the parts that were asked for are given until none is. */
static size_t give_parts(void)
{
    size_t parts = 0;
    for (;;) {
        const Tongbao__Frame *ask = desk_sent(&desk, 0, TONGBAO__FRAME__KIND_ASK, 0);
        if (ask == NULL) {
            return parts;
        }
        Tongbao__Part part = TONGBAO__PART__INIT;
        Tongbao__Frame frame = TONGBAO__FRAME__INIT;
        size_t offset = (size_t)ask->ask->offset;
        size_t size = desk.bytes.size - offset;
        part.prefix = 14;
        part.version = 4;
        part.total_bytes = desk.bytes.size;
        part.offset = offset;
        part.content = tb_wire_data(
            tb_bytes_of(desk.bytes.data + offset,
                        size < TB_DIRECTORY_PART_BYTES_MAX ? size : TB_DIRECTORY_PART_BYTES_MAX));
        frame.kind_case = TONGBAO__FRAME__KIND_PART;
        frame.part = &part;
        parts++;
        desk_frame(&desk, 0, &frame);
    }
}

/* sx-1 greets with version 4, which is in ${bytes}. */
static void greet_with_version_4(void)
{
    Tongbao__DirectoryVersion version = TONGBAO__DIRECTORY_VERSION__INIT;
    Tongbao__DirectoryVersion *list[] = {&version};
    Tongbao__Welcome welcome;
    struct tb_id digest;
    tongbao__welcome__init(&welcome);
    fix.filler_bytes = 100 * 1024;
    tb_buf_cut(&desk.bytes, 0);
    fix_publish(&fix, 4, &desk.bytes);
    tb_digest(&digest, tb_buf_bytes(&desk.bytes));
    version.prefix = 14;
    version.version = 4;
    version.digest = tb_wire_id(&digest);
    welcome.directories = list;
    welcome.n_directories = 1;
    desk_link(&desk, 0);
    desk_welcome(&desk, 0, &welcome, 1);
}

static uint64_t version_here(void)
{
    return tb_directory_version(tb_directories_prefix(desk.set, 14));
}

/* Directories come in parts, are announced, and never go back. */
static void a_newer_directory_is_fetched_in_parts_and_announced(void **state)
{
    (void)state;
    desk_greet(&desk, 1, 1);
    greet_with_version_4();
    assert_true(give_parts() >= 2);
    assert_int_equal(version_here(), 4);
    assert_true(desk_noted(&desk, TB_NOTE_DIRECTORY_TAKEN));
    assert_int_equal(desk_count(&desk, 1, TONGBAO__FRAME__KIND_HAVE), 1);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_LINKS), 1);
    desk_settle(&desk);
    struct tb_result old = desk_publish(&desk, 3);
    assert_int_equal(old.status, TB_OK);
    assert_true(strlen(old.text) > 0);
    assert_int_equal(version_here(), 4);
    desk_reopen(&desk);
    assert_int_equal(version_here(), 4);
}

static void a_directory_is_given_on_to_a_broker_that_asks(void **state)
{
    (void)state;
    Tongbao__Ask ask = TONGBAO__ASK__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    fix_publish(&fix, 1, &desk.bytes);
    desk_greet(&desk, 1, 1);
    ask.prefix = 14;
    ask.version = 1;
    frame.kind_case = TONGBAO__FRAME__KIND_ASK;
    frame.ask = &ask;
    desk_frame(&desk, 1, &frame);
    const Tongbao__Frame *part = desk_sent(&desk, 1, TONGBAO__FRAME__KIND_PART, 0);
    assert_non_null(part);
    assert_int_equal(part->part->total_bytes, desk.bytes.size);
    assert_memory_equal(part->part->content.data, desk.bytes.data, part->part->content.len);
    ask.version = 9;
    desk_frame(&desk, 1, &frame);
    assert_int_equal(desk_count(&desk, 1, TONGBAO__FRAME__KIND_PART), 0);
}

/* What the asked does not have, or does not give in time, holds up nothing. */
static void a_part_that_does_not_come_is_given_up(void **state)
{
    (void)state;
    Tongbao__Refusal refusal;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    greet_with_version_4();
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_ASK), 1);
    desk_later(&desk, TB_PART_MS);
    assert_int_equal(tb_node_deadline_ms(desk.node), desk.now.mono_ms);
    desk_due(&desk);
    assert_true(desk_idle(&desk));
    greet_with_version_4();
    assert_int_equal(desk_count(&desk, 0, TONGBAO__FRAME__KIND_ASK), 1);
    tongbao__refusal__init(&refusal);
    refusal.status = TB_UNKNOWN;
    frame.kind_case = TONGBAO__FRAME__KIND_REFUSAL;
    frame.refusal = &refusal;
    desk_frame(&desk, 0, &frame);
    assert_true(desk_idle(&desk));
    greet_with_version_4();
    assert_true(give_parts() >= 2);
    assert_int_equal(version_here(), 4);
}

/* I3: only what the pinned root signed is taken. */
static void i3_a_directory_of_another_root_is_refused(void **state)
{
    (void)state;
    struct fixture strange = fix;
    char id[] = "strange";
    struct tb_request request = {.verb = TB_VERB_DIRECTORY_TAKE, .id = id};
    fix_key(&strange.root, "another root");
    fix_publish(&strange, 2, &desk.bytes);
    request.directory = tb_buf_bytes(&desk.bytes);
    struct tb_result result = desk_ask(&desk, &request);
    assert_int_equal(result.status, TB_SIGNER);
    assert_int_equal(version_here(), 1);
    assert_int_equal(desk_sql(&desk, "SELECT count(*) FROM directory"), 1);
}

/* Two different ones of one version keep the first and alarm, once. */
static void a_directory_that_clashes_keeps_the_first_and_is_shown_once(void **state)
{
    (void)state;
    fix.office[FIX_CITY].name = "改了名";
    struct tb_result result = desk_publish(&desk, 1);
    assert_int_equal(result.status, TB_OK);
    assert_true(strlen(result.text) > 0);
    assert_true(desk_noted(&desk, TB_NOTE_DIRECTORY_CLASH));
    assert_string_equal(tb_directories_office(desk.set, 140900)->name, "忻州市生态环境局");
    assert_int_equal(desk_shown(&desk, TB_STREAM_DIRECTORY, NULL), 1);
    assert_int_equal(desk_publish(&desk, 1).status, TB_OK);
    assert_int_equal(desk_shown(&desk, TB_STREAM_DIRECTORY, NULL), 1);
}

/* Outside → admitted: a new directory brings the office in. */
static void i5_an_office_that_is_admitted_gets_the_open_notices(void **state)
{
    (void)state;
    fix_office(&fix, 140926)->listed = false;
    assert_int_equal(desk_publish(&desk, 2).status, TB_OK);
    assert_int_equal(desk_effects(&desk, TB_EFFECT_LINKS), 1);
    desk_settle(&desk);
    desk_greet(&desk, 0, 1);
    struct tb_id id = desk_issue(&desk, "汾河").id;
    static const uint32_t some[] = {140900, 140000};
    desk_answer(&desk, 0, desk_offered(&desk, 0, 0), TB_OK, 1, some, 2, NULL, 0);
    assert_int_equal(desk_delivery(&desk, &id, 140926).state, TB_DELIVERY_OUTSIDE);
    assert_true(desk_idle(&desk));
    fix_office(&fix, 140926)->listed = true;
    assert_int_equal(desk_publish(&desk, 3).status, TB_OK);
    assert_int_equal(desk_delivery(&desk, &id, 140926).state, TB_DELIVERY_QUEUED);
    size_t again = 0;
    while (tb_node_deadline_ms(desk.node) <= desk.now.mono_ms) {
        desk_due(&desk);
        again += desk_offers(&desk, 0);
    }
    assert_int_equal(again, 1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_newer_directory_is_fetched_in_parts_and_announced),
        WITH(a_directory_is_given_on_to_a_broker_that_asks),
        WITH(a_part_that_does_not_come_is_given_up),
        WITH(i3_a_directory_of_another_root_is_refused),
        WITH(a_directory_that_clashes_keeps_the_first_and_is_shown_once),
        WITH(i5_an_office_that_is_admitted_gets_the_open_notices),
    };
    return cmocka_run_group_tests_name("node: directory", tests, NULL, NULL);
}
