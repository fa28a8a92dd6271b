#include "broker/core/exchange.h"

#include <stdlib.h>

#include "base/fault.h"
#include "broker/core/inner.h"
#include "proto/wire.h"

enum { NEWEST, STORE, SLICE, STMTS };

static const char *const texts[STMTS] = {
    [NEWEST] = ("SELECT prefix, version, bytes FROM directory d WHERE version ="
                " (SELECT max(version) FROM directory e WHERE e.prefix = d.prefix)"
                " ORDER BY prefix"),
    /* The same version again can only be one of a root that was pinned anew. */
    [STORE] = ("INSERT INTO directory (prefix, version, bytes, taken_ms) VALUES (?, ?, ?, ?)"
               " ON CONFLICT (prefix, version) DO UPDATE SET bytes = excluded.bytes,"
               " taken_ms = excluded.taken_ms"),
    [SLICE] = ("SELECT length(bytes), substr(bytes, ?, ?) FROM directory"
               " WHERE prefix = ? AND version = ?"),
};

/* One directory on its way, from one peer. */
struct fetch {
    bool open;
    uint32_t prefix;
    uint64_t version;
    uint64_t peer;
    uint64_t asked_ms;
    uint64_t total_bytes; /* 0: no part has come */
    struct tb_buf bytes;
};

struct skipped {
    uint32_t prefix;
    uint64_t version;
    enum tb_status status;
};

struct tb_exchange {
    struct tb_db *db;
    struct sqlite3_stmt *stmts[STMTS];
    struct fetch fetches[TB_EXCHANGE_FETCHES_MAX];
    struct skipped skipped[TB_ROOTS_MAX];
    size_t skipped_count;
};

struct tb_exchange *tb_exchange_new(struct tb_db *db)
{
    struct tb_exchange *exchange = calloc(1, sizeof *exchange);
    tb_assert(exchange != NULL);
    exchange->db = db;
    for (size_t i = 0; i < TB_EXCHANGE_FETCHES_MAX; i++) {
        tb_buf_init(&exchange->fetches[i].bytes, TB_DIRECTORY_BYTES_MAX);
    }
    tb_db_prepare(db, texts, exchange->stmts, STMTS);
    return exchange;
}

static void close_fetch(struct fetch *fetch)
{
    fetch->open = false;
    /* Megabytes are not kept for the next one. */
    tb_buf_fini(&fetch->bytes);
    tb_buf_init(&fetch->bytes, TB_DIRECTORY_BYTES_MAX);
}

void tb_exchange_reset(struct tb_exchange *exchange)
{
    for (size_t i = 0; i < TB_EXCHANGE_FETCHES_MAX; i++) {
        close_fetch(&exchange->fetches[i]);
    }
}

void tb_exchange_free(struct tb_exchange *exchange)
{
    if (exchange == NULL) {
        return;
    }
    for (size_t i = 0; i < TB_EXCHANGE_FETCHES_MAX; i++) {
        tb_buf_fini(&exchange->fetches[i].bytes);
    }
    tb_db_unprepare(exchange->stmts, STMTS);
    free(exchange);
}

void tb_exchange_load(struct tb_exchange *exchange, struct tb_directories *set)
{
    struct sqlite3_stmt *stmt = exchange->stmts[NEWEST];
    exchange->skipped_count = 0;
    tb_db_ask(exchange->db, stmt, "");
    while (tb_db_next(exchange->db, stmt)) {
        enum tb_taken taken;
        enum tb_status status = tb_directories_take(set, tb_db_bytes(stmt, 2), &taken, NULL);
        if (status != TB_OK && exchange->skipped_count < TB_ROOTS_MAX) {
            exchange->skipped[exchange->skipped_count++] = (struct skipped){
                (uint32_t)tb_db_int(stmt, 0), (uint64_t)tb_db_int(stmt, 1), status};
        }
    }
}

void tb_exchange_complain(struct tb_exchange *exchange, struct tb_outbox *out)
{
    for (size_t i = 0; i < exchange->skipped_count; i++) {
        const struct skipped *skipped = &exchange->skipped[i];
        tb_outbox_note(out, TB_NOTE_DIRECTORY_REFUSED, skipped->prefix,
                       (unsigned long long)skipped->version, tb_status_text(skipped->status));
    }
    exchange->skipped_count = 0;
}

void tb_exchange_store(struct tb_exchange *exchange, const struct tb_directory *directory,
                       struct tb_wall now)
{
    tb_db_do(exchange->db, exchange->stmts[STORE], "iibi", (int64_t)tb_directory_prefix(directory),
             (int64_t)tb_directory_version(directory), tb_directory_bytes(directory), now.ms);
}

