#include "desk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/text.h"
#include "node/core/state.h"
#include "proto/wire.h"

enum { ARENA_BYTES = 64 * 1024 * 1024, ARENA_COUNT = 1024 * 1024, STEPS_MAX = 1000 };

static void open_node(struct desk *desk, bool bare)
{
    struct tb_diag diag = {.file = desk->path};
    uint8_t seed[TB_SEED_BYTES] = {0};
    const struct fix_office *office = fix_office(desk->fix, desk->office);
    struct tb_node_config config = {
        .office = desk->office, .secret = &office->key.secret, .alarm = desk->alarm};
    const char *path = desk->path[0] == '\0' ? ":memory:" : desk->path;
    memcpy(config.sign_key, office->key.sign, TB_KEY_BYTES);
    memcpy(seed, &desk->draws, sizeof desk->draws);
    memcpy(seed + sizeof desk->draws, &desk->office, sizeof desk->office);
    desk->draws++;
    tb_assert(tb_db_open(&desk->db, path, tb_node_schema(), &diag) == TB_OK);
    desk->set = tb_directories_new();
    tb_assert(tb_directories_trust(desk->set, 14, &desk->fix->fingerprint) == TB_OK);
    if (!bare) {
        enum tb_taken taken;
        struct tb_buf bytes;
        tb_buf_init(&bytes, TB_DIRECTORY_BYTES_MAX);
        fix_publish(desk->fix, 1, &bytes);
        tb_assert(tb_directories_take(desk->set, tb_buf_bytes(&bytes), &taken, &diag) == TB_OK);
        tb_buf_fini(&bytes);
    }
    desk->node = tb_node_new(&desk->db, &config, desk->set, seed);
    tb_node_turn(desk->node, &desk->core);
    tb_outbox_init(&desk->out);
    tb_arena_init(&desk->arena, ARENA_BYTES, ARENA_COUNT);
}

static void close_node(struct desk *desk)
{
    tb_node_free(desk->node);
    tb_directories_free(desk->set);
    tb_db_close(&desk->db);
    tb_outbox_fini(&desk->out);
    tb_arena_fini(&desk->arena);
}

void desk_start(struct desk *desk, struct fixture *fix, uint32_t office, struct desk_make make)
{
    memset(desk, 0, sizeof *desk);
    desk->fix = fix;
    desk->office = office;
    desk->alarm = make.alarm;
    desk->now = (struct tb_now){1000, {FIX_AT_MS}};
    if (make.path != NULL) {
        snprintf(desk->path, sizeof desk->path, "%s", make.path);
        desk->keeps_files = true;
    } else if (make.on_disk) {
        char folder[] = "/tmp/tongbao-desk-XXXXXX";
        tb_assert(mkdtemp(folder) != NULL);
        snprintf(desk->path, sizeof desk->path, "%s/store.db", folder);
    }
    tb_buf_init(&desk->bytes, TB_DIRECTORY_BYTES_MAX);
    open_node(desk, make.bare);
    desk_settle(desk);
}

void desk_begin(struct desk *desk, struct fixture *fix, uint32_t office, bool rivers)
{
    fix_init(fix);
    fix->rivers = rivers;
    desk_start(desk, fix, office, (struct desk_make){.on_disk = true});
}

static void remove_files(const struct desk *desk)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".copy"};
    char name[300];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(name, sizeof name, "%s%s", desk->path, ends[i]);
        unlink(name);
    }
    snprintf(name, sizeof name, "%s", desk->path);
    *strrchr(name, '/') = '\0';
    rmdir(name);
}

void desk_close(struct desk *desk)
{
    close_node(desk);
    tb_buf_fini(&desk->bytes);
    if (desk->path[0] != '\0' && !desk->keeps_files) {
        remove_files(desk);
    }
}

void desk_reopen(struct desk *desk)
{
    tb_assert(desk->path[0] != '\0');
    close_node(desk);
    open_node(desk, true);
    desk_settle(desk);
}

