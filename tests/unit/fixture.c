#include "fixture.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "proto/wire.h"
#include "topology/data.h"

enum { FILES_MAX = 16, PREFIX = 14 };

static uint8_t incident[TB_INCIDENT_BYTES] = {0x12, 0x34};

/* protobuf-c has no const and only reads. */
static char *text(const char *words)
{
    union {
        const char *in;
        char *out;
    } same = {.in = words};
    return same.out;
}

void fix_key(struct fix_key *key, const char *name)
{
    uint8_t seed[TB_KEY_BYTES];
    memset(key, 0, sizeof *key);
    int rc = crypto_generichash(seed, sizeof seed, (const uint8_t *)name, strlen(name), NULL, 0);
    rc |= crypto_sign_seed_keypair(key->sign, key->secret.byte, seed);
    rc |= crypto_box_seed_keypair(key->link, key->link_secret, seed);
    tb_assert(rc == 0);
    key->state = TONGBAO__KEY_STATE__ACTIVE;
    key->since_ms = FIX_AT_MS;
}

static void office(struct fix_office *office, uint32_t code, const char *name, const char *first,
                   const char *second)
{
    char label[16];
    snprintf(label, sizeof label, "office %u", code);
    *office =
        (struct fix_office){.code = code, .name = name, .reads = {first, second}, .listed = true};
    fix_key(&office->key, label);
}

void fix_init(struct fixture *fix)
{
    memset(fix, 0, sizeof *fix);
    fix_key(&fix->root, "root 14");
    tb_root_fingerprint(&fix->fingerprint, fix->root.sign);
    office(&fix->office[FIX_PROVINCE], 140000, "山西省生态环境厅", "sx-1", "sx-2");
    office(&fix->office[FIX_CITY], 140900, "忻州市生态环境局", "sx-1", "sx-2");
    office(&fix->office[FIX_NINGWU], 140925, "忻州市生态环境局宁武分局", "sx-1", NULL);
    office(&fix->office[FIX_JINGLE], 140926, "忻州市生态环境局静乐分局", "sx-1", NULL);
    office(&fix->office[FIX_LOUFAN], 140123, "太原市生态环境局娄烦分局", "sx-2", NULL);
    fix->broker[0] = (struct fix_broker){.name = "sx-1", .endpoint = "tcp://127.0.0.1:5570"};
    fix->broker[1] = (struct fix_broker){.name = "sx-2", .endpoint = "tcp://127.0.0.1:5571"};
    fix_key(&fix->broker[0].key, "broker sx-1");
    fix_key(&fix->broker[1].key, "broker sx-2");
}

struct fix_office *fix_office(struct fixture *fix, uint32_t code)
{
    for (size_t i = 0; i < FIX_OFFICES; i++) {
        if (fix->office[i].code == code) {
            return &fix->office[i];
        }
    }
    tb_assert(false);
    return NULL;
}

static void put_key(Tongbao__Key *out, const struct fix_key *key)
{
    tongbao__key__init(out);
    out->sign = tb_wire_data(tb_bytes_of(key->sign, TB_KEY_BYTES));
    out->link = tb_wire_data(tb_bytes_of(key->link, TB_KEY_BYTES));
    out->state = key->state;
    out->since_ms = key->since_ms;
}

/* A directory's body with all that it points at. */
struct draft {
    Tongbao__DirectoryBody body;
    Tongbao__Office office[FIX_OFFICES];
    Tongbao__Office *offices[FIX_OFFICES];
    Tongbao__Key key[FIX_OFFICES];
    Tongbao__Key *keys[FIX_OFFICES];
    char *reads[FIX_OFFICES][FIX_READS];
    Tongbao__Broker broker[FIX_BROKERS];
    Tongbao__Broker *brokers[FIX_BROKERS];
    Tongbao__Key broker_key[FIX_BROKERS];
    char *endpoints[FIX_BROKERS];
    Tongbao__File file[FILES_MAX];
    Tongbao__File *files[FILES_MAX];
};

static void put_office(struct draft *draft, const struct fix_office *from)
{
    size_t i = draft->body.n_offices++;
    Tongbao__Office *out = &draft->office[i];
    tongbao__office__init(out);
    put_key(&draft->key[i], &from->key);
    draft->keys[i] = &draft->key[i];
    draft->offices[i] = out;
    out->code = from->code;
    out->name = text(from->name);
    out->n_keys = 1;
    out->keys = &draft->keys[i];
    out->brokers = draft->reads[i];
    out->version_max = TB_ENVELOPE_VERSION;
    for (size_t j = 0; j < FIX_READS && from->reads[j] != NULL; j++) {
        draft->reads[i][out->n_brokers++] = text(from->reads[j]);
    }
}