static void send_ask(struct tb_broker *broker, const struct tb_speaker *speaker,
                     const struct fetch *fetch)
{
    Tongbao__Ask ask = TONGBAO__ASK__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    ask.prefix = fetch->prefix;
    ask.version = fetch->version;
    ask.offset = fetch->bytes.size;
    frame.kind_case = TONGBAO__FRAME__KIND_ASK;
    frame.ask = &ask;
    /* A lost question leaves the fetch to grow stale and be asked elsewhere. */
    (void)tb_broker_send(broker, speaker->out, speaker->event->from, &frame);
}

void tb_exchange_want(struct tb_broker *broker, const struct tb_speaker *speaker, uint32_t prefix,
                      uint64_t version)
{
    struct tb_exchange *exchange = broker->exchange;
    const struct tb_directory *held = tb_directories_prefix(broker->directories, prefix);
    struct fetch *place = NULL;
    uint64_t now_ms = speaker->now->mono_ms;
    if (speaker->peer->distrusted || !tb_directories_trusted(broker->directories, prefix) ||
        version > INT64_MAX || (held != NULL && version <= tb_directory_version(held))) {
        return;
    }
    for (size_t i = 0; i < TB_EXCHANGE_FETCHES_MAX; i++) {
        struct fetch *fetch = &exchange->fetches[i];
        if (fetch->open && now_ms >= fetch->asked_ms + TB_EXCHANGE_STALE_MS) {
            close_fetch(fetch);
        }
        if (fetch->open && fetch->prefix == prefix && fetch->version >= version) {
            return;
        }
        place = fetch->open ? place : fetch;
    }
    if (place == NULL) {
        return; /* asked again at the next Have or Hello */
    }
    place->open = true;
    place->prefix = prefix;
    place->version = version;
    place->peer = speaker->event->from;
    place->asked_ms = now_ms;
    place->total_bytes = 0;
    send_ask(broker, speaker, place);
}

/* Does the peer lack what is in force for ${directory}'s prefix? */
static bool lacks(const struct tb_directory *directory, Tongbao__DirectoryVersion *const *versions,
                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (versions[i]->prefix == tb_directory_prefix(directory)) {
            return versions[i]->version < tb_directory_version(directory);
        }
    }
    return true;
}

/* "Two different ones of one version keep the first and alarm." */
static void check_clash(const struct tb_broker *broker, const struct tb_speaker *speaker,
                        const Tongbao__DirectoryVersion *version)
{
    const struct tb_directory *held = tb_directories_prefix(broker->directories, version->prefix);
    struct tb_id digest;
    if (held != NULL && tb_directory_version(held) == version->version &&
        tb_id_take(&digest, tb_wire_bytes(version->digest)) &&
        !tb_id_equal(&digest, tb_directory_digest(held))) {
        tb_outbox_note(speaker->out, TB_NOTE_DIRECTORY_CLASH, version->prefix,
                       (unsigned long long)version->version);
    }
}

bool tb_exchange_compare(struct tb_broker *broker, const struct tb_speaker *speaker,
                         Tongbao__DirectoryVersion *const *versions, size_t count)
{
    for (size_t i = 0; i < count && i < TB_ROOTS_MAX; i++) {
        check_clash(broker, speaker, versions[i]);
        tb_exchange_want(broker, speaker, versions[i]->prefix, versions[i]->version);
    }
    bool lacking = false;
    for (size_t i = 0; i < tb_directories_count(broker->directories); i++) {
        lacking = lacking || lacks(tb_directories_at(broker->directories, i), versions, count);
    }
    return lacking;
}

size_t tb_exchange_versions(const struct tb_directories *set, Tongbao__DirectoryVersion *versions,
                            Tongbao__DirectoryVersion **list)
{
    size_t count = tb_directories_count(set);
    tb_assert(count <= TB_ROOTS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct tb_directory *directory = tb_directories_at(set, i);
        tongbao__directory_version__init(&versions[i]);
        versions[i].prefix = tb_directory_prefix(directory);
        versions[i].version = tb_directory_version(directory);
        versions[i].digest = tb_wire_id(tb_directory_digest(directory));
        list[i] = &versions[i];
    }
    return count;
}