static void copy_file(const char *from, const char *to)
{
    char block[65536];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    tb_assert(in != NULL);
    tb_assert(out != NULL);
    for (size_t got; (got = fread(block, 1, sizeof block, in)) > 0;) {
        tb_assert(fwrite(block, 1, got, out) == got);
    }
    tb_assert(fclose(out) == 0);
    fclose(in);
}

void desk_copy(struct desk *desk)
{
    char copy[300];
    snprintf(copy, sizeof copy, "%s.copy", desk->path);
    tb_assert(tb_db_checkpoint(&desk->db) == 0);
    copy_file(desk->path, copy);
}

void desk_restore(struct desk *desk)
{
    char copy[300];
    snprintf(copy, sizeof copy, "%s.copy", desk->path);
    close_node(desk);
    copy_file(copy, desk->path);
    open_node(desk, true);
    desk_settle(desk);
}

/* -------------------------------------------------------------------- turns */

void desk_turn(struct desk *desk, const struct tb_event *events, size_t count)
{
    tb_outbox_clear(&desk->out);
    tb_arena_reset(&desk->arena);
    desk->turned = tb_turn_run(&desk->core, &desk->now, events, &count, &desk->out);
}

static struct tb_event make_event(struct desk *desk, enum tb_event_kind kind, uint64_t from)
{
    struct tb_event event = {.kind = kind, .from = from};
    desk->draws++;
    memcpy(event.seed, &desk->draws, sizeof desk->draws);
    memcpy(event.seed + sizeof desk->draws, &desk->office, sizeof desk->office);
    return event;
}

void desk_due(struct desk *desk)
{
    struct tb_event event = make_event(desk, TB_EVENT_DUE, 0);
    desk_turn(desk, &event, 1);
}

void desk_settle(struct desk *desk)
{
    size_t steps = 0;
    while (tb_node_deadline_ms(desk->node) <= desk->now.mono_ms) {
        desk_due(desk);
        tb_assert(desk->turned == TB_OK);
        tb_assert(steps++ < STEPS_MAX);
    }
}

bool desk_idle(const struct desk *desk)
{
    uint64_t next = tb_node_deadline_ms(desk->node);
    return next > desk->now.mono_ms && next == desk->node->desk.reminder.due_ms;
}

void desk_later(struct desk *desk, uint64_t ms)
{
    desk->now.mono_ms += ms;
    desk->now.wall.ms += (int64_t)ms;
}

/* -------------------------------------------------------------------- frames */

uint64_t desk_handle(const struct desk *desk, int broker)
{
    const uint8_t *key = desk->fix->broker[broker].key.link;
    return (uint64_t)tb_get_u32(key) | (uint64_t)tb_get_u32(key + 4) << 32;
}

const Tongbao__Frame *desk_sent(struct desk *desk, int broker, Tongbao__Frame__KindCase kind,
                                size_t nth)
{
    struct tb_effect effect;
    size_t at = 0;
    while (tb_outbox_next(&desk->out, &at, &effect)) {
        const Tongbao__Frame *frame;
        if (!tb_effect_sends(effect.kind) || effect.to != desk_handle(desk, broker)) {
            continue;
        }
        tb_assert(tb_frame_read(effect.data, &desk->arena, &frame) == TB_OK);
        if (frame->kind_case == kind && nth-- == 0) {
            return frame;
        }
    }
    return NULL;
}

size_t desk_count(struct desk *desk, int broker, Tongbao__Frame__KindCase kind)
{
    size_t count = 0;
    while (desk_sent(desk, broker, kind, count) != NULL) {
        count++;
    }
    return count;
}

size_t desk_effects(struct desk *desk, enum tb_effect_kind kind)
{
    return fix_effects(&desk->out, kind);
}

bool desk_noted(struct desk *desk, enum tb_note note)
{
    return fix_noted(&desk->out, note);
}

struct tb_bytes desk_effect(struct desk *desk, enum tb_effect_kind kind)
{
    struct tb_effect effect;
    size_t at = 0;
    while (tb_outbox_next(&desk->out, &at, &effect)) {
        if (effect.kind == kind) {
            return effect.data;
        }
    }
    return tb_bytes_of(NULL, 0);
}

