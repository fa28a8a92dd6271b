#include "broker/core/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "broker/core/house.h"
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

struct shunned {
    uint8_t key[TB_KEY_BYTES];
    uint64_t until_ms; /* 0: a free place */
};

struct tb_exchange {
    struct tb_db *db;
    struct sqlite3_stmt *stmts[STMTS];
    struct fetch fetches[TB_EXCHANGE_FETCHES_MAX];
    struct skipped skipped[TB_ROOTS_MAX];
    size_t skipped_count;
    struct shunned shunned[TB_EXCHANGE_SHUNNED_MAX];
    bool waiting; /* somebody named what could not be asked for yet */
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
    exchange->waiting = true;
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

static void send_ask(struct tb_broker *broker, struct tb_outbox *out, const struct fetch *fetch)
{
    Tongbao__Ask ask = TONGBAO__ASK__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    ask.prefix = fetch->prefix;
    ask.version = fetch->version;
    ask.offset = fetch->bytes.size;
    frame.kind_case = TONGBAO__FRAME__KIND_ASK;
    frame.ask = &ask;
    /* A lost question leaves the fetch to grow stale and be asked elsewhere. */
    (void)tb_house_send(broker, out, fetch->peer, &frame);
}

/* ------------------------------------------------------------ who is asked */

/* Its place in the list of the shunned, or the one that is to be given up. */
static struct shunned *shunned_place(struct tb_exchange *exchange, const uint8_t key[TB_KEY_BYTES])
{
    struct shunned *place = &exchange->shunned[0];
    for (size_t i = 0; i < TB_EXCHANGE_SHUNNED_MAX; i++) {
        struct shunned *shunned = &exchange->shunned[i];
        if (shunned->until_ms != 0 && memcmp(shunned->key, key, TB_KEY_BYTES) == 0) {
            return shunned;
        }
        if (shunned->until_ms < place->until_ms) {
            place = shunned;
        }
    }
    return place;
}

/* By its key, so that a new greeting or another connection does not clear it. */
static void shun(struct tb_broker *broker, const struct tb_now *now, uint64_t handle, uint64_t ms)
{
    const struct tb_peer *peer = tb_peers_find(broker->peers, handle);
    if (peer != NULL) {
        struct shunned *place = shunned_place(broker->exchange, peer->key);
        memcpy(place->key, peer->key, TB_KEY_BYTES);
        place->until_ms = now->mono_ms + ms;
    }
}

static bool is_shunned(struct tb_exchange *exchange, const struct tb_now *now,
                       const uint8_t key[TB_KEY_BYTES])
{
    const struct shunned *place = shunned_place(exchange, key);
    return memcmp(place->key, key, TB_KEY_BYTES) == 0 && now->mono_ms < place->until_ms;
}

/* Is the version that ${peer} named of the ${root}-th root newer than ours? */
static bool is_newer(const struct tb_broker *broker, const struct tb_peer *peer, size_t root)
{
    const struct tb_directory *held =
        tb_directories_prefix(broker->directories, broker->config.roots[root].prefix);
    return peer->named[root] > (held == NULL ? 0 : tb_directory_version(held));
}

/* A place for fetching what ${peer} named; NULL when it must wait. */
static struct fetch *place_for(struct tb_exchange *exchange, const struct tb_peer *peer,
                               uint32_t prefix, uint64_t version)
{
    struct fetch *place = NULL;
    for (size_t i = 0; i < TB_EXCHANGE_FETCHES_MAX; i++) {
        struct fetch *fetch = &exchange->fetches[i];
        bool same = fetch->prefix == prefix && fetch->version == version;
        if (fetch->open && (same || fetch->peer == peer->handle)) {
            return NULL;
        }
        place = fetch->open ? place : fetch;
    }
    return place;
}

/* Ask ${peer} for what it named of the ${root}-th root, if that is wanted and may
 * begin now. */
static void ask_peer(struct tb_broker *broker, const struct tb_now *now, struct tb_outbox *out,
                     const struct tb_peer *peer, size_t root)
{
    struct tb_exchange *exchange = broker->exchange;
    if (!is_newer(broker, peer, root)) {
        return;
    }
    uint32_t prefix = broker->config.roots[root].prefix;
    struct fetch *place = is_shunned(exchange, now, peer->key)
                              ? NULL
                              : place_for(exchange, peer, prefix, peer->named[root]);
    if (place == NULL) {
        exchange->waiting = true;
        return;
    }
    place->open = true;
    place->prefix = prefix;
    place->version = peer->named[root];
    place->peer = peer->handle;
    place->asked_ms = now->mono_ms;
    place->total_bytes = 0;
    send_ask(broker, out, place);
}

void tb_exchange_want(struct tb_broker *broker, const struct tb_speaker *speaker, uint32_t prefix,
                      uint64_t version)
{
    for (size_t root = 0; version <= INT64_MAX && root < broker->config.roots_count; root++) {
        uint64_t *named = &speaker->peer->named[root];
        if (broker->config.roots[root].prefix == prefix) {
            *named = *named < version ? version : *named;
            ask_peer(broker, speaker->now, speaker->out, speaker->peer, root);
        }
    }
}

/* Close what leads nowhere: no answer, no peer, or no longer newer than ours. */
static void close_idle(struct tb_broker *broker, const struct tb_now *now)
{
    struct tb_exchange *exchange = broker->exchange;
    for (size_t i = 0; i < TB_EXCHANGE_FETCHES_MAX; i++) {
        struct fetch *fetch = &exchange->fetches[i];
        if (!fetch->open) {
            continue;
        }
        const struct tb_directory *held = tb_directories_prefix(broker->directories, fetch->prefix);
        bool silent = now->mono_ms >= fetch->asked_ms + TB_EXCHANGE_STALE_MS;
        bool gone = tb_peers_find(broker->peers, fetch->peer) == NULL;
        if (silent) {
            shun(broker, now, fetch->peer, TB_EXCHANGE_SHUN_SILENT_MS);
        }
        if (silent || gone || (held != NULL && fetch->version <= tb_directory_version(held))) {
            close_fetch(fetch);
            exchange->waiting = true;
        }
    }
}

void tb_exchange_step(struct tb_broker *broker, const struct tb_now *now, struct tb_outbox *out)
{
    struct tb_exchange *exchange = broker->exchange;
    close_idle(broker, now);
    if (!exchange->waiting) {
        return;
    }
    exchange->waiting = false;
    for (size_t i = 0; i < tb_peers_count(broker->peers); i++) {
        const struct tb_peer *peer = tb_peers_at(broker->peers, i);
        for (size_t root = 0; root < broker->config.roots_count; root++) {
            ask_peer(broker, now, out, peer, root);
        }
    }
}

/* -------------------------------------------------------------- what is said */

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

/* "A new version is also announced on open links." */
static void announce(struct tb_broker *broker, uint64_t from, struct tb_outbox *out)
{
    Tongbao__DirectoryVersion versions[TB_ROOTS_MAX];
    Tongbao__DirectoryVersion *list[TB_ROOTS_MAX];
    Tongbao__Have have = TONGBAO__HAVE__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    have.n_directories = tb_exchange_versions(broker->directories, versions, list);
    have.directories = list;
    frame.kind_case = TONGBAO__FRAME__KIND_HAVE;
    frame.have = &have;
    for (size_t i = 0; i < tb_peers_count(broker->peers); i++) {
        uint64_t handle = tb_peers_at(broker->peers, i)->handle;
        if (handle != from) {
            (void)tb_house_send(broker, out, handle, &frame);
        }
    }
}

enum tb_status tb_exchange_take(struct tb_broker *broker, const struct tb_now *now,
                                struct tb_bytes bytes, uint64_t from, struct tb_outbox *out)
{
    enum tb_taken taken;
    uint32_t prefix = 0;
    uint64_t version = 0;
    enum tb_status status = tb_directories_take(broker->directories, bytes, &taken, NULL);
    if (status != TB_OK) {
        return status;
    }
    status = tb_directory_peek(bytes, &prefix, &version);
    tb_assert(status == TB_OK);
    if (taken == TB_TAKEN_CLASH) {
        tb_outbox_note(out, TB_NOTE_DIRECTORY_CLASH, prefix, (unsigned long long)version);
    }
    if (taken != TB_TAKEN_NEW) {
        return TB_OK;
    }
    tb_exchange_store(broker->exchange, tb_directories_prefix(broker->directories, prefix),
                      now->wall);
    tb_outbox_note(out, TB_NOTE_DIRECTORY_TAKEN, prefix, (unsigned long long)version);
    (void)tb_outbox_add(out, TB_EFFECT_KEYS, 0, 0, tb_bytes_of(NULL, 0));
    announce(broker, from, out);
    return TB_OK;
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
    return tb_house_send(broker, speaker->out, speaker->event->from, &frame) ? TB_OK : TB_FULL;
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
    bool sent = tb_house_send(broker, speaker->out, speaker->event->from, &frame);
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
    enum tb_status status = tb_exchange_take(broker, speaker->now, tb_buf_bytes(&fetch->bytes),
                                             speaker->event->from, speaker->out);
    close_fetch(fetch);
    broker->exchange->waiting = true;
    if (status != TB_OK) {
        shun(broker, speaker->now, speaker->event->from, TB_EXCHANGE_SHUN_FALSE_MS);
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
    /* Each part but the last is as large as it may be: drops do not hold a place. */
    uint64_t left = part->total_bytes - part->offset;
    uint64_t due = left < TB_DIRECTORY_PART_BYTES_MAX ? left : TB_DIRECTORY_PART_BYTES_MAX;
    if (content.size == 0 || content.size != due || part->total_bytes != fetch->total_bytes) {
        close_fetch(fetch);
        broker->exchange->waiting = true;
        shun(broker, speaker->now, speaker->event->from, TB_EXCHANGE_SHUN_FALSE_MS);
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
    send_ask(broker, speaker->out, fetch);
    return TB_OK;
}