static void put_broker(struct draft *draft, size_t i, const struct fix_broker *from)
{
    tongbao__broker__init(&draft->broker[i]);
    put_key(&draft->broker_key[i], &from->key);
    draft->broker[i].name = text(from->name);
    draft->broker[i].key = &draft->broker_key[i];
    draft->endpoints[i] = text(from->endpoint);
    draft->broker[i].n_endpoints = 1;
    draft->broker[i].endpoints = &draft->endpoints[i];
    draft->brokers[i] = &draft->broker[i];
}

static void put_rivers(struct draft *draft)
{
    size_t count;
    const struct tb_rivers_file *files = tb_data_files(&count);
    for (size_t i = 0; i < count && i < FILES_MAX - 1; i++) {
        tongbao__file__init(&draft->file[i]);
        draft->file[i].name = text(files[i].name);
        draft->file[i].content = tb_wire_data(files[i].bytes);
        draft->files[i] = &draft->file[i];
        draft->body.n_files++;
    }
}

static void put_policy(struct draft *draft, const char *table)
{
    size_t i = draft->body.n_files++;
    tongbao__file__init(&draft->file[i]);
    draft->file[i].name = text("policy.csv");
    draft->file[i].content = tb_wire_data(tb_bytes_text(table));
    draft->files[i] = &draft->file[i];
}

/* Returns what is to be freed once the body was packed. */
static void *put_filler(struct draft *draft, size_t bytes)
{
    size_t i = draft->body.n_files++;
    uint8_t *filler = malloc(bytes);
    tb_assert(filler != NULL);
    memset(filler, 'f', bytes);
    tongbao__file__init(&draft->file[i]);
    draft->file[i].name = text("filler.txt");
    draft->file[i].content = tb_wire_data(tb_bytes_of(filler, bytes));
    draft->files[i] = &draft->file[i];
    return filler;
}

void fix_publish(const struct fixture *fix, uint64_t version, struct tb_buf *out)
{
    struct draft *draft = calloc(1, sizeof *draft);
    tb_assert(draft != NULL);
    tongbao__directory_body__init(&draft->body);
    draft->body.issued_at_ms = FIX_AT_MS;
    draft->body.name = text("山西省");
    draft->body.offices = draft->offices;
    draft->body.brokers = draft->brokers;
    draft->body.files = draft->files;
    for (size_t i = 0; i < FIX_OFFICES; i++) {
        if (fix->office[i].listed) {
            put_office(draft, &fix->office[i]);
        }
    }
    draft->body.n_brokers = FIX_BROKERS;
    for (size_t i = 0; i < FIX_BROKERS; i++) {
        put_broker(draft, i, &fix->broker[i]);
    }
    if (fix->rivers) {
        put_rivers(draft);
    }
    if (fix->policy != NULL) {
        put_policy(draft, fix->policy);
    }
    void *filler = fix->filler_bytes > 0 ? put_filler(draft, fix->filler_bytes) : NULL;
    enum tb_status status =
        tb_directory_seal(out, PREFIX, version, &draft->body, &fix->root.secret);
    tb_assert(status == TB_OK);
    free(filler);
    free(draft);
}

/* The recipients of ${say}. */
struct route {
    Tongbao__Recipient recipient[FIX_TO_MAX];
    Tongbao__Recipient *list[FIX_TO_MAX];
};

static void put_route(Tongbao__Body *body, struct route *route, const struct fix_say *say)
{
    body->recipients = route->list;
    for (size_t i = 0; i < FIX_TO_MAX && say->to[i] != 0; i++) {
        tongbao__recipient__init(&route->recipient[i]);
        route->recipient[i].office = say->to[i];
        route->recipient[i].required = true;
        route->recipient[i].nth = say->nth == 0 ? 1 : say->nth;
        route->list[i] = &route->recipient[i];
        body->n_recipients++;
    }
}

static enum tb_world world_of(const struct fix_say *say)
{
    return say->world == TB_WORLD_NONE ? TB_WORLD_ACTUAL : say->world;
}

void fix_seal(struct fixture *fix, const struct fix_say *say, Tongbao__Body *body, bool chained,
              struct tb_buf *out, struct tb_id *id)
{
    struct fix_office *origin = fix_office(fix, say->origin);
    struct fix_chain *chain = &origin->chain[world_of(say)];
    uint8_t name[TB_CHAIN_BYTES] = {(uint8_t)(say->origin >> 16), (uint8_t)(say->origin >> 8),
                                    (uint8_t)say->origin, (uint8_t)world_of(say)};
    struct route route;
    struct tb_id digest;
    struct tb_id own;
    struct tb_seal settings = {.world = world_of(say),
                               .origin = say->origin,
                               .directory_version = say->directory_version,
                               .secret =
                                   say->key == NULL ? &origin->key.secret : &say->key->secret};
    put_route(body, &route, say);
    body->issued_at_ms = FIX_AT_MS;
    if (body->statement_case != TONGBAO__BODY__STATEMENT_RECALL) {
        body->incident = tb_wire_data(tb_bytes_of(incident, sizeof incident));
    }
    if (chained) {
        body->chain = tb_wire_data(tb_bytes_of(name, sizeof name));
        body->chain_seq = chain->seq + 1;
        if (chain->seq > 0) {
            body->previous = tb_wire_id(&chain->head);
        }
    }
    if (say->personal.size > 0) {
        tb_digest(&digest, say->personal);
        body->personal_digest = tb_wire_id(&digest);
        settings.personal = say->personal_left_out ? tb_bytes_of(NULL, 0) : say->personal;
    }
    enum tb_status status = tb_envelope_seal(out, &settings, body, &own);
    tb_assert(status == TB_OK);
    if (chained) {
        chain->seq++;
        chain->head = own;
    }
    if (id != NULL) {
        *id = own;
    }
}