struct tb_event desk_event(struct desk *desk, int broker, const Tongbao__Frame *frame,
                           struct tb_buf *buf)
{
    struct tb_event event = make_event(desk, TB_EVENT_FRAME, desk_handle(desk, broker));
    tb_buf_init(buf, TB_FRAME_BYTES_MAX);
    tb_assert(tb_frame_pack(buf, frame) == TB_OK);
    event.data = tb_buf_bytes(buf);
    return event;
}

void desk_frame(struct desk *desk, int broker, const Tongbao__Frame *frame)
{
    struct tb_buf buf;
    struct tb_event event = desk_event(desk, broker, frame, &buf);
    desk_turn(desk, &event, 1);
    tb_buf_fini(&buf);
}

void desk_link(struct desk *desk, int broker)
{
    struct tb_event event = make_event(desk, TB_EVENT_LINK_UP, desk_handle(desk, broker));
    desk_turn(desk, &event, 1);
}

void desk_unlink(struct desk *desk, int broker)
{
    struct tb_event event = make_event(desk, TB_EVENT_LINK_DOWN, desk_handle(desk, broker));
    desk_turn(desk, &event, 1);
}

void desk_welcome(struct desk *desk, int broker, Tongbao__Welcome *welcome, uint8_t epoch)
{
    uint8_t name[TB_EPOCH_BYTES];
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    char broker_name[TB_NAME_BYTES_MAX];
    memset(name, epoch, sizeof name);
    tb_text_copy(broker_name, sizeof broker_name, desk->fix->broker[broker].name);
    welcome->version = TB_LINK_VERSION;
    welcome->broker = broker_name;
    welcome->epoch = tb_wire_data(tb_bytes_of(name, sizeof name));
    if (welcome->wall_ms == 0) {
        welcome->wall_ms = desk->now.wall.ms;
    }
    frame.kind_case = TONGBAO__FRAME__KIND_WELCOME;
    frame.welcome = welcome;
    desk_frame(desk, broker, &frame);
}

void desk_greet(struct desk *desk, int broker, uint8_t epoch)
{
    Tongbao__Welcome welcome;
    tongbao__welcome__init(&welcome);
    desk_link(desk, broker);
    tb_assert(desk_count(desk, broker, TONGBAO__FRAME__KIND_HELLO) == 1);
    desk_welcome(desk, broker, &welcome, epoch);
}

static void deliver(struct desk *desk, int broker, uint32_t lane, uint64_t seq,
                    struct tb_bytes envelope)
{
    Tongbao__Deliver deliver = TONGBAO__DELIVER__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    deliver.lane = lane;
    deliver.seq = seq;
    deliver.envelope = tb_wire_data(envelope);
    deliver.admitted_at_ms = desk->now.wall.ms - 10;
    frame.kind_case = TONGBAO__FRAME__KIND_DELIVER;
    frame.deliver = &deliver;
    desk_frame(desk, broker, &frame);
}

void desk_deliver(struct desk *desk, int broker, uint32_t lane, struct tb_bytes envelope)
{
    deliver(desk, broker, lane, ++desk->seq[broker][lane], envelope);
}

void desk_deliver_lane0(struct desk *desk, int broker, struct tb_bytes envelope)
{
    deliver(desk, broker, 0, 0, envelope);
}

struct tb_id desk_make_notice(struct desk *desk, const struct fix_say *say)
{
    struct tb_id id;
    tb_buf_cut(&desk->bytes, 0);
    fix_notice(desk->fix, say, &desk->bytes, &id);
    return id;
}

struct tb_id desk_deliver_notice(struct desk *desk, const struct fix_say *say)
{
    struct tb_id id = desk_make_notice(desk, say);
    desk_deliver(desk, 0, 1, tb_buf_bytes(&desk->bytes));
    return id;
}

