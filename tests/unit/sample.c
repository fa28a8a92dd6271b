#include "sample.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "proto/statement.h"

#define AT_MS INT64_C(1737054764000) /* 2025-01-17T03:12:44+08:00 */

void sample_id(uint8_t out[TB_ID_BYTES], const char *name)
{
    int rc = crypto_generichash(out, TB_ID_BYTES, (const uint8_t *)name, strlen(name), NULL, 0);
    tb_assert(rc == 0);
}

void sample_key(struct sample_key *key, const char *name)
{
    sample_id(key->seed, name);
    int rc = crypto_sign_seed_keypair(key->public_key, key->secret.byte, key->seed);
    tb_assert(rc == 0);
}

char *sample_text(const char *text)
{
    return (char *)(uintptr_t)text;
}

static ProtobufCBinaryData data(uint8_t *bytes, size_t size)
{
    return (ProtobufCBinaryData){.len = size, .data = bytes};
}

static void begin(struct sample *s)
{
    memset(s, 0, sizeof *s);
    tongbao__body__init(&s->body);
    sample_id(s->subject, "a notice");
    sample_id(s->second, "another notice");
    sample_id(s->previous, "the envelope before");
    for (size_t i = 0; i < TB_CHAIN_BYTES; i++) {
        s->chain[i] = (uint8_t)(0xc0 + i);
        s->incident[i] = (uint8_t)(0x10 + i);
    }
    s->body.issued_at_ms = AT_MS;
    tongbao__officer__init(&s->officer);
    s->officer.name = sample_text("李明");
    s->officer.number = sample_text("0926-07");
}

static void chained(struct sample *s)
{
    s->body.chain = data(s->chain, sizeof s->chain);
    s->body.chain_seq = 2;
    s->body.previous = data(s->previous, sizeof s->previous);
    s->body.incident = data(s->incident, sizeof s->incident);
}

static void address(struct sample *s, size_t count)
{
    static const uint32_t offices[SAMPLE_RECIPIENTS] = {140925, 140900, 140000};
    static const char *const clauses[SAMPLE_RECIPIENTS] = {"晋环发〔2019〕48号 二 下游相邻",
                                                           "晋环发〔2019〕48号 二 市级",
                                                           "晋环发〔2019〕48号 二 省级"};
    for (size_t i = 0; i < count; i++) {
        Tongbao__Recipient *recipient = &s->recipient[i];
        tongbao__recipient__init(recipient);
        recipient->office = offices[i];
        recipient->clause = sample_text(clauses[i]);
        recipient->required = 1;
        recipient->hops = i == 0 ? 1 : 0;
        recipient->nth = 2 + i;
        recipient->river = sample_text(i == 0 ? "汾河" : "");
        s->recipients[i] = recipient;
    }
    s->body.recipients = s->recipients;
    s->body.n_recipients = count;
}

static void elements(struct sample *s)
{
    tongbao__substance__init(&s->substance);
    s->substance.name = sample_text("苯胺");
    s->substance.cas = sample_text("62-53-3");
    s->substance.basis = sample_text("estimated");
    s->substances[0] = &s->substance;
    tongbao__measurement__init(&s->measurement);
    s->measurement.section = sample_text("河西断面");
    s->measurement.sampled_at_ms = AT_MS - 1800000;
    s->measurement.item = sample_text("苯胺");
    s->measurement.value = sample_text("1.74");
    s->measurement.unit = sample_text("mg/L");
    s->measurement.limit = sample_text("0.1");
    s->measurement.exceeded = sample_text("16.4");
    s->measurements[0] = &s->measurement;
    tongbao__attachment__init(&s->attachment);
    s->attachment.name = sample_text("断面照片.jpg");
    s->attachment.type = sample_text("image/jpeg");
    s->attachment.size_bytes = 482133;
    sample_id(s->digest, "a photograph");
    s->attachment.digest = data(s->digest, sizeof s->digest);
    s->attachments[0] = &s->attachment;
    s->article4[0] = 1;
    s->article4[1] = 4;
}

