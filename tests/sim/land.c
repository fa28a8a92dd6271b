#include "tests/sim/land.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/text.h"
#include "proto/wire.h"
#include "topology/data.h"

const char *const sim_broker_name[SIM_BROKERS] = {"sx-1", "sx-2"};

enum { FILES_MAX = 16 };

static const struct sim_office offices[SIM_OFFICES] = {
    {.code = 140000, .name = "山西省生态环境厅", .river = "", .reads = {true, true}},
    {.code = 140100, .name = "太原市生态环境局", .river = "", .reads = {true, true}},
    {.code = 140123, .name = "太原市生态环境局娄烦分局", .river = "汾河", .reads = {true}},
    {.code = 140181, .name = "太原市生态环境局古交分局", .river = "汾河", .reads = {true}},
    {.code = 140221, .name = "大同市生态环境局阳高分局", .river = "桑干河", .reads = {false, true}},
    {.code = 140600, .name = "朔州市生态环境局", .river = "", .reads = {true, true}},
    {.code = 140602, .name = "朔州市生态环境局朔城分局", .river = "桑干河", .reads = {false, true}},
    {.code = 140621, .name = "朔州市生态环境局山阴分局", .river = "桑干河", .reads = {false, true}},
    {.code = 140900, .name = "忻州市生态环境局", .river = "", .reads = {true, true}},
    {.code = 140925, .name = "忻州市生态环境局宁武分局", .river = "汾河", .reads = {true}},
    {.code = 140926, .name = "忻州市生态环境局静乐分局", .river = "汾河", .reads = {true}},
    {.code = 130727,
     .name = "张家口市生态环境局阳原分局",
     .river = "桑干河",
     .reads = {false, true}},
};

/* protobuf-c has no const and only reads. */
static char *text(const char *words)
{
    union {
        const char *in;
        char *out;
    } same = {.in = words};
    return same.out;
}

static void key_of(struct fix_key *key, uint64_t seed, const char *whose)
{
    char label[64];
    snprintf(label, sizeof label, "%llu %s", (unsigned long long)seed, whose);
    fix_key(key, label);
}

void sim_land_init(struct sim_land *land, uint64_t seed)
{
    memset(land, 0, sizeof *land);
    memcpy(land->office, offices, sizeof offices);
    key_of(&land->root[0], seed, "root 14");
    key_of(&land->root[1], seed, "root 13");
    for (size_t i = 0; i < 2; i++) {
        tb_root_fingerprint(&land->fingerprint[i], land->root[i].sign);
    }
    for (size_t i = 0; i < SIM_OFFICES; i++) {
        char whose[32];
        land->office[i].listed = true;
        land->office[i].keys = SIM_KEYS_MAX;
        for (size_t k = 0; k < SIM_KEYS_MAX; k++) {
            snprintf(whose, sizeof whose, "office %u %zu", land->office[i].code, k);
            key_of(&land->office[i].key[k], seed, whose);
        }
        land->office[i].keys = 1;
    }
    for (size_t i = 0; i < SIM_BROKERS; i++) {
        key_of(&land->broker[i], seed, sim_broker_name[i]);
    }
}

size_t sim_land_find(const struct sim_land *land, uint32_t code)
{
    size_t i = 0;
    while (i < SIM_OFFICES && land->office[i].code != code) {
        i++;
    }
    return i;
}

/* A directory's body with all that it points at. */
struct draft {
    Tongbao__DirectoryBody body;
    Tongbao__Office office[SIM_OFFICES];
    Tongbao__Office *offices[SIM_OFFICES];
    Tongbao__Key key[SIM_OFFICES][SIM_KEYS_MAX];
    Tongbao__Key *keys[SIM_OFFICES][SIM_KEYS_MAX];
    char *reads[SIM_OFFICES][SIM_BROKERS];
    Tongbao__Broker broker[SIM_BROKERS];
    Tongbao__Broker *brokers[SIM_BROKERS];
    Tongbao__Key broker_key[SIM_BROKERS];
    char *endpoints[SIM_BROKERS];
    Tongbao__File file[FILES_MAX];
    Tongbao__File *files[FILES_MAX];
    struct tb_buf reaches; /* without a reach */
};