const Tongbao__Offer *desk_offered(struct desk *desk, int broker, size_t nth)
{
    const Tongbao__Frame *frame = desk_sent(desk, broker, TONGBAO__FRAME__KIND_OFFER, nth);
    return frame == NULL ? NULL : frame->offer;
}

size_t desk_offers(struct desk *desk, int broker)
{
    return desk_count(desk, broker, TONGBAO__FRAME__KIND_OFFER);
}

void desk_answer(struct desk *desk, int broker, const Tongbao__Offer *offer, enum tb_status status,
                 uint64_t position, const uint32_t *filed, size_t filed_count, const uint32_t *full,
                 size_t full_count)
{
    uint32_t filed_copy[TB_RECIPIENTS_MAX];
    uint32_t full_copy[TB_RECIPIENTS_MAX];
    struct tb_envelope envelope;
    Tongbao__Answer answer = TONGBAO__ANSWER__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    tb_assert(tb_envelope_read(&envelope, tb_wire_bytes(offer->envelope)) == TB_OK);
    for (size_t i = 0; i < filed_count; i++) {
        filed_copy[i] = filed[i];
    }
    for (size_t i = 0; i < full_count; i++) {
        full_copy[i] = full[i];
    }
    answer.tag = offer->tag;
    answer.id = tb_wire_id(&envelope.id);
    answer.status = (uint32_t)status;
    answer.position = position;
    answer.filed = filed_copy;
    answer.n_filed = filed_count;
    answer.full = full_copy;
    answer.n_full = full_count;
    frame.kind_case = TONGBAO__FRAME__KIND_ANSWER;
    frame.answer = &answer;
    desk_frame(desk, broker, &frame);
}

/* ------------------------------------------------------------------- people */

struct tb_result desk_ask(struct desk *desk, const struct tb_request *request)
{
    struct tb_result result = {.status = TB_IO};
    struct tb_event event = make_event(desk, TB_EVENT_REQUEST, 77);
    event.request = request;
    desk_turn(desk, &event, 1);
    struct tb_bytes data = desk_effect(desk, TB_EFFECT_ANSWER);
    if (data.size == sizeof result) {
        memcpy(&result, data.data, sizeof result);
    }
    return result;
}

void desk_on_duty(struct desk *desk)
{
    char id[40];
    struct tb_request set = {.verb = TB_VERB_OFFICER_SET, .id = id};
    set.officer = (struct tb_officer_set){
        .name = "王强", .number = "0351-01", .password_hash = "$argon2id$test", .active = true};
    snprintf(id, sizeof id, "officer %llu", (unsigned long long)desk->draws);
    tb_assert(desk_ask(desk, &set).status == TB_OK);
    struct tb_request open = {.verb = TB_VERB_DUTY_OPEN, .id = id};
    open.duty = (struct tb_duty_open){.officer = "王强"};
    snprintf(id, sizeof id, "duty %llu", (unsigned long long)desk->draws);
    struct tb_result result = desk_ask(desk, &open);
    tb_assert(result.status == TB_OK);
    memcpy(desk->token, result.token, sizeof desk->token);
}

struct tb_result desk_issue_as(struct desk *desk, enum tb_world world, Tongbao__Notice__Kind kind,
                               const char *river, const struct tb_id *regards)
{
    char id[40];
    char river_copy[TB_NAME_BYTES_MAX];
    char title[] = "死鱼";
    Tongbao__Notice notice;
    tongbao__notice__init(&notice);
    struct tb_request request = {
        .verb = TB_VERB_ISSUE, .id = id, .token = desk->token[0] == '\0' ? NULL : desk->token};
    tb_text_copy(river_copy, sizeof river_copy, river);
    notice.kind = kind;
    notice.river = river_copy;
    notice.title = title;
    if (regards != NULL) {
        notice.regards = tb_wire_id(regards);
    }
    request.issue.world = world;
    request.issue.notice = &notice;
    snprintf(id, sizeof id, "issue %llu", (unsigned long long)desk->draws);
    return desk_ask(desk, &request);
}