void sample_notice(struct sample *s, Tongbao__Notice__Kind kind)
{
    begin(s);
    chained(s);
    address(s, SAMPLE_RECIPIENTS);
    elements(s);
    tongbao__notice__init(&s->notice);
    Tongbao__Notice *notice = &s->notice;
    notice->kind = kind;
    notice->number = sample_text("140926-20250117-01");
    if (tb_notice_continues(kind)) {
        notice->regards = data(s->subject, sizeof s->subject);
    }
    notice->river = sample_text("汾河");
    notice->place = sample_text("静乐县段家寨乡");
    notice->section = sample_text("河西断面");
    notice->bank = sample_text("左岸");
    notice->occurred_at_ms = AT_MS - 7200000;
    notice->occurred_precision = TONGBAO__NOTICE__PRECISION__ABOUT;
    notice->known_at_ms = AT_MS - 3600000;
    notice->grade = TONGBAO__NOTICE__GRADE__III;
    notice->sensitive = 1;
    notice->article4 = s->article4;
    notice->n_article4 = 2;
    notice->title = sample_text("汾河静乐段苯胺泄漏");
    notice->source = sample_text("企业报告");
    notice->substances = s->substances;
    notice->n_substances = 1;
    notice->measurements = s->measurements;
    notice->n_measurements = 1;
    notice->actions = sample_text("已筑坝拦截\n已关闭排口");
    notice->flow = TONGBAO__NOTICE__FLOW__CONTINUING;
    notice->next_report_at_ms = AT_MS + 3600000;
    notice->reporting_office = sample_text("忻州市生态环境局静乐分局");
    notice->duty_officer = &s->officer;
    notice->contact_phone = sample_text("0350-7821234");
    notice->attachments = s->attachments;
    notice->n_attachments = 1;
    s->body.statement_case = TONGBAO__BODY__STATEMENT_NOTICE;
    s->body.notice = notice;
}

void sample_receipt(struct sample *s)
{
    begin(s);
    address(s, 1);
    s->recipient[0].nth = 0;
    tongbao__receipt__init(&s->receipt);
    s->ids[0] = data(s->subject, sizeof s->subject);
    s->ids[1] = data(s->second, sizeof s->second);
    s->receipt.ids = s->ids;
    s->receipt.n_ids = 2;
    s->receipt.stored_at_ms = AT_MS;
    s->body.statement_case = TONGBAO__BODY__STATEMENT_RECEIPT;
    s->body.receipt = &s->receipt;
}

void sample_acknowledgement(struct sample *s)
{
    begin(s);
    chained(s);
    address(s, 2);
    tongbao__acknowledgement__init(&s->acknowledgement);
    s->acknowledgement.notice = data(s->subject, sizeof s->subject);
    s->acknowledgement.level = TONGBAO__ACKNOWLEDGEMENT__LEVEL__RECEIVED;
    s->acknowledgement.officer = &s->officer;
    s->acknowledgement.given_at_ms = AT_MS;
    s->body.statement_case = TONGBAO__BODY__STATEMENT_ACKNOWLEDGEMENT;
    s->body.acknowledgement = &s->acknowledgement;
}

void sample_call(struct sample *s)
{
    begin(s);
    chained(s);
    address(s, 1);
    tongbao__call__init(&s->call);
    s->call.notice = data(s->subject, sizeof s->subject);
    s->call.office = 140925;
    s->call.person = sample_text("王芳");
    s->call.phone = sample_text("0350-7021234");
    s->call.caller = &s->officer;
    s->call.claimed_at_ms = AT_MS - 60000;
    s->call.entered_at_ms = AT_MS;
    s->call.read_back = TONGBAO__CALL__READ_BACK__READ_BACK;
    s->call.result = sample_text("已复述，已派人到断面");
    s->body.statement_case = TONGBAO__BODY__STATEMENT_CALL;
    s->body.call = &s->call;
}