enum tb_status tb_exchange_have(struct tb_broker *broker, const struct tb_speaker *speaker,
                                const Tongbao__Have *have)
{
    if (!tb_exchange_compare(broker, speaker, have->directories, have->n_directories)) {
        return TB_OK;
    }
    Tongbao__DirectoryVersion versions[TB_ROOTS_MAX];
    Tongbao__DirectoryVersion *list[TB_ROOTS_MAX];
    Tongbao__Have ours = TONGBAO__HAVE__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    ours.n_directories = tb_exchange_versions(broker->directories, versions, list);
    ours.directories = list;
    frame.kind_case = TONGBAO__FRAME__KIND_HAVE;
    frame.have = &ours;
    return tb_broker_send(broker, speaker->out, speaker->event->from, &frame) ? TB_OK : TB_FULL;
}

enum tb_status tb_exchange_ask(struct tb_broker *broker, const struct tb_speaker *speaker,
                               const Tongbao__Ask *ask)
{
    struct sqlite3_stmt *stmt = broker->exchange->stmts[SLICE];
    if (ask->version > INT64_MAX || ask->offset >= TB_DIRECTORY_BYTES_MAX) {
        return TB_UNKNOWN;
    }
    /* SQL counts bytes from 1. */
    if (!tb_db_one(broker->db, stmt, "iiii", (int64_t)ask->offset + 1,
                   (int64_t)TB_DIRECTORY_PART_BYTES_MAX, (int64_t)ask->prefix,
                   (int64_t)ask->version) ||
        tb_db_bytes(stmt, 1).size == 0) {
        tb_db_done(stmt);
        return TB_UNKNOWN;
    }
    Tongbao__Part part = TONGBAO__PART__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    part.prefix = ask->prefix;
    part.version = ask->version;
    part.offset = ask->offset;
    part.total_bytes = (uint64_t)tb_db_int(stmt, 0);
    part.content = tb_wire_data(tb_db_bytes(stmt, 1));
    frame.kind_case = TONGBAO__FRAME__KIND_PART;
    frame.part = &part;
    bool sent = tb_broker_send(broker, speaker->out, speaker->event->from, &frame);
    tb_db_done(stmt);
    return sent ? TB_OK : TB_FULL;
}

/* The fetch that ${part} goes on with; NULL when it was not asked for. */
static struct fetch *fetch_of(struct tb_broker *broker, const struct tb_speaker *speaker,
                              const Tongbao__Part *part)
{
    for (size_t i = 0; i < TB_EXCHANGE_FETCHES_MAX; i++) {
        struct fetch *fetch = &broker->exchange->fetches[i];
        if (fetch->open && fetch->peer == speaker->event->from && fetch->prefix == part->prefix &&
            fetch->version == part->version && fetch->bytes.size == part->offset) {
            return fetch;
        }
    }
    return NULL;
}

/* All parts are there. What does not verify is the peer's doing: it is noted
 * and that peer is not asked again. */
static enum tb_status complete(struct tb_broker *broker, const struct tb_speaker *speaker,
                               struct fetch *fetch)
{
    uint32_t prefix = fetch->prefix;
    uint64_t version = fetch->version;
    enum tb_status status = tb_broker_take(broker, speaker->now, tb_buf_bytes(&fetch->bytes),
                                           speaker->event->from, speaker->out);
    close_fetch(fetch);
    if (status != TB_OK) {
        speaker->peer->distrusted = true;
        tb_outbox_note(speaker->out, TB_NOTE_DIRECTORY_REFUSED, prefix, (unsigned long long)version,
                       tb_status_text(status));
    }
    return TB_OK;
}

enum tb_status tb_exchange_part(struct tb_broker *broker, const struct tb_speaker *speaker,
                                const Tongbao__Part *part)
{
    struct fetch *fetch = fetch_of(broker, speaker, part);
    struct tb_bytes content = tb_wire_bytes(part->content);
    if (fetch == NULL) {
        return TB_OK; /* late, or twice */
    }
    if (fetch->total_bytes == 0) {
        fetch->total_bytes = part->total_bytes;
    }
    if (content.size == 0 || part->total_bytes != fetch->total_bytes ||
        part->total_bytes > TB_DIRECTORY_BYTES_MAX ||
        content.size > part->total_bytes - part->offset) {
        close_fetch(fetch);
        speaker->peer->distrusted = true;
        tb_outbox_note(speaker->out, TB_NOTE_DIRECTORY_REFUSED, part->prefix,
                       (unsigned long long)part->version, tb_status_text(TB_MALFORMED));
        return TB_OK;
    }
    enum tb_status status = tb_buf_add(&fetch->bytes, content);
    tb_assert(status == TB_OK);
    fetch->asked_ms = speaker->now->mono_ms;
    if (fetch->bytes.size == fetch->total_bytes) {
        return complete(broker, speaker, fetch);
    }
    send_ask(broker, speaker, fetch);
    return TB_OK;
}
