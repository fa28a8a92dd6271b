#include "tests/bench/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/io/clock.h"
#include "base/limits.h"
#include "proto/envelope.h"
#include "proto/wire.h"

/* What the offices of a crowd say: sealed by the product's own code. */

static char *text(const char *words)
{
    union {
        const char *in;
        char *out;
    } same = {.in = words};
    return same.out;
}

/* The recipients of one envelope. */
struct route {
    Tongbao__Recipient recipient[TB_CROWD_OFFICES_EACH_MAX];
    Tongbao__Recipient *list[TB_CROWD_OFFICES_EACH_MAX];
};

static void put_route(Tongbao__Body *body, struct route *route, const struct tb_crowd *crowd,
                      const size_t *to, size_t count, uint64_t nth)
{
    assert_true(count <= TB_CROWD_OFFICES_EACH_MAX);
    for (size_t i = 0; i < count; i++) {
        Tongbao__Recipient *recipient = &route->recipient[i];
        tongbao__recipient__init(recipient);
        recipient->office = crowd->offices[to[i]].code;
        recipient->clause = text("部令第17号第三条：本省，同时报告");
        recipient->required = true;
        recipient->nth = nth;
        route->list[i] = recipient;
    }
    body->recipients = route->list;
    body->n_recipients = count;
}

static void seal(const struct tb_crowd_office *office, bool exercise, const Tongbao__Body *body,
                 struct tb_buf *out, struct tb_id *id)
{
    const struct tb_seal settings = {.world = exercise ? TB_WORLD_EXERCISE : TB_WORLD_ACTUAL,
                                     .origin = office->code,
                                     .directory_version = 1,
                                     .secret = &office->secret};
    tb_buf_cut(out, 0);
    enum tb_status status = tb_envelope_seal(out, &settings, body, id);
    assert_int_equal(status, TB_OK);
}

/* Seal ${body} as the next of the office's chain; all that an office of a crowd
 * says in one world goes to the same offices, so the count within the chain is
 * that of each recipient too. */
static void seal_chained(struct tb_crowd *crowd, size_t from, bool exercise, Tongbao__Body *body,
                         const size_t *to, size_t count, struct tb_buf *out, struct tb_id *id)
{
    struct tb_crowd_office *office = &crowd->offices[from];
    uint8_t chain[TB_CHAIN_BYTES] = {(uint8_t)(office->code >> 16), (uint8_t)(office->code >> 8),
                                     (uint8_t)office->code, exercise};
    struct route route;
    uint64_t seq = office->seq[exercise] + 1;
    put_route(body, &route, crowd, to, count, seq);
    body->issued_at_ms = tb_clock_read().wall.ms;
    body->chain = tb_wire_data(tb_bytes_of(chain, sizeof chain));
    body->chain_seq = seq;
    if (seq > 1) {
        body->previous = tb_wire_id(&office->head[exercise]);
    }
    seal(office, exercise, body, out, id);
    office->seq[exercise] = seq;
    office->head[exercise] = *id;
}

void tb_crowd_notice(struct tb_crowd *crowd, size_t from, bool exercise, const size_t *to,
                     size_t count, struct tb_buf *out, struct tb_id *id)
{
    Tongbao__Body body;
    tongbao__body__init(&body);
    Tongbao__Notice notice;
    tongbao__notice__init(&notice);
    struct tb_crowd_office *office = &crowd->offices[from];
    uint8_t incident[TB_INCIDENT_BYTES] = {0};
    char number[TB_NUMBER_BYTES_MAX];
    uint64_t nth = office->seq[exercise] + 1;
    memcpy(incident, &office->code, sizeof office->code);
    memcpy(incident + sizeof office->code, &nth, sizeof nth);
    snprintf(number, sizeof number, "%s%u-20250117-%02llu", exercise ? "演" : "", office->code,
             (unsigned long long)nth);
    notice.kind = TONGBAO__NOTICE__KIND__FIRST;
    notice.number = number;
    notice.place = text("韩武村断面上游 200 米");
    notice.title = text("汾河水面死鱼");
    notice.source = text("巡河员电话");
    notice.course = text("02:40 巡河员发现汾河水面有死鱼，氨氮快速检测超出量程，"
                         "已封堵上游排口并通知下游取水口，正在加密监测。");
    notice.trend = text("污染团预计十二小时后到达下一断面。");
    notice.actions = text("封堵排口，加密监测，取水口停止取水。");
    notice.signed_by = text("李签发");
    notice.contact = text("王强");
    notice.contact_phone = text("0351-6048821");
    body.statement_case = TONGBAO__BODY__STATEMENT_NOTICE;
    body.notice = &notice;
    body.incident = tb_wire_data(tb_bytes_of(incident, sizeof incident));
    seal_chained(crowd, from, exercise, &body, to, count, out, id);
}

void tb_crowd_acknowledge(struct tb_crowd *crowd, size_t from, bool exercise, size_t to,
                          const struct tb_id *notice, struct tb_buf *out, struct tb_id *id)
{
    Tongbao__Body body;
    tongbao__body__init(&body);
    Tongbao__Acknowledgement said;
    tongbao__acknowledgement__init(&said);
    Tongbao__Officer officer;
    tongbao__officer__init(&officer);
    officer.name = text("王强");
    officer.number = text("0351");
    said.notice = tb_wire_id(notice);
    said.level = TONGBAO__ACKNOWLEDGEMENT__LEVEL__RECEIVED;
    said.officer = &officer;
    said.given_at_ms = tb_clock_read().wall.ms;
    body.statement_case = TONGBAO__BODY__STATEMENT_ACKNOWLEDGEMENT;
    body.acknowledgement = &said;
    seal_chained(crowd, from, exercise, &body, &to, 1, out, id);
}

void tb_crowd_receipt(struct tb_crowd *crowd, size_t from, bool exercise, size_t to,
                      const struct tb_id *notice, struct tb_buf *out, struct tb_id *id)
{
    Tongbao__Body body;
    tongbao__body__init(&body);
    Tongbao__Receipt receipt = TONGBAO__RECEIPT__INIT;
    ProtobufCBinaryData ids[] = {tb_wire_id(notice)};
    size_t province = crowd->offices[to].province * crowd->offices_each;
    const size_t both[] = {to, province};
    struct route route;
    receipt.n_ids = 1;
    receipt.ids = ids;
    receipt.stored_at_ms = tb_clock_read().wall.ms;
    body.issued_at_ms = receipt.stored_at_ms;
    body.statement_case = TONGBAO__BODY__STATEMENT_RECEIPT;
    body.receipt = &receipt;
    put_route(&body, &route, crowd, both, to == province ? 1 : 2, 0);
    seal(&crowd->offices[from], exercise, &body, out, id);
}

size_t tb_crowd_receipted(struct tb_bytes bytes)
{
    static struct tb_arena arena;
    struct tb_envelope envelope;
    const Tongbao__Body *body = NULL;
    if (arena.block == NULL) {
        tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    }
    tb_arena_reset(&arena);
    if (tb_envelope_read(&envelope, bytes) != TB_OK ||
        tb_envelope_body(&envelope, &arena, &body) != TB_OK) {
        fail_msg("an envelope of %zu bytes does not open", bytes.size);
    }
    return body->statement_case == TONGBAO__BODY__STATEMENT_RECEIPT ? body->receipt->n_ids : 0;
}