void sample_objection(struct sample *s)
{
    begin(s);
    address(s, 1);
    s->recipient[0].nth = 0;
    tongbao__objection__init(&s->objection);
    s->objection.envelope = data(s->subject, sizeof s->subject);
    s->objection.outcome = TONGBAO__OBJECTION__OUTCOME__REFUSED;
    s->objection.reason = TB_AUTHORITY;
    s->body.statement_case = TONGBAO__BODY__STATEMENT_OBJECTION;
    s->body.objection = &s->objection;
}

void sample_widening(struct sample *s)
{
    begin(s);
    address(s, SAMPLE_RECIPIENTS);
    for (size_t i = 0; i < SAMPLE_RECIPIENTS; i++) {
        s->recipient[i].nth = 0;
    }
    tongbao__widening__init(&s->widening);
    s->widening.envelope = data(s->subject, sizeof s->subject);
    s->widening.office = 140925;
    s->widening.clause = sample_text("晋环发〔2019〕48号 二 下游相邻");
    s->widening.topology_version = 7;
    s->widening.hops = 1;
    s->widening.river = sample_text("汾河");
    s->body.statement_case = TONGBAO__BODY__STATEMENT_WIDENING;
    s->body.widening = &s->widening;
}

static void evidence(struct sample *s)
{
    tongbao__attachment__init(&s->attachment);
    s->attachment.name = sample_text("发布页.png");
    s->attachment.type = sample_text("image/png");
    s->attachment.size_bytes = 51234;
    sample_id(s->digest, "a clipping");
    s->attachment.digest = data(s->digest, sizeof s->digest);
    s->attachments[0] = &s->attachment;
}

void sample_disclosure(struct sample *s)
{
    begin(s);
    chained(s);
    address(s, 2);
    evidence(s);
    tongbao__disclosure__init(&s->disclosure);
    Tongbao__Disclosure *said = &s->disclosure;
    said->notice = data(s->subject, sizeof s->subject);
    said->measure = TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION;
    said->state = TONGBAO__DISCLOSURE__STATE__PUBLISHED;
    said->officer = &s->officer;
    said->by = sample_text("静乐县人民政府");
    said->channel = sample_text("县政府网站");
    said->reference = sample_text("静政发〔2025〕3号");
    said->at_ms = AT_MS - 60000;
    said->entered_at_ms = AT_MS;
    said->evidence = s->attachments;
    said->n_evidence = 1;
    s->body.statement_case = TONGBAO__BODY__STATEMENT_DISCLOSURE;
    s->body.disclosure = said;
}

void sample_deed(struct sample *s)
{
    begin(s);
    chained(s);
    address(s, 2);
    evidence(s);
    tongbao__deed__init(&s->deed);
    Tongbao__Deed *said = &s->deed;
    said->notice = data(s->subject, sizeof s->subject);
    said->duty = TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT;
    said->to = sample_text("静乐县人民政府值班室");
    said->person = sample_text("王芳");
    said->channel = sample_text("传真");
    said->document_number = sample_text("静环报〔2025〕1号");
    said->at_ms = AT_MS - 60000;
    said->entered_at_ms = AT_MS;
    said->officer = &s->officer;
    said->evidence = s->attachments;
    said->n_evidence = 1;
    s->body.statement_case = TONGBAO__BODY__STATEMENT_DEED;
    s->body.deed = said;
}

void sample_destruction(struct sample *s)
{
    begin(s);
    chained(s);
    address(s, 2);
    tongbao__destruction__init(&s->destruction);
    Tongbao__Destruction *said = &s->destruction;
    said->notice = data(s->subject, sizeof s->subject);
    said->reason = sample_text("应急响应终止满三年");
    said->officer = &s->officer;
    said->at_ms = AT_MS;
    s->body.statement_case = TONGBAO__BODY__STATEMENT_DESTRUCTION;
    s->body.destruction = said;
}