const struct fix_say fix_usual = {.origin = 140925, .to = {140926, 140900, 140000}};

void fix_notice(struct fixture *fix, const struct fix_say *say, struct tb_buf *out,
                struct tb_id *id)
{
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Notice notice;
    char filler[TB_TEXT_BYTES_MAX];
    char number[] = "140925-20250117-01";
    tongbao__notice__init(&notice);
    tb_assert(say->course_bytes < sizeof filler);
    memset(filler, 'x', say->course_bytes);
    filler[say->course_bytes] = '\0';
    notice.kind =
        say->kind == TONGBAO__NOTICE__KIND__KIND_UNKNOWN ? TONGBAO__NOTICE__KIND__FIRST : say->kind;
    notice.number = number;
    notice.river = text(say->river == NULL ? "" : say->river);
    notice.course = say->course == NULL ? filler : text(say->course);
    if (say->course_bytes > 0) {
        notice.cause = filler;
        notice.trend = filler;
        notice.actions = filler;
    }
    if (say->regards != NULL) {
        notice.regards = tb_wire_id(say->regards);
    }
    body.statement_case = TONGBAO__BODY__STATEMENT_NOTICE;
    body.notice = &notice;
    fix_seal(fix, say, &body, true, out, id);
}

void fix_acknowledgement(struct fixture *fix, const struct fix_say *say, const struct tb_id *notice,
                         struct tb_buf *out, struct tb_id *id)
{
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Acknowledgement acknowledgement;
    Tongbao__Officer officer;
    tongbao__acknowledgement__init(&acknowledgement);
    tongbao__officer__init(&officer);
    officer.name = text("王强");
    acknowledgement.notice = tb_wire_id(notice);
    acknowledgement.level = TONGBAO__ACKNOWLEDGEMENT__LEVEL__RECEIVED;
    acknowledgement.officer = &officer;
    acknowledgement.given_at_ms = FIX_AT_MS;
    body.statement_case = TONGBAO__BODY__STATEMENT_ACKNOWLEDGEMENT;
    body.acknowledgement = &acknowledgement;
    fix_seal(fix, say, &body, true, out, id);
}

void fix_destruction(struct fixture *fix, const struct fix_say *say, const struct tb_id *notice,
                     struct tb_buf *out, struct tb_id *id)
{
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Destruction destruction;
    Tongbao__Officer officer;
    tongbao__destruction__init(&destruction);
    tongbao__officer__init(&officer);
    officer.name = text("王强");
    destruction.notice = tb_wire_id(notice);
    destruction.reason = text("不再需要");
    destruction.officer = &officer;
    destruction.at_ms = FIX_AT_MS;
    body.statement_case = TONGBAO__BODY__STATEMENT_DESTRUCTION;
    body.destruction = &destruction;
    fix_seal(fix, say, &body, true, out, id);
}

void fix_receipt(struct fixture *fix, const struct fix_say *say, const struct tb_id *stored,
                 struct tb_buf *out, struct tb_id *id)
{
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Receipt receipt = TONGBAO__RECEIPT__INIT;
    ProtobufCBinaryData ids[1];
    ids[0] = tb_wire_id(stored);
    receipt.n_ids = 1;
    receipt.ids = ids;
    receipt.stored_at_ms = FIX_AT_MS;
    body.statement_case = TONGBAO__BODY__STATEMENT_RECEIPT;
    body.receipt = &receipt;
    fix_seal(fix, say, &body, false, out, id);
}

/* ------------------------------------------------------------ what a turn left */

size_t fix_effects(const struct tb_outbox *out, enum tb_effect_kind kind)
{
    struct tb_effect effect;
    size_t at = 0;
    size_t count = 0;
    while (tb_outbox_next(out, &at, &effect)) {
        count += effect.kind == kind;
    }
    return count;
}

bool fix_noted(const struct tb_outbox *out, enum tb_note note)
{
    struct tb_effect effect;
    size_t at = 0;
    while (tb_outbox_next(out, &at, &effect)) {
        if (effect.kind == TB_EFFECT_NOTE && effect.code == (uint32_t)note) {
            return true;
        }
    }
    return false;
}

int64_t fix_sql(struct tb_db *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    tb_assert(sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL) == SQLITE_OK);
    int64_t value = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
    (void)sqlite3_finalize(stmt);
    return value;
}