static void put_key(Tongbao__Key *out, const struct fix_key *key)
{
    tongbao__key__init(out);
    out->sign = tb_wire_data(tb_bytes_of(key->sign, TB_KEY_BYTES));
    out->link = tb_wire_data(tb_bytes_of(key->link, TB_KEY_BYTES));
    out->state = key->state;
    out->since_ms = key->since_ms;
}

static void put_office(struct draft *draft, const struct sim_office *from)
{
    size_t i = draft->body.n_offices++;
    Tongbao__Office *out = &draft->office[i];
    tongbao__office__init(out);
    draft->offices[i] = out;
    out->code = from->code;
    out->name = text(from->name);
    out->keys = draft->keys[i];
    for (size_t k = 0; k < from->keys; k++) {
        put_key(&draft->key[i][k], &from->key[k]);
        draft->keys[i][out->n_keys++] = &draft->key[i][k];
    }
    out->brokers = draft->reads[i];
    out->version_max = TB_ENVELOPE_VERSION;
    for (size_t b = 0; b < SIM_BROKERS; b++) {
        if (from->reads[b]) {
            draft->reads[i][out->n_brokers++] = text(sim_broker_name[b]);
        }
    }
}

static void put_brokers(struct draft *draft, const struct sim_land *land)
{
    draft->body.brokers = draft->brokers;
    for (size_t i = 0; i < SIM_BROKERS; i++) {
        tongbao__broker__init(&draft->broker[i]);
        put_key(&draft->broker_key[i], &land->broker[i]);
        draft->broker[i].name = text(sim_broker_name[i]);
        draft->broker[i].key = &draft->broker_key[i];
        draft->endpoints[i] = text(i == 0 ? "tcp://127.0.0.1:5570" : "tcp://127.0.0.1:5571");
        draft->broker[i].n_endpoints = 1;
        draft->broker[i].endpoints = &draft->endpoints[i];
        draft->brokers[i] = &draft->broker[i];
        draft->body.n_brokers++;
    }
}

/* The table without the lines that begin with ${start}. */
static void leave_out(struct tb_buf *out, struct tb_bytes table, const char *start)
{
    const char *at = (const char *)table.data;
    const char *end = at + table.size;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t size = line_end == NULL ? (size_t)(end - at) : (size_t)(line_end - at) + 1;
        if (size < strlen(start) || memcmp(at, start, strlen(start)) != 0) {
            tb_assert(tb_buf_add(out, tb_bytes_of(at, size)) == TB_OK);
        }
        at += size;
    }
}

static void put_rivers(struct draft *draft, bool cut_short)
{
    size_t count;
    const struct tb_rivers_file *files = tb_data_files(&count);
    for (size_t i = 0; i < count && i < FILES_MAX; i++) {
        struct tb_bytes bytes = files[i].bytes;
        if (cut_short && strstr(files[i].name, "reaches.csv") != NULL) {
            leave_out(&draft->reaches, bytes, "140926,静乐县,140123");
            bytes = tb_buf_bytes(&draft->reaches);
        }
        tongbao__file__init(&draft->file[i]);
        draft->file[i].name = text(files[i].name);
        draft->file[i].content = tb_wire_data(bytes);
        draft->files[i] = &draft->file[i];
        draft->body.n_files++;
    }
}

void sim_land_publish(struct sim_land *land, uint32_t prefix, int64_t at_ms, struct tb_buf *out)
{
    size_t which = prefix == SIM_SHANXI ? 0 : 1;
    struct draft *draft = calloc(1, sizeof *draft);
    tb_assert(draft != NULL);
    tb_buf_init(&draft->reaches, TB_DIRECTORY_BYTES_MAX);
    tongbao__directory_body__init(&draft->body);
    draft->body.issued_at_ms = at_ms;
    draft->body.name = text(which == 0 ? "山西省" : "河北省");
    draft->body.offices = draft->offices;
    draft->body.files = draft->files;
    for (size_t i = 0; i < SIM_OFFICES; i++) {
        if (land->office[i].listed && land->office[i].code / 10000 == prefix) {
            put_office(draft, &land->office[i]);
        }
    }
    if (which == 0) {
        put_brokers(draft, land);
    }
    put_rivers(draft, land->cut_short);
    tb_buf_cut(out, 0);
    enum tb_status status = tb_directory_seal(out, prefix, ++land->version[which], &draft->body,
                                              &land->root[which].secret);
    tb_assert(status == TB_OK);
    tb_buf_fini(&draft->reaches);
    free(draft);
}