static void recall(struct sample *s, uint32_t to, const char *clause)
{
    begin(s);
    address(s, 1);
    s->recipient[0].office = to;
    s->recipient[0].clause = sample_text(clause);
    s->recipient[0].hops = 0;
    s->recipient[0].nth = 0;
    s->recipient[0].river = sample_text("");
    tongbao__recall__init(&s->recall);
    s->body.statement_case = TONGBAO__BODY__STATEMENT_RECALL;
    s->body.recall = &s->recall;
}

void sample_recall(struct sample *s)
{
    recall(s, 140000, "本单位数据丢失，请所属省退回");
}

void sample_recall_answer(struct sample *s)
{
    recall(s, 140926, "所属省退回完毕");
    s->recall.answers = data(s->subject, sizeof s->subject);
    s->recall.own = 40;
    s->recall.addressed = 161;
    s->recall.refused = 1;
}

void sample_unknown(struct sample *s)
{
    static uint8_t content[] = {3, 0x0a, 0x01, 'x'}; /* with its length */
    begin(s);
    chained(s);
    address(s, 1);
    s->unknown = (ProtobufCMessageUnknownField){.tag = 40,
                                                .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
                                                .len = sizeof content,
                                                .data = content};
    s->body.base.n_unknown_fields = 1;
    s->body.base.unknown_fields = &s->unknown;
}

void sample_personal(struct sample *s, struct tb_bytes personal)
{
    int rc = crypto_generichash(s->digest, TB_ID_BYTES, personal.data, personal.size, NULL, 0);
    tb_assert(rc == 0);
    s->body.personal_digest = data(s->digest, sizeof s->digest);
}

static void add(struct tb_buf *out, const void *bytes, size_t size)
{
    enum tb_status status = tb_buf_add(out, tb_bytes_of(bytes, size));
    tb_assert(status == TB_OK);
}

void sample_signed(struct tb_buf *out, const char *context, struct tb_bytes head,
                   struct tb_bytes body)
{
    const struct tb_bytes parts[] = {{(const uint8_t *)context, strlen(context)}, head, body};
    for (size_t i = 0; i < 3; i++) {
        size_t size = parts[i].size;
        uint8_t length[4] = {(uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16),
                             (uint8_t)(size >> 24)};
        add(out, length, sizeof length);
        add(out, parts[i].data, size);
    }
}

void sample_field(struct tb_buf *out, uint32_t number, struct tb_bytes content)
{
    uint32_t tag = number << 3 | 2;
    size_t size = content.size;
    uint8_t head[12];
    size_t used = 0;
    for (; tag >= 0x80; tag >>= 7) {
        head[used++] = (uint8_t)(tag | 0x80);
    }
    head[used++] = (uint8_t)tag;
    for (; size >= 0x80; size >>= 7) {
        head[used++] = (uint8_t)(size | 0x80);
    }
    head[used++] = (uint8_t)size;
    add(out, head, used);
    add(out, content.data, content.size);
}

void sample_craft(struct tb_buf *out, const char *context, struct tb_bytes head,
                  struct tb_bytes body, const struct sample_key *key)
{
    struct tb_buf bytes;
    uint8_t signature[TB_SIGNATURE_BYTES];
    tb_buf_init(&bytes, 1 << 20);
    sample_signed(&bytes, context, head, body);
    crypto_sign_detached(signature, NULL, bytes.data, bytes.size, key->secret.byte);
    tb_buf_fini(&bytes);
    sample_field(out, 1, head);
    sample_field(out, 2, body);
    sample_field(out, 3, tb_bytes_of(signature, sizeof signature));
}

void sample_pack(struct tb_buf *out, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *place = tb_buf_grow(out, size);
    tb_assert(place != NULL);
    protobuf_c_message_pack(message, place);
}

