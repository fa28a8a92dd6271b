#include "relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/wire.h"

struct fixture fix;
struct desk desks[DESKS];
const uint32_t offices[DESKS] = {140925, 140926, 140900, 140000};
static int64_t carried[DESKS]; /* the last ledger row that was carried */
static unsigned asked;

int relay_start(void **state)
{
    (void)state;
    fix_init(&fix);
    fix.rivers = true;
    for (int i = 0; i < DESKS; i++) {
        desk_start(&desks[i], &fix, offices[i], (struct desk_make){.on_disk = true});
        desk_on_duty(&desks[i]);
        desk_greet(&desks[i], 0, 1);
        carried[i] = 0;
    }
    return 0;
}

int relay_stop(void **state)
{
    (void)state;
    for (int i = 0; i < DESKS; i++) {
        desk_close(&desks[i]);
    }
    return 0;
}

void relay_later(int64_t ms)
{
    for (int i = 0; i < DESKS; i++) {
        desk_later(&desks[i], (uint64_t)ms);
    }
}

/* Carry the row ${n} of ${from} to whom it names; the bytes are copied, since a store
 * lends them only until its next call. */
static void carry_row(int from, const struct tb_ledger_row *row)
{
    struct tb_envelope envelope;
    const Tongbao__Body *body = NULL;
    struct tb_buf bytes;
    struct tb_arena arena;
    tb_buf_init(&bytes, TB_ENVELOPE_BYTES_MAX);
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    assert_int_equal(tb_buf_add(&bytes, row->bytes), TB_OK);
    assert_int_equal(tb_envelope_read(&envelope, tb_buf_bytes(&bytes)), TB_OK);
    assert_int_equal(tb_envelope_body(&envelope, &arena, &body), TB_OK);
    for (int to = 0; envelope.origin == offices[from] && to < DESKS; to++) {
        if (to != from && tb_statement_names(body, offices[to])) {
            uint32_t lane = (uint32_t)tb_statement_lane(envelope.world, tb_statement_kind(body));
            desk_deliver(&desks[to], 0, lane, tb_buf_bytes(&bytes));
            assert_int_equal(desks[to].turned, TB_OK);
        }
    }
    tb_arena_fini(&arena);
    tb_buf_fini(&bytes);
}

/* Carry until nobody has anything to say. */
void relay_carry(void)
{
    for (bool more = true; more;) {
        more = false;
        for (int from = 0; from < DESKS; from++) {
            struct tb_ledger_row row;
            while (tb_query_ledger(desks[from].node, carried[from], &row)) {
                carried[from] = row.n;
                carry_row(from, &row);
                more = true;
            }
        }
    }
}

/* ------------------------------------------------------------------ the acts */

struct tb_result relay_ask(int who, struct tb_request *request)
{
    char id[32];
    snprintf(id, sizeof id, "clocks %u", asked++);
    request->id = id;
    request->token = desks[who].token;
    return desk_ask(&desks[who], request);
}

/* Issue with all that Art. 14 asks; known an hour before, occurred two. */
struct tb_result relay_issue_as(int who, enum tb_world world, Tongbao__Notice__Kind kind,
                                Tongbao__Notice__Grade grade, const struct tb_id *regards)
{
    char river[] = "汾河";
    char name[] = "赵六";
    char phone[] = "0350-1";
    int64_t now = desks[who].now.wall.ms;
    Tongbao__Notice notice;
    struct tb_request request = {.verb = TB_VERB_ISSUE};
    tongbao__notice__init(&notice);
    notice.kind = kind;
    notice.river = river;
    notice.grade = grade;
    notice.known_at_ms = now - HOUR;
    notice.occurred_at_ms = now - 2 * HOUR;
    notice.signed_by = name;
    notice.contact = name;
    notice.contact_phone = phone;
    if (regards != NULL) {
        notice.regards = tb_wire_id(regards);
    }
    request.issue.world = world;
    request.issue.notice = &notice;
    return relay_ask(who, &request);
}

struct tb_id relay_issue(int who, Tongbao__Notice__Grade grade)
{
    struct tb_result result =
        relay_issue_as(who, TB_WORLD_ACTUAL, TONGBAO__NOTICE__KIND__FIRST, grade, NULL);
    assert_int_equal(result.status, TB_OK);
    relay_carry();
    return result.id;
}

void relay_evidence(struct relay_evidence *evidence)
{
    tongbao__attachment__init(&evidence->piece);
    memset(evidence->digest, 0xe1, sizeof evidence->digest);
    evidence->piece.digest = tb_wire_data(tb_bytes_of(evidence->digest, TB_ID_BYTES));
    evidence->piece.size_bytes = 1234;
    evidence->list[0] = &evidence->piece;
}

struct tb_result relay_disclose(int who, const struct tb_id *notice,
                                Tongbao__Disclosure__Measure measure,
                                Tongbao__Disclosure__State state, bool with_evidence)
{
    struct relay_evidence evidence;
    Tongbao__Disclosure said;
    struct tb_request request = {.verb = TB_VERB_DISCLOSE};
    tongbao__disclosure__init(&said);
    relay_evidence(&evidence);
    said.measure = measure;
    said.state = state;
    said.evidence = evidence.list;
    said.n_evidence = with_evidence ? 1 : 0;
    request.disclose = (struct tb_disclose){.notice = *notice, .said = &said};
    struct tb_result result = relay_ask(who, &request);
    relay_carry();
    return result;
}

struct tb_result relay_deed(int who, const struct tb_id *notice, Tongbao__Deed__Duty duty,
                            bool with_evidence)
{
    char to[] = "县人民政府值班室";
    struct relay_evidence evidence;
    Tongbao__Deed said;
    struct tb_request request = {.verb = TB_VERB_DEED};
    tongbao__deed__init(&said);
    relay_evidence(&evidence);
    said.duty = duty;
    said.to = to;
    said.evidence = evidence.list;
    said.n_evidence = with_evidence ? 1 : 0;
    request.deed = (struct tb_deed){.notice = *notice, .said = &said};
    struct tb_result result = relay_ask(who, &request);
    relay_carry();
    return result;
}