struct tb_result desk_issue(struct desk *desk, const char *river)
{
    return desk_issue_as(desk, TB_WORLD_ACTUAL, TONGBAO__NOTICE__KIND__FIRST, river, NULL);
}

struct tb_result desk_acknowledge(struct desk *desk, const struct tb_id *notice)
{
    char id[40];
    struct tb_request request = {.verb = TB_VERB_ACKNOWLEDGE,
                                 .id = id,
                                 .token = desk->token[0] == '\0' ? NULL : desk->token};
    request.acknowledge = (struct tb_acknowledge){
        .notice = *notice, .level = TONGBAO__ACKNOWLEDGEMENT__LEVEL__RECEIVED};
    snprintf(id, sizeof id, "ack %llu", (unsigned long long)desk->draws);
    return desk_ask(desk, &request);
}

struct tb_result desk_publish(struct desk *desk, uint64_t version)
{
    char id[40];
    struct tb_buf bytes;
    struct tb_request request = {.verb = TB_VERB_DIRECTORY_TAKE, .id = id};
    snprintf(id, sizeof id, "directory %llu", (unsigned long long)desk->draws);
    tb_buf_init(&bytes, TB_DIRECTORY_BYTES_MAX);
    fix_publish(desk->fix, version, &bytes);
    request.directory = tb_buf_bytes(&bytes);
    struct tb_result result = desk_ask(desk, &request);
    tb_buf_fini(&bytes);
    return result;
}

/* ---------------------------------------------------------------- envelopes */

void desk_seal(struct desk *desk, uint32_t office, enum tb_world world, Tongbao__Body *body,
               struct tb_buf *out, struct tb_id *id)
{
    struct tb_seal seal = {
        .world = world, .origin = office, .secret = &fix_office(desk->fix, office)->key.secret};
    enum tb_status status = tb_envelope_seal(out, &seal, body, id);
    tb_assert(status == TB_OK);
}

const Tongbao__Body *desk_body(struct desk *desk, const struct tb_id *id,
                               struct tb_envelope *envelope)
{
    struct tb_ledger_row row = {0};
    const Tongbao__Body *body = NULL;
    while (tb_query_ledger(desk->node, row.n, &row)) {
        if (tb_id_equal(&row.id, id)) {
            const Tongbao__Key *key;
            tb_assert(tb_envelope_read(envelope, row.bytes) == TB_OK);
            key = tb_directories_signer(desk->set, envelope);
            if (key != NULL) {
                tb_assert(tb_envelope_verify(envelope, key->sign.data) == TB_OK);
            }
            tb_assert(tb_envelope_body(envelope, &desk->arena, &body) == TB_OK);
            return body;
        }
    }
    tb_assert(body != NULL);
    return NULL;
}

int64_t desk_sql(struct desk *desk, const char *sql)
{
    return fix_sql(&desk->db, sql);
}

size_t desk_shown(struct desk *desk, enum tb_stream_kind kind, const struct tb_id *id)
{
    struct tb_stream_row rows[TB_PAGE_ROWS_MAX];
    size_t shown = 0;
    int64_t after = 0;
    for (;;) {
        size_t count = tb_query_stream(desk->node, after, rows, TB_PAGE_ROWS_MAX);
        for (size_t i = 0; i < count; i++) {
            bool same = id == NULL || tb_id_equal(&rows[i].id, id);
            shown += rows[i].kind == kind && same ? 1 : 0;
            after = rows[i].n;
        }
        if (count == 0) {
            return shown;
        }
    }
}

struct tb_delivery_row desk_delivery(struct desk *desk, const struct tb_id *id, uint32_t office)
{
    static struct tb_delivery_row rows[TB_RECIPIENTS_MAX];
    size_t count = tb_query_deliveries(desk->node, id, rows, TB_RECIPIENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].office == office) {
            return rows[i];
        }
    }
    tb_assert(count < 0x7fffffff);
    tb_assert(rows[0].office == office);
    return rows[0];
}