static void directory_key(Tongbao__Key *key, struct sample_key *sign, struct sample_key *link,
                          const char *name)
{
    char text[64];
    snprintf(text, sizeof text, "sign %s", name);
    sample_key(sign, text);
    snprintf(text, sizeof text, "link %s", name);
    sample_key(link, text);
    tongbao__key__init(key);
    key->sign = data(sign->public_key, TB_KEY_BYTES);
    key->link = data(link->public_key, TB_KEY_BYTES);
    key->since_ms = AT_MS;
}

static void directory_office(struct sample_directory *s, size_t at, uint32_t code,
                             const char *called)
{
    Tongbao__Office *office = &s->office[at];
    tongbao__office__init(office);
    office->code = code;
    office->name = sample_text(called);
    for (size_t i = 0; i < SAMPLE_KEYS; i++) {
        char name[32];
        snprintf(name, sizeof name, "%u/%zu", code, i);
        directory_key(&s->key[at][i], &s->sign[at][i], &s->link[at][i], name);
        s->keys[at][i] = &s->key[at][i];
    }
    office->keys = s->keys[at];
    office->n_keys = at + 1 == SAMPLE_OFFICES ? SAMPLE_KEYS : 1;
    office->brokers = s->reads;
    office->n_brokers = SAMPLE_BROKERS;
    office->phones = s->phones;
    office->n_phones = 1;
    office->valid_until_ms = AT_MS + INT64_C(31536000000);
    office->version_max = 1;
    s->offices[at] = office;
}

static void directory_brokers(struct sample_directory *s, uint32_t prefix)
{
    static const char *const names[2][SAMPLE_BROKERS] = {{"sx-1", "sx-2"}, {"he-1", "he-2"}};
    s->endpoints[0] = sample_text("tcp://192.0.2.1:7201");
    for (size_t i = 0; i < SAMPLE_BROKERS; i++) {
        const char *name = names[prefix != 14][i];
        tongbao__broker__init(&s->broker[i]);
        directory_key(&s->broker_key[i], &s->broker_sign[i], &s->broker_link[i], name);
        s->broker[i].name = sample_text(name);
        s->broker[i].key = &s->broker_key[i];
        s->broker[i].endpoints = s->endpoints;
        s->broker[i].n_endpoints = 1;
        s->brokers[i] = &s->broker[i];
        s->reads[i] = sample_text(name);
    }
}

void sample_directory(struct sample_directory *s, uint32_t prefix)
{
    static uint8_t reaches[] = "from,river,to\n140926,汾河,140925\n";
    static const char *const called[SAMPLE_OFFICES] = {"山西省生态环境厅", "忻州市生态环境局",
                                                       "忻州市生态环境局宁武分局",
                                                       "忻州市生态环境局静乐分局"};
    static const uint32_t rest[SAMPLE_OFFICES] = {0, 900, 925, 926};
    char name[32];
    memset(s, 0, sizeof *s);
    snprintf(name, sizeof name, "root %u", prefix);
    sample_key(&s->root, name);
    tongbao__directory_body__init(&s->body);
    directory_brokers(s, prefix);
    tongbao__phone__init(&s->phone);
    s->phone.label = sample_text("值班室");
    s->phone.number = sample_text("0350-7821234");
    s->phones[0] = &s->phone;
    for (size_t i = 0; i < SAMPLE_OFFICES; i++) {
        directory_office(s, i, prefix * 10000 + rest[i], called[i]);
    }
    s->key[3][1].state = TONGBAO__KEY_STATE__RETIRED;
    s->key[3][2].state = TONGBAO__KEY_STATE__REVOKED;
    tongbao__file__init(&s->file);
    s->file.name = sample_text("reaches.csv");
    s->file.content = data(reaches, sizeof reaches - 1);
    s->files[0] = &s->file;
    s->body.issued_at_ms = AT_MS;
    s->body.name = sample_text(prefix == 14 ? "山西省" : "邻省");
    s->body.offices = s->offices;
    s->body.n_offices = SAMPLE_OFFICES;
    s->body.brokers = s->brokers;
    s->body.n_brokers = SAMPLE_BROKERS;
    s->body.files = s->files;
    s->body.n_files = 1;
}
